use std::collections::BTreeMap;

use super::{Answer, ColumnInfo, Findings, Role, Score, Table, answers::text, findings::examples, firm::NONE, score};
use crate::{domain::Personal, sources::mapping::closest};

/// Candidates that are shown of a question.
const SHOWN: usize = 8;

/// Something that is not publicly known of a Time Matters database, and that the firm knows.
#[derive(Clone, Debug)]
pub struct Question {
    /// Its name: the key in a file of answers.
    pub id: String,
    /// What is asked.
    pub asks: String,
    /// Why it has to be asked, and what the answer does.
    pub why: String,
    /// What an answer looks like.
    pub form: Form,
    /// What was found by shape, the likeliest first.
    pub candidates: Vec<Candidate>,
}

/// What an answer looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// One of these names; `none` too, if so.
    Name {
        /// The names.
        names: Vec<String>,
        /// Whether there need not be one.
        optional: bool,
    },
    /// One value or several.
    Values,
    /// Some of these initials, or `none`.
    Members(Vec<String>),
}

/// Something that may be the answer.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The answer.
    pub value: String,
    /// Its type, or how often it is there.
    pub sort: String,
    /// How likely, and why.
    pub score: Score,
    /// What rows say there: for the terminal alone.
    pub examples: Vec<Personal<String>>,
}

impl Candidate {
    /// Without the examples.
    #[must_use]
    pub fn line(&self) -> String {
        let reasons = self.score.reasons.join("; ");
        let reasons = if reasons.is_empty() { String::new() } else { format!(": {reasons}") };
        let sort = if self.sort.is_empty() { String::new() } else { format!(" ({})", self.sort) };
        format!("{}{sort}{reasons}", text(&self.value))
    }
}

impl Form {
    /// What may be answered, in words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Name { optional: true, .. } => "a name, or \"none\"".to_owned(),
            Self::Name { optional: false, names } if names.len() == 1 => format!("\"{}\"", names[0]),
            Self::Name { optional: false, .. } => "a name".to_owned(),
            Self::Values => "a list of values, such as [\"DONE\"]".to_owned(),
            Self::Members(initials) => {
                format!(
                    "a list of initials, such as [{}], or \"none\"",
                    initials.first().map(|one| text(one)).unwrap_or_default()
                )
            }
        }
    }

    /// Whether an answer can be taken.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, answer: &Answer) -> Result<(), String> {
        let none = matches!(answer, Answer::One(word) if word.eq_ignore_ascii_case(NONE));
        match (self, answer) {
            (Self::Name { optional: true, .. } | Self::Members(_), _) if none => Ok(()),
            (Self::Name { names, .. }, Answer::One(word)) => {
                if names.iter().any(|name| name.eq_ignore_ascii_case(word)) {
                    return Ok(());
                }
                let hint = closest(word, names.iter().map(String::as_str))
                    .map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
                Err(format!("there is no `{word}`{hint}"))
            }
            (Self::Name { .. }, Answer::Many(_)) => Err("one name is wanted, not a list".to_owned()),
            (Self::Values, answer) => match answer {
                Answer::Many(values) if values.is_empty() => Err("a list without a value says nothing".to_owned()),
                _ => Ok(()),
            },
            (Self::Members(initials), answer) => {
                let members = match answer {
                    Answer::One(one) => std::slice::from_ref(one),
                    Answer::Many(members) => members.as_slice(),
                };
                match members.iter().find(|member| !initials.contains(member)) {
                    Some(stranger) => Err(format!("`{stranger}` is nobody of the staff")),
                    None if members.is_empty() => Err("a list without anybody; say \"none\"".to_owned()),
                    None => Ok(()),
                }
            }
        }
    }
}

impl Question {
    /// Which column of a table plays a part.
    pub(super) fn column(
        findings: &Findings,
        table: &Table,
        role: Role,
        id: &str,
        optional: bool,
        asks: &str,
        why: &str,
    ) -> Self {
        let carried = |column: &&ColumnInfo| super::can_be_carried(&column.name);
        let columns: Vec<&ColumnInfo> = table.columns.iter().filter(carried).collect();
        let candidates = columns.iter().map(|column| Candidate {
            value: column.name.clone(),
            sort: column.sort.clone(),
            score: score(role, column, &findings.shape(table, &column.name)),
            examples: examples(&findings.cells(table, &column.name, None)),
        });
        Self {
            id: id.to_owned(),
            asks: format!("{asks} (a column of `{}`)", table.name),
            why: why.to_owned(),
            form: Form::Name { names: columns.iter().map(|column| column.name.clone()).collect(), optional },
            candidates: ranked(candidates),
        }
    }

    /// Which values of a column mean something.
    pub(super) fn values(
        findings: &Findings,
        table: &Table,
        column: &ColumnInfo,
        id: &str,
        asks: &str,
        why: &str,
    ) -> Self {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for cell in findings.cells(table, &column.name, None) {
            *counts.entry(super::findings::shown(cell).unwrap_or_default()).or_default() += 1;
        }
        // What has many values is no mark; and values of such a column may be about somebody.
        let counts = if counts.len() > 40 { BTreeMap::new() } else { counts };
        let candidates = counts.into_iter().map(|(value, count)| Candidate {
            value,
            sort: format!("{count} of the rows that were looked at"),
            score: Score { points: u32::try_from(count.min(100)).unwrap_or(100), reasons: Vec::new() },
            examples: Vec::new(),
        });
        Self {
            id: id.to_owned(),
            asks: format!("{asks} (values of `{}.{}`)", table.name, column.name),
            why: why.to_owned(),
            form: Form::Values,
            candidates: ranked(candidates),
        }
    }
}

/// The likeliest first; of equals the one whose name comes first. What nothing speaks for is left out.
pub(super) fn ranked(candidates: impl IntoIterator<Item = Candidate>) -> Vec<Candidate> {
    let mut ranked: Vec<Candidate> = candidates.into_iter().filter(|candidate| candidate.score.points > 0).collect();
    ranked.sort_by(|one, other| other.score.points.cmp(&one.score.points).then_with(|| one.value.cmp(&other.value)));
    ranked.truncate(SHOWN);
    ranked
}
