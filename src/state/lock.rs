use std::fs::File;

use jiff::Timestamp;

use super::{Ledger, LedgerError};

/// Held by the one engine of a ledger; the operating system takes it back when the process ends, however it ends.
#[derive(Debug)]
pub struct EngineLock {
    _file: File,
}

impl Ledger {
    /// Takes the engine's lock.
    ///
    /// # Errors
    /// [`LedgerError::Locked`] when another engine has it.
    pub fn lock_engine(&self) -> Result<EngineLock, LedgerError> {
        unimplemented!()
    }

    /// Whether an engine holds the lock now (`Some`), and its process id where that could be read.
    pub fn running_engine(&self) -> Result<Option<Option<u32>>, LedgerError> {
        unimplemented!()
    }

    /// Whether the last engine stopped in good order. To be asked before [`Self::mark_running`].
    pub fn was_clean_stop(&self) -> Result<bool, LedgerError> {
        unimplemented!()
    }

    /// An engine begins: until [`Self::mark_stopped`] a stop counts as unclean.
    pub fn mark_running(&self, now: Timestamp) -> Result<(), LedgerError> {
        unimplemented!()
    }

    /// The engine settled everything and stops.
    pub fn mark_stopped(&self, now: Timestamp) -> Result<(), LedgerError> {
        unimplemented!()
    }
}
