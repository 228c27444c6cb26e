//! Windows' Data Protection API, for the whole machine: the service and the person at the command line are different accounts.
//! Whoever runs programs on the machine and can read the file can open it, so the rights on the folder are the second half
//! (<https://learn.microsoft.com/windows/win32/api/dpapi/nf-dpapi-cryptprotectdata>).

use std::path::Path;

use zeroize::Zeroizing;

use super::{KeyError, Vault};

/// Told to Windows with the key, so that what other programs sealed is not taken for ours. No secret.
#[cfg(windows)]
const PURPOSE: &[u8] = b"Pocket Docket master key, format 1";

/// The key in a file that was sealed on this machine.
pub(super) fn open(path: &Path) -> Result<Vault, KeyError> {
    #[cfg(windows)]
    return {
        let sealed = super::key_file::read(path, true)?;
        let key = windows_dpapi::decrypt_data(&sealed, windows_dpapi::Scope::Machine, Some(PURPOSE))
            .map(Zeroizing::new)
            .map_err(|error| refused(path, &error))?;
        super::key_file::as_key(path, &key)
    };
    #[cfg(not(windows))]
    {
        let _ = path;
        Err(NOT_WINDOWS)
    }
}

/// What the file holds for this key.
pub(super) fn protected(path: &Path, key: &Vault) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    #[cfg(windows)]
    return windows_dpapi::encrypt_data(key.key(), windows_dpapi::Scope::Machine, Some(PURPOSE))
        .map(Zeroizing::new)
        .map_err(|error| refused(path, &error));
    #[cfg(not(windows))]
    {
        let _ = (path, key);
        Err(NOT_WINDOWS)
    }
}

#[cfg(windows)]
fn refused(path: &Path, error: &impl std::fmt::Display) -> KeyError {
    KeyError::Dpapi { path: path.to_owned(), why: format!("{error:#}") }
}

#[cfg(not(windows))]
const NOT_WINDOWS: KeyError = KeyError::NotHere { kind: super::KeyKind::Dpapi, why: "it is a part of Windows" };
