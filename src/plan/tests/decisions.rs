use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{Timestamp, ToSpan, tz::TimeZone};

use super::world::{now, open};
use crate::{
    domain::{
        ChangeKey, Field, ItemContent, ItemId, ItemRef, Kind, Mirror, MirrorEntry, Observation, Place, Presence,
        Record, RecordKey, Reminder, RemovalManner, Seen, Span, TaskStatus, Value, Written, notes,
    },
    plan::{
        Action, Desired, Finding, FindingKind, HoldReason, OnDrift, Operation, Plan, PlanningInput, Policy, Release,
        Rewrites, Totals, Why, Withdrawal, plan, unread,
    },
};

fn key(number: u32) -> RecordKey {
    RecordKey::new(Kind::Event, "main", number.to_string())
}

fn event(subject: &str, start: Timestamp) -> Record {
    let span = Span::Timed { start, end: start + 1.hours(), zone: "UTC".into() };
    Record::new(Kind::Event)
        .with(Field::Subject, Value::text(subject))
        .with(Field::Span, Value::Span(span))
        .with(Field::Reminder, Value::Reminder(Reminder::MinutesBefore(15)))
}

fn item(id: &str, version: u32) -> ItemRef {
    ItemRef { id: ItemId(id.into()), change_key: ChangeKey(version.to_string()) }
}

fn content(item: &ItemRef, record: &Record) -> ItemContent {
    let fields = record.fields.iter().filter_map(|(field, value)| Some((*field, value.clone()?)));
    ItemContent {
        item: item.clone(),
        stamp: None,
        folder: None,
        bound: None,
        created: None,
        fields: fields.filter(|(field, _)| *field != Field::Notes).collect(),
        body: record.text(Field::Notes).map(|text| notes::compose(None, Some(text), None).body),
    }
}

#[derive(Default)]
struct Setting {
    desired: BTreeMap<RecordKey, Desired>,
    mirror: Mirror,
    observed: Observation,
    policy: Option<Policy>,
}

impl Setting {
    fn wants(mut self, number: u32, record: &Record) -> Self {
        self.desired.insert(key(number), Desired::Wanted(Arc::new(record.clone())));
        self
    }

    fn is(mut self, number: u32, desired: Desired) -> Self {
        self.desired.insert(key(number), desired);
        self
    }

    fn knows(mut self, number: u32, record: &Record) -> Self {
        let written = Some(Written::new(Arc::new(record.clone()), BTreeMap::new()));
        let item = item(&number.to_string(), 1);
        let entry = MirrorEntry { item, place: Place::Home, written, presence: Presence::Kept, restores: 0 };
        self.mirror.entries.insert(key(number), entry);
        self
    }

    fn sees(self, number: u32, version: u32, shown: Option<&Record>) -> Self {
        self.sees_as(number, &number.to_string(), version, Place::Home, shown)
    }

    fn sees_as(mut self, number: u32, id: &str, version: u32, place: Place, shown: Option<&Record>) -> Self {
        let item = item(id, version);
        let content = shown.map(|shown| content(&item, shown));
        self.observed.add(key(number), Seen { item, place, created: None, content });
        self
    }

    fn plan(&self, complete: bool) -> Plan {
        plan(&PlanningInput {
            desired: &self.desired,
            complete,
            mirror: &self.mirror,
            observed: &self.observed,
            totals: &Totals { first_write_released: true, ..Totals::default() },
            policy: self.policy.as_ref().unwrap_or(&open()),
            released: &Release::default(),
            look_alikes: &BTreeSet::new(),
            adoptions: &BTreeMap::new(),
            only_deleted: &BTreeSet::new(),
            rewrites: &Rewrites::default(),
            zone: &TimeZone::UTC,
            now: now(0),
        })
    }

    fn only(&self) -> Operation {
        let mut plan = self.plan(true);
        assert_eq!(plan.operations.len(), 1, "{plan:?}");
        plan.operations.remove(0)
    }
}

fn set_by(operation: &Operation) -> Vec<Field> {
    match &operation.action {
        Action::Update { set, .. } => set.keys().copied().collect(),
        other => panic!("no update: {other:?}"),
    }
}

fn tomorrow() -> Timestamp {
    now(24)
}

