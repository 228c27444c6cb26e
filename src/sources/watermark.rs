//! Where the next hinted read begins: the ordered value of the source's own `changed` column.
//!
//! A cursor is a hint, never the truth: sweeps and content reads find what it misses. It is of the source's own type (a time
//! as text, a counter, a pair of numbers, bytes), is never ahead of the database's own clock, and reaches back by an overlap,
//! because a change may be committed later than the time it carries.

use jiff::{SignedDuration, Timestamp, civil::DateTime};

use super::{
    cell::{Cell, hex},
    convert::{Converter, clarion_date, clarion_days, clarion_ticks, clarion_time},
    mapping::Query,
    rows::{Moment, moment_of},
    settings::SourceZone,
};
use crate::ports::Cursor;

/// A value of `changed`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Mark {
    /// A time as ISO 8601 text.
    Time(String),
    /// A number.
    Number(i64),
    /// Two numbers, the first one coarser.
    Pair(i64, i64),
    /// Bytes, compared one by one.
    Bytes(Vec<u8>),
}

/// The highest `changed` of the rows that were read.
#[derive(Clone, Debug, Default)]
pub(super) struct Watermark {
    highest: Option<Mark>,
    unordered: bool,
}

/// How far to reach back, and the clocks that are needed for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach<'r> {
    /// For times, in minutes.
    pub(super) overlap_minutes: u32,
    /// The zone of the database's wall clock.
    pub(super) zone: &'r SourceZone,
    /// The database's own clock.
    pub(super) now: Timestamp,
    /// The lowest counter that a change may carry which was not committed when the reading began, where the database says it.
    pub(super) uncommitted_from: Option<&'r Cell>,
}

impl Reach<'_> {
    /// The highest counter below which everything was committed when the reading began.
    fn committed(self) -> Option<Mark> {
        match self.uncommitted_from? {
            Cell::Integer(from) => Some(Mark::Number(from.saturating_sub(1))),
            Cell::Blob(from) => Some(Mark::Bytes(less(from, 1))),
            _ => None,
        }
    }
}

/// What a counter's cursor needs and does not have.
#[derive(Debug, thiserror::Error)]
#[error("`changed` of the query `{0}` is a counter, and nothing says how far a late commit may lie behind")]
pub(super) struct NoOverlap(String);

impl Watermark {
    /// Notes the `changed` of a row.
    pub(super) fn see(&mut self, changed: &Cell, second: Option<&Cell>) {
        if changed.is_blank() || second.is_some_and(Cell::is_blank) {
            return;
        }
        let mark = match (changed, second) {
            (Cell::Integer(first), Some(Cell::Integer(second))) => Mark::Pair(*first, *second),
            (Cell::Integer(number), None) => Mark::Number(*number),
            (Cell::Blob(bytes), None) if bytes.len() <= 16 => Mark::Bytes(bytes.clone()),
            (Cell::Text(text), None) => match shape(text) {
                Some(_) => Mark::Time(text.clone()),
                // A "never" date of one row is no reason to distrust the column.
                None if text.len() >= 10
                    && text.starts_with(|first: char| first.is_ascii_digit())
                    && !orderly(text) =>
                {
                    self.unordered = true;
                    return;
                }
                None => return,
            },
            _ => {
                self.unordered = true;
                return;
            }
        };
        match self.highest.as_ref().map(|highest| highest.is_below(&mark)) {
            None | Some(Some(true)) => self.highest = Some(mark),
            Some(Some(false)) => {}
            Some(None) => self.unordered = true,
        }
    }

    /// Whether `changed` has no order that a cursor could use: the query must then be read in full.
    pub(super) fn is_unordered(&self) -> bool {
        self.unordered
    }

    /// The cursor for the next read, not behind `previous` and not ahead of the database's clock.
    pub(super) fn cursor(&self, query: &Query, previous: Option<&Cursor>, reach: Reach<'_>) -> Option<Cursor> {
        if self.unordered {
            return None;
        }
        // What the database itself counts was seen up to there, whether or not a row carries it.
        if let Some(mark) = reach.committed() {
            return Some(mark.cursor());
        }
        let previous = previous.and_then(Mark::of);
        let mark = match (&self.highest, previous) {
            (None, None) => return None,
            (None, Some(previous)) => previous,
            (Some(highest), Some(previous)) if highest.is_below(&previous) == Some(true) => previous,
            (Some(highest), _) => highest.clone(),
        };
        Some(mark.not_after(query, reach).cursor())
    }
}

