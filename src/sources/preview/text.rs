use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use jiff::tz::TimeZone;

use super::Preview;
use crate::domain::{Audience, Field, Kind, RecordKey, SourceRecord, Span};

/// A record with everyone who gets it.
struct Shown<'p> {
    record: &'p SourceRecord,
    audience: Vec<&'p Audience>,
}

/// The whole preview. Writing into a text cannot fail, so results are not looked at.
pub(super) fn text_of(preview: &Preview, limit: usize) -> String {
    let mut text = String::new();
    people(&mut text, preview);
    for kind in Kind::ALL {
        records(&mut text, preview, kind, limit);
    }
    problems(&mut text, preview);
    counts(&mut text, preview);
    text
}

fn people(text: &mut String, preview: &Preview) {
    let _ = writeln!(text, "People: {}", preview.people.len());
    let width = preview.people.iter().map(|person| person.id.0.chars().count()).max().unwrap_or(0);
    for person in &preview.people {
        let name = person.name.as_ref().map_or("(no name)", |name| name.reveal());
        let email = person.email.as_ref().map_or("no e-mail", |email| email.reveal());
        let left = if person.active { "" } else { ", no longer active" };
        let _ = writeln!(text, "  {:width$}  {name}, {email}{left}", person.id);
    }
}

fn records(text: &mut String, preview: &Preview, kind: Kind, limit: usize) {
    let mut shown: BTreeMap<&RecordKey, Shown<'_>> = BTreeMap::new();
    for record in preview.records.iter().filter(|record| record.key.kind == kind) {
        shown
            .entry(&record.key)
            .or_insert_with(|| Shown { record, audience: Vec::new() })
            .audience
            .push(&record.audience);
    }
    let total = shown.len();
    let mut shown: Vec<Shown<'_>> = shown.into_values().collect();
    shown.sort_by_cached_key(|one| order(one.record));
    let limit = if limit == 0 { total } else { limit };
    let more = total.saturating_sub(limit);
    let _ = writeln!(text, "\n{}s: {total}", capital(kind));
    for one in shown.iter().take(limit) {
        let _ = writeln!(text, "  {}", headline(one.record));
        for line in details(one) {
            let _ = writeln!(text, "      {line}");
        }
    }
    if more > 0 {
        let _ = writeln!(text, "  and {more} more");
    }
}

fn capital(kind: Kind) -> &'static str {
    match kind {
        Kind::Contact => "Contact",
        Kind::Event => "Event",
        Kind::Task => "Task",
    }
}

/// As a phone sorts them: events and tasks by time, contacts by name.
fn order(record: &SourceRecord) -> (Option<jiff::Timestamp>, String) {
    (record.record.due(&TimeZone::UTC), headline(record).to_lowercase())
}

fn headline(record: &SourceRecord) -> String {
    let fields = &record.record;
    let subject = fields.text(Field::Subject).unwrap_or("(no subject)");
    match fields.kind {
        Kind::Contact => {
            let name: Vec<&str> =
                [Field::NameTitle, Field::GivenName, Field::MiddleName, Field::Surname, Field::NameSuffix]
                    .into_iter()
                    .filter_map(|field| fields.text(field))
                    .collect();
            let name = fields.text(Field::DisplayName).map_or_else(|| name.join(" "), str::to_owned);
            match (name.is_empty(), fields.text(Field::Company)) {
                (false, Some(company)) => format!("{name} ({company})"),
                (false, None) => name,
                (true, Some(company)) => company.to_owned(),
                (true, None) => "(no name)".to_owned(),
            }
        }
        Kind::Event => {
            let when = fields.span().map_or_else(String::new, when);
            match fields.text(Field::Location) {
                Some(place) => format!("{when}  {subject} · {place}"),
                None => format!("{when}  {subject}"),
            }
        }
        Kind::Task => {
            let done = if record.done { "[x]" } else { "[ ]" };
            match fields.date(Field::DueDate) {
                Some(due) => format!("{done} {}  {subject}", due.strftime("%a %d %b %Y")),
                None => format!("{done} no date  {subject}"),
            }
        }
    }
}

