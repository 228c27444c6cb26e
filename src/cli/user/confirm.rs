//! `user confirm`: a code goes into the mailbox as a task, and comes back from the person who can read it there.

use std::{io::BufRead as _, time::Duration};

use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::{
    app::{FirstUse, FirstUseError},
    auth::confirmation::{Code, LIFE, Verdict},
    cli::{
        arguments::ConfirmUser,
        installation::{Installation, who},
        terminal::Terminal,
        trouble::{Exit, Refusal},
    },
    ports::FailureKind,
    service,
    state::{LinkState, User, UserName},
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
            return Err(Refusal::needs_person(format!("`{name}`: {}", user.details.method.lacking()))
                .hint(format!("first `pocketdocket user link {name}`"))
                .into());
        }
        LinkState::Active => {
            terminal.say(format_args!("`{name}` is confirmed already"));
            return Ok(Exit::Fine);
        }
        LinkState::Linked | LinkState::Confirming => {}
    }
    if let Some(parked) = &user.parked {
        return Err(Refusal::needs_person(format!("the link of `{name}` is parked"))
            .because(parked.cause.clone())
            .hint(parked.remedy.clone())
            .into());
    }
    if !arguments.code_stdin {
        terminal.needs_somebody(&format!("pocketdocket user confirm {name} --code-stdin"))?;
    }
    crate::cli::runtime()?.block_on(confirm(installation, &user, terminal))
}

async fn confirm(installation: &Installation, user: &User, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let name = &user.name;
    let mailbox = installation.app()?.mailboxes.of(user)?;
    let first_use = FirstUse::new(installation.ledger.clone(), mailbox, name.clone(), who());
    let today = Timestamp::now().to_zoned(installation.zone()).date();
    let outcome = match first_use.send(today, Timestamp::now()).await {
        Ok(()) => {
            terminal.say(format_args!(
                "a task with a code was saved in {}; ask the user to read it out. It is good for {} minutes",
                user.details.address,
                LIFE.as_mins()
            ));
            listen(&first_use, user, terminal).await
        }
        // Signed in with a wrong password once is enough: nothing more is asked of this server.
        Err(FirstUseError::Mailbox(failure)) if failure.kind == FailureKind::Unauthorized => {
            return Err(installation.refused(user, failure, Timestamp::now())?.into());
        }
        Err(FirstUseError::Mailbox(failure)) => Err(not_delivered(name, failure)),
        Err(error) => Err(not_delivered(name, error)),
    };
    match first_use.withdraw(Timestamp::now()).await {
        Ok(()) => {}
        Err(FirstUseError::Mailbox(failure)) => terminal.warn(format_args!(
            "the task with the (useless) code is still in the mailbox: {}; it goes with the next `pocketdocket user confirm {name}`",
            failure.chain(),
        )),
        Err(error) => return Err(error.into()),
    }
    outcome?;
    terminal.say(format_args!("`{name}` is confirmed and active"));
    terminal.say("the first write waits until somebody saw it: `pocketdocket sync`, then `pocketdocket holds list`");
    Ok(Exit::Fine)
}

fn not_delivered(name: &UserName, error: impl std::error::Error + Send + Sync + 'static) -> anyhow::Error {
    anyhow::Error::new(error).context(format!("no code reached the mailbox of `{name}`"))
}

/// Takes codes until one is right, none can be right any more, or nobody answers.
async fn listen(first_use: &FirstUse, user: &User, terminal: &mut Terminal) -> anyhow::Result<()> {
    let name = &user.name;
    let again = || format!("`pocketdocket user confirm {name}` sends another code");
    let (asking, mut answers) = tokio::sync::mpsc::channel(1);
    let mut signals = service::Signals::listen()?;
    // Reading cannot be interrupted, so it gets a thread of its own that ends with the process.
    std::thread::spawn(move || read_answers(&asking));
    loop {
        terminal.prompt("Code");
        let open = first_use.open_until(Timestamp::now())?;
        let left = open.map_or(Duration::ZERO, |until| until.duration_since(Timestamp::now()).unsigned_abs());
        let answer = tokio::select! {
            answer = answers.recv() => answer,
            () = tokio::time::sleep(left) => {
                return Err(Refusal::needs_person("nobody gave the code back in time").hint(again()).into());
            }
            signal = signals.next() => {
                return Err(Refusal::needs_person(format!("stopped by {signal}")).hint(again()).into());
            }
        };
        let Some(line) = answer else {
            return Err(Refusal::needs_person("nobody gave the code back").hint(again()).into());
        };
        let Ok(code) = Code::parse(&line) else {
            terminal.say("a code has six digits, like 123 456");
            continue;
        };
        match first_use.attempt(&code, Timestamp::now())? {
            Verdict::Confirmed => return Ok(()),
            Verdict::Refused(refusal) if refusal.allows_another_try() => terminal.say(refusal),
            Verdict::Refused(refusal) => {
                return Err(Refusal::needs_person(format!("`{name}` is not confirmed"))
                    .because(refusal.to_string())
                    .hint(again())
                    .into());
            }
        }
    }
}

fn read_answers(asking: &tokio::sync::mpsc::Sender<Zeroizing<String>>) {
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { return };
        if asking.blocking_send(Zeroizing::new(line)).is_err() {
            return;
        }
    }
}
