use secrecy::SecretString;

use super::{Ledger, LedgerError};

impl Ledger {
    /// Keeps a secret under a name, sealed; one that was there before is replaced.
    pub fn seal_secret(&self, name: &str, secret: &SecretString) -> Result<(), LedgerError> {
        unimplemented!()
    }

    /// The secret of this name, if there is one.
    pub fn open_secret(&self, name: &str) -> Result<Option<SecretString>, LedgerError> {
        unimplemented!()
    }

    /// Forgets the secret of this name. The file is told to overwrite it.
    pub fn forget_secret(&self, name: &str) -> Result<(), LedgerError> {
        unimplemented!()
    }
}
