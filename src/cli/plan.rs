//! `plan`: what a sync would do now, exactly, without doing it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::json;

use super::{
    arguments::{Common, Plan as Arguments},
    installation::Installation,
    report,
    show::{finding, held_reason, leftovers, operation_lines},
    terminal::Terminal,
    trouble::Exit,
};
use crate::{
    diagnosis::Cause,
    domain::{Mirror, RecordKey},
    engine::{CycleReport, ReportedTrouble},
    plan::{Class, Operation},
    ports::FailureKind,
    state::{Ledger, LedgerError},
};

pub(super) fn run(common: &Common, arguments: &Arguments, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let installation = Installation::open(common)?;
    let ledger = installation.ledger.clone();
    let only = arguments.user.as_ref();
    if let Some(name) = only {
        ledger.user(name)?;
    }
    let engine = installation.app()?.rehearsal()?;
    let report = super::runtime()?.block_on(engine.rehearse(only))?;
    for cycle in &report.cycles {
        note_refusal(&ledger, cycle)?;
    }
    let summary = serde_json::to_value(&report)?;
    if arguments.json.json {
        let cycles: Vec<_> = report.cycles.iter().map(as_json).collect();
        terminal.json(&json!({ "source_trouble": summary["source_trouble"], "cycles": cycles }))?;
        return Ok(report::exit(&summary));
    }
    for cycle in &report.cycles {
        show(&ledger, cycle, terminal)?;
    }
    if report.cycles.is_empty() && report.source_trouble.is_none() {
        terminal.say("nobody is active and free to be synced; `pocketdocket status` shows why");
    }
    report::troubles(&summary, terminal);
    Ok(report::exit(&summary))
}

/// The server was really asked, though the ledger was a copy: a password that it refused is not tried again.
pub(super) fn note_refusal(ledger: &Ledger, cycle: &CycleReport) -> Result<(), LedgerError> {
    let refused = |trouble: &&ReportedTrouble| {
        trouble.kind == Some(FailureKind::Unauthorized) && trouble.named.is_none_or(Cause::judges_secret)
    };
    let Some(trouble) = cycle.trouble.as_ref().filter(refused) else { return Ok(()) };
    let (name, now) = (&cycle.user, Timestamp::now());
    let remedy = trouble
        .remedy
        .clone()
        .map_or_else(|| Ok(format!("`{}`", ledger.user(name)?.link_command())), Ok::<_, LedgerError>)?;
    ledger.count_refused_sign_in(name, now)?;
    ledger.park(name, &trouble.cause, &remedy, now)
}

fn as_json(cycle: &CycleReport) -> serde_json::Value {
    json!({
        "user": cycle.user,
        "leftovers": cycle.leftovers,
        "trouble": cycle.trouble,
        "operations": cycle.plan.operations,
        "holds": cycle.plan.holds,
        "later": cycle.plan.later,
        "findings": cycle.plan.findings,
    })
}

/// How much of what a plan would do.
pub(super) fn counts(cycle: &CycleReport) -> String {
    let plan = &cycle.plan;
    let held: usize = plan.holds.iter().map(|hold| hold.operations.len()).sum();
    let count = |wanted: &[Class]| {
        let classes = plan.operations.iter().filter_map(Operation::class);
        classes.filter(|class| wanted.contains(class)).count()
    };
    let adopted = match count(&[Class::Adopt]) {
        0 => String::new(),
        some => format!("{some} to take over, "),
    };
    format!(
        "{} to create, {} to update, {adopted}{} to delete, {held} held",
        count(&[Class::Create, Class::Replace]),
        count(&[Class::Update, Class::Rewrite]),
        count(&[Class::Delete, Class::Withdraw, Class::Leave]),
    )
}

/// One mailbox's plan, operation by operation.
pub(super) fn show(ledger: &Ledger, cycle: &CycleReport, terminal: &mut Terminal) -> anyhow::Result<()> {
    let plan = &cycle.plan;
    terminal.line(format_args!("{}: {}", cycle.user, counts(cycle)))?;
    for (kind, counts) in cycle.leftovers.iter().filter(|(_, counts)| counts.items > 0) {
        terminal.line(format_args!("  {}", leftovers(*kind, *counts)))?;
    }
    let waiting = plan.holds.iter().flat_map(|hold| &hold.operations);
    let keys: BTreeSet<RecordKey> =
        plan.operations.iter().chain(waiting).map(|operation| operation.key.clone()).collect();
    let mirror = match ledger.user(&cycle.user)?.mailbox {
        Some(mailbox) => ledger.mirror(mailbox, &keys)?,
        None => Mirror::default(),
    };
    let mut list = |operations: &[Operation]| -> anyhow::Result<()> {
        for operation in operations {
            for line in operation_lines(operation, mirror.entries.get(&operation.key)) {
                terminal.line(line)?;
            }
        }
        Ok(())
    };
    list(&plan.operations)?;
    if !plan.later.is_empty() {
        let count = plan.later.len();
        terminal.line(format_args!(
            "  later   {count} more are written anew at the next ticks: `pocketdocket meaning show`"
        ))?;
    }
    for hold in &plan.holds {
        terminal.line(format_args!("  held, {}s: {}", hold.kind, held_reason(&hold.reason)))?;
        for operation in &hold.operations {
            for line in operation_lines(operation, mirror.entries.get(&operation.key)) {
                terminal.line(format_args!("  {line}"))?;
            }
        }
    }
    for found in &plan.findings {
        terminal.line(format_args!("  note    {}  {}", found.key, finding(&found.kind)))?;
    }
    Ok(())
}
