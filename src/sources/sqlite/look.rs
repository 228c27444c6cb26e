use std::fs::OpenOptions;

use super::connect::ReadOnly;
use crate::{
    ports::Failure,
    sources::{Settings, session::Look},
};

/// Version, rights, tables.
pub(super) fn look(settings: &Settings, database: &ReadOnly) -> Result<Look, Failure> {
    let failed = |error| database.trouble(error);
    let connection = &database.connection;
    // Opening for writing changes nothing; it only asks what the account may do.
    let writable = settings.database.as_ref().is_some_and(|path| OpenOptions::new().write(true).open(path).is_ok());
    let mut look = Look { version: format!("SQLite {}", rusqlite::version()), writable, ..Look::default() };
    let mut statement = connection
        .prepare("SELECT type, name, coalesce(sql, '') FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name")
        .map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let (sort, name, sql): (String, String, String) =
            (row.get(0).map_err(failed)?, row.get(1).map_err(failed)?, row.get(2).map_err(failed)?);
        // An index more or less changes no meaning.
        if matches!(sort.as_str(), "table" | "view") {
            look.tables.push(name.clone());
            look.shape.extend([sort, name, sql]);
        }
    }
    let journal: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).map_err(failed)?;
    if !journal.eq_ignore_ascii_case("wal") {
        look.remarks.push(format!(
            "the database is in journal mode `{journal}`: while we read, who writes must wait; `wal` would spare both"
        ));
    }
    Ok(look)
}

/// Whether some step of a statement goes through a whole table.
pub(super) fn looks_at_every_row(database: &ReadOnly, sql: &str) -> Result<bool, Failure> {
    let failed = |error| database.trouble(error);
    let mut statement = database.connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).map_err(failed)?;
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().map_err(failed)? {
        if row.get::<_, String>(3).map_err(failed)?.starts_with("SCAN") {
            return Ok(true);
        }
    }
    Ok(false)
}
