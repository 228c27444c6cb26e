//! `UpdateFolder`: <https://learn.microsoft.com/exchange/client-developer/web-service-reference/updatefolder-operation>

use super::{
    folder_ref::{FolderRef, folder_element},
    property::OWNER,
    soap::{EwsCall, ServerVersion, only_message},
};
use crate::{
    domain::{FolderId, Kind},
    ports::{Failure, Owner},
    xml::{Element, Writer},
};

/// Writes the owner property of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateFolder {
    /// Which folder.
    pub folder: FolderId,
    /// Of which kind it is.
    pub kind: Kind,
    /// Who writes there.
    pub owner: Owner,
}

impl EwsCall for UpdateFolder {
    const NAME: &'static str = "UpdateFolder";
    const WRITES: bool = true;
    type Response = ();

    fn doing(&self) -> String {
        format!("mark the folder of {}s as ours", self.kind)
    }

    fn write(&self, writer: &mut Writer, _: ServerVersion) {
        writer.element("m:UpdateFolder", &[], |writer| {
            writer.element("m:FolderChanges", &[], |writer| {
                writer.element("t:FolderChange", &[], |writer| {
                    FolderRef::Id(self.folder.clone()).write(writer);
                    writer.element("t:Updates", &[], |writer| {
                        writer.element("t:SetFolderField", &[], |writer| {
                            OWNER.write_path(writer);
                            writer.element(folder_element(self.kind), &[], |writer| OWNER.write(writer, &self.owner.0));
                        });
                    });
                });
            });
        });
    }

    fn read(&self, answer: &Element) -> Result<(), Failure> {
        only_message(&self.doing(), answer).map(|_| ())
    }
}
