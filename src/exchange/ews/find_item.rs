//! `FindItem` by stamp: <https://learn.microsoft.com/exchange/client-developer/web-service-reference/finditem-operation>

use super::{
    codec::{created, item_ref},
    find_folder::next_page,
    folder_ref::{FolderRef, write_listing_shape},
    property::STAMP,
    soap::{EwsCall, ServerVersion, only_message},
};
use crate::{
    domain::{FolderId, ItemRef, Stamp},
    ports::{Failure, FailureKind},
    xml::{Element, Writer},
};

/// Searches a folder for stamped items, a page of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindItem {
    /// Which folder.
    pub folder: FolderId,
    /// Which stamps; any stamp if there is none here. Some servers compare without case: the caller compares again.
    pub stamps: Vec<Stamp>,
    /// How many to pass over.
    pub offset: usize,
}

/// A page of stamped items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemsFound {
    /// Name of the element, item, stamp and creation time.
    pub items: Vec<ItemFound>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<usize>,
}

/// A stamped item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemFound {
    /// What it is in the schema (`Contact`).
    pub element: String,
    /// Which version of which item.
    pub item: ItemRef,
    /// Its stamp.
    pub stamp: String,
    /// When the server says that it was made.
    pub created: Option<jiff::Timestamp>,
}

impl EwsCall for FindItem {
    const NAME: &'static str = "FindItem";
    type Response = ItemsFound;

    fn doing(&self) -> String {
        "search a folder for stamped items".to_owned()
    }

    fn write(&self, writer: &mut Writer, _: ServerVersion) {
        writer.element("m:FindItem", &[("Traversal", "Shallow")], |writer| {
            write_listing_shape(writer);
            // With a restriction, Exchange gives no more than 250 at a time.
            let offset = self.offset.to_string();
            writer.empty(
                "m:IndexedPageItemView",
                &[("MaxEntriesReturned", "250"), ("Offset", &offset), ("BasePoint", "Beginning")],
            );
            writer.element("m:Restriction", &[], |writer| match self.stamps.as_slice() {
                [] => writer.element("t:Exists", &[], |writer| STAMP.write_path(writer)),
                [stamp] => write_equals(writer, stamp),
                stamps => {
                    writer.element("t:Or", &[], |writer| stamps.iter().for_each(|stamp| write_equals(writer, stamp)));
                }
            });
            writer.element("m:ParentFolderIds", &[], |writer| FolderRef::Id(self.folder.clone()).write(writer));
        });
    }

    fn read(&self, answer: &Element) -> Result<ItemsFound, Failure> {
        let doing = self.doing();
        let message = only_message(&doing, answer)?;
        let root = message
            .child("RootFolder")
            .ok_or_else(|| Failure::new(FailureKind::Malformed, &doing).because("the answer holds no `RootFolder`"))?;
        let listed = root.child("Items").map_or(&[][..], Element::children);
        let items = listed.iter().filter_map(|element| {
            let (item, stamp) = (item_ref(element)?, STAMP.read(element)?.to_owned());
            Some(ItemFound { element: element.name().to_owned(), item, stamp, created: created(element) })
        });
        Ok(ItemsFound { items: items.collect(), next: next_page(root, self.offset, listed.len()) })
    }
}

fn write_equals(writer: &mut Writer, stamp: &Stamp) {
    writer.element("t:IsEqualTo", &[], |writer| {
        STAMP.write_path(writer);
        writer.element("t:FieldURIOrConstant", &[], |writer| {
            writer.empty("t:Constant", &[("Value", &stamp.to_string())]);
        });
    });
}
