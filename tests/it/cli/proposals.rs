//! What people changed on their phones, for the office.

use insta::assert_snapshot;
use jiff::Timestamp;
use pocketdocket::{
    domain::{Field, FolderId, Kind, RecordKey, Value},
    ports::MailboxIdentity,
    state::{Ledger, MailboxId, Proposal, UserName},
};

use super::Place;

/// What a user could type to run something on an office computer.
const EVIL: &str = "=HYPERLINK(\"http://evil.example\",\"Lunch\")";

fn mailbox_of(ledger: &Ledger, user: &UserName) -> MailboxId {
    let identity = MailboxIdentity { server: "mail.kanzlei.example".to_owned(), root: FolderId("root".to_owned()) };
    let mailbox = ledger.mailbox_for(&identity, Timestamp::now()).expect("is noted");
    ledger.set_user_mailbox(user, mailbox).expect("is noted");
    mailbox
}

fn propose(ledger: &Ledger, mailbox: MailboxId, record: &str, field: Field, before: &str, after: &str) {
    let value = |text: &str| (!text.is_empty()).then(|| Value::text(text));
    let key = RecordKey::new(Kind::Event, "events", record);
    let proposal = Proposal { key, field, before: value(before), after: value(after), overwritten: true };
    ledger.add_proposals(mailbox, &[proposal], Timestamp::now()).expect("is kept");
}

fn with_proposals() -> Place {
    with_proposals_on("1")
}

fn with_proposals_on(record: &str) -> Place {
    let (place, ledger, name) = Place::with_active_user();
    let mailbox = mailbox_of(&ledger, &name);
    propose(&ledger, mailbox, record, Field::Subject, "Hearing", EVIL);
    propose(&ledger, mailbox, record, Field::Location, "Room 5", "");
    place
}

#[test]
fn proposed_changes_are_listed_and_closed_by_number() {
    let place = with_proposals();
    assert_snapshot!(place.run("proposals list --user weber --since 1d"), @r#"
    exit code: 0
    ----- stdout
    ID  WHEN                 USER   RECORD          TITLE  FIELD     BEFORE     AFTER                                        STATE
    2   MOMENT  weber  event/events/1         location  "Room 5"   (nothing)                                    written over
    1   MOMENT  weber  event/events/1         subject   "Hearing"  "=HYPERLINK("http://evil.example","Lunch")"  written over
    ----- stderr
    "#);
    assert_snapshot!(place.run("proposals done 1"), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    1 proposed changes are entered
    ");
    assert_snapshot!(place.run("proposals done 1 2 --rejected"), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    1 proposed changes are rejected
    the others were closed before
    ");
    assert_snapshot!(place.run("proposals list"), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    nobody changed anything on a phone that the office has not seen
    ");
    let all = place.run("proposals list --all");
    assert!(all.contains("entered") && all.contains("rejected"), "{all}");
    let audit = place.ledger().audit_trail(None, 10).expect("is read");
    assert!(
        audit.iter().any(|entry| entry.event.contains("proposed change 1") && entry.by.contains("tester")),
        "{audit:?}"
    );
}

#[test]
fn one_unknown_number_closes_nothing() {
    let place = with_proposals();
    assert_snapshot!(place.run("proposals done 1 77"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: there is no proposed change 77
    hint: `pocketdocket proposals list --all` shows what is kept
    ");
    assert!(place.run("proposals list").contains("event/events/1"));
}

#[test]
fn json_has_everything_a_script_needs() {
    let place = with_proposals();
    let output = place.command("proposals list --json").output().expect("starts");
    let listed: serde_json::Value = serde_json::from_slice(&output.stdout).expect("is JSON");
    insta::assert_json_snapshot!(listed[1], { ".at" => "MOMENT" }, @r#"
    {
      "at": "MOMENT",
      "closed": null,
      "id": 1,
      "mailbox": 1,
      "proposal": {
        "after": {
          "text": "=HYPERLINK(\"http://evil.example\",\"Lunch\")"
        },
        "before": {
          "text": "Hearing"
        },
        "field": "subject",
        "key": "event/events/1",
        "overwritten": true
      },
      "title": "",
      "users": [
        "weber"
      ]
    }
    "#);
}

#[test]
fn the_export_names_the_matter_and_runs_nothing() {
    let other = Place::installed();
    let sample = rusqlite::Connection::open(other.path("practice.db")).expect("the sample firm");
    let with_matter = "SELECT CAST(e.id AS TEXT) FROM events e JOIN event_people p ON p.event_id = e.id
        JOIN matters m ON m.id = e.matter_id LIMIT 1";
    let record: String = sample.query_row(with_matter, [], |row| row.get(0)).expect("an event with a matter");
    let place = with_proposals_on(&record);
    let output = place.command("proposals export --csv -").output().expect("starts");
    assert!(output.status.success(), "{}", place.shown(&output));
    let mut table = csv::Reader::from_reader(output.stdout.as_slice());
    let column = |name: &str, head: &csv::StringRecord| head.iter().position(|cell| cell == name).expect("a column");
    let head = table.headers().expect("a head").clone();
    let rows: Vec<csv::StringRecord> = table.records().collect::<Result<_, _>>().expect("a table");
    assert_eq!(rows.len(), 2);
    assert_eq!(&rows[1][column("after", &head)], format!("'{EVIL}"), "shown, not run");
    assert_eq!((&rows[1][column("user", &head)], &rows[1][column("before", &head)]), ("weber", "Hearing"));
    assert!(!rows[1][column("matter number", &head)].is_empty(), "it has a matter");

    place.command("proposals export --csv table.csv --bom --semicolon").assert().success();
    let bytes = std::fs::read(place.path("table.csv")).expect("was written");
    assert!(bytes.starts_with("\u{feff}\"id\";\"when\"".as_bytes()), "{}", String::from_utf8_lossy(&bytes));
    assert_snapshot!(place.run("proposals export --csv table.csv"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: there is a file `table.csv` already
    hint: choose another name, or remove that file when nobody needs it any more
    ");
}

#[test]
fn what_a_user_typed_is_in_no_log_and_no_file() {
    let place = with_proposals();
    for line in
        ["--log trace proposals list --json", "--log trace proposals export --csv -", "--log trace proposals done 1"]
    {
        let output = place.command(line).output().expect("starts");
        assert!(!String::from_utf8_lossy(&output.stderr).contains("evil.example"), "{line}");
    }
    for entry in std::fs::read_dir(place.path("data")).expect("is a folder").flatten() {
        let bytes = std::fs::read(entry.path()).expect("is ours");
        assert!(!bytes.windows(12).any(|window| window == b"evil.example"), "{}", entry.path().display());
    }
}
