use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Ledger, LedgerError, MailboxId};
use crate::domain::{Field, ItemContent, RecordKey, Value};

/// A user changed a field that we map: a proposed change for the office.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Which record.
    pub key: RecordKey,
    /// Which field.
    pub field: Field,
    /// What we had written.
    pub before: Option<Value>,
    /// What the user made of it.
    pub after: Option<Value>,
    /// Whether the practice database's value is written over it.
    pub overwritten: bool,
}

/// A proposed change, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposalEntry {
    /// When it was first seen.
    pub at: Timestamp,
    /// In which mailbox.
    pub mailbox: MailboxId,
    /// What was changed.
    pub proposal: Proposal,
}

/// An item as it was before we wrote over or removed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BeforeImage {
    /// When it was kept.
    pub at: Timestamp,
    /// Which record.
    pub key: RecordKey,
    /// What the item held.
    pub content: ItemContent,
}

impl Ledger {
    /// Keeps proposed changes, sealed. One that is known already (same key, field and text) is not kept twice.
    pub fn add_proposals(&self, mailbox: MailboxId, proposals: &[Proposal], now: Timestamp) -> Result<(), LedgerError> {
        unimplemented!()
    }

    /// Proposed changes, newest first.
    pub fn proposals(&self) -> Result<Vec<ProposalEntry>, LedgerError> {
        unimplemented!()
    }

    /// Earlier contents of the item of a key, newest first.
    pub fn before_images(&self, mailbox: MailboxId, key: &RecordKey) -> Result<Vec<BeforeImage>, LedgerError> {
        unimplemented!()
    }

    /// Forgets what has been kept long enough: before-images and proposed changes after 90 days, closed holds, used
    /// releases and answered requests after 30 days, runs and history after two years, spent budgets after 2 days.
    pub fn prune(&self, now: Timestamp) -> Result<(), LedgerError> {
        unimplemented!()
    }
}
