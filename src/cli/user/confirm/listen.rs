//! Takes codes until one is right, none can be right any more, or nobody answers.

use std::{io::BufRead as _, time::Duration};

use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::{
    app::{FirstUse, FirstUseError},
    auth::confirmation::{Code, Verdict},
    cli::{terminal::Terminal, trouble::Refusal},
    service,
    state::{ConfirmationWay, User},
};

/// How long a code of an enrolled app is waited for.
const PATIENCE: Duration = Duration::from_mins(10);

/// What somebody types, line by line. There is one per process: it takes all of the standard input.
pub(in crate::cli::user) struct Answers {
    lines: tokio::sync::mpsc::Receiver<Zeroizing<String>>,
    signals: service::Signals,
}

impl Answers {
    pub(in crate::cli::user) fn open() -> anyhow::Result<Self> {
        let (asking, lines) = tokio::sync::mpsc::channel(1);
        let signals = service::Signals::listen()?;
        // Reading cannot be interrupted, so it gets a thread of its own that ends with the process.
        std::thread::spawn(move || read_answers(&asking));
        Ok(Self { lines, signals })
    }
}

/// What a code is taken for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::cli::user) enum For {
    /// Confirming a link in this way.
    Confirming(ConfirmationWay),
    /// Switching off an authenticator app, by a text message.
    Recovering,
}

impl For {
    /// How another code is had.
    fn again(self, user: &User) -> String {
        let name = &user.name;
        match self {
            Self::Confirming(ConfirmationWay::Mailbox) => {
                format!("`pocketdocket user confirm {name}` sends another code")
            }
            Self::Confirming(ConfirmationWay::Text) => {
                format!("`pocketdocket user confirm {name} --with text` sends another code")
            }
            Self::Confirming(_) => format!("`pocketdocket user confirm {name}` begins anew"),
            Self::Recovering => format!("`pocketdocket user recover {name} --text` sends another code"),
        }
    }

    fn attempt(self, first_use: &FirstUse, code: &Code, now: Timestamp) -> Result<Verdict, FirstUseError> {
        match self {
            Self::Confirming(ConfirmationWay::Mailbox) => first_use.attempt(code, now),
            Self::Confirming(ConfirmationWay::Text) => first_use.attempt_text(code, now),
            Self::Confirming(_) => first_use.attempt_authenticator(code, now),
            Self::Recovering => first_use.recover_by_text(code, now),
        }
    }

    /// What is left undone without a right code.
    fn undone(self, user: &User) -> String {
        match self {
            Self::Confirming(_) => format!("`{}` is not confirmed", user.name),
            Self::Recovering => format!("the authenticator app of `{}` stays as it is", user.name),
        }
    }
}

pub(in crate::cli::user) async fn listen(
    answers: &mut Answers,
    first_use: &FirstUse,
    user: &User,
    what_for: For,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let again = || what_for.again(user);
    loop {
        terminal.prompt("Code");
        let left = left(first_use, what_for, Timestamp::now())?;
        let answer = tokio::select! {
            answer = answers.lines.recv() => answer,
            () = tokio::time::sleep(left) => {
                return Err(Refusal::needs_person("nobody gave the code back in time").hint(again()).into());
            }
            signal = answers.signals.next() => {
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
        match what_for.attempt(first_use, &code, Timestamp::now())? {
            Verdict::Confirmed => return Ok(()),
            Verdict::Refused(refusal) if refusal.allows_another_try() => terminal.say(refusal),
            // The app's next code may be right.
            Verdict::Refused(refusal)
                if what_for == For::Confirming(ConfirmationWay::Authenticator) && refusal.is_of_this_code() =>
            {
                terminal.say(format_args!("{refusal}; wait for the next one"));
            }
            Verdict::Refused(refusal) => {
                return Err(Refusal::needs_person(what_for.undone(user))
                    .because(refusal.to_string())
                    .hint(again())
                    .into());
            }
        }
    }
}

/// For how long a code can be right.
fn left(first_use: &FirstUse, what_for: For, now: Timestamp) -> Result<Duration, FirstUseError> {
    let open = match what_for {
        For::Confirming(ConfirmationWay::Mailbox | ConfirmationWay::Text) | For::Recovering => {
            first_use.open_until(now)?
        }
        For::Confirming(_) if first_use.has_authenticator()? => return Ok(PATIENCE),
        For::Confirming(_) => first_use.enrolment_open_until(now)?,
    };
    Ok(open.map_or(Duration::ZERO, |until| until.duration_since(now).unsigned_abs()))
}

fn read_answers(asking: &tokio::sync::mpsc::Sender<Zeroizing<String>>) {
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { return };
        if asking.blocking_send(Zeroizing::new(line)).is_err() {
            return;
        }
    }
}
