//! `practice password`: set, verify, save. A password that the database server does not take is not kept, unless somebody
//! insists.

use std::sync::Arc;

use jiff::Timestamp;
use secrecy::SecretString;

use crate::{
    app::PRACTICE_PASSWORD,
    cli::{
        installation::{Installation, who},
        terminal::Terminal,
        trouble::{Exit, Refusal},
    },
    ports::Failure,
    sources,
};

/// Where the password comes from.
#[derive(Clone, Copy)]
pub(super) enum Way {
    Terminal,
    Stdin,
}

pub(super) fn run(
    installation: &Installation,
    way: Way,
    unverified: bool,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let (practice, ledger) = (&installation.config.practice, &installation.ledger);
    let Some(server) = &practice.server else {
        return Err(Refusal::usage("the practice database is a file, which has no password")
            .hint("who may read the file is said by its rights; a server is named under [practice.server]")
            .into());
    };
    if server.sign_in == sources::SignIn::Windows {
        return Err(Refusal::usage(
            "Windows signs in to the practice database, as the account that this program runs as",
        )
        .hint("with `sign_in = \"password\"` under [practice.server] a login of the server's own does")
        .into());
    }
    let password = match way {
        Way::Stdin => terminal.read_secret()?,
        Way::Terminal => {
            let question = format!("Password of `{}` for the database {}", server.user, server.database);
            terminal.ask_secret(&question, "pocketdocket practice password --password-stdin")?
        }
    };
    let user = &server.user;
    if !unverified && let Err(failure) = verify(practice, &password)? {
        let event = format!("a new password of the practice database was tried and not kept: {}", failure.chain());
        ledger.audit(&who(), None, &event, Timestamp::now())?;
        let exit = if failure.kind.passes() { Exit::Passes } else { Exit::NeedsPerson };
        let hint = failure.hint.clone().unwrap_or_else(|| {
            "try again later, or keep it as it is with `pocketdocket practice password --unverified`".to_owned()
        });
        return Err(Refusal::new(
            exit,
            format!("the password of `{user}` was not kept: it did not open the practice database"),
        )
        .because(failure)
        .hint(hint)
        .into());
    }
    ledger.seal_secret(PRACTICE_PASSWORD, &password)?;
    let (event, said) = if unverified {
        (
            "the password of the practice database was kept, unverified",
            format!("kept the password of `{user}`, unverified"),
        )
    } else {
        (
            "the password of the practice database was verified and kept",
            format!("verified and kept the password of `{user}`"),
        )
    };
    ledger.audit(&who(), None, event, Timestamp::now())?;
    terminal.say(said);
    terminal.say("next: `pocketdocket practice probe`");
    Ok(())
}

/// Signs in once.
fn verify(practice: &sources::Settings, password: &SecretString) -> anyhow::Result<Result<(), Failure>> {
    let password = password.clone();
    let secret = Arc::new(move || Ok(Some(password.clone())));
    Ok(crate::cli::runtime()?.block_on(sources::sign_in(practice, secret)))
}