#[test]
fn an_update_sets_the_fields_that_changed_and_no_others() {
    let (old, new) = (event("Hearing", tomorrow()), event("Trial", tomorrow()));
    let update = Setting::default().knows(1, &old).wants(1, &new).sees(1, 1, None).only();
    assert_eq!((update.why.clone(), set_by(&update)), (Why::Changed, vec![Field::Subject]));
}

#[test]
fn what_moved_rings_again() {
    let (old, new) = (event("Hearing", tomorrow()), event("Hearing", now(30)));
    let update = Setting::default().knows(1, &old).wants(1, &new).sees(1, 1, None).only();
    assert_eq!(set_by(&update), [Field::Span, Field::Reminder]);
}

#[test]
fn a_reminder_that_changed_is_set_and_one_that_was_dismissed_is_not() {
    let old = event("Hearing", tomorrow());
    let new = old.clone().with(Field::Reminder, Value::Reminder(Reminder::MinutesBefore(60)));
    let update = Setting::default().knows(1, &old).wants(1, &new).sees(1, 1, None).only();
    assert_eq!(set_by(&update), [Field::Reminder]);
    // Also when the server seems to show it already: what a phone dismissed looks the same.
    let shown = new.clone();
    let update = Setting::default().knows(1, &old).wants(1, &new).sees(1, 2, Some(&shown)).only();
    assert_eq!(set_by(&update), [Field::Reminder]);
    let dismissed = old.clone().with(Field::Reminder, None);
    let renamed = old.clone().with(Field::Subject, Value::text("Trial"));
    let update = Setting::default().knows(1, &old).wants(1, &renamed).sees(1, 2, Some(&dismissed)).only();
    assert_eq!(set_by(&update), [Field::Subject]);
}

#[test]
fn what_was_left_to_the_user_is_written_when_the_record_changes() {
    let old = event("Hearing", tomorrow()).with(Field::Location, Value::text("Room 1"));
    let new = old.clone().with(Field::Location, Value::text("Room 2"));
    let mut setting = Setting::default().knows(1, &old).wants(1, &new).sees(1, 1, None);
    let entry = setting.mirror.entries.get_mut(&key(1)).expect("known");
    let written = entry.written.as_mut().expect("written");
    written.returned = [(Field::Subject, Some(Value::text("My hearing"))), (Field::Reminder, None)].into();
    assert_eq!(set_by(&setting.only()), [Field::Subject, Field::Location]);
}

#[test]
fn what_somebody_already_made_of_it_is_not_written_again() {
    let (old, new) = (event("Hearing", tomorrow()), event("Trial", tomorrow()));
    let setting = Setting::default().knows(1, &old).wants(1, &new).sees(1, 2, Some(&new));
    let own = setting.only();
    assert!(matches!(own.action, Action::Own { .. }) && own.why == Why::Changed);
    assert_eq!(setting.plan(true).findings, []);
}

#[test]
fn an_edit_is_proposed_whether_it_is_overwritten_or_left() {
    let ours = event("Hearing", tomorrow());
    let edited = event("Mine", tomorrow());
    let proposal = |overwritten| Finding {
        key: key(1),
        item: Some(ItemId("1".into())),
        kind: FindingKind::Proposed {
            field: Field::Subject,
            before: Some(Value::text("Hearing")),
            after: Some(Value::text("Mine")),
            overwritten,
        },
    };
    let mut setting = Setting::default().knows(1, &ours).wants(1, &ours).sees(1, 2, Some(&edited));
    assert_eq!((setting.only().why, set_by(&setting.only())), (Why::Restored, vec![Field::Subject]));
    assert_eq!(setting.plan(true).findings, [proposal(true)]);
    let mut leave = open();
    leave.on_edit.insert(Kind::Event, OnDrift::Leave);
    setting.policy = Some(leave);
    let own = setting.only();
    assert_eq!(own.why, Why::Acknowledged);
    let Action::Own { returned, .. } = own.action else { panic!("the ledger alone") };
    assert_eq!(returned, [(Field::Subject, Some(Value::text("Mine")))].into());
    assert_eq!(setting.plan(true).findings, [proposal(false)]);
    // The record changes while an edit stands: the edit is proposed and written over.
    let setting = setting.wants(1, &event("Trial", tomorrow()));
    assert_eq!(set_by(&setting.only()), [Field::Subject]);
    assert_eq!(setting.plan(true).findings, [proposal(true)]);
}

