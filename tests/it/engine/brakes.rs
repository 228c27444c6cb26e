use jiff::SignedDuration;
use pocketdocket::{
    domain::Kind,
    plan::{Class, HoldReason},
};

use pocketdocket::simulator::{Fault, FaultRule};

use super::firm::{Firm, address, text};

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_query_deletes_nothing_and_waits_for_a_person() {
    let firm = Firm::of(&["weber"]).await;
    firm.many_events("weber", 5);
    firm.first_sync().await;
    firm.sql("DELETE FROM events");
    firm.tick().await;
    assert_eq!(firm.subjects("weber").len(), 5);
    assert!(matches!(firm.hold_reasons()[..], [HoldReason::QueryEmpty { items: 5, .. }]), "{:?}", firm.hold_reasons());
    assert!(firm.ledger.status().expect("readable").needs_person());
    firm.release_all();
    firm.tick().await;
    assert_eq!(firm.subjects("weber"), [""; 0], "a person said so");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_come_back_end_the_hold_by_themselves() {
    let firm = Firm::of(&["weber"]).await;
    firm.many_events("weber", 5);
    firm.first_sync().await;
    let before = firm.writes("weber");
    firm.sql("CREATE TABLE aside AS SELECT * FROM events; DELETE FROM events");
    firm.tick().await;
    firm.sql("INSERT INTO events SELECT * FROM aside");
    firm.tick().await;
    assert_eq!(firm.holds(), []);
    assert_eq!(firm.writes("weber"), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_deletions_at_once_hold_everything_of_that_kind() {
    let firm = Firm::of(&["weber"]).await;
    firm.many_events("weber", 40);
    firm.first_sync().await;
    firm.sql("DELETE FROM events WHERE CAST(substr(id, 2) AS INTEGER) < 15");
    firm.event("new", "weber", "New hearing", 28);
    firm.tick().await;
    assert_eq!(firm.subjects("weber").len(), 40, "neither deleted nor created");
    let holds = firm.holds();
    assert!(
        matches!(holds[0].reason, HoldReason::Budget { class: Class::Delete, wanted: 15, allowed: 10, .. }),
        "{holds:?}"
    );
    assert_eq!(holds[0].operations, 16);
    firm.release_all();
    firm.tick().await;
    assert_eq!(firm.subjects("weber").len(), 26);
}

#[tokio::test(flavor = "multi_thread")]
async fn deletions_that_trickle_are_stopped_by_the_budget_of_a_day() {
    let firm = Firm::of(&["weber"]).await;
    firm.many_events("weber", 60);
    firm.first_sync().await;
    for n in 0..20 {
        firm.sql(&format!("DELETE FROM events WHERE id = 'e{n}'"));
        firm.tick().await;
    }
    let left = firm.subjects("weber").len();
    assert_eq!(left, 50, "ten a day, and not one more");
    firm.pass_time(SignedDuration::from_hours(25));
    firm.tick().await;
    assert_eq!(firm.subjects("weber").len(), 40, "the next day has its own budget");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_key_column_is_held_and_not_written_beside_the_old_items() {
    let firm = Firm::of(&["weber"]).await;
    firm.many_events("weber", 30);
    firm.first_sync().await;
    firm.sql("UPDATE events SET id = 'new-' || id");
    firm.tick().await;
    assert_eq!(firm.subjects("weber").len(), 30, "no doubles while a person thinks");
    assert!(!firm.holds().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_be_read_deletes_nothing_and_is_said() {
    let firm = Firm::of(&["weber"]).await;
    firm.many_events("weber", 5);
    firm.first_sync().await;
    let database = firm.folder.path().join("practice.db");
    std::fs::rename(&database, firm.folder.path().join("away.db")).expect("moved");
    let report = firm.tick().await;
    assert!(report.source_trouble.is_some());
    assert!(firm.ledger.status().expect("readable").source.trouble.is_some());
    assert_eq!(firm.subjects("weber").len(), 5);
    std::fs::rename(firm.folder.path().join("away.db"), &database).expect("moved");
    firm.tick().await;
    assert!(firm.ledger.status().expect("readable").source.trouble.is_none());
    assert_eq!(firm.subjects("weber").len(), 5);
    assert_eq!(firm.holds(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_missing_from_the_practice_holds_the_link() {
    let firm = Firm::of(&["weber", "kaya"]).await;
    firm.many_events("weber", 5);
    firm.event("k", "kaya", "Hers", 3);
    firm.first_sync().await;
    firm.sql("DELETE FROM people WHERE id = 'weber'; DELETE FROM events WHERE id = 'e1'");
    firm.tick().await;
    firm.later().await;
    assert_eq!(firm.subjects("weber").len(), 5);
    assert!(
        firm.hold_reasons().iter().all(|reason| matches!(reason, HoldReason::PersonMissing { .. })),
        "{:?}",
        firm.hold_reasons()
    );
    assert!(!firm.holds().is_empty());
    assert_eq!(firm.subjects("kaya"), ["Hers"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_sync_left_is_not_doubled() {
    let firm = Firm::of(&["weber"]).await;
    let phone = firm.sim.phone(&address("weber"));
    for n in 0..5 {
        let (start, end) = (format!("2026-12-01T{:02}:00:00Z", 7 + n), format!("2026-12-01T{:02}:30:00Z", 7 + n));
        phone
            .add(
                Kind::Event,
                &[
                    ("item:Subject", format!("Event {n}").as_str()),
                    ("calendar:Start", start.as_str()),
                    ("calendar:End", end.as_str()),
                ],
            )
            .expect("added");
    }
    firm.many_events("weber", 8);
    firm.tick().await;
    let reasons = firm.hold_reasons();
    assert!(reasons.iter().any(|reason| matches!(reason, HoldReason::LooksAlreadyThere { matches: 5 })), "{reasons:?}");
    assert_eq!(firm.subjects("weber").len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_many_of_our_items_vanish_at_once_a_person_is_asked() {
    let firm = Firm::of(&["weber"]).await;
    firm.many_events("weber", 30);
    firm.first_sync().await;
    let phone = firm.sim.phone(&address("weber"));
    let ids: Vec<String> = firm.mailbox("weber").events().iter().take(12).map(|event| event.id.clone()).collect();
    for id in ids {
        phone.delete(&id).expect("deleted");
    }
    firm.later().await;
    assert!(
        firm.hold_reasons().iter().any(|reason| matches!(reason, HoldReason::Vanished { vanished: 12, of: 30 })),
        "{:?}",
        firm.hold_reasons()
    );
    assert_eq!(firm.subjects("weber").len(), 18);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_event_reaches_the_phone_without_its_text() {
    let firm = Firm::of(&["weber"]).await;
    firm.sql(
        "INSERT INTO events (id, person, subject, place, notes, starts, ends, private) VALUES
            ('1', 'weber', 'Oncologist', 'Clinic', 'Bring results', '2026-12-03 10:00', '2026-12-03 11:00', 1)",
    );
    firm.first_sync().await;
    let view = firm.mailbox("weber");
    let event = view.events()[0];
    let everything = serde_json::to_string(&event.item).expect("JSON");
    for word in ["Oncologist", "Clinic", "Bring results"] {
        assert!(!everything.contains(word), "{word} in {everything}");
    }
    assert_eq!(text(event, "item:Sensitivity"), "Private");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_person_column_is_no_evidence_and_has_the_strict_brake() {
    let firm = Firm::of(&["weber"]).await;
    firm.many_events("weber", 60);
    firm.first_sync().await;
    firm.sql("UPDATE events SET person = NULL");
    firm.tick().await;
    assert_eq!(firm.subjects("weber").len(), 60, "a broken join looks just like that");
    let reasons = firm.hold_reasons();
    assert!(
        reasons.iter().any(|reason| matches!(reason, HoldReason::Budget { class: Class::Delete, .. })),
        "{reasons:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_that_waited_for_its_place_is_judged_by_what_is_known_then() {
    let mut firm = Firm::of(&["anna", "weber"]).await;
    firm.settings.parallel_mailboxes = 1;
    firm.restart(true).await;
    firm.event("a", "anna", "Hers", 3);
    firm.event("1", "weber", "One", 3);
    firm.event("2", "weber", "Two", 4);
    firm.first_sync().await;
    // Anna's pass is slow and takes the only place; the one behind it waits while everything of its query vanishes.
    firm.sim.faults().add(FaultRule::new(Fault::Slow { milliseconds: 1_500 }).in_mailbox(&address("anna")).times(1));
    firm.sql("UPDATE events SET subject = subject || '!'");
    firm.pass_time(SignedDuration::from_mins(2));
    firm.engine.tick(None).await.expect("a writable ledger");
    firm.sql("DELETE FROM events");
    firm.pass_time(SignedDuration::from_mins(2));
    firm.engine.tick(None).await.expect("a writable ledger");
    firm.engine.idle().await;
    firm.tick().await;
    assert_eq!(firm.subjects("weber").len(), 2, "{:?}", firm.hold_reasons());
    assert!(firm.hold_reasons().iter().any(|reason| matches!(reason, HoldReason::QueryEmpty { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_paused_while_waiting_for_a_place_is_not_written() {
    let mut firm = Firm::of(&["anna", "weber"]).await;
    firm.settings.parallel_mailboxes = 1;
    firm.restart(true).await;
    firm.event("a", "anna", "Hers", 3);
    firm.event("1", "weber", "One", 3);
    firm.first_sync().await;
    let before = firm.writes("weber") + firm.writes("anna");
    for user in ["anna", "weber"] {
        firm.sim.faults().add(FaultRule::new(Fault::Slow { milliseconds: 1_000 }).in_mailbox(&address(user)).times(1));
    }
    firm.sql("UPDATE events SET subject = subject || '!'");
    firm.pass_time(SignedDuration::from_mins(2));
    firm.engine.tick(None).await.expect("a writable ledger");
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    for user in ["anna", "weber"] {
        firm.ledger.pause(&super::firm::name(user), "test", firm.now()).expect("paused");
    }
    firm.engine.idle().await;
    assert_eq!(firm.writes("weber") + firm.writes("anna"), before + 1, "only the pass that was under way");
}
