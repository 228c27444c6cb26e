use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{index::Index, intake::Told, memory::Memory, pending::Pending, watch::QueryId};
use crate::{
    domain::{Kind, RecordKey},
    plan::{Class, Desired},
    state::MailboxId,
};

/// One mailbox's place in the engine: its list, and what its passes remember. A pass holds `memory` as long as it lasts.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) id: MailboxId,
    pending: Mutex<Pending>,
    pub(super) memory: tokio::sync::Mutex<Memory>,
    contact_cap: Mutex<Option<(u64, u64)>>,
}

impl Room {
    pub(super) fn new(id: MailboxId, batch: usize) -> Self {
        Self {
            id,
            pending: Mutex::default(),
            memory: tokio::sync::Mutex::new(Memory::new(id, batch)),
            contact_cap: Mutex::default(),
        }
    }

    pub(super) fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// More firm-wide contacts than the cap, if there are.
    pub(super) fn contact_cap(&self) -> Option<(u64, u64)> {
        *self.contact_cap.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over what a complete reading said of this mailbox.
    pub(super) fn hear(&self, told: &mut Told, cap: u64) {
        let mut pending = self.pending();
        let desired = told.desired.remove(&self.id).unwrap_or_default();
        let gone: Vec<RecordKey> = pending
            .mentioned()
            .filter(|key| told.complete.contains(&(key.kind, key.query.clone())))
            .filter(|key| !desired.contains_key(*key) && !told.seen.contains(&(self.id, (*key).clone())))
            .cloned()
            .collect();
        for key in gone {
            pending.put(key, Desired::Absent);
        }
        for (key, desired) in desired {
            pending.put(key, desired);
        }
        if let Some(wanted) = told.firm_wide_contacts.get(&self.id) {
            let over = (*wanted > cap).then_some((*wanted, cap));
            *self.contact_cap.lock().unwrap_or_else(PoisonError::into_inner) = over;
        }
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
                (Desired::Wanted(_), true) => Class::Update,
                (Desired::Absent, true) => Class::Delete,
                (Desired::Withdrawn(_), true) => Class::Withdraw,
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
