//! The look at the new place: its folders, its stamps, what its items hold; and of the old place what it still tells.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::cut_off;
use crate::{
    domain::{
        Field, FirmId, FolderId, ItemContent, ItemId, ItemRef, Kind, Mirror, Observation, Place, Presence, RecordKey,
        Seen, Stamp, Value, Written,
    },
    engine::{context::Context, observe::is_proof, trouble::Trouble},
    plan::{
        Operation,
        moving::{self, Compared, Matches, MoveReport, NewPlace, Recognised},
    },
    ports::{Failure, FailureKind, Mailbox, Owner, Protocol},
    state::{NewFolder, OwnerVerdict, Pair, ReadyMove},
};

/// Who looks.
pub(super) struct Looker<'a> {
    context: &'a Context,
    ready: &'a ReadyMove,
    /// The new place.
    pub(super) there: Arc<dyn Mailbox>,
    /// The present one, where it can be opened.
    here: Option<Arc<dyn Mailbox>>,
    pub(super) firms: BTreeSet<FirmId>,
    pub(super) mirror: Mirror,
    pub(super) pairs: Vec<Pair>,
    /// Records with a write on its way.
    on_its_way: BTreeSet<RecordKey>,
    /// Of those the tasks that may be there, and that the mirror does not know.
    created: BTreeSet<RecordKey>,
}

/// What was seen.
pub(super) struct Look {
    pub(super) folders: BTreeMap<Kind, NewFolder>,
    pub(super) known: BTreeMap<ItemId, ItemId>,
    pub(super) matches: Matches,
    pub(super) contents: BTreeMap<RecordKey, ItemContent>,
    pub(super) compared: BTreeMap<RecordKey, Compared>,
    /// Every task of the folder, where some had to be known by what they say.
    pub(super) tasks: Vec<ItemContent>,
}

impl Look {
    pub(super) fn report(&self) -> MoveReport {
        let differing = self.compared.iter().filter(|(_, compared)| !compared.differing.is_empty());
        let differing = differing.map(|(key, compared)| (key.clone(), compared.differing.clone())).collect();
        MoveReport::of(&self.matches, differing)
    }

    /// Records whose item was recognised without a stamp.
    pub(super) fn bare(&self) -> impl Iterator<Item = &RecordKey> {
        self.matches.found.iter().filter(|(_, (_, how))| *how != Recognised::Stamp).map(|(key, _)| key)
    }

    pub(super) fn item(&self, key: &RecordKey) -> Option<ItemRef> {
        self.matches.found.get(key).map(|(seen, _)| seen.item.clone())
    }
}

impl<'a> Looker<'a> {
    pub(super) async fn new(context: &'a Context, ready: &'a ReadyMove) -> Result<Self, Trouble> {
        let ledger = &context.ledger;
        let there = context.connect.connect(&ready.door).await?;
        let here = present(context, ready).await?;
        let open: Vec<Operation> =
            ledger.open_intents(ready.mailbox)?.into_iter().map(|intent| intent.operation).collect();
        let mut mirror = ledger.mirror_all(ready.mailbox)?;
        let created = cut_off::creations(&open, &mut mirror, here.as_deref(), &ledger.firms()?).await;
        Ok(Self {
            context,
            ready,
            there,
            here,
            firms: ledger.firms()?,
            mirror,
            pairs: ledger.adoptions(ready.mailbox)?,
            on_its_way: open.into_iter().map(|operation| operation.key).collect(),
            created,
        })
    }

