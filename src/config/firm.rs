use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::FirmId;

/// Whose installation this is. Section `[firm]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Firm {
    /// Drawn by `init`; a part of every stamp. Keep it for the life of the firm.
    pub id: FirmId,
    /// Folder of the ledger.
    #[serde(default = "data")]
    pub data: PathBuf,
    /// File with the master key that seals the ledger.
    #[serde(default = "key_file")]
    pub key_file: PathBuf,
}

fn data() -> PathBuf {
    PathBuf::from("data")
}

fn key_file() -> PathBuf {
    PathBuf::from("master.key")
}
