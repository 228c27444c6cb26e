//! What lies in a folder, and what changed there.
//!
//! A delta query says which items are new, changed or gone, and shows no stamps: those are read after it, of few items one by
//! one, of a whole folder by a listing. Events have a delta only within a window of time: an event that leaves the window is
//! told as gone and is read before that is believed; and a full view is a listing of the whole calendar, without a window.
//! What we wrote is told as well, and was read back already: contacts and events are not read once more for it.
//! <https://learn.microsoft.com/graph/delta-query-overview>

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan as _, civil::Time, tz::TimeZone};
use serde_json::Value as Json;

use super::{GraphMailbox, LISTED_FROM};
use crate::{
    domain::{ChangeKey, FolderId, ItemId, Kind, Place},
    exchange::graph::{
        answer::Page,
        ask::{Ask, with_options},
        codec::{self, Codec},
        entity::text,
    },
    ports::{Changes, Failure, FailureKind, Sighting, SyncToken},
};

/// Days before and after today in which changes of events are told. The service takes five years at most; a wide window is
/// slow to open, for each day of each series counts.
const WINDOW: (i64, i64) = (180, 550);

impl GraphMailbox {
    pub(super) async fn observe(&self, folder: &FolderId, since: Option<&SyncToken>) -> Result<Changes, Failure> {
        let kind = self.kind_of(folder)?;
        let doing = format!("look for changed {kind}s");
        let page = match since {
            Some(SyncToken(link)) => self.pages_since(&doing, link).await?,
            None => self.pages(&doing, Ask::list(self.delta_path(kind, folder))).await?,
        };
        let Some(delta) = page.delta.clone() else {
            return Err(
                Failure::new(FailureKind::Malformed, doing).because("the server gave no token to continue with")
            );
        };
        let next = SyncToken(delta);
        if since.is_none() {
            let options = Codec::sighting_options(kind);
            let all = self.pages(&doing, Ask::list(with_options(&self.items_path(kind, folder), &options))).await?;
            let seen = all.entities.iter().filter_map(|entity| codec::sighting(kind, folder, &Place::Home, entity));
            let by_id: BTreeMap<ItemId, Sighting> = seen.map(|sighting| (sighting.item.id.clone(), sighting)).collect();
            return Ok(Changes { changed: by_id.into_values().collect(), gone: Vec::new(), next, complete: true });
        }
        let (changed, gone) = self.look_closer(kind, folder, &page).await?;
        Ok(Changes { changed, gone, next, complete: false })
    }

    /// Of which kind the items of a folder are: folders are opened by their kind before anything is observed in them.
    fn kind_of(&self, folder: &FolderId) -> Result<Kind, Failure> {
        let found = self.learned().homes.iter().find(|(_, id)| *id == folder).map(|(kind, _)| *kind);
        found.ok_or_else(|| {
            Failure::new(FailureKind::NotFound, "look for changes").because("the folder was not opened before")
        })
    }

    fn delta_path(&self, kind: Kind, folder: &FolderId) -> String {
        let items = self.items_path(kind, folder);
        match kind {
            Kind::Contact => with_options(&format!("{items}/delta"), &[("$select", "createdDateTime".to_owned())]),
            Kind::Task => format!("{items}/delta"),
            Kind::Event => {
                let today = TimeZone::UTC.to_datetime(Timestamp::now()).date().to_datetime(Time::midnight());
                let day = |days: i64| {
                    let day = today.saturating_add(days.days());
                    day.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
                };
                let window = [("startDateTime", day(-WINDOW.0)), ("endDateTime", day(WINDOW.1))];
                let calendar = items.strip_suffix("/events").unwrap_or(&items).to_owned();
                with_options(&format!("{calendar}/calendarView/delta"), &window)
            }
        }
    }

    /// What a delta told, with stamps, and with what is gone for certain.
    async fn look_closer(
        &self,
        kind: Kind,
        folder: &FolderId,
        page: &Page,
    ) -> Result<(Vec<Sighting>, Vec<ItemId>), Failure> {
        // The last word on an item counts.
        let mut told: BTreeMap<ItemId, Told> = BTreeMap::new();
        for entity in &page.entities {
            let Some(item) = codec::item_ref(kind, Some(folder), entity) else { continue };
            let is_gone = entity.get("@removed").is_some();
            // A day of a series: we never write one, and the series itself is told as well.
            let is_a_day = text(entity, "type").is_some_and(|word| matches!(word, "occurrence" | "exception"));
            if is_gone || !is_a_day {
                told.insert(item.id, if is_gone { Told::Gone } else { Told::Version(item.change_key) });
            }
        }
        let mut read = self.learned().read.remove(&kind).unwrap_or_default();
        let (mut changed, mut gone, mut open) = (Vec::new(), Vec::new(), Vec::new());
        for (id, told) in told {
            match (read.remove(&id), told) {
                (_, Told::Gone) if kind != Kind::Event => gone.push(id),
                (Some(sighting), Told::Version(version)) if sighting.item.change_key == version => {
                    changed.push(sighting);
                }
                _ => open.push(id),
            }
        }
        for (id, found) in open.iter().zip(self.look_at(kind, &open).await?) {
            let found = found?;
            let here = found.as_ref().filter(|entity| lies_in(kind, folder, entity));
            match here.and_then(|entity| codec::sighting(kind, folder, &Place::Home, entity)) {
                Some(sighting) => changed.push(sighting),
                None => gone.push(id.clone()),
            }
        }
        Ok((changed, gone))
    }

    /// Remembers until the next look what was read at home. Not of tasks: their stamp lies beside them, and nobody says that their
    /// version tells of it.
    pub(super) fn remember<'a>(&self, kind: Kind, found: impl Iterator<Item = &'a Json>) {
        let mut learned = self.learned();
        let Some(home) = learned.homes.get(&kind).cloned().filter(|_| kind != Kind::Task) else { return };
        let read = learned.read.entry(kind).or_default();
        let at_home = found.filter(|entity| lies_in(kind, &home, entity));
        for sighting in at_home.filter_map(|entity| codec::sighting(kind, &home, &Place::Home, entity)) {
            let has_version = !sighting.item.change_key.0.is_empty();
            if has_version && (read.len() < LISTED_FROM || read.contains_key(&sighting.item.id)) {
                read.insert(sighting.item.id.clone(), sighting);
            }
        }
    }
}

/// What a delta says of an item.
enum Told {
    Gone,
    Version(ChangeKey),
}

/// Whether an item lies in this folder, as far as it says.
fn lies_in(kind: Kind, folder: &FolderId, entity: &Json) -> bool {
    let named = match kind {
        Kind::Contact => text(entity, "parentFolderId"),
        Kind::Event => entity.get("calendar").and_then(|calendar| text(calendar, "id")),
        Kind::Task => None,
    };
    named.is_none_or(|named| named == folder.0)
}
