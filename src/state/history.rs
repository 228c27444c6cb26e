use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Ledger, LedgerError, MailboxId, UserName};
use crate::domain::RecordKey;

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
    /// What was done: `create`, `update`, `delete`, `own`, `respect`, `forget`.
    pub what: String,
    /// The fields that were set or cleared, by their words.
    pub fields: Vec<String>,
    /// Why.
    pub why: String,
    /// What became of it: `stored`, `removed`, `owned`, `forgotten`, `respected`, `failed`, `unknown`, `recovered`.
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
        unimplemented!()
    }

    /// A run ends, in good order (`trouble: None`) or not.
    pub fn end_run(
        &self,
        run: RunId,
        counts: RunCounts,
        trouble: Option<&str>,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        unimplemented!()
    }

    /// The last runs, newest first.
    pub fn runs(&self, user: Option<&UserName>, limit: u32) -> Result<Vec<Run>, LedgerError> {
        unimplemented!()
    }

    /// What was done, newest first.
    pub fn history(&self, filter: &HistoryFilter) -> Result<Vec<HistoryEntry>, LedgerError> {
        unimplemented!()
    }

    /// Adds to the audit trail. Nothing ever changes or removes an entry.
    pub fn audit(&self, by: &str, user: Option<&UserName>, event: &str, now: Timestamp) -> Result<(), LedgerError> {
        unimplemented!()
    }

    /// The audit trail, newest first.
    pub fn audit_trail(&self, user: Option<&UserName>, limit: u32) -> Result<Vec<AuditEntry>, LedgerError> {
        unimplemented!()
    }
}
