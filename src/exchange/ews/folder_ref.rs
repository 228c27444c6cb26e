//! How requests name folders and items, and how answers show folders.

use super::property::{OWNER, Path};
use crate::{
    domain::{FolderId, ItemId, ItemRef, Kind},
    xml::{Element, Writer},
};

/// A folder in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FolderRef {
    /// One that every mailbox has, by its word (`contacts`), of the mailbox with this address. The address is always said: a
    /// login that belongs to another mailbox then meets a refusal instead of a stranger's folder.
    Main(&'static str, String),
    /// By its id.
    Id(FolderId),
}

impl FolderRef {
    pub(super) fn write(&self, writer: &mut Writer) {
        match self {
            Self::Main(word, mailbox) => writer.element("t:DistinguishedFolderId", &[("Id", word)], |writer| {
                writer.element("t:Mailbox", &[], |writer| writer.text("t:EmailAddress", mailbox));
            }),
            Self::Id(id) => writer.empty("t:FolderId", &[("Id", &id.0)]),
        }
    }
}

/// The folder that every mailbox has for a kind.
pub(super) fn main_folder(kind: Kind) -> &'static str {
    match kind {
        Kind::Contact => "contacts",
        Kind::Event => "calendar",
        Kind::Task => "tasks",
    }
}

/// The class of folders for a kind.
pub(super) fn folder_class(kind: Kind) -> &'static str {
    match kind {
        Kind::Contact => "IPF.Contact",
        Kind::Event => "IPF.Appointment",
        Kind::Task => "IPF.Task",
    }
}

/// What a folder of a kind is called in the schema.
pub(super) fn folder_element(kind: Kind) -> &'static str {
    match kind {
        Kind::Contact => "t:ContactsFolder",
        Kind::Event => "t:CalendarFolder",
        Kind::Task => "t:TasksFolder",
    }
}

/// A folder in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderSeen {
    /// Its id.
    pub id: FolderId,
    /// The folder it is in.
    pub parent: Option<FolderId>,
    /// Its class.
    pub class: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// How many items it holds.
    pub items: Option<u64>,
    /// Who says that it writes here.
    pub owner: Option<String>,
}

/// Writes what is asked for of folders.
pub(super) fn write_folder_shape(writer: &mut Writer) {
    writer.element("m:FolderShape", &[], |writer| {
        writer.text("t:BaseShape", "IdOnly");
        writer.element("t:AdditionalProperties", &[], |writer| {
            for uri in ["folder:ParentFolderId", "folder:FolderClass", "folder:DisplayName", "folder:TotalCount"] {
                Path::Field(uri).write(writer);
            }
            OWNER.write_path(writer);
        });
    });
}

/// Reads a folder; `None` if it has no id.
pub(super) fn read_folder(element: &Element) -> Option<FolderSeen> {
    let id = |name| {
        let id = element.child(name)?.attribute("Id").filter(|id| !id.is_empty())?;
        Some(FolderId(id.to_owned()))
    };
    let text = |name| element.text_of(name).filter(|text| !text.is_empty()).map(str::to_owned);
    Some(FolderSeen {
        id: id("FolderId")?,
        parent: id("ParentFolderId"),
        class: text("FolderClass"),
        name: text("DisplayName"),
        items: element.text_of("TotalCount").and_then(|count| count.trim().parse().ok()),
        owner: OWNER.read(element).map(str::to_owned),
    })
}

/// Writes an item in the version that was seen.
pub(super) fn write_item_ref(writer: &mut Writer, item: &ItemRef) {
    if item.change_key.0.is_empty() {
        return write_item_id(writer, &item.id);
    }
    writer.empty("t:ItemId", &[("Id", &item.id.0), ("ChangeKey", &item.change_key.0)]);
}

/// Writes an item in whatever version.
pub(super) fn write_item_id(writer: &mut Writer, id: &ItemId) {
    writer.empty("t:ItemId", &[("Id", &id.0)]);
}

/// Writes what is asked for of items in listings: id, stamp and creation time.
pub(super) fn write_listing_shape(writer: &mut Writer) {
    writer.element("m:ItemShape", &[], |writer| {
        writer.text("t:BaseShape", "IdOnly");
        writer.element("t:AdditionalProperties", &[], |writer| {
            Path::Field("item:DateTimeCreated").write(writer);
            super::property::STAMP.write_path(writer);
        });
    });
}
