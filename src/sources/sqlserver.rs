//! The connector to Microsoft SQL Server.
//!
//! A session is one connection with one transaction, which is always rolled back: one state of the database where it allows snapshot
//! isolation, else what is committed, never less. The first exchange and TLS are ours (`prelogin`, `tls`), the rest of the protocol
//! is the driver's. A connection on which a reading ended well is kept for the next one; one that was broken off, by time, by error or
//! because nobody listened, is dropped, since what is still under way on it cannot be told from what comes next.

mod browser;
mod cell;
mod connect;
mod error;
mod hints;
mod kept;
mod look;
mod prelogin;
mod statements;
mod strange;
mod tls;

use std::sync::Arc;

use futures_util::TryStreamExt;
use jiff::Timestamp;
use tiberius::{ColumnType, Query, Row, error::Error};

pub(super) use self::kept::Kept;
pub use self::statements::quoted;
use self::{
    connect::{Begun, Line, Sight},
    error::{is_deadlock, trouble},
};
use super::{
    Settings,
    cell::Cell,
    mapping::Query as MappedQuery,
    server::{Pass, Style, Waiter, placed},
    session::{Column, Each, Look, Session, Since, Stop},
};
use crate::ports::{Failure, FailureKind};

/// Rows that are fetched before they are handed over. Few: a row may hold much.
const FETCHED: usize = 64;

/// The year 2000 in seconds since 1970.
const EPOCH: i64 = 946_684_800;

/// A transaction on a server.
pub(super) struct SqlServerSession {
    /// The connection; none when it was given back.
    line: Option<Line>,
    begun: Begun,
    waiter: Waiter,
    kept: Arc<Kept>,
    /// Of the password that opened the connection.
    password: [u8; 32],
    /// How to connect once more.
    door: (Settings, Pass),
    /// Whether rows are on their way: then nothing else may be asked any more.
    running: bool,
    /// Whether a statement was given once more after the server had ended it for another program's sake.
    repeated: bool,
}

impl SqlServerSession {
    /// Takes the connection that was kept, or connects and signs in, and begins.
    pub(super) async fn begin(
        settings: &Settings,
        pass: &Pass,
        waiter: Waiter,
        kept: Arc<Kept>,
    ) -> Result<Self, Failure> {
        let password = pass.digest();
        // The driver's sign-in is large: it lies apart, so that whoever waits for a session stays small.
        let beginning = Box::pin(async {
            if let Some(line) = kept.take(password)
                && let Some(begun) = connect::resume(line, &waiter).await
            {
                return Ok(begun);
            }
            let mut line = connect::connect(settings, pass, &waiter).await?;
            let begun = connect::begin(&mut line).await.map_err(|error| trouble(&waiter, error))?;
            Ok((line, begun))
        });
        let (line, begun) = waiter.greeting(beginning).await?;
        let (line, door) = (Some(line), (settings.clone(), pass.clone()));
        Ok(Self { line, begun, waiter, kept, password, door, running: false, repeated: false })
    }

    fn failed(&self, error: Error, what: &str) -> Failure {
        about(trouble(&self.waiter, error), what)
    }

    /// The same of an answer to a statement of the mapping: one that cannot be understood may have a column of a type that the driver
    /// does not know, which is named then.
    fn failed_at(&self, error: Error, sql: &str, what: &str) -> Failure {
        if matches!(error, Error::Protocol(_)) {
            let (settings, pass) = &self.door;
            let sql = placed(sql, Style::At, None).0;
            let naming = Box::pin(strange::columns(settings, pass, &self.waiter, &sql));
            if let Ok(Some(columns)) = self.waiter.wait(naming)
                && !columns.is_empty()
            {
                return strange::failure(self.waiter.place(), &columns, what);
            }
        }
        self.failed(error, what)
    }

    /// Asks something that has few rows.
    fn ask(&mut self, sql: &str, what: &str) -> Result<Vec<Row>, Failure> {
        let line = open(&mut self.line)?;
        let asking = async { line.client.simple_query(sql).await?.into_first_result().await };
        let rows = self.waiter.wait(asking)?;
        rows.map_err(|error| self.failed(error, what))
    }

    /// The columns of a statement as the server describes them.
    fn described(&mut self, sql: &str, what: &str) -> Result<Vec<tiberius::Column>, Failure> {
        let line = open(&mut self.line)?;
        let asked = statements::described(&placed(sql, Style::At, None).0);
        let asking = async {
            let mut result = line.client.simple_query(asked).await?;
            let columns = result.columns().await?.map(<[_]>::to_vec).unwrap_or_default();
            result.into_results().await?;
            Ok(columns)
        };
        let columns = self.waiter.wait(asking)?;
        columns.map_err(|error| self.failed_at(error, sql, what))
    }

    /// Runs a statement and hands over its rows; `handed` counts them.
    fn run(&mut self, sql: &str, values: &[Cell], each: &mut Each<'_>, handed: &mut u64) -> Result<(), Ending> {
        let mut query = Query::new(sql.to_owned());
        values.iter().cloned().for_each(|value| cell::bind(&mut query, value));
        let line = open(&mut self.line)?;
        let asking = async {
            if values.is_empty() { line.client.simple_query(sql).await } else { query.query(&mut line.client).await }
        };
        let mut stream = self.waiter.wait(asking)?.map_err(Ending::Said)?.into_row_stream();
        let mut rows: Vec<Row> = Vec::with_capacity(FETCHED);
        loop {
            let fetching = async {
                while rows.len() < FETCHED {
                    match stream.try_next().await? {
                        Some(row) => rows.push(row),
                        None => return Ok(true),
                    }
                }
                Ok(false)
            };
            let ended = self.waiter.wait(fetching)?.map_err(Ending::Said)?;
            for row in rows.drain(..) {
                let cells: Vec<Cell> = row.into_iter().map(cell::cell).collect();
                *handed += 1;
                each(&cells)?;
            }
            if ended {
                return Ok(());
            }
        }
    }
}

