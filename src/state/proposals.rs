use std::{fmt, str::FromStr};

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};

use super::{
    Ledger, LedgerError, MailboxId,
    columns::{Moment, Word},
    history::add_audit,
    ledger::corrupt,
};
use crate::domain::{Field, ItemContent, RecordKey, Value};

/// A user changed a field that we map: a proposed change for the office.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Which record.
    pub key: RecordKey,
    /// Which field.
    pub field: Field,
    /// What we had written.
    pub before: Option<Value>,
    /// What the user made of it.
    pub after: Option<Value>,
    /// Whether the practice database's value is written over it.
    pub overwritten: bool,
}

/// A proposed change, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProposalId(pub i64);

impl fmt::Display for ProposalId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// What the office made of a proposed change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is in the practice system now.
    Entered,
    /// It is not to be.
    Rejected,
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Entered => "entered",
            Self::Rejected => "rejected",
        })
    }
}

impl FromStr for Verdict {
    type Err = LedgerError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "entered" => Ok(Self::Entered),
            "rejected" => Ok(Self::Rejected),
            other => Err(corrupt(format!("`{other}` is nothing that an office makes of a proposed change"))),
        }
    }
}

/// When, by whom and how a proposed change was closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedProposal {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// How.
    pub verdict: Verdict,
}

/// A proposed change, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposalEntry {
    /// Which one.
    pub id: ProposalId,
    /// When it was first seen.
    pub at: Timestamp,
    /// In which mailbox.
    pub mailbox: MailboxId,
    /// What was changed.
    pub proposal: Proposal,
    /// What the office made of it, once it did.
    pub closed: Option<ClosedProposal>,
}

/// An item as it was before we wrote over or removed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BeforeImage {
    /// When it was kept.
    pub at: Timestamp,
    /// Which record.
    pub key: RecordKey,
    /// What the item held.
    pub content: ItemContent,
}

impl Ledger {
    /// Keeps proposed changes, sealed. One that is known already (same key, field and text) is not kept twice; one that the
    /// office closed comes again only if the user made it again after it was written over.
    pub fn add_proposals(&self, mailbox: MailboxId, proposals: &[Proposal], now: Timestamp) -> Result<(), LedgerError> {
        self.write(|transaction| self.keep_proposals(transaction, mailbox, proposals, now))
    }

