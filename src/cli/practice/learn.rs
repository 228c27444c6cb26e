//! `practice learn`: what was recognised, what has to be asked, the answers of a technician, and the firm's mapping out of them.
//! Rows of the database are shown at the terminal alone.

mod ask;
mod file;

use std::path::{Path, PathBuf};

use self::file::Target;
use crate::{
    cli::{
        arguments::{Common, Learn},
        init::write_new,
        show::table,
        terminal::Terminal,
        trouble::{Exit, Refusal},
    },
    config::{Config, is_path},
    sources::{
        self, Preview, Secret, Settings,
        learn::{Answers, Findings, Home, check, mapping, open, proof, questions},
    },
};

/// Rows of each kind that the preview shows.
const SHOWN: usize = 3;

pub(super) fn run(common: &Common, arguments: &Learn, secret: Secret, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let config = Config::load(&common.config)?;
    let target = Target::new(place(arguments, &config.practice)?, arguments.overwrite)?;
    let runtime = crate::cli::runtime()?;
    let findings = runtime.block_on(sources::explore(&config.practice, secret.clone()))?;
    recognised(&findings, terminal)?;
    let saved = target.answers();
    let mut answers = match &arguments.answers {
        Some(file) => given(file, &findings)?,
        None if saved.exists() && arguments.write_answers.is_none() => {
            terminal.say(format_args!("going on with the answers in `{}`", saved.display()));
            given(&saved, &findings)?
        }
        None => Answers::default(),
    };
    if let Some(file) = &arguments.write_answers {
        write_new(file, &answers.written(&questions(&findings, &answers)))?;
        let count = open(&findings, &answers).len();
        terminal.say(format_args!("wrote {count} open questions into `{}`", file.display()));
        terminal
            .say(format_args!("next: answer them, then `pocketdocket practice learn --answers {}`", file.display()));
        return Ok(Exit::Fine);
    }
    let asking = arguments.answers.is_none();
    if asking {
        ask::everything(&findings, &mut answers, &saved, terminal)?;
    }
    show_days(&findings, &answers, &config, terminal)?;
    if asking {
        ask::whether_right(&findings, &mut answers, &saved, terminal)?;
    }
    target.write(&mapping(&findings, &answers), terminal)?;
    let settings = Settings { mapping: target.path().display().to_string(), ..config.practice.clone() };
    let source = sources::open_with(&settings, secret)?;
    let preview = runtime.block_on(Preview::take(source.as_ref()))?;
    terminal.line(preview.text(SHOWN).trim_end())?;
    closing(&findings, &answers, arguments, terminal)
}

/// What is open, or what comes next.
fn closing(findings: &Findings, answers: &Answers, arguments: &Learn, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let open = open(findings, answers);
    if open.is_empty() {
        if let Some(file) = &arguments.mapping {
            terminal.say(format_args!("next: `mapping = \"{}\"` under [practice]", file.display()));
        }
        terminal.say("next: `pocketdocket practice preview`, then `pocketdocket practice people`");
        return Ok(Exit::Fine);
    }
    for question in &open {
        terminal.line(format_args!("open      {}: {}", question.id, question.asks))?;
    }
    terminal.warn(match open.len() {
        1 => "one question is open: nothing is synced before it is answered".to_owned(),
        count => format!("{count} questions are open: nothing is synced before they are answered"),
    });
    Ok(Exit::NeedsPerson)
}

/// The mapping file to be written.
fn place(arguments: &Learn, practice: &Settings) -> Result<PathBuf, Refusal> {
    match &arguments.mapping {
        Some(file) => Ok(file.clone()),
        None if is_path(&practice.mapping) => Ok(PathBuf::from(&practice.mapping)),
        None => Err(Refusal::usage(format!("the configuration names the built-in mapping `{}`", practice.mapping))
            .hint("name a file with `--mapping FILE`, and set `mapping` under [practice] to it afterwards")),
    }
}

/// Says what was recognised; refuses where nothing can be learned from.
fn recognised(findings: &Findings, terminal: &mut Terminal) -> anyhow::Result<()> {
    for sentence in findings.homes.iter().flat_map(Home::sentences) {
        terminal.line(format_args!("found     {sentence}"))?;
    }
    if findings.homes.iter().any(|home| home.complete) {
        return Ok(());
    }
    let count = findings.catalogue.tables.len();
    Err(Refusal::needs_person("this is no database of Time Matters that can be learned")
        .because(std::io::Error::other(format!(
            "of {count} tables that the account may see, none are `contact`, `matter`, `todo` and `staff` with the known columns, in one schema"
        )))
        .hint("`pocketdocket practice probe` lists the tables; is it the right database, and may the account read them all?")
        .into())
}

/// Answers from a file, as far as they fit the database.
fn given(file: &Path, findings: &Findings) -> anyhow::Result<Answers> {
    let refuse = || Refusal::usage(format!("could not use the answers `{}`", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| {
        refuse().because(error).hint("`pocketdocket practice learn --write-answers FILE` writes one to fill in")
    })?;
    let answers = Answers::parse(file, &text).map_err(|error| refuse().because(error))?;
    check(findings, &answers).map_err(|wrong| {
        refuse()
            .because(std::io::Error::other(wrong))
            .hint("`pocketdocket practice learn --write-answers FILE` lists what is asked, with candidates")
    })?;
    Ok(answers)
}

/// Rows as they are stored, and as day and time in the office's zone.
fn show_days(findings: &Findings, answers: &Answers, config: &Config, terminal: &mut Terminal) -> anyhow::Result<()> {
    let office = &config.scope.office_zone;
    let rows = proof(findings, answers, config.practice.source_zone.zone(), office);
    let zone = office.iana_name().unwrap_or("the office's zone").to_owned();
    if rows.is_empty() {
        terminal.warn("there is no row with a day to be shown");
        return Ok(());
    }
    let shown = rows.into_iter().map(|row| [row.stored, row.means, row.about.reveal().clone()]);
    terminal.line("")?;
    terminal.line(table(["STORED", &format!("MEANS, IN {zone}"), "WHAT"], shown))?;
    Ok(())
}
