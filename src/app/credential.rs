//! One credential, however many links sign in with it: what the server said to one of them holds for all.
//!
//! Accounts are locked after a few wrong passwords, whoever sent them
//! (<https://learn.microsoft.com/windows/security/threat-protection/security-policy-settings/account-lockout-threshold>). So
//! whenever nothing of a credential is under way, and until it has worked, one request goes alone and the others wait for
//! what becomes of it. One refusal of the secret settles it, for this process and, through the ledger, for every other one and
//! after a restart: no link asks the server with it until a person gives it once more. Only where a server is known to answer 401
//! under load as well, a credential that worked is doubted first, and one more request goes alone after a breath. What does not
//! judge the secret (Basic is off, say) leaves the credential as it is.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    ports::{Authenticator, Challenge, Failure, FailureKind, SignIn, Step, chain},
    state::{CredentialMark, Ledger, LedgerError, Refusal},
};

/// Exchange allows an account some ten open requests; a password that changes in the middle is sent wrong so often, and once
/// more where the server is under load.
const TOGETHER: u32 = 2;
/// How long a credential that worked and was refused under load is left alone before the one further try.
const BREATH: Duration = Duration::from_secs(1);
/// How long a request waits for others of its credential.
const PATIENCE: Duration = Duration::from_mins(2);

/// What all links with equal login and secret share.
#[derive(Debug)]
pub(super) struct Credential {
    ledger: Ledger,
    mark: CredentialMark,
    turns: Arc<Semaphore>,
    opinion: Mutex<Opinion>,
}

/// What the server thinks of it.
#[derive(Clone, Debug)]
enum Opinion {
    /// Not asked yet.
    Unknown,
    Works,
    /// It worked before, and then it did not, under load.
    Doubted(Instant),
    Refused(Arc<Refusal>),
}

fn of(failure: &Failure) -> Refusal {
    let why = std::error::Error::source(failure).map_or_else(|| failure.chain(), ToString::to_string);
    Refusal { cause: failure.cause, evidence: failure.evidence.clone(), why, hint: failure.hint.clone() }
}

fn again(refusal: &Refusal) -> Failure {
    let mut failure = Failure::new(FailureKind::Unauthorized, "sign in").because(refusal.why.clone());
    (failure.cause, failure.evidence) = (refusal.cause, refusal.evidence.clone());
    failure.hint.clone_from(&refusal.hint);
    failure
}

impl Credential {
    /// The credential of this mark, of which nothing is known yet but what the ledger says.
    pub(super) fn new(ledger: Ledger, mark: CredentialMark) -> Self {
        let turns = Arc::new(Semaphore::new(TOGETHER as usize));
        Self { ledger, mark, turns, opinion: Mutex::new(Opinion::Unknown) }
    }

    pub(super) fn mark(&self) -> CredentialMark {
        self.mark
    }

    /// A pass begins: what the ledger knows holds. It is refused if any process met a refusal, and it is tried once more when a
    /// person gave it once more.
    pub(super) fn begin_pass(&self) -> Result<(), LedgerError> {
        let mut opinion = self.opinion();
        match (self.ledger.refusal(self.mark)?, &*opinion) {
            (Some(refusal), _) => *opinion = Opinion::Refused(Arc::new(refusal)),
            (None, Opinion::Refused(_)) => *opinion = Opinion::Unknown,
            (None, _) => {}
        }
        Ok(())
    }

    fn opinion(&self) -> MutexGuard<'_, Opinion> {
        self.opinion.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn works(&self) -> bool {
        matches!(*self.opinion(), Opinion::Works)
    }

    /// Waits until a request with this credential may be sent. Yields the permission, and how the credential stands then.
    async fn turn(&self) -> Result<(OwnedSemaphorePermit, Opinion), Failure> {
        loop {
            let (permit, alone) = match Arc::clone(&self.turns).try_acquire_many_owned(TOGETHER) {
                Ok(permit) => (permit, true),
                Err(_) => self.queue(!self.works()).await?,
            };
            let opinion = self.opinion().clone();
            match &opinion {
                Opinion::Refused(refusal) => return Err(again(refusal)),
                // It changed while we waited: this one has to go alone now.
                Opinion::Doubted(_) | Opinion::Unknown if !alone => continue,
                Opinion::Doubted(since) => tokio::time::sleep(BREATH.saturating_sub(since.elapsed())).await,
                Opinion::Works | Opinion::Unknown => {}
            }
            return Ok((permit, opinion));
        }
    }

