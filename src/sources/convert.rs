//! Converters: what SQL does badly, by name.
//!
//! Each takes one cell and gives something that a column of that meaning can be read from. They know no zone and no clock.

mod html;

use std::str::FromStr;

use jiff::{
    Timestamp,
    civil::{Date, Time},
};

use super::{
    cell::Cell,
    mapping::{Meaning, TimePart},
};

/// A named conversion of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Converter {
    /// Days since 1800-12-28; 0 is no day. <http://clarion.help/doku.php?id=standard_date.htm>
    ClarionDate,
    /// Hundredths of a second since midnight, plus one; 0 is no time. <http://clarion.help/doku.php?id=standard_time.htm>
    ClarionTime,
    /// Seconds since 1970-01-01 00:00 UTC.
    UnixSeconds,
    /// Milliseconds since 1970-01-01 00:00 UTC.
    UnixMillis,
    /// A duration such as `PT1H30M`, in minutes.
    IsoDuration,
    /// The text of HTML.
    HtmlToText,
}

/// What a converter makes of a cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Converted {
    /// The cell as it is (NULL stays NULL).
    Cell(Cell),
    /// A day.
    Date(Date),
    /// A time of day.
    Time(Time),
    /// A moment.
    Instant(Timestamp),
}

impl Converter {
    const NAMES: [(&'static str, Self); 6] = [
        ("clarion-date", Self::ClarionDate),
        ("clarion-time", Self::ClarionTime),
        ("unix-seconds", Self::UnixSeconds),
        ("unix-millis", Self::UnixMillis),
        ("iso-duration", Self::IsoDuration),
        ("html-to-text", Self::HtmlToText),
    ];

    /// Whether it makes sense for columns of this meaning.
    pub fn fits(self, meaning: Meaning) -> bool {
        match self {
            Self::ClarionDate => matches!(
                meaning,
                Meaning::Changed
                    | Meaning::Date(_)
                    | Meaning::Start(TimePart::Whole | TimePart::Date)
                    | Meaning::End(TimePart::Whole | TimePart::Date)
            ),
            Self::ClarionTime => matches!(
                meaning,
                Meaning::ChangedSecond | Meaning::Start(TimePart::Time) | Meaning::End(TimePart::Time)
            ),
            Self::UnixSeconds | Self::UnixMillis => matches!(
                meaning,
                Meaning::Changed
                    | Meaning::Date(_)
                    | Meaning::ReminderAt
                    | Meaning::Start(TimePart::Whole)
                    | Meaning::End(TimePart::Whole)
            ),
            Self::IsoDuration => matches!(meaning, Meaning::Duration | Meaning::ReminderMinutes),
            Self::HtmlToText => matches!(meaning, Meaning::Text(_) | Meaning::MatterName),
        }
    }

    /// Converts one cell. The error says what is wrong, never what the cell says.
    pub(super) fn convert(self, cell: Cell) -> Result<Converted, &'static str> {
        if cell.is_blank() {
            return Ok(Converted::Cell(Cell::Null));
        }
        match self {
            Self::ClarionDate => match whole(&cell)? {
                0 => Ok(Converted::Cell(Cell::Null)),
                days => clarion_date(days).map(Converted::Date),
            },
            Self::ClarionTime => match whole(&cell)? {
                0 => Ok(Converted::Cell(Cell::Null)),
                ticks => clarion_time(ticks).map(Converted::Time),
            },
            Self::UnixSeconds => Timestamp::from_second(whole(&cell)?)
                .map(Converted::Instant)
                .map_err(|_| "these seconds are outside the calendar"),
            Self::UnixMillis => Timestamp::from_millisecond(whole(&cell)?)
                .map(Converted::Instant)
                .map_err(|_| "these milliseconds are outside the calendar"),
            Self::IsoDuration => match &cell {
                Cell::Text(text) => iso_minutes(text.trim()).map(|minutes| Converted::Cell(Cell::Integer(minutes))),
                _ => Err("this is not a duration such as PT1H30M"),
            },
            Self::HtmlToText => Ok(Converted::Cell(match cell {
                Cell::Text(text) => Cell::Text(html::text_of(&text)),
                Cell::Garbled(text) => Cell::Garbled(html::text_of(&text)),
                other => other,
            })),
        }
    }
}

impl FromStr for Converter {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, converter)| *converter).ok_or_else(|| {
            let names = Self::NAMES.map(|(known, _)| known).join(", ");
            format!("there is no converter `{name}`; there are {names}")
        })
    }
}

