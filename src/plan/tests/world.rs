use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{Timestamp, ToSpan, civil::date, tz::TimeZone};

use crate::{
    domain::{
        Body, BodyFormat, ChangeKey, Field, Fingerprint, FolderId, Importance, ItemContent, ItemId, ItemRef, Kind,
        Mirror, MirrorEntry, Observation, Personal, Place, Presence, Record, RecordKey, RemovalManner, Seen,
        TaskStatus, Value, drift, notes,
    },
    plan::{
        Action, Allowance, Class, Desired, Hold, HoldReason, MirrorHint, OnDrift, Operation, Plan, PlanningInput,
        Policy, Release, Resolution, Rewrites, Spent, Totals, Withdrawal, combined, plan, recover, settle, unread,
    },
};

/// What lies in the mailbox.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Item {
    pub(super) stamp: Option<RecordKey>,
    pub(super) fields: BTreeMap<Field, Value>,
    pub(super) body: Option<Body>,
    pub(super) version: u64,
    pub(super) created: u64,
    pub(super) place: Place,
    /// Written by us, and neither copied nor fetched back from Deleted Items by the user.
    pub(super) made_by_us: bool,
    /// What the user wrote outside our block.
    pub(super) outside: BTreeSet<String>,
    /// The user set a field that we never write.
    pub(super) own_field: bool,
    /// The user added a category of their own.
    pub(super) own_category: bool,
}

/// What the practice database says of a record.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) record: Record,
    pub(super) unreadable: bool,
    pub(super) old: bool,
    pub(super) withdrawn: Option<bool>,
}

/// What survives a crash.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    pub(super) mirror: Mirror,
    pub(super) intents: Vec<(u64, Operation)>,
    pub(super) first_write_released: bool,
    spent: Vec<(i64, Class)>,
    sizes: Vec<(i64, u64)>,
}

/// What goes wrong during a sync.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Trouble {
    None,
    /// The process dies at this of its steps: a commit of intents, one item on the wire, a commit of the outcome.
    Crash(usize),
    /// Every so many items the server refuses one.
    Refused(usize),
    /// Every so many items the server does what it was told, and the answer is lost.
    ReplyLost(usize),
}

#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) source: BTreeMap<RecordKey, Row>,
    pub(super) second_link: BTreeMap<RecordKey, Record>,
    pub(super) items: BTreeMap<ItemId, Item>,
    pub(super) ledger: Ledger,
    pub(super) commits: Vec<Ledger>,
    pub(super) backup: Option<Ledger>,
    pub(super) policy: Policy,
    pub(super) released: Release,
    /// Items of the user's, as they must stay.
    pub(super) users_own: BTreeMap<ItemId, Item>,
    /// Copies and their originals that no sync has seen yet.
    pub(super) fresh_copies: Vec<(ItemId, ItemId)>,
    pub(super) server_drops: bool,
    pub(super) query: &'static str,
    pub(super) hours: i64,
    /// Deletes that nobody released, by hour.
    pub(super) deletes: Vec<i64>,
    /// Items written (created, updated, deleted) since the beginning.
    pub(super) writes: usize,
    next: u64,
}

/// Never brakes.
pub(super) fn open() -> Policy {
    let all = Allowance { at_least: 1_000_000, percent: 100 };
    let budgets: BTreeMap<Class, Allowance> =
        [Class::Create, Class::Update, Class::Delete, Class::Withdraw, Class::Replace].map(|class| (class, all)).into();
    Policy {
        budgets: budgets.clone(),
        firm_budgets: budgets,
        few_vanished: 1_000_000,
        few_look_alikes: 3,
        meaning_per_tick: 50,
        firm_meaning_per_tick: 1_000,
        max_restores: 250,
        ..Policy::default()
    }
}

/// Two deletes in 24 hours, or a fifth.
pub(super) fn tight() -> Policy {
    let mut policy = open();
    policy.budgets.insert(Class::Delete, Allowance { at_least: 2, percent: 20 });
    policy
}

pub(super) fn with(mut policy: Policy, on_edit: OnDrift, on_delete: OnDrift) -> Policy {
    policy.on_edit.values_mut().for_each(|value| *value = on_edit);
    policy.on_delete.values_mut().for_each(|value| *value = on_delete);
    policy
}

