//! Time Matters, the system that our first users run: what is learned of a database of its shape is right, whatever holds it. Its days
//! and times, one row per staff member, initials and groups, archives, and numbered fields whose meaning depends on the
//! classification code.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use pocketdocket::{
    domain::{Field, Kind, TaskStatus, Value},
    sources::{
        self, Connector, Secret, Settings,
        learn::{self, Answers, Catalogue, Dialect, Findings},
    },
};

use super::preview::{Read, in_folder, shown};
use crate::repository;

/// What a technician answers about the fixture.
pub(super) fn answers() -> Answers {
    let path = repository::root().join("tests/practice/time-matters.answers.toml");
    let text = std::fs::read_to_string(&path).expect("the answers");
    Answers::parse(&path, &text).unwrap_or_else(|error| panic!("{error}"))
}

/// Learns from the database that the settings name, and writes the mapping where they look for it.
pub(super) async fn learn(settings: &Settings, connector: Connector, secret: Secret) -> Findings {
    let file = Path::new(&settings.mapping);
    let nothing = Findings::of_catalogue(Dialect::of(connector), Catalogue::default());
    std::fs::write(file, learn::mapping(&nothing, &Answers::default())).expect("written");
    let findings = sources::explore(settings, secret).await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    assert_eq!(learn::check(&findings, &answers()), Ok(()));
    let open: Vec<String> = learn::open(&findings, &answers()).into_iter().map(|question| question.id).collect();
    assert_eq!(open, Vec::<String>::new());
    std::fs::write(file, learn::mapping(&findings, &answers())).expect("written");
    findings
}

pub(super) fn fixture() -> String {
    let path = repository::root().join("tests/practice/time-matters.sql");
    std::fs::read_to_string(path).expect("the fixture")
}

/// What must come of the fixture, whatever database holds it.
pub(super) fn is_right(read: &Read) {
    appointments_are_those_of_the_answers(read);
    days_and_times_are_those_of_clarion(read);
    one_row_per_staff_member_reaches_each_of_them(read);
    numbered_fields_mean_what_the_code_says(read);
    rows_that_are_wrong_are_listed(read);
}

fn appointments_are_those_of_the_answers(read: &Read) {
    let event = |key: &str| read.record(Kind::Event, key);
    let hearing = event("E000000000000001");
    assert_eq!(shown(hearing, Field::Span), "2026-11-20T08:30:00Z/2026-11-20T09:00:00Z");
    assert_eq!(
        (shown(hearing, Field::Location), shown(hearing, Field::Notes)),
        ("Court, room 3".into(), "Bring the file".into())
    );
    let name = hearing.matter.name.as_ref().map(|name| name.reveal().as_str());
    assert_eq!(name, Some("Smith v Jones"));
    assert_eq!(event("E000000000000002").group, hearing.group, "a row for each of two people");
    assert_ne!(event("E000000000000003").group, hearing.group);
    let private = ["E000000000000001", "E000000000000003", "E000000000000004"].map(|key| event(key).private);
    assert_eq!(private, [false, true, true], "what nobody called public is private");
    assert_eq!(shown(event("E000000000000005"), Field::Span), "2026-12-01/2026-12-02");
    assert_eq!(shown(event("E000000000000005"), Field::Location), "Zürich");
    assert!(event("E000000000000006").cancelled && !hearing.cancelled);
    assert_eq!(event("E000000000000007").withdrawn.as_deref(), Some("archived matter"));
    assert_eq!(read.people(Kind::Event, "E000000000000008"), ["AB", "EF"]);
    let staff: Vec<_> = read.preview.people.iter().map(|one| (one.id.0.as_str(), one.active)).collect();
    assert_eq!(
        staff,
        [("AB", true), ("CD", true), ("EF", true), ("GH", false)],
        "who left is told, and NULL is no evidence"
    );
    let mail = read.preview.people[0].email.as_ref().map(|mail| mail.reveal().as_str());
    assert_eq!(mail, Some("berg@kanzlei.example"));
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
    assert_eq!(names, ["AB", "CD", "EF", "GH"]);
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
                "birthday: this day is not in the calendar: left out, the last good value stays",
                "email_1: this is no e-mail address: left out, the last good value stays",
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

/// Two databases gave the same: every record with every field, who gets it, and everything that is wrong.
pub(super) fn are_the_same(one: &Read, other: &Read) {
    let records = |read: &Read| {
        let mut records = read.preview.records.clone();
        records.sort_by_key(|record| (record.key.clone(), format!("{:?}", record.audience)));
        records
    };
    let problems = |read: &Read| {
        let mut problems = read.preview.problems.clone();
        problems.sort();
        problems
    };
    assert_eq!(records(one), records(other));
    assert_eq!(problems(one), problems(other));
    assert_eq!(one.preview.people, other.preview.people);
}

/// A fixture in SQLite, learned, and what is read of it.
pub(super) async fn from_sqlite(folder: &Path) -> (Settings, Findings, Read) {
    let database = rusqlite::Connection::open(folder.join("practice.db")).expect("a database");
    database.execute_batch(&fixture()).expect("the fixture");
    let settings = in_folder(folder, "Europe/Berlin");
    let findings = learn(&settings, Connector::Sqlite, Arc::new(|| Ok(None))).await;
    let read = Read::take(&settings).await;
    (settings, findings, read)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_learned_of_a_fixture_in_sqlite_is_right() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut settings, findings, read) = from_sqlite(folder.path()).await;
    is_right(&read);
    assert_eq!(findings.homes[0].schema, "main");
    settings.placeholders.insert("contacts_for".to_owned(), "everyone".to_owned());
    let read = Read::take(&settings).await;
    assert_eq!(read.people(Kind::Contact, "A000000000000005"), ["everyone"]);
}

