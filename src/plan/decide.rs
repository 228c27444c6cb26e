//! The whole policy of the product for one key: what the practice database wants, what the ledger knows, what the mailbox holds.
//!
//! | practice database | ledger | our item | decision |
//! |---|---|---|---|
//! | wanted | no | no | create |
//! | wanted | no | yes | take it over: own it if it holds what it should, else update |
//! | wanted | yes | no | create if the record changed; else the user deleted it: restore or respect |
//! | wanted | yes | yes | update if the record changed; else the user or the server touched it: restore or leave |
//! | gone, withdrawn | yes | yes | delete: stamp and ledger are the two witnesses |
//! | gone, withdrawn | yes | no | forget |
//! | gone, withdrawn | no | yes | an orphan: a person decides |
//! | wanted in place of another | of that one | of that one | update: the same item under a new stamp |
//! | unreadable | any | any | nothing |
//! | frozen | any | any | nothing in the mailbox |
//!
//! A record that is the same and only means something else now is no changed record: see [`meaning`].

mod maintain;
mod pins;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::ToSpan;

use super::{
    Action, Adoption, Consent, Desired, Finding, FindingKind, OnDrift, Operation, PlanningInput, Rewrite, Why, meaning,
    ours::{candidates, ours},
};
use crate::domain::{
    Field, Fingerprint, ItemContent, ItemId, MirrorEntry, Place, Presence, Record, RecordKey, RemovalManner, Seen,
    Value, Written, drift,
};

/// What a person decides apart from all others, whatever the brakes say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aside {
    /// The delete of an item that the ledger does not know.
    Orphan,
    /// The create of what is found only in Deleted Items.
    OnlyDeleted,
    /// The create of what seems to be there already.
    LookAlike,
    /// The delete of what was there for somebody who left.
    Leaver,
    /// The update of an item whose record is the same and means something else now.
    Meaning,
}

/// What is decided for one key.
#[derive(Debug, Default)]
pub(super) struct Decision {
    /// One, except for orphans: all items of a record that is gone are cleaned up together.
    pub(super) operations: Vec<Operation>,
    pub(super) aside: Option<Aside>,
    pub(super) findings: Vec<Finding>,
    pub(super) foreign: Vec<(RecordKey, ItemId)>,
}

/// What is known of one key.
struct Case<'a> {
    key: &'a RecordKey,
    input: &'a PlanningInput<'a>,
    entry: Option<&'a MirrorEntry>,
    seen: Option<&'a Seen>,
}

/// Decides one key.
pub(super) fn decide(key: &RecordKey, input: &PlanningInput<'_>) -> Decision {
    let desired = input.desired.get(key).unwrap_or(if input.complete { &Desired::Absent } else { &Desired::Unchanged });
    let entry = input.mirror.entries.get(key);
    let seen = ours(key, input.mirror, input.observed);
    let case = Case { key, input, entry, seen };
    let mut decision = match desired {
        Desired::Wanted(record) => case.wanted(record),
        Desired::Succeeds { record, from } => case.succeeds(record, from),
        Desired::Unchanged => match entry.and_then(MirrorEntry::certain) {
            Some(written) => case.wanted(&written.record),
            None => Decision::default(),
        },
        Desired::Frozen => case.frozen(),
        Desired::Unreadable => case.unreadable(),
        Desired::Withdrawn(withdrawal) => case.leaving(&Why::Withdrawn(withdrawal.reason.clone()), withdrawal.for_good),
        Desired::Left => case.left(),
        Desired::Absent => case.leaving(&Why::Gone, false),
    };
    // Only what is seen beside an item that is known to be ours is a copy.
    let taken_over = decision.operations.iter().any(|operation| operation.why == Why::TakenOver);
    if let Some(seen) = seen.filter(|_| entry.is_some() || taken_over) {
        for copy in candidates(key, input.mirror, input.observed).filter(|copy| copy.item.id != seen.item.id) {
            decision.foreign.push((key.clone(), copy.item.id.clone()));
            decision.findings.push(case.finding(Some(copy), FindingKind::ForeignCopy));
        }
    }
    decision
}

