//! What an administrator does in Entra and in Exchange Online so that the app is let in, and into which mailboxes.

use std::path::Path;

use crate::{
    app::of_app,
    auth::oauth::certificate::AppCertificate,
    cli::{installation::Installation, show::Clock, terminal::Terminal},
    state::ServiceAccount,
};

/// Prints the steps, with the values of this app.
pub(super) fn steps(
    installation: &Installation,
    account: &ServiceAccount,
    certificate: &AppCertificate,
    file: Option<&Path>,
    terminal: &mut Terminal,
) {
    let settings = of_app(&installation.config.sign_in, &account.details);
    let (name, client) = (&account.name, &account.details.login);
    let tenant = settings.tenant.unwrap_or_else(|| settings.authority.clone());
    let certificate_file = file.map_or_else(|| "the certificate".to_owned(), |file| format!("`{}`", file.display()));
    let (listed_as, ends) = (certificate.listed_as(), Clock::of(installation).time(certificate.not_after()));
    terminal.say(format_args!(
        "
To register it, an administrator of the tenant {tenant}
  1. opens the app in the Entra admin center under App registrations: its Application (client) ID is {client}
     (a new one: \"Accounts in this organizational directory only\", no redirect URI);
  2. uploads {certificate_file} under Certificates & secrets, Certificates. It is listed as
     {listed_as} and ends {ends};
  3. adds under API permissions, Microsoft Graph, Application permissions: `Tasks.ReadWrite.All` alone, and grants admin consent.
     Exchange can limit no tasks: that one is for every mailbox, or leave tasks out. Contacts, calendars and settings are *not*
     consented to here, because that would open every mailbox;
  4. lets it into the firm's users and nobody else, in Exchange Online PowerShell. OBJECT-ID is that of the app under Enterprise
     applications, GROUP a mail-enabled security group that holds the users:
       New-ServicePrincipal -AppId {client} -ObjectId OBJECT-ID -DisplayName \"Pocket Docket\"
       New-ManagementScope -Name \"Pocket Docket\" -RecipientRestrictionFilter \"MemberOfGroup -eq '$((Get-DistributionGroup GROUP).DistinguishedName)'\"
       foreach ($role in 'Contacts', 'Calendars', 'MailboxSettings') {{
         New-ManagementRoleAssignment -App {client} -Role \"Application $role.ReadWrite\" -CustomResourceScope \"Pocket Docket\"
       }}
       Test-ServicePrincipalAuthorization -Identity {client} -Resource weber@kanzlei.example
     It takes 30 minutes to 2 hours until that holds everywhere.
The private key is not in the certificate and is needed nowhere but here.
next: `pocketdocket service-account link {name} --mailbox ADDRESS --outside ADDRESS`, with a mailbox that it is to reach and one that it
must not reach"
    ));
}
