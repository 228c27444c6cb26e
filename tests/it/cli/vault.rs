//! The vault as people meet it: places for the key, changing it, and a new machine.

mod bundle;
mod change;
mod places;

use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};

use super::Place;

/// What is kept sealed in every installation here, to see whether it still opens.
const PLANTED: &str = "planted-secret-of-the-gateway";
const PASSPHRASE: &str = "planted correct horse battery";

impl Place {
    /// An installation with a secret in its ledger.
    fn with_secret() -> Self {
        let place = Self::installed();
        place.ledger().seal_secret("gateway", &SecretString::from(PLANTED)).expect("sealed");
        place
    }

    /// A file that holds a passphrase, for its owner alone.
    fn passphrase(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, format!("{text}\n")).expect("the folder is ours");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("is ours");
        }
        path
    }

    /// Whether the ledger opens with the key file of this name, and what was sealed can be read.
    fn opens_with(&self, key_file: &str) -> bool {
        let Ok(key) = pocketdocket::vault::KeySource::File(self.path(key_file)).open(None) else { return false };
        let Ok(ledger) = pocketdocket::state::Ledger::open(&self.path("data"), &key) else { return false };
        let secret = ledger.open_secret("gateway").expect("can be read").expect("is there");
        secret.expose_secret() == PLANTED
    }
}
