//! A mailbox is reached another way: which item there is which of ours?
//!
//! An item is known by its stamp; of several that carry it, by the id that the service says it has there now, or as after the loss
//! of a reply: the oldest. A task that lost its stamp on the way (To Do keeps none of those that EWS writes) is known by its id,
//! and by what it says only where that is unique on both sides. Whatever is left is a person's to decide. Nothing is written here.

mod compare;
mod rekey;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{look_alike, ours::ours};
use crate::domain::{
    Field, ItemContent, ItemId, Kind, Mirror, MirrorEntry, Observation, Presence, RecordKey, Seen, Value, drift,
};

pub use compare::{Compared, compare};
pub use rekey::{Rekeyed, rekey};

/// What the new place holds, as its listings show it.
#[derive(Clone, Debug, Default)]
pub struct NewPlace {
    /// Items with a stamp of ours.
    pub stamped: Observation,
    /// Tasks without a stamp, in the folder that we write into.
    pub bare_tasks: BTreeMap<ItemId, Seen>,
    /// By which ids items that we know are known there, as far as anybody can say.
    pub known: BTreeMap<ItemId, ItemId>,
}

/// How an item was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recognised {
    /// By its stamp.
    Stamp,
    /// By its id.
    Id,
    /// By what it says.
    Content,
}

/// Which item is which.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matches {
    /// The item of each record.
    pub found: BTreeMap<RecordKey, (Seen, Recognised)>,
    /// Stamped copies beside an item of ours.
    pub foreign: Vec<(RecordKey, ItemId)>,
    /// Tasks that some item looks like, without it being certain: a person decides.
    pub left: BTreeSet<RecordKey>,
    /// Records whose item is not there.
    pub missing: BTreeSet<RecordKey>,
}

/// Finds our items in the new place, by stamp and id. What is `unsettled` need not be there: a write is on its way, or its user
/// deleted it in the old place; the next plan comes to it.
pub fn by_stamp(mirror: &Mirror, place: &NewPlace, unsettled: &BTreeSet<RecordKey>) -> Matches {
    let there = |item: &ItemId| place.known.get(item).unwrap_or(item).clone();
    let mut matches = Matches::default();
    let foreign: BTreeSet<ItemId> = mirror.foreign.iter().map(&there).collect();
    for (key, entry) in &mirror.entries {
        let id = there(&entry.item.id);
        let mut known = entry.clone();
        known.item.id = id.clone();
        let alone = Mirror { entries: BTreeMap::from([(key.clone(), known)]), foreign: foreign.clone() };
        let bare = (key.kind == Kind::Task).then(|| place.bare_tasks.get(&id)).flatten();
        let found = ours(key, &alone, &place.stamped).map(|seen| (seen.clone(), Recognised::Stamp));
        match found.or_else(|| bare.map(|seen| (seen.clone(), Recognised::Id))) {
            Some((seen, how)) => {
                let copies = place.stamped.copies(key).iter().map(|copy| &copy.item.id);
                let others = copies.filter(|copy| **copy != seen.item.id).cloned();
                matches.foreign.extend(others.map(|copy| (key.clone(), copy)));
                matches.found.insert(key.clone(), (seen, how));
            }
            None if entry.presence == Presence::Kept && !unsettled.contains(key) => {
                matches.missing.insert(key.clone());
            }
            None => {}
        }
    }
    matches
}

