//! An authenticator app: TOTP of RFC 6238 as every such app does it (SHA-1, six digits, half a minute), with a secret of 160 bits.
//!
//! A code is taken of its own half minute and of the ones before and after it, because clocks differ and people type slowly. A
//! half minute counts once: the last one that was taken is kept, and it and everything before it is refused from then on. Five
//! wrong tries in a row end an enrolment that was begun; of one that is complete they cost a quarter of an hour each.

use std::fmt;

use jiff::Timestamp;
use rand::CryptoRng;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use totp_rs::{Algorithm, Builder, Secret, Totp, TotpError};
use zeroize::{Zeroize, Zeroizing};

use super::{
    Code, Pause, Refusal, TRIES, Verdict, expires, is_alive,
    spare::{CODES, Hashed, Spare},
};

/// Bytes of the shared secret, as RFC 4226 recommends.
const SECRET: usize = 20;
/// Seconds of a step.
const STEP: u64 = 30;
/// Whose code it is, in the app's list.
const ISSUER: &str = "Pocket Docket";

/// What is kept of a user's authenticator app. Holds its secret: seal it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authenticator {
    secret: [u8; SECRET],
    begun: Timestamp,
    /// Wrong tries before the first right one.
    tries: u8,
    /// When a first code proved that the app has the secret.
    enrolled: Option<Timestamp>,
    /// The last step that a code was taken of.
    last_step: Option<u64>,
    pause: Pause,
    backup: Hashed,
    recovery: Vec<Hashed>,
    /// The app is lost, and what stands in for it too: good for nothing but to be replaced after another confirmation.
    lost: bool,
}

/// What the user gets, once.
pub struct Enrolment {
    /// `otpauth://…`, for a QR code.
    pub address: SecretString,
    /// The same secret, for people who type it.
    pub key: SecretString,
    /// Stands in for the app for good.
    pub backup: Spare,
    /// Stand in for it once each.
    pub recovery: Vec<Spare>,
}

impl Authenticator {
    /// Begins an enrolment with a fresh secret; `account` is what the app lists it as.
    ///
    /// # Errors
    /// When the account cannot be a name in an app.
    pub fn enrol(account: &str, random: &mut impl CryptoRng, now: Timestamp) -> Result<(Self, Enrolment), TotpError> {
        let mut secret = [0; SECRET];
        random.fill_bytes(&mut secret);
        // A colon parts issuer and account in the address.
        let totp = totp(&secret, &account.replace(':', "_"))?;
        let mut salt = || {
            let mut salt = [0; 16];
            random.fill_bytes(&mut salt);
            salt
        };
        let salts: Vec<[u8; 16]> = (0..=CODES).map(|_| salt()).collect();
        let backup = Spare::draw_key(random);
        let recovery: Vec<Spare> = (0..CODES).map(|_| Spare::draw_code(random)).collect();
        let enrolment = Enrolment {
            address: SecretString::from(totp.to_url()?),
            key: SecretString::from(grouped(&Zeroizing::new(totp.secret().to_base32()))),
            backup: backup.clone(),
            recovery: recovery.clone(),
        };
        let kept = Self {
            secret,
            begun: now,
            tries: 0,
            enrolled: None,
            last_step: None,
            pause: Pause::default(),
            backup: backup.hashed(salts.first().copied().unwrap_or_default()),
            recovery: recovery.iter().zip(salts.iter().skip(1)).map(|(spare, salt)| spare.hashed(*salt)).collect(),
            lost: false,
        };
        secret.zeroize();
        Ok((kept, enrolment))
    }

    /// The same with what earlier wrong tries earned: beginning anew does not help a guesser.
    #[must_use]
    pub fn after(mut self, earlier: Option<&Self>) -> Self {
        self.pause = earlier.map_or(Pause::default(), |earlier| earlier.pause);
        self
    }

    /// Whether a first code completed the enrolment, and the app is not lost.
    pub fn is_enrolled(&self) -> bool {
        self.enrolled.is_some() && !self.lost
    }

    /// Whether the app was given up for lost.
    pub fn is_lost(&self) -> bool {
        self.lost
    }

    /// Gives it up for lost.
    #[must_use]
    pub fn given_up(mut self) -> Self {
        self.lost = true;
        self
    }

    /// Recovery codes that are left.
    pub fn recovery_codes_left(&self) -> usize {
        self.recovery.iter().filter(|code| !code.is_used()).count()
    }

    /// Until when the first code can complete an enrolment that was begun; `None` if it is complete, or too late.
    pub fn open_until(&self, now: Timestamp) -> Option<Timestamp> {
        let open = self.enrolled.is_none() && is_alive(self.begun, now) && self.tries < TRIES;
        open.then(|| expires(self.begun))
    }