    pub(super) async fn look(&self) -> Result<Look, Trouble> {
        if self.ready.mailbox == self.ready.beyond {
            let name = &self.ready.task.user;
            return Err(Failure::new(FailureKind::Setting, "move the mailbox")
                .because("the new way leads to the very place where it is now")
                .hint(format!("`pocketdocket user move {name} --forget`; an address is changed by `pocketdocket user change {name}`"))
                .into());
        }
        let proven = self.context.ledger.mailbox_identity(self.ready.beyond)?;
        if self.there.identity().await? != proven {
            let hint = format!("sign in there once more: `pocketdocket user link {}`", self.ready.task.door);
            return Err(Failure::new(FailureKind::MailboxMissing, "recognise the mailbox in the new place")
                .because("another mailbox answers than the one that was confirmed")
                .hint(hint)
                .into());
        }
        let mut folders = BTreeMap::new();
        for kind in Kind::ALL {
            folders.insert(kind, self.folder(kind).await?);
        }
        self.find_elsewhere(&mut folders).await?;
        let known = self.known_ids(&folders).await?;
        let place = self.place(&folders, &known);
        let mut matches = moving::by_stamp(&self.mirror, &place, &self.on_its_way);
        let mut tasks = Vec::new();
        let mut open = matches.missing.iter().chain(&self.created).filter(|key| !matches.found.contains_key(*key));
        if open.any(|key| key.kind == Kind::Task) && !place.bare_tasks.is_empty() {
            let all: Vec<ItemId> = folders
                .get(&Kind::Task)
                .map(|folder| folder.seen.iter().filter(|seen| seen.place == Place::Home))
                .into_iter()
                .flatten()
                .map(|seen| seen.item.id.clone())
                .collect();
            tasks = self.read(Kind::Task, &all).await?.into_iter().flatten().collect();
            moving::by_content(&mut matches, &self.mirror, &place, &tasks, &self.created);
        }
        let gone = self.gone_here(&matches.missing).await;
        matches.missing.retain(|key| !gone.contains(key));
        let mut look = Look { folders, known, matches, contents: BTreeMap::new(), compared: BTreeMap::new(), tasks };
        self.read_and_compare(&mut look).await?;
        Ok(look)
    }

    /// One folder with everything in it; somebody else's is left alone.
    async fn folder(&self, kind: Kind) -> Result<NewFolder, Trouble> {
        let folder = self.there.folder(kind).await?;
        if self.context.ledger.judge_owner(folder.owner.as_ref())? == OwnerVerdict::Unknown {
            let owner = folder.owner.map_or_else(String::new, |Owner(text)| text);
            return Err(Failure::new(FailureKind::Setting, format!("move into the folder for {kind}s"))
                .because(format!("another Pocket Docket (`{owner}`) writes there"))
                .hint("stop that one for this mailbox first; then ask for the move again")
                .into());
        }
        let mut changes = self.there.changes(&folder.id, None).await?;
        changes.changed.retain(|sighting| !is_proof(sighting));
        Ok(NewFolder { id: folder.id, seen: changes.changed, next: changes.next })
    }

    /// What is not at home may lie in another folder, as it did before.
    async fn find_elsewhere(&self, folders: &mut BTreeMap<Kind, NewFolder>) -> Result<(), Trouble> {
        for (kind, folder) in folders {
            let here: BTreeSet<RecordKey> =
                folder.seen.iter().filter_map(|seen| self.key_of(seen.stamp.as_deref())).collect();
            let lost =
                self.mirror.entries.iter().filter(|(key, entry)| {
                    key.kind == *kind && entry.presence == Presence::Kept && !here.contains(*key)
                });
            let stamps: Vec<Stamp> = lost
                .flat_map(|(key, _)| self.firms.iter().map(|firm| Stamp { firm: *firm, key: key.clone() }))
                .collect();
            if stamps.is_empty() {
                continue;
            }
            let found = self.there.find_elsewhere(*kind, &folder.id, Some(&stamps)).await?;
            folder.seen.extend(found.into_iter().filter(|seen| !is_proof(seen) && seen.place != Place::Deleted));
        }
        Ok(())
    }

