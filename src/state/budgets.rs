use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Ledger, LedgerError, MailboxId};
use crate::{domain::Kind, plan::Spent};

impl Ledger {
    /// What a mailbox spent in the 24 hours before `now`, with its size at their start, for every kind.
    pub fn spent(&self, mailbox: MailboxId, now: Timestamp) -> Result<BTreeMap<Kind, Spent>, LedgerError> {
        unimplemented!()
    }

    /// What all mailboxes together spent in the 24 hours before `now`, with their size at their start, for every kind.
    pub fn firm_spent(&self, now: Timestamp) -> Result<BTreeMap<Kind, Spent>, LedgerError> {
        unimplemented!()
    }
}
