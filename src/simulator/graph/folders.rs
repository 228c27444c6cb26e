//! Folders of contacts, calendars, and lists of To Do: one model, three names.
//! <https://learn.microsoft.com/graph/api/resources/contactfolder>
//! <https://learn.microsoft.com/graph/api/resources/calendar>
//! <https://learn.microsoft.com/graph/api/resources/todotasklist>

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::{
    answer::{Answer, Refused},
    call::Call,
    delta, extended, extensions,
    filter::Filter,
    identity,
    schema::{self, Purpose},
    view::{self, Shape},
};
use crate::simulator::{folder::Folder, item::ItemKind, mailbox::Mailbox};

/// What Graph calls folders for items of a kind.
fn type_name(kind: ItemKind) -> &'static str {
    match kind {
        ItemKind::Contact => "contactFolder",
        ItemKind::Event => "calendar",
        ItemKind::Task => "todoTaskList",
    }
}

/// The name that every mailbox knows for the folder where such items are at home.
fn home(kind: ItemKind) -> &'static str {
    match kind {
        ItemKind::Contact => "contacts",
        ItemKind::Event => "calendar",
        ItemKind::Task => "tasks",
    }
}

/// The folder that a request means, the one where such items are at home if it names none.
pub(super) fn find(mailbox: &Mailbox, kind: ItemKind, id: Option<&str>) -> Result<u64, Refused> {
    let Some(id) = id else { return mailbox.distinguished(home(kind)).ok_or_else(Refused::not_found) };
    let folder = identity::folder(mailbox, id)?;
    // Deleted Items is a place where contacts are, too.
    let bin = kind == ItemKind::Contact && folder.distinguished.as_deref() == Some("deleteditems");
    if bin || (folder.class.starts_with(kind.folder_class()) && !is_deleted(mailbox, folder)) {
        Ok(folder.number)
    } else {
        Err(Refused::not_found())
    }
}

fn is_deleted(mailbox: &Mailbox, folder: &Folder) -> bool {
    let bin = mailbox.distinguished("deleteditems");
    let mut parent = folder.parent;
    while let Some(number) = parent {
        if Some(number) == bin {
            return true;
        }
        parent = mailbox.folders.get(&number).and_then(|folder| folder.parent);
    }
    false
}

/// The folders that a listing shows. The one where contacts are at home is not among the folders of contacts; a calendar and
/// a list are.
pub(super) fn all(mailbox: &Mailbox, kind: ItemKind, parent: Option<u64>) -> Vec<u64> {
    let fits = |folder: &&Folder| {
        let below = match parent {
            Some(parent) => folder.parent == Some(parent),
            None => {
                let tops = [mailbox.distinguished("msgfolderroot"), mailbox.distinguished(home(kind))];
                kind != ItemKind::Contact || tops.contains(&folder.parent)
            }
        };
        let is_home = folder.distinguished.as_deref() == Some(home(kind));
        below
            && folder.class.starts_with(kind.folder_class())
            && !(kind == ItemKind::Contact && is_home)
            && !is_deleted(mailbox, folder)
    };
    mailbox.folders.values().filter(fits).map(|folder| folder.number).collect()
}

fn show(call: &Call<'_>, kind: ItemKind, folder: &Folder, mailbox: &Mailbox, shape: &Shape) -> Result<Value, Refused> {
    let mut entity = Map::new();
    let is_home = folder.distinguished.as_deref() == Some(home(kind));
    let mut put = |name: &str, value: Value| entity.insert(name.to_owned(), value);
    put("id", json!(identity::rest(&folder.id)));
    match kind {
        ItemKind::Contact => {
            let parent = folder.parent.and_then(|parent| mailbox.folders.get(&parent));
            put("parentFolderId", json!(parent.map(|parent| identity::rest(&parent.id))));
            put("displayName", json!(folder.name));
        }
        ItemKind::Event => {
            put("name", json!(folder.name));
            put("color", json!("auto"));
            put("hexColor", json!(""));
            put("isDefaultCalendar", json!(is_home));
            put("changeKey", json!(folder.change_key()));
            put("canShare", json!(true));
            put("canViewPrivateItems", json!(true));
            put("canEdit", json!(true));
            put("allowedOnlineMeetingProviders", json!([]));
            put("defaultOnlineMeetingProvider", json!("unknown"));
            put("isTallyingResponses", json!(is_home));
            put("isRemovable", json!(!is_home));
            put("owner", json!({"name": call.mailbox, "address": call.mailbox}));
        }
        ItemKind::Task => {
            put("@odata.etag", json!(identity::etag(&folder.change_key())));
            put("displayName", json!(folder.name));
            put("isOwner", json!(true));
            put("isShared", json!(false));
            put("wellknownListName", json!(if is_home { "defaultList" } else { "none" }));
        }
    }
    shape.apply(entity, &folder.properties)
}

/// `…/contactFolders`, `…/calendars`, `…/todo/lists`, and the folders in one.
pub(super) fn collection(
    call: &Call<'_>,
    mailbox: &mut Mailbox,
    kind: ItemKind,
    parent: Option<&str>,
) -> Result<Answer, Refused> {
    let parent = parent.map(|parent| find(mailbox, kind, Some(parent))).transpose()?;
    match call.asked.method.as_str() {
        "GET" => {
            call.asked.knows(view::OPTIONS)?;
            let shape = Shape::read(call, type_name(kind))?;
            let filter = call.asked.option("$filter").map(Filter::read).transpose()?;
            let mut found = Vec::new();
            for folder in all(mailbox, kind, parent).iter().filter_map(|number| mailbox.folders.get(number)) {
                let entity = show(call, kind, folder, mailbox, &Shape::default())?;
                let held = |path: &str| extended::value(&folder.properties, path);
                if filter.as_ref().map_or(Ok(true), |filter| filter.matches(&entity, &held))? {
                    found.push(folder);
                }
            }
            view::page(call, &format!("{}s", type_name(kind)), &found, |folder| {
                show(call, kind, folder, mailbox, &shape)
            })
        }
        "POST" => {
            call.asked.knows(&[])?;
            create(call, mailbox, kind, parent)
        }
        _ => Err(super::route::no_such_method(call.asked)),
    }
}

