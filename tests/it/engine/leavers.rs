//! Somebody leaves the firm: what was written for them goes for good, once a person said so.

use pocketdocket::plan::{HoldReason, OnLeave};

use super::{
    doors::over_graph,
    firm::{Firm, address},
};

/// Items of Anna that are left when she is gone: To Do removes nothing for good, so her task lies in Deleted Items.
fn left_over() -> usize {
    usize::from(over_graph())
}

/// Anna and Weber with some events each, all synced.
async fn firm() -> Firm {
    let firm = Firm::of(&["anna", "weber"]).await;
    firm.event("a1", "anna", "Hers", 3);
    firm.event("a2", "anna", "Hers too", 4);
    firm.event("w", "weber", "His", 3);
    firm.sql("INSERT INTO tasks (id, person, subject, due) VALUES ('t', 'anna', 'Her task', '2026-12-04')");
    firm.first_sync().await;
    firm
}

fn leaves(firm: &Firm, person: &str) {
    firm.sql(&format!("UPDATE people SET active = 0 WHERE id = '{person}'"));
}

fn comes_back(firm: &Firm, person: &str) {
    firm.sql(&format!("UPDATE people SET active = 1 WHERE id = '{person}'"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_leaver_has_waits_for_a_person_and_then_goes_without_a_trace() {
    let firm = firm().await;
    leaves(&firm, "anna");
    firm.event("w2", "weber", "His new one", 5);
    firm.tick().await;
    assert_eq!(firm.subjects("anna").len(), 2, "nothing goes before somebody looked");
    assert_eq!(firm.subjects("weber"), ["His", "His new one"], "the others go on");
    let reasons = firm.hold_reasons();
    assert!(
        matches!(
            &reasons[..],
            [HoldReason::PersonLeft { items: 2, since: Some(_), .. }, HoldReason::PersonLeft { items: 1, .. }]
        ),
        "{reasons:?}"
    );
    assert!(firm.status("anna").left.is_some());
    firm.release_all();
    firm.tick().await;
    let view = firm.mailbox("anna");
    assert_eq!(
        view.items.iter().filter(|item| item.stamp.is_some()).count(),
        left_over(),
        "not in Deleted Items either"
    );
    assert_eq!(firm.subjects("weber").len(), 2);
    assert_eq!(firm.holds(), []);
    firm.assert_quiet("anna").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_in_time_loses_nothing() {
    let firm = firm().await;
    leaves(&firm, "anna");
    firm.tick().await;
    assert!(!firm.holds().is_empty());
    comes_back(&firm, "anna");
    firm.later().await;
    assert_eq!(firm.holds(), []);
    // Released, and back before the release was used.
    leaves(&firm, "anna");
    firm.tick().await;
    firm.release_all();
    comes_back(&firm, "anna");
    firm.tick().await;
    firm.later().await;
    assert_eq!(firm.subjects("anna").len(), 2);
    assert_eq!(firm.holds(), []);
    firm.assert_quiet("anna").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_too_late_is_written_anew() {
    let firm = firm().await;
    leaves(&firm, "anna");
    firm.tick().await;
    firm.release_all();
    firm.tick().await;
    assert_eq!(firm.subjects("anna"), [""; 0]);
    comes_back(&firm, "anna");
    firm.tick().await;
    firm.tick().await;
    assert_eq!(firm.subjects("anna").len(), 2);
    firm.assert_nothing_doubled("anna");
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_were_handed_over_or_removed_meanwhile_go_the_same_way() {
    let firm = firm().await;
    leaves(&firm, "anna");
    // A row that cannot be read keeps no leaver's item, and neither does the window.
    firm.sql(
        "UPDATE events SET person = 'weber' WHERE id = 'a1'; DELETE FROM events WHERE id = 'a2';
         UPDATE tasks SET subject = NULL WHERE id = 't'",
    );
    firm.tick().await;
    let reasons = firm.hold_reasons();
    assert!(reasons.iter().all(|reason| matches!(reason, HoldReason::PersonLeft { .. })), "{reasons:?}");
    assert_eq!(firm.subjects("weber"), ["Hers", "His"], "who takes over has it at once");
    firm.release_all();
    firm.tick().await;
    let view = firm.mailbox("anna");
    assert_eq!(view.items.iter().filter(|item| item.stamp.is_some()).count(), left_over());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_somebody_else_uses_keeps_what_is_theirs() {
    let firm = firm().await;
    firm.link_by("anna-too", "weber", &address("anna"), &address("anna")).await;
    firm.event("both", "anna", "Only hers", 6);
    firm.tick().await;
    firm.release_all();
    firm.tick().await;
    assert_eq!(firm.subjects("anna"), ["Hers", "Hers too", "His", "Only hers"]);
    leaves(&firm, "anna");
    firm.event("w2", "weber", "His new one", 5);
    firm.tick().await;
    assert_eq!(firm.subjects("anna").len(), 5, "his new one comes while hers wait");
    firm.release_all();
    firm.tick().await;
    assert_eq!(firm.subjects("anna"), ["His", "His new one"]);
    firm.assert_quiet("anna").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_leaver_a_day_goes_by_itself_where_that_is_wanted_and_several_wait() {
    let mut firm = firm().await;
    firm.policy.leavers = OnLeave::Withdraw;
    firm.restart(true).await;
    firm.tick().await;
    leaves(&firm, "anna");
    firm.tick().await;
    assert_eq!(firm.holds(), []);
    assert_eq!(firm.subjects("anna"), [""; 0], "nobody is asked for one");
    leaves(&firm, "weber");
    firm.tick().await;
    assert_eq!(firm.subjects("weber"), ["His"], "a second one on the same day may be a mistake");
    assert!(matches!(&firm.hold_reasons()[..], [HoldReason::PersonLeft { .. }]), "{:?}", firm.hold_reasons());
    firm.pass_time(jiff::SignedDuration::from_hours(25));
    firm.tick().await;
    firm.tick().await;
    assert_eq!(firm.subjects("weber"), [""; 0], "the next day has its own budget");
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_inactive_at_once_is_a_mistake_until_a_person_says_otherwise() {
    let mut firm = firm().await;
    firm.policy.leavers = OnLeave::Withdraw;
    firm.restart(true).await;
    firm.tick().await;
    firm.sql("UPDATE people SET active = 0");
    firm.tick().await;
    firm.later().await;
    assert_eq!((firm.subjects("anna").len(), firm.subjects("weber").len()), (2, 1));
    assert_eq!(firm.hold_reasons().len(), 3);
    firm.sql("UPDATE people SET active = 1");
    firm.tick().await;
    assert_eq!(firm.holds(), []);
}