fn when(span: &Span) -> String {
    let day = "%a %d %b %Y";
    match span {
        Span::AllDay { first, last } if first == last => format!("{} all day", first.strftime(day)),
        Span::AllDay { first, last } => format!("{} to {} all day", first.strftime(day), last.strftime(day)),
        Span::Timed { start, end, zone } => {
            let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
            let (start, end) = (start.to_zoned(zone.clone()), end.to_zoned(zone));
            let until = if start.date() == end.date() { "%H:%M" } else { "%a %d %b %H:%M" };
            format!("{} {}–{}", start.strftime(day), start.strftime("%H:%M"), end.strftime(until))
        }
    }
}

fn details(shown: &Shown<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut first = vec![audience(&shown.audience)];
    let record = shown.record;
    let matter = [&record.matter.number, &record.matter.name];
    let matter: Vec<&str> = matter.into_iter().flatten().map(|text| text.reveal().as_str()).collect();
    if !matter.is_empty() {
        first.push(format!("matter {}", matter.join(" ")));
    }
    first.extend(record.private.then(|| "private".to_owned()));
    first.extend(record.cancelled.then(|| "cancelled".to_owned()));
    first.extend((record.done && record.key.kind == Kind::Event).then(|| "done".to_owned()));
    first.extend(record.withdrawn.as_ref().map(|reason| format!("withdrawn: {reason}")));
    lines.push(first.join(" · "));
    let headline = [
        Field::Subject,
        Field::Location,
        Field::Span,
        Field::DueDate,
        Field::NameTitle,
        Field::GivenName,
        Field::MiddleName,
        Field::Surname,
        Field::NameSuffix,
        Field::DisplayName,
        Field::Company,
        Field::Sensitivity,
    ];
    for (field, value) in &record.record.fields {
        if let Some(value) = value.as_ref().filter(|_| !headline.contains(field)) {
            lines.push(format!("{field}: {}", short(&value.in_words(when))));
        }
    }
    lines
}

fn audience(audience: &[&Audience]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for audience in audience {
        match audience {
            Audience::Everyone => names.push("everyone"),
            Audience::Person(person) => names.push(person.0.as_str()),
            Audience::Nobody => names.push("nobody"),
            Audience::Linked(ties) => {
                let people: BTreeSet<&str> =
                    ties.iter().filter_map(|tie| tie.person.as_ref()).map(|person| person.0.as_str()).collect();
                names.push("whoever takes the firm's contacts");
                names.extend(people);
            }
        }
    }
    format!("for {}", names.join(", "))
}

/// One line that fits a terminal.
fn short(text: &str) -> String {
    let line = text.replace('\n', " / ");
    let mut short: String = line.chars().take(100).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}

fn problems(text: &mut String, preview: &Preview) {
    let _ = writeln!(text, "\nProblems: {}", preview.problems.len());
    let mut problems = preview.problems.clone();
    problems.sort();
    for problem in problems {
        let whose = problem.key.as_ref().map_or_else(|| format!("query `{}`", problem.query), RecordKey::to_string);
        let column = problem.column.as_ref().map_or_else(String::new, |column| format!(", column `{column}`"));
        let unreadable = if problem.unreadable { " (unreadable)" } else { "" };
        let _ = writeln!(text, "  {whose}{column}: {}{unreadable}", problem.what);
    }
}

fn counts(text: &mut String, preview: &Preview) {
    let _ = writeln!(text, "\nWho would get how many");
    for (whom, kinds) in preview.counts() {
        let numbers: Vec<String> = kinds
            .into_iter()
            .map(|(kind, count)| format!("{count} {kind}{}", if count == 1 { "" } else { "s" }))
            .collect();
        let whom = whom.map_or("everyone", |person| person.0.as_str());
        let _ = writeln!(text, "  {whom}: {}", numbers.join(", "));
    }
}
