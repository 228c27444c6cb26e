use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use rusqlite::Connection;

use super::LedgerError;
use crate::{domain::FirmId, vault::Vault};

/// The ledger of one installation.
#[derive(Clone)]
pub struct Ledger {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) connection: Mutex<Connection>,
    pub(super) vault: Vault,
    pub(super) directory: PathBuf,
    pub(super) firm: FirmId,
    pub(super) id: String,
}

impl Ledger {
    /// Makes a new ledger in a directory (made too, mode 0700), sealed with this vault, for this firm.
    pub fn create(directory: &Path, vault: Vault, firm: FirmId) -> Result<Self, LedgerError> {
        unimplemented!()
    }

    /// Opens the ledger of a directory, bringing an older schema up to date.
    pub fn open(directory: &Path, vault: Vault) -> Result<Self, LedgerError> {
        unimplemented!()
    }

    /// Where it lies.
    pub fn directory(&self) -> &Path {
        &self.inner.directory
    }

    /// The firm whose stamps we write.
    pub fn firm(&self) -> FirmId {
        self.inner.firm
    }

    /// Drawn at random when the ledger was made: tells two ledgers of one firm apart.
    pub fn ledger_id(&self) -> &str {
        &self.inner.id
    }
}
