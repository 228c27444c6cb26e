//! `user link`: set, verify, save. What the server does not take is not kept, unless somebody insists.

pub(in crate::cli) mod oauth;
mod whereabouts;

use jiff::Timestamp;
use secrecy::SecretString;

use crate::{
    app::Mailboxes,
    cli::{
        arguments::LinkUser,
        installation::{Installation, who},
        show::Clock,
        terminal::Terminal,
        trouble::{Exit, Refusal, tell_cause},
        user::{
            check::{Asked, ask},
            details::can_be_reached,
        },
    },
    engine::mind_confirmations,
    ports::{Failure, FailureKind, MailboxIdentity},
    state::{AccountName, AuthMethod, Ledger, LedgerError, LinkState, User, UserName},
};

pub(super) fn run(installation: &Installation, arguments: &LinkUser, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let name = &arguments.name;
    let user = installation.ledger.user(name)?;
    if let Some(account) = &user.details.service_account {
        return through_account(installation, arguments, &user, account, terminal);
    }
    // What cannot work is refused before anybody types a password.
    let mailboxes = installation.app()?.mailboxes;
    let to_be_found = whereabouts::is_to_be_found(installation, &user)?;
    if !to_be_found {
        mailboxes.address(&user.details)?;
    }
    let misplaced = match user.details.method {
        AuthMethod::Password | AuthMethod::Windows => arguments.way.said(),
        AuthMethod::OAuth | AuthMethod::Certificate => arguments.password_stdin.then_some("--password-stdin"),
    };
    if let Some(option) = misplaced {
        return Err(Refusal::usage(format!(
            "`{name}` signs in by {}, and `{option}` is of another way",
            user.details.method
        ))
        .hint(format!("leave it out, or change the way: `pocketdocket user change {name} --method METHOD`"))
        .into());
    }
    match user.details.method {
        AuthMethod::Password | AuthMethod::Windows => password(installation, arguments, &mailboxes, &user, terminal)?,
        // Only service accounts have one, and then nothing is given for the user.
        AuthMethod::Certificate => can_be_reached(&installation.config.exchange, &user.details)?,
        AuthMethod::OAuth => {
            crate::cli::runtime()?.block_on(oauth::link(installation, arguments, &mailboxes, &user, terminal))?;
        }
    }
    next(installation, name, terminal)?;
    Ok(Exit::Fine)
}

/// Nothing is asked for: the secret is the service account's. The mailbox is looked at.
fn through_account(
    installation: &Installation,
    arguments: &LinkUser,
    user: &User,
    account: &AccountName,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let (name, given) = (&user.name, arguments.password_stdin || arguments.way.said().is_some());
    if given || arguments.unverified {
        return Err(Refusal::usage(format!("the mailbox of `{name}` is reached through service account `{account}`"))
            .because("its secret is given once, for everybody who goes through it")
            .hint(format!("`{}`", user.link_command()))
            .into());
    }
    let app = installation.app()?;
    match crate::cli::runtime()?.block_on(ask(installation, &app, user))? {
        Asked::Works { .. } => {
            terminal.say(format_args!("reached {} through service account `{account}`", user.details.address));
            next(installation, name, terminal)?;
            Ok(Exit::Fine)
        }
        Asked::Skipped(why) => Err(Refusal::needs_person(format!("the mailbox of `{name}` was not asked"))
            .because(why)
            .hint(format!("`{}`", user.link_command()))
            .into()),
        Asked::Failed(failure) => {
            let exit = if failure.kind.passes() { Exit::Passes } else { Exit::NeedsPerson };
            let hint = format!("`pocketdocket user check {name}` names the cause and who can fix it");
            let what = format!("{} was not reached through service account `{account}`", user.details.address);
            Err(Refusal::new(exit, what).because(failure).hint(hint).into())
        }
    }
}

/// What comes after a link.
fn next(installation: &Installation, name: &UserName, terminal: &mut Terminal) -> anyhow::Result<()> {
    let linked = installation.ledger.user(name)?;
    if let (LinkState::Active, Some(user)) = (linked.link, &linked.door_of) {
        terminal.say(format_args!("next: `pocketdocket user move {user}`"));
    } else if linked.link == LinkState::Active {
        terminal.say("the sync goes on with the next one");
        if let Some(reconfirm) = linked.reconfirm {
            let (by, why) = (Clock::of(installation).time(reconfirm.by), reconfirm.why.words());
            terminal.say(format_args!("it must be confirmed again by {by}: {why}; `pocketdocket user confirm {name}`"));
        }
    } else {
        terminal.say(format_args!("next: `pocketdocket user confirm {name}`, with the user at hand"));
    }
    Ok(())
}

