//! Events. <https://learn.microsoft.com/graph/api/resources/event>
//!
//! A store keeps instants and the zone in which an event was made; Graph shows them in the zone that a request prefers, UTC
//! without one. A whole day is a day wherever one reads it: it is shown from midnight to midnight in whatever zone.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Map, Value, json};

use super::{
    answer::Refused,
    attendees,
    call::Call,
    extended,
    fields::{body, instant, is, list, put, set, set_body, set_list, text, word_of_ews, word_of_graph},
    recurrence, times,
};
use crate::simulator::ews::Properties;

const START: &str = "calendar:Start";
const END: &str = "calendar:End";
const START_ZONE: &str = "calendar:StartTimeZone";
const END_ZONE: &str = "calendar:EndTimeZone";
const ALL_DAY: &str = "calendar:IsAllDayEvent";
/// A client's own id of one creation: asked twice, a store makes one event.
pub(super) const TRANSACTION: &str = "kept:TransactionId";
/// What was asked for then.
pub(super) const TRANSACTION_BODY: &str = "kept:TransactionBody";

const WORDS: &[(&str, &str, &str)] = &[
    ("importance", "item:Importance", "normal"),
    ("sensitivity", "item:Sensitivity", "normal"),
    ("showAs", "calendar:LegacyFreeBusyStatus", "busy"),
];

/// Writes what a body says into the properties of an event.
pub(super) fn apply(body: &Map<String, Value>, properties: &mut Properties) -> Result<(), Refused> {
    for (name, value) in body {
        match name.as_str() {
            "subject" => set(properties, "item:Subject", value.as_str()),
            "body" => set_body(properties, value),
            "categories" => set_list(properties, "item:Categories", value),
            "start" => time(value, name, START, START_ZONE, properties)?,
            "end" => time(value, name, END, END_ZONE, properties)?,
            "isAllDay" => set(properties, ALL_DAY, Some(if *value == Value::Bool(true) { "true" } else { "false" })),
            "isReminderOn" => {
                set(properties, "item:ReminderIsSet", Some(if *value == Value::Bool(true) { "true" } else { "false" }));
            }
            "reminderMinutesBeforeStart" => {
                let minutes = value.as_i64().map(|minutes| minutes.to_string());
                set(properties, "item:ReminderMinutesBeforeStart", minutes.as_deref());
            }
            "location" => set(properties, "calendar:Location", value.get("displayName").and_then(Value::as_str)),
            "locations" if !body.contains_key("location") => {
                let first = value.get(0).and_then(|place| place.get("displayName"));
                set(properties, "calendar:Location", first.and_then(Value::as_str));
            }
            "recurrence" => recurrence::apply(value, "calendar:Recurrence", properties)?,
            "attendees" => attendees::apply(value, properties),
            "transactionId" => set(properties, TRANSACTION, value.as_str()),
            name => {
                if let Some((_, path, _)) = WORDS.iter().find(|(known, ..)| *known == name) {
                    set(properties, path, value.as_str().map(word_of_graph).as_deref());
                }
            }
        }
    }
    extended::apply_from(body, properties)?;
    check(properties)
}

fn time(value: &Value, name: &str, path: &str, zone_path: &str, properties: &mut Properties) -> Result<(), Refused> {
    if let Some(local) = times::read(value, name)? {
        set(properties, path, Some(&times::moment(local.instant)));
        set(properties, zone_path, Some(local.zone));
    }
    Ok(())
}

/// What must be so of every event that is stored.
fn check(properties: &Properties) -> Result<(), Refused> {
    let (Some(start), Some(end)) = (instant(properties, START), instant(properties, END)) else {
        return Err(Refused::bad("ErrorInvalidRequest", "An event needs a start and an end."));
    };
    if !is(properties, ALL_DAY) {
        return Ok(());
    }
    let (start_zone, end_zone) = (zone_of(properties, START_ZONE), zone_of(properties, END_ZONE));
    if text(properties, START_ZONE) != text(properties, END_ZONE) {
        let text = "The Start and End of an event that lasts all day must be in the same time zone.";
        return Err(Refused::bad("ErrorInvalidRequest", text));
    }
    let (first, last) = (start.to_zoned(start_zone), end.to_zoned(end_zone));
    // A zone that skips midnight begins its day later.
    let begins = |day: &jiff::Zoned| day.start_of_day().is_ok_and(|begin| begin == *day);
    if !begins(&first) || !begins(&last) {
        let text = "The Start and End of an event that lasts all day must be set to midnight.";
        return Err(Refused::bad("ErrorInvalidRequest", text));
    }
    if last.date() <= first.date() {
        let text = "The duration of an event marked as All day must be at least 24 hours.";
        return Err(Refused::bad("ErrorInvalidRequest", text));
    }
    Ok(())
}

