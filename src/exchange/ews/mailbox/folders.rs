//! Where items lie: the folder for a kind, and all others.

use std::collections::{BTreeMap, BTreeSet};

use super::EwsMailbox;
use crate::{
    domain::{FolderId, Kind, Place, Stamp},
    exchange::ews::{
        create_folder::CreateFolder,
        find_folder::FindFolder,
        find_item::FindItem,
        folder_ref::{FolderRef, FolderSeen, folder_class, main_folder},
        get_folder::GetFolder,
        property::item_element,
    },
    ports::{Failure, FailureKind, Folder, Owner, Sighting},
};

/// Up to so many stamps are searched by name; for more, all stamped items are listed.
const NAMED_STAMPS: usize = 20;

impl EwsMailbox {
    pub(super) async fn look_at(&self, folder: FolderRef) -> Result<FolderSeen, Failure> {
        let found = self.send(&GetFolder { folders: vec![folder] }, 1).await?;
        found.into_iter().next().unwrap_or_else(|| {
            Err(Failure::new(FailureKind::Malformed, "look at a folder").because("the answer holds no folder"))
        })
    }

    /// The folder for a kind: the mailbox's main one, or one of our own within it.
    pub(super) async fn home(&self, kind: Kind) -> Result<Folder, Failure> {
        let main = self.main_folder(main_folder(kind));
        let Some(name) = self.folders.name(kind) else {
            let seen = self.look_at(main).await?;
            return Ok(Folder { id: seen.id, owner: seen.owner.map(Owner) });
        };
        if let Some(found) = self.own_folder(kind, &main, name).await? {
            return Ok(found);
        }
        let create = CreateFolder { kind, parent: main.clone(), name: name.to_owned() };
        if let Some(id) = self.send(&create, 1).await? {
            return Ok(Folder { id, owner: None });
        }
        // It exists: somebody was faster, or it holds something else.
        self.own_folder(kind, &main, name).await?.ok_or_else(|| {
            Failure::new(FailureKind::Setting, format!("use the folder `{name}` for {kind}s"))
                .because("there is a folder of that name for other things")
                .hint("give another name in section `[exchange.folders]`, or rename that folder in the mailbox")
        })
    }

    async fn own_folder(&self, kind: Kind, main: &FolderRef, name: &str) -> Result<Option<Folder>, Failure> {
        let is_it = |seen: &FolderSeen| {
            seen.name.as_deref().is_some_and(|found| found.to_lowercase() == name.to_lowercase()) && is_of(seen, kind)
        };
        let children = self.folders_below(main.clone(), false).await?;
        let found = children.into_iter().find(is_it);
        Ok(found.map(|seen| Folder { id: seen.id, owner: seen.owner.map(Owner) }))
    }

    async fn folders_below(&self, parent: FolderRef, deep: bool) -> Result<Vec<FolderSeen>, Failure> {
        let mut call = FindFolder { parent, deep, offset: 0 };
        let mut folders = Vec::new();
        loop {
            let page = self.send(&call, 1).await?;
            folders.extend(page.folders);
            match page.next {
                Some(next) => call.offset = next,
                None => return Ok(folders),
            }
        }
    }

    /// Searches all folders of the kind's class except `home`, and Deleted Items with what is below it.
    pub(super) async fn search_elsewhere(
        &self,
        kind: Kind,
        home: &FolderId,
        stamps: Option<&[Stamp]>,
    ) -> Result<Vec<Sighting>, Failure> {
        if stamps.is_some_and(<[Stamp]>::is_empty) {
            return Ok(Vec::new());
        }
        let wanted: Option<BTreeSet<String>> = stamps.map(|stamps| stamps.iter().map(ToString::to_string).collect());
        let named = stamps.filter(|stamps| stamps.len() <= NAMED_STAMPS).unwrap_or_default();
        let bin = self.look_at(self.main_folder("deleteditems")).await?.id;
        let folders = self.folders_below(self.main_folder("msgfolderroot"), true).await?;
        let parents: BTreeMap<&FolderId, &FolderId> =
            folders.iter().filter_map(|folder| Some((&folder.id, folder.parent.as_ref()?))).collect();
        let places = folders
            .iter()
            .filter(|folder| is_of(folder, kind) && folder.id != *home && folder.id != bin)
            .map(|folder| (folder.id.clone(), is_below(&parents, &folder.id, &bin)))
            .map(|(id, deleted)| if deleted { (id, Place::Deleted) } else { (id.clone(), Place::Elsewhere(id)) });
        let mut found = Vec::new();
        for (folder, place) in places.chain([(bin.clone(), Place::Deleted)]) {
            match self.search_folder(kind, folder, &place, named, wanted.as_ref()).await {
                Ok(sightings) => found.extend(sightings),
                // The folder itself was removed meanwhile.
                Err(failure) if failure.kind == FailureKind::NotFound => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(found)
    }

    async fn search_folder(
        &self,
        kind: Kind,
        folder: FolderId,
        place: &Place,
        named: &[Stamp],
        wanted: Option<&BTreeSet<String>>,
    ) -> Result<Vec<Sighting>, Failure> {
        let mut call = FindItem { folder, stamps: named.to_vec(), offset: 0 };
        let mut found = Vec::new();
        let element = item_element(kind).trim_start_matches("t:");
        loop {
            let page = self.send(&call, 1).await?;
            for item in page.items {
                // Deleted Items holds all kinds; and some servers compare stamps without case.
                if item.element == element && wanted.is_none_or(|wanted| wanted.contains(&item.stamp)) {
                    let (stamp, place) = (Some(item.stamp), place.clone());
                    found.push(Sighting { item: item.item, stamp, created: item.created, place });
                }
            }
            match page.next {
                Some(next) => call.offset = next,
                None => return Ok(found),
            }
        }
    }
}

fn is_of(folder: &FolderSeen, kind: Kind) -> bool {
    folder.class.as_deref().is_some_and(|class| class.eq_ignore_ascii_case(folder_class(kind)))
}

/// Whether a folder lies somewhere below another. Ends even if a server's parents go round in a circle.
fn is_below(parents: &BTreeMap<&FolderId, &FolderId>, folder: &FolderId, above: &FolderId) -> bool {
    let mut current = folder;
    for _ in 0..parents.len() {
        match parents.get(current) {
            Some(parent) if *parent == above => return true,
            Some(parent) => current = parent,
            None => return false,
        }
    }
    false
}
