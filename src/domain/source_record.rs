use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{Field, PersonId, Personal, QueryName, Record, RecordKey, Tie};

/// Whom a row is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Audience {
    /// The query says `audience = "everyone"`.
    Everyone,
    /// A contact of an address book from which each user chooses: their own, those of their matters, or all. The ties say whose.
    Linked(Arc<BTreeSet<Tie>>),
    /// One person; a record for several people comes as several rows.
    Person(PersonId),
    /// The person is NULL, blank or unknown: nobody gets it, and it is listed.
    Nobody,
}

/// The matter (case, file) a record belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Matter {
    /// File number, as people say it.
    pub number: Option<Personal<String>>,
    /// Short name.
    pub name: Option<Personal<String>>,
    /// Whether there is a matter is not known: the query says nothing of matters, or what the row says cannot be read. Somebody
    /// behind a wall gets nothing new of it.
    pub unclear: bool,
}

/// A readable row: what the practice system says, with times already resolved, before scope and templates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRecord {
    /// Which record.
    pub key: RecordKey,
    /// For whom.
    pub audience: Audience,
    /// The fields that were selected and could be read.
    pub record: Record,
    /// The matter, where the query selects it.
    pub matter: Matter,
    /// Rows of one group that mean the same item are one item in one mailbox.
    pub group: Option<String>,
    /// The row says that it is private, or what it says could not be understood.
    pub private: bool,
    /// The row says that it is done.
    pub done: bool,
    /// The row says that it is cancelled.
    pub cancelled: bool,
    /// Positive evidence that it should leave the phones (a closed matter, an inactive person), by name.
    pub withdrawn: Option<String>,
}

/// Something wrong with one row. Listed, never silent. Holds no content of the row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RowProblem {
    /// The query that yielded the row.
    pub query: QueryName,
    /// The record, if the row has a key.
    pub key: Option<RecordKey>,
    /// The field at fault, where it is one.
    pub field: Option<Field>,
    /// The column, by the name the query gives it.
    pub column: Option<String>,
    /// What is wrong, and what was done about it.
    pub what: String,
    /// True when the record could not be read at all: it is neither present nor absent.
    pub unreadable: bool,
}
