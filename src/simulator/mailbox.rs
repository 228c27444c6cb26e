//! One mailbox: folders, items, and the record of what changed.
//!
//! Every write draws the next number of one sequence, which serves as version, as change key and as position in the sync log
//! at once. A folder keeps its live items by the version they have and what left it by the moment it left, so the answer to
//! "what changed since" is one range of two maps, however large the folder is. Items are found by extended property through
//! an index. Whatever a request changes is remembered as dirty until it is stored.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use uuid::Uuid;

use super::{
    folder::{DISTINGUISHED, Folder},
    item::{Item, ItemKind, Property},
};

/// What has to be stored before a request may be acknowledged.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    pub(crate) items: BTreeSet<u64>,
    pub(crate) folders: BTreeSet<u64>,
    /// Folder and moment of what left a folder.
    pub(crate) gone: Vec<(u64, u64)>,
    /// Every id is another one: what was stored before is void.
    pub(crate) renumbered: bool,
}

impl Dirty {
    /// Whether there is nothing to store.
    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty() && self.folders.is_empty() && self.gone.is_empty() && !self.renumbered
    }
}

/// One mailbox.
#[derive(Debug)]
pub(crate) struct Mailbox {
    pub(crate) address: String,
    /// Random; part of every id, so that ids of two mailboxes never meet.
    pub(crate) guid: Uuid,
    pub(crate) sequence: u64,
    pub(crate) folders: BTreeMap<u64, Folder>,
    pub(crate) items: HashMap<u64, Item>,
    pub(crate) dirty: Dirty,
    numbers: HashMap<String, u64>,
    by_property: HashMap<(u64, String, String), BTreeSet<u64>>,
    with_property: HashMap<(u64, String), BTreeSet<u64>>,
    names: BTreeMap<String, u64>,
}

impl Mailbox {
    /// An empty mailbox with the folders that every mailbox has.
    pub(crate) fn new(address: &str) -> Self {
        let mut mailbox = Self::empty(address, Uuid::new_v4(), 0);
        for (name, shown, class, parent) in DISTINGUISHED {
            let parent = mailbox.distinguished(parent);
            mailbox.add_folder(parent, shown, class, Some(name));
        }
        mailbox
    }

    fn empty(address: &str, guid: Uuid, sequence: u64) -> Self {
        Self {
            address: address.to_owned(),
            guid,
            sequence,
            folders: BTreeMap::new(),
            items: HashMap::new(),
            dirty: Dirty::default(),
            numbers: HashMap::new(),
            by_property: HashMap::new(),
            with_property: HashMap::new(),
            names: BTreeMap::new(),
        }
    }

    /// A mailbox from what was stored of it.
    pub(crate) fn restore(
        address: &str,
        guid: Uuid,
        sequence: u64,
        folders: impl IntoIterator<Item = Folder>,
        items: impl IntoIterator<Item = Item>,
    ) -> Self {
        let mut mailbox = Self::empty(address, guid, sequence);
        for folder in folders {
            mailbox.index_folder(folder);
        }
        for item in items {
            mailbox.index_item(&item);
            mailbox.items.insert(item.number, item);
        }
        mailbox
    }

