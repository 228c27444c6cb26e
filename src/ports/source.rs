use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::Failure;
use crate::domain::{
    Audience, Kind, Matter, PersonId, Personal, PracticeWall, QueryName, RecordKey, RowProblem, SourceRecord,
};

/// Where the next hinted read of a query continues. Made and understood by the source alone: the ordered value of its own
/// `changed` column (a time, an integer pair, a binary counter), as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub String);

/// Somebody in the practice system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// By the identifier that queries use.
    pub id: PersonId,
    /// What people call them.
    pub name: Option<Personal<String>>,
    /// Their e-mail address, where the practice system knows it.
    pub email: Option<Personal<String>>,
    /// False when the practice system says that they left.
    pub active: bool,
}

/// One query of the mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryInfo {
    /// What its rows are.
    pub kind: Kind,
    /// Its name, which is part of every key.
    pub name: QueryName,
    /// Whether it selects `changed`: most ticks then read only what changed.
    pub hinted: bool,
}

/// How much of a query to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryRead {
    /// Rows whose `changed` is at or after the cursor less the overlap, or NULL.
    Changed(Cursor),
    /// The same, and then key, person and `changed` of every row.
    Sweep(Cursor),
    /// Every row in full.
    Content,
}

/// One row of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// A readable row.
    Record {
        /// What it says.
        record: Box<SourceRecord>,
        /// Digest of its `changed` value (0 where it has none): equal digests mean an unchanged row.
        mark: u64,
    },
    /// A row that exists but cannot be read: neither present nor absent. It has the last word in a reading: several rows with
    /// one key and audience may turn out to contradict each other after the first of them was given as a record.
    Unreadable {
        /// The record, which a row must have to be told apart.
        key: RecordKey,
        /// For whom, as far as the row says.
        audience: Audience,
        /// The matter, as far as the row says.
        matter: Matter,
        /// Digest of its `changed` value.
        mark: u64,
    },
    /// Key, person and `changed` alone, from a sweep.
    Key {
        /// The record.
        key: RecordKey,
        /// For whom.
        audience: Audience,
        /// Digest of its `changed` value.
        mark: u64,
    },
}

/// A part of what is being read. A view is complete only when [`Portion::Complete`] arrived; a reading that ends without it
/// failed.
#[derive(Debug)]
pub enum Portion {
    /// Everybody in the practice system, complete.
    People(Vec<Person>),
    /// The ethical walls that the practice system keeps, complete; before any row. Missing where the mapping reads none.
    Walls(Vec<PracticeWall>),
    /// Who is tied to the contacts of a query, as a digest; before its rows. Where it is not what it was, rows that were not read
    /// mean something else now.
    Ties {
        /// Of contacts.
        kind: Kind,
        /// The query.
        name: QueryName,
        /// The same for the same ties.
        digest: u64,
    },
    /// Rows of a query, some hundred at a time.
    Rows(Kind, QueryName, Vec<Row>),
    /// Things wrong with rows.
    Problems(Vec<RowProblem>),
    /// A query was read to its end.
    QueryDone {
        /// Its kind.
        kind: Kind,
        /// Its name.
        name: QueryName,
        /// Rows that the database returned in full.
        rows: u64,
        /// Rows of the sweep, where there was one.
        swept: Option<u64>,
        /// Where the next hinted read continues.
        cursor: Option<Cursor>,
    },
    /// Everything asked for arrived, from one consistent read.
    Complete,
}

/// What is being read, as it arrives.
pub type Reading = mpsc::Receiver<Result<Portion, Failure>>;

/// What `practice probe` shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Probe {
    /// Product and version of the database.
    pub version: String,
    /// True when the account can write; then we warn.
    pub writable: bool,
    /// Tables and views found.
    pub tables: Vec<String>,
    /// Digest of the tables' shape: changes when the vendor changes the schema.
    pub schema: String,
    /// Which practice system it was recognised as, in sentences. Nothing where none was.
    pub recognised: Vec<String>,
    /// Questions that the mapping says are open. Nothing is synced before they are answered.
    pub open_questions: Vec<String>,
    /// What stands out, in sentences.
    pub remarks: Vec<String>,
}

/// The practice database, read-only.
#[async_trait]
pub trait Source: Send + Sync {
    /// The queries of the mapping.
    fn queries(&self) -> &[QueryInfo];

    /// Connects and looks around.
    async fn probe(&self) -> Result<Probe, Failure>;

    /// Reads people and the named queries in one consistent read, streamed. Queries that are not named are not read.
    async fn read(&self, queries: Vec<(Kind, QueryName, QueryRead)>) -> Result<Reading, Failure>;
}
