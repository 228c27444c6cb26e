use std::fmt;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};

use super::{
    Ledger, LedgerError, UserName,
    columns::{Json, Moment},
};

/// A request, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(pub i64);

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// What a command asks of the running engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "request")]
#[non_exhaustive]
pub enum Request {
    /// A tick now.
    SyncNow {
        /// For this user alone.
        user: Option<UserName>,
    },
}

impl Ledger {
    /// Leaves a request for the running engine.
    pub fn enqueue(&self, request: &Request, now: Timestamp) -> Result<RequestId, LedgerError> {
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO request (request, made_at) VALUES (?1, ?2)",
                params![Json(request), Moment(now)],
            )?;
            Ok(RequestId(transaction.last_insert_rowid()))
        })
    }

    /// The requests that came in since the last call, oldest first. Those of a later version, which we
    /// do not know, are answered so and left out.
    pub fn take_requests(&self, now: Timestamp) -> Result<Vec<(RequestId, Request)>, LedgerError> {
        let waiting = |transaction: &Transaction<'_>| {
            let mut statement =
                transaction.prepare_cached("SELECT id, request FROM request WHERE taken_at IS NULL ORDER BY id")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<Vec<(RequestId, String)>, _>>()?)
        };
        // Asked every second: mostly there is nothing, and nothing is written then.
        if self.read(waiting)?.is_empty() {
            return Ok(Vec::new());
        }
        self.write(|transaction| {
            let mut requests = Vec::new();
            for (id, text) in waiting(transaction)? {
                transaction.execute("UPDATE request SET taken_at = ?2 WHERE id = ?1", params![id, Moment(now)])?;
                match serde_json::from_str(&text) {
                    Ok(request) => requests.push((id, request)),
                    Err(_) => answer(transaction, id, "the running Pocket Docket does not know this request", now)?,
                }
            }
            Ok(requests)
        })
    }

    /// Answers a request, with a text for the command that waits.
    pub fn answer_request(&self, id: RequestId, text: &str, now: Timestamp) -> Result<(), LedgerError> {
        self.write(|transaction| answer(transaction, id, text, now))
    }

    /// The answer, once there is one.
    pub fn answer(&self, id: RequestId) -> Result<Option<String>, LedgerError> {
        self.read(|transaction| {
            let answer: Option<Option<String>> =
                transaction.query_one("SELECT answer FROM request WHERE id = ?1", [id], |row| row.get(0)).optional()?;
            Ok(answer.flatten())
        })
    }
}

fn answer(transaction: &Transaction<'_>, id: RequestId, text: &str, now: Timestamp) -> Result<(), LedgerError> {
    transaction
        .execute("UPDATE request SET answer = ?2, answered_at = ?3 WHERE id = ?1", params![id, text, Moment(now)])?;
    Ok(())
}
