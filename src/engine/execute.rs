//! Doing what the plan says, and nothing else: intents are committed, the batch goes out, what was stored is read back, and
//! outcome and mirror are settled in one transaction. Nothing is decided here.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use super::{
    Progress,
    bisect::{Sent, bisect},
    crash_point,
    cycle::{Cycle, Done},
    groups::{Request, grouped, request},
    memory::TOO_MANY_STUMBLES,
    requests,
    stumble::{failed, stumbles},
    trouble::Trouble,
    undo::asked_for,
};
use crate::{
    domain::{Field, Fingerprint, ItemContent, ItemId, ItemRef, Kind, Mirror, Place, Record, Value, Written, drift},
    plan::{Action, Finding, FindingKind, Operation, Why, undo},
    ports::{Failure, FailureKind, ItemChange, NewItem, Removal},
    state::{IntentId, Outcome, Settlement},
};

/// One operation on its way.
struct Step {
    operation: Operation,
    /// The item before, where there was one.
    before: Option<ItemContent>,
}

impl Cycle<'_> {
    /// Executes operations in their order, what is urgent first, in batches of what fits together.
    pub(super) async fn execute(
        &mut self,
        operations: Vec<Operation>,
        mirror: &Mirror,
        done: &mut Done,
    ) -> Result<(), Trouble> {
        let (ledger_only, written): (Vec<_>, Vec<_>) =
            operations.into_iter().partition(|operation| request(&operation.action).is_none());
        self.settle_in_ledger(ledger_only, done)?;
        if written.is_empty() {
            return Ok(());
        }
        let kinds = written.iter().map(|operation| operation.key.kind).collect();
        self.claim(&kinds).await?;
        // A record over which the server stumbles whenever it comes must not keep the others from being written.
        let (last, first): (Vec<_>, Vec<_>) =
            written.into_iter().partition(|operation| self.memory.goes_last(&operation.key));
        let first = grouped(first, self.context.now(), self.context.settings.urgent_hours);
        for mut group in first.into_iter().chain(last.into_iter().map(|operation| vec![operation])) {
            while !group.is_empty() {
                let rest = group.split_off(group.len().min(self.memory.batch));
                if self.context.stop.is_cancelled() {
                    done.unfinished.extend(group.into_iter().chain(rest).map(|operation| operation.key));
                    break;
                }
                self.batch(group, mirror, done).await?;
                group = rest;
            }
        }
        Ok(())
    }

    fn settle_in_ledger(&mut self, operations: Vec<Operation>, done: &mut Done) -> Result<(), Trouble> {
        let settlements: Vec<Settlement> = operations
            .into_iter()
            .map(|operation| {
                let outcome = match operation.action {
                    Action::Respect => Outcome::Respected,
                    Action::Forget => Outcome::Forgotten,
                    _ => Outcome::Owned,
                };
                Settlement { intent: None, operation, outcome, before: None, proposals: Vec::new(), charge: false }
            })
            .collect();
        self.settle(settlements, done)
    }

    /// One batch, from intent to settlement.
    async fn batch(&mut self, operations: Vec<Operation>, mirror: &Mirror, done: &mut Done) -> Result<(), Trouble> {
        let Some((kind, request)) =
            operations.first().and_then(|first| Some((first.key.kind, request(&first.action)?)))
        else {
            return Ok(());
        };
        let steps = self.look_before(kind, request, operations, done).await?;
        if steps.is_empty() {
            return Ok(());
        }
        crash_point::pass("before-intent");
        let operations: Vec<Operation> = steps.iter().map(|step| step.operation.clone()).collect();
        let intents = self.context.ledger.begin(self.id, self.run, &operations, self.context.now())?;
        crash_point::pass("after-intent");
        let full = steps.len() >= self.memory.batch;
        let (mut sent, mut trouble) = self.send(kind, request, &steps, mirror, done).await;
        crash_point::pass("after-wire");
        if let [step] = steps.as_slice() {
            trouble = self.blame(&step.operation.key, &mut sent, trouble, done);
        }
        let settlements = self.read_back(kind, steps, intents, sent, done).await;
        crash_point::pass("before-settle");
        self.settle(settlements, done)?;
        crash_point::pass("after-settle");
        match trouble {
            None => {
                if full {
                    self.memory.larger(self.context.settings.write_batch);
                }
                Ok(())
            }
            Some(failure) => {
                // What was sent without an answer is looked for before anything is written again.
                self.memory.full_due.insert(kind);
                if matches!(failure.kind, FailureKind::TooMuch | FailureKind::Transient) {
                    self.memory.smaller();
                }
                Err(failure.into())
            }
        }
    }

    /// Reads what is about to be changed or removed: for the user's own text around ours, for the image before, and because a
    /// newer version means that the plan is old.
    async fn look_before(
        &mut self,
        kind: Kind,
        request: Request,
        operations: Vec<Operation>,
        done: &mut Done,
    ) -> Result<Vec<Step>, Trouble> {
        if request == Request::Create {
            return Ok(operations.into_iter().map(|operation| Step { operation, before: None }).collect());
        }
        let seen: Vec<ItemRef> =
            operations.iter().filter_map(|operation| item_of(&operation.action)).cloned().collect();
        let ids: Vec<ItemId> = seen.iter().map(|item| item.id.clone()).collect();
        let contents = self.read(kind, &ids).await?;
        let mut steps = Vec::with_capacity(operations.len());
        for ((operation, seen), content) in operations.into_iter().zip(seen).zip(contents) {
            match content {
                Some(content) if content.item.change_key == seen.change_key => {
                    steps.push(Step { operation, before: Some(content) });
                }
                newer => {
                    tracing::debug!(record.key = %operation.key, "changed meanwhile: observed and planned again");
                    self.note_newer(kind, newer)?;
                    done.look_again = true;
                    done.unfinished.insert(operation.key);
                }
            }
        }
        Ok(steps)
    }

    /// Sends a batch; for each step the item that is there afterwards, or nothing for a removal.
    async fn send(
        &self,
        kind: Kind,
        request: Request,
        steps: &[Step],
        mirror: &Mirror,
        done: &mut Done,
    ) -> (Vec<Sent<Option<ItemRef>>>, Option<Failure>) {
        let (mailbox, firm) = (&self.mailbox, self.context.ledger.firm());
        match request {
            Request::Create => {
                let Some(folder) = self.memory.folders.get(&kind) else {
                    let failure = Failure::new(FailureKind::NotFound, format!("find the folder for {kind}s"));
                    return (steps.iter().map(|_| Sent::Unsent).collect(), Some(failure));
                };
                let items: Vec<NewItem> =
                    steps.iter().filter_map(|step| requests::new_item(firm, &step.operation, mirror)).collect();
                bisect(items.len(), |range: Range<usize>| {
                    let items = &items[range];
                    Box::pin(async move {
                        let outcomes = mailbox.create(folder, items).await?;
                        Ok(outcomes.into_iter().map(|outcome| outcome.map(Some)).collect())
                    })
                })
                .await
            }
            Request::Update => {
                let changes: Vec<ItemChange> = steps
                    .iter()
                    .filter_map(|step| {
                        requests::change(firm, &step.operation, step.before.as_ref(), mirror, &mut done.findings)
                    })
                    .collect();
                bisect(changes.len(), |range: Range<usize>| {
                    let changes = &changes[range];
                    Box::pin(async move {
                        let outcomes = mailbox.update(changes).await?;
                        Ok(outcomes.into_iter().map(|outcome| outcome.map(Some)).collect())
                    })
                })
                .await
            }
            Request::Delete => {
                let removals: Vec<Removal> =
                    steps.iter().filter_map(|step| requests::removal(&step.operation)).collect();
                bisect(removals.len(), |range: Range<usize>| {
                    let removals = &removals[range];
                    Box::pin(async move {
                        let outcomes = mailbox.delete(removals).await?;
                        Ok(outcomes.into_iter().map(|outcome| outcome.map(|()| None)).collect())
                    })
                })
                .await
            }
        }
    }

    /// Reads back what was stored and makes of it what the ledger shall know.
    async fn read_back(
        &mut self,
        kind: Kind,
        steps: Vec<Step>,
        intents: Vec<IntentId>,
        sent: Vec<Sent<Option<ItemRef>>>,
        done: &mut Done,
    ) -> Vec<Settlement> {
        let stored: Vec<ItemId> = sent
            .iter()
            .filter_map(|sent| match sent {
                Sent::Answered(Ok(Some(item))) => Some(item.id.clone()),
                _ => None,
            })
            .collect();
        let contents = match self.read(kind, &stored).await {
            Ok(contents) => contents,
            Err(trouble) => {
                tracing::warn!(cause = %trouble, "what was written could not be read back");
                done.not_read_back = true;
                stored.iter().map(|_| None).collect()
            }
        };
        crash_point::pass("after-read-back");
        let mut contents = contents.into_iter();
        let mut settlements = Vec::with_capacity(steps.len());
        for ((step, intent), sent) in steps.into_iter().zip(intents).zip(sent) {
            let key = step.operation.key.clone();
            let outcome = match sent {
                Sent::Answered(Ok(Some(item))) => self.stored(&step, item, contents.next().flatten(), done),
                Sent::Answered(Ok(None)) => Outcome::Removed,
                Sent::Answered(Err(mut failure)) => {
                    if stumbles(failure.kind) && self.memory.stumbled(&key) >= TOO_MANY_STUMBLES {
                        self.memory.stands(&key);
                        failure.kind = FailureKind::Rejected;
                    }
                    done.unfinished.insert(key);
                    failed(failure, done)
                }
                Sent::Unknown => {
                    done.unfinished.insert(key);
                    self.memory.full_due.insert(kind);
                    Outcome::Unknown
                }
                Sent::Unsent => {
                    done.unfinished.insert(key);
                    Outcome::Failed { kind: "not-sent".to_owned(), message: String::new(), parked: false }
                }
            };
            let charge = matches!(outcome, Outcome::Stored { .. } | Outcome::Removed | Outcome::Unknown);
            settlements.push(Settlement {
                intent: Some(intent),
                operation: step.operation,
                outcome,
                before: step.before,
                proposals: Vec::new(),
                charge,
            });
        }
        settlements
    }

    /// The server said that it stored an item; what it really holds is what was read back.
    fn stored(&self, step: &Step, item: ItemRef, seen: Option<ItemContent>, done: &mut Done) -> Outcome {
        let Step { operation, before } = step;
        let (record, fingerprint, place) = match &operation.action {
            Action::Create { record } => (Arc::clone(record), Fingerprint::of(record), Place::Home),
            Action::Update { record, fingerprint, place, .. } => (Arc::clone(record), *fingerprint, place.clone()),
            Action::Adopt { record, fingerprint, .. } => (Arc::clone(record), *fingerprint, Place::Home),
            Action::GiveBack { .. } | Action::HandBack { .. } => return Outcome::Given,
            _ => return Outcome::Unknown,
        };
        let (item, returned) = match seen {
            Some(seen) if operation.why == Why::Undone => {
                (seen.item.clone(), undo::pinned(&record, &seen, &asked_for(operation).into_keys().collect()))
            }
            // It was stored as it was asked for, as far as the server says.
            None if operation.why == Why::Undone => (item, asked_for(operation)),
            Some(seen) => {
                let returned = undo::pinned(&record, &seen, &self.context.pins_of(self.id, operation));
                done.read_back_equal |= returned.is_empty();
                self.learn(operation, &record, &returned, done);
                (seen.item, returned)
            }
            // What an undo had brought back was not written, and is there as it was.
            None => {
                let was = |field| Some((field, drift::shown(before.as_ref()?, field)));
                (item, self.context.pins_of(self.id, operation).into_iter().filter_map(was).collect())
            }
        };
        Outcome::Stored { item, place, written: Written { fingerprint, record, returned, in_doubt: false } }
    }

    /// Says once per server and kind that it drops a field, and every time that it stored another time than the one written.
    fn learn(
        &self,
        operation: &Operation,
        record: &Record,
        returned: &BTreeMap<Field, Option<Value>>,
        done: &mut Done,
    ) {
        let kind = operation.key.kind;
        for (field, value) in returned {
            if matches!(field, Field::Span | Field::DueDate) {
                tracing::error!(record.key = %operation.key, field = %field, "the server stored another time than was written");
                done.findings.push(Finding {
                    key: operation.key.clone(),
                    item: None,
                    kind: FindingKind::StoredOtherwise {
                        field: *field,
                        wrote: record.get(*field).cloned(),
                        stored: value.clone(),
                    },
                });
                continue;
            }
            if value.is_none() {
                match self.context.ledger.learn_dropped(&self.server, kind, *field, self.context.now()) {
                    Ok(true) => tracing::warn!(
                        server = %self.server, kind = %kind, field = %field,
                        "this server does not keep the field; it is written and not fought for"
                    ),
                    Ok(false) => {}
                    Err(error) => tracing::warn!(%error, "what the server drops could not be noted"),
                }
            }
        }
    }

    fn settle(&mut self, settlements: Vec<Settlement>, done: &mut Done) -> Result<(), Trouble> {
        if settlements.is_empty() {
            return Ok(());
        }
        self.context.ledger.settle(self.id, self.run, &settlements, self.context.now())?;
        for settlement in settlements {
            done.count(&settlement);
            self.memory.follow(&settlement);
            done.settled.push((settlement.operation, settlement.outcome));
        }
        if let Some(progress) = &self.context.progress {
            let settled = done.settled.len() as u64;
            progress(Progress { user: self.user.clone(), settled, planned: done.planned });
        }
        Ok(())
    }
}

fn item_of(action: &Action) -> Option<&ItemRef> {
    match action {
        Action::Update { item, .. }
        | Action::HandBack { item, .. }
        | Action::Delete { item, .. }
        | Action::Own { item, .. } => Some(item),
        Action::Adopt { before, .. } => Some(&before.item),
        Action::Create { .. } | Action::GiveBack { .. } | Action::Respect | Action::Forget => None,
    }
}
