use std::{collections::BTreeSet, fmt};

use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};

use super::{
    Ledger, LedgerError, MailboxId, UserName,
    columns::{Count, Json, Moment, Word},
    history::add_audit,
    ledger::corrupt,
    mailboxes::set_first_write_released,
    owner,
    shut::seen_first,
};
use crate::{
    domain::Kind,
    plan::{Hold, HoldReason, Operation, OperationDigest, ReasonName, Release},
    ports::Owner,
};

/// How long what a person saw may be done without asking again.
const RELEASED_FOR: SignedDuration = SignedDuration::from_hours(1);

/// A hold, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HoldId(pub i64);

impl fmt::Display for HoldId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A hold, without its operations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldSummary {
    /// Which hold.
    pub id: HoldId,
    /// Whose mailbox.
    pub user: UserName,
    /// Which mailbox.
    pub mailbox: MailboxId,
    /// Which kind is held.
    pub kind: Kind,
    /// Why.
    pub reason: HoldReason,
    /// How many operations wait.
    pub operations: u64,
    /// Since when something of this kind is held for this reason.
    pub since: Timestamp,
    /// When it was last planned.
    pub planned: Timestamp,
    /// When a person released it.
    pub released: Option<Timestamp>,
}

/// A hold with exactly the operations that wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldOperations {
    /// The hold.
    #[serde(flatten)]
    pub hold: HoldSummary,
    /// What waits.
    pub waiting: Vec<Operation>,
}

/// What a release did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Released {
    /// How many operations may pass until then.
    pub operations: u64,
    /// When the release expires.
    pub until: Timestamp,
}

impl Ledger {
    /// Keeps the holds of a mailbox's newest plan. A hold of the same kind and reason keeps its id and its beginning; those
    /// that the plan does not have any more are closed.
    pub fn put_holds(
        &self,
        mailbox: MailboxId,
        user: &UserName,
        holds: &[Hold],
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        self.write(|transaction| {
            for hold in holds {
                let identity = hold.reason.name().0;
                let sealed = self.seal(&sealed_as(mailbox, hold.kind, &identity), &hold.operations)?;
                transaction.execute(
                    "INSERT INTO hold (mailbox, user, kind, identity, reason, operations, sealed, since, planned)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)
                     ON CONFLICT (mailbox, kind, identity) WHERE closed_at IS NULL DO UPDATE SET user = excluded.user,
                        reason = excluded.reason, operations = excluded.operations, sealed = excluded.sealed,
                        planned = excluded.planned, released_at = NULL",
                    params![
                        mailbox,
                        user.as_str(),
                        Word(hold.kind),
                        identity,
                        Json(&hold.reason),
                        i64::try_from(hold.operations.len()).unwrap_or(i64::MAX),
                        sealed,
                        Moment(now)
                    ],
                )?;
            }
            let current: BTreeSet<(Kind, String)> =
                holds.iter().map(|hold| (hold.kind, hold.reason.name().0)).collect();
            let mut statement = transaction
                .prepare_cached("SELECT id, kind, identity FROM hold WHERE mailbox = ?1 AND closed_at IS NULL")?;
            let open = statement
                .query_map([mailbox], |row| Ok((row.get(0)?, (row.get::<_, Word<Kind>>(1)?.0, row.get(2)?))))?
                .collect::<Result<Vec<(HoldId, (Kind, String))>, _>>()?;
            for (id, identity) in open {
                if !current.contains(&identity) {
                    transaction.execute("UPDATE hold SET closed_at = ?2 WHERE id = ?1", params![id, Moment(now)])?;
                }
            }
            Ok(())
        })
    }

    /// Everything that waits for a person, oldest first.
    pub fn holds(&self) -> Result<Vec<HoldSummary>, LedgerError> {
        self.read(open)
    }

    /// What waits for a person in one mailbox, oldest first.
    pub fn holds_of(&self, mailbox: MailboxId) -> Result<Vec<HoldSummary>, LedgerError> {
        self.read(|transaction| open_of(transaction, mailbox))
    }

    /// One hold with its operations.
    pub fn hold(&self, id: HoldId) -> Result<HeldOperations, LedgerError> {
        self.read(|transaction| self.held(transaction, id))
    }

    /// Releases a hold as it is now, see [`Self::release_shown`].
    pub fn release(&self, id: HoldId, by: &str, now: Timestamp) -> Result<Released, LedgerError> {
        self.release_shown(&self.hold(id)?, by, now)
    }

    /// Releases exactly the operations that were shown from this hold, for one hour; what a newer plan added to it still waits,
    /// and what another hold has too waits for that one. Of the last first write of a mailbox: it counts as begun. Of another
    /// writer: its owner is accepted and the folder taken over. Of an unknown firm: its stamps count as ours.
    pub fn release_shown(&self, shown: &HeldOperations, by: &str, now: Timestamp) -> Result<Released, LedgerError> {
        let until = now.saturating_add(RELEASED_FOR).map_err(|error| LedgerError::Corrupt {
            what: "the clock cannot be right".to_owned(),
            source: Some(error.into()),
        })?;
        self.write(|transaction| {
            let HeldOperations { hold, waiting } = self.held(transaction, shown.hold.id)?;
            let reason = hold.reason.name();
            if reason != shown.hold.reason.name() {
                return Err(LedgerError::NoSuchHold(shown.hold.id));
            }
            let seen: BTreeSet<OperationDigest> = shown.waiting.iter().map(Operation::digest).collect();
            for digest in &seen {
                transaction
                    .prepare_cached(
                        "INSERT INTO release (mailbox, digest, reason, until) VALUES (?1, ?2, ?3, ?4)
                         ON CONFLICT DO UPDATE SET until = excluded.until, used = 0",
                    )?
                    .execute(params![hold.mailbox, digest.0, reason.0, Moment(until)])?;
            }
            if waiting.iter().all(|operation| seen.contains(&operation.digest())) {
                transaction.execute("UPDATE hold SET released_at = ?2 WHERE id = ?1", params![hold.id, Moment(now)])?;
            }
            settle_reason(transaction, &hold, by, now)?;
            let event = format!("released hold {} ({} operations of kind {})", hold.id, seen.len(), hold.kind);
            add_audit(transaction, by, Some(&hold.user), &event, now)?;
            Ok(Released { operations: u64::try_from(seen.len()).unwrap_or(u64::MAX), until })
        })
    }

