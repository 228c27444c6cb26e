//! SyncFolderItems and SyncFolderHierarchy.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    Outcome,
    call::Call,
    encode::{self, Purpose, Shape},
    folders, lookup,
    soap::{Fault, Messages, Refusal},
};
use crate::{
    simulator::{
        changes::{Change, changes},
        faults,
        folder::Folder,
        mailbox::Mailbox,
    },
    xml::Writer,
};

/// Where a listing continues: bound to a mailbox and a folder, and made so that no other text is taken for one.
fn state(mailbox: &Mailbox, folder: u64, position: u64) -> String {
    let mut bytes = b"PDS1".to_vec();
    bytes.extend(mailbox.guid.as_bytes());
    bytes.extend(folder.to_be_bytes());
    bytes.extend(position.to_be_bytes());
    let check = bytes.iter().fold(7_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(*byte));
    bytes.push(check);
    STANDARD.encode(bytes)
}

fn position(mailbox: &Mailbox, folder: u64, text: &str) -> Option<u64> {
    let bytes = STANDARD.decode(text).ok()?;
    let position = u64::from_be_bytes(bytes.get(28..36)?.try_into().ok()?);
    (state(mailbox, folder, position) == text && position <= mailbox.sequence).then_some(position)
}

/// From where to go on; `None` from the beginning.
fn since(call: &Call<'_>, mailbox: &Mailbox, folder: u64) -> Result<Option<u64>, Refusal> {
    let invalid =
        || Refusal::new("ErrorInvalidSyncStateData", "Synchronization state data is corrupt or otherwise invalid.");
    let Some(text) = call.request.text_of("SyncState").filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    let spoilt = call.strike(|fault| (*fault == faults::Fault::InvalidSyncState).then_some(())).is_some();
    match position(mailbox, folder, text.trim()).filter(|_| !spoilt) {
        Some(position) => Ok(Some(position)),
        // Some servers then list everything anew without a word.
        None if call.lenient() && !spoilt => Ok(None),
        None => Err(invalid()),
    }
}

pub(super) fn items(call: &Call<'_>, mailbox: &mut Mailbox) -> Result<Outcome, Fault> {
    let mut messages = Messages::new("SyncFolderItems");
    let most = call.request.text_of("MaxChangesReturned").and_then(|most| most.trim().parse::<usize>().ok());
    let most = most.unwrap_or(512).clamp(1, 512);
    let outcome = Shape::read(call.request.child("ItemShape"), Purpose::Syncing, call.lenient()).and_then(|shape| {
        let target = call.request.child("SyncFolderId").and_then(|target| target.children().first());
        let number = lookup::folder(mailbox, target)
            .map_err(|_| Refusal::new("ErrorSyncFolderNotFound", "The folder to synchronize was not found."))?;
        let folder = mailbox.folders.get(&number).ok_or_else(Refusal::folder_not_found)?;
        let since = since(call, mailbox, number)?;
        let mut changes = changes(mailbox, folder, since, most);
        let last = changes.len() <= most;
        changes.truncate(most);
        // At the end of the log everything up to now is known; before it, what was shown.
        let reached = if last { mailbox.sequence } else { changes.last().map_or(0, |(at, _)| *at) };
        Ok((shape, state(mailbox, number, reached), last, changes))
    });
    if let Ok((.., changes)) = &outcome {
        call.count_items(changes.len());
    }
    messages.add(outcome, |writer, (shape, state, last, changes)| {
        writer.text("m:SyncState", &state);
        writer.text("m:IncludesLastItemInRange", if last { "true" } else { "false" });
        writer.element("m:Changes", &[], |writer| {
            for (_, change) in changes {
                match change {
                    Change::Create(item) => {
                        writer.element("t:Create", &[], |writer| encode::item(writer, call, mailbox, item, &shape));
                    }
                    Change::Update(item) => {
                        writer.element("t:Update", &[], |writer| encode::item(writer, call, mailbox, item, &shape));
                    }
                    Change::Delete(id) => {
                        writer.element("t:Delete", &[], |writer| writer.empty("t:ItemId", &[("Id", id)]));
                    }
                }
            }
        });
    });
    Ok(Outcome::answer(messages.finish()))
}

/// Folders are few: each call tells of those that are newer than the position.
pub(super) fn hierarchy(call: &Call<'_>, mailbox: &mut Mailbox) -> Result<Outcome, Fault> {
    let mut messages = Messages::new("SyncFolderHierarchy");
    let outcome = Shape::read(call.request.child("FolderShape"), Purpose::Reading, call.lenient()).and_then(|shape| {
        let named = call.request.child("SyncFolderId").and_then(|target| target.children().first());
        let root = match named {
            Some(named) => lookup::folder(mailbox, Some(named))?,
            None => mailbox.distinguished("msgfolderroot").ok_or_else(Refusal::folder_not_found)?,
        };
        let since = since(call, mailbox, root)?;
        Ok((shape, root, since))
    });
    messages.add(outcome, |writer: &mut Writer, (shape, root, since)| {
        writer.text("m:SyncState", &state(mailbox, root, mailbox.sequence));
        writer.text("m:IncludesLastFolderInRange", "true");
        writer.element("m:Changes", &[], |writer| {
            let newer = |folder: &&Folder| since.is_none_or(|since| folder.version > since);
            for folder in mailbox.below(root).iter().filter_map(|number| mailbox.folders.get(number)).filter(newer) {
                let known = since.is_some_and(|since| folder.number <= since);
                writer.element(if known { "t:Update" } else { "t:Create" }, &[], |writer| {
                    folders::write(writer, mailbox, folder, &shape);
                });
            }
        });
    });
    Ok(Outcome::answer(messages.finish()))
}
