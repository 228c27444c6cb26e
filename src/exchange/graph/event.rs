//! Events. <https://learn.microsoft.com/graph/api/resources/event>
//!
//! Never an attendee: Graph has no way to save an event with one and mail nobody. Times are asked for in UTC, where no hour
//! comes twice; whole days are midnights in the office's zone.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::{
    codec::Codec,
    entity::{Entity, clean, lines, text},
    times::{self, Local},
};
use crate::{
    domain::{Bound, Field, Reminder, Sensitivity, ShowAs, Span, Value, zone},
    exchange::days::whole_days,
};

/// The schema of EWS ends here (five years), and the store is the same.
const LONGEST_REMINDER: u32 = 2_629_800;

pub(super) fn write(
    codec: &Codec,
    fields: &BTreeMap<Field, Option<&Value>>,
    current: Option<&Json>,
    entity: &mut Entity,
) {
    for (field, value) in fields {
        match (field, value) {
            (Field::Location, Some(Value::Text(text))) => {
                entity.set("location", json!({ "displayName": clean(text.reveal()) }));
            }
            (Field::Location, _) => entity.set("location", json!({ "displayName": "" })),
            (Field::ShowAs, Some(Value::ShowAs(value))) => entity.set("showAs", show_as(*value)),
            (Field::ShowAs, _) => entity.set("showAs", show_as(ShowAs::Busy)),
            (Field::Sensitivity, Some(Value::Sensitivity(value))) => entity.set("sensitivity", sensitivity(*value)),
            (Field::Sensitivity, _) => entity.set("sensitivity", sensitivity(Sensitivity::Normal)),
            (Field::Span, Some(Value::Span(span))) => write_span(codec, span, entity),
            (Field::Reminder, value) => {
                let value = match value {
                    Some(Value::Reminder(value)) => *value,
                    _ => Reminder::Off,
                };
                let start = match fields.get(&Field::Span) {
                    Some(Some(Value::Span(Span::Timed { start, .. }))) => Some(*start),
                    Some(_) => None,
                    None => current.and_then(|current| Local::read(current.get("start"))?.instant()),
                };
                write_reminder(value, start, entity);
            }
            // An event without time does not exist.
            _ => {}
        }
    }
}

/// Whether what stands in the mailbox must be known before this can be written: a reminder is minutes before a start.
pub(super) fn needs_current(field: Field, value: Option<&Value>, has_span: bool) -> bool {
    field == Field::Reminder && !has_span && matches!(value, Some(Value::Reminder(Reminder::At(_))))
}

fn write_reminder(value: Reminder, start: Option<Timestamp>, entity: &mut Entity) {
    let minutes = match (value, start) {
        (Reminder::Off, _) | (Reminder::At(_), None) => None,
        (Reminder::MinutesBefore(minutes), _) => Some(minutes),
        (Reminder::At(moment), Some(start)) => {
            let minutes = start.duration_since(moment).as_secs().max(0) / 60;
            Some(u32::try_from(minutes).unwrap_or(u32::MAX))
        }
    };
    entity.set("isReminderOn", minutes.is_some());
    if let Some(minutes) = minutes {
        entity.set("reminderMinutesBeforeStart", minutes.min(LONGEST_REMINDER));
    }
}

fn write_span(codec: &Codec, span: &Span, entity: &mut Entity) {
    let (start, end, whole_days) = match span {
        Span::AllDay { first, last } => {
            let zone = times::windows(&codec.zone_name);
            let after = last.max(first).tomorrow().unwrap_or(*last);
            (times::midnight(*first, zone), times::midnight(after, zone), true)
        }
        Span::Timed { start, end, zone } => (times::in_zone(*start, zone), times::in_zone(*end, zone), false),
    };
    entity.set("start", start);
    entity.set("end", end);
    entity.set("isAllDay", whole_days);
}

fn show_as(value: ShowAs) -> &'static str {
    match value {
        ShowAs::Free => "free",
        ShowAs::Tentative => "tentative",
        ShowAs::Busy => "busy",
        ShowAs::Away => "oof",
        ShowAs::Elsewhere => "workingElsewhere",
    }
}

