//! `sync`: one pass now. A running service is asked for it; without one it happens here.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use indicatif::ProgressBar;
use jiff::Timestamp;
use serde_json::Value;

use super::{
    arguments::{Common, Sync},
    installation::Installation,
    report,
    terminal::Terminal,
    trouble::{Exit, Refusal},
};
use crate::{
    app::App,
    engine::{Progress, TickReport},
    state::{Ledger, Request, RequestId, UserName},
};

/// How often the answer is looked for.
const LOOK: Duration = Duration::from_millis(200);

pub(super) fn run(common: &Common, arguments: &Sync, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let installation = Installation::open(common)?;
    let only = arguments.user.as_ref();
    if let Some(name) = only {
        installation.ledger.user(name)?;
    }
    let report = now(&installation.app()?, only, Duration::from_secs(arguments.wait), terminal)?;
    let exit = report::show(&report, arguments.json.json, terminal)?;
    let asked = only.map(|name| installation.ledger.user(name)).transpose()?;
    if let Some(parked) = asked.filter(|user| user.parked.is_some()) {
        let name = &parked.name;
        terminal.warn(format_args!("`{name}` is parked and was left alone: `pocketdocket user check {name}`"));
    }
    Ok(exit)
}

/// A sync of everybody or of one user, by the running service or here, with its report.
pub(super) fn now(
    app: &App,
    only: Option<&UserName>,
    patience: Duration,
    terminal: &mut Terminal,
) -> anyhow::Result<Value> {
    if app.ledger.running_engine()?.is_some() {
        let id = app.ledger.enqueue(&Request::SyncNow { user: only.cloned() }, Timestamp::now())?;
        terminal.say("the service is running and was asked to sync");
        return Ok(serde_json::from_str(&answer(&app.ledger, id, patience)?)?);
    }
    let report = super::runtime()?.block_on(here(app, only))?;
    Ok(serde_json::to_value(report)?)
}

/// A whole engine's life for one tick.
async fn here(app: &App, only: Option<&UserName>) -> anyhow::Result<TickReport> {
    let _lock = app.ledger.lock_engine()?;
    // Draws to standard error, and only where that is a terminal.
    let bar = ProgressBar::new_spinner();
    let shown = bar.clone();
    let watcher = move |progress: Progress| {
        shown.set_message(format!("{}: {} of {}", progress.user, progress.settled, progress.planned));
        shown.tick();
    };
    let engine = app.engine(Some(Arc::new(watcher)))?;
    engine.begin()?;
    let mut report = engine.tick(only).await?;
    engine.idle().await;
    if engine.has_questions() {
        // There will be no next tick of this engine that could answer them.
        report.source_trouble = engine.tick(only).await?.source_trouble;
        engine.idle().await;
    }
    report.cycles = engine.take_reports();
    engine.tell().await;
    engine.end().await?;
    bar.finish_and_clear();
    Ok(report)
}

/// Waits for the service. It may stop, or die, while we wait.
fn answer(ledger: &Ledger, id: RequestId, patience: Duration) -> anyhow::Result<String> {
    let began = Instant::now();
    loop {
        if let Some(answer) = ledger.answer(id)? {
            return Ok(answer);
        }
        if ledger.running_engine()?.is_none() {
            return Err(Refusal::new(Exit::Passes, "the service stopped before it answered")
                .hint("try again: without a service the sync happens here")
                .into());
        }
        if began.elapsed() >= patience {
            let what = format!("the service did not finish within {} seconds", patience.as_secs());
            return Err(Refusal::new(Exit::Passes, what)
                .hint("it goes on; `pocketdocket status` shows how things are, `--wait SECONDS` waits longer")
                .into());
        }
        std::thread::sleep(LOOK);
    }
}
