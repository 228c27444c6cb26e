//! What an authority says when it refuses: the words of OAuth, and the numbers of Entra.
//!
//! The number is for people: it names a cause and is shown as evidence. What we *do* about a refusal depends on its word alone,
//! because numbers may change at any time.
//! <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>

use super::{Cause, Diagnosis};

/// One number of Entra (`AADSTS50126`), and what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aadsts {
    /// What stands behind `AADSTS`.
    pub number: u32,
    /// Why.
    pub cause: Cause,
    /// The same in our words.
    pub meaning: &'static str,
}

const fn row(number: u32, cause: Cause, meaning: &'static str) -> Aadsts {
    Aadsts { number, cause, meaning }
}

impl Aadsts {
    /// Every number that we know, in order.
    pub const ALL: [Self; 66] = [
        row(50011, Cause::AppMisconfigured, "the app registration does not know our redirect address"),
        row(50012, Cause::AppSecretExpired, "the app's certificate is not the registered one"),
        row(50033, Cause::ProviderTrouble, "trouble of the provider that passes"),
        row(50034, Cause::UnknownUser, "there is no such user in this tenant"),
        row(50053, Cause::AccountLocked, "the account is locked, or the address is known for attacks"),
        row(50055, Cause::PasswordExpired, "the password has expired"),
        row(50057, Cause::AccountDisabled, "the account is switched off"),
        row(50072, Cause::MfaNotRegistered, "a second factor must be registered first"),
        row(50074, Cause::MfaRequired, "a second factor is required"),
        row(50076, Cause::MfaRequired, "a second factor is required now"),
        row(50078, Cause::GrantExpired, "the second factor was given too long ago"),
        row(50079, Cause::MfaNotRegistered, "a second factor must be registered first"),
        row(50087, Cause::ProviderTrouble, "trouble of the provider that passes"),
        row(50105, Cause::NotAssigned, "the user is not assigned to the app"),
        row(50126, Cause::WrongPassword, "wrong user name or password"),
        row(50132, Cause::GrantRevoked, "the session was revoked or the password changed"),
        row(50133, Cause::GrantRevoked, "the session was revoked or the password changed"),
        row(50144, Cause::PasswordExpired, "the password has expired in the firm's own directory"),
        row(50158, Cause::MfaRequired, "another provider's second factor is required"),
        row(50173, Cause::GrantRevoked, "the sign-in was revoked: the password changed, or an administrator did it"),
        row(50194, Cause::TenantUnknown, "the app wants its own tenant's address"),
        row(50196, Cause::Throttled, "too many equal requests"),
        row(50199, Cause::MfaRequired, "a person has to confirm on the provider's page"),
        row(53000, Cause::DevicePolicy, "a device that complies with the firm's rules is required"),
        row(53001, Cause::DevicePolicy, "a device of the firm's domain is required"),
        row(53003, Cause::BlockedByPolicy, "Conditional Access refuses this sign-in"),
        row(54005, Cause::GrantExpired, "the code was used already"),
        row(65001, Cause::ConsentMissing, "nobody consented to what the app asks for"),
        row(65004, Cause::Declined, "the user declined"),
        row(70000, Cause::GrantExpired, "the code or token is not valid"),
        row(70001, Cause::AppUnknown, "the app is switched off, or unknown in this tenant"),
        row(70008, Cause::GrantExpired, "the sign-in has expired, because it was not used"),
        row(70016, Cause::MfaRequired, "nobody has entered the device code yet"),
        row(70017, Cause::Declined, "the device code was declined"),
        row(70018, Cause::GrantExpired, "the device code is wrong"),
        row(70020, Cause::GrantExpired, "the device code has expired"),
        row(70043, Cause::GrantExpired, "the tenant wants people to sign in more often"),
        row(90002, Cause::TenantUnknown, "there is no such tenant in this cloud"),
        row(90006, Cause::ProviderTrouble, "trouble of the provider that passes"),
        row(90024, Cause::ProviderTrouble, "trouble of the provider that passes"),
        row(90033, Cause::ProviderTrouble, "trouble of the provider that passes"),
        row(90055, Cause::ProviderTrouble, "trouble of the provider that passes"),
        row(90094, Cause::ConsentMissing, "an administrator has to consent"),
        row(530_003, Cause::DevicePolicy, "a device that the firm manages is required"),
        row(530_032, Cause::BlockedByPolicy, "a security policy of the tenant refuses this sign-in"),
        row(530_035, Cause::BlockedByPolicy, "the tenant's security defaults refuse this sign-in"),
        row(530_036, Cause::DeviceCodeBlocked, "Conditional Access does not allow sign-ins by device code"),
        row(650_056, Cause::ConsentMissing, "the permission is missing in the app registration, or nobody consented"),
        row(650_057, Cause::ConsentMissing, "the app registration does not list what was asked for"),
        row(700_011, Cause::AppUnknown, "the tenant does not know this app"),
        row(700_016, Cause::AppUnknown, "the tenant does not know this app"),
        row(700_023, Cause::TenantUnknown, "the app's statement was made for another tenant or cloud"),
        row(700_024, Cause::ClockSkew, "by the authority's clock the app's statement is not valid now"),
        row(700_027, Cause::AppSecretExpired, "the app's certificate is not registered, or a clock is wrong"),
        row(700_082, Cause::GrantExpired, "the sign-in has expired, because it was not used"),
        row(900_382, Cause::TenantUnknown, "the tenant is in another cloud"),
        row(900_432, Cause::TenantUnknown, "the tenant is in another cloud"),
        row(1_000_502, Cause::CertificateExpired, "the app's certificate has expired, or is not valid yet"),
        row(7_000_112, Cause::AppUnknown, "the app is switched off"),
        row(7_000_214, Cause::AppSecretExpired, "the app's certificate was revoked"),
        row(7_000_215, Cause::AppSecretExpired, "the app's secret is wrong"),
        row(7_000_218, Cause::AppMisconfigured, "\"Allow public client flows\" is off in the app registration"),
        row(7_000_222, Cause::AppSecretExpired, "the app's secret has expired"),
        row(7_000_274, Cause::CertificateExpired, "the app's certificate has expired, or is not valid yet"),
        row(7_000_277, Cause::AppSecretExpired, "the app's certificate was revoked"),
        row(9_001_023, Cause::TenantUnknown, "the app wants its own tenant's address"),
    ];