#[test]
fn a_version_that_could_not_be_read_waits() {
    let (old, new) = (event("Hearing", tomorrow()), event("Trial", tomorrow()));
    for desired in [&old, &new] {
        let setting = Setting::default().knows(1, &old).wants(1, desired).sees(1, 2, None);
        assert_eq!(setting.plan(true), Plan::default());
        assert_eq!(unread(&setting.mirror, &setting.observed), [(Kind::Event, ItemId("1".into()))]);
    }
    let unknown = Setting::default().wants(1, &new).sees(1, 2, None);
    assert_eq!(unknown.plan(true), Plan::default());
    assert_eq!(unread(&unknown.mirror, &unknown.observed).len(), 1);
}

#[test]
fn only_unknown_versions_of_our_own_items_are_read() {
    let ours = event("Hearing", tomorrow());
    let known = Setting::default().knows(1, &ours).sees(1, 1, None);
    assert_eq!(unread(&known.mirror, &known.observed), []);
    let copy = Setting::default().knows(1, &ours).sees(1, 1, None).sees_as(1, "copy", 1, Place::Home, None);
    assert_eq!(unread(&copy.mirror, &copy.observed), []);
    let read = Setting::default().knows(1, &ours).sees(1, 2, Some(&ours));
    assert_eq!(unread(&read.mirror, &read.observed), []);
    let deleted = Setting::default().knows(1, &ours).sees_as(1, "x", 2, Place::Deleted, None);
    assert_eq!(unread(&deleted.mirror, &deleted.observed), []);
    let mut doubt = Setting::default().knows(1, &ours).sees(1, 1, None);
    let entry = doubt.mirror.entries.get_mut(&key(1)).expect("known");
    entry.written.as_mut().expect("written").in_doubt = true;
    assert_eq!(unread(&doubt.mirror, &doubt.observed).len(), 1);
    let mut back = Setting::default().knows(1, &ours).sees(1, 1, None);
    back.mirror.entries.get_mut(&key(1)).expect("known").presence = Presence::DeletedByUser;
    assert_eq!(unread(&back.mirror, &back.observed).len(), 1);
}

#[test]
fn a_takeover_does_not_let_a_dismissed_reminder_ring_again() {
    let ours = event("Hearing", tomorrow());
    for dismissed in [None, Some(Value::Reminder(Reminder::Off))] {
        let shown = ours.clone().with(Field::Reminder, dismissed);
        let own = Setting::default().wants(1, &ours).sees(1, 1, Some(&shown)).only();
        assert!(matches!(own.action, Action::Own { .. }) && own.why == Why::TakenOver);
    }
    let other = ours.clone().with(Field::Reminder, Value::Reminder(Reminder::MinutesBefore(60)));
    let update = Setting::default().wants(1, &ours).sees(1, 1, Some(&other)).only();
    assert_eq!((update.why.clone(), set_by(&update)), (Why::TakenOver, vec![Field::Reminder]));
}

#[test]
fn a_takeover_clears_our_block_where_the_practice_system_says_null() {
    let ours = event("Hearing", tomorrow()).with(Field::Notes, None).with(Field::Location, None);
    let shown =
        ours.clone().with(Field::Notes, Value::text("old")).with(Field::Location, Value::text("perhaps the user's"));
    let update = Setting::default().wants(1, &ours).sees(1, 1, Some(&shown)).only();
    let Action::Update { set, clear, .. } = update.action else { panic!("an update") };
    assert_eq!((set, clear), (BTreeMap::new(), [Field::Notes].into()));
    let nothing = event("Hearing", tomorrow());
    let own = Setting::default().wants(1, &nothing).sees(1, 1, Some(&shown)).only();
    assert!(matches!(own.action, Action::Own { .. }), "notes that are not selected are not touched");
}

#[test]
fn of_several_items_the_oldest_is_taken_over_and_the_others_are_copies() {
    let ours = event("Hearing", tomorrow());
    let mut setting = Setting::default().wants(1, &ours);
    for (id, created) in [("b", 2), ("a", 3)] {
        let item = item(id, 1);
        let content = Some(content(&item, &ours));
        setting.observed.add(key(1), Seen { item, place: Place::Home, created: Some(now(created)), content });
    }
    let plan = setting.plan(true);
    assert!(matches!(&plan.operations[0].action, Action::Own { item, .. } if item.id.0 == "b"));
    assert_eq!(plan.foreign, [(key(1), ItemId("a".into()))]);
    assert_eq!(
        plan.findings,
        [Finding { key: key(1), item: Some(ItemId("a".into())), kind: FindingKind::ForeignCopy }]
    );
}

