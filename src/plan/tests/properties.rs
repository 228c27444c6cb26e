use std::collections::{BTreeMap, BTreeSet};

use jiff::{civil::date, tz::TimeZone};
use proptest::prelude::*;

use super::world::{Item, Ledger, Row, Trouble, World, now, open, record, tight, with};
use crate::{
    domain::{Field, ItemId, Kind, Mirror, Observation, Place, Presence, RecordKey, Seen, TaskStatus, Value, drift},
    plan::{Desired, OnDrift, Plan, PlanningInput, Policy, Rewrites, plan},
};

/// What may happen.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    Upsert(u8, u8),
    Remove(u8),
    Unreadable(u8),
    Withdraw(u8, bool),
    GrowsOld(u8),
    SecondLink(u8, Option<u8>),
    SourceGoesBlank,
    SourceIsPartial,
    QueryIsRenamed,
    UserEdits(u8),
    UserWritesOutside(u8),
    UserBreaksMarkers(u8),
    UserSetsOwnFields(u8),
    UserCompletes(u8),
    UserDismisses(u8),
    UserDeletes(u8),
    UserDeletesForGood(u8),
    UserFetchesBack,
    UserAdds(u8),
    UserCopies(u8),
    UserMoves(u8),
    ServerTouches(u8),
    ServerDrops(bool),
    Sync,
    SyncWith(Trouble),
    Release,
    Hours(u8),
    Backup,
    RestoreBackup,
    RollBack,
    LoseLedger,
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let number = 0..6u8;
    let item = 0..9u8;
    let often = prop_oneof![
        6 => (number.clone(), 0..5u8).prop_map(|(number, body)| Step::Upsert(number, body)),
        3 => number.clone().prop_map(Step::Remove),
        8 => Just(Step::Sync),
        2 => (1..9usize).prop_map(|at| Step::SyncWith(Trouble::Crash(at))),
        1 => (1..4usize).prop_map(|every| Step::SyncWith(Trouble::Refused(every))),
        2 => (1..4usize).prop_map(|every| Step::SyncWith(Trouble::ReplyLost(every))),
        1 => Just(Step::Release),
    ];
    let user = prop_oneof![
        item.clone().prop_map(Step::UserEdits),
        item.clone().prop_map(Step::UserWritesOutside),
        item.clone().prop_map(Step::UserBreaksMarkers),
        item.clone().prop_map(Step::UserSetsOwnFields),
        item.clone().prop_map(Step::UserCompletes),
        item.clone().prop_map(Step::UserDismisses),
        item.clone().prop_map(Step::UserDeletes),
        item.clone().prop_map(Step::UserDeletesForGood),
        Just(Step::UserFetchesBack),
        (0..99u8).prop_map(Step::UserAdds),
        item.clone().prop_map(Step::UserCopies),
        item.clone().prop_map(Step::UserMoves),
        item.prop_map(Step::ServerTouches),
    ];
    let seldom = prop_oneof![
        number.clone().prop_map(Step::Unreadable),
        (number.clone(), any::<bool>()).prop_map(|(number, for_good)| Step::Withdraw(number, for_good)),
        number.clone().prop_map(Step::GrowsOld),
        (number, proptest::option::of(0..5u8)).prop_map(|(number, body)| Step::SecondLink(number, body)),
        Just(Step::SourceGoesBlank),
        Just(Step::SourceIsPartial),
        Just(Step::QueryIsRenamed),
        any::<bool>().prop_map(Step::ServerDrops),
        (1..30u8).prop_map(Step::Hours),
        Just(Step::Backup),
        Just(Step::RestoreBackup),
        Just(Step::RollBack),
        Just(Step::LoseLedger),
    ];
    prop_oneof![5 => often, 3 => user, 2 => seldom]
}

fn history() -> impl Strategy<Value = Vec<Step>> {
    proptest::collection::vec(step(), 0..40)
}

fn policy() -> impl Strategy<Value = Policy> {
    let drift = || prop_oneof![Just(OnDrift::Restore), Just(OnDrift::Leave)];
    (drift(), drift(), any::<bool>(), 0..4u8).prop_map(|(on_edit, on_delete, braked, restores)| {
        let mut policy = with(if braked { tight() } else { open() }, on_edit, on_delete);
        if restores > 0 {
            policy.max_restores = restores;
        }
        policy
    })
}

