use std::fs::OpenOptions;

use sha2::{Digest, Sha256};

use super::{
    connect::ReadOnly,
    read::{changed_sql, validate},
};
use crate::{
    ports::{Failure, Probe},
    sources::{
        Settings,
        cell::{Cell, hex},
        mapping::Mapping,
    },
};

/// Connects, looks around and tries the mapping, without reading a row of it.
pub(super) fn probe(settings: &Settings, mapping: &Mapping) -> Result<Probe, Failure> {
    let database = ReadOnly::open(settings, || false)?;
    let failed = |error| database.trouble(error);
    let connection = &database.connection;
    let mut shape = Sha256::new();
    let mut tables = Vec::new();
    let mut statement = connection
        .prepare("SELECT type, name, coalesce(sql, '') FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name")
        .map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let (sort, name, sql): (String, String, String) =
            (row.get(0).map_err(failed)?, row.get(1).map_err(failed)?, row.get(2).map_err(failed)?);
        // An index more or less changes no meaning.
        if matches!(sort.as_str(), "table" | "view") {
            for part in [&sort, &name, &sql] {
                shape.update(u64::try_from(part.len()).unwrap_or_default().to_be_bytes());
                shape.update(part);
            }
            tables.push(name);
        }
    }
    let schema: [u8; 32] = shape.finalize().into();
    validate(settings, mapping, &database)?;
    let mut remarks = Vec::new();
    let journal: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).map_err(failed)?;
    if !journal.eq_ignore_ascii_case("wal") {
        remarks.push(format!(
            "the database is in journal mode `{journal}`: while we read, who writes must wait; `wal` would spare both"
        ));
    }
    for query in mapping.queries.iter().filter(|query| query.hinted) {
        let sql = changed_sql(query, &Cell::Text(String::new()), false);
        let plan = explain(&database, &sql)?;
        if plan.iter().any(|step| step.starts_with("SCAN")) {
            remarks.push(format!(
                "the query `{}` looks at every row to find what changed; an index on its `changed` column would spare that",
                query.name
            ));
        }
    }
    Ok(Probe {
        version: format!("SQLite {}", rusqlite::version()),
        // Opening for writing changes nothing; it only asks what the account may do.
        writable: OpenOptions::new().write(true).open(&settings.database).is_ok(),
        tables,
        schema: hex(schema.get(..16).unwrap_or(&schema)),
        remarks,
    })
}

fn explain(database: &ReadOnly, sql: &str) -> Result<Vec<String>, Failure> {
    let failed = |error| database.trouble(error);
    let mut statement = database.connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).map_err(failed)?;
    let mut rows = statement.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().map_err(failed)? {
        steps.push(row.get::<_, String>(3).map_err(failed)?);
    }
    Ok(steps)
}
