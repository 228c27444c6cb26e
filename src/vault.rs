//! Seals secrets and clients' data, one piece at a time, and fetches the key that does it.
//!
//! A [`Vault`] is a key of 32 bytes and XChaCha20-Poly1305
//! (<https://datatracker.ietf.org/doc/html/draft-irtf-cfrg-xchacha-03>): nonces of 192 bits may be drawn at random, so that
//! no counter has to survive a crash or a restored backup. Every sealed piece begins with the version of its format and is
//! bound to the name of what it belongs to (`secret/weber/password`): moved to another place it does not open.
//!
//! The *master key* lies outside of the ledger, in a [`KeySource`]: a credential of systemd, Windows' DPAPI, the keyring of the
//! system, a key file, or a file that a passphrase opens. It seals nothing but the *data key*, which lies in the ledger once
//! for each master key that is accepted, and which seals everything else. A [bundle](BundleWriter) takes an installation to
//! another machine under a passphrase.
//!
//! Nothing here writes a key or a plain text into an error, and keys are overwritten when they are dropped.

mod bundle;
mod dpapi;
mod key_error;
mod key_file;
mod key_kind;
mod key_source;
mod keyring;
mod passphrase;
mod seal;
mod systemd;

pub use bundle::{BundleError, BundleReader, BundleWriter};
pub use key_error::KeyError;
pub use key_kind::KeyKind;
pub use key_source::{KeySource, long_enough, replace_file};
pub use seal::{Vault, VaultError};
