//! One credential, however many links sign in with it: what the server said to one of them holds for all.
//!
//! Accounts are locked after a few wrong passwords, whoever sent them
//! (<https://learn.microsoft.com/windows/security/threat-protection/security-policy-settings/account-lockout-threshold>). So
//! whenever nothing of a credential is under way, and until it has worked, one request goes alone and the others wait for
//! what becomes of it. A credential that never worked is refused by one 401. One that worked is doubted first, because servers
//! answer 401 under load too: one more request goes alone after a breath, and the next 401 settles it. From then on no link
//! asks the server with it, until a person says that it is to be tried again.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    diagnosis::Cause,
    ports::{Authenticator, Challenge, Failure, FailureKind, SignIn, Step},
};

/// Exchange allows an account some ten open requests; a password that changes in the middle is sent wrong so often, and once
/// more.
const TOGETHER: u32 = 2;
/// How long a credential that worked and was refused is left alone before the one further try.
const BREATH: Duration = Duration::from_secs(1);
/// How long a request waits for others of its credential.
const PATIENCE: Duration = Duration::from_mins(2);

/// What all links with equal host, login and secret share.
#[derive(Debug)]
pub(super) struct Credential {
    turns: Arc<Semaphore>,
    standing: Mutex<Standing>,
}

#[derive(Debug)]
struct Standing {
    opinion: Opinion,
    /// Counts final refusals.
    refusals: u64,
}

/// What the server thinks of it.
#[derive(Clone, Debug)]
enum Opinion {
    /// Not asked yet.
    Unknown,
    Works,
    /// It worked before, and then it did not.
    Doubted(Instant),
    Refused(Arc<Refusal>),
}

/// Why it was refused, told to every link that would use it.
#[derive(Debug)]
struct Refusal {
    cause: Option<Cause>,
    evidence: Vec<String>,
    why: String,
    hint: Option<String>,
}

impl Refusal {
    fn of(failure: &Failure) -> Self {
        let why = std::error::Error::source(failure).map_or_else(|| failure.chain(), ToString::to_string);
        Self { cause: failure.cause, evidence: failure.evidence.clone(), why, hint: failure.hint.clone() }
    }

    fn failure(&self) -> Failure {
        let mut failure = Failure::new(FailureKind::Unauthorized, "sign in").because(self.why.clone());
        (failure.cause, failure.evidence, failure.hint) = (self.cause, self.evidence.clone(), self.hint.clone());
        failure
    }
}

impl Default for Credential {
    fn default() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(TOGETHER as usize)),
            standing: Mutex::new(Standing { opinion: Opinion::Unknown, refusals: 0 }),
        }
    }
}

impl Credential {
    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn works(&self) -> bool {
        matches!(self.standing().opinion, Opinion::Works)
    }

    /// Waits until a request with this credential may be sent. Yields the permission, and how the credential stands then.
    async fn turn(&self) -> Result<(OwnedSemaphorePermit, Opinion), Failure> {
        loop {
            let (permit, alone) = match Arc::clone(&self.turns).try_acquire_many_owned(TOGETHER) {
                Ok(permit) => (permit, true),
                Err(_) => self.queue(!self.works()).await?,
            };
            let opinion = self.standing().opinion.clone();
            match &opinion {
                Opinion::Refused(refusal) => return Err(refusal.failure()),
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
        let mut standing = self.standing();
        // An answer to what was sent before the refusal says nothing about what comes after it.
        if !matches!(standing.opinion, Opinion::Refused(_)) {
            standing.opinion = Opinion::Works;
        }
    }

    /// The server refused what was sent when the credential stood so. Yields the number of the refusal that settles, or would
    /// settle, the matter.
    fn refused(&self, before: &Opinion, failure: &Failure) -> u64 {
        let mut standing = self.standing();
        match (before, &standing.opinion) {
            (Opinion::Works, Opinion::Works) => {
                standing.opinion = Opinion::Doubted(Instant::now());
                standing.refusals + 1
            }
            // It was sent together with the one that brought the doubt, and says no more than that.
            (Opinion::Works, Opinion::Refused(_)) => standing.refusals,
            (Opinion::Works, _) => standing.refusals + 1,
            _ => {
                standing.opinion = Opinion::Refused(Arc::new(Refusal::of(failure)));
                standing.refusals += 1;
                standing.refusals
            }
        }
    }
}

/// One link's way to sign in with a credential that others may have too.
pub(super) struct Guarded {
    inner: Arc<dyn Authenticator>,
    credential: Arc<Credential>,
    /// The number of the refusal that this link knows of; 0 for none.
    told: Arc<AtomicU64>,
}

impl Guarded {
    pub(super) fn new(inner: Arc<dyn Authenticator>, credential: Arc<Credential>) -> Self {
        Self { inner, credential, told: Arc::default() }
    }

    pub(super) fn credential(&self) -> &Arc<Credential> {
        &self.credential
    }

    /// A pass begins. A link that was told of a refusal is parked; if it is back with the same secret, a person has given it
    /// once more, and it is tried once more.
    pub(super) fn begin_pass(&self) {
        let told = self.told.swap(0, Ordering::Relaxed);
        let mut standing = self.credential.standing();
        if told == standing.refusals && matches!(standing.opinion, Opinion::Refused(_)) {
            standing.opinion = Opinion::Unknown;
        }
    }
}

#[async_trait]
impl Authenticator for Guarded {
    async fn begin(&self) -> Result<Box<dyn SignIn>, Failure> {
        let (turn, before) = match self.credential.turn().await {
            Ok(turn) => turn,
            Err(failure) => {
                if failure.kind == FailureKind::Unauthorized {
                    self.told.store(self.credential.standing().refusals, Ordering::Relaxed);
                }
                return Err(failure);
            }
        };
        let inner = self.inner.begin().await?;
        let (credential, told) = (Arc::clone(&self.credential), Arc::clone(&self.told));
        Ok(Box::new(GuardedSignIn { inner, credential, told, before, _turn: turn }))
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
    told: Arc<AtomicU64>,
    /// How the credential stood when this was sent.
    before: Opinion,
    _turn: OwnedSemaphorePermit,
}

#[async_trait]
impl SignIn for GuardedSignIn {
    async fn step(&mut self, challenge: &Challenge) -> Step {
        let mut step = self.inner.step(challenge).await;
        if let Step::Refused(failure) = step {
            // What is told to others later is to be as exact as what is said now.
            step = Step::Refused(challenge.explain(failure));
        }
        if let Step::Refused(failure) = &step {
            self.told.store(self.credential.refused(&self.before, failure), Ordering::Relaxed);
        }
        step
    }

    fn accepted(&mut self) {
        self.inner.accepted();
        self.credential.accepted();
    }
}

#[cfg(test)]
mod tests;
