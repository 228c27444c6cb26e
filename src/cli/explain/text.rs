use super::answer::{Answer, Planned};
use crate::{
    cli::{
        installation::Installation,
        show::{self, Clock, operation_lines, table},
        terminal::Terminal,
    },
    domain::{Place, Presence, Value},
    state::ProofHow,
};

/// The answer for a person. Shows clients' data: for the terminal of an administrator, never for a log.
pub(super) fn show(installation: &Installation, answer: &Answer, terminal: &mut Terminal) -> anyhow::Result<()> {
    let clock = Clock::of(installation);
    terminal.line(format_args!("{} for {}: {}", answer.key, answer.user, answer.verdict.words()))?;
    for why in &answer.why {
        terminal.line(format_args!("  {why}"))?;
    }
    terminal.line("")?;
    for (label, text) in facts(answer, &clock) {
        terminal.line(format_args!("{label:<10} {text}"))?;
    }
    planned("next sync", Some(&answer.next), answer, terminal)?;
    planned("if the record is deleted", answer.if_record_deleted.as_ref(), answer, terminal)?;
    planned("if the user deletes it", answer.if_user_deletes.as_ref(), answer, terminal)?;
    let value = |value: &Option<Value>| value.as_ref().map_or_else(|| "(nothing)".to_owned(), show::value);
    if !answer.differences.is_empty() {
        let rows = answer
            .differences
            .iter()
            .map(|one| [one.field.to_string(), value(&one.now), value(&one.written), value(&one.shown)]);
        terminal.line(format_args!("\n{}", table(["FIELD", "PRACTICE NOW", "WRITTEN", "MAILBOX"], rows)))?;
    }
    if !answer.proposals.is_empty() {
        let rows = answer.proposals.iter().map(|entry| {
            let proposal = &entry.proposal;
            let state = entry.closed.as_ref().map_or_else(|| "open".to_owned(), |closed| closed.verdict.to_string());
            [
                entry.id.to_string(),
                clock.time(entry.at),
                proposal.field.to_string(),
                value(&proposal.before),
                value(&proposal.after),
                state,
            ]
        });
        terminal.line(format_args!("\n{}", table(["PROPOSED", "WHEN", "FIELD", "BEFORE", "AFTER", "STATE"], rows)))?;
    }
    if !answer.history.is_empty() {
        let rows = answer.history.iter().map(|entry| {
            [
                clock.time(entry.at),
                entry.run.to_string(),
                entry.what.clone(),
                entry.fields.join(" "),
                entry.outcome.clone(),
                entry.why.clone(),
            ]
        });
        terminal.line(format_args!("\n{}", table(["WHEN", "RUN", "WHAT", "FIELDS", "OUTCOME", "WHY"], rows)))?;
    }
    Ok(())
}

/// One line for each record.
pub(super) fn list(answers: &[Answer], terminal: &mut Terminal) -> anyhow::Result<()> {
    let rows = answers.iter().map(|answer| {
        let why = answer.why.first().cloned().unwrap_or_default();
        [answer.key.to_string(), answer.title.clone(), answer.verdict.words().to_owned(), why]
    });
    terminal.line(table(["RECORD", "TITLE", "HERE", "WHY"], rows))?;
    Ok(())
}

fn facts(answer: &Answer, clock: &Clock) -> Vec<(&'static str, String)> {
    let mut facts = Vec::new();
    if !answer.title.is_empty() {
        facts.push(("title", answer.title.clone()));
    }
    if let Some(account) = &answer.service_account {
        facts.push(("through", format!("service account {account}")));
    }
    let practice = &answer.practice;
    if let Some(read) = practice.read {
        let rows = match practice.rows {
            0 => "no row".to_owned(),
            1 => format!("one row, for {}", practice.audience.join(", ")),
            rows => format!("{rows} rows, for {}", practice.audience.join(", ")),
        };
        facts.push(("practice", format!("{rows} (read {})", clock.time(read))));
    }
    if let Some(item) = &answer.item {
        let place = match (&item.place, item.presence, item.seen) {
            (_, Presence::DeletedByUser, _) => "not in the mailbox",
            (_, _, false) => "not seen at the last look",
            (Place::Home, ..) => "in its folder",
            (Place::Elsewhere(_), ..) => "in another folder, where its user moved it",
            (Place::Deleted, ..) => "in Deleted Items",
        };
        let looked =
            answer.observed.map_or_else(|| "never looked".to_owned(), |at| format!("looked {}", clock.time(at)));
        facts.push(("item", format!("{place} ({looked})")));
        facts.push(("item id", item.id.0.clone()));
    }
    if let Some(written) = &answer.written {
        let fields = if written.fields.is_empty() { String::new() } else { format!(": {}", written.fields.join(" ")) };
        facts.push(("written", format!("{}, run {} ({}{fields})", clock.time(written.at), written.run, written.what)));
    }
    let proven = answer.proven.map_or_else(
        || "never".to_owned(),
        |proof| {
            let how = match proof.how {
                ProofHow::WriteReadBack => "a write was read back equal",
                ProofHow::Observation => "what lies there is what was written",
            };
            format!("{} ({how})", clock.time(proof.at))
        },
    );
    facts.push(("proven", proven));
    facts
}

/// What would be done, as `plan` prints it.
fn planned(when: &str, planned: Option<&Planned>, answer: &Answer, terminal: &mut Terminal) -> anyhow::Result<()> {
    let Some(planned) = planned else { return Ok(()) };
    let held = planned.holds.iter().flat_map(|hold| &hold.operations);
    let mut lines: Vec<String> = Vec::new();
    for operation in &planned.operations {
        lines.extend(operation_lines(operation, answer.entry.as_ref()));
    }
    for (number, operation) in held.enumerate() {
        // One operation may wait for several reasons.
        if number == 0 {
            lines.extend(operation_lines(operation, answer.entry.as_ref()));
            lines.push("          waits for a person first".to_owned());
        }
    }
    if lines.is_empty() {
        terminal.line(format_args!("{when}: nothing is done"))?;
        return Ok(());
    }
    terminal.line(format_args!("{when}:"))?;
    for line in lines {
        terminal.line(line)?;
    }
    Ok(())
}
