//! Record, ledger and item are all there: has the record changed, has somebody touched the item, and who wins?

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Case, Decision, differing, own, shows, update};
use crate::{
    domain::{
        Field, Fingerprint, ItemContent, ItemId, MirrorEntry, Presence, Record, Seen, TaskStatus, Value, Written,
        drift, notes,
    },
    plan::{Finding, FindingKind, OnDrift, Operation, Why},
};

/// How far a task is: two fields that servers keep in step.
const PROGRESS: [Field; 2] = [Field::Status, Field::PercentComplete];

impl Case<'_> {
    pub(super) fn maintain(&self, record: &Arc<Record>, entry: &MirrorEntry, seen: &Seen) -> Decision {
        let Some(written) = entry.certain() else { return self.settle_doubt(record, entry, seen) };
        let touched = entry.item != seen.item;
        if touched && seen.content.is_none() {
            // It could not be read this time; nobody can say what would be written over.
            return Decision::default();
        }
        let content = seen.content.as_ref();
        let mut drifted = content.map(|content| drift::drift(written, content)).unwrap_or_default();
        let mut findings = self.told(written, entry, seen);

        if kept_completed(record, written, content) {
            for field in PROGRESS {
                if drifted.remove(&field) {
                    findings.push(self.proposed(field, written, seen, false));
                }
            }
        }
        if written.fingerprint != Fingerprint::of(record) {
            let (set, clear) = changes(record, written, content, &drifted);
            for field in drifted.iter().filter(|field| set.contains_key(field) || clear.contains(field)) {
                findings.push(self.proposed(*field, written, seen, true));
            }
            let action = if set.is_empty() && clear.is_empty() {
                let returned =
                    content.map_or_else(|| written.returned.clone(), |content| drift::returned(record, content));
                own(seen, record, returned)
            } else {
                update(seen, record, set, clear)
            };
            let operation = self.operation(Why::Changed, Some(record), action);
            return Decision { operations: vec![operation], findings, ..Decision::default() };
        }

        let exhausted = entry.restores >= self.input.policy.max_restores;
        let restoring = self.policy(&self.input.policy.on_edit) == OnDrift::Restore;
        if !drifted.is_empty() && restoring && !exhausted {
            findings.extend(drifted.iter().map(|field| self.proposed(*field, written, seen, true)));
            let set = drifted.iter().filter_map(|field| Some((*field, record.get(*field)?.clone()))).collect();
            let action = update(seen, record, set, BTreeSet::new());
            let operation = self.operation(Why::Restored, Some(record), action);
            return Decision { operations: vec![operation], findings, ..Decision::default() };
        }
        findings.extend(drifted.iter().map(|field| self.proposed(*field, written, seen, false)));
        // Listed as long as somebody else's version stands.
        if restoring && exhausted && (!drifted.is_empty() || !written.returned.is_empty()) {
            findings.push(self.finding(Some(seen), FindingKind::RestoresExhausted));
        }
        Decision {
            operations: self.acknowledged(record, entry, seen).into_iter().collect(),
            findings,
            ..Decision::default()
        }
    }

    /// The ledger takes note of a new version or place of an item that is left as it is.
    pub(super) fn acknowledged(&self, record: &Arc<Record>, entry: &MirrorEntry, seen: &Seen) -> Option<Operation> {
        let moved = entry.item.id != seen.item.id || entry.place != seen.place;
        if entry.item == seen.item && !moved && entry.presence == Presence::Kept {
            return None;
        }
        let returned = match (&seen.content, entry.certain()) {
            (Some(content), _) => drift::returned(record, content),
            (None, Some(written)) if entry.item == seen.item => written.returned.clone(),
            _ => return None,
        };
        let why = if moved { Why::Moved } else { Why::Acknowledged };
        Some(self.operation(why, Some(record), own(seen, record, returned)))
    }

    /// A crash or a lost reply left open what the item holds: everything that differs is written.
    fn settle_doubt(&self, record: &Arc<Record>, entry: &MirrorEntry, seen: &Seen) -> Decision {
        let Some(content) = &seen.content else { return Decision::default() };
        let mut set = differing(record, content);
        let mut findings = Vec::new();
        let perhaps = entry.written.as_ref().map(|written| written.record.as_ref());
        if drift::completed_by_user(record, content)
            && perhaps.is_none_or(|perhaps| drift::completed_by_user(perhaps, content))
        {
            findings = self.keep_completed(record, &seen.item.id, content, &mut set);
        }
        let clear = cleared(record, perhaps, Some(content));
        let action = if set.is_empty() && clear.is_empty() {
            own(seen, record, drift::returned(record, content))
        } else {
            update(seen, record, set, clear)
        };
        let operation = self.operation(Why::Recovered, Some(record), action);
        Decision { operations: vec![operation], findings, ..Decision::default() }
    }

    /// Leaves a task completed that the user completed, and proposes that to the office.
    pub(super) fn keep_completed(
        &self,
        record: &Record,
        item: &ItemId,
        content: &ItemContent,
        set: &mut BTreeMap<Field, Value>,
    ) -> Vec<Finding> {
        let kept = PROGRESS.into_iter().filter(|field| set.remove(field).is_some());
        kept.map(|field| {
            let (before, after) = (record.get(field).cloned(), drift::shown(content, field));
            let kind = FindingKind::Proposed { field, before, after, overwritten: false };
            Finding { key: self.key.clone(), item: Some(item.clone()), kind }
        })
        .collect()
    }

    fn proposed(&self, field: Field, written: &Written, seen: &Seen, overwritten: bool) -> Finding {
        let before = written.record.get(field).cloned();
        let after = seen.content.as_ref().and_then(|content| drift::shown(content, field));
        let after = after.and_then(|after| drift::told(before.as_ref(), after));
        self.finding(Some(seen), FindingKind::Proposed { field, before, after, overwritten })
    }

    /// What is told of an item whatever is done with it.
    fn told(&self, written: &Written, entry: &MirrorEntry, seen: &Seen) -> Vec<Finding> {
        let mut findings = Vec::new();
        if entry.place != seen.place {
            findings.push(self.finding(Some(seen), FindingKind::Moved));
        }
        let body = seen.content.as_ref().and_then(|content| content.body.as_ref());
        let ours = written.record.get(Field::Notes).is_some() && !written.returned.contains_key(&Field::Notes);
        if ours && body.is_some_and(notes::is_broken) {
            findings.push(self.finding(Some(seen), FindingKind::MarkersBroken));
        }
        findings
    }
}

