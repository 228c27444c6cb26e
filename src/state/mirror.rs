use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Ledger, LedgerError, MailboxId};
use crate::domain::{Fingerprint, ItemId, Kind, Mirror, Presence, QueryName, RecordKey};

/// What the mirror says of a key without opening what is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MirrorIndexEntry {
    /// Which record.
    pub key: RecordKey,
    /// Of what was last written; `None` when that is not known.
    pub fingerprint: Option<Fingerprint>,
    /// Kept, or deleted by the user and respected.
    pub presence: Presence,
}

/// Sizes of a mirror: items that are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MirrorCounts {
    /// By kind.
    pub by_kind: BTreeMap<Kind, u64>,
    /// By query.
    pub by_query: BTreeMap<(Kind, QueryName), u64>,
}

impl Ledger {
    /// Every key of a mailbox's mirror, cheaply, in order.
    pub fn mirror_index(&self, mailbox: MailboxId) -> Result<Vec<MirrorIndexEntry>, LedgerError> {
        unimplemented!()
    }

    /// The mirror of these keys, opened, with all foreign items.
    pub fn mirror(&self, mailbox: MailboxId, keys: &BTreeSet<RecordKey>) -> Result<Mirror, LedgerError> {
        unimplemented!()
    }

    /// The whole mirror of a mailbox, opened.
    pub fn mirror_all(&self, mailbox: MailboxId) -> Result<Mirror, LedgerError> {
        unimplemented!()
    }

    /// How many items the mirror holds.
    pub fn mirror_counts(&self, mailbox: MailboxId) -> Result<MirrorCounts, LedgerError> {
        unimplemented!()
    }

    /// Remembers stamped items that are not ours.
    pub fn add_foreign(
        &self,
        mailbox: MailboxId,
        items: &[(RecordKey, ItemId)],
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        unimplemented!()
    }

    /// Stamped items that are not ours.
    pub fn foreign(&self, mailbox: MailboxId) -> Result<BTreeSet<ItemId>, LedgerError> {
        unimplemented!()
    }

    /// Which mailboxes hold items of these keys.
    pub fn holders(&self, keys: &BTreeSet<RecordKey>) -> Result<BTreeMap<RecordKey, BTreeSet<MailboxId>>, LedgerError> {
        unimplemented!()
    }
}
