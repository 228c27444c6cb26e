use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Ledger, LedgerError, Parked};

/// How the practice database is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceHealth {
    /// The last complete read.
    pub last_read: Option<Timestamp>,
    /// What is wrong since when, and what to do about it.
    pub trouble: Option<Parked>,
    /// Digest of the schema that was accepted.
    pub schema: Option<String>,
}

impl Ledger {
    /// How the practice database is.
    pub fn source_health(&self) -> Result<SourceHealth, LedgerError> {
        unimplemented!()
    }

    /// A complete read succeeded.
    pub fn source_read(&self, now: Timestamp) -> Result<(), LedgerError> {
        unimplemented!()
    }

    /// A read failed or cannot be believed. The beginning stays while the cause stays the same.
    pub fn source_trouble(&self, cause: &str, remedy: &str, now: Timestamp) -> Result<(), LedgerError> {
        unimplemented!()
    }

    /// The schema's digest is accepted (at the first probe, or by a person).
    pub fn accept_schema(&self, digest: &str) -> Result<(), LedgerError> {
        unimplemented!()
    }
}
