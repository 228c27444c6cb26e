//! What a folder does not show: is it really gone, was it moved, did the user delete it?

use std::collections::{BTreeMap, BTreeSet};

use super::{cycle::Cycle, trouble::Trouble};
use crate::{
    domain::{FolderId, ItemContent, ItemId, Kind, Mirror, Observation, Place, Presence, RecordKey, Seen, Stamp},
    ports::Sighting,
};

impl Cycle<'_> {
    /// Items that their folder does not show are read by their ids before they are believed gone: a listing may lag behind.
    /// What is not there is looked for by its stamp in other folders and in Deleted Items.
    pub(super) async fn find_missing(
        &self,
        keys: &BTreeSet<RecordKey>,
        mirror: &Mirror,
        observed: &mut Observation,
        even_unknown: bool,
    ) -> Result<(), Trouble> {
        let mut missing: BTreeMap<Kind, Vec<RecordKey>> = BTreeMap::new();
        for key in keys {
            let lost = match mirror.entries.get(key) {
                Some(entry) => {
                    entry.presence == Presence::Kept
                        && !observed.copies(key).iter().any(|seen| seen.item.id == entry.item.id)
                }
                None => even_unknown && observed.copies(key).is_empty(),
            };
            if lost {
                missing.entry(key.kind).or_default().push(key.clone());
            }
        }
        for (kind, lost) in missing {
            let Some(home) = self.memory.folders.get(&kind) else { continue };
            let lost = self.still_there(kind, home, lost, mirror, observed).await?;
            self.find_by_stamp(kind, home, &lost, observed).await?;
        }
        Ok(())
    }

    /// Those of the keys whose items cannot be read in the home folder either.
    async fn still_there(
        &self,
        kind: Kind,
        home: &FolderId,
        lost: Vec<RecordKey>,
        mirror: &Mirror,
        observed: &mut Observation,
    ) -> Result<Vec<RecordKey>, Trouble> {
        let (known, mut gone): (Vec<RecordKey>, Vec<RecordKey>) =
            lost.into_iter().partition(|key| mirror.entries.contains_key(key));
        let ids: Vec<ItemId> =
            known.iter().filter_map(|key| mirror.entries.get(key)).map(|entry| entry.item.id.clone()).collect();
        let mut there = Vec::new();
        for (key, content) in known.into_iter().zip(self.read(kind, &ids).await?) {
            match content.filter(|content| content.folder.as_ref() == Some(home)) {
                Some(content) => {
                    let sighting = Sighting {
                        item: content.item.clone(),
                        stamp: content.stamp.clone(),
                        created: content.created,
                        place: Place::Home,
                    };
                    there.push(sighting);
                    let (item, created) = (content.item.clone(), content.created);
                    observed.add(key, Seen { item, place: Place::Home, created, content: Some(content) });
                }
                None => gone.push(key),
            }
        }
        self.context.ledger.note_seen(self.id, kind, &there)?;
        Ok(gone)
    }

    /// An item that was looked at because it is to be written is not the version that was observed. Not every server tells of a
    /// change wherever and whenever an item lies: what was seen is remembered, and what is not there is looked for.
    pub(super) fn note_newer(&mut self, kind: Kind, newer: Option<ItemContent>) -> Result<(), Trouble> {
        let home = self.memory.folders.get(&kind);
        match newer.filter(|content| content.folder.as_ref() == home) {
            Some(ItemContent { item, stamp, created, .. }) => {
                let seen = Sighting { item, stamp, created, place: Place::Home };
                self.context.ledger.note_seen(self.id, kind, &[seen])?;
            }
            None => {
                self.memory.full_due.insert(kind);
            }
        }
        Ok(())
    }

    async fn find_by_stamp(
        &self,
        kind: Kind,
        home: &FolderId,
        lost: &[RecordKey],
        observed: &mut Observation,
    ) -> Result<(), Trouble> {
        if lost.is_empty() {
            return Ok(());
        }
        let stamps: Vec<Stamp> =
            lost.iter().flat_map(|key| self.firms.iter().map(|firm| Stamp { firm: *firm, key: key.clone() })).collect();
        for sighting in self.mailbox.find_elsewhere(kind, home, Some(&stamps)).await? {
            let Some(key) = self.key_of(sighting.stamp.as_deref()).filter(|key| lost.contains(key)) else { continue };
            let known = observed.copies(&key).iter().any(|seen| seen.item.id == sighting.item.id);
            if !known && sighting.place != Place::Home {
                let Sighting { item, place, created, .. } = sighting;
                observed.add(key, Seen { item, place, created, content: None });
            }
        }
        Ok(())
    }
}
