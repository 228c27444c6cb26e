//! `user import`: many users from a list. Everything is checked before anything is entered, and all of it is entered or nothing.

mod draft;
mod sheet;

use std::{fs::File, io::Read as _, path::Path};

use jiff::Timestamp;
use serde::Serialize;
use zeroize::Zeroizing;

use self::{
    draft::{Drafted, Drafts, Entered, Fate},
    sheet::{RowTrouble, Sheet},
};
use super::{details, verify};
use crate::{
    cli::{
        arguments::ImportUsers,
        installation::{Installation, who},
        show::counted,
        terminal::Terminal,
        trouble::Refusal,
    },
    state::{UserDetails, UserName},
};

/// The largest list that is read, in bytes: many times what the largest firm needs.
const LARGEST: u64 = 4 * 1024 * 1024;
/// How many troubles are shown; the others are counted.
const SHOWN: usize = 50;

pub(super) fn run(installation: &Installation, arguments: &ImportUsers, terminal: &mut Terminal) -> anyhow::Result<()> {
    let bytes = read(&arguments.file)?;
    let Sheet { columns, rows, mut troubles } =
        Sheet::open(&bytes).map_err(|trouble| trouble.refusal(&arguments.file))?;
    let people = details::people(installation);
    if people.is_none() {
        terminal.warn("the practice system cannot be read now: whether it has these people was not checked");
    }
    let users = installation.ledger.users()?;
    let settings = &installation.config.exchange;
    let accounts = installation.ledger.service_accounts()?;
    let entered = Entered { people: people.as_deref(), users: &users, accounts: &accounts };
    let mut drafts = Drafts::new(&columns, settings, &entered);
    for row in &rows {
        drafts.take(row);
    }
    troubles.append(&mut drafts.troubles);
    troubles.sort_by_key(|trouble| trouble.line);
    if arguments.json.json {
        let (users, written) =
            (&drafts.done, troubles.is_empty() && !arguments.dry_run && drafts.may(arguments.update));
        terminal.json(&Answer { dry_run: arguments.dry_run, written, users, troubles: &troubles })?;
    }
    if !troubles.is_empty() {
        return Err(tell(&arguments.file, &troubles, terminal).into());
    }
    for remark in &drafts.remarks {
        terminal.warn(remark);
    }
    if !arguments.json.json {
        show(&drafts.done, terminal)?;
    }
    enter(installation, arguments, &drafts, terminal)
}

/// What `--json` shows.
#[derive(Serialize)]
struct Answer<'a> {
    dry_run: bool,
    written: bool,
    users: &'a [Drafted],
    troubles: &'a [RowTrouble],
}

fn read(file: &Path) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let refuse = |what: &str| Refusal::usage(format!("could not read the list `{}`{what}", file.display()));
    let mut bytes = Zeroizing::new(Vec::new());
    let opened = File::open(file).map_err(|error| refuse("").because(error))?;
    opened.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| refuse("").because(error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(refuse(": it is larger than 4 MiB").hint("a list of users is small; is this the right file?"));
    }
    Ok(bytes)
}

/// Every trouble, by line and column.
fn tell(file: &Path, troubles: &[RowTrouble], terminal: &mut Terminal) -> Refusal {
    for trouble in troubles.iter().take(SHOWN) {
        terminal.warn(trouble);
    }
    if let Some(more) = troubles.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        terminal.warn(format_args!("and {more} more"));
    }
    let what = counted(troubles.len(), "trouble");
    Refusal::usage(format!("`{}` has {what}; nobody was entered or changed", file.display()))
        .hint("mend the list and try again; `--dry-run` shows what it would do")
}

fn show(drafted: &[Drafted], terminal: &mut Terminal) -> anyhow::Result<()> {
    for one in drafted {
        match &one.fate {
            Fate::Add => terminal.line(format_args!(
                "add     {}  {} in the practice system, mailbox {}",
                one.name, one.details.person, one.details.address
            ))?,
            Fate::Change { fields } => {
                terminal.line(format_args!("change  {}", one.name))?;
                for change in fields {
                    terminal
                        .line(format_args!("          {:<8} {} -> {}", change.what, change.before, change.after))?;
                }
            }
            Fate::Same => {}
        }
    }
    Ok(())
}

/// Enters and changes, in one step.
fn enter(
    installation: &Installation,
    arguments: &ImportUsers,
    drafts: &Drafts<'_>,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let chosen = |wanted: fn(&Fate) -> bool| -> Vec<(UserName, UserDetails)> {
        let those = drafts.done.iter().filter(|one| wanted(&one.fate));
        those.map(|one| (one.name.clone(), one.details.clone())).collect()
    };
    let new = chosen(|fate| matches!(fate, Fate::Add));
    let changed = chosen(|fate| matches!(fate, Fate::Change { .. }));
    let same = drafts.done.len() - new.len() - changed.len();
    let counts = format!("{} to enter, {} to change, {same} as they are", new.len(), changed.len());
    if arguments.dry_run {
        terminal.say(format_args!("{counts}; a dry run, so nothing was done"));
        return Ok(());
    }
    if !drafts.may(arguments.update) {
        let names: Vec<&str> = changed.iter().take(5).map(|(name, _)| name.as_str()).collect();
        return Err(Refusal::usage(format!(
            "users who are entered already differ from the list: {}",
            names.join(", ")
        ))
        .because("nobody was entered or changed")
        .hint("`--update` changes them; one with another person or mailbox must be confirmed anew")
        .into());
    }
    installation.ledger.enter_users(&new, &changed, &who(), Timestamp::now())?;
    terminal.say(format_args!("{} entered, {} changed, {same} as they were", new.len(), changed.len()));
    let changed: Vec<UserName> = changed.into_iter().map(|(name, _)| name).collect();
    verify::changed(installation, &changed, terminal)?;
    if let Some((name, _)) = new.first() {
        terminal.say(format_args!("next: `pocketdocket user link NAME` for each of them, beginning with `{name}`"));
    }
    Ok(())
}
