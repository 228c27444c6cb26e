use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use jiff::Timestamp;

use super::addresses;
use crate::{
    cli::{
        arguments::WatchAddress, installation::Installation, runtime, show::Clock, terminal::Terminal, trouble::Exit,
    },
    diagnosis::address::{Family, Heard, hear},
    service::Signals,
};

/// What was last shown of a family: the address, or why there is none.
type Seen = BTreeMap<Family, Result<IpAddr, &'static str>>;

pub(super) fn run(installation: &Installation, wanted: &WatchAddress, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let addresses = addresses(installation)?;
    let clock = Clock::of(installation);
    runtime()?.block_on(async {
        let mut signals = Signals::listen()?;
        let (mut seen, pause) = (Seen::new(), Duration::from_secs(wanted.every));
        // So late that no clock goes so far is never.
        let end =
            wanted.seconds.and_then(|seconds| tokio::time::Instant::now().checked_add(Duration::from_secs(seconds)));
        if !wanted.once {
            terminal.say(format_args!("asked every {} seconds; Ctrl-C stops it", wanted.every));
        }
        loop {
            let now = Timestamp::now();
            let asked = addresses.ask(now).await?;
            for family in Family::ALL {
                let heard = match hear(family, &asked.answers) {
                    Heard::Agreed { address, .. } => Ok(address),
                    Heard::Disagreement(_) => Err("the echo services contradict each other"),
                    Heard::Alone(_) => Err("one echo service alone tells one, and it takes two"),
                    Heard::Nothing => Err("no echo service sees this machine so"),
                };
                let before = seen.insert(family, heard);
                if before != Some(heard) {
                    terminal.line(changed(family, heard, before, &clock.time(now)))?;
                }
            }
            let next = tokio::time::Instant::now() + pause;
            if wanted.once || end.is_some_and(|end| end <= next) {
                return Ok(Exit::Fine);
            }
            tokio::select! {
                () = tokio::time::sleep_until(next) => {}
                _ = signals.next() => return Ok(Exit::Fine),
            }
        }
    })
}

fn changed(
    family: Family,
    heard: Result<IpAddr, &'static str>,
    before: Option<Result<IpAddr, &'static str>>,
    now: &str,
) -> String {
    let was = match before {
        Some(Ok(address)) => format!(", was {address}"),
        Some(Err(_)) | None => String::new(),
    };
    match heard {
        Ok(address) => format!("{now}  {family}  {address}{was}"),
        Err(why) => format!("{now}  {family}  -{was}: {why}"),
    }
}
