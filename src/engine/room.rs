use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;

use super::{
    index::Index,
    intake::Told,
    memory::Memory,
    pending::{Facts, Pending},
    watch::QueryId,
};
use crate::{
    domain::{Kind, QueryName, RecordKey},
    plan::{Class, Desired},
    state::MailboxId,
};

/// One mailbox's place in the engine: its list, and what its passes remember. A pass holds `memory` as long as it lasts.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) id: MailboxId,
    pending: Mutex<Pending>,
    pub(super) memory: tokio::sync::Mutex<Memory>,
    /// Firm-wide contacts that the last full reading of each query would give.
    firm_wide_contacts: Mutex<BTreeMap<QueryName, u64>>,
}

impl Room {
    pub(super) fn new(id: MailboxId, batch: usize) -> Self {
        Self {
            id,
            pending: Mutex::default(),
            memory: tokio::sync::Mutex::new(Memory::new(id, batch)),
            firm_wide_contacts: Mutex::default(),
        }
    }

    pub(super) fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over what a complete reading said of this mailbox: keys and facts in one moment.
    pub(super) fn hear(&self, told: &mut Told, cap: u64, facts: Facts, now: Timestamp) {
        let contact_cap = self.over(told, cap);
        let mut pending = self.pending();
        pending.facts = Facts { contact_cap, ..facts };
        let desired = told.desired.remove(&self.id).unwrap_or_default();
        let mut traced = told.traced.remove(&self.id).unwrap_or_default();
        let gone: Vec<RecordKey> = pending
            .mentioned()
            .filter(|key| told.complete.contains(&(key.kind, key.query.clone())))
            .filter(|key| !desired.contains_key(*key) && !told.seen.contains(&(self.id, (*key).clone())))
            .cloned()
            .collect();
        for key in gone {
            pending.put(key, Desired::Absent, None);
        }
        let keys: Vec<RecordKey> = desired.keys().cloned().collect();
        for (key, desired) in desired {
            let traced = traced.remove(&key);
            pending.put(key, desired, traced);
        }
        pending.hand_over(&keys, &told.handovers.remove(&self.id).unwrap_or_default(), now);
    }

    /// More firm-wide contacts than the cap, if there are. Only full readings count them; between those the last count stands.
    fn over(&self, told: &Told, cap: u64) -> Option<(u64, u64)> {
        let mut counts = self.firm_wide_contacts.lock().unwrap_or_else(PoisonError::into_inner);
        for query in &told.contacts_in_full {
            counts.insert(query.clone(), told.firm_wide_contacts.get(&(self.id, query.clone())).copied().unwrap_or(0));
        }
        let wanted: u64 = counts.values().sum();
        (wanted > cap).then_some((wanted, cap))
    }

    /// What this mailbox is likely to want, by class, for the firm's budgets. A mailbox that holds nothing yet has its own
    /// release and does not count.
    pub(super) fn wants(&self, index: &Index) -> BTreeMap<(Kind, Class), u64> {
        let mut wants = BTreeMap::new();
        if index.is_empty(self.id) {
            return wants;
        }
        for (key, desired) in self.pending().iter() {
            let held = index.holder(self.id, key).is_some();
            let class = match (desired, held) {
                (Desired::Wanted(_), false) => Class::Create,
                (Desired::Wanted(_), true) | (Desired::Succeeds { .. }, _) => Class::Update,
                (Desired::Absent, true) => Class::Delete,
                (Desired::Withdrawn(_), true) => Class::Withdraw,
                (Desired::Left, true) => Class::Leave,
                _ => continue,
            };
            *wants.entry((key.kind, class)).or_default() += 1;
        }
        wants
    }
}

/// Queries that returned no row when they were last read to their end.
#[derive(Debug, Default)]
pub(super) struct EmptyQueries(pub(super) BTreeSet<QueryId>);

impl EmptyQueries {
    pub(super) fn hear(&mut self, told: &Told) {
        self.0.extend(told.empty.iter().cloned());
        self.0.retain(|query| !told.filled.contains(query));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_full_reading_lifts_the_cap_on_firm_wide_contacts() {
        let (room, query) = (Room::new(MailboxId(1), 50), QueryName("contacts".to_owned()));
        let reading = |full: bool, count: u64| {
            let mut told = Told::default();
            told.firm_wide_contacts.insert((MailboxId(1), query.clone()), count);
            if full {
                told.contacts_in_full.insert(query.clone());
            }
            room.hear(&mut told, 5, Facts::default(), Timestamp::UNIX_EPOCH);
            room.pending().facts.contact_cap
        };
        assert_eq!(reading(true, 8), Some((8, 5)));
        assert_eq!(reading(false, 1), Some((8, 5)), "a reading of what changed counts nobody");
        assert_eq!(reading(true, 4), None);
    }
}
