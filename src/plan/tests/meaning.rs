//! Records that are the same and mean something else now.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{ToSpan, tz::TimeZone};
use proptest::prelude::*;

use super::world::{now, open};
use crate::{
    domain::{
        ChangeKey, Field, ItemId, ItemRef, Kind, MeaningId, Mirror, MirrorEntry, Observation, Origin, Place, Presence,
        Record, RecordKey, Seen, SourceDigest, Span, Value, Written,
    },
    plan::{
        Class, Consent, Desired, HoldReason, Meaning, MeaningChange, OnDrift, Plan, PlanningInput, Policy, PrivacyMode,
        Release, Rewrite, Rewrites, ScopeSettings, Totals, Why, meaning, plan,
    },
};

fn key(number: u32) -> RecordKey {
    RecordKey::new(Kind::Event, "main", number.to_string())
}

fn event(subject: &str, in_hours: i64) -> Record {
    let start = now(0) + in_hours.hours();
    let span = Span::Timed { start, end: start + 1.hours(), zone: "UTC".into() };
    Record::new(Kind::Event).with(Field::Subject, Value::text(subject)).with(Field::Span, Value::Span(span))
}

fn item(number: u32, version: u32) -> ItemRef {
    ItemRef { id: ItemId(number.to_string()), change_key: ChangeKey(version.to_string()) }
}

fn template(to: &str) -> Vec<MeaningChange> {
    let value = |text: &str| Some(text.to_owned());
    vec![MeaningChange { part: "subject template of events".to_owned(), from: value("{subject}"), to: value(to) }]
}

/// A mailbox of events, all as they were before their meaning changed.
#[derive(Default)]
struct Setting {
    desired: BTreeMap<RecordKey, Desired>,
    mirror: Mirror,
    observed: Observation,
    rewrites: Rewrites,
    policy: Option<Policy>,
    released: Release,
}

impl Setting {
    /// Event `number` is due in so many hours, and means something else now.
    fn holds(mut self, number: u32, in_hours: i64, consent: Consent) -> Self {
        let written = Some(Written::new(Arc::new(event("Old", in_hours)), BTreeMap::new()));
        let entry =
            MirrorEntry { item: item(number, 1), place: Place::Home, written, presence: Presence::Kept, restores: 0 };
        self.mirror.entries.insert(key(number), entry);
        self.observed
            .add(key(number), Seen { item: item(number, 1), place: Place::Home, created: None, content: None });
        self.desired.insert(key(number), Desired::Wanted(Arc::new(event("New", in_hours))));
        self.rewrites.of.insert(key(number), Rewrite { changes: template("{matter_number} {subject}"), consent });
        self.rewrites.at_most = 50;
        self
    }

    fn plan(&self) -> Plan {
        plan(&PlanningInput {
            desired: &self.desired,
            complete: true,
            mirror: &self.mirror,
            observed: &self.observed,
            totals: &Totals { first_write_released: true, ..Totals::default() },
            policy: self.policy.as_ref().unwrap_or(&open()),
            released: &self.released,
            look_alikes: &BTreeSet::new(),
            adoptions: &BTreeMap::new(),
            only_deleted: &BTreeSet::new(),
            rewrites: &self.rewrites,
            zone: &TimeZone::UTC,
            now: now(0),
        })
    }
}

fn numbers(plan: &Plan) -> Vec<String> {
    plan.operations.iter().map(|operation| operation.key.record.clone()).collect()
}

#[test]
fn without_consent_it_waits_by_itself_and_news_of_the_same_kind_passes() {
    let mut setting = Setting::default().holds(1, 5, Consent::Waits).holds(2, 6, Consent::Waits);
    setting.rewrites.of.remove(&key(2));
    let plan = setting.plan();
    assert_eq!(numbers(&plan), ["2"]);
    assert_eq!(plan.operations[0].why, Why::Changed);
    let [hold] = &plan.holds[..] else { panic!("{plan:?}") };
    assert_eq!(hold.reason, HoldReason::MeaningChanged { changes: template("{matter_number} {subject}") });
    assert_eq!(hold.operations.len(), 1);
    assert_eq!(hold.operations[0].why, Why::Rewritten("subject template of events".to_owned()));
}

