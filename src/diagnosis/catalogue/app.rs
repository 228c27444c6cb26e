//! Causes that a sign-in with OAuth meets.

use super::{Entry, Fixer};
use crate::diagnosis::{Cause, NextTry};

pub(super) const CODES: &str = "https://learn.microsoft.com/entra/identity-platform/reference-error-codes";
const CONDITIONAL_ACCESS: &str = "https://learn.microsoft.com/entra/identity/conditional-access/overview";
const REFRESH_TOKENS: &str = "https://learn.microsoft.com/entra/identity-platform/refresh-tokens";
const CONSENT: &str = "https://learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent";

/// Signing in once more, in person, is the cure of many.
const SIGN_IN_AGAIN: &str = "Let the user sign in again, in person: `pocketdocket user link NAME`.";
const WE_TEST: &str = "Nothing has to be entered here: we test by ourselves and say when it works.";

pub(super) fn entry(cause: Cause) -> Option<Entry> {
    let by_user = |title, evidence, steps: &'static [&'static str]| Entry {
        title,
        evidence,
        fixer: Fixer::User,
        steps,
        time: "at once",
        next_try: NextTry::AfterPerson,
        reading: Some(CODES),
    };
    let by_administrator = |title, evidence, steps: &'static [&'static str], time| Entry {
        title,
        evidence,
        fixer: Fixer::ExchangeAdministrator,
        steps,
        time,
        next_try: NextTry::Growing,
        reading: Some(CODES),
    };
    Some(match cause {
        Cause::MfaRequired => by_user(
            "a second factor is required now",
            "AADSTS50076, 50074 or 50158 from the sign-in authority, or a token refused with `insufficient_claims`",
            &[SIGN_IN_AGAIN],
        ),
        Cause::MfaNotRegistered => by_user(
            "a second factor is required, and the user has none yet",
            "AADSTS50079 or 50072 from the sign-in authority",
            &["Set up the second factor at `https://aka.ms/mfasetup`, as the user.", SIGN_IN_AGAIN],
        ),
        Cause::BlockedByPolicy => Entry {
            reading: Some(CONDITIONAL_ACCESS),
            ..by_administrator(
                "a policy of the tenant blocks the sign-in",
                "AADSTS53003, 530032 or 530035 from the sign-in authority, or HTTP 456 from the server: the password was not judged wrong",
                &[
                    "Look up the sign-in in the Entra admin centre under Sign-in logs; the tab Conditional Access names the policy.",
                    "Often it is the place: add the public address of this machine, which `pocketdocket address show` tells, to the policy's named locations, or leave this account out of the policy.",
                    WE_TEST,
                ],
                "some minutes, up to 1 hour",
            )
        },
        Cause::DeviceCodeBlocked => Entry {
            next_try: NextTry::AfterPerson,
            reading: Some("https://learn.microsoft.com/entra/identity/conditional-access/managed-policies"),
            ..by_user(
                "the tenant does not allow device codes",
                "AADSTS530036 from the sign-in authority, or a device code that Conditional Access refuses",
                &["Let the user sign in with a browser instead of a device code: `pocketdocket user link NAME`."],
            )
        },
        Cause::DevicePolicy => Entry {
            reading: Some(CONDITIONAL_ACCESS),
            ..by_administrator(
                "the tenant requires a managed device",
                "AADSTS53000, 53001 or 530003 from the sign-in authority",
                &["Leave this account, or this app, out of the policy that requires a compliant device.", WE_TEST],
                "some minutes, up to 1 hour",
            )
        },
        Cause::ConsentMissing => Entry {
            reading: Some(CONSENT),
            ..by_administrator(
                "nobody consented to the permissions of the app",
                "AADSTS65001, 90094, 650056 or 650057 from the sign-in authority",
                &[
                    "Grant consent for the tenant: Entra admin centre, App registrations, the app, API permissions, Grant admin consent.",
                    SIGN_IN_AGAIN,
                ],
                "some minutes",
            )
        },
        Cause::Declined => by_user(
            "the sign-in was declined",
            "AADSTS65004, `access_denied` or `authorization_declined` from the sign-in authority",
            &["Sign in again and accept: `pocketdocket user link NAME`."],
        ),
        Cause::AppUnknown => by_administrator(
            "the tenant does not know the app, or it is switched off",
            "AADSTS700016, 700011, 7000112 or 70001 from the sign-in authority",
            &[
                "Compare `client_id` and `tenant` in section `[sign_in]` with the app registration.",
                "Look whether the enterprise application is enabled for users to sign in.",
                WE_TEST,
            ],
            "up to 1 hour",
        ),
        Cause::AppMisconfigured => by_administrator(
            "the app registration does not allow this kind of sign-in",
            "AADSTS7000218 or 50011 from the sign-in authority",
            &[
                "In the app registration under Authentication: add the platform Mobile and desktop applications with `http://localhost`, and switch on Allow public client flows.",
                WE_TEST,
            ],
            "some minutes",
        ),
        Cause::NotAssigned => by_administrator(
            "the user is not assigned to the app",
            "AADSTS50105 from the sign-in authority",
            &[
                "Assign ADDRESS to the enterprise application, under Users and groups, or switch off Assignment required.",
                WE_TEST,
            ],
            "up to 1 hour",
        ),
        Cause::TenantUnknown => Entry {
            fixer: Fixer::FirmIt,
            ..by_administrator(
                "there is no such tenant in this cloud",
                "AADSTS90002, 900382, 900432, 50194 or 9001023 from the sign-in authority",
                &[
                    "Check `tenant` and `authority` in section `[sign_in]`: a national cloud has an authority of its own.",
                    "Then `pocketdocket user check NAME`.",
                ],
                "at once",
            )
        },
        Cause::OutsideScope => Entry {
            reading: Some("https://learn.microsoft.com/exchange/permissions-exo/application-rbac"),
            ..by_administrator(
                "the mailbox lies outside what the app may touch",
                "HTTP 403 that speaks of an application access policy or of RBAC for applications",
                &[
                    "Add the mailbox to the management scope of the app: `Test-ServicePrincipalAuthorization -Identity APP -Resource ADDRESS` shows whether it is in.",
                    WE_TEST,
                ],
                "30 minutes to 2 hours",
            )
        },
        Cause::AppSecretExpired => Entry {
            fixer: Fixer::ExchangeAdministrator,
            ..by_user(
                "the app's secret or certificate is wrong or expired",
                "AADSTS7000215, 7000222, 700027 or 50012 from the sign-in authority, AADSTS7000214 or 7000277 for one that was revoked",
                &[
                    "A certificate: compare its thumbprint with those in the app registration under Certificates & secrets, and upload it if it is missing there.",
                    "A secret: make a new one there, and take its value, not its id.",
                    "Check this machine's clock: a wrong one looks the same.",
                ],
            )
        },
        Cause::CertificateExpired => Entry {
            fixer: Fixer::ExchangeAdministrator,
            ..by_user(
                "the app's certificate has expired",
                "the certificate's own end, in which case nothing is sent; AADSTS1000502 or 7000274 from the sign-in authority",
                &[
                    "Make a new one, upload it to the app registration and let it take over: `pocketdocket service-account certificate make ACCOUNT`.",
                    "Check this machine's clock: a wrong one looks the same.",
                ],
            )
        },
        Cause::GrantRevoked => Entry {
            reading: Some(REFRESH_TOKENS),
            ..by_user(
                "the permission to sign in was revoked",
                "AADSTS50173 from the sign-in authority: the password was changed, or an administrator revoked the sessions",
                &[SIGN_IN_AGAIN],
            )
        },
        Cause::GrantExpired => Entry {
            reading: Some(REFRESH_TOKENS),
            ..by_user(
                "the permission to sign in has aged out",
                "AADSTS70008, 700082, 70043 or 50078 from the sign-in authority: 90 days without use, or a rule about how often people sign in",
                &[SIGN_IN_AGAIN],
            )
        },
        Cause::TokenRefused => Entry {
            reading: Some(
                "https://learn.microsoft.com/exchange/troubleshoot/administration/oauth-authentication-issues",
            ),
            ..by_administrator(
                "the server does not take the token",
                "HTTP 401 to a token, with the reason in `x-ms-diagnostics`: another audience, another tenant, expired, or no tokens at all",
                &[
                    "Check that the mailbox is where the settings say, and that an Exchange Server has hybrid modern authentication: `Get-AuthServer`, `Get-OrganizationConfig | fl OAuth2ClientProfileEnabled`.",
                    "Check `resource` in section `[sign_in]`: it names whom the token is for.",
                    WE_TEST,
                ],
                "up to 1 hour",
            )
        },
        _ => return None,
    })
}
