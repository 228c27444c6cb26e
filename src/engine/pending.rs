//! What is to be looked at in one mailbox: the keys whose record may differ from the item, with what the mailbox should have.
//!
//! Readings put keys in, a cycle takes a copy and, once an outcome is in the ledger, takes out what has not changed meanwhile.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;

use super::{handover::Handover, meanings::Traced, watch::QueryId};
use crate::{
    domain::RecordKey,
    plan::{Departure, Desired, HoldReason, ScopeSettings},
    state::MailboxId,
};

/// What the last complete reading said of a mailbox beside its keys: what brakes are judged by. It belongs to the list and is
/// copied with it, so that a pass that waited for its place never judges a new list by old facts.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    /// Queries that returned no row at all.
    pub(super) empty_queries: BTreeSet<QueryId>,
    /// Reasons to hold everything of the mailbox.
    pub(super) holds: Vec<HoldReason>,
    /// Whose leaving concerns the mailbox.
    pub(super) leaving: Option<Departure>,
    /// Firm-wide contacts there would be and the cap, where they exceed it.
    pub(super) contact_cap: Option<(u64, u64)>,
    /// What the links of the mailbox are to see.
    pub(super) scopes: Vec<Arc<ScopeSettings>>,
}

#[derive(Debug)]
struct Entry {
    desired: Desired,
    /// From what it was made, where it is wanted.
    traced: Option<Traced>,
    /// Counts up with every change, so that a cycle does not take out what is newer than what it did.
    version: u64,
    /// It leaves when others have it.
    handover: Option<Handover>,
    /// A hold keeps it; there is nothing to do before a person decided or the record changed.
    held: bool,
}

/// The keys to look at in one mailbox.
#[derive(Debug, Default)]
pub(super) struct Pending {
    entries: BTreeMap<RecordKey, Entry>,
    /// Keys that a running cycle works on: what is read of them meanwhile is kept even if it looks done.
    in_flight: BTreeSet<RecordKey>,
    /// Keys of stamped items that the ledger does not know: the next full reading says whether their records exist.
    strangers: BTreeSet<RecordKey>,
    versions: u64,
    pub(super) facts: Facts,
}

/// A copy of the keys to look at, as a cycle takes it.
#[derive(Clone, Debug, Default)]
pub(super) struct Batch {
    pub(super) desired: BTreeMap<RecordKey, Desired>,
    /// From what the wanted ones were made.
    pub(super) traced: BTreeMap<RecordKey, Traced>,
    pub(super) facts: Facts,
    versions: BTreeMap<RecordKey, u64>,
}

impl Pending {
    /// This is what the mailbox should have.
    pub(super) fn put(&mut self, key: RecordKey, desired: Desired, traced: Option<Traced>) {
        self.strangers.remove(&key);
        if self.entries.get(&key).is_some_and(|entry| entry.desired == desired && entry.traced == traced) {
            return;
        }
        self.versions += 1;
        self.entries.insert(key, Entry { desired, traced, version: self.versions, handover: None, held: false });
    }

