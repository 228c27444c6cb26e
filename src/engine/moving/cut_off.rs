//! Tasks whose creation was cut off: they may be there, and nothing that another protocol shows would tell. The present place knows
//! them by their stamp, where it can still be asked; otherwise they are known by what was to be written.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    domain::{
        ChangeKey, FirmId, ItemId, ItemRef, Kind, Mirror, MirrorEntry, Place, Presence, RecordKey, Stamp, Written,
    },
    plan::{Action, Operation},
    ports::Mailbox,
};

/// Adds such tasks to what is looked for, and says which they are.
pub(super) async fn creations(
    open: &[Operation],
    mirror: &mut Mirror,
    here: Option<&dyn Mailbox>,
    firms: &BTreeSet<FirmId>,
) -> BTreeSet<RecordKey> {
    let mut created = BTreeSet::new();
    for operation in open.iter().filter(|operation| operation.key.kind == Kind::Task) {
        if let Action::Create { record } = &operation.action
            && !mirror.entries.contains_key(&operation.key)
        {
            let entry = MirrorEntry {
                item: ItemRef { id: ItemId(String::new()), change_key: ChangeKey(String::new()) },
                place: Place::Home,
                written: Some(Written::new(Arc::clone(record), BTreeMap::new())),
                presence: Presence::Kept,
                restores: 0,
            };
            mirror.entries.insert(operation.key.clone(), entry);
            created.insert(operation.key.clone());
        }
    }
    let Some(here) = here.filter(|_| !created.is_empty()) else { return created };
    let Ok(folder) = here.folder(Kind::Task).await else { return created };
    let Ok(changes) = here.changes(&folder.id, None).await else { return created };
    for sighting in changes.changed {
        let stamp = sighting.stamp.as_deref().and_then(|stamp| stamp.parse::<Stamp>().ok());
        let key = stamp.filter(|stamp| firms.contains(&stamp.firm)).map(|stamp| stamp.key);
        let entry = key.filter(|key| created.contains(key)).and_then(|key| mirror.entries.get_mut(&key));
        if let Some(entry) = entry {
            entry.item = sighting.item;
        }
    }
    created
}
