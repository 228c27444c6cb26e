//! Records, bodies and changes of every shape, for the tests of each protocol.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use jiff::{Timestamp, civil::Date};
use proptest::{collection, option, prelude::*};

use crate::{
    domain::{
        Body, BodyFormat, ChangeKey, Field, FirmId, Importance, ItemId, ItemRef, Kind, Personal, PostalAddress, Record,
        RecordKey, Reminder, Sensitivity, ShowAs, Span, Stamp, TaskStatus, Value,
    },
    ports::{ItemChange, NewItem, StampChange},
};

/// The reference data beside the repository, where it is there.
pub(super) fn reference(path: &str) -> Option<PathBuf> {
    let found = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/domain").join(path);
    if !found.exists() {
        #[expect(clippy::print_stderr, reason = "a skipped test says so")]
        {
            eprintln!("skipped: {} is not there", found.display());
        }
    }
    found.exists().then_some(found)
}

pub(super) fn item(name: &str) -> ItemRef {
    ItemRef { id: ItemId(name.to_owned()), change_key: ChangeKey("DwAA".to_owned()) }
}

pub(super) fn stamp(kind: Kind) -> Stamp {
    Stamp { firm: FirmId([7; 16]), key: RecordKey::new(kind, "main", "17 & \u{e9}") }
}

pub(super) fn new_item(record: Record, body: Option<Body>) -> NewItem {
    NewItem { stamp: Some(stamp(record.kind)), record: Arc::new(record), body, replaces: None }
}

fn moment() -> impl Strategy<Value = Timestamp> {
    // 1901 to 2199
    (-2_177_452_800_i64..7_226_582_400).prop_map(|second| Timestamp::from_second(second).unwrap())
}

fn day() -> impl Strategy<Value = Date> {
    (1901_i16..2199, 1_i8..13, 1_i8..29).prop_map(|(year, month, day)| Date::new(year, month, day).unwrap())
}

/// Anything a database may hold, what XML cannot hold included.
pub(super) fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9 äöüß&<>\"'%/@.:#+-]{1,20}",
        ".{0,12}",
        "[\\x00-\\x20a\u{fffe}\u{ffff}]{0,6}",
        Just(String::new())
    ]
}

/// What comes back as it was: as the practice side yields it.
pub(super) fn plain_text() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9äöüß&<>\"'%/@.:+-]{1,20}(\n[ a-z]{1,9})?"
}

fn zone() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["Europe/Zurich", "America/New_York", "Asia/Kolkata", "UTC", "Nowhere/At_All"])
        .prop_map(str::to_owned)
}

/// A value that a field can have.
pub(super) fn value(field: Field, texts: BoxedStrategy<String>) -> BoxedStrategy<Value> {
    match field {
        Field::Categories => collection::btree_set(texts, 0..4).prop_map(Value::Categories).boxed(),
        Field::Sensitivity => prop::sample::select(vec![
            Sensitivity::Normal,
            Sensitivity::Personal,
            Sensitivity::Private,
            Sensitivity::Confidential,
        ])
        .prop_map(Value::Sensitivity)
        .boxed(),
        Field::BusinessAddress | Field::HomeAddress | Field::OtherAddress => collection::vec(texts, 5)
            .prop_map(|parts| {
                let [street, city, state, postal_code, country] = <[String; 5]>::try_from(parts).unwrap();
                Value::Address(Personal::new(PostalAddress { street, city, state, postal_code, country }))
            })
            .boxed(),
        Field::Birthday | Field::StartDate | Field::DueDate => day().prop_map(Value::Date).boxed(),
        Field::Span => prop_oneof![
            (day(), 0_i64..40).prop_map(|(first, days)| {
                Span::AllDay { first, last: first.saturating_add(jiff::Span::new().days(days)) }
            }),
            (moment(), 0_i64..1_000_000, zone()).prop_map(|(start, seconds, zone)| Span::Timed {
                start,
                end: start + jiff::SignedDuration::from_secs(seconds),
                zone,
            }),
        ]
        .prop_map(Value::Span)
        .boxed(),
        Field::Reminder => prop_oneof![
            Just(Reminder::Off),
            any::<u32>().prop_map(Reminder::MinutesBefore),
            moment().prop_map(Reminder::At),
        ]
        .prop_map(Value::Reminder)
        .boxed(),
        Field::ShowAs => {
            prop::sample::select(vec![ShowAs::Free, ShowAs::Tentative, ShowAs::Busy, ShowAs::Away, ShowAs::Elsewhere])
                .prop_map(Value::ShowAs)
                .boxed()
        }
        Field::Status => prop::sample::select(vec![
            TaskStatus::NotStarted,
            TaskStatus::InProgress,
            TaskStatus::Completed,
            TaskStatus::Waiting,
            TaskStatus::Deferred,
        ])
        .prop_map(Value::Status)
        .boxed(),
        Field::PercentComplete => any::<u8>().prop_map(Value::Percent).boxed(),
        Field::Importance => prop::sample::select(vec![Importance::Low, Importance::Normal, Importance::High])
            .prop_map(Value::Importance)
            .boxed(),
        _ => texts.prop_map(Value::text).boxed(),
    }
}

/// A record with any of its kind's fields, each with a value, NULL or not selected.
pub(super) fn record(kind: Kind, texts: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = Record> {
    let texts = texts.boxed();
    let fields: Vec<_> = Field::ALL
        .iter()
        .filter(|field| field.belongs_to(kind))
        .map(|field| {
            let value = option::weighted(0.8, value(*field, texts.clone()));
            option::weighted(0.6, value).prop_map(move |value| (*field, value))
        })
        .collect();
    fields.prop_map(move |fields| Record {
        kind,
        fields: fields.into_iter().filter_map(|(field, value)| Some((field, value?))).collect(),
    })
}

pub(super) fn body() -> impl Strategy<Value = Option<Body>> {
    option::of((any::<bool>(), any_text()).prop_map(|(html, text)| Body {
        format: if html { BodyFormat::Html } else { BodyFormat::Text },
        text: Personal::new(text),
    }))
}

/// The change that sets what a record has and clears what it has as NULL.
pub(super) fn change(record: &Record, body: Option<Body>) -> ItemChange {
    let set: BTreeMap<Field, Value> =
        record.fields.iter().filter_map(|(field, value)| Some((*field, value.clone()?))).collect();
    let clear: BTreeSet<Field> =
        record.fields.iter().filter(|(_, value)| value.is_none()).map(|(field, _)| *field).collect();
    ItemChange { kind: record.kind, item: item("AAMk"), set, clear, body, stamp: StampChange::Set(stamp(record.kind)) }
}