    /// Tries a code of the app; the first right one completes the enrolment. The state that comes back must be stored before the
    /// verdict is acted on.
    #[must_use]
    pub fn attempt(&self, code: &Code, now: Timestamp) -> (Self, Verdict) {
        let mut next = self.clone();
        match next.try_code(code, now) {
            Ok(()) => (next, Verdict::Confirmed),
            Err(refusal) => (next, Verdict::Refused(refusal)),
        }
    }

    /// Tries a recovery code or the backup key, which switch the app off. The state that comes back must be stored before the
    /// verdict is acted on; gives what it was.
    pub fn recover(&self, spare: &Spare, now: Timestamp) -> (Self, Result<Used, Refusal>) {
        let mut next = self.clone();
        let used = next.try_spare(spare, now);
        (next, used)
    }

    #[cfg(test)]
    pub(super) fn pause_until(&self, now: Timestamp) -> bool {
        self.pause.until(now).is_some()
    }

    fn try_code(&mut self, code: &Code, now: Timestamp) -> Result<(), Refusal> {
        if self.lost {
            return Err(Refusal::SwitchedOff);
        }
        if self.enrolled.is_none() && !is_alive(self.begun, now) {
            return Err(Refusal::Expired);
        }
        if self.enrolled.is_none() && self.tries >= TRIES {
            return Err(Refusal::Exhausted);
        }
        if let Some(until) = self.pause.until(now) {
            return Err(Refusal::TooSoon { until });
        }
        let seconds = u64::try_from(now.as_second()).map_err(|_| Refusal::Expired)?;
        let matched = totp(&self.secret, "").ok().and_then(|totp| totp.check(code.digits(), seconds));
        let Some(step) = matched else { return Err(self.wrong_try(now)) };
        if self.last_step.is_some_and(|last| step <= last) {
            return Err(Refusal::Replayed);
        }
        self.last_step = Some(step);
        self.pause = Pause::default();
        self.enrolled.get_or_insert(now);
        Ok(())
    }

    fn try_spare(&mut self, spare: &Spare, now: Timestamp) -> Result<Used, Refusal> {
        if !self.is_enrolled() {
            return Err(Refusal::SwitchedOff);
        }
        if let Some(until) = self.pause.until(now) {
            return Err(Refusal::TooSoon { until });
        }
        // All of them are compared, so that the time says nothing.
        let mut found = None;
        for (number, code) in self.recovery.iter().enumerate() {
            if code.is(spare) {
                found = Some(number);
            }
        }
        if self.backup.is(spare) {
            self.pause = Pause::default();
            return Ok(Used::BackupKey);
        }
        if let Some(code) = found.and_then(|number| self.recovery.get_mut(number)) {
            code.use_up();
            self.pause = Pause::default();
            return Ok(Used::RecoveryCode);
        }
        Err(self.wrong_try(now))
    }

    fn wrong_try(&mut self, now: Timestamp) -> Refusal {
        let until = self.pause.after_wrong_try(now);
        if self.enrolled.is_none() {
            self.tries += 1;
            return Refusal::Wrong { left: TRIES - self.tries, until };
        }
        let left = u32::from(TRIES).saturating_sub(self.pause.wrong_tries());
        let until = if left == 0 { self.pause.at_longest(now) } else { until };
        Refusal::Wrong { left: u8::try_from(left).unwrap_or(0), until }
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Authenticator")
            .field("enrolled", &self.enrolled)
            .field("last_step", &self.last_step)
            .field("pause", &self.pause)
            .finish_non_exhaustive()
    }
}

impl Drop for Authenticator {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

/// What stood in for the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Used {
    /// One of ten.
    RecoveryCode,
    /// The one key.
    BackupKey,
}

impl Used {
    /// What it is called.
    pub fn word(self) -> &'static str {
        match self {
            Self::RecoveryCode => "recovery code",
            Self::BackupKey => "backup key",
        }
    }
}

/// For checking, the account does not matter.
fn totp(secret: &[u8; SECRET], account: &str) -> Result<Totp, TotpError> {
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_skew(1)
        .with_step_duration(STEP)
        .with_secret(Secret::from(*secret))
        .with_account_name(account)
        .with_issuer(Some(ISSUER))
        .build()
}

/// Groups of four, as apps show it.
fn grouped(text: &str) -> String {
    let mut grouped = String::with_capacity(text.len() + text.len() / 4);
    for (number, letter) in text.chars().enumerate() {
        if number > 0 && number % 4 == 0 {
            grouped.push(' ');
        }
        grouped.push(letter);
    }
    grouped
}

#[cfg(test)]
mod tests;
