//! A token in every request, and what a refusal of it means.

use std::sync::Arc;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};

use super::Audience;
use crate::{
    diagnosis::Cause,
    ports::{Authenticator, Challenge, Failure, FailureKind, SignIn, Step},
};

/// Where a [`Bearer`] has its tokens from: a user's grant, or an app's certificate.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// A token that is good now; another one than `refused`, which the server did not take.
    ///
    /// # Errors
    /// [`FailureKind::Unauthorized`] when there is nothing to get tokens with or the authority refuses it; what the network says.
    async fn access_token(&self, audience: Audience, refused: Option<&SecretString>) -> Result<SecretString, Failure>;

    /// With the name of the user or account where a hint has a place for it.
    fn named(&self, failure: Failure) -> Failure;
}

/// An access token over HTTP ([RFC 6750](https://www.rfc-editor.org/rfc/rfc6750)). A token that the server does not take is
/// replaced once; then the link is refused.
pub struct Bearer {
    tokens: Arc<dyn TokenSource>,
    audience: Audience,
}

impl Bearer {
    /// With tokens of this user or app, for that.
    pub fn new(tokens: Arc<impl TokenSource + 'static>, audience: Audience) -> Self {
        Self { tokens, audience }
    }
}

#[async_trait]
impl Authenticator for Bearer {
    async fn begin(&self) -> Result<Box<dyn SignIn>, Failure> {
        let token = self.tokens.access_token(self.audience, None).await?;
        Ok(Box::new(BearerSignIn { tokens: Arc::clone(&self.tokens), audience: self.audience, token, sent: 0 }))
    }
}

struct BearerSignIn {
    tokens: Arc<dyn TokenSource>,
    audience: Audience,
    token: SecretString,
    sent: u8,
}

#[async_trait]
impl SignIn for BearerSignIn {
    async fn step(&mut self, challenge: &Challenge) -> Step {
        let takes_tokens =
            challenge.offers.iter().any(|offer| offer.get(..6).is_some_and(|word| word.eq_ignore_ascii_case("bearer")));
        if self.sent > 0 && !takes_tokens {
            let refused = refused("the server takes no tokens: it does not offer Bearer").hint(
                "give the user another way to sign in: `pocketdocket user change NAME --method password`; an own Exchange Server \
                 takes tokens where hybrid modern authentication is set up",
            );
            return Step::Refused(self.tokens.named(refused));
        }
        // Another token of the same grant lacks the same: the user has to show more.
        let wants_more = challenge.offers.iter().any(|offer| offer.contains("insufficient_claims"));
        if self.sent == 1 && !wants_more {
            match self.tokens.access_token(self.audience, Some(&self.token)).await {
                Ok(token) => self.token = token,
                Err(failure) => return Step::Refused(failure),
            }
        } else if self.sent > 0 {
            return Step::Refused(refused("the server refused the access token, and a new one too"));
        }
        self.sent += 1;
        Step::Send(SecretString::from(format!("Bearer {}", self.token.expose_secret())))
    }
}

fn refused(why: &str) -> Failure {
    Failure::new(FailureKind::Unauthorized, "sign in by OAuth").named(Cause::TokenRefused).because(why.to_owned())
}
