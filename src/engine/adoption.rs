//! What an earlier sync left in a mailbox: recognised before the first write, compared with the records that want an item, and
//! taken over where a person agreed. Nothing is decided here: the planner pairs, the ledger keeps, a person decides.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    cycle::{Briefing, Cycle, Done, Views},
    trouble::Trouble,
};
use crate::{
    domain::{Field, FolderId, ItemContent, ItemId, ItemRef, Kind, Record, RecordKey, Value},
    plan::{
        Adoption, Desired,
        adopt::{Decision, Leftover, Obstacle, matches, still_counts},
        look_alike,
    },
    state::{FoundMatch, Leftovers, Pair, Portrait},
};

/// An item without our stamp, as it was read once.
#[derive(Clone, Debug)]
pub(super) struct Recognised {
    leftover: Leftover,
    portrait: BTreeMap<Field, Value>,
}

/// What the planner is told about items of an earlier sync.
#[derive(Debug, Default)]
pub(super) struct Paired {
    /// Records that look like items, undecided.
    pub(super) look_alikes: BTreeSet<RecordKey>,
    /// Decided records.
    pub(super) adoptions: BTreeMap<RecordKey, Adoption>,
}

impl Paired {
    /// What was decided when the mailbox was compared with the records.
    pub(super) fn from_then(known: Vec<Pair>) -> Self {
        let mut paired = Self::default();
        for pair in known {
            match pair.decided {
                Some((Decision::KeepBoth, ..)) => paired.adoptions.insert(pair.found.key, Adoption::Beside),
                Some((Decision::Leave, ..)) => paired.adoptions.insert(pair.found.key, Adoption::Leave),
                _ => None,
            };
        }
        paired
    }

    /// Records for which an item of the user's stands.
    pub(super) fn left(&self) -> impl Iterator<Item = &RecordKey> {
        self.adoptions.iter().filter(|(_, adoption)| **adoption == Adoption::Leave).map(|(key, _)| key)
    }
}

