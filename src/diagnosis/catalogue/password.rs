//! Causes that a password meets.

use super::{Entry, Fixer};
use crate::diagnosis::{Cause, NextTry};

const MADE_FOR_THIS: &str = "https://learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/deprecation-of-basic-authentication-exchange-online";
const EWS_DIRECTORY: &str =
    "https://learn.microsoft.com/powershell/module/exchangepowershell/set-webservicesvirtualdirectory";

pub(super) fn entry(cause: Cause) -> Option<Entry> {
    Some(match cause {
        Cause::WrongPassword => Entry {
            title: "login or password is wrong",
            evidence: "HTTP 401 from a server that takes Basic, or to the last message of Windows authentication, or `ErrorLogonFailure`. Basic cannot tell a wrong password from a wrong login, and NTLM neither from an expired password or a locked account",
            fixer: Fixer::User,
            steps: &[
                "Sign out of webmail and in again with the same login and password: that proves which password is right.",
                "Give the one that works: `pocketdocket user link NAME`.",
                "If webmail takes the password and this does not, a second factor or an app password is in the way: ask the Exchange administrator. Do not switch the second factor off; where the server takes tokens, sign in with OAuth.",
                "Where several users fail alike at once, it is not their passwords: see what is said first.",
            ],
            time: "at once",
            next_try: NextTry::AfterPerson,
            reading: None,
        },
        Cause::UnknownUser => Entry {
            title: "there is no such login",
            evidence: "AADSTS50034 from the sign-in authority",
            fixer: Fixer::FirmIt,
            steps: &[
                "Compare login and address with what the user signs in with in webmail: `pocketdocket user show NAME`.",
                "Check that `tenant` in section `[sign_in]` is the firm's own.",
                "Then link anew: `pocketdocket user link NAME`.",
            ],
            time: "at once; a new account can take an hour to be known everywhere",
            next_try: NextTry::AfterPerson,
            reading: Some(super::app::CODES),
        },
        Cause::PasswordExpired => Entry {
            title: "the password has expired",
            evidence: "the header `X-MS-Credential-Service-CredExpired: true`, `ErrorPasswordExpired`, or AADSTS50055 and AADSTS50144",
            fixer: Fixer::User,
            steps: &[
                "Change the password, in webmail or at a computer of the firm.",
                "Give the new one: `pocketdocket user link NAME`.",
            ],
            time: "at once; between a directory of the firm and Microsoft's cloud up to 30 minutes",
            next_try: NextTry::AfterPerson,
            reading: Some(
                "https://learn.microsoft.com/exchange/client-developer/exchange-web-services/how-to-get-password-expiration-ews",
            ),
        },
        Cause::AccountLocked => Entry {
            title: "the account is locked after too many wrong passwords",
            evidence: "the page of a 401 says that the account is locked out, or AADSTS50053",
            fixer: Fixer::ExchangeAdministrator,
            steps: &[
                "Unlock the account (`Unlock-ADAccount` on the firm's domain), or wait for as long as its lock lasts.",
                "Find the program or phone that still has an old password: it would lock the account again.",
                "Then give the password once more: `pocketdocket user link NAME`.",
            ],
            time: "at once when it is unlocked; otherwise as long as the firm's rule says, often 10 to 30 minutes",
            next_try: NextTry::AfterPerson,
            reading: Some(
                "https://learn.microsoft.com/windows/security/threat-protection/security-policy-settings/account-lockout-threshold",
            ),
        },
        Cause::AccountDisabled => Entry {
            title: "the account is switched off",
            evidence: "the page of a 401 says so, `ErrorAccountDisabled`, or AADSTS50057",
            fixer: Fixer::ExchangeAdministrator,
            steps: &[
                "Switch the account on again (`Enable-ADAccount`, or in the Microsoft 365 admin centre).",
                "If the person left, take the user out: `pocketdocket user remove NAME`.",
                "Then link anew: `pocketdocket user link NAME`.",
            ],
            time: "up to 1 hour",
            next_try: NextTry::AfterPerson,
            reading: None,
        },
        Cause::BasicOffByProvider => Entry {
            title: "the provider switched Basic off for everybody",
            evidence: "the host belongs to Exchange Online, or a server that used to take passwords offers tokens alone",
            fixer: Fixer::ExchangeAdministrator,
            steps: &[
                "No password and no app password can work: Microsoft switched Basic off in Exchange Online and it cannot be switched on again. It is not an outage that ends after 12 to 48 hours.",
                "Let the user sign in with OAuth instead: `pocketdocket user change NAME --method oauth`, then `pocketdocket user link NAME`.",
                "At another provider, ask whether it can be switched on again; we test by ourselves and say when it works.",
            ],
            time: "never for Exchange Online; at another provider up to 1 hour after it was switched on, for all users",
            next_try: NextTry::Growing,
            reading: Some(MADE_FOR_THIS),
        },
        Cause::BasicOffOnServer => Entry {
            title: "Basic is not switched on at this server",
            evidence: "HTTP 401 whose `WWW-Authenticate` offers NTLM or Negotiate and no Basic: the server did not look at the password",
            fixer: Fixer::ExchangeAdministrator,
            steps: &[
                "Where the server offers NTLM or Negotiate, nothing has to be switched on: take Windows authentication with the same password, `pocketdocket user change NAME --method windows`, then `pocketdocket user link NAME`.",
                "Or switch Basic on for EWS, on each server: `Get-WebServicesVirtualDirectory | Set-WebServicesVirtualDirectory -BasicAuthentication $true`, then `iisreset /noforce`.",
                "The password itself may be right; it need not be given again. We test by ourselves and say when it works.",
            ],
            time: "some minutes, at most 1 hour, and then for all users",
            next_try: NextTry::Growing,
            reading: Some(EWS_DIRECTORY),
        },
        Cause::WindowsOffOnServer => Entry {
            title: "Windows authentication is not switched on at this server",
            evidence: "HTTP 401 whose `WWW-Authenticate` offers neither NTLM nor Negotiate: the server did not look at the password",
            fixer: Fixer::ExchangeAdministrator,
            steps: &[
                "Where the server offers Basic, take that with the same password: `pocketdocket user change NAME --method password`, then `pocketdocket user link NAME`.",
                "Or switch Windows authentication on for EWS, on each server: `Get-WebServicesVirtualDirectory | Set-WebServicesVirtualDirectory -WindowsAuthentication $true`, then `iisreset /noforce`.",
                "A device in front of the server may take the offer away: NTLM has to pass through it on one connection.",
            ],
            time: "some minutes, at most 1 hour, and then for all users",
            next_try: NextTry::Growing,
            reading: Some(EWS_DIRECTORY),
        },
        Cause::AppPasswordNeeded => Entry {
            title: "the server wants an app password",
            evidence: "the page of a 401 asks for an app password, because the account has a second factor",
            fixer: Fixer::User,
            steps: &[
                "Make an app password for Pocket Docket in the provider's account settings. Leave the second factor on.",
                "Give it: `pocketdocket user link NAME`.",
                "If there is no such page, the administrator has to allow app passwords.",
            ],
            time: "at once; some providers need up to 1 hour",
            next_try: NextTry::AfterPerson,
            reading: None,
        },
        Cause::NotConfirmed => Entry {
            title: "the first use is not confirmed",
            evidence: "our own ledger: the user did not confirm yet, or has to confirm anew",
            fixer: Fixer::User,
            steps: &["Confirm, with the user at hand: `pocketdocket user confirm NAME`."],
            time: "at once",
            next_try: NextTry::AfterPerson,
            reading: None,
        },
        Cause::ChannelBinding => Entry {
            title: "the server wants Windows authentication bound to its certificate",
            evidence: "HTTP 401 to NTLM whose page speaks of channel bindings (Extended Protection), or the same login works over Basic",
            fixer: Fixer::ExchangeAdministrator,
            steps: &[
                "Look whether something between us and Exchange opens the TLS connection (a proxy, a load balancer): Extended Protection lets it through only where it shows the very certificate that Exchange has.",
                "Give it that certificate, or let this machine reach Exchange past it. `-ExtendedProtectionTokenChecking Allow`, which setup gives to EWS anyway, does not help: a wrong binding is refused all the same.",
                "Where neither can be, and the server offers Basic: `pocketdocket user change NAME --method password`.",
            ],
            time: "some minutes",
            next_try: NextTry::Growing,
            reading: Some(
                "https://learn.microsoft.com/exchange/plan-and-deploy/post-installation-tasks/security-best-practices/exchange-extended-protection",
            ),
        },
        _ => return None,
    })
}
