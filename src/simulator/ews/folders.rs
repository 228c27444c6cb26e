//! GetFolder, FindFolder, CreateFolder, UpdateFolder, DeleteFolder.

use super::{
    Outcome,
    call::Call,
    decode,
    encode::{self, Purpose, Shape},
    find,
    items::children,
    lookup, paths, restriction,
    soap::{Fault, Messages, Refusal},
};
use crate::{
    simulator::{folder::Folder, mailbox::Mailbox},
    xml::{Element, Writer},
};

fn element(folder: &Folder) -> &'static str {
    match folder.class.as_str() {
        class if class.starts_with("IPF.Contact") => "t:ContactsFolder",
        class if class.starts_with("IPF.Appointment") => "t:CalendarFolder",
        class if class.starts_with("IPF.Task") => "t:TasksFolder",
        _ => "t:Folder",
    }
}

/// Writes a folder in the element for its class.
pub(super) fn write(writer: &mut Writer, mailbox: &Mailbox, folder: &Folder, shape: &Shape) {
    let name = element(folder);
    writer.element(name, &[], |writer| {
        writer.empty("t:FolderId", &[("Id", &folder.id), ("ChangeKey", &folder.change_key())]);
        let parent = folder.parent.and_then(|parent| mailbox.folders.get(&parent));
        if let Some(parent) = parent.filter(|_| shape.wants("folder:ParentFolderId")) {
            writer.empty("t:ParentFolderId", &[("Id", &parent.id), ("ChangeKey", &parent.change_key())]);
        }
        for (field, path) in [
            ("t:FolderClass", "folder:FolderClass"),
            ("t:DisplayName", "folder:DisplayName"),
            ("t:TotalCount", "folder:TotalCount"),
            ("t:ChildFolderCount", "folder:ChildFolderCount"),
        ] {
            if let Some(text) = value(mailbox, folder, path).filter(|text| shape.wants(path) && !text.is_empty()) {
                writer.text(field, &text);
            }
        }
        for path in shape.extended() {
            if let Some(property) = folder.properties.get(&path.name) {
                encode::extended_property(writer, path, property);
            }
        }
        if let Some(known) = folder.distinguished.as_deref().filter(|_| shape.names("folder:DistinguishedFolderId")) {
            writer.text("t:DistinguishedFolderId", known);
        }
        if matches!(name, "t:Folder" | "t:TasksFolder") && shape.wants("folder:UnreadCount") {
            writer.text("t:UnreadCount", "0");
        }
    });
}

fn value(mailbox: &Mailbox, folder: &Folder, path: &str) -> Option<String> {
    match path {
        "folder:FolderClass" => Some(folder.class.clone()),
        "folder:DisplayName" => Some(folder.name.clone()),
        "folder:TotalCount" => Some(folder.members.len().to_string()),
        "folder:ChildFolderCount" => {
            Some(mailbox.folders.values().filter(|child| child.parent == Some(folder.number)).count().to_string())
        }
        "folder:DistinguishedFolderId" => folder.distinguished.clone(),
        path => folder.properties.get(path).map(crate::simulator::Property::as_text),
    }
}

pub(super) fn get(call: &Call<'_>, mailbox: &mut Mailbox) -> Result<Outcome, Fault> {
    let shape = Shape::read(call.request.child("FolderShape"), Purpose::Reading, call.lenient());
    let mut messages = Messages::new("GetFolder");
    for id in children(call.request, "FolderIds") {
        let found = shape.as_ref().map_err(Clone::clone).and_then(|shape| {
            let number = lookup::folder(mailbox, Some(id))?;
            Ok((shape, mailbox.folders.get(&number).ok_or_else(Refusal::folder_not_found)?))
        });
        messages.add(found, |writer, (shape, folder)| {
            writer.element("m:Folders", &[], |writer| write(writer, mailbox, folder, shape));
        });
    }
    Ok(Outcome::answer(messages.finish()))
}

pub(super) fn find(call: &Call<'_>, mailbox: &mut Mailbox) -> Result<Outcome, Fault> {
    let shape = Shape::read(call.request.child("FolderShape"), Purpose::Reading, call.lenient());
    let restriction = call.request.child("Restriction").and_then(|restriction| restriction.children().first());
    let mut messages = Messages::new("FindFolder");
    for parent in children(call.request, "ParentFolderIds") {
        let found = shape.as_ref().map_err(Clone::clone).and_then(|shape| {
            let parent = lookup::folder(mailbox, Some(parent))?;
            let below = match call.request.attribute("Traversal") {
                Some("Deep") => mailbox.below(parent),
                Some("Shallow") => mailbox
                    .folders
                    .values()
                    .filter(|folder| folder.parent == Some(parent))
                    .map(|folder| folder.number)
                    .collect(),
                _ => Vec::new(),
            };
            let mut found = Vec::new();
            for folder in below.iter().filter_map(|number| mailbox.folders.get(number)) {
                let value = |path: &str| value(mailbox, folder, path);
                if restriction.map_or(Ok(true), |wanted| restriction::matches(wanted, call.lenient(), &value))? {
                    found.push(folder);
                }
            }
            Ok((shape, find::page(found, call.request.child("IndexedPageFolderView"), 1000)))
        });
        messages.add(found, |writer, (shape, page)| {
            let (next, total) = (page.next.to_string(), page.total.to_string());
            let last = page.last.to_string();
            let attributes = [
                ("IndexedPagingOffset", next.as_str()),
                ("TotalItemsInView", total.as_str()),
                ("IncludesLastItemInRange", last.as_str()),
            ];
            writer.element("m:RootFolder", &attributes, |writer| {
                writer.element("t:Folders", &[], |writer| {
                    for folder in page.found {
                        write(writer, mailbox, folder, shape);
                    }
                });
            });
        });
    }
    Ok(Outcome::answer(messages.finish()))
}

