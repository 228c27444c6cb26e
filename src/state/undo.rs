use std::{collections::BTreeSet, fmt};

use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, Row, ToSql, Transaction, params, params_from_iter};
use serde::{Deserialize, Serialize};

use super::{
    Ledger, LedgerError, MailboxId, RunId,
    columns::{Json, Moment, Word},
    history::{add_audit, sealed_as},
    proposals::before_name,
};
use crate::{
    domain::{Field, RecordKey},
    plan::{
        OperationDigest,
        undo::{Deed, Past, Refused},
    },
};

/// How long what was shown may wait for its mailbox.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(1);

/// Something that a person asked to be undone, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UndoId(pub i64);

impl fmt::Display for UndoId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// What is to be undone. Conditions add up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UndoFilter {
    /// What this run did.
    pub run: Option<RunId>,
    /// What was done in the mailbox of this user.
    pub mailbox: Option<MailboxId>,
    /// What was done for this record.
    pub key: Option<RecordKey>,
    /// Not earlier than this.
    pub since: Option<Timestamp>,
    /// Earlier than this.
    pub until: Option<Timestamp>,
}

/// What was done for one record in one mailbox and is to be undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undoable {
    /// In which mailbox.
    pub mailbox: MailboxId,
    /// For which record.
    pub key: RecordKey,
    /// Which entries of its history.
    pub entries: BTreeSet<i64>,
}

/// What a person asked to be undone and is not done yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndoTask {
    /// Which one.
    pub id: UndoId,
    /// For which record.
    pub key: RecordKey,
    /// Which entries of its history.
    pub entries: BTreeSet<i64>,
    /// The operation that was shown; `None` for a rehearsal, which shows it.
    pub shown: Option<OperationDigest>,
    /// When it was asked for.
    pub asked: Timestamp,
}

impl UndoTask {
    /// Whether it waited for too long: what was shown then may not be what is wanted now.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now.duration_since(self.asked) > GOOD_FOR
    }
}

/// What became of something that a person asked to be undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum UndoState {
    /// It waits for its mailbox, for an hour at most.
    Waiting,
    /// It is done.
    Done,
    /// It is not done.
    Refused {
        /// Why not.
        why: Refused,
    },
}