pub(super) fn now(hours: i64) -> Timestamp {
    "2026-11-23T08:00:00Z".parse::<Timestamp>().expect("valid") + hours.hours()
}

/// A task whose fields all follow from a number.
pub(super) fn record(body: u8) -> Record {
    let status = if body == 3 { TaskStatus::Completed } else { TaskStatus::NotStarted };
    let mut record = Record::new(Kind::Task)
        .with(Field::Subject, Value::text(format!("subject {body}")))
        .with(Field::Status, Value::Status(status))
        .with(Field::Importance, Value::Importance(Importance::High))
        .with(Field::Categories, Value::Categories([format!("group {}", body % 2)].into()))
        .with(Field::DueDate, (body == 2).then(|| Value::Date(date(2026, 11, 24))))
        .with(Field::StartDate, None);
    if body != 1 {
        let notes = body.is_multiple_of(2).then(|| Value::text(format!("notes {body}\nsecond line")));
        record = record.with(Field::Notes, notes);
    }
    record
}

impl World {
    pub(super) fn new(policy: Policy) -> Self {
        let ledger = Ledger { first_write_released: true, ..Ledger::default() };
        Self {
            source: BTreeMap::new(),
            second_link: BTreeMap::new(),
            items: BTreeMap::new(),
            ledger,
            commits: Vec::new(),
            backup: None,
            policy,
            released: Release::default(),
            users_own: BTreeMap::new(),
            fresh_copies: Vec::new(),
            server_drops: false,
            query: "todo",
            hours: 0,
            deletes: Vec::new(),
            writes: 0,
            next: 0,
        }
    }

    pub(super) fn key(&self, number: u8) -> RecordKey {
        RecordKey::new(Kind::Task, self.query, number.to_string())
    }

    pub(super) fn upsert(&mut self, number: u8, body: u8) {
        let row = Row { record: record(body), unreadable: false, old: false, withdrawn: None };
        self.source.insert(self.key(number), row);
    }