#[test]
fn what_must_leave_no_trace_is_removed_for_good_also_from_deleted_items() {
    let ours = event("Hearing", tomorrow());
    let wall = |for_good| Desired::Withdrawn(Withdrawal { reason: "wall".into(), for_good });
    let delete = |setting: &Setting| match setting.only().action {
        Action::Delete { item, manner, .. } => (item.id.0, manner),
        other => panic!("{other:?}"),
    };
    let there = |for_good| Setting::default().knows(1, &ours).sees(1, 1, None).is(1, wall(for_good));
    assert_eq!(delete(&there(false)), ("1".into(), RemovalManner::ToDeletedItems));
    assert_eq!(delete(&there(true)), ("1".into(), RemovalManner::ForGood));
    assert_eq!(there(true).only().why, Why::Withdrawn("wall".into()));
    let thrown_away =
        |for_good| Setting::default().knows(1, &ours).sees_as(1, "d", 1, Place::Deleted, None).is(1, wall(for_good));
    assert_eq!(delete(&thrown_away(true)), ("d".into(), RemovalManner::ForGood));
    assert_eq!(thrown_away(false).only().action, Action::Forget);
}

#[test]
fn an_orphan_waits_for_a_person_and_a_frozen_or_unreadable_row_makes_none() {
    let ours = event("Hearing", tomorrow());
    let seen = || Setting::default().sees(1, 1, Some(&ours));
    let plan = seen().plan(true);
    assert_eq!(plan.operations, []);
    assert!(
        matches!(plan.holds.as_slice(), [hold] if hold.reason == HoldReason::Orphans && hold.operations.len() == 1)
    );
    // Which of several items is a copy cannot be said without the ledger: all of them wait, and none is ruled out.
    let several = seen().sees_as(1, "other", 1, Place::Home, Some(&ours)).plan(true);
    assert_eq!((several.holds[0].operations.len(), several.foreign.len()), (2, 0));
    for desired in [Desired::Frozen, Desired::Unreadable, Desired::Unchanged] {
        assert_eq!(seen().is(1, desired).plan(true), Plan::default());
    }
    assert_eq!(seen().plan(false), Plan::default(), "a view of some keys says nothing about others");
}

#[test]
fn a_frozen_item_is_not_written_and_its_new_version_is_remembered() {
    let ours = event("Hearing", tomorrow());
    let edited = event("Mine", tomorrow());
    let frozen = |setting: Setting| setting.knows(1, &ours).is(1, Desired::Frozen);
    assert_eq!(frozen(Setting::default().sees(1, 1, None)).plan(true), Plan::default());
    let own = frozen(Setting::default().sees(1, 2, Some(&edited))).only();
    assert!(matches!(own.action, Action::Own { .. }) && own.why == Why::Acknowledged);
    let gone = frozen(Setting::default());
    assert_eq!((gone.only().why, gone.only().action), (Why::DeletedByUser, Action::Respect));
    let mut respected = frozen(Setting::default());
    respected.mirror.entries.get_mut(&key(1)).expect("known").presence = Presence::DeletedByUser;
    assert_eq!(respected.plan(true), Plan::default());
}

#[test]
fn an_unchanged_row_is_maintained_as_it_was_last_written() {
    let ours = event("Hearing", tomorrow());
    let setting = Setting::default().knows(1, &ours).sees(1, 2, Some(&event("Mine", tomorrow())));
    let plan = setting.plan(false);
    assert!(matches!(plan.operations.as_slice(), [update] if set_by(update) == [Field::Subject]));
    let gone = Setting::default().knows(1, &ours);
    assert!(matches!(gone.plan(false).operations.as_slice(), [create] if create.why == Why::Restored));
    let mut doubt = Setting::default().knows(1, &ours).sees(1, 2, Some(&ours));
    doubt.mirror.entries.get_mut(&key(1)).expect("known").written.as_mut().expect("written").in_doubt = true;
    assert_eq!(doubt.plan(false), Plan::default(), "its row has to be read first");
}

