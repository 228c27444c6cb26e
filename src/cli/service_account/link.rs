//! `service-account link`: set, verify, save, once for everybody who goes through it. What the server does not take is not kept. A
//! mailbox that the account may not reach is no reason to forget a secret that the server took.

use std::sync::Arc;

use jiff::Timestamp;
use secrecy::SecretString;

use super::{certificate, change, outside, reaching};
use crate::{
    app::Mailboxes,
    auth::oauth::{Audience, Granted, Session, Unkept},
    cli::{
        arguments::LinkAccount,
        installation::{Installation, who},
        show::counted,
        terminal::Terminal,
        trouble::{Exit, Refusal, tell_cause},
        user::{details::address, link::oauth::sign_in},
    },
    diagnosis::{Cause, of_account},
    ports::{Failure, FailureKind, Mailbox},
    state::{AuthMethod, ServiceAccount, UserDetails},
};

pub(super) fn run(
    installation: &Installation,
    arguments: &LinkAccount,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let (name, ledger) = (&arguments.name, &installation.ledger);
    let account = ledger.service_account(name)?;
    let password_stdin = arguments.password_stdin.then_some("--password-stdin");
    let misplaced = match account.details.method {
        AuthMethod::Password | AuthMethod::Windows => arguments.way.said(),
        AuthMethod::OAuth => password_stdin,
        AuthMethod::Certificate => arguments.way.said().or(password_stdin),
    };
    let is_app = account.details.method == AuthMethod::Certificate;
    let misplaced = misplaced.or(arguments.outside.as_ref().filter(|_| !is_app).map(|_| "--outside"));
    if let Some(option) = misplaced {
        let what = format!(
            "service account `{name}` signs in by {}, and `{option}` is of another way",
            account.details.method
        );
        return Err(Refusal::usage(what).hint("leave it out").into());
    }
    let mut exit = Exit::Fine;
    let tried_on = tried_on(installation, arguments, &account)?;
    if let Some(outside) = &arguments.outside {
        outside::is_no_mailbox_of_its_own(installation, &account, arguments.mailbox.as_deref(), address(outside)?)?;
    }
    let mailboxes = installation.app()?.mailboxes;
    match account.details.method {
        AuthMethod::Password | AuthMethod::Windows => {
            password(installation, arguments, &mailboxes, &account, tried_on.as_ref(), terminal)?;
        }
        AuthMethod::OAuth => {
            let linking = oauth(installation, arguments, &mailboxes, &account, tried_on.as_ref(), terminal);
            crate::cli::runtime()?.block_on(linking)?;
        }
        AuthMethod::Certificate => {
            let proving = certificate::prove(installation, &mailboxes, &account, tried_on.as_ref(), terminal);
            let is_reached = crate::cli::runtime()?.block_on(proving)?;
            if let Some(mailbox) = &arguments.outside {
                ledger.set_outside(name, address(mailbox)?, &who(), Timestamp::now())?;
            }
            exit = crate::cli::runtime()?.block_on(outside::look(installation, &mailboxes, &account, terminal))?;
            if !is_reached {
                // An app that reaches nothing is refused everywhere.
                terminal.warn(
                    "that it is refused elsewhere proves nothing, as long as it does not reach what it is to reach",
                );
                exit = Exit::NeedsPerson;
            }
        }
    }
    let users = ledger.users_through(name)?.len();
    if users == 0 {
        terminal.say(format_args!(
            "next: `pocketdocket user add NAME --person ID --mailbox ADDRESS --service-account {name}`"
        ));
    } else {
        let go = if users == 1 { "goes" } else { "go" };
        terminal.say(format_args!("{} {go} on with it", counted(users, "user")));
        if !arguments.unverified {
            change::go_on(installation, name, terminal)?;
        }
    }
    Ok(exit)
}

/// The mailbox to try it on, unless somebody wants none tried.
fn tried_on(
    installation: &Installation,
    arguments: &LinkAccount,
    account: &ServiceAccount,
) -> anyhow::Result<Option<UserDetails>> {
    if arguments.unverified {
        return Ok(None);
    }
    if let Some(mailbox) = &arguments.mailbox {
        return Ok(Some(reaching(&account.name, &account.details, address(mailbox)?)));
    }
    let users = installation.ledger.users_through(&account.name)?;
    Ok(users.into_iter().next().map(|user| user.details))
}

fn password(
    installation: &Installation,
    arguments: &LinkAccount,
    mailboxes: &Mailboxes,
    account: &ServiceAccount,
    tried_on: Option<&UserDetails>,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let name = &account.name;
    let password: SecretString = if arguments.password_stdin {
        terminal.read_secret()?
    } else {
        let question = format!("Password of service account `{}`", account.details.login);
        terminal.ask_secret(&question, &format!("pocketdocket service-account link {name} --password-stdin"))?
    };
    let verified = match tried_on {
        Some(details) => {
            let mailbox = mailboxes.with_password(details, &password)?;
            crate::cli::runtime()?.block_on(reach(
                installation,
                mailboxes,
                account,
                (details, mailbox.as_ref()),
                terminal,
            ))?;
            true
        }
        None => false,
    };
    installation.ledger.give_account_password(name, &password, &who(), Timestamp::now())?;
    kept(account, "password", verified, terminal);
    Ok(())
}