    /// The next number of the mailbox's one sequence.
    pub(crate) fn next(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    fn id(&self, sort: u8, number: u64, arrived: u64) -> String {
        let mut bytes = vec![0x00, 0x03, 0x24, sort];
        bytes.extend(self.guid.as_bytes());
        bytes.extend(number.to_be_bytes());
        bytes.extend(arrived.to_be_bytes());
        STANDARD.encode(bytes)
    }

    // Folders

    fn index_folder(&mut self, folder: Folder) {
        self.numbers.insert(folder.id.clone(), folder.number);
        if let Some(name) = &folder.distinguished {
            self.names.insert(name.clone(), folder.number);
        }
        self.folders.insert(folder.number, folder);
    }

    /// A new folder.
    pub(crate) fn add_folder(
        &mut self,
        parent: Option<u64>,
        name: &str,
        class: &str,
        distinguished: Option<&str>,
    ) -> u64 {
        let number = self.next();
        self.index_folder(Folder {
            number,
            id: self.id(b'F', number, 0),
            parent,
            name: name.to_owned(),
            class: class.to_owned(),
            distinguished: distinguished.map(str::to_owned),
            version: number,
            properties: BTreeMap::new(),
            gone: BTreeMap::new(),
            live: BTreeMap::new(),
            members: BTreeSet::new(),
        });
        self.dirty.folders.insert(number);
        number
    }

    /// One of the folders that every mailbox has.
    pub(crate) fn distinguished(&self, name: &str) -> Option<u64> {
        self.names.get(name).copied()
    }

    /// A folder by its id.
    pub(crate) fn folder_by_id(&self, id: &str) -> Option<u64> {
        self.numbers.get(id).copied().filter(|number| self.folders.contains_key(number))
    }

    /// Changes a folder's name or properties.
    pub(crate) fn write_folder(&mut self, number: u64, change: impl FnOnce(&mut Folder)) {
        let version = self.next();
        if let Some(folder) = self.folders.get_mut(&number) {
            change(folder);
            folder.version = version;
            self.dirty.folders.insert(number);
        }
    }

    /// Removes a folder with everything in and below it.
    pub(crate) fn remove_folder(&mut self, number: u64) {
        let children: Vec<u64> =
            self.folders.values().filter(|folder| folder.parent == Some(number)).map(|folder| folder.number).collect();
        for child in children {
            self.remove_folder(child);
        }
        let members = self.folders.get(&number).map(|folder| folder.members.clone()).unwrap_or_default();
        for item in members {
            self.remove(item);
        }
        if let Some(folder) = self.folders.remove(&number) {
            self.numbers.remove(&folder.id);
            self.dirty.folders.insert(number);
        }
    }

    /// The folders below one, at any depth.
    pub(crate) fn below(&self, number: u64) -> Vec<u64> {
        let mut found = Vec::new();
        let mut open = vec![number];
        while let Some(parent) = open.pop() {
            for folder in self.folders.values().filter(|folder| folder.parent == Some(parent)) {
                found.push(folder.number);
                open.push(folder.number);
            }
        }
        found.sort_unstable();
        found
    }

    /// Gives the mailbox new identities throughout, as a move to another server does: every id and change key is another one.
    pub(crate) fn renumber(&mut self) {
        let items: Vec<Item> = self.items.values().cloned().collect();
        let folders: Vec<Folder> = self.folders.values().cloned().collect();
        let mut moved = Self::empty(&self.address, Uuid::new_v4(), self.sequence);
        for mut folder in folders {
            folder.id = moved.id(b'F', folder.number, 0);
            folder.version = moved.next();
            folder.gone.clear();
            folder.live.clear();
            folder.members.clear();
            moved.dirty.folders.insert(folder.number);
            moved.index_folder(folder);
        }
        for mut item in items {
            item.version = moved.next();
            item.arrived = item.version;
            item.id = moved.id(b'I', item.number, item.arrived);
            moved.index_item(&item);
            moved.dirty.items.insert(item.number);
            moved.items.insert(item.number, item);
        }
        moved.dirty.renumbered = true;
        *self = moved;
    }

    // Items

    fn index_item(&mut self, item: &Item) {
        self.numbers.insert(item.id.clone(), item.number);
        if let Some(folder) = self.folders.get_mut(&item.folder) {
            folder.live.insert(item.version, item.number);
            folder.members.insert(item.number);
        }
        for (path, value) in extended(item) {
            // Without case: servers differ in how they compare, and both dialects start from the same candidates.
            let value = (item.folder, path.clone(), value.as_text().to_lowercase());
            self.by_property.entry(value).or_default().insert(item.number);
            self.with_property.entry((item.folder, path.clone())).or_default().insert(item.number);
        }
    }

    fn forget_item(&mut self, item: &Item) {
        self.numbers.remove(&item.id);
        if let Some(folder) = self.folders.get_mut(&item.folder) {
            folder.live.remove(&item.version);
            folder.members.remove(&item.number);
        }
        for (path, value) in extended(item) {
            let value = (item.folder, path.clone(), value.as_text().to_lowercase());
            if let Some(numbers) = self.by_property.get_mut(&value) {
                numbers.remove(&item.number);
                if numbers.is_empty() {
                    self.by_property.remove(&value);
                }
            }
            if let Some(numbers) = self.with_property.get_mut(&(item.folder, path.clone())) {
                numbers.remove(&item.number);
            }
        }
    }

    /// The item with this id, byte for byte.
    pub(crate) fn item_by_id(&self, id: &str) -> Option<&Item> {
        self.items.get(self.numbers.get(id)?)
    }

    /// Items of a folder whose extended property has this value, case aside; all that have the property without a value.
    pub(crate) fn with_extended(&self, folder: u64, path: &str, value: Option<&str>) -> Vec<u64> {
        let found = match value {
            Some(value) => self.by_property.get(&(folder, path.to_owned(), value.to_lowercase())),
            None => self.with_property.get(&(folder, path.to_owned())),
        };
        found.map(|numbers| numbers.iter().copied().collect()).unwrap_or_default()
    }

    /// A new item.
    pub(crate) fn add(
        &mut self,
        folder: u64,
        kind: ItemKind,
        properties: BTreeMap<String, Property>,
        now: Timestamp,
    ) -> u64 {
        let number = self.next();
        let item = Item {
            id: self.id(b'I', number, number),
            kind,
            created: now,
            modified: now,
            properties,
            folder,
            number,
            version: number,
            arrived: number,
        };
        self.index_item(&item);
        self.items.insert(number, item);
        self.dirty.items.insert(number);
        number
    }

    /// Writes an item. Its change key is another one afterwards, whatever was changed.
    pub(crate) fn write(&mut self, number: u64, now: Timestamp, change: impl FnOnce(&mut BTreeMap<String, Property>)) {
        let Some(mut item) = self.items.remove(&number) else { return };
        self.forget_item(&item);
        change(&mut item.properties);
        item.version = self.next();
        item.modified = now;
        self.index_item(&item);
        self.items.insert(number, item);
        self.dirty.items.insert(number);
    }

    fn leave(&mut self, item: &Item) {
        self.forget_item(item);
        let moment = self.next();
        if let Some(folder) = self.folders.get_mut(&item.folder) {
            folder.gone.insert(moment, (item.id.clone(), item.arrived));
            self.dirty.gone.push((item.folder, moment));
        }
    }

    /// Moves an item to another folder, where it has another id.
    pub(crate) fn relocate(&mut self, number: u64, folder: u64, now: Timestamp) {
        let Some(mut item) = self.items.remove(&number) else { return };
        self.leave(&item);
        item.folder = folder;
        item.version = self.next();
        item.arrived = item.version;
        item.modified = now;
        item.id = self.id(b'I', number, item.arrived);
        self.index_item(&item);
        self.items.insert(number, item);
        self.dirty.items.insert(number);
    }

    /// Copies an item, everything that programs attached to it included.
    pub(crate) fn copy(&mut self, number: u64, folder: u64, now: Timestamp) -> Option<u64> {
        let original = self.items.get(&number)?;
        let (kind, properties) = (original.kind, original.properties.clone());
        Some(self.add(folder, kind, properties, now))
    }

    /// Removes an item for good.
    pub(crate) fn remove(&mut self, number: u64) {
        if let Some(item) = self.items.remove(&number) {
            self.leave(&item);
            self.dirty.items.insert(number);
        }
    }

    /// The items of a folder, oldest first.
    pub(crate) fn items_in(&self, folder: u64) -> Vec<&Item> {
        let members = self.folders.get(&folder).map(|folder| &folder.members);
        members.into_iter().flatten().filter_map(|number| self.items.get(number)).collect()
    }
}

fn extended(item: &Item) -> impl Iterator<Item = (&String, &Property)> {
    item.properties.range("extended:".to_owned()..).take_while(|(path, _)| path.starts_with("extended:"))
}
