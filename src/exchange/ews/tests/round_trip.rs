//! What is written is what is read, as far as the protocol can hold it.

use proptest::test_runner::TestCaseError;

use super::*;
use crate::{
    domain::FolderId,
    exchange::ews::{create_item::CreateItem, get_item::GetItem},
    ports::ItemOutcome,
    xml,
};

/// What a perfect server would answer: the element as it was sent, with an id.
fn stored(record: Record, body: Option<Body>) -> crate::domain::ItemContent {
    let kind = record.kind;
    let codec = codec();
    let items = [new_item(record, body)];
    let request = text(&CreateItem { kind, folder: &FolderId("f".to_owned()), items: &items, codec: &codec });
    let begin = request.find("<m:Items>").unwrap() + "<m:Items>".len();
    let end = request.rfind("</m:Items>").unwrap();
    let element = &request[begin..end];
    assert!(xml::parse(request.as_bytes()).is_ok());
    let (name, rest) = element.split_once('>').unwrap();
    let answered = format!(
        r#"<m:GetItemResponse><m:ResponseMessages><m:GetItemResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode><m:Items>{name}><t:ItemId Id="i" ChangeKey="c"/>{rest}</m:Items></m:GetItemResponseMessage></m:ResponseMessages></m:GetItemResponse>"#
    );
    let ids = [ItemId("i".to_owned())];
    let outcomes: Vec<ItemOutcome<_>> = answer(&GetItem { kind, items: &ids, codec: &codec }, &answered).unwrap();
    outcomes.into_iter().next().unwrap().unwrap().unwrap()
}

/// What a field is expected to be after the way through the protocol; `None` if it is not held.
fn expected(record: &Record, field: Field, value: &Value) -> Option<Value> {
    match value {
        Value::Categories(names) if names.is_empty() => None,
        Value::Address(address) if address.reveal().is_empty() => None,
        Value::Percent(_) if record.get(Field::Status) == Some(&Value::Status(TaskStatus::Completed)) => {
            Some(Value::Percent(100))
        }
        Value::Percent(percent) => Some(Value::Percent((*percent).min(100))),
        Value::Span(Span::Timed { start, end, zone }) => {
            // Zones that share a Windows id come back as one of them; none at all comes back as UTC.
            let windows = crate::domain::zone::windows_id(zone).unwrap_or("UTC");
            let zone = if zone == "Europe/Zurich" { zone } else { crate::domain::zone::iana(windows).unwrap() };
            Some(Value::Span(Span::Timed { start: *start, end: *end, zone: zone.to_owned() }))
        }
        Value::Reminder(Reminder::MinutesBefore(minutes)) if record.kind == Kind::Event => {
            Some(Value::Reminder(Reminder::MinutesBefore((*minutes).min(2_629_800))))
        }
        // A task rings at a moment, an event before its start.
        Value::Reminder(Reminder::MinutesBefore(_)) => None,
        Value::Reminder(Reminder::At(moment)) if record.kind == Kind::Event => {
            let Some(Span::Timed { start, .. }) = record.span() else { return None };
            let minutes = (start.as_second() - moment.as_second()).max(0) / 60;
            Some(Value::Reminder(Reminder::MinutesBefore(u32::try_from(minutes).unwrap().min(2_629_800))))
        }
        other => (field != Field::Notes).then(|| other.clone()),
    }
}

