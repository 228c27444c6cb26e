//! The SQLite connector: a practice database in a file.
//!
//! It opens the file anew for every reading, read-only three times over (`SQLITE_OPEN_READ_ONLY`, `query_only`, and every
//! statement is checked to be one that only reads), and reads everything inside one transaction: one state of the database,
//! whatever is committed meanwhile. It ends early when nobody listens any more or when the time is up.

mod connect;
mod look;

use jiff::Timestamp;
use rusqlite::{ToSql, types::ToSqlOutput, types::Value as SqlValue};

use self::connect::ReadOnly;
use super::{
    Settings,
    cell::Cell,
    session::{Column, Each, Look, Session, Since, Stop},
};
use crate::ports::Failure;

/// A transaction on a file.
pub(super) struct SqliteSession {
    database: ReadOnly,
    settings: Settings,
}

impl SqliteSession {
    /// Opens the file and begins. `abandoned` ends the work early.
    pub(super) fn begin(settings: &Settings, abandoned: impl Fn() -> bool + Send + 'static) -> Result<Self, Failure> {
        let database = ReadOnly::open(settings, abandoned)?;
        // Nothing is ever written: closing the connection lets go of everything.
        database.connection.execute_batch("BEGIN").map_err(|error| database.trouble(error))?;
        Ok(Self { database, settings: settings.clone() })
    }
}

impl Session for SqliteSession {
    fn now(&mut self) -> Result<Timestamp, Failure> {
        self.database.now()
    }

    fn columns(&mut self, sql: &str, what: &str) -> Result<Vec<Column>, Failure> {
        let statement = self.database.prepare(sql, what)?;
        // Any column may hold text.
        let column = |name: &str| Column { name: name.to_owned(), nothing: Some("''") };
        Ok(statement.column_names().map(column).collect())
    }

    fn rows(&mut self, sql: &str, since: Option<&Since>, what: &str, each: &mut Each<'_>) -> Result<(), Stop> {
        let failed = |error| Stop::Failed(self.database.trouble(error));
        let mut statement = self.database.prepare(sql, what)?;
        let count = statement.column_count();
        if let Some((first, second)) = since {
            for (name, value) in [(":cursor", Some(first)), (":cursor_2", second.as_ref())] {
                // A predicate of the mapping need not use both.
                if let (Some(value), Some(index)) = (value, statement.parameter_index(name).map_err(failed)?) {
                    statement.raw_bind_parameter(index, Parameter(value)).map_err(failed)?;
                }
            }
        }
        let mut rows = statement.raw_query();
        let mut cells = Vec::with_capacity(count);
        while let Some(row) = rows.next().map_err(failed)? {
            connect::cells(row, count, &mut cells).map_err(failed)?;
            each(&cells)?;
        }
        Ok(())
    }

    fn look(&mut self) -> Result<Look, Failure> {
        look::look(&self.settings, &self.database)
    }

    fn looks_at_every_row(&mut self, sql: &str) -> Result<bool, Failure> {
        look::looks_at_every_row(&self.database, sql)
    }
}

struct Parameter<'p>(&'p Cell);

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Owned(match self.0 {
            Cell::Null => SqlValue::Null,
            Cell::Integer(number) => SqlValue::Integer(*number),
            Cell::Real(number) => SqlValue::Real(*number),
            Cell::Text(text) | Cell::Garbled(text) => SqlValue::Text(text.clone()),
            Cell::Blob(bytes) => SqlValue::Blob(bytes.clone()),
        }))
    }
}
