//! One-time codes: issue, try, confirm. Pure: clock and randomness are arguments, and what is kept are salted hashes.
//!
//! A code lives ten minutes and allows five tries; every wrong try makes the pause before the next one longer, across codes, so
//! that asking for new codes does not help a guesser. A code confirms once. It is bound to a *subject* (user and mailbox): a
//! code that was issued for another mailbox is simply wrong.
//!
//! The hash protects the code only for as long as it lives (six digits can be searched in no time), which is why it lives so
//! short. Whoever tries a code must store the state that comes back *before* acting on the verdict.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use rand::{CryptoRng, RngExt};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// How long a code is good for.
pub const LIFE: SignedDuration = SignedDuration::from_mins(10);
/// How often a code may be tried.
pub const TRIES: u8 = 5;
/// The longest pause between two tries.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(15);
/// A clock may be set back this far without ending a code's life.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(1);

/// Six digits that prove something once. Not printable by accident.
#[derive(Clone, Debug)]
pub struct Code(SecretString);

impl Code {
    /// Draws a code.
    pub fn draw(random: &mut impl CryptoRng) -> Self {
        Self(SecretString::from(format!("{:06}", random.random_range(0..1_000_000_u32))))
    }

    /// Reads what a person typed: six digits, with spaces or hyphens wherever they like.
    ///
    /// # Errors
    /// [`NotACode`] for anything else; the text itself is not repeated.
    pub fn parse(typed: &str) -> Result<Self, NotACode> {
        let mut digits = String::with_capacity(6);
        for letter in typed.trim().chars() {
            match letter {
                '0'..='9' if digits.len() < 6 => digits.push(letter),
                ' ' | '-' | '\u{a0}' => {}
                _ => return Err(NotACode),
            }
        }
        if digits.len() == 6 { Ok(Self(SecretString::from(digits))) } else { Err(NotACode) }
    }

    /// The code as people read it best: `123 456`. For the message that delivers it and for nothing else.
    pub fn readable(&self) -> SecretString {
        let digits = self.0.expose_secret();
        let (first, second) = digits.split_at_checked(3).unwrap_or((digits, ""));
        SecretString::from(format!("{first} {second}"))
    }
}

/// What was typed is not a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a code has six digits, like 123 456")]
pub struct NotACode;

/// Where a confirmation stands. Serialised into the ledger; holds no code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    code: Option<Issued>,
    /// Wrong tries in a row, over all codes.
    wrong: u32,
    /// No try before this moment.
    not_before: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Issued {
    salt: [u8; 16],
    hash: [u8; 32],
    at: Timestamp,
    tries: u8,
    used: bool,
}

impl Issued {
    fn expires(&self) -> Timestamp {
        self.at.saturating_add(LIFE).unwrap_or(Timestamp::MAX)
    }

    fn is_alive(&self, now: Timestamp) -> bool {
        let earliest = self.at.saturating_sub(CLOCK_TOLERANCE).unwrap_or(Timestamp::MIN);
        earliest <= now && now < self.expires()
    }
}

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
    /// Whether the same code can still be tried again.
    pub fn allows_another_try(self) -> bool {
        matches!(self, Self::TooSoon { .. } | Self::Wrong { left: 1.., .. })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingIssued => formatter.write_str("no code was sent yet"),
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

impl Confirmation {
    /// With a new code for this subject. Earlier codes are void; what earlier wrong tries earned stays.
    #[must_use]
    pub fn issue(&self, subject: &str, code: &Code, salt: [u8; 16], now: Timestamp) -> Self {
        let issued = Issued { salt, hash: hash(subject, code, &salt), at: now, tries: 0, used: false };
        Self { code: Some(issued), ..self.clone() }
    }

    /// Tries a code. The state that comes back must be stored before the verdict is acted on.
    #[must_use]
    pub fn attempt(&self, subject: &str, code: &Code, now: Timestamp) -> (Self, Verdict) {
        let mut next = self.clone();
        let verdict = match next.try_code(subject, code, now) {
            Ok(()) => Verdict::Confirmed,
            Err(refusal) => Verdict::Refused(refusal),
        };
        (next, verdict)
    }

    /// When the code that is out can no longer be used; `None` if none is.
    pub fn open_until(&self, now: Timestamp) -> Option<Timestamp> {
        let issued = self.code.as_ref()?;
        let open = !issued.used && issued.tries < TRIES && issued.is_alive(now);
        open.then(|| issued.expires())
    }

    fn try_code(&mut self, subject: &str, code: &Code, now: Timestamp) -> Result<(), Refusal> {
        let issued = self.code.as_mut().ok_or(Refusal::NothingIssued)?;
        if issued.used {
            return Err(Refusal::Replayed);
        }
        if !issued.is_alive(now) {
            return Err(Refusal::Expired);
        }
        if issued.tries >= TRIES {
            return Err(Refusal::Exhausted);
        }
        if let Some(until) = self.not_before.filter(|until| now < *until) {
            return Err(Refusal::TooSoon { until });
        }
        issued.tries += 1;
        if bool::from(hash(subject, code, &issued.salt).ct_eq(&issued.hash)) {
            issued.used = true;
            self.wrong = 0;
            self.not_before = None;
            return Ok(());
        }
        self.wrong = self.wrong.saturating_add(1);
        let until = now.saturating_add(pause(self.wrong)).unwrap_or(Timestamp::MAX);
        self.not_before = Some(until);
        Err(Refusal::Wrong { left: TRIES - issued.tries, until })
    }
}

/// 1, 2, 4, 8 … seconds, up to a quarter of an hour.
fn pause(wrong: u32) -> SignedDuration {
    let seconds = 1_i64.checked_shl(wrong.saturating_sub(1)).filter(|seconds| *seconds > 0).unwrap_or(i64::MAX);
    SignedDuration::from_secs(seconds).min(LONGEST_PAUSE)
}

fn hash(subject: &str, code: &Code, salt: &[u8; 16]) -> [u8; 32] {
    // The salt has a fixed length and a code fixed six digits, so the parts cannot run into each other.
    let mut digest = Sha256::new();
    digest.update(b"pocketdocket confirmation v1");
    digest.update(salt);
    digest.update(code.0.expose_secret().as_bytes());
    digest.update(subject.as_bytes());
    digest.finalize().into()
}

#[cfg(test)]
mod tests;
