//! How a new user's mailbox is reached: as the options or the configuration say, or else as autodiscover does.

use crate::{
    cli::{
        installation::Installation,
        terminal::Terminal,
        trouble::{Exit, Refusal},
    },
    ports::{Failure, Found, Protocol},
    state::{AuthMethod, UserName},
};

/// What a person said about it.
pub(super) struct Said<'a> {
    pub(super) protocol: Option<Protocol>,
    pub(super) url: Option<&'a str>,
    pub(super) method: Option<AuthMethod>,
}

/// How it is reached.
pub(super) struct Way {
    pub(super) protocol: Protocol,
    pub(super) url: Option<String>,
    pub(super) method: AuthMethod,
    /// What autodiscover said, where it was asked.
    pub(super) found: Option<Found>,
}

/// Chooses the way to a mailbox; asks autodiscover only where nobody says it.
pub(super) fn choose(
    installation: &Installation,
    name: &UserName,
    mailbox: &str,
    said: &Said<'_>,
    terminal: &mut Terminal,
) -> anyhow::Result<Way> {
    let settings = &installation.config.exchange;
    let is_said = said.protocol.is_some() || said.url.is_some() || settings.url.is_some();
    let found = if is_said || settings.autodiscover.is_empty() {
        None
    } else {
        let mailboxes = installation.app()?.mailboxes;
        match crate::cli::runtime()?.block_on(mailboxes.discover(mailbox)) {
            Ok(found) => Some(found),
            Err(failure) => return Err(not_found(mailbox, failure, terminal).into()),
        }
    };
    let protocol = match (&found, said.protocol) {
        (Some(found), _) => found.at.protocol,
        (None, said) => said.unwrap_or_default(),
    };
    let url = match &found {
        Some(found) => found.at.url.as_ref().map(ToString::to_string),
        None => said.url.map(str::to_owned),
    };
    let method = said.method.unwrap_or_else(|| usual_method(protocol));
    if let Some(found) = &found {
        tell(name, mailbox, found, method, terminal);
    }
    Ok(Way { protocol, url, method, found })
}

/// How a user signs in where nobody says it.
pub(super) fn usual_method(protocol: Protocol) -> AuthMethod {
    match protocol {
        // Exchange Online takes no password.
        Protocol::Graph => AuthMethod::OAuth,
        Protocol::Ews => AuthMethod::default(),
    }
}

fn tell(name: &UserName, mailbox: &str, found: &Found, method: AuthMethod, terminal: &mut Terminal) {
    let how = match found.at.protocol {
        Protocol::Graph => "over Microsoft Graph",
        Protocol::Ews => "over EWS",
    };
    terminal.say(format_args!("found: {}; it is reached {how}, by {method}", found.reason));
    if found.at.url.is_none() && found.at.protocol == Protocol::Ews {
        terminal.say("`user link` asks there once more, with the user's password");
    }
    if let Some(remark) = foreign(mailbox, found) {
        terminal.warn(remark);
    }
    let other = match found.at.protocol {
        Protocol::Graph => "--protocol ews --method password",
        Protocol::Ews => "--protocol graph --method oauth",
    };
    terminal.say(format_args!("if that is wrong: `pocketdocket user change {name} {other}`"));
}

/// A remark where the service that was found is not at the mailbox's own domain.
pub(super) fn foreign(mailbox: &str, found: &Found) -> Option<String> {
    let domain = mailbox.rsplit_once('@').map_or("", |(_, domain)| domain).to_ascii_lowercase();
    let host = found.at.url.as_ref()?.host_str()?.to_ascii_lowercase();
    let what =
        format!("`{host}` is not a server of {domain}; see that it is your provider's before a password goes there");
    (!belongs_to(&host, &domain)).then_some(what)
}

/// Whether a host is of a domain, by its name.
pub(super) fn belongs_to(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

/// Nobody could tell: who was asked, what came of it, and what to do.
fn not_found(mailbox: &str, failure: Failure, terminal: &mut Terminal) -> Refusal {
    for line in &failure.evidence {
        terminal.say(format_args!("asked  {line}"));
    }
    let exit = if failure.kind.passes() { Exit::Passes } else { Exit::NeedsPerson };
    let refusal = Refusal::new(exit, format!("nobody was entered: it is not known how {mailbox} is reached"));
    let hint = failure.hint.clone().unwrap_or_default();
    refusal.because(failure).hint(hint)
}
