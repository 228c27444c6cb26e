//! What goes back: entities, errors as Graph words them, and what a fault makes of them.

use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};

/// What a request is answered with, over HTTP or as a part of a batch.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
    /// The connection ends here and nothing is answered.
    pub(super) cut: bool,
    /// So many bytes are sent.
    pub(super) truncate: Option<usize>,
}

impl Answer {
    /// An entity or a collection.
    pub(super) fn ok(body: Value) -> Self {
        Self::json(StatusCode::OK, body)
    }

    /// Something that was made.
    pub(super) fn created(body: Value) -> Self {
        Self::json(StatusCode::CREATED, body)
    }

    /// It is done and there is nothing to say.
    pub(super) fn done() -> Self {
        Self { status: StatusCode::NO_CONTENT, headers: Vec::new(), body: None, cut: false, truncate: None }
    }

    pub(super) fn json(status: StatusCode, body: Value) -> Self {
        Self { body: Some(body), ..Self { status, ..Self::done() } }
    }
}

/// Why something is refused.
/// <https://learn.microsoft.com/graph/errors>
#[derive(Clone, Debug)]
pub(super) struct Refused {
    pub(super) status: StatusCode,
    pub(super) code: String,
    pub(super) message: String,
    /// Seconds.
    pub(super) retry_after: Option<u64>,
    /// What the error says besides.
    more: Option<(&'static str, String)>,
}

impl Refused {
    pub(super) fn new(status: StatusCode, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into(), retry_after: None, more: None }
    }

    /// The request makes no sense.
    pub(super) fn bad(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// Its body is not what it should be.
    pub(super) fn body(message: impl Into<String>) -> Self {
        Self::bad("RequestBodyRead", message)
    }

    pub(super) fn read_only(property: &str) -> Self {
        Self::bad(
            "ErrorInvalidPropertySet",
            format!("Set action is invalid for property '{property}': it is read-only."),
        )
    }

    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "ErrorItemNotFound", "The specified object was not found in the store.")
    }

    pub(super) fn segment(segment: &str) -> Self {
        Self::bad("BadRequest", format!("Resource not found for the segment '{segment}'."))
    }

    /// The etag of the request is not the one the item has, or something else came between.
    pub(super) fn conflict() -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "ErrorIrresolvableConflict",
            "The send or update operation could not be performed because the change key passed in the request does not \
             match the current change key for the item.",
        )
    }

    /// The transaction id was used for another event.
    pub(super) fn duplicate(existing: &str) -> Self {
        let text = "Your request can't be completed. The TransactionId specified in the request has already been used to \
                    create a different event.";
        let refused = Self::new(StatusCode::CONFLICT, "ErrorDuplicateTransactionId", text);
        Self { more: Some(("@event.existingEventId", existing.to_owned())), ..refused }
    }

    pub(super) fn denied(message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "ErrorAccessDenied", message)
    }

    pub(super) fn after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// As an answer to the request with these ids.
    pub(super) fn answer(&self, request: &str, client: &str, now: Timestamp) -> Answer {
        let mut answer = Answer::json(
            self.status,
            json!({"error": {
                "code": self.code,
                "message": self.message,
                "innerError": {
                    "date": now.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
                    "request-id": request,
                    "client-request-id": client,
                },
            }}),
        );
        if let (Some((name, value)), Some(body)) = (&self.more, &mut answer.body) {
            body["error"][*name] = json!(value);
        }
        answer.headers.extend(self.retry_after.map(|seconds| ("retry-after", seconds.to_string())));
        if self.status == StatusCode::UNAUTHORIZED {
            answer.headers.push(("www-authenticate", "Bearer realm=\"\", authorization_uri=\"\"".to_owned()));
        }
        answer
    }
}

impl From<crate::simulator::ews::Refusal> for Refused {
    /// The same store refuses through both faces.
    fn from(refusal: crate::simulator::ews::Refusal) -> Self {
        Self::bad(refusal.code, refusal.text)
    }
}
