//! What is written is what is read, as far as the protocol can hold it.

use proptest::{prelude::*, test_runner::TestCaseError};

use super::{super::codec::touched, *};
use crate::{
    domain::{Body, BodyFormat, Personal, Reminder, Span, TaskStatus, notes, zone},
    exchange::any::{change, new_item, plain_text, record, stamp},
};

/// What a field is expected to be after the way through the protocol; `None` if it is not held.
fn expected(record: &Record, field: Field, value: &Value) -> Option<Value> {
    match value {
        Value::Categories(names) if names.is_empty() => None,
        Value::Address(address) if address.reveal().is_empty() => None,
        Value::Percent(_) if record.get(Field::Status) == Some(&Value::Status(TaskStatus::Completed)) => {
            Some(Value::Percent(100))
        }
        Value::Percent(0) => None,
        Value::Percent(percent) => Some(Value::Percent((*percent).min(100))),
        Value::Sensitivity(crate::domain::Sensitivity::Normal) if record.kind == Kind::Task => None,
        Value::Span(Span::Timed { start, end, zone: name }) => {
            // Zones that share a Windows id come back as one of them; none at all comes back as UTC.
            let windows = zone::windows_id(name).unwrap_or("UTC");
            let name = if name == "Europe/Zurich" { name } else { zone::iana(windows).unwrap() };
            Some(Value::Span(Span::Timed { start: *start, end: *end, zone: name.to_owned() }))
        }
        Value::Reminder(Reminder::MinutesBefore(minutes)) if record.kind == Kind::Event => {
            Some(Value::Reminder(Reminder::MinutesBefore((*minutes).min(2_629_800))))
        }
        // A task rings at a moment, an event before its start.
        Value::Reminder(Reminder::MinutesBefore(_)) => None,
        Value::Reminder(Reminder::At(moment)) if record.kind == Kind::Event => {
            let Some(Span::Timed { start, .. }) = record.span() else { return Some(Value::Reminder(Reminder::Off)) };
            let minutes = (start.as_second() - moment.as_second()).max(0) / 60;
            Some(Value::Reminder(Reminder::MinutesBefore(u32::try_from(minutes).unwrap().min(2_629_800))))
        }
        other => (field != Field::Notes).then(|| other.clone()),
    }
}

fn check(record: &Record, content: &ItemContent) -> Result<(), TestCaseError> {
    for (field, value) in &record.fields {
        let expected = value.as_ref().and_then(|value| expected(record, *field, value));
        if *field == Field::PercentComplete && expected.is_none() {
            continue; // a completed task says 100 even if the record does not
        }
        if *field == Field::Sensitivity && expected.is_none() && record.kind == Kind::Contact {
            continue; // a contact always says who may see it
        }
        if expected.is_none() && value_of(content, *field).is_some_and(is_default) {
            continue; // cleared: what cannot be absent has the value of a new item
        }
        // An hour that comes twice is written in UTC, and comes back so.
        if let (
            Some(Value::Span(Span::Timed { start, end, .. })),
            Some(Value::Span(Span::Timed { start: a, end: b, .. })),
        ) = (&expected, value_of(content, *field))
        {
            prop_assert_eq!((start, end), (a, b));
            continue;
        }
        prop_assert_eq!(value_of(content, *field), expected.as_ref(), "{}", field);
    }
    Ok(())
}

fn there_and_back(record: &Record) -> Result<(), TestCaseError> {
    let sent = codec().create(&new_item(record.clone(), None), None);
    let content = stored(record.kind, &sent);
    prop_assert_eq!(content.stamp.as_deref(), Some(&*stamp(record.kind).to_string()));
    prop_assert!(record.kind == Kind::Task || content.body.is_none());
    check(record, &content)
}

fn is_default(value: &Value) -> bool {
    use crate::domain::{Importance, Sensitivity, ShowAs};
    [
        Value::ShowAs(ShowAs::Busy),
        Value::Status(TaskStatus::NotStarted),
        Value::Importance(Importance::Normal),
        Value::Sensitivity(Sensitivity::Normal),
        Value::Reminder(Reminder::Off),
    ]
    .contains(value)
}