/// Why rows come no more.
enum Ending {
    Said(Error),
    Stopped(Stop),
}

impl<T: Into<Stop>> From<T> for Ending {
    fn from(stop: T) -> Self {
        Self::Stopped(stop.into())
    }
}

/// The connection of a session that has not ended.
fn open(line: &mut Option<Line>) -> Result<&mut Line, Failure> {
    line.as_mut().ok_or_else(|| {
        Failure::new(FailureKind::Source, "read the practice database").because("its connection was given back")
    })
}

/// Says which statement it was, where that is what has to be looked at.
fn about(failure: Failure, what: &str) -> Failure {
    match failure.hint.clone() {
        Some(hint) if hint.contains("mapping") => failure.hint(format!("this is {what}; {hint}")),
        _ => failure,
    }
}

impl Session for SqlServerSession {
    fn now(&mut self) -> Result<Timestamp, Failure> {
        let rows = self.ask(statements::CLOCK, "the clock")?;
        let seconds = rows.first().and_then(|row| row.try_get::<i32, _>(0).ok().flatten());
        seconds.and_then(|seconds| Timestamp::from_second(EPOCH + i64::from(seconds)).ok()).ok_or_else(|| {
            Failure::new(FailureKind::Source, "read the clock of the practice database").because("it says no time")
        })
    }

    fn columns(&mut self, sql: &str, what: &str) -> Result<Vec<Column>, Failure> {
        let column = |column: tiberius::Column| Column {
            name: column.name().to_owned(),
            nothing: nothing(column.column_type()),
        };
        Ok(self.described(sql, what)?.into_iter().map(column).collect())
    }

    fn rows(&mut self, sql: &str, since: Option<&Since>, what: &str, each: &mut Each<'_>) -> Result<(), Stop> {
        let columns = self.described(sql, what)?;
        let money: Vec<bool> = columns.iter().map(|column| is_money(column.column_type())).collect();
        let (asked, values) = placed(sql, Style::At, since);
        let asked = if money.contains(&true) { statements::exact(&asked, &money) } else { asked };
        self.running = true;
        let mut handed = 0;
        let mut ending = self.run(&asked, &values, each, &mut handed);
        // One state that began anew would not be one. Without snapshot isolation nothing is lost by asking again.
        let again = matches!(&ending, Err(Ending::Said(error)) if is_deadlock(error));
        if again && handed == 0 && self.begun.sight == Sight::Committed && !self.repeated {
            self.repeated = true;
            let starting = connect::start(open(&mut self.line)?, self.begun.sight);
            self.waiter.wait(starting)?.map_err(|error| self.failed(error, what))?;
            ending = self.run(&asked, &values, each, &mut handed);
        }
        match ending {
            Ok(()) => {
                self.running = false;
                Ok(())
            }
            Err(Ending::Said(error)) => Err(Stop::Failed(self.failed_at(error, sql, what))),
            Err(Ending::Stopped(stop)) => Err(stop),
        }
    }

    fn uncommitted_from(&mut self, query: &MappedQuery) -> Result<Option<Cell>, Failure> {
        if hints::is_tracked(query).map_err(|what| hints::refused(query, what))? {
            return Ok(self.begun.tracked.map(|version| Cell::Integer(version.saturating_add(1))));
        }
        let Some(lowest) = self.begun.rowversion.clone() else { return Ok(None) };
        let what = format!("the query `{}`", query.name);
        let columns = self.described(&query.sql, &what)?;
        let changed = columns.iter().find(|column| column.name() == "changed").map(tiberius::Column::column_type);
        if !matches!(changed, Some(ColumnType::BigBinary | ColumnType::BigVarBin)) {
            return Ok(None);
        }
        let mut asked = Query::new(statements::DESCRIBE);
        asked.bind(query.sql.clone());
        let line = open(&mut self.line)?;
        let asking = async { asked.query(&mut line.client).await?.into_first_result().await };
        let described = match self.waiter.wait(asking)? {
            // A server that cannot say leaves it to the overlap.
            Err(Error::Server(_)) => return Ok(None),
            described => described.map_err(|error| self.failed(error, &what))?,
        };
        Ok(hints::is_rowversion(&described).then_some(Cell::Blob(lowest)))
    }

    fn key(&self) -> &'static str {
        "q.[key]"
    }

    fn look(&mut self) -> Result<Look, Failure> {
        let looking = look::look(open(&mut self.line)?, self.begun.sight);
        self.waiter.wait(looking)?.map_err(|error| trouble(&self.waiter, error))
    }

    fn end(&mut self) {
        let Some(mut line) = self.line.take().filter(|_| !self.running) else { return };
        let (kept, password) = (Arc::clone(&self.kept), self.password);
        // Whoever waits for the rows has them by now, and does not wait for this.
        self.waiter.afterwards(async move {
            if connect::leave(&mut line).await {
                kept.keep(line, password);
            }
        });
    }
}

/// Whether a value of this type is an amount of money, which the protocol carries exactly and the driver does not.
fn is_money(sort: ColumnType) -> bool {
    matches!(sort, ColumnType::Money | ColumnType::Money4)
}

/// How the type says that there is nothing: blank text.
fn nothing(sort: ColumnType) -> Option<&'static str> {
    use ColumnType::{BigChar, BigVarChar, NChar, NVarchar};
    matches!(sort, BigVarChar | BigChar | NVarchar | NChar).then_some("''")
}
