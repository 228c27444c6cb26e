//! Which item that an earlier sync left behind belongs to which record.
//!
//! A record and an item belong together when they [look alike](super::look_alike) and nothing else looks like either: one record,
//! one item. Everything else is refused and listed, because guessing would put one person's number on another one's card. What
//! hangs together with more than this mailbox (a meeting, a series) is refused as well.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::look_alike::{By, Likeness};
use crate::domain::{Bound, ItemContent, ItemRef, RecordKey};

/// An item without our stamp, as far as pairing needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// Which version of which item.
    pub item: ItemRef,
    /// How it can be recognised.
    pub likenesses: Vec<Likeness>,
    /// Why it can belong to nobody but the user, if that is so.
    pub obstacle: Option<Obstacle>,
}

/// Why an item that looks like a record is never taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Obstacle {
    /// Other people are on it.
    Meeting,
    /// It stands for several days.
    Series,
    /// It lies in another folder than the one we write into.
    OtherFolder,
}

impl From<Bound> for Obstacle {
    fn from(bound: Bound) -> Self {
        match bound {
            Bound::Meeting => Self::Meeting,
            Bound::Series => Self::Series,
        }
    }
}

/// What is to be said of a record that looks like items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MatchVerdict {
    /// One record and one item: with consent it is taken over.
    OneToOne,
    /// Several items look like this record.
    SeveralItems,
    /// Several records look like this item.
    SeveralRecords,
    /// Several records and several items look like each other.
    Tangled,
    /// One record and one item, and the item is none that may be taken over.
    Never(Obstacle),
}

/// A record with the items that look like it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// Which record.
    pub key: RecordKey,
    /// Which items, by id.
    pub items: Vec<ItemRef>,
    /// In what they are alike.
    pub by: BTreeSet<By>,
    /// Whether that is a pair.
    pub verdict: MatchVerdict,
}

/// What a person decided about a record that looks like items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// The item is taken over.
    Adopt,
    /// The item stays the user's and the record gets an item of its own.
    KeepBoth,
    /// The item stays the user's and stands for the record: none is created.
    Leave,
}

/// The decision about one record, with what is needed to carry it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Adoption {
    /// This item, as it was just read, is taken over.
    Take(Box<ItemContent>),
    /// The record gets an item of its own.
    Beside,
    /// Nothing is created.
    Leave,
}

/// Records that look like items of the mailbox, by key, and how many items look like no record. The order in which records and
/// items come does not matter.
pub fn matches<'a>(
    records: impl IntoIterator<Item = (&'a RecordKey, Vec<Likeness>)>,
    leftovers: impl IntoIterator<Item = &'a Leftover>,
) -> (Vec<Match>, u64) {
    let leftovers: BTreeMap<_, &Leftover> =
        leftovers.into_iter().map(|leftover| (&leftover.item.id, leftover)).collect();
    let mut alike: BTreeMap<Likeness, Vec<&Leftover>> = BTreeMap::new();
    for leftover in leftovers.values() {
        for likeness in &leftover.likenesses {
            alike.entry(*likeness).or_default().push(leftover);
        }
    }
    let mut by_record: BTreeMap<&RecordKey, (BTreeMap<&ItemRef, &Leftover>, BTreeSet<By>)> = BTreeMap::new();
    let mut by_item: BTreeMap<&ItemRef, BTreeSet<&RecordKey>> = BTreeMap::new();
    for (key, likenesses) in records {
        for likeness in &likenesses {
            for leftover in alike.get(likeness).into_iter().flatten() {
                let (items, by) = by_record.entry(key).or_default();
                items.insert(&leftover.item, leftover);
                by.insert(likeness.by);
                by_item.entry(&leftover.item).or_default().insert(key);
            }
        }
    }
    let claimed = |item: &ItemRef| by_item.get(item).map_or(0, BTreeSet::len);
    let matches = by_record.iter().map(|(key, (items, by))| {
        let shared = items.keys().any(|item| claimed(item) > 1);
        let verdict = match (items.values().next(), items.len(), shared) {
            (Some(only), 1, false) => only.obstacle.map_or(MatchVerdict::OneToOne, MatchVerdict::Never),
            (_, 1, true) => MatchVerdict::SeveralRecords,
            (_, _, true) => MatchVerdict::Tangled,
            _ => MatchVerdict::SeveralItems,
        };
        let items = items.keys().map(|item| (*item).clone()).collect();
        Match { key: (*key).clone(), items, by: by.clone(), verdict }
    });
    let unmatched = leftovers.len().saturating_sub(by_item.len());
    (matches.collect(), u64::try_from(unmatched).unwrap_or(u64::MAX))
}

/// Whether what a person decided when they saw `shown` still counts now that it is `found`. Consent is for exactly the version
/// that was shown; that an item stays the user's does not depend on its version.
pub fn still_counts(decision: Decision, shown: (&[ItemRef], MatchVerdict), found: (&[ItemRef], MatchVerdict)) -> bool {
    match decision {
        Decision::Adopt => found.1 == MatchVerdict::OneToOne && shown == found,
        Decision::KeepBoth | Decision::Leave => {
            shown.0.iter().map(|item| &item.id).eq(found.0.iter().map(|item| &item.id))
        }
    }
}

#[cfg(test)]
mod tests;
