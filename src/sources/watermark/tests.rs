use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::sources::mapping::Mapping;

fn query(more: &str) -> Query {
    let text = format!(
        "[practice]\nname = \"t\"\nconnector = \"sqlite\"\n[people]\nsql = \"SELECT id FROM p\"\n[[tasks]]\nsql = \"SELECT id AS key, p AS person, c AS changed, d AS changed_2 FROM t\"\n{more}\n"
    );
    Mapping::parse("t", &text, &BTreeMap::new()).unwrap_or_else(|error| panic!("{error}")).queries.remove(0)
}

fn berlin() -> SourceZone {
    SourceZone::named("Europe/Berlin").expect("bundled")
}

fn reach<'z>(zone: &'z SourceZone, now: &str) -> Reach<'z> {
    Reach { overlap_minutes: 10, zone, now: now.parse().expect("a timestamp"), uncommitted_from: None }
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

/// The cursor after these values, and the bound of the read that follows.
fn after(query: &Query, values: &[(Cell, Option<Cell>)], now: &str) -> (Option<String>, Option<(Cell, Option<Cell>)>) {
    let zone = berlin();
    let reach = reach(&zone, now);
    let mut watermark = Watermark::default();
    for (changed, second) in values {
        watermark.see(changed, second.as_ref());
    }
    let cursor = watermark.cursor(query, None, reach);
    let bound = cursor.as_ref().and_then(|cursor| bound(cursor, query, reach).expect("has an overlap"));
    (cursor.map(|cursor| cursor.0), bound)
}

const NOW: &str = "2026-11-22T09:00:00Z";

#[test]
fn a_time_reaches_back_in_its_own_form() {
    for (written, bound) in [
        ("2026-11-22 09:30:00", "2026-11-22 09:20:00"),
        ("2026-11-22T09:30:00.125", "2026-11-22T09:20:00"),
        ("2026-11-22 09:30", "2026-11-22 09:20"),
        ("2026-11-22T08:30:00Z", "2026-11-22T08:20:00"),
        ("2026-11-22", "2026-11-21"),
    ] {
        let (cursor, since) = after(&query(""), &[(text(written), None)], NOW);
        assert_eq!(cursor.as_deref(), Some(format!("time {written}").as_str()));
        assert_eq!(since, Some((text(bound), None)), "{written}");
    }
}

#[test]
fn a_cursor_is_never_ahead_of_the_databases_clock() {
    let (cursor, _) = after(&query(""), &[(text("2038-01-19 03:14:07"), None)], NOW);
    assert_eq!(cursor.as_deref(), Some("time 2026-11-22 10:00:00"));
    let (cursor, _) = after(&query(""), &[(text("2026-11-22T09:30:00Z"), None)], NOW);
    assert_eq!(cursor.as_deref(), Some("time 2026-11-22T09:00:00Z"));
    let seconds = query("convert = { changed = \"unix-seconds\" }");
    let (cursor, bound) = after(&seconds, &[(Cell::Integer(i64::MAX), None)], NOW);
    assert_eq!(cursor.as_deref(), Some("number 1795338000"));
    assert_eq!(bound, Some((Cell::Integer(1_795_337_400), None)));
}

#[test]
fn when_summer_time_ends_the_cursor_goes_back_with_the_clock() {
    let zone = berlin();
    let cursor = Cursor("time 2026-10-25 02:59:00".into());
    // 02:05 for the second time.
    let since = bound(&cursor, &query(""), reach(&zone, "2026-10-25T01:05:00Z")).expect("has an overlap");
    assert_eq!(since, Some((text("2026-10-25 01:55:00"), None)));
}

#[test]
fn counters_and_bytes_reach_back_by_what_the_mapping_says() {
    let counter = query("overlap = 100");
    let (_, bound) = after(&counter, &[(Cell::Integer(250), None), (Cell::Integer(40), None)], NOW);
    assert_eq!(bound, Some((Cell::Integer(150), None)));
    let (_, bound) = after(&counter, &[(Cell::Blob(vec![0, 0, 1, 0]), None)], NOW);
    assert_eq!(bound, Some((Cell::Blob(vec![0, 0, 0, 156]), None)));
    let zone = berlin();
    let refused = super::bound(&Cursor("number 250".into()), &query(""), reach(&zone, NOW));
    assert!(refused.is_err(), "a counter without an overlap would miss late commits");
}

