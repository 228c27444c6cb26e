//! What the ids of a request name.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::soap::Refusal;
use crate::{
    simulator::{item::Item, mailbox::Mailbox},
    xml::Element,
};

/// The folder that an element names.
pub(super) fn folder(mailbox: &Mailbox, element: Option<&Element>) -> Result<u64, Refusal> {
    let element = element.ok_or_else(Refusal::folder_not_found)?;
    let id = element.attribute("Id").unwrap_or_default();
    match element.name() {
        "DistinguishedFolderId" => mailbox.distinguished(id).ok_or_else(Refusal::folder_not_found),
        "FolderId" => match mailbox.folder_by_id(id) {
            Some(folder) => Ok(folder),
            None if looks_like_id(id) => Err(Refusal::folder_not_found()),
            None => Err(Refusal::new("ErrorInvalidFolderId", "The folder ID is malformed.")),
        },
        _ => Err(Refusal::folder_not_found()),
    }
}

/// The item that an `ItemId` names, whatever its change key says.
pub(super) fn item<'m>(mailbox: &'m Mailbox, element: &Element) -> Result<&'m Item, Refusal> {
    if element.name() != "ItemId" {
        return Err(Refusal::new(
            "ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange",
            "Occurrence index is out of recurrence range.",
        ));
    }
    let id = element.attribute("Id").unwrap_or_default();
    match mailbox.item_by_id(id) {
        Some(item) => Ok(item),
        None if id.is_empty() => Err(Refusal::new("ErrorInvalidIdEmpty", "Id must be non-empty.")),
        None if looks_like_id(id) => Err(Refusal::item_not_found()),
        None => Err(Refusal::new("ErrorInvalidIdMalformed", "Id is malformed.")),
    }
}

fn looks_like_id(id: &str) -> bool {
    STANDARD.decode(id).is_ok_and(|bytes| bytes.len() >= 28)
}
