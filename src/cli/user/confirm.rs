//! `user confirm`: a code goes into the mailbox as a task, and comes back from the person who can read it there.

use std::{io::BufRead as _, time::Duration};

use jiff::Timestamp;
use rand::Rng as _;
use zeroize::Zeroizing;

use crate::{
    auth::{
        confirmation::{Code, Confirmation, LIFE, Refusal as CodeRefusal, Verdict},
        mailbox_proof,
    },
    cli::{
        arguments::ConfirmUser,
        installation::{Installation, who},
        terminal::Terminal,
        trouble::{Exit, Refusal},
    },
    ports::{FailureKind, Mailbox},
    service,
    state::{LinkState, User},
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
            return Err(Refusal::needs_person(format!("`{name}` has no password yet"))
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
    let ledger = &installation.ledger;
    let name = &user.name;
    let password = ledger.password(name)?.ok_or_else(|| {
        Refusal::needs_person(format!("`{name}` has no password")).hint(format!("`pocketdocket user link {name}`"))
    })?;
    let mailbox = installation.app()?.mailboxes.with_password(user, &password)?;

    let code = Code::draw(&mut rand::rng());
    let mut salt = [0; 16];
    rand::rng().fill_bytes(&mut salt);
    let state = stored(installation, user)?.issue(&subject(user), &code, salt, Timestamp::now());
    store(installation, user, &state)?;
    if user.link == LinkState::Linked {
        ledger.set_link_state(name, LinkState::Confirming, &who(), Timestamp::now())?;
    }
    let today = Timestamp::now().to_zoned(installation.zone()).date();
    let delivered = mailbox_proof::deliver(mailbox.as_ref(), ledger.firm(), name.as_str(), &code, today).await;
    drop(code);
    let outcome = match delivered {
        Ok(()) => {
            ledger.audit(&who(), Some(name), "a code was saved in the mailbox", Timestamp::now())?;
            terminal.say(format_args!(
                "a task with a code was saved in {}; ask the user to read it out. It is good for {} minutes",
                user.details.address,
                LIFE.as_mins()
            ));
            listen(installation, user, terminal).await
        }
        // Signed in with a wrong password once is enough: nothing more is asked of this server.
        Err(failure) if failure.kind == FailureKind::Unauthorized => {
            return Err(installation.refused(user, failure, Timestamp::now())?.into());
        }
        Err(failure) => Err(anyhow::Error::new(failure).context(format!("no code reached the mailbox of `{name}`"))),
    };
    withdraw(installation, user, mailbox.as_ref(), terminal).await?;
    outcome?;
    terminal.say(format_args!("`{name}` is confirmed and active"));
    terminal.say("the first write waits until somebody saw it: `pocketdocket sync`, then `pocketdocket holds list`");
    Ok(Exit::Fine)
}

/// Takes codes until one is right, none can be right any more, or nobody answers.
async fn listen(installation: &Installation, user: &User, terminal: &mut Terminal) -> anyhow::Result<()> {
    let name = &user.name;
    let again = || format!("`pocketdocket user confirm {name}` sends another code");
    let (asking, mut answers) = tokio::sync::mpsc::channel(1);
    let mut signals = service::Signals::listen()?;
    // Reading cannot be interrupted, so it gets a thread of its own that ends with the process.
    std::thread::spawn(move || read_answers(&asking));
    loop {
        terminal.prompt("Code");
        let open = stored(installation, user)?.open_until(Timestamp::now());
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
        match attempt(installation, user, &code)? {
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

/// One try, stored before anybody hears of its outcome.
fn attempt(installation: &Installation, user: &User, code: &Code) -> anyhow::Result<Verdict> {
    let ledger = &installation.ledger;
    let now = Timestamp::now();
    // As the ledger has it now: a code that went to another address proves nothing.
    let user = &ledger.user(&user.name)?;
    let (state, verdict) = stored(installation, user)?.attempt(&subject(user), code, now);
    store(installation, user, &state)?;
    match verdict {
        Verdict::Confirmed => {
            ledger.set_link_state(&user.name, LinkState::Active, &who(), now)?;
            ledger.audit(&who(), Some(&user.name), "confirmed by mailbox proof", now)?;
        }
        Verdict::Refused(CodeRefusal::TooSoon { .. }) => {}
        Verdict::Refused(refusal) => {
            ledger.audit(&who(), Some(&user.name), &format!("a code was refused: {refusal}"), now)?;
        }
    }
    Ok(verdict)
}

fn read_answers(asking: &tokio::sync::mpsc::Sender<Zeroizing<String>>) {
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { return };
        if asking.blocking_send(Zeroizing::new(line)).is_err() {
            return;
        }
    }
}

/// Takes the task away again. What stays behind is found by the next confirmation or removal.
async fn withdraw(
    installation: &Installation,
    user: &User,
    mailbox: &dyn Mailbox,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    match mailbox_proof::withdraw(mailbox, installation.ledger.firm(), user.name.as_str()).await {
        Ok(0) => {}
        Ok(_) => {
            let event = "the code was taken out of the mailbox";
            installation.ledger.audit("pocketdocket", Some(&user.name), event, Timestamp::now())?;
        }
        Err(failure) => terminal.warn(format_args!(
            "the task with the (useless) code is still in the mailbox: {}; it goes with the next `pocketdocket user confirm {}`",
            failure.chain(),
            user.name
        )),
    }
    Ok(())
}

fn stored(installation: &Installation, user: &User) -> anyhow::Result<Confirmation> {
    Ok(match installation.ledger.confirmation(&user.name)? {
        Some(state) => serde_json::from_value(state)?,
        None => Confirmation::default(),
    })
}

fn store(installation: &Installation, user: &User, state: &Confirmation) -> anyhow::Result<()> {
    Ok(installation.ledger.set_confirmation(&user.name, Some(&serde_json::to_value(state)?))?)
}

/// What a code proves: that this user reads this mailbox.
fn subject(user: &User) -> String {
    format!("{}\n{}\n{}", user.name, user.details.address, user.details.person)
}
