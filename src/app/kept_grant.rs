//! A user's grant as the ledger keeps it: the truth for every process.

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use super::ledger_failure;
use crate::{
    auth::oauth::{Claim, Grants},
    ports::Failure,
    state::{GrantClaim, Ledger, LedgerError, UserName},
};

/// How long one exchange may hold the grant: longer than its requests may take.
const CLAIM: SignedDuration = SignedDuration::from_secs(75);

/// The grant of one user.
pub(super) struct KeptGrant {
    ledger: Ledger,
    name: UserName,
}

impl KeptGrant {
    pub(super) fn new(ledger: Ledger, name: UserName) -> Self {
        Self { ledger, name }
    }

    fn failure(&self, error: LedgerError) -> Failure {
        ledger_failure(&format!("use the grant of `{}`", self.name), error)
    }
}

impl Grants for KeptGrant {
    fn claim(&self, holder: &str) -> Result<Claim, Failure> {
        let now = Timestamp::now();
        let until = now.checked_add(CLAIM).unwrap_or(now);
        let claim = self.ledger.claim_grant(&self.name, holder, now, until).map_err(|error| self.failure(error))?;
        Ok(match claim {
            GrantClaim::Taken { refresh, generation } => Claim::Taken { refresh, generation },
            GrantClaim::Busy => Claim::Busy,
            GrantClaim::Missing => Claim::Missing,
        })
    }

    fn renew(&self, holder: &str, refresh: Option<&SecretString>) -> Result<bool, Failure> {
        let now = Timestamp::now();
        self.ledger.renew_grant(&self.name, holder, refresh, now).map_err(|error| self.failure(error))
    }

    fn release(&self, holder: &str) -> Result<(), Failure> {
        self.ledger.release_grant(&self.name, holder).map_err(|error| self.failure(error))
    }

    fn generation(&self) -> Result<Option<i64>, Failure> {
        self.ledger.grant_generation(&self.name).map_err(|error| self.failure(error))
    }
}
