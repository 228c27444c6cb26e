use std::time::Duration;

use http::{HeaderValue, StatusCode, header};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use url::Url;
use zeroize::Zeroizing;

use super::{
    Settings, Trouble,
    template::{self, Request},
    twilio,
};
use crate::{
    domain::MobileNumber,
    ports::{Failure, FailureKind, web},
};

/// More than any answer about one message.
const LARGEST_ANSWER: usize = 64 * 1024;
/// A message that nobody sent: whoever may ask after it gets 404, and whoever may not 401.
const NO_MESSAGE: &str = "SM00000000000000000000000000000000";
/// How long to wait where a gateway wants to be left alone and does not say for how long.
const USUAL_WAIT: Duration = Duration::from_mins(1);
const SEND: &str = "send a text message";
const ASK: &str = "ask after a text message";

/// A gateway with its secret, ready to send.
pub struct Gateway {
    settings: Settings,
    secret: SecretString,
    outside: reqwest::Client,
    loopback: reqwest::Client,
}

/// By what a message can be asked after; nothing, where the gateway has no such thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt(Option<String>);

/// How far a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The gateway has it.
    Waiting,
    /// The network has it.
    Sent,
    /// The phone has it.
    Delivered,
    /// It does not arrive.
    Failed {
        /// Why.
        trouble: Trouble,
        /// The gateway's number of it.
        code: Option<u32>,
    },
    /// This gateway does not say.
    NotTold,
}

impl Delivery {
    /// As a failure, if it is one.
    pub fn failure(self) -> Option<Failure> {
        let Self::Failed { trouble, code } = self else { return None };
        let evidence = code.map_or_else(|| "no number of an error".to_owned(), |code| format!("error {code}"));
        Some(trouble.failure("deliver a text message", evidence, None))
    }
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Gateway").finish_non_exhaustive()
    }
}

impl Gateway {
    /// The gateway of these settings, with its secret.
    ///
    /// # Errors
    /// [`FailureKind::Setting`] if the settings do not suffice.
    pub fn new(settings: &Settings, secret: SecretString) -> Result<Self, Failure> {
        settings.ready()?;
        let authorities = web::Authorities::read(settings.ca_file.as_deref(), "text_messages")?;
        let build = |loopback| {
            let client = web::client(&authorities, time_out(settings), loopback);
            client.build().map_err(|error| {
                Failure::new(FailureKind::Setting, "prepare connections to the gateway of text messages").because(error)
            })
        };
        Ok(Self { settings: settings.clone(), secret, outside: build(false)?, loopback: build(true)? })
    }

    /// How many messages the firm sends within 24 hours at most.
    pub fn per_day(&self) -> u32 {
        self.settings.per_day
    }

