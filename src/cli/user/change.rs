//! `user change`: what was entered of a user, entered otherwise. Whatever makes it another link puts the link back at once.

use jiff::Timestamp;

use super::{
    details::{address, can_be_reached, needs_an_app},
    verify,
};
use crate::{
    cli::{
        arguments::ChangeUser,
        installation::{Installation, who},
        terminal::Terminal,
    },
    domain::PersonId,
    state::LinkState,
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
    if let Some(login) = &changes.login {
        details.login = if login.is_empty() { details.address.clone() } else { login.clone() };
    }
    if let Some(url) = &changes.url {
        details.url = Some(url.clone()).filter(|url| !url.is_empty());
    }
    details.protocol = changes.protocol.unwrap_or(details.protocol);
    details.method = changes.method.unwrap_or(details.method);
    if details == before.details {
        terminal.say(format_args!("`{name}` is entered so already"));
        return Ok(());
    }
    can_be_reached(&installation.config.exchange, &details)?;
    installation.ledger.update_user(name, &details, &who(), Timestamp::now())?;
    terminal.say(format_args!(
        "`{name}` is changed: {} in the practice system, mailbox {}, signs in as `{}` by {}",
        details.person, details.address, details.login, details.method
    ));
    if let Some(remark) = needs_an_app(&installation.config.sign_in, details.method) {
        terminal.warn(remark);
    }
    verify::changed(installation, std::slice::from_ref(name), terminal)?;
    let next = match installation.ledger.user(name)? {
        user if user.link == LinkState::Active => return Ok(()),
        // What it signs in with is of another way, or does not reach a mailbox any more.
        user if user.link == LinkState::Invited || details.method != before.details.method => "link",
        user if user.mailbox.is_none() => "link",
        _ => "confirm",
    };
    terminal.say(format_args!("next: `pocketdocket user {next} {name}`"));
    Ok(())
}
