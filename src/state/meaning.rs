use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};

use super::{
    Ledger, LedgerError, MailboxId,
    columns::{Count, Json, Moment, Word},
    history::add_audit,
};
use crate::{
    domain::{Kind, MeaningId, Origin, RecordKey, SourceDigest},
    plan::{Meaning, MeaningChange, meaning},
};

/// An approved change of meaning on its way to the phones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    /// What changed.
    pub changes: Vec<MeaningChange>,
    /// Items that waited when it was approved.
    pub items: u64,
    /// Items that are still to be written.
    pub left: u64,
    /// When it was approved.
    pub begun: Timestamp,
}

/// A change of meaning that a person agreed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// What changed.
    pub change: MeaningChange,
    /// Who agreed.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Where an item of a mailbox comes from.
pub type KeyOrigin = (MailboxId, RecordKey, Origin);

impl Ledger {
    /// The numbers of these meanings; new ones are added.
    pub fn meaning_ids(&self, meanings: &[Meaning], now: Timestamp) -> Result<Vec<MeaningId>, LedgerError> {
        self.write(|transaction| {
            let mut ids = Vec::with_capacity(meanings.len());
            for parts in meanings {
                let known = transaction
                    .prepare_cached("SELECT id FROM meaning WHERE parts = ?1")?
                    .query_one([Json(parts)], |row| row.get(0))
                    .optional()?;
                ids.push(MeaningId(match known {
                    Some(id) => id,
                    None => {
                        transaction.execute(
                            "INSERT INTO meaning (parts, known_since) VALUES (?1, ?2)",
                            params![Json(parts), Moment(now)],
                        )?;
                        transaction.last_insert_rowid()
                    }
                }));
            }
            Ok(ids)
        })
    }

    /// Every meaning that was ever at work.
    pub fn meanings(&self) -> Result<BTreeMap<MeaningId, Meaning>, LedgerError> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached("SELECT id, parts FROM meaning")?;
            let all = statement.query_map([], |row| Ok((MeaningId(row.get(0)?), row.get::<_, Json<Meaning>>(1)?.0)))?;
            Ok(all.collect::<Result<_, _>>()?)
        })
    }

    /// Keeps what items were made from. Keys without an item are passed over.
    pub fn note_origins(&self, origins: &[KeyOrigin]) -> Result<(), LedgerError> {
        self.note(
            origins,
            "INSERT INTO origin (mailbox, key, source, mark, meaning)
             SELECT mailbox, key, ?3, ?4, ?5 FROM mirror WHERE mailbox = ?1 AND key = ?2
             ON CONFLICT DO UPDATE SET source = excluded.source, mark = excluded.mark, meaning = excluded.meaning,
                noticed_source = NULL, noticed_meaning = NULL",
        )
    }

    /// Keeps what rows said when a new meaning was first met, for items that wait. Keys without an item are passed over.
    pub fn note_noticed(&self, noticed: &[KeyOrigin]) -> Result<(), LedgerError> {
        self.note(
            noticed,
            "INSERT INTO origin (mailbox, key, noticed_source, noticed_meaning)
             SELECT mailbox, key, ?3, ?5 FROM mirror WHERE mailbox = ?1 AND key = ?2 AND ?4 IS NOT NULL
             ON CONFLICT DO UPDATE SET noticed_source = excluded.noticed_source,
                noticed_meaning = excluded.noticed_meaning",
        )
    }

    fn note(&self, origins: &[KeyOrigin], statement: &str) -> Result<(), LedgerError> {
        if origins.is_empty() {
            return Ok(());
        }
        self.write(|transaction| {
            let mut statement = transaction.prepare_cached(statement)?;
            for (mailbox, key, origin) in origins {
                let mark = origin.mark.cast_signed();
                statement.execute(params![mailbox, Word(key), origin.source.0, mark, origin.meaning.0])?;
            }
            Ok(())
        })
    }

    /// Changes of meaning that a person agreed to, the newest first.
    pub fn approvals(&self) -> Result<Vec<Approval>, LedgerError> {
        self.read(|transaction| {
            let mut statement =
                transaction.prepare_cached("SELECT change, by, at FROM meaning_approval ORDER BY at DESC, change")?;
            let all = statement.query_map([], |row| {
                let (change, at) = (row.get::<_, Json<_>>(0)?.0, row.get::<_, Moment>(2)?.0);
                Ok(Approval { change, by: row.get(1)?, at })
            })?;
            Ok(all.collect::<Result<_, _>>()?)
        })
    }

    /// The same, as a set.
    pub fn approved_meanings(&self) -> Result<BTreeSet<MeaningChange>, LedgerError> {
        Ok(self.approvals()?.into_iter().map(|approval| approval.change).collect())
    }

    /// A person agrees to a change of meaning that so many items wait for: in every mailbox, also those that cannot be reached
    /// just now, and for good.
    pub fn approve_meaning(
        &self,
        changes: &[MeaningChange],
        items: u64,
        by: &str,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        self.write(|transaction| {
            for change in changes {
                transaction.execute(
                    "INSERT OR IGNORE INTO meaning_approval (change, by, at) VALUES (?1, ?2, ?3)",
                    params![Json(change), by, Moment(now)],
                )?;
            }
            transaction.execute(
                "INSERT INTO rollout (changes, items, begun_at) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET items = excluded.items, begun_at = excluded.begun_at",
                params![Json(changes), i64::try_from(items).unwrap_or(i64::MAX), Moment(now)],
            )?;
            let event = format!("approved a change of meaning (items: {items}): {}", meaning::label(changes));
            add_audit(transaction, by, None, &event, now)
        })
    }

    /// Keeps how many items of a mailbox are still to be written anew, by kind and change.
    pub fn put_rollout_left(
        &self,
        mailbox: MailboxId,
        left: &BTreeMap<(Kind, Vec<MeaningChange>), u64>,
    ) -> Result<(), LedgerError> {
        if self.read(|transaction| rollout_left(transaction, mailbox))? == *left {
            return Ok(());
        }
        self.write(|transaction| {
            transaction.execute("DELETE FROM rollout_left WHERE mailbox = ?1", [mailbox])?;
            for ((kind, changes), items) in left {
                transaction
                    .prepare_cached("INSERT INTO rollout_left (mailbox, kind, changes, items) VALUES (?1, ?2, ?3, ?4)")?
                    .execute(params![mailbox, Word(kind), Json(changes), i64::try_from(*items).unwrap_or(i64::MAX)])?;
            }
            Ok(())
        })
    }

    /// Approved changes of meaning that are not on every phone yet, oldest first.
    pub fn rollouts(&self) -> Result<Vec<Rollout>, LedgerError> {
        self.read(rollouts)
    }
}

