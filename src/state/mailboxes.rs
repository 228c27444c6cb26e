use std::fmt;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};

use super::{
    Ledger, LedgerError,
    columns::{Json, Moment, Word},
};
use crate::{
    domain::{FolderId, Kind},
    ports::{MailboxIdentity, Owner, SyncToken},
};

/// A proven mailbox, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MailboxId(pub i64);

impl fmt::Display for MailboxId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// How a mailbox was proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProofHow {
    /// A write was read back equal.
    WriteReadBack,
    /// An observation equalled the mirror, and the next event due was read back.
    Observation,
}

/// When and how a mailbox was last proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// When.
    pub at: Timestamp,
    /// How.
    pub how: ProofHow,
}

/// What is known of the folder of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderState {
    /// The server's id.
    pub id: FolderId,
    /// Where the next observation continues; without one it is a full one.
    pub token: Option<SyncToken>,
    /// The last observation, full or continued.
    pub observed_at: Option<Timestamp>,
    /// The last full observation.
    pub fully_observed_at: Option<Timestamp>,
    /// The owner that we wrote into the folder.
    pub claimed: Option<Owner>,
}

impl Ledger {
    /// The number of this mailbox; a mailbox not known yet gets one.
    pub fn mailbox_for(&self, identity: &MailboxIdentity, now: Timestamp) -> Result<MailboxId, LedgerError> {
        self.write(|transaction| {
            transaction.execute(
                "INSERT OR IGNORE INTO mailbox (server, root, known_since) VALUES (?1, ?2, ?3)",
                params![identity.server, identity.root.0, Moment(now)],
            )?;
            Ok(transaction.query_one(
                "SELECT id FROM mailbox WHERE server = ?1 AND root = ?2",
                params![identity.server, identity.root.0],
                |row| row.get(0),
            )?)
        })
    }

    /// Which mailbox this is.
    pub fn mailbox_identity(&self, mailbox: MailboxId) -> Result<MailboxIdentity, LedgerError> {
        self.read(|transaction| identity(transaction, mailbox))
    }

    /// When and how it was last proven.
    pub fn proven(&self, mailbox: MailboxId) -> Result<Option<Proof>, LedgerError> {
        self.read(|transaction| proof(transaction, mailbox))
    }

    /// It is proven now.
    pub fn set_proven(&self, mailbox: MailboxId, proof: Proof) -> Result<(), LedgerError> {
        self.write(|transaction| {
            let changed = transaction.execute(
                "UPDATE mailbox SET proven_at = ?2, proven_how = ?3 WHERE id = ?1",
                params![mailbox, Moment(proof.at), Json(proof.how)],
            )?;
            if changed == 0 { Err(LedgerError::NoSuchMailbox(mailbox)) } else { Ok(()) }
        })
    }

    /// Whether a first plan for it was released.
    pub fn first_write_released(&self, mailbox: MailboxId) -> Result<bool, LedgerError> {
        self.read(|transaction| {
            one(transaction, mailbox, "SELECT first_write_released FROM mailbox WHERE id = ?1", |row| row.get(0))
        })
    }

    /// A first plan for it was released (or must be again).
    pub fn set_first_write_released(&self, mailbox: MailboxId, released: bool) -> Result<(), LedgerError> {
        self.write(|transaction| set_first_write_released(transaction, mailbox, released))
    }

    /// What is known of the folder of a kind.
    pub fn folder(&self, mailbox: MailboxId, kind: Kind) -> Result<Option<FolderState>, LedgerError> {
        self.read(|transaction| {
            Ok(transaction
                .prepare_cached(
                    "SELECT folder, token, observed_at, fully_observed_at, claimed FROM folder
                     WHERE mailbox = ?1 AND kind = ?2",
                )?
                .query_one(params![mailbox, Word(kind)], |row| {
                    let moment = |index| Ok::<_, rusqlite::Error>(row.get::<_, Option<Moment>>(index)?.map(|it| it.0));
                    Ok(FolderState {
                        id: FolderId(row.get(0)?),
                        token: row.get::<_, Option<String>>(1)?.map(SyncToken),
                        observed_at: moment(2)?,
                        fully_observed_at: moment(3)?,
                        claimed: row.get::<_, Option<String>>(4)?.map(Owner),
                    })
                })
                .optional()?)
        })
    }