/// What is changed is changed, and what is not is not.
fn changed(before: &Record, after: &Record) -> Result<(), TestCaseError> {
    let sent = codec().create(&new_item(before.clone(), None), None);
    let change = change(after, None);
    let mut all = before.clone();
    all.fields.extend(after.fields.iter().map(|(field, value)| (*field, value.clone())));
    let patch = codec().update(&change, Some(&sent)).unwrap_or_else(|| json!({}));
    let mut now = patched(&sent, &patch);
    // What is linked to a task is changed by a request of its own.
    let link = task::Link::of(None, &touched(&change)).to_json();
    if let Some(linked) = now.pointer_mut("/linkedResources/0") {
        *linked = patched(linked, &link);
    }
    let content = stored(before.kind, &now);
    // A reminder that is said by its moment depends on a start that may have been moved later.
    all.fields.remove(&Field::Reminder);
    if after.fields.get(&Field::Span) == Some(&None) {
        all.fields.remove(&Field::Span); // an event without time does not exist
    }
    // What was done once was at 100, whatever it was at before.
    if before.get(Field::Status) == Some(&Value::Status(TaskStatus::Completed)) {
        all.fields.remove(&Field::PercentComplete);
    }
    check(&all, &content)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn contacts_come_back(record in record(Kind::Contact, plain_text())) {
        there_and_back(&record)?;
    }

    #[test]
    fn events_come_back(record in record(Kind::Event, plain_text())) {
        there_and_back(&record)?;
    }

    #[test]
    fn tasks_come_back(record in record(Kind::Task, plain_text())) {
        there_and_back(&record)?;
    }

    #[test]
    fn a_changed_contact_is_what_was_there_with_what_changed(
        before in record(Kind::Contact, plain_text()), after in record(Kind::Contact, plain_text())
    ) {
        changed(&before, &after)?;
    }

    #[test]
    fn a_changed_event_is_what_was_there_with_what_changed(
        before in record(Kind::Event, plain_text()), after in record(Kind::Event, plain_text())
    ) {
        changed(&before, &after)?;
    }

    #[test]
    fn a_changed_task_is_what_was_there_with_what_changed(
        before in record(Kind::Task, plain_text()), after in record(Kind::Task, plain_text())
    ) {
        changed(&before, &after)?;
    }
}

#[test]
fn a_body_comes_back_with_its_format_and_plain_line_ends() {
    for kind in [Kind::Event, Kind::Task] {
        let body = Body { format: BodyFormat::Html, text: Personal::from("<p>a &amp; b</p>\r\n<p>c</p>") };
        let content = stored(kind, &codec().create(&new_item(Record::new(kind), Some(body)), None));
        let expected = Body { format: BodyFormat::Html, text: Personal::from("<p>a &amp; b</p>\n<p>c</p>") };
        assert_eq!(content.body, Some(expected));
    }
    // Notes of a contact are plain text.
    let body = Body { format: BodyFormat::Html, text: Personal::from("<p>a &amp; b</p>\r\n<p>c</p>") };
    let content = stored(Kind::Contact, &codec().create(&new_item(Record::new(Kind::Contact), Some(body)), None));
    assert_eq!(content.body, Some(Body { format: BodyFormat::Text, text: Personal::from("a & b\nc") }));
}

#[test]
fn what_a_task_has_no_property_for_outlives_new_notes_and_a_status() {
    let percent = Record::new(Kind::Task).with(Field::PercentComplete, Value::Percent(40));
    let notes = notes::compose(None, Some("one"), None).body;
    let sent = codec().create(&new_item(percent, Some(notes)), None);
    let first = stored(Kind::Task, &sent);
    assert_eq!(value_of(&first, Field::PercentComplete), Some(&Value::Percent(40)));
    assert_eq!(first.body.as_ref().and_then(notes::extract).as_deref(), Some("one"));
    // New notes, made of what was shown.
    let two = notes::compose(first.body.as_ref(), Some("two"), Some("one")).body;
    let patch = codec().update(&change(&Record::new(Kind::Task), Some(two)), Some(&sent)).expect("a change");
    let sent = patched(&sent, &patch);
    let second = stored(Kind::Task, &sent);
    assert_eq!(value_of(&second, Field::PercentComplete), Some(&Value::Percent(40)));
    assert_eq!(second.body.as_ref().and_then(notes::extract).as_deref(), Some("two"));
    // Done is 100, and the line goes.
    let done = Record::new(Kind::Task).with(Field::Status, Value::Status(TaskStatus::Completed));
    let patch = codec().update(&change(&done, None), Some(&sent)).expect("a change");
    let third = stored(Kind::Task, &patched(&sent, &patch));
    assert_eq!(value_of(&third, Field::PercentComplete), Some(&Value::Percent(100)));
    assert!(!patch["body"]["content"].as_str().expect("a body").contains("Progress"));
}

