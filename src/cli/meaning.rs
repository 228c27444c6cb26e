//! `meaning`: what a changed mapping, template, privacy mode, zone or version of the program would write anew, and agreeing to it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::{
    arguments::{Common, Meaning as Command},
    installation::{Installation, who},
    show::{Clock, operation_lines},
    terminal::Terminal,
    trouble::{Exit, Refusal},
};
use crate::{
    plan::{Action, HoldReason, MeaningChange, Operation, meaning},
    state::{Approval, HoldSummary, UserName},
};

/// Changes agreed to that are listed; `--json` lists all.
const APPROVALS: usize = 5;

/// Samples of what would be written that are shown for each change.
const SAMPLES: usize = 3;

/// One change of meaning that waits, over all mailboxes.
#[derive(Serialize)]
struct Waiting {
    /// Which parts changed, in a few words: what `meaning approve` takes.
    name: String,
    changes: Vec<MeaningChange>,
    items: u64,
    users: BTreeSet<UserName>,
    /// How many items would change in each field.
    fields: BTreeMap<String, u64>,
    /// The next moment at which somebody counts on one of them.
    next_due: Option<Timestamp>,
    #[serde(skip)]
    samples: Vec<(HoldSummary, Operation)>,
}

pub(super) fn run(common: &Common, command: &Command, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let installation = Installation::open(common)?;
    let waiting = waiting(&installation)?;
    match command {
        Command::Show(json) => {
            let (rollouts, approvals) = (installation.ledger.rollouts()?, installation.ledger.approvals()?);
            if json.json {
                let all = serde_json::json!({ "waiting": waiting, "rollouts": rollouts, "approvals": approvals });
                terminal.json(&all)?;
                return Ok(Exit::Fine);
            }
            show(&installation, &waiting, terminal)?;
            for rollout in &rollouts {
                terminal.line(super::status::rollout_line(rollout))?;
            }
            let clock = Clock::of(&installation);
            for Approval { change, by, at } in approvals.iter().take(APPROVALS) {
                terminal.line(format_args!("approved  {} by {by}, {}", shown(change), clock.time(*at)))?;
            }
            if waiting.is_empty() && rollouts.is_empty() {
                terminal.say("nothing waits: what rows mean did not change, or shows the same");
            }
            Ok(Exit::Fine)
        }
        Command::Approve { name, yes } => approve(&installation, waiting, name.as_deref(), *yes, terminal),
    }
}

fn waiting(installation: &Installation) -> anyhow::Result<Vec<Waiting>> {
    let ledger = &installation.ledger;
    let approved = ledger.approved_meanings()?;
    let mut all: BTreeMap<Vec<MeaningChange>, Waiting> = BTreeMap::new();
    for hold in ledger.holds()? {
        let HoldReason::MeaningChanged { changes } = &hold.reason else { continue };
        // A mailbox that was not reached since keeps its hold until its next pass.
        if changes.iter().all(|change| approved.contains(change)) {
            continue;
        }
        let one = all.entry(changes.clone()).or_insert_with(|| Waiting {
            name: meaning::label(changes),
            changes: changes.clone(),
            items: 0,
            users: BTreeSet::new(),
            fields: BTreeMap::new(),
            next_due: None,
            samples: Vec::new(),
        });
        one.users.insert(hold.user.clone());
        let held = ledger.hold(hold.id)?;
        for operation in held.waiting {
            one.items += 1;
            if let Action::Update { set, clear, .. } = &operation.action {
                for field in set.keys().chain(clear) {
                    *one.fields.entry(field.word().to_owned()).or_default() += 1;
                }
            }
            let ahead = operation.due.filter(|due| *due >= Timestamp::now());
            one.next_due = one.next_due.into_iter().chain(ahead).min();
            if one.samples.len() < SAMPLES {
                one.samples.push((hold.clone(), operation));
            }
        }
    }
    Ok(all.into_values().collect())
}

/// A change, before and after.
fn shown(change: &MeaningChange) -> String {
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "(not known)".to_owned());
    format!("{}: {} -> {}", change.part, value(&change.from), value(&change.to))
}

fn show(installation: &Installation, waiting: &[Waiting], terminal: &mut Terminal) -> anyhow::Result<()> {
    let clock = Clock::of(installation);
    for one in waiting {
        let fields: Vec<&str> = one.fields.keys().map(String::as_str).collect();
        terminal.line(format_args!(
            "{}: {} ({})",
            meaning::counted(one.items, one.users.len()),
            fields.join(", "),
            one.name
        ))?;
        for change in &one.changes {
            terminal.line(format_args!("  {}", shown(change)))?;
        }
        if let Some(due) = one.next_due {
            terminal.line(format_args!("  the next of them is due {}", clock.time(due)))?;
        }
        terminal.line("  for example:")?;
        for (hold, operation) in &one.samples {
            let keys = BTreeSet::from([operation.key.clone()]);
            let mirror = installation.ledger.mirror(hold.mailbox, &keys)?;
            terminal.line(format_args!("  {}", hold.user))?;
            for line in operation_lines(operation, mirror.entries.get(&operation.key)) {
                terminal.line(format_args!("  {line}"))?;
            }
        }
    }
    Ok(())
}

fn approve(
    installation: &Installation,
    mut waiting: Vec<Waiting>,
    name: Option<&str>,
    yes: bool,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    if let Some(name) = name {
        waiting.retain(|one| one.name == name);
    }
    if waiting.is_empty() {
        let what =
            name.map_or_else(|| "nothing waits".to_owned(), |name| format!("nothing waits by the name `{name}`"));
        return Err(Refusal::usage(what).hint("what waits: `pocketdocket meaning show`").into());
    }
    if !yes {
        show(installation, &waiting, terminal)?;
        if !terminal.confirms("Write these anew, in every mailbox, little by little?")? {
            return Err(Refusal::needs_person("the items keep their last text").hint("nothing was approved").into());
        }
    }
    for one in &waiting {
        installation.ledger.approve_meaning(&one.changes, one.items, &who(), Timestamp::now())?;
        terminal.say(format_args!("approved: {} ({})", one.name, meaning::counted(one.items, one.users.len())));
    }
    let policy = &installation.config.policy;
    terminal.say(format_args!(
        "each sync writes at most {} items of a mailbox and {} in all, what is due soonest first; `pocketdocket status` shows how far it is",
        policy.meaning_per_tick, policy.firm_meaning_per_tick
    ));
    Ok(Exit::Fine)
}
