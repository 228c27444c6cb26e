use jiff::{
    Zoned,
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};

use super::{Answers, Findings, Table, findings::shown, firm::Firm};
use crate::{
    domain::Personal,
    sources::{
        cell::Cell,
        convert::{clarion_date, clarion_time},
        rows::{Moment, moment_of, time_of},
    },
};

/// Rows that are shown.
const ROWS: usize = 10;

/// A row as it is stored and as the office would read it.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The numbers, or what the database has in their place.
    pub stored: String,
    /// Day and time in the office's zone, or why there are none.
    pub means: String,
    /// What it is about, so that it can be found in Time Matters.
    pub about: Personal<String>,
}

/// The rows changed last, as day and time in the office's zone: appointments where their columns are known, to-do's otherwise.
#[must_use]
pub fn proof(findings: &Findings, answers: &Answers, source_zone: &TimeZone, office_zone: &TimeZone) -> Vec<Proof> {
    let firm = Firm { findings, answers };
    let Some((table, day, time, about)) = columns(&firm) else { return Vec::new() };
    let columns: Vec<&str> = [Some(day), Some(about), time].into_iter().flatten().collect();
    let zones = (source_zone, office_zone);
    let rows = findings.rows(table, &columns).into_iter();
    rows.filter_map(|row| of(&row, zones)).take(ROWS).collect()
}

/// A table with its columns for the day, the time and the words.
type Columns<'f> = (&'f Table, &'f str, Option<&'f str>, &'f str);

fn columns<'f>(firm: &Firm<'f>) -> Option<Columns<'f>> {
    let of_events = || {
        let table = firm.events()?;
        let column = |id| firm.column(table, id).map(|column| column.name.as_str());
        Some((table, column("events.start_date")?, column("events.start_time"), column("events.subject")?))
    };
    of_events().or_else(|| Some((firm.table("todo")?, "date", None, "desc")))
}

fn of(row: &[&Cell], zones: (&TimeZone, &TimeZone)) -> Option<Proof> {
    let (day, time) = (row.first()?, row.get(2).copied());
    let about = row.get(1).and_then(|cell| shown(cell)).unwrap_or_default();
    let about = Personal::new(about.chars().take(50).collect());
    let stored = [Some(shown(day)?), time.map(|time| shown(time).unwrap_or_default())];
    let stored = stored.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let means = match read_day(day)? {
        Err(wrong) => wrong.to_owned(),
        Ok(Moment::Instant(moment)) => written(&moment.to_zoned(zones.1.clone())),
        Ok(Moment::Wall(wall)) => means(wall.date(), Some(wall.time()), time, zones),
        Ok(Moment::Day(date)) => means(date, None, time, zones),
    };
    Some(Proof { stored, means, about })
}

/// A day with the time that it has with it, if any, and what a column of its own says of the time.
fn means(date: Date, of_day: Option<Time>, time: Option<&Cell>, zones: (&TimeZone, &TimeZone)) -> String {
    match time.map_or(Ok(None), read_time) {
        Err(wrong) => format!("{}, {wrong}", date.strftime("%a %d %b %Y")),
        Ok(alone) => match alone.or(of_day) {
            None => date.strftime("%a %d %b %Y, no time").to_string(),
            Some(time) => in_office(date.to_datetime(time), zones),
        },
    }
}

/// A day: counted from 1800, or one of the database's own, which may have its time with it. Nothing where there is none.
fn read_day(cell: &Cell) -> Option<Result<Moment, &'static str>> {
    match cell {
        Cell::Integer(0) => None,
        Cell::Integer(days) => Some(clarion_date(*days).map(Moment::Day)),
        Cell::Text(text) if !text.trim().is_empty() => Some(moment_of(text.trim())),
        _ => None,
    }
}

/// A time of day from a column of its own, in either way.
fn read_time(cell: &Cell) -> Result<Option<Time>, &'static str> {
    match cell {
        Cell::Integer(ticks) if *ticks != 0 => clarion_time(*ticks).map(Some),
        Cell::Text(text) if !text.trim().is_empty() => time_of(text.trim()).map(|(time, _)| Some(time)),
        _ => Ok(None),
    }
}

fn in_office(wall: DateTime, (source_zone, office_zone): (&TimeZone, &TimeZone)) -> String {
    match source_zone.to_ambiguous_zoned(wall).compatible() {
        Err(_) => "this is outside the calendar".to_owned(),
        Ok(moment) => written(&moment.with_time_zone(office_zone.clone())),
    }
}

fn written(moment: &Zoned) -> String {
    moment.strftime("%a %d %b %Y %H:%M:%S, UTC%:z").to_string()
}
