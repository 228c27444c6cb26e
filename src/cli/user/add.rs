use jiff::Timestamp;
use url::{Host, Url};

use crate::{
    auth::exchange_online,
    cli::{
        arguments::AddUser,
        installation::{Installation, who},
        terminal::Terminal,
        trouble::Refusal,
    },
    domain::PersonId,
    ports::{Person, Portion, Source},
    sources,
    state::{AuthMethod, UserDetails},
};

pub(super) fn run(installation: &Installation, arguments: &AddUser, terminal: &mut Terminal) -> anyhow::Result<()> {
    let name = &arguments.name;
    let address = address(&arguments.mailbox)?;
    let details = UserDetails {
        person: PersonId(arguments.person.clone()),
        login: arguments.login.clone().unwrap_or_else(|| address.to_owned()),
        address: address.to_owned(),
        url: arguments.url.as_deref().map(web_service).transpose()?,
        method: AuthMethod::Password,
        settings: serde_json::json!({}),
    };
    installation.ledger.add_user(name, &details, &who(), Timestamp::now())?;
    terminal.say(format_args!("`{name}` is entered: {} in the practice system, mailbox {address}", details.person));
    if let Some(remark) = unknown_person(installation, &details.person) {
        terminal.warn(remark);
    }
    terminal.say(format_args!("next: `pocketdocket user link {name}`"));
    Ok(())
}

/// An e-mail address, as far as it can be told without asking: something, an at sign, a host.
fn address(typed: &str) -> anyhow::Result<&str> {
    let typed = typed.trim();
    let fits = typed.rsplit_once('@').is_some_and(|(local, host)| {
        !local.is_empty() && !host.is_empty() && url::Host::parse(host).is_ok() && !typed.contains(char::is_whitespace)
    });
    if fits && !typed.contains(char::is_control) {
        return Ok(typed);
    }
    Err(Refusal::usage(format!("`{typed}` is not an e-mail address"))
        .hint("one looks like `weber@kanzlei.example`")
        .into())
}

/// The address of a web service: encrypted or this machine, no password in it, and not a place where passwords are refused
/// anyway.
fn web_service(typed: &str) -> anyhow::Result<String> {
    let example = "one looks like `https://mail.example.org/EWS/Exchange.asmx`";
    let url = Url::parse(typed).map_err(|error| {
        Refusal::usage("the address of the web service cannot be used").because(error).hint(example)
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Refusal::usage("the address of the web service holds a user or a password")
            .hint("leave them out; `--login` takes the login and `pocketdocket user link` asks for the password")
            .into());
    }
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => return Err(Refusal::usage("the address of the web service has no host").hint(example).into()),
    };
    if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
        return Err(Refusal::usage(format!("`{url}` is not encrypted"))
            .because("a password would cross the network readable")
            .hint("use https; plain http is for this machine itself")
            .into());
    }
    exchange_online::refuse_password(url.host_str().unwrap_or_default())?;
    Ok(url.into())
}

/// A remark if the practice system can be read and does not know this person. A slip here would sync nothing, in silence.
fn unknown_person(installation: &Installation, person: &PersonId) -> Option<String> {
    let source = sources::open(&installation.config.practice).ok()?;
    let people = crate::cli::runtime().ok()?.block_on(people(source.as_ref()))?;
    if people.iter().any(|known| known.id == *person) {
        return None;
    }
    let known: Vec<&str> = people.iter().take(20).map(|known| known.id.0.as_str()).collect();
    Some(format!("the practice system has no person `{person}`; it has {}", known.join(", ")))
}

async fn people(source: &dyn Source) -> Option<Vec<Person>> {
    let mut reading = source.read(Vec::new()).await.ok()?;
    while let Some(portion) = reading.recv().await {
        if let Portion::People(people) = portion.ok()? {
            return Some(people);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_encrypted_or_local_services_without_secrets_are_taken() {
        for good in ["https://mail.example.org/EWS/Exchange.asmx", "http://127.0.0.1:8443/EWS/Exchange.asmx"] {
            assert!(web_service(good).is_ok(), "{good}");
        }
        for bad in [
            "http://mail.example.org/EWS/Exchange.asmx",
            "https://u:planted@mail.example.org/",
            "mail.example.org",
            "https://outlook.office365.com/EWS/Exchange.asmx",
            "file:///etc/passwd",
        ] {
            let Err(error) = web_service(bad) else { panic!("{bad}") };
            assert!(!format!("{error:#}").contains("planted"));
        }
    }

    #[test]
    fn an_address_has_a_name_and_a_host() {
        for good in ["weber@kanzlei.example", " o'neill+x@sub.kanzlei.example "] {
            assert!(address(good).is_ok(), "{good}");
        }
        for bad in ["", "weber", "@kanzlei.example", "weber@", "we ber@kanzlei.example", "weber@kanz lei"] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }
}
