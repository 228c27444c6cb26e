//! `user link`: set, verify, save. A password that the server does not take is not kept, unless somebody insists.

use jiff::Timestamp;
use secrecy::SecretString;

use crate::{
    app::Mailboxes,
    cli::{
        arguments::LinkUser,
        installation::{Installation, who},
        terminal::Terminal,
        trouble::{Exit, Refusal},
    },
    ports::{Failure, FailureKind},
    state::{LinkState, User},
};

pub(super) fn run(installation: &Installation, arguments: &LinkUser, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let name = &arguments.name;
    let user = installation.ledger.user(name)?;
    // What cannot work is refused before anybody types a password.
    let mailboxes = installation.app()?.mailboxes;
    mailboxes.address(&user)?;
    let password = if arguments.password_stdin {
        terminal.read_secret()?
    } else {
        let question = format!("Password of `{}` for {}", user.details.login, user.details.address);
        terminal.ask_secret(&question, &format!("pocketdocket user link {name} --password-stdin"))?
    };
    if arguments.unverified {
        installation.ledger.give_password(name, &password, &who(), Timestamp::now())?;
        terminal.say(format_args!("kept the password of `{name}`, unverified; the first sign-in will tell"));
    } else {
        crate::cli::runtime()?.block_on(verify(installation, &mailboxes, &user, &password))?;
        terminal.say(format_args!("verified and kept the password of `{name}`"));
    }
    if installation.ledger.user(name)?.link == LinkState::Active {
        terminal.say("the sync goes on with the next one");
    } else {
        terminal.say(format_args!("next: `pocketdocket user confirm {name}`, with the user at hand"));
    }
    Ok(Exit::Fine)
}

/// Signs in once. Only a password that reached the mailbox is kept.
async fn verify(
    installation: &Installation,
    mailboxes: &Mailboxes,
    user: &User,
    password: &SecretString,
) -> anyhow::Result<()> {
    let ledger = &installation.ledger;
    let name = &user.name;
    let identity = match mailboxes.with_password(user, password)?.identity().await {
        Ok(identity) => identity,
        Err(failure) => {
            let event = format!("a new password was tried and not kept: {}", failure.chain());
            ledger.audit(&who(), Some(name), &event, Timestamp::now())?;
            return Err(not_kept(user, failure).into());
        }
    };
    let now = Timestamp::now();
    let mailbox = ledger.mailbox_for(&identity, now)?;
    if user.mailbox.is_some_and(|known| known != mailbox) && user.link > LinkState::Linked {
        // The address leads to another mailbox than the one its user confirmed.
        ledger.set_link_state(name, LinkState::Linked, &who(), now)?;
    }
    ledger.give_password(name, password, &who(), now)?;
    ledger.set_user_mailbox(name, mailbox)?;
    Ok(())
}

fn not_kept(user: &User, failure: Failure) -> Refusal {
    let what =
        format!("the password of `{}` was not kept: the mailbox {} was not reached", user.name, user.details.address);
    let exit = if failure.kind.passes() { Exit::Passes } else { Exit::NeedsPerson };
    let hint = match (&failure.hint, failure.kind) {
        (Some(hint), _) => hint.clone(),
        (None, kind) if kind.passes() => {
            format!("try again later, or keep it as it is with `pocketdocket user link {} --unverified`", user.name)
        }
        (None, FailureKind::MailboxMissing) => format!("look at the address: `pocketdocket user show {}`", user.name),
        (None, _) => "`pocketdocket check --online` shows whether others are affected too".to_owned(),
    };
    Refusal::new(exit, what).because(failure).hint(hint)
}
