//! Rows become records, or problems; nothing becomes a guess.
//!
//! Neutral to the connector: a [`Reader`] is made of a query, its column names and who the people are, and takes rows of
//! cells. A row with a key, a person and (events) a start is a record even if another column is faulty: that field is left
//! out as if it were not selected, and reported. A faulty or unknown privacy value means private. A row without a start is
//! *unreadable*: neither present nor absent. [`Pass`] reads a whole query: it finds rows that contradict each other, keeps
//! the cursor, and hands over what is ready.

mod duplicates;
mod pass;
mod raw;
mod reader;
mod rules;
mod text;
mod time;
mod vocabulary;

pub(super) use pass::{Pass, Totals};
pub(super) use raw::Raw;
pub(super) use reader::{Reader, key_of};
pub(super) use rules::Rules;
pub(super) use text::{clean, is_email};
pub(super) use time::{Moment, moment_of, time_of};
#[cfg(test)]
mod tests;