async fn oauth(
    installation: &Installation,
    arguments: &LinkAccount,
    mailboxes: &Mailboxes,
    account: &ServiceAccount,
    tried_on: Option<&UserDetails>,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let (ledger, name, login) = (&installation.ledger, &account.name, &account.details.login);
    let authority = mailboxes.authority()?;
    let audience = Audience::of(account.details.protocol, false);
    let granted: Granted = match sign_in(&authority, &arguments.way, login, audience, terminal).await {
        Ok(granted) => granted,
        Err(failure) => return Err(not_kept(installation, account, failure, terminal)?.into()),
    };
    if !granted.identity.is(login, login) {
        let event = format!("somebody else signed in for service account `{name}`; nothing was kept");
        ledger.audit(&who(), None, &event, Timestamp::now())?;
        return Err(Refusal::needs_person(format!("the sign-in of service account `{name}` was not kept"))
            .because(format!("somebody else signed in, and the account is `{login}`"))
            .hint(format!(
                "sign out at that browser (or use a private window) and begin again: `pocketdocket service-account link {name}`"
            ))
            .into());
    }
    let unkept = Arc::new(Unkept::new(granted.refresh.clone()));
    let verified = match tried_on {
        Some(details) => {
            let session = Session::new(authority, Arc::clone(&unkept) as _, "NAME");
            let session = session.with(granted.audience, granted.access.clone());
            let mailbox = mailboxes.with_session(details, session)?;
            reach(installation, mailboxes, account, (details, mailbox.as_ref()), terminal).await?;
            true
        }
        None => false,
    };
    ledger.give_account_grant(name, &unkept.refresh(), &who(), Timestamp::now())?;
    kept(account, "sign-in", verified, terminal);
    Ok(())
}

fn kept(account: &ServiceAccount, what: &str, verified: bool, terminal: &mut Terminal) {
    let name = &account.name;
    if verified {
        terminal.say(format_args!("verified and kept the {what} of service account `{name}`"));
    } else {
        terminal.say(format_args!(
            "kept the {what} of service account `{name}`, unverified; the first mailbox will tell (`--mailbox ADDRESS` tries one)"
        ));
    }
}

/// Reaches a mailbox once, unless the account may not sign in from here: then nothing is sent. That the account signed in and may not
/// reach this one is said, and no failure: false then.
pub(super) async fn reach(
    installation: &Installation,
    mailboxes: &Mailboxes,
    account: &ServiceAccount,
    (details, mailbox): (&UserDetails, &dyn Mailbox),
    terminal: &mut Terminal,
) -> anyhow::Result<bool> {
    let reached = match mailboxes.mind_place(details, Timestamp::now()).await {
        Ok(()) => match mailbox.identity().await {
            Ok(_) => Ok(()),
            Err(failure) => Err(mailboxes.explained_by_place(details, failure, Timestamp::now()).await),
        },
        Err(failure) => Err(failure),
    };
    match reached {
        Ok(()) => Ok(true),
        Err(failure) if failure.cause == Some(Cause::AddressNotAllowed) => {
            Err(not_kept(installation, account, failure, terminal)?.into())
        }
        Err(failure) if matches!(failure.kind, FailureKind::Forbidden | FailureKind::MailboxMissing) => {
            terminal.warn(format_args!(
                "service account `{}` signs in, and does not reach {}: {}",
                account.name,
                details.address,
                failure.chain()
            ));
            if let Some(hint) = &failure.hint {
                terminal.say(format_args!("hint: {hint}"));
            }
            Ok(false)
        }
        Err(failure) => Err(not_kept(installation, account, failure, terminal)?.into()),
    }
}

fn not_kept(
    installation: &Installation,
    account: &ServiceAccount,
    failure: Failure,
    terminal: &mut Terminal,
) -> anyhow::Result<Refusal> {
    let name = &account.name;
    let event = format!("a new secret of service account `{name}` was tried and not kept: {}", failure.chain());
    installation.ledger.audit(&who(), None, &event, Timestamp::now())?;
    tell_cause(&failure, true, terminal);
    let exit = if failure.kind.passes() { Exit::Passes } else { Exit::NeedsPerson };
    let hint = match &failure.hint {
        Some(hint) => of_account(hint, name.as_str()),
        None => {
            format!("try again later, or keep it as it is with `pocketdocket service-account link {name} --unverified`")
        }
    };
    let what = format!("what was given for service account `{name}` was not kept");
    Ok(Refusal::new(exit, what).because(failure).hint(hint))
}
