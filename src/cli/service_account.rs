//! `service-account`: accounts through which many users' mailboxes are reached. Each is entered once, and so is its secret.

mod certificate;
mod change;
mod check;
mod link;
pub(in crate::cli) mod outside;
mod show;

use jiff::Timestamp;

use super::{
    arguments::{AddAccount, Common, ServiceAccount},
    installation::{Installation, who},
    terminal::Terminal,
    trouble::{Exit, Refusal},
    user::details::{can_be_reached, needs_an_app},
};
use crate::{
    app::of_app,
    diagnosis::of_account,
    domain::PersonId,
    ports::Protocol,
    state::{AccountDetails, AccountName, AuthMethod, UserDetails},
};

pub(super) fn run(common: &Common, command: &ServiceAccount, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let installation = Installation::open(common)?;
    match command {
        ServiceAccount::Check { name, json } => return check::run(&installation, name, json.json, terminal),
        ServiceAccount::Add(arguments) => add(&installation, arguments, terminal)?,
        ServiceAccount::List(json) => show::list(&installation, json.json, terminal)?,
        ServiceAccount::Show { name, json } => show::one(&installation, name, json.json, terminal)?,
        ServiceAccount::Change(arguments) => change::run(&installation, arguments, terminal)?,
        ServiceAccount::Link(arguments) => return link::run(&installation, arguments, terminal),
        ServiceAccount::Certificate(command) => certificate::run(&installation, command, terminal)?,
        ServiceAccount::Remove { name } => {
            installation.ledger.remove_service_account(name, &who(), Timestamp::now())?;
            terminal.say(format_args!("service account `{name}` is removed, and its secret forgotten"));
        }
    }
    Ok(Exit::Fine)
}

fn add(installation: &Installation, arguments: &AddAccount, terminal: &mut Terminal) -> anyhow::Result<()> {
    let name = &arguments.name;
    let usual = match arguments.protocol {
        _ if arguments.client_id.is_some() => AuthMethod::Certificate,
        // Exchange Online takes no password.
        Some(Protocol::Graph) => AuthMethod::OAuth,
        Some(Protocol::Ews) | None => AuthMethod::default(),
    };
    let method = arguments.method.unwrap_or(usual);
    let usual = if method == AuthMethod::Certificate { Protocol::Graph } else { Protocol::Ews };
    let details = AccountDetails {
        login: arguments.client_id.as_ref().or(arguments.login.as_ref()).cloned().unwrap_or_default(),
        tenant: arguments.tenant.clone(),
        method,
        protocol: arguments.protocol.unwrap_or(usual),
        url: arguments.url.clone(),
    };
    can_be_used(installation, name, &details)?;
    installation.ledger.add_service_account(name, &details, &who(), Timestamp::now())?;
    terminal.say(format_args!(
        "service account `{name}` is entered: signs in as `{}` by {}, over {}",
        details.login, details.method, details.protocol
    ));
    if let Some(remark) = needs_an_app(&installation.config.sign_in, details.method) {
        terminal.warn(remark);
    }
    let next = if method == AuthMethod::Certificate { "certificate make" } else { "link" };
    terminal.say(format_args!("next: `pocketdocket service-account {next} {name}`"));
    Ok(())
}

/// Login and way must be such as can work.
fn can_be_used(installation: &Installation, name: &AccountName, details: &AccountDetails) -> anyhow::Result<()> {
    if details.login.trim().is_empty() || details.login.contains(char::is_control) {
        return Err(Refusal::usage("a service account needs a login").hint("`--login` takes it").into());
    }
    if details.method == AuthMethod::Certificate {
        app_can_be_used(installation, details)?;
    } else if details.tenant.is_some() {
        return Err(Refusal::usage("a tenant is of an app with a certificate").hint("leave `--tenant` out").into());
    }
    let reached = can_be_reached(&installation.config.exchange, &reaching(name, details, &details.login));
    reached.map_err(|error| match error.downcast::<crate::ports::Failure>() {
        Ok(mut failure) => {
            failure.hint = failure.hint.map(|hint: String| of_account(&hint, name.as_str()));
            failure.into()
        }
        Err(error) => error,
    })
}

/// The app's id and tenant must be such as there can be.
fn app_can_be_used(installation: &Installation, details: &AccountDetails) -> anyhow::Result<()> {
    let settings = of_app(&installation.config.sign_in, details);
    if details.login.contains(char::is_whitespace) || details.login.contains('@') {
        return Err(Refusal::usage(format!("`{}` is no application (client) id", details.login))
            .hint("`--client-id` takes it, as the app registration shows it")
            .into());
    }
    if settings.lacks_tenant() {
        return Err(Refusal::usage("it is not known in which tenant the app is")
            .hint("`--tenant` takes the tenant's id or domain, and so does `tenant` in section `[sign_in]`")
            .into());
    }
    if let Some((_, why)) = settings.wrong() {
        return Err(Refusal::usage(why).hint("`--tenant` takes the tenant's id or domain").into());
    }
    settings.client().map_err(|_| {
        Refusal::usage("it is not known in which tenant the app is registered")
            .hint("`--tenant` takes the tenant's id or domain: Entra admin center, Overview")
    })?;
    Ok(())
}

/// A link through this account to a mailbox that nobody is entered for.
fn reaching(name: &AccountName, details: &AccountDetails, mailbox: &str) -> UserDetails {
    let anybody = UserDetails {
        person: PersonId(String::new()),
        address: mailbox.to_owned(),
        login: String::new(),
        url: None,
        protocol: details.protocol,
        method: details.method,
        service_account: None,
        settings: serde_json::Value::Null,
    };
    anybody.through(name, details)
}
