use clap::{Args, Subcommand};

use super::Json;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Address {
    /// Show under which address the outer world sees this machine, as each echo service says
    Show(Json),
    /// Follow it: a line for every change, until it is stopped
    Watch(WatchAddress),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct WatchAddress {
    /// Ask again after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(in crate::cli) every: u64,
    /// Stop after so many seconds
    #[arg(long = "for", value_name = "SECONDS")]
    pub(in crate::cli) seconds: Option<u64>,
    /// Look once and stop
    #[arg(long, conflicts_with = "seconds")]
    pub(in crate::cli) once: bool,
}
