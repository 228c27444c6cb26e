//! A changed address or login: does it lead to the mailbox that was confirmed? Then the link goes on, until it is confirmed again.

use jiff::Timestamp;

use crate::{
    cli::{
        installation::{Installation, who},
        terminal::Terminal,
    },
    engine::mind_confirmations,
    ports::{Failure, FailureKind},
    state::{LinkState, User, UserName},
};

/// Signs in once for each of these that stands still for a change, one after the other, and says what is next for it. Gives whether
/// there were any.
pub(in crate::cli) fn changed(
    installation: &Installation,
    names: &[UserName],
    terminal: &mut Terminal,
) -> anyhow::Result<bool> {
    let ledger = &installation.ledger;
    let mut waiting: Vec<User> = Vec::new();
    for name in names {
        let user = ledger.user(name)?;
        if user.link != LinkState::Invited && user.link != LinkState::Active && user.confirmed.is_some() {
            waiting.push(user);
        }
    }
    if waiting.is_empty() {
        return Ok(false);
    }
    let mailboxes = installation.app()?.mailboxes;
    let runtime = crate::cli::runtime()?;
    for user in &waiting {
        let name = &user.name;
        let now = Timestamp::now();
        let found = match mailboxes.of(user) {
            Ok(mailbox) => runtime.block_on(mailbox.identity()),
            Err(failure) => Err(failure),
        };
        match found {
            Ok(identity) => ledger.verified(name, ledger.mailbox_for(&identity, now)?, &who(), now)?,
            Err(failure) if failure.kind == FailureKind::Unauthorized => {
                let refusal = installation.refused(user, failure, now)?;
                terminal.warn(format_args!("{name}: stands still: {refusal}; next: `pocketdocket user link {name}`"));
                continue;
            }
            Err(failure) => {
                terminal.warn(format_args!("{name}: stands still: {}", not_reached(name, &failure)));
                continue;
            }
        }
        if ledger.user(name)?.link == LinkState::Active {
            terminal.say(format_args!("{name}: leads to the same mailbox and goes on"));
        } else {
            terminal.say(format_args!("{name}: leads to another mailbox; next: `pocketdocket user confirm {name}`"));
        }
    }
    mind_confirmations(ledger, &installation.config.confirmation, Timestamp::now())?;
    Ok(true)
}

fn not_reached(name: &UserName, failure: &Failure) -> String {
    format!("the mailbox was not reached ({}); then `pocketdocket user link {name}`", failure.chain())
}
