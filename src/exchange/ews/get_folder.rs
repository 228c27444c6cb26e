//! `GetFolder`: <https://learn.microsoft.com/exchange/client-developer/web-service-reference/getfolder-operation>

use super::{
    folder_ref::{FolderRef, FolderSeen, read_folder, write_folder_shape},
    soap::{EwsCall, ServerVersion, outcomes},
};
use crate::{
    ports::{Failure, FailureKind},
    xml::{Element, Writer},
};

/// Looks at folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetFolder {
    /// Which.
    pub folders: Vec<FolderRef>,
}

impl EwsCall for GetFolder {
    const NAME: &'static str = "GetFolder";
    type Response = Vec<Result<FolderSeen, Failure>>;

    fn doing(&self) -> String {
        match self.folders.as_slice() {
            [FolderRef::Main(word, mailbox)] => format!("look at folder `{word}` of mailbox `{mailbox}`"),
            folders => format!("look at {} folders", folders.len()),
        }
    }

    fn write(&self, writer: &mut Writer, _: ServerVersion) {
        writer.element("m:GetFolder", &[], |writer| {
            write_folder_shape(writer);
            writer.element("m:FolderIds", &[], |writer| self.folders.iter().for_each(|folder| folder.write(writer)));
        });
    }

    fn read(&self, answer: &Element) -> Result<Self::Response, Failure> {
        let doing = self.doing();
        outcomes(&doing, answer, self.folders.len(), |message| {
            let folder = message.child("Folders").and_then(|folders| folders.children().first()).and_then(read_folder);
            folder.ok_or_else(|| Failure::new(FailureKind::Malformed, &doing).because("the answer holds no folder id"))
        })
    }
}
