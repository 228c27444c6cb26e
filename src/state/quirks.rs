use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::params;

use super::{
    Ledger, LedgerError,
    columns::{Moment, Word},
};
use crate::domain::{Field, Kind};

impl Ledger {
    /// Learns that a server drops a field of a kind; true when that is news.
    pub fn learn_dropped(&self, server: &str, kind: Kind, field: Field, now: Timestamp) -> Result<bool, LedgerError> {
        self.write(|transaction| {
            let learned = transaction.execute(
                "INSERT OR IGNORE INTO dropped_field (server, kind, field, learned_at) VALUES (?1, ?2, ?3, ?4)",
                params![server.to_ascii_lowercase(), Word(kind), Word(field), Moment(now)],
            )?;
            Ok(learned > 0)
        })
    }

    /// The fields of a kind that a server is known to drop.
    pub fn dropped(&self, server: &str, kind: Kind) -> Result<BTreeSet<Field>, LedgerError> {
        self.read(|transaction| {
            let mut statement =
                transaction.prepare_cached("SELECT field FROM dropped_field WHERE server = ?1 AND kind = ?2")?;
            let fields = statement.query_map(params![server.to_ascii_lowercase(), Word(kind)], |row| {
                Ok(row.get::<_, Word<Field>>(0)?.0)
            })?;
            Ok(fields.collect::<Result<_, _>>()?)
        })
    }
}
