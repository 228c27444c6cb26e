use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Record;

/// SHA-256 of the canonical rendered record, before any codec: equal fingerprints mean that a mailbox would be given the same
/// values.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// The fingerprint of a record. Fields are ordered, so the order in which they were set does not matter.
    pub fn of(record: &Record) -> Self {
        Self(sha256(record))
    }
}

/// SHA-256 of a value's JSON, without making the text.
pub(super) fn sha256(value: &impl Serialize) -> [u8; 32] {
    struct Hashing(Sha256);
    impl std::io::Write for Hashing {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.update(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut hashing = Hashing(Sha256::new());
    // Neither the writer nor the maps of a record (text keys) can fail.
    let written = serde_json::to_writer(&mut hashing, value);
    debug_assert!(written.is_ok(), "a record is always JSON");
    hashing.0.finalize().into()
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(8).try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Fingerprint({self})")
    }
}
