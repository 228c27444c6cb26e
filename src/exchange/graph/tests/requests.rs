//! Requests by eye.

use super::*;
use crate::{
    domain::{
        Body, BodyFormat, ChangeKey, ItemId, ItemRef, Personal, PostalAddress, Reminder, Sensitivity, ShowAs, Span,
        TaskStatus, notes,
    },
    exchange::graph::{ask::Ask, batch, codec::task_id},
    ports::{ItemChange, StampChange},
};

fn text(value: &str) -> Value {
    Value::text(value)
}

#[test]
fn a_contact() {
    let address = PostalAddress {
        street: "Weg 1".to_owned(),
        city: "Bern".to_owned(),
        postal_code: "3000".to_owned(),
        country: "Schweiz".to_owned(),
        ..PostalAddress::default()
    };
    let record = Record::new(Kind::Contact)
        .with(Field::GivenName, text("Eva"))
        .with(Field::Surname, text("Muster"))
        .with(Field::NameTitle, text("Dr."))
        .with(Field::Email2, text("eva@example.org"))
        .with(Field::BusinessPhone, text("+41 31 1"))
        .with(Field::BusinessPhone2, text("+41 31 2"))
        .with(Field::BusinessFax, text("+41 31 3"))
        .with(Field::BusinessAddress, Value::Address(Personal::new(address)))
        .with(Field::Birthday, Value::Date("1980-02-29".parse().unwrap()))
        .with(Field::Sensitivity, Value::Sensitivity(Sensitivity::Private))
        .with(Field::Pager, None);
    let body = Body { format: BodyFormat::Text, text: Personal::from("Notes") };
    let sent = codec().create(&any::new_item(record, Some(body)), None);
    insta::assert_json_snapshot!(sent, @r#"
    {
      "birthday": "1980-02-29T11:59:00Z",
      "businessAddress": {
        "city": "Bern",
        "countryOrRegion": "Schweiz",
        "postalCode": "3000",
        "state": null,
        "street": "Weg 1"
      },
      "businessPhones": [
        "+41 31 1",
        "+41 31 2"
      ],
      "givenName": "Eva",
      "personalNotes": "Notes",
      "secondaryEmailAddress": {
        "address": "eva@example.org"
      },
      "singleValueExtendedProperties": [
        {
          "id": "Integer 0x0036",
          "value": "2"
        },
        {
          "id": "String 0x3A24",
          "value": "+41 31 3"
        },
        {
          "id": "String {eebbaf8c-842f-4851-9d67-ca9ef1b9409b} Name PocketDocketKey",
          "value": "v1/07070707070707070707070707070707/contact/main/17%20%26%20%C3%A9"
        }
      ],
      "surname": "Muster",
      "title": "Dr."
    }
    "#);
}

#[test]
fn an_event_has_a_transaction_and_no_attendee() {
    let span = Span::Timed {
        start: "2026-11-23T08:00:00Z".parse().unwrap(),
        end: "2026-11-23T09:30:00Z".parse().unwrap(),
        zone: "Europe/Zurich".to_owned(),
    };
    let record = Record::new(Kind::Event)
        .with(Field::Subject, text("Termin"))
        .with(Field::Span, Value::Span(span))
        .with(Field::Location, text("Raum 1"))
        .with(Field::ShowAs, Value::ShowAs(ShowAs::Away))
        .with(Field::Reminder, Value::Reminder(Reminder::At("2026-11-23T07:30:00Z".parse().unwrap())));
    let body = notes::compose(None, Some("Akten"), None).body;
    let sent = codec().create(&any::new_item(record, Some(body)), Some("0f3c4a52-6c2a-4a0e-9d5b-5b8a5f3f0001"));
    insta::assert_json_snapshot!(sent, @r#"
    {
      "body": {
        "content": "--- Pocket Docket: kept up to date, please write above or below ---\nAkten\n--- Pocket Docket: end ---",
        "contentType": "text"
      },
      "end": {
        "dateTime": "2026-11-23T10:30:00",
        "timeZone": "W. Europe Standard Time"
      },
      "isAllDay": false,
      "isReminderOn": true,
      "location": {
        "displayName": "Raum 1"
      },
      "reminderMinutesBeforeStart": 30,
      "showAs": "oof",
      "singleValueExtendedProperties": [
        {
          "id": "String {eebbaf8c-842f-4851-9d67-ca9ef1b9409b} Name PocketDocketKey",
          "value": "v1/07070707070707070707070707070707/event/main/17%20%26%20%C3%A9"
        }
      ],
      "start": {
        "dateTime": "2026-11-23T09:00:00",
        "timeZone": "W. Europe Standard Time"
      },
      "subject": "Termin",
      "transactionId": "0f3c4a52-6c2a-4a0e-9d5b-5b8a5f3f0001"
    }
    "#);
}

#[test]
fn whole_days_are_midnights_in_the_zone_of_the_office() {
    let span = Span::AllDay { first: "2026-10-24".parse().unwrap(), last: "2026-10-25".parse().unwrap() };
    let record = Record::new(Kind::Event).with(Field::Span, Value::Span(span));
    let sent = codec().create(&any::new_item(record, None), None);
    assert_eq!(sent["start"], json!({ "dateTime": "2026-10-24T00:00:00", "timeZone": "W. Europe Standard Time" }));
    assert_eq!(sent["end"], json!({ "dateTime": "2026-10-26T00:00:00", "timeZone": "W. Europe Standard Time" }));
    assert_eq!(sent["isAllDay"], json!(true));
}

#[test]
fn a_task_carries_its_stamp_as_a_link_and_in_its_notes_what_to_do_has_no_property_for() {
    let record = Record::new(Kind::Task)
        .with(Field::Subject, text("Frist"))
        .with(Field::DueDate, Value::Date("2026-12-01".parse().unwrap()))
        .with(Field::Status, Value::Status(TaskStatus::InProgress))
        .with(Field::PercentComplete, Value::Percent(40))
        .with(Field::Reminder, Value::Reminder(Reminder::At("2026-12-01T07:00:00Z".parse().unwrap())));
    let body = notes::compose(None, Some("ab Zustellung"), None).body;
    let sent = codec().create(&any::new_item(record, Some(body)), None);
    insta::assert_json_snapshot!(sent, @r#"
    {
      "body": {
        "content": "--- Pocket Docket: kept up to date, please write above or below ---\nab Zustellung\n\n[Progress: 40 %]\n--- Pocket Docket: end ---",
        "contentType": "text"
      },
      "dueDateTime": {
        "dateTime": "2026-12-01T00:00:00",
        "timeZone": "UTC"
      },
      "isReminderOn": true,
      "linkedResources": [
        {
          "applicationName": "Pocket Docket",
          "displayName": "Pocket Docket",
          "externalId": "v1/07070707070707070707070707070707/task/main/17%20%26%20%C3%A9"
        }
      ],
      "reminderDateTime": {
        "dateTime": "2026-12-01T07:00:00",
        "timeZone": "UTC"
      },
      "status": "inProgress",
      "title": "Frist"
    }
    "#);
}

#[test]
fn a_list_is_replaced_as_a_whole_with_what_was_in_it() {
    let current = json!({ "businessPhones": ["1", "2"], "homePhones": ["3"] });
    let change = ItemChange {
        kind: Kind::Contact,
        item: ItemRef { id: ItemId("i".to_owned()), change_key: ChangeKey("W/\"1\"".to_owned()) },
        set: [(Field::BusinessPhone2, text("9")), (Field::HomePhone2, text("4"))].into(),
        clear: [Field::Email1].into(),
        body: None,
        stamp: StampChange::Remove,
    };
    assert!(Codec::needs_current(&change));
    insta::assert_json_snapshot!(codec().update(&change, Some(&current)), @r#"
    {
      "businessPhones": [
        "1",
        "9"
      ],
      "homePhones": [
        "3",
        "4"
      ],
      "primaryEmailAddress": null,
      "singleValueExtendedProperties": [
        {
          "id": "String {eebbaf8c-842f-4851-9d67-ca9ef1b9409b} Name PocketDocketKey",
          "value": null
        }
      ]
    }
    "#);
}

#[test]
fn a_batch_is_a_chain_or_lies_side_by_side() {
    let asks = [
        Ask::get("/me/events/a%2Fb".to_owned()),
        Ask::patch("/me/events/c".to_owned(), json!({ "subject": "x" })).if_match("W/\"1\""),
    ];
    insta::assert_json_snapshot!(batch::request(&asks, true), @r#"
    {
      "requests": [
        {
          "headers": {
            "Prefer": "IdType=\"ImmutableId\", outlook.timezone=\"UTC\", outlook.body-content-type=\"html\""
          },
          "id": "0",
          "method": "GET",
          "url": "/me/events/a%2Fb"
        },
        {
          "body": {
            "subject": "x"
          },
          "dependsOn": [
            "0"
          ],
          "headers": {
            "Content-Type": "application/json",
            "If-Match": "W/\"1\"",
            "Prefer": "IdType=\"ImmutableId\", outlook.timezone=\"UTC\", outlook.body-content-type=\"html\""
          },
          "id": "1",
          "method": "PATCH",
          "url": "/me/events/c"
        }
      ]
    }
    "#);
    let side_by_side = batch::request(&asks, false);
    assert!(side_by_side["requests"][1].get("dependsOn").is_none());
}

#[test]
fn each_part_of_an_answer_goes_to_its_request() {
    use crate::ports::FailureKind;
    let answer = json!({ "responses": [
        { "id": "2", "status": 429, "headers": { "Retry-After": "5" }, "body": { "error": { "code": "ApplicationThrottled" } } },
        { "id": "0", "status": 201, "body": { "id": "AAMk1" } },
        { "id": "3", "status": 424, "body": { "error": { "code": "FailedDependency" } } },
        { "id": "4", "status": 404, "headers": {}, "body": { "error": { "code": "ErrorItemNotFound" } } },
        { "id": "5", "status": 204, "body": null },
        { "id": "6" },
        "nonsense",
    ] });
    let said: Vec<String> = batch::read("try", &answer, 7)
        .into_iter()
        .map(|part| match part {
            batch::Part::Done(entity) => entity.to_string(),
            batch::Part::Refused(failure) => format!("{:?} {:?}", failure.kind, failure.retry_after),
            batch::Part::NotTried => "not tried".to_owned(),
        })
        .collect();
    let malformed = format!("{:?} None", FailureKind::Malformed);
    assert_eq!(
        said,
        [
            r#"{"id":"AAMk1"}"#,
            malformed.as_str(),
            "Throttled Some(5s)",
            "not tried",
            "NotFound None",
            "null",
            malformed.as_str()
        ]
    );
}

#[test]
fn a_task_is_known_by_its_list_too() {
    let id = task_id(&FolderId("list".to_owned()), "task");
    assert_eq!(crate::exchange::graph::codec::list_and_task(&id), Some(("list", "task")));
}