impl Cycle<'_> {
    /// What the unstamped items of a folder look like. What was read before and has not changed is not read again.
    pub(super) async fn recognise(&mut self, kind: Kind, home: &FolderId) -> Result<(), Trouble> {
        let mut known = self.memory.leftovers.remove(&kind).unwrap_or_default();
        let there = self.context.ledger.unstamped(self.id, kind)?;
        let mut recognised = BTreeMap::new();
        let mut unread = Vec::new();
        for item in there {
            match known.remove(&item.id).filter(|known| known.leftover.item == item) {
                Some(known) => drop(recognised.insert(item.id, known)),
                None => unread.push(item.id),
            }
        }
        for content in self.read(kind, &unread).await?.into_iter().flatten() {
            if content.stamp.is_none() {
                recognised.insert(content.item.id.clone(), recognised_in(kind, home, &content));
            }
        }
        self.memory.leftovers.insert(kind, recognised);
        Ok(())
    }

    /// Compares the records that want an item with what lies there, and says what a person decided about them.
    pub(super) async fn pair_up(
        &mut self,
        briefing: &Briefing,
        views: &Views,
        done: &mut Done,
    ) -> Result<Paired, Trouble> {
        let known = self.context.ledger.adoptions(self.id)?;
        if !self.first_look {
            return Ok(Paired::from_then(known));
        }
        let mut paired = Paired::default();
        for pair in known.iter().filter(|pair| pair.is_left()) {
            paired.adoptions.insert(pair.found.key.clone(), Adoption::Leave);
        }
        let mut taken: BTreeMap<Kind, Vec<(RecordKey, ItemRef)>> = BTreeMap::new();
        let kinds: Vec<Kind> = self.memory.leftovers.keys().copied().collect();
        for kind in kinds {
            let (found, leftovers) = self.compare(kind, briefing, views);
            for FoundMatch { found, .. } in &found {
                let decision = known.iter().find(|pair| pair.found.key == found.key).and_then(|pair| {
                    let (decision, ..) = pair.decided.as_ref()?;
                    let shown = (pair.found.items.as_slice(), pair.found.verdict);
                    still_counts(*decision, shown, (&found.items, found.verdict)).then_some(*decision)
                });
                match (decision, found.items.first()) {
                    (Some(Decision::Adopt), Some(item)) => {
                        taken.entry(kind).or_default().push((found.key.clone(), item.clone()));
                    }
                    (Some(Decision::KeepBoth), _) => {
                        paired.adoptions.insert(found.key.clone(), Adoption::Beside);
                    }
                    (Some(Decision::Leave), _) => {
                        paired.adoptions.insert(found.key.clone(), Adoption::Leave);
                    }
                    _ => {
                        paired.adoptions.remove(&found.key);
                        paired.look_alikes.insert(found.key.clone());
                    }
                }
            }
            if !briefing.rehearsal {
                self.context.ledger.put_adoptions(self.id, kind, &found, leftovers, self.context.now())?;
            }
            done.leftovers.insert(kind, leftovers);
        }
        for (kind, items) in taken {
            self.read_taken(kind, items, &mut paired, done).await?;
        }
        Ok(paired)
    }

    /// Records and items of a kind that look alike, and how many items look like nothing.
    fn compare(&self, kind: Kind, briefing: &Briefing, views: &Views) -> (Vec<FoundMatch>, Leftovers) {
        let wanting: BTreeMap<&RecordKey, &Record> = briefing
            .batch
            .desired
            .iter()
            .filter_map(|(key, desired)| match desired {
                Desired::Wanted(record) if key.kind == kind => Some((key, record.as_ref())),
                _ => None,
            })
            .filter(|(key, _)| !views.mirror.entries.contains_key(*key) && views.observed.copies(key).is_empty())
            .collect();
        let there: BTreeMap<&ItemId, &Recognised> = self.memory.leftovers.get(&kind).into_iter().flatten().collect();
        let likenesses = wanting.iter().map(|(key, record)| (*key, look_alike::of_record(record)));
        let (found, unmatched) = matches(likenesses, there.values().map(|one| &one.leftover));
        let portraits = found.into_iter().map(|found| {
            let fields = |record: &&Record| Portrait::of(|field| record.get(field));
            let portrait = Portrait {
                record: wanting.get(&found.key).map(fields).unwrap_or_default(),
                items: found
                    .items
                    .iter()
                    .filter_map(|item| there.get(&item.id))
                    .map(|one| one.portrait.clone())
                    .collect(),
            };
            FoundMatch { found, portrait }
        });
        let items = u64::try_from(there.len()).unwrap_or(u64::MAX);
        (portraits.collect(), Leftovers { items, unmatched })
    }

    /// Reads the items that are to be taken over: they are planned with as they are now, or not at all.
    async fn read_taken(
        &mut self,
        kind: Kind,
        items: Vec<(RecordKey, ItemRef)>,
        paired: &mut Paired,
        done: &mut Done,
    ) -> Result<(), Trouble> {
        let ids: Vec<ItemId> = items.iter().map(|(_, item)| item.id.clone()).collect();
        for ((key, item), content) in items.into_iter().zip(self.read(kind, &ids).await?) {
            match content.filter(|content| content.item == item && content.stamp.is_none() && content.bound.is_none()) {
                Some(content) => {
                    paired.adoptions.insert(key, Adoption::Take(Box::new(content)));
                }
                None => {
                    done.look_again = true;
                    done.unfinished.insert(key.clone());
                    paired.look_alikes.insert(key);
                }
            }
        }
        Ok(())
    }
}

fn recognised_in(kind: Kind, home: &FolderId, content: &ItemContent) -> Recognised {
    let elsewhere = content.folder.as_ref().is_some_and(|folder| folder != home);
    let obstacle = content.bound.map(Obstacle::from).or_else(|| elsewhere.then_some(Obstacle::OtherFolder));
    Recognised {
        leftover: Leftover { item: content.item.clone(), likenesses: look_alike::of_item(kind, content), obstacle },
        portrait: Portrait::of(|field| content.fields.get(&field)),
    }
}
