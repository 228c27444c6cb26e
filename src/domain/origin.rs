use std::fmt;

use serde::{Deserialize, Serialize};

use super::{SourceRecord, Tie, fingerprint::sha256};

/// SHA-256 of what a row says, before scope, privacy and templates, cut to 16 bytes: equal digests mean that the practice system
/// says the same. For whom a row is does not count, except for what connects the reader with it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourceDigest(pub [u8; 16]);

impl SourceDigest {
    /// The digest of a readable row, for somebody whom these ties connect with it.
    pub fn of(source: &SourceRecord, ties: &[&Tie]) -> Self {
        let SourceRecord { key: _, audience: _, group: _, record, matter, private, done, cancelled, withdrawn } =
            source;
        let full = sha256(&(record, matter, private, done, cancelled, withdrawn, ties));
        let mut short = [0; 16];
        short.copy_from_slice(&full[..16]);
        Self(short)
    }
}

impl fmt::Debug for SourceDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SourceDigest({:032x})", u128::from_be_bytes(self.0))
    }
}

/// Names one meaning of rows: everything but the row itself on which the text on a phone depends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MeaningId(pub i64);

/// From what an item was made: kept beside the fingerprint, so that a changed row can be told from a changed meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// What the row said.
    pub source: SourceDigest,
    /// Digest of the row's `changed` value; 0 where it has none.
    pub mark: u64,
    /// What rows meant then.
    pub meaning: MeaningId,
}
