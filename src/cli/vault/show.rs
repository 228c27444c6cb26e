//! `vault show`: which place the key has, and how fit it is. Never the key.

use serde::Serialize;

use crate::{
    cli::{
        arguments::{Common, Json},
        installation::Installation,
        show::Clock,
        terminal::Terminal,
        trouble::Exit,
    },
    state::{KeySlot, Ledger, LedgerError},
    vault::{KeyKind, Vault},
};

#[derive(Serialize)]
struct Shown {
    source: KeyKind,
    place: String,
    since: Option<jiff::Timestamp>,
    keys_that_open_the_ledger: usize,
    sources: Vec<Source>,
}

/// One of the places that a key may have.
#[derive(Serialize)]
struct Source {
    #[serde(rename = "source")]
    kind: KeyKind,
    in_use: bool,
    at_hand: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    why_not: Option<String>,
    protection: &'static str,
}

pub(super) fn run(common: &Common, json: &Json, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let (installation, key) = Installation::open_with_key(common)?;
    let source = installation.config.firm.key_source();
    let slots = installation.ledger.key_slots(&key.vault)?;
    let since = slots.iter().find(|slot| slot.is_this).map(|slot| slot.since);
    let sources: Vec<Source> = KeyKind::ALL
        .into_iter()
        .map(|kind| {
            let why_not = if kind == source.kind() { None } else { kind.at_hand().err() };
            let at_hand = why_not.is_none();
            Source { kind, in_use: kind == source.kind(), at_hand, why_not, protection: kind.protection() }
        })
        .collect();
    let exit = if slots.len() > 1 { Exit::NeedsPerson } else { Exit::Fine };
    if json.json {
        let keys_that_open_the_ledger = slots.len();
        terminal.json(&Shown {
            source: source.kind(),
            place: source.to_string(),
            since,
            keys_that_open_the_ledger,
            sources,
        })?;
        return Ok(exit);
    }
    terminal.line(format_args!("master key     {source}"))?;
    if let Some(since) = since {
        terminal.line(format_args!("in use since   {}", Clock::of(&installation).time(since)))?;
    }
    terminal.line("\nplaces for a key, the fittest for a service first:")?;
    for (rank, source) in sources.iter().enumerate() {
        let state = match (&source.why_not, source.in_use) {
            (_, true) => "in use".to_owned(),
            (None, _) => "at hand".to_owned(),
            (Some(why), _) => format!("not here: {why}"),
        };
        terminal.line(format_args!("{}. {:<11} {state}", rank + 1, source.kind))?;
        terminal.line(format_args!("               {}", source.protection))?;
    }
    if let Some(warning) = unfinished(&slots) {
        terminal.warn(warning);
    }
    Ok(exit)
}

/// What to say of a change of key that was cut off, or that waits for its second step.
fn unfinished(slots: &[KeySlot]) -> Option<String> {
    (slots.len() > 1).then(|| {
        format!(
            "{} keys open the ledger: a change of key is not finished. Both are good; `pocketdocket vault rotate --finish` \
             takes away all but the one in use",
            slots.len()
        )
    })
}

/// What `check` adds: an unfinished change, and a better place for the key.
pub(in crate::cli) fn warn_of_better(
    ledger: &Ledger,
    master: &Vault,
    used: KeyKind,
    terminal: &mut Terminal,
) -> Result<Exit, LedgerError> {
    let better = KeyKind::ALL.into_iter().take_while(|kind| *kind != used).find(|kind| kind.at_hand().is_ok());
    if let Some(better) = better {
        terminal.warn(format_args!(
            "a better place for the master key is at hand: `pocketdocket vault move --to {better}` ({})",
            better.protection()
        ));
    }
    match unfinished(&ledger.key_slots(master)?) {
        Some(warning) => {
            terminal.warn(warning);
            Ok(Exit::NeedsPerson)
        }
        None => Ok(Exit::Fine),
    }
}
