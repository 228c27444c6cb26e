use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, DateTime, Time},
    fmt::temporal::{Pieces, PiecesOffset},
    tz::{AmbiguousOffset, TimeZone},
};

use super::raw::Wrong;

/// When something is, as far as the database says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sources) enum Moment {
    /// A day, without a time.
    Day(Date),
    /// A time on the wall of the office.
    Wall(DateTime),
    /// A moment, the same everywhere.
    Instant(Timestamp),
}

/// Why a wall-clock time is not what it seems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shift {
    /// It falls into the hour that summer time skips, and was moved forward by as much.
    Gap,
    /// It happens twice; the earlier one was taken.
    Fold,
}

impl Shift {
    /// For a row problem.
    pub(super) fn sentence(self) -> &'static str {
        match self {
            Self::Gap => "this time does not exist, summer time skips it: moved forward by as much",
            Self::Fold => "this time happens twice when summer time ends: the earlier one was taken",
        }
    }
}

/// The instant of a wall-clock time. A time in a gap moves forward by the gap, one in an overlap is the earlier instant.
pub(super) fn instant_of(wall: DateTime, zone: &TimeZone) -> Result<(Timestamp, Option<Shift>), Wrong> {
    let ambiguous = zone.to_ambiguous_timestamp(wall);
    let shift = match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => None,
        AmbiguousOffset::Gap { .. } => Some(Shift::Gap),
        AmbiguousOffset::Fold { .. } => Some(Shift::Fold),
    };
    let instant = ambiguous.compatible().map_err(|_| OUTSIDE)?;
    Ok((instant, shift))
}

const OUTSIDE: Wrong = "this date is outside the years 1900 to 2200";

/// A day that a phone can show. Zero dates and "never" dates are mistakes of the database, not days.
pub(super) fn date_of(date: Date) -> Result<Date, Wrong> {
    if (1900..=2200).contains(&date.year()) { Ok(date) } else { Err(OUTSIDE) }
}

/// A day, or a day and a time, from ISO 8601 text, with a blank for the `T` if need be. With an offset it is an instant.
pub(in crate::sources) fn moment_of(text: &str) -> Result<Moment, Wrong> {
    let wrong = "this is no date such as 2026-11-22 or 2026-11-22 09:30";
    if text.starts_with("0000") {
        return Err("this is a zero date");
    }
    let (text, next_day) = without_hour_24(text);
    let pieces = Pieces::parse(text.as_ref()).map_err(|_| wrong)?;
    let date = if next_day { pieces.date().tomorrow().map_err(|_| OUTSIDE)? } else { pieces.date() };
    let date = date_of(date)?;
    let Some(time) = pieces.time() else { return Ok(Moment::Day(date)) };
    let wall = date.to_datetime(time);
    match pieces.offset() {
        None => Ok(Moment::Wall(wall)),
        Some(PiecesOffset::Zulu) => TimeZone::UTC.to_timestamp(wall).map(Moment::Instant).map_err(|_| OUTSIDE),
        Some(offset) => offset.to_numeric_offset().to_timestamp(wall).map(Moment::Instant).map_err(|_| OUTSIDE),
    }
}

/// A time of day from text, and whether it is the next day's (24:00).
pub(in crate::sources) fn time_of(text: &str) -> Result<(Time, bool), Wrong> {
    let (text, next_day) = without_hour_24(text);
    // Some databases give a time column a day of its own (1900-01-01, 1899-12-30).
    let alone = text.rsplit([' ', 'T']).next().unwrap_or_default();
    let time = alone.parse().map_err(|_| "this is no time of day such as 09:30")?;
    Ok((time, next_day))
}

/// SQL Server and others write the end of a day as 24:00 now and then; nobody else knows that hour.
fn without_hour_24(text: &str) -> (std::borrow::Cow<'_, str>, bool) {
    let time_at = text.rfind([' ', 'T']).map_or(0, |at| at + 1);
    match text.get(time_at..) {
        Some(time)
            if time.starts_with("24:00") && time.bytes().skip(3).all(|byte| matches!(byte, b'0' | b':' | b'.')) =>
        {
            (text.replace("24:00", "00:00").into(), true)
        }
        _ => (text.into(), false),
    }
}

/// When an event that lasts some minutes ends.
pub(super) fn after_minutes(start: Timestamp, minutes: i64) -> Result<Timestamp, Wrong> {
    let wrong = "this length is no sensible number of minutes";
    if !(0..=60 * 24 * 366).contains(&minutes) {
        return Err(wrong);
    }
    start.checked_add(SignedDuration::from_mins(minutes)).map_err(|_| wrong)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").expect("bundled")
    }

    #[test]
    fn a_time_in_the_gap_moves_forward_by_the_gap() {
        let (instant, shift) = instant_of(date(2026, 3, 29).at(2, 30, 0, 0), &berlin()).expect("resolves");
        assert_eq!(instant.to_string(), "2026-03-29T01:30:00Z");
        assert_eq!(shift, Some(Shift::Gap));
    }

    #[test]
    fn a_time_that_happens_twice_is_the_earlier_one() {
        let (instant, shift) = instant_of(date(2026, 10, 25).at(2, 30, 0, 0), &berlin()).expect("resolves");
        assert_eq!(instant.to_string(), "2026-10-25T00:30:00Z");
        assert_eq!(shift, Some(Shift::Fold));
    }

    #[test]
    fn dates_are_read_in_the_forms_that_databases_use() {
        let day = date(2026, 11, 22);
        assert_eq!(moment_of("2026-11-22"), Ok(Moment::Day(day)));
        assert_eq!(moment_of("2026-11-22 09:30"), Ok(Moment::Wall(day.at(9, 30, 0, 0))));
        assert_eq!(moment_of("2026-11-22T09:30:15.250"), Ok(Moment::Wall(day.at(9, 30, 15, 250_000_000))));
        assert_eq!(moment_of("2026-11-22 24:00:00"), Ok(Moment::Wall(date(2026, 11, 23).at(0, 0, 0, 0))));
        let instant = "2026-11-22T08:30:00Z".parse().expect("a timestamp");
        assert_eq!(moment_of("2026-11-22T08:30:00Z"), Ok(Moment::Instant(instant)));
        assert_eq!(moment_of("2026-11-22 09:30:00+01:00"), Ok(Moment::Instant(instant)));
    }

    #[test]
    fn what_is_no_date_of_ours_is_refused() {
        for text in
            ["", "soon", "0000-00-00 00:00:00", "0000-01-01", "9999-12-31", "1899-12-31", "2026-02-30", "22.11.2026"]
        {
            assert!(moment_of(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_may_carry_a_meaningless_day() {
        assert_eq!(time_of("1899-12-30 09:30:00"), Ok((Time::constant(9, 30, 0, 0), false)));
        assert_eq!(time_of("24:00"), Ok((Time::midnight(), true)));
        assert!(time_of("nine").is_err());
    }
}
