//! The template for Time Matters carries the system that our first users run: its days and times, one row per staff member, initials
//! and groups, archives, and numbered fields whose meaning depends on the classification code.

use std::collections::BTreeMap;

use pocketdocket::domain::{Field, Kind, TaskStatus, Value};

use super::preview::{Read, in_folder, shown};
use crate::repository;

/// The template, finished for the fixture: a group of two, and the connector of the test's database.
pub(super) fn finished(connector: &str) -> String {
    let path = repository::root().join("config/practice/time-matters.toml");
    let template = std::fs::read_to_string(path).expect("the template");
    let finished = template
        .replace("connector = \"sqlserver\"", &format!("connector = \"{connector}\""))
        .replace("-- UNION ALL SELECT 'WEST', 'AB'", "UNION ALL SELECT 'WEST', 'AB' UNION ALL SELECT 'WEST', 'EF'");
    assert_ne!(finished, template, "the template still has what is finished here");
    finished
}

pub(super) fn fixture() -> String {
    let path = repository::root().join("tests/practice/time-matters.sql");
    std::fs::read_to_string(path).expect("the fixture")
}

/// What must come of the fixture, whatever database holds it.
pub(super) fn is_right(read: &Read) {
    days_and_times_are_those_of_clarion(read);
    one_row_per_staff_member_reaches_each_of_them(read);
    numbered_fields_mean_what_the_code_says(read);
    rows_that_are_wrong_are_listed(read);
}

fn days_and_times_are_those_of_clarion(read: &Read) {
    let span = |key: &str| shown(read.record(Kind::Event, key), Field::Span);
    assert_eq!(span("D000000000000001"), "2026-11-20T08:30:00Z/2026-11-20T09:00:00Z", "9:30 to 10 in Berlin");
    assert_eq!(span("D000000000000002"), "2026-11-19T23:00:00Z/2026-11-19T23:15:00Z", "1 is midnight");
    assert_eq!(span("D000000000000003"), "2026-11-20/2026-11-20", "0 is no time: the whole day");
    assert_eq!(shown(read.record(Kind::Task, "C000000000000001"), Field::DueDate), "2026-12-01");
    assert_eq!(shown(read.record(Kind::Task, "C000000000000005"), Field::DueDate), "", "0 is no day");
    assert_eq!(shown(read.record(Kind::Contact, "A000000000000001"), Field::Birthday), "1970-12-24");
}

fn one_row_per_staff_member_reaches_each_of_them(read: &Read) {
    assert_eq!(read.people(Kind::Task, "C000000000000001"), ["AB"]);
    assert_eq!(read.people(Kind::Task, "C000000000000002"), ["CD"]);
    assert_eq!(read.people(Kind::Task, "C000000000000006"), ["AB", "EF"], "a group is its members");
    assert_eq!(read.people(Kind::Event, "D000000000000009"), ["AB", "EF"]);
    let names: Vec<_> = read.preview.people.iter().map(|person| person.id.0.as_str()).collect();
    assert_eq!(names, ["AB", "CD", "EF"]);
    let group = |key: &str| read.record(Kind::Task, key).group.clone().expect("a group");
    assert_eq!(group("C000000000000001"), group("C000000000000002"), "rows of one to-do");
    assert_ne!(group("C000000000000001"), group("C000000000000005"));
    let task = read.record(Kind::Task, "C000000000000001");
    assert_eq!(task.matter.number.as_ref().map(|number| number.reveal().as_str()), Some("2026-114"));
}

fn numbered_fields_mean_what_the_code_says(read: &Read) {
    let contact = |key: &str, field| shown(read.record(Kind::Contact, key), field);
    let (client, counsel, court) = ("A000000000000001", "A000000000000002", "A000000000000003");
    assert_eq!(contact(client, Field::HomePhone), "555 0199");
    assert_eq!(contact(client, Field::BusinessFax), "");
    assert_eq!(contact(counsel, Field::BusinessFax), "555 0198", "the same field under another code");
    assert_eq!(contact(counsel, Field::HomePhone), "");
    assert_eq!(contact(counsel, Field::Company), "Counsel & Co");
    assert_eq!(contact(court, Field::Email1), "", "a code that the mapping does not know gives nothing");
    assert_eq!(contact(court, Field::Surname), "Clerk");
    assert_eq!(read.problems(Kind::Contact, court), Vec::<String>::new());
}

