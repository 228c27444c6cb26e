//! What the authority says no with: a standard's word (`error`) for programs, and a code of Entra's for people. The list is
//! ours, its sentences too; programs must branch on `error` and `suberror` alone.
//! <https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes>

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

mod table;

/// Sub-errors that come with a claims challenge: satisfy this, and the next try may go through.
const WITH_CLAIMS: [&str; 1] = ["basic_action"];

/// An answer that says no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OauthError {
    /// Entra's number for it.
    pub(crate) code: u32,
    /// The standard's word.
    pub(crate) error: String,
    /// What kind of it, or empty.
    pub(crate) suberror: String,
    text: String,
    /// What must be satisfied first, if the answer says so.
    claims: Option<String>,
}

impl OauthError {
    /// The error with this number; one that is not in the list is an `invalid_grant`.
    pub(crate) fn new(code: u32) -> Self {
        let known = table::TABLE.iter().find(|(known, ..)| *known == code);
        let (_, error, suberror, text) = known.unwrap_or(&table::OTHER);
        let claims = WITH_CLAIMS.contains(suberror).then(|| {
            let policy = json!({ "essential": true, "values": [Uuid::nil().to_string()] });
            json!({ "access_token": { "capolids": policy } }).to_string()
        });
        Self { code, error: (*error).to_owned(), suberror: (*suberror).to_owned(), text: (*text).to_owned(), claims }
    }

    /// The same with more words.
    #[must_use]
    pub(super) fn because(mut self, detail: &str) -> Self {
        self.text = format!("{} {detail}", self.text);
        self
    }

    /// The same with another word of the standard.
    #[must_use]
    pub(super) fn called(mut self, error: Option<&str>, suberror: Option<&str>) -> Self {
        if let Some(error) = error {
            error.clone_into(&mut self.error);
        }
        if let Some(suberror) = suberror {
            suberror.clone_into(&mut self.suberror);
        }
        self
    }

    /// The words for people, as they are in `error_description` and on pages.
    pub(super) fn sentence(&self) -> String {
        format!("AADSTS{}: {}", self.code, self.text)
    }

    /// The fields of the answer, in Entra's shape.
    fn fields(&self, now: Timestamp) -> Value {
        let (trace, correlation) = (Uuid::new_v4(), Uuid::new_v4());
        let time = now.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        let mut fields = json!({
            "error": self.error,
            "error_description":
                format!("{} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {time}", self.sentence()),
            "error_codes": [self.code],
            "timestamp": time,
            "trace_id": trace.to_string(),
            "correlation_id": correlation.to_string(),
            "error_uri": format!("https://login.microsoftonline.com/error?code={}", self.code),
        });
        if !self.suberror.is_empty() {
            fields["suberror"] = self.suberror.clone().into();
        }
        if let Some(claims) = &self.claims {
            fields["claims"] = claims.clone().into();
        }
        fields
    }

    fn status(&self) -> StatusCode {
        match self.error.as_str() {
            "invalid_client" => StatusCode::UNAUTHORIZED,
            "temporarily_unavailable" => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// As a program gets it.
    pub(super) fn answer(&self, now: Timestamp) -> Response {
        let no_store = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];
        (self.status(), no_store, Json(self.fields(now))).into_response()
    }
}
