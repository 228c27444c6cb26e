//! Arguments of the commands that look back: what was done, what people made of it, and taking it back.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Json;
use crate::{cli::moment::TypedMoment, domain::RecordKey, state::UserName};

#[derive(Debug, Args)]
pub(in crate::cli) struct Explain {
    /// The user, such as `weber`
    pub(in crate::cli) user: UserName,
    #[command(flatten)]
    pub(in crate::cli) asked: Asked,
    #[command(flatten)]
    pub(in crate::cli) json: Json,
}

/// Which record is meant.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(in crate::cli) struct Asked {
    /// The record, such as `event/meetings/4711`, or a part of that which fits one record alone
    pub(in crate::cli) record: Option<String>,
    /// List the records whose title has this text, each with what becomes of it in this mailbox
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) find: Option<String>,
    /// The record of this item, by the mailbox's own identifier
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) item: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct History {
    /// Of this user alone
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) user: Option<UserName>,
    /// Of this record alone, such as `event/meetings/4711`
    #[arg(long, value_name = "KEY")]
    pub(in crate::cli) key: Option<RecordKey>,
    /// At most so many entries, newest first
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    pub(in crate::cli) limit: u32,
    #[command(flatten)]
    pub(in crate::cli) json: Json,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Undo {
    #[command(flatten)]
    pub(in crate::cli) what: UndoWhat,
    /// Show exactly what would be done, and do nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
    /// Do it without asking
    #[arg(long, conflicts_with = "dry_run")]
    pub(in crate::cli) yes: bool,
    /// How long to wait for a running service
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    pub(in crate::cli) wait: u64,
    #[command(flatten)]
    pub(in crate::cli) json: Json,
}

/// What is to be undone.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(in crate::cli) struct UndoWhat {
    /// What this run did, by its number in `history`
    #[arg(long, value_name = "NUMBER")]
    pub(in crate::cli) run: Option<i64>,
    /// What was done in the mailbox of this user
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) user: Option<UserName>,
    /// What was done for this record, such as `event/meetings/4711`
    #[arg(long, value_name = "KEY")]
    pub(in crate::cli) record: Option<RecordKey>,
    /// Not earlier than this, such as `2026-11-27 14:30` or `2h`
    #[arg(long, value_name = "WHEN")]
    pub(in crate::cli) since: Option<TypedMoment>,
    /// Earlier than this
    #[arg(long, value_name = "WHEN")]
    pub(in crate::cli) until: Option<TypedMoment>,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Proposals {
    /// List proposed changes, newest first
    List {
        #[command(flatten)]
        wanted: ProposalsWanted,
        #[command(flatten)]
        json: Json,
    },
    /// Write proposed changes as a table for a spreadsheet
    Export {
        /// The file to write, or `-` for standard output
        #[arg(long, value_name = "FILE")]
        csv: PathBuf,
        /// Begin with a byte order mark, by which Excel knows UTF-8
        #[arg(long)]
        bom: bool,
        /// Separate cells with semicolons, as Excel expects it where the comma is the decimal sign
        #[arg(long)]
        semicolon: bool,
        #[command(flatten)]
        wanted: ProposalsWanted,
    },
    /// Close proposed changes: the office entered them, or will not
    Done {
        /// Their numbers, as `proposals list` shows them
        #[arg(required = true, value_name = "ID")]
        ids: Vec<i64>,
        /// They were not entered and are not to be
        #[arg(long)]
        rejected: bool,
    },
}

/// Which proposed changes.
#[derive(Debug, Args)]
pub(in crate::cli) struct ProposalsWanted {
    /// Of this user alone
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) user: Option<UserName>,
    /// Not older than this, such as `2026-11-27`, `2026-11-27 14:30` or `7d`
    #[arg(long, value_name = "WHEN")]
    pub(in crate::cli) since: Option<TypedMoment>,
    /// Those that are closed too
    #[arg(long)]
    pub(in crate::cli) all: bool,
}
