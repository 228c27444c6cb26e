//! Somebody left the firm.

use super::{
    brakes::{Setting, key},
    world::released,
};
use crate::{
    domain::{Kind, RemovalManner},
    plan::{Action, Class, Departure, Desired, HoldReason, Operation, Why},
};

/// A mailbox with ten tasks and five contacts, whose person left.
fn left(held: bool) -> Setting {
    let mut setting = Setting::holding(10, 5);
    setting.desired.values_mut().for_each(|desired| *desired = Desired::Left);
    setting.totals.leaving = Some(Departure { person: "ew".into(), since: None, held });
    setting
}

fn reason(items: u64) -> HoldReason {
    HoldReason::PersonLeft { person: "ew".into(), since: None, items }
}

#[test]
fn what_somebody_left_waits_for_a_person_and_is_named_as_removed_for_good() {
    let setting = left(true);
    let plan = setting.plan();
    assert_eq!(plan.operations, []);
    assert_eq!(setting.reasons(), [reason(10), reason(5)], "and no other brake: it has a budget of its own");
    for operation in plan.holds.iter().flat_map(|hold| &hold.operations) {
        assert_eq!((operation.class(), &operation.why), (Some(Class::Leave), &Why::PersonLeft));
        assert!(matches!(operation.action, Action::Delete { manner: RemovalManner::ForGood, .. }), "{operation:?}");
    }
}

#[test]
fn a_release_lets_exactly_that_pass() {
    let mut setting = left(true);
    let hold = setting.plan().holds.remove(0);
    setting.released = released([&hold]);
    let plan = setting.plan();
    assert_eq!(plan.operations.len(), 10);
    assert_eq!(plan.holds.len(), 1, "the contacts were not released");
    // A release for one person is none for another.
    setting.totals.leaving = Some(Departure { person: "other".into(), since: None, held: true });
    assert_eq!(setting.plan().operations, []);
}

#[test]
fn others_in_the_same_mailbox_go_on_meanwhile() {
    let mut setting = left(true);
    setting.create(Kind::Task, 100..103);
    let plan = setting.plan();
    assert_eq!(plan.operations.len(), 3, "a shared mailbox serves those who stay");
    assert_eq!(plan.holds.len(), 2);
}

#[test]
fn where_nobody_is_asked_it_passes_and_spares_the_other_budgets() {
    let mut setting = left(false);
    setting.totals.spent.clear();
    let plan = setting.plan();
    assert_eq!((plan.operations.len(), plan.holds.len()), (15, 0));
    assert!(plan.operations.iter().all(|operation| operation.class() == Some(Class::Leave)));
}

#[test]
fn nothing_goes_when_the_last_reading_says_that_they_are_back() {
    let mut setting = left(false);
    setting.totals.leaving = None;
    let plan = setting.plan();
    assert_eq!((plan.operations, plan.holds), (Vec::new(), Vec::new()));
}

#[test]
fn an_item_that_the_ledger_does_not_know_stays_an_orphan() {
    let mut setting = left(true);
    setting.mirror.entries.remove(&key(Kind::Task, 3));
    let holds = setting.plan().holds;
    let orphans: Vec<&Operation> =
        holds.iter().filter(|hold| hold.reason == HoldReason::Orphans).flat_map(|hold| &hold.operations).collect();
    assert!(matches!(orphans.as_slice(), [orphan] if orphan.key == key(Kind::Task, 3)), "{holds:?}");
}

#[test]
fn an_empty_query_holds_what_leaves_as_well() {
    let mut setting = left(false);
    setting.totals.empty_queries.insert((Kind::Task, key(Kind::Task, 0).query));
    let plan = setting.plan();
    assert_eq!(plan.operations.len(), 5, "the contacts alone");
}
