use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};

use super::{
    Ledger, LedgerError, MailboxId,
    columns::{Count, Digest, Json, Moment, Word},
    meaning::origins,
};
use crate::domain::{
    ChangeKey, Field, Fingerprint, ItemId, ItemRef, Kind, Mirror, MirrorEntry, Origin, Place, Presence, QueryName,
    Record, RecordKey, Value, Written,
};

/// What the mirror says of a key without opening what is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MirrorIndexEntry {
    /// Which record.
    pub key: RecordKey,
    /// Of what was last written; `None` when that is not known, or in doubt.
    pub fingerprint: Option<Fingerprint>,
    /// Kept, or deleted by the user and respected.
    pub presence: Presence,
    /// What the item was made from, where that is known.
    pub origin: Option<Origin>,
    /// What its row said when the meaning at work now was first met, while the item waits.
    pub noticed: Option<Origin>,
}

/// Sizes of a mirror: items that are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MirrorCounts {
    /// By kind.
    pub by_kind: BTreeMap<Kind, u64>,
    /// By query.
    pub by_query: BTreeMap<(Kind, QueryName), u64>,
}

impl Ledger {
    /// Every key of a mailbox's mirror, cheaply, in order.
    pub fn mirror_index(&self, mailbox: MailboxId) -> Result<Vec<MirrorIndexEntry>, LedgerError> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(INDEX)?;
            let entries = statement.query_map([mailbox], |row| {
                let (origin, noticed) = origins(row, 3)?;
                Ok(MirrorIndexEntry {
                    key: row.get::<_, Word<_>>(0)?.0,
                    fingerprint: row.get::<_, Option<Digest>>(1)?.map(|digest| digest.0),
                    presence: presence(row.get(2)?),
                    origin,
                    noticed,
                })
            })?;
            Ok(entries.collect::<Result<_, _>>()?)
        })
    }

    /// The mirror of these keys, opened, with all foreign items.
    pub fn mirror(&self, mailbox: MailboxId, keys: &BTreeSet<RecordKey>) -> Result<Mirror, LedgerError> {
        self.read(|transaction| {
            let mut entries = BTreeMap::new();
            for key in keys {
                if let Some(entry) = self.entry(transaction, mailbox, key)? {
                    entries.insert(key.clone(), entry);
                }
            }
            Ok(Mirror { entries, foreign: foreign(transaction, mailbox)? })
        })
    }

    /// The whole mirror of a mailbox, opened.
    pub fn mirror_all(&self, mailbox: MailboxId) -> Result<Mirror, LedgerError> {
        self.read(|transaction| {
            let mut entries = BTreeMap::new();
            let mut statement = transaction.prepare_cached(&format!("{COLUMNS} WHERE m.mailbox = ?1"))?;
            let mut rows = statement.query([mailbox])?;
            while let Some(row) = rows.next()? {
                let (key, entry) = self.opened(mailbox, from_row(row)?)?;
                entries.insert(key, entry);
            }
            Ok(Mirror { entries, foreign: foreign(transaction, mailbox)? })
        })
    }

    /// How many items the mirror holds.
    pub fn mirror_counts(&self, mailbox: MailboxId) -> Result<MirrorCounts, LedgerError> {
        self.read(|transaction| {
            let mut counts = MirrorCounts::default();
            let mut statement = transaction.prepare_cached(
                "SELECT kind, query, count(*) FROM mirror WHERE mailbox = ?1 AND kept = 1 GROUP BY kind, query",
            )?;
            let mut rows = statement.query([mailbox])?;
            while let Some(row) = rows.next()? {
                let (kind, items) = (row.get::<_, Word<Kind>>(0)?.0, row.get::<_, Count>(2)?.0);
                *counts.by_kind.entry(kind).or_default() += items;
                counts.by_query.insert((kind, QueryName(row.get(1)?)), items);
            }
            Ok(counts)
        })
    }

    /// Remembers stamped items that are not ours.
    pub fn add_foreign(
        &self,
        mailbox: MailboxId,
        items: &[(RecordKey, ItemId)],
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        self.write(|transaction| {
            for (key, item) in items {
                transaction
                    .prepare_cached(
                        "INSERT OR IGNORE INTO foreign_item (mailbox, item, key, since) VALUES (?1, ?2, ?3, ?4)",
                    )?
                    .execute(params![mailbox, item.0, Word(key), Moment(now)])?;
            }
            Ok(())
        })
    }

    /// Stamped items that are not ours.
    pub fn foreign(&self, mailbox: MailboxId) -> Result<BTreeSet<ItemId>, LedgerError> {
        self.read(|transaction| foreign(transaction, mailbox))
    }

    /// Which mailboxes hold items of these keys.
    pub fn holders(&self, keys: &BTreeSet<RecordKey>) -> Result<BTreeMap<RecordKey, BTreeSet<MailboxId>>, LedgerError> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached("SELECT mailbox FROM mirror WHERE key = ?1")?;
            let mut holders = BTreeMap::new();
            for key in keys {
                let mailboxes: BTreeSet<MailboxId> =
                    statement.query_map([Word(key)], |row| row.get(0))?.collect::<Result<_, _>>()?;
                if !mailboxes.is_empty() {
                    holders.insert(key.clone(), mailboxes);
                }
            }
            Ok(holders)
        })
    }

    /// The entry of a key, opened.
    pub(super) fn entry(
        &self,
        transaction: &Transaction<'_>,
        mailbox: MailboxId,
        key: &RecordKey,
    ) -> Result<Option<MirrorEntry>, LedgerError> {
        let row = transaction
            .prepare_cached(&format!("{COLUMNS} WHERE m.mailbox = ?1 AND m.key = ?2"))?
            .query_one(params![mailbox, Word(key)], from_row)
            .optional()?;
        Ok(row.map(|row| self.opened(mailbox, row)).transpose()?.map(|(_, entry)| entry))
    }

    fn opened(&self, mailbox: MailboxId, row: SealedEntry) -> Result<(RecordKey, MirrorEntry), LedgerError> {
        let SealedEntry { key, mut entry, fingerprint, sealed } = row;
        if let Some(sealed) = sealed {
            let Contents { record, returned, in_doubt } = self.unseal(&sealed_as(mailbox, &key), &sealed)?;
            entry.written = fingerprint.or(in_doubt).map(|fingerprint| Written {
                fingerprint,
                record,
                returned,
                in_doubt: in_doubt.is_some(),
            });
        }
        Ok((key, entry))
    }

    /// Writes the entry of a key.
    pub(super) fn put_entry(
        &self,
        transaction: &Transaction<'_>,
        mailbox: MailboxId,
        key: &RecordKey,
        entry: &MirrorEntry,
    ) -> Result<(), LedgerError> {
        transaction
            .prepare_cached(
                "INSERT INTO mirror (mailbox, key, kind, query, item, change_key, place, fingerprint, kept, restores)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
                 ON CONFLICT (mailbox, key) DO UPDATE SET item = excluded.item, change_key = excluded.change_key,
                    place = excluded.place, fingerprint = excluded.fingerprint, kept = excluded.kept,
                    restores = excluded.restores",
            )?
            .execute(params![
                mailbox,
                Word(key),
                Word(key.kind),
                key.query.0,
                entry.item.id.0,
                entry.item.change_key.0,
                Json(&entry.place),
                entry.certain().map(|written| Digest(written.fingerprint)),
                entry.presence == Presence::Kept,
                entry.restores
            ])?;
        let Some(written) = &entry.written else {
            transaction
                .prepare_cached("DELETE FROM written WHERE mailbox = ?1 AND key = ?2")?
                .execute(params![mailbox, Word(key)])?;
            return Ok(());
        };
        let contents = Contents {
            record: Arc::clone(&written.record),
            returned: written.returned.clone(),
            in_doubt: written.in_doubt.then_some(written.fingerprint),
        };
        transaction
            .prepare_cached(
                "INSERT INTO written (mailbox, key, sealed) VALUES (?1, ?2, ?3)
                 ON CONFLICT (mailbox, key) DO UPDATE SET sealed = excluded.sealed",
            )?
            .execute(params![mailbox, Word(key), self.seal(&sealed_as(mailbox, key), &contents)?])?;
        Ok(())
    }
}

