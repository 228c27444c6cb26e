//! `SyncFolderItems`: <https://learn.microsoft.com/exchange/client-developer/web-service-reference/syncfolderitems-operation>

use super::{
    codec::{created, item_ref},
    folder_ref::{FolderRef, write_listing_shape},
    property::STAMP,
    soap::{EwsCall, ServerVersion, only_message},
};
use crate::{
    domain::{FolderId, ItemId, Place},
    ports::{Failure, FailureKind, Sighting},
    xml::{Element, Writer},
};

/// Asks what changed in a folder, a page of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncFolderItems {
    /// Which folder.
    pub folder: FolderId,
    /// Since when: the state of the last answer, everything without one.
    pub state: Option<String>,
}

/// A page of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncPage {
    /// In the order in which they happened.
    pub changes: Vec<SyncChange>,
    /// Where to continue.
    pub state: String,
    /// Whether this is the last page.
    pub last: bool,
}

/// One change in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyncChange {
    /// A new item, and whether the server calls it new.
    Seen(Sighting, bool),
    /// An item left the folder.
    Gone(ItemId),
}

impl EwsCall for SyncFolderItems {
    const NAME: &'static str = "SyncFolderItems";
    type Response = SyncPage;

    fn doing(&self) -> String {
        "list what changed in a folder".to_owned()
    }

    fn write(&self, writer: &mut Writer, _: ServerVersion) {
        writer.element("m:SyncFolderItems", &[], |writer| {
            write_listing_shape(writer);
            writer.element("m:SyncFolderId", &[], |writer| FolderRef::Id(self.folder.clone()).write(writer));
            if let Some(state) = &self.state {
                writer.text("m:SyncState", state);
            }
            writer.text("m:MaxChangesReturned", "512");
        });
    }

    fn read(&self, answer: &Element) -> Result<SyncPage, Failure> {
        let doing = self.doing();
        let message = only_message(&doing, answer)?;
        let malformed = |why: &str| Failure::new(FailureKind::Malformed, &doing).because(why.to_owned());
        let state = message.text_of("SyncState").map(str::trim).unwrap_or_default();
        if state.is_empty() {
            return Err(malformed("the answer holds no `SyncState`"));
        }
        let last = match message.text_of("IncludesLastItemInRange").map(str::trim) {
            Some("true" | "1") => true,
            Some("false" | "0") => false,
            // A view is complete or it does not exist.
            _ => return Err(malformed("the answer does not say whether it is the last page")),
        };
        let mut changes = Vec::new();
        for change in message.child("Changes").map_or(&[][..], Element::children) {
            match change.name() {
                "Create" | "Update" => {
                    let element = change.children().first();
                    let item =
                        element.and_then(item_ref).ok_or_else(|| malformed("an item in the answer has no id"))?;
                    let stamp = element.and_then(|element| STAMP.read(element)).map(str::to_owned);
                    let sighting = Sighting { item, stamp, created: element.and_then(created), place: Place::Home };
                    changes.push(SyncChange::Seen(sighting, change.name() == "Create"));
                }
                "Delete" => {
                    let id = item_ref(change).ok_or_else(|| malformed("a deleted item in the answer has no id"))?.id;
                    changes.push(SyncChange::Gone(id));
                }
                // Read flags, and whatever else may be told.
                _ => {}
            }
        }
        Ok(SyncPage { changes, state: state.to_owned(), last })
    }
}
