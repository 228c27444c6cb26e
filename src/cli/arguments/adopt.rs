use clap::{Args, Subcommand};

use super::Json;
use crate::state::UserName;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Adopt {
    /// List the records that look like items of an earlier sync
    List {
        /// Of this user alone
        user: Option<UserName>,
        #[command(flatten)]
        json: Json,
    },
    /// Show both sides of each pair, and how many items match nothing
    Show {
        /// The user
        user: UserName,
        #[command(flatten)]
        json: Json,
    },
    /// Agree that the items which were shown are stamped and kept up to date
    Accept {
        /// The user
        user: UserName,
        #[command(flatten)]
        chosen: Chosen,
        /// Accept without asking
        #[arg(long)]
        yes: bool,
    },
    /// Decide that items stay the user's
    Refuse {
        /// The user
        user: UserName,
        #[command(flatten)]
        chosen: Chosen,
        #[command(flatten)]
        what: Refused,
    },
}

/// Which pairs.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(in crate::cli) struct Chosen {
    /// Everything about which nobody has decided yet
    #[arg(long)]
    pub(in crate::cli) all: bool,
    /// A pair by its number, as `adopt list` shows it; may be given several times
    #[arg(long = "pair", value_name = "NUMBER")]
    pub(in crate::cli) pairs: Vec<i64>,
}

/// What becomes of records whose items are not taken over.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(in crate::cli) struct Refused {
    /// The record gets an item of its own beside the user's
    #[arg(long)]
    pub(in crate::cli) keep_both: bool,
    /// The record gets no item: the user's stands for it
    #[arg(long)]
    pub(in crate::cli) leave: bool,
}
