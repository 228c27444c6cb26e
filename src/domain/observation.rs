use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ItemContent, ItemId, ItemRef, Place, RecordKey};

/// A stamped item as the mailbox reported it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Which version of which item.
    pub item: ItemRef,
    /// Where it lies.
    pub place: Place,
    /// The server's own creation time, where it says one.
    pub created: Option<Timestamp>,
    /// What it holds, where it was read. It is read when its version is not the one the mirror knows.
    pub content: Option<ItemContent>,
}

/// A complete view of the stamped items of a folder: a full listing, or the previous view patched with what changed since.
/// One key may have several items, because copying an item in Outlook copies its stamp.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observation {
    items: BTreeMap<RecordKey, Vec<Seen>>,
}

impl Observation {
    /// A full listing.
    pub fn full(items: impl IntoIterator<Item = (RecordKey, Seen)>) -> Self {
        let mut view = Self::default();
        for (key, seen) in items {
            view.add(key, seen);
        }
        view
    }

    /// This view after a delta: what changed replaces what was known of those items, what is gone is left out.
    #[must_use]
    pub fn patched(mut self, changed: impl IntoIterator<Item = (RecordKey, Seen)>, gone: &[ItemId]) -> Self {
        let changed: Vec<_> = changed.into_iter().collect();
        let stale: std::collections::BTreeSet<&ItemId> =
            gone.iter().chain(changed.iter().map(|(_, seen)| &seen.item.id)).collect();
        for copies in self.items.values_mut() {
            copies.retain(|seen| !stale.contains(&seen.item.id));
        }
        self.items.retain(|_, copies| !copies.is_empty());
        for (key, seen) in changed {
            self.add(key, seen);
        }
        self
    }

    /// One more item, found outside the listing (in another folder, say).
    pub fn add(&mut self, key: RecordKey, seen: Seen) {
        self.items.entry(key).or_default().push(seen);
    }

    /// The items that carry this key, in no order.
    pub fn copies(&self, key: &RecordKey) -> &[Seen] {
        self.items.get(key).map_or(&[], Vec::as_slice)
    }

    /// The items that carry this key, to add what was read of them.
    pub fn copies_mut(&mut self, key: &RecordKey) -> &mut [Seen] {
        self.items.get_mut(key).map_or(&mut [], Vec::as_mut_slice)
    }

    /// Every key that some item carries.
    pub fn keys(&self) -> impl Iterator<Item = &RecordKey> {
        self.items.keys()
    }
}
