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
    state::UserName,
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
    if let Some(login) = &changes.login {
        details.login.clone_from(login);
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
        return Ok(());
    }
    can_be_used(installation, name, &details)?;
    ledger.change_service_account(name, &details, &who(), Timestamp::now())?;
    let users: Vec<UserName> = ledger.users_through(name)?.into_iter().map(|user| user.name).collect();
    terminal.say(format_args!(
        "service account `{name}` is changed for {}: signs in as `{}` by {}, over {}",
        counted(users.len(), "user"),
        details.login,
        details.method,
        details.protocol
    ));
    if ledger.service_account(name)?.secret_given.is_none() {
        terminal.say(format_args!("next: `pocketdocket service-account link {name}`"));
        return Ok(());
    }
    verify::changed(installation, &users, terminal)?;
    Ok(())
}