fn zone_of(properties: &Properties, path: &str) -> TimeZone {
    let name = text(properties, path).unwrap_or_else(|| "UTC".to_owned());
    times::zone(&name).map_or(TimeZone::UTC, |(_, zone)| zone)
}

/// The properties of an event as an entity.
pub(super) fn show(call: &Call<'_>, properties: &Properties, entity: &mut Map<String, Value>) {
    let prefer = &call.asked.prefer;
    let all_day = is(properties, ALL_DAY);
    for (name, path, zone_path) in [("start", START, START_ZONE), ("end", END, END_ZONE)] {
        let (shown, zone) = prefer.zone.clone().unwrap_or_else(|| ("UTC".to_owned(), TimeZone::UTC));
        let zone = if all_day { zone_of(properties, zone_path) } else { zone };
        let at = instant(properties, path).unwrap_or(Timestamp::UNIX_EPOCH);
        let civil = at.to_zoned(zone).datetime();
        entity.insert(name.to_owned(), times::write(if all_day { civil.date().at(0, 0, 0, 0) } else { civil }, &shown));
    }
    put(entity, "subject", Some(text(properties, "item:Subject").unwrap_or_default()));
    entity.insert("body".to_owned(), body(properties, Some(prefer.body.as_deref().unwrap_or("html"))));
    let preview = super::fields::body_text(properties).unwrap_or_default();
    put(entity, "bodyPreview", Some(preview.chars().take(255).collect()));
    entity.insert("categories".to_owned(), list(properties, "item:Categories"));
    for (name, path, default) in WORDS {
        put(
            entity,
            name,
            Some(text(properties, path).map_or_else(|| (*default).to_owned(), |word| word_of_ews(&word))),
        );
    }
    entity.insert("isAllDay".to_owned(), json!(all_day));
    entity.insert("isReminderOn".to_owned(), json!(is(properties, "item:ReminderIsSet")));
    let minutes = text(properties, "item:ReminderMinutesBeforeStart").and_then(|text| text.parse::<i32>().ok());
    entity.insert("reminderMinutesBeforeStart".to_owned(), json!(minutes));
    let place = text(properties, "calendar:Location").unwrap_or_default();
    let location = json!({"displayName": place, "locationType": "default", "uniqueIdType": "unknown"});
    entity.insert("locations".to_owned(), if place.is_empty() { json!([]) } else { json!([location]) });
    entity.insert("location".to_owned(), location);
    let series = properties.contains_key("calendar:Recurrence");
    let zone = text(properties, START_ZONE);
    entity.insert(
        "recurrence".to_owned(),
        recurrence::show(properties, "calendar:Recurrence", zone.as_deref()).unwrap_or_default(),
    );
    put(entity, "type", Some(if series { "seriesMaster" } else { "singleInstance" }.to_owned()));
    put(entity, "originalStartTimeZone", zone);
    put(entity, "originalEndTimeZone", text(properties, END_ZONE));
    put(entity, "iCalUId", text(properties, "calendar:UID"));
    put(entity, "transactionId", text(properties, TRANSACTION));
    entity.insert("attendees".to_owned(), attendees::show(properties));
    let organizer = json!({"emailAddress": {"name": call.mailbox, "address": call.mailbox}});
    entity.insert("organizer".to_owned(), organizer);
    entity.insert("responseStatus".to_owned(), json!({"response": "organizer", "time": "0001-01-01T00:00:00Z"}));
    for name in ["isCancelled", "isDraft", "hasAttachments", "isOnlineMeeting", "hideAttendees"] {
        entity.insert(name.to_owned(), json!(false));
    }
    for name in ["isOrganizer", "responseRequested", "allowNewTimeProposals"] {
        entity.insert(name.to_owned(), json!(true));
    }
    for name in ["seriesMasterId", "onlineMeetingUrl"] {
        entity.insert(name.to_owned(), Value::Null);
    }
}

/// Whether an event, or a series from its first to its last day, touches a window.
pub(super) fn touches(properties: &Properties, from: Timestamp, to: Timestamp) -> bool {
    let (Some(start), Some(end)) = (instant(properties, START), instant(properties, END)) else { return false };
    let end = match recurrence::show(properties, "calendar:Recurrence", None) {
        None => end,
        Some(recurrence) => match recurrence["range"]["type"].as_str() {
            Some("endDate") => recurrence["range"]["endDate"]
                .as_str()
                .and_then(|day| day.parse::<jiff::civil::Date>().ok()?.tomorrow().ok())
                .and_then(|day| day.to_zoned(TimeZone::UTC).ok())
                .map_or(Timestamp::MAX, |day| day.timestamp()),
            // Where a count ends is not worked out: it is taken as endless.
            _ => Timestamp::MAX,
        },
    };
    start < to && (end > from || (start == end && start >= from))
}
