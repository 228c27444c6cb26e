//! Requests to the authority: over verified TLS or to this very machine, never redirected, with bounded answers.

use std::{pin::Pin, sync::Arc, time::Duration};

use http::{HeaderMap, Response, StatusCode, header};
use oauth2::{HttpRequest, HttpResponse};
use reqwest::Client;
use url::Url;

use super::Settings;
use crate::{
    diagnosis::{Cause, Diagnosis},
    ports::{
        Failure, FailureKind,
        web::{self, BodyError},
    },
};

/// An answer that holds tokens is a few kilobytes, a set of keys some ten.
const LARGEST_ANSWER: usize = 256 * 1024;
/// How long one request may take.
const TIME_OUT: Duration = Duration::from_secs(30);

/// Connections to the authority.
#[derive(Debug)]
pub(super) struct Wire {
    outside: Client,
    loopback: Client,
}

/// A request that is under way.
pub(super) type Asked = Pin<Box<dyn Future<Output = Result<HttpResponse, NoAnswer>> + Send>>;

/// There was no answer that one could judge.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) struct NoAnswer(pub(super) Failure);

impl Wire {
    pub(super) fn new(settings: &Settings) -> Result<Self, Failure> {
        let authorities = web::Authorities::read(settings.ca_file.as_deref(), "sign_in")?;
        let build = |loopback| {
            web::client(&authorities, TIME_OUT, loopback).build().map_err(|error| {
                Failure::new(FailureKind::Setting, "prepare connections to the sign-in authority").because(error)
            })
        };
        Ok(Self { outside: build(false)?, loopback: build(true)? })
    }

    /// For the library of the protocol: sends its requests.
    pub(super) fn asking(self: &Arc<Self>, doing: &'static str) -> impl Fn(HttpRequest) -> Asked + use<> {
        let wire = Arc::clone(self);
        move |request| {
            let wire = Arc::clone(&wire);
            Box::pin(async move { wire.send(doing, request).await.map_err(NoAnswer) })
        }
    }

    /// Sends a request and yields an answer in JSON, whatever it says.
    pub(super) async fn send(&self, doing: &str, request: HttpRequest) -> Result<HttpResponse, Failure> {
        let setting = |why: String| Failure::new(FailureKind::Setting, doing).because(why);
        let url: Url = request.uri().to_string().parse().map_err(|error| setting(format!("no URL: {error}")))?;
        web::check_url(&url)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let client = if web::is_loopback(&url) { &self.loopback } else { &self.outside };
        let (parts, body) = request.into_parts();
        let request = client.request(parts.method, url).headers(parts.headers).body(body);
        let broken = |error| web::no_answer(doing, &host, "sign_in", TIME_OUT, error);
        let mut response = request.send().await.map_err(broken)?;
        let (status, headers) = (response.status(), response.headers().clone());
        judge(doing, &host, status, &headers)?;
        let body = web::body(&mut response, LARGEST_ANSWER).await.map_err(|error| match error {
            BodyError::Broken(error) => broken(error),
            too_long @ BodyError::TooLong(_) => another(doing, &host, &too_long.to_string()),
        })?;
        let mut answer = Response::new(body);
        (*answer.status_mut(), *answer.headers_mut()) = (status, headers);
        Ok(answer)
    }
}

/// Whether this is an answer of an authority at all. A refusal in JSON is one.
fn judge(doing: &str, host: &str, status: StatusCode, headers: &HeaderMap) -> Result<(), Failure> {
    let answered = format!("`{host}` answered HTTP {}", status.as_u16());
    let said = |kind, cause| {
        let evidence = vec![answered.clone()];
        Failure::new(kind, doing).because(answered.clone()).diagnosed(Diagnosis { cause, evidence })
    };
    if status == StatusCode::TOO_MANY_REQUESTS {
        let seconds = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let wait = Duration::from_secs(seconds.unwrap_or(60).min(3600));
        return Err(said(FailureKind::Throttled, Cause::Throttled).after(wait));
    }
    if status.is_server_error() {
        return Err(said(FailureKind::Transient, Cause::ProviderTrouble));
    }
    if status.is_redirection() {
        return Err(another(doing, host, "it sends us elsewhere, and a secret must not follow"));
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if kind == "application/json" || kind.ends_with("+json") {
        return Ok(());
    }
    Err(another(doing, host, &format!("HTTP {} without JSON", status.as_u16())))
}

/// Whatever answered, it is no authority.
fn another(doing: &str, host: &str, why: &str) -> Failure {
    let evidence = vec![format!("`{host}`: {why}")];
    Failure::new(FailureKind::Transient, doing)
        .diagnosed(Diagnosis { cause: Cause::AnsweredByAnother, evidence })
        .because(format!("what `{host}` answered is no answer of an authority: {why}"))
        .hint("check `authority` and `tenant` in section `[sign_in]`, and whether a proxy or filter is in between")
}