    /// The operations of a mailbox that a person released within the last hour and that are not done yet, with the holds they
    /// were released from.
    pub fn released(&self, mailbox: MailboxId, now: Timestamp) -> Result<Release, LedgerError> {
        self.read(|transaction| {
            let mut statement = transaction
                .prepare_cached("SELECT digest, reason FROM release WHERE mailbox = ?1 AND until > ?2 AND used = 0")?;
            let mut rows = statement.query(params![mailbox, Moment(now)])?;
            let mut release = Release::default();
            while let Some(row) = rows.next()? {
                release.add(OperationDigest(row.get(0)?), ReasonName(row.get(1)?));
            }
            Ok(release)
        })
    }

    fn held(&self, transaction: &Transaction<'_>, id: HoldId) -> Result<HeldOperations, LedgerError> {
        let hold = transaction
            .query_one(&format!("{COLUMNS} AND id = ?1"), [id], from_row)
            .optional()?
            .ok_or(LedgerError::NoSuchHold(id))?;
        let sealed: Vec<u8> = transaction.query_one("SELECT sealed FROM hold WHERE id = ?1", [id], |row| row.get(0))?;
        let waiting = self.unseal(&sealed_as(hold.mailbox, hold.kind, &hold.reason.name().0), &sealed)?;
        Ok(HeldOperations { hold, waiting })
    }
}

/// What a person settles by releasing a hold, besides letting its operations pass.
fn settle_reason(
    transaction: &Transaction<'_>,
    hold: &HoldSummary,
    by: &str,
    now: Timestamp,
) -> Result<(), LedgerError> {
    match &hold.reason {
        // Each kind's first plan is a hold of its own: the mailbox has begun when a person saw them all.
        HoldReason::FirstWrite => {
            let mailbox_holds = open_of(transaction, hold.mailbox)?.into_iter();
            let mut first = mailbox_holds.filter(|other| other.reason == HoldReason::FirstWrite);
            if first.all(|other| other.released.is_some()) {
                set_first_write_released(transaction, hold.mailbox, true)?;
            }
            seen_first(transaction, hold.mailbox, hold.kind)
        }
        HoldReason::AnotherWriter { owner } => owner::accept_owner(transaction, &Owner(owner.clone()), by, now),
        HoldReason::UnknownFirm { firm, .. } => {
            let firm = firm.parse().map_err(|_| corrupt(format!("`{firm}` is not a firm id")))?;
            owner::adopt_firm(transaction, firm, by, now)
        }
        _ => Ok(()),
    }
}

const COLUMNS: &str = "SELECT id, user, mailbox, kind, reason, operations, since, planned, released_at FROM hold
    WHERE closed_at IS NULL";

fn from_row(row: &Row<'_>) -> rusqlite::Result<HoldSummary> {
    Ok(HoldSummary {
        id: row.get(0)?,
        user: row.get::<_, Word<_>>(1)?.0,
        mailbox: row.get(2)?,
        kind: row.get::<_, Word<_>>(3)?.0,
        reason: row.get::<_, Json<_>>(4)?.0,
        operations: row.get::<_, Count>(5)?.0,
        since: row.get::<_, Moment>(6)?.0,
        planned: row.get::<_, Moment>(7)?.0,
        released: row.get::<_, Option<Moment>>(8)?.map(|moment| moment.0),
    })
}

/// Every open hold, oldest first.
pub(super) fn open(transaction: &Transaction<'_>) -> Result<Vec<HoldSummary>, LedgerError> {
    let mut statement = transaction.prepare_cached(&format!("{COLUMNS} ORDER BY since, id"))?;
    Ok(statement.query_map([], from_row)?.collect::<Result<_, _>>()?)
}

/// The open holds of a mailbox, oldest first.
fn open_of(transaction: &Transaction<'_>, mailbox: MailboxId) -> Result<Vec<HoldSummary>, LedgerError> {
    let mut statement = transaction.prepare_cached(&format!("{COLUMNS} AND mailbox = ?1 ORDER BY since, id"))?;
    Ok(statement.query_map([mailbox], from_row)?.collect::<Result<_, _>>()?)
}

/// Uses up the releases of an operation that was begun while the release was valid; true if there was one.
pub(super) fn use_release(
    transaction: &Transaction<'_>,
    mailbox: MailboxId,
    digest: OperationDigest,
    begun: Timestamp,
) -> Result<bool, LedgerError> {
    let used = transaction
        .prepare_cached("UPDATE release SET used = 1 WHERE mailbox = ?1 AND digest = ?2 AND until > ?3 AND used = 0")?
        .execute(params![mailbox, digest.0, Moment(begun)])?;
    Ok(used > 0)
}

pub(super) fn sealed_as(mailbox: MailboxId, kind: Kind, identity: &str) -> String {
    format!("hold/{mailbox}/{kind}/{identity}")
}
