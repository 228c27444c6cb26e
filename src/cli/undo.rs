//! `undo`: what was written is taken back, exactly as it was shown before. The rehearsal looks into the mailboxes, on a copy of
//! the ledger; what it found is then asked of the engine, which does that and nothing else.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::Timestamp;
use serde_json::json;

use super::{
    arguments::{Common, Undo as Arguments, UndoWhat},
    installation::{Installation, who},
    report,
    show::operation_lines,
    sync,
    terminal::Terminal,
    trouble::{Exit, Refusal},
};
use crate::{
    domain::RecordKey,
    engine::Undoing,
    plan::OperationDigest,
    state::{Ledger, MailboxId, RunId, UndoFilter, UndoId, UndoState, Undoable, User, UserName},
};

pub(super) fn run(common: &Common, arguments: &Arguments, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let installation = Installation::open(common)?;
    let ledger = &installation.ledger;
    let wanted = ledger.undoable(&filter(&installation, &arguments.what)?)?;
    if wanted.is_empty() {
        return Err(Refusal::usage("nothing was written that fits")
            .hint("`pocketdocket history` shows what was written, with the number of each run")
            .into());
    }
    let users = ledger.users()?;
    let only = the_only_user(&users, &wanted);
    let Rehearsed { undoing, report } = rehearse(&installation, &wanted, only.as_ref())?;
    let left_out: Vec<&Undoable> =
        wanted.iter().filter(|one| !undoing.contains_key(&(one.mailbox, one.key.clone()))).collect();
    // The newest first, as they would be undone.
    let planned: Vec<&Undoing> = wanted.iter().filter_map(|one| undoing.get(&(one.mailbox, one.key.clone()))).collect();
    if arguments.dry_run && arguments.json.json {
        terminal.json(&planned.iter().map(|one| as_json(one)).collect::<Vec<_>>())?;
    } else if !arguments.json.json {
        for one in &planned {
            show(one, terminal)?;
        }
    }
    report::troubles(&report, terminal);
    if !left_out.is_empty() {
        let whose: BTreeSet<String> = left_out.iter().map(|one| name_of(&users, one.mailbox)).collect();
        terminal.warn(format_args!(
            "{} records were not looked at: the mailboxes of {} are not being synced (`pocketdocket status`)",
            left_out.len(),
            whose.into_iter().collect::<Vec<_>>().join(", ")
        ));
    }
    let asked: Vec<(Undoable, Option<OperationDigest>)> = planned
        .iter()
        .filter_map(|one| {
            let operation = one.outcome.as_ref().ok()?;
            let task = &one.task;
            let undoable = Undoable { mailbox: one.mailbox, key: task.key.clone(), entries: task.entries.clone() };
            Some((undoable, Some(operation.digest())))
        })
        .collect();
    let complete = asked.len() == wanted.len();
    terminal.say(format_args!("{} of {} records can be undone", asked.len(), wanted.len()));
    if arguments.dry_run || asked.is_empty() {
        return Ok(if complete { Exit::Fine } else { Exit::NeedsPerson });
    }
    if !arguments.yes && !terminal.confirms("Undo exactly these?")? {
        return Err(Refusal::needs_person("nothing was undone").hint("`--yes` does it without asking").into());
    }
    let ids = ledger.ask_undo(&asked, &who(), Timestamp::now())?;
    let report = sync::now(&installation.app()?, only.as_ref(), Duration::from_secs(arguments.wait), terminal)?;
    report::troubles(&report, terminal);
    let done = told(&installation, &asked, &ids, &users, arguments.json.json, terminal)?;
    Ok(if done && complete { Exit::Fine } else { Exit::NeedsPerson })
}

fn filter(installation: &Installation, what: &UndoWhat) -> anyhow::Result<UndoFilter> {
    let (zone, now) = (installation.zone(), Timestamp::now());
    let mailbox = match &what.user {
        None => None,
        Some(name) => {
            let user = installation.ledger.user(name)?;
            Some(user.mailbox.ok_or_else(|| {
                Refusal::usage(format!("nothing was ever written for `{name}`"))
                    .hint(format!("`pocketdocket user show {name}` shows how far the link is"))
            })?)
        }
    };
    Ok(UndoFilter {
        run: what.run.map(RunId),
        mailbox,
        key: what.record.clone(),
        since: what.since.map(|since| since.resolve(&zone, now)),
        until: what.until.map(|until| until.resolve(&zone, now)),
    })
}

