//! What the mirror knows after an operation. Pure, so that the ledger and the tests of the planner agree.

use std::{collections::BTreeMap, sync::Arc};

use super::{Action, Operation, Why};
use crate::domain::{Field, Fingerprint, ItemRef, MirrorEntry, Place, Presence, Record, TaskStatus, Value, Written};

/// The mirror's entry after an operation was done: `before` is the entry so far, `stored` what the mailbox says of an item that
/// was created or updated, `returned` the fields that it gave back otherwise than they were written
/// ([`drift::returned`](crate::domain::drift::returned)). `None`: there is no entry any more.
pub fn mirror_after(
    before: Option<&MirrorEntry>,
    operation: &Operation,
    stored: Option<(ItemRef, Place)>,
    returned: BTreeMap<Field, Option<Value>>,
) -> Option<MirrorEntry> {
    let kept = |(item, place), record: &Arc<Record>, returned| {
        let written = Written::new(Arc::clone(record), returned);
        let restores = restores_after(before, &operation.why, &written.fingerprint);
        MirrorEntry { item, place, written: Some(written), presence: Presence::Kept, restores }
    };
    match &operation.action {
        Action::Create { record } | Action::Update { record, .. } | Action::Adopt { record, .. } => {
            stored.map_or_else(|| before.cloned(), |stored| Some(kept(stored, record, returned)))
        }
        Action::Own { item, place, record, returned, .. } => {
            Some(kept((item.clone(), place.clone()), record, returned.clone()))
        }
        Action::Respect => before.map(deleted),
        // An undone creation stays away until its record changes.
        Action::Delete { .. } if operation.why == Why::Undone => before.map(deleted),
        Action::GiveBack { .. } => before.cloned(),
        Action::HandBack { .. } | Action::Delete { .. } | Action::Forget => None,
    }
}

fn deleted(entry: &MirrorEntry) -> MirrorEntry {
    MirrorEntry { presence: Presence::DeletedByUser, ..entry.clone() }
}

/// How often the item was restored since its record last changed.
pub fn restores_after(before: Option<&MirrorEntry>, why: &Why, fingerprint: &Fingerprint) -> u8 {
    let Some(before) = before else { return 0 };
    match why {
        Why::Restored => before.restores.saturating_add(1),
        _ if before.written.as_ref().is_some_and(|written| written.fingerprint == *fingerprint) => before.restores,
        _ => 0,
    }
}

/// What an item may hold when it is not known whether this operation was done: everything we had written and everything we
/// were about to write (a task that was completed by us is remembered as such). `None` for operations that write nothing.
pub fn in_doubt(before: Option<&MirrorEntry>, operation: &Operation) -> Option<Written> {
    let (Action::Create { record } | Action::Update { record, .. } | Action::Adopt { record, .. }) = &operation.action
    else {
        return None;
    };
    let mut union = record.as_ref().clone();
    // A new item holds nothing of an older one.
    let older = matches!(operation.action, Action::Update { .. }).then_some(before).flatten();
    for (field, value) in
        older.and_then(|entry| entry.written.as_ref()).iter().flat_map(|written| &written.record.fields)
    {
        let known = union.fields.entry(*field).or_insert(None);
        let completed = value == &Some(Value::Status(TaskStatus::Completed));
        if known.is_none() || completed {
            known.clone_from(value);
        }
    }
    Some(Written {
        fingerprint: Fingerprint::of(record),
        record: Arc::new(union),
        returned: BTreeMap::new(),
        in_doubt: true,
    })
}