    /// What leaves when others have it, by what the last reading said of these keys. What is waited for already was begun then.
    pub(super) fn hand_over<'k>(
        &mut self,
        told: impl IntoIterator<Item = &'k RecordKey>,
        takers: &BTreeMap<RecordKey, BTreeSet<MailboxId>>,
        now: Timestamp,
    ) {
        for key in told {
            let Some(entry) = self.entries.get_mut(key) else { continue };
            let since = entry.handover.as_ref().map_or(now, |handover| handover.since);
            entry.handover = takers.get(key).map(|takers| Handover { takers: takers.clone(), since });
        }
    }

    /// Whether something waits until others have it.
    pub(super) fn hands_over(&self) -> bool {
        self.entries.values().any(|entry| entry.handover.is_some())
    }

    /// Who is to have a record before it leaves; empty where nobody is waited for.
    pub(super) fn takers(&self, key: &RecordKey) -> BTreeSet<MailboxId> {
        let handover = self.entries.get(key).and_then(|entry| entry.handover.as_ref());
        handover.map(|handover| handover.takers.clone()).unwrap_or_default()
    }

    /// Lets go what does not need to wait any more.
    pub(super) fn settle_handovers(&mut self, is_over: impl Fn(&RecordKey, &Handover) -> bool) {
        for (key, entry) in &mut self.entries {
            if entry.handover.as_ref().is_some_and(|handover| is_over(key, handover)) {
                entry.handover = None;
            }
        }
    }

    /// Items of these keys were met, and nobody knows of what record.
    pub(super) fn meet(&mut self, strangers: BTreeSet<RecordKey>) {
        self.strangers.extend(strangers.into_iter().filter(|key| !self.entries.contains_key(key)));
    }

    /// Every key about which a reading is to say something.
    pub(super) fn mentioned(&self) -> impl Iterator<Item = &RecordKey> {
        self.entries.keys().chain(&self.strangers)
    }

    /// Whether a reading needs to say anything about a key that looks done.
    pub(super) fn mentions(&self, key: &RecordKey) -> bool {
        self.entries.contains_key(key) || self.in_flight.contains(key) || self.strangers.contains(key)
    }

    /// Whether there is something that no hold keeps.
    pub(super) fn has_work(&self) -> bool {
        self.entries.values().any(|entry| !entry.held && entry.handover.is_none())
    }

    /// Keys and what is wanted of them, for the firm's budgets. A change of meaning has none.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&RecordKey, &Desired)> {
        let news = self.entries.iter().filter(|(_, entry)| entry.traced.as_ref().is_none_or(|it| it.rewrite.is_none()));
        news.map(|(key, entry)| (key, &entry.desired))
    }

    /// A copy for a cycle, without what waits until others have it.
    pub(super) fn begin(&mut self) -> Batch {
        let due = || self.entries.iter().filter(|(_, entry)| entry.handover.is_none());
        let batch = Batch {
            facts: self.facts.clone(),
            desired: due().map(|(key, entry)| (key.clone(), entry.desired.clone())).collect(),
            traced: due().filter_map(|(key, entry)| Some((key.clone(), entry.traced.clone()?))).collect(),
            versions: due().map(|(key, entry)| (key.clone(), entry.version)).collect(),
        };
        self.in_flight = batch.desired.keys().cloned().collect();
        batch
    }

    /// The cycle is over: `unfinished` stays, `held` stays and sleeps, the rest is done unless it changed meanwhile.
    pub(super) fn end(&mut self, batch: &Batch, unfinished: &BTreeSet<RecordKey>, held: &BTreeSet<RecordKey>) {
        self.in_flight.clear();
        for (key, version) in &batch.versions {
            let Some(entry) = self.entries.get_mut(key).filter(|entry| entry.version == *version) else { continue };
            entry.held = held.contains(key);
            if !entry.held && !unfinished.contains(key) {
                self.entries.remove(key);
            }
        }
    }

    /// Everything that holds kept is looked at again.
    pub(super) fn wake(&mut self) {
        for entry in self.entries.values_mut() {
            entry.held = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Kind;

    fn key(n: u8) -> RecordKey {
        RecordKey::new(Kind::Task, "deadlines", n.to_string())
    }

    #[test]
    fn what_changed_during_a_cycle_stays() {
        let mut pending = Pending::default();
        pending.put(key(1), Desired::Absent, None);
        pending.put(key(2), Desired::Absent, None);
        let batch = pending.begin();
        pending.put(key(1), Desired::Frozen, None);
        pending.end(&batch, &BTreeSet::new(), &BTreeSet::new());
        assert_eq!(pending.iter().collect::<Vec<_>>(), [(&key(1), &Desired::Frozen)]);
    }

    #[test]
    fn a_key_in_flight_is_mentioned_until_its_cycle_is_over() {
        let mut pending = Pending::default();
        pending.put(key(1), Desired::Absent, None);
        let batch = pending.begin();
        assert!(pending.mentions(&key(1)) && !pending.mentions(&key(2)));
        pending.end(&batch, &BTreeSet::new(), &BTreeSet::new());
        assert!(!pending.mentions(&key(1)));
    }

    #[test]
    fn held_keys_sleep_until_somebody_wakes_them_or_they_change() {
        let mut pending = Pending::default();
        pending.put(key(1), Desired::Absent, None);
        let batch = pending.begin();
        pending.end(&batch, &BTreeSet::new(), &[key(1)].into());
        assert!(!pending.has_work() && pending.mentions(&key(1)));
        pending.put(key(1), Desired::Absent, None);
        assert!(!pending.has_work(), "the same wish is no news");
        pending.wake();
        assert!(pending.has_work());
    }
}
