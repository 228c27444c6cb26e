//! From an error to what a person reads, and to the exit code.

use std::{error::Error as StdError, fmt::Write as _, process::ExitCode};

use super::terminal::Terminal;
use crate::{
    config::ConfigError,
    ports::{Failure, FailureKind},
    state::{LedgerError, UserNameError},
    vault::KeyError,
};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All is well.
    Fine,
    /// Something needs a person.
    NeedsPerson,
    /// The command line or the configuration is wrong.
    Usage,
    /// Trouble that goes away by itself: the same command may work later.
    Passes,
}

impl Exit {
    /// Every way to end, with its meaning, for the reference.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Fine, "all is well"),
        (Self::NeedsPerson, "something needs a person: the message or the table says what"),
        (Self::Usage, "the command line or the configuration is wrong; nothing was done"),
        (Self::Passes, "trouble that goes away by itself (network, busy server, locked ledger): try again later"),
    ];

    /// The number the shell sees.
    pub fn code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::NeedsPerson => 1,
            Self::Usage => 2,
            Self::Passes => 3,
        }
    }

    /// What an error means for the shell. The outermost error that has an opinion decides.
    pub(super) fn of(error: &anyhow::Error) -> Self {
        error.chain().find_map(judge).unwrap_or(Self::NeedsPerson)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// A command that says no, with its reason.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub(super) struct Refusal {
    what: String,
    hint: Option<String>,
    exit: Exit,
    #[source]
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Refusal {
    pub(super) fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { what: what.into(), hint: None, exit, source: None }
    }

    /// The command line is wrong.
    pub(super) fn usage(what: impl Into<String>) -> Self {
        Self::new(Exit::Usage, what)
    }

    /// A person has to do something first.
    pub(super) fn needs_person(what: impl Into<String>) -> Self {
        Self::new(Exit::NeedsPerson, what)
    }

    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub(super) fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

/// Standard output could not be written.
#[derive(Debug, thiserror::Error)]
#[error("could not write to standard output")]
pub(super) struct OutputError(#[from] pub(super) std::io::Error);

/// Names the cause, with what shows it, who can do something about it, and how long that takes. What to do comes as the hint.
pub(super) fn tell_cause(failure: &Failure, through_account: bool, terminal: &mut Terminal) {
    let Some(cause) = failure.cause else { return };
    let entry = cause.entry();
    terminal.say(format_args!("cause     {} ({cause})", entry.title));
    for line in &failure.evidence {
        terminal.say(format_args!("evidence  {line}"));
    }
    terminal.say(format_args!("who       {}", entry.who(through_account)));
    terminal.say(format_args!("takes     {}", entry.time));
}

/// Whether whoever read our output has seen enough.
pub(super) fn reader_went_away(error: &anyhow::Error) -> bool {
    error.downcast_ref::<OutputError>().is_some_and(|output| output.0.kind() == std::io::ErrorKind::BrokenPipe)
}

/// What happened, why, and what to do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Explanation {
    pub(super) what: String,
    pub(super) causes: Vec<String>,
    pub(super) hint: Option<String>,
}

impl Explanation {
    /// The lines below the first, which the terminal may colour.
    pub(super) fn rest(&self) -> String {
        let mut text = String::new();
        for cause in &self.causes {
            // A cause of several lines (a place in a file) stays together under its first word.
            let _ = writeln!(text, "  Caused by: {}", cause.replace('\n', "\n             "));
        }
        text
    }
}

pub(super) fn explain(error: &anyhow::Error) -> Explanation {
    Explanation {
        what: error.to_string(),
        causes: error.chain().skip(1).map(ToString::to_string).collect(),
        hint: error.chain().find_map(hint),
    }
}

fn hint(error: &(dyn StdError + 'static)) -> Option<String> {
    if let Some(refusal) = error.downcast_ref::<Refusal>() {
        return refusal.hint.clone();
    }
    if let Some(failure) = error.downcast_ref::<Failure>() {
        return failure.hint.clone();
    }
    if let Some(ledger) = error.downcast_ref::<LedgerError>() {
        return ledger.hint();
    }
    if let Some(config) = error.downcast_ref::<ConfigError>() {
        return Some(config.hint());
    }
    error.downcast_ref::<KeyError>().and_then(KeyError::hint)
}

fn judge(error: &(dyn StdError + 'static)) -> Option<Exit> {
    if let Some(refusal) = error.downcast_ref::<Refusal>() {
        return Some(refusal.exit);
    }
    if let Some(failure) = error.downcast_ref::<Failure>() {
        return Some(match failure.kind {
            kind if kind.passes() => Exit::Passes,
            FailureKind::Setting => Exit::Usage,
            _ => Exit::NeedsPerson,
        });
    }
    if let Some(ledger) = error.downcast_ref::<LedgerError>() {
        return Some(match ledger {
            LedgerError::Locked { .. } | LedgerError::Unwritable(_) | LedgerError::Busy(_) => Exit::Passes,
            LedgerError::Missing { .. }
            | LedgerError::Exists { .. }
            | LedgerError::NoSuchUser(_)
            | LedgerError::UserExists(_)
            | LedgerError::NoSuchServiceAccount(_)
            | LedgerError::ServiceAccountExists(_)
            | LedgerError::NoSuchHold(_)
            | LedgerError::NoSuchProposal(_) => Exit::Usage,
            _ => Exit::NeedsPerson,
        });
    }
    if let Some(KeyError::KeyringSilent { .. } | KeyError::NoKeyring { .. }) = error.downcast_ref::<KeyError>() {
        // After a start of the machine it may come up later than we do.
        return Some(Exit::Passes);
    }
    let usage = error.is::<ConfigError>() || error.is::<KeyError>() || error.is::<UserNameError>();
    usage.then_some(Exit::Usage)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(error: &anyhow::Error) -> String {
        let explanation = explain(error);
        format!("error: {}\n{}hint: {}", explanation.what, explanation.rest(), explanation.hint.unwrap_or_default())
    }

    #[test]
    fn an_error_says_what_why_and_what_next() {
        let failure = Failure::new(FailureKind::Unauthorized, "sign in as `weber`")
            .because(anyhow::anyhow!("two\nlines").context("HTTP 401"))
            .hint("set the password with `pocketdocket user link weber`");
        let error = anyhow::Error::new(failure).context("the mailbox of `weber` was not reached");
        insta::assert_snapshot!(lines(&error), @r"
        error: the mailbox of `weber` was not reached
          Caused by: could not sign in as `weber`
          Caused by: HTTP 401
          Caused by: two
                     lines
        hint: set the password with `pocketdocket user link weber`
        ");
    }

    #[test]
    fn the_exit_code_says_who_must_act() {
        let exit = |kind| Exit::of(&anyhow::Error::new(Failure::new(kind, "x")).context("outside"));
        assert_eq!(exit(FailureKind::Transient), Exit::Passes);
        assert_eq!(exit(FailureKind::Throttled), Exit::Passes);
        assert_eq!(exit(FailureKind::Setting), Exit::Usage);
        assert_eq!(exit(FailureKind::Unauthorized), Exit::NeedsPerson);
        assert_eq!(Exit::of(&LedgerError::Locked { pid: Some(7) }.into()), Exit::Passes);
        assert_eq!(Exit::of(&anyhow::anyhow!("who knows")), Exit::NeedsPerson);
    }

    #[test]
    fn only_a_closed_output_is_success() {
        let broken = || std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        assert!(reader_went_away(&OutputError(broken()).into()));
        assert!(!reader_went_away(&broken().into()), "a connection that broke is trouble");
        assert!(!reader_went_away(&OutputError(std::io::ErrorKind::StorageFull.into()).into()));
    }
}
