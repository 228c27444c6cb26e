//! A small practice on a real PostgreSQL: its mapping shows the same as the big ones do on MariaDB. Beside it, Time Matters learned
//! from a real MariaDB.

use pocketdocket::{
    domain::{Field, Kind},
    sources::Connector,
};

use super::{
    account::account,
    office::{Office, read, settings},
    preview::{Read, shown},
    time_matters,
};
use crate::{
    repository,
    servers::{PASSWORD, Server, Sort},
};

fn loaded() -> Server {
    let server = Server::start(Sort::Postgres);
    server.load(&repository::root().join("tests/practice/small-practice.sql"));
    server
}

fn mapping() -> String {
    repository::root().join("config/practice/small-practice.toml").display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_of_a_small_practice_is_given_to_somebody_or_listed() {
    let server = loaded();
    let settings = settings(&server, &mapping(), "Europe/Berlin");
    let preview = read(&settings).await;
    for (kind, name, keys) in [
        (Kind::Contact, "contacts", "SELECT id FROM addresses"),
        (Kind::Event, "meetings", "SELECT id FROM meetings"),
        (Kind::Event, "calls", "SELECT id FROM calls"),
        (Kind::Task, "deadlines", "SELECT id FROM deadlines WHERE sort = 'deadline'"),
        (Kind::Task, "follow-ups", "SELECT id FROM deadlines WHERE sort = 'follow-up'"),
    ] {
        account(&settings, kind, name).await.accounts_for(&server, keys, &preview, kind);
    }
    what_is_wrong_is_listed(&preview);
    what_is_odd_is_there(&preview);
}

fn what_is_wrong_is_listed(preview: &Read) {
    let meeting = |id: &str| -> Vec<String> {
        let of_query = |problem: &&pocketdocket::domain::RowProblem| {
            problem.query.0 == "meetings" && problem.key.as_ref().is_some_and(|key| key.record == id)
        };
        let told = preview.preview.problems.iter().filter(of_query);
        told.map(|problem| format!("{}: {}", problem.column.as_deref().unwrap_or("row"), problem.what)).collect()
    };
    for (id, reason) in [
        ("2", "start: this time does not exist, summer time skips it"),
        ("3", "start: this time happens twice"),
        ("4", "end: the end is before the start: shown with 30 minutes"),
        ("5", "start: this date is outside the years 1900 to 2200"),
        ("6", "start: "),
        ("7", "start: "),
        ("8", "start: there is no start"),
        ("12", "person: there is no person: nobody gets this record"),
    ] {
        assert!(meeting(id).iter().any(|told| told.starts_with(reason)), "{id}: {:?}", meeting(id));
    }
    let contact = |id: &str| preview.problems(Kind::Contact, id);
    assert_eq!(
        contact("bad"),
        [
            "email_1: this is no e-mail address: left out, the last good value stays",
            "birthday: this day is not in the calendar: left out, the last good value stays",
        ]
    );
    assert_eq!(contact("huge"), ["notes: this text is longer than Exchange keeps: the end was cut off"]);
    assert_eq!(contact("unknown"), ["person: this person is not among `people`: nobody gets this record"]);
    assert_eq!(contact("nobody"), ["person: there is no person: nobody gets this record"]);
    assert!(preview.problems(Kind::Task, "5").iter().any(|told| told.starts_with("due_date: ")));
    assert!(preview.problems(Kind::Event, "3").iter().any(|told| told.starts_with("duration_minutes: ")));
}

fn what_is_odd_is_there(preview: &Read) {
    let contact = |id: &str, field| shown(preview.record(Kind::Contact, id), field);
    assert_eq!(contact("plain", Field::Birthday), "1970-12-24");
    assert_eq!(contact("plain", Field::Notes), "Line one\nLine two");
    assert_eq!(contact("nameless", Field::Email1), "only.mail@example.org");
    assert_eq!(contact("twin-2", Field::Email1), "TWIN@example.org");
    assert_eq!(contact("html", Field::Notes), "Call soon\nMüller & Söhne");
    assert_eq!(contact("huge", Field::Notes).chars().count(), 100_000, "of 130 kB");
    assert_eq!(contact("control", Field::GivenName), "Control");
    assert_eq!(contact("control", Field::Notes), "ab\nc");
    assert_eq!(preview.record(Kind::Contact, "gone").withdrawn.as_deref(), Some("deleted"));
    let meetings = |id: &str| -> Vec<_> {
        preview.records(Kind::Event, id).into_iter().filter(|record| record.key.query.0 == "meetings").collect()
    };
    assert_eq!(shown(meetings("9")[0], Field::Span), "2026-12-03/2026-12-04");
    assert_eq!(shown(meetings("102")[0], Field::Span), "2026-10-19T07:00:00Z/2026-10-19T07:30:00Z");
    assert_eq!(shown(meetings("103")[0], Field::Span), "2026-10-26T08:00:00Z/2026-10-26T08:30:00Z", "winter time");
    assert_eq!(meetings("1").len(), 2, "one row for each person");
    let removed = meetings("4").into_iter().find_map(|record| record.withdrawn.clone());
    assert_eq!(removed.as_deref(), Some("no longer invited"));
    assert!(meetings("13")[0].private && !meetings("1")[0].private, "NULL means no where the mapping says so");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_practice_is_on_the_phones_after_one_run_and_a_second_one_writes_nothing() {
    let server = loaded();
    let office = Office::of(&settings(&server, &mapping(), "Europe/Berlin"), &["ab", "cd"]).await;
    office.first_sync().await;
    // Of 23 meetings of Anna's four have no start, one is of a closed matter and one is deleted.
    assert_eq!(office.on_phone("ab"), [17, 4, 8]);
    assert_eq!(office.on_phone("cd"), [1 + 3, 2, 195]);
    office.second_run_writes_nothing().await;

    // Of 195 rows with one time of change a single one changes, and carries the old time: the next full read finds it.
    server.sql("UPDATE addresses SET last_name = 'Late' WHERE id = 'import-7'");
    let before = office.writes();
    office.tick(61).await;
    assert_eq!(office.writes() - before, 1);
    // A link row that is marked as removed takes the meeting off one phone at the next tick.
    server.sql("UPDATE meeting_people SET removed = true, changed = now() WHERE meeting = 1 AND login = 'cd'");
    office.tick(2).await;
    assert_eq!((office.on_phone("cd")[0], office.on_phone("ab")[0]), (3, 17));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_learned_of_time_matters_is_the_same_in_mariadb_and_in_sqlite() {
    let server = Server::start(Sort::MariaDb);
    server.sql(&time_matters::fixture());
    let folder = tempfile::tempdir().expect("a folder");
    let settings = settings(&server, &folder.path().join("mapping.toml").display().to_string(), "Europe/Berlin");
    let secret = || Ok(Some(secrecy::SecretString::from(PASSWORD)));
    time_matters::learn(&settings, Connector::Mysql, std::sync::Arc::new(secret)).await;
    let there = read(&settings).await;
    time_matters::is_right(&there);
    let (_, _, here) = time_matters::from_sqlite(tempfile::tempdir().expect("a folder").path()).await;
    time_matters::are_the_same(&there, &here);
    super::sql_server::synced(super::office::open(&settings)).await;
}
