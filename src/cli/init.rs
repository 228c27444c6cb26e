//! `init`: configuration, master key and ledger of a new installation. Stopped in the middle it can be run again.

use std::{
    fs,
    io::{ErrorKind, Write as _},
    path::Path,
};

use super::{
    answers::Answers,
    arguments::{Common, Init},
    keys,
    terminal::Terminal,
    trouble::{Exit, Refusal},
};
use crate::{
    config::{Config, KeySettings, with_key, written},
    domain::FirmId,
    sources,
    state::{Ledger, LedgerError},
    vault::{KeyKind, KeySource},
};

pub(super) fn run(common: &Common, arguments: &Init, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let path = &common.config;
    if path.exists() {
        return Err(Refusal::usage(format!("there is a configuration file `{}` already", path.display()))
            .hint("`pocketdocket check` looks whether it is right; for another installation use `--config FILE` in another folder")
            .into());
    }
    let mut answers = match &arguments.answers {
        Some(file) => Answers::from_file(file)?,
        None => Answers::asked(terminal)?,
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(|error| not_written(folder, error))?;
    }
    let begun = answers.begin_to_learn(path)?;
    let practice = answers.practice();
    sources::open(&practice)?;
    // What is written last makes the installation: until then a second run takes up what the first one left.
    let text = |firm| {
        let text = written(firm, &practice, answers.office_zone());
        match arguments.key {
            KeyKind::File if arguments.place.key_file.is_none() => text,
            key => {
                let (key_file, key_name) = (arguments.place.key_file.clone(), arguments.place.key_name.clone());
                with_key(&text, &KeySettings { key, key_file, key_name })
            }
        }
    };
    let drawn = FirmId(rand::random());
    let planned = Config::parse(path, &text(drawn))?;
    let source = planned.firm.key_source();
    let drew = source.is_writable() && !source.is_taken()?;
    let master = if drew { keys::draw(&source, common, terminal)? } else { keys::open(&source, common)?.vault };
    let ledger = match Ledger::create(&planned.firm.data, &master, drawn) {
        Err(LedgerError::Exists { .. }) => Ledger::open(&planned.firm.data, &master)?,
        other => other?,
    };
    write_new(path, &text(ledger.firm()))?;

    terminal.say(format_args!("wrote the configuration `{}`", path.display()));
    terminal.say(match (&source, drew) {
        (KeySource::File(path), _) => format!("drew a master key: `{}` (keep a copy in a safe)", path.display()),
        (_, true) => format!("drew a master key: {source}"),
        (_, false) => format!("took the master key that is there: {source}"),
    });
    terminal.say(format_args!("made the ledger in `{}`", planned.firm.data.display()));
    if let Some(database) = practice.database.as_ref().filter(|database| !database.exists()) {
        terminal.warn(format_args!("there is no database `{}` yet", database.display()));
    }
    if practice.server.is_some() {
        terminal.say("next: `pocketdocket practice password`, which signs in once and keeps it");
    }
    if let Some(file) = begun {
        terminal.say(format_args!("began the mapping `{}`", file.display()));
        terminal.say(
            "next: `pocketdocket practice probe`, then `pocketdocket practice learn`, which completes the mapping",
        );
        return Ok(Exit::Fine);
    }
    terminal
        .say("next: `pocketdocket practice probe`, then `pocketdocket user add NAME --person ID --mailbox ADDRESS`");
    Ok(Exit::Fine)
}

pub(super) fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut file =
        fs::OpenOptions::new().write(true).create_new(true).open(path).map_err(|error| not_written(path, error))?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|error| not_written(path, error))?;
    Ok(())
}

fn not_written(path: &Path, error: std::io::Error) -> Refusal {
    let exit = if error.kind() == ErrorKind::StorageFull { Exit::Passes } else { Exit::Usage };
    let hint = if error.kind() == ErrorKind::AlreadyExists {
        "it is not written over: name another file, or move that one away"
    } else {
        "run the command as the account that will run the service, or choose another place with `--config FILE`"
    };
    Refusal::new(exit, format!("could not write `{}`", path.display())).because(error).hint(hint)
}
