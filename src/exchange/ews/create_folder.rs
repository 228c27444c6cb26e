//! `CreateFolder`: <https://learn.microsoft.com/exchange/client-developer/web-service-reference/createfolder-operation>

use super::{
    folder_ref::{FolderRef, folder_class, folder_element, read_folder},
    response_code::said,
    soap::{EwsCall, ServerVersion, only_message},
};
use crate::{
    domain::{FolderId, Kind},
    ports::{Failure, FailureKind},
    xml::{Element, Writer},
};

/// Makes a folder of our own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateFolder {
    /// For which kind.
    pub kind: Kind,
    /// In which folder.
    pub parent: FolderRef,
    /// Its name.
    pub name: String,
}

impl EwsCall for CreateFolder {
    const NAME: &'static str = "CreateFolder";
    const WRITES: bool = true;
    /// `None` if somebody else made it meanwhile.
    type Response = Option<FolderId>;

    fn doing(&self) -> String {
        format!("make the folder `{}`", self.name)
    }

    fn write(&self, writer: &mut Writer, _: ServerVersion) {
        writer.element("m:CreateFolder", &[], |writer| {
            writer.element("m:ParentFolderId", &[], |writer| self.parent.write(writer));
            writer.element("m:Folders", &[], |writer| {
                writer.element(folder_element(self.kind), &[], |writer| {
                    writer.text("t:FolderClass", folder_class(self.kind));
                    writer.text("t:DisplayName", &self.name);
                });
            });
        });
    }

    fn read(&self, answer: &Element) -> Result<Option<FolderId>, Failure> {
        let doing = self.doing();
        let message = match only_message(&doing, answer) {
            Ok(message) => message,
            Err(failure) if said(&failure).is_some_and(|said| said.code == "ErrorFolderExists") => return Ok(None),
            Err(failure) => return Err(failure),
        };
        let folder = message.child("Folders").and_then(|folders| folders.children().first()).and_then(read_folder);
        folder
            .map(|folder| Some(folder.id))
            .ok_or_else(|| Failure::new(FailureKind::Malformed, doing).because("the answer holds no folder id"))
    }
}
