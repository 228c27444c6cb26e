//! A mailbox is moved: what the ledger knows of it is found again in the new place, and the links change places.
//!
//! Nothing is created or removed for it. The old way need not work any more; where it does, it tells what was deleted there and
//! knows ids. A move that is cut off anywhere is made again from the beginning by the next tick: until the switch, which is one
//! transaction, the ledger is what it was, and what was written by then (the stamps of tasks that had lost theirs) only makes
//! items easier to find.

mod cut_off;
mod look;
mod prepare;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Engine, crash_point, memory::Memory, trouble::Trouble};
use crate::{
    domain::{ItemId, RecordKey, Stamp},
    plan::moving::MoveReport,
    ports::{Failure, FailureKind, ItemChange, StampChange, chain},
    state::{LedgerError, ReadyMove, RunCounts, Switch, UserName},
};

use look::{Look, Looker};

/// So many records are named where a move cannot go on; the report holds all.
const NAMED: usize = 3;

impl Engine {
    /// Starts the moves that persons asked for (of this user's alone, if one is named), and forgets ways before that were kept long
    /// enough.
    pub(super) fn start_moves(self: &Arc<Self>, only: Option<&UserName>) -> Result<(), LedgerError> {
        self.context.ledger.forget_old_doors(self.context.now())?;
        for ready in self.context.ledger.ready_moves()? {
            let named = only.is_none_or(|only| *only == ready.task.user);
            if named && self.moving().insert(ready.mailbox) {
                let engine = Arc::clone(self);
                self.passes.spawn(async move {
                    let (mailbox, name) = (ready.mailbox, ready.task.user.clone());
                    let outcome = engine.make_move(ready).await;
                    engine.ledger_served(Some(&name), outcome.as_ref().err());
                    engine.moving().remove(&mailbox);
                });
            }
        }
        Ok(())
    }

    /// What a move would find, without anything being written anywhere. Meant for an engine on a copy of the ledger.
    ///
    /// # Errors
    /// What a mailbox or the ledger says; nothing is found where no way is ready.
    pub async fn preview_move(&self, name: &UserName) -> Result<Option<MoveReport>, Failure> {
        let ledger = |error: LedgerError| Failure::new(FailureKind::Setting, "look at the move").because(error);
        let Some(ready) = self.context.ledger.ready_move(name).map_err(ledger)? else { return Ok(None) };
        let looked = match Looker::new(&self.context, &ready).await {
            Ok(looker) => looker.look().await,
            Err(trouble) => Err(trouble),
        };
        match looked {
            Ok(look) => Ok(Some(look.report())),
            Err(Trouble::Mailbox(failure)) => Err(failure),
            Err(Trouble::Ledger(error)) => Err(ledger(error)),
        }
    }

    async fn make_move(&self, ready: ReadyMove) -> Result<(), LedgerError> {
        let room = self.rooms().get(&ready.mailbox).cloned();
        // A pass that is under way over the present way is waited for.
        let mut memory = match &room {
            Some(room) => Some(room.memory.lock().await),
            None => None,
        };
        let Ok(_place) = self.places.acquire().await else { return Ok(()) };
        let ledger = &self.context.ledger;
        let name = &ready.task.user;
        // Much may have happened while this waited.
        let fresh =
            ledger.ready_moves()?.into_iter().find(|now| now.task.user == *name && now.mailbox == ready.mailbox);
        let (Some(ready), false) = (fresh, self.context.stop.is_cancelled()) else { return Ok(()) };
        let run = ledger.begin_run(Some(name), self.context.now())?;
        let outcome = self.move_to_the_new_place(&ready).await;
        let trouble = match outcome {
            Ok(None) => {
                if let Some(memory) = &mut memory {
                    **memory = Memory::new(ready.mailbox, self.context.settings.write_batch);
                }
                if self.rooms().contains_key(&ready.mailbox) {
                    self.reload(ready.mailbox)?;
                }
                self.read_anew.store(true, std::sync::atomic::Ordering::Relaxed);
                tracing::info!(user.id = %name, "moved");
                None
            }
            Ok(Some((report, why))) => {
                tracing::warn!(user.id = %name, %why, "not moved: a person is needed");
                ledger.stop_move(name, Some(&report), &why, false, self.context.now())?;
                Some(why)
            }
            Err(Trouble::Ledger(error)) => return Err(error),
            Err(Trouble::Mailbox(failure)) => {
                let (why, passes) = (chain(&failure), failure.kind.passes());
                tracing::warn!(user.id = %name, cause = %why, "not moved");
                ledger.stop_move(name, None, &why, passes, self.context.now())?;
                Some(why)
            }
        };
        ledger.end_run(run, RunCounts::default(), trouble.as_deref(), self.context.now())
    }

    /// Looks, stamps what lost its stamp, and switches. Says why not, where a person has to decide.
    async fn move_to_the_new_place(&self, ready: &ReadyMove) -> Result<Option<(MoveReport, String)>, Trouble> {
        crash_point::pass("move-begun");
        let looker = Looker::new(&self.context, ready).await?;
        let mut look = looker.look().await?;
        let report = look.report();
        if !report.missing.is_empty() && !ready.task.fresh {
            return Ok(Some((report.clone(), stands_in_the_way(&report))));
        }
        crash_point::pass("move-looked");
        self.stamp(&looker, &mut look).await?;
        crash_point::pass("move-stamped");
        let switch: Switch = looker.prepare(look);
        crash_point::pass("move-before-switch");
        if !self.context.ledger.switch(ready, &switch, self.context.now())? {
            let why = "the links or their mailboxes changed meanwhile, or somebody else's link leads into one of them";
            return Ok(Some((report, why.to_owned())));
        }
        crash_point::pass("move-switched");
        Ok(None)
    }

    /// Gives our stamp to the items that were recognised without one.
    async fn stamp(&self, looker: &Looker<'_>, look: &mut Look) -> Result<(), Trouble> {
        let firm = self.context.ledger.firm();
        let bare: Vec<RecordKey> = look.bare().cloned().collect();
        for keys in bare.chunks(self.context.settings.write_batch.max(1)) {
            let items: BTreeMap<&RecordKey, _> = keys.iter().filter_map(|key| Some((key, look.item(key)?))).collect();
            let changes: Vec<ItemChange> = items
                .iter()
                .map(|(key, item)| ItemChange {
                    kind: key.kind,
                    item: item.clone(),
                    set: looker.linked(key),
                    clear: BTreeSet::new(),
                    body: None,
                    stamp: StampChange::Set(Stamp { firm, key: (*key).clone() }),
                })
                .collect();
            for outcome in looker.there.update(&changes).await? {
                outcome?;
            }
            crash_point::pass("move-some-stamped");
            let ids: Vec<ItemId> = items.values().map(|item| item.id.clone()).collect();
            let Some(kind) = keys.first().map(|key| key.kind) else { continue };
            let now = looker.read(kind, &ids).await?;
            for (key, content) in items.keys().zip(now) {
                looker.stamped(look, key, content);
            }
        }
        Ok(())
    }
}

/// Why a move cannot go on by itself.
fn stands_in_the_way(report: &MoveReport) -> String {
    if report.is_empty_place() {
        return "none of our items is in the new place: it is another mailbox, or its items did not travel".to_owned();
    }
    let named: Vec<String> = report.missing.iter().take(NAMED).map(ToString::to_string).collect();
    let more = if report.missing.len() > NAMED { ", …" } else { "" };
    format!("{} of our items are not in the new place ({}{more})", report.missing.len(), named.join(", "))
}
