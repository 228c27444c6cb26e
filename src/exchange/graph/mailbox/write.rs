//! Creating, changing and removing items.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{GraphMailbox, if_there};
use crate::{
    domain::{ChangeKey, Fingerprint, FolderId, ItemId, ItemRef, Kind, RemovalManner},
    exchange::graph::{
        answer::said,
        ask::{Ask, segment, with_options},
        codec::{self, Codec, touched},
        entity::text,
        property, task,
    },
    ports::{Failure, FailureKind, ItemChange, ItemOutcome, NewItem, Removal, StampChange},
};

impl GraphMailbox {
    pub(super) async fn create_all(
        &self,
        folder: &FolderId,
        items: &[NewItem],
    ) -> Result<Vec<ItemOutcome<ItemRef>>, Failure> {
        let Some(kind) = items.first().map(|item| item.record.kind) else { return Ok(Vec::new()) };
        let doing = format!("create {} {kind}s", items.len());
        self.colour(items.iter().flat_map(|item| item.record.fields.values().flatten())).await;
        let path = self.items_path(kind, folder);
        let ask = |item: &NewItem, transaction: &Uuid| {
            Ask::post(path.clone(), self.codec.create(item, Some(&transaction.to_string())))
        };
        let asks: Vec<Ask> = items.iter().map(|item| ask(item, &transaction(folder, item))).collect();
        let made = |entity: serde_json::Value| {
            codec::item_ref(kind, Some(folder), &entity).ok_or_else(|| {
                Failure::new(FailureKind::Malformed, doing.clone()).because("the server does not say what it made")
            })
        };
        let mut outcomes = Vec::with_capacity(items.len());
        for (item, outcome) in items.iter().zip(self.all(&doing, &asks).await?) {
            outcomes.push(match outcome {
                Err(failure) if is_duplicate(&failure) => match self.made_before(kind, folder, item, &doing).await {
                    Ok(Some(found)) => Ok(found),
                    // What was made under this transaction is gone: this is another one.
                    Ok(None) => self.ask(&doing, &ask(item, &Uuid::new_v4())).await.and_then(made),
                    Err(failure) => Err(failure),
                },
                other => other.and_then(made),
            });
        }
        Ok(outcomes)
    }

    /// The item that an earlier request of the same transaction made.
    async fn made_before(
        &self,
        kind: Kind,
        folder: &FolderId,
        item: &NewItem,
        doing: &str,
    ) -> Result<Option<ItemRef>, Failure> {
        let Some(stamp) = item.stamp.as_ref().map(ToString::to_string) else { return Ok(None) };
        let filter = format!(
            "singleValueExtendedProperties/any(ep: ep/id eq '{}' and ep/value eq '{}')",
            property::stamp(),
            stamp.replace('\'', "''")
        );
        let mut options = Codec::sighting_options(kind);
        options.push(("$filter", filter));
        let page = self.pages(doing, Ask::list(with_options(&self.items_path(kind, folder), &options))).await?;
        let same = |entity: &&serde_json::Value| codec::stamp(kind, entity).as_ref() == Some(&stamp);
        Ok(page.entities.iter().find(same).and_then(|entity| codec::item_ref(kind, Some(folder), entity)))
    }

    pub(super) async fn update_all(&self, changes: &[ItemChange]) -> Result<Vec<ItemOutcome<ItemRef>>, Failure> {
        let doing = format!("change {} items", changes.len());
        self.colour(changes.iter().flat_map(|change| change.set.values())).await;
        let mut outcomes: Vec<Option<ItemOutcome<ItemRef>>> = Vec::with_capacity(changes.len());
        let (mut asks, mut asked, mut links) = (Vec::new(), Vec::new(), Vec::new());
        let mut currents = self.currents(changes).await?.into_iter();
        for (place, change) in changes.iter().enumerate() {
            let current = if Codec::needs_current(change) { currents.next() } else { None };
            let current = match current {
                Some(Ok(Some(current))) if version(&current) == change.item.change_key => Some(current),
                Some(Ok(Some(_))) => {
                    outcomes.push(Some(Err(conflict(&doing))));
                    continue;
                }
                Some(Ok(None)) => {
                    outcomes.push(Some(Err(Failure::new(FailureKind::NotFound, doing.clone()))));
                    continue;
                }
                Some(Err(failure)) => {
                    outcomes.push(Some(Err(failure)));
                    continue;
                }
                None => None,
            };
            if let Some(current) = current.as_ref().filter(|_| change.kind == Kind::Task) {
                links.extend(self.links(change, current).into_iter().map(|ask| (place, ask)));
            }
            match self.codec.update(change, current.as_ref()) {
                Some(body) => {
                    let path = self.item_path(change.kind, &change.item.id);
                    asks.push(Ask::patch(path, body).if_match(&change.item.change_key.0));
                    asked.push(place);
                    outcomes.push(None);
                }
                None => outcomes.push(Some(Ok(change.item.clone()))),
            }
        }
        let answers = self.all(&doing, &asks).await?;
        for ((place, ask), answer) in asked.into_iter().zip(&asks).zip(answers) {
            let Some(change) = changes.get(place) else { continue };
            let outcome = match answer {
                Err(failure) if failure.kind == FailureKind::Conflict => {
                    self.once_more(change, ask, failure, &doing).await
                }
                other => other,
            };
            if let Some(slot) = outcomes.get_mut(place) {
                *slot = Some(outcome.map(|entity| after(change, &entity)));
            }
        }
        let mut outcomes: Vec<ItemOutcome<ItemRef>> = outcomes.into_iter().flatten().collect();
        self.write_links(&mut outcomes, links, &doing).await?;
        Ok(outcomes)
    }