impl Case<'_> {
    fn wanted(&self, record: &Arc<Record>) -> Decision {
        let Some(entry) = self.entry else {
            return match self.seen {
                Some(seen) => self.take_over(record, seen),
                None => self.create_new(record),
            };
        };
        let record = overlaid(record, entry);
        let rewrite = self.input.rewrites.of.get(self.key).zip(entry.certain());
        let rewrite = rewrite.filter(|(_, written)| written.fingerprint != Fingerprint::of(&record));
        match (rewrite, self.seen) {
            (Some((rewrite, written)), Some(seen)) => self.rewritten(&record, rewrite, written, entry, seen),
            // What the user deleted comes back when the record changes, not when its meaning does.
            (Some((_, written)), None) => self.missing(&written.record, entry),
            (None, Some(seen)) => self.maintain(&record, entry, seen),
            (None, None) => self.missing(&record, entry),
        }
    }

    /// The record is the same and means something else now. Without a person's consent the item keeps its last good text, which
    /// is maintained as ever.
    fn rewritten(
        &self,
        record: &Arc<Record>,
        rewrite: &Rewrite,
        written: &Written,
        entry: &MirrorEntry,
        seen: &Seen,
    ) -> Decision {
        let waits = rewrite.consent == Consent::Waits;
        let kept = waits.then(|| self.maintain(&written.record, entry, seen));
        if let Some(kept) = kept.as_ref().filter(|kept| !kept.operations.is_empty()) {
            return Decision {
                operations: kept.operations.clone(),
                findings: kept.findings.clone(),
                ..Decision::default()
            };
        }
        let mut decision = self.maintain(record, entry, seen);
        let mut writes = false;
        for operation in decision.operations.iter_mut().filter(|operation| operation.why == Why::Changed) {
            // Less is shown also of what an undo brought back.
            if let Some(pins) = self.input.rewrites.pins.get(self.key).filter(|_| rewrite.consent != Consent::NotNeeded)
            {
                pins::keep(&mut operation.action, pins, written, record, seen);
            }
            operation.why = Why::Rewritten(meaning::label(&rewrite.changes));
            writes |= operation.class().is_some();
        }
        if let Some(kept) = kept.filter(|_| writes) {
            decision.findings = kept.findings;
            decision.aside = Some(Aside::Meaning);
        }
        decision
    }

    fn create_new(&self, record: &Arc<Record>) -> Decision {
        match self.input.adoptions.get(self.key) {
            Some(Adoption::Take(content)) => return self.adopt(record, content),
            Some(Adoption::Leave) => {
                let told = self.finding(None, FindingKind::LeftToTheUser);
                return Decision { findings: vec![told], ..Decision::default() };
            }
            Some(Adoption::Beside) | None => {}
        }
        let aside = if self.input.only_deleted.contains(self.key) {
            Some(Aside::OnlyDeleted)
        } else if self.input.look_alikes.contains(self.key) {
            Some(Aside::LookAlike)
        } else {
            None
        };
        let operation = self.operation(Why::New, Some(record), Action::Create { record: Arc::clone(record) });
        Decision { operations: vec![operation], aside, ..Decision::default() }
    }

    /// The ledger does not know the item, its stamp says that it is ours.
    fn take_over(&self, record: &Arc<Record>, seen: &Seen) -> Decision {
        let Some(content) = &seen.content else { return Decision::default() };
        let (set, findings) = self.written_over(record, &seen.item.id, content);
        // Nobody knows which fields we wrote; of the notes our marker lines say it.
        let notes = record.fields.get(&Field::Notes) == Some(&None) && drift::shown(content, Field::Notes).is_some();
        let clear: BTreeSet<Field> = notes.then_some(Field::Notes).into_iter().collect();
        let action = if set.is_empty() && clear.is_empty() {
            own(seen, record, drift::returned(record, content))
        } else {
            update(seen, record, set, clear)
        };
        Decision {
            operations: vec![self.operation(Why::TakenOver, Some(record), action)],
            findings,
            ..Decision::default()
        }
    }

    /// An earlier sync left the item: it is stamped, and what differs is written. Nothing is cleared, for nothing of it is ours.
    fn adopt(&self, record: &Arc<Record>, content: &ItemContent) -> Decision {
        let (set, findings) = self.written_over(record, &content.item.id, content);
        let action = Action::Adopt {
            before: Box::new(content.clone()),
            fingerprint: Fingerprint::of(record),
            record: Arc::clone(record),
            set,
        };
        Decision {
            operations: vec![self.operation(Why::Adopted, Some(record), action)],
            findings,
            ..Decision::default()
        }
    }

    /// What is written into an item of which nobody knows who wrote what.
    fn written_over(
        &self,
        record: &Arc<Record>,
        item: &ItemId,
        content: &ItemContent,
    ) -> (BTreeMap<Field, Value>, Vec<Finding>) {
        let mut set = differing(record, content);
        // A reminder that is off was perhaps dismissed, and must not ring again.
        let rings = matches!(drift::shown(content, Field::Reminder), Some(Value::Reminder(reminder)) if reminder != crate::domain::Reminder::Off);
        if !rings {
            set.remove(&Field::Reminder);
        }
        let completed = drift::completed_by_user(record, content);
        let findings = if completed { self.keep_completed(record, item, content, &mut set) } else { Vec::new() };
        (set, findings)
    }

    /// Somebody deleted our item in the mailbox.
    fn missing(&self, record: &Arc<Record>, entry: &MirrorEntry) -> Decision {
        let changed = entry.certain().is_none_or(|written| written.fingerprint != Fingerprint::of(record));
        let create = |why| {
            let operation = self.operation(why, Some(record), Action::Create { record: Arc::clone(record) });
            Decision { operations: vec![operation], ..Decision::default() }
        };
        if changed {
            return create(Why::Changed);
        }
        let restoring = self.policy(&self.input.policy.on_delete) == OnDrift::Restore;
        let exhausted = entry.restores >= self.input.policy.max_restores;
        if entry.presence == Presence::Kept && restoring && !exhausted {
            return create(Why::Restored);
        }
        let respect = (entry.presence == Presence::Kept)
            .then(|| self.operation(Why::DeletedByUser, Some(record), Action::Respect));
        let told = (restoring && exhausted).then(|| self.finding(None, FindingKind::RestoresExhausted));
        Decision {
            operations: respect.into_iter().collect(),
            findings: told.into_iter().collect(),
            ..Decision::default()
        }
    }

    /// The item of a row that is gone is this row's from now on, if it lies there as we wrote it. Until then it waits for its
    /// own row's ways: what a user edited is settled first, what a user deleted is not made anew under another key.
    fn succeeds(&self, record: &Arc<Record>, from: &RecordKey) -> Decision {
        if self.entry.is_some() || self.seen.is_some() {
            return self.wanted(record);
        }
        let Some(entry) = self.input.mirror.entries.get(from) else { return self.wanted(record) };
        let seen = ours(from, self.input.mirror, self.input.observed)
            .filter(|seen| seen.item == entry.item && entry.certain().is_some());
        let operation = seen.map(|seen| {
            let action = update(seen, record, BTreeMap::new(), BTreeSet::new());
            self.operation(Why::Succeeds(from.clone()), Some(record), action)
        });
        Decision { operations: operation.into_iter().collect(), ..Decision::default() }
    }

    /// Time alone moved it out of the window: the mailbox is left alone, and the ledger follows what it shows.
    fn frozen(&self) -> Decision {
        let Some(entry) = self.entry else { return Decision::default() };
        let operation = match (entry.certain(), self.seen) {
            (_, None) if entry.presence == Presence::Kept => {
                Some(self.operation(Why::DeletedByUser, None, Action::Respect))
            }
            (Some(written), Some(seen)) => self.acknowledged(&written.record, entry, seen),
            _ => None,
        };
        Decision { operations: operation.into_iter().collect(), ..Decision::default() }
    }

    /// Neither present nor absent: nothing is done, and somebody is told if it matters soon.
    fn unreadable(&self) -> Decision {
        let record = self.entry.and_then(|entry| entry.written.as_ref()).map(|written| &written.record);
        let due = record.and_then(|record| record.due(self.input.zone));
        let soon = self.input.now.checked_add((14 * 24).hours()).unwrap_or(jiff::Timestamp::MAX);
        let urgent = due.is_some_and(|due| due >= self.input.now && due <= soon);
        let told = urgent.then(|| self.finding(self.seen, FindingKind::UnreadableAndDue));
        Decision { findings: told.into_iter().collect(), ..Decision::default() }
    }

    /// The record is gone, or exists and may not be here any more.
    fn leaving(&self, why: &Why, for_good: bool) -> Decision {
        // What must leave no trace is looked for in Deleted Items as well.
        let deleted = || {
            let copies = self.input.observed.copies(self.key).iter();
            copies.filter(|copy| for_good && copy.place == Place::Deleted).min_by_key(|copy| &copy.item.id)
        };
        let manner = if for_good { RemovalManner::ForGood } else { RemovalManner::ToDeletedItems };
        let delete = |seen: &Seen| {
            let action = Action::Delete { item: seen.item.clone(), place: seen.place.clone(), manner };
            self.operation(why.clone(), None, action)
        };
        if self.entry.is_some() {
            let ours = self.seen.or_else(deleted);
            let operation = ours.map_or_else(|| self.operation(why.clone(), None, Action::Forget), delete);
            return Decision { operations: vec![operation], ..Decision::default() };
        }
        // Without the ledger as second witness a person decides.
        let orphans = || candidates(self.key, self.input.mirror, self.input.observed);
        Decision {
            operations: orphans().map(delete).collect(),
            aside: Some(Aside::Orphan),
            findings: orphans().map(|orphan| self.finding(Some(orphan), FindingKind::Orphan)).collect(),
            ..Decision::default()
        }
    }

    /// It was there for somebody who left. Where the last reading does not say so any more (they are back), nothing is done.
    fn left(&self) -> Decision {
        let Some(departure) = &self.input.totals.leaving else { return Decision::default() };
        let decision = self.leaving(&Why::PersonLeft, true);
        let aside = decision.aside.or(departure.held.then_some(Aside::Leaver));
        Decision { aside, ..decision }
    }

    fn policy(&self, by_kind: &BTreeMap<crate::domain::Kind, OnDrift>) -> OnDrift {
        by_kind.get(&self.key.kind).copied().unwrap_or(OnDrift::Restore)
    }

    fn finding(&self, seen: Option<&Seen>, kind: FindingKind) -> Finding {
        Finding { key: self.key.clone(), item: seen.map(|seen| seen.item.id.clone()), kind }
    }

    /// An operation with the moment at which somebody counts on it: for what moves or leaves, the old moment counts as well.
    fn operation(&self, why: Why, record: Option<&Arc<Record>>, action: Action) -> Operation {
        let zone = self.input.zone;
        let old = self.entry.and_then(|entry| entry.written.as_ref()).and_then(|written| written.record.due(zone));
        let new = record.and_then(|record| record.due(zone));
        let sooner = old.filter(|due| super::is_soon(Some(*due), self.input.now));
        let due = match (new, sooner) {
            (Some(new), Some(old)) if !super::is_soon(Some(new), self.input.now) || old < new => Some(old),
            (new, _) => new.or(old),
        };
        Operation { key: self.key.clone(), due, why, action }
    }
}

