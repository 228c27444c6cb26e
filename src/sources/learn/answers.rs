//! What a technician answered: one TOML file, whose keys are the names of the questions.

use std::{collections::BTreeMap, fmt::Write as _, path::Path, sync::Arc};

use super::{Question, firm::NONE};
use crate::sources::mapping::{MappingError, Origin, Place};

/// The answers so far, by the question's name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers(BTreeMap<String, Answer>);

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A name, a word, or `none`.
    One(String),
    /// Several values.
    Many(Vec<String>),
}

impl Answers {
    /// Reads a file of answers.
    ///
    /// # Errors
    /// When it is no TOML, or an answer is neither text nor a list of texts; with file, line and column.
    pub fn parse(path: &Path, text: &str) -> Result<Self, MappingError> {
        let origin = Arc::new(Origin { file: path.display().to_string(), text: text.to_owned() });
        let place = |range| Place { origin: Arc::clone(&origin), range };
        let table: toml::Table = toml::from_str(text)
            .map_err(|error| place(error.span().unwrap_or(0..0)).error(error.message().trim().to_owned()))?;
        let mut answers = Self::default();
        answers.take("", table).map_err(|id| {
            place(0..0).error(format!(
                "the answer to `{id}` is neither text nor a list of texts, such as \"ccode\" or [\"DONE\"]"
            ))
        })?;
        Ok(answers)
    }

    fn take(&mut self, before: &str, table: toml::Table) -> Result<(), String> {
        for (name, value) in table {
            let id = below(before, &name);
            match value {
                toml::Value::Table(inner) => self.take(&id, inner)?,
                toml::Value::String(text) => self.give(&id, Answer::One(text)),
                toml::Value::Array(values) => {
                    let texts = values.into_iter().map(|value| match value {
                        toml::Value::String(text) => Ok(text),
                        _ => Err(id.clone()),
                    });
                    let texts = texts.collect::<Result<_, _>>()?;
                    self.give(&id, Answer::Many(texts));
                }
                _ => return Err(id),
            }
        }
        Ok(())
    }

    /// The answer to a question.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Answer> {
        self.0.get(id)
    }

    /// The answer where it is one word.
    pub(super) fn one(&self, id: &str) -> Option<&str> {
        match self.get(id)? {
            Answer::One(word) => Some(word),
            Answer::Many(_) => None,
        }
    }

    /// The values of an answer; none for `none` and for no answer.
    pub(super) fn many(&self, id: &str) -> Vec<&str> {
        match self.get(id) {
            Some(Answer::Many(values)) => values.iter().map(String::as_str).collect(),
            Some(Answer::One(value)) if !value.eq_ignore_ascii_case(NONE) => vec![value],
            _ => Vec::new(),
        }
    }

    /// The answered questions with so many parts in their names of which this is the first; the other parts.
    pub(super) fn below(&self, first: &str, count: usize) -> Vec<Vec<String>> {
        let parts = self.0.keys().map(|id| parts(id));
        parts.filter(|parts| parts.len() == count && parts[0] == first).map(|parts| parts[1..].to_vec()).collect()
    }

    /// Takes an answer; a later one to the same question holds.
    pub fn give(&mut self, id: &str, answer: Answer) {
        self.0.insert(id.to_owned(), answer);
    }

    /// The questions that are answered.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// A file of answers: what was answered, and each open question with its candidates as comments. It holds names, codes and
    /// reasons, never what a row says.
    #[must_use]
    pub fn written(&self, questions: &[Question]) -> String {
        let mut text = String::from(
            "# Answers for `pocketdocket practice learn --answers`: a name, \"none\", or a list of values.\n\
             # What is commented out is open. Further questions may follow from an answer.\n",
        );
        for question in questions {
            // Writing into a text cannot fail.
            let _ = writeln!(text, "\n# {}", question.asks);
            for line in question.why.lines() {
                let _ = writeln!(text, "#   {line}");
            }
            if let Some(answer) = self.get(&question.id) {
                let _ = writeln!(text, "{} = {}", question.id, answer.toml());
                continue;
            }
            for candidate in &question.candidates {
                let _ = writeln!(text, "#   {}", candidate.line());
            }
            let _ = writeln!(text, "#   {}", question.form.words());
            let _ = writeln!(text, "# {} = ", question.id);
        }
        text
    }
}

impl Answer {
    /// As TOML writes it.
    pub(super) fn toml(&self) -> String {
        match self {
            Self::One(word) => text(word),
            Self::Many(values) => {
                format!("[{}]", values.iter().map(|value| text(value)).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// A basic string of TOML.
pub(super) fn text(value: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in value.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            // https://toml.io/en/v1.0.0#string
            letter if letter.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(letter));
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

/// The parts of a question's name, without their quotes.
fn parts(id: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut quoted, mut taken) = (false, false);
    for letter in id.chars() {
        match letter {
            '\\' if quoted && !taken => {
                taken = true;
                continue;
            }
            '"' if !taken => quoted = !quoted,
            '.' if !quoted => parts.push(String::new()),
            letter => parts.last_mut().into_iter().for_each(|part| part.push(letter)),
        }
        taken = false;
    }
    parts
}

/// The name of a question below another one, as a dotted key of TOML.
pub(super) fn below(before: &str, name: &str) -> String {
    let bare =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    let name = if bare { name.to_owned() } else { text(name) };
    if before.is_empty() { name } else { format!("{before}.{name}") }
}
