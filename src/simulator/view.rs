use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    item::{Item, ItemKind, Property},
    mailbox::Mailbox,
};

/// What was done in a mailbox since the simulator started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Requests by operation.
    pub requests: BTreeMap<String, u64>,
    /// Items that requests named or brought, by operation.
    pub items: BTreeMap<String, u64>,
    /// Invitations, updates and cancellations that a real server would have mailed to people.
    pub mails_sent: u64,
}

impl Counts {
    /// Requests of all operations.
    pub fn all_requests(&self) -> u64 {
        self.requests.values().sum()
    }

    /// Items that a request tried to create, change, remove, move or copy.
    pub fn writes(&self) -> u64 {
        ["CreateItem", "UpdateItem", "DeleteItem", "MoveItem", "CopyItem"]
            .iter()
            .filter_map(|operation| self.items.get(*operation))
            .sum()
    }
}

/// A folder as a view shows it.
#[derive(Clone, Debug, Serialize)]
pub struct FolderView {
    /// Opaque id.
    pub id: String,
    /// The name people see.
    pub name: String,
    /// `IPF.Contact`, `IPF.Appointment`, `IPF.Task` …
    pub class: String,
    /// Its name in EWS, if every mailbox has it.
    pub distinguished: Option<String>,
    /// Extended properties, by path.
    pub properties: BTreeMap<String, Property>,
}

/// An item as a view shows it.
#[derive(Clone, Debug, Serialize)]
pub struct ItemView {
    /// The item.
    #[serde(flatten)]
    pub item: Item,
    /// The change key it has.
    pub change_key: String,
    /// Pocket Docket's mark, if it has one.
    pub stamp: Option<String>,
    /// Name of the folder it lies in.
    pub folder: String,
    /// Whether that is Deleted Items.
    pub deleted: bool,
}

impl std::ops::Deref for ItemView {
    type Target = Item;

    fn deref(&self) -> &Item {
        &self.item
    }
}

/// A mailbox at one moment.
#[derive(Clone, Debug, Serialize)]
pub struct MailboxView {
    /// Its address.
    pub address: String,
    /// Id of the folder at the top (`msgfolderroot`).
    pub root: String,
    /// Its folders.
    pub folders: Vec<FolderView>,
    /// All items, Deleted Items included, oldest first.
    pub items: Vec<ItemView>,
    /// What was done in it.
    pub counts: Counts,
}

impl MailboxView {
    pub(super) fn of(mailbox: &Mailbox, counts: Counts) -> Self {
        let top = mailbox.distinguished("msgfolderroot").and_then(|number| mailbox.folders.get(&number));
        let mut items: Vec<&Item> = mailbox.items.values().collect();
        items.sort_unstable_by_key(|item| item.number);
        let view = |item: &Item| {
            let folder = mailbox.folders.get(&item.folder);
            ItemView {
                change_key: item.change_key(),
                stamp: item.stamp(),
                folder: folder.map(|folder| folder.name.clone()).unwrap_or_default(),
                deleted: folder.and_then(|folder| folder.distinguished.as_deref()) == Some("deleteditems"),
                item: item.clone(),
            }
        };
        Self {
            address: mailbox.address.clone(),
            root: top.map(|folder| folder.id.clone()).unwrap_or_default(),
            folders: mailbox
                .folders
                .values()
                .map(|folder| FolderView {
                    id: folder.id.clone(),
                    name: folder.name.clone(),
                    class: folder.class.clone(),
                    distinguished: folder.distinguished.clone(),
                    properties: folder.properties.clone(),
                })
                .collect(),
            items: items.into_iter().map(view).collect(),
            counts,
        }
    }

    fn of_kind(&self, kind: ItemKind) -> Vec<&ItemView> {
        self.items.iter().filter(|item| item.kind == kind && !item.deleted).collect()
    }

    /// Contacts in any folder but Deleted Items.
    pub fn contacts(&self) -> Vec<&ItemView> {
        self.of_kind(ItemKind::Contact)
    }

    /// Events in any folder but Deleted Items.
    pub fn events(&self) -> Vec<&ItemView> {
        self.of_kind(ItemKind::Event)
    }

    /// Tasks in any folder but Deleted Items.
    pub fn tasks(&self) -> Vec<&ItemView> {
        self.of_kind(ItemKind::Task)
    }

    /// What lies in Deleted Items.
    pub fn deleted(&self) -> Vec<&ItemView> {
        self.items.iter().filter(|item| item.deleted).collect()
    }

    /// Items with this stamp, outside Deleted Items.
    pub fn stamped(&self, stamp: &str) -> Vec<&ItemView> {
        self.items.iter().filter(|item| !item.deleted && item.stamp.as_deref() == Some(stamp)).collect()
    }
}
