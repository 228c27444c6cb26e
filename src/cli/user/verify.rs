//! A changed address or login: does it lead to the mailbox that was confirmed? Then the link goes on, until it is confirmed again.

use jiff::Timestamp;

use crate::{
    app::Mailboxes,
    cli::{
        installation::{Installation, who},
        terminal::Terminal,
    },
    engine::mind_confirmations,
    ports::{Failure, FailureKind, MailboxIdentity},
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
        let found = match runtime.block_on(reached(&mailboxes, user)) {
            Ok(identity) => ledger.mailbox_for(&identity, now)?,
            Err(failure) if failure.kind == FailureKind::Unauthorized => {
                ledger.note_failure(name, &installation.host_of(user), &failure, now)?;
                terminal.warn(format_args!(
                    "{name}: stands still: {}; next: `{}`",
                    failure.chain(),
                    user.link_command()
                ));
                continue;
            }
            Err(failure) => {
                terminal.warn(format_args!(
                    "{name}: stands still: the mailbox was not reached ({}); then `pocketdocket user link {name}`",
                    failure.chain()
                ));
                continue;
            }
        };
        ledger.verified(name, found, &who(), now)?;
        let which = if user.mailbox == Some(found) { "the same" } else { "another" };
        if ledger.user(name)?.link == LinkState::Active {
            terminal.say(format_args!("{name}: leads to {which} mailbox and goes on"));
        } else {
            terminal.say(format_args!("{name}: leads to {which} mailbox; next: `pocketdocket user confirm {name}`"));
        }
    }
    mind_confirmations(ledger, &installation.config.confirmation, Timestamp::now())?;
    Ok(true)
}

async fn reached(mailboxes: &Mailboxes, user: &User) -> Result<MailboxIdentity, Failure> {
    let found = match mailboxes.of(user).await {
        Ok(mailbox) => mailbox.identity().await,
        Err(failure) => Err(failure),
    };
    match found {
        Ok(identity) => Ok(identity),
        Err(failure) => Err(mailboxes.explained_by_place(&user.details, failure, Timestamp::now()).await),
    }
}
