//! From what a row is made, worked out only when somebody asks.

use super::recipients::Recipient;
use crate::domain::{Audience, MeaningId, Origin, RecordKey, SourceDigest, SourceRecord};

/// A row, and its digest when it is first asked for: most rows are as they were, and their mark says so.
pub(super) struct Lazily<'r> {
    record: &'r SourceRecord,
    mark: u64,
    digest: Option<SourceDigest>,
}

impl<'r> Lazily<'r> {
    pub(super) fn new(record: &'r SourceRecord, mark: u64) -> Self {
        Self { record, mark, digest: None }
    }

    pub(super) fn key(&self) -> &'r RecordKey {
        &self.record.key
    }

    pub(super) fn origin(&mut self, recipient: &Recipient, meaning: MeaningId) -> Origin {
        let digest = || recipient.viewer().digest(self.record);
        let source = match self.record.audience {
            // What connects people with a contact is not the same for all of them.
            Audience::Linked(_) => digest(),
            _ => *self.digest.get_or_insert_with(digest),
        };
        Origin { source, mark: self.mark, meaning }
    }

    /// Whether this is known to be what an item was made from, without looking at all of it.
    pub(super) fn is_unmoved(&self, origin: &Origin, meaning: MeaningId) -> bool {
        self.mark != 0 && origin.mark == self.mark && origin.meaning == meaning
    }
}
