use std::path::PathBuf;

use super::KeyKind;

/// Why there is no master key, or why it cannot be put where it should lie. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// There is no such file.
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
    /// The process was started by somebody else than systemd, or its unit names no credential.
    #[error("systemd gave this process no credential `{name}`")]
    NoCredential {
        /// Its name.
        name: String,
    },
    /// A credential's name is the name of a file.
    #[error("`{name}` cannot be the name of a credential")]
    CredentialName {
        /// The name.
        name: String,
    },
    /// A credential is made by who administers systemd.
    #[error("the credential `{name}` is given by systemd; this program cannot change it")]
    ReadOnly {
        /// Its name.
        name: String,
    },
    /// There is no keyring.
    #[error("there is no keyring that this account could use: {why}")]
    NoKeyring {
        /// What it said.
        why: String,
    },
    /// The keyring took too long.
    #[error("the keyring did not answer within {seconds} seconds")]
    KeyringSilent {
        /// How long we waited.
        seconds: u64,
    },
    /// The keyring says no.
    #[error("the keyring refused the entry `{account}`: {why}")]
    KeyringRefused {
        /// Which entry.
        account: String,
        /// What it said.
        why: String,
    },
    /// The keyring has no such entry.
    #[error("the keyring has no key `{account}`")]
    KeyringEmpty {
        /// Which entry.
        account: String,
    },
    /// The keyring has such an entry already.
    #[error("the keyring has a key `{account}` already; it is never written over")]
    KeyringTaken {
        /// Which entry.
        account: String,
    },
    /// A passphrase is needed and nobody gave one.
    #[error("the master key is opened by a passphrase, and none was given")]
    NoPassphrase,
    /// It would be guessed.
    #[error("the passphrase is shorter than {shortest} letters")]
    ShortPassphrase {
        /// How long it must be.
        shortest: usize,
    },
    /// The passphrase does not open the file.
    #[error("the passphrase does not open `{}`", path.display())]
    WrongPassphrase {
        /// Which file.
        path: PathBuf,
    },
    /// The file is none that a passphrase opens, or it is damaged.
    #[error("`{}` is not a key that a passphrase opens, or it is damaged", path.display())]
    NotWrapped {
        /// Which file.
        path: PathBuf,
    },
    /// Written by a later version.
    #[error("`{}` is in format {format}, which this version does not know", path.display())]
    LaterFormat {
        /// Which file.
        path: PathBuf,
        /// Its format.
        format: u32,
    },
    /// This program or this system has no such source.
    #[error("a key from `{kind}` cannot be had here: {why}")]
    NotHere {
        /// Which sort.
        kind: KeyKind,
        /// Why not.
        why: &'static str,
    },
    /// DPAPI says no.
    #[error("Windows (DPAPI) does not open or seal `{}`: {why}", path.display())]
    Dpapi {
        /// Which file.
        path: PathBuf,
        /// What it said.
        why: String,
    },
}

impl KeyError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Missing { .. } => {
                "a new installation gets its key from `pocketdocket init`; otherwise bring the file back from the backup: \
                 without it the ledger cannot be read"
            }
            Self::TooOpen { path, .. } => return Some(format!("run `chmod 0600 '{}'`", path.display())),
            Self::NotAKey { .. } | Self::NotWrapped { .. } => "bring the key file back from the backup",
            Self::Exists { .. } => "keep it: the ledger beside it is sealed with it",
            Self::Unreadable { .. } | Self::Unwritable { .. } => "run the command as the account that runs the service",
            Self::NoCredential { name } => {
                return Some(format!(
                    "the service gets it by `LoadCredential=` in its unit; for a command at the terminal: `systemd-run --pty \
                     --property=LoadCredentialEncrypted={name} --uid=pocketdocket --working-directory=/var/lib/pocketdocket \
                     pocketdocket ...`"
                ));
            }
            Self::CredentialName { .. } => "set `key_name` in `[firm]` to a plain name, without a slash",
            Self::ReadOnly { .. } => "`docs/guides/backup-and-new-machine.md` shows how a credential is changed",
            Self::NoKeyring { .. } => {
                "a server without a desktop has none: use `key = \"systemd\"` or `key = \"file\"` in `[firm]`"
            }
            Self::KeyringSilent { .. } => {
                "it may be waiting for somebody to unlock it: unlock it, or use another `key` in `[firm]`"
            }
            Self::KeyringRefused { .. } => "unlock the keyring and try again, as the account that runs the service",
            Self::KeyringEmpty { .. } => {
                "run the command as the account that keeps the key; a keyring that is lost is replaced by an export: \
                 `pocketdocket vault import FILE`"
            }
            Self::KeyringTaken { .. } => "choose another name with `--key-name NAME`",
            Self::NoPassphrase => {
                "at a terminal you are asked for it; elsewhere give it with `--passphrase-file FILE` (`-` is standard input)"
            }
            Self::ShortPassphrase { .. } => "take several words; nobody has to type it often",
            Self::WrongPassphrase { .. } => "try again; nothing was changed",
            Self::LaterFormat { .. } => "install the version of Pocket Docket that wrote it, or a later one",
            Self::NotHere { .. } => {
                "use another `key` in `[firm]`; `pocketdocket vault show` says what can be had here"
            }
            Self::Dpapi { .. } => {
                "only the machine that sealed it can open it; on another one use `pocketdocket vault import FILE`"
            }
        };
        Some(text.to_owned())
    }
}
