//! Certificates of service accounts that sign in as apps: the one in use, the one that is to follow it, and the mailbox that the app
//! must not reach.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::{
    AccountName, Ledger, LedgerError,
    columns::{Json, Moment},
    history::add_audit,
    secrets,
    service_accounts::secret_given,
};

/// A certificate that is kept, without its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptCertificate {
    /// SHA-256 over it, in hexadecimal digits.
    pub thumbprint: String,
    /// The certificate, as DER.
    #[serde(skip)]
    pub der: Vec<u8>,
    /// When it ends.
    pub not_after: Timestamp,
    /// Since when it is kept.
    pub kept: Timestamp,
    /// When the provider first took it: then it is the one in use.
    pub proven: Option<Timestamp>,
}

/// A mailbox that an app must not reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outside {
    /// Its address.
    pub address: String,
    /// When it was last tried.
    pub tried: Option<Timestamp>,
    /// What was reached there then: nothing, as it should be, if the app was refused.
    pub reached: Vec<String>,
}

impl Ledger {
    /// Keeps a certificate beside the one in use, its key sealed. One that was never proven is forgotten for it.
    pub fn keep_certificate(
        &self,
        account: &AccountName,
        certificate: &KeptCertificate,
        key: &SecretString,
        by: &str,
    ) -> Result<(), LedgerError> {
        let name = key_name(account, &certificate.thumbprint);
        let sealed = self.seal_bytes(&secrets::sealed_as(&name), key.expose_secret().as_bytes())?;
        self.service_account(account)?;
        self.write(|transaction| {
            let before = all(transaction, account)?;
            for old in before.iter().filter(|old| old.proven.is_none() && old.thumbprint != certificate.thumbprint) {
                forget(transaction, account, &old.thumbprint)?;
            }
            transaction.execute(
                "INSERT INTO app_certificate (account, thumbprint, certificate, not_after, kept_at) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO NOTHING",
                params![
                    account.as_str(),
                    certificate.thumbprint,
                    certificate.der,
                    Moment(certificate.not_after),
                    Moment(certificate.kept)
                ],
            )?;
            secrets::put(transaction, &name, &sealed)?;
            let event = format!("service account `{account}` was given the certificate {}", certificate.thumbprint);
            add_audit(transaction, by, None, &event, certificate.kept)
        })
    }

    /// The certificates of an account: the one in use first, then the one that is to follow it.
    pub fn certificates(&self, account: &AccountName) -> Result<Vec<KeptCertificate>, LedgerError> {
        self.read(|transaction| all(transaction, account))
    }

    /// The private key of a certificate, as PEM.
    pub fn certificate_key(
        &self,
        account: &AccountName,
        thumbprint: &str,
    ) -> Result<Option<SecretString>, LedgerError> {
        self.open_secret(&key_name(account, thumbprint))
    }

    /// The provider took a certificate: it is in use from now on, and the one before is forgotten with its key. Everybody who goes
    /// through the account is tried again.
    pub fn certificate_proven(
        &self,
        account: &AccountName,
        thumbprint: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        self.write(|transaction| {
            for old in all(transaction, account)?.iter().filter(|old| old.thumbprint != thumbprint) {
                forget(transaction, account, &old.thumbprint)?;
            }
            let update =
                "UPDATE app_certificate SET proven_at = coalesce(proven_at, ?3) WHERE account = ?1 AND thumbprint = ?2";
            transaction.execute(update, params![account.as_str(), thumbprint, Moment(now)])?;
            secret_given(transaction, account, by, &format!("signs in with the certificate {thumbprint}"), now)
        })
    }

    /// Remembers the mailbox that the account's app must not reach; another one than before was not tried yet.
    pub fn set_outside(
        &self,
        account: &AccountName,
        address: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        self.service_account(account)?;
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO outside_mailbox (account, address) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET
                 address = excluded.address, asked_at = NULL, reached = NULL WHERE address <> excluded.address",
                [account.as_str(), address],
            )?;
            let event = format!("service account `{account}` must not reach {address}");
            add_audit(transaction, by, None, &event, now)
        })
    }

    /// Notes what the app reached in the mailbox that it must not reach: nothing if it was refused.
    pub fn note_outside(&self, account: &AccountName, reached: &[String], now: Timestamp) -> Result<(), LedgerError> {
        self.write(|transaction| {
            let update = "UPDATE outside_mailbox SET asked_at = ?2, reached = ?3 WHERE account = ?1";
            transaction.execute(update, params![account.as_str(), Moment(now), Json(reached)])?;
            Ok(())
        })
    }

    /// The mailbox that the account's app must not reach, if one was named.
    pub fn outside(&self, account: &AccountName) -> Result<Option<Outside>, LedgerError> {
        self.read(|transaction| outside(transaction, account))
    }
}

pub(super) fn outside(transaction: &Transaction<'_>, account: &AccountName) -> Result<Option<Outside>, LedgerError> {
    let select = "SELECT address, asked_at, reached FROM outside_mailbox WHERE account = ?1";
    let found = transaction.prepare_cached(select)?.query_one([account.as_str()], |row| {
        Ok(Outside {
            address: row.get(0)?,
            tried: row.get::<_, Option<Moment>>(1)?.map(|moment| moment.0),
            reached: row.get::<_, Option<Json<_>>>(2)?.map(|reached| reached.0).unwrap_or_default(),
        })
    });
    Ok(found.optional()?)
}

pub(super) fn all(transaction: &Transaction<'_>, account: &AccountName) -> Result<Vec<KeptCertificate>, LedgerError> {
    let mut statement = transaction.prepare_cached(
        "SELECT thumbprint, certificate, not_after, kept_at, proven_at FROM app_certificate WHERE account = ?1
         ORDER BY proven_at IS NULL, kept_at",
    )?;
    Ok(statement.query_map([account.as_str()], from_row)?.collect::<Result<_, _>>()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<KeptCertificate> {
    Ok(KeptCertificate {
        thumbprint: row.get(0)?,
        der: row.get(1)?,
        not_after: row.get::<_, Moment>(2)?.0,
        kept: row.get::<_, Moment>(3)?.0,
        proven: row.get::<_, Option<Moment>>(4)?.map(|moment| moment.0),
    })
}

fn forget(transaction: &Transaction<'_>, account: &AccountName, thumbprint: &str) -> Result<(), LedgerError> {
    secrets::forget(transaction, &key_name(account, thumbprint))?;
    let delete = "DELETE FROM app_certificate WHERE account = ?1 AND thumbprint = ?2";
    transaction.execute(delete, [account.as_str(), thumbprint])?;
    Ok(())
}

/// Forgets every certificate of an account, with its key.
pub(super) fn forget_all(transaction: &Transaction<'_>, account: &AccountName) -> Result<(), LedgerError> {
    for certificate in all(transaction, account)? {
        forget(transaction, account, &certificate.thumbprint)?;
    }
    Ok(())
}

fn key_name(account: &AccountName, thumbprint: &str) -> String {
    format!("service-account/{account}/certificate/{thumbprint}")
}
