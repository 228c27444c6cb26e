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
    let ours = filter_fn(|metadata| is_let_through(metadata.target(), *metadata.level()));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    let layer = match common.log_format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    // A second start in one process (tests) keeps the first log.
    let _ = tracing_subscriber::registry().with(layer.with_filter(ours).with_filter(filter)).try_init();
    Ok(())
}

/// Libraries below us may log what they send: of them only warnings are let through, whatever was asked for. The driver of SQL Server is
/// not heard at all: its errors are what the server says, which may quote clients' data, and which we pass on in words of our own.
fn is_let_through(target: &str, level: tracing::Level) -> bool {
    target.starts_with("pocketdocket") || (level <= tracing::Level::WARN && !target.starts_with("tiberius"))
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::is_let_through;

    #[test]
    fn what_a_database_says_is_not_in_the_log() {
        assert!(is_let_through("pocketdocket::engine", Level::DEBUG));
        assert!(is_let_through("hyper", Level::WARN) && !is_let_through("hyper", Level::INFO));
        assert!(!is_let_through("tiberius::tds::stream::token", Level::ERROR));
    }
}
