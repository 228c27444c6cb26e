use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The three kinds of record that a phone shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A person or an organisation.
    Contact,
    /// Something with a start and an end.
    Event,
    /// Something to be done, perhaps by a day.
    Task,
}

impl Kind {
    /// All kinds, in the order in which they are synced: what has a time comes first.
    pub const ALL: [Self; 3] = [Self::Event, Self::Task, Self::Contact];

    /// The word used in keys, stamps, settings and output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Event => "event",
            Self::Task => "task",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.word())
    }
}

impl FromStr for Kind {
    type Err = RecordKeyError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.word() == word).ok_or_else(|| RecordKeyError(word.to_owned()))
    }
}

/// Name of a query in the practice mapping (`meetings`, `deadlines`): part of every key it yields.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct QueryName(pub String);

impl QueryName {
    /// The name under which codes of a confirmation are stamped. No mapping may use it.
    pub const CONFIRMATION: &'static str = "confirmation";
}

impl fmt::Display for QueryName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

/// A person in the practice system, by the identifier that system uses (initials, a login, a number).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonId(pub String);

impl fmt::Display for PersonId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

/// `kind/query/record`: names one record for the life of the row behind it. Not personal: it holds the practice system's own
/// identifier, never a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct RecordKey {
    /// Contact, event or task.
    pub kind: Kind,
    /// The query that yielded the row.
    pub query: QueryName,
    /// The row's primary key, as text.
    pub record: String,
}

impl RecordKey {
    /// A key from its three parts.
    pub fn new(kind: Kind, query: impl Into<String>, record: impl Into<String>) -> Self {
        Self { kind, query: QueryName(query.into()), record: record.into() }
    }
}

impl fmt::Display for RecordKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}/{}", self.kind, self.query, self.record)
    }
}

impl From<RecordKey> for String {
    fn from(key: RecordKey) -> Self {
        key.to_string()
    }
}

impl TryFrom<String> for RecordKey {
    type Error = RecordKeyError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl FromStr for RecordKey {
    type Err = RecordKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || RecordKeyError(text.to_owned());
        let mut parts = text.splitn(3, '/');
        let (Some(kind), Some(query), Some(record)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(error());
        };
        if query.is_empty() || record.is_empty() {
            return Err(error());
        }
        Ok(Self::new(kind.parse()?, query, record))
    }
}

/// The text is not `kind/query/record`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a record key; one looks like `event/meetings/4711`")]
pub struct RecordKeyError(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_even_with_slashes_in_the_record() {
        let key = RecordKey::new(Kind::Event, "meetings", "4711/2026-03-29");
        assert_eq!(key.to_string().parse(), Ok(key));
    }

    #[test]
    fn a_text_that_is_no_key_is_refused_by_name() {
        for text in ["", "event", "event//1", "event/meetings/", "mail/inbox/1"] {
            assert!(text.parse::<RecordKey>().is_err(), "{text}");
        }
    }
}
