//! Pocket Docket: a firm's contacts, calendar and tasks on everyone's phone.
//!
//! The map of the house. Dependencies point down only; `tests/it/floors.rs` reads the `use` lines and fails on an upward
//! arrow. Each room's own head says what happens in it.
//!
//! ```text
//! 8  main  cli              street doors: one file per command
//! 7  app  config  demo      composition: the only rooms that know everybody
//! 6  service                systemd readiness and watchdog
//! 5  engine                 tick, cycle, execute, recovery, proof, alerts
//! 4  sources                practice databases: rows become records
//!    exchange               mailboxes: transport, throttle, EWS
//!    auth                   how a link signs in, and how its user confirms
//!    state                  the ledger: mirror, journal, holds, users, history
//!    simulator              an Exchange of our own, on loopback
//! 3  ports  vault           traits, the one vocabulary of trouble, HTTP; sealing
//! 2  plan                   pure: scope, decide, brakes
//!    diagnosis              pure: why a sign-in failed, and who can do what about it
//! 1  domain  xml            pure: what a record and an item are; an element tree
//! ```

pub mod app;
pub mod auth;
pub mod cli;
pub mod config;
pub mod demo;
pub mod diagnosis;
pub mod domain;
pub mod engine;
pub mod exchange;
pub mod plan;
pub mod ports;
pub mod service;
pub mod simulator;
pub mod sources;
pub mod state;
pub mod vault;
pub mod xml;
