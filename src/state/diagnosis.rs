//! Why a user's sign-in last failed, since when, and when it is tried again: one place for the service and for all commands.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};

use super::{
    Ledger, LedgerError, UserName, Waiting,
    columns::{Json, Moment, Word},
    history::add_audit,
};
use crate::{
    diagnosis::{Cause, NextTry},
    ports::{Failure, FailureKind},
};

/// What is known of a user's trouble.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosed {
    /// Which server, or which authority.
    pub host: String,
    /// Why.
    pub cause: Cause,
    /// What showed it, the last time.
    pub evidence: Vec<String>,
    /// Since when it is this cause.
    pub since: Timestamp,
    /// When it was last seen.
    pub seen: Timestamp,
    /// How often in a row, not counting what persons asked for in between; none since it works again for somebody else.
    pub tries: u32,
    /// When we try again by ourselves; not before a person acted if `None`.
    pub next_try: Option<Timestamp>,
    /// Since when it works again.
    pub over: Option<Timestamp>,
}

impl Diagnosed {
    /// Whether it still fails.
    pub fn is_open(&self) -> bool {
        self.over.is_none()
    }

    /// Whether it is tried again with growing pauses, as what lies at the provider is.
    pub fn is_retested(&self) -> bool {
        self.is_open() && self.cause.entry().next_try == NextTry::Growing
    }

    /// Whether a person has to do something, and not only time to pass.
    pub fn needs_person(&self) -> bool {
        self.is_retested() && self.cause.needs_person()
    }
}

impl Ledger {
    /// Notes that the way to this user's mailbox at `host` failed, and what that means for the link: it waits for a person, or it
    /// is tried again later. Where the secret itself was refused, that is counted.
    pub fn note_failure(
        &self,
        name: &UserName,
        host: &str,
        failure: &Failure,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let cause = failure.cause.or((failure.kind == FailureKind::Unauthorized).then_some(Cause::Unknown));
        let told = failure.chain();
        let remedy = |otherwise: String| failure.hint.clone().unwrap_or(otherwise);
        let diagnosed = match cause {
            Some(cause) => Some(self.write(|transaction| diagnose(transaction, name, host, cause, failure, now))?),
            None => None,
        };
        let judged = cause.is_some_and(Cause::judges_secret);
        if failure.kind == FailureKind::Unauthorized && judged {
            // One confirmed wrong password is enough: a second try could lock the account.
            self.count_refused_sign_in(name, now)?;
        }
        let until = match (&diagnosed, failure.kind) {
            // It goes away by itself: the next sync is the retry.
            (_, kind) if kind.passes() => now.checked_add(failure_pause(failure)).ok(),
            (Some(Diagnosed { next_try: Some(next), .. }), _) => Some(*next),
            (Some(_), FailureKind::Unauthorized) => {
                let command = self.user(name)?.link_command();
                return self.park(name, &told, &remedy(format!("give the right password: `{command}`")), now);
            }
            (Some(_), _) | (None, FailureKind::MailboxMissing | FailureKind::Setting) => {
                return self.park(
                    name,
                    &told,
                    &remedy(format!("mend it, then `pocketdocket user resume {name}`")),
                    now,
                );
            }
            (None, FailureKind::Forbidden) => now.checked_add(SignedDuration::from_hours(2)).ok(),
            (None, FailureKind::Full) => now.checked_add(SignedDuration::from_hours(1)).ok(),
            _ => Some(now),
        };
        self.set_waiting(name, Some(&Waiting { until: until.unwrap_or(now), cause: told }))
    }

    /// The way to the mailbox works. Says what it was, if it had failed; those who wait for the same are tried with the next
    /// sync.
    pub fn note_success(&self, name: &UserName, now: Timestamp) -> Result<Option<Diagnosed>, LedgerError> {
        let before = self.diagnosis(name)?.filter(Diagnosed::is_open);
        let Some(before) = before else { return Ok(None) };
        self.write(|transaction| {
            transaction.execute(
                "UPDATE diagnosis SET over_at = ?2, next_try = NULL WHERE user = ?1",
                params![name.as_str(), Moment(now)],
            )?;
            let event = format!("works again; it was: {}", before.cause.entry().title);
            add_audit(transaction, "pocketdocket", Some(name), &event, now)?;
            for (other, theirs) in alike(transaction, name, &before)? {
                // From the beginning, and each on their own.
                transaction.execute("UPDATE diagnosis SET tries = 0 WHERE user = ?1", [other.as_str()])?;
                set_next_try(transaction, &other, theirs.next_try.map_or(now, |next| next.min(now)))?;
            }
            Ok(())
        })?;
        Ok(Some(before))
    }

    /// Why this user's sign-in last failed, also when that is over.
    pub fn diagnosis(&self, name: &UserName) -> Result<Option<Diagnosed>, LedgerError> {
        self.read(|transaction| one(transaction, name))
    }

    /// Every trouble that is known, by user.
    pub fn diagnoses(&self) -> Result<BTreeMap<UserName, Diagnosed>, LedgerError> {
        self.read(all)
    }
}

/// How long trouble that passes is to be left alone.
fn failure_pause(failure: &Failure) -> SignedDuration {
    if failure.kind != FailureKind::Throttled {
        return SignedDuration::ZERO;
    }
    let asked = failure.retry_after.and_then(|delay| SignedDuration::try_from(delay).ok());
    asked.unwrap_or(SignedDuration::from_mins(2))
}

