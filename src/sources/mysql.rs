//! The connector to MariaDB and MySQL servers.
//!
//! A session is one connection: a read-only transaction with a consistent snapshot at repeatable read. Statements are
//! prepared, so values arrive with their types; rows are taken from the wire as they are needed. The session's time zone is
//! UTC, so that a `TIMESTAMP` column, which is an instant, is delivered as one; `DATETIME` stays the wall clock that it is.
//! Zero dates come through as they are and are judged where rows become records.

mod cell;
mod connect;
mod look;

use jiff::Timestamp;
use mysql_async::{
    Conn, Params, Statement, Value,
    consts::{ColumnFlags, ColumnType},
    prelude::Queryable,
};

use self::connect::trouble;
use super::{
    Settings,
    cell::Cell,
    server::{Pass, Style, Waiter, placed},
    session::{Column, Each, Look, Session, Since, Stop},
};
use crate::ports::{Failure, FailureKind};

/// Rows that are fetched before they are handed over. Few: a row may hold much.
const FETCHED: usize = 64;

/// A transaction on a server.
pub(super) struct MysqlSession {
    connection: Conn,
    waiter: Waiter,
    settings: Settings,
}

impl MysqlSession {
    /// Connects, signs in and begins.
    pub(super) async fn begin(settings: &Settings, pass: &Pass, waiter: Waiter) -> Result<Self, Failure> {
        let connection = waiter.greeting(connect::begin(settings, pass, &waiter)).await?;
        Ok(Self { connection, waiter, settings: settings.clone() })
    }

    fn prepare(&mut self, sql: &str, what: &str) -> Result<Statement, Failure> {
        self.waiter.wait(self.connection.prep(sql))?.map_err(|error| about(trouble(&self.waiter, error), what))
    }
}

/// Says which statement it was, where that is what has to be looked at.
fn about(failure: Failure, what: &str) -> Failure {
    match failure.hint.clone() {
        Some(hint) if hint.contains("mapping") => failure.hint(format!("this is {what}; {hint}")),
        _ => failure,
    }
}

impl Session for MysqlSession {
    fn now(&mut self) -> Result<Timestamp, Failure> {
        let asking = self.connection.query_first::<i64, _>("SELECT CAST(UNIX_TIMESTAMP() AS SIGNED)");
        let seconds = self.waiter.wait(asking)?.map_err(|error| trouble(&self.waiter, error))?;
        seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()).ok_or_else(|| {
            Failure::new(FailureKind::Source, "read the clock of the practice database").because("it says no time")
        })
    }

    fn columns(&mut self, sql: &str, what: &str) -> Result<Vec<Column>, Failure> {
        let (sql, _) = placed(sql, Style::Question, None);
        let statement = self.prepare(&sql, what)?;
        let columns = statement.columns();
        Ok(columns
            .iter()
            .map(|column| Column { name: column.name_str().into_owned(), nothing: nothing(column) })
            .collect())
    }

    fn rows(&mut self, sql: &str, since: Option<&Since>, what: &str, each: &mut Each<'_>) -> Result<(), Stop> {
        let (sql, values) = placed(sql, Style::Question, since);
        let statement = self.prepare(&sql, what)?;
        let values: Vec<Value> = values.into_iter().map(cell::parameter).collect();
        let parameters = if values.is_empty() { Params::Empty } else { Params::Positional(values) };
        let (waiter, connection) = (&self.waiter, &mut self.connection);
        let failed = |error| Stop::Failed(about(trouble(waiter, error), what));
        let mut result = waiter.wait(connection.exec_iter(statement, parameters))?.map_err(failed)?;
        let columns = result.columns().unwrap_or_default();
        let mut rows = Vec::with_capacity(FETCHED);
        loop {
            let fetching = async {
                while rows.len() < FETCHED {
                    match result.next().await? {
                        Some(row) => rows.push(row),
                        None => return Ok(true),
                    }
                }
                Ok(false)
            };
            let ended = waiter.wait(fetching)?.map_err(failed)?;
            for row in rows.drain(..) {
                let cells: Vec<Cell> = row
                    .unwrap()
                    .into_iter()
                    .zip(columns.iter())
                    .map(|(value, column)| cell::cell(value, column))
                    .collect();
                each(&cells)?;
            }
            if ended {
                return Ok(());
            }
        }
    }

    fn look(&mut self) -> Result<Look, Failure> {
        let asking = look::look(&mut self.connection, self.settings.server.as_ref());
        self.waiter.wait(asking)?.map_err(|error| trouble(&self.waiter, error))
    }
}

/// How the type says that there is nothing: blank text, or the zero date.
fn nothing(column: &mysql_async::Column) -> Option<&'static str> {
    match column.column_type() {
        ColumnType::MYSQL_TYPE_DATE
        | ColumnType::MYSQL_TYPE_NEWDATE
        | ColumnType::MYSQL_TYPE_DATETIME
        | ColumnType::MYSQL_TYPE_DATETIME2
        | ColumnType::MYSQL_TYPE_TIMESTAMP
        | ColumnType::MYSQL_TYPE_TIMESTAMP2 => Some("0"),
        ColumnType::MYSQL_TYPE_VARCHAR | ColumnType::MYSQL_TYPE_VAR_STRING | ColumnType::MYSQL_TYPE_STRING
            if !column.flags().contains(ColumnFlags::ENUM_FLAG) =>
        {
            Some("''")
        }
        _ => None,
    }
}
