//! What an answer means: an entity, a page, or trouble in the words the engine decides by.
//! <https://learn.microsoft.com/graph/errors>

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use serde_json::Value as Json;

use crate::{
    diagnosis::Cause,
    ports::{Failure, FailureKind},
};

/// What the server said of a request that it refused. Its message may repeat what was sent, so it goes no further.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.words())]
pub struct Said {
    /// The status of the answer.
    pub status: u16,
    /// The code of the error; empty if there is none.
    pub code: String,
}

impl Said {
    fn words(&self) -> String {
        let Self { status, code } = self;
        if code.is_empty() { format!("HTTP {status}") } else { format!("`{code}` (HTTP {status})") }
    }
}

/// What the server said, if the failure is one of its answers.
pub(super) fn said(failure: &Failure) -> Option<&Said> {
    std::error::Error::source(failure).and_then(|source| source.downcast_ref())
}

/// Understands an answer.
pub(super) fn read(doing: &str, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<Json, Failure> {
    let json = if body.is_empty() { Some(Json::Null) } else { serde_json::from_slice(body).ok() };
    match json {
        Some(json) if status.is_success() => Ok(json),
        json => {
            let retry_after = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
            Err(trouble(doing, status, retry_after, json.as_ref()))
        }
    }
}

/// What the server asks for: seconds.
fn seconds(text: &str) -> Option<Duration> {
    let seconds: f64 = text.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// What an answer that is not good means. `body` is its JSON, if it is any.
pub(super) fn trouble(doing: &str, status: StatusCode, retry_after: Option<&str>, body: Option<&Json>) -> Failure {
    let error = body.and_then(|body| body.get("error"));
    let text = |name: &str| error.and_then(|error| error.get(name)).and_then(Json::as_str).unwrap_or_default();
    let (code, message) = (text("code"), text("message"));
    let told = retry_after.and_then(seconds);
    let (kind, cause) = meaning(status, code, message, error.is_some(), told.is_some());
    let mut failure = Failure::new(kind, doing).because(Said { status: status.as_u16(), code: code.to_owned() });
    failure.cause = cause;
    if kind == FailureKind::Throttled {
        failure.retry_after = told;
    }
    match hint(kind, cause) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

fn meaning(
    status: StatusCode,
    code: &str,
    message: &str,
    is_graph: bool,
    says_when: bool,
) -> (FailureKind, Option<Cause>) {
    use FailureKind as Kind;
    let is = |codes: &[&str]| codes.iter().any(|known| known.eq_ignore_ascii_case(code));
    match status.as_u16() {
        401 => (Kind::Unauthorized, Some(Cause::TokenRefused)),
        403 if is(&["ErrorQuotaExceeded"]) => (Kind::Full, None),
        403 if message.contains("OData is disabled") => (Kind::Forbidden, Some(Cause::OutsideScope)),
        403 => (Kind::Forbidden, Some(Cause::ConsentMissing)),
        404 if is(&[
            "MailboxNotEnabledForRESTAPI",
            "MailboxNotSupportedForRESTAPI",
            "ErrorNonExistentMailbox",
            "ErrorInvalidUser",
            "ResourceNotFound",
            "Request_ResourceNotFound",
            "MailboxNotFound",
        ]) =>
        {
            (Kind::MailboxMissing, Some(Cause::MailboxMissing))
        }
        404 if !is_graph => (Kind::Setting, Some(Cause::WrongAddress)),
        404 => (Kind::NotFound, None),
        408 | 500 | 502 | 504 => (Kind::Transient, None),
        409 if is(&["ErrorFolderExists"]) => (Kind::Conflict, None),
        410 => (Kind::TokenExpired, None),
        412 => (Kind::Conflict, None),
        413 => (Kind::TooMuch, None),
        429 => (Kind::Throttled, Some(Cause::Throttled)),
        // Busy, and it says for how long; or in trouble of its own.
        503 if says_when || is(&["ErrorServerBusy", "ApplicationThrottled", "TooManyRequests"]) => {
            (Kind::Throttled, Some(Cause::Throttled))
        }
        503 => (Kind::Transient, Some(Cause::ProviderTrouble)),
        507 => (Kind::Full, None),
        300..=399 => (Kind::Setting, Some(Cause::AnsweredByAnother)),
        400..=499 if !is_graph => (Kind::Malformed, Some(Cause::AnsweredByAnother)),
        _ if is(&["ErrorQuotaExceeded"]) => (Kind::Full, None),
        _ if is(&["ErrorInvalidIdMalformed", "ErrorItemNotFound"]) => (Kind::NotFound, None),
        _ if is(&["SyncStateNotFound", "SyncStateInvalid", "ErrorInvalidSyncStateData", "resyncRequired"]) => {
            (Kind::TokenExpired, None)
        }
        _ if is(&["ErrorIrresolvableConflict", "ErrorStaleObject"]) => (Kind::Conflict, None),
        400..=499 => (Kind::Rejected, None),
        200..=299 => (Kind::Malformed, Some(Cause::AnsweredByAnother)),
        _ => (Kind::Malformed, None),
    }
}

fn hint(kind: FailureKind, cause: Option<Cause>) -> Option<&'static str> {
    match (kind, cause) {
        (FailureKind::Forbidden, Some(Cause::OutsideScope)) => {
            Some("let the Exchange administrator add this mailbox to those that the app may touch")
        }
        (FailureKind::Forbidden, _) => Some(
            "the app lacks a permission: Contacts.ReadWrite, Calendars.ReadWrite, Tasks.ReadWrite, MailboxSettings.ReadWrite; then sign in again with `pocketdocket user link NAME`",
        ),
        (FailureKind::Setting, _) => Some("check `graph_url` in section `[exchange]`"),
        _ => None,
    }
}

/// What a refusal means to an app that comes by itself. Graph has one answer for a missing permission and for a mailbox outside
/// those that Exchange lets the app into; the permissions are alike for all mailboxes, so it is the second where one mailbox is refused.
/// Exchange limits no tasks: there it is the first.
pub(super) fn of_app(mut failure: Failure, path: &str) -> Failure {
    if failure.cause != Some(Cause::ConsentMissing) {
        return failure;
    }
    if path.contains("/todo/") {
        return failure.hint("grant the app `Tasks.ReadWrite.All` with admin consent, or leave tasks out");
    }
    failure.cause = Some(Cause::OutsideScope);
    match hint(failure.kind, failure.cause) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// A page of something.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) entities: Vec<Json>,
    /// Address of the next one.
    pub(super) next: Option<String>,
    /// Address under which is told what changes from now on.
    pub(super) delta: Option<String>,
}

impl Page {
    pub(super) fn read(mut answer: Json) -> Self {
        let mut link = |name: &str| match answer.get_mut(name).map(Json::take) {
            Some(Json::String(link)) => Some(link),
            _ => None,
        };
        let (next, delta) = (link("@odata.nextLink"), link("@odata.deltaLink"));
        let entities = match answer.get_mut("value").map(Json::take) {
            Some(Json::Array(entities)) => entities,
            _ => Vec::new(),
        };
        Self { entities, next, delta }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(status: u16, body: &str, retry_after: Option<&str>) -> (FailureKind, Option<Cause>, Option<Duration>) {
        let mut headers = HeaderMap::new();
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, seconds.parse().unwrap());
        }
        let status = StatusCode::from_u16(status).unwrap();
        let failure = read("try", status, &headers, body.as_bytes()).unwrap_err();
        assert!(!failure.chain().contains("Mustermann"), "{}", failure.chain());
        (failure.kind, failure.cause, failure.retry_after)
    }

    fn error(code: &str, message: &str) -> String {
        json!({ "error": { "code": code, "message": format!("Mustermann {message}") } }).to_string()
    }

    #[test]
    fn each_answer_has_one_meaning() {
        use FailureKind as Kind;
        for (status, code, kind, cause) in [
            (400, "RequestBodyRead", Kind::Rejected, None),
            (400, "ErrorInvalidIdMalformed", Kind::NotFound, None),
            (400, "SyncStateNotFound", Kind::TokenExpired, None),
            (401, "InvalidAuthenticationToken", Kind::Unauthorized, Some(Cause::TokenRefused)),
            (403, "ErrorAccessDenied", Kind::Forbidden, Some(Cause::ConsentMissing)),
            (404, "ErrorItemNotFound", Kind::NotFound, None),
            (404, "MailboxNotEnabledForRESTAPI", Kind::MailboxMissing, Some(Cause::MailboxMissing)),
            (409, "ErrorFolderExists", Kind::Conflict, None),
            (410, "syncStateNotFound", Kind::TokenExpired, None),
            (412, "ErrorIrresolvableConflict", Kind::Conflict, None),
            (413, "", Kind::TooMuch, None),
            (429, "ApplicationThrottled", Kind::Throttled, Some(Cause::Throttled)),
            (500, "generalException", Kind::Transient, None),
            (503, "serviceNotAvailable", Kind::Transient, Some(Cause::ProviderTrouble)),
            (504, "", Kind::Transient, None),
            (507, "ErrorQuotaExceeded", Kind::Full, None),
        ] {
            let (told_kind, told_cause, _) = told(status, &error(code, ""), None);
            assert_eq!((told_kind, told_cause), (kind, cause), "{status} {code}");
        }
        let policy = told(403, &error("ErrorAccessDenied", "Access to OData is disabled."), None);
        assert_eq!((policy.0, policy.1), (Kind::Forbidden, Some(Cause::OutsideScope)));
    }

    #[test]
    fn a_pause_is_the_one_that_was_asked_for() {
        for (status, text, pause) in [
            (429, "10", Some(Duration::from_secs(10))),
            (503, " 3 ", Some(Duration::from_secs(3))),
            (429, "soon", None),
            (429, "-1", None),
            (429, "1e300", None),
        ] {
            let (kind, _, retry_after) = told(status, "", Some(text));
            assert_eq!((kind, retry_after), (FailureKind::Throttled, pause), "{text}");
        }
    }

    #[test]
    fn what_no_graph_would_say_is_not_taken_for_an_answer() {
        assert_eq!(told(200, "<html>", None).1, Some(Cause::AnsweredByAnother));
        assert_eq!(told(302, "", None).1, Some(Cause::AnsweredByAnother));
        assert_eq!(told(404, "<html>Mustermann", None).1, Some(Cause::WrongAddress));
        let deep = "[".repeat(100_000);
        assert_eq!(told(200, &deep, None).0, FailureKind::Malformed);
    }
}
