use std::{
    fs::{File, OpenOptions},
    io::{ErrorKind, Read, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Vault;

/// Where the master key comes from. Other sources (a systemd credential, DPAPI, a keyring) become other variants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum KeySource {
    /// A file of 32 random bytes that only the service's account can read.
    File(PathBuf),
}

impl KeySource {
    /// Fetches the key.
    pub fn open(&self) -> Result<Vault, KeyFileError> {
        match self {
            Self::File(path) => KeyFile::open(path),
        }
    }
}

/// A master key in a file: 32 bytes, readable by its owner alone.
#[derive(Debug)]
pub struct KeyFile;

impl KeyFile {
    /// Draws a key and writes it into a new file with mode 0600. A file that is there already is never written over.
    pub fn create(path: &Path) -> Result<Vault, KeyFileError> {
        let mut key = Zeroizing::new([0_u8; 32]);
        rand::Rng::fill_bytes(&mut rand::rng(), key.as_mut_slice());
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let trouble = |source: std::io::Error| match source.kind() {
            ErrorKind::AlreadyExists => KeyFileError::Exists { path: path.to_owned() },
            _ => KeyFileError::Unwritable { path: path.to_owned(), source },
        };
        let mut file = options.open(path).map_err(trouble)?;
        file.write_all(key.as_slice()).and_then(|()| file.sync_all()).map_err(trouble)?;
        Ok(Vault::new(key))
    }

    /// Reads a key. Refuses a file that others than its owner may use, or that does not hold exactly 32 bytes.
    pub fn open(path: &Path) -> Result<Vault, KeyFileError> {
        let trouble = |source: std::io::Error| match source.kind() {
            ErrorKind::NotFound => KeyFileError::Missing { path: path.to_owned() },
            _ => KeyFileError::Unreadable { path: path.to_owned(), source },
        };
        let file = File::open(path).map_err(trouble)?;
        // The open file is asked, not the path: nobody can swap it in between.
        #[cfg(unix)]
        refuse_wide_modes(path, &file.metadata().map_err(trouble)?)?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(33));
        file.take(33).read_to_end(&mut bytes).map_err(trouble)?;
        let mut key = Zeroizing::new([0_u8; 32]);
        if bytes.len() != key.len() {
            return Err(KeyFileError::NotAKey { path: path.to_owned() });
        }
        key.copy_from_slice(&bytes);
        Ok(Vault::new(key))
    }
}

#[cfg(unix)]
fn refuse_wide_modes(path: &Path, metadata: &std::fs::Metadata) -> Result<(), KeyFileError> {
    use std::os::unix::fs::MetadataExt;
    let mode = metadata.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeyFileError::TooOpen { path: path.to_owned(), mode });
    }
    Ok(())
}

/// Why a key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// There is none.
    #[error("there is no key file `{}`", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// There is one already.
    #[error("there is a key file `{}` already; it is never written over", path.display())]
    Exists {
        /// Where it is.
        path: PathBuf,
    },
    /// Others than the owner can get at it.
    #[error("others than its owner may use the key file `{}` (mode {mode:04o})", path.display())]
    TooOpen {
        /// Which file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It does not hold 32 bytes.
    #[error("`{}` is not a key file: it does not hold exactly 32 bytes", path.display())]
    NotAKey {
        /// Which file.
        path: PathBuf,
    },
    /// The system would not let us read it.
    #[error("could not read the key file `{}`", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The system would not let us write it.
    #[error("could not write the key file `{}`", path.display())]
    Unwritable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl KeyFileError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { .. } => Some(
                "a new installation gets its key from `pocketdocket init`; otherwise bring the file back from the backup: \
                 without it the ledger cannot be read"
                    .to_owned(),
            ),
            Self::TooOpen { path, .. } => Some(format!("run `chmod 0600 '{}'`", path.display())),
            Self::NotAKey { .. } => Some("bring the key file back from the backup".to_owned()),
            Self::Exists { .. } => Some("keep it: the ledger beside it is sealed with it".to_owned()),
            Self::Unreadable { .. } | Self::Unwritable { .. } => {
                Some("run the command as the account that runs the service".to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("master.key");
        (folder, path)
    }

    #[test]
    fn a_created_key_opens_what_it_sealed_after_a_restart() {
        let (_folder, path) = place();
        let sealed = KeyFile::create(&path).expect("new").seal("x", b"text").expect("short");
        assert_eq!(KeyFile::open(&path).expect("there").open("x", &sealed).expect("same key").as_slice(), b"text");
    }

    #[test]
    fn a_key_file_is_never_written_over() {
        let (_folder, path) = place();
        KeyFile::create(&path).expect("new");
        let before = std::fs::read(&path).expect("readable");
        assert!(matches!(KeyFile::create(&path), Err(KeyFileError::Exists { .. })));
        assert_eq!(std::fs::read(&path).expect("readable"), before);
    }

    #[cfg(unix)]
    #[test]
    fn a_key_file_that_others_may_read_is_refused_with_the_command_that_mends_it() {
        use std::os::unix::fs::PermissionsExt;
        let (_folder, path) = place();
        KeyFile::create(&path).expect("new");
        assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("ours");
        let error = KeyFile::open(&path).expect_err("too open");
        assert!(matches!(error, KeyFileError::TooOpen { mode: 0o640, .. }), "{error}");
        assert!(error.hint().is_some_and(|hint| hint.contains("chmod 0600")));
    }

    #[test]
    fn a_file_that_is_no_key_is_refused() {
        let (_folder, path) = place();
        assert!(matches!(KeyFile::open(&path), Err(KeyFileError::Missing { .. })));
        KeyFile::create(&path).expect("new");
        for size in [0, 31, 33] {
            std::fs::write(&path, vec![7; size]).expect("ours");
            assert!(matches!(KeyFile::open(&path), Err(KeyFileError::NotAKey { .. })), "{size} bytes");
        }
    }
}