    /// What gives a task our stamp and its page, or takes them away.
    fn links(&self, change: &ItemChange, current: &serde_json::Value) -> Vec<Ask> {
        let path = format!("{}/linkedResources", self.item_path(Kind::Task, &change.item.id));
        let mut ours = task::links(current).into_iter();
        let mut asks = Vec::new();
        let stamp = match &change.stamp {
            StampChange::Set(stamp) => Some(stamp.to_string()),
            StampChange::Keep | StampChange::Remove => None,
        };
        let fields = touched(change);
        let link = task::Link::of(stamp.as_deref(), &fields);
        if change.stamp == StampChange::Keep && link.is_empty() {
            return asks;
        }
        if change.stamp != StampChange::Remove {
            asks.push(match ours.next() {
                Some((id, _)) => Ask::patch(format!("{path}/{}", segment(id)), link.to_json()),
                None => Ask::post(path.clone(), link.to_json()),
            });
        }
        asks.extend(ours.map(|(id, _)| Ask::delete(format!("{path}/{}", segment(id)))));
        asks
    }

    /// Changes what is linked to tasks, each by the place of its outcome, and says in which versions that left them.
    async fn write_links(
        &self,
        outcomes: &mut [ItemOutcome<ItemRef>],
        mut links: Vec<(usize, Ask)>,
        doing: &str,
    ) -> Result<(), Failure> {
        links.retain(|(place, _)| matches!(outcomes.get(*place), Some(Ok(_))));
        let (places, asks): (Vec<usize>, Vec<Ask>) = links.into_iter().unzip();
        for (place, answer) in places.iter().zip(self.all(doing, &asks).await?) {
            // What is to go and is gone is no trouble; a task that is gone shows in the next look.
            if let (Err(failure), Some(slot)) = (if_there(answer), outcomes.get_mut(*place)) {
                *slot = Err(failure);
            }
        }
        let touched: BTreeSet<usize> = places.into_iter().collect();
        let touched: Vec<(usize, ItemId)> = touched
            .into_iter()
            .filter_map(|place| Some((place, outcomes.get(place)?.as_ref().ok()?.id.clone())))
            .collect();
        let looks: Vec<Ask> = touched.iter().map(|(_, id)| Ask::get(self.item_path(Kind::Task, id))).collect();
        for ((place, id), now) in touched.into_iter().zip(self.all(doing, &looks).await?) {
            if let Some(slot) = outcomes.get_mut(place) {
                *slot = now.map(|now| ItemRef { id, change_key: version(&now) });
            }
        }
        Ok(())
    }

    /// What stands in the mailbox, of those items where that must be known.
    async fn currents(&self, changes: &[ItemChange]) -> Result<Vec<ItemOutcome<Option<serde_json::Value>>>, Failure> {
        let mut found = Vec::new();
        let needy: Vec<&ItemChange> = changes.iter().filter(|change| Codec::needs_current(change)).collect();
        for together in needy.chunk_by(|one, other| one.kind == other.kind) {
            let ids: Vec<ItemId> = together.iter().map(|change| change.item.id.clone()).collect();
            let kind = together.first().map_or(Kind::Event, |change| change.kind);
            found.extend(self.look_at(kind, &ids).await?);
        }
        Ok(found)
    }

    /// The service says so of an item that nobody changed, too: then it is asked once more. What somebody did change is looked
    /// at and planned anew by who asked for it.
    async fn once_more(
        &self,
        change: &ItemChange,
        ask: &Ask,
        failure: Failure,
        doing: &str,
    ) -> ItemOutcome<serde_json::Value> {
        let id_only = [("$select", "id".to_owned())];
        let path = self.item_path(change.kind, &change.item.id);
        let options: &[(&str, String)] = if change.kind == Kind::Task { &[] } else { &id_only };
        let now = self.ask(doing, &Ask::get(with_options(&path, options))).await?;
        if version(&now) == change.item.change_key { self.ask(doing, ask).await } else { Err(failure) }
    }

