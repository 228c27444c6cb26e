//! `practice probe` and `practice preview`: what the practice database holds, as we see it. `practice learn` asks for what of it is
//! not publicly known. `practice people`: who of it has a link, or could have one. `practice password` keeps the way in.
//! `practice sample` makes a database.

mod learn;
mod password;
mod people;
mod suggest;

use std::{path::Path, sync::Arc};

use jiff::Zoned;

use super::{
    arguments::{Common, Practice},
    installation::Installation,
    terminal::Terminal,
    trouble::Exit,
};
use crate::{
    app::practice_password,
    config::Config,
    ports::{Failure, FailureKind, Probe},
    sources::{self, Preview, Secret},
};

pub(super) fn run(common: &Common, command: &Practice, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let source = || anyhow::Ok(sources::open_with(&Config::load(&common.config)?.practice, secret(common))?);
    match command {
        Practice::Probe(as_json) => {
            let source = source()?;
            let probe = super::runtime()?.block_on(source.probe()).inspect_err(|failure| {
                for line in &failure.evidence {
                    terminal.say(format_args!("evidence  {line}"));
                }
            })?;
            if as_json.json { terminal.json(&probe)? } else { show(&probe, terminal)? }
        }
        Practice::Preview { limit } => {
            let source = source()?;
            for question in sources::open_questions(&Config::load(&common.config)?.practice)? {
                terminal.warn(format_args!("open: {question}"));
            }
            let preview = super::runtime()?.block_on(Preview::take(source.as_ref()))?;
            terminal.line(preview.text(*limit).trim_end())?;
        }
        Practice::Password { password_stdin, unverified } => {
            let way = if *password_stdin { password::Way::Stdin } else { password::Way::Terminal };
            password::run(&Installation::open(common)?, way, *unverified, terminal)?;
        }
        Practice::Learn(arguments) => return learn::run(common, arguments, secret(common), terminal),
        Practice::People(arguments) => people::run(common, arguments, terminal)?,
        Practice::Sample { database } => sample(database, terminal)?,
    }
    Ok(Exit::Fine)
}

/// The password as the ledger keeps it. A database in a file needs neither.
fn secret(common: &Common) -> Secret {
    let common = common.clone();
    Arc::new(move || {
        let installation = Installation::open(&common).map_err(|error| {
            let doing = "open the ledger, which keeps the password of the practice database";
            Failure::new(FailureKind::Setting, doing).because(format!("{error:#}"))
        })?;
        practice_password(installation.ledger)()
    })
}

fn sample(database: &Path, terminal: &mut Terminal) -> anyhow::Result<()> {
    let size = sources::sample::Size::default();
    let (people, rows) = (size.people, size.contacts + size.events + size.tasks);
    // The same firm each time, around today: what one person sees in a rehearsal another can look up.
    sources::sample::create(database, 1, Zoned::now().date(), size)?;
    terminal.say(format_args!("made a firm of {people} people with {rows} records in `{}`", database.display()));
    terminal.say("next: `pocketdocket init`, with the mapping `sample` and this file");
    Ok(())
}

fn show(probe: &Probe, terminal: &mut Terminal) -> anyhow::Result<()> {
    terminal.line(format_args!("database  {}", probe.version))?;
    terminal.line(format_args!("schema    {}", probe.schema))?;
    terminal.line(format_args!("tables    {}", probe.tables.join(", ")))?;
    for sentence in &probe.recognised {
        terminal.line(format_args!("found     {sentence}"))?;
    }
    for question in &probe.open_questions {
        terminal.line(format_args!("open      {question}"))?;
    }
    if !probe.open_questions.is_empty() {
        terminal.say("next: `pocketdocket practice learn`, which asks what is open; nothing is synced before");
    }
    for remark in &probe.remarks {
        terminal.line(format_args!("remark    {remark}"))?;
    }
    if probe.writable {
        terminal.warn("the account can write to the practice database; one that can only read is enough, and safer");
    }
    Ok(())
}
