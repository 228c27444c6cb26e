//! Practice databases: rows become records. Read-only, politely, and never half.
//!
//! A practice system is one [mapping](mapping::Mapping): a TOML file with a SELECT per kind whose column aliases are our
//! field words. A connector runs these queries in one consistent read and hands over cells; everything above
//! it (`rows`) knows nothing of the database. What cannot be understood becomes a row problem, never a guess; what cannot
//! be read to its end is a failure, never a short view. [`sample`] makes a whole fictional firm to try all of it.

mod beside;
mod cell;
mod convert;
pub mod mapping;
mod people;
mod preview;
mod rows;
pub mod sample;
mod settings;
mod sqlite;
mod watermark;

use std::sync::Arc;

pub use preview::Preview;
pub use settings::{Settings, SourceZone};

use crate::ports::{Failure, Source};

/// Loads the mapping that the settings name and makes the source. Nothing is connected yet: a database that is away at the
/// moment is a failure of [`Source::read`], which passes, not of this.
pub fn open(settings: &Settings) -> Result<Arc<dyn Source>, Failure> {
    let mapping = mapping::Mapping::load(settings)?;
    Ok(Arc::new(sqlite::SqliteSource::new(settings.clone(), mapping)))
}
