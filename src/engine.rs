//! Rooms where things happen: the tick, one mailbox's cycle, execution, recovery, proof.

pub mod schedule;
mod settings;

pub use settings::Settings;
