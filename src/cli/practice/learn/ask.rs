use std::{collections::BTreeSet, path::Path};

use super::file::replace;
use crate::{
    cli::terminal::Terminal,
    sources::learn::{Answer, Answers, Findings, Form, Question, open, questions},
};

/// The question whether days and times are right comes last, when they were shown.
const LAST: &str = "dates";

/// Leaves a question open.
const LATER: &str = "later";

/// Asks everything that has no answer, one after the other; each answer is kept at once.
pub(super) fn everything(
    findings: &Findings,
    answers: &mut Answers,
    saved: &Path,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let mut put_off: BTreeSet<String> = BTreeSet::new();
    let mut asked = false;
    loop {
        let wanted = |question: &Question| question.id != LAST && !put_off.contains(&question.id);
        let Some(question) = open(findings, answers).into_iter().find(wanted) else { return Ok(()) };
        if !asked {
            terminal.say(
                "Each question shows what was found, the likeliest first. Answer with its number, or with the name itself; \
                 `later` leaves a question open.",
            );
            asked = true;
        }
        show(&question, terminal)?;
        match answer(&question, terminal)? {
            Some(answer) => keep(findings, answers, &question.id, answer, saved)?,
            None => {
                put_off.insert(question.id);
            }
        }
    }
}

/// Asks whether the days and times that were shown are right.
pub(super) fn whether_right(
    findings: &Findings,
    answers: &mut Answers,
    saved: &Path,
    terminal: &mut Terminal,
) -> anyhow::Result<()> {
    let Some(question) = open(findings, answers).into_iter().find(|question| question.id == LAST) else {
        return Ok(());
    };
    show(&question, terminal)?;
    if let Some(answer) = answer(&question, terminal)? {
        keep(findings, answers, LAST, answer, saved)?;
    }
    Ok(())
}

fn keep(findings: &Findings, answers: &mut Answers, id: &str, answer: Answer, saved: &Path) -> anyhow::Result<()> {
    answers.give(id, answer);
    replace(saved, &answers.written(&questions(findings, answers)))
}

fn show(question: &Question, terminal: &mut Terminal) -> anyhow::Result<()> {
    terminal.line("")?;
    terminal.line(&question.asks)?;
    for line in question.why.lines() {
        terminal.line(format_args!("  {line}"))?;
    }
    for (place, candidate) in question.candidates.iter().enumerate() {
        let examples: Vec<&str> = candidate.examples.iter().map(|example| example.reveal().as_str()).collect();
        let examples = if examples.is_empty() { String::new() } else { format!(" · {}", examples.join(" | ")) };
        terminal.line(format_args!("  {}  {}{examples}", place + 1, candidate.line()))?;
    }
    Ok(())
}

/// The answer, or nothing for later.
fn answer(question: &Question, terminal: &mut Terminal) -> anyhow::Result<Option<Answer>> {
    loop {
        let reply = terminal.ask(&format!("{} ({}; or {LATER})", question.id, question.form.words()), None)?;
        if reply.eq_ignore_ascii_case(LATER) {
            return Ok(None);
        }
        let answer = understood(question, &reply);
        match question.form.check(&answer) {
            Ok(()) if !reply.is_empty() => return Ok(Some(answer)),
            Ok(()) => terminal.say("an answer is needed"),
            Err(wrong) => terminal.warn(wrong),
        }
    }
}

/// A number stands for its candidate where a name is wanted; lists are separated by commas.
fn understood(question: &Question, reply: &str) -> Answer {
    let list = || reply.split(',').map(|value| value.trim().trim_matches('"').to_owned());
    match &question.form {
        Form::Name { names, .. } => {
            let chosen = reply.parse::<usize>().ok().and_then(|number| question.candidates.get(number.checked_sub(1)?));
            match chosen {
                Some(candidate) if !names.iter().any(|name| name == reply) => Answer::One(candidate.value.clone()),
                _ => Answer::One(reply.to_owned()),
            }
        }
        Form::Members(_) if reply.eq_ignore_ascii_case("none") => Answer::One(reply.to_owned()),
        Form::Values | Form::Members(_) => Answer::Many(list().collect()),
    }
}
