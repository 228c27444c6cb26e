//! The ledger is older than it should be, or gone; or there are several who would write.

use pocketdocket::{engine::crash_point, plan::HoldReason};

use super::{
    office::{Office, shown},
    service::Service,
    write_ahead,
};

/// The folders say that somebody else writes into them: nothing is written before a person decided. Then everything is as the
/// practice wants, with as few items made anew as there are records that were never written.
fn take_over(office: &Office, never_written: u64, when: &str) {
    let creates = |office: &Office| office.mailbox().counts.items.get("CreateItem").copied().unwrap_or_default();
    let (writes, before) = (office.writes(), creates(office));
    let output = office.command(&["sync"]).output().expect("the binary starts");
    assert_eq!(output.status.code(), Some(1), "{when}\n{}", shown(&output));
    assert_eq!(office.writes(), writes, "another Pocket Docket may write here, {when}");
    let holds = office.holds();
    assert!(
        !holds.is_empty() && holds.iter().all(|hold| matches!(hold.reason, HoldReason::AnotherWriter { .. })),
        "{when}: {holds:?}"
    );
    // Taking over, the first write of a new ledger, the orphans of the old one: a person sees and releases each.
    for _ in 0..5 {
        if office.release_all() == 0 {
            break;
        }
        office.command(&["sync"]).output().expect("the binary starts");
    }
    office.assert_as_the_practice_wants(when);
    assert_eq!(creates(office) - before, never_written, "items made anew, {when}");
    office.assert_quiet(when);
}

#[test]
fn a_power_cut_that_took_the_last_commit_back_doubles_and_loses_nothing() {
    let office = Office::settled(3);
    let mut rolled_back = 0;
    for (round, point) in crash_point::ALL.iter().enumerate() {
        office.work(round);
        if office.sync_ending_at(point, 1) {
            assert!(write_ahead::roll_back(&office.data(), 1), "the log holds more than one commit at {point}");
            rolled_back += 1;
            office.sync();
        }
        let when = format!("after an end at {point} that took a commit back");
        office.assert_as_the_practice_wants(&when);
        office.assert_quiet(&when);
    }
    assert_eq!(rolled_back, crash_point::ALL.len() - 1, "one point needs open intents, all others were reached");
}

#[test]
fn a_backup_from_the_middle_of_the_work_is_taken_over_without_doubles() {
    let office = Office::settled(3);
    office.work(0);
    assert!(office.sync_ending_at("after-wire", 2), "there was something to write");
    let backup = office.back_up("backup");
    office.sync();
    office.work(1);
    office.sync();
    office.work(2);
    office.restore(&backup);
    take_over(&office, 3, "after an old backup was restored");
}

#[test]
fn a_ledger_lost_in_the_middle_of_the_work_costs_no_double() {
    let office = Office::settled(3);
    office.work(0);
    office.sync();
    office.work(1);
    // Ends when one batch was written: which records those are, the lost ledger alone knew.
    let before = office.mailbox().items.len();
    assert!(office.sync_ending_at("after-wire", 1), "there was something to write");
    let written = office.mailbox().items.len() - before;
    std::fs::remove_dir_all(office.data()).expect("removed");
    office.new_ledger();
    take_over(&office, 3 - written as u64, "after the ledger was lost");
}

#[test]
fn of_several_services_on_one_ledger_one_works_and_the_others_name_it() {
    let office = Office::settled(2);
    let mut services: Vec<Service> =
        (0..4).map(|number| Service::start(&office, &format!("run-{number}.log"))).collect();
    let (mut working, mut refused) = (Vec::new(), Vec::new());
    let deadline = std::time::Instant::now() + std::time::Duration::from_mins(1);
    while refused.len() < 3 {
        assert!(std::time::Instant::now() < deadline, "more than one works");
        for mut service in std::mem::take(&mut services) {
            match service.ended() {
                Some(status) => {
                    assert_eq!(status.code(), Some(3), "{}", service.log());
                    refused.push(service);
                }
                None => services.push(service),
            }
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    working.append(&mut services);
    let [service] = working.as_mut_slice() else { panic!("one works") };
    for other in &refused {
        let log = other.log();
        assert!(
            log.contains(&format!("another Pocket Docket runs on this ledger (process {})", service.id())),
            "{log}"
        );
    }
    office.work(0);
    service.wait_until("the work of the one", |_| office.is_as_the_practice_wants());
    for service in working {
        service.stop();
    }
    office.assert_as_the_practice_wants("after several services");
    office.assert_quiet("after several services");
}
