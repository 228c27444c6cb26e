//! Looking at a mailbox: is it the one we know, do we own its folders, and what lies in them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::SignedDuration;

use super::{crash_point, cycle::Cycle, trouble::Trouble};
use crate::{
    auth::mailbox_proof,
    domain::{FolderId, ItemContent, ItemId, Kind, Place, RecordKey, Stamp},
    plan::{HoldReason, ScopeSettings},
    ports::{Failure, FailureKind, Owner, Sighting},
    state::OwnerVerdict,
};

impl Cycle<'_> {
    /// Makes sure that this is the mailbox that was proven, opens the folders of these kinds and looks who owns them. Folders
    /// that somebody else writes into come back as holds; ours that do not say so yet are claimed before the first write. A kind
    /// that the mailbox does not let us into is left out, and the others go on.
    pub(super) async fn enter(
        &mut self,
        kinds: &BTreeSet<Kind>,
        scopes: &[Arc<ScopeSettings>],
    ) -> Result<Vec<(Kind, HoldReason)>, Trouble> {
        let proven = self.context.ledger.mailbox_identity(self.id)?;
        let found = self.mailbox.identity().await?;
        if found != proven {
            return Err(Failure::new(FailureKind::MailboxMissing, "recognise the mailbox")
                .because("another mailbox answers than the one that was proven")
                .hint(format!(
                    "if the mailbox was moved or replaced, link and confirm it again: `pocketdocket user link {}`",
                    self.user
                ))
                .into());
        }
        let mut holds = Vec::new();
        for kind in kinds {
            let folder = match self.mailbox.folder(*kind).await {
                Err(failure) if failure.kind == FailureKind::Forbidden => {
                    self.leave_out(*kind, failure, scopes)?;
                    continue;
                }
                folder => folder?,
            };
            self.let_in(*kind)?;
            if self.context.ledger.set_folder(self.id, *kind, &folder.id)? {
                self.memory.full_due.insert(*kind);
            }
            match self.context.ledger.judge_owner(folder.owner.as_ref())? {
                OwnerVerdict::Current => {}
                OwnerVerdict::Unclaimed | OwnerVerdict::EarlierOfOurs => {
                    self.unclaimed.insert(*kind, folder.id.clone());
                }
                OwnerVerdict::Unknown => {
                    let owner = folder.owner.map_or_else(String::new, |Owner(text)| text);
                    holds.push((*kind, HoldReason::AnotherWriter { owner }));
                }
            }
            self.memory.folders.insert(*kind, folder.id);
        }
        Ok(holds)
    }

    /// The mailbox does not let us into a kind. Nobody is told where nobody wants it. A mailbox that lets us into nothing is in
    /// trouble as a whole.
    fn leave_out(&mut self, kind: Kind, failure: Failure, scopes: &[Arc<ScopeSettings>]) -> Result<(), Trouble> {
        let now = self.context.now();
        let others_are_shut = Kind::ALL.into_iter().all(|other| other == kind || self.memory.is_shut(other, now));
        if others_are_shut {
            return Err(failure.into());
        }
        let until = if scopes.iter().any(|scope| scope.kinds.contains(&kind)) {
            let shut = self.context.ledger.shut_kind(self.id, &self.user, kind, &failure, now)?;
            tracing::warn!(user.id = %self.user, until = %shut.next_try, "{}", shut.words());
            shut.next_try
        } else {
            self.context.ledger.open_kind(self.id, &self.user, kind, now)?;
            now.checked_add(SignedDuration::from_hours(24)).unwrap_or(now)
        };
        self.memory.shut.insert(kind, until);
        Ok(())
    }

    fn let_in(&mut self, kind: Kind) -> Result<(), Trouble> {
        if self.memory.shut.remove(&kind).is_some() {
            if self.context.ledger.open_kind(self.id, &self.user, kind, self.context.now())? {
                tracing::info!(user.id = %self.user, "{kind}s can be synced again");
            }
            self.first_look |= !self.context.ledger.all_first_writes_released(self.id)?;
            self.memory.full_due.insert(kind);
        }
        Ok(())
    }

    /// Says in every folder that is about to be written that we write it.
    pub(super) async fn claim(&mut self, kinds: &BTreeSet<Kind>) -> Result<(), Trouble> {
        let unclaimed: Vec<(Kind, FolderId)> = self
            .unclaimed
            .iter()
            .filter(|(kind, _)| kinds.contains(kind))
            .map(|(kind, id)| (*kind, id.clone()))
            .collect();
        for (kind, folder) in unclaimed {
            let Some(owner) = self.context.ledger.current_owner()? else { continue };
            self.mailbox.claim(&folder, kind, &owner).await?;
            crash_point::pass("after-claim");
            self.context.ledger.set_claimed(self.id, kind, &owner)?;
            self.unclaimed.remove(&kind);
        }
        Ok(())
    }

    /// Observes one folder: what changed since the last time, or everything.
    pub(super) async fn observe(&mut self, kind: Kind, folder: &FolderId) -> Result<(), Trouble> {
        crash_point::pass("before-observation");
        let now = self.context.now();
        let ledger = &self.context.ledger;
        let state = ledger.folder(self.id, kind)?;
        let audit_after = SignedDuration::from_hours(i64::from(self.context.settings.audit_days) * 24);
        let audited = state.as_ref().and_then(|state| state.fully_observed_at);
        let audit_due = audited.is_none_or(|at| now.duration_since(at) >= audit_after);
        let token = state.and_then(|state| state.token).filter(|_| !audit_due && !self.memory.full_due.contains(&kind));
        let mut changes = match self.mailbox.changes(folder, token.as_ref()).await {
            Err(failure) if failure.kind == FailureKind::TokenExpired && token.is_some() => {
                self.mailbox.changes(folder, None).await?
            }
            other => other?,
        };
        changes.changed.retain(|sighting| !is_proof(sighting));
        if changes.complete {
            self.memory.asked.retain(|key| key.kind != kind);
            let moved = self.followed(kind).await?;
            changes.changed.extend(moved);
            if self.first_look && !self.memory.only_deleted.contains_key(&kind) {
                changes.changed.extend(self.left_by_a_lost_ledger(kind, folder, &changes.changed).await?);
            }
            ledger.store_observation_full(self.id, kind, &changes.changed, &changes.next, now)?;
        } else {
            let (seen, gone) = self.followed_since(kind).await?;
            changes.changed.extend(seen);
            changes.gone.extend(gone);
            ledger.store_observation_patch(self.id, kind, &changes.changed, &changes.gone, &changes.next, now)?;
        }
        crash_point::pass("after-observation");
        self.memory.full_due.remove(&kind);
        self.memory.observed.insert(kind, now);
        if self.first_look {
            self.recognise(kind, folder).await?;
        }
        Ok(())
    }

    /// Items that the user moved into other folders are not in the home folder's listing: they are read one by one.
    async fn followed(&mut self, kind: Kind) -> Result<Vec<Sighting>, Trouble> {
        let mirror = self.context.ledger.mirror_all(self.id)?;
        let moved: BTreeMap<ItemId, (RecordKey, Place)> = mirror
            .entries
            .into_iter()
            .filter(|(key, entry)| key.kind == kind && matches!(entry.place, Place::Elsewhere(_)))
            .map(|(key, entry)| (entry.item.id, (key, entry.place)))
            .collect();
        self.memory.moved.insert(kind, moved);
        Ok(self.followed_since(kind).await?.0)
    }

    async fn followed_since(&mut self, kind: Kind) -> Result<(Vec<Sighting>, Vec<ItemId>), Trouble> {
        let moved = self.memory.moved.get(&kind).cloned().unwrap_or_default();
        let ids: Vec<ItemId> = moved.keys().cloned().collect();
        let (mut seen, mut gone) = (Vec::new(), Vec::new());
        for (id, content) in ids.iter().zip(self.read(kind, &ids).await?) {
            match (content, moved.get(id)) {
                (Some(content), Some((_, place))) => seen.push(Sighting {
                    item: content.item,
                    stamp: content.stamp,
                    created: content.created,
                    place: content.folder.map_or_else(|| place.clone(), Place::Elsewhere),
                }),
                _ => {
                    gone.push(id.clone());
                    if let Some(moved) = self.memory.moved.get_mut(&kind) {
                        moved.remove(id);
                    }
                }
            }
        }
        Ok((seen, gone))
    }

    /// The ledger knows nothing of this mailbox. Items of ours that lie in other folders are taken along; keys that are found in
    /// Deleted Items alone are remembered, for perhaps the user deleted them.
    async fn left_by_a_lost_ledger(
        &mut self,
        kind: Kind,
        home: &FolderId,
        seen: &[Sighting],
    ) -> Result<Vec<Sighting>, Trouble> {
        let found = self.mailbox.find_elsewhere(kind, home, None).await?;
        let key = |sighting: &Sighting| self.key_of(sighting.stamp.as_deref());
        let (deleted, moved): (Vec<Sighting>, Vec<Sighting>) = found
            .into_iter()
            .filter(|sighting| !is_proof(sighting))
            .partition(|sighting| sighting.place == Place::Deleted);
        let alive: BTreeSet<RecordKey> = seen.iter().chain(&moved).filter_map(key).collect();
        let only_deleted = deleted.iter().filter_map(key).filter(|key| !alive.contains(key)).collect();
        self.memory.only_deleted.insert(kind, only_deleted);
        Ok(moved)
    }

    /// Reads items, many at once as the protocol likes it; `None` for those that are not there, and for those that cannot be read
    /// on their own.
    pub(super) async fn read(&self, kind: Kind, ids: &[ItemId]) -> Result<Vec<Option<ItemContent>>, Trouble> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut answers = self.mailbox.read(kind, ids).await?.into_iter();
        let mut contents = Vec::with_capacity(ids.len());
        for id in ids {
            contents.push(match answers.next() {
                Some(Ok(content)) => content,
                Some(Err(failure)) if failure.kind.passes() => return Err(failure.into()),
                Some(Err(failure)) => {
                    tracing::warn!(item = %id, cause = %failure.chain(), "an item cannot be read");
                    None
                }
                None => {
                    return Err(Failure::new(FailureKind::Malformed, "read items")
                        .because("an answer is missing")
                        .into());
                }
            });
        }
        Ok(contents)
    }

    /// The record of a stamp, if it is one of ours.
    pub(super) fn key_of(&self, stamp: Option<&str>) -> Option<RecordKey> {
        let stamp: Stamp = stamp?.parse().ok()?;
        self.firms.contains(&stamp.firm).then_some(stamp.key)
    }
}

/// Codes of a confirmation are stamped too; they come and go by themselves.
pub(super) fn is_proof(sighting: &Sighting) -> bool {
    let stamp: Option<Stamp> = sighting.stamp.as_deref().and_then(|text| text.parse().ok());
    stamp.is_some_and(|stamp| stamp.key.query.0 == mailbox_proof::QUERY)
}
