use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::{
    domain::{
        Audience, Field, Importance, Kind, PersonId, Reminder, RowProblem, Sensitivity, ShowAs, SourceRecord, Span,
        TaskStatus, Value,
    },
    ports::Row,
    sources::{
        SourceZone,
        cell::Cell,
        mapping::{Mapping, Query, vocabulary},
    },
};

mod days;
mod revision;

/// A mapping with one query of a kind that selects these columns, and more TOML after it.
fn mapping(kind: Kind, columns: &[&str], more: &str) -> Mapping {
    let columns: Vec<String> = columns.iter().map(|column| format!("x AS \"{column}\"")).collect();
    let text = format!(
        "[practice]\nname = \"test\"\nconnector = \"sqlite\"\n[people]\nsql = \"SELECT id FROM people\"\n[[{kind}s]]\nsql = '''SELECT {} FROM t'''\n{more}\n",
        columns.join(", ")
    );
    Mapping::parse("test.toml", &text, &BTreeMap::new()).unwrap_or_else(|error| panic!("{error}"))
}

fn rules() -> Rules {
    Rules {
        zone: SourceZone::named("Europe/Berlin").expect("bundled"),
        day_zone: None,
        event_minutes: 30,
        people: ["AB", "CD", "5"].map(str::to_owned).into(),
    }
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

/// Reads rows; gives what came of them.
fn read(query: &Query, columns: &[&str], rows: &[Vec<Cell>]) -> (Vec<Row>, Vec<RowProblem>) {
    read_by(&rules(), query, columns, rows)
}

fn read_by(rules: &Rules, query: &Query, columns: &[&str], rows: &[Vec<Cell>]) -> (Vec<Row>, Vec<RowProblem>) {
    let columns: Vec<String> = columns.iter().map(|column| (*column).to_owned()).collect();
    let meanings = query.meanings(&columns).unwrap_or_else(|error| panic!("{error}"));
    let mut pass = Pass::new(Reader::new(query, &columns, &meanings, rules), [].into());
    for row in rows {
        pass.full_row(row);
    }
    pass.take(true)
}

/// Reads one row of these columns, besides key 1 and person AB.
fn one(kind: Kind, cells: &[(&str, Cell)], more: &str) -> (Option<SourceRecord>, Vec<RowProblem>) {
    let mut columns = vec!["key", "person"];
    let mut row = vec![Cell::Integer(1), text("AB")];
    for (column, cell) in cells {
        columns.push(column);
        row.push(cell.clone());
    }
    let mapping = mapping(kind, &columns, more);
    let (rows, problems) = read(&mapping.queries[0], &columns, &[row]);
    let record = rows.into_iter().find_map(|row| match row {
        Row::Record { record, .. } => Some(*record),
        _ => None,
    });
    (record, problems)
}

fn event(cells: &[(&str, Cell)]) -> (Option<SourceRecord>, Vec<RowProblem>) {
    one(Kind::Event, cells, "")
}

fn timed(start: &str, end: &str) -> Span {
    let instant = |text: &str| text.parse().expect("a timestamp");
    Span::Timed { start: instant(start), end: instant(end), zone: "Europe/Berlin".to_owned() }
}

fn all_day(first: (i8, i8), last: (i8, i8)) -> Span {
    let day = |(month, day)| date(2026, month, day);
    Span::AllDay { first: day(first), last: day(last) }
}

fn span(outcome: &(Option<SourceRecord>, Vec<RowProblem>)) -> Span {
    outcome.0.as_ref().and_then(|record| record.record.span()).cloned().expect("an event has a span")
}

#[test]
fn a_wall_clock_time_is_read_in_the_source_zone() {
    let read = event(&[("start", text("2026-07-01 10:00")), ("end", text("2026-07-01 11:30"))]);
    assert_eq!(span(&read), timed("2026-07-01T08:00:00Z", "2026-07-01T09:30:00Z"));
    assert_eq!(read.1, []);
}

#[test]
fn separate_date_and_time_columns_make_one_time() {
    let read = event(&[
        ("start_date", text("2026-07-01")),
        ("start_time", text("10:00")),
        ("end_date", text("2026-07-01 00:00:00")),
        ("end_time", text("11:30:00")),
    ]);
    assert_eq!(span(&read), timed("2026-07-01T08:00:00Z", "2026-07-01T09:30:00Z"));
}

#[test]
fn clarion_dates_and_times_make_one_time() {
    let more =
        "convert = { start_date = \"clarion-date\", start_time = \"clarion-time\", end_time = \"clarion-time\" }";
    let cells = [
        ("start_date", Cell::Integer(82_366)),
        ("start_time", Cell::Integer(3_600_001)),
        ("end_time", Cell::Integer(3_960_001)),
    ];
    let read = one(Kind::Event, &cells, more);
    assert_eq!(span(&read), timed("2026-07-02T08:00:00Z", "2026-07-02T09:00:00Z"));
}

#[test]
fn an_event_without_a_usable_end_lasts_thirty_minutes_and_is_listed() {
    let expected = timed("2026-07-01T08:00:00Z", "2026-07-01T08:30:00Z");
    for end in [
        Cell::Null,
        text("later"),
        text("2026-07-01 09:59"),
        text("0000-00-00 00:00:00"),
        text("2026-07-01"),
        Cell::Integer(5),
    ] {
        let read = event(&[("start", text("2026-07-01 10:00")), ("end", end)]);
        assert_eq!(span(&read), expected);
        assert_eq!(read.1.len(), 1);
        assert_eq!(read.1[0].column.as_deref(), Some("end"));
    }
    let unselected = event(&[("start", text("2026-07-01 10:00"))]);
    assert_eq!(span(&unselected), expected);
    assert_eq!(unselected.1, []);
}

#[test]
fn an_event_without_a_readable_start_is_neither_present_nor_absent() {
    for start in [
        Cell::Null,
        text(""),
        text("soon"),
        text("0000-00-00 00:00:00"),
        text("9999-12-31"),
        text("1899-12-31 10:00"),
        Cell::Integer(20_000),
    ] {
        let columns = ["key", "person", "start", "subject"];
        let mapping = mapping(Kind::Event, &columns, "");
        let row = vec![Cell::Integer(1), text("AB"), start, text("Hearing")];
        let (rows, problems) = read(&mapping.queries[0], &columns, &[row]);
        assert!(matches!(&rows[..], [Row::Unreadable { key, .. }] if key.record == "1"));
        assert!(problems.iter().any(|problem| problem.unreadable));
    }
}

#[test]
fn whole_days_are_days_however_their_end_is_written() {
    let day = |start: &str, end: &str, more: &str| {
        span(&one(Kind::Event, &[("start", text(start)), ("end", text(end)), ("all_day", Cell::Integer(1))], more))
    };
    // By midnight, if nothing is said.
    assert_eq!(day("2026-07-01", "2026-07-02", ""), all_day((7, 1), (7, 2)));
    assert_eq!(day("2026-07-01 00:00", "2026-07-02 00:00", ""), all_day((7, 1), (7, 1)));
    assert_eq!(day("2026-07-01 00:00", "2026-07-01 23:59:59", ""), all_day((7, 1), (7, 1)));
    assert_eq!(day("2026-07-01 00:00", "2026-07-01 00:00", ""), all_day((7, 1), (7, 1)));
    let inclusive = "all_day_end = \"inclusive\"";
    assert_eq!(day("2026-07-01 00:00", "2026-07-02 00:00", inclusive), all_day((7, 1), (7, 2)));
    let exclusive = "all_day_end = \"exclusive\"";
    assert_eq!(day("2026-07-01", "2026-07-02", exclusive), all_day((7, 1), (7, 1)));
    assert_eq!(day("2026-07-01", "2026-07-01", exclusive), all_day((7, 1), (7, 1)));
}

#[test]
fn a_day_without_a_time_is_a_whole_day_with_or_without_the_flag() {
    assert_eq!(span(&event(&[("start", text("2026-07-01"))])), all_day((7, 1), (7, 1)));
    let contradiction = event(&[("start", text("2026-07-01")), ("all_day", Cell::Integer(0))]);
    assert_eq!(span(&contradiction), all_day((7, 1), (7, 1)));
    assert_eq!(contradiction.1.len(), 1);
    let early = event(&[("start_date", text("2026-07-01")), ("start_time", Cell::Null)]);
    assert_eq!(span(&early), all_day((7, 1), (7, 1)));
}

#[test]
fn midnight_to_midnight_without_the_flag_stays_timed() {
    let read = event(&[("start", text("2026-07-01 00:00")), ("end", text("2026-07-02 00:00"))]);
    assert_eq!(span(&read), timed("2026-06-30T22:00:00Z", "2026-07-01T22:00:00Z"));
}

#[test]
fn clock_changes_are_resolved_and_listed() {
    let gap = event(&[("start", text("2026-03-29 02:30")), ("end", text("2026-03-29 03:45"))]);
    assert_eq!(span(&gap), timed("2026-03-29T01:30:00Z", "2026-03-29T01:45:00Z"));
    assert_eq!(gap.1.len(), 1);
    let twice = event(&[("start", text("2026-10-25 02:30")), ("end", text("2026-10-25 02:45"))]);
    assert_eq!(span(&twice), timed("2026-10-25T00:30:00Z", "2026-10-25T00:45:00Z"));
    assert_eq!(twice.1.len(), 2);
}

#[test]
fn nobody_gets_what_names_no_known_person() {
    for person in [Cell::Null, text(""), text("  "), text("XX"), text("ab"), Cell::Blob(vec![0xff])] {
        let columns = ["key", "person", "subject"];
        let mapping = mapping(Kind::Task, &columns, "");
        let (rows, problems) = read(&mapping.queries[0], &columns, &[vec![Cell::Integer(1), person, text("x")]]);
        assert!(matches!(&rows[..], [Row::Record { record, .. }] if record.audience == Audience::Nobody));
        assert_eq!(problems[0].column.as_deref(), Some("person"));
    }
    let (record, _) = one(Kind::Task, &[], "");
    assert_eq!(record.map(|record| record.audience), Some(Audience::Person(PersonId("AB".into()))));
}

#[test]
fn a_number_names_a_person_as_its_digits_do() {
    let columns = ["key", "person"];
    let mapping = mapping(Kind::Task, &columns, "");
    let (rows, problems) = read(&mapping.queries[0], &columns, &[vec![Cell::Integer(1), Cell::Integer(5)]]);
    assert!(
        matches!(&rows[..], [Row::Record { record, .. }] if record.audience == Audience::Person(PersonId("5".into())))
    );
    assert_eq!(problems, []);
}

#[test]
fn a_row_without_a_key_is_listed_without_one() {
    for key in
        [Cell::Null, text(" "), Cell::Real(1.5), Cell::Garbled("x".into()), text("a\u{7}"), text(&"x".repeat(129))]
    {
        let columns = ["key", "person"];
        let mapping = mapping(Kind::Task, &columns, "");
        let (rows, problems) = read(&mapping.queries[0], &columns, &[vec![key, text("AB")]]);
        assert_eq!(rows, []);
        assert!(problems.len() == 1 && problems[0].key.is_none() && problems[0].unreadable);
    }
}

#[test]
fn what_is_not_plainly_public_is_private() {
    for (cell, private, problems) in [
        (Cell::Integer(0), false, 0),
        (Cell::Integer(1), true, 0),
        (Cell::Null, true, 1),
        (Cell::Integer(7), true, 1),
        (text("perhaps"), true, 1),
        (Cell::Blob(vec![9, 9]), true, 1),
    ] {
        let (record, found) = one(Kind::Task, &[("private", cell)], "");
        let record = record.expect("readable");
        assert_eq!((record.private, found.len()), (private, problems));
        let expected = if private { Sensitivity::Private } else { Sensitivity::Normal };
        assert_eq!(record.record.get(Field::Sensitivity), Some(&Value::Sensitivity(expected)));
    }
    for (word, private) in
        [("normal", false), ("personal", true), ("private", true), ("confidential", true), ("?", true)]
    {
        let (record, _) = one(Kind::Task, &[("sensitivity", text(word))], "");
        assert_eq!(record.map(|record| record.private), Some(private), "{word}");
    }
}

#[test]
fn of_two_columns_about_privacy_the_stricter_one_holds() {
    let cells = [("private", Cell::Integer(0)), ("sensitivity", text("confidential"))];
    let (record, _) = one(Kind::Task, &cells, "");
    let record = record.expect("readable");
    assert!(record.private);
    assert_eq!(record.record.get(Field::Sensitivity), Some(&Value::Sensitivity(Sensitivity::Confidential)));
}

#[test]
fn a_faulty_field_is_left_out_and_an_empty_one_is_null() {
    let columns = [("email_1", text("nobody")), ("email_2", Cell::Null), ("surname", text(" Maier "))];
    let (record, problems) = one(Kind::Contact, &columns, "");
    let record = record.expect("readable").record;
    assert_eq!(record.fields.get(&Field::Email1), None, "left out");
    assert_eq!(record.fields.get(&Field::Email2), Some(&None), "NULL");
    assert_eq!(record.text(Field::Surname), Some("Maier"));
    assert!(problems.len() == 1 && problems[0].field == Some(Field::Email1));
}

#[test]
fn an_address_is_one_field_and_faulty_as_a_whole() {
    let (record, _) =
        one(Kind::Contact, &[("business_city", text("Ulm")), ("business_street", text("Weg 1\r\nHof"))], "");
    let Some(Value::Address(address)) = record.and_then(|record| record.record.get(Field::BusinessAddress).cloned())
    else {
        panic!("an address");
    };
    assert_eq!((address.reveal().street.as_str(), address.reveal().city.as_str()), ("Weg 1\nHof", "Ulm"));
    let cells = [("home_city", text("Ulm")), ("home_street", Cell::Blob(vec![0xff])), ("home_state", text("BW"))];
    let (record, problems) = one(Kind::Contact, &cells, "");
    assert_eq!(record.expect("readable").record.fields.get(&Field::HomeAddress), None);
    assert_eq!(problems.len(), 1);
    let (record, _) = one(Kind::Contact, &[("other_city", Cell::Null), ("other_street", text(" "))], "");
    assert_eq!(record.expect("readable").record.fields.get(&Field::OtherAddress), Some(&None));
}

#[test]
fn the_systems_own_words_become_ours() {
    let more = "values.status = { offen = \"not-started\", \"*\" = \"waiting\" }\nvalues.importance = { \"1\" = \"high\", \"\" = \"low\" }";
    let read = |status: Cell, importance: Cell| {
        let (record, problems) = one(Kind::Task, &[("status", status), ("importance", importance)], more);
        assert_eq!(problems, []);
        let record = record.expect("readable").record;
        (record.get(Field::Status).cloned(), record.get(Field::Importance).cloned())
    };
    let status = |status| Some(Value::Status(status));
    let importance = |importance| Some(Value::Importance(importance));
    assert_eq!(read(text("OFFEN "), Cell::Integer(1)), (status(TaskStatus::NotStarted), importance(Importance::High)));
    assert_eq!(read(text("whatever"), Cell::Null), (status(TaskStatus::Waiting), importance(Importance::Low)));
    assert_eq!(read(Cell::Null, text("normal")), (status(TaskStatus::Waiting), importance(Importance::Normal)));
}

#[test]
fn what_cannot_be_read_does_not_pass_for_nothing_in_a_value_map() {
    for cell in [Cell::Blob(vec![0xff]), Cell::Garbled("\u{fffd}".into())] {
        let (record, _) = one(Kind::Task, &[("private", cell)], "values.private = { \"\" = \"no\", \"*\" = \"no\" }");
        assert_eq!(record.map(|record| record.private), Some(true));
    }
    let (record, _) = one(Kind::Task, &[("private", Cell::Null)], "values.private = { \"\" = \"no\" }");
    assert_eq!(record.map(|record| record.private), Some(false));
}

#[test]
fn done_is_a_status_and_a_status_may_mean_done() {
    let read = |cells: &[(&str, Cell)]| {
        let record = one(Kind::Task, cells, "").0.expect("readable");
        (record.done, record.record.get(Field::Status).cloned())
    };
    let status = |status| Some(Value::Status(status));
    assert_eq!(read(&[("done", text("yes"))]), (true, status(TaskStatus::Completed)));
    assert_eq!(read(&[("done", text("no"))]), (false, status(TaskStatus::NotStarted)));
    assert_eq!(read(&[("done", Cell::Null)]), (false, None));
    assert_eq!(read(&[("status", text("Completed"))]), (true, status(TaskStatus::Completed)));
    assert_eq!(
        read(&[("status", text("in progress")), ("done", Cell::Integer(1))]),
        (true, status(TaskStatus::Completed))
    );
    assert_eq!(read(&[("status", text("waiting")), ("done", Cell::Integer(0))]), (false, status(TaskStatus::Waiting)));
}

#[test]
fn the_smaller_fields_are_read_as_documented() {
    let cells = [
        ("start", text("2026-07-01 10:00")),
        ("reminder_minutes", Cell::Integer(-1)),
        ("show_as", text("AWAY")),
        ("categories", text("Court; Urgent,, Court ")),
        ("cancelled", text("ja")),
        ("withdrawn", text("closed matter")),
        ("matter_number", text("12/26")),
        ("duration_minutes", Cell::Integer(45)),
    ];
    let (record, problems) = event(&cells);
    let record = record.expect("readable");
    assert_eq!(problems, []);
    assert_eq!(record.record.get(Field::Reminder), Some(&Value::Reminder(Reminder::Off)));
    assert_eq!(record.record.get(Field::ShowAs), Some(&Value::ShowAs(ShowAs::Away)));
    let names = ["Court", "Urgent"].map(str::to_owned);
    assert_eq!(record.record.get(Field::Categories), Some(&Value::Categories(BTreeSet::from(names))));
    assert!(record.cancelled);
    assert_eq!(record.withdrawn.as_deref(), Some("closed matter"));
    assert_eq!(record.record.span(), Some(&timed("2026-07-01T08:00:00Z", "2026-07-01T08:45:00Z")));
    let cells = [
        ("priority", Cell::Integer(2)),
        ("percent_complete", Cell::Real(49.6)),
        ("reminder_at", text("2026-07-01 08:00")),
    ];
    let (record, problems) = one(Kind::Task, &cells, "");
    let record = record.expect("readable").record;
    assert_eq!(problems, []);
    assert_eq!(record.get(Field::Importance), Some(&Value::Importance(Importance::High)));
    assert_eq!(record.get(Field::PercentComplete), Some(&Value::Percent(50)));
    let at = "2026-07-01T06:00:00Z".parse().expect("a timestamp");
    assert_eq!(record.get(Field::Reminder), Some(&Value::Reminder(Reminder::At(at))));
}

#[test]
fn text_beyond_what_exchange_keeps_is_cut_and_listed() {
    let (record, problems) = one(Kind::Task, &[("subject", text(&"ä".repeat(300)))], "");
    assert_eq!(record.expect("readable").record.text(Field::Subject).map(|text| text.chars().count()), Some(255));
    assert_eq!(problems.len(), 1);
}

#[test]
fn rows_that_contradict_each_other_are_not_believed() {
    let columns = ["key", "person", "subject"];
    let mapping = mapping(Kind::Task, &columns, "");
    let row = |person: &str, subject: &str| vec![Cell::Integer(1), text(person), text(subject)];
    let rows = [row("AB", "one"), row("AB", "other"), row("CD", "one"), row("AB", "one")];
    let (rows, problems) = read(&mapping.queries[0], &columns, &rows);
    let records = rows.iter().filter(|row| matches!(row, Row::Record { record, .. } if record.audience == Audience::Person(PersonId("CD".into())))).count();
    assert_eq!(records, 1, "another person's row is untouched");
    assert_eq!(rows.iter().filter(|row| matches!(row, Row::Record { .. })).count(), 1);
    assert!(rows.iter().any(|row| matches!(row, Row::Unreadable { .. })));
    assert!(problems.iter().any(|problem| problem.unreadable));
}

#[test]
fn a_row_that_comes_twice_is_taken_once_and_listed() {
    let columns = ["key", "person", "subject"];
    let mapping = mapping(Kind::Task, &columns, "");
    let row = vec![Cell::Integer(1), text("AB"), text("one")];
    let (rows, problems) = read(&mapping.queries[0], &columns, &[row.clone(), row]);
    assert_eq!(rows.len(), 1);
    assert!(problems.len() == 1 && !problems[0].unreadable);
}

#[test]
fn no_problem_repeats_what_the_row_says() {
    let secret = "Geheimnis Mustermann";
    let kinds = [Kind::Contact, Kind::Event, Kind::Task];
    for kind in kinds {
        let words: Vec<String> = vocabulary(kind).into_iter().map(|(word, _)| word).collect();
        for word in words.iter().filter(|word| *word != "key" && *word != "person" && !word.starts_with("changed")) {
            let mut cells = vec![(word.as_str(), text(secret))];
            if kind == Kind::Event && !word.starts_with("start") {
                cells.push(("start", text("2026-07-01 10:00")));
            }
            if kind == Kind::Event && word == "start_time" {
                cells.push(("start_date", text("2026-07-01")));
            }
            for problem in one(kind, &cells, "").1 {
                assert!(!format!("{problem:?}").contains("Muster"), "{word}");
            }
        }
    }
}

fn any_cell() -> impl Strategy<Value = Cell> {
    prop_oneof![
        Just(Cell::Null),
        any::<i64>().prop_map(Cell::Integer),
        (-10_i64..10).prop_map(Cell::Integer),
        any::<f64>().prop_map(Cell::Real),
        "\\PC{0,20}".prop_map(Cell::Text),
        "[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]?[0-9:]{0,8}".prop_map(Cell::Text),
        "[0-9]{2}:[0-9]{2}(:[0-9]{2})?".prop_map(Cell::Text),
        prop::sample::select(vec![
            "yes",
            "private",
            "2026-03-29 02:30",
            "2026-10-25 02:30",
            "24:00",
            "PT5M",
            "-PT99999999999H",
            "AB"
        ])
        .prop_map(text),
        "(?s).{0,300}".prop_map(Cell::Garbled),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(Cell::Blob),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever a database says: no panic, and a row with a key is a record, unreadable, or (events) has a span in order.
    #[test]
    fn arbitrary_cells_become_a_record_or_a_problem(
        kind in prop::sample::select(Kind::ALL.to_vec()),
        wish in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        cells in prop::collection::vec(any_cell(), 20),
        key in any_cell(),
        person in any_cell(),
        converted: bool,
    ) {
        let words: Vec<String> = vocabulary(kind).into_iter().map(|(word, _)| word).collect();
        let mut columns = vec!["key", "person"];
        if kind == Kind::Event {
            columns.push("start");
        }
        for index in wish {
            let word = index.get(&words).as_str();
            let clash = columns.contains(&word) || word.starts_with("start_") && kind == Kind::Event
                || ["end", "end_date", "end_time", "duration_minutes"].contains(&word) && columns.iter().any(|column| column.starts_with("end") || column.starts_with("duration"))
                || word == "changed_2";
            if !clash {
                columns.push(word);
            }
        }
        let convert = |column: &&&str| match **column {
            "end" | "birthday" => Some(format!("{column} = \"unix-seconds\"")),
            "notes" | "subject" => Some(format!("{column} = \"html-to-text\"")),
            "duration_minutes" | "reminder_minutes" => Some(format!("{column} = \"iso-duration\"")),
            "due_date" => Some(format!("{column} = \"clarion-date\"")),
            _ => None,
        };
        let converters: Vec<String> = columns.iter().filter_map(|column| convert(&column)).collect();
        let more = if converted { format!("convert = {{ {} }}", converters.join(", ")) } else { String::new() };
        let mapping = mapping(kind, &columns, &more);
        let mut row = vec![key, person];
        row.extend(cells.into_iter().take(columns.len() - 2));
        let (rows, problems) = read(&mapping.queries[0], &columns, &[row]);
        prop_assert_eq!(rows.is_empty(), problems.iter().any(|problem| problem.key.is_none()));
        for row in rows {
            match row {
                Row::Record { record, .. } => match record.record.span() {
                    Some(Span::AllDay { first, last }) => prop_assert!(first <= last),
                    Some(Span::Timed { start, end, .. }) => prop_assert!(start <= end),
                    None => prop_assert!(kind != Kind::Event),
                },
                Row::Unreadable { .. } => prop_assert!(problems.iter().any(|problem| problem.unreadable)),
                Row::Key { .. } => prop_assert!(false, "a full read gives no bare keys"),
            }
        }
    }
}
