//! `user change`: what was entered of a user, entered otherwise. Whatever makes it another link puts the link back at once.

use jiff::Timestamp;

use super::{
    details::{address, can_be_reached, needs_an_app},
    verify,
};
use crate::{
    cli::{
        arguments::{ChangeUser, Changes},
        installation::{Installation, who},
        terminal::Terminal,
        trouble::Refusal,
    },
    domain::PersonId,
    state::{LinkState, UserDetails},
};

pub(super) fn run(installation: &Installation, arguments: &ChangeUser, terminal: &mut Terminal) -> anyhow::Result<()> {
    let name = &arguments.name;
    let before = installation.ledger.user(name)?;
    let mut details = before.details.clone();
    let changes = &arguments.changes;
    if let Some(person) = &changes.person {
        details.person = PersonId(person.clone());
    }
    if let Some(typed) = &changes.mailbox {
        let mailbox = address(typed)?;
        if details.login == details.address {
            mailbox.clone_into(&mut details.login);
        }
        mailbox.clone_into(&mut details.address);
    }
    change_account(installation, &mut details, changes)?;
    if let Some(login) = &changes.login {
        details.login = if login.is_empty() { details.address.clone() } else { login.clone() };
    }
    details.protocol = changes.protocol.unwrap_or(details.protocol);
    if let Some(url) = &changes.url {
        details.url = Some(url.clone()).filter(|url| !url.is_empty());
    } else if details.protocol != before.details.protocol {
        // The address of one protocol's service is of no use to another.
        details.url = None;
    }
    details.method = changes.method.unwrap_or(details.method);
    let says_where = changes.protocol.is_some() || changes.url.is_some();
    if details == before.details && says_where && installation.ledger.keep_as_set(name, &who(), Timestamp::now())? {
        installation.ledger.set_waiting(name, None)?;
        terminal.say(format_args!("`{name}` goes where it is set to from now on, whatever autodiscover says"));
        return Ok(());
    }
    if details == before.details {
        terminal.say(format_args!("`{name}` is entered so already"));
        return Ok(());
    }
    can_be_reached(&installation.config.exchange, &details)?;
    installation.ledger.update_user(name, &details, &who(), Timestamp::now())?;
    terminal.say(format_args!(
        "`{name}` is changed: {} in the practice system, mailbox {}, signs in as `{}` by {}",
        details.person,
        details.address,
        details.login,
        details.way()
    ));
    if let Some(remark) = needs_an_app(&installation.config.sign_in, details.method) {
        terminal.warn(remark);
    }
    if verify::changed(installation, std::slice::from_ref(name), terminal)? {
        return Ok(());
    }
    // What it signs in with is missing, or of the way or of the name that it had before.
    let way = |details: &UserDetails| (details.method, details.service_account.clone());
    let without = way(&details) != way(&before.details) || installation.ledger.user(name)?.link == LinkState::Invited;
    let next = if without { "link" } else { "confirm" };
    terminal.say(format_args!("next: `pocketdocket user {next} {name}`"));
    Ok(())
}

/// To a service account, from one to another, or to a way of the user's own.
fn change_account(installation: &Installation, details: &mut UserDetails, changes: &Changes) -> anyhow::Result<()> {
    if let Some(account) = &changes.service_account {
        *details = details.clone().through(account, &installation.ledger.service_account(account)?.details);
        return Ok(());
    }
    let Some(account) = details.service_account.clone() else { return Ok(()) };
    if changes.method.is_some() {
        details.service_account = None;
        details.login.clone_from(&details.address);
        return Ok(());
    }
    if changes.login.is_some() || changes.url.is_some() || changes.protocol.is_some() {
        return Err(Refusal::usage("login, service and protocol are those of the service account")
            .hint(format!(
                "for everybody who goes through it: `pocketdocket service-account change {account}`; for this user alone, with an own \
                 way to sign in: `--method METHOD`"
            ))
            .into());
    }
    Ok(())
}
