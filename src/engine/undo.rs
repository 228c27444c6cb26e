//! Undoing, as a part of a mailbox's pass: what a person asked for is planned on what the mailbox shows now, compared with what
//! was shown, and done like anything else, with intents and settlements. Records that are being undone are left out of the
//! ordinary plan of the same pass, so that it does not write over them.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    cycle::{Cycle, Done},
    report::Undoing,
    trouble::Trouble,
};
use crate::{
    domain::{Field, Kind, Mirror, RecordKey, Value},
    plan::{
        Action, Operation, Why,
        undo::{Refused, Wish, is_there, item_to_read, undo},
    },
    state::{IntentId, Resolution, UndoTask},
};

impl Cycle<'_> {
    /// Records of which an undo was cut off: they are finished, however long ago they were asked for.
    pub(super) fn undo_cut_off(&self) -> Result<BTreeSet<RecordKey>, Trouble> {
        let open = self.context.ledger.open_intents(self.id)?;
        let undone = open.into_iter().filter(|intent| intent.operation.why == Why::Undone);
        Ok(undone.map(|intent| intent.operation.key).collect())
    }

    /// Plans and, unless this is a rehearsal, does what a person asked to be undone in these folders.
    pub(super) async fn undo(
        &mut self,
        open: &BTreeSet<Kind>,
        cut_off: &BTreeSet<RecordKey>,
        rehearsal: bool,
        done: &mut Done,
    ) -> Result<(), Trouble> {
        let mut tasks = self.context.ledger.open_undo(self.id)?;
        tasks.retain(|task| open.contains(&task.key.kind));
        if tasks.is_empty() {
            return Ok(());
        }
        let now = self.context.now();
        let (mirror, planned) = self.plan_undo(tasks).await?;
        let mut operations = Vec::new();
        for (task, outcome) in planned {
            let outcome = match outcome {
                _ if task.is_expired(now) && !cut_off.contains(&task.key) => Err(Refused::Expired),
                // What a crash left half done shows otherwise than it was shown.
                Ok(operation) if cut_off.contains(&task.key) => Ok(operation),
                Ok(operation) if task.shown.is_some_and(|shown| shown != operation.digest()) => Err(Refused::Differs),
                outcome => outcome,
            };
            if outcome.is_ok() {
                done.undone.insert(task.key.clone());
            }
            if rehearsal {
                done.undo.push(Undoing {
                    user: self.user.clone(),
                    mailbox: self.id,
                    task,
                    mirror: mirror.clone(),
                    outcome,
                });
                continue;
            }
            match outcome {
                Ok(operation) => operations.push(operation),
                Err(refused) => self.context.ledger.refuse_undo(task.id, &refused, now)?,
            }
        }
        self.execute(operations, &mirror, done).await
    }

    async fn plan_undo(
        &self,
        tasks: Vec<UndoTask>,
    ) -> Result<(Mirror, Vec<(UndoTask, Result<Operation, Refused>)>), Trouble> {
        let ledger = &self.context.ledger;
        let keys: BTreeSet<RecordKey> = tasks.iter().map(|task| task.key.clone()).collect();
        let mirror = ledger.mirror(self.id, &keys)?;
        let mut observed = ledger.observed(self.id, &keys)?;
        self.find_missing(&keys, &mirror, &mut observed, false).await?;
        let mut wanted: BTreeMap<Kind, Vec<_>> = BTreeMap::new();
        for (kind, item) in keys.iter().filter_map(|key| item_to_read(key, &mirror, &observed)) {
            wanted.entry(kind).or_default().push(item);
        }
        for (kind, items) in wanted {
            let contents = self.read(kind, &items).await?;
            for content in contents.into_iter().flatten() {
                for key in &keys {
                    for seen in observed.copies_mut(key).iter_mut().filter(|seen| seen.item.id == content.item.id) {
                        seen.item = content.item.clone();
                        seen.content = Some(content.clone());
                    }
                }
            }
        }
        let mut planned = Vec::with_capacity(tasks.len());
        for task in tasks {
            let from = task.entries.first().copied().unwrap_or_default();
            let past = ledger.past(self.id, &task.key, from)?;
            let outcome = undo(&Wish {
                key: &task.key,
                chosen: &task.entries,
                past: &past,
                mirror: &mirror,
                observed: &observed,
                zone: &self.context.zone,
            });
            planned.push((task, outcome));
        }
        Ok((mirror, planned))
    }

    /// Items that were being given back have no stamp by which they could be found: what lies in the folder is compared. One that
    /// was being handed back is its user's as soon as it has no stamp, whatever they made of it since.
    pub(super) async fn find_given_back(
        &self,
        open: &[(IntentId, Operation)],
    ) -> Result<BTreeMap<IntentId, Resolution>, Trouble> {
        let mut found = BTreeMap::new();
        for kind in Kind::ALL {
            let given: Vec<_> = open
                .iter()
                .filter(|(_, operation)| {
                    operation.key.kind == kind && matches!(operation.action, Action::GiveBack { .. })
                })
                .collect();
            let handed = |operation: &Operation| match &operation.action {
                Action::HandBack { item, .. } if operation.key.kind == kind => Some(item.id.clone()),
                _ => None,
            };
            let (intents, items): (Vec<IntentId>, Vec<_>) =
                open.iter().filter_map(|(intent, operation)| Some((*intent, handed(operation)?))).unzip();
            for (intent, content) in intents.into_iter().zip(self.read(kind, &items).await?) {
                let there = content.is_some_and(|content| content.stamp.is_none());
                found.insert(intent, if there { Resolution::Given } else { Resolution::NotDone });
            }
            if given.is_empty() {
                continue;
            }
            let items: Vec<_> = self.context.ledger.unstamped(self.id, kind)?.into_iter().map(|item| item.id).collect();
            let contents = self.read(kind, &items).await?;
            for (intent, operation) in given {
                let there = contents.iter().flatten().any(|content| is_there(&operation.action, content));
                found.insert(*intent, if there { Resolution::Given } else { Resolution::NotDone });
            }
        }
        Ok(found)
    }
}

/// What an update makes of the fields that it touches.
pub(super) fn asked_for(operation: &Operation) -> BTreeMap<Field, Option<Value>> {
    let Action::Update { set, clear, .. } = &operation.action else { return BTreeMap::new() };
    let set = set.iter().map(|(field, value)| (*field, Some(value.clone())));
    set.chain(clear.iter().map(|field| (*field, None))).collect()
}