/// Whom it is about, if it is one user alone.
fn the_only_user(users: &[User], wanted: &[Undoable]) -> Option<UserName> {
    let mailboxes: BTreeSet<MailboxId> = wanted.iter().map(|one| one.mailbox).collect();
    let mailbox = mailboxes.first().filter(|_| mailboxes.len() == 1)?;
    users.iter().find(|user| user.mailbox == Some(*mailbox)).map(|user| user.name.clone())
}

fn name_of(users: &[User], mailbox: MailboxId) -> String {
    let user = users.iter().find(|user| user.mailbox == Some(mailbox));
    user.map_or_else(|| "removed users".to_owned(), |user| format!("`{}`", user.name))
}

struct Rehearsed {
    undoing: BTreeMap<(MailboxId, RecordKey), Undoing>,
    report: serde_json::Value,
}

fn rehearse(installation: &Installation, wanted: &[Undoable], only: Option<&UserName>) -> anyhow::Result<Rehearsed> {
    let tasks: Vec<(Undoable, Option<OperationDigest>)> = wanted.iter().map(|one| (one.clone(), None)).collect();
    let ask = |copy: &Ledger| copy.ask_undo(&tasks, "rehearsal", Timestamp::now()).map(|_| ());
    let engine = installation.app()?.rehearsal_after(ask)?;
    let mut report = super::runtime()?.block_on(engine.rehearse(only))?;
    for cycle in &report.cycles {
        super::plan::note_refusal(&installation.ledger, cycle)?;
    }
    let undoing = report.cycles.iter_mut().flat_map(|cycle| std::mem::take(&mut cycle.undo));
    let undoing = undoing.map(|one| ((one.mailbox, one.task.key.clone()), one)).collect();
    Ok(Rehearsed { undoing, report: serde_json::to_value(&report)? })
}

fn as_json(undoing: &Undoing) -> serde_json::Value {
    let Undoing { user, task, outcome, .. } = undoing;
    match outcome {
        Ok(operation) => json!({ "user": user, "key": task.key, "operation": operation }),
        Err(refused) => json!({ "user": user, "key": task.key, "refused": refused, "why": refused.to_string() }),
    }
}

fn show(undoing: &Undoing, terminal: &mut Terminal) -> anyhow::Result<()> {
    match &undoing.outcome {
        Ok(operation) => {
            for line in operation_lines(operation, undoing.mirror.entries.get(&undoing.task.key)) {
                terminal.line(format_args!("{}:{line}", undoing.user))?;
            }
        }
        Err(refused) => terminal.line(format_args!("{}:  not     {}  {refused}", undoing.user, undoing.task.key))?,
    }
    Ok(())
}

/// Tells what became of what was asked for; whether all of it is done.
fn told(
    installation: &Installation,
    asked: &[(Undoable, Option<OperationDigest>)],
    ids: &[UndoId],
    users: &[User],
    as_json: bool,
    terminal: &mut Terminal,
) -> anyhow::Result<bool> {
    let mut states = Vec::new();
    for ((undoable, _), id) in asked.iter().zip(ids) {
        let state = installation.ledger.undo_state(*id)?.unwrap_or(UndoState::Waiting);
        states.push((undoable, state));
    }
    if as_json {
        let shown =
            states.iter().map(|(one, state)| json!({ "mailbox": one.mailbox, "key": one.key, "outcome": state }));
        terminal.json(&shown.collect::<Vec<_>>())?;
    }
    let mut done = 0;
    for (undoable, state) in &states {
        let whose = || format!("{}: {}", name_of(users, undoable.mailbox), undoable.key);
        match state {
            UndoState::Done => done += 1,
            UndoState::Refused { why } => terminal.warn(format_args!("{} was not undone: {why}", whose())),
            UndoState::Waiting => terminal.warn(format_args!(
                "{} waits for its mailbox, for an hour at most; `pocketdocket sync` tries again",
                whose()
            )),
        }
    }
    terminal.say(format_args!("undid {done} of {}", states.len()));
    Ok(done == states.len())
}
