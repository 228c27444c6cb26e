//! SuiteCRM on a real MariaDB: every row is on a phone or listed with its reason, and a second run writes nothing. The data lies in
//! `../shared/data/practice/suitecrm`; without it there is nothing to try.

use pocketdocket::{
    domain::{Field, Kind},
    sources::{Settings, SourceZone},
};

use super::{
    account::{account, counted},
    jlawyer::loaded,
    office::{Office, read, settings},
    preview::{Read, shown},
};
use crate::servers::Server;

/// Everybody who is active; `max` is not.
const PEOPLE: [&str; 5] = ["chris", "jim", "sally", "sarah", "will"];

fn in_zone(server: &Server, zone: &str) -> Settings {
    let mut settings = settings(server, "suitecrm", "UTC");
    settings.day_zone = Some(SourceZone::named(zone).expect("bundled"));
    settings
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_of_suitecrm_is_given_to_somebody_or_listed() {
    let Some(server) = loaded("suitecrm") else { return };
    let settings = in_zone(&server, "Europe/Berlin");
    let preview = read(&settings).await;
    // What SuiteCRM deleted has lost its owner; of a meeting the people who were invited are left, and are told.
    let left = |table: &str, links: &str, link: &str| {
        format!(
            "SELECT id FROM {table} WHERE deleted = 0 OR COALESCE(assigned_user_id, '') <> '' \
             UNION SELECT {link} FROM {links} WHERE COALESCE(user_id, '') <> ''"
        )
    };
    let plain =
        |table: &str| format!("SELECT id FROM {table} WHERE deleted = 0 OR COALESCE(assigned_user_id, '') <> ''");
    for (kind, name, keys) in [
        (Kind::Contact, "contacts", plain("contacts")),
        (Kind::Contact, "leads", plain("leads")),
        (Kind::Event, "meetings", left("meetings", "meetings_users", "meeting_id")),
        (Kind::Event, "calls", left("calls", "calls_users", "call_id")),
        (Kind::Task, "tasks", plain("tasks")),
    ] {
        account(&settings, kind, name).await.accounts_for(&server, &keys, &preview, kind);
    }
    recurrences_are_single_items(&server, &preview);
    odd_rows_are_there(&server, &preview);
    deleted_links_are_evidence(&server, &preview);
    whole_days_are_those_of_the_office(&server).await;
    let max = preview.preview.people.iter().find(|person| person.id.0 == "max").expect("stays known");
    assert!(!max.active, "who is inactive has left");
}

fn key_of(server: &Server, table: &str, filter: &str) -> String {
    let keys = server.sql(&format!("SELECT id FROM {table} WHERE {filter}"));
    assert_eq!(keys.lines().count(), 1, "{filter}");
    keys.trim().to_owned()
}

fn recurrences_are_single_items(server: &Server, preview: &Read) {
    let occurrences = server.sql("SELECT id FROM meetings WHERE repeat_type IS NOT NULL AND deleted = 0");
    assert!(occurrences.lines().count() > 30);
    for key in occurrences.lines() {
        assert!(!preview.people(Kind::Event, key).is_empty(), "{key}");
    }
    let moved = key_of(server, "meetings", "name = 'Recurring instance moved'");
    let moved = preview.records(Kind::Event, &moved);
    assert_eq!(shown(moved[0], Field::Span), "2027-01-07T18:30:00Z/2027-01-07T19:30:00Z");
}

fn odd_rows_are_there(server: &Server, preview: &Read) {
    let meeting = |filter: &str| preview.records(Kind::Event, &key_of(server, "meetings", filter));
    let contact = |filter: &str| preview.record(Kind::Contact, &key_of(server, "contacts", filter));
    assert_eq!(shown(meeting("name = 'HTML description'")[0], Field::Notes), "Hello World");
    assert_eq!(
        shown(meeting("name = 'Long description'")[0], Field::Notes).len(),
        60_000 - 1,
        "a blank at its end goes"
    );
    let unicode = meeting("name LIKE '%会議%'")[0];
    assert_eq!(
        shown(unicode, Field::Notes),
        "Zeile 1\nZeile 2 not html & \"quotes\" O'Brien",
        "lines stay where there is no block"
    );
    assert_eq!(shown(meeting("name = 'Zero duration'")[0], Field::Span), "2027-02-05T15:00:00Z/2027-02-05T15:00:00Z");
    assert_eq!(
        meeting("name = '' AND deleted = 0")[0].record.get(Field::Subject),
        None,
        "no name is no reason to be absent"
    );
    let linked = meeting("name = 'Linked to case'")[0];
    assert!(linked.matter.number.is_some() && linked.matter.name.is_some());
    assert_eq!(shown(contact("last_name = 'Solo'"), Field::Notes).len(), 48_000 - 1);
    let shared: Vec<_> =
        preview.preview.records.iter().filter(|record| shown(record, Field::Email1) == "dup@example.com").collect();
    assert!(shared.len() > 2, "contacts may share an address");
    assert_eq!(shown(contact("last_name = 'Šimůnek'"), Field::Birthday), "1904-02-29");
    let task = key_of(server, "tasks", "name = 'Task no due'");
    assert_eq!(preview.record(Kind::Task, &task).record.get(Field::DueDate), None);
}

fn deleted_links_are_evidence(server: &Server, preview: &Read) {
    let taken_off = server.sql(
        "SELECT l.meeting_id, u.user_name FROM meetings_users l JOIN users u ON u.id = l.user_id \
         JOIN meetings m ON m.id = l.meeting_id WHERE l.deleted = 1 AND COALESCE(m.assigned_user_id, '') <> l.user_id",
    );
    assert!(!taken_off.is_empty());
    for line in taken_off.lines() {
        let (key, login) = line.split_once('\t').expect("two columns");
        let of_them = preview.records(Kind::Event, key).into_iter().find(
            |record| matches!(&record.audience, pocketdocket::domain::Audience::Person(person) if person.0 == login),
        );
        assert!(of_them.is_some_and(|record| record.withdrawn.is_some()), "{key} of {login}");
    }
}

async fn whole_days_are_those_of_the_office(server: &Server) {
    let (one, two) = ("name LIKE 'All-day by%'", "name = 'Two days'");
    let preview = read(&in_zone(server, "America/New_York")).await;
    for (filter, days) in [(one, "2027-02-01/2027-02-01"), (two, "2027-02-03/2027-02-04")] {
        let key = key_of(server, "meetings", filter);
        assert_eq!(shown(preview.records(Kind::Event, &key)[0], Field::Span), days);
        assert_eq!(preview.problems(Kind::Event, &key), Vec::<String>::new());
    }
    // For an office elsewhere these days begin at six in the morning, and that is said.
    let preview = read(&in_zone(server, "Europe/Berlin")).await;
    let key = key_of(server, "meetings", one);
    assert_eq!(shown(preview.records(Kind::Event, &key)[0], Field::Span), "2027-02-01/2027-02-01");
    assert!(preview.problems(Kind::Event, &key)[0].contains("begins at a time of day"));
}

#[tokio::test(flavor = "multi_thread")]
async fn suitecrm_is_on_the_phones_after_one_run_and_a_second_one_writes_nothing() {
    let Some(server) = loaded("suitecrm") else { return };
    // More rows with one time of change than a portion has: none of them may be missed.
    assert!(counted(&server, "SELECT count(*) FROM contacts WHERE date_modified = '2026-11-22 02:01:53'") >= 195);
    let office = Office::of(&in_zone(&server, "Europe/Berlin"), &PEOPLE).await;
    office.first_sync().await;
    for person in PEOPLE {
        let user = format!("(SELECT id FROM users WHERE user_name = '{person}')");
        let entries = |table: &str, links: &str, link: &str| {
            format!(
                "(SELECT count(*) FROM {table} m WHERE deleted = 0 AND status <> 'Not Held' AND (assigned_user_id = {user} OR \
                 EXISTS (SELECT 1 FROM {links} l WHERE l.{link} = m.id AND l.user_id = {user} AND l.deleted = 0 \
                 AND l.accept_status <> 'decline')))"
            )
        };
        let owned =
            |table: &str| format!("(SELECT count(*) FROM {table} WHERE deleted = 0 AND assigned_user_id = {user})");
        let (meetings, calls) =
            (entries("meetings", "meetings_users", "meeting_id"), entries("calls", "calls_users", "call_id"));
        let expected = [
            format!("SELECT {meetings} + {calls}"),
            format!("SELECT {}", owned("tasks")),
            format!("SELECT {} + {}", owned("contacts"), owned("leads")),
        ];
        let expected = expected.map(|statement| counted(&server, &statement));
        assert_eq!(office.on_phone(person), expected, "events, tasks and contacts of {person}");
    }
    office.second_run_writes_nothing().await;

    // Somebody is taken off a meeting: the link row says so, and the next tick takes it from that phone alone.
    let link = server.sql(
        "SELECT l.id FROM meetings_users l JOIN meetings m ON m.id = l.meeting_id JOIN users u ON u.id = l.user_id \
         WHERE l.deleted = 0 AND m.deleted = 0 AND m.status <> 'Not Held' AND l.accept_status <> 'decline' \
         AND m.assigned_user_id <> l.user_id AND u.user_name = 'sarah' LIMIT 1",
    );
    let before = (office.writes(), office.on_phone("sarah")[0]);
    let link = link.trim();
    server.sql(&format!("UPDATE meetings_users SET deleted = 1, date_modified = UTC_TIMESTAMP() WHERE id = '{link}'"));
    office.tick(2).await;
    assert_eq!((office.writes(), office.on_phone("sarah")[0]), (before.0 + 1, before.1 - 1));
}
