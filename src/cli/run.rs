//! `run`: the service, in the foreground, until somebody stops it.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::{arguments::Common, installation::Installation, trouble::Exit};
use crate::{app::App, service};

pub(super) fn run(common: &Common) -> anyhow::Result<Exit> {
    let app = Installation::open(common)?.app()?;
    // Another service on this ledger is noticed before anything is asked or written.
    let _lock = app.ledger.lock_engine()?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work(&app))
}

async fn work(app: &App) -> anyhow::Result<Exit> {
    let shutdown = CancellationToken::new();
    let asked = shutdown.clone();
    let mut signals = service::Signals::listen()?;
    tokio::spawn(async move {
        let signal = signals.next().await;
        tracing::info!(signal, "asked to stop: settling what is in flight");
        service::stopping();
        asked.cancel();
    });
    let engine = app.engine(None)?;
    service::ready();
    tracing::info!(config = %app.config.path.display(), "started");
    engine.run(shutdown, feeder(service::watchdog_interval())).await?;
    tracing::info!("stopped in good order");
    Ok(Exit::Fine)
}

/// Feeds the watchdog from the engine's own loop: when that hangs, so does this.
fn feeder(interval: Option<Duration>) -> impl FnMut(&str) + Send {
    let mut fed: Option<Instant> = None;
    let mut told = String::new();
    move |doing| {
        if told != doing {
            doing.clone_into(&mut told);
            service::status(doing);
        }
        if interval.is_some_and(|interval| fed.is_none_or(|fed| fed.elapsed() >= interval / 2)) {
            service::watchdog();
            fed = Some(Instant::now());
        }
    }
}
