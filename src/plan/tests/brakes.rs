use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::tz::TimeZone;

use super::world::{now, open, record, released};
use crate::{
    domain::{
        ChangeKey, ItemId, ItemRef, Kind, Mirror, MirrorEntry, Observation, Place, Presence, QueryName, Record,
        RecordKey, Seen, Written,
    },
    plan::{
        Adoption, Allowance, Class, Desired, Hold, HoldReason, Operation, Plan, PlanningInput, Policy, Release,
        Rewrites, Spent, Totals, Withdrawal, audit, plan,
    },
};

/// A mailbox with tasks and contacts, all as they should be.
pub(super) struct Setting {
    pub(super) desired: BTreeMap<RecordKey, Desired>,
    pub(super) mirror: Mirror,
    pub(super) observed: Observation,
    pub(super) totals: Totals,
    pub(super) policy: Policy,
    pub(super) released: Release,
    pub(super) look_alikes: BTreeSet<RecordKey>,
    pub(super) adoptions: BTreeMap<RecordKey, Adoption>,
    pub(super) only_deleted: BTreeSet<RecordKey>,
    pub(super) rewrites: Rewrites,
}

pub(super) fn key(kind: Kind, number: u32) -> RecordKey {
    RecordKey::new(kind, "main", format!("{number:04}"))
}

impl Setting {
    pub(super) fn holding(tasks: u32, contacts: u32) -> Self {
        let mut setting = Self {
            desired: BTreeMap::new(),
            mirror: Mirror::default(),
            observed: Observation::default(),
            totals: Totals { first_write_released: true, ..Totals::default() },
            policy: Policy::default(),
            released: Release::default(),
            look_alikes: BTreeSet::new(),
            adoptions: BTreeMap::new(),
            only_deleted: BTreeSet::new(),
            rewrites: Rewrites::default(),
        };
        for (kind, count) in [(Kind::Task, tasks), (Kind::Contact, contacts)] {
            for number in 0..count {
                let key = key(kind, number);
                let record = Arc::new(Record { kind, ..record(0) });
                let item = ItemRef { id: ItemId(key.to_string()), change_key: ChangeKey("1".into()) };
                let seen = Seen { item: item.clone(), place: Place::Home, created: None, content: None };
                setting.observed.add(key.clone(), seen);
                let written = Some(Written::new(Arc::clone(&record), BTreeMap::new()));
                let entry = MirrorEntry { item, place: Place::Home, written, presence: Presence::Kept, restores: 0 };
                setting.mirror.entries.insert(key.clone(), entry);
                setting.desired.insert(key, Desired::Wanted(record));
            }
            setting.totals.mirrored.insert(kind, u64::from(count));
            setting.totals.mirrored_by_query.insert((kind, QueryName("main".into())), u64::from(count));
        }
        setting
    }

    pub(super) fn create(&mut self, kind: Kind, numbers: std::ops::Range<u32>) {
        for number in numbers {
            self.desired.insert(key(kind, number), Desired::Wanted(Arc::new(Record { kind, ..record(0) })));
        }
    }

    pub(super) fn remove(&mut self, kind: Kind, numbers: std::ops::Range<u32>) {
        numbers.for_each(|number| {
            self.desired.remove(&key(kind, number));
        });
    }

    pub(super) fn withdraw(&mut self, kind: Kind, numbers: std::ops::Range<u32>) {
        for number in numbers {
            let withdrawal = Withdrawal { reason: "closed matter".into(), for_good: false };
            self.desired.insert(key(kind, number), Desired::Withdrawn(withdrawal));
        }
    }

    pub(super) fn plan(&self) -> Plan {
        plan(&self.input(&TimeZone::UTC))
    }

    pub(super) fn input<'a>(&'a self, zone: &'a TimeZone) -> PlanningInput<'a> {
        PlanningInput {
            desired: &self.desired,
            complete: true,
            mirror: &self.mirror,
            observed: &self.observed,
            totals: &self.totals,
            policy: &self.policy,
            released: &self.released,
            look_alikes: &self.look_alikes,
            adoptions: &self.adoptions,
            only_deleted: &self.only_deleted,
            rewrites: &self.rewrites,
            zone,
            now: now(0),
        }
    }

