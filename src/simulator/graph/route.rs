//! Which address means what.

use axum::http::{Method, StatusCode};
use serde_json::json;

use super::{
    answer::{Answer, Refused},
    asked::Asked,
    call::Call,
    caller, categories, delta, extensions, folders, identity, items, linked, view,
};
use crate::simulator::{item::ItemKind, mailbox::Mailbox};

/// What an address names, below the user.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target<'a> {
    User,
    MailboxSettings,
    Categories(Option<&'a str>),
    Translate,
    /// Folders of a kind, all or those in one.
    Folders(ItemKind, Option<&'a str>),
    FoldersDelta(ItemKind),
    /// One folder; the one where such items are at home if it is not named.
    Folder(ItemKind, Option<&'a str>),
    FolderForGood(ItemKind, &'a str),
    FolderExtensions(ItemKind, &'a str, Option<&'a str>),
    Items(ItemKind, Option<&'a str>),
    Delta(ItemKind, Option<&'a str>),
    View(Option<&'a str>),
    ViewDelta(Option<&'a str>),
    /// One item: its kind, the folder it is said to be in, its id.
    Item(ItemKind, Option<&'a str>, &'a str),
    ItemForGood(ItemKind, Option<&'a str>, &'a str),
    Instances,
    ItemExtensions(ItemKind, Option<&'a str>, &'a str, Option<&'a str>),
    Linked(&'a str, &'a str, Option<&'a str>),
}

pub(super) fn no_such_method(asked: &Asked) -> Refused {
    let text = format!("The HTTP method '{}' is not supported for this request.", asked.method);
    Refused::new(StatusCode::METHOD_NOT_ALLOWED, "UnsupportedHttpMethod", text)
}

/// The user that an address names, `None` for the one who asks; and what it names of theirs.
pub(super) fn target(segments: &[String]) -> Result<(Option<&str>, Target<'_>), Refused> {
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let (user, rest) = match segments.as_slice() {
        [me, rest @ ..] if me.eq_ignore_ascii_case("me") => (None, rest),
        [users, id, rest @ ..] if users.eq_ignore_ascii_case("users") => (Some(*id), rest),
        [first, ..] => return Err(Refused::segment(first)),
        [] => return Err(Refused::segment("")),
    };
    Ok((user, below(rest).ok_or_else(|| Refused::segment(rest.last().copied().unwrap_or_default()))?))
}

fn below<'a>(segments: &[&'a str]) -> Option<Target<'a>> {
    use ItemKind::{Contact, Event, Task};
    // Words of the service have no case; ids have.
    let words: Vec<String> = segments.iter().map(|segment| word(segment)).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (first, rest) = (words.first().copied(), words.get(1..).unwrap_or_default());
    let at = |place: usize| segments.get(place).copied();
    Some(match (first, rest) {
        (None, _) => Target::User,
        (Some("mailboxsettings"), []) => Target::MailboxSettings,
        (Some("translateexchangeids"), []) => Target::Translate,
        (Some("outlook"), ["mastercategories"]) => Target::Categories(None),
        (Some("outlook"), ["mastercategories", _]) => Target::Categories(at(2)),
        (Some("contacts"), rest) => items_below(Contact, None, &segments[1..], rest)?,
        (Some("events"), rest) => items_below(Event, None, &segments[1..], rest)?,
        (Some("calendarview"), []) | (Some("calendar"), ["calendarview"]) => Target::View(None),
        (Some("calendarview"), ["delta"]) | (Some("calendar"), ["calendarview", "delta"]) => Target::ViewDelta(None),
        (Some("calendar"), []) => Target::Folder(Event, None),
        (Some("calendar"), ["events", rest @ ..]) => items_below(Event, None, &segments[2..], rest)?,
        (Some("contactfolders"), rest) => folders_below(Contact, &segments[1..], rest)?,
        (Some("calendars"), [_, "calendarview"]) => Target::View(at(1)),
        (Some("calendars"), [_, "calendarview", "delta"]) => Target::ViewDelta(at(1)),
        (Some("calendars"), rest) => folders_below(Event, &segments[1..], rest)?,
        (Some("todo"), ["lists", rest @ ..]) => folders_below(Task, &segments[2..], rest)?,
        _ => return None,
    })
}

/// Functions and actions are written with or without parentheses and the name of their space.
fn word(segment: &str) -> String {
    let segment = segment.strip_suffix("()").unwrap_or(segment);
    segment.strip_prefix("microsoft.graph.").unwrap_or(segment).to_ascii_lowercase()
}

fn folders_below<'a>(kind: ItemKind, segments: &[&'a str], words: &[&str]) -> Option<Target<'a>> {
    let at = |place: usize| segments.get(place).copied();
    let members = match kind {
        ItemKind::Contact => "contacts",
        ItemKind::Event => "events",
        ItemKind::Task => "tasks",
    };
    Some(match words {
        [] => Target::Folders(kind, None),
        ["delta"] if kind != ItemKind::Event => Target::FoldersDelta(kind),
        [_] => Target::Folder(kind, at(0)),
        [_, "childfolders"] if kind == ItemKind::Contact => Target::Folders(kind, at(0)),
        [_, "permanentdelete"] if kind != ItemKind::Task => Target::FolderForGood(kind, at(0)?),
        [_, "extensions"] if kind == ItemKind::Task => Target::FolderExtensions(kind, at(0)?, None),
        [_, "extensions", _] if kind == ItemKind::Task => Target::FolderExtensions(kind, at(0)?, at(2)),
        [_, word, rest @ ..] if *word == members => items_below(kind, at(0), segments.get(2..)?, rest)?,
        _ => return None,
    })
}

fn items_below<'a>(
    kind: ItemKind,
    folder: Option<&'a str>,
    segments: &[&'a str],
    words: &[&str],
) -> Option<Target<'a>> {
    let at = |place: usize| segments.get(place).copied();
    Some(match words {
        [] => Target::Items(kind, folder),
        ["delta"] => Target::Delta(kind, folder),
        [_] => Target::Item(kind, folder, at(0)?),
        [_, "permanentdelete"] if kind != ItemKind::Task => Target::ItemForGood(kind, folder, at(0)?),
        [_, "instances"] if kind == ItemKind::Event => Target::Instances,
        [_, "extensions"] => Target::ItemExtensions(kind, folder, at(0)?, None),
        [_, "extensions", _] => Target::ItemExtensions(kind, folder, at(0)?, at(2)),
        [_, "linkedresources"] if kind == ItemKind::Task => Target::Linked(folder?, at(0)?, None),
        [_, "linkedresources", _] if kind == ItemKind::Task => Target::Linked(folder?, at(0)?, at(2)),
        _ => return None,
    })
}

impl Target<'_> {
    /// What the same deed is called in EWS: faults and counts name it so through both faces.
    pub(super) fn operation(&self, method: &str) -> &'static str {
        match (self, method) {
            (Self::Items(..), "POST") => "CreateItem",
            (Self::Items(..) | Self::View(_), _) => "FindItem",
            (Self::Item(..) | Self::ItemExtensions(..) | Self::Linked(..), "GET") => "GetItem",
            (Self::Item(..), "DELETE") | (Self::ItemForGood(..), _) => "DeleteItem",
            (Self::Item(..) | Self::ItemExtensions(..) | Self::Linked(..), _) => "UpdateItem",
            (Self::Delta(..) | Self::ViewDelta(_), _) => "SyncFolderItems",
            (Self::FoldersDelta(_), _) => "SyncFolderHierarchy",
            (Self::Folders(..), "POST") => "CreateFolder",
            (Self::Folders(..), _) => "FindFolder",
            (Self::Folder(..) | Self::FolderExtensions(..), "GET") => "GetFolder",
            (Self::Folder(..), "DELETE") | (Self::FolderForGood(..), _) => "DeleteFolder",
            (Self::Folder(..) | Self::FolderExtensions(..), _) => "UpdateFolder",
            (Self::Translate, _) => "ConvertId",
            (Self::User, _) => "User",
            (Self::MailboxSettings, _) => "MailboxSettings",
            (Self::Categories(_), _) => "MasterCategories",
            (Self::Instances, _) => "Instances",
        }
    }

    /// What a token must be good for, if it must: the first word of a permission.
    pub(super) fn permission(&self) -> Option<&'static str> {
        Some(match self {
            Self::User => return None,
            // Whose ids they are says who may read the user.
            Self::Translate => "User",
            Self::MailboxSettings | Self::Categories(_) => "MailboxSettings",
            Self::View(_) | Self::ViewDelta(_) | Self::Instances => "Calendars",
            Self::Linked(..) => "Tasks",
            Self::Folders(kind, _)
            | Self::FoldersDelta(kind)
            | Self::Folder(kind, _)
            | Self::FolderForGood(kind, _)
            | Self::FolderExtensions(kind, ..)
            | Self::Items(kind, _)
            | Self::Delta(kind, _)
            | Self::Item(kind, ..)
            | Self::ItemForGood(kind, ..)
            | Self::ItemExtensions(kind, ..) => match kind {
                ItemKind::Contact => "Contacts",
                ItemKind::Event => "Calendars",
                ItemKind::Task => "Tasks",
            },
        })
    }

    /// Whether a token must be good for writing.
    pub(super) fn writes(&self, method: &Method) -> bool {
        *method != Method::GET && !matches!(self, Self::Translate)
    }

    /// Whether it is about tasks.
    pub(super) fn is_of_tasks(&self) -> bool {
        self.permission() == Some("Tasks")
    }

    /// Does it.
    pub(super) fn carry_out(&self, call: &Call<'_>, mailbox: &mut Mailbox) -> Result<Answer, Refused> {
        let method = call.asked.method.as_str();
        let only = |wanted: &str| if method == wanted { Ok(()) } else { Err(no_such_method(call.asked)) };
        match *self {
            Self::User => only("GET").and_then(|()| user(call)),
            Self::MailboxSettings => {
                only("GET").map(|()| Answer::ok(json!({"timeZone": "UTC", "userPurpose": "user"})))
            }
            Self::Categories(id) => categories::serve(call, mailbox, id),
            Self::Translate => only("POST").and_then(|()| identity::translate(call, mailbox)),
            Self::Folders(kind, parent) => folders::collection(call, mailbox, kind, parent),
            Self::FoldersDelta(kind) => only("GET").and_then(|()| folders::delta(call, mailbox, kind)),
            Self::Folder(..) if method == "POST" => Err(no_such_method(call.asked)),
            Self::Folder(kind, id) => folders::serve(call, mailbox, kind, id, false),
            Self::FolderForGood(kind, id) => {
                only("POST").and_then(|()| folders::serve(call, mailbox, kind, Some(id), true))
            }
            Self::FolderExtensions(kind, id, name) => folders::extensions(call, mailbox, kind, id, name),
            Self::Items(kind, folder) => {
                let folder = folders::find(mailbox, kind, folder)?;
                match method {
                    "GET" => {
                        let found: Vec<_> =
                            mailbox.items_in(folder).into_iter().filter(|item| item.kind == kind).collect();
                        call.count_items(found.len());
                        view::collection(call, mailbox, kind, &found)
                    }
                    "POST" => items::create(call, mailbox, kind, folder),
                    _ => Err(no_such_method(call.asked)),
                }
            }
            Self::View(folder) => {
                only("GET")?;
                let folder = folders::find(mailbox, ItemKind::Event, folder)?;
                let (from, to) = delta::window(call.asked.option("startDateTime"), call.asked.option("endDateTime"))?;
                let mut found = mailbox.items_in(folder);
                found.retain(|item| item.kind == ItemKind::Event && super::event::touches(&item.properties, from, to));
                call.count_items(found.len());
                view::collection(call, mailbox, ItemKind::Event, &found)
            }
            Self::Delta(kind, folder) => {
                only("GET")?;
                delta::items(call, mailbox, kind, folders::find(mailbox, kind, folder)?, false)
            }
            Self::ViewDelta(folder) => {
                only("GET")?;
                let folder = folders::find(mailbox, ItemKind::Event, folder)?;
                delta::items(call, mailbox, ItemKind::Event, folder, true)
            }
            Self::Item(kind, folder, id) => {
                let folder = folder.map(|folder| folders::find(mailbox, kind, Some(folder))).transpose()?;
                match method {
                    "GET" => items::get(call, mailbox, kind, folder, id),
                    "PATCH" => items::change(call, mailbox, kind, folder, id),
                    "DELETE" => items::delete(call, mailbox, kind, folder, id, false),
                    _ => Err(no_such_method(call.asked)),
                }
            }
            Self::ItemForGood(kind, folder, id) => {
                only("POST")?;
                let folder = folder.map(|folder| folders::find(mailbox, kind, Some(folder))).transpose()?;
                items::delete(call, mailbox, kind, folder, id, true)
            }
            Self::Instances => Err(items::instances()),
            Self::ItemExtensions(kind, folder, id, name) => {
                let folder = folder.map(|folder| folders::find(mailbox, kind, Some(folder))).transpose()?;
                let item = items::find(mailbox, kind, folder, id)?;
                let (number, mut properties) = (item.number, item.properties.clone());
                let (answer, changed) = extensions::serve(call, &mut properties, name)?;
                if changed {
                    mailbox.write(number, call.now, |stored| *stored = properties);
                }
                Ok(answer)
            }
            Self::Linked(list, task, id) => {
                let list = folders::find(mailbox, ItemKind::Task, Some(list))?;
                linked::serve(call, mailbox, list, task, id)
            }
        }
    }
}

