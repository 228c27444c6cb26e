use rusqlite::{OptionalExtension, Transaction, params};
use secrecy::{ExposeSecret, SecretString};

use super::{Ledger, LedgerError, ledger::corrupt};

impl Ledger {
    /// Keeps a secret under a name, sealed; one that was there before is replaced.
    pub fn seal_secret(&self, name: &str, secret: &SecretString) -> Result<(), LedgerError> {
        let sealed = self.seal_bytes(&sealed_as(name), secret.expose_secret().as_bytes())?;
        self.write(|transaction| put(transaction, name, &sealed))
    }

    /// The secret of this name, if there is one.
    pub fn open_secret(&self, name: &str) -> Result<Option<SecretString>, LedgerError> {
        self.read(|transaction| self.secret_within(transaction, name))
    }

    /// The same, within a transaction.
    pub(super) fn secret_within(
        &self,
        transaction: &Transaction<'_>,
        name: &str,
    ) -> Result<Option<SecretString>, LedgerError> {
        let sealed: Option<Vec<u8>> =
            transaction.query_one("SELECT sealed FROM secret WHERE name = ?1", [name], |row| row.get(0)).optional()?;
        let Some(sealed) = sealed else { return Ok(None) };
        let plain = self.unseal_bytes(&sealed_as(name), &sealed)?;
        let text = std::str::from_utf8(&plain).map_err(|_| corrupt(format!("secret `{name}` is not text")))?;
        Ok(Some(SecretString::from(text)))
    }

    /// Forgets the secret of this name.
    pub fn forget_secret(&self, name: &str) -> Result<(), LedgerError> {
        self.write(|transaction| forget(transaction, name))
    }
}

/// What a secret is bound to.
pub(super) fn sealed_as(name: &str) -> String {
    format!("secret/{name}")
}

pub(super) fn put(transaction: &Transaction<'_>, name: &str, sealed: &[u8]) -> Result<(), LedgerError> {
    transaction.execute(
        "INSERT INTO secret (name, sealed) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET sealed = excluded.sealed",
        params![name, sealed],
    )?;
    Ok(())
}

pub(super) fn forget(transaction: &Transaction<'_>, name: &str) -> Result<(), LedgerError> {
    transaction.execute("DELETE FROM secret WHERE name = ?1", [name])?;
    Ok(())
}
