//! Sign-in by device code: the fallback where no browser can come back to this machine. Many tenants do not allow it.
//! <https://www.rfc-editor.org/rfc/rfc8628>

use std::time::{Duration, Instant};

use oauth2::{DeviceCodeErrorResponse, StandardDeviceAuthorizationResponse};

use super::{
    Audience, Authority, Granted,
    refusal::{self, Refused},
};
use crate::{
    diagnosis::Cause,
    ports::{Failure, FailureKind, web},
};

/// Codes of Entra live for 15 minutes; nobody is waited for any longer.
const LONGEST_WAIT: Duration = Duration::from_mins(15);

/// One sign-in by device code that is under way.
#[derive(Debug)]
pub struct DeviceSignIn {
    details: StandardDeviceAuthorizationResponse,
    asked: Instant,
    audience: Audience,
}

impl DeviceSignIn {
    /// The page to open, on any device.
    pub fn page(&self) -> &str {
        self.details.verification_uri().as_str()
    }

    /// What to enter there.
    pub fn code(&self) -> &str {
        self.details.user_code().secret()
    }

    /// How long the code is good for.
    pub fn life(&self) -> Duration {
        self.details.expires_in().min(LONGEST_WAIT)
    }
}

impl Authority {
    /// Asks for a device code.
    ///
    /// # Errors
    /// What the authority refuses, with its cause; [`FailureKind::Setting`] where it knows no device codes.
    pub async fn begin_on_device(&self, audience: Audience) -> Result<DeviceSignIn, Failure> {
        let doing = "ask for a device code";
        let protocol = self.protocol().await?;
        let request = protocol.exchange_device_code().map_err(|_| {
            Failure::new(FailureKind::Setting, doing)
                .because("this authority knows no device codes")
                .hint("sign in with a browser: `pocketdocket user link NAME`")
        })?;
        let http = self.wire().asking(doing);
        let answer = request.add_scopes(self.scopes(audience)).request_async(&http).await;
        let details: StandardDeviceAuthorizationResponse = answer
            .map_err(|error| refusal::failure(doing, error, |refused: &Refused| refused.failure_of_device(doing)))?;
        // People are sent there.
        let page = details.verification_uri().as_str().parse();
        let page =
            page.map_err(|error| Failure::new(FailureKind::Malformed, doing).because(format!("no page: {error}")))?;
        web::check_url(&page)?;
        let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
        let code = details.user_code().secret();
        if code.is_empty() || code.len() > 40 || !code.chars().all(plain) {
            return Err(Failure::new(FailureKind::Malformed, doing).because("the code cannot be read out to anybody"));
        }
        Ok(DeviceSignIn { details, asked: Instant::now(), audience })
    }

    /// Asks, as often as the authority allows, whether the user has entered the code; verifies who signed in.
    ///
    /// # Errors
    /// What the authority refuses, with its cause.
    pub async fn finish_on_device(&self, sign_in: &DeviceSignIn) -> Result<Granted, Failure> {
        let doing = "sign in by device code";
        let protocol = self.protocol().await?;
        let http = self.wire().asking(doing);
        let left = sign_in.life().saturating_sub(sign_in.asked.elapsed());
        let request = protocol.exchange_device_access_token(&sign_in.details);
        let answer = tokio::time::timeout(left, request.request_async(&http, tokio::time::sleep, Some(left))).await;
        let late = |_| {
            Failure::new(FailureKind::Unauthorized, doing)
                .named(Cause::GrantExpired)
                .because("nobody entered the code in time")
                .hint("begin again: `pocketdocket user link NAME --device-code`")
        };
        let tokens = answer.map_err(late)?.map_err(|error| {
            refusal::failure(doing, error, |answer: &DeviceCodeErrorResponse| {
                Refused::of_device(answer).failure_of_device(doing)
            })
        })?;
        self.granted(tokens, Instant::now(), None, sign_in.audience).await
    }
}
