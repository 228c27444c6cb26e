use std::fmt;

use jiff::Timestamp;
use rusqlite::{Row, ToSql, Transaction, params, params_from_iter};
use serde::{Deserialize, Serialize};

use super::{
    Ledger, LedgerError, MailboxId, UserName,
    columns::{Json, Moment, Word},
};
use crate::{
    domain::{Field, RecordKey, RemovalManner},
    plan::{Action, Operation, Why},
};

/// A run: one pass over one mailbox, or one tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub i64);

impl fmt::Display for RunId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunCounts {
    /// Items created.
    pub created: u64,
    /// Items changed.
    pub updated: u64,
    /// Items of an earlier sync taken over.
    pub adopted: u64,
    /// Items removed.
    pub deleted: u64,
    /// Operations held for a person.
    pub held: u64,
    /// Operations that failed.
    pub failed: u64,
}

/// A run, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Which run.
    pub id: RunId,
    /// Whose mailbox; `None` for a tick.
    pub user: Option<UserName>,
    /// When it began.
    pub begun: Timestamp,
    /// When it ended; `None` while it runs, or when it was cut off.
    pub ended: Option<Timestamp>,
    /// What it did.
    pub counts: RunCounts,
    /// Why it ended early, if it did.
    pub trouble: Option<String>,
}

/// One operation that was done or tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// When.
    pub at: Timestamp,
    /// In which run.
    pub run: RunId,
    /// Whose run.
    pub user: Option<UserName>,
    /// In which mailbox.
    pub mailbox: MailboxId,
    /// Which record.
    pub key: RecordKey,
    /// What was done: `create`, `update`, `delete`, `delete-for-good`, `own`, `respect`, `forget`; `undo-create`,
    /// `undo-update`, `undo-delete`, `undo-adopt` where that was undone.
    pub what: String,
    /// The fields that were set or cleared, by their words.
    pub fields: Vec<String>,
    /// Why.
    pub why: String,
    /// What became of it: `stored`, `removed`, `owned`, `forgotten`, `respected`, `given`, `failed`, `unknown`, `recovered`.
    pub outcome: String,
    /// More about it, where there is more.
    pub detail: Option<String>,
}

/// Which entries of the history are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryFilter {
    /// Of this user alone.
    pub user: Option<UserName>,
    /// Of this record alone.
    pub key: Option<RecordKey>,
    /// Not older than this.
    pub since: Option<Timestamp>,
    /// At most so many.
    pub limit: Option<u32>,
}

/// Something a person did, or that was done to a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who or what did it.
    pub by: String,
    /// To whom, where it is about a user.
    pub user: Option<UserName>,
    /// What was done.
    pub event: String,
}