fn diagnose(
    transaction: &Transaction<'_>,
    name: &UserName,
    host: &str,
    cause: Cause,
    failure: &Failure,
    now: Timestamp,
) -> Result<Diagnosed, LedgerError> {
    let before = one(transaction, name)?.filter(|before| before.is_open() && before.cause == cause);
    let tries = match &before {
        // Somebody asked before the time was up: that makes the pauses no longer.
        Some(before) if before.next_try.is_some_and(|next| next > now) => before.tries,
        Some(before) => before.tries.saturating_add(1),
        None => 1,
    };
    let pause = if failure.kind.passes() { Some(failure_pause(failure)) } else { cause.entry().next_try.pause(tries) };
    let diagnosed = Diagnosed {
        host: host.to_owned(),
        cause,
        evidence: failure.evidence.clone(),
        since: before.as_ref().map_or(now, |before| before.since),
        seen: now,
        tries,
        next_try: pause.and_then(|pause| now.checked_add(pause).ok()),
        over: None,
    };
    transaction.execute(
        "INSERT OR REPLACE INTO diagnosis (user, host, cause, evidence, since, seen, tries, next_try, over_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, NULL)",
        params![
            name.as_str(),
            diagnosed.host,
            Json(diagnosed.cause),
            Json(&diagnosed.evidence),
            Moment(diagnosed.since),
            Moment(diagnosed.seen),
            diagnosed.tries,
            diagnosed.next_try.map(Moment)
        ],
    )?;
    if before.is_none() && !failure.kind.passes() {
        let event = format!("the sign-in fails: {} ({})", cause.entry().title, diagnosed.evidence.join("; "));
        add_audit(transaction, "pocketdocket", Some(name), &event, now)?;
    }
    // One asks for all who wait for the same: their time is its time.
    if let Some(next) = diagnosed.next_try.filter(|_| diagnosed.asks_for_others()) {
        for (other, waiting) in alike(transaction, name, &diagnosed)? {
            if waiting.asks_for_others() && waiting.next_try.is_some_and(|its| its < next) {
                set_next_try(transaction, &other, next)?;
            }
        }
    }
    Ok(diagnosed)
}

impl Diagnosed {
    /// Tries after which everybody is tested on their own: once a day is not often, and their reasons may differ.
    const SHARED_TRIES: u32 = 3;

    /// Whether one user's try answers for all who fail alike at this server.
    pub fn asks_for_others(&self) -> bool {
        self.is_retested() && self.cause.is_of_everybody() && (1..=Self::SHARED_TRIES).contains(&self.tries)
    }
}

/// Others who fail so at the same server and are tried again by ourselves.
fn alike(
    transaction: &Transaction<'_>,
    name: &UserName,
    diagnosed: &Diagnosed,
) -> Result<Vec<(UserName, Diagnosed)>, LedgerError> {
    let same = |other: &Diagnosed| {
        other.is_retested() && other.cause == diagnosed.cause && other.host.eq_ignore_ascii_case(&diagnosed.host)
    };
    Ok(all(transaction)?.into_iter().filter(|(other, theirs)| other != name && same(theirs)).collect())
}

fn set_next_try(transaction: &Transaction<'_>, name: &UserName, next: Timestamp) -> Result<(), LedgerError> {
    transaction.execute("UPDATE diagnosis SET next_try = ?2 WHERE user = ?1", params![name.as_str(), Moment(next)])?;
    let set = "UPDATE user SET waiting = json_set(waiting, '$.until', ?2) WHERE name = ?1 AND waiting IS NOT NULL";
    transaction.execute(set, params![name.as_str(), next.to_string()])?;
    Ok(())
}

const COLUMNS: &str = "SELECT user, host, cause, evidence, since, seen, tries, next_try, over_at FROM diagnosis";

fn from_row(row: &Row<'_>) -> rusqlite::Result<(UserName, Diagnosed)> {
    let moment = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<Moment>>(column)?.map(|moment| moment.0));
    Ok((
        row.get::<_, Word<_>>(0)?.0,
        Diagnosed {
            host: row.get(1)?,
            cause: row.get::<_, Json<_>>(2)?.0,
            evidence: row.get::<_, Json<_>>(3)?.0,
            since: row.get::<_, Moment>(4)?.0,
            seen: row.get::<_, Moment>(5)?.0,
            tries: row.get(6)?,
            next_try: moment(7)?,
            over: moment(8)?,
        },
    ))
}

fn one(transaction: &Transaction<'_>, name: &UserName) -> Result<Option<Diagnosed>, LedgerError> {
    let mut statement = transaction.prepare_cached(&format!("{COLUMNS} WHERE user = ?1"))?;
    Ok(statement.query_one([name.as_str()], from_row).optional()?.map(|(_, diagnosed)| diagnosed))
}

pub(super) fn all(transaction: &Transaction<'_>) -> Result<BTreeMap<UserName, Diagnosed>, LedgerError> {
    let mut statement = transaction.prepare_cached(COLUMNS)?;
    Ok(statement.query_map([], from_row)?.collect::<Result<_, _>>()?)
}