fn check(record: &Record) -> Result<(), TestCaseError> {
    let content = stored(record.clone(), None);
    prop_assert_eq!(content.stamp.as_deref(), Some(&*stamp(record.kind).to_string()));
    for (field, value) in &record.fields {
        let expected = value.as_ref().and_then(|value| expected(record, *field, value));
        if *field == Field::PercentComplete && expected.is_none() {
            continue; // a completed task says 100 even if the record does not
        }
        prop_assert_eq!(content.fields.get(field), expected.as_ref(), "{}", field);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn contacts_come_back(record in record(Kind::Contact, plain_text())
        .prop_map(|mut record| { record.fields.remove(&Field::WebPage); record })) {
        check(&record)?;
    }

    #[test]
    fn events_come_back(record in record(Kind::Event, plain_text())) {
        check(&record)?;
    }

    #[test]
    fn tasks_come_back(record in record(Kind::Task, plain_text())) {
        check(&record)?;
    }
}

#[test]
fn bodies_come_back_with_their_format_and_plain_line_ends() {
    let body = Body { format: BodyFormat::Html, text: Personal::from("<p>a &amp; b</p>\r\n<p>c</p>") };
    let content = stored(Record::new(Kind::Task), Some(body));
    let expected = Body { format: BodyFormat::Html, text: Personal::from("<p>a &amp; b</p>\n<p>c</p>") };
    assert_eq!(content.body, Some(expected));
}

fn span_of(inside: &str) -> Option<Span> {
    let element = format!(r#"<CalendarItem><ItemId Id="i"/>{inside}</CalendarItem>"#);
    let content = codec().read(Kind::Event, &xml::parse(element.as_bytes()).unwrap()).unwrap();
    match content.fields.get(&Field::Span) {
        Some(Value::Span(span)) => Some(span.clone()),
        _ => None,
    }
}

fn days(first: &str, last: &str) -> Span {
    Span::AllDay { first: first.parse().unwrap(), last: last.parse().unwrap() }
}

#[test]
fn whole_days_are_days_whatever_zone_they_come_in() {
    // As Exchange answers: in UTC, with the zone of the event.
    let zurich =
        "<Start>2026-07-31T22:00:00Z</Start><End>2026-08-01T22:00:00Z</End><IsAllDayEvent>true</IsAllDayEvent>";
    assert_eq!(
        span_of(&format!("{zurich}<StartTimeZoneId>W. Europe Standard Time</StartTimeZoneId>")),
        Some(days("2026-08-01", "2026-08-01"))
    );
    // Without zone, with a custom one, and with one that does not fit.
    assert_eq!(span_of(zurich), Some(days("2026-08-01", "2026-08-01")));
    assert_eq!(
        span_of(&format!("{zurich}<StartTimeZoneId>tzone://Microsoft/Custom</StartTimeZoneId>")),
        Some(days("2026-08-01", "2026-08-01"))
    );
    assert_eq!(
        span_of(&format!("{zurich}<StartTimeZone Id=\"Pacific Standard Time\"/>")),
        Some(days("2026-08-01", "2026-08-01"))
    );
    // Made on a phone in New York, several days.
    let new_york = "<Start>2026-01-05T05:00:00Z</Start><End>2026-01-08T05:00:00Z</End><IsAllDayEvent>1</IsAllDayEvent>";
    assert_eq!(
        span_of(&format!("{new_york}<StartTimeZoneId>Eastern Standard Time</StartTimeZoneId>")),
        Some(days("2026-01-05", "2026-01-07"))
    );
    // Midnight nowhere that we know of.
    let somewhere =
        "<Start>2026-01-04T18:30:00Z</Start><End>2026-01-05T18:30:00Z</End><IsAllDayEvent>true</IsAllDayEvent>";
    assert_eq!(span_of(somewhere), Some(days("2026-01-05", "2026-01-05")));
    // No end, or an end before the start.
    assert_eq!(
        span_of("<Start>2026-01-05T00:00:00Z</Start><IsAllDayEvent>true</IsAllDayEvent>"),
        Some(days("2026-01-05", "2026-01-05"))
    );
}

#[test]
fn instants_are_read_with_z_offset_or_nothing_and_any_fraction() {
    for start in [
        "2026-11-23T08:00:00Z",
        "2026-11-23T09:00:00+01:00",
        "2026-11-23T08:00:00",
        "2026-11-23T08:00:00.000000Z",
        " 2026-11-23T08:00:00.000000000Z ",
    ] {
        let span = span_of(&format!("<Start>{start}</Start><End>2026-11-23T09:30:00Z</End>")).unwrap();
        let Span::Timed { start, end, zone } = span else { panic!("timed") };
        assert_eq!(
            (start.to_string(), end.to_string(), zone),
            ("2026-11-23T08:00:00Z".into(), "2026-11-23T09:30:00Z".into(), "Europe/Zurich".into())
        );
    }
    assert_eq!(span_of("<Start>tomorrow</Start>"), None);
}

#[test]
fn days_of_tasks_are_taken_in_the_offset_in_which_they_come() {
    let element = xml::parse(br#"<Task><ItemId Id="i"/><DueDate>2026-12-01T00:00:00+01:00</DueDate><StartDate>x</StartDate><PercentComplete>7000</PercentComplete></Task>"#).unwrap();
    let fields = codec().read(Kind::Task, &element).unwrap().fields;
    assert_eq!(fields.get(&Field::DueDate), Some(&Value::Date("2026-12-01".parse().unwrap())));
    assert_eq!(fields.get(&Field::StartDate), None);
    assert_eq!(fields.get(&Field::PercentComplete), Some(&Value::Percent(100)));
}
