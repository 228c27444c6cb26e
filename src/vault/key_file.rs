//! A master key in a file: 32 bytes, readable by its owner alone.

use std::{
    fs::{File, OpenOptions},
    io::{ErrorKind, Read, Write},
    path::Path,
};

use zeroize::Zeroizing;

use super::{KeyError, Vault};

/// The most that a file with a key in any form holds, in bytes.
const LONGEST: u64 = 16 * 1024;

/// Writes a new file with mode 0600. One that is there already is never written over.
pub(super) fn create(path: &Path, bytes: &[u8]) -> Result<(), KeyError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let trouble = |source: std::io::Error| match source.kind() {
        ErrorKind::AlreadyExists => KeyError::Exists { path: path.to_owned() },
        _ => KeyError::Unwritable { path: path.to_owned(), source },
    };
    let mut file = options.open(path).map_err(trouble)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(trouble)
}

/// Reads a key. Refuses a file that others than its owner may use, or that does not hold exactly 32 bytes.
pub(super) fn open(path: &Path) -> Result<Vault, KeyError> {
    as_key(path, &read(path, true)?)
}

/// Reads a small file with a key in some form, which others than its owner may not use if `narrow`.
pub(super) fn read(path: &Path, narrow: bool) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let trouble = |source: std::io::Error| match source.kind() {
        ErrorKind::NotFound => KeyError::Missing { path: path.to_owned() },
        _ => KeyError::Unreadable { path: path.to_owned(), source },
    };
    let file = File::open(path).map_err(trouble)?;
    // The open file is asked, not the path: nobody can swap it in between.
    #[cfg(unix)]
    if narrow {
        refuse_wide_modes(path, &file.metadata().map_err(trouble)?)?;
    }
    #[cfg(not(unix))]
    let _ = narrow;
    let mut bytes = Zeroizing::new(Vec::with_capacity(64));
    file.take(LONGEST).read_to_end(&mut bytes).map_err(trouble)?;
    Ok(bytes)
}

/// The key that these bytes are.
pub(super) fn as_key(path: &Path, bytes: &[u8]) -> Result<Vault, KeyError> {
    let mut key = Zeroizing::new([0_u8; 32]);
    if bytes.len() != key.len() {
        return Err(KeyError::NotAKey { path: path.to_owned() });
    }
    key.copy_from_slice(bytes);
    Ok(Vault::new(key))
}

#[cfg(unix)]
fn refuse_wide_modes(path: &Path, metadata: &std::fs::Metadata) -> Result<(), KeyError> {
    use std::os::unix::fs::MetadataExt;
    let mode = metadata.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeyError::TooOpen { path: path.to_owned(), mode });
    }
    Ok(())
}