/// The values from which a hinted read begins, to be bound as `:cursor` and `:cursor_2`. `None`: the cursor is not one of this
/// version or of this column, and everything must be read.
pub(super) fn bound(
    cursor: &Cursor,
    query: &Query,
    reach: Reach<'_>,
) -> Result<Option<(Cell, Option<Cell>)>, NoOverlap> {
    let Some(mark) = Mark::of(cursor) else { return Ok(None) };
    let unit = Unit::of(query);
    let mark = mark.not_after(query, reach);
    let overlap = SignedDuration::from_mins(i64::from(reach.overlap_minutes));
    // Where the database says from where changes may still come, the cursor stays below that and nothing more is needed.
    let told = reach.uncommitted_from.map(|_| 0);
    let counter = || query.overlap.or(told).ok_or_else(|| NoOverlap(query.name.0.clone()));
    let number = |number: i64, less: u64| number.saturating_sub(i64::try_from(less).unwrap_or(i64::MAX));
    Ok(match (mark, unit) {
        (Mark::Time(text), _) => back(&text, overlap).map(|text| (Cell::Text(text), None)),
        (Mark::Number(seconds), Unit::Seconds) => {
            Some((Cell::Integer(seconds.saturating_sub(overlap.as_secs())), None))
        }
        (Mark::Number(millis), Unit::Millis) => {
            Some((Cell::Integer(millis.saturating_sub(overlap.as_secs().saturating_mul(1000))), None))
        }
        (Mark::Number(days), Unit::Clarion) => {
            Some((Cell::Integer(days.saturating_sub(1 + overlap.as_hours() / 24)), None))
        }
        (Mark::Number(count), Unit::Count) => Some((Cell::Integer(number(count, counter()?)), None)),
        (Mark::Pair(days, ticks), Unit::Clarion) => {
            let (days, ticks) = clarion(days, ticks)
                .and_then(|wall| wall.checked_sub(overlap).ok())
                .map_or((days.saturating_sub(1), 0), |wall| (clarion_days(wall.date()), clarion_ticks(wall.time())));
            Some((Cell::Integer(days), Some(Cell::Integer(ticks))))
        }
        (Mark::Pair(first, _), _) => Some((Cell::Integer(number(first, counter()?)), Some(Cell::Integer(i64::MIN)))),
        (Mark::Bytes(bytes), _) => Some((Cell::Blob(less(&bytes, counter()?)), None)),
    })
}

/// What numbers of `changed` count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Count,
    Seconds,
    Millis,
    Clarion,
}

impl Unit {
    fn of(query: &Query) -> Self {
        match query.converters.get("changed") {
            Some(Converter::UnixSeconds) => Self::Seconds,
            Some(Converter::UnixMillis) => Self::Millis,
            Some(Converter::ClarionDate) => Self::Clarion,
            _ => Self::Count,
        }
    }
}

