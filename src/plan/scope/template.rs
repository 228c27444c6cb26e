use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What can stand in a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Placeholder {
    Subject,
    Notes,
    MatterNumber,
    MatterName,
    Roles,
}

const PLACEHOLDERS: [(&str, Placeholder); 5] = [
    ("subject", Placeholder::Subject),
    ("notes", Placeholder::Notes),
    ("matter_number", Placeholder::MatterNumber),
    ("matter_name", Placeholder::MatterName),
    ("roles", Placeholder::Roles),
];

/// A text with placeholders, like `{subject} ({matter_number})`. What is empty is left out tidily: with the brackets around it,
/// the separator beside it, the line that held nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Template {
    text: String,
    lines: Vec<Vec<Part>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Value(Placeholder),
    /// Brackets and what is between them.
    Group(char, Vec<Part>, char),
}

/// What is put in place of the placeholders; an empty text stands for nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Values<'a> {
    pub(super) subject: &'a str,
    pub(super) notes: &'a str,
    pub(super) matter_number: &'a str,
    pub(super) matter_name: &'a str,
    pub(super) roles: &'a str,
}

impl<'a> Values<'a> {
    fn get(&self, placeholder: Placeholder) -> &'a str {
        match placeholder {
            Placeholder::Subject => self.subject,
            Placeholder::Notes => self.notes,
            Placeholder::MatterNumber => self.matter_number,
            Placeholder::MatterName => self.matter_name,
            Placeholder::Roles => self.roles,
        }
        .trim()
    }
}

/// A template that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{{{0}}}` is no placeholder; there are {{subject}}, {{notes}}, {{matter_number}}, {{matter_name}} and {{roles}}"
)]
pub struct TemplateError(String);

impl Template {
    /// `{subject} ({matter_number})`
    pub(super) fn subject_and_number() -> Self {
        let number = Part::Group('(', vec![Part::Value(Placeholder::MatterNumber)], ')');
        let line = vec![Part::Value(Placeholder::Subject), Part::Literal(" ".to_owned()), number];
        Self { text: "{subject} ({matter_number})".to_owned(), lines: vec![line] }
    }

    /// `{notes}`
    pub(super) fn notes_alone() -> Self {
        Self { text: "{notes}".to_owned(), lines: vec![vec![Part::Value(Placeholder::Notes)]] }
    }

    /// `{roles}`, and below it `{notes}`
    pub(super) fn roles_and_notes() -> Self {
        let line = |placeholder| vec![Part::Value(placeholder)];
        Self { text: "{roles}\n{notes}".to_owned(), lines: vec![line(Placeholder::Roles), line(Placeholder::Notes)] }
    }

    pub(super) fn render(&self, values: &Values<'_>) -> String {
        let lines = self.lines.iter().filter_map(|line| render_line(line, values));
        lines.collect::<Vec<_>>().join("\n").trim().to_owned()
    }
}

/// What stands between values, and makes no sense beside an empty one.
const SEPARATORS: &[char] = &[' ', '-', '–', '—', ':', ',', ';', '/', '|', '·'];

/// A line with everything in its place; `None` when it had placeholders and all of them were empty.
fn render_line(parts: &[Part], values: &Values<'_>) -> Option<String> {
    if names_values(parts) && all_empty(parts, values) {
        return None;
    }
    let mut line = String::new();
    // What separates the next value from the last one: written only when there is a value on both sides.
    let mut between: Option<String> = None;
    let mut something = false;
    for part in parts {
        match part {
            Part::Literal(text) => {
                let pending = between.get_or_insert_default();
                let is_separator = pending.chars().all(|character| SEPARATORS.contains(&character));
                if pending.is_empty() || !is_separator {
                    // `file {number}, {name}` without a number is `file, name`.
                    let tidy = if text.starts_with([',', ';', ':']) { pending.trim_end().len() } else { pending.len() };
                    pending.truncate(tidy);
                    pending.push_str(text);
                }
            }
            Part::Value(_) | Part::Group(..) => {
                let Some(text) = render_part(part, values) else { continue };
                let separator = between.take().unwrap_or_default();
                line.push_str(if something { &separator } else { separator.trim_start_matches(SEPARATORS) });
                line.push_str(&text);
                something = true;
            }
        }
    }
    let rest = between.unwrap_or_default();
    line.push_str(if something { rest.trim_end_matches(SEPARATORS) } else { &rest });
    Some(line)
}

fn render_part(part: &Part, values: &Values<'_>) -> Option<String> {
    match part {
        Part::Literal(text) => Some(text.clone()),
        Part::Value(placeholder) => Some(values.get(*placeholder)).filter(|text| !text.is_empty()).map(str::to_owned),
        Part::Group(open, parts, close) => render_line(parts, values).map(|inner| format!("{open}{inner}{close}")),
    }
}

fn names_values(parts: &[Part]) -> bool {
    parts.iter().any(|part| match part {
        Part::Literal(_) => false,
        Part::Value(_) => true,
        Part::Group(_, parts, _) => names_values(parts),
    })
}

fn all_empty(parts: &[Part], values: &Values<'_>) -> bool {
    parts.iter().all(|part| match part {
        Part::Literal(_) => true,
        Part::Value(placeholder) => values.get(*placeholder).is_empty(),
        Part::Group(_, parts, _) => all_empty(parts, values),
    })
}

impl FromStr for Template {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lines = text.lines().map(|line| parse(&mut line.chars().peekable(), None)).collect::<Result<_, _>>()?;
        Ok(Self { text: text.to_owned(), lines })
    }
}

/// Parts up to a closing bracket, or to the end.
fn parse(
    characters: &mut std::iter::Peekable<std::str::Chars<'_>>,
    until: Option<char>,
) -> Result<Vec<Part>, TemplateError> {
    let mut parts = Vec::new();
    while let Some(character) = characters.next_if(|character| Some(*character) != until) {
        match character {
            '{' => {
                let mut name = String::new();
                while let Some(letter) = characters.next_if(|letter| *letter != '}') {
                    name.push(letter);
                }
                let closed = characters.next().is_some();
                let known = PLACEHOLDERS.iter().find(|(word, _)| *word == name).filter(|_| closed);
                parts.push(Part::Value(known.ok_or(TemplateError(name))?.1));
            }
            '(' | '[' => {
                let close = if character == '(' { ')' } else { ']' };
                let inner = parse(characters, Some(close))?;
                let closed = characters.next_if_eq(&close).is_some();
                if closed && names_values(&inner) {
                    parts.push(Part::Group(character, inner, close));
                } else {
                    // Brackets that hold no placeholder, or are never closed, are text like any other.
                    push_literal(&mut parts, character);
                    for part in inner {
                        match part {
                            Part::Literal(text) => text.chars().for_each(|letter| push_literal(&mut parts, letter)),
                            part => parts.push(part),
                        }
                    }
                    if closed {
                        push_literal(&mut parts, close);
                    }
                }
            }
            _ => push_literal(&mut parts, character),
        }
    }
    Ok(parts)
}

/// Neighbouring literals are one.
fn push_literal(parts: &mut Vec<Part>, character: char) {
    if let Some(Part::Literal(text)) = parts.last_mut() {
        text.push(character);
    } else {
        parts.push(Part::Literal(character.to_string()));
    }
}

impl TryFrom<String> for Template {
    type Error = TemplateError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Template> for String {
    fn from(template: Template) -> Self {
        template.text
    }
}

impl fmt::Display for Template {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.text)
    }
}