    pub(super) fn reasons(&self) -> Vec<HoldReason> {
        self.plan().holds.into_iter().map(|hold| hold.reason).collect()
    }
}

fn budget(class: Class, wanted: u64, spent: u64, allowed: u64) -> HoldReason {
    HoldReason::Budget { class, wanted, spent, allowed }
}

#[test]
fn each_budget_is_the_larger_of_a_number_and_a_share() {
    let mut few = Setting::holding(20, 0);
    few.remove(Kind::Task, 0..10);
    assert_eq!(few.plan().operations.len(), 10);
    few.remove(Kind::Task, 0..11);
    assert_eq!(few.reasons(), [budget(Class::Delete, 11, 0, 10)]);

    let mut many = Setting::holding(200, 0);
    many.remove(Kind::Task, 0..20);
    assert_eq!(many.plan().operations.len(), 20);
    many.remove(Kind::Task, 0..21);
    assert_eq!(many.reasons(), [budget(Class::Delete, 21, 0, 20)]);

    let mut new = Setting::holding(20, 0);
    new.create(Kind::Task, 100..200);
    assert_eq!(new.plan().operations.len(), 100);
    new.create(Kind::Task, 100..201);
    assert_eq!(new.reasons(), [budget(Class::Create, 101, 0, 100)]);

    let mut closed = Setting::holding(200, 0);
    closed.withdraw(Kind::Task, 0..100);
    assert_eq!(closed.plan().operations.len(), 100, "positive evidence has its own budget");
    closed.withdraw(Kind::Task, 0..101);
    assert_eq!(closed.reasons(), [budget(Class::Withdraw, 101, 0, 100)]);
}

#[test]
fn what_was_spent_counts_against_the_size_at_the_windows_start() {
    let mut setting = Setting::holding(100, 0);
    let by_class = [(Class::Delete, 35)].into();
    setting.totals.spent.insert(Kind::Task, Spent { size_at_start: 400, by_class });
    setting.remove(Kind::Task, 0..5);
    assert_eq!(setting.plan().operations.len(), 5);
    setting.remove(Kind::Task, 0..6);
    assert_eq!(setting.reasons(), [budget(Class::Delete, 6, 35, 40)]);
}

#[test]
fn a_brake_holds_every_operation_of_that_kind_and_no_other_kind() {
    let mut setting = Setting::holding(20, 20);
    setting.remove(Kind::Task, 0..11);
    setting.create(Kind::Task, 100..101);
    setting.create(Kind::Contact, 100..101);
    let plan = setting.plan();
    assert!(matches!(plan.operations.as_slice(), [create] if create.key == key(Kind::Contact, 100)));
    assert!(matches!(plan.holds.as_slice(), [hold] if hold.kind == Kind::Task && hold.operations.len() == 12));
}

#[test]
fn a_release_lets_pass_what_was_shown_and_nothing_else() {
    let mut setting = Setting::holding(30, 0);
    setting.remove(Kind::Task, 0..11);
    let shown = setting.plan().holds.remove(0);
    setting.released = released([&shown]);
    assert_eq!(setting.plan().operations, shown.operations);
    // Others meanwhile: the released ones pass and are not counted.
    setting.remove(Kind::Task, 11..21);
    assert_eq!(setting.plan().operations.len(), 21);
    setting.remove(Kind::Task, 11..22);
    let plan = setting.plan();
    assert_eq!(plan.operations, shown.operations);
    assert_eq!(plan.holds.iter().map(|hold| hold.operations.len()).collect::<Vec<_>>(), [11]);
}

