use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

use rusqlite::Transaction;
use serde::{Deserialize, Serialize};

use super::{
    Colleague, Diagnosed, Grant, HoldSummary, Ledger, LedgerError, LinkState, MailboxId, Move, Proof, Rollout, Run,
    Shut, SourceHealth, User,
    columns::{Count, Word},
    diagnosis, grants,
    history::last_runs,
    holds, mailboxes,
    meaning::rollouts,
    moves, people, shut,
    source_health::health,
    users,
};
use crate::{
    diagnosis::cohort::{self, Cohort, Member},
    domain::Kind,
};

/// Everything that `status` shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Whether an engine runs now.
    pub running: bool,
    /// Its process id, where it could be read.
    pub pid: Option<u32>,
    /// The last tick.
    pub last_tick: Option<Run>,
    /// The practice database.
    pub source: SourceHealth,
    /// Rows with problems.
    pub row_problems: u64,
    /// Approved changes of meaning that are not on every phone yet.
    pub rollouts: Vec<Rollout>,
    /// What users of one server have in common in their trouble. Said before anybody's own.
    pub cohorts: Vec<Cohort>,
    /// The users, by name.
    pub users: Vec<UserStatus>,
    /// People of the practice system without a link, for whom one is suggested. That needs nobody.
    pub not_linked: Vec<Colleague>,
}

/// How one user is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserStatus {
    /// The user: link state, parked, paused, waiting, with causes and remedies.
    #[serde(flatten)]
    pub user: User,
    /// Why the sign-in last failed, also when that is over.
    pub diagnosis: Option<Diagnosed>,
    /// When and how the mailbox was last proven.
    pub proven: Option<Proof>,
    /// The last run.
    pub last_run: Option<Run>,
    /// Items the mirror holds, by kind.
    pub items: BTreeMap<Kind, u64>,
    /// What waits for a person, not released.
    pub holds: Vec<HoldSummary>,
    /// Kinds that the mailbox does not let us into.
    pub shut: Vec<Shut>,
    /// Records that the server cannot store.
    pub parked_records: u64,
    /// Operations whose outcome is not known yet.
    pub open_intents: u64,
    /// What the user granted to us, where the link signs in so.
    pub grant: Option<Grant>,
    /// Since when the practice system lists the user's person as inactive.
    pub left: Option<Timestamp>,
    /// The move to another way into the mailbox, under way or made within the last days.
    pub moving: Option<Move>,
}

impl UserStatus {
    /// When the way to the mailbox last worked, as far as is known.
    fn last_worked(&self) -> Option<Timestamp> {
        let run = self.last_run.as_ref().filter(|run| run.trouble.is_none()).and_then(|run| run.ended);
        let over = self.diagnosis.as_ref().and_then(|diagnosed| diagnosed.over);
        self.proven.map(|proof| proof.at).max(run).max(over)
    }

    /// Why the sign-in fails now, if it does.
    pub fn trouble(&self) -> Option<&Diagnosed> {
        self.diagnosis.as_ref().filter(|diagnosed| diagnosed.is_open())
    }

    /// Whether nothing was proven for longer than this, or never although it was tried: a silent stop.
    pub fn is_silent(&self, now: Timestamp, patience: SignedDuration) -> bool {
        let served =
            self.user.link == super::LinkState::Active && self.user.parked.is_none() && self.user.paused.is_none();
        served
            && match self.proven {
                Some(proof) => now.duration_since(proof.at) > patience,
                None => self.user.waiting.is_some(),
            }
    }

    /// Whether a person is needed: a link that is parked or not active, something held, a record that cannot be
    /// stored, a kind that the mailbox does not let us into.
    pub fn needs_person(&self) -> bool {
        self.user.parked.is_some()
            || self.user.link != LinkState::Active
            || !self.holds.is_empty()
            || self.parked_records > 0
            || self.moving.as_ref().is_some_and(Move::needs_person)
            || !self.shut.is_empty()
            || self.trouble().is_some_and(Diagnosed::needs_person)
    }
}

impl Status {
    /// Items that wait because what their records mean changed, and of how many users.
    pub fn of_meaning(&self) -> (u64, usize) {
        let users = self.users.iter().map(|user| {
            let held = user.holds.iter().filter(|hold| hold.reason.is_of_meaning());
            held.map(|hold| hold.operations).sum::<u64>()
        });
        users.filter(|items| *items > 0).fold((0, 0), |(items, users), more| (items + more, users + 1))
    }

