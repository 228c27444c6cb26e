//! `explain`: why a record is in a user's mailbox, or why not, and what would become of it.
//!
//! The answer is that of the engine: its reading, its scope, its planner, on a copy of the ledger. Nobody signs in to the mailbox
//! for it; what lies there is what the last look showed.

mod answer;
mod find;
mod text;
mod verdict;

use std::collections::BTreeSet;

use serde_json::json;

use self::{answer::Answer, find::Candidates};
use super::{
    arguments::{Common, Explain as Arguments},
    installation::Installation,
    terminal::Terminal,
    trouble::{Exit, Refusal},
};
use crate::{
    domain::RecordKey,
    engine::{Explanation, ReportedTrouble},
    ports::FailureKind,
    sources::mapping::closest,
    state::{LedgerError, User, UserName},
};

/// How many records are listed for somebody who reads; a script gets all.
const LISTED: usize = 50;

pub(super) fn run(common: &Common, arguments: &Arguments, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let installation = Installation::open(common)?;
    let user = known_user(&installation, &arguments.user)?;
    let asked = &arguments.asked;
    if let Some(text) = &asked.find {
        if text.trim().is_empty() {
            return Err(Refusal::usage("every title has an empty text in it")
                .hint("give some letters of the title that is meant")
                .into());
        }
        let found = Candidates::gather(&installation, &user, terminal)?.with_title(text);
        return list(&installation, &user, found, arguments.json.json, terminal);
    }
    let key = match (&asked.item, &asked.record) {
        (Some(item), _) => find::of_item(&installation, &user, item)?,
        (None, Some(record)) => match record.parse() {
            Ok(key) => key,
            Err(_) => Candidates::gather(&installation, &user, terminal)?.the_only(record, &user)?,
        },
        (None, None) => return Err(Refusal::usage("no record is named").into()),
    };
    let explanation = explain(&installation, &user, BTreeSet::from([key.clone()]))?;
    let Some(explained) = explanation.records.first() else { return Err(unusable(&explanation, &user).into()) };
    let answer = Answer::of(&installation, &user, explained, &explanation)?;
    if answer.is_of_nothing() && explanation.trouble.is_none() {
        return Err(Candidates::gather(&installation, &user, terminal)?.unknown(&key.to_string(), &user).into());
    }
    if arguments.json.json {
        terminal.json(&answer)?;
    } else {
        text::show(&installation, &answer, terminal)?;
    }
    Ok(exit(explanation.trouble.as_ref()))
}

/// One line for each record: what becomes of it in this mailbox.
fn list(
    installation: &Installation,
    user: &User,
    found: BTreeSet<RecordKey>,
    as_json: bool,
    terminal: &mut Terminal,
) -> anyhow::Result<Exit> {
    let explanation = explain(installation, user, found)?;
    let mut answers = Vec::new();
    for explained in &explanation.records {
        answers.push(Answer::of(installation, user, explained, &explanation)?);
    }
    if as_json {
        terminal.json(&answers.iter().map(Answer::in_short).collect::<Vec<_>>())?;
    } else if answers.is_empty() {
        terminal.say("no record has this in its title; `pocketdocket practice preview` shows what the database holds");
    } else {
        text::list(answers.get(..LISTED).unwrap_or(&answers), terminal)?;
        if answers.len() > LISTED {
            let more = answers.len() - LISTED;
            terminal.say(format_args!("… and {more} more: give more of the title, or `--json` for all of them"));
        }
        terminal.say(format_args!("`pocketdocket explain {} RECORD` says more of one", user.name));
    }
    Ok(exit(explanation.trouble.as_ref()))
}

fn explain(installation: &Installation, user: &User, keys: BTreeSet<RecordKey>) -> anyhow::Result<Explanation> {
    let explainer = installation.app()?.explainer(&user.name, keys)?;
    Ok(super::runtime()?.block_on(explainer.explain())?)
}

fn known_user(installation: &Installation, name: &UserName) -> anyhow::Result<User> {
    match installation.ledger.user(name) {
        Err(LedgerError::NoSuchUser(_)) => {
            let names: Vec<String> = installation.ledger.users()?.iter().map(|user| user.name.to_string()).collect();
            let meant = closest(name.as_str(), names.iter().map(String::as_str));
            let hint = meant.map(|meant| format!("did you mean `{meant}`? ")).unwrap_or_default();
            Err(Refusal::usage(format!("there is no user `{name}`"))
                .hint(format!("{hint}`pocketdocket user list` shows who there is"))
                .into())
        }
        other => Ok(other?),
    }
}

/// The user's settings cannot be used, so that nothing can be judged by them.
fn unusable(explanation: &Explanation, user: &User) -> Refusal {
    let refusal = Refusal::needs_person(format!("nothing can be explained for `{}`", user.name));
    match &explanation.trouble {
        Some(trouble) => refusal.because(trouble.cause.clone()).hint(trouble.remedy.clone().unwrap_or_default()),
        None => refusal.hint(format!("`pocketdocket user show {}` shows how the link is", user.name)),
    }
}

/// An answer without the practice database is half an answer.
fn exit(trouble: Option<&ReportedTrouble>) -> Exit {
    match trouble {
        None => Exit::Fine,
        Some(trouble) if trouble.passes => Exit::Passes,
        Some(trouble) if trouble.kind == Some(FailureKind::Setting) => Exit::Usage,
        Some(_) => Exit::NeedsPerson,
    }
}

impl Answer {
    fn in_short(&self) -> serde_json::Value {
        json!({ "key": self.key, "title": self.title, "verdict": self.verdict, "why": self.why })
    }
}