    /// What is known of a number.
    pub fn of(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.number == number)
    }
}

/// What an authority said when it refused. All of it comes from the other end.
#[derive(Clone, Copy, Debug, Default)]
pub struct OauthError<'a> {
    /// `error`: the word to decide by. <https://www.rfc-editor.org/rfc/rfc6749#section-5.2>
    pub error: &'a str,
    /// `suberror`, where Entra says one.
    pub suberror: &'a str,
    /// The numbers behind `AADSTS`, where it says them.
    pub numbers: &'a [u32],
}

impl OauthError<'_> {
    /// Whether the same request may work later, without anybody's help.
    pub fn passes(&self) -> bool {
        matches!(self.error, "temporarily_unavailable" | "server_error" | "slow_down" | "authorization_pending")
    }

    /// The one cause, with its evidence. The authority's sentences are not quoted: they may hold anything.
    pub fn diagnose(&self) -> Diagnosis {
        let mut evidence = Vec::new();
        let by_word = cause_of_word(self.error);
        match by_word {
            Some(_) => evidence.push(format!("the authority answered `{}`", self.error)),
            None => evidence.push("the authority refused, with a word that we do not know".to_owned()),
        }
        let by_suberror = cause_of_suberror(self.suberror);
        if by_suberror.is_some() {
            evidence.push(format!("more exactly `{}`", self.suberror));
        }
        let mut by_number = None;
        for number in self.numbers.iter().take(3) {
            let known = Aadsts::of(*number);
            let meaning = known.map_or("a number that we do not know", |known| known.meaning);
            evidence.push(format!("its number is AADSTS{number}: {meaning}"));
            by_number = by_number.or(known.map(|known| known.cause));
        }
        Diagnosis { cause: by_number.or(by_suberror).or(by_word).unwrap_or(Cause::Unknown), evidence }
    }
}

