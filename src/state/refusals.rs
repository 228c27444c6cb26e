//! Which credentials a server refused. Links may share one, and so do the service and the commands: a wrong password is sent
//! once by all of them together, also after a restart, until a person gives it once more.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{
    Ledger, LedgerError,
    columns::{Json, Moment},
    ledger::random_hex,
    secrets,
};
use crate::diagnosis::Cause;

/// Under this name the ledger keeps the key of the digests.
const KEY: &str = "refused-credentials";

/// Tells whether two credentials are the same login with the same secret, and nothing else about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CredentialMark([u8; 32]);

/// Why a credential was refused, for everybody who would use it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Why, by name.
    pub cause: Option<Cause>,
    /// What showed it.
    pub evidence: Vec<String>,
    /// The message.
    pub why: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl CredentialMark {
    /// The digest, to look for it.
    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Ledger {
    /// The mark of a credential. The host is no part of it: the account that would be locked is the same at all servers of an
    /// organisation.
    pub fn credential_mark(&self, login: &str, secret: &SecretString) -> Result<CredentialMark, LedgerError> {
        let key = match self.open_secret(KEY)? {
            Some(key) => key,
            None => {
                let drawn = SecretString::from(random_hex::<32>());
                let sealed = self.seal_bytes(&secrets::sealed_as(KEY), drawn.expose_secret().as_bytes())?;
                // Whoever is first: all must use the same.
                self.write(|transaction| match self.secret_within(transaction, KEY)? {
                    Some(key) => Ok(key),
                    None => secrets::put(transaction, KEY, &sealed).map(|()| drawn),
                })?
            }
        };
        let login = login.to_lowercase();
        let mut text = Zeroizing::new(Vec::new());
        text.extend_from_slice(key.expose_secret().as_bytes());
        text.extend_from_slice(&u64::try_from(login.len()).unwrap_or(u64::MAX).to_be_bytes());
        text.extend_from_slice(login.as_bytes());
        text.extend_from_slice(secret.expose_secret().as_bytes());
        Ok(CredentialMark(Sha256::digest(text.as_slice()).into()))
    }

    /// Why this credential was refused, if it was.
    pub fn refusal(&self, mark: CredentialMark) -> Result<Option<Refusal>, LedgerError> {
        self.read(|transaction| {
            let select = "SELECT refusal FROM refused_credential WHERE mark = ?1";
            let found = transaction.prepare_cached(select)?.query_one([mark.0], |row| row.get::<_, Json<Refusal>>(0));
            Ok(found.optional()?.map(|json| json.0))
        })
    }

    /// A server refused this credential.
    pub fn note_refusal(&self, mark: CredentialMark, refusal: &Refusal, now: Timestamp) -> Result<(), LedgerError> {
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO refused_credential (mark, refusals, at, refusal) VALUES (?1, 1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET refusals = refusals + 1, at = excluded.at, refusal = excluded.refusal",
                params![mark.0, Moment(now), Json(refusal)],
            )?;
            Ok(())
        })
    }

    /// It works, or a person gives it once more.
    pub fn forget_refusal(&self, mark: CredentialMark) -> Result<(), LedgerError> {
        self.write(|transaction| forget(transaction, mark))
    }
}

pub(super) fn forget(transaction: &Transaction<'_>, mark: CredentialMark) -> Result<(), LedgerError> {
    transaction.execute("DELETE FROM refused_credential WHERE mark = ?1", [mark.0])?;
    Ok(())
}
