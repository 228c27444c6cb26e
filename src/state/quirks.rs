use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Ledger, LedgerError};
use crate::domain::{Field, Kind};

impl Ledger {
    /// Learns that a server drops a field of a kind; true when that is news.
    pub fn learn_dropped(&self, server: &str, kind: Kind, field: Field, now: Timestamp) -> Result<bool, LedgerError> {
        unimplemented!()
    }

    /// The fields of a kind that a server is known to drop.
    pub fn dropped(&self, server: &str, kind: Kind) -> Result<BTreeSet<Field>, LedgerError> {
        unimplemented!()
    }
}