fn restoring() -> Policy {
    with(open(), OnDrift::Restore, OnDrift::Restore)
}

impl World {
    /// A user touches an item; if it is their own, that is how it must stay.
    fn touch(&mut self, number: u8, change: impl FnOnce(&mut Item)) {
        let version = self.tick();
        let Some(id) = self.nth(number) else { return };
        let Some(item) = self.items.get_mut(&id) else { return };
        change(item);
        item.version = version;
        if let Some(own) = self.users_own.get_mut(&id) {
            own.clone_from(item);
        }
    }

    /// An item goes somewhere else, where it has another id.
    fn relocate(&mut self, id: &ItemId, place: Place) {
        let version = self.tick();
        let Some(item) = self.items.remove(id) else { return };
        let mine = self.users_own.remove(id).is_some();
        let fetched_back = item.place == Place::Deleted;
        let made_by_us = item.made_by_us && !fetched_back;
        let item = Item { version, place, made_by_us, ..item };
        let moved = self.new_id("moved");
        // A copy that a user moves is told from a moved original by its age alone, unless it was unstamped.
        if mine && item.stamp.is_none() {
            self.users_own.insert(moved.clone(), item.clone());
        }
        self.items.insert(moved, item);
    }

    /// Nothing that depends on what the ledger knew is certain any more.
    fn forget_copies(&mut self) {
        self.users_own.retain(|_, item| item.stamp.is_none());
        self.fresh_copies.clear();
    }

