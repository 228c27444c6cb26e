//! `FindFolder`: <https://learn.microsoft.com/exchange/client-developer/web-service-reference/findfolder-operation>

use super::{
    folder_ref::{FolderRef, FolderSeen, read_folder, write_folder_shape},
    soap::{EwsCall, ServerVersion, only_message},
};
use crate::{
    ports::{Failure, FailureKind},
    xml::{Element, Writer},
};

/// Lists the folders below one, a page of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindFolder {
    /// Below which.
    pub parent: FolderRef,
    /// All the way down, or children only.
    pub deep: bool,
    /// How many to pass over.
    pub offset: usize,
}

/// A page of folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoldersFound {
    /// Those with an id.
    pub folders: Vec<FolderSeen>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<usize>,
}

/// The most that a page of folders may have.
const PAGE: usize = 500;

impl EwsCall for FindFolder {
    const NAME: &'static str = "FindFolder";
    type Response = FoldersFound;

    fn doing(&self) -> String {
        "list the mailbox's folders".to_owned()
    }

    fn write(&self, writer: &mut Writer, _: ServerVersion) {
        let traversal = if self.deep { "Deep" } else { "Shallow" };
        writer.element("m:FindFolder", &[("Traversal", traversal)], |writer| {
            write_folder_shape(writer);
            let (page, offset) = (PAGE.to_string(), self.offset.to_string());
            writer.empty(
                "m:IndexedPageFolderView",
                &[("MaxEntriesReturned", &page), ("Offset", &offset), ("BasePoint", "Beginning")],
            );
            writer.element("m:ParentFolderIds", &[], |writer| self.parent.write(writer));
        });
    }

    fn read(&self, answer: &Element) -> Result<FoldersFound, Failure> {
        let doing = self.doing();
        let message = only_message(&doing, answer)?;
        let root = message
            .child("RootFolder")
            .ok_or_else(|| Failure::new(FailureKind::Malformed, &doing).because("the answer holds no `RootFolder`"))?;
        let listed = root.child("Folders").map_or(&[][..], Element::children);
        let next = next_page(root, self.offset, listed.len());
        Ok(FoldersFound { folders: listed.iter().filter_map(read_folder).collect(), next })
    }
}

/// Where the next page of a `RootFolder` begins. Always further on, so that paging ends whatever a server says.
pub(super) fn next_page(root: &Element, offset: usize, listed: usize) -> Option<usize> {
    let last = root.attribute("IncludesLastItemInRange").is_none_or(|last| matches!(last, "true" | "1"));
    if last || listed == 0 {
        return None;
    }
    Some(offset + listed)
}