#[test]
fn an_unreadable_row_is_urgent_when_its_item_is_due_within_a_fortnight() {
    for (hours, urgent) in [(-1, false), (0, true), (14 * 24, true), (14 * 24 + 1, false)] {
        let setting =
            Setting::default().knows(1, &event("Hearing", now(hours))).sees(1, 1, None).is(1, Desired::Unreadable);
        let plan = setting.plan(true);
        assert_eq!(plan.operations, []);
        assert_eq!(
            plan.findings.iter().any(|finding| finding.kind == FindingKind::UnreadableAndDue),
            urgent,
            "{hours}"
        );
    }
}

#[test]
fn lost_markers_are_told_where_we_had_written_notes() {
    let ours = event("Hearing", tomorrow()).with(Field::Notes, Value::text("Bring it"));
    let mut setting = Setting::default().knows(1, &ours).wants(1, &ours).sees(1, 2, Some(&ours));
    let told = |setting: &Setting| {
        setting.plan(true).findings.iter().any(|finding| finding.kind == FindingKind::MarkersBroken)
    };
    assert!(!told(&setting));
    let body = crate::domain::Body { format: crate::domain::BodyFormat::Text, text: "Bring it".into() };
    setting.observed.copies_mut(&key(1))[0].content.as_mut().expect("read").body = Some(body.clone());
    assert!(told(&setting));
    let mut without = Setting::default().knows(1, &event("Hearing", tomorrow())).sees(1, 2, Some(&ours));
    without.observed.copies_mut(&key(1))[0].content.as_mut().expect("read").body = Some(body);
    assert!(!told(&without.wants(1, &event("Hearing", tomorrow()))));
}

#[test]
fn what_is_due_within_48_hours_goes_first_then_by_due_then_by_key() {
    let mut setting = Setting::default();
    for (number, hours) in [(1, 100), (2, -5), (3, 48), (4, 0), (5, 49), (6, 48)] {
        setting = setting.wants(number, &event("Hearing", now(hours)));
    }
    let without = Record::new(Kind::Event).with(Field::Subject, Value::text("some day"));
    let plan = setting.wants(7, &without).plan(true);
    let order: Vec<&str> = plan.operations.iter().map(|operation| operation.key.record.as_str()).collect();
    assert_eq!(order, ["4", "3", "6", "2", "5", "1", "7"]);
}

#[test]
fn what_was_put_off_is_as_urgent_as_it_was() {
    // Somebody would travel tomorrow for a hearing that was moved by a month.
    let put_off = Setting::default()
        .knows(1, &event("Hearing", tomorrow()))
        .sees(1, 1, None)
        .wants(1, &event("Hearing", now(30 * 24)));
    assert_eq!(put_off.only().due, Some(tomorrow()));
    let brought_forward = Setting::default()
        .knows(1, &event("Hearing", now(30 * 24)))
        .sees(1, 1, None)
        .wants(1, &event("Hearing", tomorrow()));
    assert_eq!(brought_forward.only().due, Some(tomorrow()));
    let sooner =
        Setting::default().knows(1, &event("Hearing", now(40))).sees(1, 1, None).wants(1, &event("Hearing", now(4)));
    assert_eq!(sooner.only().due, Some(now(4)));
    let later =
        Setting::default().knows(1, &event("Hearing", now(4))).sees(1, 1, None).wants(1, &event("Hearing", now(40)));
    assert_eq!(later.only().due, Some(now(4)));
    let gone = Setting::default().knows(1, &event("Hearing", tomorrow())).sees(1, 1, None);
    assert_eq!(gone.only().due, Some(tomorrow()));
    let past =
        Setting::default().knows(1, &event("Hearing", now(-9))).sees(1, 1, None).wants(1, &event("Hearing", now(90)));
    assert_eq!(past.only().due, Some(now(90)));
}

#[test]
fn an_item_that_is_gone_while_its_content_was_in_doubt_is_written_again() {
    // Whether the user deleted it knowingly cannot be told: rather twice on purpose than a hearing missed.
    let ours = event("Hearing", tomorrow());
    let mut leave = open();
    leave.on_delete.insert(Kind::Event, OnDrift::Leave);
    let mut setting = Setting { policy: Some(leave), ..Setting::default() }.knows(1, &ours).wants(1, &ours);
    assert_eq!(setting.only().why, Why::DeletedByUser);
    setting.mirror.entries.get_mut(&key(1)).expect("known").written.as_mut().expect("written").in_doubt = true;
    let create = setting.only();
    assert!(matches!(create.action, Action::Create { .. }) && create.why == Why::Changed);
}