    /// Others are under way. Behind one that goes alone, those that follow may go together.
    async fn queue(&self, alone: bool) -> Result<(OwnedSemaphorePermit, bool), Failure> {
        let in_vain = || Failure::new(FailureKind::Transient, "sign in");
        let turn = Arc::clone(&self.turns).acquire_many_owned(if alone { TOGETHER } else { 1 });
        match tokio::time::timeout(PATIENCE, turn).await {
            Ok(Ok(permit)) => Ok((permit, alone)),
            Ok(Err(closed)) => Err(in_vain().because(closed)),
            Err(_) => Err(in_vain().because("other requests with the same login take too long; nothing was sent")),
        }
    }

    fn accepted(&self) {
        let mut opinion = self.opinion();
        // An answer to what was sent before the refusal says nothing about what comes after it.
        if matches!(*opinion, Opinion::Unknown | Opinion::Doubted(_)) {
            *opinion = Opinion::Works;
        }
    }

    /// The server refused what was sent when the credential stood so.
    fn refused(&self, before: &Opinion, failure: &Failure, under_load: bool) {
        if failure.cause.is_some_and(|cause| !cause.judges_secret()) {
            return;
        }
        let mut opinion = self.opinion();
        match (before, &*opinion) {
            (Opinion::Works, Opinion::Works) if under_load => *opinion = Opinion::Doubted(Instant::now()),
            // It was sent together with the one that brought the doubt or the refusal, and says no more than that.
            (Opinion::Works, Opinion::Doubted(_) | Opinion::Refused(_) | Opinion::Unknown) => {}
            _ => {
                let refusal = of(failure);
                // While the opinion is held, so that nobody asks between the two.
                if let Err(error) = self.ledger.note_refusal(self.mark, &refusal, Timestamp::now()) {
                    tracing::error!(cause = %chain(&error), "a refused sign-in could not be noted; this process remembers it");
                }
                *opinion = Opinion::Refused(Arc::new(refusal));
            }
        }
    }
}

/// One link's way to sign in with a credential that others may have too.
pub(super) struct Guarded {
    inner: Arc<dyn Authenticator>,
    credential: Arc<Credential>,
}

impl Guarded {
    pub(super) fn new(inner: Arc<dyn Authenticator>, credential: Arc<Credential>) -> Self {
        Self { inner, credential }
    }
}

#[async_trait]
impl Authenticator for Guarded {
    async fn begin(&self) -> Result<Box<dyn SignIn>, Failure> {
        let (turn, before) = self.credential.turn().await?;
        let inner = self.inner.begin().await?;
        Ok(Box::new(GuardedSignIn { inner, credential: Arc::clone(&self.credential), before, _turn: turn }))
    }

    fn binds_connection(&self) -> bool {
        self.inner.binds_connection()
    }

    fn acting_as(&self) -> Option<&str> {
        self.inner.acting_as()
    }
}

struct GuardedSignIn {
    inner: Box<dyn SignIn>,
    credential: Arc<Credential>,
    /// How the credential stood when this was sent.
    before: Opinion,
    _turn: OwnedSemaphorePermit,
}

#[async_trait]
impl SignIn for GuardedSignIn {
    async fn step(&mut self, challenge: &Challenge) -> Step {
        match self.inner.step(challenge).await {
            Step::Refused(failure) => {
                // What is told to others later is to be as exact as what is said now.
                let failure = challenge.explain(failure);
                self.credential.refused(&self.before, &failure, challenge.under_load);
                Step::Refused(failure)
            }
            step @ (Step::Send(_) | Step::Ask(_)) => step,
        }
    }

    fn accepted(&mut self) {
        self.inner.accepted();
        self.credential.accepted();
    }
}

#[cfg(test)]
mod tests;
