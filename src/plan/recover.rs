//! What became of operations whose outcome nobody knows: a crash after the intent, a lost reply, half a batch.
//!
//! Every open intent is settled by looking at the mailbox, before anything new is planned. No clock is consulted: our time and
//! the server's are never compared. What an item of ours then holds is not believed but read, because the user may have
//! edited it meanwhile.

use super::{
    Action, Operation, Why,
    ours::{candidates, named, oldest, ours},
};
use crate::domain::{ItemRef, Mirror, Observation, Place, RecordKey, Seen};

/// What an open intent turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// The item is there and ours; the mirror takes it with [`in_doubt`](super::settle::in_doubt) content.
    Mirror {
        /// Which record.
        key: RecordKey,
        /// The item as it is now.
        item: ItemRef,
        /// Where it lies.
        place: Place,
    },
    /// Our item is gone: the mirror forgets it.
    Forget {
        /// Which record.
        key: RecordKey,
    },
    /// Our item was removed to undo its creation: it stays away until its record changes.
    Respect {
        /// Which record.
        key: RecordKey,
    },
    /// Nothing to be known of it: the mirror stays as it is, and planning goes on from there.
    Drop,
}

/// Settles open intents by a *full* observation that includes what was found in other folders.
pub fn resolve<T: Clone>(open: &[(T, Operation)], observed: &Observation, mirror: &Mirror) -> Vec<(T, Resolution)> {
    open.iter().map(|(intent, operation)| (intent.clone(), resolution(operation, observed, mirror))).collect()
}

fn resolution(operation: &Operation, observed: &Observation, mirror: &Mirror) -> Resolution {
    let key = &operation.key;
    let there = |seen: Option<&Seen>| {
        seen.map_or(Resolution::Drop, |seen| Resolution::Mirror {
            key: key.clone(),
            item: seen.item.clone(),
            place: seen.place.clone(),
        })
    };
    match &operation.action {
        // The oldest item of the key that nobody ruled out. One in Deleted Items may be older than this create.
        Action::Create { .. } => there(oldest(candidates(key, mirror, observed))),
        // What was to be undone is still asked for: it is compared with what the item holds and, where needed, done again.
        Action::Update { .. } if operation.why == Why::Undone => Resolution::Drop,
        // The stamp tells: without it the item is as the user had it, and is taken over again.
        Action::Update { .. } | Action::Adopt { .. } => there(ours(key, mirror, observed)),
        // Only the very item counts: another one with the same stamp may be a copy that the user made since.
        Action::Delete { .. } => match mirror.entries.get(key) {
            Some(entry) if named(entry, observed.copies(key)).is_none() && operation.why == Why::Undone => {
                Resolution::Respect { key: key.clone() }
            }
            Some(entry) if named(entry, observed.copies(key)).is_none() => Resolution::Forget { key: key.clone() },
            _ => Resolution::Drop,
        },
        // Without our stamp it can only be told by what it holds, see `undo::is_there`; and an item that was being handed back,
        // by having no stamp any more.
        Action::GiveBack { .. } | Action::HandBack { .. } | Action::Own { .. } | Action::Respect | Action::Forget => {
            Resolution::Drop
        }
    }
}
