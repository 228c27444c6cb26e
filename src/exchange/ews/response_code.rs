//! What each code of EWS means for us. Codes that nobody told us about survive as text.
//! <https://learn.microsoft.com/exchange/client-developer/web-service-reference/responsecode>

use std::time::Duration;

use crate::{
    diagnosis::{Cause, cause_of_response_code},
    ports::{Failure, FailureKind},
    xml::Element,
};

/// What the server said, as a cause. Its own words are kept only where they cannot be about a client's data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server says `{code}`{}", message.as_deref().map(|text| format!(": {text}")).unwrap_or_default())]
pub struct ServerSaid {
    /// The response code.
    pub code: String,
    message: Option<String>,
}

/// What a code was said about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// The whole request, which may have been going to change the mailbox.
    Fault { writes: bool },
    /// One item or folder of it.
    Item,
}

/// Codes that say that the schema in `RequestServerVersion` is too new.
pub(super) fn wants_older_version(failure: &Failure) -> bool {
    said(failure).is_some_and(|said| {
        matches!(said.code.as_str(), "ErrorInvalidServerVersion" | "ErrorInvalidSchemaVersionForMailboxVersion")
    })
}

/// The code behind a failure, if a server said one.
pub(super) fn said(failure: &Failure) -> Option<&ServerSaid> {
    std::error::Error::source(failure)?.downcast_ref()
}

/// A failure from a response code, its text and its details.
pub(super) fn failure(doing: &str, code: &str, text: Option<&str>, details: Option<&Element>, level: Level) -> Failure {
    let detail = |name: &str| {
        let value = details?.children_named("Value").find(|value| value.attribute("Name") == Some(name))?;
        Some(value.text().trim())
    };
    // Behind a general error there may be a plain reason.
    let inner = detail("InnerErrorResponseCode").filter(|inner| *inner == "ErrorServerBusy");
    let code: String = inner.unwrap_or(code).chars().filter(|letter| !letter.is_control()).take(80).collect();
    let kind = match (kind(&code), level) {
        (Some(kind), _) => kind,
        (None, Level::Item) => FailureKind::Rejected,
        (None, Level::Fault { writes: true }) if is_about_data(&code) => FailureKind::BatchRefused,
        (None, Level::Fault { .. }) => FailureKind::Malformed,
    };
    let harmless = matches!(
        kind,
        FailureKind::Transient
            | FailureKind::Throttled
            | FailureKind::Unauthorized
            | FailureKind::Forbidden
            | FailureKind::MailboxMissing
            | FailureKind::Setting
    );
    let message = text.filter(|_| harmless).map(|text| {
        let cleaned: String =
            text.trim().chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
        cleaned.chars().take(300).collect::<String>()
    });
    let mut failure = Failure::new(kind, doing);
    if kind == FailureKind::Throttled {
        failure.retry_after =
            detail("BackOffMilliseconds").and_then(|text| text.parse().ok()).map(Duration::from_millis);
    }
    if let Some(hint) = hint(&code) {
        failure = failure.hint(hint);
    }
    failure.because(ServerSaid { code, message: message.filter(|text| !text.is_empty()) })
}

/// The kind of a code that means the same wherever it stands; `None` for what concerns the data, and for unknown codes.
fn kind(code: &str) -> Option<FailureKind> {
    if let Some(cause) = cause_of_response_code(code) {
        return Some(match cause {
            Cause::Throttled => FailureKind::Throttled,
            Cause::ProviderTrouble => FailureKind::Transient,
            Cause::MailboxMissing | Cause::AccountDisabled => FailureKind::MailboxMissing,
            Cause::ImpersonationMissing => FailureKind::Forbidden,
            _ => FailureKind::Unauthorized,
        });
    }
    Some(match code {
        "ErrorTimeoutExpired" | "ErrorTooManyObjectsOpened" | "ErrorBatchProcessingTooLarge" => FailureKind::TooMuch,
        "ErrorBatchProcessingStopped" | "ErrorRequestAborted" => FailureKind::Transient,
        "ErrorIrresolvableConflict"
        | "ErrorStaleObject"
        | "ErrorChangeKeyRequired"
        | "ErrorChangeKeyRequiredForWriteOperations"
        | "ErrorInvalidChangeKey" => FailureKind::Conflict,
        "ErrorItemNotFound"
        | "ErrorFolderNotFound"
        | "ErrorParentFolderNotFound"
        | "ErrorToFolderNotFound"
        | "ErrorSyncFolderNotFound" => FailureKind::NotFound,
        "ErrorInvalidSyncStateData" => FailureKind::TokenExpired,
        "ErrorQuotaExceeded" | "ErrorMailboxFull" | "ErrorInsufficientStorage" => FailureKind::Full,
        "ErrorInvalidServerVersion"
        | "ErrorInvalidSchemaVersionForMailboxVersion"
        | "ErrorIncorrectSchemaVersion"
        | "ErrorInvalidRequestUrl" => FailureKind::Setting,
        _ => return None,
    })
}

