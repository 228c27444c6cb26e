//! What an export says of itself: its first piece. The ledger follows in pieces of [`PIECE`] bytes.

use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::domain::FirmId;

/// Bytes of the ledger in one piece.
pub(super) const PIECE: usize = 1024 * 1024;

#[derive(Serialize, Deserialize)]
pub(super) struct Manifest {
    /// The version of the program that made it.
    pub(super) program: String,
    pub(super) made_at: jiff::Timestamp,
    pub(super) firm: FirmId,
    /// The data key, sealed for this export, in base64.
    pub(super) key: String,
    /// The configuration as people wrote it.
    pub(super) config: String,
    /// Files beside the configuration that it names.
    pub(super) files: Vec<Beside>,
    /// Files elsewhere that it names; they are not in the export.
    pub(super) elsewhere: Vec<PathBuf>,
    /// The size of the ledger, in bytes.
    pub(super) ledger: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Beside {
    /// From the folder of the configuration.
    pub(super) path: PathBuf,
    pub(super) content: String,
}

/// A path that leads to a place below the folder it is meant from.
pub(super) fn stays_below(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_))) && path.components().next().is_some()
}