    pub(super) fn play(&mut self, step: &Step) {
        match *step {
            Step::Upsert(number, body) => self.upsert(number, body),
            Step::Remove(number) => {
                self.source.remove(&self.key(number));
            }
            Step::Unreadable(number) => self.row(number, |row| row.unreadable = !row.unreadable),
            Step::Withdraw(number, for_good) => self.row(number, |row| {
                row.withdrawn = if row.withdrawn.is_some() { None } else { Some(for_good) };
            }),
            Step::GrowsOld(number) => self.row(number, |row| row.old = true),
            Step::SecondLink(number, body) => {
                let key = self.key(number);
                match body {
                    Some(body) => self.second_link.insert(key, record(body)),
                    None => self.second_link.remove(&key),
                };
            }
            Step::SourceGoesBlank => self.source.clear(),
            Step::SourceIsPartial => {
                let mut keep = false;
                self.source.retain(|_, _| {
                    keep = !keep;
                    keep
                });
            }
            Step::QueryIsRenamed => {
                self.query = if self.query == "todo" { "tasks" } else { "todo" };
                let renamed = |key: &RecordKey| RecordKey::new(Kind::Task, self.query, key.record.clone());
                self.source = self.source.iter().map(|(key, row)| (renamed(key), row.clone())).collect();
                self.second_link = self.second_link.iter().map(|(key, row)| (renamed(key), row.clone())).collect();
            }
            Step::UserEdits(number) => self.touch(number, |item| {
                item.fields.insert(Field::Subject, Value::text(format!("edited {}", item.version)));
            }),
            Step::UserWritesOutside(number) => self.touch(number, |item| {
                let line = format!("outside {}", item.version);
                World::set_body(item, format!("{line}\n{}", World::body_text(item)));
                item.outside.insert(line);
            }),
            Step::UserBreaksMarkers(number) => self.touch(number, |item| {
                let text = World::body_text(item).replacen(crate::domain::notes::END, "oops", 1);
                World::set_body(item, text);
            }),
            Step::UserSetsOwnFields(number) => self.touch(number, |item| {
                item.fields.insert(Field::StartDate, Value::Date(date(2026, 1, 1)));
                item.own_field = true;
                let mut names = match item.fields.get(&Field::Categories) {
                    Some(Value::Categories(names)) => names.clone(),
                    _ => BTreeSet::new(),
                };
                names.insert("my own".to_owned());
                item.fields.insert(Field::Categories, Value::Categories(names));
                item.own_category = true;
            }),
            Step::UserCompletes(number) => self.touch(number, |item| {
                item.fields.insert(Field::Status, Value::Status(TaskStatus::Completed));
            }),
            Step::UserDismisses(number) => self.touch(number, |item| {
                item.fields.remove(&Field::Reminder);
            }),
            Step::UserDeletes(number) => {
                if let Some(id) = self.nth(number) {
                    self.relocate(&id, Place::Deleted);
                }
            }
            Step::UserDeletesForGood(number) => {
                if let Some(id) = self.nth(number) {
                    self.items.remove(&id);
                    self.users_own.remove(&id);
                }
            }
            Step::UserFetchesBack => {
                let deleted = self.items.iter().find(|(_, item)| item.place == Place::Deleted);
                if let Some(id) = deleted.map(|(id, _)| id.clone()) {
                    self.relocate(&id, Place::Home);
                }
            }
            Step::UserAdds(body) => {
                let id = self.new_id("own");
                let version = self.tick();
                let item = Item {
                    stamp: None,
                    fields: BTreeMap::from([(Field::Subject, Value::text(format!("own {body}")))]),
                    body: None,
                    version,
                    created: version,
                    place: Place::Home,
                    made_by_us: false,
                    outside: BTreeSet::new(),
                    own_field: false,
                    own_category: false,
                };
                self.users_own.insert(id.clone(), item.clone());
                self.items.insert(id, item);
            }
            Step::UserCopies(number) => {
                let Some(original) = self.nth(number) else { return };
                let copy = self.new_id("copy");
                let version = self.tick();
                let item = Item { version, created: version, made_by_us: false, ..self.items[&original].clone() };
                if item.stamp.is_none() {
                    self.users_own.insert(copy.clone(), item.clone());
                }
                self.items.insert(copy.clone(), item);
                self.fresh_copies.push((copy, original));
            }
            Step::UserMoves(number) => {
                if let Some(id) = self.nth(number) {
                    let to = if self.items[&id].place == Place::Home { World::elsewhere() } else { Place::Home };
                    self.relocate(&id, to);
                }
            }
            Step::ServerTouches(number) => self.touch(number, |_| {}),
            Step::ServerDrops(drops) => self.server_drops = drops,
            Step::Sync => self.sync(),
            Step::SyncWith(trouble) => self.sync_with(trouble),
            Step::Release => self.release(),
            Step::Hours(hours) => {
                self.hours += i64::from(hours);
                self.released.operations.clear();
            }
            Step::Backup => self.backup = Some(self.ledger.clone()),
            Step::RestoreBackup => {
                if let Some(backup) = self.backup.clone() {
                    self.ledger = backup;
                    self.forget_copies();
                }
            }
            Step::RollBack => {
                if let Some(earlier) = self.commits.pop() {
                    self.ledger = earlier;
                    self.forget_copies();
                }
            }
            Step::LoseLedger => {
                self.ledger = Ledger::default();
                self.commits.clear();
                self.forget_copies();
            }
        }
    }

    fn row(&mut self, number: u8, change: impl FnOnce(&mut Row)) {
        if let Some(row) = self.source.get_mut(&self.key(number)) {
            change(row);
        }
    }

