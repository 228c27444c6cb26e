use jiff::tz::TimeZone;

use super::{Answers, Findings, Table, findings::shown, firm::Firm};
use crate::{
    domain::Personal,
    sources::{
        cell::Cell,
        convert::{clarion_date, clarion_time},
    },
};

/// Rows that are shown.
const ROWS: usize = 10;

/// A row as it is stored and as the office would read it.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The numbers.
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
    let Cell::Integer(day) = day else { return None };
    if *day == 0 {
        return None;
    }
    let ticks = match time {
        Some(Cell::Integer(ticks)) => *ticks,
        _ => 0,
    };
    let stored = if time.is_some() { format!("{day}, {ticks}") } else { day.to_string() };
    let about = row.get(1).and_then(|cell| shown(cell)).unwrap_or_default();
    let about = about.chars().take(50).collect();
    Some(Proof { stored, means: means(*day, ticks, zones), about: Personal::new(about) })
}

fn means(day: i64, ticks: i64, (source_zone, office_zone): (&TimeZone, &TimeZone)) -> String {
    let date = match clarion_date(day) {
        Ok(date) => date,
        Err(wrong) => return wrong.to_owned(),
    };
    if ticks == 0 {
        return date.strftime("%a %d %b %Y, no time").to_string();
    }
    match clarion_time(ticks) {
        Err(wrong) => format!("{}, {wrong}", date.strftime("%a %d %b %Y")),
        Ok(time) => match source_zone.to_ambiguous_zoned(date.to_datetime(time)).compatible() {
            Err(_) => "this is outside the calendar".to_owned(),
            Ok(moment) => {
                moment.with_time_zone(office_zone.clone()).strftime("%a %d %b %Y %H:%M:%S, UTC%:z").to_string()
            }
        },
    }
}
