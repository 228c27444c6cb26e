//! The sample firm: a fictional law office in a SQLite file, with the odd rows that real firms have.
//!
//! The same seed, day and size make the same firm. It has people (one who left, one without e-mail), an address book for
//! everyone, events with one row per participant, tasks and matters; some rows are wrong in every way we have met (see
//! `odd`). [`change()`] edits it the way people at an office do, one step at a time. Everything in it is invented.

mod change;
mod fill;
mod odd;
mod words;

use std::path::Path;

pub use change::{Change, change};
use jiff::civil::Date;
use rusqlite::{Connection, OpenFlags};

use super::{Settings, SourceZone};
use crate::ports::{Failure, FailureKind};

/// How large the firm is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Lawyers and staff; the first twelve have names of their own.
    pub people: u32,
    /// Contacts, firm-wide.
    pub contacts: u32,
    /// Events; most of a small firm's have several participants, a large one's have one each.
    pub events: u32,
    /// Tasks and deadlines.
    pub tasks: u32,
}

impl Default for Size {
    fn default() -> Self {
        Self { people: 12, contacts: 400, events: 600, tasks: 200 }
    }
}

impl Size {
    /// A firm whose queries yield about so many rows, for measuring. Large firms differ in appointments and deadlines; what
    /// goes to everyone stays small.
    pub fn of_rows(rows: u32, people: u32) -> Self {
        let contacts = (rows / 10).min(200);
        let tasks = (rows - contacts) / 3;
        Self { people, contacts, events: rows - contacts - tasks, tasks }
    }

    /// Whether it is a firm to be measured and not to be looked at.
    fn is_large(self) -> bool {
        self.events > 10_000
    }
}

/// The settings with which the sample firm at `path` is read.
pub fn settings(path: &Path) -> Settings {
    let zone = SourceZone::named(ZONE).unwrap_or_else(|_| SourceZone::utc());
    Settings::new("sample", path, zone)
}

/// The wall clock of the sample firm.
const ZONE: &str = "Europe/Berlin";

/// Makes a firm in a new file; a file that exists is left alone and is a failure. `today` is the day around which its events
/// lie.
pub fn create(path: &Path, seed: u64, today: Date, size: Size) -> Result<(), Failure> {
    if path.exists() {
        return Err(trouble("make the sample firm", path)
            .because("the file exists")
            .hint("choose another path, or delete the file if it is only an earlier sample"));
    }
    let failed = |error: rusqlite::Error| trouble("make the sample firm", path).because(error);
    let mut connection = Connection::open(path).map_err(failed)?;
    // A half-made sample is thrown away, so it need not survive a power failure.
    connection.pragma_update(None, "synchronous", false).map_err(failed)?;
    let transaction = connection.transaction().map_err(failed)?;
    transaction.execute_batch(include_str!("sample/schema.sql")).map_err(failed)?;
    fill::fill(&transaction, seed, today, size).map_err(failed)?;
    transaction.execute_batch(include_str!("sample/indexes.sql")).map_err(failed)?;
    transaction.commit().map_err(failed)
}

/// Opens an existing sample firm for writing.
fn open(path: &Path) -> Result<Connection, Failure> {
    let failed = |error: rusqlite::Error| trouble("change the sample firm", path).because(error);
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(failed)?;
    connection.busy_timeout(std::time::Duration::from_secs(30)).map_err(failed)?;
    Ok(connection)
}

fn trouble(doing: &str, path: &Path) -> Failure {
    Failure::new(FailureKind::Setting, format!("{doing} in `{}`", path.display()))
}

#[cfg(test)]
mod tests;