/// What is sealed of an entry; its fingerprint is a column, so that keys can be compared without opening anything.
#[derive(Serialize, Deserialize)]
struct Contents {
    record: Arc<Record>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    returned: BTreeMap<Field, Option<Value>>,
    /// The fingerprint of what may have been written: the column is empty then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    in_doubt: Option<Fingerprint>,
}

struct SealedEntry {
    key: RecordKey,
    entry: MirrorEntry,
    fingerprint: Option<Fingerprint>,
    sealed: Option<Vec<u8>>,
}

pub(super) const INDEX: &str =
    "SELECT m.key, m.fingerprint, m.kept, o.source, o.mark, o.meaning, o.noticed_source, o.noticed_meaning
     FROM mirror m LEFT JOIN origin o ON o.mailbox = m.mailbox AND o.key = m.key
     WHERE m.mailbox = ?1 ORDER BY m.key";

const COLUMNS: &str = "SELECT m.key, m.item, m.change_key, m.place, m.kept, m.restores, m.fingerprint, w.sealed
    FROM mirror m LEFT JOIN written w ON w.mailbox = m.mailbox AND w.key = m.key";

fn from_row(row: &Row<'_>) -> rusqlite::Result<SealedEntry> {
    Ok(SealedEntry {
        key: row.get::<_, Word<_>>(0)?.0,
        entry: MirrorEntry {
            item: ItemRef { id: ItemId(row.get(1)?), change_key: ChangeKey(row.get(2)?) },
            place: row.get::<_, Json<Place>>(3)?.0,
            written: None,
            presence: presence(row.get(4)?),
            restores: row.get(5)?,
        },
        fingerprint: row.get::<_, Option<Digest>>(6)?.map(|digest| digest.0),
        sealed: row.get(7)?,
    })
}