#[test]
fn a_counter_of_the_databases_own_stays_below_what_may_still_be_committed() {
    let zone = berlin();
    let watermark_of = |values: &[Cell]| {
        let mut watermark = Watermark::default();
        for value in values {
            watermark.see(value, None);
        }
        watermark
    };
    // Three rows are there; a change that began before the last of them is not committed yet and carries 8.
    let rows = [7_u8, 9, 12].map(|number| Cell::Blob(vec![0, number]));
    let from = Cell::Blob(vec![0, 8]);
    let told = Reach { uncommitted_from: Some(&from), ..reach(&zone, NOW) };
    let cursor = watermark_of(&rows).cursor(&query(""), None, told).expect("a cursor");
    assert_eq!(cursor.0, "bytes 0007");
    let bound = bound(&cursor, &query(""), told).expect("needs no overlap");
    assert_eq!(bound, Some((Cell::Blob(vec![0, 7]), None)), "8, 9 and 12 are read again");
    let nothing_open = Cell::Blob(vec![1, 0]);
    let told = Reach { uncommitted_from: Some(&nothing_open), ..reach(&zone, NOW) };
    assert_eq!(
        watermark_of(&rows).cursor(&query(""), None, told).expect("a cursor").0,
        "bytes 00ff",
        "all of it was seen"
    );
    assert_eq!(watermark_of(&[]).cursor(&query(""), None, told).expect("a cursor").0, "bytes 00ff");

    let from = Cell::Integer(41);
    let told = Reach { uncommitted_from: Some(&from), ..reach(&zone, NOW) };
    let cursor = watermark_of(&[Cell::Integer(30), Cell::Integer(44)]).cursor(&query(""), None, told);
    assert_eq!(cursor.expect("a cursor").0, "number 40");
    // What the mapping says is taken away as well.
    let cursor = Cursor("number 40".into());
    let bound = super::bound(&cursor, &query("overlap = 5"), told).expect("has one");
    assert_eq!(bound, Some((Cell::Integer(35), None)));
}

#[test]
fn a_clarion_pair_reaches_back_over_midnight() {
    let clarion = query("convert = { changed = \"clarion-date\", changed_2 = \"clarion-time\" }");
    let pair = (Cell::Integer(82_000), Some(Cell::Integer(1)));
    let (_, bound) = after(&clarion, &[pair], NOW);
    assert_eq!(bound, Some((Cell::Integer(81_999), Some(Cell::Integer(8_580_001)))));
}

#[test]
fn values_without_a_common_order_give_no_cursor() {
    for values in [
        vec![text("2026-11-22 09:30:00+01:00")],
        vec![text("2026-11-22 09:30:00"), Cell::Integer(5)],
        vec![Cell::Real(1.5)],
    ] {
        let values: Vec<_> = values.into_iter().map(|value| (value, None)).collect();
        assert_eq!(after(&query(""), &values, NOW), (None, None));
    }
}

#[test]
fn one_never_date_does_not_spoil_a_column() {
    let values = [text("9999-12-31 00:00:00"), text("0000-00-00 00:00:00"), text("2026-01-01 00:00:00"), Cell::Null];
    let values = values.map(|value| (value, None));
    assert_eq!(after(&query(""), &values, NOW).0.as_deref(), Some("time 2026-01-01 00:00:00"));
}

#[test]
fn without_rows_the_cursor_stays() {
    let zone = berlin();
    let before = Cursor("time 2026-11-22 09:30:00".into());
    let watermark = Watermark::default();
    assert_eq!(watermark.cursor(&query(""), Some(&before), reach(&zone, NOW)), Some(before));
}

proptest! {
    #[test]
    fn a_cursor_of_another_version_is_no_panic(text in "\\PC{0,40}|(time|number|pair|bytes) [0-9a-fé :-]{0,40}") {
        let zone = berlin();
        let _ = bound(&Cursor(text), &query("overlap = 1"), reach(&zone, NOW));
    }

    /// The bound is never above the highest value: nothing that was just seen is skipped by the next read.
    #[test]
    fn the_bound_is_never_above_what_was_seen(minutes in prop::collection::vec(0_i64..3_000_000, 1..20), fraction: bool) {
        let start = jiff::civil::date(2022, 1, 1).at(0, 0, 0, 0);
        let written: Vec<String> = minutes
            .iter()
            .map(|minutes| {
                let wall = start.checked_add(SignedDuration::from_mins(*minutes)).expect("in the calendar");
                format!("{}{}", wall.strftime("%Y-%m-%d %H:%M:%S"), if fraction { ".500" } else { "" })
            })
            .collect();
        let values: Vec<_> = written.iter().map(|written| (text(written), None)).collect();
        let (_, bound) = after(&query(""), &values, NOW);
        let highest = written.iter().max().expect("one at least");
        prop_assert!(matches!(bound, Some((Cell::Text(bound), None)) if bound <= *highest));
    }
}
