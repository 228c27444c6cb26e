//! The words for how far the confirmation of a link holds: which way it was given, and until when it must be given again.

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::domain::MobileNumber;

/// How long a link whose secret, address or login changed goes on without a new confirmation, where nobody says otherwise.
pub const GRACE: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Why a link is parked whose `reconfirm by` passed.
pub const NOT_CONFIRMED_AGAIN: &str = "it was not confirmed again in time";

/// A way to confirm the first use of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConfirmationWay {
    /// The provider's own multi-factor sign-in.
    Provider,
    /// An authenticator app: codes that change every half minute.
    Authenticator,
    /// A code in a text message to the user's mobile phone.
    Text,
    /// A code in the mailbox. It proves control of the mailbox, not a second factor.
    Mailbox,
}

impl ConfirmationWay {
    /// The word for it, as in the configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Authenticator => "authenticator",
            Self::Text => "text",
            Self::Mailbox => "mailbox",
        }
    }

    /// What the audit trail says of it.
    pub fn event(self) -> &'static str {
        match self {
            Self::Provider => "confirmed by the provider's own multi-factor sign-in",
            Self::Authenticator => "confirmed with an authenticator app",
            Self::Text => "confirmed by a text message",
            Self::Mailbox => "confirmed by mailbox proof",
        }
    }
}

impl std::fmt::Display for ConfirmationWay {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.pad(self.word())
    }
}

/// A confirmation that was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmed {
    /// Which way.
    pub how: ConfirmationWay,
    /// When.
    pub at: Timestamp,
    /// Who took it.
    pub by: String,
}

/// Why a link must be confirmed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReconfirmWhy {
    /// It signs in with a new secret.
    NewSecret,
    /// It has another address, login or web service, and leads to the same mailbox.
    NewAddress,
    /// The firm asks for it at intervals.
    Interval,
    /// The firm no longer accepts the way in which it was confirmed.
    Policy,
}

impl ReconfirmWhy {
    /// Why, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::NewSecret => "it signs in with a new secret",
            Self::NewAddress => "its address or login changed",
            Self::Interval => "the firm has every link confirmed at intervals",
            Self::Policy => "the way in which it was confirmed is no longer accepted",
        }
    }

    /// Whether an event brought it, and not the firm's settings.
    pub fn is_of_an_event(self) -> bool {
        matches!(self, Self::NewSecret | Self::NewAddress)
    }
}

/// A link must be confirmed again, and goes on meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconfirm {
    /// Since when.
    pub since: Timestamp,
    /// By when; then the link is parked.
    pub by: Timestamp,
    /// Why.
    pub why: ReconfirmWhy,
}

/// What a confirmation by text message is lost with.
pub const ANOTHER_NUMBER: &str = "another mobile number";

/// What protects a link was taken away, and the link has not been confirmed anew: an authenticator app was switched off, or the
/// mobile number that confirmed the link was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovered {
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub by: String,
    /// With what: `recovery code`, `backup key`, `text message`, or nothing at hand; or [`ANOTHER_NUMBER`].
    pub with: String,
}

impl Recovered {
    /// What happened, and by whom, in words.
    pub fn words(&self) -> String {
        if self.with == ANOTHER_NUMBER {
            return format!("the mobile number that confirmed the link was changed by {}", self.by);
        }
        format!("the authenticator app was switched off by {}, with {}", self.by, self.with)
    }
}

/// A user's mobile phone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mobile {
    /// Its number.
    pub number: MobileNumber,
    /// When a code that was sent to it came back from somebody who had proven to be the user; not yet if `None`.
    pub proven: Option<Timestamp>,
}

/// What is kept of a confirmation under way.
#[derive(Debug, Default)]
pub struct KeptState {
    /// Of one-time codes.
    pub codes: Option<serde_json::Value>,
    /// Of the authenticator app; holds its secret.
    pub authenticator: Option<SecretString>,
    /// The mobile phone.
    pub mobile: Option<Mobile>,
}

/// What an attempt comes to, for the ledger.
#[derive(Debug)]
pub struct Attempt<T> {
    /// What is kept of it from now on.
    pub kept: KeptState,
    /// What it does to the link.
    pub effect: Effect,
    /// What the audit trail says, if anything.
    pub event: Option<String>,
    /// For whoever asked.
    pub verdict: T,
}

/// What an attempt does to the link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    Nothing,
    /// A confirmation is under way now.
    Begins,
    /// It is confirmed.
    Confirms(ConfirmationWay),
    /// Its authenticator app was switched off, with this, or its mobile number changed: it is to be confirmed anew.
    Recovers(String),
}
