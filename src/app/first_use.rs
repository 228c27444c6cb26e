//! The first-use confirmation of a link, from the code in the mailbox to *active*: the state machine of `auth`, the mailbox it
//! speaks through, and the ledger that remembers. Commands, the demo and later the console go through this one door.

use std::sync::Arc;

use jiff::{Timestamp, civil::Date};
use rand::Rng as _;

use crate::{
    auth::{
        confirmation::{Code, Confirmation, Refusal, Verdict},
        mailbox_proof,
    },
    ports::{Failure, Mailbox},
    state::{Ledger, LedgerError, LinkState, User, UserName},
};

/// One user's confirmation by mailbox proof.
pub struct FirstUse {
    ledger: Ledger,
    mailbox: Arc<dyn Mailbox>,
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
}

impl FirstUse {
    /// The confirmation of this user, whose link leads to `mailbox`; `by` goes into the audit trail.
    pub fn new(ledger: Ledger, mailbox: Arc<dyn Mailbox>, name: UserName, by: impl Into<String>) -> Self {
        Self { ledger, mailbox, name, by: by.into() }
    }

    /// Saves a fresh code in the mailbox, as a task that is due today. From now on this is the mailbox that is proven. Earlier
    /// codes are worth nothing.
    ///
    /// # Errors
    /// What the mailbox or the ledger says; calling again is safe.
    pub async fn send(&self, today: Date, now: Timestamp) -> Result<(), FirstUseError> {
        let identity = self.mailbox.identity().await?;
        let mailbox = self.ledger.mailbox_for(&identity, now)?;
        self.ledger.set_user_mailbox(&self.name, mailbox)?;
        let user = self.ledger.user(&self.name)?;
        let code = Code::draw(&mut rand::rng());
        let mut salt = [0; 16];
        rand::rng().fill_bytes(&mut salt);
        let state = self.state()?.issue(&subject(&user), &code, salt, now);
        self.keep(&state)?;
        if user.link == LinkState::Linked {
            self.ledger.set_link_state(&self.name, LinkState::Confirming, &self.by, now)?;
        }
        mailbox_proof::deliver(self.mailbox.as_ref(), self.ledger.firm(), self.name.as_str(), &code, today).await?;
        self.ledger.audit(&self.by, Some(&self.name), "a code was saved in the mailbox", now)?;
        Ok(())
    }

    /// Until when a code is open, if one is.
    ///
    /// # Errors
    /// What the ledger says.
    pub fn open_until(&self, now: Timestamp) -> Result<Option<Timestamp>, FirstUseError> {
        Ok(self.state()?.open_until(now))
    }

    /// One try, stored before anybody hears of its outcome. A right code makes the link active.
    ///
    /// # Errors
    /// What the ledger says; a wrong code is no error but a [`Verdict`].
    pub fn attempt(&self, code: &Code, now: Timestamp) -> Result<Verdict, FirstUseError> {
        // As the ledger has it now: a code that went to another address proves nothing.
        let user = self.ledger.user(&self.name)?;
        let (state, verdict) = self.state()?.attempt(&subject(&user), code, now);
        self.keep(&state)?;
        match verdict {
            Verdict::Confirmed => {
                self.ledger.set_link_state(&self.name, LinkState::Active, &self.by, now)?;
                self.ledger.audit(&self.by, Some(&self.name), "confirmed by mailbox proof", now)?;
            }
            Verdict::Refused(Refusal::TooSoon { .. }) => {}
            Verdict::Refused(refusal) => {
                self.ledger.audit(&self.by, Some(&self.name), &format!("a code was refused: {refusal}"), now)?;
            }
        }
        Ok(verdict)
    }

    /// Takes the task away again. What stays behind is found by the next confirmation or removal.
    ///
    /// # Errors
    /// What the mailbox or the ledger says.
    pub async fn withdraw(&self, now: Timestamp) -> Result<(), FirstUseError> {
        let removed = mailbox_proof::withdraw(self.mailbox.as_ref(), self.ledger.firm(), self.name.as_str()).await?;
        if removed > 0 {
            let event = "the code was taken out of the mailbox";
            self.ledger.audit("pocketdocket", Some(&self.name), event, now)?;
        }
        Ok(())
    }

    fn state(&self) -> Result<Confirmation, FirstUseError> {
        Ok(match self.ledger.confirmation(&self.name)? {
            Some(state) => serde_json::from_value(state)?,
            None => Confirmation::default(),
        })
    }

    fn keep(&self, state: &Confirmation) -> Result<(), FirstUseError> {
        Ok(self.ledger.set_confirmation(&self.name, Some(&serde_json::to_value(state)?))?)
    }
}

/// What a code proves: that this user reads this mailbox.
fn subject(user: &User) -> String {
    format!("{}\n{}\n{}", user.name, user.details.address, user.details.person)
}
