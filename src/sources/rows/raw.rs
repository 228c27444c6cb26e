use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time},
};

use super::time::{Moment, date_of, moment_of, time_of};
use crate::sources::{cell::Cell, convert::Converted};

/// What is wrong with one value, without the value.
pub(in crate::sources) type Wrong = &'static str;

/// A value on its way from a cell to a field: after value map and converter, before it is understood.
#[derive(Clone, PartialEq)]
pub(in crate::sources) enum Raw {
    /// Nothing: NULL or blanks.
    Nothing,
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Real(f64),
    /// Text, not blank.
    Text {
        /// The text.
        text: String,
        /// Whether its encoding was broken.
        garbled: bool,
    },
    /// Bytes that are no text.
    Bytes(Vec<u8>),
    /// A day, from a converter.
    Date(Date),
    /// A time of day, from a converter.
    Time(Time),
    /// A moment, from a converter.
    Instant(Timestamp),
}

impl From<Converted> for Raw {
    fn from(converted: Converted) -> Self {
        match converted {
            Converted::Cell(cell) => cell.into(),
            Converted::Date(date) => Self::Date(date),
            Converted::Time(time) => Self::Time(time),
            Converted::Instant(instant) => Self::Instant(instant),
        }
    }
}

impl From<Cell> for Raw {
    fn from(cell: Cell) -> Self {
        if cell.is_blank() {
            return Self::Nothing;
        }
        match cell {
            Cell::Null => Self::Nothing,
            Cell::Integer(number) => Self::Integer(number),
            Cell::Real(number) => Self::Real(number),
            Cell::Text(text) => Self::Text { text, garbled: false },
            Cell::Garbled(text) => Self::Text { text, garbled: true },
            Cell::Blob(bytes) => Self::Bytes(bytes),
        }
    }
}

impl Raw {
    /// As text; numbers are written out.
    pub(in crate::sources) fn text(self) -> Result<Option<String>, Wrong> {
        match self {
            Self::Nothing => Ok(None),
            Self::Integer(number) => Ok(Some(number.to_string())),
            Self::Real(number) => Ok(Some(number.to_string())),
            Self::Text { text, .. } => Ok(Some(text)),
            Self::Bytes(bytes) => String::from_utf8(bytes).map(Some).map_err(|_| "these bytes are no text"),
            Self::Date(date) => Ok(Some(date.to_string())),
            Self::Time(time) => Ok(Some(time.to_string())),
            Self::Instant(instant) => Ok(Some(instant.to_string())),
        }
    }

    /// Yes or no.
    pub(in crate::sources) fn flag(self) -> Result<Option<bool>, Wrong> {
        let wrong = "this is neither yes nor no";
        match self {
            Self::Nothing => Ok(None),
            Self::Integer(0) => Ok(Some(false)),
            // -1 is what Access and Clarion call true.
            Self::Integer(1 | -1) => Ok(Some(true)),
            // A BIT(1) comes as a byte from some databases.
            Self::Bytes(bytes) if bytes == [0] => Ok(Some(false)),
            Self::Bytes(bytes) if bytes == [1] => Ok(Some(true)),
            Self::Text { text, .. } => match text.trim().to_lowercase().as_str() {
                "1" | "-1" | "yes" | "y" | "true" | "t" | "on" | "ja" | "j" => Ok(Some(true)),
                "0" | "no" | "n" | "false" | "f" | "off" | "nein" => Ok(Some(false)),
                _ => Err(wrong),
            },
            _ => Err(wrong),
        }
    }

    /// A whole number.
    pub(in crate::sources) fn integer(self) -> Result<Option<i64>, Wrong> {
        let wrong = "this is no whole number";
        match self {
            Self::Nothing => Ok(None),
            Self::Integer(number) => Ok(Some(number)),
            #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
            Self::Real(number) if number.fract() == 0.0 && number.abs() < 9.0e15 => Ok(Some(number as i64)),
            Self::Text { text, .. } => text.trim().parse().map(Some).map_err(|_| wrong),
            _ => Err(wrong),
        }
    }

    /// A day, or a day and a time, as the database's wall clock or as an instant.
    pub(in crate::sources) fn moment(self) -> Result<Option<Moment>, Wrong> {
        match self {
            Self::Nothing => Ok(None),
            Self::Date(date) => date_of(date).map(|date| Some(Moment::Day(date))),
            Self::Instant(instant) => Ok(Some(Moment::Instant(instant))),
            Self::Text { text, .. } => moment_of(text.trim()).map(Some),
            Self::Integer(_) | Self::Real(_) => Err("this is a number, not a date; a converter says what it counts"),
            Self::Time(_) | Self::Bytes(_) => Err("this is no date"),
        }
    }

    /// A time of day; 24:00 is the next day's midnight.
    pub(in crate::sources) fn time(self) -> Result<Option<TimeOfDay>, Wrong> {
        match self {
            Self::Nothing => Ok(None),
            Self::Time(time) => Ok(Some(TimeOfDay { time, next_day: false })),
            Self::Text { text, .. } => {
                let (time, next_day) = time_of(text.trim())?;
                Ok(Some(TimeOfDay { time, next_day }))
            }
            _ => Err("this is no time of day such as 09:30"),
        }
    }
}

/// A time of day from a column of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sources) struct TimeOfDay {
    time: Time,
    next_day: bool,
}

impl TimeOfDay {
    /// This time on a day.
    pub(in crate::sources) fn on(self, date: Date) -> Result<DateTime, Wrong> {
        let date = if self.next_day { date.tomorrow().map_err(|_| "this day has no tomorrow")? } else { date };
        Ok(date.to_datetime(self.time))
    }
}
