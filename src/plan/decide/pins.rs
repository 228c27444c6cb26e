//! What an undo brought back stays until the record changes. That the record means something else is no change of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::own;
use crate::{
    domain::{Field, Record, Seen, Value, Written, drift},
    plan::{Action, undo::pinned},
};

/// Takes out of what would be written for another meaning the fields that an undo brought back. One that its user has edited since
/// is no such field any more.
pub(super) fn keep(action: &mut Action, pins: &BTreeSet<Field>, written: &Written, record: &Arc<Record>, seen: &Seen) {
    let content = seen.content.as_ref();
    let edited = content.map(|content| drift::drift(written, content)).unwrap_or_default();
    let stays: BTreeSet<Field> = pins.difference(&edited).copied().collect();
    let shown = |returned: &BTreeMap<Field, Option<Value>>| {
        content.map_or_else(|| returned.clone(), |content| pinned(record, content, &stays))
    };
    match action {
        Action::Update { set, clear, .. } => {
            set.retain(|field, _| !stays.contains(field));
            clear.retain(|field| !stays.contains(field));
            if set.is_empty() && clear.is_empty() {
                *action = own(seen, record, shown(&written.returned));
            }
        }
        Action::Own { returned, .. } => *returned = shown(returned),
        _ => {}
    }
}
