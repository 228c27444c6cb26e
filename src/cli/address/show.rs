use jiff::Timestamp;
use serde::Serialize;

use super::{
    accounts::{self, Account},
    addresses,
};
use crate::{
    app::Asked,
    cli::{
        installation::Installation,
        runtime,
        show::{Clock, table},
        terminal::Terminal,
        trouble::Exit,
    },
    diagnosis::address::{Answer, Family, Heard, Known, hear},
};

#[derive(Serialize)]
struct Shown<'a> {
    addresses: &'a [Known],
    answers: &'a [Answer],
    accounts: &'a [Account],
}

pub(super) fn run(installation: &Installation, as_json: bool, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let addresses = addresses(installation)?;
    let asked = runtime()?.block_on(addresses.ask(Timestamp::now()))?;
    let accounts = accounts::of(installation)?;
    if as_json {
        terminal.json(&Shown { addresses: &asked.known, answers: &asked.answers, accounts: &accounts })?;
    } else {
        let clock = Clock::of(installation);
        show(&asked, &clock, terminal)?;
        accounts::show(&accounts, &clock, terminal)?;
    }
    Ok(if accounts.iter().any(Account::is_kept_out) { Exit::NeedsPerson } else { exit(&asked.answers) })
}

/// All is well when one family is agreed on and no services contradict each other.
fn exit(answers: &[Answer]) -> Exit {
    let heard = Family::ALL.map(|family| hear(family, answers));
    if heard.iter().any(|heard| matches!(heard, Heard::Disagreement(_))) {
        Exit::NeedsPerson
    } else if heard.iter().any(|heard| matches!(heard, Heard::Agreed { .. })) {
        Exit::Fine
    } else {
        Exit::Passes
    }
}

fn show(asked: &Asked, clock: &Clock, terminal: &mut Terminal) -> anyhow::Result<()> {
    let services = asked.answers.iter().filter(|answer| answer.family == Family::V4).count();
    for family in Family::ALL {
        let known = asked.known.iter().find(|known| known.family == family);
        let (address, how) = line(&hear(family, &asked.answers), known, services, clock);
        terminal.line(format!("{family}  {address:<15}  {how}").trim_end())?;
    }
    let heard: Vec<&Answer> = asked.answers.iter().filter(|answer| is_told(answer, &asked.answers)).collect();
    let rows = heard.iter().map(|answer| {
        let said = match (&answer.said, &answer.why) {
            (Some(address), _) => address.to_string(),
            (None, why) => format!("nothing: {}", why.as_deref().unwrap_or("no answer")),
        };
        [answer.service.clone(), answer.family.to_string(), said]
    });
    terminal.line("")?;
    terminal.line(table(["ECHO SERVICE", "ASKED OVER", "SAYS"], rows))?;
    Ok(())
}

/// Of a family that this machine does not have, nobody wants to read from every service that it said nothing.
fn is_told(answer: &Answer, all: &[Answer]) -> bool {
    let speaks = |family| all.iter().any(|answer| answer.family == family && answer.said.is_some());
    speaks(answer.family) || (answer.family == Family::V4 && !speaks(Family::V6))
}

fn line(heard: &Heard, known: Option<&Known>, services: usize, clock: &Clock) -> (String, String) {
    let last = known.and_then(|known| Some((known.address?, known.seen?)));
    let last = last.map(|(address, seen)| format!("; the last known one is {address}, seen {}", clock.time(seen)));
    let last = last.unwrap_or_default();
    match heard {
        Heard::Agreed { address, by } => {
            let since = known.and_then(|known| Some((known.since?, known.before?)));
            let since = since.map(|(since, before)| format!("; {before} until {}", clock.time(since)));
            let how = format!("{} of {services} echo services agree{}", by.len(), since.unwrap_or_default());
            (address.to_string(), how)
        }
        Heard::Disagreement(_) => ("unclear".to_owned(), format!("the echo services contradict each other{last}")),
        Heard::Alone(address) => {
            ("unclear".to_owned(), format!("one echo service alone says {address}, and it takes two{last}"))
        }
        Heard::Nothing => ("none".to_owned(), format!("no echo service sees this machine so{last}")),
    }
}
