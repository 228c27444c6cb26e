//! Explaining: what it says comes next is what the next sync does, because the same rules say it.

use std::collections::BTreeSet;

use pocketdocket::{
    domain::{Kind, RecordKey, RemovalManner},
    engine::{Engine, Explained, Explainer},
    plan::{Action, Desired, HoldReason, Operation, Plan},
};

use super::firm::{Firm, address, name};

fn key(record: &str) -> RecordKey {
    RecordKey::new(Kind::Event, "events", record)
}

async fn explain(firm: &Firm, user: &str, records: &[&str]) -> Vec<Explained> {
    let keys: BTreeSet<RecordKey> = records.iter().map(|record| key(record)).collect();
    let explainer = Explainer::new(firm.parts_on_a_copy(), name(user), keys).expect("good settings");
    let explanation = explainer.explain().await.expect("a readable ledger");
    assert_eq!(explanation.trouble, None);
    explanation.records
}

async fn explain_one(firm: &Firm, user: &str, record: &str) -> Explained {
    explain(firm, user, &[record]).await.remove(0)
}

/// Every operation of a plan that is about this record, held or not.
fn of<'p>(plan: &'p Plan, key: &RecordKey) -> Vec<&'p Operation> {
    let held = plan.holds.iter().flat_map(|hold| &hold.operations);
    plan.operations.iter().chain(held).filter(|operation| operation.key == *key).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_says_comes_next_is_what_the_plan_says() {
    let firm = Firm::of(&["anna", "weber"]).await;
    let records = ["same", "changed", "gone", "moved", "walled", "late", "hers", "new", "nobodys"];
    for (day, record) in (1..).zip(&records[..6]) {
        firm.event(record, "weber", record, day);
    }
    firm.event("hers", "anna", "hers", 9);
    firm.first_sync().await;
    firm.sql(
        "UPDATE events SET subject = 'Changed', changed = datetime('now') WHERE id = 'changed';
         DELETE FROM events WHERE id = 'gone';
         UPDATE events SET person = 'anna' WHERE id = 'moved';
         UPDATE events SET starts = '2019-01-01 10:00', ends = '2019-01-01 11:00' WHERE id = 'late'",
    );
    firm.event("new", "weber", "new", 10);
    firm.event("nobodys", "", "nobodys", 11);
    firm.set("weber", serde_json::json!({ "walls": ["event/events/walled"] }));
    let before = firm.writes("weber");
    for user in ["weber", "anna"] {
        let engine = Engine::new(firm.parts_on_a_copy()).expect("good settings");
        let report = engine.rehearse(Some(&name(user))).await.expect("a readable ledger");
        let plan = &report.cycles[0].plan;
        for explained in explain(&firm, user, &records).await {
            assert_eq!(of(&explained.next, &explained.key), of(plan, &explained.key), "{user}: {}", explained.key);
        }
    }
    assert_eq!(firm.writes("weber"), before, "and nothing is done");
    assert_eq!(firm.ledger.status().expect("readable").row_problems, 0, "nothing is noted either");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wall_a_handover_and_the_window_are_told_apart() {
    let firm = Firm::of(&["anna", "weber"]).await;
    firm.event("1", "weber", "Hearing", 3);
    firm.event("2", "weber", "Meeting", 4);
    firm.event("a", "anna", "Hers", 5);
    firm.first_sync().await;
    firm.sql("UPDATE events SET person = 'anna' WHERE id = '2'");
    let moved = explain_one(&firm, "weber", "2").await;
    assert_eq!(moved.handed_to.len(), 1, "it stays until Anna has it");
    assert!(matches!(&moved.desired, Some(Desired::Withdrawn(why)) if !why.for_good), "{:?}", moved.desired);

    firm.set("weber", serde_json::json!({ "walls": ["event/events/1"] }));
    let walled = explain_one(&firm, "weber", "1").await;
    let delete = &of(&walled.next, &walled.key)[0].action;
    assert!(matches!(delete, Action::Delete { manner: RemovalManner::ForGood, .. }), "{delete:?}");
    firm.set("weber", serde_json::json!({}));

    firm.pass_time(jiff::SignedDuration::from_hours(24 * 60));
    let frozen = explain_one(&firm, "weber", "1").await;
    assert_eq!((frozen.desired, frozen.next.operations.len()), (Some(Desired::Frozen), 0), "time alone moved it out");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_mailbox_shows_is_what_the_last_look_showed() {
    let firm = Firm::of(&["weber"]).await;
    firm.event("1", "weber", "Hearing", 3);
    firm.first_sync().await;
    let known = explain_one(&firm, "weber", "1").await;
    assert!(!known.unread && known.seen.len() == 1 && of(&known.next, &known.key).is_empty(), "{known:?}");
    assert!(matches!(of(&known.if_deleted, &known.key)[0].action, Action::Create { .. }), "it would be restored");
    assert!(matches!(of(&known.if_gone, &known.key)[0].action, Action::Delete { .. }));
    let id = firm.mailbox("weber").events()[0].id.clone();
    firm.sim.phone(&address("weber")).edit(&id, "item:Subject", Some("Mine")).expect("edited");
    let still = explain_one(&firm, "weber", "1").await;
    assert!(!still.unread, "nobody looked since");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_is_not_known_holds_everything() {
    let firm = Firm::of(&["weber"]).await;
    firm.event("1", "weber", "Hearing", 3);
    firm.first_sync().await;
    firm.sql("UPDATE people SET id = 'somebody'; UPDATE events SET subject = 'Changed', changed = datetime('now')");
    let explained = explain_one(&firm, "weber", "1").await;
    let reasons: Vec<&HoldReason> = explained.next.holds.iter().map(|hold| &hold.reason).collect();
    assert!(reasons.iter().any(|reason| matches!(reason, HoldReason::PersonMissing { .. })), "{reasons:?}");
}
