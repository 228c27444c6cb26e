use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{HoldSummary, Ledger, LedgerError, Proof, Run, SourceHealth, User};
use crate::domain::Kind;

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
    /// The users, by name.
    pub users: Vec<UserStatus>,
}

/// How one user is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserStatus {
    /// The user: link state, parked, paused, waiting, with causes and remedies.
    #[serde(flatten)]
    pub user: User,
    /// When and how the mailbox was last proven.
    pub proven: Option<Proof>,
    /// The last run.
    pub last_run: Option<Run>,
    /// Items the mirror holds, by kind.
    pub items: BTreeMap<Kind, u64>,
    /// What waits for a person, not released.
    pub holds: Vec<HoldSummary>,
    /// Records that the server cannot store.
    pub parked_records: u64,
    /// Operations whose outcome is not known yet.
    pub open_intents: u64,
}

impl UserStatus {
    /// Whether a person is needed: a link that is parked or not active, something held, a record that cannot be stored.
    pub fn needs_person(&self) -> bool {
        self.user.parked.is_some()
            || self.user.link != super::LinkState::Active
            || !self.holds.is_empty()
            || self.parked_records > 0
    }
}

impl Status {
    /// Whether a person is needed anywhere.
    pub fn needs_person(&self) -> bool {
        self.source.trouble.is_some() || self.users.iter().any(UserStatus::needs_person)
    }
}

impl Ledger {
    /// Everything that `status` shows, from one consistent read.
    pub fn status(&self) -> Result<Status, LedgerError> {
        unimplemented!()
    }
}
