//! A code goes to the user's mobile phone, and comes back from whoever has it at hand.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    authenticator::{see_mailbox, take_note_away},
    listen::{Answers, For, listen},
};
use crate::{
    app::{FirstUse, FirstUseError, TextFor, text_gateway},
    auth::{
        confirmation::LIFE,
        text_messages::{Delivery, Gateway, Receipt},
    },
    cli::{
        installation::Installation,
        terminal::Terminal,
        trouble::{Exit, Refusal},
    },
    ports::Failure,
    state::{ConfirmationWay, User, UserName},
};

/// How often, and after which pauses, a gateway is asked whether a message arrived.
const LOOKS: u32 = 40;
const BETWEEN_LOOKS: Duration = Duration::from_secs(3);

pub(super) async fn confirm(
    installation: &Installation,
    first_use: &FirstUse,
    user: &User,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    see_mailbox(installation, user).await?;
    let mut answers = Answers::open()?;
    if first_use.mobile()?.is_some() && first_use.has_authenticator()? {
        terminal.say("an authenticator app is in use, so its code comes first, and then the one of the text message");
        let way = For::Confirming(ConfirmationWay::Authenticator);
        listen(&mut answers, first_use, user, way, terminal).await?;
    }
    by_text(installation, first_use, user, TextFor::Confirming, &mut answers, terminal).await?;
    take_note_away(installation, first_use, user, terminal).await
}

/// Sends a code and takes it back. A message that does not arrive ends the waiting, with its reason.
pub(in crate::cli::user) async fn by_text(
    installation: &Installation,
    first_use: &FirstUse,
    user: &User,
    what_for: TextFor,
    answers: &mut Answers,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let gateway = text_gateway(&installation.config, &installation.ledger)?;
    let sent = first_use.send_text(&gateway, what_for, Timestamp::now()).await;
    let (number, receipt) = sent.map_err(|error| not_sent(installation, &user.name, error))?;
    terminal.say(format_args!(
        "a text message with a code was sent to {number}; let the user enter it here. It is good for {} minutes",
        LIFE.as_mins()
    ));
    let taken_for = match what_for {
        TextFor::Confirming => For::Confirming(ConfirmationWay::Text),
        TextFor::Recovering => For::Recovering,
    };
    tokio::select! {
        heard = listen(answers, first_use, user, taken_for, terminal) => heard,
        failure = lost(first_use, &gateway, &receipt) => Err(not_sent(installation, &user.name, failure?)),
    }
}

/// Ends when it is known that a message does not arrive, and why.
async fn lost(first_use: &FirstUse, gateway: &Gateway, receipt: &Receipt) -> Result<FirstUseError, FirstUseError> {
    for _ in 0..LOOKS {
        tokio::time::sleep(BETWEEN_LOOKS).await;
        match first_use.delivery(gateway, receipt, Timestamp::now()).await {
            Ok((_, Some(failure))) => return Ok(FirstUseError::Gateway(failure)),
            Ok((Delivery::Delivered | Delivery::NotTold, None)) => break,
            Ok(_) => {}
            // The message may be there all the same.
            Err(FirstUseError::Gateway(failure)) => {
                tracing::warn!(error = failure.chain(), "whether a text message arrived is not known");
            }
            Err(error) => return Err(error),
        }
    }
    std::future::pending().await
}

/// Why no message went out, with what to do about it.
pub(in crate::cli::user) fn not_sent(
    installation: &Installation,
    name: &UserName,
    error: FirstUseError,
) -> anyhow::Error {
    let settings = &installation.config.confirmation;
    let needs = |what: String, hint: String, error: FirstUseError| {
        anyhow::Error::new(Refusal::needs_person(what).because(error).hint(settings.with_support(hint)))
    };
    let what = format!("no text message was sent for `{name}`");
    match error {
        FirstUseError::Gateway(failure) => unsent(&format!("no text message reached `{name}`"), failure, name.as_str()),
        error @ FirstUseError::NoMobile => {
            needs(what, format!("enter it: `pocketdocket user set {name} --mobile NUMBER`"), error)
        }
        error @ FirstUseError::NotProven => needs(
            what,
            format!("a recovery code or the backup key switches the app off: `pocketdocket user recover {name}`"),
            error,
        ),
        error @ FirstUseError::TooManyTexts(_) => anyhow::Error::new(
            Refusal::new(Exit::Passes, what).because(error).hint("wait until then, or confirm another way"),
        ),
        error => anyhow::Error::new(error).context(what),
    }
}

/// A failure of the gateway, for the person whom the hint tells what to do.
pub(in crate::cli) fn unsent(what: &str, mut failure: Failure, name: &str) -> anyhow::Error {
    failure.hint = failure.hint.map(|hint| hint.replace("NAME", name));
    anyhow::Error::new(failure).context(what.to_owned())
}
