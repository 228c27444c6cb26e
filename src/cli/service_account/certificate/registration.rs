//! What an administrator has to know of the app's certificate; the steps are a hand-out.

use std::path::Path;

use crate::{
    app::of_app,
    auth::oauth::certificate::AppCertificate,
    cli::{installation::Installation, show::Clock, terminal::Terminal},
    state::ServiceAccount,
};

/// Says what is uploaded to which app, where the steps are, and what comes next.
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
    let uploaded = file.map_or_else(|| "the certificate".to_owned(), |file| format!("`{}`", file.display()));
    let (listed_as, ends) = (certificate.listed_as(), Clock::of(installation).time(certificate.not_after()));
    terminal.say(format_args!(
        "
An administrator of the tenant {tenant} uploads {uploaded} to the app {client}; it is listed
there as {listed_as} and ends {ends}. The private key is not in it and is needed nowhere but here.
The steps, with these values, and how the app is let into the firm's mailboxes alone: `pocketdocket handout certificate --account {name}`
next: `pocketdocket service-account link {name} --mailbox ADDRESS --outside ADDRESS`, with a mailbox that it is to reach and one that it
must not reach"
    ));
}
