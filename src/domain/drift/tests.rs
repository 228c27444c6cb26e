use std::sync::Arc;

use jiff::civil::date;

use super::*;
use crate::domain::{
    Body, BodyFormat, ChangeKey, Importance, ItemId, ItemRef, Kind, Personal, PostalAddress, Reminder, ShowAs,
};

fn content(fields: &[(Field, Value)]) -> ItemContent {
    ItemContent {
        item: ItemRef { id: ItemId("item".into()), change_key: ChangeKey("2".into()) },
        stamp: None,
        folder: None,
        bound: None,
        created: None,
        fields: fields.iter().cloned().collect(),
        body: None,
    }
}

fn written(record: Record) -> Written {
    Written::new(Arc::new(record), BTreeMap::new())
}

fn timed(start: &str, zone: &str) -> Value {
    Value::Span(Span::Timed {
        start: start.parse().expect("valid"),
        end: "2026-11-23T12:00:00Z".parse().expect("valid"),
        zone: zone.into(),
    })
}

#[test]
fn what_a_server_only_writes_differently_is_no_drift() {
    let address = |street: &str| {
        Value::Address(Personal::new(PostalAddress { street: street.into(), ..PostalAddress::default() }))
    };
    for (field, ours, shown) in [
        (Field::Subject, Value::text("Hearing"), Value::text("Hearing ")),
        (Field::Location, Value::text("Room 3\nfirst floor"), Value::text("Room 3 \r\nfirst floor\r\n")),
        (Field::Span, timed("2026-11-23T09:00:00Z", "Europe/Berlin"), timed("2026-11-23T09:00:00.25Z", "UTC")),
        (Field::BusinessAddress, address("Main St 1\nBlock B"), address("Main St 1\r\nBlock B")),
        (
            Field::Categories,
            Value::Categories(["Court".into()].into()),
            Value::Categories(["court".into(), "my own".into()].into()),
        ),
    ] {
        assert!(same(field, &ours, &shown), "{field}");
        let written = written(Record::new(Kind::Event).with(field, ours));
        assert!(drift(&written, &content(&[(field, shown)])).is_empty(), "{field}");
    }
}

#[test]
fn every_mapped_field_that_says_something_else_drifts() {
    let day = |day| Value::Date(date(2026, 11, day));
    let all_day = |last| Value::Span(Span::AllDay { first: date(2026, 11, 23), last: date(2026, 11, last) });
    for (field, ours, shown) in [
        (Field::Subject, Value::text("Hearing"), Some(Value::text("Lunch"))),
        (Field::Subject, Value::text("Hearing"), None),
        (Field::Span, timed("2026-11-23T09:00:00Z", "UTC"), Some(timed("2026-11-23T10:00:00Z", "UTC"))),
        (Field::Span, all_day(23), Some(all_day(24))),
        (Field::Span, all_day(23), Some(timed("2026-11-23T00:00:00Z", "UTC"))),
        (Field::DueDate, day(1), Some(day(2))),
        (Field::ShowAs, Value::ShowAs(ShowAs::Busy), Some(Value::ShowAs(ShowAs::Free))),
        (Field::Importance, Value::Importance(Importance::High), Some(Value::Importance(Importance::Low))),
        (Field::PercentComplete, Value::Percent(10), Some(Value::Percent(20))),
        (Field::Categories, Value::Categories(["Court".into()].into()), Some(Value::Categories(["own".into()].into()))),
    ] {
        let written = written(Record::new(Kind::Event).with(field, ours));
        let shown: Vec<_> = shown.map(|shown| (field, shown)).into_iter().collect();
        assert_eq!(drift(&written, &content(&shown)), [field].into(), "{field}");
        assert_eq!(returned(&written.record, &content(&shown)).len(), 1, "{field}");
    }
}

#[test]
fn what_we_did_not_write_is_the_users_and_never_drifts() {
    let written = written(Record::new(Kind::Event).with(Field::Location, None));
    let seen = content(&[(Field::Location, Value::text("my place")), (Field::ShowAs, Value::ShowAs(ShowAs::Free))]);
    assert!(drift(&written, &seen).is_empty());
    assert!(returned(&written.record, &seen).is_empty());
}

#[test]
fn a_reminder_that_was_dismissed_is_no_drift() {
    let written = written(Record::new(Kind::Event).with(Field::Reminder, Value::Reminder(Reminder::MinutesBefore(15))));
    assert!(drift(&written, &content(&[])).is_empty());
    assert!(drift(&written, &content(&[(Field::Reminder, Value::Reminder(Reminder::Off))])).is_empty());
}

#[test]
fn drift_is_judged_against_what_the_server_gave_back() {
    let record = Record::new(Kind::Contact)
        .with(Field::Company, Value::text("Muster & Co"))
        .with(Field::MobilePhone, Value::text("0171 1"))
        .with(Field::Surname, Value::text("Muster"));
    let seen = content(&[(Field::MobilePhone, Value::text("+49 171 1")), (Field::Surname, Value::text("Muster"))]);
    let mut written = written(record);
    written.returned = returned(&written.record, &seen);
    assert_eq!(written.returned, [(Field::Company, None), (Field::MobilePhone, Some(Value::text("+49 171 1")))].into());
    assert!(drift(&written, &seen).is_empty());
    let edited = content(&[(Field::MobilePhone, Value::text("0171 2")), (Field::Surname, Value::text("Muster"))]);
    assert_eq!(drift(&written, &edited), [Field::MobilePhone].into());
    let as_we_wrote = content(&[(Field::MobilePhone, Value::text("0171 1")), (Field::Surname, Value::text("Muster"))]);
    assert!(drift(&written, &as_we_wrote).is_empty());
}