    /// What must be true after every step.
    fn check(&self, steps: &[Step]) -> Result<(), TestCaseError> {
        for (id, own) in &self.users_own {
            prop_assert_eq!(self.items.get(id), Some(own), "the user's item {} is as it was", id);
        }
        for (id, item) in &self.items {
            for line in &item.outside {
                prop_assert!(World::body_text(item).contains(line), "{} lost what the user wrote: {}", id, line);
            }
            prop_assert!(!item.own_field || item.fields.contains_key(&Field::StartDate), "{} lost a field", id);
            let names = match item.fields.get(&Field::Categories) {
                Some(Value::Categories(names)) => names.clone(),
                _ => BTreeSet::new(),
            };
            prop_assert!(!item.own_category || names.contains("my own"), "{} lost a category", id);
        }
        let mut ours: BTreeMap<&RecordKey, Vec<&ItemId>> = BTreeMap::new();
        for (id, item) in self.items.iter().filter(|(_, item)| item.made_by_us && item.place != Place::Deleted) {
            ours.entry(item.stamp.as_ref().expect("stamped")).or_default().push(id);
        }
        let amnesia = [Step::RestoreBackup, Step::RollBack, Step::LoseLedger];
        let forgot = steps.iter().any(|step| amnesia.contains(step));
        // A ledger that forgot cannot tell which of two items is the user's copy: one fetched back from Deleted Items beside the one
        // that replaced it, or a copy that is older than what replaced its original. What it takes for a copy is listed as one, and
        // if the user then deletes the other, the record is put back beside it.
        let blurred = |step: &Step| matches!(step, Step::UserFetchesBack | Step::UserCopies(_));
        let blurred = forgot && steps.iter().any(blurred);
        for (key, items) in ours {
            let listed = |id: &&&ItemId| blurred && self.ledger.mirror.foreign.contains(**id);
            let unlisted = items.len() - items.iter().filter(listed).count();
            prop_assert!(unlisted <= 1, "{} is there more than once: {:?}", key, items);
        }
        if !forgot {
            let delete = self.policy.budgets[&crate::plan::Class::Delete];
            let last_day = self.deletes.iter().filter(|hour| **hour > self.hours - 24).count();
            // Never more than six records exist in one of two queries, of which a fifth is less than the number.
            let allowed = delete.of(12);
            prop_assert!(u64::try_from(last_day).expect("small") <= allowed, "{} deletes in 24 hours", last_day);
        }
        Ok(())
    }

    /// The plan for some keys alone equals the plan for all, restricted to them.
    fn check_dirty(&self, dirty: &dyn Fn(&RecordKey) -> bool) -> Result<(), TestCaseError> {
        let observed = self.observe_and_read();
        let totals = self.totals(&observed);
        let policy = open();
        let desired = self.desired();
        let make = |desired: &BTreeMap<RecordKey, Desired>, complete, mirror: &Mirror, observed: &Observation| {
            plan(&PlanningInput {
                desired,
                complete,
                mirror,
                observed,
                totals: &totals,
                policy: &policy,
                released: &self.released,
                look_alikes: &BTreeSet::new(),
                adoptions: &BTreeMap::new(),
                only_deleted: &BTreeSet::new(),
                rewrites: &Rewrites::default(),
                zone: &TimeZone::UTC,
                now: now(self.hours),
            })
        };
        let full = make(&desired, true, &self.ledger.mirror, &observed);
        let keys = desired.keys().chain(self.ledger.mirror.entries.keys()).chain(observed.keys());
        let dirty_keys: BTreeSet<&RecordKey> = keys.filter(|key| dirty(key)).collect();
        let some_desired = dirty_keys
            .iter()
            .map(|key| ((*key).clone(), desired.get(*key).cloned().unwrap_or(Desired::Absent)))
            .collect();
        let entries = self.ledger.mirror.entries.iter().filter(|(key, _)| dirty(key));
        let some_mirror = Mirror {
            entries: entries.map(|(key, entry)| (key.clone(), entry.clone())).collect(),
            foreign: self.ledger.mirror.foreign.clone(),
        };
        let copies = |key: &RecordKey| observed.copies(key).to_vec();
        let some_observed = Observation::full(
            observed
                .keys()
                .filter(|key| dirty(key))
                .flat_map(|key| copies(key).into_iter().map(|seen| (key.clone(), seen))),
        );
        let part = make(&some_desired, false, &some_mirror, &some_observed);
        let restricted = |plan: &Plan| {
            let held = plan.holds.iter().map(|hold| {
                let operations = hold.operations.iter().filter(|operation| dirty(&operation.key)).cloned();
                (format!("{:?}", hold.reason), operations.collect::<Vec<_>>())
            });
            (
                plan.operations.iter().filter(|operation| dirty(&operation.key)).cloned().collect::<Vec<_>>(),
                held.filter(|(_, operations)| !operations.is_empty()).collect::<Vec<_>>(),
                plan.findings.iter().filter(|finding| dirty(&finding.key)).cloned().collect::<Vec<_>>(),
                plan.foreign.iter().filter(|(key, _)| dirty(key)).cloned().collect::<Vec<_>>(),
            )
        };
        prop_assert_eq!(restricted(&part), restricted(&full));
        Ok(())
    }
}

