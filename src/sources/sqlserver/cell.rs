use std::fmt::Write as _;

use jiff::civil::{Date, date};
use tiberius::{
    ColumnData,
    numeric::Numeric,
    time::{DateTime2, Time},
};

use crate::sources::cell::{Cell, number};

/// Ticks of 100 nanoseconds, the finest that SQL Server counts.
const SECOND: u64 = 10_000_000;
const DAY: u64 = 86_400 * SECOND;

/// A value as a cell.
pub(super) fn cell(value: ColumnData<'static>) -> Cell {
    known(value).unwrap_or(Cell::Null)
}

fn known(value: ColumnData<'static>) -> Option<Cell> {
    Some(match value {
        ColumnData::U8(number) => Cell::Integer(number?.into()),
        ColumnData::I16(number) => Cell::Integer(number?.into()),
        ColumnData::I32(number) => Cell::Integer(number?.into()),
        ColumnData::I64(number) => Cell::Integer(number?),
        // By way of the shortest text: 0.1 stays 0.1.
        ColumnData::F32(number) => Cell::Real(number?.to_string().parse().unwrap_or(f64::from(number?))),
        // Amounts of money are asked for as decimals; in a sql_variant they are numbers with a fraction.
        ColumnData::F64(number) => Cell::Real(number?),
        ColumnData::Bit(bit) => Cell::Integer(bit?.into()),
        ColumnData::String(text) => written(text?.into_owned()),
        ColumnData::Guid(guid) => Cell::Text(guid?.to_string()),
        ColumnData::Binary(bytes) => Cell::Blob(bytes?.into_owned()),
        ColumnData::Numeric(decimal) => number(&digits(decimal?)),
        ColumnData::Xml(xml) => Cell::Text(xml?.as_ref().as_ref().to_owned()),
        ColumnData::DateTime(moment) => {
            let moment = moment?;
            // Three-hundredths of a second, shown as thousandths: .000, .003, .007.
            let thousandths = (u64::from(moment.seconds_fragments()) * 10 + 1) / 3;
            wall(day_after(date(1900, 1, 1), moment.days().into()), thousandths * (SECOND / 1000))
        }
        ColumnData::SmallDateTime(moment) => {
            let moment = moment?;
            wall(day_after(date(1900, 1, 1), moment.days().into()), u64::from(moment.seconds_fragments()) * 60 * SECOND)
        }
        ColumnData::Time(time) => Cell::Text(clock(ticks(time?).min(DAY - 1))),
        ColumnData::Date(day) => {
            day_after(date(1, 1, 1), day?.days().into()).map_or_else(no_day, |day| Cell::Text(day.to_string()))
        }
        ColumnData::DateTime2(moment) => moment2(moment?),
        ColumnData::DateTimeOffset(moment) => match moment2(moment?.datetime2()) {
            // On the wire it is in UTC.
            Cell::Text(wall) => Cell::Text(format!("{}Z", wall.replacen(' ', "T", 1))),
            other => other,
        },
    })
}

/// Text; the driver puts U+FFFD in the place of what is no character.
fn written(text: String) -> Cell {
    if text.contains('\u{fffd}') { Cell::Garbled(text) } else { Cell::Text(text) }
}

fn moment2(moment: DateTime2) -> Cell {
    wall(day_after(date(1, 1, 1), moment.date().days().into()), ticks(moment.time()))
}

/// Ticks since midnight; a full day's worth of them is midnight of the next day.
fn ticks(time: Time) -> u64 {
    let finer = 10_u64.pow(u32::from(7_u8.saturating_sub(time.scale())));
    time.increments().saturating_mul(finer)
}

fn day_after(first: Date, days: i64) -> Option<Date> {
    first.checked_add(jiff::Span::new().try_days(days).ok()?).ok()
}

/// A wall-clock time. Servers say 24:00:00 for what they rounded up to midnight: that is the next day's.
fn wall(day: Option<Date>, ticks: u64) -> Cell {
    let later = i64::try_from(ticks / DAY).unwrap_or(i64::MAX);
    match day.and_then(|day| day_after(day, later)) {
        Some(day) => Cell::Text(format!("{day} {}", clock(ticks % DAY))),
        None => no_day(),
    }
}

/// A day outside the calendar, which is none.
fn no_day() -> Cell {
    Cell::Text("a day outside the calendar".to_owned())
}

fn clock(ticks: u64) -> String {
    let seconds = ticks / SECOND;
    let mut text = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if !ticks.is_multiple_of(SECOND) {
        // Writing into a text cannot fail.
        let _ = write!(text, ".{:07}", ticks % SECOND);
        text.truncate(text.trim_end_matches('0').len());
    }
    text
}

/// The digits of a decimal, exactly, with as many after the point as its type has.
fn digits(decimal: Numeric) -> String {
    let scale = usize::from(decimal.scale());
    let sign = if decimal.value() < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", decimal.value().unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}")
}

/// A value to be bound. One that is NULL is written into the statement instead.
pub(super) fn bind(query: &mut tiberius::Query<'static>, cell: Cell) {
    match cell {
        Cell::Null => {}
        Cell::Integer(number) => query.bind(number),
        Cell::Real(number) => query.bind(number),
        Cell::Text(text) | Cell::Garbled(text) => query.bind(text),
        Cell::Blob(bytes) => query.bind(bytes),
    }
}

#[cfg(test)]
mod tests;