    pub(super) async fn delete_all(&self, removals: &[Removal]) -> Result<Vec<ItemOutcome<()>>, Failure> {
        let doing = format!("remove {} items", removals.len());
        let id_only = [("$select", "id".to_owned())];
        let looks: Vec<Ask> = removals
            .iter()
            .map(|removal| {
                let path = self.item_path(removal.kind, &removal.item.id);
                // To Do takes no selection.
                Ask::get(if removal.kind == Kind::Task { path } else { with_options(&path, &id_only) })
            })
            .collect();
        let mut outcomes: Vec<Option<ItemOutcome<()>>> = Vec::with_capacity(removals.len());
        let mut real = Vec::new();
        for (place, (removal, found)) in removals.iter().zip(self.all(&doing, &looks).await?).enumerate() {
            outcomes.push(match if_there(found) {
                Ok(None) => Some(Ok(())),
                Ok(Some(now)) if version(&now) == removal.item.change_key => {
                    real.push((place, removal));
                    None
                }
                Ok(Some(_)) => Some(Err(conflict(&doing))),
                Err(failure) => Some(Err(failure)),
            });
        }
        while !real.is_empty() {
            let for_good = !self.learned().removes_into_bin_only;
            let asks: Vec<Ask> = real.iter().map(|(_, removal)| self.removal(removal, for_good)).collect();
            let mut again = Vec::new();
            for ((place, removal), answer) in real.iter().zip(self.all(&doing, &asks).await?) {
                let outcome = if_there(answer.map(drop)).map(|_| ());
                if let Err(failure) = &outcome
                    && for_good
                    && removes_for_good(removal)
                    && is_unknown_deed(failure)
                {
                    self.learned().removes_into_bin_only = true;
                    again.push((*place, *removal));
                } else if let Some(slot) = outcomes.get_mut(*place) {
                    *slot = Some(outcome);
                }
            }
            if !again.is_empty() {
                tracing::warn!(
                    server = self.link.host(),
                    "this service cannot remove for good: items go into Deleted Items, where their user can read them"
                );
            }
            real = again;
        }
        Ok(outcomes.into_iter().flatten().collect())
    }

    fn removal(&self, removal: &Removal, for_good: bool) -> Ask {
        let path = self.item_path(removal.kind, &removal.item.id);
        if for_good && removes_for_good(removal) {
            return Ask::post(format!("{path}/permanentDelete"), serde_json::json!({}));
        }
        Ask::delete(path).if_match(&removal.item.change_key.0)
    }
}

/// To Do has one way of removing.
fn removes_for_good(removal: &Removal) -> bool {
    removal.manner == RemovalManner::ForGood && removal.kind != Kind::Task
}

/// The service does not know that deed at all.
fn is_unknown_deed(failure: &Failure) -> bool {
    said(failure).is_some_and(|said| matches!(said.status, 400 | 405 | 501))
}

/// The same creation gets the same name whenever it is asked for: by what it is for, what it says, where, and in place of what.
/// A request that was lost on its way and arrives late makes nothing twice.
/// <https://learn.microsoft.com/graph/api/resources/event#properties>
fn transaction(folder: &FolderId, item: &NewItem) -> Uuid {
    let Some(stamp) = &item.stamp else { return Uuid::new_v4() };
    let mut hash = Sha256::new();
    let fingerprint = Fingerprint::of(&item.record).0;
    let before = item.replaces.as_ref().map_or("", |ItemId(id)| id);
    for part in [stamp.to_string().as_bytes(), folder.0.as_bytes(), before.as_bytes(), &fingerprint] {
        hash.update(part);
        hash.update([0]);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

fn is_duplicate(failure: &Failure) -> bool {
    said(failure)
        .is_some_and(|said| said.status == 409 || said.code.eq_ignore_ascii_case("ErrorDuplicateTransactionId"))
}

fn conflict(doing: &str) -> Failure {
    Failure::new(FailureKind::Conflict, doing).because("it was changed since it was seen")
}

fn version(entity: &serde_json::Value) -> ChangeKey {
    ChangeKey(text(entity, "@odata.etag").unwrap_or_default().to_owned())
}

/// The version that a change left behind; the one before, where the server does not say.
fn after(change: &ItemChange, entity: &serde_json::Value) -> ItemRef {
    let now = version(entity);
    let change_key = if now.0.is_empty() { change.item.change_key.clone() } else { now };
    ItemRef { id: change.item.id.clone(), change_key }
}