#[test]
fn a_deletion_that_was_respected_stays_so_when_the_policy_changes() {
    let ours = event("Hearing", tomorrow());
    let mut setting = Setting::default().knows(1, &ours).wants(1, &ours);
    assert_eq!(setting.only().why, Why::Restored);
    setting.mirror.entries.get_mut(&key(1)).expect("known").presence = Presence::DeletedByUser;
    assert_eq!(setting.plan(true), Plan::default());
}

#[test]
fn a_fields_null_is_not_written_where_the_item_shows_nothing_of_it() {
    let old = event("Hearing", tomorrow()).with(Field::Location, Value::text("Room 1"));
    let new = old.clone().with(Field::Location, None);
    let cleared = |setting: Setting| match setting.only().action {
        Action::Update { clear, .. } => clear,
        Action::Own { .. } => BTreeSet::new(),
        other => panic!("{other:?}"),
    };
    assert_eq!(cleared(Setting::default().knows(1, &old).wants(1, &new).sees(1, 1, None)), [Field::Location].into());
    assert_eq!(
        cleared(Setting::default().knows(1, &old).wants(1, &new).sees(1, 2, Some(&old))),
        [Field::Location].into()
    );
    assert_eq!(cleared(Setting::default().knows(1, &old).wants(1, &new).sees(1, 2, Some(&new))), BTreeSet::new());
}

#[test]
fn a_task_that_we_may_have_completed_ourselves_is_opened_again() {
    let status = |status| Record::new(Kind::Event).with(Field::Status, Value::Status(status));
    let (open, done) = (status(TaskStatus::InProgress), status(TaskStatus::Completed));
    let in_doubt = |perhaps: &Record| {
        let mut setting = Setting::default().knows(1, perhaps).wants(1, &open).sees(1, 1, Some(&done));
        setting.mirror.entries.get_mut(&key(1)).expect("known").written.as_mut().expect("written").in_doubt = true;
        setting
    };
    assert_eq!(set_by(&in_doubt(&done).only()), [Field::Status]);
    let by_user = in_doubt(&open);
    assert!(matches!(by_user.only().action, Action::Own { .. }));
    assert!(matches!(by_user.plan(true).findings[0].kind, FindingKind::Proposed { overwritten: false, .. }));
}

#[test]
fn an_item_that_came_back_in_the_version_we_knew_is_kept_again() {
    let ours = event("Hearing", tomorrow());
    let mut setting = Setting::default().knows(1, &ours).wants(1, &ours).sees(1, 1, Some(&ours));
    assert_eq!(setting.plan(true).operations, []);
    setting.mirror.entries.get_mut(&key(1)).expect("known").presence = Presence::DeletedByUser;
    assert!(matches!(setting.only().action, Action::Own { .. }));
}

#[test]
fn an_item_goes_on_under_another_key_only_where_it_lies_as_we_wrote_it() {
    let hearing = event("Hearing", tomorrow());
    let succeeds = || Setting::default().is(2, Desired::Succeeds { record: Arc::new(hearing.clone()), from: key(1) });
    let both = |setting: Setting| setting.is(1, Desired::Unchanged).plan(false);
    let plan = both(succeeds().knows(1, &hearing).sees(1, 1, None));
    let [update] = plan.operations.as_slice() else { panic!("{plan:?}") };
    assert_eq!((&update.key, &update.why), (&key(2), &Why::Succeeds(key(1))));
    assert!(
        matches!(&update.action, Action::Update { item, set, clear, .. } if item.id.0 == "1" && set.is_empty() && clear.is_empty())
    );
    // What the user edited is settled under its own key first.
    let plan = both(succeeds().knows(1, &hearing).sees(1, 2, Some(&event("Edited", tomorrow()))));
    assert!(matches!(plan.operations.as_slice(), [update] if update.key == key(1) && update.why == Why::Restored));
    // What the user deleted is not made anew under another key.
    let plan = both(succeeds().knows(1, &hearing));
    assert!(plan.operations.iter().all(|operation| operation.key == key(1)), "{plan:?}");
    // Nothing is known of the other: then it is a record like any other; and the item may carry the new stamp already.
    assert!(matches!(succeeds().plan(false).operations.as_slice(), [create] if create.why == Why::New));
    let plan = both(succeeds().knows(1, &hearing).sees(2, 3, Some(&hearing)));
    assert!(plan.operations.iter().any(|operation| operation.key == key(2) && operation.why == Why::TakenOver));
}