/// The same appointments in a table whose days are the database's own: with their times in one column, and with them in another.
const DATED: &str = "
CREATE TABLE calevent (sysid VARCHAR(16) PRIMARY KEY, mat_id VARCHAR(16), `desc` VARCHAR(200), memo VARCHAR(2000), staff VARCHAR(10),
    starts DATETIME, until DATETIME, day DATE, clock TIME, last_day DATE, last_clock TIME, place VARCHAR(80), all_day INTEGER,
    private VARCHAR(1), cancelled INTEGER, linked_to VARCHAR(16), ccode VARCHAR(10), archive INTEGER, m_date DATETIME);
INSERT INTO calevent SELECT sysid, mat_id, `desc`, memo, staff,
    datetime('1800-12-28', date || ' days', (MAX(time - 1, 0) / 100) || ' seconds'),
    -- Whole days end where the next one begins.
    datetime('1800-12-28', (end_date + all_day) || ' days', (MAX(end_time - 1, 0) / 100) || ' seconds'),
    date('1800-12-28', date || ' days'), CASE time WHEN 0 THEN NULL ELSE time('00:00', ((time - 1) / 100) || ' seconds') END,
    date('1800-12-28', end_date || ' days'), CASE end_time WHEN 0 THEN NULL ELSE time('00:00', ((end_time - 1) / 100) || ' seconds') END,
    place, all_day, private, cancelled, linked_to, ccode, archive, datetime('1800-12-28', m_date || ' days', ((m_time - 1) / 100) || ' seconds')
    FROM appt;
DROP TABLE appt;";