#[test]
fn a_release_from_one_hold_lets_nothing_pass_that_another_one_has() {
    let standing = [
        HoldReason::UnknownFirm { firm: "other".into(), items: 3 },
        HoldReason::AnotherWriter { owner: "somebody".into() },
        HoldReason::PersonMissing { person: "ew".into() },
        HoldReason::ContactCap { wanted: 3, cap: 2 },
    ];
    for reason in standing {
        let mut setting = Setting::holding(0, 0);
        setting.totals.first_write_released = false;
        setting.totals.holds = vec![(Kind::Task, reason.clone())];
        setting.create(Kind::Task, 0..30);
        let holds = setting.plan().holds;
        let shown: Vec<_> = holds.iter().map(|hold| (&hold.reason, hold.operations.len())).collect();
        assert_eq!(shown, [(&reason, 30), (&HoldReason::FirstWrite, 30)]);

        // The first write alone: also when the mailbox counts as begun from then on.
        setting.released = released([&holds[1]]);
        for begun in [false, true] {
            setting.totals.first_write_released = begun;
            let plan = setting.plan();
            assert_eq!(plan.operations, [], "{reason:?}");
            assert_eq!(plan.holds, [holds[0].clone()], "{reason:?}");
        }
        // The other one alone.
        setting.totals.first_write_released = false;
        setting.released = released([&holds[0]]);
        assert_eq!(setting.plan().operations, [], "{reason:?}");
        // Both. Who else writes here is settled by the release, or it is not settled.
        setting.released = released(&holds);
        let settles = matches!(reason, HoldReason::UnknownFirm { .. } | HoldReason::AnotherWriter { .. });
        assert_eq!(setting.plan().operations.len(), if settles { 0 } else { 30 }, "{reason:?}");
        setting.totals.holds.clear();
        assert_eq!(setting.plan().operations.len(), 30, "{reason:?}");
    }
}

#[test]
fn what_the_budget_holds_and_an_empty_query_too_needs_both_releases() {
    let mut setting = Setting::holding(20, 0);
    setting.remove(Kind::Task, 0..20);
    setting.totals.empty_queries = [(Kind::Task, QueryName("main".into()))].into();
    setting.totals.vanished.insert(Kind::Task, 6);
    let holds = setting.plan().holds;
    assert_eq!(holds.len(), 3);
    for left in 0..3 {
        let others = holds.iter().enumerate().filter(|(place, _)| *place != left).map(|(_, hold)| hold);
        setting.released = released(others);
        let plan = setting.plan();
        assert_eq!((plan.operations.as_slice(), plan.holds), ([].as_slice(), vec![holds[left].clone()]));
    }
    setting.released = released(&holds);
    assert_eq!(setting.plan().operations.len(), 20);
}

#[test]
fn a_clean_up_waits_too_while_somebody_is_missing() {
    let mut setting = Setting::holding(20, 0);
    setting.mirror.entries.remove(&key(Kind::Task, 0));
    setting.remove(Kind::Task, 0..1);
    let orphans = setting.plan().holds;
    assert!(matches!(orphans.as_slice(), [hold] if hold.reason == HoldReason::Orphans));
    setting.released = released(&orphans);
    assert_eq!(setting.plan().operations.len(), 1);
    setting.totals.holds = vec![(Kind::Task, HoldReason::PersonMissing { person: "ew".into() })];
    assert_eq!(setting.plan().operations, []);
}

#[test]
fn a_released_first_plan_needs_no_budget_afterwards() {
    let mut setting = Setting::holding(0, 0);
    setting.totals.first_write_released = false;
    setting.create(Kind::Task, 0..500);
    setting.released = released(&setting.plan().holds);
    setting.totals.first_write_released = true;
    assert_eq!(setting.plan().operations.len(), 500);
    setting.create(Kind::Task, 500..601);
    assert_eq!(setting.reasons(), [budget(Class::Create, 101, 0, 100)]);
}

#[test]
fn a_query_without_rows_always_holds() {
    let mut setting = Setting::holding(1, 0);
    setting.remove(Kind::Task, 0..1);
    setting.totals.empty_queries =
        [(Kind::Task, QueryName("main".into())), (Kind::Contact, QueryName("main".into()))].into();
    let query = QueryName("main".into());
    assert_eq!(setting.reasons(), [HoldReason::QueryEmpty { query, items: 1 }]);
    setting.totals.mirrored_by_query.clear();
    assert_eq!(setting.reasons(), [], "nothing of it is in the mailbox");
}

