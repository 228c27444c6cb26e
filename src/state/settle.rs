use jiff::Timestamp;

use super::{IntentId, Ledger, LedgerError, MailboxId, Proposal, RunId};
use crate::{
    domain::{ItemContent, ItemRef, Place, Written},
    plan::Operation,
};

/// What became of one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// Its entry in the journal; `None` for what touches the ledger alone.
    pub intent: Option<IntentId>,
    /// What was to be done.
    pub operation: Operation,
    /// What became of it.
    pub outcome: Outcome,
    /// The item as it was before, where it was read: kept sealed, for 90 days.
    pub before: Option<ItemContent>,
    /// What the user had made of it and is (or is not) written over.
    pub proposals: Vec<Proposal>,
    /// Whether it is charged to the budgets. What a person released is not charged in any case.
    pub charge: bool,
}

/// What became of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The mailbox holds it now.
    Stored {
        /// Which version of which item.
        item: ItemRef,
        /// Where it lies.
        place: Place,
        /// What was written, and what the server made of it.
        written: Written,
    },
    /// The item is gone.
    Removed,
    /// Ledger only, [`Action::Own`](crate::plan::Action::Own): the item of the operation is ours and holds what it says.
    Owned,
    /// Ledger only, [`Action::Forget`](crate::plan::Action::Forget): the mirror entry is removed.
    Forgotten,
    /// Ledger only, [`Action::Respect`](crate::plan::Action::Respect): the user's deletion is respected.
    Respected,
    /// Nothing was changed in the mailbox.
    Failed {
        /// The kind of failure, in a word.
        kind: String,
        /// What happened; kept sealed.
        message: String,
        /// The record is not tried again until it changes.
        parked: bool,
    },
    /// Not known: the intent stays open, and recovery looks at the mailbox.
    Unknown,
}

impl Ledger {
    /// Settles operations in one transaction: intents, mirror, observation, budgets, releases, before-images, proposals,
    /// parked records and history.
    pub fn settle(
        &self,
        mailbox: MailboxId,
        run: RunId,
        settlements: &[Settlement],
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        unimplemented!()
    }
}
