//! Confirming the first use: one-time codes, authenticator apps, recovery codes, and what a provider's sign-in shows. Pure: clock
//! and randomness are arguments, and whoever tries something must store the state that comes back *before* acting on the verdict.
//!
//! [`Confirmation`] is a code that is sent and comes back. [`Authenticator`] is an app that computes codes from a shared secret
//! (TOTP, RFC 6238), with what stands in for it when the phone is lost: [`spare`] codes and a backup key. [`provider`] judges
//! whether a provider's sign-in was a multi-factor one. Every wrong try makes the pause before the next one longer: [`Pause`].

mod authenticator;
mod code;
mod one_time;
mod pause;
pub mod provider;
pub mod spare;

use std::fmt;

use jiff::{SignedDuration, Timestamp};

pub use authenticator::{Authenticator, Enrolment, Used};
pub use code::{Code, NotACode};
pub use one_time::Confirmation;
pub use pause::Pause;

/// How long a code is good for, and an enrolment that was begun.
pub const LIFE: SignedDuration = SignedDuration::from_mins(10);
/// How often a code may be tried.
pub const TRIES: u8 = 5;
/// A clock may be set back this far without ending a code's life.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(1);

/// What became of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The code is right: the link may become active.
    Confirmed,
    /// It is not, for this reason.
    Refused(Refusal),
}

/// Why a try was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No code was issued.
    NothingIssued,
    /// The code was used before.
    Replayed,
    /// The authenticator app is not, or no longer, in use.
    SwitchedOff,
    /// The code is too old.
    Expired,
    /// The code was tried too often.
    Exhausted,
    /// The last wrong try is too recent; this one was not looked at and does not count.
    TooSoon {
        /// When the next try is looked at.
        until: Timestamp,
    },
    /// The code is wrong.
    Wrong {
        /// Tries that are left for this code.
        left: u8,
        /// When the next try is looked at.
        until: Timestamp,
    },
}

impl Refusal {
    /// Whether it was this code alone that was no good: another one may be, without being sent.
    pub fn is_of_this_code(self) -> bool {
        matches!(self, Self::Replayed)
    }

    /// Whether the same code can still be tried again.
    pub fn allows_another_try(self) -> bool {
        matches!(self, Self::TooSoon { .. } | Self::Wrong { left: 1.., .. })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingIssued => formatter.write_str("no code was sent yet"),
            Self::SwitchedOff => formatter.write_str("no authenticator app is in use"),
            Self::Replayed => formatter.write_str("this code was used before"),
            Self::Expired => formatter.write_str("the code is too old"),
            Self::Exhausted => formatter.write_str("the code was tried too often"),
            Self::TooSoon { until } => write!(formatter, "the next try is possible at {}", clock(*until)),
            Self::Wrong { left: 0, .. } => formatter.write_str("the code is wrong, and it was the last try for it"),
            Self::Wrong { left, until } => {
                write!(formatter, "the code is wrong; {left} more for this code, the next at {}", clock(*until))
            }
        }
    }
}

fn clock(at: Timestamp) -> jiff::fmt::strtime::Display<'static> {
    at.strftime("%H:%M:%S UTC")
}

/// Whether what was made at `since` is still good.
fn is_alive(since: Timestamp, now: Timestamp) -> bool {
    let earliest = since.saturating_sub(CLOCK_TOLERANCE).unwrap_or(Timestamp::MIN);
    earliest <= now && now < expires(since)
}

fn expires(since: Timestamp) -> Timestamp {
    since.saturating_add(LIFE).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
