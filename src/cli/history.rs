//! `history`: what was written, when and why.

use super::{
    arguments::{Common, History},
    installation::Installation,
    show::{Clock, table},
    terminal::Terminal,
    trouble::Exit,
};
use crate::state::HistoryFilter;

pub(super) fn run(common: &Common, arguments: &History, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let installation = Installation::open(common)?;
    if let Some(name) = &arguments.user {
        installation.ledger.user(name)?;
    }
    let filter = HistoryFilter {
        user: arguments.user.clone(),
        key: arguments.key.clone(),
        since: None,
        limit: Some(arguments.limit),
    };
    let entries = installation.ledger.history(&filter)?;
    if arguments.json.json {
        terminal.json(&entries)?;
        return Ok(Exit::Fine);
    }
    if entries.is_empty() {
        terminal.say("nothing was written yet");
        return Ok(Exit::Fine);
    }
    let clock = Clock::of(&installation);
    let rows = entries.iter().map(|entry| {
        let outcome = match &entry.detail {
            Some(detail) => format!("{}: {detail}", entry.outcome),
            None => entry.outcome.clone(),
        };
        [
            clock.time(entry.at),
            entry.run.to_string(),
            entry.user.as_ref().map(ToString::to_string).unwrap_or_default(),
            entry.what.clone(),
            entry.key.to_string(),
            entry.fields.join(" "),
            outcome,
            entry.why.clone(),
        ]
    });
    terminal.line(table(["WHEN", "RUN", "USER", "WHAT", "RECORD", "FIELDS", "OUTCOME", "WHY"], rows))?;
    Ok(Exit::Fine)
}
