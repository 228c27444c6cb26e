//! `user confirm`: the user proves that the link is theirs, in a way that the firm accepts. Here: a code out of the mailbox, or one
//! of an authenticator app; a provider's own sign-in confirms when it happens.

mod authenticator;
mod listen;
mod mailbox;
mod paper;

use crate::{
    app::FirstUse,
    cli::{
        arguments::{ConfirmUser, WayToConfirm},
        installation::{Installation, who},
        terminal::Terminal,
        trouble::{Exit, Refusal},
    },
    state::{ConfirmationWay, LinkState, NOT_CONFIRMED_AGAIN, User},
};

pub(super) fn run(
    installation: &Installation,
    arguments: &ConfirmUser,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let name = &arguments.name;
    let user = installation.ledger.user(name)?;
    match user.link {
        LinkState::Invited => {
            return Err(Refusal::needs_person(format!("`{name}`: {}", user.details.lacking()))
                .hint(format!("first `pocketdocket user link {name}`"))
                .into());
        }
        LinkState::Active if user.reconfirm.is_none() && arguments.with.is_none() => {
            terminal.say(format_args!("`{name}` is confirmed already"));
            return Ok(Exit::Fine);
        }
        LinkState::Linked | LinkState::Confirming | LinkState::Active => {}
    }
    if let Some(parked) = user.parked.as_ref().filter(|parked| parked.cause != NOT_CONFIRMED_AGAIN) {
        return Err(Refusal::needs_person(format!("the link of `{name}` is parked"))
            .because(parked.cause.clone())
            .hint(parked.remedy.clone())
            .into());
    }
    let way = way(installation, &user, arguments.with)?;
    if arguments.has_papers() && way != ConfirmationWay::Authenticator {
        return Err(Refusal::usage("only an authenticator app has a QR code and recovery codes")
            .hint(format!("`pocketdocket user confirm {name} --with authenticator`"))
            .into());
    }
    if !arguments.code_stdin {
        terminal.needs_somebody(&format!("pocketdocket user confirm {name} --code-stdin"))?;
    }
    let confirmation = installation.config.confirmation.clone();
    let first_use = FirstUse::new(installation.ledger.clone(), confirmation, name.clone(), who());
    crate::cli::runtime()?.block_on(async {
        match way {
            ConfirmationWay::Mailbox => mailbox::confirm(installation, &first_use, &user, terminal).await,
            ConfirmationWay::Authenticator => {
                authenticator::confirm(installation, &first_use, &user, arguments, terminal).await
            }
            ConfirmationWay::Provider => Err(at_the_provider(&user).into()),
        }
    })?;
    terminal.say(format_args!("`{name}` is confirmed and active"));
    if let Some(user) = &user.door_of {
        terminal.say(format_args!("next: `pocketdocket user move {user}`"));
    } else if user.confirmed.is_none() {
        terminal
            .say("the first write waits until somebody saw it: `pocketdocket sync`, then `pocketdocket holds list`");
    }
    Ok(Exit::Fine)
}

/// The way that was asked for, or the strongest that the firm accepts and this command can take.
fn way(installation: &Installation, user: &User, asked: Option<WayToConfirm>) -> Result<ConfirmationWay, Refusal> {
    let settings = &installation.config.confirmation;
    let accepted = |way: &ConfirmationWay| settings.accepts(*way);
    match asked.map(ConfirmationWay::from) {
        None => [ConfirmationWay::Authenticator, ConfirmationWay::Mailbox]
            .into_iter()
            .find(accepted)
            .ok_or_else(|| at_the_provider(user)),
        Some(ConfirmationWay::Provider) if user.details.service_account.is_some() => Err(at_the_provider(user)),
        Some(way) if accepted(&way) => Ok(way),
        Some(way) => {
            let others: Vec<String> = settings.methods.iter().map(|way| format!("`{way}`")).collect();
            Err(Refusal::usage(format!("first uses are not confirmed by `{way}` here, but by {}", others.join(" or ")))
                .hint(settings.with_support(
                    "take one of those, or let the administrator choose it: `methods` in `[confirmation]`, docs/reference/settings.md",
                )))
        }
    }
}

/// The provider asks for its second factor itself, in its own sign-in.
fn at_the_provider(user: &User) -> Refusal {
    if let Some(account) = &user.details.service_account {
        return Refusal::needs_person(format!("the provider cannot confirm `{}`", user.name))
            .because(format!(
                "service account `{account}` signs in there and not the user: its second factor says nothing of whose mailbox this is"
            ))
            .hint(
                "confirm it another way, with the user at hand: `methods` in `[confirmation]` has to accept `authenticator` or `mailbox`",
            );
    }
    Refusal::needs_person("the provider confirms while the user signs in there, not by this command")
        .hint(format!("`pocketdocket user link {}`, with the user at hand", user.name))
}
