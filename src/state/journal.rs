use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Ledger, LedgerError, MailboxId, RunId};
use crate::{
    domain::{Fingerprint, ItemRef, Place, RecordKey},
    plan::Operation,
};

/// An entry of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IntentId(pub i64);

impl fmt::Display for IntentId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// An operation that was about to be sent and whose outcome is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenIntent {
    /// Which entry.
    pub id: IntentId,
    /// The run that began it.
    pub run: RunId,
    /// When.
    pub begun: Timestamp,
    /// What was about to be done.
    pub operation: Operation,
}

/// What looking at the mailbox showed about an open intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// The item is there and ours; what it holds is to be found out: the mirror keeps it with `written: None`.
    Present {
        /// Which version was seen.
        item: ItemRef,
        /// Where it lies.
        place: Place,
    },
    /// There is no item of this key: the mirror entry is removed.
    Absent,
    /// The operation did not happen: the mirror stays as it was.
    NotDone,
}

/// A record that the server cannot store; it is not tried again until its fingerprint changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkedRecord {
    /// Which record.
    pub key: RecordKey,
    /// As it was refused; `None` for a removal.
    pub fingerprint: Option<Fingerprint>,
    /// What the server said.
    pub cause: String,
    /// Since when.
    pub since: Timestamp,
}

impl Ledger {
    /// Commits the intent to do these operations, all in one transaction, before the first of them is sent.
    pub fn begin(
        &self,
        mailbox: MailboxId,
        run: RunId,
        operations: &[Operation],
        now: Timestamp,
    ) -> Result<Vec<IntentId>, LedgerError> {
        unimplemented!()
    }

    /// Operations of a mailbox whose outcome is not known, oldest first.
    pub fn open_intents(&self, mailbox: MailboxId) -> Result<Vec<OpenIntent>, LedgerError> {
        unimplemented!()
    }

    /// How many intents are open, by mailbox.
    pub fn open_intent_counts(&self) -> Result<BTreeMap<MailboxId, u64>, LedgerError> {
        unimplemented!()
    }

    /// Settles an open intent by what the mailbox showed. What turned out to be done is charged to the budgets.
    pub fn resolve_intent(&self, intent: IntentId, resolution: &Resolution, now: Timestamp) -> Result<(), LedgerError> {
        unimplemented!()
    }

    /// Records of a mailbox that the server cannot store.
    pub fn parked_records(&self, mailbox: MailboxId) -> Result<Vec<ParkedRecord>, LedgerError> {
        unimplemented!()
    }

    /// A person wants a parked record to be tried again; true if it was parked.
    pub fn unpark_record(&self, mailbox: MailboxId, key: &RecordKey) -> Result<bool, LedgerError> {
        unimplemented!()
    }
}
