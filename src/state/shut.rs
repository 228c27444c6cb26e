//! Kinds that a mailbox does not let us into while it lets us into the others: its tasks, say, where the tenant keeps apps out of
//! them. They are left out and asked for again with growing pauses; the others go on.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};

use super::{
    Ledger, LedgerError, MailboxId, UserName,
    columns::{Moment, Word},
    history::add_audit,
};
use crate::{diagnosis::NextTry, domain::Kind, ports::Failure};

/// A kind that a mailbox does not let us into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shut {
    /// Which.
    pub kind: Kind,
    /// What the server said.
    pub cause: String,
    /// Who can do what about it, if that is known.
    pub remedy: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// How often in a row it was asked for.
    pub tries: u32,
    /// When it is asked for again.
    pub next_try: Timestamp,
}

impl Shut {
    /// In one line, for people.
    pub fn words(&self) -> String {
        let Self { kind, cause, remedy, .. } = self;
        let remedy = remedy.as_ref().map(|remedy| format!("; {remedy}")).unwrap_or_default();
        format!("{kind}s are left out, the mailbox does not let us into them: {cause}{remedy}")
    }
}

impl Ledger {
    /// Notes that a mailbox does not let us into a kind, and when that is asked again.
    pub fn shut_kind(
        &self,
        mailbox: MailboxId,
        name: &UserName,
        kind: Kind,
        failure: &Failure,
        now: Timestamp,
    ) -> Result<Shut, LedgerError> {
        self.write(|transaction| {
            let before = one(transaction, mailbox, kind)?;
            let tries = before.as_ref().map_or(1, |before| before.tries.saturating_add(1));
            let pause = NextTry::Growing.pause(tries).unwrap_or(SignedDuration::from_hours(24));
            let shut = Shut {
                kind,
                cause: failure.chain(),
                remedy: failure.hint.clone(),
                since: before.as_ref().map_or(now, |before| before.since),
                tries,
                next_try: now.checked_add(pause).unwrap_or(now),
            };
            transaction.execute(
                "INSERT OR REPLACE INTO shut_kind (mailbox, kind, cause, remedy, since, tries, next_try)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    mailbox,
                    Word(kind),
                    shut.cause,
                    shut.remedy,
                    Moment(shut.since),
                    shut.tries,
                    Moment(shut.next_try)
                ],
            )?;
            if before.is_none() {
                let event = format!("{kind}s are left out from now on: {}", shut.cause);
                add_audit(transaction, "pocketdocket", Some(name), &event, now)?;
            }
            Ok(shut)
        })
    }

    /// Notes that a mailbox lets us into a kind; true if it did not before.
    pub fn open_kind(
        &self,
        mailbox: MailboxId,
        name: &UserName,
        kind: Kind,
        now: Timestamp,
    ) -> Result<bool, LedgerError> {
        self.write(|transaction| {
            if one(transaction, mailbox, kind)?.is_none() {
                return Ok(false);
            }
            let holds_some: bool = transaction.query_one(
                "SELECT EXISTS (SELECT 1 FROM mirror WHERE mailbox = ?1 AND kind = ?2)",
                params![mailbox, Word(kind)],
                |row| row.get(0),
            )?;
            // Where nothing was ever written, nobody has seen a first plan.
            transaction.execute(
                if holds_some {
                    "DELETE FROM shut_kind WHERE mailbox = ?1 AND kind = ?2"
                } else {
                    "UPDATE shut_kind SET next_try = NULL WHERE mailbox = ?1 AND kind = ?2"
                },
                params![mailbox, Word(kind)],
            )?;
            add_audit(transaction, "pocketdocket", Some(name), &format!("{kind}s can be synced again"), now)?;
            Ok(true)
        })
    }

    /// The kinds that a mailbox does not let us into.
    pub fn shut_kinds(&self, mailbox: MailboxId) -> Result<BTreeMap<Kind, Shut>, LedgerError> {
        self.read(|transaction| of(transaction, mailbox))
    }

    /// Whether a first plan was released for the mailbox, and for each kind that it lets us into by now.
    pub fn all_first_writes_released(&self, mailbox: MailboxId) -> Result<bool, LedgerError> {
        Ok(self.first_write_released(mailbox)? && self.late_kinds(mailbox)?.is_empty())
    }

    /// The kinds that a mailbox lets us into by now, and of which nobody has seen a first plan yet.
    pub fn late_kinds(&self, mailbox: MailboxId) -> Result<Vec<Kind>, LedgerError> {
        self.read(|transaction| {
            let mut statement = transaction
                .prepare_cached("SELECT kind FROM shut_kind WHERE mailbox = ?1 AND next_try IS NULL ORDER BY kind")?;
            let kinds = statement.query_map([mailbox], |row| Ok(row.get::<_, Word<Kind>>(0)?.0))?;
            Ok(kinds.collect::<Result<_, _>>()?)
        })
    }
}

/// Somebody saw the first plan of a kind that a mailbox lets us into by now.
pub(super) fn seen_first(transaction: &Transaction<'_>, mailbox: MailboxId, kind: Kind) -> Result<(), LedgerError> {
    transaction.execute(
        "DELETE FROM shut_kind WHERE mailbox = ?1 AND kind = ?2 AND next_try IS NULL",
        params![mailbox, Word(kind)],
    )?;
    Ok(())
}

const COLUMNS: &str =
    "SELECT kind, cause, remedy, since, tries, next_try FROM shut_kind WHERE next_try IS NOT NULL AND mailbox = ?1";

pub(super) fn of(transaction: &Transaction<'_>, mailbox: MailboxId) -> Result<BTreeMap<Kind, Shut>, LedgerError> {
    let mut statement = transaction.prepare_cached(COLUMNS)?;
    let shut = statement.query_map([mailbox], from_row)?;
    Ok(shut.map(|shut| shut.map(|shut| (shut.kind, shut))).collect::<Result<_, _>>()?)
}

fn one(transaction: &Transaction<'_>, mailbox: MailboxId, kind: Kind) -> Result<Option<Shut>, LedgerError> {
    let mut statement = transaction.prepare_cached(&format!("{COLUMNS} AND kind = ?2"))?;
    Ok(statement.query_one(params![mailbox, Word(kind)], from_row).optional()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Shut> {
    Ok(Shut {
        kind: row.get::<_, Word<_>>(0)?.0,
        cause: row.get(1)?,
        remedy: row.get(2)?,
        since: row.get::<_, Moment>(3)?.0,
        tries: row.get(4)?,
        next_try: row.get::<_, Moment>(5)?.0,
    })
}
