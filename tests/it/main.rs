//! The integration tests, in one binary: one module per area.

mod documents;
mod floors;
mod licences;
mod repository;
mod words;
