use std::collections::{HashMap, HashSet};

/// What is known of a row's key and person when the row comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sighting {
    /// Not seen before in this reading.
    New,
    /// Seen before with the same content.
    Again,
    /// Seen before with another content.
    Contradicted,
}

/// The keys and persons of one reading of one query, as digests: 16 bytes a row, so that a million rows cost some 30 MB and
/// the rows themselves can be let go.
#[derive(Debug, Default)]
pub(super) struct Duplicates {
    seen: HashMap<u64, u64>,
    contradicted: HashSet<u64>,
}

impl Duplicates {
    /// Starts with what an earlier reading found: a hinted read sees one of two contradicting rows only.
    pub(super) fn with(contradicted: HashSet<u64>) -> Self {
        Self { seen: HashMap::new(), contradicted }
    }

    /// Notes a row.
    pub(super) fn see(&mut self, who: u64, content: u64) -> Sighting {
        let before = self.seen.insert(who, content);
        match before {
            _ if self.contradicted.contains(&who) => Sighting::Contradicted,
            None => Sighting::New,
            Some(before) if before == content => Sighting::Again,
            Some(_) => {
                self.contradicted.insert(who);
                Sighting::Contradicted
            }
        }
    }

    /// The keys and persons whose rows contradict each other.
    pub(super) fn into_contradicted(self) -> HashSet<u64> {
        self.contradicted
    }
}
