use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Ledger, LedgerError, MailboxId, UserName};
use crate::{
    domain::Kind,
    plan::{Hold, HoldReason, Operation, Release},
};

/// A hold, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HoldId(pub i64);

impl fmt::Display for HoldId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A hold, without its operations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldSummary {
    /// Which hold.
    pub id: HoldId,
    /// Whose mailbox.
    pub user: UserName,
    /// Which mailbox.
    pub mailbox: MailboxId,
    /// Which kind is held.
    pub kind: Kind,
    /// Why.
    pub reason: HoldReason,
    /// How many operations wait.
    pub operations: u64,
    /// Since when something of this kind is held for this reason.
    pub since: Timestamp,
    /// When it was last planned.
    pub planned: Timestamp,
    /// When a person released it.
    pub released: Option<Timestamp>,
}

/// A hold with exactly the operations that wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldOperations {
    /// The hold.
    #[serde(flatten)]
    pub hold: HoldSummary,
    /// What waits.
    pub waiting: Vec<Operation>,
}

/// What a release did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Released {
    /// How many operations may pass until then.
    pub operations: u64,
    /// When the release expires.
    pub until: Timestamp,
}

impl Ledger {
    /// Keeps the holds of a mailbox's newest plan. A hold of the same kind and reason keeps its id and its beginning; those
    /// that the plan does not have any more are closed.
    pub fn put_holds(
        &self,
        mailbox: MailboxId,
        user: &UserName,
        holds: &[Hold],
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        unimplemented!()
    }

    /// Everything that waits for a person, oldest first.
    pub fn holds(&self) -> Result<Vec<HoldSummary>, LedgerError> {
        unimplemented!()
    }

    /// One hold with its operations.
    pub fn hold(&self, id: HoldId) -> Result<HeldOperations, LedgerError> {
        unimplemented!()
    }

    /// Releases exactly the operations of a hold, for one hour. Of a first write: the mailbox counts as begun. Of another
    /// writer: its owner is accepted and the folder taken over. Of an unknown firm: its stamps count as ours.
    pub fn release(&self, id: HoldId, by: &str, now: Timestamp) -> Result<Released, LedgerError> {
        unimplemented!()
    }

    /// The operations of a mailbox that a person released within the last hour and that are not done yet.
    pub fn released(&self, mailbox: MailboxId, now: Timestamp) -> Result<Release, LedgerError> {
        unimplemented!()
    }
}
