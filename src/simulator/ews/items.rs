//! GetItem, CreateItem, DeleteItem, MoveItem, CopyItem.

use super::{
    Outcome,
    call::{Call, Properties, WriteFaults},
    decode,
    encode::{self, Purpose, Shape},
    lookup, rules,
    soap::{Fault, Messages, Refusal},
};
use crate::{
    simulator::{
        item::{ItemKind, Property},
        mailbox::Mailbox,
    },
    xml::Element,
};

pub(super) fn get(call: &Call<'_>, mailbox: &mut Mailbox) -> Result<Outcome, Fault> {
    let ids = children(call.request, "ItemIds");
    call.count_items(ids.len());
    let shape = Shape::read(call.request.child("ItemShape"), Purpose::Reading, call.lenient());
    let mut messages = Messages::new("GetItem");
    for id in ids {
        let found = shape.as_ref().map_err(Clone::clone).and_then(|shape| Ok((shape, lookup::item(mailbox, id)?)));
        messages.add(found, |writer, (shape, item)| {
            writer.element("m:Items", &[], |writer| encode::item(writer, call, mailbox, item, shape));
        });
    }
    Ok(Outcome::answer(messages.finish()))
}

pub(super) fn create(call: &Call<'_>, mailbox: &mut Mailbox) -> Result<Outcome, Fault> {
    let items = children(call.request, "Items");
    call.count_items(items.len());
    let faults = call.write_faults(&items)?;
    let folder = call
        .request
        .child("SavedItemFolderId")
        .map(|target| lookup::folder(mailbox, target.children().first()))
        .transpose()
        .map_err(|_| Refusal::new("ErrorSavedItemFolderNotFound", "The folder to save items in was not found."));
    let mut messages = Messages::new("CreateItem");
    for item in items.iter().take(faults.half.unwrap_or(usize::MAX)) {
        let created = folder.clone().and_then(|folder| create_one(call, mailbox, folder, item, &faults));
        messages.add(created, |writer, (kind, id, key)| {
            writer.element("m:Items", &[], |writer| encode::reference(writer, kind, &id, &key));
        });
    }
    Ok(Outcome { body: messages.finish(), cut: faults.half.is_some() })
}

type Reference = (ItemKind, String, String);

fn create_one(
    call: &Call<'_>,
    mailbox: &mut Mailbox,
    folder: Option<u64>,
    element: &Element,
    faults: &WriteFaults,
) -> Result<Reference, Refusal> {
    let Some(kind) = ItemKind::of_element(element.name()) else {
        return Err(Refusal::new("ErrorInvalidItemForOperationCreateItem", "The simulator keeps no such items."));
    };
    if let Some(refusal) = faults.refusal(element, true) {
        return Err(refusal);
    }
    let invitations = call.request.attribute("SendMeetingInvitations");
    if kind == ItemKind::Event && invitations.is_none() && !call.lenient() {
        return Err(Refusal::new(
            "ErrorSendMeetingInvitationsRequired",
            "SendMeetingInvitations attribute is required for calendar items.",
        ));
    }
    let folder = match folder {
        Some(folder) => folder,
        None => default_folder(call, mailbox, kind)?,
    };
    check_class(call, mailbox, kind, folder)?;
    let mut properties = Properties::new();
    for (path, property) in decode::item(kind, element, &call.zone)? {
        // What some servers forget on creation.
        if call.lenient() && matches!(path.as_str(), "contacts:FileAsMapping" | "task:Recurrence") {
            continue;
        }
        if faults.dropped.contains(&path) {
            continue;
        }
        keep_html(call, &mut properties, &path, &property);
        properties.insert(path.clone(), property);
        if kind == ItemKind::Task && !call.lenient() {
            rules::task_consequence(&path, &mut properties, call.now);
        }
    }
    if kind == ItemKind::Event && !properties.contains_key("calendar:StartTimeZone") {
        let id = call.zone.iana_name().and_then(crate::domain::zone::windows_id).unwrap_or("UTC");
        properties.insert("calendar:StartTimeZone".to_owned(), Property::text(id));
    }
    if let Some(zone) = properties.get("calendar:StartTimeZone").cloned() {
        properties.entry("calendar:EndTimeZone".to_owned()).or_insert(zone);
    }
    rules::defaults(kind, &mut properties, call.lenient());
    rules::finish(kind, &mut properties, &call.zone, call.now, call.lenient())?;
    if invitations.is_some_and(|invitations| invitations != "SendToNone") {
        call.count_mails(attendees(&properties));
    }
    let number = mailbox.add(folder, kind, properties, call.now);
    reference_after(call, mailbox, number, faults)
}

/// The reference that the answer names. When the server touches items, it names a version that is not the newest.
pub(super) fn reference_after(
    call: &Call<'_>,
    mailbox: &mut Mailbox,
    number: u64,
    faults: &WriteFaults,
) -> Result<Reference, Refusal> {
    let item = mailbox.items.get(&number).ok_or_else(Refusal::item_not_found)?;
    let reference = (item.kind, item.id.clone(), item.change_key());
    if faults.touches {
        mailbox.write(number, call.now, |_| {});
    }
    Ok(reference)
}