    /// By which of the ids that are there items of ours are known, as far as the services or the last move can say.
    async fn known_ids(&self, folders: &BTreeMap<Kind, NewFolder>) -> Result<BTreeMap<ItemId, ItemId>, Trouble> {
        let protocol = self.ready.door.user().details.protocol;
        let before = self.context.ledger.ids_before_the_move(self.ready.mailbox)?;
        let mut known = BTreeMap::new();
        for kind in Kind::ALL {
            let there: BTreeSet<&ItemId> = folders
                .get(&kind)
                .map(|folder| folder.seen.iter())
                .into_iter()
                .flatten()
                .map(|seen| &seen.item.id)
                .collect();
            let ours = self.mirror.entries.iter().filter(|(key, _)| key.kind == kind).map(|(_, entry)| &entry.item.id);
            let pairs = self.pairs.iter().filter(|pair| pair.found.key.kind == kind);
            let theirs = pairs.flat_map(|pair| &pair.found.items).map(|item| &item.id);
            let all = ours.chain(theirs).chain(&self.mirror.foreign);
            let wanted: Vec<ItemId> = all.filter(|id| !id.0.is_empty()).cloned().collect();
            let mut translated = match (&self.here, protocol) {
                (_, Protocol::Graph) => self.there.translate(kind, &wanted, protocol).await?,
                (Some(here), Protocol::Ews) => here.translate(kind, &wanted, protocol).await.unwrap_or_default(),
                (None, Protocol::Ews) => BTreeMap::new(),
            };
            for id in wanted {
                let candidates = translated.remove(&id).unwrap_or_default();
                let mut candidates = candidates.into_iter().chain(before.get(&id).cloned());
                if let Some(now) = candidates.find(|candidate| there.contains(candidate)) {
                    known.insert(id, now);
                }
            }
        }
        Ok(known)
    }

    fn place(&self, folders: &BTreeMap<Kind, NewFolder>, known: &BTreeMap<ItemId, ItemId>) -> NewPlace {
        let mut place = NewPlace { known: known.clone(), ..NewPlace::default() };
        let mut stamped = Observation::default();
        for (kind, folder) in folders {
            for sighting in &folder.seen {
                let seen = Seen {
                    item: sighting.item.clone(),
                    place: sighting.place.clone(),
                    created: sighting.created,
                    content: None,
                };
                match self.key_of(sighting.stamp.as_deref()).filter(|key| key.kind == *kind) {
                    Some(key) => stamped.add(key, seen),
                    None if *kind == Kind::Task && sighting.stamp.is_none() => {
                        place.bare_tasks.insert(sighting.item.id.clone(), seen);
                    }
                    None => {}
                }
            }
        }
        place.stamped = stamped;
        place
    }

    /// Which of these records have no item in the present place either: their users deleted them, and the next plan judges that.
    async fn gone_here(&self, missing: &BTreeSet<RecordKey>) -> BTreeSet<RecordKey> {
        let mut gone = BTreeSet::new();
        let Some(here) = self.here.as_ref().filter(|_| !missing.is_empty()) else { return gone };
        for kind in Kind::ALL {
            let keys: Vec<&RecordKey> = missing.iter().filter(|key| key.kind == kind).collect();
            let ids: Vec<ItemId> = keys
                .iter()
                .filter_map(|key| self.mirror.entries.get(*key))
                .map(|entry| entry.item.id.clone())
                .collect();
            // The folder is opened first: some services read by folder. What cannot be asked is not known to be gone.
            let Ok(home) = here.folder(kind).await else { continue };
            let Ok(answers) = read_all(here.as_ref(), kind, &ids, self.batch()).await else { continue };
            let deleted = |content: &ItemContent| {
                content.folder.as_ref().is_some_and(|folder| *folder != home.id && !self.is_elsewhere(folder))
            };
            for (key, content) in keys.into_iter().zip(answers) {
                if content.is_none_or(|content| deleted(&content)) {
                    gone.insert(key.clone());
                }
            }
        }
        gone
    }

