//! `holds`: what waits for a person, exactly; and letting it pass.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    arguments::{Common, Holds},
    installation::{Installation, who},
    show::{Clock, held_reason, leftovers, operation_lines, table},
    terminal::Terminal,
    trouble::{Exit, Refusal},
};
use crate::{
    plan::{HoldReason, Operation},
    state::{HeldOperations, HoldId, HoldSummary},
};

pub(super) fn run(common: &Common, command: &Holds, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let installation = Installation::open(common)?;
    match command {
        Holds::List(as_json) => list(&installation, as_json.json, terminal),
        Holds::Show { id, json } => {
            let held = installation.ledger.hold(HoldId(*id))?;
            if json.json {
                terminal.json(&held)?;
            } else {
                show(&installation, &held, terminal)?;
            }
            Ok(Exit::Fine)
        }
        Holds::Release { id, yes } => release(&installation, HoldId(*id), *yes, terminal),
    }
}

fn list(installation: &Installation, as_json: bool, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let holds = installation.ledger.holds()?;
    if as_json {
        terminal.json(&holds)?;
        return Ok(Exit::Fine);
    }
    if holds.is_empty() {
        terminal.say("nothing waits");
        return Ok(Exit::Fine);
    }
    let clock = Clock::of(installation);
    if holds.iter().any(|hold| hold.reason.is_of_meaning()) {
        terminal.say(
            "what changed its meaning is shown, and approved, for all mailboxes at once: `pocketdocket meaning show`",
        );
    }
    let rows = holds.iter().map(|hold| {
        [
            hold.id.to_string(),
            hold.user.to_string(),
            hold.kind.to_string(),
            hold.operations.to_string(),
            clock.time(hold.since),
            held_reason(&hold.reason),
        ]
    });
    terminal.line(table(["HOLD", "USER", "KIND", "OPERATIONS", "SINCE", "WHY"], rows))?;
    Ok(Exit::Fine)
}

fn show(installation: &Installation, held: &HeldOperations, terminal: &mut Terminal) -> anyhow::Result<()> {
    let summary = &held.hold;
    let clock = Clock::of(installation);
    terminal.line(format_args!(
        "hold {} of `{}`, {}: {}",
        summary.id,
        summary.user,
        summary.kind,
        held_reason(&summary.reason)
    ))?;
    terminal.line(format_args!("since {}, last planned {}", clock.time(summary.since), clock.time(summary.planned)))?;
    if let HoldReason::PersonLeft { person, .. } = &summary.reason {
        let people = installation.ledger.people()?;
        let name = people.iter().find(|one| one.person.0 == *person).and_then(|one| one.name.as_ref());
        if let Some(name) = name {
            terminal.line(format_args!("`{person}` is {}", name.reveal()))?;
        }
    }
    if summary.reason == HoldReason::FirstWrite
        && let Some(counts) = installation.ledger.leftovers(summary.mailbox)?.get(&summary.kind)
        && counts.items > 0
    {
        terminal.line(leftovers(summary.kind, *counts))?;
    }
    let keys: BTreeSet<_> = held.waiting.iter().map(|operation| operation.key.clone()).collect();
    let mirror = installation.ledger.mirror(summary.mailbox, &keys)?;
    for operation in &held.waiting {
        for line in operation_lines(operation, mirror.entries.get(&operation.key)) {
            terminal.line(line)?;
        }
    }
    Ok(())
}

fn release(installation: &Installation, id: HoldId, yes: bool, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let held = installation.ledger.hold(id)?;
    if !yes {
        show(installation, &held, terminal)?;
        if !terminal.confirms("Let exactly these pass?")? {
            return Err(Refusal::needs_person(format!("hold {id} stays")).hint("nothing was released").into());
        }
    }
    // What is released is the hold as it is stored now; if it was planned anew while somebody read, that is not what they saw.
    let now = installation.ledger.hold(id)?;
    if now.waiting != held.waiting || now.hold.reason != held.hold.reason {
        return Err(Refusal::needs_person(format!("hold {id} changed meanwhile"))
            .hint(format!("look again: `pocketdocket holds show {id}`"))
            .into());
    }
    let released = installation.ledger.release(id, &who(), Timestamp::now())?;
    let until = Clock::of(installation).time(released.until);
    terminal
        .say(format_args!("{} operations may pass until {until}; the next sync takes them up", released.operations));
    for other in also_held_by(installation, &held)? {
        terminal.say(format_args!(
            "some of them wait for hold {} too ({}): `pocketdocket holds show {}`",
            other.id,
            held_reason(&other.reason),
            other.id
        ));
    }
    Ok(Exit::Fine)
}

/// Other holds that nobody released and that have some of the same operations: those pass only when every hold let them.
fn also_held_by(installation: &Installation, held: &HeldOperations) -> anyhow::Result<Vec<HoldSummary>> {
    let ledger = &installation.ledger;
    let here: BTreeSet<_> = held.waiting.iter().map(Operation::digest).collect();
    let mut found = Vec::new();
    for other in ledger.holds_of(held.hold.mailbox)? {
        if other.released.is_none()
            && other.kind == held.hold.kind
            && ledger.hold(other.id)?.waiting.iter().any(|operation| here.contains(&operation.digest()))
        {
            found.push(other);
        }
    }
    Ok(found)
}
