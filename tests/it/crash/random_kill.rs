//! The service, killed at random moments while the practice, the user and the server do what they like.

use std::time::Duration;

use pocketdocket::{
    domain::Kind,
    simulator::{Fault, FaultRule},
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use super::{office::Office, service::Service};

const KILLS: usize = 50;

/// Something happens in the practice.
fn practice_changes(office: &Office, random: &mut StdRng, step: usize) {
    let table = ["events", "tasks", "contacts"][random.random_range(0..3)];
    match random.random_range(0..4) {
        0 => office.add_records(&format!("x{step}")),
        1 => office.sql(&format!("DELETE FROM {table} WHERE id = (SELECT max(id) FROM {table} WHERE id LIKE 'x%')")),
        2 => office.sql(&format!("UPDATE {table} SET notes = 'Step {step}.' WHERE id LIKE 'r%'")),
        _ => office.sql(&format!(
            "UPDATE events SET place = 'Room {step}' WHERE id = 'r1'; UPDATE tasks SET subject = 'Do {step}' WHERE id = 'r2'"
        )),
    }
}

/// The user does something to one of our items.
fn user_acts(office: &Office, random: &mut StdRng) {
    let view = office.mailbox();
    let ours: Vec<_> = view.events().into_iter().filter(|item| item.stamp.is_some()).collect();
    let Some(item) = ours.get(random.random_range(0..ours.len().max(1))) else { return };
    let phone = office.phone();
    // The product may have removed it since we looked.
    let _ = match random.random_range(0..3) {
        0 => phone.edit(&item.id, "item:Subject", Some("Edited on the phone")),
        1 => phone.delete(&item.id),
        _ => phone.delete_for_good(&item.id),
    };
}

/// The server gets into trouble, for a few requests.
fn server_fails(office: &Office, random: &mut StdRng) {
    let fault = match random.random_range(0..4) {
        0 => Fault::LostReply,
        1 => Fault::HalfBatch { stored: 1 },
        2 => Fault::TruncatedBody { bytes: 200 },
        _ => Fault::Busy { back_off_milliseconds: 100 },
    };
    let operation = ["CreateItem", "UpdateItem", "DeleteItem", "SyncFolderItems"][random.random_range(0..4)];
    office.sim.faults().add(FaultRule::new(fault).on(operation).times(random.random_range(1..3)));
}

#[test]
#[expect(clippy::print_stderr, reason = "whoever sees it fail needs the seed")]
#[ignore = "takes minutes: a part of tests/run --all"]
fn a_service_killed_at_random_moments_leaves_nothing_doubled_or_lost() {
    let seed =
        std::env::var("POCKETDOCKET_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
    eprintln!("POCKETDOCKET_TEST_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let office = Office::settled(5);
    let mut killed_at_work = 0;
    for kill in 0..KILLS {
        let service = Service::start(&office, "run.log");
        let writes = office.writes();
        let moments = random.random_range(1..6);
        for moment in 0..moments {
            practice_changes(&office, &mut random, kill * 10 + moment);
            if random.random_bool(0.3) {
                user_acts(&office, &mut random);
            }
            if random.random_bool(0.3) {
                server_fails(&office, &mut random);
            }
            std::thread::sleep(Duration::from_millis(random.random_range(20..700)));
        }
        service.kill();
        killed_at_work += usize::from(office.writes() > writes);
    }
    assert!(killed_at_work > KILLS / 4, "only {killed_at_work} of {KILLS} lives wrote anything before they ended");
    office.sim.faults().clear();
    let mut service = Service::start(&office, "run.log");
    service.wait_until("everything as the practice wants", |_| office.is_as_the_practice_wants());
    service.stop();
    let when = format!("after {KILLS} kills with seed {seed}");
    office.assert_as_the_practice_wants(&when);
    let stamp = Office::stamp(Kind::Event, "r0");
    assert_eq!(office.mailbox().stamped(&stamp).len(), 1, "{when}");
    office.assert_quiet(&when);
}