#[test]
fn whole_days_are_days_whatever_zone_they_come_in() {
    let read = |start: Json, end: Json, original: &str| {
        let entity = json!({
            "id": "i", "isAllDay": true, "start": start, "end": end, "originalStartTimeZone": original,
        });
        value_of(&codec().read(Kind::Event, None, &entity).expect("it has an id"), Field::Span).cloned()
    };
    let time = |time: &str, zone: &str| json!({ "dateTime": time, "timeZone": zone });
    let day = |day: &str| Value::Span(Span::AllDay { first: day.parse().unwrap(), last: day.parse().unwrap() });
    for (start, end, original) in [
        // The same instants in UTC, as written in the office's zone, as written in UTC, and by the zone's other name.
        (
            time("2026-07-31T22:00:00.0000000", "UTC"),
            time("2026-08-01T22:00:00.0000000", "UTC"),
            "W. Europe Standard Time",
        ),
        (
            time("2026-08-01T00:00:00", "W. Europe Standard Time"),
            time("2026-08-02T00:00:00", "W. Europe Standard Time"),
            "",
        ),
        (
            time("2026-08-01T00:00:00.0000000", "UTC"),
            time("2026-08-02T00:00:00.0000000", "UTC"),
            "W. Europe Standard Time",
        ),
        (time("2026-08-01T00:00:00", "Europe/Berlin"), time("2026-08-02T00:00:00", "Europe/Berlin"), "Europe/Berlin"),
        (time("2026-07-31T22:00:00", "UTC"), time("2026-08-01T22:00:00", "UTC"), "tzone://Microsoft/Custom"),
        // Midnight nowhere that we know of.
        (time("2026-07-31T18:30:00", "UTC"), time("2026-08-01T18:30:00", "UTC"), ""),
    ] {
        assert_eq!(read(start.clone(), end, original), Some(day("2026-08-01")), "{start} {original}");
    }
}

#[test]
fn an_hour_that_comes_twice_is_the_one_that_was_meant() {
    for start in ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"] {
        let instant: jiff::Timestamp = start.parse().unwrap();
        let span = Span::Timed { start: instant, end: instant, zone: "Europe/Zurich".to_owned() };
        let record = Record::new(Kind::Event).with(Field::Span, Value::Span(span));
        let content = stored(Kind::Event, &codec().create(&new_item(record, None), None));
        let Some(Value::Span(Span::Timed { start: found, .. })) = value_of(&content, Field::Span) else {
            panic!("timed")
        };
        assert_eq!(*found, instant);
    }
}

#[test]
fn days_of_tasks_are_days_in_whatever_zone_they_come() {
    for (time, zone) in [
        ("2026-12-01T00:00:00.0000000", "UTC"),
        ("2026-12-01T00:00:00", "W. Europe Standard Time"),
        ("2026-11-30T23:00:00.0000000", "UTC"),
        ("2026-12-01T00:00:00", "Nowhere Standard Time"),
    ] {
        let entity = json!({ "id": "i", "dueDateTime": { "dateTime": time, "timeZone": zone } });
        let content = codec().read(Kind::Task, None, &entity).expect("it has an id");
        assert_eq!(
            value_of(&content, Field::DueDate),
            Some(&Value::Date("2026-12-01".parse().unwrap())),
            "{time} {zone}"
        );
    }
}
