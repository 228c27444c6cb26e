//! The first-use confirmation of a link: the pure machines of `auth`, the mailbox or app that codes come from, and the ledger that
//! remembers. Commands, the demo and later the console go through this one door.
//!
//! Every step is one transaction of the ledger: what was tried is kept before anybody hears of its outcome. Which ways are accepted
//! is the firm's to say, and asked at every step.

mod authenticator;
mod provider;
mod recovery;

use jiff::{Timestamp, civil::Date};
use rand::Rng as _;

pub use self::provider::ByProvider;
use crate::{
    auth::{
        confirmation::{Code, Confirmation, Refusal, Verdict},
        mailbox_proof,
    },
    engine::ConfirmationSettings,
    ports::{Failure, Mailbox},
    state::{Attempt, ConfirmationWay, Effect, KeptState, Ledger, LedgerError, User, UserName},
};

/// One user's confirmation.
pub struct FirstUse {
    ledger: Ledger,
    settings: ConfirmationSettings,
    name: UserName,
    by: String,
}

/// Why a confirmation cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum FirstUseError {
    /// The mailbox, or the way to it.
    #[error(transparent)]
    Mailbox(#[from] Failure),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// What the ledger remembers of the confirmation is of another version.
    #[error("what is remembered of the confirmation cannot be understood")]
    State(#[from] serde_json::Error),
    /// The firm does not accept this way.
    #[error("first uses are not confirmed by `{way}` here")]
    NotAccepted {
        /// The way.
        way: ConfirmationWay,
    },
    /// The provider's second factor would be that of the service account.
    #[error("the provider's second factor is the service account's and says nothing of the user")]
    OfTheAccount,
    /// An authenticator app is in use already.
    #[error("an authenticator app is enrolled already")]
    Enrolled,
    /// The authenticator app was given up for lost, and nothing else has confirmed the link since.
    #[error(
        "the authenticator app was given up for lost; another way must confirm the link before a new one is enrolled"
    )]
    GivenUp,
    /// The user's address cannot be an account in an authenticator app.
    #[error("the mailbox's address cannot be an account in an authenticator app")]
    Account,
}

impl FirstUse {
    /// The confirmation of this user, as the firm's settings want it; `by` goes into the audit trail.
    pub fn new(ledger: Ledger, settings: ConfirmationSettings, name: UserName, by: impl Into<String>) -> Self {
        Self { ledger, settings, name, by: by.into() }
    }

    /// Saves a fresh code in the mailbox that the link leads to, as a task that is due today. From now on this is the mailbox that
    /// is proven. Earlier codes are worth nothing.
    ///
    /// # Errors
    /// What the mailbox or the ledger says; calling again is safe.
    pub async fn send(&self, mailbox: &dyn Mailbox, today: Date, now: Timestamp) -> Result<(), FirstUseError> {
        self.accepted(ConfirmationWay::Mailbox, now)?;
        let identity = mailbox.identity().await?;
        self.ledger.set_user_mailbox(&self.name, self.ledger.mailbox_for(&identity, now)?)?;
        let code = Code::draw(&mut rand::rng());
        let salt = salt();
        self.step(now, |user, kept| {
            let state = codes(&kept)?.issue(&subject(user), &code, salt, now);
            let kept = KeptState { codes: Some(serde_json::to_value(state)?), ..kept };
            Ok(Attempt { kept, effect: Effect::Begins, event: None, verdict: () })
        })?;
        mailbox_proof::deliver(mailbox, self.ledger.firm(), self.name.as_str(), &code, today).await?;
        self.ledger.audit(&self.by, Some(&self.name), "a code was saved in the mailbox", now)?;
        Ok(())
    }

    /// Until when a code is open, if one is.
    ///
    /// # Errors
    /// What the ledger says.
    pub fn open_until(&self, now: Timestamp) -> Result<Option<Timestamp>, FirstUseError> {
        Ok(codes(&self.ledger.confirmation(&self.name)?)?.open_until(now))
    }

    /// One try of a code that was in the mailbox, stored before anybody hears of its outcome. A right code makes the link active.
    ///
    /// # Errors
    /// What the ledger says; a wrong code is no error but a [`Verdict`].
    pub fn attempt(&self, code: &Code, now: Timestamp) -> Result<Verdict, FirstUseError> {
        self.accepted(ConfirmationWay::Mailbox, now)?;
        self.step(now, |user, kept| {
            // As the ledger has it now: a code that went to another address proves nothing.
            let (state, verdict) = codes(&kept)?.attempt(&subject(user), code, now);
            let kept = KeptState { codes: Some(serde_json::to_value(state)?), ..kept };
            judged(kept, verdict, ConfirmationWay::Mailbox)
        })
    }

    /// Takes our task out of the mailbox again, code or note. What stays behind is found by the next confirmation or removal.
    ///
    /// # Errors
    /// What the mailbox or the ledger says.
    pub async fn withdraw(&self, mailbox: &dyn Mailbox, now: Timestamp) -> Result<(), FirstUseError> {
        let removed = mailbox_proof::withdraw(mailbox, self.ledger.firm(), self.name.as_str()).await?;
        if removed > 0 {
            let event = "the code was taken out of the mailbox";
            self.ledger.audit("pocketdocket", Some(&self.name), event, now)?;
        }
        Ok(())
    }

    fn step<T>(
        &self,
        now: Timestamp,
        step: impl FnOnce(&User, KeptState) -> Result<Attempt<T>, FirstUseError>,
    ) -> Result<T, FirstUseError> {
        self.ledger.attempt_confirmation(&self.name, &self.by, now, step)
    }

    /// Whether the firm accepts this way now. That it accepts the mailbox proof is in the audit trail before one is tried.
    fn accepted(&self, way: ConfirmationWay, now: Timestamp) -> Result<(), FirstUseError> {
        self.ledger.note_confirmation_policy(&self.settings.methods, &self.by, now)?;
        if self.settings.accepts(way) { Ok(()) } else { Err(FirstUseError::NotAccepted { way }) }
    }
}

/// What a verdict on a code comes to.
fn judged(kept: KeptState, verdict: Verdict, way: ConfirmationWay) -> Result<Attempt<Verdict>, FirstUseError> {
    let (kept, effect, event) = match verdict {
        Verdict::Confirmed => (authenticator::without_a_lost_one(kept)?, Effect::Confirms(way), None),
        Verdict::Refused(Refusal::TooSoon { .. }) => (kept, Effect::Nothing, None),
        Verdict::Refused(refusal) => (kept, Effect::Nothing, Some(format!("a code was refused: {refusal}"))),
    };
    Ok(Attempt { kept, effect, event, verdict })
}

fn codes(kept: &KeptState) -> Result<Confirmation, FirstUseError> {
    Ok(match &kept.codes {
        Some(state) => serde_json::from_value(state.clone())?,
        None => Confirmation::default(),
    })
}

fn salt() -> [u8; 16] {
    let mut salt = [0; 16];
    rand::rng().fill_bytes(&mut salt);
    salt
}

/// What a code proves: that this user reads this mailbox.
fn subject(user: &User) -> String {
    format!("{}\n{}\n{}", user.name, user.details.address, user.details.person)
}
