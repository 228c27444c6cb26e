//! `demo`: a sample law firm, a simulated Exchange and the real engine, on this machine and nowhere else.

use std::{sync::Arc, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};

use super::{arguments::Demo as Arguments, show::table, terminal::Terminal, trouble::Exit};
use crate::{
    app::Watcher,
    demo::{Demo, PhoneSummary},
    engine::{Progress, TickReport},
    service::Signals,
};

/// How often the office changes something and the engine ticks.
const BEAT: Duration = Duration::from_secs(10);

pub(super) fn run(arguments: &Arguments, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    super::runtime()?.block_on(async {
        let mut signals = Signals::listen()?;
        tokio::select! {
            outcome = show(arguments, terminal) => outcome,
            signal = signals.next() => {
                terminal_bye(signal);
                Ok(Exit::Fine)
            }
        }
    })
}

async fn show(arguments: &Arguments, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let bar = ProgressBar::new(0).with_style(
        ProgressStyle::with_template("{bar:40} {pos} of {len} items  {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    heading(terminal, "The firm")?;
    let mut demo = {
        let mut say = |line: &str| terminal.line(format_args!("  {line}"));
        let mut outcome = Ok(());
        let demo = Demo::set_up(arguments.port, &mut |line| keep(&mut outcome, say(line)), watcher(&bar)).await?;
        outcome?;
        demo
    };
    heading(terminal, "People and their phones")?;
    let mut outcome = Ok(());
    demo.link_everybody(&mut |line| keep(&mut outcome, terminal.line(format_args!("  {line}")))).await?;
    outcome?;
    heading(terminal, "First sync")?;
    let mut outcome = Ok(());
    let report = demo.first_sync(&mut |line| keep(&mut outcome, terminal.line(format_args!("  {line}")))).await?;
    outcome?;
    bar.finish_and_clear();
    let fine = summary(&demo, &report, terminal)?;
    heading(terminal, "A mailbox moves")?;
    let mut outcome = Ok(());
    demo.move_one(&mut |line| keep(&mut outcome, terminal.line(format_args!("  {line}")))).await?;
    outcome?;
    if arguments.once {
        demo.stop().await?;
        return Ok(if fine { Exit::Fine } else { Exit::NeedsPerson });
    }
    live(&demo, terminal).await
}

/// Ticks, with something happening at the office before each of them.
async fn live(demo: &Demo, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    heading(terminal, "A day at the office")?;
    terminal.line("  every ten seconds somebody changes something; open a phone and watch. Ctrl-C ends the demo")?;
    terminal
        .line(format_args!("  try in another terminal: pocketdocket --config {} status", demo.config().display()))?;
    let mut step = 0;
    loop {
        tokio::time::sleep(BEAT).await;
        terminal.line(format_args!("  {}  office: {}", clock(), demo.change(step)?))?;
        let report = demo.tick().await?;
        let mut written = Vec::new();
        for cycle in &report.cycles {
            let counts = cycle.counts;
            if counts.created + counts.updated + counts.deleted > 0 {
                written.push(format!("{} (+{} ~{} -{})", cycle.user, counts.created, counts.updated, counts.deleted));
            }
            if let Some(trouble) = &cycle.trouble {
                terminal.warn(format_args!("{}: {}", cycle.user, trouble.cause));
            }
        }
        let phones = if written.is_empty() { "nothing to write".to_owned() } else { written.join(", ") };
        terminal.line(format_args!("  {}  phones: {phones}; {} rows read", clock(), report.rows))?;
        step += 1;
    }
}

/// What every phone shows now; whether all is well.
fn summary(demo: &Demo, report: &TickReport, terminal: &mut Terminal) -> anyhow::Result<bool> {
    let phones = demo.phones()?;
    let rows = phones.iter().map(|phone| {
        let created = report.cycles.iter().find(|cycle| cycle.user == phone.status.user.name);
        let count = |place: usize| phone.items.get(place).map_or(0, |(_, count)| *count).to_string();
        [
            phone.status.user.name.to_string(),
            count(0),
            count(1),
            count(2),
            created.map_or(0, |cycle| cycle.counts.created).to_string(),
            waiting(phone).to_string(),
            if phone.status.proven.is_some() { "yes".to_owned() } else { "no".to_owned() },
            phone.address.clone(),
        ]
    });
    let rows: Vec<_> = rows.collect();
    terminal.line(table(["USER", "EVENTS", "TASKS", "CONTACTS", "WRITTEN", "WAITING", "PROVEN", "PHONE"], rows))?;
    for cycle in &report.cycles {
        if let Some(trouble) = &cycle.trouble {
            terminal.warn(format_args!("{}: {}", cycle.user, trouble.cause));
        }
    }
    let problems = demo.row_problems()?;
    terminal.line(format_args!(
        "  {} rows of the practice database have something wrong; each is listed with its reason, for instance:",
        problems.len()
    ))?;
    for problem in problems.iter().take(5) {
        terminal.line(format_args!("    {problem}"))?;
    }
    Ok(report.source_trouble.is_none()
        && report.cycles.iter().all(|cycle| cycle.trouble.is_none())
        && phones.iter().all(|phone| phone.status.proven.is_some() && waiting(phone) == 0))
}

fn waiting(phone: &PhoneSummary) -> u64 {
    let held =
        phone.status.holds.iter().filter(|hold| hold.released.is_none()).map(|hold| hold.operations).sum::<u64>();
    held + phone.status.parked_records + phone.status.open_intents
}

fn watcher(bar: &ProgressBar) -> Watcher {
    let bar = bar.clone();
    let known = std::sync::Mutex::new(std::collections::BTreeMap::new());
    Arc::new(move |progress: Progress| {
        let Ok(mut known) = known.lock() else { return };
        known.insert(progress.user.clone(), (progress.settled, progress.planned));
        bar.set_length(known.values().map(|(_, planned)| planned).sum());
        bar.set_position(known.values().map(|(settled, _)| settled).sum());
        bar.set_message(progress.user.to_string());
    })
}

fn heading(terminal: &mut Terminal, text: &str) -> anyhow::Result<()> {
    terminal.line("")?;
    terminal.line(text)?;
    Ok(())
}

/// Keeps the first trouble with the output, for after the step.
fn keep<E>(outcome: &mut Result<(), E>, written: Result<(), E>) {
    if outcome.is_ok() {
        *outcome = written;
    }
}

fn clock() -> String {
    jiff::Zoned::now().strftime("%H:%M:%S").to_string()
}

fn terminal_bye(signal: &str) {
    tracing::debug!(signal, "the demo ends");
}
