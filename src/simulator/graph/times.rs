//! Times as Graph writes them: a time without an offset beside the name of a zone, which is Windows' or IANA's.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::{Value, json};

use super::answer::Refused;
use crate::domain::zone;

/// The Windows id and the rules of a zone by either name.
pub(super) fn zone(name: &str) -> Result<(&'static str, TimeZone), Refused> {
    let found = match zone::iana(name) {
        Some(iana) => zone::windows_id(iana).zip(TimeZone::get(iana).ok()),
        None => zone::windows_id(name).zip(TimeZone::get(name).ok()),
    };
    found.ok_or_else(|| {
        Refused::bad(
            "TimeZoneNotSupportedException",
            format!("A valid TimeZone value must be specified. '{name}' is not supported."),
        )
    })
}

/// A `dateTimeTimeZone` of a request.
#[derive(Debug)]
pub(super) struct Local {
    pub(super) civil: DateTime,
    /// Its Windows id.
    pub(super) zone: &'static str,
    pub(super) instant: Timestamp,
}

/// Reads a `dateTimeTimeZone`; `None` for null.
pub(super) fn read(value: &Value, property: &str) -> Result<Option<Local>, Refused> {
    let Value::Object(fields) = value else { return Ok(None) };
    let text = fields.get("dateTime").and_then(Value::as_str).unwrap_or_default();
    let wrong = || {
        let text = format!("'{text}' in '{property}' is not a date and time without an offset.");
        Refused::bad("ErrorInvalidRequest", text)
    };
    let civil: DateTime = text.parse().map_err(|_| wrong())?;
    // A parser that takes an offset and ignores it would hide a client's mistake.
    if text.get(10..).is_some_and(|time| time.contains(['Z', 'z', '+', '-'])) {
        return Err(wrong());
    }
    let (windows, zone) = zone(fields.get("timeZone").and_then(Value::as_str).unwrap_or("UTC"))?;
    let instant = zone.to_ambiguous_zoned(civil).compatible().map_err(|_| wrong())?.timestamp();
    Ok(Some(Local { civil, zone: windows, instant }))
}

/// Writes a `dateTimeTimeZone`.
pub(super) fn write(civil: DateTime, zone: &str) -> Value {
    json!({"dateTime": format!("{}.0000000", civil.strftime("%Y-%m-%dT%H:%M:%S")), "timeZone": zone})
}

/// An instant as entities show it.
pub(super) fn moment(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
