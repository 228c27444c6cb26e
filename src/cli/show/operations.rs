use crate::{
    domain::{Field, MirrorEntry, Record, RemovalManner, Value, drift},
    plan::{Action, Class, FindingKind, HoldReason, Operation, meaning, shown_name},
};

use super::values;

/// An operation as the plan prints it: one line, and for an update one more for each field, old -> new. `before` is what the
/// mirror has of the record.
pub(in crate::cli) fn operation_lines(operation: &Operation, before: Option<&MirrorEntry>) -> Vec<String> {
    let written = before.and_then(MirrorEntry::certain);
    let known = written.map(|written| title(&written.record)).unwrap_or_default();
    let (word, what, fields) = match &operation.action {
        Action::Create { record } => ("create", title(record), Vec::new()),
        Action::Update { record, set, clear, .. } => {
            let old = |field: Field| {
                let written = written?;
                // What the server made of it is what the phone shows.
                written.returned.get(&field).or_else(|| written.record.fields.get(&field))?.as_ref()
            };
            let line = |field: Field, new: &str| {
                let old = old(field).map_or_else(|| "(nothing)".to_owned(), values::value);
                format!("          {:<18} {old} -> {new}", field.word())
            };
            let set = set.iter().map(|(field, new)| line(*field, &values::value(new)));
            let clear = clear.iter().map(|field| line(*field, "(cleared)"));
            ("update", title(record), set.chain(clear).collect())
        }
        Action::Adopt { before, record, set, .. } => {
            let line = |(field, new): (&Field, &Value)| {
                let old = drift::shown(before, *field);
                let old = old.as_ref().map_or_else(|| "(nothing)".to_owned(), values::value);
                format!("          {:<18} {old} -> {}", field.word(), values::value(new))
            };
            ("adopt", title(record), set.iter().map(line).collect())
        }
        Action::Delete { manner: RemovalManner::ToDeletedItems, .. } => ("delete", known, Vec::new()),
        Action::Delete { manner: RemovalManner::ForGood, .. } => {
            ("delete", format!("{known} for good, cannot be undone").trim_start().to_owned(), Vec::new())
        }
        Action::GiveBack { record, .. } => ("give", format!("{} to its user, as their own", title(record)), Vec::new()),
        Action::HandBack { before, record, set, clear, body, .. } => {
            let old = |field: Field| written.and_then(|written| written.record.get(field));
            let line = |field: Field, new: &str| {
                let old = old(field).map_or_else(|| "(nothing)".to_owned(), values::value);
                format!("          {:<18} {old} -> {new}", field.word())
            };
            let set = set.iter().map(|(field, new)| line(*field, &values::value(new)));
            let clear = clear.iter().map(|field| line(*field, "(cleared)"));
            let body = body.iter().map(|_| format!("          {:<18} our lines are taken out", Field::Notes.word()));
            let what = title(&Record {
                kind: record.kind,
                fields: before.fields.iter().map(|(field, value)| (*field, Some(value.clone()))).collect(),
            });
            let what = format!(
                "{what}: gets back what it was before and is its user's again; the record gets no item beside it"
            );
            ("give", what, set.chain(clear).chain(body).collect())
        }
        Action::Own { record, .. } => ("own", title(record), Vec::new()),
        Action::Respect => ("respect", known, Vec::new()),
        Action::Forget => ("forget", known, Vec::new()),
    };
    let gap = if what.is_empty() { "" } else { "  " };
    let mut lines = vec![format!("  {word:<7} {}{gap}{what}  ({})", operation.key, operation.why)];
    lines.extend(fields);
    lines
}