    /// Whether items of ours are known to lie in this folder because their user moved them there.
    fn is_elsewhere(&self, folder: &FolderId) -> bool {
        self.mirror.entries.values().any(|entry| entry.place == Place::Elsewhere(folder.clone()))
    }

    async fn read_and_compare(&self, look: &mut Look) -> Result<(), Trouble> {
        for kind in Kind::ALL {
            let keys: Vec<RecordKey> = look.matches.found.keys().filter(|key| key.kind == kind).cloned().collect();
            let ids: Vec<ItemId> = keys.iter().filter_map(|key| look.item(key)).map(|item| item.id).collect();
            for (key, content) in keys.into_iter().zip(self.read(kind, &ids).await?) {
                let Some(content) = content else {
                    // Gone since it was listed: the next look says so.
                    return Err(Failure::new(FailureKind::Conflict, "read our items in the new place")
                        .because(format!("`{key}` was changed meanwhile"))
                        .into());
                };
                self.take(look, &key, content);
            }
        }
        Ok(())
    }

    /// An item is this version, and holds this.
    fn take(&self, look: &mut Look, key: &RecordKey, content: ItemContent) {
        if let Some((seen, _)) = look.matches.found.get_mut(key) {
            seen.item = content.item.clone();
        }
        if let Some(written) = self.written(key) {
            look.compared.insert(key.clone(), moving::compare(key.kind, written, &content));
        }
        look.contents.insert(key.clone(), content);
    }

    fn written(&self, key: &RecordKey) -> Option<&Written> {
        self.mirror.entries.get(key).and_then(|entry| entry.certain())
    }

    /// What is linked to an item together with our stamp, as we wrote it last.
    pub(super) fn linked(&self, key: &RecordKey) -> BTreeMap<Field, Value> {
        let page = self.written(key).filter(|_| key.kind == Kind::Task);
        let page = page.and_then(|written| written.record.get(Field::WebPage).cloned());
        page.map(|page| (Field::WebPage, page)).into_iter().collect()
    }

    /// An item has our stamp now.
    pub(super) fn stamped(&self, look: &mut Look, key: &RecordKey, content: Option<ItemContent>) {
        if let Some(content) = content {
            self.take(look, key, content);
        }
    }

    pub(super) async fn read(&self, kind: Kind, ids: &[ItemId]) -> Result<Vec<Option<ItemContent>>, Trouble> {
        Ok(read_all(self.there.as_ref(), kind, ids, self.batch()).await?)
    }

    fn batch(&self) -> usize {
        self.context.settings.write_batch.max(1)
    }

    fn key_of(&self, stamp: Option<&str>) -> Option<RecordKey> {
        let stamp: Stamp = stamp?.parse().ok()?;
        self.firms.contains(&stamp.firm).then_some(stamp.key)
    }
}

/// The present place, if it answers and is still the one that the ledger knows: what another one does not hold says nothing.
async fn present(context: &Context, ready: &ReadyMove) -> Result<Option<Arc<dyn Mailbox>>, Trouble> {
    let known = context.ledger.mailbox_identity(ready.mailbox)?;
    let Some(user) = &ready.present else { return Ok(None) };
    let Ok(mailbox) = context.connect.connect(user).await else { return Ok(None) };
    let answers = mailbox.identity().await.is_ok_and(|found| found == known);
    Ok(answers.then_some(mailbox))
}

/// Reads items in batches. One that cannot be read at all ends the look: it would be taken for missing.
async fn read_all(
    mailbox: &dyn Mailbox,
    kind: Kind,
    ids: &[ItemId],
    batch: usize,
) -> Result<Vec<Option<ItemContent>>, Failure> {
    let mut contents = Vec::with_capacity(ids.len());
    for batch in ids.chunks(batch) {
        for answer in mailbox.read(kind, batch).await? {
            contents.push(answer?);
        }
    }
    if contents.len() == ids.len() {
        Ok(contents)
    } else {
        Err(Failure::new(FailureKind::Malformed, "read items").because("an answer is missing"))
    }
}