/// See [`Ledger::rollouts`].
pub(super) fn rollouts(transaction: &Transaction<'_>) -> Result<Vec<Rollout>, LedgerError> {
    let mut statement = transaction.prepare_cached(
        "SELECT r.changes, max(r.items, sum(l.items)), sum(l.items), r.begun_at
         FROM rollout r JOIN rollout_left l ON l.changes = r.changes GROUP BY r.changes ORDER BY r.begun_at",
    )?;
    let all = statement.query_map([], |row| {
        Ok(Rollout {
            changes: row.get::<_, Json<_>>(0)?.0,
            items: row.get::<_, Count>(1)?.0,
            left: row.get::<_, Count>(2)?.0,
            begun: row.get::<_, Moment>(3)?.0,
        })
    })?;
    Ok(all.collect::<Result<_, _>>()?)
}

fn rollout_left(
    transaction: &Transaction<'_>,
    mailbox: MailboxId,
) -> Result<BTreeMap<(Kind, Vec<MeaningChange>), u64>, LedgerError> {
    let mut statement =
        transaction.prepare_cached("SELECT kind, changes, items FROM rollout_left WHERE mailbox = ?1")?;
    let all = statement.query_map([mailbox], |row| {
        let key = (row.get::<_, Word<Kind>>(0)?.0, row.get::<_, Json<_>>(1)?.0);
        Ok((key, row.get::<_, Count>(2)?.0))
    })?;
    Ok(all.collect::<Result<_, _>>()?)
}

/// Columns of `origin` from this one on: source, mark, meaning, and what was noticed.
pub(super) fn origins(row: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<(Option<Origin>, Option<Origin>)> {
    let source: Option<[u8; 16]> = row.get(first)?;
    let mark: Option<i64> = row.get(first + 1)?;
    let meaning: Option<i64> = row.get(first + 2)?;
    let noticed: Option<[u8; 16]> = row.get(first + 3)?;
    let noticed_meaning: Option<i64> = row.get(first + 4)?;
    let origin = |source: Option<[u8; 16]>, meaning: Option<i64>, mark: i64| {
        Some(Origin { source: SourceDigest(source?), mark: mark.cast_unsigned(), meaning: MeaningId(meaning?) })
    };
    Ok((origin(source, meaning, mark.unwrap_or(0)), origin(noticed, noticed_meaning, 0)))
}
