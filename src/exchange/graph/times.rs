//! Times as Graph writes them: a time without an offset beside the name of a zone, which is Windows' or IANA's.
//! <https://learn.microsoft.com/graph/api/resources/datetimetimezone>

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::{AmbiguousOffset, TimeZone},
};
use serde_json::{Value as Json, json};

use crate::domain::zone;

/// A time as it stands in an entity.
#[derive(Clone, Debug)]
pub(super) struct Local {
    pub(super) civil: DateTime,
    pub(super) zone: TimeZone,
}

impl Local {
    /// Reads a `dateTimeTimeZone`. A zone that nobody knows is read as UTC.
    pub(super) fn read(value: Option<&Json>) -> Option<Self> {
        let value = value?;
        let text = value.get("dateTime")?.as_str()?.trim();
        let name = value.get("timeZone").and_then(Json::as_str).unwrap_or("UTC");
        if let Ok(instant) = text.parse::<Timestamp>() {
            return Some(Self { civil: TimeZone::UTC.to_datetime(instant), zone: TimeZone::UTC });
        }
        Some(Self { civil: text.parse().ok()?, zone: known(name).unwrap_or(TimeZone::UTC) })
    }

    pub(super) fn instant(&self) -> Option<Timestamp> {
        self.zone.to_timestamp(self.civil).ok()
    }
}

/// A zone by either name.
pub(super) fn known(name: &str) -> Option<TimeZone> {
    TimeZone::get(zone::iana(name).unwrap_or(name)).ok()
}

/// The Windows id for an IANA zone; UTC for one that Windows does not have.
pub(super) fn windows(name: &str) -> &'static str {
    zone::windows_id(name).unwrap_or("UTC")
}

/// An instant, exact, in UTC.
pub(super) fn utc(instant: Timestamp) -> Json {
    written(TimeZone::UTC.to_datetime(instant), "UTC")
}

/// An instant as people in this zone read it, so that Outlook shows the zone; in UTC where the zone says the same time twice
/// that day, or where the zone that goes by the same name with Windows has another time then (Zurich had no summer time in 1948
/// when Berlin had, and both are one for Windows).
pub(super) fn in_zone(instant: Timestamp, name: &str) -> Json {
    let Some(windows) = zone::windows_id(name) else { return utc(instant) };
    let (Ok(own), Some(read_as)) = (TimeZone::get(name), known(windows)) else { return utc(instant) };
    let civil = read_as.to_datetime(instant);
    let said_once = matches!(read_as.to_ambiguous_timestamp(civil).offset(), AmbiguousOffset::Unambiguous { .. });
    if said_once && own.to_datetime(instant) == civil { written(civil, windows) } else { utc(instant) }
}

/// The beginning of a day in this zone.
pub(super) fn midnight(day: Date, windows_zone: &str) -> Json {
    written(day.at(0, 0, 0, 0), windows_zone)
}

fn written(civil: DateTime, zone: &str) -> Json {
    json!({ "dateTime": civil.strftime("%Y-%m-%dT%H:%M:%S").to_string(), "timeZone": zone })
}

/// An instant with an offset, as in `createdDateTime`.
pub(super) fn moment(value: Option<&Json>) -> Option<Timestamp> {
    value?.as_str()?.trim().parse().ok()
}
