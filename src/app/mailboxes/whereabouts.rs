//! What autodiscover means for a link.
//!
//! It is asked when what it said has grown old, and at once when a server no longer knows the mailbox. Nothing follows it by itself: a
//! password must not go wherever an answer points, and items must not be written into whatever mailbox is found there. A link whose
//! mailbox is elsewhere waits, with that named as the cause, until a person moves it.

use std::sync::{Arc, PoisonError};

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use super::{Mailboxes, ledger_failure};
use crate::{
    auth::password::Basic,
    diagnosis::{Cause, Observation},
    exchange::Autodiscover,
    ports::{Authenticator, Failure, FailureKind, Found},
    state::{KnownWhereabouts, User, UserDetails},
};

/// How long after a question the same one is not put again for trouble that may pass by itself.
const PAUSE: SignedDuration = SignedDuration::from_hours(1);

impl Mailboxes {
    /// Asks autodiscover where a mailbox is, without signing in.
    ///
    /// # Errors
    /// When nobody could tell; the evidence says who was asked.
    pub async fn discover(&self, mailbox: &str) -> Result<Found, Failure> {
        Autodiscover::new(&self.settings)?.find(mailbox).await
    }

    /// The same, of servers that tell only to who signs in.
    ///
    /// # Errors
    /// When one refuses the password, or nobody could tell.
    pub async fn discover_signed_in(&self, user: &User, password: &SecretString) -> Result<Found, Failure> {
        let sign_in: Arc<dyn Authenticator> = Arc::new(Basic::new(&user.details.login, password)?);
        Autodiscover::new(&self.settings)?.find_signed_in(&user.details.address, &sign_in, &self.shared).await
    }

    /// Asks autodiscover anew where what it said is old, for a link that goes where it said.
    ///
    /// # Errors
    /// [`Cause::MailboxMoved`] when it names another kind of place now than the link goes to.
    pub async fn mind_whereabouts(&self, user: &User, now: Timestamp) -> Result<(), Failure> {
        let known = self.known(user)?;
        let (Some(mut known), Some(host)) = (known.filter(|known| known.followed), self.host(&user.details)) else {
            return Ok(());
        };
        let protocol = user.details.protocol;
        // What was said before may have been a mistake of a moment.
        let asks = known.at.contradicts(protocol, &host) || (known.is_old(now) && self.may_ask(user, now));
        if asks && let Ok(found) = self.ask_anew(user, now).await {
            known = KnownWhereabouts { at: found.at, reason: found.reason, ..known };
        }
        if known.at.contradicts(protocol, &host) {
            return Err(moved(user, &host, &known, Vec::new()));
        }
        Ok(())
    }

    /// The failure of a link, or that its mailbox was moved, where autodiscover says so.
    pub async fn explained(&self, user: &User, failure: Failure, now: Timestamp) -> Failure {
        let failure = self.explained_by_place(&user.details, failure, now).await;
        let asks = match failure.cause {
            Some(Cause::AddressNotAllowed | Cause::MailboxMoved) => false,
            Some(Cause::MailboxMissing | Cause::WrongAddress) => true,
            // A server that is silent may be gone, or only switched off for a while.
            Some(Cause::NameNotFound | Cause::Unreachable) => self.may_ask(user, now) && self.follows(user),
            _ => failure.kind == FailureKind::MailboxMissing,
        };
        let Some(host) = self.host(&user.details).filter(|_| asks) else { return failure };
        if self.ask_anew(user, now).await.is_err() {
            return failure;
        }
        match self.known(user) {
            Ok(Some(known)) if known.at.is_elsewhere(user.details.protocol, &host) => {
                moved(user, &host, &known, failure.evidence)
            }
            _ => failure,
        }
    }

    async fn ask_anew(&self, user: &User, now: Timestamp) -> Result<Found, Failure> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(user.name.clone(), now);
        let found = self.discover(&user.details.address).await;
        match &found {
            Ok(found) => self
                .ledger
                .note_whereabouts(&user.name, found, false, now)
                .map_err(|error| ledger_failure("note where a mailbox is", error))?,
            Err(failure) => {
                tracing::debug!(user.id = %user.name, cause = %failure.chain(), "autodiscover told nothing");
            }
        }
        found
    }

    fn may_ask(&self, user: &User, now: Timestamp) -> bool {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.get(&user.name).is_none_or(|last| now.duration_since(*last) >= PAUSE)
    }

    fn known(&self, user: &User) -> Result<Option<KnownWhereabouts>, Failure> {
        let known = self.ledger.whereabouts(&user.name);
        known.map_err(|error| ledger_failure("look up where a mailbox is", error))
    }

    /// Whether the link goes where autodiscover said.
    fn follows(&self, user: &User) -> bool {
        self.known(user).is_ok_and(|known| known.is_some_and(|known| known.followed))
    }

    /// Where the link goes, if that can be told.
    pub(super) fn host(&self, details: &UserDetails) -> Option<String> {
        self.address(details).ok()?.url.host_str().map(str::to_owned)
    }
}

/// The mailbox is elsewhere: what showed it, and what to do.
fn moved(user: &User, host: &str, known: &KnownWhereabouts, mut seen: Vec<String>) -> Failure {
    seen.push(known.reason.clone());
    let observed = Observation { host: host.to_owned(), elsewhere: seen, ..Observation::default() };
    Failure::new(FailureKind::MailboxMissing, format!("reach the mailbox {}", user.details.address))
        .diagnosed(observed.diagnose())
        .because(format!("it is at {} now", known.at.words()))
        .hint(format!("move the link there: `pocketdocket user move {} --to {}`", user.name, known.at.target()))
}