#[test]
fn a_fifth_of_our_items_vanishing_at_once_holds() {
    let mut setting = Setting::holding(100, 0);
    setting.create(Kind::Task, 100..101);
    setting.totals.vanished.insert(Kind::Task, 20);
    assert_eq!(setting.reasons(), []);
    setting.totals.vanished.insert(Kind::Task, 21);
    assert_eq!(setting.reasons(), [HoldReason::Vanished { vanished: 21, of: 100 }]);
    let mut few = Setting::holding(6, 0);
    few.create(Kind::Task, 100..101);
    few.totals.vanished.insert(Kind::Task, 5);
    assert_eq!(few.reasons(), [], "of a few items most may go");
    few.totals.vanished.insert(Kind::Task, 6);
    assert_eq!(few.reasons(), [HoldReason::Vanished { vanished: 6, of: 6 }]);
}

#[test]
fn the_first_write_waits_and_needs_no_budget() {
    let mut setting = Setting::holding(0, 0);
    setting.totals.first_write_released = false;
    setting.create(Kind::Task, 0..500);
    setting.create(Kind::Contact, 0..1);
    assert_eq!(setting.reasons(), [HoldReason::FirstWrite, HoldReason::FirstWrite]);
    assert_eq!(setting.plan().operations, []);
}

#[test]
fn the_firms_budget_counts_what_every_mailbox_wants() {
    let mut setting = Setting::holding(20, 20);
    setting.remove(Kind::Task, 0..2);
    setting.remove(Kind::Contact, 0..2);
    let firm = Spent { size_at_start: 1_000, by_class: [(Class::Delete, 40)].into() };
    setting.totals.firm_spent.insert(Kind::Task, firm);
    setting.totals.firm_wanted.insert((Kind::Task, Class::Delete), 8);
    setting.totals.firm_wanted.insert((Kind::Task, Class::Create), 1_000);
    assert_eq!(setting.plan().operations.len(), 4);
    setting.totals.firm_wanted.insert((Kind::Task, Class::Delete), 9);
    let reason = HoldReason::FirmBudget { class: Class::Delete, wanted: 11, spent: 40, allowed: 50 };
    assert_eq!(setting.reasons(), [reason]);
    assert_eq!(setting.plan().operations.len(), 2, "the other kind goes on");
}

#[test]
fn reasons_known_elsewhere_hold_whatever_the_plan_says() {
    let mut setting = Setting::holding(20, 20);
    let reason = HoldReason::PersonMissing { person: "ew".into() };
    setting.totals.holds = vec![(Kind::Task, reason.clone())];
    assert_eq!(setting.plan().holds, [Hold { kind: Kind::Task, reason, operations: Vec::new() }]);
    setting.create(Kind::Task, 100..101);
    setting.create(Kind::Contact, 100..101);
    let plan = setting.plan();
    assert_eq!((plan.operations.len(), plan.holds[0].operations.len()), (1, 1));
}

#[test]
fn few_look_alikes_hold_their_records_and_many_hold_the_kind() {
    let mut setting = Setting::holding(20, 0);
    setting.create(Kind::Task, 100..110);
    setting.look_alikes = (100..103).map(|number| key(Kind::Task, number)).collect();
    let plan = setting.plan();
    assert_eq!(plan.operations.len(), 7);
    assert!(
        matches!(plan.holds.as_slice(), [hold] if hold.reason == HoldReason::LooksAlreadyThere { matches: 3 } && hold.operations.len() == 3)
    );
    setting.look_alikes.insert(key(Kind::Task, 103));
    let plan = setting.plan();
    assert_eq!(plan.operations.len(), 0);
    assert!(
        matches!(plan.holds.as_slice(), [hold] if hold.reason == HoldReason::LooksAlreadyThere { matches: 4 } && hold.operations.len() == 10)
    );
    // One of ours is no look-alike.
    setting.look_alikes = [key(Kind::Task, 0)].into();
    assert_eq!(setting.reasons(), []);
}

