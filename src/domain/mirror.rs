use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{Field, Fingerprint, ItemId, ItemRef, Place, Record, RecordKey, Value};

/// What was last written into an item, and what the server made of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Of `record`, as it was written.
    pub fingerprint: Fingerprint,
    /// What we wrote.
    pub record: Arc<Record>,
    /// Fields that the server gave back otherwise than we wrote them, as it gave them back (`None`: not at all). Drift is
    /// judged against these, so that a field which a server drops never drifts.
    pub returned: BTreeMap<Field, Option<Value>>,
    /// True when a crash or a lost reply left open what the item holds. Then `record` is everything that we may have written
    /// (only such fields may ever be cleared), and nothing else in here counts.
    #[serde(default)]
    pub in_doubt: bool,
}

impl Written {
    /// Something that was written and read back.
    pub fn new(record: Arc<Record>, returned: BTreeMap<Field, Option<Value>>) -> Self {
        Self { fingerprint: Fingerprint::of(&record), record, returned, in_doubt: false }
    }

    /// What the item shows, as far as we know: what we wrote, except where the server or a person had the last word.
    pub fn shown(&self) -> Record {
        let mut shown = self.record.as_ref().clone();
        shown.fields.extend(self.returned.clone());
        shown
    }
}

/// What became of our item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// It is in the mailbox, as far as we know.
    Kept,
    /// The user deleted it and that is respected until the record changes.
    DeletedByUser,
}

/// The item we own for a key, in one mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MirrorEntry {
    /// The item, in the version we last knew.
    pub item: ItemRef,
    /// Where it lies.
    pub place: Place,
    /// What it holds; `None`, or [in doubt](Written::in_doubt), when a crash left us knowing that it is ours but not what it
    /// holds.
    pub written: Option<Written>,
    /// Kept, or deleted by the user and respected.
    pub presence: Presence,
    /// How often it was restored (re-created or written over) since its record last changed.
    pub restores: u8,
}

impl MirrorEntry {
    /// What the item holds, unless that is in doubt.
    pub fn certain(&self) -> Option<&Written> {
        self.written.as_ref().filter(|written| !written.in_doubt)
    }
}

/// What we own in one mailbox, and which stamped items we have ruled out: copies the user made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mirror {
    /// Our items by record.
    pub entries: BTreeMap<RecordKey, MirrorEntry>,
    /// Stamped items that are not ours.
    pub foreign: BTreeSet<ItemId>,
}
