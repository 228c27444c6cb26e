//! The integration tests, in one binary: one module per area.

mod address;
mod cli;
#[cfg(unix)]
mod conformance;
#[cfg(target_os = "linux")]
mod connectors;
#[cfg(unix)]
mod crash;
mod documents;
mod engine;
mod exchange;
mod floors;
mod licences;
mod mapping;
mod practice;
mod repository;
#[cfg(target_os = "linux")]
mod servers;
mod sign_in;
mod simulator;
mod token;
mod words;
