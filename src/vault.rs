//! Seals secrets and clients' data, one piece at a time.
//!
//! A [`Vault`] is a master key of 32 bytes and XChaCha20-Poly1305
//! (<https://datatracker.ietf.org/doc/html/draft-irtf-cfrg-xchacha-03>): nonces of 192 bits may be drawn at random, so that
//! no counter has to survive a crash or a restored backup. Every sealed piece begins with the version of its format and is
//! bound to the name of what it belongs to (`secret/weber/password`): moved to another place it does not open.
//!
//! Where the key comes from is a [`KeySource`]: a key file that only the service's account can read. Nothing here writes a
//! key or a plain text into an error, and keys are overwritten when they are dropped.

mod key_file;
mod seal;

pub use key_file::{KeyFile, KeyFileError, KeySource};
pub use seal::{Vault, VaultError};
