//! A server that tells where a mailbox is only to who signs in: asked with the password that was just given.

use jiff::Timestamp;
use secrecy::SecretString;

use super::not_kept;
use crate::{
    app::Mailboxes,
    auth::exchange_online,
    cli::{
        installation::{Installation, who},
        terminal::Terminal,
        trouble::Refusal,
        user::discover::belongs_to,
    },
    ports::Protocol,
    state::{AuthMethod, User},
};

/// Whether it is not known yet where this user's mailbox is, and a server wants a sign-in before it tells.
pub(super) fn is_to_be_found(installation: &Installation, user: &User) -> anyhow::Result<bool> {
    let details = &user.details;
    if details.protocol != Protocol::Ews || details.url.is_some() || details.method != AuthMethod::Password {
        return Ok(false);
    }
    let known = installation.ledger.whereabouts(&user.name)?;
    Ok(known.is_some_and(|known| known.followed && known.at.url.is_none() && known.at.protocol == Protocol::Ews))
}

/// Asks, and enters what was found; the user as entered then. A server outside the mailbox's domain is entered by a person alone.
pub(super) async fn find(
    installation: &Installation,
    mailboxes: &Mailboxes,
    user: &User,
    password: &SecretString,
    terminal: &mut Terminal,
) -> anyhow::Result<User> {
    let (ledger, name) = (&installation.ledger, &user.name);
    let found = match mailboxes.discover_signed_in(user, password).await {
        Ok(found) => found,
        Err(failure) => {
            let event = format!("a new password was tried on autodiscover and not kept: {}", failure.chain());
            ledger.audit(&who(), Some(name), &event, Timestamp::now())?;
            return Err(not_kept(user, failure, terminal).into());
        }
    };
    terminal.say(format_args!("found: {}", found.reason));
    if found.at.protocol == Protocol::Graph {
        exchange_online::refuse_password("Exchange Online", Protocol::Graph)?;
    }
    let Some(url) = &found.at.url else {
        return Err(Refusal::needs_person(format!(
            "the password of `{name}` was not kept: the server tells no address"
        ))
        .hint(format!("name it: `pocketdocket user change {name} --url https://SERVER/EWS/Exchange.asmx`"))
        .into());
    };
    let domain = user.details.address.rsplit_once('@').map_or("", |(_, domain)| domain).to_ascii_lowercase();
    if !belongs_to(url.host_str().unwrap_or_default(), &domain) {
        return Err(Refusal::needs_person(format!("the password of `{name}` was not kept"))
            .because(format!("the web service is not at a server of {domain}, and nobody said that a password may go there"))
            .hint(format!("if it is your provider's: `pocketdocket user change {name} --url {url}`, then `pocketdocket user link {name}`"))
            .into());
    }
    let (mut details, now) = (user.details.clone(), Timestamp::now());
    details.url = Some(url.to_string());
    ledger.update_user(name, &details, &who(), now)?;
    ledger.note_whereabouts(name, &found, true, now)?;
    Ok(ledger.user(name)?)
}
