use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Ledger, LedgerError, MailboxId};
use crate::{
    domain::{ItemId, ItemRef, Kind, Observation, RecordKey},
    ports::{Sighting, SyncToken},
};

/// How many items the last observation of a folder showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObservedCounts {
    /// With a stamp of ours.
    pub ours: u64,
    /// Without a stamp.
    pub unstamped: u64,
    /// With a stamp of a firm id that is not ours, by that id.
    pub of_unknown_firms: BTreeMap<String, u64>,
    /// With a stamp that this version cannot read.
    pub unreadable: u64,
}

impl Ledger {
    /// Keeps a full observation of a kind, and the token that continues it: everything known before is replaced. Items found
    /// in other places are passed along; stamps are kept as text and understood here.
    pub fn store_observation_full(
        &self,
        mailbox: MailboxId,
        kind: Kind,
        seen: &[Sighting],
        next: &SyncToken,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        unimplemented!()
    }

    /// Patches the observation of a kind with what changed since the last one, and keeps the token that continues it.
    pub fn store_observation_patch(
        &self,
        mailbox: MailboxId,
        kind: Kind,
        changed: &[Sighting],
        gone: &[ItemId],
        next: &SyncToken,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        unimplemented!()
    }

    /// The stamped items of these keys, as last observed; contents are not kept.
    pub fn observed(&self, mailbox: MailboxId, keys: &BTreeSet<RecordKey>) -> Result<Observation, LedgerError> {
        unimplemented!()
    }

    /// All stamped items that are ours, as last observed; contents are not kept.
    pub fn observed_all(&self, mailbox: MailboxId) -> Result<Observation, LedgerError> {
        unimplemented!()
    }

    /// How many items the last observation showed, by kind.
    pub fn observed_counts(&self, mailbox: MailboxId) -> Result<BTreeMap<Kind, ObservedCounts>, LedgerError> {
        unimplemented!()
    }

    /// The items of a kind that carry no stamp, to look for look-alikes among them.
    pub fn unstamped(&self, mailbox: MailboxId, kind: Kind) -> Result<Vec<ItemRef>, LedgerError> {
        unimplemented!()
    }

    /// The keys for which the mirror and the last observation disagree: another version, another place, more than one item
    /// or none, or an item that the mirror does not know. Foreign items do not count.
    pub fn disagreeing(&self, mailbox: MailboxId) -> Result<BTreeSet<RecordKey>, LedgerError> {
        unimplemented!()
    }

    /// How many of our kept items the last observation did not show, by kind.
    pub fn vanished(&self, mailbox: MailboxId) -> Result<BTreeMap<Kind, u64>, LedgerError> {
        unimplemented!()
    }
}
