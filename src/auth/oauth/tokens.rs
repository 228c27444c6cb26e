//! Access tokens in memory, each until shortly before it ends.

use std::{collections::BTreeMap, time::Instant};

use secrecy::{ExposeSecret as _, SecretString};

use super::{AccessToken, Audience};

/// Those of one sign-in.
#[derive(Default)]
pub(super) struct Tokens(BTreeMap<Audience, AccessToken>);

impl Tokens {
    /// One that still holds, and is not the one that a server refused. What does not hold is forgotten.
    pub(super) fn good(&mut self, audience: Audience, refused: Option<&SecretString>) -> Option<SecretString> {
        let token = self.0.get(&audience)?;
        let other = refused.is_none_or(|refused| refused.expose_secret() != token.secret.expose_secret());
        if other && Instant::now() < token.good_until {
            return Some(token.secret.clone());
        }
        self.0.remove(&audience);
        None
    }

    /// Keeps a new one, and gives out what it is worth.
    pub(super) fn keep(&mut self, audience: Audience, token: AccessToken) -> SecretString {
        let secret = token.secret.clone();
        self.0.insert(audience, token);
        secret
    }
}
