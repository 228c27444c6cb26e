//! A sign-in that is done: it shows a token that somebody else got.

use async_trait::async_trait;
use pocketdocket::ports::{Authenticator, Challenge, Failure, FailureKind, SignIn, Step};

/// The token of an access to Graph or EWS.
pub(crate) struct Token(pub(crate) String);

#[async_trait]
impl Authenticator for Token {
    async fn begin(&self) -> Result<Box<dyn SignIn>, Failure> {
        Ok(Box::new(Once(Some(format!("Bearer {}", self.0)))))
    }
}

struct Once(Option<String>);

#[async_trait]
impl SignIn for Once {
    async fn step(&mut self, _: &Challenge) -> Step {
        match self.0.take() {
            Some(token) => Step::Send(token.into()),
            None => Step::Refused(Failure::new(FailureKind::Unauthorized, "sign in").because("the token is refused")),
        }
    }
}
