//! What an administrator may say of a user, by an argument or by a cell of a list: one set of checks for both.

use url::Url;

use crate::{
    auth::{exchange_online, oauth},
    cli::{installation::Installation, trouble::Refusal},
    exchange,
    ports::{Person, Portion, Protocol, Source},
    state::{AuthMethod, UserDetails},
};

/// An e-mail address, as far as it can be told without asking: something, an at sign, a host.
pub(in crate::cli) fn address(typed: &str) -> Result<&str, Refusal> {
    let typed = typed.trim();
    let fits = typed.rsplit_once('@').is_some_and(|(local, host)| {
        !local.is_empty() && !host.is_empty() && url::Host::parse(host).is_ok() && !typed.contains(char::is_whitespace)
    });
    if fits && !typed.contains(char::is_control) {
        return Ok(typed);
    }
    Err(Refusal::usage(format!("`{typed}` is not an e-mail address")).hint("one looks like `weber@kanzlei.example`"))
}

/// The way to the mailbox must be one that can work: encrypted or this machine, no password in its address, and no place where
/// passwords are refused anyway. Without an address here and in the configuration that is for later to say.
pub(in crate::cli) fn can_be_reached(settings: &exchange::Settings, details: &UserDetails) -> anyhow::Result<()> {
    let own = details.url.as_deref().and_then(|url| Url::parse(url).ok());
    if own.is_some_and(|url| !url.username().is_empty() || url.password().is_some()) {
        return Err(Refusal::usage("the address of the web service holds a user or a password")
            .hint("leave them out; `--login` takes the login and `pocketdocket user link` asks for the password")
            .into());
    }
    if details.protocol == Protocol::Graph || details.url.is_some() || settings.url.is_some() {
        let link = settings.link_over(details.protocol, &details.address, details.url.as_deref(), "UTC")?;
        if details.method.by_password() {
            exchange_online::refuse_password(link.url.host_str().unwrap_or_default(), details.protocol)?;
        }
    }
    Ok(())
}

/// A remark if this way to sign in needs an app registration that is not configured yet.
pub(in crate::cli) fn needs_an_app(settings: &oauth::Settings, method: AuthMethod) -> Option<String> {
    let failure = (method == AuthMethod::OAuth).then(|| settings.client().err()).flatten()?;
    Some(format!("{}; before the user can sign in: {}", failure.chain(), failure.hint.unwrap_or_default()))
}

/// Everybody in the practice system, if it can be read now.
pub(in crate::cli) fn people(installation: &Installation) -> Option<Vec<Person>> {
    let source = installation.app().ok()?.source;
    crate::cli::runtime().ok()?.block_on(read_people(source.as_ref()))
}

async fn read_people(source: &dyn Source) -> Option<Vec<Person>> {
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
    use crate::domain::PersonId;

    #[test]
    fn only_encrypted_or_local_services_without_secrets_are_taken() {
        let reached = |firm: Option<&str>, own: Option<&str>| {
            let settings = exchange::Settings { url: firm.map(str::to_owned), ..exchange::Settings::default() };
            let details = UserDetails {
                person: PersonId("HW".to_owned()),
                address: "weber@kanzlei.example".to_owned(),
                login: "weber".to_owned(),
                url: own.map(str::to_owned),
                protocol: Protocol::Ews,
                method: AuthMethod::Password,
                service_account: None,
                settings: serde_json::json!({}),
            };
            can_be_reached(&settings, &details)
        };
        for good in ["https://mail.example.org/EWS/Exchange.asmx", "http://127.0.0.1:8443/EWS/Exchange.asmx"] {
            assert!(reached(None, Some(good)).is_ok(), "{good}");
        }
        for bad in [
            "http://mail.example.org/EWS/Exchange.asmx",
            "https://u:planted@mail.example.org/",
            "mail.example.org",
            "https://outlook.office365.com/EWS/Exchange.asmx",
            "file:///etc/passwd",
        ] {
            let Err(error) = reached(None, Some(bad)) else { panic!("{bad}") };
            assert!(!format!("{error:#}").contains("planted"));
        }
        assert!(reached(Some("https://outlook.office365.com/EWS/Exchange.asmx"), None).is_err());
        assert!(reached(None, None).is_ok(), "the address may come later");
    }

    #[test]
    fn a_sign_in_by_oauth_needs_an_app_and_a_password_needs_none() {
        let none = oauth::Settings::default();
        assert!(needs_an_app(&none, AuthMethod::OAuth).is_some_and(|remark| remark.contains("App registrations")));
        assert_eq!(needs_an_app(&none, AuthMethod::Password), None);
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
