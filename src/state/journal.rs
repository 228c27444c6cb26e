use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};

use super::{
    Ledger, LedgerError, MailboxId, RunId,
    columns::{Count, Digest, Moment, Word},
};
use crate::{
    domain::{Fingerprint, ItemRef, Place, RecordKey},
    plan::Operation,
};

/// An entry of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IntentId(pub i64);

impl fmt::Display for IntentId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// An operation that was about to be sent and whose outcome is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenIntent {
    /// Which entry.
    pub id: IntentId,
    /// The run that began it.
    pub run: RunId,
    /// When.
    pub begun: Timestamp,
    /// What was about to be done.
    pub operation: Operation,
}

/// What looking at the mailbox showed about an open intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// The item is there and ours; what it holds is to be found out: the mirror keeps it with what may have been
    /// written, [in doubt](crate::domain::Written::in_doubt).
    Present {
        /// Which version was seen.
        item: ItemRef,
        /// Where it lies.
        place: Place,
    },
    /// There is no item of this key: the mirror entry is removed.
    Absent,
    /// There is no item of this key any more, and it stays so until the record changes: an undone creation.
    Respected,
    /// The item is there and its user's: an undone removal.
    Given,
    /// The operation did not happen: the mirror stays as it was.
    NotDone,
}

/// A record that the server cannot store; it is not tried again until its fingerprint changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkedRecord {
    /// Which record.
    pub key: RecordKey,
    /// As it was refused; `None` for a removal.
    pub fingerprint: Option<Fingerprint>,
    /// What the server said.
    pub cause: String,
    /// Since when.
    pub since: Timestamp,
}

impl Ledger {
    /// Commits the intent to do these operations, all in one transaction, before the first of them is sent.
    pub fn begin(
        &self,
        mailbox: MailboxId,
        run: RunId,
        operations: &[Operation],
        now: Timestamp,
    ) -> Result<Vec<IntentId>, LedgerError> {
        let sealed = operations
            .iter()
            .map(|operation| self.seal(&intent_name(mailbox, &operation.key), operation))
            .collect::<Result<Vec<_>, _>>()?;
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached(
                "INSERT INTO intent (mailbox, run, begun_at, key, sealed) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            operations
                .iter()
                .zip(&sealed)
                .map(|(operation, sealed)| {
                    let values = params![mailbox, run, Moment(now), Word(&operation.key), sealed];
                    Ok(IntentId(statement.insert(values)?))
                })
                .collect()
        })
    }

    /// Operations of a mailbox whose outcome is not known, oldest first.
    pub fn open_intents(&self, mailbox: MailboxId) -> Result<Vec<OpenIntent>, LedgerError> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(&format!("{COLUMNS} WHERE mailbox = ?1 ORDER BY id"))?;
            let rows = statement.query_map([mailbox], from_row)?.collect::<Result<Vec<_>, _>>()?;
            rows.into_iter().map(|row| self.opened_intent(&row)).collect()
        })
    }

    /// How many intents are open, by mailbox.
    pub fn open_intent_counts(&self) -> Result<BTreeMap<MailboxId, u64>, LedgerError> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached("SELECT mailbox, count(*) FROM intent GROUP BY mailbox")?;
            let counts = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, Count>(1)?.0)))?;
            Ok(counts.collect::<Result<_, _>>()?)
        })
    }

    /// Settles an open intent by what the mailbox showed. What turned out to be done is charged to the budgets.
    pub fn resolve_intent(&self, intent: IntentId, resolution: &Resolution, now: Timestamp) -> Result<(), LedgerError> {
        self.write(|transaction| {
            let row = take_intent(transaction, intent)?;
            let (mailbox, intent) = (row.mailbox, self.opened_intent(&row)?);
            self.resolve(transaction, mailbox, &intent, resolution, now)
        })
    }

    /// Records of a mailbox that the server cannot store.
    pub fn parked_records(&self, mailbox: MailboxId) -> Result<Vec<ParkedRecord>, LedgerError> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT key, fingerprint, since, sealed FROM parked_record WHERE mailbox = ?1 ORDER BY key",
            )?;
            let mut rows = statement.query([mailbox])?;
            let mut parked = Vec::new();
            while let Some(row) = rows.next()? {
                let key: RecordKey = row.get::<_, Word<_>>(0)?.0;
                let sealed: Vec<u8> = row.get(3)?;
                parked.push(ParkedRecord {
                    fingerprint: row.get::<_, Option<Digest>>(1)?.map(|digest| digest.0),
                    cause: self.unseal(&parked_name(mailbox, &key), &sealed)?,
                    since: row.get::<_, Moment>(2)?.0,
                    key,
                });
            }
            Ok(parked)
        })
    }

    /// A person wants a parked record to be tried again; true if it was parked.
    pub fn unpark_record(&self, mailbox: MailboxId, key: &RecordKey) -> Result<bool, LedgerError> {
        self.write(|transaction| {
            let removed = transaction
                .execute("DELETE FROM parked_record WHERE mailbox = ?1 AND key = ?2", params![mailbox, Word(key)])?;
            Ok(removed > 0)
        })
    }

    fn opened_intent(&self, row: &SealedIntent) -> Result<OpenIntent, LedgerError> {
        let operation = self.unseal(&intent_name(row.mailbox, &row.key), &row.sealed)?;
        Ok(OpenIntent { id: row.id, run: row.run, begun: row.begun, operation })
    }

    /// Notes that the server cannot store a record as it is.
    pub(super) fn park_record(
        &self,
        transaction: &Transaction<'_>,
        mailbox: MailboxId,
        key: &RecordKey,
        fingerprint: Option<Fingerprint>,
        cause: &str,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let sealed = self.seal(&parked_name(mailbox, key), &cause)?;
        transaction.execute(
            "INSERT INTO parked_record (mailbox, key, fingerprint, since, sealed) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (mailbox, key) DO UPDATE SET fingerprint = excluded.fingerprint, sealed = excluded.sealed",
            params![mailbox, Word(key), fingerprint.map(Digest), Moment(now), sealed],
        )?;
        Ok(())
    }
}