/// The record as wanted, with the last value of every field that was not selected or could not be read.
fn overlaid(record: &Arc<Record>, entry: &MirrorEntry) -> Arc<Record> {
    let Some(written) = &entry.written else { return Arc::clone(record) };
    if written.record.fields.keys().all(|field| record.fields.contains_key(field)) {
        return Arc::clone(record);
    }
    let mut fields = written.record.fields.clone();
    fields.extend(record.fields.clone());
    Arc::new(Record { kind: record.kind, fields })
}

/// Fields of a record that an item does not show.
fn differing(record: &Record, content: &ItemContent) -> BTreeMap<Field, Value> {
    let fields = record.fields.iter().filter_map(|(field, value)| Some((*field, value.as_ref()?)));
    fields
        .filter(|(field, value)| !shows(content, *field, value))
        .map(|(field, value)| (field, value.clone()))
        .collect()
}

fn shows(content: &ItemContent, field: Field, value: &Value) -> bool {
    drift::shows(field, value, drift::shown(content, field).as_ref())
}

fn update(seen: &Seen, record: &Arc<Record>, set: BTreeMap<Field, Value>, clear: BTreeSet<Field>) -> Action {
    Action::Update {
        item: seen.item.clone(),
        place: seen.place.clone(),
        fingerprint: Fingerprint::of(record),
        record: Arc::clone(record),
        set,
        clear,
    }
}

fn own(seen: &Seen, record: &Arc<Record>, returned: BTreeMap<Field, Option<Value>>) -> Action {
    Action::Own {
        item: seen.item.clone(),
        place: seen.place.clone(),
        fingerprint: Fingerprint::of(record),
        record: Arc::clone(record),
        returned,
    }
}