fn presence(kept: bool) -> Presence {
    if kept { Presence::Kept } else { Presence::DeletedByUser }
}

fn sealed_as(mailbox: MailboxId, key: &RecordKey) -> String {
    format!("mirror/{mailbox}/{key}")
}

fn foreign(transaction: &Transaction<'_>, mailbox: MailboxId) -> Result<BTreeSet<ItemId>, LedgerError> {
    let mut statement = transaction.prepare_cached("SELECT item FROM foreign_item WHERE mailbox = ?1")?;
    let items = statement.query_map([mailbox], |row| row.get(0).map(ItemId))?;
    Ok(items.collect::<Result<_, _>>()?)
}

/// Whether the mirror keeps an item of a key. Nothing is opened for it.
pub(super) fn is_kept(transaction: &Transaction<'_>, mailbox: MailboxId, key: &RecordKey) -> Result<bool, LedgerError> {
    let kept = transaction
        .prepare_cached("SELECT kept FROM mirror WHERE mailbox = ?1 AND key = ?2")?
        .query_one(params![mailbox, Word(key)], |row| row.get(0))
        .optional()?;
    Ok(kept.unwrap_or(false))
}

/// Removes the entry of a key, with what was written.
pub(super) fn remove_entry(
    transaction: &Transaction<'_>,
    mailbox: MailboxId,
    key: &RecordKey,
) -> Result<(), LedgerError> {
    transaction
        .prepare_cached("DELETE FROM mirror WHERE mailbox = ?1 AND key = ?2")?
        .execute(params![mailbox, Word(key)])?;
    Ok(())
}