/// Graph's word for it.
pub(super) fn sensitivity(value: Sensitivity) -> &'static str {
    match value {
        Sensitivity::Normal => "normal",
        Sensitivity::Personal => "personal",
        Sensitivity::Private => "private",
        Sensitivity::Confidential => "confidential",
    }
}

/// Properties to ask for.
pub(super) fn asked(names: &mut Vec<&'static str>) {
    names.extend([
        "subject",
        "body",
        "location",
        "start",
        "end",
        "isAllDay",
        "originalStartTimeZone",
        "showAs",
        "sensitivity",
        "isReminderOn",
        "reminderMinutesBeforeStart",
        "attendees",
        "isOrganizer",
        "type",
    ]);
}

/// Whether other people are on it, or it stands for several days.
pub(super) fn bound(entity: &Json) -> Option<Bound> {
    let others = entity.get("attendees").and_then(Json::as_array).is_some_and(|attendees| !attendees.is_empty());
    if others || entity.get("isOrganizer").and_then(Json::as_bool) == Some(false) {
        return Some(Bound::Meeting);
    }
    let alone = text(entity, "type").is_none_or(|word| word.eq_ignore_ascii_case("singleInstance"));
    (!alone).then_some(Bound::Series)
}

pub(super) fn read(codec: &Codec, entity: &Json, put: &mut impl FnMut(Field, Option<Value>)) {
    put(Field::Subject, text(entity, "subject").map(|text| Value::text(lines(text))));
    let location = entity.get("location").and_then(|location| text(location, "displayName"));
    put(Field::Location, location.map(|text| Value::text(lines(text))));
    put(Field::Span, read_span(codec, entity).map(Value::Span));
    put(Field::ShowAs, text(entity, "showAs").and_then(read_show_as));
    put(Field::Sensitivity, text(entity, "sensitivity").and_then(sensitivity_of).map(Value::Sensitivity));
    let minutes = entity.get("reminderMinutesBeforeStart").and_then(Json::as_u64);
    let reminder = match (entity.get("isReminderOn").and_then(Json::as_bool), minutes) {
        (Some(true), Some(minutes)) => Some(Reminder::MinutesBefore(u32::try_from(minutes).unwrap_or(u32::MAX))),
        (Some(false), _) => Some(Reminder::Off),
        _ => None,
    };
    put(Field::Reminder, reminder.map(Value::Reminder));
}

fn read_show_as(word: &str) -> Option<Value> {
    let known = [ShowAs::Free, ShowAs::Tentative, ShowAs::Busy, ShowAs::Away, ShowAs::Elsewhere];
    known.into_iter().find(|known| show_as(*known).eq_ignore_ascii_case(word)).map(Value::ShowAs)
}

/// What Graph means by that word.
pub(super) fn sensitivity_of(word: &str) -> Option<Sensitivity> {
    let known = [Sensitivity::Normal, Sensitivity::Personal, Sensitivity::Private, Sensitivity::Confidential];
    known.into_iter().find(|known| sensitivity(*known).eq_ignore_ascii_case(word))
}

fn read_span(codec: &Codec, entity: &Json) -> Option<Span> {
    let start_local = Local::read(entity.get("start"))?;
    let start = start_local.instant()?;
    let end_local = Local::read(entity.get("end"));
    let end = end_local.as_ref().and_then(Local::instant).unwrap_or(start).max(start);
    let original = text(entity, "originalStartTimeZone").unwrap_or_default().trim();
    // Many names share a Windows id: ours is meant if it is one of them, and where the id says nothing to us.
    let is_ours = original.eq_ignore_ascii_case(times::windows(&codec.zone_name))
        || original.eq_ignore_ascii_case(&codec.zone_name);
    let named = zone::iana(original).or_else(|| times::known(original).map(|_| original));
    let zone_name = named.filter(|_| !is_ours).unwrap_or(&codec.zone_name);
    if entity.get("isAllDay").and_then(Json::as_bool) == Some(true) {
        return Some(whole_days(&codec.zone, zone_name, start, end));
    }
    Some(Span::Timed { start, end, zone: zone_name.to_owned() })
}
