//! Every named point, in every sort of work, at its first passes.

use std::collections::BTreeSet;

use pocketdocket::{
    domain::{Body, BodyFormat, Kind, notes},
    engine::crash_point,
};

use super::office::Office;
use crate::engine::doors::over_graph;

/// The passes at which each point is tried.
const PASSES: [u32; 2] = [1, 3];

/// Reached only with open intents, so not by a sync after one in good order.
const OF_RECOVERY: &str = "after-recovery";

/// Ends a sync at every point, at several passes of it, and lets a fresh process finish. `change` makes work for each.
fn at_every_point(office: &Office, change: impl Fn(&Office, usize)) {
    let mut reached = BTreeSet::new();
    let tries = crash_point::ALL.iter().flat_map(|point| PASSES.map(|pass| (*point, pass)));
    for (round, (point, pass)) in tries.enumerate() {
        if pass > 1 && !reached.contains(point) {
            continue;
        }
        change(office, round);
        if office.sync_ending_at(point, pass) {
            reached.insert(point);
            office.sync();
        }
        let when = format!("after an end at {point}:{pass}");
        office.assert_as_the_practice_wants(&when);
        office.assert_quiet(&when);
    }
    let all: BTreeSet<&str> = crash_point::ALL.iter().copied().filter(|point| *point != OF_RECOVERY).collect();
    assert_eq!(reached, all, "the list of points and the points of the engine differ");
}

#[test]
fn a_first_sync_that_ends_anywhere_is_finished_by_the_next() {
    let mut reached = BTreeSet::new();
    for (point, pass) in crash_point::ALL.iter().flat_map(|point| PASSES.map(|pass| (*point, pass))) {
        if pass > 1 && !reached.contains(point) {
            continue;
        }
        let office = Office::with_records(3);
        office.release_the_first_write();
        if office.sync_ending_at(point, pass) {
            reached.insert(point);
            office.sync();
        }
        let when = format!("after an end at {point}:{pass}");
        office.assert_as_the_practice_wants(&when);
        office.assert_quiet(&when);
    }
    assert_eq!(reached.len(), crash_point::ALL.len() - 1, "reached: {reached:?}");
}

#[test]
fn updates_that_end_anywhere_are_finished_by_the_next_sync() {
    let office = Office::settled(3);
    let anchor = Office::stamp(Kind::Event, "r0");
    office.phone().write_around(&anchor, "Parking: level 2\n", "\nAsk for Ms Kaya").expect("written");
    at_every_point(&office, |office, round| {
        office.sql(&format!(
            "UPDATE events SET subject = 'Moved ' || id || ' {round}', notes = 'Changed {round}.';
             UPDATE tasks SET subject = 'Other {round}', notes = 'Changed {round}.';
             UPDATE contacts SET phone = '+49 40 {round}', notes = 'Changed {round}.';"
        ));
    });
    let view = office.mailbox();
    let body = view.stamped(&anchor)[0].text("item:Body").unwrap_or_default();
    // Over Graph the notes of events come back as HTML.
    let format = if over_graph() { BodyFormat::Html } else { BodyFormat::Text };
    let body = notes::text(&Body { format, text: body.into() });
    assert!(body.starts_with("Parking: level 2\n") && body.trim_end().ends_with("\nAsk for Ms Kaya"), "{body:?}");
}

#[test]
fn deletions_that_end_anywhere_are_finished_by_the_next_sync() {
    let rounds = crash_point::ALL.len() * PASSES.len();
    let office = Office::settled(2 + 2 * rounds);
    at_every_point(&office, |office, round| {
        for number in [2 + 2 * round, 3 + 2 * round] {
            for table in ["events", "tasks", "contacts"] {
                office.sql(&format!("DELETE FROM {table} WHERE id = 'r{number}'"));
            }
        }
    });
}

#[test]
fn restores_that_end_anywhere_are_finished_by_the_next_sync() {
    let office = Office::settled(3);
    at_every_point(&office, |office, _| {
        for kind in Kind::ALL {
            for record in ["r0", "r1", "r2"] {
                office.phone().delete(&office.item(kind, record)).expect("deleted");
            }
        }
    });
}

/// New records, changed ones, removed ones, ones that the user edited or deleted, all in one sync.
fn something_of_everything(office: &Office, round: usize) {
    office.work(round);
    let phone = office.phone();
    let item = |kind, record| office.item(kind, record);
    phone.edit(&item(Kind::Event, "r1"), "item:Subject", Some("Edited on the phone")).expect("edited");
    phone.delete(&item(Kind::Task, "r2")).expect("deleted");
    phone.delete_for_good(&item(Kind::Contact, "r0")).expect("deleted");
}

#[test]
fn mixed_work_that_ends_anywhere_is_finished_by_the_next_sync() {
    let office = Office::settled(3);
    at_every_point(&office, something_of_everything);
}

#[test]
fn a_recovery_that_ends_anywhere_is_finished_by_the_next() {
    let office = Office::settled(3);
    let mut reached = BTreeSet::new();
    for (round, point) in crash_point::ALL.iter().enumerate() {
        something_of_everything(&office, round);
        assert!(office.sync_ending_at("after-wire", 2), "there was something to write");
        if office.sync_ending_at(point, 1) {
            reached.insert(*point);
            office.sync();
        }
        let when = format!("after an end at {point} of the sync that recovers");
        office.assert_as_the_practice_wants(&when);
        office.assert_quiet(&when);
    }
    assert_eq!(reached, crash_point::ALL.iter().copied().collect(), "some point was not reached");
}