/// <https://www.rfc-editor.org/rfc/rfc6749#section-5.2>, <https://www.rfc-editor.org/rfc/rfc8628#section-3.5>,
/// <https://openid.net/specs/openid-connect-core-1_0.html#AuthError>
fn cause_of_word(error: &str) -> Option<Cause> {
    Some(match error {
        "invalid_grant" => Cause::GrantRevoked,
        "interaction_required" | "login_required" | "account_selection_required" | "authorization_pending" => {
            Cause::MfaRequired
        }
        "consent_required" | "invalid_scope" => Cause::ConsentMissing,
        "access_denied" | "authorization_declined" => Cause::Declined,
        "expired_token" | "bad_verification_code" => Cause::GrantExpired,
        "unauthorized_client" | "invalid_client" => Cause::AppUnknown,
        "invalid_request"
        | "invalid_resource"
        | "invalid_target"
        | "unsupported_grant_type"
        | "unsupported_response_type" => Cause::AppMisconfigured,
        "slow_down" => Cause::Throttled,
        "temporarily_unavailable" | "server_error" => Cause::ProviderTrouble,
        _ => return None,
    })
}

/// <https://learn.microsoft.com/entra/identity-platform/reference-error-codes#handling-error-codes-in-your-application>
fn cause_of_suberror(suberror: &str) -> Option<Cause> {
    Some(match suberror {
        "bad_token" => Cause::GrantRevoked,
        "token_expired" => Cause::GrantExpired,
        "consent_required" => Cause::ConsentMissing,
        "basic_action" | "additional_action" | "user_password_expired" => Cause::MfaRequired,
        "message_only" => Cause::BlockedByPolicy,
        "protection_policy_required" | "device_authentication_failed" => Cause::DevicePolicy,
        "client_mismatch" => Cause::AppUnknown,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_in_order_and_each_is_there_once() {
        assert!(Aadsts::ALL.windows(2).all(|pair| pair[0].number < pair[1].number));
        assert!(Aadsts::ALL.iter().all(|row| row.cause != Cause::Unknown && !row.meaning.ends_with('.')));
    }

    #[test]
    fn the_number_explains_and_the_word_decides() {
        let said = |error, suberror, numbers| OauthError { error, suberror, numbers };
        for (error, cause, passes) in [
            (said("invalid_grant", "bad_token", &[50173][..]), Cause::GrantRevoked, false),
            (said("invalid_grant", "", &[]), Cause::GrantRevoked, false),
            (said("invalid_grant", "token_expired", &[]), Cause::GrantExpired, false),
            (said("invalid_grant", "", &[700_082]), Cause::GrantExpired, false),
            (said("invalid_grant", "", &[1, 530_036]), Cause::DeviceCodeBlocked, false),
            (said("interaction_required", "basic_action", &[50076]), Cause::MfaRequired, false),
            (said("temporarily_unavailable", "", &[90033]), Cause::ProviderTrouble, true),
            // The number says that it passes; the word does not, and the word decides.
            (said("invalid_grant", "", &[90033]), Cause::ProviderTrouble, false),
            (said("who_knows", "", &[]), Cause::Unknown, false),
        ] {
            let diagnosis = error.diagnose();
            assert_eq!((diagnosis.cause, error.passes()), (cause, passes), "{error:?}");
            assert!(!diagnosis.evidence.is_empty());
        }
    }

    proptest! {
        #[test]
        fn nothing_that_an_authority_writes_is_quoted(before in ".{0,30}", numbers in prop::collection::vec(any::<u32>(), 0..9)) {
            let text = format!("{before}geheim");
            let diagnosis = OauthError { error: &text, suberror: &text, numbers: &numbers }.diagnose();
            prop_assert!(!diagnosis.evidence.join("\n").contains("geheim"));
        }
    }
}
