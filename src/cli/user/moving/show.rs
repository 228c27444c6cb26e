//! What a person reads of a move.

use crate::{
    cli::{
        installation::Installation,
        show::{Clock, table},
        terminal::Terminal,
    },
    plan::moving::MoveReport,
    state::{Move, MoveStage, User},
};

/// So many records are named.
const NAMED: usize = 20;

pub(super) fn report(report: &MoveReport, terminal: &mut Terminal) -> anyhow::Result<()> {
    let rows = report.kinds.iter().map(|(kind, counts)| {
        [
            format!("{kind}s"),
            counts.items.to_string(),
            counts.by_stamp.to_string(),
            counts.by_id.to_string(),
            counts.by_content.to_string(),
            counts.missing.to_string(),
            counts.left.to_string(),
            counts.differing.to_string(),
        ]
    });
    terminal
        .line(table(["KIND", "ITEMS", "BY STAMP", "BY ID", "BY CONTENT", "MISSING", "TO DECIDE", "DIFFER"], rows))?;
    for (key, fields) in report.differing.iter().take(NAMED) {
        let fields = fields.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        terminal.line(format_args!("differs   {key}: {fields}"))?;
    }
    for key in report.missing.iter().take(NAMED) {
        terminal.line(format_args!("missing   {key}"))?;
    }
    for key in report.left.iter().take(NAMED) {
        terminal.line(format_args!(
            "to decide {key}: after the move, with `pocketdocket adopt`; nothing is created for it before"
        ))?;
    }
    let named = [report.differing.len(), report.missing.len(), report.left.len()];
    if named.into_iter().any(|count| count > NAMED) {
        terminal.line("… and more: `--json` lists all")?;
    }
    Ok(())
}

pub(super) fn moved(installation: &Installation, task: &Move, terminal: &mut Terminal) {
    let (name, report) = (&task.user, task.found.clone().unwrap_or_default());
    let found = report.items() - (report.missing.len() + report.left.len()) as u64;
    terminal.say(format_args!("`{name}` has moved: {found} items are known there, none was created or removed"));
    if !report.missing.is_empty() {
        terminal.say(format_args!(
            "{} items are pushed anew with the next syncs; the plan is shown first where it is large: `pocketdocket holds list`",
            report.missing.len()
        ));
    }
    if !report.left.is_empty() {
        terminal.say(format_args!(
            "{} tasks wait for you: `pocketdocket sync --user {name}`, then `pocketdocket adopt show {name}`",
            report.left.len()
        ));
    }
    if let Some(until) = task.kept_until {
        let until = Clock::of(installation).time(until);
        terminal.say(format_args!(
            "the sign-in of before is kept until {until}: `pocketdocket user move {name} --back` leads back"
        ));
    }
}

/// How far a move is, and what is next.
pub(in crate::cli) fn state(task: &Move, clock: &Clock) -> String {
    let name = &task.user;
    let why = task.trouble.as_ref().map_or_else(String::new, |trouble| format!(": {trouble}"));
    match (task.stage, task.kept_until) {
        (MoveStage::Begun, _) => {
            format!("begun {}{why}; `pocketdocket user move {name}` goes on", clock.time(task.begun))
        }
        (MoveStage::Asked, _) => format!("the next sync makes it{why}"),
        (MoveStage::Moved, Some(until)) => {
            format!("moved{why}; until {} `pocketdocket user move {name} --back` leads back", clock.time(until))
        }
        (MoveStage::Moved, None) => format!("moved{why}"),
    }
}

/// By which way a mailbox is reached.
pub(super) fn place(user: &User) -> String {
    let details = &user.details;
    match &details.url {
        Some(url) => format!("{} at {url}", details.protocol),
        None => details.protocol.to_string(),
    }
}