    /// Proposed changes, open and closed, newest first.
    pub fn proposals(&self) -> Result<Vec<ProposalEntry>, LedgerError> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT number, at, mailbox, key, sealed, closed_at, closed_by, verdict FROM proposal
                 ORDER BY number DESC",
            )?;
            let mut rows = statement.query([])?;
            let mut entries = Vec::new();
            while let Some(row) = rows.next()? {
                let (mailbox, sealed): (MailboxId, Vec<u8>) = (row.get(2)?, row.get(4)?);
                let key: RecordKey = row.get::<_, Word<_>>(3)?.0;
                let closed = match row.get::<_, Option<Moment>>(5)? {
                    Some(at) => {
                        Some(ClosedProposal { at: at.0, by: row.get(6)?, verdict: row.get::<_, Word<_>>(7)?.0 })
                    }
                    None => None,
                };
                entries.push(ProposalEntry {
                    id: row.get(0)?,
                    at: row.get::<_, Moment>(1)?.0,
                    mailbox,
                    proposal: self.unseal(&proposal_name(mailbox, &key), &sealed)?,
                    closed,
                });
            }
            Ok(entries)
        })
    }

    /// The office entered or rejected proposed changes: all of them, or none if one is unknown. Gives those that were open.
    ///
    /// # Errors
    /// [`LedgerError::NoSuchProposal`].
    pub fn close_proposals(
        &self,
        ids: &[ProposalId],
        verdict: Verdict,
        by: &str,
        now: Timestamp,
    ) -> Result<Vec<ProposalId>, LedgerError> {
        self.write(|transaction| {
            let mut closed = Vec::new();
            for id in ids {
                let (key, field): (String, String) = transaction
                    .query_one("SELECT key, field FROM proposal WHERE number = ?1", [id], |row| {
                        Ok((row.get(0)?, row.get(1)?))
                    })
                    .optional()?
                    .ok_or(LedgerError::NoSuchProposal(*id))?;
                let changed = transaction.execute(
                    "UPDATE proposal SET closed_at = ?2, closed_by = ?3, verdict = ?4
                     WHERE number = ?1 AND closed_at IS NULL",
                    params![id, Moment(now), by, Word(verdict)],
                )?;
                if changed > 0 {
                    let event = format!("proposed change {id} ({field} of {key}): {verdict}");
                    add_audit(transaction, by, None, &event, now)?;
                    closed.push(*id);
                }
            }
            Ok(closed)
        })
    }

    /// Earlier contents of the item of a key, newest first.
    pub fn before_images(&self, mailbox: MailboxId, key: &RecordKey) -> Result<Vec<BeforeImage>, LedgerError> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT at, sealed FROM before_image WHERE mailbox = ?1 AND key = ?2 ORDER BY number DESC",
            )?;
            let mut rows = statement.query(params![mailbox, Word(key)])?;
            let mut images = Vec::new();
            while let Some(row) = rows.next()? {
                let sealed: Vec<u8> = row.get(1)?;
                let content = self.unseal(&before_name(mailbox, key), &sealed)?;
                images.push(BeforeImage { at: row.get::<_, Moment>(0)?.0, key: key.clone(), content });
            }
            Ok(images)
        })
    }

    pub(super) fn keep_proposals(
        &self,
        transaction: &Transaction<'_>,
        mailbox: MailboxId,
        proposals: &[Proposal],
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        for proposal in proposals {
            let name = proposal_name(mailbox, &proposal.key);
            let mut statement = transaction.prepare_cached(
                "SELECT sealed, closed_at FROM proposal WHERE mailbox = ?1 AND key = ?2 AND field = ?3",
            )?;
            let mut rows = statement.query(params![mailbox, Word(&proposal.key), Word(proposal.field)])?;
            let mut known = false;
            while let Some(row) = rows.next()? {
                let (sealed, closed): (Vec<u8>, Option<Moment>) = (row.get(0)?, row.get(1)?);
                // What stands on the phone is met again and again; what was written over was made again.
                let made_again = closed.is_some_and(|at| at.0 < now) && proposal.overwritten;
                known |= !made_again && self.unseal::<Proposal>(&name, &sealed)?.after == proposal.after;
            }
            if !known {
                let sealed = self.seal(&name, proposal)?;
                transaction.execute(
                    "INSERT INTO proposal (at, mailbox, key, field, sealed) VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![Moment(now), mailbox, Word(&proposal.key), Word(proposal.field), sealed],
                )?;
            }
        }
        Ok(())
    }

    /// Keeps what an item held; gives the number by which the history finds it.
    pub(super) fn keep_before_image(
        &self,
        transaction: &Transaction<'_>,
        mailbox: MailboxId,
        key: &RecordKey,
        content: &ItemContent,
        now: Timestamp,
    ) -> Result<i64, LedgerError> {
        let sealed = self.seal(&before_name(mailbox, key), content)?;
        let number = transaction
            .prepare_cached("INSERT INTO before_image (at, mailbox, key, sealed) VALUES (?1, ?2, ?3, ?4)")?
            .insert(params![Moment(now), mailbox, Word(key), sealed])?;
        Ok(number)
    }
}

fn proposal_name(mailbox: MailboxId, key: &RecordKey) -> String {
    format!("proposal/{mailbox}/{key}")
}

pub(super) fn before_name(mailbox: MailboxId, key: &RecordKey) -> String {
    format!("before/{mailbox}/{key}")
}
