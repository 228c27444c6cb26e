use super::Cause;

/// What a response code of EWS says about the way to the mailbox; `None` for codes about data.
/// <https://learn.microsoft.com/exchange/client-developer/web-service-reference/responsecode>
pub fn cause_of_response_code(code: &str) -> Option<Cause> {
    Some(match code {
        "ErrorPasswordExpired" | "ErrorPasswordChangeRequired" => Cause::PasswordExpired,
        "ErrorLogonFailure" => Cause::WrongPassword,
        "ErrorTokenSerializationDenied" | "ErrorInvalidUserSid" => Cause::TokenRefused,
        "ErrorAccountDisabled" => Cause::AccountDisabled,
        "ErrorNonExistentMailbox"
        | "ErrorMissingEmailAddress"
        | "ErrorMissingEmailAddressForManagedFolder"
        | "ErrorMailboxConfiguration"
        | "ErrorInvalidMailbox"
        | "ErrorNoRecipients" => Cause::MailboxMissing,
        "ErrorImpersonateUserDenied"
        | "ErrorImpersonationDenied"
        | "ErrorImpersonationFailed"
        | "ErrorImpersonationRequired"
        | "ErrorInvalidExchangeImpersonationHeaderData"
        | "ErrorCannotUseImpersonation"
        | "ErrorAccessDenied"
        | "ErrorCreateItemAccessDenied"
        | "ErrorDeleteItemsAccessDenied" => Cause::ImpersonationMissing,
        "ErrorServerBusy" | "ErrorExceededConnectionCount" | "ErrorExceededFindCountLimit" => Cause::Throttled,
        "ErrorMailboxStoreUnavailable"
        | "ErrorMailboxMoveInProgress"
        | "ErrorMailboxFailover"
        | "ErrorInternalServerTransientError"
        | "ErrorInternalServerError"
        | "ErrorConnectionFailed"
        | "ErrorConnectionFailedTransientError"
        | "ErrorADUnavailable"
        | "ErrorADOperation"
        | "ErrorNotEnoughMemory"
        | "ErrorInsufficientResources"
        | "ErrorProxyCallFailed"
        | "ErrorProxyRequestProcessingFailed"
        | "ErrorProxyServiceDiscoveryFailed"
        | "ErrorServiceUnavailable" => Cause::ProviderTrouble,
        _ => return None,
    })
}
