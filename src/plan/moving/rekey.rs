//! Operations that wait are carried over: they are for the same items under other ids.

use std::collections::BTreeMap;

use crate::{
    domain::{ItemId, ItemRef, Place},
    plan::{Action, Operation},
};

/// Where each item is now, by the id that it had.
pub type Rekeyed = BTreeMap<ItemId, (ItemRef, Place)>;

/// The same operation for the item as it is known now. One whose item is not known there stays as it was: whoever comes to it
/// finds that the item is gone, and looks for it by its stamp.
#[must_use]
pub fn rekey(mut operation: Operation, items: &Rekeyed) -> Operation {
    match &mut operation.action {
        Action::Update { item, place, .. } | Action::Delete { item, place, .. } | Action::Own { item, place, .. } => {
            if let Some((now, there)) = items.get(&item.id) {
                item.clone_from(now);
                place.clone_from(there);
            }
        }
        Action::Adopt { before, .. } => {
            if let Some((now, _)) = items.get(&before.item.id) {
                before.item.clone_from(now);
            }
        }
        Action::HandBack { item, .. } => {
            if let Some((now, _)) = items.get(&item.id) {
                item.clone_from(now);
            }
        }
        Action::Create { .. } | Action::GiveBack { .. } | Action::Respect | Action::Forget => {}
    }
    operation
}