/// Finds tasks that are still missing by what they say, and those that were being `created`, which may be there without a stamp.
/// `tasks` is every task of the folder.
pub fn by_content(
    matches: &mut Matches,
    mirror: &Mirror,
    place: &NewPlace,
    tasks: &[ItemContent],
    created: &BTreeSet<RecordKey>,
) {
    let kept = |entry: &&MirrorEntry| entry.presence == Presence::Kept;
    let records = mirror.entries.iter().filter(|(key, _)| key.kind == Kind::Task);
    let mut wanted: BTreeMap<Words, u64> = BTreeMap::new();
    for words in records.filter_map(|(_, entry)| Some(entry).filter(kept).and_then(words_of)) {
        *wanted.entry(words).or_default() += 1;
    }
    let taken: BTreeSet<ItemId> = matches.found.values().map(|(seen, _)| seen.item.id.clone()).collect();
    let mut there: BTreeMap<Words, Vec<&ItemContent>> = BTreeMap::new();
    for task in tasks {
        there.entry(words_in(task)).or_default().push(task);
    }
    let is_free = |task: &&ItemContent| !taken.contains(&task.item.id) && place.bare_tasks.contains_key(&task.item.id);
    let free_looks: BTreeSet<_> =
        tasks.iter().filter(is_free).flat_map(|task| look_alike::of_item(Kind::Task, task)).collect();
    let is_open = |key: &&RecordKey| key.kind == Kind::Task && !matches.found.contains_key(*key);
    let open: BTreeSet<RecordKey> = matches.missing.iter().chain(created).filter(is_open).cloned().collect();
    for key in open {
        let Some(entry) = mirror.entries.get(&key) else { continue };
        let words = words_of(entry);
        let alike = words.as_ref().and_then(|words| Some((wanted.get(words)?, there.get(words)?.as_slice())));
        if let Some((1, [only])) = alike
            && is_free(only)
            && let Some(seen) = place.bare_tasks.get(&only.item.id)
        {
            matches.missing.remove(&key);
            matches.found.insert(key, (Seen { item: only.item.clone(), ..seen.clone() }, Recognised::Content));
            continue;
        }
        let looks = entry.written.as_ref().map(|written| look_alike::of_record(&written.shown())).unwrap_or_default();
        if looks.iter().any(|look| free_looks.contains(look)) {
            matches.missing.remove(&key);
            matches.left.insert(key);
        }
    }
}

/// What a task says: subject, due day and notes, without the spaces.
type Words = (String, Option<String>, String);

fn words_of(entry: &MirrorEntry) -> Option<Words> {
    let shown = entry.certain()?.shown();
    Some(words(|field| shown.get(field).cloned()))
}

fn words_in(task: &ItemContent) -> Words {
    words(|field| drift::shown(task, field))
}

fn words(get: impl Fn(Field) -> Option<Value>) -> Words {
    let text = |field| match get(field) {
        Some(Value::Text(text)) => text.reveal().split_whitespace().collect::<Vec<_>>().join(" "),
        _ => String::new(),
    };
    let due = match get(Field::DueDate) {
        Some(Value::Date(day)) => Some(day.to_string()),
        _ => None,
    };
    (text(Field::Subject), due, text(Field::Notes))
}

/// What a look at the new place comes to, for a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveReport {
    /// By kind.
    pub kinds: BTreeMap<Kind, MoveCounts>,
    /// Records whose item is not there.
    pub missing: BTreeSet<RecordKey>,
    /// Records whose item a person has to name.
    pub left: BTreeSet<RecordKey>,
    /// Records whose item does not hold there what it held here, with the fields that differ.
    pub differing: BTreeMap<RecordKey, BTreeSet<Field>>,
}

/// The same in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveCounts {
    /// Items of ours.
    pub items: u64,
    /// Found by their stamp.
    pub by_stamp: u64,
    /// Found by their id.
    pub by_id: u64,
    /// Found by what they say.
    pub by_content: u64,
    /// Not there.
    pub missing: u64,
    /// Left to a person.
    pub left: u64,
    /// Found, and not as they were.
    pub differing: u64,
}

impl MoveReport {
    /// Counts what was found.
    pub fn of(matches: &Matches, differing: BTreeMap<RecordKey, BTreeSet<Field>>) -> Self {
        let mut kinds: BTreeMap<Kind, MoveCounts> = BTreeMap::new();
        for (key, (_, how)) in &matches.found {
            let counts = kinds.entry(key.kind).or_default();
            counts.items += 1;
            match how {
                Recognised::Stamp => counts.by_stamp += 1,
                Recognised::Id => counts.by_id += 1,
                Recognised::Content => counts.by_content += 1,
            }
        }
        for key in &matches.missing {
            let counts = kinds.entry(key.kind).or_default();
            (counts.items, counts.missing) = (counts.items + 1, counts.missing + 1);
        }
        for key in &matches.left {
            let counts = kinds.entry(key.kind).or_default();
            (counts.items, counts.left) = (counts.items + 1, counts.left + 1);
        }
        for key in differing.keys() {
            kinds.entry(key.kind).or_default().differing += 1;
        }
        Self { kinds, missing: matches.missing.clone(), left: matches.left.clone(), differing }
    }

    /// How many items of ours there are.
    pub fn items(&self) -> u64 {
        self.kinds.values().map(|counts| counts.items).sum()
    }

    /// Whether the new place holds nothing of ours: another mailbox, or one into which nothing travelled.
    pub fn is_empty_place(&self) -> bool {
        self.items() > 0 && self.kinds.values().all(|counts| counts.by_stamp + counts.by_id + counts.by_content == 0)
    }
}