impl Ledger {
    /// A run begins.
    pub fn begin_run(&self, user: Option<&UserName>, now: Timestamp) -> Result<RunId, LedgerError> {
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO run (user, begun, counts) VALUES (?1, ?2, ?3)",
                params![user.map(UserName::as_str), Moment(now), Json(RunCounts::default())],
            )?;
            Ok(RunId(transaction.last_insert_rowid()))
        })
    }

    /// A run ends, in good order (`trouble: None`) or not.
    pub fn end_run(
        &self,
        run: RunId,
        counts: RunCounts,
        trouble: Option<&str>,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE run SET ended = ?2, counts = ?3, trouble = ?4 WHERE id = ?1",
                params![run, Moment(now), Json(counts), trouble],
            )?;
            Ok(())
        })
    }

    /// The last runs of a user, or (`None`) the last ticks; newest first.
    pub fn runs(&self, user: Option<&UserName>, limit: u32) -> Result<Vec<Run>, LedgerError> {
        self.read(|transaction| last_runs(transaction, user, limit))
    }

    /// What was done, newest first.
    pub fn history(&self, filter: &HistoryFilter) -> Result<Vec<HistoryEntry>, LedgerError> {
        let mut select = String::from(
            "SELECT h.at, h.run, r.user, h.mailbox, h.key, h.what, h.outcome, h.fields, h.sealed
             FROM history h LEFT JOIN run r ON r.id = h.run WHERE TRUE",
        );
        let mut values: Vec<Box<dyn ToSql>> = Vec::new();
        let mut demand = |condition: &str, value: Box<dyn ToSql>| {
            values.push(value);
            select.push_str(&[" AND ", condition, " ?", &values.len().to_string()].concat());
        };
        if let Some(user) = &filter.user {
            demand("r.user =", Box::new(Word(user.clone())));
        }
        if let Some(key) = &filter.key {
            demand("h.key =", Box::new(Word(key.clone())));
        }
        if let Some(since) = filter.since {
            demand("h.at >=", Box::new(Moment(since)));
        }
        select.push_str(" ORDER BY h.number DESC LIMIT ");
        select.push_str(&filter.limit.unwrap_or(u32::MAX).to_string());
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(&select)?;
            let mut rows = statement.query(params_from_iter(&values))?;
            let mut entries = Vec::new();
            while let Some(row) = rows.next()? {
                let (mailbox, sealed): (MailboxId, Vec<u8>) = (row.get(3)?, row.get(8)?);
                let key: RecordKey = row.get::<_, Word<_>>(4)?.0;
                let (why, detail) = self.unseal(&sealed_as(mailbox, &key), &sealed)?;
                entries.push(HistoryEntry {
                    at: row.get::<_, Moment>(0)?.0,
                    run: row.get(1)?,
                    user: row.get::<_, Option<Word<_>>>(2)?.map(|word| word.0),
                    mailbox,
                    key,
                    what: row.get(5)?,
                    fields: row.get::<_, Json<_>>(7)?.0,
                    why,
                    outcome: row.get(6)?,
                    detail,
                });
            }
            Ok(entries)
        })
    }

    /// Adds to the audit trail. Nothing ever changes or removes an entry.
    pub fn audit(&self, by: &str, user: Option<&UserName>, event: &str, now: Timestamp) -> Result<(), LedgerError> {
        self.write(|transaction| add_audit(transaction, by, user, event, now))
    }

    /// The audit trail, newest first.
    pub fn audit_trail(&self, user: Option<&UserName>, limit: u32) -> Result<Vec<AuditEntry>, LedgerError> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT at, by, user, event FROM audit WHERE ?1 IS NULL OR user = ?1 ORDER BY number DESC LIMIT ?2",
            )?;
            let entries = statement.query_map(params![user.map(UserName::as_str), limit], |row| {
                Ok(AuditEntry {
                    at: row.get::<_, Moment>(0)?.0,
                    by: row.get(1)?,
                    user: row.get::<_, Option<Word<_>>>(2)?.map(|word| word.0),
                    event: row.get(3)?,
                })
            })?;
            Ok(entries.collect::<Result<_, _>>()?)
        })
    }

    /// Adds what became of an operation. Why and details may quote a row or a server, so they are sealed.
    #[expect(clippy::too_many_arguments, reason = "one entry, as it is")]
    pub(super) fn add_history(
        &self,
        transaction: &Transaction<'_>,
        mailbox: MailboxId,
        run: RunId,
        operation: &Operation,
        outcome: &str,
        detail: Option<&str>,
        before_image: Option<i64>,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let key = &operation.key;
        let undone = operation.why == Why::Undone;
        let (what, fields): (_, Vec<Field>) = match &operation.action {
            Action::Delete { .. } if undone => ("undo-create", Vec::new()),
            Action::Own { .. } if undone => ("undo-update", Vec::new()),
            Action::Update { set, clear, .. } => {
                (if undone { "undo-update" } else { "update" }, set.keys().chain(clear).copied().collect())
            }
            Action::GiveBack { .. } => ("undo-delete", Vec::new()),
            Action::HandBack { set, clear, .. } => ("undo-adopt", set.keys().chain(clear).copied().collect()),
            Action::Create { .. } => ("create", Vec::new()),
            Action::Adopt { set, .. } => ("adopt", set.keys().copied().collect()),
            Action::Delete { manner: RemovalManner::ToDeletedItems, .. } => ("delete", Vec::new()),
            Action::Delete { manner: RemovalManner::ForGood, .. } => ("delete-for-good", Vec::new()),
            Action::Own { .. } => ("own", Vec::new()),
            Action::Respect => ("respect", Vec::new()),
            Action::Forget => ("forget", Vec::new()),
        };
        let sealed = self.seal(&sealed_as(mailbox, key), &(operation.why.to_string(), detail))?;
        transaction
            .prepare_cached(
                "INSERT INTO history (at, run, mailbox, key, what, outcome, fields, sealed, before_image)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                Moment(now),
                run,
                mailbox,
                Word(key),
                what,
                outcome,
                Json(fields),
                sealed,
                before_image
            ])?;
        Ok(())
    }
}

pub(super) fn sealed_as(mailbox: MailboxId, key: &RecordKey) -> String {
    format!("history/{mailbox}/{key}")
}

/// The last runs of a user, or the last ticks.
pub(super) fn last_runs(
    transaction: &Transaction<'_>,
    user: Option<&UserName>,
    limit: u32,
) -> Result<Vec<Run>, LedgerError> {
    let mut statement = transaction.prepare_cached(
        "SELECT id, user, begun, ended, counts, trouble FROM run WHERE user IS ?1 ORDER BY id DESC LIMIT ?2",
    )?;
    let runs = statement.query_map(params![user.map(UserName::as_str), limit], run_from_row)?;
    Ok(runs.collect::<Result<_, _>>()?)
}

fn run_from_row(row: &Row<'_>) -> rusqlite::Result<Run> {
    Ok(Run {
        id: row.get(0)?,
        user: row.get::<_, Option<Word<_>>>(1)?.map(|word| word.0),
        begun: row.get::<_, Moment>(2)?.0,
        ended: row.get::<_, Option<Moment>>(3)?.map(|moment| moment.0),
        counts: row.get::<_, Json<_>>(4)?.0,
        trouble: row.get(5)?,
    })
}

/// Adds to the audit trail, within the transaction of what it tells.
pub(super) fn add_audit(
    transaction: &Transaction<'_>,
    by: &str,
    user: Option<&UserName>,
    event: &str,
    now: Timestamp,
) -> Result<(), LedgerError> {
    transaction.execute(
        "INSERT INTO audit (at, by, user, event) VALUES (?1, ?2, ?3, ?4)",
        params![Moment(now), by, user.map(UserName::as_str), event],
    )?;
    Ok(())
}
