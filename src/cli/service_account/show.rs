//! `service-account list` and `show`.

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    cli::{
        installation::Installation,
        show::{Clock, counted, table, user_state},
        terminal::Terminal,
    },
    diagnosis::address::AllowList,
    state::{AccountName, AccountStanding, Grant, ServiceAccount, UserName},
};

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    account: ServiceAccount,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant: Option<Grant>,
    /// From where it may sign in, if not from anywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_from: Option<AllowList>,
    #[serde(skip)]
    kept_out: Option<String>,
    users: Vec<Through>,
}

#[derive(Serialize)]
struct Through {
    user: UserName,
    state: String,
    mailbox: String,
}

impl Shown {
    fn of(installation: &Installation, account: ServiceAccount) -> anyhow::Result<Self> {
        let ledger = &installation.ledger;
        let grant = ledger.account_grant(&account.name)?;
        let mut standings = ledger.address_standings(Timestamp::now())?.into_iter();
        let standing = standings.find(|standing| standing.account == account.name);
        let kept_out = standing.as_ref().and_then(AccountStanding::sentence);
        let allowed_from = standing.map(|standing| standing.list);
        let users = ledger.users_through(&account.name)?.into_iter().map(|user| Through {
            state: user_state(&user),
            mailbox: user.details.address,
            user: user.name,
        });
        Ok(Self { users: users.collect(), account, grant, allowed_from, kept_out })
    }
}

pub(super) fn list(installation: &Installation, as_json: bool, terminal: &mut Terminal) -> anyhow::Result<()> {
    let accounts = installation.ledger.service_accounts()?.into_iter();
    let shown: Vec<Shown> = accounts.map(|account| Shown::of(installation, account)).collect::<Result<_, _>>()?;
    if as_json {
        return terminal.json(&shown);
    }
    if shown.is_empty() {
        terminal.say("there is none; `pocketdocket service-account add NAME --login LOGIN` begins");
        return Ok(());
    }
    let rows = shown.iter().map(|one| {
        let details = &one.account.details;
        let secret = if one.account.secret_given.is_some() { "kept" } else { details.method.lacking() };
        [
            one.account.name.to_string(),
            details.login.clone(),
            details.method.to_string(),
            details.protocol.to_string(),
            secret.to_owned(),
            one.users.len().to_string(),
        ]
    });
    terminal.line(table(["ACCOUNT", "LOGIN", "METHOD", "PROTOCOL", "SECRET", "USERS"], rows))?;
    Ok(())
}

pub(super) fn one(
    installation: &Installation,
    name: &AccountName,
    as_json: bool,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let shown = Shown::of(installation, installation.ledger.service_account(name)?)?;
    if as_json {
        return terminal.json(&shown);
    }
    let clock = Clock::of(installation);
    let details = &shown.account.details;
    let service = details.url.clone().unwrap_or_else(|| "as configured".to_owned());
    let secret = match shown.account.secret_given {
        Some(at) => format!("kept, given {}", clock.time(at)),
        None => format!("{}: `pocketdocket service-account link {name}`", details.method.lacking()),
    };
    let mut lines = vec![
        ["account", name.as_str()].map(str::to_owned),
        ["login".to_owned(), details.login.clone()],
        ["reached".to_owned(), format!("over {}, by {}", details.protocol, details.method)],
        ["service".to_owned(), service],
        ["secret".to_owned(), secret],
    ];
    if let Some(grant) = &shown.grant {
        let left = grant.days_left(Timestamp::now());
        lines.push(["sign-in".to_owned(), format!("by OAuth; good for {left} days without use")]);
    }
    if let Some(list) = &shown.allowed_from {
        let location = list.location.as_ref().map(|location| format!(", which is `{location}`")).unwrap_or_default();
        lines.push(["from".to_owned(), format!("{} only{location}", list.words())]);
    }
    lines.push(["users".to_owned(), counted(shown.users.len(), "user")]);
    for [label, text] in lines {
        terminal.line(format_args!("{label:<9} {text}"))?;
    }
    if !shown.users.is_empty() {
        let rows = shown.users.iter().map(|one| [one.user.to_string(), one.state.clone(), one.mailbox.clone()]);
        terminal.line(format_args!("\n{}", table(["USER", "STATE", "MAILBOX"], rows)))?;
    }
    if let Some(kept_out) = &shown.kept_out {
        terminal.warn(format_args!("{kept_out}; `pocketdocket address show`"));
    }
    Ok(())
}