    /// Notes the folder of a kind. Another folder than before has no token and no observation; true then.
    pub fn set_folder(&self, mailbox: MailboxId, kind: Kind, id: &FolderId) -> Result<bool, LedgerError> {
        self.write(|transaction| {
            let before: Option<String> = transaction
                .query_one(
                    "SELECT folder FROM folder WHERE mailbox = ?1 AND kind = ?2",
                    params![mailbox, Word(kind)],
                    |row| row.get(0),
                )
                .optional()?;
            if before.as_deref() == Some(id.0.as_str()) {
                return Ok(false);
            }
            transaction
                .execute("DELETE FROM observed WHERE mailbox = ?1 AND kind = ?2", params![mailbox, Word(kind)])?;
            transaction.execute(
                "INSERT OR REPLACE INTO folder (mailbox, kind, folder) VALUES (?1, ?2, ?3)",
                params![mailbox, Word(kind), id.0],
            )?;
            Ok(before.is_some())
        })
    }

    /// Notes that we wrote this owner into the folder of a kind.
    pub fn set_claimed(&self, mailbox: MailboxId, kind: Kind, owner: &Owner) -> Result<(), LedgerError> {
        self.write(|transaction| {
            let changed = transaction.execute(
                "UPDATE folder SET claimed = ?3 WHERE mailbox = ?1 AND kind = ?2",
                params![mailbox, Word(kind), owner.0],
            )?;
            if changed == 0 { Err(LedgerError::NoSuchFolder { mailbox, kind }) } else { Ok(()) }
        })
    }

    /// The next observation of the folder of a kind must be a full one.
    pub fn forget_token(&self, mailbox: MailboxId, kind: Kind) -> Result<(), LedgerError> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE folder SET token = NULL WHERE mailbox = ?1 AND kind = ?2",
                params![mailbox, Word(kind)],
            )?;
            Ok(())
        })
    }

    /// The next observation of every folder must be a full one (unclean stop, restored backup).
    pub fn forget_all_tokens(&self) -> Result<(), LedgerError> {
        self.write(|transaction| {
            transaction.execute("UPDATE folder SET token = NULL", [])?;
            Ok(())
        })
    }
}

fn one<T>(
    transaction: &Transaction<'_>,
    mailbox: MailboxId,
    select: &str,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<T, LedgerError> {
    transaction.query_one(select, [mailbox], read).optional()?.ok_or(LedgerError::NoSuchMailbox(mailbox))
}

pub(super) fn identity(transaction: &Transaction<'_>, mailbox: MailboxId) -> Result<MailboxIdentity, LedgerError> {
    one(transaction, mailbox, "SELECT server, root FROM mailbox WHERE id = ?1", |row| {
        Ok(MailboxIdentity { server: row.get(0)?, root: FolderId(row.get(1)?) })
    })
}

pub(super) fn proof(transaction: &Transaction<'_>, mailbox: MailboxId) -> Result<Option<Proof>, LedgerError> {
    one(transaction, mailbox, "SELECT proven_at, proven_how FROM mailbox WHERE id = ?1", |row| {
        let (at, how): (Option<Moment>, Option<Json<ProofHow>>) = (row.get(0)?, row.get(1)?);
        Ok(at.zip(how).map(|(at, how)| Proof { at: at.0, how: how.0 }))
    })
}

pub(super) fn set_first_write_released(
    transaction: &Transaction<'_>,
    mailbox: MailboxId,
    released: bool,
) -> Result<(), LedgerError> {
    let changed = transaction
        .execute("UPDATE mailbox SET first_write_released = ?2 WHERE id = ?1", params![mailbox, released])?;
    if changed == 0 { Err(LedgerError::NoSuchMailbox(mailbox)) } else { Ok(()) }
}

/// A mailbox that no user leads to any more sleeps: its mirror is kept and counts for nothing. True when it does.
pub(super) fn sleep_if_unused(transaction: &Transaction<'_>, mailbox: MailboxId) -> Result<bool, LedgerError> {
    let slept = transaction.execute(
        "UPDATE mailbox SET asleep = 1 WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM user WHERE mailbox = ?1)",
        [mailbox],
    )?;
    Ok(slept > 0)
}
