use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::{Connection, backup::Backup};

use super::{Ledger, LedgerError, copy::PAGES, ledger::Inner};

impl Ledger {
    /// A copy of the ledger as it is now, in memory, for a rehearsal: whatever is done with it leaves the ledger as it was, so
    /// that a dry run is the real thing and not a second way through the code.
    pub fn rehearsal(&self) -> Result<Self, LedgerError> {
        let mut copy = Connection::open_in_memory()?;
        {
            let connection = self.inner.connection.lock().unwrap_or_else(PoisonError::into_inner);
            let backup = Backup::new(&connection, &mut copy)?;
            backup.run_to_completion(PAGES, std::time::Duration::ZERO, None)?;
        }
        copy.pragma_update(None, "foreign_keys", true)?;
        let inner = Inner {
            connection: Mutex::new(copy),
            key: self.inner.key.clone(),
            directory: PathBuf::new(),
            firm: self.inner.firm,
            id: self.inner.id.clone(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }
}
