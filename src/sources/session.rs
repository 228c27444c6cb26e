use jiff::Timestamp;

use super::{cell::Cell, mapping::Query};
use crate::ports::Failure;

/// One look at a database: read-only, one state of it from beginning to end, within the time that the settings allow. It lives
/// on a thread that may block. Letting go of it ends the transaction and whatever is still running.
pub(super) trait Session {
    /// The database's own clock.
    fn now(&mut self) -> Result<Timestamp, Failure>;

    /// The columns that a statement gives. `what` is the statement's name in messages.
    fn columns(&mut self, sql: &str, what: &str) -> Result<Vec<Column>, Failure>;

    /// Runs a statement and hands over its rows one by one, as many at a time in memory as the connector likes.
    fn rows(&mut self, sql: &str, since: Option<&Since>, what: &str, each: &mut Each<'_>) -> Result<(), Stop>;

    /// Version, rights, tables.
    fn look(&mut self) -> Result<Look, Failure>;

    /// The lowest counter that a change may carry which was not committed when the session began, if the database itself counts the
    /// query's changes: below it nothing comes late. None where `changed` is something else, or the database cannot say.
    fn uncommitted_from(&mut self, _query: &Query) -> Result<Option<Cell>, Failure> {
        Ok(None)
    }

    /// How the dialect writes the column `key` of the table `q`: in some it is a reserved word.
    fn key(&self) -> &'static str {
        "q.key"
    }

    /// The work is done and nothing is under way: the way in may be kept for the next reading.
    fn end(&mut self) {}

    /// Whether the statement has to look at every row of a table, as far as the database tells.
    fn looks_at_every_row(&mut self, _sql: &str) -> Result<bool, Failure> {
        Ok(false)
    }
}

/// Takes a row.
pub(super) type Each<'e> = dyn FnMut(&[Cell]) -> Result<(), Abandoned> + 'e;

/// The values of `:cursor` and `:cursor_2`.
pub(super) type Since = (Cell, Option<Cell>);

/// A column of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    /// Its name.
    pub(super) name: String,
    /// How SQL writes the value, besides NULL, with which columns of this type say that there is nothing.
    pub(super) nothing: Option<&'static str>,
}

/// The names of columns.
pub(super) fn names(columns: &[Column]) -> Vec<String> {
    columns.iter().map(|column| column.name.clone()).collect()
}

/// What a look around found.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// Product and version of the database, and how the way to it is protected.
    pub(super) version: String,
    /// Whether the account can write.
    pub(super) writable: bool,
    /// Tables and views, in order.
    pub(super) tables: Vec<String>,
    /// What the tables' shape is made of, in a stable order.
    pub(super) shape: Vec<String>,
    /// What stands out.
    pub(super) remarks: Vec<String>,
}

/// Nobody listens any more.
pub(super) struct Abandoned;

/// Why a reading ends before its end.
pub(super) enum Stop {
    /// It failed.
    Failed(Failure),
    /// Nobody listens any more.
    Abandoned,
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Abandoned> for Stop {
    fn from(_: Abandoned) -> Self {
        Self::Abandoned
    }
}
