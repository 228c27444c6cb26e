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

pub(super) async fn listen(
    first_use: &FirstUse,
    user: &User,
    way: ConfirmationWay,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let name = &user.name;
    let again = || match way {
        ConfirmationWay::Mailbox => format!("`pocketdocket user confirm {name}` sends another code"),
        _ => format!("`pocketdocket user confirm {name}` begins anew"),
    };
    let (asking, mut answers) = tokio::sync::mpsc::channel(1);
    let mut signals = service::Signals::listen()?;
    // Reading cannot be interrupted, so it gets a thread of its own that ends with the process.
    std::thread::spawn(move || read_answers(&asking));
    loop {
        terminal.prompt("Code");
        let left = left(first_use, way, Timestamp::now())?;
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
        let verdict = match way {
            ConfirmationWay::Mailbox => first_use.attempt(&code, Timestamp::now())?,
            _ => first_use.attempt_authenticator(&code, Timestamp::now())?,
        };
        match verdict {
            Verdict::Confirmed => return Ok(()),
            Verdict::Refused(refusal) if refusal.allows_another_try() => terminal.say(refusal),
            // The app's next code may be right.
            Verdict::Refused(refusal) if way == ConfirmationWay::Authenticator && refusal.is_of_this_code() => {
                terminal.say(format_args!("{refusal}; wait for the next one"));
            }
            Verdict::Refused(refusal) => {
                return Err(Refusal::needs_person(format!("`{name}` is not confirmed"))
                    .because(refusal.to_string())
                    .hint(again())
                    .into());
            }
        }
    }
}

/// For how long a code can be right.
fn left(first_use: &FirstUse, way: ConfirmationWay, now: Timestamp) -> Result<Duration, FirstUseError> {
    let open = match way {
        ConfirmationWay::Mailbox => first_use.open_until(now)?,
        _ if first_use.has_authenticator()? => return Ok(PATIENCE),
        _ => first_use.enrolment_open_until(now)?,
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
