//! Times as EWS writes them. <https://learn.microsoft.com/en-us/exchange/client-developer/exchange-web-services/time-zones-and-ews-in-exchange>

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::{Offset, TimeZone},
};

/// The zone for a Windows id.
pub(super) fn windows_zone(id: &str) -> Option<TimeZone> {
    TimeZone::get(crate::domain::zone::iana(id)?).ok()
}

/// A dateTime with or without its offset.
fn split(text: &str) -> Option<(DateTime, Option<Offset>)> {
    let text = text.trim();
    if let Some(civil) = text.strip_suffix('Z') {
        return Some((civil.parse().ok()?, Some(Offset::UTC)));
    }
    let (date, time) = text.split_once('T')?;
    let Some(place) = time.find(['+', '-']) else { return Some((text.parse().ok()?, None)) };
    let (clock, offset) = time.split_at_checked(place)?;
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    let seconds = hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().ok()? * 60;
    let seconds = if offset.starts_with('-') { -seconds } else { seconds };
    Some((format!("{date}T{clock}").parse().ok()?, Some(Offset::from_seconds(seconds).ok()?)))
}

/// Whether it is an `xs:dateTime`.
pub(super) fn is_date_time(text: &str) -> bool {
    text.contains('T') && split(text).is_some()
}

/// Whether it is an `xs:date`, which may have a zone too.
pub(super) fn is_date(text: &str) -> bool {
    let date = text.trim_end_matches('Z');
    let date = if date.len() > 10 { date.get(..10).unwrap_or_default() } else { date };
    date.parse::<Date>().is_ok()
}

/// The instant: with an offset it is absolute, without one it is read in this zone. A time that the zone skips is moved
/// forward, one that it has twice is the earlier.
pub(super) fn instant(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    match split(text)? {
        (civil, Some(offset)) => offset.to_timestamp(civil).ok(),
        (civil, None) => zone.to_ambiguous_zoned(civil).compatible().ok().map(|zoned| zoned.timestamp()),
    }
}

/// As it is kept: in UTC, to the second.
pub(super) fn kept(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_wins_over_the_zone() {
        let zone = windows_zone("W. Europe Standard Time").expect("a zone");
        let read = |text| instant(text, &zone).map(kept);
        assert_eq!(read("2026-07-01T09:00:00").as_deref(), Some("2026-07-01T07:00:00Z"));
        assert_eq!(read("2026-07-01T09:00:00Z").as_deref(), Some("2026-07-01T09:00:00Z"));
        assert_eq!(read("2026-07-01T09:00:00.500-05:30").as_deref(), Some("2026-07-01T14:30:00Z"));
        assert_eq!(read("tomorrow"), None);
        assert!(!is_date_time("2026-07-01"));
    }
}
