//! `user recover`: the phone is lost. A recovery code, the backup key or a text message to a proven number switches the authenticator app off; with neither at hand,
//! only another accepted way confirms the link again. The user and the administrator are told, whatever the way.

use jiff::Timestamp;
use secrecy::ExposeSecret as _;

use super::confirm::{listen::Answers, text};
use crate::{
    app::{FirstUse, FirstUseError, TextFor},
    auth::{confirmation::spare::Spare, mailbox_proof::Lost},
    cli::{
        arguments::RecoverUser,
        installation::{Installation, who},
        terminal::Terminal,
        trouble::{Exit, Refusal},
    },
    state::{AuthMethod, ConfirmationWay, LinkState, User},
};

pub(super) fn run(
    installation: &Installation,
    arguments: &RecoverUser,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let name = &arguments.name;
    let user = installation.ledger.user(name)?;
    let settings = installation.config.confirmation.clone();
    let first_use = FirstUse::new(installation.ledger.clone(), settings.clone(), name.clone(), who());
    if !first_use.has_authenticator()? {
        return Err(Refusal::needs_person(format!("`{name}` has no authenticator app in use"))
            .hint(format!("`pocketdocket user show {name}` shows how the link stands"))
            .into());
    }
    if arguments.text {
        by_text(installation, &first_use, &user, arguments, terminal)?;
    } else if arguments.lost {
        give_up(installation, &first_use, &user)?;
        terminal.say(format_args!(
            "the authenticator app of `{name}` was given up for lost; the sync of the mailbox stands still"
        ));
    } else {
        by_spare(installation, &first_use, arguments, terminal)?;
    }
    if user.link == LinkState::Active {
        crate::cli::runtime()?.block_on(tell(installation, &first_use, &user, Lost::App, terminal))?;
    }
    terminal.say(format_args!("next: `pocketdocket user confirm {name}`, with the user at hand"));
    Ok(Exit::Fine)
}

fn by_spare(
    installation: &Installation,
    first_use: &FirstUse,
    arguments: &RecoverUser,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let name = &arguments.name;
    let spare = asked(arguments, terminal)?;
    match first_use.recover(&spare, Timestamp::now())? {
        Ok(spent) => terminal.say(format_args!(
            "the authenticator app of `{name}` was switched off with a {}; the sync of the mailbox stands still",
            spent.word()
        )),
        Err(refusal) => {
            return Err(Refusal::needs_person(format!("the authenticator app of `{name}` stays as it is"))
                .because(refusal.to_string())
                .hint(installation.config.confirmation.with_support(format!(
                    "a recovery code or the backup key of this user does it; without either: `pocketdocket user recover {name} --lost`"
                )))
                .into());
        }
    }
    Ok(())
}

/// The mobile phone stands in for the app.
fn by_text(
    installation: &Installation,
    first_use: &FirstUse,
    user: &User,
    arguments: &RecoverUser,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let name = &arguments.name;
    if !arguments.code_stdin {
        terminal.needs_somebody(&format!("pocketdocket user recover {name} --text --code-stdin"))?;
    }
    crate::cli::runtime()?.block_on(async {
        let mut answers = Answers::open()?;
        text::by_text(installation, first_use, user, TextFor::Recovering, &mut answers, terminal).await
    })?;
    terminal.say(format_args!(
        "the authenticator app of `{name}` was switched off with a text message; the sync of the mailbox stands still"
    ));
    Ok(())
}

fn asked(arguments: &RecoverUser, terminal: &mut Terminal) -> anyhow::Result<Spare> {
    let typed = if arguments.code_stdin {
        terminal.read_secret()?
    } else {
        let other = format!("pocketdocket user recover {} --code-stdin", arguments.name);
        terminal.ask_secret("Recovery code or backup key", &other)?
    };
    Spare::parse(typed.expose_secret())
        .map_err(|error| Refusal::usage("that is neither a recovery code nor a backup key").because(error).into())
}

/// Only where another way can confirm the link: otherwise nobody could ever use it again.
fn give_up(installation: &Installation, first_use: &FirstUse, user: &User) -> anyhow::Result<()> {
    let settings = &installation.config.confirmation;
    let by_mailbox = settings.accepts(ConfirmationWay::Mailbox);
    let own_sign_in = user.details.method == AuthMethod::OAuth && user.details.service_account.is_none();
    let by_provider = settings.accepts(ConfirmationWay::Provider) && own_sign_in;
    let by_text =
        settings.accepts(ConfirmationWay::Text) && first_use.mobile()?.is_some_and(|mobile| mobile.proven.is_some());
    if !by_mailbox && !by_provider && !by_text {
        return Err(Refusal::needs_person(
            "no other way could confirm this link, so the authenticator app is not given up",
        )
        .because("an administrator alone does not get past a user's second factor")
        .hint(settings.with_support(
            "link it with a provider's sign-in, or choose another way in `[confirmation]`; both are in the audit trail",
        ))
        .into());
    }
    first_use.give_up(Timestamp::now())?;
    Ok(())
}

pub(super) async fn tell(
    installation: &Installation,
    first_use: &FirstUse,
    user: &User,
    lost: Lost,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let today = Timestamp::now().to_zoned(installation.zone()).date();
    let outcome = match installation.app()?.mailboxes.of(user).await {
        Ok(mailbox) => first_use.tell_user(mailbox.as_ref(), lost, today, Timestamp::now()).await,
        Err(failure) => Err(FirstUseError::Mailbox(failure)),
    };
    match outcome {
        Ok(()) => terminal.say(format_args!("a note for the user was saved in {}", user.details.address)),
        Err(FirstUseError::Mailbox(failure)) => {
            let event = format!("the user could not be told of it by a note: {}", failure.chain());
            installation.ledger.audit("pocketdocket", Some(&user.name), &event, Timestamp::now())?;
            terminal
                .warn(format_args!("no note for the user could be saved ({}); tell them yourself", failure.chain()));
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
