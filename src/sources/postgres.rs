//! The connector to PostgreSQL servers.
//!
//! A session is one connection: a read-only transaction at repeatable read, which is one state of the database. PostgreSQL has
//! types without end, and extensions bring more; each of them has a text form. So every column is asked for as text, and its
//! type says what to make of it: numbers, bytes, instants (`timestamptz`), and text for all others. The session's settings
//! make these texts the same everywhere: ISO dates in UTC, ISO durations, a dot before cents.

mod cell;
mod connect;
mod look;

use futures_util::StreamExt;
use jiff::Timestamp;
use tokio_postgres::{Client, Statement, types::Type};
use tokio_util::task::AbortOnDropHandle;

use self::{cell::Bound, connect::trouble};
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
pub(super) struct PostgresSession {
    client: Client,
    waiter: Waiter,
    settings: Settings,
    /// Drives the connection. Dropped only where a statement still runs: what is at rest says good-bye by itself.
    driver: Option<AbortOnDropHandle<()>>,
    running: bool,
}

impl PostgresSession {
    /// Connects, signs in and begins.
    pub(super) async fn begin(settings: &Settings, pass: &Pass, waiter: Waiter) -> Result<Self, Failure> {
        let (client, driver) = waiter.greeting(connect::begin(settings, pass, &waiter)).await?;
        Ok(Self { client, waiter, settings: settings.clone(), driver: Some(driver), running: false })
    }

    fn prepare(&self, sql: &str, what: &str) -> Result<Statement, Failure> {
        let prepared = self.waiter.wait(self.client.prepare(sql))?;
        prepared.map_err(|error| about(trouble(&self.waiter, error), what))
    }
}

impl Drop for PostgresSession {
    fn drop(&mut self) {
        if !self.running {
            self.driver.take().map(AbortOnDropHandle::detach);
        }
    }
}

/// Says which statement it was, where that is what has to be looked at.
fn about(failure: Failure, what: &str) -> Failure {
    match failure.hint.clone() {
        Some(hint) if hint.contains("mapping") => failure.hint(format!("this is {what}; {hint}")),
        _ => failure,
    }
}

impl Session for PostgresSession {
    fn now(&mut self) -> Result<Timestamp, Failure> {
        let asking = self.client.query_one("SELECT extract(epoch FROM clock_timestamp())::bigint", &[]);
        let row = self.waiter.wait(asking)?.map_err(|error| trouble(&self.waiter, error))?;
        row.try_get::<_, i64>(0).ok().and_then(|seconds| Timestamp::from_second(seconds).ok()).ok_or_else(|| {
            Failure::new(FailureKind::Source, "read the clock of the practice database").because("it says no time")
        })
    }

    fn columns(&mut self, sql: &str, what: &str) -> Result<Vec<Column>, Failure> {
        let statement = self.prepare(&placed(sql, Style::Dollar, None).0, what)?;
        let column = |column: &tokio_postgres::Column| Column {
            name: column.name().to_owned(),
            nothing: nothing(column.type_()),
        };
        Ok(statement.columns().iter().map(column).collect())
    }

    fn rows(&mut self, sql: &str, since: Option<&Since>, what: &str, each: &mut Each<'_>) -> Result<(), Stop> {
        let (sql, values) = placed(sql, Style::Dollar, since);
        let described = self.prepare(&sql, what)?;
        let types: Vec<Type> = described.columns().iter().map(|column| column.type_().clone()).collect();
        let statement = self.prepare(&as_text(&sql, types.len()), what)?;
        self.running = true;
        let waiter = &self.waiter;
        let failed = |error| Stop::Failed(about(trouble(waiter, error), what));
        let asking = self.client.query_raw(&statement, values.into_iter().map(Bound));
        let mut stream = std::pin::pin!(waiter.wait(asking)?.map_err(failed)?);
        let mut rows = Vec::with_capacity(FETCHED);
        loop {
            let fetching = async {
                while rows.len() < FETCHED {
                    match stream.next().await.transpose()? {
                        Some(row) => rows.push(row),
                        None => return Ok(true),
                    }
                }
                Ok(false)
            };
            let ended = waiter.wait(fetching)?.map_err(failed)?;
            for row in rows.drain(..) {
                let cells: Vec<Cell> =
                    types.iter().enumerate().map(|(place, sort)| cell::cell(&row, place, sort)).collect();
                each(&cells)?;
            }
            if ended {
                self.running = false;
                return Ok(());
            }
        }
    }

    fn look(&mut self) -> Result<Look, Failure> {
        let asking = look::look(&self.client, self.settings.server.as_ref());
        self.waiter.wait(asking)?.map_err(|error| trouble(&self.waiter, error))
    }
}

/// The same rows with every column as text.
fn as_text(sql: &str, columns: usize) -> String {
    let names: Vec<String> = (0..columns).map(|place| format!("c{place}")).collect();
    let texts: Vec<String> = names.iter().map(|name| format!("t.{name}::text")).collect();
    format!("SELECT {} FROM (\n{sql}\n) AS t({})", texts.join(", "), names.join(", "))
}

/// How the type says that there is nothing: blank text, or the time before all times.
fn nothing(sort: &Type) -> Option<&'static str> {
    match *sort {
        Type::TEXT | Type::VARCHAR | Type::BPCHAR => Some("''"),
        Type::TIMESTAMP | Type::TIMESTAMPTZ | Type::DATE => Some("'-infinity'"),
        _ if sort.name() == "citext" => Some("''"),
        _ => None,
    }
}