fn password(
    installation: &Installation,
    arguments: &LinkUser,
    mailboxes: &Mailboxes,
    user: &User,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let name = &user.name;
    let password = if arguments.password_stdin {
        terminal.read_secret()?
    } else {
        let question = format!("Password of `{}` for {}", user.details.login, user.details.address);
        terminal.ask_secret(&question, &format!("pocketdocket user link {name} --password-stdin"))?
    };
    let found;
    let user = if whereabouts::is_to_be_found(installation, user)? && !arguments.unverified {
        let finding = whereabouts::find(installation, mailboxes, user, &password, terminal);
        found = crate::cli::runtime()?.block_on(finding)?;
        &found
    } else {
        user
    };
    if arguments.unverified {
        installation.ledger.give_password(name, &password, &who(), Timestamp::now())?;
        terminal.say(format_args!("kept the password of `{name}`, unverified; the first sign-in will tell"));
    } else {
        crate::cli::runtime()?.block_on(verify(installation, mailboxes, user, &password, terminal))?;
        terminal.say(format_args!("verified and kept the password of `{name}`"));
    }
    Ok(())
}

/// Signs in once. Only a password that reached the mailbox is kept.
async fn verify(
    installation: &Installation,
    mailboxes: &Mailboxes,
    user: &User,
    password: &SecretString,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let name = &user.name;
    let identity = match mailboxes.with_password(&user.details, password)?.identity().await {
        Ok(identity) => identity,
        Err(failure) => {
            let failure = mailboxes.explained(user, failure, Timestamp::now()).await;
            let event = format!("a new password was tried and not kept: {}", failure.chain());
            installation.ledger.audit(&who(), Some(name), &event, Timestamp::now())?;
            return Err(not_kept(user, failure, terminal).into());
        }
    };
    let now = Timestamp::now();
    keep(installation, user, Some(&identity), now, |ledger| ledger.give_password(name, password, &who(), now))?;
    Ok(())
}

/// Keeps what was given, and which mailbox it reached.
fn keep(
    installation: &Installation,
    user: &User,
    identity: Option<&MailboxIdentity>,
    now: Timestamp,
    give: impl FnOnce(&Ledger) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    let (ledger, name) = (&installation.ledger, &user.name);
    if let Some(identity) = identity {
        // First: a link that leads to another mailbox now is stopped before it gets what it signs in with there.
        ledger.verified(name, ledger.mailbox_for(identity, now)?, &who(), now)?;
    }
    give(ledger)?;
    mind_confirmations(ledger, &installation.config.confirmation, now)
}

/// Nothing is noted of it: what failed is not what the ledger keeps. So the cause is said here, with all that `user check` would
/// say of it; what to do comes as the hint.
fn not_kept(user: &User, failure: Failure, terminal: &mut Terminal) -> Refusal {
    tell_cause(&failure, false, terminal);
    let given = match user.details.method {
        AuthMethod::Password | AuthMethod::Windows => "password",
        AuthMethod::OAuth => "sign-in",
        AuthMethod::Certificate => "certificate",
    };
    let what =
        format!("the {given} of `{}` was not kept: the mailbox {} was not reached", user.name, user.details.address);
    let exit = if failure.kind.passes() { Exit::Passes } else { Exit::NeedsPerson };
    let hint = match (&failure.hint, failure.kind) {
        (Some(hint), _) => hint.replace("NAME", user.name.as_str()),
        (None, kind) if kind.passes() => {
            format!("try again later, or keep it as it is with `pocketdocket user link {} --unverified`", user.name)
        }
        (None, FailureKind::MailboxMissing) => format!("look at the address: `pocketdocket user show {}`", user.name),
        (None, _) => "`pocketdocket check --online` shows whether others are affected too".to_owned(),
    };
    Refusal::new(exit, what).because(failure).hint(hint)
}