/// Some servers keep both forms of a body apart, and a new text leaves the old HTML where it was.
pub(super) fn keep_html(call: &Call<'_>, properties: &mut Properties, path: &str, property: &Property) {
    if let (true, "item:Body", Property::Body { html: true, text }) = (call.lenient(), path, property) {
        properties.insert("kept:HtmlBody".to_owned(), Property::text(text));
    }
}

/// How many people would get mail about an event.
pub(super) fn attendees(properties: &Properties) -> usize {
    ["calendar:RequiredAttendees", "calendar:OptionalAttendees", "calendar:Resources"]
        .iter()
        .filter_map(|path| properties.get(*path))
        .map(|people| people.as_text().matches("<t:Attendee>").count())
        .sum()
}

fn default_folder(call: &Call<'_>, mailbox: &Mailbox, kind: ItemKind) -> Result<u64, Refusal> {
    let name = match kind {
        // Where some servers put whatever they are not told a place for.
        _ if call.lenient() => "outbox",
        ItemKind::Contact => "contacts",
        ItemKind::Event => "calendar",
        ItemKind::Task => "tasks",
    };
    mailbox.distinguished(name).ok_or_else(Refusal::folder_not_found)
}

fn check_class(call: &Call<'_>, mailbox: &Mailbox, kind: ItemKind, folder: u64) -> Result<(), Refusal> {
    let folder = mailbox.folders.get(&folder).ok_or_else(Refusal::folder_not_found)?;
    if call.lenient() || folder.class.starts_with(kind.folder_class()) {
        return Ok(());
    }
    let code = match kind {
        ItemKind::Contact => "ErrorCannotCreateContactInNonContactFolder",
        ItemKind::Event => "ErrorCannotCreateCalendarItemInNonCalendarFolder",
        ItemKind::Task => "ErrorCannotCreateTaskInNonTaskFolder",
    };
    Err(Refusal::new(code, format!("The folder `{}` does not hold such items.", folder.name)))
}

pub(super) fn delete(call: &Call<'_>, mailbox: &mut Mailbox) -> Result<Outcome, Fault> {
    let ids = children(call.request, "ItemIds");
    call.count_items(ids.len());
    let faults = call.write_faults(&ids)?;
    let mut messages = Messages::new("DeleteItem");
    for id in ids.iter().take(faults.half.unwrap_or(usize::MAX)) {
        let deleted = match faults.refusal(id, false) {
            Some(refusal) => Err(refusal),
            None => delete_one(call, mailbox, id),
        };
        messages.add(deleted, |_, ()| {});
    }
    Ok(Outcome { body: messages.finish(), cut: faults.half.is_some() })
}

/// Change keys are not compared here, as servers do not.
fn delete_one(call: &Call<'_>, mailbox: &mut Mailbox, id: &Element) -> Result<(), Refusal> {
    let item = lookup::item(mailbox, id)?;
    let (number, kind, lies_in) = (item.number, item.kind, item.folder);
    let cancellations = call.request.attribute("SendMeetingCancellations");
    match kind {
        ItemKind::Event if cancellations.is_none() && !call.lenient() => {
            return Err(Refusal::new(
                "ErrorSendMeetingCancellationsRequired",
                "SendMeetingCancellations attribute is required for calendar items.",
            ));
        }
        ItemKind::Task if call.request.attribute("AffectedTaskOccurrences").is_none() && !call.lenient() => {
            return Err(Refusal::new(
                "ErrorAffectedTaskOccurrencesRequired",
                "AffectedTaskOccurrences attribute is required for Task items.",
            ));
        }
        _ => {}
    }
    if cancellations.is_some_and(|cancellations| cancellations != "SendToNone") {
        call.count_mails(attendees(&item.properties));
    }
    let bin = mailbox.distinguished("deleteditems").ok_or_else(Refusal::folder_not_found)?;
    match call.request.attribute("DeleteType") {
        Some("MoveToDeletedItems") if lies_in != bin => mailbox.relocate(number, bin, call.now),
        _ => mailbox.remove(number),
    }
    Ok(())
}

pub(super) fn relocate(call: &Call<'_>, mailbox: &mut Mailbox) -> Result<Outcome, Fault> {
    let ids = children(call.request, "ItemIds");
    call.count_items(ids.len());
    let target = lookup::folder(mailbox, call.request.child("ToFolderId").and_then(|folder| folder.children().first()))
        .map_err(|_| Refusal::new("ErrorToFolderNotFound", "The destination folder was not found."));
    let mut messages = Messages::new(call.operation);
    for id in ids {
        let moved = target.clone().and_then(|target| {
            let number = lookup::item(mailbox, id)?.number;
            let number = if call.operation == "CopyItem" {
                mailbox.copy(number, target, call.now).ok_or_else(Refusal::item_not_found)?
            } else {
                mailbox.relocate(number, target, call.now);
                number
            };
            reference_after(call, mailbox, number, &WriteFaults::default())
        });
        messages.add(moved, |writer, (kind, id, key)| {
            writer.element("m:Items", &[], |writer| encode::reference(writer, kind, &id, &key));
        });
    }
    Ok(Outcome::answer(messages.finish()))
}

/// What stands inside the child of that name.
pub(super) fn children<'a>(request: &'a Element, name: &str) -> Vec<&'a Element> {
    request.child(name).map(|child| child.children().iter().collect()).unwrap_or_default()
}
