//! Events.
//!
//! Timed events travel as instants in UTC, so that a server with old daylight-saving rules cannot move them, and carry the
//! office's zone for Outlook to show. Whole days travel as wall-clock midnights in that zone: midnight by the server's own
//! rules is what makes it keep them as whole days.
//! <https://learn.microsoft.com/exchange/client-developer/exchange-web-services/time-zones-and-ews-in-exchange>

use std::collections::BTreeMap;

use super::{
    codec::{Codec, instant, read_flag, read_instant, read_text, reminder, windows_zone},
    property::{Content, Path, Property},
    soap::ServerVersion,
};
use crate::{
    domain::{Bound, Field, Reminder, ShowAs, Span, Value, zone},
    exchange::days::whole_days,
    xml::Element,
};

pub(super) fn set(codec: &Codec, version: ServerVersion, fields: &BTreeMap<Field, &Value>) -> Vec<Property> {
    let mut properties = Vec::new();
    let span = match fields.get(&Field::Span) {
        Some(Value::Span(span)) => Some(span),
        _ => None,
    };
    if let Some(span) = span {
        set_span(codec, span, &mut properties);
    }
    for (field, value) in fields {
        match (field, value) {
            (Field::Location, Value::Text(text)) => {
                properties.push(Property::text("calendar:Location", "Location", text.reveal()));
            }
            (Field::ShowAs, Value::ShowAs(value)) => properties.push(show_as(version, *value)),
            (Field::Reminder, Value::Reminder(value)) => properties.extend(reminder(before_start(*value, span))),
            _ => {}
        }
    }
    properties
}

/// Exchange keeps the reminder of an event as minutes before its start.
fn before_start(value: Reminder, span: Option<&Span>) -> Reminder {
    match (value, span) {
        (Reminder::At(moment), Some(Span::Timed { start, .. })) => {
            let minutes = start.duration_since(moment).as_secs().max(0) / 60;
            Reminder::MinutesBefore(u32::try_from(minutes).unwrap_or(u32::MAX))
        }
        (other, _) => other,
    }
}

fn set_span(codec: &Codec, span: &Span, properties: &mut Vec<Property>) {
    let (start, end, whole_days, zone) = match span {
        Span::AllDay { first, last } => {
            let after = last.max(first).tomorrow().unwrap_or(*last);
            (format!("{first}T00:00:00"), format!("{after}T00:00:00"), "true", codec.zone_name.as_str())
        }
        Span::Timed { start, end, zone } => (instant(*start), instant(*end), "false", zone.as_str()),
    };
    let zone = windows_zone(zone);
    let zones = [("calendar:StartTimeZone", "StartTimeZone"), ("calendar:EndTimeZone", "EndTimeZone")];
    // Zones first: they say how the times after them are meant.
    properties.extend(
        zones.map(|(uri, element)| Property { path: Path::Field(uri), content: Some(Content::Zone(element, zone)) }),
    );
    properties.push(Property::text("calendar:Start", "Start", start));
    properties.push(Property::text("calendar:End", "End", end));
    properties.push(Property::text("calendar:IsAllDayEvent", "IsAllDayEvent", whole_days));
}

fn show_as(version: ServerVersion, value: ShowAs) -> Property {
    let word = match value {
        ShowAs::Free => "Free",
        ShowAs::Tentative => "Tentative",
        ShowAs::Away => "OOF",
        // Exchange 2010 does not know the word.
        ShowAs::Elsewhere if version >= ServerVersion::Exchange2013 => "WorkingElsewhere",
        ShowAs::Busy | ShowAs::Elsewhere => "Busy",
    };
    Property::text("calendar:LegacyFreeBusyStatus", "LegacyFreeBusyStatus", word)
}

pub(super) fn clear(field: Field) -> Vec<Property> {
    match field {
        Field::Location => vec![Property::none(Path::Field("calendar:Location"))],
        Field::ShowAs => vec![Property::text("calendar:LegacyFreeBusyStatus", "LegacyFreeBusyStatus", "Busy")],
        // An event without time does not exist.
        _ => Vec::new(),
    }
}

pub(super) fn paths(version: ServerVersion, paths: &mut Vec<Path>) {
    let zone =
        if version >= ServerVersion::Exchange2013 { "calendar:StartTimeZoneId" } else { "calendar:StartTimeZone" };
    paths.extend(
        [
            "item:ReminderIsSet",
            "item:ReminderMinutesBeforeStart",
            "calendar:Start",
            "calendar:End",
            "calendar:IsAllDayEvent",
            "calendar:LegacyFreeBusyStatus",
            "calendar:Location",
            "calendar:IsMeeting",
            "calendar:CalendarItemType",
            zone,
        ]
        .map(Path::Field),
    );
}

/// Whether other people are on it, or it stands for several days.
pub(super) fn bound(element: &Element) -> Option<Bound> {
    let alone = element.text_of("CalendarItemType").is_none_or(|word| word.trim() == "Single");
    if read_flag(element, "IsMeeting") == Some(true) { Some(Bound::Meeting) } else { (!alone).then_some(Bound::Series) }
}

pub(super) fn read(codec: &Codec, element: &Element, put: &mut impl FnMut(Field, Option<Value>)) {
    put(Field::Subject, read_text(element, "Subject"));
    put(Field::Location, read_text(element, "Location"));
    put(Field::Span, read_span(codec, element).map(Value::Span));
    put(Field::ShowAs, element.text_of("LegacyFreeBusyStatus").and_then(read_show_as));
    let minutes = element.text_of("ReminderMinutesBeforeStart").and_then(|text| text.trim().parse().ok());
    put(
        Field::Reminder,
        match (read_flag(element, "ReminderIsSet"), minutes) {
            (Some(true), Some(minutes)) => Some(Value::Reminder(Reminder::MinutesBefore(minutes))),
            (Some(false), _) => Some(Value::Reminder(Reminder::Off)),
            _ => None,
        },
    );
}

fn read_show_as(word: &str) -> Option<Value> {
    Some(Value::ShowAs(match word.trim() {
        "Free" => ShowAs::Free,
        "Tentative" => ShowAs::Tentative,
        "Busy" => ShowAs::Busy,
        "OOF" => ShowAs::Away,
        "WorkingElsewhere" => ShowAs::Elsewhere,
        _ => return None,
    }))
}

fn read_span(codec: &Codec, element: &Element) -> Option<Span> {
    let start = read_instant(element.text_of("Start")?)?;
    let end = element.text_of("End").and_then(read_instant).unwrap_or(start).max(start);
    let windows = element
        .text_of("StartTimeZoneId")
        .or_else(|| element.child("StartTimeZone").and_then(|zone| zone.attribute("Id")))
        .map(str::trim)
        .unwrap_or_default();
    // Many names share a Windows id: ours is meant if it is one of them, and where the id says nothing to us.
    let is_ours = windows.eq_ignore_ascii_case(windows_zone(&codec.zone_name));
    let zone_name = if is_ours { None } else { zone::iana(windows) }.unwrap_or(&codec.zone_name);
    if read_flag(element, "IsAllDayEvent") == Some(true) {
        return Some(whole_days(&codec.zone, zone_name, start, end));
    }
    Some(Span::Timed { start, end, zone: zone_name.to_owned() })
}
