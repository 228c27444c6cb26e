//! A code that is sent, and comes back. It lives ten minutes and allows five tries; it confirms once. It is bound to a *subject*
//! (user and mailbox): a code that was issued for another mailbox is simply wrong. The hash protects the code only for as long as
//! it lives (six digits can be searched in no time), which is why it lives so short.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Code, Pause, Refusal, TRIES, Verdict, expires, is_alive};

/// Where a confirmation stands. Serialised into the ledger; holds no code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    code: Option<Issued>,
    /// Over all codes.
    #[serde(flatten)]
    pause: Pause,
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
        let open = !issued.used && issued.tries < TRIES && is_alive(issued.at, now);
        open.then(|| expires(issued.at))
    }

    fn try_code(&mut self, subject: &str, code: &Code, now: Timestamp) -> Result<(), Refusal> {
        let issued = self.code.as_mut().ok_or(Refusal::NothingIssued)?;
        if issued.used {
            return Err(Refusal::Replayed);
        }
        if !is_alive(issued.at, now) {
            return Err(Refusal::Expired);
        }
        if issued.tries >= TRIES {
            return Err(Refusal::Exhausted);
        }
        if let Some(until) = self.pause.until(now) {
            return Err(Refusal::TooSoon { until });
        }
        issued.tries += 1;
        if bool::from(hash(subject, code, &issued.salt).ct_eq(&issued.hash)) {
            issued.used = true;
            self.pause = Pause::default();
            return Ok(());
        }
        let until = self.pause.after_wrong_try(now);
        Err(Refusal::Wrong { left: TRIES - issued.tries, until })
    }
}

fn hash(subject: &str, code: &Code, salt: &[u8; 16]) -> [u8; 32] {
    // The salt has a fixed length and a code fixed six digits, so the parts cannot run into each other.
    let mut digest = Sha256::new();
    digest.update(b"pocketdocket confirmation v1");
    digest.update(salt);
    digest.update(code.digits().as_bytes());
    digest.update(subject.as_bytes());
    digest.finalize().into()
}
