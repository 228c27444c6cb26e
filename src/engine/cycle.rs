//! One mailbox's pass: enter, observe, recover, plan, execute, prove. Trouble stays with the mailbox; what a pass could not
//! finish is looked at again at the next tick.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    adoption::Paired,
    context::Context,
    crash_point,
    found::{keys_of, proposals},
    judged::fingerprint,
    memory::Memory,
    pending::Batch,
    report::Undoing,
    rewrites::{left, unsettled},
    trouble::Trouble,
};
use crate::{
    domain::{Fingerprint, FirmId, FolderId, Kind, Mirror, Observation, RecordKey},
    plan::{
        self, Class, Desired, Finding, HoldReason, Operation, Plan, PlanningInput, Release, ScopeSettings, recover,
        unread,
    },
    ports::{Failure, Mailbox},
    state::{IntentId, Leftovers, MailboxId, Outcome, Resolution, RunCounts, RunId, Settlement, UserName},
};

/// What a pass needs to know beside the mailbox itself.
#[derive(Debug, Default)]
pub(super) struct Briefing {
    /// What is to be looked at.
    pub(super) batch: Batch,
    /// What other mailboxes have on their lists, for the firm's budgets.
    pub(super) firm_wanted: BTreeMap<(Kind, Class), u64>,
    /// Plan only: nothing is written, neither here nor there.
    pub(super) rehearsal: bool,
}

/// What a pass did.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) counts: RunCounts,
    pub(super) settled: Vec<(Operation, Outcome)>,
    pub(super) unfinished: BTreeSet<RecordKey>,
    pub(super) held: BTreeSet<RecordKey>,
    /// Records of kinds that the mailbox does not let us into.
    pub(super) left_out: BTreeSet<RecordKey>,
    pub(super) findings: Vec<Finding>,
    /// Items without our stamp, where they were compared with the records.
    pub(super) leftovers: BTreeMap<Kind, Leftovers>,
    /// Stamped items that the ledger does not know and the last reading did not speak of.
    pub(super) strangers: BTreeSet<RecordKey>,
    /// Something changed while we worked: observe and plan again.
    pub(super) look_again: bool,
    pub(super) failed: u64,
    /// A write was read back and held exactly what was written.
    pub(super) read_back_equal: bool,
    pub(super) not_read_back: bool,
    /// Trouble with single items that the whole mailbox shares (busy, full).
    pub(super) trouble: Option<Failure>,
    /// Operations of the plan.
    pub(super) planned: u64,
    /// The plan, kept for whoever asked to see it.
    pub(super) plan: Plan,
    /// Records that are being undone: the ordinary plan leaves them alone in this pass.
    pub(super) undone: BTreeSet<RecordKey>,
    /// For a rehearsal: how they would be undone.
    pub(super) undo: Vec<Undoing>,
}

impl Done {
    pub(super) fn count(&mut self, settlement: &Settlement) {
        let counts = &mut self.counts;
        match (&settlement.outcome, settlement.operation.class()) {
            (Outcome::Stored { .. }, Some(Class::Create | Class::Replace)) | (Outcome::Given, _) => counts.created += 1,
            (Outcome::Stored { .. }, Some(Class::Adopt)) => counts.adopted += 1,
            (Outcome::Stored { .. }, _) => counts.updated += 1,
            (Outcome::Removed, _) => counts.deleted += 1,
            (Outcome::Failed { .. } | Outcome::Unknown, _) => counts.failed += 1,
            _ => {}
        }
    }
}

/// One mailbox's pass.
pub(super) struct Cycle<'a> {
    pub(super) context: &'a Context,
    pub(super) id: MailboxId,
    pub(super) user: UserName,
    pub(super) mailbox: Arc<dyn Mailbox>,
    pub(super) memory: &'a mut Memory,
    pub(super) run: RunId,
    pub(super) firms: BTreeSet<FirmId>,
    /// Host of the mailbox, for what is learned per server.
    pub(super) server: String,
    /// Nothing was written into this mailbox yet, or what was found then still waits for a person.
    pub(super) first_look: bool,
    pub(super) unclaimed: BTreeMap<Kind, FolderId>,
}

/// What the planner looks at.
pub(super) struct Views {
    desired: BTreeMap<RecordKey, Desired>,
    pub(super) mirror: Mirror,
    pub(super) observed: Observation,
}

