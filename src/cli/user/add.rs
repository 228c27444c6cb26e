use jiff::Timestamp;

use super::{
    details::{address, can_be_reached, needs_an_app, people},
    discover::{self, Said},
};
use crate::{
    cli::{
        arguments::AddUser,
        installation::{Installation, who},
        terminal::Terminal,
    },
    domain::PersonId,
    state::UserDetails,
};

pub(super) fn run(installation: &Installation, arguments: &AddUser, terminal: &mut Terminal) -> anyhow::Result<()> {
    let name = &arguments.name;
    let address = address(&arguments.mailbox)?;
    let said = Said { protocol: arguments.protocol, url: arguments.url.as_deref(), method: arguments.method };
    let way = discover::choose(installation, name, address, &said, terminal)?;
    let details = UserDetails {
        person: PersonId(arguments.person.clone()),
        login: arguments.login.clone().unwrap_or_else(|| address.to_owned()),
        address: address.to_owned(),
        url: way.url,
        protocol: way.protocol,
        method: way.method,
        settings: serde_json::json!({}),
    };
    can_be_reached(&installation.config.exchange, &details)?;
    let now = Timestamp::now();
    installation.ledger.add_user(name, &details, &who(), now)?;
    if let Some(found) = &way.found {
        installation.ledger.note_whereabouts(name, found, true, now)?;
    }
    terminal.say(format_args!("`{name}` is entered: {} in the practice system, mailbox {address}", details.person));
    let remarks =
        [unknown_person(installation, &details.person), needs_an_app(&installation.config.sign_in, details.method)];
    for remark in remarks.into_iter().flatten() {
        terminal.warn(remark);
    }
    terminal.say(format_args!("next: `pocketdocket user link {name}`"));
    Ok(())
}

/// A remark if the practice system can be read and does not know this person. A slip here would sync nothing, in silence.
fn unknown_person(installation: &Installation, person: &PersonId) -> Option<String> {
    let people = people(installation)?;
    if people.iter().any(|known| known.id == *person) {
        return None;
    }
    let known: Vec<&str> = people.iter().take(20).map(|known| known.id.0.as_str()).collect();
    Some(format!("the practice system has no person `{person}`; it has {}", known.join(", ")))
}
