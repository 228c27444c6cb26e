use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{
    domain::FirmId,
    vault::{KeyKind, KeySource},
};

/// Whose installation this is. Section `[firm]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Firm {
    /// Drawn by `init`; a part of every stamp. Keep it for the life of the firm.
    pub id: FirmId,
    /// Folder of the ledger.
    #[serde(default = "data")]
    pub data: PathBuf,
    /// Where the master key that seals the ledger comes from.
    #[serde(default)]
    pub key: KeyKind,
    /// Its file, where it comes from one: as it is, wrapped by a passphrase, or sealed by DPAPI.
    #[serde(default = "key_file")]
    pub key_file: PathBuf,
    /// Its name, where it comes from systemd or from a keyring.
    #[serde(default = "key_name")]
    pub key_name: String,
}

impl Firm {
    /// Where the master key lies.
    pub fn key_source(&self) -> KeySource {
        match self.key {
            KeyKind::Systemd => KeySource::Systemd(self.key_name.clone()),
            KeyKind::Keyring => KeySource::Keyring(self.key_name.clone()),
            KeyKind::Dpapi => KeySource::Dpapi(self.key_file.clone()),
            KeyKind::File => KeySource::File(self.key_file.clone()),
            KeyKind::Passphrase => KeySource::Passphrase(self.key_file.clone()),
        }
    }
}

fn data() -> PathBuf {
    PathBuf::from("data")
}

fn key_file() -> PathBuf {
    PathBuf::from("master.key")
}

fn key_name() -> String {
    "pocketdocket-key".to_owned()
}
