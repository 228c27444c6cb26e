//! `service-account change`: entered otherwise, for everybody who goes through it.

use jiff::Timestamp;

use super::can_be_used;
use crate::{
    cli::{
        arguments::ChangeAccount,
        installation::{Installation, who},
        show::counted,
        terminal::Terminal,
        user::verify,
    },
    state::{AccountName, UserName},
};

pub(super) fn run(
    installation: &Installation,
    arguments: &ChangeAccount,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let (name, ledger) = (&arguments.name, &installation.ledger);
    let before = ledger.service_account(name)?;
    let mut details = before.details.clone();
    let changes = &arguments.changes;
    if let Some(login) = changes.login.as_ref().or(changes.client_id.as_ref()) {
        details.login.clone_from(login);
    }
    if let Some(tenant) = &changes.tenant {
        details.tenant = Some(tenant.clone()).filter(|tenant| !tenant.is_empty());
    }
    details.method = changes.method.unwrap_or(details.method);
    details.protocol = changes.protocol.unwrap_or(details.protocol);
    if let Some(url) = &changes.url {
        details.url = Some(url.clone()).filter(|url| !url.is_empty());
    } else if details.protocol != before.details.protocol {
        // The address of one protocol's service is of no use to another.
        details.url = None;
    }
    if details == before.details {
        terminal.say(format_args!("service account `{name}` is entered so already"));
        return go_on(installation, name, terminal);
    }
    can_be_used(installation, name, &details)?;
    ledger.change_service_account(name, &details, &who(), Timestamp::now())?;
    let users = ledger.users_through(name)?.len();
    terminal.say(format_args!(
        "service account `{name}` is changed for {}: signs in as `{}` by {}, over {}",
        counted(users, "user"),
        details.login,
        details.method,
        details.protocol
    ));
    if ledger.service_account(name)?.secret_given.is_none() {
        terminal.say(format_args!("next: `pocketdocket service-account link {name}`"));
        return Ok(());
    }
    go_on(installation, name, terminal)
}

/// Links that stand still for a change go on where their mailbox is seen to be the same.
pub(super) fn go_on(installation: &Installation, name: &AccountName, terminal: &mut Terminal) -> anyhow::Result<()> {
    let through = installation.ledger.users_through(name)?;
    let users: Vec<UserName> = through.into_iter().map(|user| user.name).collect();
    verify::changed(installation, &users, terminal)?;
    Ok(())
}