/// Whether the user completed this task and the practice system has not said anything new about it since.
fn kept_completed(record: &Record, written: &Written, content: Option<&ItemContent>) -> bool {
    let unchanged = PROGRESS.iter().all(|field| record.fields.get(field) == written.record.fields.get(field));
    let completed = Value::Status(TaskStatus::Completed);
    unchanged
        && match content {
            Some(content) => drift::completed_by_user(&written.record, content),
            None => written.returned.get(&Field::Status) == Some(&Some(completed)),
        }
}

/// What a changed record means for its item: fields to set, fields to clear.
fn changes(
    record: &Record,
    written: &Written,
    content: Option<&ItemContent>,
    drifted: &BTreeSet<Field>,
) -> (BTreeMap<Field, Value>, BTreeSet<Field>) {
    let kept = kept_completed(record, written, content);
    let mut set = BTreeMap::new();
    for (field, value) in &record.fields {
        let Some(value) = value else { continue };
        if kept && PROGRESS.contains(field) {
            continue;
        }
        let is_new = written.record.fields.get(field) != Some(&Some(value.clone()));
        // A change ends the reign of what was left as the user or the server had made it. A reminder stays dismissed.
        let was_left = written.returned.contains_key(field) && *field != Field::Reminder;
        let stands = *field != Field::Reminder && content.is_some_and(|content| shows(content, *field, value));
        if (is_new || was_left || drifted.contains(field)) && !stands {
            set.insert(*field, value.clone());
        }
    }
    // What was moved rings again, also on servers that do not move the reminder with the start.
    if (set.contains_key(&Field::Span) || set.contains_key(&Field::DueDate))
        && let Some(reminder) = record.get(Field::Reminder)
    {
        set.insert(Field::Reminder, reminder.clone());
    }
    let mut clear = cleared(record, Some(&written.record), content);
    // What an undo had brought back of a field that the record left empty ends with the pin as well.
    let brought_back = written.returned.iter().filter(|(field, value)| {
        value.is_some() && written.record.fields.get(field) == Some(&None) && record.fields.get(field) == Some(&None)
    });
    clear.extend(brought_back.map(|(field, _)| *field));
    (set, clear)
}

/// NULL clears what we wrote, and nothing else.
fn cleared(record: &Record, ours: Option<&Record>, content: Option<&ItemContent>) -> BTreeSet<Field> {
    let empty = record.fields.iter().filter(|(_, value)| value.is_none()).map(|(field, _)| *field);
    empty
        .filter(|field| ours.is_some_and(|ours| ours.get(*field).is_some()))
        .filter(|field| content.is_none_or(|content| drift::shown(content, *field).is_some()))
        .collect()
}
