//! Items there and back.

use std::collections::BTreeSet;

use pocketdocket::{
    domain::RemovalManner,
    ports::{FailureKind, ItemChange, Removal, StampChange},
};

use super::*;

fn change(kind: Kind, item: &ItemRef) -> ItemChange {
    let (set, clear) = (BTreeMap::new(), BTreeSet::new());
    ItemChange { kind, item: item.clone(), set, clear, body: None, stamp: StampChange::Keep }
}

async fn update(place: &Place, change: ItemChange) -> Result<ItemRef, FailureKind> {
    let outcomes = place.mailbox.update(&[change]).await.unwrap();
    outcomes.into_iter().next().unwrap().map_err(|failure| failure.kind)
}

#[tokio::test]
async fn every_field_of_every_kind_is_stored_and_read_back_equal() {
    for face in FACES {
        let place = Place::of(face).await;
        for kind in Kind::ALL {
            let record = full(kind);
            let item = create(&place, record.clone(), "1").await;
            let content = read(&place, kind, &item).await;
            assert_eq!(content.fields, values(&record), "{kind} over {face:?}");
            assert_eq!(content.item, item, "{kind} over {face:?}");
            assert_eq!(content.stamp, Some(stamp(kind, "1").to_string()));
            let body = content.body.expect("the body is there");
            assert_eq!(notes::text(&body), "first\nsecond & last", "{kind} over {face:?}");
            assert!(content.created.is_some() && content.folder.is_some());
        }
        assert_eq!(place.simulator.mails_sent(), 0);
    }
}

#[tokio::test]
async fn whole_days_are_whole_days_in_the_mailbox_and_back() {
    for face in FACES {
        let place = Place::of(face).await;
        // One day in winter, several over the end of summer time.
        for (first, last) in [("2026-12-24", "2026-12-24"), ("2026-10-23", "2026-10-27")] {
            let span = Span::AllDay { first: first.parse().unwrap(), last: last.parse().unwrap() };
            let record = Record::new(Kind::Event)
                .with(Field::Subject, Value::text(first))
                .with(Field::Span, Value::Span(span.clone()));
            let item = create(&place, record, first).await;
            let fields = read(&place, Kind::Event, &item).await.fields;
            assert_eq!(fields.get(&Field::Span), Some(&Value::Span(span)), "{face:?}");
        }
    }
}

#[tokio::test]
async fn a_change_sets_and_clears_what_it_names_and_nothing_else() {
    for face in STRICT_FACES {
        let place = Place::of(face).await;
        for kind in Kind::ALL {
            let item = create(&place, full(kind), "1").await;
            let mut expected = values(&full(kind));
            let kept = read(&place, kind, &item).await;
            let change = match kind {
                Kind::Contact => {
                    let set = [
                        (Field::Company, Value::text("Neu AG")),
                        (Field::MobilePhone, Value::text("+41 79 1")),
                        (Field::BusinessAddress, address("Gasse 9", "")),
                    ];
                    let clear = [
                        Field::Email2,
                        Field::Pager,
                        Field::NameTitle,
                        Field::HomeAddress,
                        Field::Birthday,
                        Field::Department,
                    ];
                    expected.retain(|field, _| !clear.contains(field));
                    ItemChange { set: set.into(), clear: clear.into(), ..change(kind, &item) }
                }
                Kind::Event => {
                    let span =
                        Span::AllDay { first: "2026-12-24".parse().unwrap(), last: "2026-12-25".parse().unwrap() };
                    let set = [(Field::Span, Value::Span(span)), (Field::ShowAs, Value::ShowAs(ShowAs::Free))];
                    expected.remove(&Field::Location);
                    expected.insert(Field::Reminder, Value::Reminder(Reminder::Off));
                    ItemChange {
                        set: set.into(),
                        clear: [Field::Location, Field::Reminder].into(),
                        ..change(kind, &item)
                    }
                }
                Kind::Task => {
                    let set = [
                        (Field::Status, Value::Status(TaskStatus::Completed)),
                        (Field::Categories, categories(&["Anders"])),
                        (Field::WebPage, Value::text("https://practice.example/tasks/8")),
                    ];
                    expected.insert(Field::PercentComplete, Value::Percent(100));
                    expected.remove(&Field::DueDate);
                    ItemChange { set: set.into(), clear: [Field::DueDate].into(), ..change(kind, &item) }
                }
            };
            expected.extend(change.set.clone());
            let new = update(&place, change).await.unwrap();
            assert_eq!(new.id, item.id);
            assert_ne!(new.change_key, item.change_key);
            let content = read(&place, kind, &new).await;
            assert_eq!(content.fields, expected, "{kind}");
            assert_eq!(content.body, kept.body, "{kind}");
            assert_eq!(content.stamp, kept.stamp, "{kind}");
        }
        assert_eq!(place.simulator.mails_sent(), 0);
    }
}

