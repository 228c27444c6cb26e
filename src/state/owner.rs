use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Ledger, LedgerError};
use crate::{domain::FirmId, ports::Owner};

/// What a folder's owner property means to this ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnerVerdict {
    /// The running engine wrote it.
    Current,
    /// An earlier start of this ledger wrote it, or a person accepted it: it may be written over.
    EarlierOfOurs,
    /// Nobody claims the folder.
    Unclaimed,
    /// Another ledger, another firm, or a start that this ledger does not remember (an old backup was restored): another
    /// Pocket Docket writes here. Nothing may be written.
    Unknown,
}

impl Ledger {
    /// An engine starts: draws a random epoch, commits it, and gives the owner text `<firm>/<ledger id>/<epoch>` to be
    /// written into folders.
    pub fn begin_epoch(&self, now: Timestamp) -> Result<Owner, LedgerError> {
        unimplemented!()
    }

    /// The owner text of the last [`Self::begin_epoch`].
    pub fn current_owner(&self) -> Result<Option<Owner>, LedgerError> {
        unimplemented!()
    }

    /// Judges what stands in a folder.
    pub fn judge_owner(&self, found: Option<&Owner>) -> Result<OwnerVerdict, LedgerError> {
        unimplemented!()
    }

    /// A person decided that this owner no longer writes: its folders are taken over.
    pub fn accept_owner(&self, owner: &Owner, by: &str, now: Timestamp) -> Result<(), LedgerError> {
        unimplemented!()
    }

    /// The firm ids whose stamps are ours: the ledger's own, and those a person took over.
    pub fn firms(&self) -> Result<BTreeSet<FirmId>, LedgerError> {
        unimplemented!()
    }

    /// A person decided that stamps of this firm id are ours. Observed items that carry them count as ours from now on.
    pub fn adopt_firm(&self, firm: FirmId, by: &str, now: Timestamp) -> Result<(), LedgerError> {
        unimplemented!()
    }
}
