//! `practice people`: who works in the firm, who has a link, and which link the others could have.

use std::{fs, io::Write as _, path::Path};

use jiff::Timestamp;

use super::suggest::{Entry, Standing, suggestions};
use crate::{
    cli::{
        arguments::{Common, People},
        installation::{Installation, who},
        show::table,
        terminal::Terminal,
        trouble::Refusal,
        user::details,
    },
    domain::PersonId,
    ports::Person,
};

pub(super) fn run(common: &Common, arguments: &People, terminal: &mut Terminal) -> anyhow::Result<()> {
    let installation = Installation::open(common)?;
    let ledger = &installation.ledger;
    let people = details::people(&installation).ok_or_else(|| {
        Refusal::needs_person("the people of the practice system cannot be read now")
            .hint("`pocketdocket practice probe` shows why")
    })?;
    ledger.put_people(&people, Timestamp::now())?;
    if !arguments.ignore.is_empty() || !arguments.suggest.is_empty() {
        let (ignore, suggest) = (known(&arguments.ignore, &people)?, known(&arguments.suggest, &people)?);
        ledger.ignore_people(&ignore, true, &who(), Timestamp::now())?;
        ledger.ignore_people(&suggest, false, &who(), Timestamp::now())?;
        terminal.say(format_args!("{} suggested no more, {} suggested again", ignore.len(), suggest.len()));
        return Ok(());
    }
    let entries = suggestions(&people, &ledger.users()?, &ledger.ignored_people()?);
    if let Some(file) = &arguments.csv {
        return write(file, &entries, terminal);
    }
    if arguments.json.json {
        return terminal.json(&entries);
    }
    let rows = entries.iter().map(|entry| [entry.person.to_string(), name(entry), entry.words(), entry.next()]);
    terminal.line(table(["PERSON", "NAME", "LINK", "NEXT"], rows))?;
    if entries.iter().any(|entry| entry.draft().is_some()) {
        terminal.say(
            "`--csv FILE` writes the suggestions as a list: look it through, then `pocketdocket user import FILE`",
        );
    }
    Ok(())
}

fn name(entry: &Entry) -> String {
    entry.name.as_ref().map(|name| name.reveal().clone()).unwrap_or_default()
}

/// These people, if the practice system has them all.
fn known(ids: &[String], people: &[Person]) -> Result<Vec<PersonId>, Refusal> {
    match ids.iter().find(|id| !people.iter().any(|person| person.id.0 == **id)) {
        Some(unknown) => Err(Refusal::usage(format!("the practice system has no person `{unknown}`"))
            .hint("`pocketdocket practice people` lists them")),
        None => Ok(ids.iter().cloned().map(PersonId).collect()),
    }
}

/// A list that `user import` reads, the sure suggestions first. What is there already is not written over.
fn write(file: &Path, entries: &[Entry], terminal: &mut Terminal) -> anyhow::Result<()> {
    let refuse = |error: std::io::Error| {
        Refusal::usage(format!("could not write `{}`", file.display()))
            .because(error)
            .hint("name a file that does not exist yet, in a folder where you may write")
    };
    let mut list = csv::Writer::from_writer(Vec::new());
    list.write_record(["name", "person", "mailbox", "remark"])?;
    let mut drafts: Vec<_> = entries.iter().filter_map(|entry| Some((entry, entry.draft()?))).collect();
    drafts.sort_by_key(|(entry, _)| !matches!(entry.standing, Standing::Sure { .. }));
    for (entry, (user, mailbox)) in &drafts {
        let sure = if matches!(entry.standing, Standing::Sure { .. }) { "" } else { " (a guess: look it up)" };
        // A spreadsheet would take such a beginning for a formula.
        let remark = format!("{}{sure}", name(entry));
        let remark = remark.trim_start_matches(['=', '+', '-', '@', '\t', '\r']);
        list.write_record([user.as_str(), entry.person.0.as_str(), mailbox, remark])?;
    }
    let bytes = list.into_inner().map_err(|error| refuse(std::io::Error::other(error.to_string())))?;
    let mut new = fs::OpenOptions::new().write(true).create_new(true).open(file).map_err(refuse)?;
    new.write_all(&bytes).map_err(refuse)?;
    terminal.say(format_args!("wrote {} suggestions into `{}`", drafts.len(), file.display()));
    terminal.say(format_args!("next: look it through, then `pocketdocket user import {} --dry-run`", file.display()));
    Ok(())
}
