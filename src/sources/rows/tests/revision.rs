//! Our own reading, pinned: the same row that becomes another record looks like news on every phone of every firm.

use super::*;
use crate::sources::readings::READING_REVISION;

fn records() -> String {
    let event = [
        ("start", text("2026-07-01 10:00")),
        ("end", text("2026-07-01 11:30")),
        ("subject", text("  Hearing \r\n")),
        ("notes", text("Bring\r\nthe file ")),
        ("location", text("Room 1")),
        ("categories", text("Court, Urgent")),
        ("private", Cell::Integer(0)),
        ("matter_number", text(" 0012/26 ")),
    ];
    let days = [("start", text("2026-07-01")), ("all_day", Cell::Integer(1)), ("subject", text("Leave"))];
    let task =
        [("subject", text("Appeal")), ("due_date", text("2026-07-01")), ("done", text("yes")), ("notes", Cell::Null)];
    let contact = [("given_name", text(" Erika ")), ("surname", text("Muster")), ("email_1", text("E@example.org"))];
    let all: [(Kind, &[(&str, Cell)]); 4] =
        [(Kind::Event, &event), (Kind::Event, &days), (Kind::Task, &task), (Kind::Contact, &contact)];
    let record = |(kind, cells)| serde_json::to_string(&one(kind, cells, "").0).expect("JSON");
    all.map(record).join("\n")
}

#[test]
fn the_same_rows_make_the_same_records_until_the_revision_is_raised() {
    // If this fails, rows are read otherwise: raise `READING_REVISION`, accept the new snapshot, and remove the one of the old
    // revision. Then what differs for it waits for a person, and is not taken for news.
    insta::assert_snapshot!(format!("reading_revision_{READING_REVISION}"), records());
}
