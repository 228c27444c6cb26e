//! Causes that lie at the mailbox, or on the way to it.

use super::{Entry, Fixer};
use crate::diagnosis::{Cause, NextTry};

const EWS_ACCESS: &str = "https://learn.microsoft.com/exchange/client-developer/exchange-web-services/how-to-control-access-to-ews-in-exchange";
const IMPERSONATION: &str =
    "https://learn.microsoft.com/exchange/client-developer/exchange-web-services/how-to-configure-impersonation";

const LOCATIONS: &str = "https://learn.microsoft.com/entra/identity/conditional-access/concept-assignment-network";

pub(super) fn entry(cause: Cause) -> Entry {
    let on_the_way = |title, evidence, steps: &'static [&'static str]| Entry {
        title,
        evidence,
        fixer: Fixer::FirmIt,
        steps,
        time: "at once",
        next_try: NextTry::NextSync,
        reading: None,
    };
    let wait = |title, evidence, steps: &'static [&'static str], next_try| Entry {
        title,
        evidence,
        fixer: Fixer::Nobody,
        steps,
        time: "minutes to hours",
        next_try,
        reading: None,
    };
    match cause {
        Cause::EwsOff => Entry {
            title: "EWS is switched off for the organisation, this program, this mailbox or its licence",
            evidence: "HTTP 403 although the sign-in was accepted. Exchange Online says in its header `X-EWS-Policy-Reason` whether a switch or a list refuses us; a server says nothing",
            fixer: Fixer::ExchangeAdministrator,
            steps: &[
                "Organisation and program: `Get-OrganizationConfig -RetrieveEwsOperationAccessPolicy | fl Ews*`. In Exchange Online `EwsEnabled` has to be `$true` and our client id in the list: `Set-OrganizationConfig -EwsEnabled $true -EwsAllowedAppIDs \"CLIENT-ID,OTHER-ID\"`, which replaces the whole list.",
                "Mailbox: `Get-CASMailbox ADDRESS | fl Ews*`, then `Set-CASMailbox ADDRESS -EwsEnabled $true`.",
                "Licence: mailboxes with nothing but Exchange Online Kiosk or F1/F3 have no EWS any more.",
                "User-Agents, which count beside the list of app ids: with `EnforceAllowList` as `EwsApplicationAccessPolicy` the allow list has to name ours, `PocketDocket`, and the block list must not.",
                "In Exchange Online EWS ends on 2027-04-01 for everybody.",
                "Nothing has to be entered here: we test by ourselves and say when it works.",
            ],
            time: "up to 1 hour; a changed list of programs up to 24 hours",
            next_try: NextTry::Growing,
            reading: Some(EWS_ACCESS),
        },
        Cause::MailboxMissing => Entry {
            title: "the mailbox does not exist, was moved, or has no licence",
            evidence: "`ErrorNonExistentMailbox`, `ErrorMissingEmailAddress` or `ErrorMailboxConfiguration` after a sign-in that worked",
            fixer: Fixer::ExchangeAdministrator,
            steps: &[
                "Check the address: `pocketdocket user show NAME`.",
                "Look for the mailbox: `Get-Recipient ADDRESS | fl RecipientType*`, and in Microsoft 365 for its licence.",
                "Where it was moved, autodiscover usually says where to, and `pocketdocket user check NAME` asks it; where it does not, name the server's EWS address: `pocketdocket user move NAME --to https://SERVER/EWS/Exchange.asmx`.",
            ],
            time: "a new mailbox or licence needs up to 24 hours",
            next_try: NextTry::Growing,
            reading: Some("https://learn.microsoft.com/exchange/client-developer/web-service-reference/responsecode"),
        },
        Cause::MailboxMoved => Entry {
            title: "the mailbox was moved to another place",
            evidence: "autodiscover names another place than the link goes to: Exchange Online instead of a server, a server instead of Exchange Online, or another server for a mailbox that is not there any more",
            fixer: Fixer::FirmIt,
            steps: &[
                "Nothing is deleted or created meanwhile: the link waits until somebody moves it.",
                "A mailbox that is in Exchange Online now: `pocketdocket user move NAME --to graph`. One on another server: `pocketdocket user move NAME --to https://SERVER/EWS/Exchange.asmx`.",
                "If autodiscover is wrong, say what is right: `pocketdocket user change NAME --protocol PROTOCOL`; it is not asked for this user any more then.",
            ],
            time: "at once",
            next_try: NextTry::Growing,
            reading: Some("https://learn.microsoft.com/exchange/hybrid-deployment/move-mailboxes"),
        },
        Cause::AddressNotAllowed => Entry {
            title: "blocked by location: this machine comes from an address that the account is not allowed from",
            evidence: "two or more echo services agree on a public address that is not on the list of the service account; they are asked every half hour, and when Conditional Access or the server refuses the account",
            fixer: Fixer::ExchangeAdministrator,
            steps: &[
                "Look from where this machine comes, and from where each account is allowed: `pocketdocket address show`.",
                "If the new address stays, the Exchange administrator allows it: in Microsoft Entra in the named location of the account's Conditional Access rule, on an Exchange Server in the address rules of the EWS directory.",
                "Then the firm's IT enters it: `pocketdocket address allow NETWORK --account ACCOUNT`.",
                "If it does not stay, because another line stood in, nothing has to be done: the links go on by themselves when this machine comes from an allowed address again.",
            ],
            time: "at once; a changed named location up to 1 hour",
            next_try: NextTry::WhenAllowed,
            reading: Some(LOCATIONS),
        },
        Cause::ImpersonationMissing => Entry {
            title: "the account may not act for this mailbox",
            evidence: "`ErrorImpersonateUserDenied`, `ErrorImpersonationFailed` or `ErrorAccessDenied` after a sign-in that worked; from Graph, `ErrorAccessDenied` at the door of a mailbox of others",
            fixer: Fixer::ExchangeAdministrator,
            steps: &[
                "Check that login and mailbox belong together: `pocketdocket user show NAME`.",
                "A service account on an Exchange Server needs the role for this mailbox: `New-ManagementRoleAssignment -Name PocketDocket -Role ApplicationImpersonation -User ACCOUNT`; if it has it, `Get-ManagementRoleAssignment` shows whether its scope leaves this mailbox out.",
                "An account of a person, and any in Exchange Online, needs access to the mailbox: `Add-MailboxPermission ADDRESS -User ACCOUNT -AccessRights FullAccess`.",
            ],
            time: "up to 1 hour",
            next_try: NextTry::Growing,
            reading: Some(IMPERSONATION),
        },
        Cause::ClockSkew => Entry {
            next_try: NextTry::Growing,
            ..on_the_way(
                "this machine's clock, or the server's, is wrong",
                "the server's `Date` and our clock differ by more than 5 minutes, or its certificate is not valid yet by our clock",
                &[
                    "Set this machine's clock and keep it right: `timedatectl set-ntp true`, or `w32tm /resync` on Windows.",
                    "Then `pocketdocket user check NAME`.",
                ],
            )
        },
        Cause::NameNotFound => on_the_way(
            "the server's name is not found",
            "the name has no address: a slip in the setting, or no name service",
            &[
                "Check `url` in section `[exchange]`, and whether this machine can look up names: `nslookup` with the host.",
                "Then `pocketdocket user check NAME`.",
            ],
        ),
        Cause::CertificateNotTrusted => Entry {
            next_try: NextTry::Growing,
            ..on_the_way(
                "the server's certificate is not trusted",
                "TLS was refused before anything was sent: an own authority, an expired certificate, another name, or something in between that opens connections",
                &[
                    "If the certificate comes from an own authority, name its PEM file as `ca_file` in section `[exchange]`.",
                    "Look who issued it: `openssl s_client -connect HOST:443 -servername HOST`. A name you do not know means that something in between opens connections.",
                    "Then `pocketdocket user check NAME`.",
                ],
            )
        },
        Cause::Unreachable => on_the_way(
            "nobody answers at that address",
            "no connection, a broken one, or no answer in time",
            &[
                "Look whether the server runs and whether a firewall lets this machine out to it.",
                "It is tried again with every sync, by itself.",
            ],
        ),
        Cause::WrongAddress => Entry {
            next_try: NextTry::Growing,
            ..on_the_way(
                "there is no Exchange Web Services at that address",
                "HTTP 404, 405 or 410, or a redirect to another address",
                &[
                    "Set the final address as `url` in section `[exchange]`, or for this user; it usually ends with `/EWS/Exchange.asmx`.",
                    "Then `pocketdocket user check NAME`.",
                ],
            )
        },
        Cause::AnsweredByAnother => on_the_way(
            "something in between answered instead of the server",
            "a web page instead of an answer, a proxy that wants a sign-in, a redirect to a portal, or no TLS",
            &[
                "Open the address in a browser on this machine: a portal, a filter or a proxy shows itself.",
                "Let this machine out to the server without it.",
                "Then `pocketdocket user check NAME`.",
            ],
        ),
        Cause::Throttled => wait(
            "the server asks for patience",
            "HTTP 429 or 503, or `ErrorServerBusy`, often with the time it wants",
            &["Nothing: we wait as long as the server says."],
            NextTry::WhenAsked,
        ),
        Cause::ProviderTrouble => wait(
            "the provider has trouble of its own",
            "HTTP 5xx, an error page, `ErrorMailboxStoreUnavailable`, `ErrorMailboxMoveInProgress` and the like, or AADSTS90033 and its kin",
            &["Nothing: it is tried again with every sync. The provider's status page says more."],
            NextTry::NextSync,
        ),
        _ => Entry {
            title: "none of the known causes",
            evidence: "nothing that we know how to read",
            fixer: Fixer::FirmIt,
            steps: &[
                "Look at the whole message: `pocketdocket user show NAME` and `pocketdocket logs`.",
                "Give the secret once more when it is known to work in webmail: `pocketdocket user link NAME`.",
            ],
            time: "unknown",
            next_try: NextTry::AfterPerson,
            reading: None,
        },
    }
}
