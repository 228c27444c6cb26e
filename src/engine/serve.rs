//! One mailbox's pass from outside: its place in the queue, its run in the ledger, and what its trouble means for the link.

use std::sync::{Arc, atomic::Ordering};

use tokio::sync::MutexGuard;

use super::{
    CycleReport, Engine,
    cycle::{Briefing, Cycle, Done},
    memory::Memory,
    report::ReportedTrouble,
    room::Room,
    trouble::Trouble,
};
use crate::{
    domain::Presence,
    plan::{Action, HoldReason, Why},
    ports::chain,
    state::{ActiveUser, LedgerError, Outcome, RunId, UserName},
};

impl Engine {
    /// One pass over a mailbox. Nothing that happens here reaches another mailbox.
    pub(super) async fn serve(&self, room: Arc<Room>, name: UserName, rehearsal: bool) {
        let Ok(mut memory) = room.memory.try_lock() else { return };
        let Ok(_place) = self.places.acquire().await else { return };
        if self.context.stop.is_cancelled() || self.moving().contains(&room.id) {
            return;
        }
        // Much may have happened while this pass waited for its place: whom to serve, and by what to judge, is asked now.
        let user = match self.still_active(&room, &name) {
            Ok(Some(user)) => user,
            Ok(None) => return,
            Err(error) => return self.ledger_served(Some(&name), Some(&error)),
        };
        self.settle_handovers(&room, rehearsal);
        let firm_wanted = self.wanted_elsewhere(&room);
        let briefing = Briefing { batch: room.pending().begin(), firm_wanted, rehearsal };
        let mut done = Done::default();
        let outcome = match self.context.ledger.begin_run(Some(user.name()), self.context.now()) {
            Ok(run) => {
                let mut outcome = self.pass(&room, &user, run, &mut memory, &briefing, &mut done).await;
                if let Err(Trouble::Mailbox(failure)) = outcome {
                    let explained = self.context.connect.explained(&user, failure, self.context.now()).await;
                    outcome = Err(explained.into());
                }
                self.write_down(&room, &user, run, &briefing, &mut done, outcome)
            }
            Err(error) => Err(error),
        };
        self.ledger_served(Some(user.name()), outcome.as_ref().err());
        if let Err(error) = outcome {
            tracing::error!(
                user.id = %user.name(), cause = %chain(&error),
                "the ledger failed; nothing more is written to the mailbox"
            );
            done.unfinished.extend(briefing.batch.desired.keys().cloned());
            self.report(CycleReport {
                user: user.name().clone(),
                counts: done.counts,
                trouble: Some(ReportedTrouble {
                    cause: chain(&error),
                    remedy: error.hint(),
                    passes: matches!(error, LedgerError::Unwritable(_) | LedgerError::Busy(_)),
                    kind: None,
                    named: None,
                }),
                holds: done.plan.holds.len(),
                leftovers: std::mem::take(&mut done.leftovers),
                plan: std::mem::take(&mut done.plan),
                undo: std::mem::take(&mut done.undo),
            });
        }
        let mut pending = room.pending();
        done.held.append(&mut done.left_out);
        pending.end(&briefing.batch, &done.unfinished, &done.held);
        if !done.strangers.is_empty() {
            pending.meet(std::mem::take(&mut done.strangers));
            self.read_anew.store(true, Ordering::Relaxed);
        }
    }

    fn still_active(&self, room: &Room, name: &UserName) -> Result<Option<ActiveUser>, LedgerError> {
        let users = self.context.ledger.active_users()?;
        Ok(users.into_iter().find(|user| user.name() == name && user.user().mailbox == Some(room.id)))
    }

    async fn pass(
        &self,
        room: &Room,
        user: &ActiveUser,
        run: RunId,
        memory: &mut MutexGuard<'_, Memory>,
        briefing: &Briefing,
        done: &mut Done,
    ) -> Result<(), Trouble> {
        let ledger = &self.context.ledger;
        let interrupted = !ledger.open_intents(room.id)?.is_empty();
        let waits_for_a_look = ledger
            .holds_of(room.id)?
            .into_iter()
            .any(|hold| matches!(hold.reason, HoldReason::LooksAlreadyThere { .. } | HoldReason::OnlyInDeletedItems));
        let first_look =
            waits_for_a_look || ledger.adoptions_open(room.id)? || !ledger.all_first_writes_released(room.id)?;
        self.context.connect.mind_whereabouts(user, self.context.now()).await?;
        let mailbox = self.context.connect.connect(user).await?;
        let mut cycle = Cycle {
            context: &self.context,
            id: room.id,
            user: user.name().clone(),
            mailbox,
            memory,
            run,
            firms: ledger.firms()?,
            server: ledger.mailbox_identity(room.id)?.server,
            first_look,
            unclaimed: std::collections::BTreeMap::new(),
        };
        let outcome = cycle.pass(briefing, done).await;
        if interrupted {
            self.reload(room.id)?;
            self.read_anew.store(true, Ordering::Relaxed);
        }
        outcome
    }

