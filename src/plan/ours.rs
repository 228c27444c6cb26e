//! Which of the items that carry a key is the one we wrote.

use crate::domain::{ItemId, Kind, Mirror, MirrorEntry, Observation, Place, Presence, RecordKey, Seen};

/// The item that is ours: the one the mirror names; or, where it is not there any more (moving an item gives it a new id) or
/// the mirror knows none, the oldest stamped one that is not foreign. What lies in Deleted Items is not there.
pub(super) fn ours<'o>(key: &RecordKey, mirror: &'o Mirror, observed: &'o Observation) -> Option<&'o Seen> {
    let known = mirror.entries.get(key).and_then(|entry| named(entry, observed.copies(key)));
    known.or_else(|| oldest(candidates(key, mirror, observed)))
}

/// The item the mirror names, if it is there.
pub(super) fn named<'o>(entry: &MirrorEntry, copies: &'o [Seen]) -> Option<&'o Seen> {
    copies.iter().find(|seen| seen.item.id == entry.item.id && seen.place != Place::Deleted)
}

/// Stamped items of a key that may be ours.
pub(super) fn candidates<'o>(
    key: &RecordKey,
    mirror: &'o Mirror,
    observed: &'o Observation,
) -> impl Iterator<Item = &'o Seen> {
    observed.copies(key).iter().filter(|seen| seen.place != Place::Deleted && !mirror.foreign.contains(&seen.item.id))
}

/// The first that the server made; where it does not say, the one with the smallest id.
pub(super) fn oldest<'o>(candidates: impl Iterator<Item = &'o Seen>) -> Option<&'o Seen> {
    candidates.min_by_key(|seen| (seen.created.is_none(), seen.created, &seen.item.id))
}

/// Items that must be read before planning: ours, in a version that the mirror does not know, and those we may take over.
pub fn unread(mirror: &Mirror, observed: &Observation) -> Vec<(Kind, ItemId)> {
    observed
        .keys()
        .filter_map(|key| {
            let seen = ours(key, mirror, observed)?;
            let known = mirror.entries.get(key).is_some_and(|entry| {
                entry.item == seen.item && entry.certain().is_some() && entry.presence == Presence::Kept
            });
            (!known && seen.content.is_none()).then(|| (key.kind, seen.item.id.clone()))
        })
        .collect()
}