#[test]
fn what_is_found_only_in_deleted_items_is_not_made_again_before_a_person_decides() {
    let mut setting = Setting::holding(20, 0);
    setting.create(Kind::Task, 100..102);
    setting.only_deleted = [key(Kind::Task, 100), key(Kind::Task, 0)].into();
    let plan = setting.plan();
    assert!(matches!(plan.operations.as_slice(), [create] if create.key == key(Kind::Task, 101)));
    assert!(
        matches!(plan.holds.as_slice(), [hold] if hold.reason == HoldReason::OnlyInDeletedItems && hold.operations.len() == 1)
    );
}

#[test]
fn the_audit_finds_what_a_plan_must_not_hold() {
    let mut setting = Setting::holding(20, 0);
    setting.policy = open();
    setting.remove(Kind::Task, 0..1);
    setting.create(Kind::Task, 100..101);
    let good = setting.plan();
    let zone = TimeZone::UTC;
    let finds = |setting: &Setting, plan: &Plan, what: &str| {
        let found = audit(plan, &setting.input(&zone));
        assert!(found.iter().any(|sentence| sentence.contains(what)), "{what}: {found:?}");
    };
    assert_eq!(audit(&good, &setting.input(&zone)), Vec::<String>::new());
    let (delete, create) = (&good.operations[0], &good.operations[1]);
    let (delete, create) = if delete.class() == Some(Class::Delete) { (delete, create) } else { (create, delete) };

    let twice = Plan { operations: vec![create.clone(), create.clone()], ..Plan::default() };
    finds(&setting, &twice, "two operations");
    let other = Operation { key: key(Kind::Task, 1), ..delete.clone() };
    let same_item = Plan { operations: vec![delete.clone(), other.clone()], ..Plan::default() };
    finds(&setting, &same_item, "an item has two operations");
    finds(&setting, &Plan { operations: vec![other], ..Plan::default() }, "without the stamp");
    let beside = Operation { key: key(Kind::Task, 1), ..create.clone() };
    finds(&setting, &Plan { operations: vec![beside], ..Plan::default() }, "beside an item of ours");
    let waiting = |reason, operations| Hold { kind: Kind::Task, reason, operations };
    let held = Plan { holds: vec![waiting(HoldReason::FirstWrite, vec![])], ..good.clone() };
    finds(&setting, &held, "task is held");
    let orphans = vec![waiting(HoldReason::Orphans, vec![delete.clone()])];
    finds(&setting, &Plan { holds: orphans, ..good.clone() }, "is held and would be done");
    for reason in [HoldReason::Orphans, HoldReason::OnlyInDeletedItems, HoldReason::LooksAlreadyThere { matches: 3 }] {
        let elsewhere = Plan { holds: vec![waiting(reason, vec![])], ..good.clone() };
        assert_eq!(audit(&elsewhere, &setting.input(&zone)), Vec::<String>::new());
    }
    setting.totals.holds = vec![(Kind::Task, HoldReason::PersonMissing { person: "ew".into() })];
    finds(&setting, &good, "task is held");
    setting.totals.holds.clear();
    let many = vec![waiting(HoldReason::LooksAlreadyThere { matches: 4 }, vec![])];
    finds(&setting, &Plan { holds: many, ..good.clone() }, "task is held");

    setting.totals.first_write_released = false;
    finds(&setting, &good, "before the first plan was released");
    setting.totals.first_write_released = true;
    setting.mirror.foreign.insert(ItemId(key(Kind::Task, 0).to_string()));
    finds(&setting, &good, "a foreign item");
    setting.mirror.foreign.clear();
    setting.mirror.entries.remove(&key(Kind::Task, 0));
    finds(&setting, &good, "without the ledger as second witness");
    setting.released = released(&[waiting(HoldReason::Orphans, vec![delete.clone()])]);
    assert_eq!(audit(&good, &setting.input(&zone)), Vec::<String>::new());
}

#[test]
fn an_allowance_never_overflows() {
    assert_eq!(Allowance { at_least: 10, percent: 10 }.of(100), 10);
    assert_eq!(Allowance { at_least: 10, percent: 10 }.of(110), 11);
    assert!(Allowance { at_least: 0, percent: 25 }.of(u64::MAX) > 0);
}
