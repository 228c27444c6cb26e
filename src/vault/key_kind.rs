use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{keyring, systemd};

/// The sorts of places a master key can lie in, the fittest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyKind {
    /// A credential that systemd hands to the service, and to nobody else.
    Systemd,
    /// A file that Windows opens on this machine alone.
    Dpapi,
    /// The keyring of the system: Secret Service, Credential Manager.
    Keyring,
    /// A file that the service's account can read.
    #[default]
    File,
    /// A file that a passphrase opens, which a person gives at every start.
    Passphrase,
}

impl KeyKind {
    /// All of them, the fittest for a service first.
    pub const ALL: [Self; 5] = [Self::Systemd, Self::Dpapi, Self::Keyring, Self::File, Self::Passphrase];

    /// As the configuration says it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Systemd => "systemd",
            Self::Dpapi => "dpapi",
            Self::Keyring => "keyring",
            Self::File => "file",
            Self::Passphrase => "passphrase",
        }
    }

    /// What protects a key that lies there, for people.
    pub fn protection(self) -> &'static str {
        match self {
            Self::Systemd => {
                "handed to the service by systemd at its start; it can lie on the disk encrypted for this machine"
            }
            Self::Dpapi => {
                "encrypted for this machine by Windows; whoever can read the file and run programs here can open it, so \
                 the rights on its folder matter"
            }
            Self::Keyring => "in the keyring of the account; its programs can read it while the keyring is unlocked",
            #[cfg(not(windows))]
            Self::File => "readable by the service's account alone; every backup of the file holds the key as it is",
            #[cfg(windows)]
            Self::File => {
                "the rights on its folder alone protect it, and this program does not check them: let in SYSTEM, \
                 Administrators and the service only"
            }
            Self::Passphrase => "opened by a passphrase (Argon2id), which somebody must give at every start",
        }
    }

    /// Whether a key of this sort can be had by this process; if not, why not. Asking a keyring takes no longer than ten seconds.
    ///
    /// # Errors
    /// The reason, for people.
    pub fn at_hand(self) -> Result<(), String> {
        match self {
            Self::File | Self::Passphrase => Ok(()),
            Self::Systemd => systemd::at_hand(),
            Self::Keyring => keyring::at_hand(),
            Self::Dpapi if cfg!(windows) => Ok(()),
            Self::Dpapi => Err("it is a part of Windows".to_owned()),
        }
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.word())
    }
}

impl FromStr for KeyKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.word() == text).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.into_iter().map(Self::word).collect();
            format!("`{text}` is none of {}", known.join(", "))
        })
    }
}