    /// Sends a text, once.
    ///
    /// # Errors
    /// Why the gateway did not take it, by its name. Where the answer is missing the message may have been sent.
    pub async fn send(&self, number: &MobileNumber, text: &SecretString) -> Result<Receipt, Failure> {
        let login = self.settings.login.as_deref();
        let cannot = || setting(SEND, "the secret cannot be said in a header");
        if let Some(template) = &self.settings.template {
            let request = template.request(login, &self.secret, number, text).ok_or_else(cannot)?;
            let (status, body) = self.exchange(SEND, request).await?;
            if !template.success.contains(&status.as_u16()) {
                return Err(Trouble::of_status(status.as_u16()).failure(
                    SEND,
                    format!("HTTP {}", status.as_u16()),
                    None,
                ));
            }
            if !template.is_success(&body) {
                let evidence =
                    format!("HTTP {}, and the answer does not say what `pointer` and `value` want", status.as_u16());
                return Err(Trouble::Refused.failure(SEND, evidence, None));
            }
            return Ok(Receipt(None));
        }
        let url = self.twilio_address(None)?;
        let mut request = self.twilio_request(SEND, http::Method::POST, url)?;
        request.headers.push((header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded")));
        request.body = twilio::form(&self.settings, number.e164(), text.expose_secret());
        let (status, body) = self.exchange(SEND, request).await?;
        let message: twilio::Message = understood(SEND, status, &body)?;
        if !message.has_usable_id() {
            return Err(Trouble::NotUnderstood.failure(
                SEND,
                "the message has no identifier that can be used".to_owned(),
                None,
            ));
        }
        match message.delivery().failure() {
            Some(failure) => Err(failure),
            None => Ok(Receipt(Some(message.sid))),
        }
    }

    /// How far a message is.
    ///
    /// # Errors
    /// When the gateway does not say.
    pub async fn delivery(&self, receipt: &Receipt) -> Result<Delivery, Failure> {
        let Receipt(Some(message)) = receipt else { return Ok(Delivery::NotTold) };
        let request = self.twilio_request(ASK, http::Method::GET, self.twilio_address(Some(message))?)?;
        let (status, body) = self.exchange(ASK, request).await?;
        Ok(understood::<twilio::Message>(ASK, status, &body)?.delivery())
    }

    /// Whether the gateway takes login and secret, without sending anything. False where its form knows no such question.
    ///
    /// # Errors
    /// Why it does not, by name.
    pub async fn verify(&self) -> Result<bool, Failure> {
        const VERIFY: &str = "sign in at the gateway of text messages";
        if self.settings.template.is_some() {
            return Ok(false);
        }
        let request = self.twilio_request(VERIFY, http::Method::GET, self.twilio_address(Some(NO_MESSAGE))?)?;
        let (status, body) = self.exchange(VERIFY, request).await?;
        match serde_json::from_slice::<twilio::Refusal>(&body) {
            Ok(twilio::Refusal { code: 20404 }) if status == StatusCode::NOT_FOUND => Ok(true),
            _ => understood::<twilio::Message>(VERIFY, status, &body).map(|_| true),
        }
    }

    fn twilio_address(&self, message: Option<&str>) -> Result<Url, Failure> {
        twilio::address(&self.settings, message).ok_or_else(|| setting(SEND, "`url` and `account` make no address"))
    }

    fn twilio_request(&self, doing: &str, method: http::Method, url: Url) -> Result<Request, Failure> {
        let login = self.settings.login.as_deref().or(self.settings.account.as_deref()).unwrap_or_default();
        let basic = template::basic(login, &self.secret)
            .ok_or_else(|| setting(doing, "the secret cannot be said in a header"))?;
        Ok(Request { method, url, headers: vec![(header::AUTHORIZATION, basic)], body: Zeroizing::default() })
    }

    /// Sends a request once and reads its answer, if it is not longer than any could be.
    async fn exchange(&self, doing: &str, request: Request) -> Result<(StatusCode, Vec<u8>), Failure> {
        web::check_url(&request.url)?;
        let host = request.url.host_str().unwrap_or_default().to_owned();
        let client = if web::is_loopback(&request.url) { &self.loopback } else { &self.outside };
        let mut asked = client.request(request.method, request.url).body(request.body.to_vec());
        for (name, value) in request.headers {
            asked = asked.header(name, value);
        }
        let broken = |error| {
            let failure = web::no_answer(doing, &host, "text_messages", time_out(&self.settings), error);
            if failure.hint.is_some() { failure } else { failure.hint(Trouble::GatewayDown.remedy()) }
        };
        let mut response = asked.send().await.map_err(broken)?;
        let status = response.status();
        if status.is_redirection() {
            let evidence =
                format!("HTTP {}: it sends us elsewhere, and neither secret nor code must follow", status.as_u16());
            return Err(Trouble::NotUnderstood.failure(doing, evidence, None));
        }
        if status == StatusCode::TOO_MANY_REQUESTS {
            let seconds =
                response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
            let wait = seconds.map_or(USUAL_WAIT, |seconds: u64| Duration::from_secs(seconds.min(3600)));
            let evidence = format!("HTTP 429, wait {} seconds", wait.as_secs());
            return Err(Trouble::Throttled.failure(doing, evidence, Some(wait)));
        }
        let body = web::body(&mut response, LARGEST_ANSWER).await.map_err(|error| match error {
            web::BodyError::Broken(error) => broken(error),
            too_long @ web::BodyError::TooLong(_) => Trouble::NotUnderstood.failure(doing, too_long.to_string(), None),
        })?;
        Ok((status, body))
    }
}

fn time_out(settings: &Settings) -> Duration {
    Duration::from_secs(settings.time_out_seconds)
}

fn setting(doing: &str, why: &str) -> Failure {
    Failure::new(FailureKind::Setting, doing)
        .because(why.to_owned())
        .hint("check `[text_messages]`, and `pocketdocket text-messages secret`")
}

/// What the answer says in Twilio's form: what was asked for, or why not.
fn understood<T: DeserializeOwned>(doing: &str, status: StatusCode, body: &[u8]) -> Result<T, Failure> {
    let number = status.as_u16();
    if status.is_success() {
        // The parser's message may quote what it read.
        return serde_json::from_slice(body).map_err(|_| {
            Trouble::NotUnderstood.failure(doing, format!("HTTP {number} without a message in JSON"), None)
        });
    }
    Err(match serde_json::from_slice::<twilio::Refusal>(body) {
        Ok(twilio::Refusal { code }) => {
            let trouble = match Trouble::of_code(code) {
                // A number of its own says no more than the status.
                Trouble::Refused => Trouble::of_status(number),
                known => known,
            };
            trouble.failure(doing, format!("HTTP {number}, error {code}"), None)
        }
        Err(_) if status.is_client_error() && Trouble::of_status(number) == Trouble::Refused => {
            Trouble::NotUnderstood.failure(doing, format!("HTTP {number} without an error in JSON"), None)
        }
        Err(_) => Trouble::of_status(number).failure(doing, format!("HTTP {number}"), None),
    })
}
