//! What the authority says when it refuses, and what that is in our words.

use std::fmt;

use oauth2::{DeviceCodeErrorResponse, ErrorResponse, RequestTokenError};
use serde::{Deserialize, Serialize};

use super::wire::NoAnswer;
use crate::{
    diagnosis::{Cause, OauthError},
    ports::{Failure, FailureKind},
};

/// The error answer of a token endpoint, with what Entra adds to it.
/// <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Refused {
    pub(super) error: String,
    #[serde(default)]
    pub(super) suberror: Option<String>,
    #[serde(default)]
    pub(super) error_description: Option<String>,
    #[serde(default)]
    pub(super) error_codes: Vec<u32>,
}

/// Its sentences may hold anything, so none is repeated.
impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the authority refused")
    }
}

impl ErrorResponse for Refused {}

impl Refused {
    pub(super) fn new(error: &str, description: Option<&str>) -> Self {
        Self { error: error.to_owned(), error_description: description.map(str::to_owned), ..Self::default() }
    }

    pub(super) fn of_device(answer: &DeviceCodeErrorResponse) -> Self {
        let word = serde_json::to_value(answer.error()).ok();
        let word = word.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
        Self::new(word, answer.error_description().map(String::as_str))
    }

    /// The numbers of Entra: as it lists them, or as its sentence says them.
    fn numbers(&self) -> Vec<u32> {
        if !self.error_codes.is_empty() {
            return self.error_codes.clone();
        }
        let text = self.error_description.as_deref().unwrap_or_default();
        let after = text.match_indices("AADSTS").filter_map(|(place, word)| text.get(place + word.len()..));
        let digits = |rest: &str| rest.chars().take_while(char::is_ascii_digit).take(9).collect::<String>();
        after.filter_map(|rest| digits(rest).parse().ok()).take(3).collect()
    }

    /// What happened, why, and what to do.
    pub(super) fn failure(&self, doing: &str) -> Failure {
        let numbers = self.numbers();
        let suberror = self.suberror.as_deref().unwrap_or_default();
        let said = OauthError { error: &self.error, suberror, numbers: &numbers };
        let diagnosis = said.diagnose();
        let entry = diagnosis.cause.entry();
        let kind = if said.passes() { FailureKind::Transient } else { FailureKind::Unauthorized };
        let why = format!("{} ({})", entry.title, diagnosis.evidence.join("; "));
        let failure = Failure::new(kind, doing).because(why).diagnosed(diagnosis);
        match entry.steps.first() {
            Some(step) => failure.hint(*step),
            None => failure,
        }
    }

    /// The same for a sign-in by device code, which many tenants do not allow: then there is another way.
    pub(super) fn failure_of_device(&self, doing: &str) -> Failure {
        let failure = self.failure(doing);
        let blocked = [
            Cause::DeviceCodeBlocked,
            Cause::BlockedByPolicy,
            Cause::DevicePolicy,
            Cause::MfaRequired,
            Cause::AppMisconfigured,
        ];
        if !failure.cause.is_some_and(|cause| blocked.contains(&cause)) {
            return failure;
        }
        failure.hint(
            "many tenants block sign-ins by device code (Conditional Access, \"Authentication flows\"); let the user sign in with a \
             browser instead: `pocketdocket user link NAME`, with `--paste` where the browser is on another machine",
        )
    }
}

/// What went wrong between us and the authority.
pub(super) fn failure<E: ErrorResponse + 'static>(
    doing: &str,
    error: RequestTokenError<NoAnswer, E>,
    refused: impl FnOnce(&E) -> Failure,
) -> Failure {
    match error {
        RequestTokenError::ServerResponse(answer) => refused(&answer),
        RequestTokenError::Request(NoAnswer(failure)) => failure,
        // What was sent may hold tokens, so it is not quoted, and neither is what the parser says of it.
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            Failure::new(FailureKind::Malformed, doing).because("the authority's answer cannot be understood")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_listed_or_said_and_sentences_are_not_repeated() {
        let listed: Refused = serde_json::from_str(
            r#"{"error":"invalid_grant","error_codes":[50173],"suberror":"bad_token","error_description":"planted"}"#,
        )
        .expect("is understood");
        let said = Refused::new("invalid_grant", Some("AADSTS530036: planted AADSTS99999999999"));
        assert_eq!((listed.numbers(), said.numbers()), (vec![50173], vec![530_036, 999_999_999]));
        for (refused, cause) in [(listed, Cause::GrantRevoked), (said, Cause::DeviceCodeBlocked)] {
            let failure = refused.failure("refresh");
            assert_eq!((failure.kind, failure.cause), (FailureKind::Unauthorized, Some(cause)));
            assert!(!format!("{} {:?}", failure.chain(), failure.evidence).contains("planted"));
        }
    }

    #[test]
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    fn every_sample_of_an_authoritys_answer_is_understood() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/domain/samples/oauth");
        let Ok(files) = std::fs::read_dir(&folder) else {
            eprintln!("skipped: there are no samples in `{}`", folder.display());
            return;
        };
        let mut seen = 0;
        for file in files.flatten().filter(|file| file.file_name().to_string_lossy().starts_with("token.error.")) {
            let text = std::fs::read_to_string(file.path()).expect("a sample");
            let refused: Refused = serde_json::from_str(&text).expect("is understood");
            assert_ne!(refused.failure("sign in").cause, Some(Cause::Unknown), "{:?}", file.file_name());
            seen += 1;
        }
        assert!(seen > 10, "{seen} samples");
    }
}