impl Mark {
    /// Whether it is below another one; `None` when they are of different types.
    fn is_below(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Time(one), Self::Time(other)) => Some(one < other),
            (Self::Number(one), Self::Number(other)) => Some(one < other),
            (Self::Pair(first, second), Self::Pair(other_first, other_second)) => {
                Some((first, second) < (other_first, other_second))
            }
            (Self::Bytes(one), Self::Bytes(other)) => Some(one < other),
            _ => None,
        }
    }

    fn not_after(self, query: &Query, reach: Reach<'_>) -> Self {
        let wall = reach.now.to_zoned(reach.zone.zone().clone()).datetime();
        let now = match (&self, Unit::of(query)) {
            (Self::Time(text), _) => {
                let now = if text.ends_with('Z') { jiff::tz::TimeZone::UTC.to_datetime(reach.now) } else { wall };
                Self::Time(like(text, now))
            }
            (Self::Number(_), Unit::Seconds) => Self::Number(reach.now.as_second()),
            (Self::Number(_), Unit::Millis) => Self::Number(reach.now.as_millisecond()),
            (Self::Number(_), Unit::Clarion) => Self::Number(clarion_days(wall.date())),
            (Self::Pair(..), Unit::Clarion) => Self::Pair(clarion_days(wall.date()), clarion_ticks(wall.time())),
            (Self::Number(_), Unit::Count) | (Self::Bytes(_), _) => match reach.committed() {
                Some(mark) => mark,
                None => return self,
            },
            _ => return self,
        };
        if now.is_below(&self) == Some(true) { now } else { self }
    }

    fn cursor(&self) -> Cursor {
        Cursor(match self {
            Self::Time(text) => format!("time {text}"),
            Self::Number(number) => format!("number {number}"),
            Self::Pair(first, second) => format!("pair {first} {second}"),
            Self::Bytes(bytes) => {
                format!("bytes {}", hex(bytes))
            }
        })
    }

    fn of(cursor: &Cursor) -> Option<Self> {
        let (sort, value) = cursor.0.split_once(' ')?;
        match sort {
            "time" => shape(value).map(|_| Self::Time(value.to_owned())),
            "number" => value.parse().ok().map(Self::Number),
            "pair" => {
                let (first, second) = value.split_once(' ')?;
                Some(Self::Pair(first.parse().ok()?, second.parse().ok()?))
            }
            "bytes" => {
                let digits: Vec<char> = value.chars().collect();
                let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).ok();
                digits
                    .chunks(2)
                    .map(byte)
                    .collect::<Option<Vec<u8>>>()
                    .filter(|bytes| bytes.len() <= 16)
                    .map(Self::Bytes)
            }
            _ => None,
        }
    }
}

/// The parsed form of a time whose order as text is its order in time: `2026-11-22 09:30:00`, with a blank or a `T`, fractions
/// or not, nothing or a `Z` at the end, or the day alone.
fn shape(text: &str) -> Option<DateTime> {
    if !orderly(text) {
        return None;
    }
    match moment_of(text).ok()? {
        Moment::Day(date) => Some(date.to_datetime(jiff::civil::Time::midnight())),
        Moment::Wall(wall) => Some(wall),
        Moment::Instant(instant) => Some(jiff::tz::TimeZone::UTC.to_datetime(instant)),
    }
}

fn orderly(text: &str) -> bool {
    let bytes = text.as_bytes();
    let dashed = bytes.get(4) == Some(&b'-') && bytes.get(7) == Some(&b'-');
    let separated = matches!(bytes.get(10), None | Some(b' ' | b'T'));
    let zoned = text.get(10..).is_some_and(|rest| rest.contains(['+', '-', '[']));
    dashed && separated && !zoned
}

/// A wall-clock time written like that text, to the second.
fn like(text: &str, wall: DateTime) -> String {
    let separator = text.get(10..11).unwrap_or_default();
    let form = match text.len() {
        0..=10 => "%Y-%m-%d".to_owned(),
        11..=16 => format!("%Y-%m-%d{separator}%H:%M"),
        _ => format!("%Y-%m-%d{separator}%H:%M:%S"),
    };
    let zulu = if text.len() > 10 && text.ends_with('Z') { "Z" } else { "" };
    format!("{}{zulu}", wall.strftime(&form))
}

/// A time that much earlier, in a form that sorts before every form of the same second.
fn back(text: &str, overlap: SignedDuration) -> Option<String> {
    let earlier = shape(text)?.checked_sub(overlap).ok()?;
    let written = like(text, earlier);
    Some(written.trim_end_matches('Z').to_owned())
}

fn clarion(days: i64, ticks: i64) -> Option<DateTime> {
    let date = clarion_date(days).ok()?;
    let time = clarion_time(ticks.max(1)).ok()?;
    Some(date.to_datetime(time))
}

/// Bytes as a number, less an amount, in as many bytes.
fn less(bytes: &[u8], amount: u64) -> Vec<u8> {
    let number = bytes.iter().fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
    let number = number.saturating_sub(u128::from(amount)).to_be_bytes();
    number.get(16 - bytes.len().min(16)..).unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests;