/// What a phone would show first of a record.
pub(in crate::cli) fn title(record: &Record) -> String {
    let said =
        [Field::Subject, Field::DisplayName, Field::FileAs].into_iter().find_map(|field| record.get(field).cloned());
    // A row is not named yet as it will be in the mailbox.
    let unsaid = || Some(shown_name(record)).filter(|name| !name.is_empty()).map(Value::text);
    let name = said.or_else(unsaid).as_ref().map(values::value);
    let when = record.span().map(values::span).or_else(|| record.date(Field::DueDate).map(|day| format!("due {day}")));
    [name, when].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Why operations wait, in a sentence for the person who decides.
pub(in crate::cli) fn held_reason(reason: &HoldReason) -> String {
    match reason {
        HoldReason::FirstWrite => "the first write into this mailbox: look at it before it happens".to_owned(),
        HoldReason::Budget { class, wanted, spent, allowed } => format!(
            "{wanted} {} wanted, {spent} done in 24 hours, {allowed} allowed for this mailbox",
            class_word(*class)
        ),
        HoldReason::FirmBudget { class, wanted, spent, allowed } => format!(
            "{wanted} {} wanted, {spent} done in 24 hours, {allowed} allowed for the whole firm",
            class_word(*class)
        ),
        HoldReason::QueryEmpty { query, items } => {
            format!("the query `{query}` returned nothing although the mailbox holds {items} of its items")
        }
        HoldReason::Vanished { vanished, of } => {
            format!("{vanished} of our {of} items vanished from the mailbox at once")
        }
        HoldReason::LooksAlreadyThere { matches } => {
            format!(
                "{matches} records look as though they were there already, from an earlier sync perhaps; take them over with `adopt`"
            )
        }
        HoldReason::Orphans => {
            "items of this firm whose records are gone, unknown to the ledger: an approved clean-up".to_owned()
        }
        HoldReason::OnlyInDeletedItems => {
            "the ledger is new and these are found only in Deleted Items: the user may have deleted them".to_owned()
        }
        HoldReason::UnknownFirm { firm, items } => {
            format!("{items} items carry the mark of another firm id ({firm}); release only if that was ours")
        }
        HoldReason::AnotherWriter { owner } => {
            format!(
                "another Pocket Docket says that it writes here ({owner}); release to take over, when it has stopped"
            )
        }
        HoldReason::PersonMissing { person } => format!("the practice system has no person `{person}` any more"),
        HoldReason::PersonLeft { person, since, items } => {
            let since = since.map(|since| format!(" since {}", since.strftime("%Y-%m-%d"))).unwrap_or_default();
            format!(
                "person `{person}` left (inactive in the practice system{since}): {items} items will be removed for good; cannot be undone"
            )
        }
        HoldReason::ContactCap { wanted, cap } => format!("{wanted} contacts would come here, the cap is {cap}"),
        HoldReason::MeaningChanged { changes } => {
            format!("the records are the same, what they mean changed: {}", meaning::label(changes))
        }
    }
}

/// What was found and is only told.
pub(in crate::cli) fn finding(kind: &FindingKind) -> String {
    match kind {
        FindingKind::Orphan => "stamped, its record is gone, and the ledger does not know it".to_owned(),
        FindingKind::ForeignCopy => "a copy that the user made; it is left alone".to_owned(),
        FindingKind::Proposed { field, before, after, overwritten } => {
            let shown = |value: &Option<Value>| value.as_ref().map_or_else(|| "(nothing)".to_owned(), values::value);
            let fate = if *overwritten { "is written over" } else { "stays" };
            format!("the user changed {field}: {} -> {}, which {fate}", shown(before), shown(after))
        }
        FindingKind::RestoresExhausted => "changed or deleted again and again; it is left as it is".to_owned(),
        FindingKind::UnreadableAndDue => "its row cannot be read, and it is due within 14 days".to_owned(),
        FindingKind::MarkersBroken => "the lines around our notes are broken; all text counts as the user's".to_owned(),
        FindingKind::StoredOtherwise { field, wrote, stored } => {
            let shown = |value: &Option<Value>| value.as_ref().map_or_else(|| "(nothing)".to_owned(), values::value);
            format!("the server made {} of {field} {}; are its time zones out of date?", shown(stored), shown(wrote))
        }
        FindingKind::LeftToTheUser => {
            "an item of the user's stands for it, as somebody decided; none is created".to_owned()
        }
        FindingKind::Moved => "lies in another folder now; it is followed".to_owned(),
    }
}

fn class_word(class: Class) -> &'static str {
    match class {
        Class::Create => "new items",
        Class::Update => "changes",
        Class::Delete => "deletions",
        Class::Withdraw => "withdrawals",
        Class::Adopt => "adoptions",
        Class::Leave => "removals for people who left",
        Class::Replace => "replacements",
        Class::Rewrite => "items written anew",
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeMap, BTreeSet},
        sync::Arc,
    };

    use super::*;
    use crate::{
        domain::{ChangeKey, Fingerprint, ItemId, ItemRef, Kind, Place, Presence, RecordKey, Span, Value, Written},
        plan::Why,
    };

    fn item() -> ItemRef {
        ItemRef { id: ItemId("id".to_owned()), change_key: ChangeKey("key".to_owned()) }
    }

    fn hearing(subject: &str) -> Arc<Record> {
        let at = |text: &str| text.parse().unwrap_or_default();
        let span = Span::Timed {
            start: at("2026-11-24T08:00:00Z"),
            end: at("2026-11-24T09:30:00Z"),
            zone: "Europe/Berlin".to_owned(),
        };
        Arc::new(
            Record::new(Kind::Event)
                .with(Field::Subject, Value::text(subject))
                .with(Field::Span, Value::Span(span))
                .with(Field::Location, Value::text("Room 5")),
        )
    }

    fn shown(action: Action, why: Why, before: Option<&MirrorEntry>) -> String {
        let key = RecordKey::new(Kind::Event, "meetings", "4711");
        operation_lines(&Operation { key, due: None, why, action }, before).join("\n")
    }

    #[test]
    fn an_update_is_shown_field_by_field_old_to_new() {
        let (old, new) = (hearing("Hearing"), hearing("Hearing\nmoved"));
        let written = Written::new(old, BTreeMap::from([(Field::Location, Some(Value::text("ROOM 5")))]));
        let before = MirrorEntry {
            item: item(),
            place: Place::Home,
            written: Some(written),
            presence: Presence::Kept,
            restores: 0,
        };
        let update = Action::Update {
            item: item(),
            place: Place::Home,
            fingerprint: Fingerprint::of(&new),
            set: BTreeMap::from([(Field::Subject, Value::text("Hearing\nmoved"))]),
            clear: BTreeSet::from([Field::Location]),
            record: new,
        };
        insta::assert_snapshot!(shown(update, Why::Changed, Some(&before)), @r#"
        update  event/meetings/4711  "Hearing⏎moved", 2026-11-24 09:00 to 10:30  (the record changed)
                subject            "Hearing" -> "Hearing⏎moved"
                location           "ROOM 5" -> (cleared)
        "#);
        let gone = |manner| Action::Delete { item: item(), place: Place::Home, manner };
        insta::assert_snapshot!(shown(gone(RemovalManner::ToDeletedItems), Why::Gone, Some(&before)), @r#"  delete  event/meetings/4711  "Hearing", 2026-11-24 09:00 to 10:30  (gone from the practice database)"#);
        insta::assert_snapshot!(shown(gone(RemovalManner::ForGood), Why::Withdrawn("a wall".to_owned()), None), @"  delete  event/meetings/4711  for good, cannot be undone  (withdrawn: a wall)");
    }

    #[test]
    fn a_creation_is_shown_with_what_a_phone_would_show() {
        insta::assert_snapshot!(shown(Action::Create { record: hearing("Hearing") }, Why::New, None), @r#"  create  event/meetings/4711  "Hearing", 2026-11-24 09:00 to 10:30  (new)"#);
    }
}
