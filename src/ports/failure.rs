use std::{error::Error as StdError, fmt, time::Duration};

use crate::diagnosis::{Cause, Diagnosis};

/// What went wrong, in the words the engine decides by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// Time-out, reset, 502/503/504, a mailbox that is being moved: the same request may work later.
    Transient,
    /// The request is too large or too slow for this server: the same work in smaller pieces may succeed.
    TooMuch,
    /// The server asked us to wait: `retry_after`, for this mailbox.
    Throttled,
    /// The credential is wrong, expired or refused. A person is needed; no further try until there is a new secret.
    Unauthorized,
    /// Signed in, but the right is missing (impersonation, folder permission, EWS switched off). A person is needed.
    Forbidden,
    /// There is no such mailbox, or it is disabled. A person is needed.
    MailboxMissing,
    /// Stale change key: observe again, plan again.
    Conflict,
    /// The item or folder is not there (any more).
    NotFound,
    /// The sync token is no longer honoured: take a full observation.
    TokenExpired,
    /// The mailbox is full. A person is needed; other mailboxes go on.
    Full,
    /// This record cannot be stored as it is; retrying will not help.
    Rejected,
    /// A whole batch was refused and the server does not say for which record: bisect.
    BatchRefused,
    /// We do not understand the answer.
    Malformed,
    /// The practice database cannot be read, or what it says cannot be believed.
    Source,
    /// A setting is wrong. A person is needed.
    Setting,
}

impl FailureKind {
    /// Whether it goes away by itself.
    pub fn passes(self) -> bool {
        matches!(self, Self::Transient | Self::TooMuch | Self::Throttled | Self::Conflict | Self::TokenExpired)
    }
}

/// One trouble: what we were doing, of which kind it is, when to try again, who said so and what to do next.
#[derive(Debug)]
pub struct Failure {
    /// What the engine decides by.
    pub kind: FailureKind,
    /// Why the sign-in or the way to the mailbox failed, where that is known.
    pub cause: Option<Cause>,
    /// What shows the cause, a line each, without anything secret.
    pub evidence: Vec<String>,
    /// How long the server asked us to wait.
    pub retry_after: Option<Duration>,
    /// What a person can do about it: a sentence, with the next command where there is one.
    pub hint: Option<String>,
    doing: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Failure {
    /// A trouble of this kind, met while doing that (`create 12 events`).
    pub fn new(kind: FailureKind, doing: impl Into<String>) -> Self {
        Self {
            kind,
            cause: None,
            evidence: Vec::new(),
            retry_after: None,
            hint: None,
            doing: doing.into(),
            source: None,
        }
    }

    /// With its cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// With the named cause.
    #[must_use]
    pub fn named(mut self, cause: Cause) -> Self {
        self.cause = Some(cause);
        self
    }

    /// With the named cause, and what shows it.
    #[must_use]
    pub fn diagnosed(mut self, diagnosis: Diagnosis) -> Self {
        self.cause = Some(diagnosis.cause);
        self.evidence = diagnosis.evidence;
        self
    }

    /// With the time the server asked for.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }

    /// With what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The cause chain in one line, for lists and logs.
    pub fn chain(&self) -> String {
        chain(self)
    }
}

/// An error with its causes in one line, for lists and logs.
pub fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "could not {}", self.doing)
    }
}

impl StdError for Failure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|error| error as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_says_what_and_why() {
        let failure =
            Failure::new(FailureKind::Throttled, "create 12 events").because("HTTP 503 from `mail.example.org`");
        assert_eq!(failure.chain(), "could not create 12 events: HTTP 503 from `mail.example.org`");
    }
}
