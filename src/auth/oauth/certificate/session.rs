//! An app at work: access tokens in memory, got before the last one ends, by one at a time.
//!
//! Everybody whose mailbox the app writes into shares one session, so one refusal is one request, however many they are.

use std::{
    sync::{Arc, Mutex as StdMutex, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use http::header;
use jiff::{Timestamp, fmt::rfc2822};
use oauth2::{HttpRequest, Scope};
use secrecy::SecretString;
use tokio::sync::Mutex;

use super::{AppCertificate, assertion};
use crate::{
    auth::oauth::{
        AccessToken, Audience, Authority,
        authority::access_token,
        bearer::TokenSource,
        refusal::{self, Refused},
        session::Refusal,
        tokens::Tokens,
        wire::Asked,
    },
    diagnosis::Cause,
    ports::{Failure, FailureKind},
};

const DOING: &str = "sign in as the app";
/// <https://www.rfc-editor.org/rfc/rfc7523#section-2.2>
const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// So long a refusal holds for everybody who comes after it. Nobody is locked out by asking again, but it would be in vain.
const REFUSED_FOR: Duration = Duration::from_mins(1);
/// What an authority bears between two clocks.
const TOLERATED_SECONDS: i64 = 300;

impl Authority {
    /// A token for the app by itself, for all that it was given at this resource.
    ///
    /// # Errors
    /// [`FailureKind::Unauthorized`] when the certificate has expired (nothing is sent then) or the authority refuses; what the
    /// network says.
    pub async fn by_certificate(
        &self,
        certificate: &AppCertificate,
        audience: Audience,
    ) -> Result<AccessToken, Failure> {
        let now = Timestamp::now();
        certificate.usable(now).map_err(|unfit| unfit.failure(DOING))?;
        let (protocol, endpoint) = (self.protocol().await?, self.token_endpoint().await?);
        let stated = assertion::sign(certificate, self.client()?, &endpoint, now)?;
        let asked = Instant::now();
        let their_time = Arc::new(StdMutex::new(None));
        let answer = protocol
            .exchange_client_credentials()
            .add_scope(Scope::new(self.everything(audience)))
            .add_extra_param("client_assertion_type", KIND)
            .add_extra_param("client_assertion", stated)
            .request_async(&self.looking_at_the_clock(&their_time))
            .await;
        let tokens = answer.map_err(|error| {
            refusal::failure(DOING, error, |refused: &Refused| {
                let theirs = *their_time.lock().unwrap_or_else(PoisonError::into_inner);
                explained(
                    refused.failure(DOING),
                    certificate,
                    theirs.map(|theirs| theirs.duration_since(now).as_secs()),
                )
            })
        })?;
        access_token(&tokens, asked)
    }

    /// Sends requests, and keeps what the other side's clock shows.
    fn looking_at_the_clock(
        &self,
        their_time: &Arc<StdMutex<Option<Timestamp>>>,
    ) -> impl Fn(HttpRequest) -> Asked + use<> {
        let (asking, their_time) = (self.wire().asking(DOING), Arc::clone(their_time));
        move |request| {
            let (answer, their_time) = (asking(request), Arc::clone(&their_time));
            Box::pin(async move {
                let answer = answer.await?;
                let date = answer.headers().get(header::DATE).and_then(|date| date.to_str().ok());
                let date = date.and_then(|date| rfc2822::parse(date).ok()).map(|date| date.timestamp());
                *their_time.lock().unwrap_or_else(PoisonError::into_inner) = date;
                Ok(answer)
            })
        }
    }
}

/// With what is known beside the authority's words: which certificate it was, and how far the clocks are apart.
fn explained(mut failure: Failure, certificate: &AppCertificate, ahead: Option<i64>) -> Failure {
    if failure.kind != FailureKind::Unauthorized {
        return failure;
    }
    failure.evidence.push(format!(
        "the certificate has the thumbprint {} (SHA-256 {}) and ends on {}",
        certificate.listed_as(),
        certificate.thumbprint(),
        certificate.not_after()
    ));
    if let Some(ahead) = ahead.filter(|ahead| ahead.abs() > TOLERATED_SECONDS) {
        let side = if ahead > 0 { "ahead of" } else { "behind" };
        failure.evidence.push(format!("the authority's clock is {} minutes {side} ours", ahead.unsigned_abs() / 60));
        // A statement that is not valid by the other clock is refused, whatever else is right.
        if matches!(failure.cause, Some(Cause::AppSecretExpired | Cause::ClockSkew | Cause::AppUnknown)) {
            return failure.named(Cause::ClockSkew).hint("set this machine's clock");
        }
    }
    match failure.cause {
        Some(Cause::AppSecretExpired) => failure.hint(
            "compare the thumbprint with those under Certificates & secrets in the app registration, and upload this certificate if it \
             is missing there: `pocketdocket service-account certificate show NAME`",
        ),
        _ => failure,
    }
}

/// One app's access to tokens.
pub struct AppSession {
    authority: Arc<Authority>,
    certificate: AppCertificate,
    name: String,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    tokens: Tokens,
    refused: Option<(Instant, Refusal)>,
}

impl AppSession {
    /// With this certificate; `name` is the service account's, for the commands in hints.
    pub fn new(authority: Arc<Authority>, certificate: AppCertificate, name: &str) -> Self {
        Self { authority, certificate, name: name.to_owned(), known: Mutex::default() }
    }

    /// What it signs in with.
    pub fn certificate(&self) -> &AppCertificate {
        &self.certificate
    }
}

#[async_trait]
impl TokenSource for AppSession {
    async fn access_token(&self, audience: Audience, refused: Option<&SecretString>) -> Result<SecretString, Failure> {
        // Whoever comes while somebody asks waits here, and finds the new token or the refusal.
        let mut known = self.known.lock().await;
        if let Some(token) = known.tokens.good(audience, refused) {
            return Ok(token);
        }
        if let Some((_, refusal)) = known.refused.as_ref().filter(|(at, _)| at.elapsed() < REFUSED_FOR) {
            return Err(refusal.failure(DOING));
        }
        match self.authority.by_certificate(&self.certificate, audience).await {
            Ok(token) => {
                known.refused = None;
                Ok(known.tokens.keep(audience, token))
            }
            Err(failure) => {
                let failure = self.named(failure);
                if failure.kind == FailureKind::Unauthorized {
                    known.refused = Some((Instant::now(), Refusal::of(&failure)));
                }
                Err(failure)
            }
        }
    }

    fn named(&self, mut failure: Failure) -> Failure {
        failure.hint = failure.hint.map(|hint| hint.replace("NAME", &self.name));
        failure
    }
}
