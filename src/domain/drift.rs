//! Whether an item still holds what we wrote, field by field.
//!
//! Servers give back what they were given in their own way: other line ends, another zone, fields dropped or rounded. So what
//! was written is judged against what *that* server returned for it, and canonically. A reminder is never drift: phones
//! dismiss and snooze it. Neither are categories that others added.

use std::collections::{BTreeMap, BTreeSet};

use super::{Field, Importance, ItemContent, Record, Reminder, Sensitivity, Span, TaskStatus, Value, Written, notes};

/// The mapped fields of an item that differ from what we wrote. Fields that we did not write, or that the server dropped, never
/// do.
pub fn drift(written: &Written, seen: &ItemContent) -> BTreeSet<Field> {
    let judged = written.record.fields.iter().filter(|(field, _)| **field != Field::Reminder);
    judged
        .filter_map(|(field, value)| {
            let value = value.as_ref()?;
            let shown = shown(seen, *field);
            let same_as = |expected: &Value| shows(*field, expected, shown.as_ref());
            let expected = match written.returned.get(field) {
                None => same_as(value),
                // Dropped by the server: nothing to compare with.
                Some(None) => true,
                Some(Some(returned)) => same_as(returned) || same_as(value),
            };
            (!expected).then_some(*field)
        })
        .collect()
}

/// The fields that an item shows otherwise than the record says, as it shows them.
pub fn returned(record: &Record, seen: &ItemContent) -> BTreeMap<Field, Option<Value>> {
    let differs = |field: Field, value: &Value| {
        let shown = shown(seen, field);
        (!shows(field, value, shown.as_ref())).then_some((field, shown))
    };
    record.fields.iter().filter_map(|(field, value)| differs(*field, value.as_ref()?)).collect()
}

/// What an item shows of a field. Notes are our block of its body.
pub fn shown(seen: &ItemContent, field: Field) -> Option<Value> {
    if field == Field::Notes {
        return seen.body.as_ref().and_then(notes::extract).map(Value::text);
    }
    seen.fields.get(&field).cloned()
}

/// Whether an item shows our value. Servers leave out what is empty and what is their default.
pub fn shows(field: Field, ours: &Value, shown: Option<&Value>) -> bool {
    let Some(shown) = shown else {
        return match ours {
            Value::Text(text) => text.reveal().trim().is_empty(),
            Value::Address(address) => address.reveal().is_empty(),
            Value::Categories(names) => names.is_empty(),
            Value::Reminder(reminder) => *reminder == Reminder::Off,
            Value::Sensitivity(sensitivity) => *sensitivity == Sensitivity::Normal,
            Value::Importance(importance) => *importance == Importance::Normal,
            Value::Status(status) => *status == TaskStatus::NotStarted,
            Value::Percent(percent) => *percent == 0,
            Value::Date(_) | Value::Span(_) | Value::ShowAs(_) => false,
        };
    };
    same(field, ours, shown)
}

/// Whether an item's value says the same as ours.
pub fn same(field: Field, ours: &Value, shown: &Value) -> bool {
    match (ours, shown) {
        (Value::Text(ours), Value::Text(shown)) => {
            if field == Field::Notes {
                // Between text and HTML only the words survive for certain.
                ours.reveal().split_whitespace().eq(shown.reveal().split_whitespace())
            } else {
                lines(ours.reveal()).eq(lines(shown.reveal()))
            }
        }
        (Value::Address(ours), Value::Address(shown)) => {
            let (ours, shown) = (ours.reveal(), shown.reveal());
            [
                (&ours.street, &shown.street),
                (&ours.city, &shown.city),
                (&ours.state, &shown.state),
                (&ours.postal_code, &shown.postal_code),
                (&ours.country, &shown.country),
            ]
            .iter()
            .all(|(ours, shown)| lines(ours).eq(lines(shown)))
        }
        (Value::Categories(ours), Value::Categories(shown)) => {
            let shown: BTreeSet<String> = shown.iter().map(|name| category(name)).collect();
            ours.iter().all(|name| shown.contains(&category(name)))
        }
        // Instants, to the second; in which zone they are read is the reader's affair.
        (
            Value::Span(Span::Timed { start, end, .. }),
            Value::Span(Span::Timed { start: shown_start, end: shown_end, .. }),
        ) => start.as_second() == shown_start.as_second() && end.as_second() == shown_end.as_second(),
        _ => ours == shown,
    }
}

/// All categories that an item shall have: its own ones without those we wrote earlier, and ours.
pub fn categories(shown: &BTreeSet<String>, earlier: &BTreeSet<String>, ours: &BTreeSet<String>) -> BTreeSet<String> {
    let known: BTreeSet<String> = earlier.iter().chain(ours).map(|name| category(name)).collect();
    shown.iter().filter(|name| !known.contains(&category(name))).chain(ours).cloned().collect()
}

/// What of a user's version the office may be told: of categories those that we wrote, for the others are the user's own.
pub fn told(before: Option<&Value>, after: Value) -> Option<Value> {
    let Value::Categories(shown) = after else { return Some(after) };
    let Some(Value::Categories(ours)) = before else { return None };
    let ours: BTreeSet<String> = ours.iter().map(|name| category(name)).collect();
    let left: BTreeSet<String> = shown.into_iter().filter(|name| ours.contains(&category(name))).collect();
    (!left.is_empty()).then_some(Value::Categories(left))
}

/// Whether the user completed this task: it is done in the mailbox and was not in what we wrote.
pub fn completed_by_user(written: &Record, seen: &ItemContent) -> bool {
    let completed = Value::Status(TaskStatus::Completed);
    seen.fields.get(&Field::Status) == Some(&completed) && written.get(Field::Status) != Some(&completed)
}

/// Lines without the spaces around them, and without empty ones before and after.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.trim().lines().map(str::trim)
}

/// Outlook does not tell categories apart by case.
fn category(name: &str) -> String {
    name.trim().to_lowercase()
}

#[cfg(test)]
mod tests;
