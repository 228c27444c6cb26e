//! A user's grant at work: access tokens in memory, refreshed before they end, by one at a time.
//!
//! Within the process one refresh is under way at most and the others wait for its outcome. Between processes the grant itself is
//! claimed ([`Grants`]). The next refresh token is kept before the new access token is used: who dies in between has lost nothing.
//! An exchange that was begun is brought to its end even if whoever wanted it has gone away.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::sync::Mutex;

use super::{AccessToken, Audience, Authority, bearer::TokenSource, tokens::Tokens};
use crate::{
    diagnosis::{Cause, Diagnosis},
    ports::{Failure, FailureKind},
};

/// How long another process may need for its exchange.
const PATIENCE: Duration = Duration::from_secs(90);
/// How often it is looked whether it is done.
const LOOK: Duration = Duration::from_millis(200);

/// How long one link's answer holds for all that share its grant.
const SHARED_ANSWER: Duration = Duration::from_mins(5);

/// What came of a claim.
#[derive(Debug)]
pub enum Claim {
    /// It is the claimer's, alone.
    Taken {
        /// The refresh token.
        refresh: SecretString,
        /// Which one it is.
        generation: i64,
    },
    /// Somebody else exchanges it right now.
    Busy,
    /// There is none.
    Missing,
}

/// Where one user's refresh token is kept. The truth for every process.
pub trait Grants: Send + Sync {
    /// Claims it for one exchange.
    fn claim(&self, holder: &str) -> Result<Claim, Failure>;

    /// Keeps the next one and ends the claim. False if the claim did not hold any more, because there was a newer sign-in: then
    /// nothing was changed.
    fn renew(&self, holder: &str, refresh: Option<&SecretString>) -> Result<bool, Failure>;

    /// Ends the claim and changes nothing.
    fn release(&self, holder: &str) -> Result<(), Failure>;

    /// Which refresh token there is; grows with every new one.
    fn generation(&self) -> Result<Option<i64>, Failure>;
}

/// One user's access to tokens.
pub struct Session {
    authority: Arc<Authority>,
    grants: Arc<dyn Grants>,
    name: String,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    tokens: Tokens,
    /// By audience: a permission that is missing for one says nothing of the other.
    refused: BTreeMap<Audience, Refused>,
}

/// Which refresh token was refused, when, and why.
struct Refused {
    generation: i64,
    at: Instant,
    refusal: Refusal,
}

/// What the authority said to a refresh token: it is not asked the same again.
#[derive(Clone)]
pub(super) struct Refusal {
    cause: Option<Cause>,
    evidence: Vec<String>,
    hint: Option<String>,
    why: String,
}

impl Refusal {
    pub(super) fn of(failure: &Failure) -> Self {
        let why = std::error::Error::source(failure).map_or_else(|| failure.chain(), ToString::to_string);
        Self { cause: failure.cause, evidence: failure.evidence.clone(), hint: failure.hint.clone(), why }
    }

    /// The same, said once more.
    pub(super) fn failure(&self, doing: &str) -> Failure {
        let mut failure = Failure::new(FailureKind::Unauthorized, doing).because(self.why.clone());
        (failure.cause, failure.evidence, failure.hint) = (self.cause, self.evidence.clone(), self.hint.clone());
        failure
    }
}

impl Session {
    /// With the grant that is kept there; `name` is the user's, for the commands in hints.
    pub fn new(authority: Arc<Authority>, grants: Arc<dyn Grants>, name: &str) -> Self {
        Self { authority, grants, name: name.to_owned(), known: Mutex::default() }
    }

    /// The same, with a token that is at hand already.
    #[must_use]
    pub fn with(mut self, audience: Audience, token: AccessToken) -> Self {
        self.known.get_mut().tokens.keep(audience, token);
        self
    }

    /// A pass begins: what was refused may be asked once more, because a person has resumed the link.
    pub fn begin_pass(&self) {
        if let Ok(mut known) = self.known.try_lock() {
            known.refused.clear();
        }
    }

    /// A pass of one of many links that share this begins: a grant that was refused itself is not tried again before there is
    /// another one, and what else was refused is not asked once for each of them.
    pub fn begin_shared_pass(&self) {
        if let Ok(mut known) = self.known.try_lock() {
            known.refused.retain(|_, refused| {
                refused.refusal.cause.is_none_or(Cause::judges_secret) || refused.at.elapsed() < SHARED_ANSWER
            });
        }
    }

