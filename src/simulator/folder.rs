use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::item::Property;

/// The folders that every mailbox has: name in EWS, name people see, class, parent.
pub(super) const DISTINGUISHED: &[(&str, &str, &str, &str)] = &[
    ("root", "", "", ""),
    ("msgfolderroot", "Top of Information Store", "IPF.Note", "root"),
    ("inbox", "Inbox", "IPF.Note", "msgfolderroot"),
    ("drafts", "Drafts", "IPF.Note", "msgfolderroot"),
    ("sentitems", "Sent Items", "IPF.Note", "msgfolderroot"),
    ("outbox", "Outbox", "IPF.Note", "msgfolderroot"),
    ("junkemail", "Junk Email", "IPF.Note", "msgfolderroot"),
    ("deleteditems", "Deleted Items", "IPF.Note", "msgfolderroot"),
    ("calendar", "Calendar", "IPF.Appointment", "msgfolderroot"),
    ("contacts", "Contacts", "IPF.Contact", "msgfolderroot"),
    ("tasks", "Tasks", "IPF.Task", "msgfolderroot"),
    ("notes", "Notes", "IPF.StickyNote", "msgfolderroot"),
    ("journal", "Journal", "IPF.Journal", "msgfolderroot"),
];

/// A folder and its sync log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Folder {
    pub(crate) number: u64,
    pub(crate) id: String,
    pub(crate) parent: Option<u64>,
    pub(crate) name: String,
    pub(crate) class: String,
    /// Its name in EWS, if it is one that every mailbox has.
    pub(crate) distinguished: Option<String>,
    pub(crate) version: u64,
    /// Extended properties.
    pub(crate) properties: BTreeMap<String, Property>,
    /// What left it: id and arrival, by the moment it left. Stored row by row, and not with the folder.
    #[serde(skip)]
    pub(crate) gone: BTreeMap<u64, (String, u64)>,
    /// Live items by version; rebuilt when a mailbox is loaded.
    #[serde(skip)]
    pub(crate) live: BTreeMap<u64, u64>,
    /// Live items by number.
    #[serde(skip)]
    pub(crate) members: BTreeSet<u64>,
}

impl Folder {
    /// The folder's change key.
    pub(crate) fn change_key(&self) -> String {
        super::item::change_key(self.number, self.version)
    }
}