#[test]
fn one_mailbox_can_be_released_to_try_a_change_there() {
    let mut setting = Setting::default().holds(1, 5, Consent::Waits);
    let held = setting.plan().holds.remove(0);
    setting.released.add(held.operations[0].digest(), held.reason.name());
    assert_eq!(numbers(&setting.plan()), ["1"]);
}

#[test]
fn what_a_person_agreed_to_has_a_pace_in_place_of_a_budget_and_deadlines_go_first() {
    let mut setting = Setting { policy: Some(Policy::default()), ..Setting::default() };
    for number in 0..600 {
        // Every third one is over.
        let hours = if number % 3 == 0 { -i64::from(number) - 2 } else { 1_000 - i64::from(number) };
        setting = setting.holds(number, hours, Consent::Given);
    }
    setting = setting.holds(700, 3, Consent::Given);
    setting.rewrites.at_most = 3;
    let plan = setting.plan();
    assert_eq!(plan.holds, [], "a person agreed to the number: no brake asks again");
    assert_eq!(numbers(&plan), ["700", "599", "598"], "what is due soonest, and never what is over");
    assert_eq!(plan.later.len(), 598);
    assert!(plan.operations.iter().all(|operation| operation.class() == Some(Class::Rewrite)));
    setting.rewrites.at_most = 0;
    assert_eq!(setting.plan().operations, []);
}

#[test]
fn less_privacy_waits_and_more_is_neither_asked_for_nor_paced() {
    let privacy = |from: &str, to: &str| {
        let value = |text: &str| Some(text.to_owned());
        vec![MeaningChange { part: "privacy".to_owned(), from: value(from), to: value(to) }]
    };
    let consent = |changes: &[MeaningChange]| Rewrite::new(changes, &BTreeSet::new()).consent;
    assert_eq!(consent(&privacy("full", "initials")), Consent::NotNeeded);
    assert_eq!(consent(&privacy("matter-number", "busy")), Consent::NotNeeded);
    assert_eq!(consent(&privacy("busy", "full")), Consent::Waits);
    let both = [privacy("full", "busy"), template("{subject}!")].concat();
    assert_eq!(consent(&both), Consent::NotNeeded);
    let mut setting = Setting::default().holds(1, 5, Consent::NotNeeded);
    setting.rewrites.at_most = 0;
    assert_eq!(numbers(&setting.plan()), ["1"]);
}

#[test]
fn all_changes_of_an_item_need_consent() {
    let (one, other) = (template("a {subject}"), template("b {subject}"));
    let both = [one.clone(), other].concat();
    let approved: BTreeSet<MeaningChange> = one.iter().cloned().collect();
    assert_eq!(Rewrite::new(&one, &approved).consent, Consent::Given);
    assert_eq!(Rewrite::new(&both, &approved).consent, Consent::Waits);
}

#[test]
fn what_the_user_deleted_does_not_come_back_for_another_meaning() {
    for consent in [Consent::Waits, Consent::Given] {
        let mut setting = Setting::default().holds(1, 5, consent);
        setting.observed = Observation::default();
        let mut policy = open();
        policy.on_delete.insert(Kind::Event, OnDrift::Leave);
        setting.policy = Some(policy);
        let plan = setting.plan();
        assert!(plan.operations.iter().all(|operation| operation.why == Why::DeletedByUser), "{plan:?}");
        assert_eq!(plan.holds, []);
    }
}

fn origin(source: u8, mark: u64, meaning: i64) -> Origin {
    Origin { source: SourceDigest([source; 16]), mark, meaning: MeaningId(meaning) }
}

/// Meanings 1 and 2 read rows alike, 3 otherwise.
fn alike(one: &Origin, other: &Origin) -> bool {
    (one.meaning.0 == 3) == (other.meaning.0 == 3)
}

