use clap::{Args, Subcommand};

use super::Json;
use crate::state::AccountName;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Address {
    /// Show under which address the outer world sees this machine, as each echo service says
    Show(Json),
    /// Let a service account sign in from these networks only; its users wait while this machine comes from elsewhere
    Allow(AllowNetworks),
    /// Take networks off a service account's list
    Remove(RemoveNetworks),
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

#[derive(Debug, Args)]
pub(in crate::cli) struct AllowNetworks {
    /// An address, or a network such as `203.0.113.0/29`; several for several lines to the internet
    #[arg(required = true, value_name = "NETWORK")]
    pub(in crate::cli) networks: Vec<String>,
    /// The service account
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) account: AccountName,
    /// The name of the named location in which the Exchange administrator allowed them, for alerts
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) location: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RemoveNetworks {
    /// Networks as they stand on the list
    #[arg(required = true, value_name = "NETWORK")]
    pub(in crate::cli) networks: Vec<String>,
    /// The service account
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) account: AccountName,
}