impl Ledger {
    /// What was written into mailboxes and fits, the newest first.
    pub fn undoable(&self, filter: &UndoFilter) -> Result<Vec<Undoable>, LedgerError> {
        let mut select = format!("SELECT number, mailbox, key FROM history WHERE {DEEDS}");
        let mut values: Vec<Box<dyn ToSql>> = Vec::new();
        let mut demand = |condition: &str, value: Box<dyn ToSql>| {
            values.push(value);
            select.push_str(&[" AND ", condition, " ?", &values.len().to_string()].concat());
        };
        if let Some(run) = filter.run {
            demand("run =", Box::new(run));
        }
        if let Some(mailbox) = filter.mailbox {
            demand("mailbox =", Box::new(mailbox));
        }
        if let Some(key) = &filter.key {
            demand("key =", Box::new(Word(key.clone())));
        }
        if let Some(since) = filter.since {
            demand("at >=", Box::new(Moment(since)));
        }
        if let Some(until) = filter.until {
            demand("at <", Box::new(Moment(until)));
        }
        select.push_str(" ORDER BY number DESC");
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(&select)?;
            let mut rows = statement.query(params_from_iter(&values))?;
            let mut found: Vec<Undoable> = Vec::new();
            let mut places = std::collections::HashMap::new();
            while let Some(row) = rows.next()? {
                let (number, mailbox): (i64, MailboxId) = (row.get(0)?, row.get(1)?);
                let key: RecordKey = row.get::<_, Word<_>>(2)?.0;
                let place = *places.entry((mailbox, key.clone())).or_insert(found.len());
                if place == found.len() {
                    found.push(Undoable { mailbox, key, entries: BTreeSet::new() });
                }
                if let Some(one) = found.get_mut(place) {
                    one.entries.insert(number);
                }
            }
            Ok(found)
        })
    }

    /// Everything that was done to the items of a record, oldest first, from this entry on.
    pub fn past(&self, mailbox: MailboxId, key: &RecordKey, from: i64) -> Result<Vec<Past>, LedgerError> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(&format!(
                "SELECT h.number, h.at, h.run, h.what, h.outcome, h.fields, h.sealed, h.undone_by, b.sealed
                 FROM history h LEFT JOIN before_image b
                    ON b.number = h.before_image AND b.mailbox = h.mailbox AND b.key = h.key AND b.at = h.at
                 WHERE h.mailbox = ?1 AND h.key = ?2 AND h.number >= ?3 AND {DEEDS} ORDER BY h.number"
            ))?;
            let mut rows = statement.query(params![mailbox, Word(key), from])?;
            let mut past = Vec::new();
            while let Some(row) = rows.next()? {
                let (what, outcome): (String, String) = (row.get(3)?, row.get(4)?);
                let sealed: Vec<u8> = row.get(6)?;
                let (_, detail): (String, Option<String>) = self.unseal(&sealed_as(mailbox, key), &sealed)?;
                let Some(deed) = deed(&what, &outcome, detail.as_deref()) else { continue };
                let words: Vec<String> = row.get::<_, Json<_>>(5)?.0;
                let image: Option<Vec<u8>> = row.get(8)?;
                past.push(Past {
                    number: row.get(0)?,
                    at: row.get::<_, Moment>(1)?.0,
                    run: row.get(2)?,
                    deed,
                    fields: words.iter().filter_map(|word| word.parse::<Field>().ok()).collect(),
                    before: image.map(|image| self.unseal(&before_name(mailbox, key), &image)).transpose()?,
                    undone: row.get::<_, Option<RunId>>(7)?.is_some(),
                });
            }
            Ok(past)
        })
    }

    /// A person asks for this to be undone, each exactly as it was shown. What was asked for the same records before and is not
    /// done is replaced.
    pub fn ask_undo(
        &self,
        wanted: &[(Undoable, Option<OperationDigest>)],
        by: &str,
        now: Timestamp,
    ) -> Result<Vec<UndoId>, LedgerError> {
        self.write(|transaction| {
            let mut ids = Vec::new();
            for (undoable, shown) in wanted {
                let Undoable { mailbox, key, entries } = undoable;
                close_open(transaction, *mailbox, key, Some(&Refused::Differs), now)?;
                transaction
                    .prepare_cached(
                        "INSERT INTO undo (mailbox, key, asked_at, asked_by, entries, shown)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    )?
                    .execute(params![mailbox, Word(key), Moment(now), by, Json(entries), shown.map(|shown| shown.0)])?;
                ids.push(UndoId(transaction.last_insert_rowid()));
            }
            if !ids.is_empty() {
                add_audit(transaction, by, None, &format!("asked for {} records to be undone", ids.len()), now)?;
            }
            Ok(ids)
        })
    }

    /// What is to be undone in a mailbox.
    pub fn open_undo(&self, mailbox: MailboxId) -> Result<Vec<UndoTask>, LedgerError> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT id, key, entries, shown, asked_at FROM undo
                 WHERE mailbox = ?1 AND closed_at IS NULL ORDER BY id",
            )?;
            Ok(statement.query_map([mailbox], task)?.collect::<Result<_, _>>()?)
        })
    }

    /// Mailboxes in which something is to be undone.
    pub fn undo_waits_in(&self) -> Result<BTreeSet<MailboxId>, LedgerError> {
        self.read(|transaction| {
            let mut statement =
                transaction.prepare_cached("SELECT DISTINCT mailbox FROM undo WHERE closed_at IS NULL")?;
            Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
        })
    }

    /// Something is not undone, for this reason.
    pub fn refuse_undo(&self, id: UndoId, why: &Refused, now: Timestamp) -> Result<(), LedgerError> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE undo SET closed_at = ?2, refused = ?3 WHERE id = ?1 AND closed_at IS NULL",
                params![id, Moment(now), Json(why)],
            )?;
            Ok(())
        })
    }

    /// What became of something that was to be undone; `None` once it is forgotten.
    pub fn undo_state(&self, id: UndoId) -> Result<Option<UndoState>, LedgerError> {
        self.read(|transaction| {
            let state = transaction
                .query_one("SELECT closed_at IS NOT NULL, refused FROM undo WHERE id = ?1", [id], |row| {
                    Ok(match (row.get(0)?, row.get::<_, Option<Json<Refused>>>(1)?) {
                        (false, _) => UndoState::Waiting,
                        (true, None) => UndoState::Done,
                        (true, Some(why)) => UndoState::Refused { why: why.0 },
                    })
                })
                .optional()?;
            Ok(state)
        })
    }

    /// The last undo of a record in a mailbox: by which run, if what it did still stands.
    pub fn undone_since(&self, mailbox: MailboxId, key: &RecordKey) -> Result<Option<RunId>, LedgerError> {
        self.read(|transaction| {
            let last: Option<(RunId, String)> = transaction
                .query_one(
                    &format!("SELECT run, what FROM history WHERE mailbox = ?1 AND key = ?2 AND {DEEDS} ORDER BY number DESC LIMIT 1"),
                    params![mailbox, Word(key)],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .optional()?;
            Ok(last.filter(|(_, what)| what.starts_with("undo-")).map(|(run, _)| run))
        })
    }
}