    /// Notes what a pass did: index, link, run.
    fn write_down(
        &self,
        room: &Room,
        user: &ActiveUser,
        run: RunId,
        briefing: &Briefing,
        done: &mut Done,
        outcome: Result<(), Trouble>,
    ) -> Result<(), LedgerError> {
        let now = self.context.now();
        self.reindex(room, briefing, done)?;
        let trouble = match outcome {
            Ok(()) => {
                if user.user().waiting.is_some() {
                    self.context.ledger.set_waiting(user.name(), None)?;
                }
                if let Some(before) = self.context.ledger.note_success(user.name(), now)? {
                    let cause = before.cause.entry().title;
                    tracing::info!(user.id = %user.name(), cause, since = %before.since, "works again");
                }
                if user.user().refused_sign_ins > 0 {
                    self.context.ledger.forget_refused_sign_ins(user.name())?;
                }
                None
            }
            Err(Trouble::Ledger(error)) => return Err(error),
            Err(Trouble::Mailbox(failure)) => {
                let open: Vec<_> =
                    briefing.batch.desired.keys().filter(|key| !is_settled(done, key)).cloned().collect();
                done.unfinished.extend(open);
                if !briefing.rehearsal {
                    let host = self.context.ledger.mailbox_identity(room.id)?.server;
                    self.context.ledger.note_failure(user.name(), &host, &failure, now)?;
                }
                tracing::warn!(user.id = %user.name(), cause = %failure.chain(), "the pass ended early");
                Some(ReportedTrouble::of(&failure))
            }
        };
        self.context.ledger.end_run(run, done.counts, trouble.as_ref().map(|trouble| trouble.cause.as_str()), now)?;
        tracing::info!(
            user.id = %user.name(), created = done.counts.created, updated = done.counts.updated,
            deleted = done.counts.deleted, held = done.counts.held, failed = done.counts.failed, "pass over"
        );
        self.report(CycleReport {
            user: user.name().clone(),
            counts: done.counts,
            trouble,
            holds: done.plan.holds.len(),
            leftovers: std::mem::take(&mut done.leftovers),
            plan: std::mem::take(&mut done.plan),
            undo: std::mem::take(&mut done.undo),
        });
        Ok(())
    }

    /// Keeps the report of each mailbox's last pass: nobody may come to fetch them.
    fn report(&self, report: CycleReport) {
        let mut reports = self.reports();
        reports.retain(|earlier| earlier.user != report.user);
        reports.push(report);
    }

    /// What was settled, in the index; and from what it was made, in the ledger too. A crash in between costs nothing: the next
    /// full reading finds the item equal, and notes it then.
    fn reindex(&self, room: &Room, briefing: &Briefing, done: &Done) -> Result<(), LedgerError> {
        let mut origins = Vec::new();
        let mut index = self.index();
        for (operation, outcome) in &done.settled {
            let key = operation.key.clone();
            match outcome {
                Outcome::Stored { written, .. } => {
                    if let Why::Succeeds(from) = &operation.why {
                        index.remove(room.id, from);
                    }
                    index.put(room.id, key, Some(written.fingerprint), Presence::Kept);
                }
                Outcome::Owned => {
                    if let Action::Own { fingerprint, .. } = &operation.action {
                        index.put(room.id, key, Some(*fingerprint), Presence::Kept);
                    }
                }
                Outcome::Respected => {
                    let fingerprint = index.holder(room.id, &key).and_then(|holder| holder.fingerprint);
                    index.put(room.id, key, fingerprint, Presence::DeletedByUser);
                }
                // An undone creation stays away until its record changes.
                Outcome::Removed if operation.why == Why::Undone => {
                    let fingerprint = index.holder(room.id, &key).and_then(|holder| holder.fingerprint);
                    index.put(room.id, key, fingerprint, Presence::DeletedByUser);
                }
                Outcome::Removed | Outcome::Forgotten => index.remove(room.id, &key),
                Outcome::Given | Outcome::Failed { .. } | Outcome::Unknown => {}
            }
            let Some(traced) = briefing.batch.traced.get(&operation.key) else { continue };
            // Until a person agrees, what is written is still what the item was made from.
            let is_new = traced.rewrite.is_none() || matches!(operation.why, Why::Rewritten(_));
            if is_new && matches!(outcome, Outcome::Stored { .. } | Outcome::Owned) {
                index.comes_from(room.id, &operation.key, traced.origin);
                origins.push((room.id, operation.key.clone(), traced.origin));
            }
        }
        drop(index);
        self.context.ledger.note_origins(&origins)
    }
}

fn is_settled(done: &Done, key: &crate::domain::RecordKey) -> bool {
    done.settled.iter().any(|(operation, outcome)| {
        operation.key == *key && !matches!(outcome, Outcome::Failed { .. } | Outcome::Unknown)
    })
}