fn user(call: &Call<'_>) -> Result<Answer, Refused> {
    call.asked.knows(&["$select"])?;
    let name = call.mailbox.split('@').next().unwrap_or_default();
    Ok(Answer::ok(json!({
        "@odata.context": format!("{}/$metadata#users/$entity", call.asked.root),
        "id": caller::user_id(call.world, call.mailbox),
        "displayName": name,
        "mail": call.mailbox,
        "userPrincipalName": call.mailbox,
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str) -> Result<(Option<String>, String), String> {
        let segments: Vec<String> = path.split('/').map(str::to_owned).collect();
        match target(&segments) {
            Ok((user, target)) => Ok((user.map(str::to_owned), format!("{target:?}"))),
            Err(refused) => Err(refused.code),
        }
    }

    #[test]
    fn addresses_are_read_whatever_the_case_of_their_words() {
        for (path, expected) in [
            ("me", "User"),
            ("me/contactfolders/AbC/contacts/Id=", "Item(Contact, Some(\"AbC\"), \"Id=\")"),
            ("me/calendarView/microsoft.graph.delta()", "ViewDelta(None)"),
            ("me/calendars/X/calendarView/delta", "ViewDelta(Some(\"X\"))"),
            ("me/todo/lists/L/tasks/T/linkedResources/R", "Linked(\"L\", \"T\", Some(\"R\"))"),
            ("me/todo/lists/delta", "FoldersDelta(Task)"),
            ("me/events/E/permanentDelete", "ItemForGood(Event, None, \"E\")"),
        ] {
            assert_eq!(read(path), Ok((None, expected.to_owned())), "{path}");
        }
        let user = read("users/anna@kanzlei.example/calendar/events/E").expect("an address");
        assert_eq!(user, (Some("anna@kanzlei.example".to_owned()), "Item(Event, None, \"E\")".to_owned()));
        for path in
            ["", "groups", "me/messages", "me/events/E/attachments/A/x", "me/todo/tasks", "me/calendars/C/extensions"]
        {
            assert!(read(path).is_err(), "{path}");
        }
    }
}
