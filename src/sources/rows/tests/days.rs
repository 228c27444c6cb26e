//! Where days begin: a database in UTC, people in Berlin.

use jiff::civil::date;

use super::{mapping, read_by, rules, text};
use crate::{
    domain::{Field, Kind, Span, Value},
    ports::Row,
    sources::{cell::Cell, rows::Rules, settings::SourceZone},
};

fn in_utc(day_zone: Option<&str>) -> Rules {
    let day_zone = day_zone.map(|name| SourceZone::named(name).expect("bundled"));
    Rules { zone: SourceZone::utc(), day_zone, ..rules() }
}

/// The value of a field of one row, and how many problems were told.
fn value(rules: &Rules, kind: Kind, cells: &[(&str, &str)], field: Field) -> (Option<Value>, usize) {
    let columns: Vec<&str> = ["key", "person"].into_iter().chain(cells.iter().map(|(column, _)| *column)).collect();
    let row = [Cell::Integer(1), text("AB")].into_iter().chain(cells.iter().map(|(_, cell)| text(cell))).collect();
    let mapping = mapping(kind, &columns, "");
    let (rows, problems) = read_by(rules, &mapping.queries[0], &columns, &[row]);
    match rows.into_iter().next() {
        Some(Row::Record { record, .. }) => (record.record.fields.get(&field).cloned().flatten(), problems.len()),
        _ => (None, problems.len()),
    }
}

#[test]
fn a_deadline_late_in_the_evening_is_due_on_the_office_s_day() {
    let due = |rules: &Rules, at: &str| value(rules, Kind::Task, &[("due_date", at)], Field::DueDate);
    let (sixth, fifth) = (Some(Value::Date(date(2026, 1, 6))), Some(Value::Date(date(2026, 1, 5))));
    assert_eq!(due(&in_utc(Some("Europe/Berlin")), "2026-01-05 23:00:00"), (sixth.clone(), 0));
    assert_eq!(due(&in_utc(Some("Europe/Berlin")), "2026-01-05 22:59:00"), (fifth.clone(), 0));
    assert_eq!(due(&in_utc(Some("America/New_York")), "2026-01-06 04:59:00"), (fifth.clone(), 0));
    assert_eq!(due(&in_utc(None), "2026-01-05 23:00:00"), (fifth, 0));
    // A day is a day, wherever it is read.
    assert_eq!(due(&in_utc(Some("America/New_York")), "2026-01-06"), (sixth, 0));
}

#[test]
fn whole_days_in_utc_are_those_of_the_office() {
    let cells = [("start", "2026-07-01 22:00:00"), ("end", "2026-07-03 22:00:00"), ("all_day", "1")];
    let (span, told) = value(&in_utc(Some("Europe/Berlin")), Kind::Event, &cells, Field::Span);
    let days = Span::AllDay { first: date(2026, 7, 2), last: date(2026, 7, 3) };
    assert_eq!((span, told), (Some(Value::Span(days)), 0));
    let (_, told) = value(&in_utc(None), Kind::Event, &cells, Field::Span);
    assert_eq!(told, 1, "22:00 is no midnight in UTC, and that is said");
}
