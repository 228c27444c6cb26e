use jiff::Timestamp;
use rusqlite::Transaction;
use serde::{Deserialize, Serialize};

use super::{
    Ledger, LedgerError, Parked,
    columns::{Json, Moment},
};

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
        self.read(health)
    }

    /// A complete read succeeded.
    pub fn source_read(&self, now: Timestamp) -> Result<(), LedgerError> {
        self.write(|transaction| {
            transaction.execute("UPDATE ledger SET source_read_at = ?1, source_trouble = NULL", [Moment(now)])?;
            Ok(())
        })
    }

    /// A read failed or cannot be believed. The beginning stays while the cause stays the same.
    pub fn source_trouble(&self, cause: &str, remedy: &str, now: Timestamp) -> Result<(), LedgerError> {
        self.write(|transaction| {
            let before = health(transaction)?.trouble.filter(|trouble| trouble.cause == cause);
            let since = before.map_or(now, |trouble| trouble.since);
            let trouble = Parked { since, cause: cause.to_owned(), remedy: remedy.to_owned() };
            transaction.execute("UPDATE ledger SET source_trouble = ?1", [Json(trouble)])?;
            Ok(())
        })
    }

    /// The schema's digest is accepted (at the first probe, or by a person).
    pub fn accept_schema(&self, digest: &str) -> Result<(), LedgerError> {
        self.write(|transaction| {
            transaction.execute("UPDATE ledger SET source_schema = ?1", [digest])?;
            Ok(())
        })
    }
}

pub(super) fn health(transaction: &Transaction<'_>) -> Result<SourceHealth, LedgerError> {
    Ok(transaction.query_one("SELECT source_read_at, source_trouble, source_schema FROM ledger", [], |row| {
        Ok(SourceHealth {
            last_read: row.get::<_, Option<Moment>>(0)?.map(|moment| moment.0),
            trouble: row.get::<_, Option<Json<_>>>(1)?.map(|json| json.0),
            schema: row.get(2)?,
        })
    })?)
}