/// Takes an open intent out of the journal, within the transaction that settles it. It stays sealed: who settles it knows the
/// operation.
pub(super) fn take_intent(transaction: &Transaction<'_>, id: IntentId) -> Result<SealedIntent, LedgerError> {
    let row = transaction
        .prepare_cached(&format!("{COLUMNS} WHERE id = ?1"))?
        .query_one([id], from_row)
        .optional()?
        .ok_or(LedgerError::NoSuchIntent(id))?;
    transaction.prepare_cached("DELETE FROM intent WHERE id = ?1")?.execute([id])?;
    Ok(row)
}

/// A record is no longer parked: it was stored, or is gone.
pub(super) fn forget_parked(
    transaction: &Transaction<'_>,
    mailbox: MailboxId,
    key: &RecordKey,
) -> Result<(), LedgerError> {
    transaction
        .prepare_cached("DELETE FROM parked_record WHERE mailbox = ?1 AND key = ?2")?
        .execute(params![mailbox, Word(key)])?;
    Ok(())
}

const COLUMNS: &str = "SELECT id, mailbox, run, begun_at, key, sealed FROM intent";

/// An entry of the journal with its operation sealed.
pub(super) struct SealedIntent {
    id: IntentId,
    pub(super) mailbox: MailboxId,
    run: RunId,
    pub(super) begun: Timestamp,
    pub(super) key: RecordKey,
    sealed: Vec<u8>,
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<SealedIntent> {
    Ok(SealedIntent {
        id: row.get(0)?,
        mailbox: row.get(1)?,
        run: row.get(2)?,
        begun: row.get::<_, Moment>(3)?.0,
        key: row.get::<_, Word<_>>(4)?.0,
        sealed: row.get(5)?,
    })
}

pub(super) fn intent_name(mailbox: MailboxId, key: &RecordKey) -> String {
    format!("intent/{mailbox}/{key}")
}

fn parked_name(mailbox: MailboxId, key: &RecordKey) -> String {
    format!("parked/{mailbox}/{key}")
}