fn create(call: &Call<'_>, mailbox: &mut Mailbox, kind: ItemKind, parent: Option<u64>) -> Result<Answer, Refused> {
    let body = schema::check(call.asked.body.as_ref(), type_name(kind), Purpose::Create)?;
    let name = named(body, kind).ok_or_else(|| Refused::bad("ErrorInvalidRequest", "A folder needs a name."))?;
    // New folders of contacts are made below the one where contacts are at home.
    let parent = match parent {
        Some(parent) => parent,
        None if kind == ItemKind::Contact => find(mailbox, kind, None)?,
        None => mailbox.distinguished("msgfolderroot").ok_or_else(Refused::not_found)?,
    };
    let taken = |folder: &Folder| folder.parent == Some(parent) && folder.name.eq_ignore_ascii_case(name);
    if kind != ItemKind::Task && mailbox.folders.values().any(taken) {
        let text = "A folder with the specified name already exists.";
        return Err(Refused::new(StatusCode::CONFLICT, "ErrorFolderExists", text));
    }
    let mut properties = crate::simulator::ews::Properties::new();
    extended::apply_from(body, &mut properties)?;
    extensions::apply(body, &mut properties)?;
    let number = mailbox.add_folder(Some(parent), name, kind.folder_class(), None);
    mailbox.write_folder(number, |folder| folder.properties = properties);
    one(call, mailbox, kind, number, &Shape::default()).map(Answer::created)
}

fn named(body: &Map<String, Value>, kind: ItemKind) -> Option<&str> {
    let property = if kind == ItemKind::Event { "name" } else { "displayName" };
    body.get(property).and_then(Value::as_str).filter(|name| !name.trim().is_empty())
}

fn one(call: &Call<'_>, mailbox: &Mailbox, kind: ItemKind, number: u64, shape: &Shape) -> Result<Value, Refused> {
    let folder = mailbox.folders.get(&number).ok_or_else(Refused::not_found)?;
    let mut entity = show(call, kind, folder, mailbox, shape)?;
    entity["@odata.context"] = json!(view::context(call, &format!("{}s/$entity", type_name(kind))));
    Ok(entity)
}

/// One folder: read, renamed or marked, removed.
pub(super) fn serve(
    call: &Call<'_>,
    mailbox: &mut Mailbox,
    kind: ItemKind,
    id: Option<&str>,
    for_good: bool,
) -> Result<Answer, Refused> {
    let number = find(mailbox, kind, id)?;
    let known = mailbox.folders.get(&number).ok_or_else(Refused::not_found)?;
    let (key, fixed) = (known.change_key(), known.distinguished.is_some());
    match call.asked.method.as_str() {
        "GET" => {
            call.asked.knows(&["$select", "$expand"])?;
            one(call, mailbox, kind, number, &Shape::read(call, type_name(kind))?).map(Answer::ok)
        }
        "PATCH" => {
            call.asked.knows(&[])?;
            identity::check(call, &key)?;
            let body = schema::check(call.asked.body.as_ref(), type_name(kind), Purpose::Change)?;
            let name = named(body, kind).map(str::to_owned);
            if fixed && name.is_some() {
                return Err(Refused::bad("ErrorInvalidRequest", "This folder cannot be renamed."));
            }
            let mut properties = known.properties.clone();
            extended::apply_from(body, &mut properties)?;
            mailbox.write_folder(number, |folder| {
                folder.properties = properties;
                folder.name = name.unwrap_or_else(|| folder.name.clone());
            });
            one(call, mailbox, kind, number, &Shape::default()).map(Answer::ok)
        }
        "DELETE" | "POST" => {
            call.asked.knows(&[])?;
            identity::check(call, &key)?;
            if fixed {
                let text = "This folder cannot be deleted.";
                return Err(Refused::new(StatusCode::FORBIDDEN, "ErrorDeleteDistinguishedFolder", text));
            }
            if for_good || kind == ItemKind::Task {
                mailbox.remove_folder(number);
            } else {
                let bin = mailbox.distinguished("deleteditems");
                mailbox.write_folder(number, |folder| folder.parent = bin);
            }
            Ok(Answer::done())
        }
        _ => Err(super::route::no_such_method(call.asked)),
    }
}

/// Folders that are new or were changed.
pub(super) fn delta(call: &Call<'_>, mailbox: &Mailbox, kind: ItemKind) -> Result<Answer, Refused> {
    let all = all(mailbox, kind, None);
    delta::folders(call, mailbox, &all, |number| {
        let folder = mailbox.folders.get(&number).ok_or_else(Refused::not_found)?;
        show(call, kind, folder, mailbox, &Shape::default())
    })
}

/// What a list says under names of other programs' own.
pub(super) fn extensions(
    call: &Call<'_>,
    mailbox: &mut Mailbox,
    kind: ItemKind,
    id: &str,
    name: Option<&str>,
) -> Result<Answer, Refused> {
    let number = find(mailbox, kind, Some(id))?;
    let mut properties = mailbox.folders.get(&number).map(|folder| folder.properties.clone()).unwrap_or_default();
    let (answer, changed) = extensions::serve(call, &mut properties, name)?;
    if changed {
        mailbox.write_folder(number, |folder| folder.properties = properties);
    }
    Ok(answer)
}
