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
    state::{AccountName, UserDetails},
};

pub(super) fn run(installation: &Installation, arguments: &AddUser, terminal: &mut Terminal) -> anyhow::Result<()> {
    let name = &arguments.name;
    let address = address(&arguments.mailbox)?;
    if let Some(account) = &arguments.service_account {
        return through_account(installation, arguments, address, account, terminal);
    }
    let said = Said { protocol: arguments.protocol, url: arguments.url.as_deref(), method: arguments.method };
    let way = discover::choose(installation, name, address, &said, terminal)?;
    let details = UserDetails {
        person: PersonId(arguments.person.clone()),
        login: arguments.login.clone().unwrap_or_else(|| address.to_owned()),
        address: address.to_owned(),
        url: way.url,
        protocol: way.protocol,
        method: way.method,
        service_account: None,
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

/// Login, method and address of the service are the account's to say.
fn through_account(
    installation: &Installation,
    arguments: &AddUser,
    address: &str,
    account: &AccountName,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let (ledger, name) = (&installation.ledger, &arguments.name);
    let entered = ledger.service_account(account)?;
    let details = UserDetails {
        person: PersonId(arguments.person.clone()),
        address: address.to_owned(),
        login: String::new(),
        url: None,
        protocol: entered.details.protocol,
        method: entered.details.method,
        service_account: None,
        settings: serde_json::json!({}),
    };
    let details = details.through(account, &entered.details);
    can_be_reached(&installation.config.exchange, &details)?;
    ledger.add_user(name, &details, &who(), Timestamp::now())?;
    terminal.say(format_args!(
        "`{name}` is entered: {} in the practice system, mailbox {address}, through service account `{account}`",
        details.person
    ));
    if let Some(remark) = unknown_person(installation, &details.person) {
        terminal.warn(remark);
    }
    if entered.secret_given.is_none() {
        terminal.say(format_args!("first: `pocketdocket service-account link {account}`"));
    }
    terminal.say(format_args!("next: `pocketdocket user link {name}`, which asks for no password"));
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
