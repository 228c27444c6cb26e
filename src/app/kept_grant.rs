//! A grant as the ledger keeps it, a user's or a service account's: the truth for every process.

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use super::ledger_failure;
use crate::{
    auth::oauth::{Claim, Grants},
    ports::Failure,
    state::{AccountName, GrantClaim, GrantOf, Ledger, LedgerError, UserName},
};

/// How long one exchange may hold the grant: longer than its requests may take.
const CLAIM: SignedDuration = SignedDuration::from_secs(75);

/// Whose grant it is.
pub(super) enum Owner {
    User(UserName),
    Account(AccountName),
}

impl<'a> From<&'a Owner> for GrantOf<'a> {
    fn from(owner: &'a Owner) -> Self {
        match owner {
            Owner::User(name) => Self::User(name),
            Owner::Account(name) => Self::Account(name),
        }
    }
}

/// One grant.
pub(super) struct KeptGrant {
    ledger: Ledger,
    owner: Owner,
}

impl KeptGrant {
    pub(super) fn new(ledger: Ledger, owner: Owner) -> Self {
        Self { ledger, owner }
    }

    fn failure(&self, error: LedgerError) -> Failure {
        let doing = match &self.owner {
            Owner::User(name) => format!("use the grant of `{name}`"),
            Owner::Account(name) => format!("use the grant of service account `{name}`"),
        };
        ledger_failure(&doing, error)
    }
}

impl Grants for KeptGrant {
    fn claim(&self, holder: &str) -> Result<Claim, Failure> {
        let now = Timestamp::now();
        let until = now.checked_add(CLAIM).unwrap_or(now);
        let claim = self.ledger.claim_grant(&self.owner, holder, now, until).map_err(|error| self.failure(error))?;
        Ok(match claim {
            GrantClaim::Taken { refresh, generation } => Claim::Taken { refresh, generation },
            GrantClaim::Busy => Claim::Busy,
            GrantClaim::Missing => Claim::Missing,
        })
    }

    fn renew(&self, holder: &str, refresh: Option<&SecretString>) -> Result<bool, Failure> {
        let now = Timestamp::now();
        self.ledger.renew_grant(&self.owner, holder, refresh, now).map_err(|error| self.failure(error))
    }

    fn release(&self, holder: &str) -> Result<(), Failure> {
        self.ledger.release_grant(&self.owner, holder).map_err(|error| self.failure(error))
    }

    fn generation(&self) -> Result<Option<i64>, Failure> {
        self.ledger.grant_generation(&self.owner).map_err(|error| self.failure(error))
    }
}