/// Faults that refuse the request for what stands in it, before anything was stored.
fn is_about_data(code: &str) -> bool {
    matches!(
        code,
        "Client"
            | "ErrorSchemaValidation"
            | "ErrorInvalidRequest"
            | "ErrorInvalidPropertySet"
            | "ErrorInvalidPropertyRequest"
            | "ErrorInvalidPropertyUpdateSentMessage"
            | "ErrorInvalidPropertyForOperation"
            | "ErrorInvalidPropertyDelete"
            | "ErrorInvalidPropertyAppend"
            | "ErrorInvalidPropertyForExists"
            | "ErrorUpdatePropertyMismatch"
            | "ErrorInvalidExtendedProperty"
            | "ErrorInvalidExtendedPropertyValue"
            | "ErrorInvalidArgument"
            | "ErrorInvalidIdMalformed"
            | "ErrorInvalidIdMalformedEwsLegacyIdFormat"
            | "ErrorInvalidId"
            | "ErrorInvalidIdEmpty"
            | "ErrorInvalidOperation"
            | "ErrorInvalidRecipients"
            | "ErrorInvalidValueForProperty"
            | "ErrorInvalidSIPUri"
            | "ErrorCalendarEndDateIsEarlierThanStartDate"
            | "ErrorCalendarDurationIsTooLong"
            | "ErrorCalendarOutOfRange"
            | "ErrorCalendarInvalidTimeZone"
            | "ErrorTimeZone"
            | "ErrorTimeRangeExceeded"
            | "ErrorValueOutOfRange"
            | "ErrorMessageSizeExceeded"
            | "ErrorDataSizeLimitExceeded"
            | "ErrorObjectCorrupt"
            | "ErrorPropertyValidationFailure"
            | "ErrorPropertyUpdate"
            | "ErrorContentConversionFailed"
            | "ErrorUnsupportedPropertyDefinition"
            | "ErrorIncorrectUpdatePropertyCount"
            | "ErrorInvalidItemForOperationCreateItem"
            | "ErrorReminderIsNotAllowed"
            | "ErrorOccurrenceCrossingBoundary"
            | "ErrorRecurrenceHasNoOccurrence"
    )
}

fn hint(code: &str) -> Option<&'static str> {
    Some(match code {
        "ErrorImpersonateUserDenied" | "ErrorImpersonationDenied" | "ErrorImpersonationFailed" => {
            "the Exchange administrator has to give the service account the role ApplicationImpersonation for this mailbox"
        }
        "ErrorAccessDenied" | "ErrorCreateItemAccessDenied" | "ErrorDeleteItemsAccessDenied" => {
            "check that the login may write this mailbox, and that login and mailbox belong together: `pocketdocket user show NAME`"
        }
        "ErrorNonExistentMailbox" | "ErrorMissingEmailAddress" | "ErrorInvalidMailbox" => {
            "check the mailbox's address: `pocketdocket user show NAME`"
        }
        "ErrorAccountDisabled" => "the account is disabled: enable it, or `pocketdocket user pause NAME`",
        "ErrorMailboxConfiguration" => {
            "the Exchange administrator has to look at this mailbox; its directory entry is damaged"
        }
        "ErrorPasswordExpired" | "ErrorPasswordChangeRequired" => {
            "the user has to change the password; then give the new one with `pocketdocket user link NAME`"
        }
        "ErrorQuotaExceeded" | "ErrorMailboxFull" | "ErrorInsufficientStorage" => {
            "the mailbox is full: the user has to make room, or the administrator has to raise its quota"
        }
        "ErrorInvalidServerVersion" | "ErrorInvalidSchemaVersionForMailboxVersion" => {
            "the server does not speak this EWS schema: leave out `server_version` in section `[exchange]`"
        }
        _ => return None,
    })
}
