//! Practice databases: rows become records. Read-only, politely, and never half.
//!
//! A practice system is one [mapping](mapping::Mapping): a TOML file with a SELECT per kind whose column aliases are our
//! field words. A connector runs these queries in one consistent read and hands over cells; everything above
//! it (`rows`) knows nothing of the database. What cannot be understood becomes a row problem, never a guess; what cannot
//! be read to its end is a failure, never a short view. [`sample`] makes a whole fictional firm to try all of it.

mod beside;
mod cell;
mod connector;
mod convert;
mod database;
pub mod learn;
pub mod mapping;
mod mysql;
mod people;
mod postgres;
mod preview;
mod readings;
mod rows;
pub mod sample;
mod server;
mod session;
mod settings;
mod sqlite;
mod sqlserver;
mod watermark;

use std::sync::Arc;

pub use connector::Connector;
pub use preview::Preview;
pub use readings::{Readings, readings};
pub use server::{Secret, ServerSettings, SignIn, Tls};
pub use settings::{Settings, SourceZone};
pub use sqlserver::quoted;

use crate::ports::{Failure, FailureKind, Source};

/// The same as [`open_with`], for a database without a password.
///
/// # Errors
/// As there.
pub fn open(settings: &Settings) -> Result<Arc<dyn Source>, Failure> {
    open_with(settings, Arc::new(|| Ok(None)))
}

/// Loads the mapping that the settings name and makes the source. Nothing is connected yet, and `secret` is not asked: a
/// database that is away at the moment is a failure of [`Source::read`], which passes, not of this.
///
/// # Errors
/// When the mapping cannot be used, or is for a sort of database that the settings do not name.
pub fn open_with(settings: &Settings, secret: Secret) -> Result<Arc<dyn Source>, Failure> {
    Ok(Arc::new(database(settings, secret)?))
}

/// Signs in to the database once and leaves again, whatever its tables look like.
///
/// # Errors
/// When the mapping cannot be used, or the database cannot be reached or refuses.
pub async fn sign_in(settings: &Settings, secret: Secret) -> Result<(), Failure> {
    database(settings, secret)?.sign_in().await
}

/// Looks at the tables of the database and at some rows of them, to learn from.
///
/// # Errors
/// As [`sign_in`], and when the database does not show its tables.
pub async fn explore(settings: &Settings, secret: Secret) -> Result<learn::Findings, Failure> {
    database(settings, secret)?.explore().await
}

/// The questions that the mapping says are open.
///
/// # Errors
/// When the mapping cannot be used.
pub fn open_questions(settings: &Settings) -> Result<Vec<String>, Failure> {
    Ok(mapping::Mapping::load(settings)?.open_questions)
}

fn database(settings: &Settings, secret: Secret) -> Result<database::DatabaseSource, Failure> {
    let mapping = mapping::Mapping::load(settings)?;
    let connector = mapping.connector;
    let lacks = match (connector, &settings.database, &settings.server) {
        (Connector::Sqlite, Some(_), None)
        | (Connector::Mysql | Connector::Postgres | Connector::SqlServer, None, Some(_)) => None,
        (Connector::Sqlite, ..) => {
            Some("reads a file: name it as `database` under [practice], and no [practice.server]")
        }
        _ => Some("reads from a server: name it under [practice.server], and no `database` beside it"),
    };
    if let Some(lacks) = lacks {
        return Err(Failure::new(FailureKind::Setting, format!("use the mapping `{}`", settings.mapping))
            .because(format!("its connector `{connector}` {lacks}"))
            .hint("docs/reference/sources.md shows both"));
    }
    if let Some((setting, what)) = settings.server.as_ref().and_then(|server| server.unfit(connector)) {
        return Err(Failure::new(FailureKind::Setting, format!("use `{setting}` with the connector `{connector}`"))
            .because(what)
            .hint("docs/reference/sources.md says which settings each connector knows"));
    }
    if let Some(zone) = mapping.source_zone.as_ref().filter(|zone| !zone.agrees_with(&settings.source_zone)) {
        let (kept, said) = (zone.name(), settings.source_zone.name());
        return Err(Failure::new(FailureKind::Setting, format!("use the mapping `{}`", settings.mapping))
            .because(format!(
                "{} keeps its times in {kept}, and `source_zone` says {said}: all would be off",
                mapping.name
            ))
            .hint(format!(
                "set `source_zone = \"{kept}\"` under [practice]; the office's own zone is `office_zone` under [scope]"
            )));
    }
    Ok(database::DatabaseSource::new(settings.clone(), mapping, secret))
}
