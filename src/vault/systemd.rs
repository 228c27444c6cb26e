//! A credential that systemd hands to a service: a file in a folder that only this service sees and that is gone when it ends
//! (<https://systemd.io/CREDENTIALS/>). Who may read it is systemd's affair: its mode may be wider than a key file's.

use std::path::{Path, PathBuf};

use super::{KeyError, Vault, key_file};

/// Says where the credentials of this process lie.
const VARIABLE: &str = "CREDENTIALS_DIRECTORY";

pub(super) fn at_hand() -> Result<(), String> {
    match directory() {
        Some(_) => Ok(()),
        None if Path::new("/run/systemd/system").exists() => {
            Err("systemd runs here, but gave this process no credentials".to_owned())
        }
        None => Err("systemd does not run here".to_owned()),
    }
}

/// The key in the credential of this name.
pub(super) fn open(name: &str) -> Result<Vault, KeyError> {
    let path = directory().ok_or_else(|| KeyError::NoCredential { name: name.to_owned() })?.join(plain(name)?);
    match key_file::read(&path, false) {
        Err(KeyError::Missing { .. }) => Err(KeyError::NoCredential { name: name.to_owned() }),
        read => key_file::as_key(&path, &read?),
    }
}

fn directory() -> Option<PathBuf> {
    std::env::var_os(VARIABLE).filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

/// A name that stays in the folder.
fn plain(name: &str) -> Result<&str, KeyError> {
    if name.is_empty() || name.contains(['/', '\\', '\0']) || name == "." || name == ".." {
        return Err(KeyError::CredentialName { name: name.to_owned() });
    }
    Ok(name)
}
