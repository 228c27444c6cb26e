//! What keeps somebody with a password out, wherever they show it: the same for Basic and for the authority.

use std::{collections::HashMap, sync::Mutex};

use axum::http::{HeaderMap, header};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};

use super::{Lockout, lock};

/// Why a password does not let somebody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Nobody is called that.
    UnknownUser,
    /// It is another one.
    WrongPassword,
    /// Too many were wrong before.
    Locked,
    /// The account is switched off.
    Disabled,
    /// It is the right one, and too old.
    PasswordExpired,
}

/// Login and password of a request that is signed in over Basic.
pub(crate) fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (_, encoded) = value.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))?;
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    decoded.split_once(':').map(|(login, password)| (login.to_owned(), password.to_owned()))
}

/// Wrong passwords, and who is locked for them. Logins are in lower case.
#[derive(Debug, Default)]
pub(crate) struct Lockouts(Mutex<HashMap<String, Wrong>>);

#[derive(Debug, Default)]
struct Wrong {
    in_a_row: u32,
    locked: Option<Timestamp>,
}

impl Lockouts {
    /// Whether this account is locked now.
    pub(crate) fn is_locked(&self, login: &str, rule: Option<Lockout>, now: Timestamp) -> bool {
        let mut all = lock(&self.0);
        let Some(wrong) = all.get_mut(login) else { return false };
        let Some(since) = wrong.locked else { return false };
        let seconds = rule.and_then(|rule| rule.seconds);
        let over =
            seconds.is_some_and(|seconds| now.duration_since(since) >= SignedDuration::from_secs(seconds.into()));
        if over {
            *wrong = Wrong::default();
        }
        !over
    }

    /// One more wrong password.
    pub(crate) fn count(&self, login: &str, rule: Option<Lockout>, now: Timestamp) {
        let mut all = lock(&self.0);
        let wrong = all.entry(login.to_owned()).or_default();
        wrong.in_a_row = wrong.in_a_row.saturating_add(1);
        if rule.is_some_and(|rule| wrong.in_a_row >= rule.after) {
            wrong.locked.get_or_insert(now);
        }
    }

    /// Locks an account.
    pub(crate) fn lock(&self, login: &str, now: Timestamp) {
        lock(&self.0).entry(login.to_owned()).or_default().locked = Some(now);
    }

    /// Forgets what was wrong before.
    pub(crate) fn forget(&self, login: &str) {
        lock(&self.0).remove(login);
    }
}
