use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Ledger, LedgerError};
use crate::{
    domain::{FolderId, Kind},
    ports::{MailboxIdentity, Owner, SyncToken},
};

/// A proven mailbox, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MailboxId(pub i64);

impl fmt::Display for MailboxId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// How a mailbox was proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProofHow {
    /// A write was read back equal.
    WriteReadBack,
    /// An observation equalled the mirror, and the next event due was read back.
    Observation,
}

/// When and how a mailbox was last proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// When.
    pub at: Timestamp,
    /// How.
    pub how: ProofHow,
}

/// What is known of the folder of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderState {
    /// The server's id.
    pub id: FolderId,
    /// Where the next observation continues; without one it is a full one.
    pub token: Option<SyncToken>,
    /// The last observation, full or continued.
    pub observed_at: Option<Timestamp>,
    /// The last full observation.
    pub fully_observed_at: Option<Timestamp>,
    /// The owner that we wrote into the folder.
    pub claimed: Option<Owner>,
}

impl Ledger {
    /// The number of this mailbox; a mailbox not known yet gets one.
    pub fn mailbox_for(&self, identity: &MailboxIdentity, now: Timestamp) -> Result<MailboxId, LedgerError> {
        unimplemented!()
    }

    /// Which mailbox this is.
    pub fn mailbox_identity(&self, mailbox: MailboxId) -> Result<MailboxIdentity, LedgerError> {
        unimplemented!()
    }

    /// When and how it was last proven.
    pub fn proven(&self, mailbox: MailboxId) -> Result<Option<Proof>, LedgerError> {
        unimplemented!()
    }

    /// It is proven now.
    pub fn set_proven(&self, mailbox: MailboxId, proof: Proof) -> Result<(), LedgerError> {
        unimplemented!()
    }

    /// Whether a first plan for it was released.
    pub fn first_write_released(&self, mailbox: MailboxId) -> Result<bool, LedgerError> {
        unimplemented!()
    }

    /// A first plan for it was released (or must be again).
    pub fn set_first_write_released(&self, mailbox: MailboxId, released: bool) -> Result<(), LedgerError> {
        unimplemented!()
    }

    /// What is known of the folder of a kind.
    pub fn folder(&self, mailbox: MailboxId, kind: Kind) -> Result<Option<FolderState>, LedgerError> {
        unimplemented!()
    }

    /// Notes the folder of a kind. Another folder than before has no token and no observation; true then.
    pub fn set_folder(&self, mailbox: MailboxId, kind: Kind, id: &FolderId) -> Result<bool, LedgerError> {
        unimplemented!()
    }

    /// Notes that we wrote this owner into the folder of a kind.
    pub fn set_claimed(&self, mailbox: MailboxId, kind: Kind, owner: &Owner) -> Result<(), LedgerError> {
        unimplemented!()
    }

    /// The next observation of the folder of a kind must be a full one.
    pub fn forget_token(&self, mailbox: MailboxId, kind: Kind) -> Result<(), LedgerError> {
        unimplemented!()
    }

    /// The next observation of every folder must be a full one (unclean stop, restored backup).
    pub fn forget_all_tokens(&self) -> Result<(), LedgerError> {
        unimplemented!()
    }
}
