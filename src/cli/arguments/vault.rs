//! `vault`: the master key, and taking the installation to another machine.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Json;
use crate::vault::KeyKind;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Vault {
    /// Show where the master key lies, how fit that is, and what else could be had here
    Show(Json),
    /// Draw a new master key and seal everything anew; the service must be stopped
    Rotate(Rotate),
    /// Put a new master key in another place, and seal everything anew; the service must be stopped
    Move(MoveKey),
    /// Write configuration, ledger and key into one file that a passphrase opens
    Export(Export),
    /// Make an installation of an export, on a new machine
    Import(Import),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Rotate {
    /// Where the key is opened by a passphrase: take a new one, from the first line of this file; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) new_passphrase_file: Option<PathBuf>,
    /// Where systemd gives the key: write the new one into this new file, to make a credential of
    #[arg(long, value_name = "FILE", conflicts_with = "finish")]
    pub(in crate::cli) new_key: Option<PathBuf>,
    /// Only take away every other key that still opens the ledger, after a change that was cut off or done in two steps
    #[arg(long)]
    pub(in crate::cli) finish: bool,
}

/// Where a key is to lie.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct NewPlace {
    /// Its file, where it lies in one
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) key_file: Option<PathBuf>,
    /// Its name, where systemd or a keyring has it
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) key_name: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct MoveKey {
    /// Where to: `systemd`, `dpapi`, `keyring`, `file` or `passphrase`
    #[arg(long, value_name = "KIND")]
    pub(in crate::cli) to: KeyKind,
    #[command(flatten)]
    pub(in crate::cli) place: NewPlace,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Export {
    /// Where to; there must be no such file yet
    pub(in crate::cli) file: PathBuf,
    /// Read the export's passphrase from the first line of this file; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) bundle_passphrase_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Import {
    /// The export
    pub(in crate::cli) file: PathBuf,
    /// Read the export's passphrase from the first line of this file; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) bundle_passphrase_file: Option<PathBuf>,
    /// Where the master key of this machine is to lie; as on the old machine where nothing is said
    #[arg(long, value_name = "KIND")]
    pub(in crate::cli) key: Option<KeyKind>,
    #[command(flatten)]
    pub(in crate::cli) place: NewPlace,
}
