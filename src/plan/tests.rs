//! The planner against histories.
//!
//! [`world`] is a mailbox, a ledger and a practice database that are maps. Histories of what offices, users, servers and power
//! cuts do are played on it, and what was promised is checked after *every* step. Each counterexample that was ever found is a
//! named test in [`counterexamples`].

mod brakes;
mod counterexamples;
mod decisions;
mod departures;
mod meaning;
mod properties;
mod recovery;
mod world;
