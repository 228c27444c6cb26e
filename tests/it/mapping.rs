//! The mapping reference is true: its examples are mappings, and it has every word that the program knows, and no other.

use std::collections::BTreeMap;

use pocketdocket::{
    domain::Kind,
    sources::mapping::{Mapping, PEOPLE, vocabulary},
};

use crate::repository;

fn reference() -> String {
    let path = repository::root().join("docs/reference/mapping.md");
    std::fs::read_to_string(path).expect("the reference is there")
}

/// The text of a section, from its heading to the next one of its rank.
fn section<'r>(reference: &'r str, heading: &str) -> &'r str {
    let after = reference.split_once(&format!("\n## {heading}\n")).expect("the section is there").1;
    after.split_once("\n## ").map_or(after, |(section, _)| section)
}

/// What stands in back-ticks in the first column of a section's tables.
fn words(section: &str) -> Vec<String> {
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.filter_map(|row| row.split('|').nth(1));
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[test]
fn every_example_of_the_reference_is_a_mapping() {
    let reference = reference();
    let examples: Vec<&str> =
        reference.split("```toml mapping\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(examples.len() >= 4);
    for (number, example) in examples.iter().enumerate() {
        let name = format!("example {}", number + 1);
        if let Err(error) = Mapping::parse(&name, example, &BTreeMap::new()) {
            panic!("{error}");
        }
    }
}

#[test]
fn the_worked_example_reads_a_database_of_its_shape() {
    let directory = tempfile::tempdir().expect("a directory");
    let (database, mapping) = (directory.path().join("office.db"), directory.path().join("office.toml"));
    rusqlite::Connection::open(&database)
        .and_then(|connection| {
            connection.execute_batch(
                "CREATE TABLE staff (login, full_name, mail, left_us);
                 CREATE TABLE client (client_no, first, last, firm, mail, tel, street, zip, town, last_edit);
                 CREATE TABLE appointment (id, lawyer, what, room, day, from_time, to_time, secret, state, matter_id, last_edit);
                 CREATE TABLE matter (id, file_no, title);
                 CREATE TABLE deadline (id, lawyer, what, due, ticked);
                 INSERT INTO staff VALUES ('ab', 'Anna Berg', 'berg@example.org', 0);
                 INSERT INTO client VALUES (1, 'Max', 'Muster', NULL, 'max@example.com', '030 23125 001', NULL, NULL, NULL, NULL);
                 INSERT INTO appointment VALUES (2, 'ab', 'Hearing', 'Hall 3', '2026-07-01', '10:00', '11:30', 0, 'on', 5, NULL);
                 INSERT INTO matter VALUES (5, '12/26', 'Muster ./. Beispiel');
                 INSERT INTO deadline VALUES (3, 'ab', 'Appeal', '2026-07-10', 0);",
            )
        })
        .expect("makes the database");
    let reference = reference();
    let example =
        reference.split("```toml mapping\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    std::fs::write(&mapping, example).expect("writes");
    let zone = pocketdocket::sources::SourceZone::named("Europe/Berlin").expect("bundled");
    let settings = pocketdocket::sources::Settings::new(mapping.display().to_string(), database, zone);
    let source = pocketdocket::sources::open(&settings).expect("opens");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let preview = runtime.block_on(pocketdocket::sources::Preview::take(source.as_ref())).expect("reads");
    assert_eq!(preview.problems, []);
    let text = preview.text(0);
    for line in [
        "ab  Anna Berg, berg@example.org",
        "Wed 01 Jul 2026 10:00–11:30  Hearing · Hall 3",
        "for ab · matter 12/26 Muster ./. Beispiel",
        "[ ] Fri 10 Jul 2026  Appeal",
        "Max Muster",
        "everyone: 1 contact",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn the_reference_has_every_word_and_no_other() {
    let reference = reference();
    let common = words(section(&reference, "Columns of every kind"));
    for (kind, heading) in
        [(Kind::Contact, "Columns of contacts"), (Kind::Event, "Columns of events"), (Kind::Task, "Columns of tasks")]
    {
        let mut written: Vec<String> = common.iter().cloned().chain(words(section(&reference, heading))).collect();
        let mut known: Vec<String> = vocabulary(kind).into_iter().map(|(word, _)| word).collect();
        written.sort();
        known.sort();
        assert_eq!(written, known, "{kind}");
    }
    assert_eq!(words(section(&reference, "People")), PEOPLE);
}
