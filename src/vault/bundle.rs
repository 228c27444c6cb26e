//! What takes an installation to another machine: a file of pieces, sealed under the key of a passphrase.
//!
//! ```text
//! "PDKTVLT" + format (1 byte), memory in KiB, passes, lanes (4 bytes each, little endian), salt (16 bytes)
//! then pieces: length (4 bytes), sealed piece
//! ```
//! Each piece is bound to this head, to its place, and to whether another one follows: pieces that are changed, exchanged,
//! left out or added, and an end that is missing, are all noticed. The last piece is empty.

use std::io::{ErrorKind, Read, Write};

use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{
    Vault,
    passphrase::{Cost, salt},
};

const MAGIC: &[u8; 7] = b"PDKTVLT";
/// The newest format that this version reads, and the one it writes.
const FORMAT: u8 = 1;
const HEAD: usize = 8 + 12 + 16;
/// The longest piece, sealed.
const LONGEST: u32 = 64 * 1024 * 1024;

/// Why a bundle cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// Another kind of file.
    #[error("it is no export of Pocket Docket")]
    NotABundle,
    /// Made by a later version.
    #[error("it is in format {found}, this version knows formats up to {FORMAT}")]
    NewerVersion {
        /// Its format.
        found: u8,
    },
    /// The first piece does not open.
    #[error("the passphrase is not the one it was made with, or its beginning is damaged")]
    WrongPassphrase,
    /// It ends too early.
    #[error("it is cut off: its end is missing")]
    Truncated,
    /// Something in it was changed.
    #[error("it is damaged: piece {piece} is not what was written")]
    Damaged {
        /// Which piece, from 0.
        piece: u64,
    },
    /// A piece is longer than any that is read.
    #[error("a part of it is too long")]
    TooLong,
    /// The file.
    #[error("the file failed")]
    File(#[from] std::io::Error),
}

/// Writes a bundle, piece by piece.
pub struct BundleWriter<W> {
    file: W,
    key: Vault,
    name: String,
    piece: u64,
}

impl<W: Write> BundleWriter<W> {
    /// Begins one under this passphrase.
    pub fn new(mut file: W, passphrase: &SecretString) -> Result<Self, BundleError> {
        let (cost, salt) = (Cost::USUAL, salt());
        let mut head = [0; HEAD];
        head[..7].copy_from_slice(MAGIC);
        head[7] = FORMAT;
        for (place, number) in [(8, cost.memory_kib), (12, cost.passes), (16, cost.lanes)] {
            head[place..place + 4].copy_from_slice(&number.to_le_bytes());
        }
        head[20..].copy_from_slice(&salt);
        file.write_all(&head)?;
        let key = cost.key(passphrase, &salt).ok_or(BundleError::TooLong)?;
        Ok(Self { file, key, name: name_of(&head), piece: 0 })
    }

    /// Another key, sealed as only the reader of this bundle can open it.
    pub fn wrap(&self, key: &Vault) -> Result<Vec<u8>, BundleError> {
        self.key.wrap(&format!("{}/key", self.name), key).map_err(|_| BundleError::TooLong)
    }

    /// Adds a piece.
    pub fn piece(&mut self, plain: &[u8]) -> Result<(), BundleError> {
        self.put(plain, "more")
    }

    /// Ends it. A bundle without its end is not read.
    pub fn finish(mut self) -> Result<W, BundleError> {
        self.put(&[], "last")?;
        self.file.flush()?;
        Ok(self.file)
    }

    fn put(&mut self, plain: &[u8], what_follows: &str) -> Result<(), BundleError> {
        let name = format!("{}/{}/{what_follows}", self.name, self.piece);
        let sealed = self.key.seal(&name, plain).map_err(|_| BundleError::TooLong)?;
        let length =
            u32::try_from(sealed.len()).ok().filter(|length| *length <= LONGEST).ok_or(BundleError::TooLong)?;
        self.file.write_all(&length.to_le_bytes())?;
        self.file.write_all(&sealed)?;
        self.piece += 1;
        Ok(())
    }
}

/// Reads a bundle, piece by piece.
pub struct BundleReader<R> {
    file: R,
    key: Vault,
    name: String,
    piece: u64,
    ended: bool,
}

impl<R: Read> BundleReader<R> {
    /// Reads the head and derives the key. Whether the passphrase is the right one is seen at the first piece.
    pub fn new(mut file: R, passphrase: &SecretString) -> Result<Self, BundleError> {
        let mut head = [0; HEAD];
        file.read_exact(&mut head[..8]).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => BundleError::NotABundle,
            _ => error.into(),
        })?;
        if head[..7] != *MAGIC {
            return Err(BundleError::NotABundle);
        }
        if head[7] > FORMAT {
            return Err(BundleError::NewerVersion { found: head[7] });
        }
        file.read_exact(&mut head[8..]).map_err(cut_off)?;
        let mut numbers =
            head[8..20].chunks_exact(4).map(|bytes| u32::from_le_bytes(bytes.try_into().unwrap_or_default()));
        let mut next = || numbers.next().unwrap_or_default();
        let cost = Cost { memory_kib: next(), passes: next(), lanes: next() };
        let salt: [u8; 16] = head[20..].try_into().unwrap_or_default();
        let key = cost.key(passphrase, &salt).ok_or(BundleError::Damaged { piece: 0 })?;
        Ok(Self { file, key, name: name_of(&head), piece: 0, ended: false })
    }

    /// The key that was wrapped into this bundle.
    pub fn unwrap(&self, sealed: &[u8]) -> Result<Vault, BundleError> {
        self.key.unwrap(&format!("{}/key", self.name), sealed).map_err(|_| BundleError::Damaged { piece: 0 })
    }

    /// The next piece; `None` at the end, and only where the end was written.
    pub fn piece(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, BundleError> {
        if self.ended {
            return Ok(None);
        }
        let mut length = [0; 4];
        self.file.read_exact(&mut length).map_err(cut_off)?;
        let length = u32::from_le_bytes(length);
        if length > LONGEST {
            return Err(BundleError::Damaged { piece: self.piece });
        }
        let mut sealed = Vec::new();
        self.file.by_ref().take(length.into()).read_to_end(&mut sealed)?;
        if sealed.len() as u64 != u64::from(length) {
            return Err(BundleError::Truncated);
        }
        let name = |what_follows| format!("{}/{}/{what_follows}", self.name, self.piece);
        if let Ok(plain) = self.key.open(&name("more"), &sealed) {
            self.piece += 1;
            return Ok(Some(plain));
        }
        if self.key.open(&name("last"), &sealed).is_err() {
            return Err(match self.piece {
                0 => BundleError::WrongPassphrase,
                piece => BundleError::Damaged { piece },
            });
        }
        if self.file.read(&mut [0])? != 0 {
            return Err(BundleError::Damaged { piece: self.piece + 1 });
        }
        self.ended = true;
        Ok(None)
    }
}

fn cut_off(error: std::io::Error) -> BundleError {
    match error.kind() {
        ErrorKind::UnexpectedEof => BundleError::Truncated,
        _ => error.into(),
    }
}

/// What every piece is bound to: the head, salt and all.
fn name_of(head: &[u8; HEAD]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(head).iter().fold("bundle/".to_owned(), |mut name, byte| {
        let _ = write!(name, "{byte:02x}");
        name
    })
}

#[cfg(test)]
mod tests;