impl Cycle<'_> {
    /// The whole pass. What was done before trouble ended it is in `done`.
    pub(super) async fn pass(&mut self, briefing: &Briefing, done: &mut Done) -> Result<(), Trouble> {
        let kinds = self.kinds(briefing)?;
        let foreign_writers = self.enter(&kinds, &briefing.batch.facts.scopes).await?;
        let closed: BTreeSet<Kind> = foreign_writers.iter().map(|(kind, _)| *kind).collect();
        let mut open: BTreeSet<Kind> = kinds.difference(&closed).copied().collect();
        let now = self.context.now();
        open.retain(|kind| !self.memory.is_shut(*kind, now));
        for kind in &open {
            if let Some(folder) = self.memory.folders.get(kind).cloned() {
                self.observe(*kind, &folder).await?;
            }
        }
        let cut_off = self.undo_cut_off()?;
        self.recover(&open).await?;
        self.undo(&open, &cut_off, briefing.rehearsal, done).await?;
        // Read before the views: a hold that is released while they are gathered is settled for the next ones only.
        let mut holds = foreign_writers;
        holds.extend(self.context.unknown_firms(self.id)?);
        let released = self.context.ledger.released(self.id, self.context.now())?;
        let views = self.gather(briefing, &open, done).await?;
        let paired = self.pair_up(briefing, &views, done).await?;
        done.plan = self.plan(briefing, holds, &released, &views, &paired)?;
        self.keep(briefing, views.desired.keys().cloned().collect(), &paired, done)?;
        if briefing.rehearsal {
            return Ok(());
        }
        let operations = std::mem::take(&mut done.plan.operations);
        done.planned = operations.len() as u64;
        self.execute(operations, &views.mirror, done).await?;
        if !done.findings.is_empty() {
            self.context.ledger.put_findings(
                self.id,
                Some(&keys_of(&done.findings)),
                &done.findings,
                self.context.now(),
            )?;
        }
        match done.trouble.take() {
            Some(failure) => Err(failure.into()),
            None => self.prove(&open, done).await,
        }
    }

    /// Which folders this pass needs: those it may write into, and those whose observation is due.
    fn kinds(&mut self, briefing: &Briefing) -> Result<BTreeSet<Kind>, Trouble> {
        let now = self.context.now();
        let mut kinds: BTreeSet<Kind> = briefing.batch.desired.keys().map(|key| key.kind).collect();
        kinds.extend(Kind::ALL.into_iter().filter(|kind| self.memory.is_stale(*kind, now, &self.context.settings)));
        // What is held is planned anew each time, or its hold would be closed.
        kinds.extend(self.context.ledger.holds_of(self.id)?.iter().map(|hold| hold.kind));
        kinds.extend(self.context.ledger.open_intents(self.id)?.iter().map(|intent| intent.operation.key.kind));
        kinds.extend(self.context.ledger.open_undo(self.id)?.iter().map(|task| task.key.kind));
        for (kind, shut) in self.context.ledger.shut_kinds(self.id)? {
            self.memory.shut.insert(kind, shut.next_try);
        }
        kinds.retain(|kind| !self.memory.is_shut(*kind, now));
        Ok(kinds)
    }

    /// Settles every intent whose outcome nobody knows, by what the mailbox shows.
    async fn recover(&mut self, kinds: &BTreeSet<Kind>) -> Result<(), Trouble> {
        let mut open = self.context.ledger.open_intents(self.id)?;
        open.retain(|intent| kinds.contains(&intent.operation.key.kind));
        if open.is_empty() {
            return Ok(());
        }
        let keys: BTreeSet<RecordKey> = open.iter().map(|intent| intent.operation.key.clone()).collect();
        let mirror = self.context.ledger.mirror(self.id, &keys)?;
        let mut observed = self.context.ledger.observed(self.id, &keys)?;
        self.find_missing(&keys, &mirror, &mut observed, true).await?;
        let intents: Vec<(IntentId, Operation)> =
            open.into_iter().map(|intent| (intent.id, intent.operation)).collect();
        let mut given_back = self.find_given_back(&intents).await?;
        for (intent, resolution) in recover::resolve(&intents, &observed, &mirror) {
            let resolution = match resolution {
                recover::Resolution::Mirror { item, place, .. } => Resolution::Present { item, place },
                recover::Resolution::Forget { .. } => Resolution::Absent,
                recover::Resolution::Respect { .. } => Resolution::Respected,
                recover::Resolution::Drop => given_back.remove(&intent).unwrap_or(Resolution::NotDone),
            };
            self.context.ledger.resolve_intent(intent, &resolution, self.context.now())?;
        }
        crash_point::pass("after-recovery");
        Ok(())
    }

    /// Brings together what the planner looks at: the keys on the list and those for which mirror and observation disagree.
    async fn gather(&mut self, briefing: &Briefing, open: &BTreeSet<Kind>, done: &mut Done) -> Result<Views, Trouble> {
        let ledger = &self.context.ledger;
        let parked: BTreeMap<RecordKey, Option<Fingerprint>> =
            ledger.parked_records(self.id)?.into_iter().map(|parked| (parked.key, parked.fingerprint)).collect();
        let mut desired = BTreeMap::new();
        for (key, wanted) in &briefing.batch.desired {
            if self.memory.is_shut(key.kind, self.context.now()) {
                done.left_out.insert(key.clone());
                continue;
            }
            if !open.contains(&key.kind) {
                done.held.insert(key.clone());
                continue;
            }
            if done.undone.contains(key) {
                done.unfinished.insert(key.clone());
                continue;
            }
            // What the server refused is not tried again until the record changes.
            if parked.get(key).is_some_and(|refused| *refused == fingerprint(wanted)) {
                continue;
            }
            desired.insert(key.clone(), wanted.clone());
        }
        let disagreeing = ledger.disagreeing(self.id)?;
        let undone = &done.undone;
        for key in disagreeing.into_iter().filter(|key| open.contains(&key.kind) && !undone.contains(key)) {
            desired.entry(key).or_insert(Desired::Unchanged);
        }
        let keys: BTreeSet<RecordKey> = desired.keys().cloned().collect();
        let mirror = ledger.mirror(self.id, &keys)?;
        self.freeze(&mut desired, &mirror, &briefing.batch.facts.scopes);
        let mut observed = ledger.observed(self.id, &keys)?;
        self.find_missing(&keys, &mirror, &mut observed, false).await?;
        let mut wanted: BTreeMap<Kind, Vec<_>> = BTreeMap::new();
        for (kind, id) in unread(&mirror, &observed) {
            wanted.entry(kind).or_default().push(id);
        }
        for (kind, ids) in wanted {
            let contents: BTreeMap<_, _> = ids.iter().cloned().zip(self.read(kind, &ids).await?).collect();
            for key in &keys {
                for seen in observed.copies_mut(key) {
                    match contents.get(&seen.item.id) {
                        Some(Some(content)) => {
                            seen.item = content.item.clone();
                            seen.content = Some(content.clone());
                        }
                        Some(None) => {
                            // Gone since it was observed: this key waits for the next look.
                            desired.remove(key);
                            done.unfinished.insert(key.clone());
                            done.look_again = true;
                        }
                        None => {}
                    }
                }
            }
        }
        done.strangers = desired
            .keys()
            .filter(|key| !briefing.batch.desired.contains_key(*key) && !mirror.entries.contains_key(*key))
            .filter(|key| self.memory.asked.insert((*key).clone()))
            .cloned()
            .collect();
        Ok(Views { desired, mirror, observed })
    }

    /// What was not read because nothing changed in it may lie outside the window by now: then it is kept as it is.
    fn freeze(&self, desired: &mut BTreeMap<RecordKey, Desired>, mirror: &Mirror, scopes: &[Arc<ScopeSettings>]) {
        let now = self.context.now();
        for (key, desired) in desired.iter_mut().filter(|(_, desired)| **desired == Desired::Unchanged) {
            let written = mirror.entries.get(key).and_then(|entry| entry.certain());
            let maintained =
                written.is_none_or(|it| scopes.iter().any(|scope| plan::still_maintained(&it.record, scope, now)));
            if !maintained {
                *desired = Desired::Frozen;
            }
        }
    }

    fn plan(
        &self,
        briefing: &Briefing,
        holds: Vec<(Kind, HoldReason)>,
        released: &Release,
        views: &Views,
        paired: &Paired,
    ) -> Result<Plan, Trouble> {
        let totals = self.context.totals(self.id, &briefing.batch.facts, &briefing.firm_wanted, holds)?;
        let only_deleted = self.memory.only_deleted.values().flatten().cloned().collect();
        let rewrites = self.context.rewrites(self.id, &briefing.batch.traced)?;
        let plan = plan::plan(&PlanningInput {
            desired: &views.desired,
            complete: false,
            mirror: &views.mirror,
            observed: &views.observed,
            totals: &totals,
            policy: &self.context.policy,
            released,
            look_alikes: &paired.look_alikes,
            adoptions: &paired.adoptions,
            only_deleted: &only_deleted,
            rewrites: &rewrites,
            zone: &self.context.zone,
            now: self.context.now(),
        });
        let taken = plan.operations.iter().filter(|operation| operation.class() == Some(Class::Rewrite)).count();
        self.context.turns.give_back(rewrites.at_most.saturating_sub(taken as u64));
        Ok(plan)
    }

    /// Keeps what waits for a person and what was found.
    fn keep(
        &self,
        briefing: &Briefing,
        mut planned: BTreeSet<RecordKey>,
        paired: &Paired,
        done: &mut Done,
    ) -> Result<(), Trouble> {
        let ledger = &self.context.ledger;
        let now = self.context.now();
        let plan = &done.plan;
        done.unfinished.extend(unsettled(plan, &briefing.batch.traced));
        for operation in plan.holds.iter().flat_map(|hold| &hold.operations) {
            done.held.insert(operation.key.clone());
        }
        done.counts.held = done.held.len() as u64;
        // An item of the user's stands for these: there is nothing to do before somebody thinks otherwise.
        done.held.extend(paired.left().cloned());
        if briefing.rehearsal {
            return Ok(());
        }
        ledger.take_up_adoptions(self.id, &paired.adoptions.keys().cloned().collect())?;
        ledger.put_holds(self.id, &self.user, &plan.holds, now)?;
        ledger.put_rollout_left(self.id, &left(plan, &briefing.batch.traced))?;
        planned.extend(keys_of(&plan.findings));
        ledger.put_findings(self.id, Some(&planned), &plan.findings, now)?;
        ledger.add_foreign(self.id, &plan.foreign, now)?;
        ledger.add_proposals(self.id, &proposals(&plan.findings), now)?;
        Ok(())
    }
}
