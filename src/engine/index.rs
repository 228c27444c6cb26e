//! Which mailbox holds which record, in memory: a row that is read is compared with it and with nothing else, so that a tick
//! costs what changed and not what exists.

use std::collections::HashMap;

use crate::{
    domain::{Fingerprint, Kind, Origin, Presence, QueryName, RecordKey},
    state::{MailboxId, MirrorIndexEntry},
};

/// One mailbox's item for a record.
#[derive(Clone, Debug)]
pub(super) struct Holder {
    pub(super) mailbox: MailboxId,
    /// Of what was last written; `None` when that is not known.
    pub(super) fingerprint: Option<Fingerprint>,
    pub(super) presence: Presence,
    /// What the item was made from, where that is known.
    pub(super) origin: Option<Origin>,
    /// The last reading in which a row gave the record to this mailbox.
    pub(super) given: u32,
}

/// Everybody who holds one record.
#[derive(Clone, Debug, Default)]
pub(super) struct Holders {
    /// In the order of mailboxes: a firm-wide contact is held by everybody, and is looked up for everybody at every reading.
    all: Vec<Holder>,
    /// The last reading in which the record existed, for whomever.
    pub(super) existed: u32,
}

impl Holders {
    /// Every holder's item is accounted for in this reading; gives their mailboxes.
    pub(super) fn give_to_all(&mut self, generation: u32) -> Vec<MailboxId> {
        self.all.iter_mut().for_each(|holder| holder.given = generation);
        self.all.iter().map(|holder| holder.mailbox).collect()
    }

    /// Whose mailboxes hold it.
    pub(super) fn mailboxes(&self) -> impl Iterator<Item = MailboxId> {
        self.all.iter().map(|holder| holder.mailbox)
    }

    fn place(&self, mailbox: MailboxId) -> Option<usize> {
        self.all.binary_search_by_key(&mailbox, |holder| holder.mailbox).ok()
    }

    fn of(&self, mailbox: MailboxId) -> Option<&Holder> {
        self.all.get(self.place(mailbox)?)
    }

    /// This mailbox's item for the record.
    pub(super) fn of_mut(&mut self, mailbox: MailboxId) -> Option<&mut Holder> {
        let place = self.place(mailbox)?;
        self.all.get_mut(place)
    }
}

/// Records by key, with their holders.
#[derive(Debug, Default)]
pub(super) struct Index {
    records: HashMap<RecordKey, Holders>,
    /// How many records each mailbox holds.
    sizes: HashMap<MailboxId, usize>,
    /// What rows said when the meaning at work now was first met, for the few items that wait.
    noticed: HashMap<(MailboxId, RecordKey), Origin>,
    /// The reading that is going on, or the last one.
    generation: u32,
}

impl Index {
    /// A reading begins.
    pub(super) fn begin(&mut self, generation: u32) {
        self.generation = generation;
    }

    /// Adds what the ledger knows of one mailbox. What comes in during a reading counts as given by it: its row may have passed
    /// before.
    pub(super) fn load(&mut self, mailbox: MailboxId, entries: impl IntoIterator<Item = MirrorIndexEntry>) {
        self.drop_mailbox(mailbox);
        for MirrorIndexEntry { key, fingerprint, presence, origin, noticed } in entries {
            self.put(mailbox, key.clone(), fingerprint, presence);
            if let Some(origin) = origin {
                self.comes_from(mailbox, &key, origin);
            }
            if let Some(noticed) = noticed {
                self.notice(mailbox, key, noticed);
            }
        }
    }

    /// Forgets every mailbox.
    pub(super) fn clear(&mut self) {
        self.records.clear();
        self.sizes.clear();
        self.noticed.clear();
    }

    fn drop_mailbox(&mut self, mailbox: MailboxId) {
        if self.sizes.remove(&mailbox).is_none() {
            return;
        }
        self.noticed.retain(|(other, _), _| *other != mailbox);
        self.records.retain(|_, holders| {
            holders.all.retain(|holder| holder.mailbox != mailbox);
            !holders.all.is_empty()
        });
    }

    /// A mailbox holds a record now.
    pub(super) fn put(
        &mut self,
        mailbox: MailboxId,
        key: RecordKey,
        fingerprint: Option<Fingerprint>,
        presence: Presence,
    ) {
        let holders = self.records.entry(key).or_default();
        if let Some(holder) = holders.of_mut(mailbox) {
            holder.fingerprint = fingerprint;
            holder.presence = presence;
        } else {
            *self.sizes.entry(mailbox).or_default() += 1;
            let place = holders.all.partition_point(|holder| holder.mailbox < mailbox);
            let given = self.generation;
            holders.all.insert(place, Holder { mailbox, fingerprint, presence, origin: None, given });
        }
    }

    /// What a mailbox's item was made from.
    pub(super) fn comes_from(&mut self, mailbox: MailboxId, key: &RecordKey, origin: Origin) {
        if let Some(holder) = self.records.get_mut(key).and_then(|holders| holders.of_mut(mailbox)) {
            holder.origin = Some(origin);
        }
        if !self.noticed.is_empty() {
            self.noticed.remove(&(mailbox, key.clone()));
        }
    }

    /// What the row of an item that waits said when the meaning at work now was first met.
    pub(super) fn notice(&mut self, mailbox: MailboxId, key: RecordKey, noticed: Origin) {
        self.noticed.insert((mailbox, key), noticed);
    }

    /// See [`Self::notice`].
    pub(super) fn noticed(&self, mailbox: MailboxId, key: &RecordKey) -> Option<&Origin> {
        if self.noticed.is_empty() { None } else { self.noticed.get(&(mailbox, key.clone())) }
    }

    /// A mailbox holds a record no more.
    pub(super) fn remove(&mut self, mailbox: MailboxId, key: &RecordKey) {
        self.noticed.remove(&(mailbox, key.clone()));
        if let Some(holders) = self.records.get_mut(key) {
            let before = holders.all.len();
            holders.all.retain(|holder| holder.mailbox != mailbox);
            let removed = before - holders.all.len();
            if let Some(size) = self.sizes.get_mut(&mailbox) {
                *size = size.saturating_sub(removed);
            }
            if holders.all.is_empty() {
                self.records.remove(key);
            }
        }
    }

    /// Who holds a record.
    pub(super) fn holders_mut(&mut self, key: &RecordKey) -> Option<&mut Holders> {
        self.records.get_mut(key)
    }

    /// The reading that is going on, or the last one.
    pub(super) fn generation(&self) -> u32 {
        self.generation
    }

    pub(super) fn holder(&self, mailbox: MailboxId, key: &RecordKey) -> Option<&Holder> {
        self.records.get(key)?.of(mailbox)
    }

    /// Items that this reading gave to nobody, of one query: the mailbox, the key, and whether the record still exists for
    /// somebody else.
    pub(super) fn not_given(
        &self,
        kind: Kind,
        query: &QueryName,
    ) -> impl Iterator<Item = (MailboxId, &RecordKey, bool)> {
        let generation = self.generation;
        self.records.iter().filter(move |(key, _)| key.kind == kind && key.query == *query).flat_map(
            move |(key, holders)| {
                let exists = holders.existed == generation;
                holders
                    .all
                    .iter()
                    .filter(move |holder| holder.given != generation)
                    .map(move |holder| (holder.mailbox, key, exists))
            },
        )
    }

    /// Whether a mailbox holds nothing yet.
    pub(super) fn is_empty(&self, mailbox: MailboxId) -> bool {
        self.sizes.get(&mailbox).is_none_or(|size| *size == 0)
    }
}
