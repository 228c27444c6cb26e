use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a sign-in, or the way to a mailbox, failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Login or password is wrong.
    WrongPassword,
    /// There is no such login at this server or in this tenant.
    UnknownUser,
    /// The password is right and too old.
    PasswordExpired,
    /// Too many wrong passwords: the account is locked for a while, or until somebody unlocks it.
    AccountLocked,
    /// The account is switched off.
    AccountDisabled,
    /// The provider switched Basic off for everybody: no password can work, and it cannot come back.
    BasicOffByProvider,
    /// This server could take Basic, and its administrator did not switch it on.
    BasicOffOnServer,
    /// This server could take Windows authentication, and does not offer it.
    WindowsOffOnServer,
    /// The server wants a password made for this program instead of the mailbox's own.
    AppPasswordNeeded,
    /// A second factor is required now: the user must sign in in person.
    MfaRequired,
    /// A second factor is required and the user has none yet.
    MfaNotRegistered,
    /// The user did not confirm the first use yet, or must confirm anew.
    NotConfirmed,
    /// Conditional Access refuses this sign-in, often for the place it comes from.
    BlockedByPolicy,
    /// The account may sign in from fixed addresses only, and this machine comes from another one.
    AddressNotAllowed,
    /// Conditional Access does not allow the device code flow here.
    DeviceCodeBlocked,
    /// A managed or compliant device is required.
    DevicePolicy,
    /// Nobody consented to the permissions of the app, or an administrator has to.
    ConsentMissing,
    /// The user, or an administrator, declined.
    Declined,
    /// The app registration is unknown in this tenant, or it is switched off.
    AppUnknown,
    /// The app registration does not allow this kind of sign-in.
    AppMisconfigured,
    /// The user is not assigned to the app.
    NotAssigned,
    /// The tenant is unknown, or it is in another cloud.
    TenantUnknown,
    /// The mailbox lies outside what the app may touch.
    OutsideScope,
    /// The app's secret or certificate is wrong or expired.
    AppSecretExpired,
    /// The refresh token was revoked: the password was changed, or an administrator did it.
    GrantRevoked,
    /// The refresh token was not used for too long, or the tenant wants people to sign in more often.
    GrantExpired,
    /// The token is for another resource, tenant or time than the server takes.
    TokenRefused,
    /// EWS is switched off for the tenant, this app, this mailbox or its licence.
    EwsOff,
    /// The mailbox does not exist, was moved, or has no licence.
    MailboxMissing,
    /// The mailbox was moved: autodiscover names another place than the link goes to.
    MailboxMoved,
    /// The account may not act for this mailbox.
    ImpersonationMissing,
    /// The server wants Windows authentication bound to its certificate.
    ChannelBinding,
    /// This machine's clock, or the server's, is wrong.
    ClockSkew,
    /// The server's name is not found.
    NameNotFound,
    /// The server's certificate is not trusted, or the connection was downgraded.
    CertificateNotTrusted,
    /// Nobody answers at that address.
    Unreachable,
    /// A server answers there, and it offers no Exchange Web Services at that address.
    WrongAddress,
    /// Something in between answered instead of the server: a proxy, a captive portal, a filter.
    AnsweredByAnother,
    /// The server asks for patience.
    Throttled,
    /// The provider has trouble of its own.
    ProviderTrouble,
    /// None of these could be recognised.
    Unknown,
}

impl Cause {
    /// Every cause, in the order of the reference.
    pub const ALL: [Self; 41] = [
        Self::WrongPassword,
        Self::UnknownUser,
        Self::PasswordExpired,
        Self::AccountLocked,
        Self::AccountDisabled,
        Self::BasicOffByProvider,
        Self::BasicOffOnServer,
        Self::WindowsOffOnServer,
        Self::AppPasswordNeeded,
        Self::MfaRequired,
        Self::MfaNotRegistered,
        Self::NotConfirmed,
        Self::BlockedByPolicy,
        Self::AddressNotAllowed,
        Self::DeviceCodeBlocked,
        Self::DevicePolicy,
        Self::ConsentMissing,
        Self::Declined,
        Self::AppUnknown,
        Self::AppMisconfigured,
        Self::NotAssigned,
        Self::TenantUnknown,
        Self::OutsideScope,
        Self::AppSecretExpired,
        Self::GrantRevoked,
        Self::GrantExpired,
        Self::TokenRefused,
        Self::EwsOff,
        Self::MailboxMissing,
        Self::MailboxMoved,
        Self::ImpersonationMissing,
        Self::ChannelBinding,
        Self::ClockSkew,
        Self::NameNotFound,
        Self::CertificateNotTrusted,
        Self::Unreachable,
        Self::WrongAddress,
        Self::AnsweredByAnother,
        Self::Throttled,
        Self::ProviderTrouble,
        Self::Unknown,
    ];

    /// The word for it, as in JSON and in the reference: `wrong-password`.
    pub fn word(self) -> String {
        let name = format!("{self:?}");
        name.char_indices().fold(String::new(), |mut word, (place, letter)| {
            if letter.is_ascii_uppercase() && place > 0 {
                word.push('-');
            }
            word.push(letter.to_ascii_lowercase());
            word
        })
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.word())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn all_is_all_and_every_word_is_the_one_of_json() {
        assert_eq!(Cause::ALL.iter().collect::<BTreeSet<_>>().len(), Cause::ALL.len());
        assert_eq!(Cause::ALL.len(), Cause::Unknown as usize + 1);
        for cause in Cause::ALL {
            assert_eq!(serde_json::to_value(cause).expect("JSON"), cause.word());
        }
    }
}