/// Everything is released, and time passes; then two syncs are enough.
fn settle_down(world: &mut World) -> Result<(), TestCaseError> {
    for _ in 0..2 {
        world.hours += 25;
        world.release();
        world.sync();
    }
    let before = world.writes;
    world.hours += 25;
    world.release();
    let plan = world.plan();
    world.sync();
    prop_assert_eq!(world.writes, before, "the next sync writes nothing, not {:?}", plan.operations);
    prop_assert!(plan.operations.is_empty(), "the next plan is empty, not {:?}", plan.operations);
    prop_assert!(plan.holds.is_empty(), "nothing waits, not {:?}", plan.holds);
    Ok(())
}

fn play(policy: &Policy, steps: &[Step]) -> Result<World, TestCaseError> {
    let mut world = World::new(policy.clone());
    for (index, step) in steps.iter().enumerate() {
        world.play(step);
        world
            .check(&steps[..=index])
            .map_err(|error| TestCaseError::fail(format!("after step {index} {step:?}: {error}")))?;
    }
    Ok(world)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    /// Whatever happened under whatever policy: it comes to rest, and every promise holds after every step.
    #[test]
    fn every_history_comes_to_rest(policy in policy(), steps in history()) {
        let mut world = play(&policy, &steps)?;
        settle_down(&mut world)?;
        world.check(&steps)?;
    }

    /// Where the practice database wins, the phone shows in the end what it says.
    #[test]
    fn what_is_wanted_is_there_in_the_end(steps in history()) {
        let mut world = play(&restoring(), &steps)?;
        settle_down(&mut world)?;
        for (key, desired) in world.desired() {
            let entry = world.ledger.mirror.entries.get(&key);
            match desired {
                Desired::Wanted(record) | Desired::Succeeds { record, .. } => {
                    let Some(entry) = entry else {
                        return Err(TestCaseError::fail(format!("{key} is not in the mailbox")));
                    };
                    // Deleted while it was frozen, and back in the window without a change: the deletion is respected.
                    let was_frozen =
                        steps.iter().any(|step| matches!(step, Step::GrowsOld(number) if world.key(*number).record == key.record));
                    if was_frozen && entry.presence == Presence::DeletedByUser {
                        continue;
                    }
                    prop_assert_eq!(entry.presence, Presence::Kept);
                    let content = world.content(&entry.item.id);
                    let Some(content) = content else {
                        return Err(TestCaseError::fail(format!("{key} has no item")));
                    };
                    let completed = drift::completed_by_user(&record, &content);
                    for (field, value) in &record.fields {
                        let shown = drift::shown(&content, *field);
                        let same = match (value, &shown) {
                            (Some(value), Some(shown)) => drift::same(*field, value, shown),
                            // Empty, the user's own, or of a time that no ledger remembers.
                            (None, _) => true,
                            (Some(_), None) => *field == Field::Importance,
                        };
                        let dropped = *field == Field::Importance;
                        // What the user edited while it was frozen is respected in the same way.
                        let edited = was_frozen
                            && *field == Field::Subject
                            && steps.iter().any(|step| matches!(step, Step::UserEdits(_)));
                        prop_assert!(same || dropped || edited || (completed && *field == Field::Status), "{} {} is {:?}", key, field, shown);
                    }
                }
                Desired::Withdrawn(_) | Desired::Absent => prop_assert!(entry.is_none()),
                Desired::Frozen | Desired::Unreadable | Desired::Unchanged | Desired::Left => {}
            }
        }
        // Nothing of ours is left behind for records that are gone. Two things nobody can tell afterwards: which of two items is a
        // copy when the ledger that knew it is lost, and which is the new one when a user fetched the old one back while the
        // outcome was in doubt.
        let amnesia = [Step::RestoreBackup, Step::RollBack, Step::LoseLedger];
        let copied = steps.iter().any(|step| matches!(step, Step::UserCopies(_)));
        if steps.contains(&Step::UserFetchesBack) || (copied && steps.iter().any(|step| amnesia.contains(step))) {
            return Ok(());
        }
        let desired = world.desired();
        for (id, item) in world.items.iter().filter(|(_, item)| item.made_by_us && item.place != Place::Deleted) {
            prop_assert!(item.stamp.as_ref().is_some_and(|key| desired.contains_key(key)), "{} is an orphan", id);
        }
    }

    /// Where we remember what we wrote, NULL clears it. (Of an item that was fetched back from Deleted Items, or of a
    /// copy that was taken over when its original was long gone, we do not.)
    #[test]
    fn null_clears_what_we_wrote(mut steps in history()) {
        let amnesia = [Step::RestoreBackup, Step::RollBack, Step::LoseLedger, Step::UserFetchesBack];
        steps.retain(|step| !amnesia.contains(step));
        let mut world = play(&restoring(), &steps)?;
        settle_down(&mut world)?;
        for (key, desired) in world.desired() {
            let (Desired::Wanted(record), Some(entry)) = (desired, world.ledger.mirror.entries.get(&key)) else { continue };
            // Deleted while it was frozen, and back in the window without a change: the deletion is respected.
            if entry.presence == Presence::DeletedByUser {
                continue;
            }
            let content = world.content(&entry.item.id).expect("it is there");
            let remembered = world.items[&entry.item.id].made_by_us;
            if remembered && record.fields.get(&Field::DueDate) == Some(&None) {
                prop_assert_eq!(drift::shown(&content, Field::DueDate), None, "{}", key);
            }
        }
    }

    /// A user who is left alone is left alone: nothing is written while no record changes.
    #[test]
    fn leave_never_fights_the_user(steps in history(), touches in proptest::collection::vec(0..4u8, 1..4)) {
        let policy = with(open(), OnDrift::Leave, OnDrift::Leave);
        let mut world = play(&policy, &steps)?;
        settle_down(&mut world)?;
        let before = world.writes;
        for touch in touches {
            match touch {
                0 => world.play(&Step::UserEdits(touch)),
                1 => world.play(&Step::UserMoves(touch)),
                2 => world.play(&Step::UserCompletes(touch)),
                _ => world.play(&Step::UserDeletes(touch)),
            }
            world.sync();
            world.check(&steps)?;
        }
        prop_assert_eq!(world.writes, before);
    }

    /// Planning what changed equals planning everything, restricted to what changed.
    #[test]
    fn a_dirty_plan_is_the_full_plan_restricted(steps in history(), mask in any::<u8>()) {
        let mut world = World::new(restoring());
        for step in &steps {
            world.play(step);
            let dirty = |key: &RecordKey| key.record.parse::<u8>().is_ok_and(|number| mask & (1 << number) != 0);
            world.check_dirty(&dirty)?;
        }
    }

    /// A patched view equals the full listing it stands for.
    #[test]
    fn a_patched_observation_is_the_full_one(steps in history()) {
        let mut world = World::new(restoring());
        let mut view = world.observe();
        for step in &steps {
            let before = world.items.clone();
            world.play(step);
            let gone: Vec<ItemId> = before.keys().filter(|id| !world.items.contains_key(*id)).cloned().collect();
            let full = world.observe();
            let changed: Vec<(RecordKey, Seen)> = full
                .keys()
                .flat_map(|key| full.copies(key).iter().map(move |seen| (key.clone(), seen.clone())))
                .filter(|(_, seen)| before.get(&seen.item.id) != world.items.get(&seen.item.id))
                .collect();
            view = view.patched(changed, &gone);
            let sorted = |view: &Observation| -> Vec<(RecordKey, Vec<ItemId>)> {
                view.keys().map(|key| {
                    let mut ids: Vec<ItemId> = view.copies(key).iter().map(|seen| seen.item.id.clone()).collect();
                    ids.sort();
                    (key.clone(), ids)
                }).collect()
            };
            prop_assert_eq!(sorted(&view), sorted(&full));
        }
    }
}

/// More at night: `PROPTEST_CASES`.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(300)
}