#[tokio::test]
async fn every_field_can_be_cleared_alone() {
    for face in STRICT_FACES {
        let place = Place::of(face).await;
        for kind in Kind::ALL {
            let item = create(&place, full(kind), "1").await;
            let mut current = item;
            for field in Field::ALL.iter().copied().filter(|field| field.belongs_to(kind) && *field != Field::Span) {
                let cleared = update(&place, ItemChange { clear: [field].into(), ..change(kind, &current) }).await;
                current = cleared.unwrap_or_else(|kind| panic!("{field}: {kind:?}"));
            }
            let fields = read(&place, kind, &current).await.fields;
            let left: Vec<Field> = fields.keys().copied().collect();
            let expected: &[Field] = match kind {
                Kind::Contact => &[Field::Sensitivity],
                Kind::Event => &[Field::Sensitivity, Field::Span, Field::Reminder, Field::ShowAs],
                Kind::Task if face == Face::Graph => &[Field::Reminder, Field::Status, Field::Importance],
                Kind::Task => {
                    &[Field::Sensitivity, Field::Reminder, Field::Status, Field::PercentComplete, Field::Importance]
                }
            };
            assert_eq!(left, expected, "{kind} over {face:?}");
        }
    }
}

#[tokio::test]
async fn a_body_and_a_stamp_are_changed_too() {
    for face in STRICT_FACES {
        let place = Place::of(face).await;
        let item = create(&place, full(Kind::Contact), "1").await;
        let body =
            Body { format: BodyFormat::Html, text: Personal::from("<html><body><p>x &amp; y</p></body></html>") };
        let change = ItemChange {
            body: Some(body.clone()),
            stamp: StampChange::Set(stamp(Kind::Contact, "2")),
            ..change(Kind::Contact, &item)
        };
        let item = update(&place, change).await.unwrap();
        let content = read(&place, Kind::Contact, &item).await;
        let expected = match face {
            Face::Ews(_) => body,
            // Notes of a contact are plain text there.
            Face::Graph => Body { format: BodyFormat::Text, text: Personal::from("x & y") },
        };
        assert_eq!((content.body, content.stamp), (Some(expected), Some(stamp(Kind::Contact, "2").to_string())));
    }
}

#[tokio::test]
async fn a_version_that_is_not_the_newest_is_neither_changed_nor_removed() {
    for face in STRICT_FACES {
        let place = Place::of(face).await;
        let item = create(&place, full(Kind::Task), "1").await;
        let on_the_phone = place.on_the_phone(Kind::Task, "1");
        place.simulator.phone(WEBER).edit(&on_the_phone, "item:Subject", Some("mine")).unwrap();
        let set: BTreeMap<Field, Value> = [(Field::Subject, Value::text("ours"))].into();
        assert_eq!(update(&place, ItemChange { set, ..change(Kind::Task, &item) }).await, Err(FailureKind::Conflict));
        let removal = Removal { kind: Kind::Task, item: item.clone(), manner: RemovalManner::ForGood };
        let outcomes = place.mailbox.delete(&[removal]).await.unwrap();
        assert!(matches!(outcomes.as_slice(), [Err(failure)] if failure.kind == FailureKind::Conflict));
        let view = place.simulator.mailbox(WEBER).unwrap();
        assert_eq!(view.tasks().len(), 1);
        assert_eq!(read(&place, Kind::Task, &item).await.fields.get(&Field::Subject), Some(&Value::text("mine")));
    }
}

#[tokio::test]
async fn items_are_removed_in_the_manner_that_was_asked_for_and_twice_is_no_trouble() {
    for face in FACES {
        let place = Place::of(face).await;
        let mut removals = Vec::new();
        for (kind, manner) in [
            (Kind::Event, RemovalManner::ToDeletedItems),
            (Kind::Task, RemovalManner::ForGood),
            (Kind::Contact, RemovalManner::ToDeletedItems),
        ] {
            removals.push(Removal { kind, item: create(&place, full(kind), "1").await, manner });
        }
        for _ in 0..2 {
            let outcomes = place.mailbox.delete(&removals[1..2]).await.unwrap();
            assert!(matches!(outcomes.as_slice(), [Ok(())]), "{outcomes:?}");
        }
        let outcomes = place.mailbox.delete(&removals).await.unwrap();
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
        let view = place.simulator.mailbox(WEBER).unwrap();
        // To Do has one way of removing: what goes, goes into Deleted Items.
        let kept = if face == Face::Graph { 3 } else { 2 };
        let counted = (view.items.len(), view.deleted().len(), place.simulator.mails_sent());
        assert_eq!(counted, (kept, kept, 0), "{face:?}");
    }
}

#[tokio::test]
async fn large_numbers_take_as_many_requests_as_batches() {
    let place = Place::new(Dialect::Strict).await;
    let folder = place.mailbox.folder(Kind::Contact).await.unwrap().id;
    let items: Vec<NewItem> = (0..230).map(|number| new_item(full(Kind::Contact), &number.to_string())).collect();
    let outcomes = place.mailbox.create(&folder, &items).await.unwrap();
    let ids: Vec<_> = outcomes.into_iter().map(|outcome| outcome.unwrap().id).collect();
    let read = place.mailbox.read(Kind::Contact, &ids).await.unwrap();
    for (number, content) in read.into_iter().enumerate() {
        let content = content.unwrap().unwrap();
        assert_eq!(
            (content.stamp, &content.item.id),
            (Some(stamp(Kind::Contact, &number.to_string()).to_string()), &ids[number])
        );
    }
    let counts = place.simulator.mailbox(WEBER).unwrap().counts;
    assert_eq!((counts.requests["CreateItem"], counts.requests["GetItem"]), (3, 5));
}