    pub(super) fn tick(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    pub(super) fn new_id(&mut self, what: &str) -> ItemId {
        let number = self.tick();
        ItemId(format!("{what}-{number:06}"))
    }

    /// The nth item that is not in Deleted Items.
    pub(super) fn nth(&self, number: u8) -> Option<ItemId> {
        let there: Vec<&ItemId> =
            self.items.iter().filter(|(_, item)| item.place != Place::Deleted).map(|(id, _)| id).collect();
        there.get(usize::from(number) % there.len().max(1)).map(|id| (*id).clone())
    }

    fn seen(id: &ItemId, item: &Item) -> Seen {
        Seen {
            item: Self::item_ref(id, item),
            place: item.place.clone(),
            created: Timestamp::from_second(i64::try_from(item.created).expect("small")).ok(),
            content: None,
        }
    }

    pub(super) fn item_ref(id: &ItemId, item: &Item) -> ItemRef {
        ItemRef { id: id.clone(), change_key: ChangeKey(item.version.to_string()) }
    }

    pub(super) fn content(&self, id: &ItemId) -> Option<ItemContent> {
        let item = self.items.get(id)?;
        Some(ItemContent {
            item: Self::item_ref(id, item),
            stamp: None,
            folder: None,
            bound: None,
            created: None,
            fields: item.fields.clone(),
            body: item.body.clone(),
        })
    }

    pub(super) fn observe(&self) -> Observation {
        let stamped = self.items.iter().filter_map(|(id, item)| Some((item.stamp.clone()?, Self::seen(id, item))));
        Observation::full(stamped)
    }

    /// The observation, with everything read that has to be.
    pub(super) fn observe_and_read(&self) -> Observation {
        let mut observed = self.observe();
        for (_, id) in unread(&self.ledger.mirror, &observed) {
            let key = self.items[&id].stamp.clone().expect("stamped");
            let content = self.content(&id);
            for seen in observed.copies_mut(&key).iter_mut().filter(|seen| seen.item.id == id) {
                seen.content.clone_from(&content);
            }
        }
        observed
    }

    pub(super) fn desired(&self) -> BTreeMap<RecordKey, Desired> {
        let mut desired: BTreeMap<RecordKey, Desired> =
            self.source.iter().map(|(key, row)| (key.clone(), self.desired_of(key, row))).collect();
        for (key, record) in &self.second_link {
            let hint = self.ledger.mirror.entries.get(key).map(MirrorHint::from);
            let one = desired.remove(key).unwrap_or(Desired::Absent);
            let both = combined(one, Desired::Wanted(Arc::new(record.clone())), hint.as_ref());
            desired.insert(key.clone(), both);
        }
        desired
    }

    fn desired_of(&self, key: &RecordKey, row: &Row) -> Desired {
        if row.unreadable {
            return Desired::Unreadable;
        }
        if let Some(for_good) = row.withdrawn {
            return Desired::Withdrawn(Withdrawal { reason: "closed matter".to_owned(), for_good });
        }
        let entry = self.ledger.mirror.entries.get(key);
        let written = entry.and_then(MirrorEntry::certain).map(|written| written.fingerprint);
        let unchanged = entry.is_none() || written == Some(Fingerprint::of(&row.record));
        if row.old && unchanged { Desired::Frozen } else { Desired::Wanted(Arc::new(row.record.clone())) }
    }

    pub(super) fn totals(&self, observed: &Observation) -> Totals {
        let kept = || self.ledger.mirror.entries.iter().filter(|(_, entry)| entry.presence == Presence::Kept);
        let mut totals = Totals { first_write_released: self.ledger.first_write_released, ..Totals::default() };
        for (key, entry) in kept() {
            *totals.mirrored.entry(key.kind).or_default() += 1;
            *totals.mirrored_by_query.entry((key.kind, key.query.clone())).or_default() += 1;
            let there =
                observed.copies(key).iter().any(|seen| seen.item.id == entry.item.id && seen.place != Place::Deleted);
            if !there {
                *totals.vanished.entry(key.kind).or_default() += 1;
            }
        }
        let rows = || self.source.keys().chain(self.second_link.keys());
        let queries: BTreeSet<_> = totals.mirrored_by_query.keys().cloned().collect();
        totals.empty_queries =
            queries.into_iter().filter(|(_, query)| !rows().any(|key| key.query == *query)).collect();
        let recent = |hour: i64| hour > self.hours - 24;
        let mut spent = Spent::default();
        for (_, class) in self.ledger.spent.iter().filter(|(hour, _)| recent(*hour)) {
            *spent.by_class.entry(*class).or_default() += 1;
        }
        let before = self.ledger.sizes.iter().rev().find(|(hour, _)| !recent(*hour));
        spent.size_at_start = before.map_or(0, |(_, size)| *size);
        totals.spent.insert(Kind::Task, spent);
        totals
    }

    pub(super) fn plan(&self) -> Plan {
        self.plan_with(&self.policy)
    }

    pub(super) fn plan_with(&self, policy: &Policy) -> Plan {
        let observed = self.observe_and_read();
        plan(&PlanningInput {
            desired: &self.desired(),
            complete: true,
            mirror: &self.ledger.mirror,
            observed: &observed,
            totals: &self.totals(&observed),
            policy,
            released: &self.released,
            look_alikes: &BTreeSet::new(),
            adoptions: &BTreeMap::new(),
            only_deleted: &BTreeSet::new(),
            rewrites: &Rewrites::default(),
            zone: &TimeZone::UTC,
            now: now(self.hours),
        })
    }

    /// A person looks at what is held and releases all of it.
    pub(super) fn release(&mut self) {
        // What was released before is shown again: a release lasts an hour.
        self.released = Release::default();
        let plan = self.plan();
        self.released = released(&plan.holds);
        if plan.holds.iter().any(|hold| hold.reason == HoldReason::FirstWrite) {
            self.ledger.first_write_released = true;
        }
    }

    fn commit(&mut self) {
        self.commits.push(self.ledger.clone());
        if self.commits.len() > 4 {
            self.commits.remove(0);
        }
    }

    fn recover(&mut self) {
        if self.ledger.intents.is_empty() {
            return;
        }
        self.commit();
        let open = std::mem::take(&mut self.ledger.intents);
        let resolved = recover::resolve(&open, &self.observe(), &self.ledger.mirror);
        for ((_, operation), (_, resolution)) in open.iter().zip(resolved) {
            match resolution {
                Resolution::Mirror { key, item, place } => {
                    let before = self.ledger.mirror.entries.get(&key);
                    let restores = before.map_or(0, |entry| entry.restores);
                    let written = settle::in_doubt(before, operation);
                    let entry = MirrorEntry { item, place, written, presence: Presence::Kept, restores };
                    self.ledger.mirror.entries.insert(key, entry);
                }
                Resolution::Forget { key } => {
                    self.ledger.mirror.entries.remove(&key);
                }
                Resolution::Respect { .. } | Resolution::Drop => {}
            }
            self.charge(operation);
        }
    }

    fn charge(&mut self, operation: &Operation) {
        if let Some(class) = operation.class().filter(|_| !self.released.operations.contains_key(&operation.digest())) {
            self.ledger.spent.push((self.hours, class));
        }
    }

    pub(super) fn sync(&mut self) {
        self.sync_with(Trouble::None);
    }

    /// One cycle: recover, observe, read, plan, execute in batches of two.
    pub(super) fn sync_with(&mut self, trouble: Trouble) {
        self.recover();
        // Copies that are seen beside a known original are the user's from now on.
        for (copy, original) in std::mem::take(&mut self.fresh_copies) {
            let named = self.ledger.mirror.entries.values().any(|entry| entry.item.id == original);
            let beside = self.items.get(&original).is_some_and(|item| item.place != Place::Deleted);
            if let Some(item) = self.items.get(&copy).filter(|item| named && beside && item.place != Place::Deleted) {
                self.users_own.insert(copy, item.clone());
            }
        }
        let size = u64::try_from(self.ledger.mirror.entries.len()).expect("small");
        self.ledger.sizes.push((self.hours, size));
        let plan = self.plan();
        self.commit();
        self.ledger.mirror.foreign.extend(plan.foreign.iter().map(|(_, item)| item.clone()));
        let (local, wire): (Vec<_>, Vec<_>) =
            plan.operations.into_iter().partition(|operation| operation.class().is_none());
        for operation in &local {
            self.settle(operation, None);
        }
        let mut steps = 0;
        let mut dies = || {
            steps += 1;
            trouble == Trouble::Crash(steps)
        };
        let mut count = 0;
        for batch in wire.chunks(2) {
            self.commit();
            for operation in batch {
                let intent = self.tick();
                self.ledger.intents.push((intent, operation.clone()));
            }
            if dies() {
                return;
            }
            let mut outcomes = Vec::new();
            for operation in batch {
                count += 1;
                let nth = |every: usize| count % every.max(1) == 0;
                match trouble {
                    Trouble::Refused(every) if nth(every) => outcomes.push(Some(None)),
                    Trouble::ReplyLost(every) if nth(every) => {
                        self.write(operation);
                        outcomes.push(None);
                    }
                    _ => outcomes.push(Some(Some(self.write(operation)))),
                }
                if dies() {
                    return;
                }
            }
            self.commit();
            for (operation, outcome) in batch.iter().zip(outcomes) {
                let Some(known) = outcome else { continue };
                if let Some(stored) = known {
                    self.settle(operation, stored);
                    self.charge(operation);
                }
                self.ledger.intents.retain(|(_, open)| open != operation);
            }
            if dies() {
                return;
            }
        }
    }

    fn settle(&mut self, operation: &Operation, stored: Option<ItemId>) {
        let before = self.ledger.mirror.entries.get(&operation.key);
        let content = stored.as_ref().and_then(|id| self.content(id));
        let returned = match (&operation.action, &content) {
            (Action::Create { record } | Action::Update { record, .. }, Some(content)) => {
                drift::returned(record, content)
            }
            _ => BTreeMap::new(),
        };
        let stored = stored.and_then(|id| {
            let item = self.items.get(&id)?;
            Some((Self::item_ref(&id, item), item.place.clone()))
        });
        match settle::mirror_after(before, operation, stored, returned) {
            Some(entry) => self.ledger.mirror.entries.insert(operation.key.clone(), entry),
            None => self.ledger.mirror.entries.remove(&operation.key),
        };
    }

    /// The server does it.
    fn write(&mut self, operation: &Operation) -> Option<ItemId> {
        self.writes += 1;
        let version = self.tick();
        match &operation.action {
            Action::Create { record } => {
                let id = self.new_id("item");
                let fields = record.fields.iter().filter_map(|(field, value)| Some((*field, value.clone()?)));
                let mut item = Item {
                    stamp: Some(operation.key.clone()),
                    fields: fields.filter(|(field, _)| self.stores(*field)).collect(),
                    body: record.text(Field::Notes).map(|text| notes::compose(None, Some(text), None).body),
                    version,
                    created: version,
                    place: Place::Home,
                    made_by_us: true,
                    outside: BTreeSet::new(),
                    own_field: false,
                    own_category: false,
                };
                item.fields.remove(&Field::Notes);
                self.items.insert(id.clone(), item);
                Some(id)
            }
            Action::Update { item, set, clear, record, .. } => {
                let before = self.ledger.mirror.entries.get(&operation.key).and_then(|entry| entry.written.clone());
                let drops = self.server_drops;
                let stored = self.items.get_mut(&item.id).expect("planned on a fresh view");
                assert_eq!(stored.version.to_string(), item.change_key.0, "stale change key");
                assert_eq!(stored.stamp.as_ref(), Some(&operation.key), "stamped with this key");
                for (field, value) in set {
                    match (field, value) {
                        (Field::Notes, _) => {}
                        (Field::Importance, _) if drops => {}
                        (Field::Categories, Value::Categories(ours)) => {
                            let names = |value: Option<&Value>| match value {
                                Some(Value::Categories(names)) => names.clone(),
                                _ => BTreeSet::new(),
                            };
                            let earlier = before.as_ref().and_then(|written| written.record.get(Field::Categories));
                            let shown = names(stored.fields.get(&Field::Categories));
                            let all = drift::categories(&shown, &names(earlier), ours);
                            stored.fields.insert(*field, Value::Categories(all));
                        }
                        _ => {
                            stored.fields.insert(*field, value.clone());
                        }
                    }
                }
                for field in clear {
                    stored.fields.remove(field);
                }
                if set.contains_key(&Field::Notes) || clear.contains(&Field::Notes) {
                    let last = before.as_ref().and_then(|written| written.record.text(Field::Notes));
                    stored.body = Some(notes::compose(stored.body.as_ref(), record.text(Field::Notes), last).body);
                }
                stored.version = version;
                Some(item.id.clone())
            }
            Action::Delete { item, manner, .. } => {
                let stored = self.items.remove(&item.id).expect("planned on a fresh view");
                assert_eq!(stored.version.to_string(), item.change_key.0, "stale change key");
                if *manner == RemovalManner::ToDeletedItems {
                    let id = self.new_id("deleted");
                    self.items.insert(id, Item { place: Place::Deleted, made_by_us: false, version, ..stored });
                }
                if !self.released.operations.contains_key(&operation.digest())
                    && operation.class() == Some(Class::Delete)
                {
                    self.deletes.push(self.hours);
                }
                None
            }
            Action::Adopt { .. }
            | Action::GiveBack { .. }
            | Action::HandBack { .. }
            | Action::Own { .. }
            | Action::Respect
            | Action::Forget => None,
        }
    }

    fn stores(&self, field: Field) -> bool {
        field != Field::Importance || !self.server_drops
    }

    pub(super) fn elsewhere() -> Place {
        Place::Elsewhere(FolderId("other".to_owned()))
    }

    /// The text of an item's body.
    pub(super) fn body_text(item: &Item) -> &str {
        item.body.as_ref().map_or("", |body| body.text.reveal())
    }

    pub(super) fn set_body(item: &mut Item, text: String) {
        item.body = Some(Body { format: BodyFormat::Text, text: Personal::new(text) });
    }
}

/// A person looked at these holds and released each.
pub(super) fn released<'a>(holds: impl IntoIterator<Item = &'a Hold>) -> Release {
    let mut release = Release::default();
    for hold in holds {
        for operation in &hold.operations {
            release.add(operation.digest(), hold.reason.name());
        }
    }
    release
}