#[tokio::test(flavor = "multi_thread")]
async fn appointments_whose_days_are_the_databases_own_are_learned_and_are_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let (settings, _, numbered) = from_sqlite(folder.path()).await;
    let database = rusqlite::Connection::open(folder.path().join("practice.db")).expect("a database");
    database.execute_batch(DATED).expect("the fixture");
    let findings = sources::explore(&settings, Arc::new(|| Ok(None))).await.expect("looked at");
    let text = std::fs::read_to_string(repository::root().join("tests/practice/time-matters.answers.toml"))
        .expect("the answers");
    let given = |columns: [&str; 4]| {
        let [day, time, end_day, end_time] = columns;
        let text = text
            .replace("table = \"appt\"", "table = \"calevent\"")
            .replace("start_date = \"date\"", &format!("start_date = \"{day}\""))
            .replace("start_time = \"time\"", &format!("start_time = \"{time}\""))
            .replace("end_date = \"end_date\"", &format!("end_date = \"{end_day}\""))
            .replace("end_time = \"end_time\"", &format!("end_time = \"{end_time}\""));
        Answers::parse(Path::new("answers.toml"), &text).unwrap_or_else(|error| panic!("{error}"))
    };
    let [berlin, london] =
        ["Europe/Berlin", "Europe/London"].map(|zone| jiff::tz::TimeZone::get(zone).expect("bundled"));
    let together = given(["starts", "none", "until", "none"]);
    for (answers, stored) in [
        (&together, "2026-11-20 09:30:00"),
        (&given(["starts", "none", "none", "until"]), "2026-11-20 09:30:00"),
        (&given(["day", "clock", "last_day", "last_clock"]), "2026-11-20, 09:30:00"),
        (&given(["starts", "clock", "last_day", "last_clock"]), "2026-11-20 09:30:00, 09:30:00"),
    ] {
        assert_eq!(learn::check(&findings, answers), Ok(()));
        assert_eq!(learn::open(&findings, answers).len(), 0);
        let rows = learn::proof(&findings, answers, &berlin, &london);
        let hearing = rows.iter().find(|row| row.about.reveal() == "Hearing").expect("a row");
        assert_eq!((hearing.stored.as_str(), hearing.means.as_str()), (stored, "Fri 20 Nov 2026 08:30:00, UTC+00:00"));
        std::fs::write(&settings.mapping, learn::mapping(&findings, answers)).expect("written");
        let dated = Read::take(&settings).await;
        is_right(&dated);
        are_the_same(&dated, &numbered);
    }
    let asked = learn::questions(&findings, &together);
    let question = |id: &str| asked.iter().find(|question| question.id == id).unwrap_or_else(|| panic!("{id}"));
    let first = |id: &str| question(id).candidates.first().map(|candidate| candidate.value.as_str());
    assert_eq!(first("events.table"), Some("calevent"));
    assert!(["starts", "day"].contains(&first("events.start_date").expect("a candidate")), "{asked:?}");
    assert!(question("events.start_time").why.contains("the time is in the column of the day"));
    // What changed is found by a time of the database's own as well.
    let mapping = learn::mapping(&findings, &given(["starts", "none", "until", "none"]));
    let queries = mapping.split("[[events]]").nth(1).expect("appointments");
    assert!(!queries.contains("clarion"), "{queries}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shape_of_rows_puts_the_right_columns_first_and_their_words_stay_here() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, findings, _) = from_sqlite(folder.path()).await;
    let asked = learn::questions(&findings, &answers());
    let first = |id: &str| {
        let question = asked.iter().find(|question| question.id == id).unwrap_or_else(|| panic!("{id}"));
        question.candidates.first().map(|candidate| candidate.value.as_str())
    };
    for (id, likeliest) in [
        ("events.table", "appt"),
        ("events.start_date", "date"),
        ("events.start_time", "time"),
        ("events.end_time", "end_time"),
        ("events.link", "linked_to"),
        ("staff.email", "e_mail"),
        ("contacts.CLIENT.con1_03_01", "email_1"),
        ("contacts.CLIENT.con1_02_04", "business_street"),
        ("contacts.CLIENT.con1_02_06", "business_state"),
        ("contacts.CLIENT.con1_02_07", "business_postal_code"),
        ("contacts.CLIENT.con1_02_08", "business_phone"),
        ("contacts.CLIENT.con1_04_01", "birthday"),
    ] {
        assert_eq!(first(id), Some(likeliest), "{id}");
    }
    // Numbered fields of a code that nobody fills are not asked for.
    assert!(asked.iter().all(|question| question.id != "contacts.CLIENT.con1_05_04"));
    let template = Answers::default().written(&learn::questions(&findings, &Answers::default()));
    let mapping = learn::mapping(&findings, &answers());
    for word in ["Muster", "Hearing", "Main St", "example.org", "Smith v Jones", "Settlement"] {
        assert!(!template.contains(word) && !mapping.contains(word), "{word} is written down");
        assert!(!format!("{findings:?}{asked:?}").contains(word), "{word} could get into a log");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn days_and_times_are_proved_in_the_zone_of_the_office() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, findings, _) = from_sqlite(folder.path()).await;
    let [berlin, london] =
        ["Europe/Berlin", "Europe/London"].map(|zone| jiff::tz::TimeZone::get(zone).expect("bundled"));
    let rows = learn::proof(&findings, &answers(), &berlin, &london);
    assert_eq!(rows.len(), 8);
    let hearing = rows.iter().find(|row| row.about.reveal() == "Hearing").expect("a row");
    assert_eq!(hearing.stored, "82507, 3420001");
    assert_eq!(hearing.means, "Fri 20 Nov 2026 08:30:00, UTC+00:00", "9:30 in Berlin");
    let conference = rows.iter().find(|row| row.about.reveal() == "Conference").expect("a row");
    assert_eq!(conference.means, "Tue 01 Dec 2026, no time");
}

#[test]
fn the_example_is_what_learning_writes() {
    let mut catalogue = Catalogue::default();
    let metadata = repository::root().join("tests/practice/metadata/tm8user.tsv");
    let metadata = std::fs::read_to_string(metadata).expect("metadata");
    for line in metadata.lines().filter(|line| !line.starts_with('#')) {
        let [schema, table, column, sort] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        catalogue.add(schema, table, column, sort);
    }
    let mapping = learn::mapping(&Findings::of_catalogue(Dialect::SqlServer, catalogue), &answers());
    let head = "# An example: what `pocketdocket practice learn` writes for Time Matters on SQL Server, out of the answers in\n\
                # tests/practice/time-matters.answers.toml. The table of appointments, its columns, the columns for e-mail addresses\n\
                # and leavers and all codes are invented: every firm has its own. docs/guides/time-matters.md leads to yours.\n\n";
    let (file, text) = (repository::root().join("config/practice/time-matters.toml"), format!("{head}{mapping}"));
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(&file, &text).expect("the example can be written");
    }
    let there = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        there == text,
        "the example is out of date; write it with `UPDATE_REFERENCE=1 cargo test --test it practice::time_matters`"
    );
}