    async fn refresh(&self, audience: Audience) -> Result<AccessToken, (Option<i64>, Failure)> {
        let holder = uuid::Uuid::new_v4().to_string();
        let began = Instant::now();
        loop {
            match self.grants.claim(&holder).map_err(|failure| (None, failure))? {
                Claim::Taken { refresh, generation } => {
                    let exchange = exchange(
                        Arc::clone(&self.authority),
                        Arc::clone(&self.grants),
                        holder.clone(),
                        refresh,
                        audience,
                    );
                    let done = tokio::spawn(exchange).await;
                    let done = done.unwrap_or_else(|error| {
                        Err(Failure::new(FailureKind::Transient, "refresh the access token").because(error))
                    });
                    match done {
                        Ok(Some(token)) => return Ok(token),
                        // A newer sign-in took its place meanwhile.
                        Ok(None) if began.elapsed() < PATIENCE => {}
                        Ok(None) => return Err((None, busy())),
                        Err(failure) => return Err((Some(generation), failure)),
                    }
                }
                Claim::Busy if began.elapsed() < PATIENCE => tokio::time::sleep(LOOK).await,
                Claim::Busy => return Err((None, busy())),
                Claim::Missing => return Err((None, nobody_signed_in())),
            }
        }
    }
}

#[async_trait]
impl TokenSource for Session {
    async fn access_token(&self, audience: Audience, refused: Option<&SecretString>) -> Result<SecretString, Failure> {
        // Whoever comes while somebody refreshes waits here, and finds the new token.
        let mut known = self.known.lock().await;
        if let Some(token) = known.tokens.good(audience, refused) {
            return Ok(token);
        }
        if let Some(refused) = known.refused.get(&audience) {
            if self.grants.generation()? == Some(refused.generation) {
                return Err(refused.refusal.failure("refresh the access token"));
            }
            known.refused.remove(&audience);
        }
        match self.refresh(audience).await {
            Ok(token) => Ok(known.tokens.keep(audience, token)),
            Err((generation, failure)) => {
                let failure = self.named(failure);
                if failure.kind == FailureKind::Unauthorized
                    && let Some(generation) = generation
                {
                    let refused = Refused { generation, at: Instant::now(), refusal: Refusal::of(&failure) };
                    known.refused.insert(audience, refused);
                }
                Err(failure)
            }
        }
    }

    fn named(&self, mut failure: Failure) -> Failure {
        failure.hint = failure.hint.map(|hint| hint.replace("NAME", &self.name));
        failure
    }
}

/// Brings one exchange to its end: the next refresh token is kept before the access token is given out.
async fn exchange(
    authority: Arc<Authority>,
    grants: Arc<dyn Grants>,
    holder: String,
    refresh: SecretString,
    audience: Audience,
) -> Result<Option<AccessToken>, Failure> {
    match authority.refresh(refresh, audience).await {
        Ok(refreshed) => {
            let kept = grants.renew(&holder, refreshed.refresh.as_ref())?;
            Ok(kept.then_some(refreshed.access))
        }
        Err(failure) => {
            grants.release(&holder)?;
            Err(failure)
        }
    }
}

fn busy() -> Failure {
    Failure::new(FailureKind::Transient, "refresh the access token")
        .because("another process has been refreshing it for too long; nothing was sent")
}

fn nobody_signed_in() -> Failure {
    Failure::new(FailureKind::Unauthorized, "sign in by OAuth")
        .diagnosed(Diagnosis {
            cause: Cause::NotConfirmed,
            evidence: vec!["no grant is kept for this link; nothing was sent".to_owned()],
        })
        .because("nobody signed in yet")
        .hint("let the user sign in: `pocketdocket user link NAME`")
}

/// A grant that is kept nowhere yet: a sign-in that is still to be tried.
pub struct Unkept {
    refresh: std::sync::Mutex<(SecretString, i64)>,
}

impl Unkept {
    /// With this refresh token.
    pub fn new(refresh: SecretString) -> Self {
        Self { refresh: std::sync::Mutex::new((refresh, 0)) }
    }

    /// The refresh token to keep: the last one that came.
    pub fn refresh(&self) -> SecretString {
        self.locked().0.clone()
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, (SecretString, i64)> {
        self.refresh.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Grants for Unkept {
    fn claim(&self, _holder: &str) -> Result<Claim, Failure> {
        let (refresh, generation) = self.locked().clone();
        Ok(Claim::Taken { refresh, generation })
    }

    fn renew(&self, _holder: &str, refresh: Option<&SecretString>) -> Result<bool, Failure> {
        if let Some(refresh) = refresh {
            let mut kept = self.locked();
            *kept = (refresh.clone(), kept.1 + 1);
        }
        Ok(true)
    }

    fn release(&self, _holder: &str) -> Result<(), Failure> {
        Ok(())
    }

    fn generation(&self) -> Result<Option<i64>, Failure> {
        Ok(Some(self.locked().1))
    }
}
