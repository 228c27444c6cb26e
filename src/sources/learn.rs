//! Learning a Time Matters database: what is publicly known is recognised, what is not is found by shape and asked.
//!
//! [`Findings`] are a look at the tables and at some of their rows, through any connector. [`recognise()`] tells where Time Matters
//! is by its tables and columns, whatever their owner is called. [`questions()`] lists what has to be asked, each with candidates
//! that a pure [`score()`] puts in order; [`Answers`] are a technician's. [`mapping()`] writes the firm's mapping out of both.
//! Nothing is decided by a score, and a mapping with open questions says so and is not synced.

mod answers;
mod catalogue;
mod dialect;
mod findings;
mod firm;
mod proof;
mod question;
mod questions;
mod recognise;
mod score;
mod select;
mod shape;
#[cfg(test)]
mod tests;
mod write;

pub use answers::{Answer, Answers};
pub use catalogue::{Catalogue, ColumnInfo, Table, can_be_carried};
pub use dialect::Dialect;
pub use findings::Findings;
pub use proof::{Proof, proof};
pub use question::{Candidate, Form, Question};
pub use questions::{check, open, questions};
pub use recognise::{Home, recognise};
pub use score::{Role, Score, TableEvidence, field_score, score, table_score};
pub use shape::Shape;
pub use write::{is_as_written, mapping};

use super::Connector;

/// The system that can be learned, as `init` knows it.
pub const SYSTEM: &str = "time-matters";
