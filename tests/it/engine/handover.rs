//! A record moves from one person to another: no gap, and nothing twice.

use std::time::Duration;

use jiff::SignedDuration;
use pocketdocket::simulator::{Fault, FaultRule};

use super::firm::{Firm, address};

/// Anna and Weber, one with a hearing, and one record of each own so that both have begun.
async fn firm() -> Firm {
    let firm = Firm::of(&["anna", "weber"]).await;
    firm.event("a", "anna", "Hers", 3);
    firm.event("w", "weber", "His", 3);
    firm.event("x", "anna", "Hearing", 4);
    firm.first_sync().await;
    firm
}

fn moves(firm: &Firm, to: &str) {
    firm.sql(&format!("UPDATE events SET person = '{to}', changed = datetime('now') WHERE id = 'x'"));
}

fn has(firm: &Firm, user: &str) -> bool {
    firm.subjects(user).contains(&"Hearing".to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_moves_within_one_tick_in_either_direction() {
    let firm = firm().await;
    for (from, to) in [("anna", "weber"), ("weber", "anna"), ("anna", "weber")] {
        moves(&firm, to);
        firm.tick().await;
        assert!(has(&firm, to) && !has(&firm, from), "from {from} to {to}");
        assert_eq!(firm.holds(), []);
    }
    for user in ["anna", "weber"] {
        firm.assert_nothing_doubled(user);
        firm.assert_quiet(user).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_no_moment_does_nobody_have_it_however_slow_the_other_mailbox_is() {
    let firm = firm().await;
    moves(&firm, "weber");
    firm.sim.faults().add(FaultRule::new(Fault::Slow { milliseconds: 700 }).in_mailbox(&address("weber")).times(1));
    firm.pass_time(SignedDuration::from_mins(2));
    firm.engine.tick(None).await.expect("a writable ledger");
    for _ in 0..300 {
        // In this order: what is not here any more must be there already.
        assert!(has(&firm, "anna") || has(&firm, "weber"), "a gap");
        if !has(&firm, "anna") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    firm.engine.idle().await;
    assert!(has(&firm, "weber") && !has(&firm, "anna"), "and all within the tick");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_cannot_take_over_keeps_nobody_waiting_for_ever() {
    let firm = firm().await;
    moves(&firm, "weber");
    firm.sim.faults().add(FaultRule::new(Fault::Busy { back_off_milliseconds: 60_000 }).in_mailbox(&address("weber")));
    firm.tick().await;
    firm.tick().await;
    assert!(has(&firm, "anna") && !has(&firm, "weber"), "it waits");
    firm.pass_time(SignedDuration::from_mins(61));
    firm.tick().await;
    assert!(!has(&firm, "anna"), "for an hour");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_without_a_working_link_is_not_waited_for() {
    let firm = firm().await;
    firm.ledger.pause(&super::firm::name("weber"), "test", firm.now()).expect("paused");
    firm.tick().await;
    moves(&firm, "weber");
    firm.tick().await;
    assert!(!has(&firm, "anna"), "it is not hers any more, and nobody else takes it now");
    firm.ledger.resume(&super::firm::name("weber"), "test", firm.now()).expect("resumed");
    firm.tick().await;
    assert!(has(&firm, "weber"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_other_does_not_get_is_not_waited_for() {
    let firm = firm().await;
    // Over for longer than the window: kept where it was, and written into no other mailbox.
    firm.sql(
        "UPDATE events SET person = 'weber', starts = '2026-09-01 10:00', ends = '2026-09-01 11:00' WHERE id = 'x'",
    );
    firm.tick().await;
    assert!(!has(&firm, "anna") && !has(&firm, "weber"));
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_mailbox_that_both_use_it_stays_and_is_there_once() {
    let firm = firm().await;
    firm.link_by("weber-too", "weber", &address("anna"), &address("anna")).await;
    firm.tick().await;
    firm.release_all();
    firm.tick().await;
    let before = firm.mailbox("anna").events().len();
    moves(&firm, "weber");
    firm.tick().await;
    firm.later().await;
    assert_eq!(firm.mailbox("anna").events().len(), before);
    assert!(has(&firm, "anna") && has(&firm, "weber"));
    firm.assert_nothing_doubled("anna");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_power_cut_between_the_two_leaves_no_gap_and_nothing_twice() {
    let mut firm = firm().await;
    moves(&firm, "weber");
    // The first mailbox is away, so that the record is in both when the power goes.
    firm.sim
        .faults()
        .add(FaultRule::new(Fault::Busy { back_off_milliseconds: 1_000 }).in_mailbox(&address("anna")).times(2));
    firm.tick().await;
    assert!(has(&firm, "weber"));
    firm.restart(false).await;
    firm.sim.faults().clear();
    for _ in 0..4 {
        firm.later().await;
        assert!(has(&firm, "weber"));
    }
    assert!(!has(&firm, "anna"));
    firm.assert_nothing_doubled("weber");
    firm.assert_quiet("anna").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_shows_what_will_leave() {
    let firm = firm().await;
    moves(&firm, "weber");
    firm.pass_time(SignedDuration::from_mins(2));
    let report = firm.engine.rehearse(None).await.expect("a writable ledger");
    let of = |user: &str| {
        let cycle = report.cycles.iter().find(|cycle| cycle.user.as_str() == user).expect("was planned");
        cycle.plan.operations.len()
    };
    assert_eq!((of("anna"), of("weber")), (1, 1));
}

/// The same firm with a practice system that says when rows changed: most ticks then read only those.
async fn hinted() -> Firm {
    let mut firm = firm().await;
    let path = firm.folder.path().join("mapping.toml");
    let mapping = std::fs::read_to_string(&path).expect("readable");
    let with_changed = mapping.replace("labels AS categories FROM events", "labels AS categories, changed FROM events");
    assert_ne!(mapping, with_changed);
    std::fs::write(&path, with_changed).expect("written");
    // Longer ago than a read of changes reaches back from the newest row.
    firm.sql("UPDATE events SET changed = datetime('now', '-1 day') WHERE id = 'x'");
    firm.restart(true).await;
    firm.tick().await;
    firm
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_is_marked_reaches_the_new_mailbox_first_and_the_next_sweep_clears_the_old_one() {
    let firm = hinted().await;
    moves(&firm, "weber");
    firm.tick().await;
    assert!(has(&firm, "weber") && has(&firm, "anna"), "a read of changes cannot say that she lost it");
    firm.later().await;
    assert!(has(&firm, "weber") && !has(&firm, "anna"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_only_a_sweep_finds_leaves_no_gap() {
    let firm = hinted().await;
    firm.sql("UPDATE events SET person = 'weber' WHERE id = 'x'");
    for _ in 0..10 {
        firm.pass_time(SignedDuration::from_mins(2));
        firm.tick().await;
        assert!(has(&firm, "anna") || has(&firm, "weber"), "a gap");
    }
    assert!(has(&firm, "weber") && !has(&firm, "anna"));
    firm.assert_nothing_doubled("weber");
}