    /// Whether a person is needed anywhere.
    pub fn needs_person(&self) -> bool {
        self.source.trouble.is_some() || self.users.iter().any(UserStatus::needs_person)
    }
}

impl Ledger {
    /// Everything that `status` shows, from one consistent read.
    pub fn status(&self) -> Result<Status, LedgerError> {
        let engine = self.running_engine()?;
        self.read(|transaction| {
            let waiting: Vec<HoldSummary> =
                holds::open(transaction)?.into_iter().filter(|hold| hold.released.is_none()).collect();
            let mut users = users::all(transaction)?
                .into_iter()
                .map(|user| user_status(transaction, user, &waiting))
                .collect::<Result<Vec<_>, _>>()?;
            let mut known = diagnosis::all(transaction)?;
            for status in &mut users {
                status.diagnosis = known.remove(&status.user.name);
            }
            for one in moves::all(transaction)? {
                if let Some(status) = users.iter_mut().find(|status| status.user.name == one.user) {
                    status.moving = Some(one);
                }
            }
            let cohorts = cohort::judge(&members(transaction, &users)?);
            let left = people::left(transaction)?;
            for status in &mut users {
                status.left = left.get(&status.user.details.person).copied();
            }
            let row_problems: Count =
                transaction.query_one("SELECT count(*) FROM row_problem", [], |row| row.get(0))?;
            Ok(Status {
                running: engine.is_some(),
                pid: engine.flatten(),
                last_tick: last_runs(transaction, None, 1)?.pop(),
                source: health(transaction)?,
                row_problems: row_problems.0,
                rollouts: rollouts(transaction)?,
                cohorts,
                users,
                not_linked: self.not_linked(transaction)?,
            })
        })
    }
}

/// The users as members of cohorts: those whose server is known.
fn members(transaction: &Transaction<'_>, users: &[UserStatus]) -> Result<Vec<Member>, LedgerError> {
    let mut members = Vec::new();
    for user in users {
        let trouble = user.trouble();
        let host = match (trouble, user.user.mailbox) {
            (Some(trouble), _) => trouble.host.clone(),
            (None, Some(mailbox)) => mailboxes::identity(transaction, mailbox)?.server,
            (None, None) => continue,
        };
        members.push(Member {
            host,
            method: user.user.details.way(),
            account: user.user.details.service_account.as_ref().map(ToString::to_string),
            failing: trouble.map(|trouble| (trouble.cause, trouble.since)),
            // An engine that has nothing to write proves nothing: a run without trouble counts as well.
            worked: user.last_worked(),
        });
    }
    Ok(members)
}

fn user_status(transaction: &Transaction<'_>, user: User, waiting: &[HoldSummary]) -> Result<UserStatus, LedgerError> {
    let count = |select: &str, mailbox: MailboxId| -> Result<u64, LedgerError> {
        Ok(transaction.prepare_cached(select)?.query_one([mailbox], |row| row.get::<_, Count>(0))?.0)
    };
    let mut status = UserStatus {
        diagnosis: None,
        proven: None,
        last_run: last_runs(transaction, Some(&user.name), 1)?.pop(),
        items: BTreeMap::new(),
        holds: waiting.iter().filter(|hold| hold.user == user.name).cloned().collect(),
        shut: Vec::new(),
        parked_records: 0,
        open_intents: 0,
        grant: match &user.details.service_account {
            Some(account) => grants::get(transaction, account.into())?,
            None => grants::get(transaction, (&user.name).into())?,
        },
        left: None,
        moving: None,
        user,
    };
    if let Some(mailbox) = status.user.mailbox {
        status.proven = mailboxes::proof(transaction, mailbox)?;
        status.shut = shut::of(transaction, mailbox)?.into_values().collect();
        status.parked_records = count("SELECT count(*) FROM parked_record WHERE mailbox = ?1", mailbox)?;
        status.open_intents = count("SELECT count(*) FROM intent WHERE mailbox = ?1", mailbox)?;
        let mut statement = transaction
            .prepare_cached("SELECT kind, count(*) FROM mirror WHERE mailbox = ?1 AND kept = 1 GROUP BY kind")?;
        let items =
            statement.query_map([mailbox], |row| Ok((row.get::<_, Word<Kind>>(0)?.0, row.get::<_, Count>(1)?.0)))?;
        status.items = items.collect::<Result<_, _>>()?;
    }
    Ok(status)
}
