use std::{
    sync::Arc,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, Row, Statement, limits::Limit, types::ValueRef};

use crate::{
    ports::{Failure, FailureKind},
    sources::{Settings, cell::Cell, server::late},
};

/// How long to wait for a lock that a writer holds.
const BUSY: Duration = Duration::from_secs(10);

/// Steps of SQLite's machine between two looks at the clock: some milliseconds of work.
const STEPS: i32 = 20_000;

/// A read-only connection, and why it stopped if it did.
pub(super) struct ReadOnly {
    pub(super) connection: Connection,
    late: Arc<AtomicBool>,
    settings: Settings,
}

impl ReadOnly {
    /// Opens the file. Nothing is created: a missing file is a failure. `abandoned` ends the work early.
    pub(super) fn open(settings: &Settings, abandoned: impl Fn() -> bool + Send + 'static) -> Result<Self, Failure> {
        let failed = |error: rusqlite::Error| trouble(settings, error);
        // An absolute path is never taken for a URI, which could name other modes (memory, immutable) than a file's.
        let file = settings.database.clone().unwrap_or_default();
        let path = std::path::absolute(&file).unwrap_or(file);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
        connection.busy_timeout(BUSY).map_err(failed)?;
        connection.pragma_update(None, "query_only", true).map_err(failed)?;
        // No other file can be brought in, whatever a mapping says.
        connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0).map_err(failed)?;
        let late = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&late);
        let deadline = Instant::now() + Duration::from_secs(u64::from(settings.time_out_seconds));
        connection
            .progress_handler(
                STEPS,
                Some(move || {
                    let too_late = Instant::now() >= deadline;
                    flag.fetch_or(too_late, Ordering::Relaxed);
                    too_late || abandoned()
                }),
            )
            .map_err(failed)?;
        Ok(Self { connection, late, settings: settings.clone() })
    }

    /// What an error of SQLite means.
    pub(super) fn trouble(&self, error: rusqlite::Error) -> Failure {
        if self.late.load(Ordering::Relaxed) {
            return late(&self.settings.place(), self.settings.time_out_seconds);
        }
        trouble(&self.settings, error)
    }

    /// The database's own clock.
    pub(super) fn now(&self) -> Result<Timestamp, Failure> {
        let seconds: i64 = self
            .connection
            .query_row("SELECT CAST(strftime('%s', 'now') AS INTEGER)", [], |row| row.get(0))
            .map_err(|error| self.trouble(error))?;
        Timestamp::from_second(seconds).map_err(|error| {
            Failure::new(FailureKind::Source, "read the clock of the practice database").because(error)
        })
    }

    /// Prepares one statement that only reads.
    pub(super) fn prepare(&self, sql: &str, what: &str) -> Result<Statement<'_>, Failure> {
        let statement = self.connection.prepare(sql).map_err(|error| {
            self.trouble(error)
                .hint(format!("{what} does not fit the database; `pocketdocket practice probe` lists its tables"))
        })?;
        if statement.readonly() {
            Ok(statement)
        } else {
            Err(Failure::new(FailureKind::Setting, format!("use {what}")).because("the statement would write"))
        }
    }
}

fn trouble(settings: &Settings, error: rusqlite::Error) -> Failure {
    let doing = format!("read the practice database `{}`", settings.place());
    let hint = match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::CannotOpen) => {
            Some("check the path under [practice] and that this account may read the file")
        }
        Some(rusqlite::ErrorCode::NotADatabase) => Some("the file is not a SQLite database, or it is encrypted"),
        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
            Some("another program holds the database; the next try is made by itself")
        }
        Some(rusqlite::ErrorCode::DatabaseCorrupt) => {
            Some("the file is damaged: restore it, or ask the practice system's vendor")
        }
        Some(rusqlite::ErrorCode::ReadOnly) => Some(
            "a program that writes stopped in the middle of it, and only one that may write can tidy up: start the practice system",
        ),
        _ => None,
    };
    let failure = Failure::new(FailureKind::Source, doing).because(error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// The cells of a row.
pub(super) fn cells(row: &Row<'_>, count: usize, cells: &mut Vec<Cell>) -> rusqlite::Result<()> {
    cells.clear();
    for column in 0..count {
        cells.push(match row.get_ref(column)? {
            ValueRef::Null => Cell::Null,
            ValueRef::Integer(number) => Cell::Integer(number),
            ValueRef::Real(number) => Cell::Real(number),
            ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Cell::Text(text.to_owned()),
                Err(_) => Cell::Garbled(String::from_utf8_lossy(bytes).into_owned()),
            },
            ValueRef::Blob(bytes) => Cell::Blob(bytes.to_vec()),
        });
    }
    Ok(())
}
