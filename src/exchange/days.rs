//! Whole days, out of the instants that a server makes of them.

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, Time},
    tz::TimeZone,
};

use crate::domain::Span;

/// The days that two midnights enclose: midnights in the event's zone (by its IANA name), in the office's, or in UTC, whichever
/// fits. A server may give back a whole day as it was written, or as the same instant in another zone.
pub(super) fn whole_days(office: &TimeZone, zone_name: &str, start: Timestamp, end: Timestamp) -> Span {
    let own = TimeZone::get(zone_name).unwrap_or(TimeZone::UTC);
    let begins_at_midnight = |zone: &&TimeZone| zone.to_datetime(start).time() == Time::midnight();
    let utc = TimeZone::UTC;
    let zone = [&own, office, &utc].into_iter().find(begins_at_midnight);
    let half_a_day = SignedDuration::from_hours(12);
    // No midnight anywhere: the nearest one in the event's zone.
    let shift = if zone.is_some() { SignedDuration::ZERO } else { half_a_day };
    let zone = zone.unwrap_or(&own);
    let day = |moment: Timestamp| -> Date { zone.to_datetime(moment.checked_add(shift).unwrap_or(moment)).date() };
    let first = day(start);
    let end_day = day(end);
    let ends_at_midnight = !shift.is_zero() || zone.to_datetime(end).time() == Time::midnight();
    let last = if ends_at_midnight { end_day.yesterday().unwrap_or(end_day) } else { end_day };
    Span::AllDay { first, last: last.max(first) }
}