#[test]
fn a_changed_row_is_told_from_a_changed_meaning() {
    let same = |now: Origin, then: Option<Origin>, noticed: Option<Origin>| {
        meaning::is_same_row(&now, then.as_ref(), noticed.as_ref(), alike)
    };
    assert!(same(origin(1, 0, 2), Some(origin(1, 0, 1)), None), "another template");
    assert!(!same(origin(2, 0, 2), Some(origin(1, 0, 1)), None), "another row too");
    assert!(
        same(origin(2, 7, 3), Some(origin(1, 7, 1)), None),
        "read otherwise, and its mark says that it did not change"
    );
    assert!(!same(origin(2, 8, 3), Some(origin(1, 7, 1)), None), "its mark says that it changed");
    assert!(same(origin(2, 0, 3), Some(origin(1, 0, 1)), None), "nobody knows");
    assert!(same(origin(2, 0, 3), Some(origin(1, 0, 1)), Some(origin(2, 0, 3))), "as when it was first met");
    assert!(!same(origin(4, 0, 3), Some(origin(1, 0, 1)), Some(origin(2, 0, 3))), "changed since");
    assert!(same(origin(1, 0, 1), None, None), "from before origins were kept");
    assert!(!same(origin(2, 0, 1), None, Some(origin(1, 0, 1))), "changed since it was first met");
}

#[test]
fn a_meaning_names_its_parts() {
    let settings = ScopeSettings::for_office(TimeZone::UTC);
    let reading = BTreeMap::from([("mapping".to_owned(), "one".to_owned())]);
    let first = Meaning::of(Kind::Event, &reading, &settings, 1);
    let busy = ScopeSettings { privacy: PrivacyMode::Busy, default_reminder_minutes: None, ..settings.clone() };
    let second = Meaning::of(Kind::Event, &reading, &busy, 1);
    let changes = first.changes_to(&second);
    assert_eq!(meaning::label(&changes), "default reminder, privacy");
    assert_eq!(changes[0].to.as_deref(), Some("none"));
    assert!(first.reads_as(&second));
    assert!(
        first.reads_as(&Meaning::of(Kind::Event, &reading, &settings, 2)),
        "other text of rows that are read as ever"
    );
    let other = BTreeMap::from([("mapping".to_owned(), "two".to_owned())]);
    assert!(!first.reads_as(&Meaning::of(Kind::Event, &other, &settings, 1)));
    assert!(first.changes_to(&first).is_empty());
    let window = ScopeSettings { contact_cap: 1, kinds: BTreeSet::new(), ..settings };
    assert_eq!(Meaning::of(Kind::Event, &reading, &window, 1), first, "what is shown at all is no meaning");
}

proptest! {
    /// Whatever waits, passes or has its turn later: nothing is lost, nothing is done twice, and nothing without consent.
    #[test]
    fn every_item_waits_passes_or_has_its_turn(
        items in prop::collection::vec((0_i64..2_000, 0_u8..3), 0..40),
        at_most in 0_u64..10,
    ) {
        let mut setting = Setting::default();
        for (number, (hours, consent)) in (0..).zip(&items) {
            let consent = [Consent::Waits, Consent::Given, Consent::NotNeeded][usize::from(*consent)];
            setting = setting.holds(number, hours - 500, consent);
        }
        setting.rewrites.at_most = at_most;
        let plan = setting.plan();
        let held: Vec<_> = plan.holds.iter().flat_map(|hold| &hold.operations).collect();
        prop_assert_eq!(plan.operations.len() + held.len() + plan.later.len(), items.len());
        let consent = |key: &RecordKey| setting.rewrites.of[key].consent;
        prop_assert!(held.iter().all(|operation| consent(&operation.key) == Consent::Waits));
        prop_assert!(plan.later.iter().all(|operation| consent(&operation.key) == Consent::Given));
        let paced = plan.operations.iter().filter(|operation| consent(&operation.key) == Consent::Given);
        prop_assert!(paced.count() as u64 <= at_most);
        prop_assert!(plan.operations.iter().all(|operation| consent(&operation.key) != Consent::Waits));
    }
}
