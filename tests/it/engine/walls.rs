//! Walls where something else happens at the same time: the record goes to somebody else, a link rests, the practice database is
//! away.

use pocketdocket::simulator::{Fault, FaultRule};
use serde_json::json;

use super::firm::{Firm, address, name};

const MAPPING: &str = r#"
[practice]
name = "Test practice"
connector = "sqlite"
[people]
sql = "SELECT id, name, email, active FROM people"
[walls]
sql = "SELECT person, matter AS matter_number FROM walls"
[[events]]
sql = "SELECT id AS key, person, subject, starts AS start, ends AS end, place AS matter_number FROM events"
"#;

/// Anna and Weber with an event of no matter each, and Anna with a hearing in 2026-114.
async fn firm() -> Firm {
    let mut firm = Firm::of(&["anna", "weber"]).await;
    firm.sql("CREATE TABLE walls (person TEXT, matter TEXT)");
    firm.map_anew(MAPPING).await;
    firm.event("a", "anna", "Hers", 3);
    firm.event("w", "weber", "His", 3);
    firm.event("x", "anna", "Hearing", 4);
    firm.sql("UPDATE events SET place = CASE id WHEN 'x' THEN '2026-114' END");
    firm.first_sync().await;
    firm
}

fn has(firm: &Firm, user: &str) -> bool {
    firm.subjects(user).iter().any(|subject| subject.starts_with("Hearing"))
}

/// Nothing of it is left, not in Deleted Items either.
fn is_without_a_trace(firm: &Firm, user: &str) -> bool {
    !has(firm, user) && firm.mailbox(user).items.iter().all(|item| !item.deleted)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_handed_over_because_of_a_wall_leaves_at_once_and_without_a_trace() {
    let firm = firm().await;
    firm.sim.faults().add(FaultRule::new(Fault::Busy { back_off_milliseconds: 60_000 }).in_mailbox(&address("weber")));
    firm.sql("UPDATE events SET person = 'weber' WHERE id = 'x'; INSERT INTO walls VALUES ('anna', '2026-114')");
    firm.tick().await;
    assert!(is_without_a_trace(&firm, "anna"), "whoever is to have it, and whether or not he has it already");
    assert!(!has(&firm, "weber"), "his mailbox is away");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wall_reaches_what_is_for_nobody_any_more_and_what_is_gone() {
    let firm = firm().await;
    firm.sql("UPDATE events SET person = NULL WHERE id = 'x'; INSERT INTO walls VALUES ('anna', '2026-114')");
    firm.tick().await;
    assert!(is_without_a_trace(&firm, "anna"));
    firm.set("weber", json!({ "walls": ["event/events/w"] }));
    firm.sql("DELETE FROM events WHERE id = 'w'");
    firm.tick().await;
    assert!(firm.mailbox("weber").items.iter().all(|item| !item.deleted), "the wall names the record itself");
    assert_eq!(firm.subjects("weber").len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wall_does_not_wait_until_a_leaver_is_released() {
    let firm = firm().await;
    firm.sql("UPDATE people SET active = 0 WHERE id = 'anna'; INSERT INTO walls VALUES ('anna', '2026-114')");
    firm.tick().await;
    assert!(is_without_a_trace(&firm, "anna"));
    assert_eq!(firm.subjects("anna"), ["Hers"], "the rest waits for a person");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_rests_keeps_its_walls_and_its_items_in_a_mailbox_that_others_feed() {
    let firm = firm().await;
    firm.sql("INSERT INTO people (id, name) VALUES ('intern', 'intern')");
    firm.link("intern", "intern", &address("anna")).await;
    firm.set("intern", json!({ "walls": ["2026-99"] }));
    firm.event("i", "intern", "Theirs", 6);
    firm.sql("UPDATE events SET place = NULL WHERE id = 'i'");
    firm.tick().await;
    assert!(firm.subjects("anna").contains(&"Theirs".to_owned()));
    firm.ledger.pause(&name("intern"), "test", firm.now()).expect("paused");
    firm.event("y", "anna", "Behind the wall", 7);
    firm.event("i2", "intern", "New", 8);
    firm.sql("UPDATE events SET place = CASE id WHEN 'y' THEN '2026-99' WHEN 'x' THEN '2026-114' END");
    firm.tick().await;
    assert_eq!(firm.subjects("anna"), ["Hearing (2026-114)", "Hers", "Theirs"], "{:?}", firm.hold_reasons());
    assert!(firm.mailbox("anna").items.iter().all(|item| !item.deleted));
    firm.ledger.resume(&name("intern"), "test", firm.now()).expect("resumed");
    firm.tick().await;
    assert_eq!(firm.subjects("anna").len(), 4, "and goes on where it stood");
}

#[tokio::test(flavor = "multi_thread")]
async fn walls_that_cannot_be_read_let_nothing_new_into_a_shared_mailbox() {
    let firm = firm().await;
    firm.sql("INSERT INTO people (id, name) VALUES ('intern', 'intern')");
    firm.link("intern", "intern", &address("anna")).await;
    firm.set("intern", json!({ "walls": "2026-99" }));
    firm.event("y", "anna", "Of whichever matter", 7);
    firm.tick().await;
    firm.tick().await;
    assert!(firm.status("intern").user.parked.is_some());
    assert_eq!(firm.subjects("anna").len(), 2, "nothing new, and nothing less");
    firm.set("intern", json!({}));
    firm.tick().await;
    assert_eq!(firm.subjects("anna").len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_not_written_while_nobody_knows_the_walls() {
    for of_practice in [true, false] {
        let firm = firm().await;
        firm.sim
            .faults()
            .add(FaultRule::new(Fault::Busy { back_off_milliseconds: 1_000 }).in_mailbox(&address("weber")).times(1));
        firm.event("y", "weber", "Hearing too", 7);
        firm.sql("UPDATE events SET place = '2026-99' WHERE id = 'y'");
        firm.tick().await;
        assert!(!has(&firm, "weber"), "it waits");
        let (away, back) = if of_practice {
            firm.sql("INSERT INTO walls VALUES ('weber', '2026-99')");
            ("ALTER TABLE walls RENAME TO gone", "ALTER TABLE gone RENAME TO walls")
        } else {
            firm.set("weber", json!({ "walls": ["2026-99"] }));
            ("ALTER TABLE events RENAME TO gone", "ALTER TABLE gone RENAME TO events")
        };
        firm.sql(away);
        for _ in 0..2 {
            assert!(firm.tick().await.source_trouble.is_some());
            assert!(!has(&firm, "weber"), "behind a wall that stands already");
        }
        firm.sql(back);
        firm.event("z", "weber", "Open", 9);
        firm.tick().await;
        assert!(!has(&firm, "weber") && firm.subjects("weber").iter().any(|subject| subject.starts_with("Open")));
    }
}
