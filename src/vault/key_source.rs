use std::{
    fmt,
    fs::{self, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret as _, SecretString};

use super::{KeyError, KeyKind, Vault, dpapi, key_file, keyring, passphrase, systemd};

/// The shortest passphrase that is taken, in letters.
const SHORTEST_PASSPHRASE: usize = 12;

/// Where the master key lies.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeySource {
    /// The credential of this name, which systemd hands to the process.
    Systemd(String),
    /// A file that DPAPI opens on this machine.
    Dpapi(PathBuf),
    /// The keyring's entry for `pocketdocket` and this account.
    Keyring(String),
    /// A file of 32 random bytes that only the service's account can read.
    File(PathBuf),
    /// A file that a passphrase opens.
    Passphrase(PathBuf),
}

impl KeySource {
    /// Which sort it is.
    pub fn kind(&self) -> KeyKind {
        match self {
            Self::Systemd(_) => KeyKind::Systemd,
            Self::Dpapi(_) => KeyKind::Dpapi,
            Self::Keyring(_) => KeyKind::Keyring,
            Self::File(_) => KeyKind::File,
            Self::Passphrase(_) => KeyKind::Passphrase,
        }
    }

    /// Whether opening it takes a passphrase.
    pub fn needs_passphrase(&self) -> bool {
        matches!(self, Self::Passphrase(_))
    }

    /// Whether we can put a key there; a credential is made by who administers systemd.
    pub fn is_writable(&self) -> bool {
        !matches!(self, Self::Systemd(_))
    }

    /// Whether there is a key (or something else in its place) already.
    pub fn is_taken(&self) -> Result<bool, KeyError> {
        match self {
            Self::File(path) | Self::Dpapi(path) | Self::Passphrase(path) => Ok(path.exists()),
            Self::Systemd(name) => Ok(systemd::open(name).is_ok()),
            Self::Keyring(account) => match keyring::open(account) {
                Ok(_) => Ok(true),
                Err(KeyError::KeyringEmpty { .. }) => Ok(false),
                Err(error) => Err(error),
            },
        }
    }

    /// Fetches the key.
    pub fn open(&self, passphrase: Option<&SecretString>) -> Result<Vault, KeyError> {
        match self {
            Self::Systemd(name) => systemd::open(name),
            Self::Dpapi(path) => dpapi::open(path),
            Self::Keyring(account) => keyring::open(account),
            Self::File(path) => key_file::open(path),
            Self::Passphrase(path) => passphrase::open(path, passphrase.ok_or(KeyError::NoPassphrase)?),
        }
    }

    /// Draws a key and puts it where none is yet. A key that is there already is never written over.
    pub fn draw(&self, passphrase: Option<&SecretString>) -> Result<Vault, KeyError> {
        let key = Vault::with_random_key();
        self.put(&key, passphrase)?;
        Ok(key)
    }

    /// Puts a key where none is yet.
    pub fn put(&self, key: &Vault, passphrase: Option<&SecretString>) -> Result<(), KeyError> {
        match self {
            Self::Systemd(name) => Err(KeyError::ReadOnly { name: name.clone() }),
            Self::Keyring(account) => {
                if self.is_taken()? {
                    return Err(KeyError::KeyringTaken { account: account.clone() });
                }
                keyring::put(account, key)
            }
            Self::Dpapi(path) | Self::File(path) | Self::Passphrase(path) => {
                key_file::create(path, &self.as_file(key, passphrase)?)
            }
        }
    }

    /// Puts another key in the place of the one that is there: after a crash it is the one or the other.
    pub fn replace(&self, key: &Vault, passphrase: Option<&SecretString>) -> Result<(), KeyError> {
        match self {
            Self::Systemd(name) => Err(KeyError::ReadOnly { name: name.clone() }),
            Self::Keyring(account) => keyring::put(account, key),
            Self::Dpapi(path) | Self::File(path) | Self::Passphrase(path) => {
                let bytes = self.as_file(key, passphrase)?;
                replace_file(path, &bytes).map_err(|source| KeyError::Unwritable { path: path.clone(), source })
            }
        }
    }

    /// What a file of this sort holds.
    fn as_file(&self, key: &Vault, passphrase: Option<&SecretString>) -> Result<zeroize::Zeroizing<Vec<u8>>, KeyError> {
        match self {
            Self::Passphrase(_) => passphrase::wrapped(key, passphrase.ok_or(KeyError::NoPassphrase)?),
            Self::Dpapi(path) => dpapi::protected(path, key),
            _ => Ok(zeroize::Zeroizing::new(key.key().to_vec())),
        }
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Systemd(name) => write!(formatter, "systemd credential `{name}`"),
            Self::Dpapi(path) => write!(formatter, "file `{}`, encrypted for this machine", path.display()),
            Self::Keyring(account) => write!(formatter, "keyring entry `{account}`"),
            Self::File(path) => write!(formatter, "key file `{}`", path.display()),
            Self::Passphrase(path) => write!(formatter, "file `{}`, opened by a passphrase", path.display()),
        }
    }
}

/// Refuses a new passphrase that a machine would guess.
pub fn long_enough(passphrase: &SecretString) -> Result<(), KeyError> {
    if passphrase.expose_secret().chars().count() < SHORTEST_PASSPHRASE {
        return Err(KeyError::ShortPassphrase { shortest: SHORTEST_PASSPHRASE });
    }
    Ok(())
}

/// Puts new contents in the place of a file, whole or not at all, with the rights and the owner of the old one.
pub fn replace_file(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    match fs::remove_file(&new) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&new)?;
    // A command that root runs must not take the file from the service's account.
    #[cfg(unix)]
    if let Ok(old) = fs::metadata(path) {
        use std::os::unix::fs::MetadataExt as _;
        let ours = file.metadata()?;
        if (old.uid(), old.gid()) != (ours.uid(), ours.gid()) {
            std::os::unix::fs::fchown(&file, Some(old.uid()), Some(old.gid()))?;
        }
        file.set_permissions(old.permissions())?;
    }
    file.write_all(bytes)?;
    file.sync_all()?;
    // Windows renames over no file that is open.
    drop(file);
    fs::rename(&new, path)?;
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
