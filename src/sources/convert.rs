//! Converters: what SQL does badly, by name.
//!
//! Each takes one cell and gives something that a column of that meaning can be read from. They know no zone and no clock.

mod clarion;
mod html;
mod written;

use std::str::FromStr;

pub(super) use clarion::{clarion_date, clarion_days, clarion_ticks, clarion_time};
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
    /// A day as people write it, such as `24.12.2026`: day, month, year.
    DayMonthYear,
    /// A day as people write it, such as `12/24/2026`: month, day, year.
    MonthDayYear,
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
    const NAMES: [(&'static str, Self); 8] = [
        ("clarion-date", Self::ClarionDate),
        ("clarion-time", Self::ClarionTime),
        ("unix-seconds", Self::UnixSeconds),
        ("unix-millis", Self::UnixMillis),
        ("iso-duration", Self::IsoDuration),
        ("html-to-text", Self::HtmlToText),
        ("day-month-year", Self::DayMonthYear),
        ("month-day-year", Self::MonthDayYear),
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
            Self::DayMonthYear | Self::MonthDayYear => {
                matches!(meaning, Meaning::Date(_) | Meaning::Start(TimePart::Date) | Meaning::End(TimePart::Date))
            }
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
            Self::DayMonthYear | Self::MonthDayYear => match &cell {
                Cell::Text(text) if self == Self::DayMonthYear => written::day_month_year(text).map(Converted::Date),
                Cell::Text(text) => written::month_day_year(text).map(Converted::Date),
                _ => Err("this is no written day"),
            },
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
mod tests;