/// Entries of the history that say what was written into a mailbox.
const DEEDS: &str = "outcome IN ('stored', 'removed', 'given', 'recovered', 'owned')
    AND what IN ('create', 'update', 'adopt', 'delete', 'delete-for-good', 'undo-create', 'undo-update', 'undo-delete', 'undo-adopt')";

fn deed(what: &str, outcome: &str, detail: Option<&str>) -> Option<Deed> {
    // What a recovery found out counts as done if it was.
    if outcome == "recovered" {
        let done = match what {
            "delete" | "delete-for-good" | "undo-create" => "there is no item",
            _ => "the item is there",
        };
        if detail != Some(done) {
            return None;
        }
    }
    Some(match what {
        "create" => Deed::Created,
        "update" => Deed::Updated,
        "adopt" => Deed::Adopted,
        "delete" => Deed::Removed,
        "delete-for-good" => Deed::RemovedForGood,
        "undo-create" => Deed::CreationUndone,
        "undo-update" => Deed::UpdateUndone,
        "undo-delete" => Deed::RemovalUndone,
        "undo-adopt" => Deed::AdoptionUndone,
        _ => return None,
    })
}

fn task(row: &Row<'_>) -> rusqlite::Result<UndoTask> {
    Ok(UndoTask {
        id: row.get(0)?,
        key: row.get::<_, Word<_>>(1)?.0,
        entries: row.get::<_, Json<_>>(2)?.0,
        shown: row.get::<_, Option<[u8; 16]>>(3)?.map(OperationDigest),
        asked: row.get::<_, Moment>(4)?.0,
    })
}

/// What was asked for a record is done: its entries count as undone from now on, and what they had undone themselves does not.
pub(super) fn finish(
    transaction: &Transaction<'_>,
    mailbox: MailboxId,
    key: &RecordKey,
    run: RunId,
    now: Timestamp,
) -> Result<(), LedgerError> {
    let entries: Option<Json<BTreeSet<i64>>> = transaction
        .prepare_cached("SELECT entries FROM undo WHERE mailbox = ?1 AND key = ?2 AND closed_at IS NULL")?
        .query_one(params![mailbox, Word(key)], |row| row.get(0))
        .optional()?;
    for number in entries.into_iter().flat_map(|entries| entries.0) {
        transaction
            .prepare_cached(
                "UPDATE history SET undone_by = NULL WHERE mailbox = ?1 AND key = ?2 AND undone_by =
                    (SELECT run FROM history WHERE number = ?3 AND what LIKE 'undo-%')",
            )?
            .execute(params![mailbox, Word(key), number])?;
        transaction
            .prepare_cached("UPDATE history SET undone_by = ?4 WHERE number = ?3 AND mailbox = ?1 AND key = ?2")?
            .execute(params![mailbox, Word(key), number, run])?;
    }
    close_open(transaction, mailbox, key, None, now)
}

/// Closes what is asked for a record, as done or as refused.
pub(super) fn close_open(
    transaction: &Transaction<'_>,
    mailbox: MailboxId,
    key: &RecordKey,
    refused: Option<&Refused>,
    now: Timestamp,
) -> Result<(), LedgerError> {
    transaction
        .prepare_cached(
            "UPDATE undo SET closed_at = ?3, refused = ?4 WHERE mailbox = ?1 AND key = ?2 AND closed_at IS NULL",
        )?
        .execute(params![mailbox, Word(key), Moment(now), refused.map(Json)])?;
    Ok(())
}
