//! XML as a small tree, namespaces resolved; and a writer for what we send.
//!
//! Answers come from many servers: with any prefix, in any order, cut off, or huge. [`parse`] yields an immutable
//! [`Element`] tree or an error, never a panic, and its work is bounded in size, depth and number of elements. Text, CDATA
//! and character references are joined; references that XML does not know are kept visibly (`&nbsp;`) and nothing is ever
//! fetched or expanded. Look-ups go by local name, because some servers mix up namespaces; who must be strict compares
//! [`Element::namespace`] too.

mod element;
mod writer;

pub use element::{Element, XmlError, parse};
pub use writer::Writer;

#[cfg(test)]
mod tests;
