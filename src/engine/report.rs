use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    diagnosis::Cause,
    domain::{Kind, Mirror},
    plan::{Operation, Plan, undo::Refused},
    ports::{Failure, FailureKind},
    state::{Leftovers, MailboxId, RunCounts, UndoTask, UserName},
};

/// What one mailbox's pass did, for whoever waits for it.
#[derive(Debug, Serialize)]
pub struct CycleReport {
    /// Whose mailbox.
    pub user: UserName,
    /// What was done.
    pub counts: RunCounts,
    /// Why it ended early, with what to do, if it did.
    pub trouble: Option<ReportedTrouble>,
    /// Holds that wait for a person; one that closes a whole folder names no operation.
    pub holds: usize,
    /// Items without our stamp, before the first write: how many there are and how many look like no record.
    pub leftovers: BTreeMap<Kind, Leftovers>,
    /// The plan: for a rehearsal with the operations that would be executed, otherwise with what is held.
    #[serde(skip)]
    pub plan: Plan,
    /// For a rehearsal: what would be undone, and what would not.
    #[serde(skip)]
    pub undo: Vec<Undoing>,
}

/// How something would be undone.
#[derive(Clone, Debug)]
pub struct Undoing {
    /// Whose mailbox.
    pub user: UserName,
    /// Which mailbox.
    pub mailbox: MailboxId,
    /// What is asked for.
    pub task: UndoTask,
    /// What the mirror has of the records that are asked for.
    pub mirror: Mirror,
    /// The operation, or why there is none.
    pub outcome: Result<Operation, Refused>,
}

/// Why something ended early.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReportedTrouble {
    /// What happened, with its chain of causes.
    pub cause: String,
    /// What to do about it.
    pub remedy: Option<String>,
    /// Whether it goes away by itself.
    pub passes: bool,
    /// Its kind, if a mailbox or the practice database is in trouble and not the ledger.
    #[serde(skip)]
    pub kind: Option<FailureKind>,
    /// Why, by name, where a sign-in or the way to the mailbox failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub named: Option<Cause>,
}

impl ReportedTrouble {
    /// A failure, for whoever waits for it.
    pub(super) fn of(failure: &Failure) -> Self {
        Self {
            cause: failure.chain(),
            remedy: failure.hint.clone(),
            passes: failure.kind.passes(),
            kind: Some(failure.kind),
            named: failure.cause,
        }
    }
}

/// What one tick did.
#[derive(Debug, Default, Serialize)]
pub struct TickReport {
    /// Rows that the practice database returned in full.
    pub rows: u64,
    /// Rows of sweeps: key, person and `changed` alone.
    pub swept: u64,
    /// What is wrong with the practice database, if something is.
    pub source_trouble: Option<ReportedTrouble>,
    /// Mailboxes that were passed, by user.
    pub cycles: Vec<CycleReport>,
}

/// How far a pass is, for whoever watches.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Whose mailbox.
    pub user: UserName,
    /// Operations settled so far.
    pub settled: u64,
    /// Operations of the plan.
    pub planned: u64,
}
