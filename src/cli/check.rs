//! `check`: reads everything that a start would read, and signs in nowhere. `--online` asks database and mailboxes once.

use jiff::Timestamp;

use super::{
    arguments::{Check, Common},
    installation::Installation,
    service_account::outside,
    terminal::Terminal,
    trouble::{Exit, explain},
    user::check::{Asked, ask},
    vault,
};
use crate::{
    app::{App, PRACTICE_PASSWORD, text_gateway},
    sources,
    state::{AuthMethod, ConfirmationWay, LinkState, User},
};

pub(super) fn run(common: &Common, arguments: &Check, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let (installation, key) = Installation::open_with_key(common)?;
    let (config, ledger) = (&installation.config, &installation.ledger);
    terminal.line(format_args!("configuration  ok, `{}`", config.path.display()))?;
    let source = config.firm.key_source();
    terminal.line(format_args!("master key     ok, {source}: {}", source.kind().protection()))?;
    terminal.line(format_args!("ledger         ok, `{}`", ledger.directory().display()))?;
    let app = installation.app()?;
    let queries = app.source.queries().len();
    terminal.line(format_args!("mapping        ok, `{}` with {queries} queries", config.practice.mapping))?;
    let mut exit = vault::warn_of_better(ledger, &key.vault, source.kind(), terminal)?;
    for question in sources::open_questions(&config.practice)? {
        terminal.line(format_args!("open           {question}: `pocketdocket practice learn`"))?;
        exit = Exit::NeedsPerson;
    }
    if let Some(server) = &config.practice.server {
        if ledger.open_secret(PRACTICE_PASSWORD)?.is_some() {
            terminal.line("password       kept, sealed, for the database server")?;
        } else if server.needs_password() {
            terminal.line("password       none yet for the database server: `pocketdocket practice password`")?;
            exit = Exit::NeedsPerson;
        }
    }
    if config.text_messages.is_set() || config.confirmation.accepts(ConfirmationWay::Text) {
        terminal.line(format_args!("text messages  {}", config.text_messages.described()))?;
        if let Err(failure) = text_gateway(config, ledger) {
            exit = report(&failure.into(), terminal);
        }
    }
    let users = ledger.users()?;
    let by_oauth = users.iter().any(|user| user.details.method == AuthMethod::OAuth);
    if by_oauth || config.sign_in.client_id.is_some() {
        terminal.line(format_args!("sign-in        {}", config.sign_in.described()))?;
        if let Err(failure) = config.sign_in.client() {
            exit = report(&failure.into(), terminal);
        }
    }
    let active = users.iter().filter(|user| user.link == LinkState::Active).count();
    terminal.line(format_args!("users          {active} of {} active", users.len()))?;
    if config.address.echo.is_empty() {
        for standing in ledger.address_standings(Timestamp::now())? {
            terminal.warn(format_args!(
                "service account `{}` is allowed from {} only, and nobody watches whether this machine comes from there: no echo \
                 services are set in section `[address]`",
                standing.account,
                standing.list.words()
            ));
        }
    }
    if arguments.online {
        return Ok(worse(exit, super::runtime()?.block_on(online(&installation, &app, &users, terminal))?));
    }
    Ok(exit)
}

/// Asks the practice database, and then every mailbox that may be asked; one's trouble does not keep the others from being
/// asked.
async fn online(
    installation: &Installation,
    app: &App,
    users: &[User],
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let mut exit = Exit::Fine;
    match app.source.probe().await {
        Ok(probe) => {
            terminal.line(format_args!("database       ok, {}", probe.version))?;
            if probe.writable {
                terminal.warn(
                    "the account can write to the practice database; `pocketdocket practice probe` shows a safer one",
                );
            }
        }
        Err(failure) => {
            terminal.line("database       not reached")?;
            exit = worse(exit, report(&failure.into(), terminal));
        }
    }
    for user in users {
        exit = worse(exit, mailbox(installation, app, user, terminal).await?);
    }
    for account in installation.ledger.service_accounts()? {
        if account.details.method == AuthMethod::Certificate && account.secret_given.is_some() {
            exit = worse(exit, outside::look(installation, &app.mailboxes, &account, terminal).await?);
        }
    }
    for cohort in installation.ledger.status()?.cohorts {
        terminal.warn(cohort.words());
    }
    Ok(exit)
}

async fn mailbox(installation: &Installation, app: &App, user: &User, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let name = &user.name;
    // Who is parked waits for a person; `user check` asks for one alone.
    if let Some(parked) = &user.parked {
        terminal
            .line(format_args!("mailbox        `{name}` not asked, parked: {}; {}", parked.cause, parked.remedy))?;
        return Ok(Exit::NeedsPerson);
    }
    match ask(installation, app, user).await? {
        Asked::Works { server, version, before } => {
            let version = version.unwrap_or_else(|| "no version told".to_owned());
            terminal.line(format_args!("mailbox        `{name}` ok, on {server} ({version})"))?;
            if let Some(before) = before {
                terminal.say(format_args!("`{name}` works again; it was: {}", before.cause.entry().title));
            }
            Ok(Exit::Fine)
        }
        Asked::Skipped(why) => {
            terminal.line(format_args!("mailbox        `{name}` not asked, {why}"))?;
            Ok(Exit::NeedsPerson)
        }
        Asked::Failed(failure) => {
            terminal.line(format_args!("mailbox        `{name}` not reached"))?;
            let unreached = if installation.ledger.user(name)?.parked.is_some() {
                format!("the link of `{name}` is parked")
            } else {
                format!("the mailbox of `{name}` was not reached")
            };
            Ok(report(&anyhow::Error::new(failure).context(unreached), terminal))
        }
    }
}

fn report(error: &anyhow::Error, terminal: &mut Terminal) -> Exit {
    terminal.trouble(&explain(error));
    Exit::of(error)
}

/// A person is needed before patience is; patience before nothing.
fn worse(one: Exit, other: Exit) -> Exit {
    match (one, other) {
        (Exit::NeedsPerson | Exit::Usage, _) | (_, Exit::NeedsPerson | Exit::Usage) => Exit::NeedsPerson,
        (Exit::Passes, _) | (_, Exit::Passes) => Exit::Passes,
        _ => Exit::Fine,
    }
}