pub(super) fn create(call: &Call<'_>, mailbox: &mut Mailbox) -> Result<Outcome, Fault> {
    let parent =
        lookup::folder(mailbox, call.request.child("ParentFolderId").and_then(|parent| parent.children().first()))
            .map_err(|_| Refusal::new("ErrorParentFolderNotFound", "The parent folder was not found."));
    let mut messages = Messages::new("CreateFolder");
    for folder in children(call.request, "Folders") {
        let created = parent.clone().and_then(|parent| create_one(mailbox, parent, folder));
        messages.add(created, |writer, number| reference(writer, mailbox, number));
    }
    Ok(Outcome::answer(messages.finish()))
}

fn create_one(mailbox: &mut Mailbox, parent: u64, element: &Element) -> Result<u64, Refusal> {
    let name = element.text_of("DisplayName").unwrap_or_default();
    if name.is_empty() {
        return Err(Refusal::new("ErrorFolderSave", "A folder needs a name."));
    }
    let taken = |folder: &Folder| folder.parent == Some(parent) && folder.name.eq_ignore_ascii_case(name);
    if mailbox.folders.values().any(taken) {
        return Err(Refusal::new("ErrorFolderExists", "A folder with the specified name already exists."));
    }
    let class = element.text_of("FolderClass").unwrap_or(match element.name() {
        "ContactsFolder" => "IPF.Contact",
        "CalendarFolder" => "IPF.Appointment",
        "TasksFolder" => "IPF.Task",
        _ => "IPF.Note",
    });
    let properties =
        element.children_named("ExtendedProperty").map(decode::extended).collect::<Result<Vec<_>, Refusal>>()?;
    let number = mailbox.add_folder(Some(parent), name, class, None);
    mailbox.write_folder(number, |folder| folder.properties.extend(properties));
    Ok(number)
}

fn reference(writer: &mut Writer, mailbox: &Mailbox, number: u64) {
    writer.element("m:Folders", &[], |writer| {
        if let Some(folder) = mailbox.folders.get(&number) {
            writer.element(element(folder), &[], |writer| {
                writer.empty("t:FolderId", &[("Id", &folder.id), ("ChangeKey", &folder.change_key())]);
            });
        }
    });
}

pub(super) fn update(call: &Call<'_>, mailbox: &mut Mailbox) -> Result<Outcome, Fault> {
    let mut messages = Messages::new("UpdateFolder");
    for change in children(call.request, "FolderChanges") {
        let updated = update_one(mailbox, change);
        messages.add(updated, |writer, number| reference(writer, mailbox, number));
    }
    Ok(Outcome::answer(messages.finish()))
}

fn update_one(mailbox: &mut Mailbox, change: &Element) -> Result<u64, Refusal> {
    let number = lookup::folder(mailbox, change.children().first())?;
    let mut set = Vec::new();
    let mut gone = Vec::new();
    let mut name = None;
    for update in change.child("Updates").map(Element::children).unwrap_or_default() {
        let path = paths::first_in(update)?;
        let content = update.children().get(1).and_then(|folder| folder.children().first());
        let mismatch = || Refusal::new("ErrorUpdatePropertyMismatch", "The property does not match its path.");
        match (update.name(), content) {
            ("DeleteFolderField", _) if path.is_extended() => gone.push(path.name),
            ("SetFolderField", Some(content)) if content.name() == "ExtendedProperty" => {
                let property = decode::extended(content)?;
                if property.0 != path.name {
                    return Err(mismatch());
                }
                set.push(property);
            }
            ("SetFolderField", Some(content)) if content.name() == "DisplayName" => {
                if path.name != "folder:DisplayName" {
                    return Err(mismatch());
                }
                name = Some(content.text().to_owned());
            }
            _ => return Err(Refusal::new("ErrorInvalidPropertySet", format!("`{}` cannot be set.", path.name))),
        }
    }
    if name.is_some() && mailbox.folders.get(&number).is_some_and(|folder| folder.distinguished.is_some()) {
        return Err(Refusal::new("ErrorFolderSave", "This folder cannot be renamed."));
    }
    mailbox.write_folder(number, |folder| {
        folder.properties.retain(|path, _| !gone.contains(path));
        folder.properties.extend(set);
        folder.name = name.unwrap_or_else(|| folder.name.clone());
    });
    Ok(number)
}

pub(super) fn delete(call: &Call<'_>, mailbox: &mut Mailbox) -> Result<Outcome, Fault> {
    let mut messages = Messages::new("DeleteFolder");
    for id in children(call.request, "FolderIds") {
        let deleted = lookup::folder(mailbox, Some(id)).and_then(|number| {
            if mailbox.folders.get(&number).is_some_and(|folder| folder.distinguished.is_some()) {
                return Err(Refusal::new("ErrorDeleteDistinguishedFolder", "This folder cannot be deleted."));
            }
            if call.request.attribute("DeleteType") == Some("MoveToDeletedItems") {
                let bin = mailbox.distinguished("deleteditems");
                mailbox.write_folder(number, |folder| folder.parent = bin);
            } else {
                mailbox.remove_folder(number);
            }
            Ok(())
        });
        messages.add(deleted, |_, ()| {});
    }
    Ok(Outcome::answer(messages.finish()))
}
