//! The log: to standard error, as text or as JSON, without content. `docs/logging.md` lists the fields.

use tracing_subscriber::{
    EnvFilter, Layer as _, filter::filter_fn, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use super::{
    arguments::{Common, LogFormat},
    trouble::Refusal,
};

/// Starts the log: what the service does in full, of a command only what is unusual.
pub(super) fn start(common: &Common, service: bool) -> anyhow::Result<()> {
    let chosen = common.log.as_deref().unwrap_or(if service { "info" } else { "error" });
    let filter = EnvFilter::builder().parse(chosen).map_err(|error| {
        Refusal::usage("the log filter cannot be used")
            .because(error)
            .hint("one looks like `info` or `pocketdocket::engine=debug` (`--log` or POCKETDOCKET_LOG)")
    })?;
    // Libraries below us may log what they send: of them only warnings are let through, whatever was asked for.
    let ours = filter_fn(|metadata| {
        metadata.target().starts_with("pocketdocket") || *metadata.level() <= tracing::Level::WARN
    });
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    let layer = match common.log_format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    // A second start in one process (tests) keeps the first log.
    let _ = tracing_subscriber::registry().with(layer.with_filter(ours).with_filter(filter)).try_init();
    Ok(())
}