/// The day of a Clarion date.
pub(super) fn clarion_date(days: i64) -> Result<Date, &'static str> {
    let first = jiff::civil::date(1800, 12, 28);
    jiff::Span::new()
        .try_days(days)
        .and_then(|span| first.checked_add(span))
        .map_err(|_| "this is no day of the Clarion calendar")
}

/// The days of a Clarion date.
pub(super) fn clarion_days(date: Date) -> i64 {
    i64::from(jiff::civil::date(1800, 12, 28).until(date).map_or(0, |span| span.get_days()))
}

/// The time of day of a Clarion time.
pub(super) fn clarion_time(ticks: i64) -> Result<Time, &'static str> {
    let hundredths = ticks.checked_sub(1).filter(|hundredths| (0..8_640_000).contains(hundredths));
    let hundredths = hundredths.ok_or("this is no Clarion time of day")?;
    Ok(Time::midnight().wrapping_add(jiff::SignedDuration::from_millis(hundredths * 10)))
}

/// The ticks of a Clarion time.
pub(super) fn clarion_ticks(time: Time) -> i64 {
    time.duration_since(Time::midnight()).as_millis().try_into().unwrap_or(0_i64) / 10 + 1
}

fn whole(cell: &Cell) -> Result<i64, &'static str> {
    match cell {
        Cell::Integer(number) => Ok(*number),
        Cell::Text(text) => text.trim().parse().map_err(|_| "this is not a whole number"),
        #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
        Cell::Real(number) if number.fract() == 0.0 && number.abs() < 9.0e15 => Ok(*number as i64),
        Cell::Null | Cell::Real(_) | Cell::Garbled(_) | Cell::Blob(_) => Err("this is not a whole number"),
    }
}

fn iso_minutes(text: &str) -> Result<i64, &'static str> {
    let wrong = "this is not a duration such as PT1H30M";
    let span: jiff::Span = text.parse().map_err(|_| wrong)?;
    let options = jiff::SpanTotal::from(jiff::Unit::Minute).days_are_24_hours();
    let minutes = span.total(options).map_err(|_| "a duration here is in weeks, days, hours and minutes")?;
    #[expect(clippy::cast_possible_truncation, reason = "a span of jiff is at most 20,000 years")]
    Ok(minutes.round() as i64)
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    #[test]
    fn clarion_days_and_times_are_as_documented() {
        assert_eq!(Converter::ClarionDate.convert(Cell::Integer(4)), Ok(Converted::Date(date(1801, 1, 1))));
        assert_eq!(Converter::ClarionDate.convert(Cell::Integer(0)), Ok(Converted::Cell(Cell::Null)));
        assert_eq!(Converter::ClarionTime.convert(Cell::Integer(1)), Ok(Converted::Time(time(0, 0, 0, 0))));
        assert_eq!(Converter::ClarionTime.convert(Cell::Integer(0)), Ok(Converted::Cell(Cell::Null)));
        let late = Converter::ClarionTime.convert(Cell::Integer(8_640_000));
        assert_eq!(late, Ok(Converted::Time(time(23, 59, 59, 990_000_000))));
        assert!(Converter::ClarionTime.convert(Cell::Integer(8_640_001)).is_err());
        assert!(Converter::ClarionDate.convert(Cell::Integer(i64::MAX)).is_err());
    }

    #[test]
    fn clarion_values_go_back_to_themselves() {
        for days in [1, 4, 82_000, 100_000] {
            assert_eq!(clarion_date(days).map(clarion_days), Ok(days));
        }
        for ticks in [1, 2, 100, 8_640_000] {
            assert_eq!(clarion_time(ticks).map(clarion_ticks), Ok(ticks));
        }
    }

    #[test]
    fn durations_become_minutes() {
        let minutes = |text: &str| Converter::IsoDuration.convert(Cell::Text(text.to_owned()));
        assert_eq!(minutes("PT1H30M"), Ok(Converted::Cell(Cell::Integer(90))));
        assert_eq!(minutes("-PT15M"), Ok(Converted::Cell(Cell::Integer(-15))));
        assert_eq!(minutes("P1D"), Ok(Converted::Cell(Cell::Integer(1440))));
        assert!(minutes("a while").is_err());
        assert!(minutes("P1Y").is_err());
    }

    #[test]
    fn unix_times_outside_the_calendar_are_refused() {
        assert!(Converter::UnixSeconds.convert(Cell::Integer(i64::MIN)).is_err());
        let moment = Converter::UnixMillis.convert(Cell::Integer(1_000));
        assert_eq!(moment, Ok(Converted::Instant(Timestamp::from_second(1).unwrap_or_default())));
    }
}
