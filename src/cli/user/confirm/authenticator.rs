//! An authenticator app: enrolled the first time, with a QR code or a key to type; from then on a code is enough.
//!
//! What is shown here is shown once: the key, the backup key and the recovery codes are for the user, and nowhere in the clear.

use std::io::IsTerminal as _;

use jiff::Timestamp;
use secrecy::ExposeSecret;

use super::{
    listen::{Answers, For, listen},
    paper,
};
use crate::{
    app::FirstUse,
    auth::confirmation::{Enrolment, LIFE},
    cli::{arguments::ConfirmUser, installation::Installation, terminal::Terminal, trouble::Refusal},
    ports::FailureKind,
    state::{ConfirmationWay, LinkState, User},
};

pub(super) async fn confirm(
    installation: &Installation,
    first_use: &FirstUse,
    user: &User,
    arguments: &ConfirmUser,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    see_mailbox(installation, user).await?;
    let name = &user.name;
    if first_use.has_authenticator()? {
        if arguments.has_papers() {
            return Err(Refusal::usage(format!("the authenticator app of `{name}` is enrolled already"))
                .because("what it was enrolled with is never shown again")
                .hint(format!("without the phone: `pocketdocket user recover {name}`"))
                .into());
        }
        terminal.say("ask the user for the code that the authenticator app shows now");
    } else {
        // Files first: a name that is taken must not cost the enrolment.
        let papers = paper::Papers::prepare(arguments)?;
        let enrolment = first_use.enrol(Timestamp::now())?;
        show(&enrolment, user, arguments, terminal)?;
        papers.write(&enrolment, user)?;
        terminal.say(format_args!(
            "then ask for the code that the app shows; the enrolment can be completed for {} minutes",
            LIFE.as_mins()
        ));
    }
    let way = For::Confirming(ConfirmationWay::Authenticator);
    listen(&mut Answers::open()?, first_use, user, way, terminal).await?;
    take_note_away(installation, first_use, user, terminal).await
}

/// A link that was kept without being tried has no mailbox yet, and one that was changed since may lead to another than it has: it
/// is looked at before somebody confirms it.
pub(super) async fn see_mailbox(installation: &Installation, user: &User) -> anyhow::Result<()> {
    if user.mailbox.is_some() && user.link == LinkState::Active {
        return Ok(());
    }
    let mailbox = installation.app()?.mailboxes.of(user).await?;
    match mailbox.identity().await {
        Ok(identity) => {
            let known = installation.ledger.mailbox_for(&identity, Timestamp::now())?;
            Ok(installation.ledger.set_user_mailbox(&user.name, known)?)
        }
        Err(failure) if failure.kind == FailureKind::Unauthorized => {
            Err(installation.refused(user, failure, Timestamp::now())?.into())
        }
        Err(failure) => {
            Err(anyhow::Error::new(failure).context("the mailbox was not reached, so nothing was confirmed"))
        }
    }
}

fn show(enrolment: &Enrolment, user: &User, arguments: &ConfirmUser, terminal: &mut Terminal) -> anyhow::Result<()> {
    terminal.say(format_args!(
        "for {}, in an authenticator app of the user's choice. What follows is shown this once:",
        user.details.address
    ));
    match &arguments.qr {
        Some(file) => {
            terminal.say(format_args!("the QR code is in `{}`; delete it when it was scanned", file.display()));
        }
        None => {
            let coloured = std::io::stdout().is_terminal();
            terminal.bytes(paper::on_terminal(&enrolment.address, coloured)?.as_bytes())?;
        }
    }
    terminal.line(format_args!("secret key  {}", enrolment.key.expose_secret()))?;
    if let Some(file) = &arguments.recovery_codes {
        terminal.say(format_args!("backup key and recovery codes are in `{}`; give them to the user", file.display()));
        return Ok(());
    }
    terminal.line(format_args!("backup key  {}", enrolment.backup.readable().expose_secret()))?;
    terminal.line("recovery codes, each good once, for the user to keep in a safe place:")?;
    for code in &enrolment.recovery {
        terminal.line(format_args!("            {}", code.readable().expose_secret()))?;
    }
    Ok(())
}

/// A note about a recovery may lie in the mailbox; the link is confirmed anew, so it goes.
pub(super) async fn take_note_away(
    installation: &Installation,
    first_use: &FirstUse,
    user: &User,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    if user.recovered.is_none() && user.link != LinkState::Confirming {
        return Ok(());
    }
    let outcome = match installation.app()?.mailboxes.of(user).await {
        Ok(mailbox) => first_use.withdraw(mailbox.as_ref(), Timestamp::now()).await.map_err(|error| error.to_string()),
        Err(failure) => Err(failure.chain()),
    };
    if let Err(why) = outcome {
        terminal.warn(format_args!(
            "a task of ours may still be in the mailbox: {why}; it goes with the next confirmation"
        ));
    }
    Ok(())
}
