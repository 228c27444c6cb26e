//! From what was seen to what the switch changes.

use std::collections::{BTreeMap, BTreeSet};

use super::look::{Look, Looker};
use crate::{
    domain::{Field, ItemContent, ItemId, ItemRef, Kind, Place, RecordKey, Value},
    plan::{
        adopt::{Leftover, Obstacle, matches},
        look_alike,
    },
    state::{FoundMatch, Portrait, Switch},
};

impl Looker<'_> {
    /// Everything that the switch changes.
    pub(super) fn prepare(&self, mut look: Look) -> Switch {
        let report = look.report();
        let given_up: BTreeSet<RecordKey> = look.matches.missing.union(&look.matches.left).cloned().collect();
        let asked = self.ask_about(&look);
        let mut items = BTreeMap::new();
        for (key, (seen, _)) in &look.matches.found {
            if let Some(entry) = self.mirror.entries.get(key) {
                items.insert(entry.item.id.clone(), (seen.item.clone(), seen.place.clone()));
            }
        }
        for item in self.pairs.iter().flat_map(|pair| &pair.found.items) {
            if let Some(now) = look.known.get(&item.id) {
                let item_now = ItemRef { id: now.clone(), change_key: item.change_key.clone() };
                items.entry(item.id.clone()).or_insert((item_now, Place::Home));
            }
        }
        // The observation shows each item as it was read last.
        for (key, (seen, _)) in &look.matches.found {
            let folder = look.folders.get_mut(&key.kind);
            let shown = folder.and_then(|folder| folder.seen.iter_mut().find(|one| one.item.id == seen.item.id));
            if let (Some(shown), Some(content)) = (shown, look.contents.get(key)) {
                shown.item = content.item.clone();
                shown.stamp.clone_from(&content.stamp);
            }
        }
        let to_be_judged = report.differing.keys().cloned().collect();
        let returned: BTreeMap<RecordKey, BTreeMap<Field, Option<Value>>> =
            look.compared.into_iter().map(|(key, compared)| (key, compared.returned)).collect();
        Switch {
            report,
            items,
            returned,
            to_be_judged,
            foreign: look.matches.foreign,
            given_up,
            asked,
            folders: look.folders,
        }
    }

    /// What a person is asked about tasks that look like several, or like others' too.
    fn ask_about(&self, look: &Look) -> Vec<FoundMatch> {
        let records: BTreeMap<&RecordKey, _> = look
            .matches
            .left
            .iter()
            .filter_map(|key| Some((key, self.mirror.entries.get(key)?.written.as_ref()?.shown())))
            .collect();
        let taken: BTreeSet<&ItemId> = look.matches.found.values().map(|(seen, _)| &seen.item.id).collect();
        let free: Vec<&ItemContent> =
            look.tasks.iter().filter(|task| task.stamp.is_none() && !taken.contains(&task.item.id)).collect();
        let leftovers: Vec<Leftover> = free
            .iter()
            .map(|task| Leftover {
                item: task.item.clone(),
                likenesses: look_alike::of_item(Kind::Task, task),
                obstacle: task.bound.map(Obstacle::from),
            })
            .collect();
        let likenesses = records.iter().map(|(key, record)| (*key, look_alike::of_record(record)));
        let (found, _) = matches(likenesses, &leftovers);
        let portraits = found.into_iter().map(|found| {
            let items = found.items.iter().filter_map(|item| free.iter().find(|task| task.item == *item));
            let portrait = Portrait {
                record: records
                    .get(&found.key)
                    .map(|record| Portrait::of(|field| record.get(field)))
                    .unwrap_or_default(),
                items: items.map(|task| Portrait::of(|field| task.fields.get(&field))).collect(),
            };
            FoundMatch { found, portrait }
        });
        portraits.collect()
    }
}
