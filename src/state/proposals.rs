use jiff::Timestamp;
use rusqlite::{Transaction, params};
use serde::{Deserialize, Serialize};

use super::{
    Ledger, LedgerError, MailboxId,
    columns::{Moment, Word},
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

/// A proposed change, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposalEntry {
    /// When it was first seen.
    pub at: Timestamp,
    /// In which mailbox.
    pub mailbox: MailboxId,
    /// What was changed.
    pub proposal: Proposal,
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
    /// Keeps proposed changes, sealed. One that is known already (same key, field and text) is not kept twice.
    pub fn add_proposals(&self, mailbox: MailboxId, proposals: &[Proposal], now: Timestamp) -> Result<(), LedgerError> {
        self.write(|transaction| self.keep_proposals(transaction, mailbox, proposals, now))
    }

    /// Proposed changes, newest first.
    pub fn proposals(&self) -> Result<Vec<ProposalEntry>, LedgerError> {
        self.read(|transaction| {
            let mut statement =
                transaction.prepare_cached("SELECT at, mailbox, key, sealed FROM proposal ORDER BY number DESC")?;
            let mut rows = statement.query([])?;
            let mut entries = Vec::new();
            while let Some(row) = rows.next()? {
                let (mailbox, sealed): (MailboxId, Vec<u8>) = (row.get(1)?, row.get(3)?);
                let key: RecordKey = row.get::<_, Word<_>>(2)?.0;
                let proposal = self.unseal(&proposal_name(mailbox, &key), &sealed)?;
                entries.push(ProposalEntry { at: row.get::<_, Moment>(0)?.0, mailbox, proposal });
            }
            Ok(entries)
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
            let mut statement = transaction
                .prepare_cached("SELECT sealed FROM proposal WHERE mailbox = ?1 AND key = ?2 AND field = ?3")?;
            let mut rows = statement.query(params![mailbox, Word(&proposal.key), Word(proposal.field)])?;
            let mut known = false;
            while let Some(row) = rows.next()? {
                let sealed: Vec<u8> = row.get(0)?;
                known |= self.unseal::<Proposal>(&name, &sealed)?.after == proposal.after;
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

    pub(super) fn keep_before_image(
        &self,
        transaction: &Transaction<'_>,
        mailbox: MailboxId,
        key: &RecordKey,
        content: &ItemContent,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let sealed = self.seal(&before_name(mailbox, key), content)?;
        transaction
            .prepare_cached("INSERT INTO before_image (at, mailbox, key, sealed) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![Moment(now), mailbox, Word(key), sealed])?;
        Ok(())
    }
}

fn proposal_name(mailbox: MailboxId, key: &RecordKey) -> String {
    format!("proposal/{mailbox}/{key}")
}

fn before_name(mailbox: MailboxId, key: &RecordKey) -> String {
    format!("before/{mailbox}/{key}")
}