fn rows_that_are_wrong_are_listed(read: &Read) {
    let archived = read.record(Kind::Contact, "A000000000000004");
    assert_eq!(archived.withdrawn.as_deref(), Some("archived"));
    assert_eq!(read.record(Kind::Task, "C000000000000004").withdrawn.as_deref(), Some("archived matter"));
    let done = read.record(Kind::Task, "C000000000000003");
    assert!(done.done && done.record.get(Field::Status) == Some(&Value::Status(TaskStatus::Completed)));
    let expected: BTreeMap<(Kind, &str), Vec<&str>> = [
        (
            (Kind::Contact, "A000000000000005"),
            vec![
                "person: this person is not among `people`: nobody gets this record",
                "email_1: this is no e-mail address: left out, the last good value stays",
                "birthday: this day is not in the calendar: left out, the last good value stays",
            ],
        ),
        ((Kind::Task, "C000000000000007"), vec!["person: this person is not among `people`: nobody gets this record"]),
        ((Kind::Task, "C000000000000008"), vec!["person: there is no person: nobody gets this record"]),
        (
            (Kind::Task, "C000000000000009"),
            vec!["due_date: this is no day of the Clarion calendar: left out, the last good value stays"],
        ),
        (
            (Kind::Task, "C00000000000000A"),
            vec!["due_date: this date is outside the years 1900 to 2200: left out, the last good value stays"],
        ),
        ((Kind::Event, "D000000000000004"), vec!["end_time: the end is before the start: shown with 30 minutes"]),
        ((Kind::Event, "D000000000000005"), vec!["end_time: the end has no time of day: shown with 30 minutes"]),
        (
            (Kind::Event, "D000000000000006"),
            vec!["start_time: this time does not exist, summer time skips it: moved forward by as much"],
        ),
        (
            (Kind::Event, "D000000000000007"),
            vec!["start_time: this is no Clarion time of day: an event without a start cannot be read"],
        ),
        (
            (Kind::Event, "D000000000000008"),
            vec!["start_time: there is no start: an event without a start cannot be read"],
        ),
    ]
    .into();
    for ((kind, key), told) in &expected {
        assert_eq!(read.problems(*kind, key), *told, "{kind} {key}");
    }
    let all: usize = expected.values().map(Vec::len).sum();
    assert_eq!(read.preview.problems.len(), all, "nothing else is wrong:\n{}", read.preview.text(1));
    assert!(read.is_unreadable(Kind::Event, "D000000000000007") && read.is_unreadable(Kind::Event, "D000000000000008"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_template_reads_its_shape_from_sqlite() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = rusqlite::Connection::open(folder.path().join("practice.db")).expect("a database");
    database.execute_batch(&fixture()).expect("the fixture");
    std::fs::write(folder.path().join("mapping.toml"), finished("sqlite")).expect("written");
    let mut settings = in_folder(folder.path(), "Europe/Berlin");
    settings.placeholders.insert("schema".to_owned(), "main".to_owned());
    is_right(&Read::take(&settings).await);
    settings.placeholders.insert("contacts_for".to_owned(), "everyone".to_owned());
    let read = Read::take(&settings).await;
    assert_eq!(read.people(Kind::Contact, "A000000000000005"), ["everyone"]);
}

#[test]
fn the_template_as_it_lies_there_says_that_it_reads_from_a_server() {
    let path = repository::root().join("config/practice/time-matters.toml");
    let folder = tempfile::tempdir().expect("a folder");
    let mut settings = in_folder(folder.path(), "Europe/Berlin");
    settings.mapping = path.display().to_string();
    let failure = pocketdocket::sources::open(&settings).map(|_| ()).expect_err("a file is no server");
    let cause = std::error::Error::source(&failure).map(ToString::to_string).unwrap_or_default();
    assert!(cause.contains("`sqlserver` reads from a server"), "{cause}");
}