#[test]
fn notes_are_our_block_whatever_stands_around_it() {
    let record = Record::new(Kind::Task).with(Field::Notes, Value::text("Bring the file\nand the stamp"));
    let block = |ours: &str| notes::compose(None, Some(ours), None).body.text.into_inner();
    let with = |format, text: String| ItemContent { body: Some(Body { format, text: text.into() }), ..content(&[]) };
    let written = written(record);
    let same = with(BodyFormat::Text, format!("my own\n{}\nmine too", block("Bring the file\r\nand the stamp ")));
    assert!(drift(&written, &same).is_empty());
    let html = block("Bring the file\nand the stamp").replace('\n', "</p><p>");
    assert!(drift(&written, &with(BodyFormat::Html, format!("<p>mine</p><p>{html}</p>"))).is_empty());
    assert_eq!(drift(&written, &with(BodyFormat::Text, block("Bring a cake"))), [Field::Notes].into());
    assert_eq!(drift(&written, &content(&[])), [Field::Notes].into());
}

#[test]
fn only_a_task_that_we_had_not_completed_was_completed_by_the_user() {
    let status = |status| Record::new(Kind::Task).with(Field::Status, Value::Status(status));
    let done = content(&[(Field::Status, Value::Status(TaskStatus::Completed))]);
    assert!(completed_by_user(&status(TaskStatus::InProgress), &done));
    assert!(!completed_by_user(&status(TaskStatus::Completed), &done));
    assert!(!completed_by_user(&status(TaskStatus::InProgress), &content(&[])));
}

#[test]
fn the_users_own_categories_stay_and_ours_of_yesterday_go() {
    let names = |names: &[&str]| -> BTreeSet<String> { names.iter().map(|name| (*name).to_owned()).collect() };
    let shown = names(&["Mine", "court", "Old"]);
    assert_eq!(
        categories(&shown, &names(&["Court", "Old"]), &names(&["Court", "New"])),
        names(&["Court", "Mine", "New"])
    );
    assert_eq!(categories(&shown, &names(&[]), &names(&[])), shown);
}

#[test]
fn a_server_may_leave_out_what_is_empty_or_its_default() {
    let silent = [
        (Field::Subject, Value::text(" ")),
        (Field::BusinessAddress, Value::Address(Personal::default())),
        (Field::Categories, Value::Categories(BTreeSet::new())),
        (Field::Reminder, Value::Reminder(Reminder::Off)),
        (Field::Sensitivity, Value::Sensitivity(Sensitivity::Normal)),
        (Field::Importance, Value::Importance(Importance::Normal)),
        (Field::Status, Value::Status(TaskStatus::NotStarted)),
        (Field::PercentComplete, Value::Percent(0)),
    ];
    let telling = [
        (Field::Subject, Value::text("x")),
        (
            Field::BusinessAddress,
            Value::Address(Personal::new(PostalAddress { city: "x".into(), ..PostalAddress::default() })),
        ),
        (Field::Categories, Value::Categories(["x".to_owned()].into())),
        (Field::Reminder, Value::Reminder(Reminder::MinutesBefore(0))),
        (Field::Sensitivity, Value::Sensitivity(Sensitivity::Private)),
        (Field::Importance, Value::Importance(Importance::Low)),
        (Field::Status, Value::Status(TaskStatus::Waiting)),
        (Field::PercentComplete, Value::Percent(1)),
        (Field::DueDate, Value::Date(date(2026, 1, 1))),
        (Field::ShowAs, Value::ShowAs(ShowAs::Free)),
        (Field::Span, Value::Span(Span::AllDay { first: date(2026, 1, 1), last: date(2026, 1, 1) })),
    ];
    for (values, expected) in [(&silent[..], true), (&telling[..], false)] {
        for (field, value) in values {
            assert_eq!(shows(*field, value, None), expected, "{field}");
            let record = Record::new(Kind::Task).with(*field, value.clone());
            assert_eq!(returned(&record, &content(&[])).is_empty(), expected, "{field}");
        }
    }
}

#[test]
fn of_categories_the_office_hears_of_ours_alone() {
    let names = |names: &[&str]| Value::Categories(names.iter().map(|name| (*name).to_owned()).collect());
    let ours = names(&["Court", "Urgent"]);
    assert_eq!(told(Some(&ours), names(&["court", "Private trip"])), Some(names(&["court"])));
    assert_eq!(told(Some(&ours), names(&["Private trip"])), None);
    assert_eq!(told(None, names(&["Private trip"])), None);
    assert_eq!(told(None, Value::text("Lunch")), Some(Value::text("Lunch")));
}
