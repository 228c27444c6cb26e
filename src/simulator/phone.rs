//! The user's phone, played: what people do to items while a program syncs them.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use quick_xml::escape::escape;
use serde::Deserialize;

use super::{
    SimulatorError,
    ews::rules,
    item::{Item, ItemKind, Property},
    mailbox::Mailbox,
    world::World,
};
use crate::domain::Kind;

/// One thing that somebody does on the phone. `item` is an item's id, or its stamp, or its subject or display name where only
/// one item has it. `folder` is a folder's name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum PhoneAction {
    /// Writes a text into a field (`item:Subject`, `contacts:PhoneNumber#MobilePhone`), or empties it.
    Edit {
        /// Which item.
        item: String,
        /// The field's EWS path.
        field: String,
        /// What it shall hold; nothing if `None`.
        value: Option<String>,
    },
    /// Copies an item, into its own folder or another.
    Copy {
        /// Which item.
        item: String,
        /// The folder for the copy.
        #[serde(default)]
        folder: Option<String>,
    },
    /// Moves an item.
    Move {
        /// Which item.
        item: String,
        /// Where to.
        folder: String,
    },
    /// Deletes an item, into Deleted Items.
    Delete {
        /// Which item.
        item: String,
    },
    /// Deletes an item for good.
    DeleteForGood {
        /// Which item.
        item: String,
    },
    /// Ticks a task off.
    Complete {
        /// Which task.
        item: String,
    },
    /// Dismisses a reminder.
    Dismiss {
        /// Which item.
        item: String,
    },
    /// Adds an item of the user's own.
    Add {
        /// Contact, event or task.
        kind: ItemKind,
        /// Its fields by EWS path. Instants are written as `2026-11-23T09:00:00Z`.
        fields: BTreeMap<String, String>,
    },
    /// Writes text before and after what the notes hold.
    WriteAround {
        /// Which item.
        item: String,
        /// Text to put before.
        #[serde(default)]
        before: String,
        /// Text to put after.
        #[serde(default)]
        after: String,
    },
    /// Replaces the notes by HTML that shows the same, as Outlook does when somebody formats a word.
    ConvertToHtml {
        /// Which item.
        item: String,
    },
    /// Makes a folder beside the one where such items are at home.
    MakeFolder {
        /// Its name.
        name: String,
        /// For items of this kind.
        kind: ItemKind,
    },
}

/// The phone of one mailbox's user. Each method does one thing and returns the id of the item as it then is.
#[derive(Clone, Debug)]
pub struct Phone {
    pub(super) world: Arc<World>,
    pub(super) address: String,
}

impl Phone {
    /// Does something.
    ///
    /// # Errors
    /// When there is no such mailbox, item or folder.
    pub fn play(&self, action: &PhoneAction) -> Result<String, SimulatorError> {
        self.world.change(&self.address, |mailbox| play(mailbox, action, Timestamp::now()))?
    }

    /// Writes a text into a field; `None` empties it.
    pub fn edit(&self, item: &str, field: &str, value: Option<&str>) -> Result<String, SimulatorError> {
        self.play(&PhoneAction::Edit {
            item: item.to_owned(),
            field: field.to_owned(),
            value: value.map(str::to_owned),
        })
    }

    /// Copies an item within its folder.
    pub fn copy(&self, item: &str) -> Result<String, SimulatorError> {
        self.play(&PhoneAction::Copy { item: item.to_owned(), folder: None })
    }

    /// Moves an item into a folder, by the folder's name.
    pub fn move_to(&self, item: &str, folder: &str) -> Result<String, SimulatorError> {
        self.play(&PhoneAction::Move { item: item.to_owned(), folder: folder.to_owned() })
    }

    /// Deletes an item, into Deleted Items.
    pub fn delete(&self, item: &str) -> Result<String, SimulatorError> {
        self.play(&PhoneAction::Delete { item: item.to_owned() })
    }

    /// Deletes an item for good.
    pub fn delete_for_good(&self, item: &str) -> Result<String, SimulatorError> {
        self.play(&PhoneAction::DeleteForGood { item: item.to_owned() })
    }

    /// Ticks a task off.
    pub fn complete(&self, item: &str) -> Result<String, SimulatorError> {
        self.play(&PhoneAction::Complete { item: item.to_owned() })
    }

    /// Dismisses a reminder.
    pub fn dismiss(&self, item: &str) -> Result<String, SimulatorError> {
        self.play(&PhoneAction::Dismiss { item: item.to_owned() })
    }

    /// Adds an item of the user's own, with fields by EWS path.
    pub fn add(&self, kind: Kind, fields: &[(&str, &str)]) -> Result<String, SimulatorError> {
        let fields = fields.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())).collect();
        self.play(&PhoneAction::Add { kind: kind.into(), fields })
    }

    /// Writes text before and after what the notes hold.
    pub fn write_around(&self, item: &str, before: &str, after: &str) -> Result<String, SimulatorError> {
        self.play(&PhoneAction::WriteAround {
            item: item.to_owned(),
            before: before.to_owned(),
            after: after.to_owned(),
        })
    }

    /// Replaces the notes by HTML that shows the same.
    pub fn convert_to_html(&self, item: &str) -> Result<String, SimulatorError> {
        self.play(&PhoneAction::ConvertToHtml { item: item.to_owned() })
    }

    /// Makes a folder for items of a kind.
    pub fn make_folder(&self, name: &str, kind: Kind) -> Result<String, SimulatorError> {
        self.play(&PhoneAction::MakeFolder { name: name.to_owned(), kind: kind.into() })
    }
}

fn find<'a>(mailbox: &'a Mailbox, name: &str) -> Result<&'a Item, SimulatorError> {
    if let Some(item) = mailbox.item_by_id(name) {
        return Ok(item);
    }
    let called = |item: &&Item| {
        let names = [item.stamp(), item.text("item:Subject"), item.text("contacts:DisplayName")];
        names.into_iter().flatten().any(|known| known == name)
    };
    let mut found = mailbox.items.values().filter(called);
    match (found.next(), found.next()) {
        (Some(item), None) => Ok(item),
        (None, _) => Err(SimulatorError::NoItem(name.to_owned())),
        (Some(_), Some(_)) => Err(SimulatorError::SeveralItems(name.to_owned())),
    }
}

fn folder(mailbox: &Mailbox, name: &str) -> Result<u64, SimulatorError> {
    mailbox
        .distinguished(name)
        .or_else(|| mailbox.folders.values().find(|folder| folder.name == name).map(|folder| folder.number))
        .ok_or_else(|| SimulatorError::NoFolder(name.to_owned()))
}

fn play(mailbox: &mut Mailbox, action: &PhoneAction, now: Timestamp) -> Result<String, SimulatorError> {
    let number = match action {
        PhoneAction::Edit { item, field, value } => {
            let number = find(mailbox, item)?.number;
            mailbox.write(number, now, |properties| match value {
                Some(value) => {
                    properties.insert(field.clone(), property(field, value));
                }
                None => {
                    properties.remove(field);
                }
            });
            number
        }
        PhoneAction::Copy { item, folder: name } => {
            let (number, home) = {
                let item = find(mailbox, item)?;
                (item.number, item.folder)
            };
            let target = name.as_ref().map_or(Ok(home), |name| folder(mailbox, name))?;
            mailbox.copy(number, target, now).unwrap_or(number)
        }
        PhoneAction::Move { item, folder: name } => {
            let number = find(mailbox, item)?.number;
            let target = folder(mailbox, name)?;
            mailbox.relocate(number, target, now);
            number
        }
        PhoneAction::Delete { item } => {
            let number = find(mailbox, item)?.number;
            let target = folder(mailbox, "deleteditems")?;
            mailbox.relocate(number, target, now);
            number
        }
        PhoneAction::DeleteForGood { item } => {
            let (number, id) = {
                let item = find(mailbox, item)?;
                (item.number, item.id.clone())
            };
            mailbox.remove(number);
            return Ok(id);
        }
        PhoneAction::Complete { item } => {
            let number = find(mailbox, item)?.number;
            mailbox.write(number, now, |properties| complete(properties, now));
            number
        }
        PhoneAction::Dismiss { item } => {
            let number = find(mailbox, item)?.number;
            mailbox.write(number, now, |properties| {
                properties.insert("item:ReminderIsSet".to_owned(), Property::text("false"));
            });
            number
        }
        PhoneAction::Add { kind, fields } => {
            let home = match kind {
                ItemKind::Contact => "contacts",
                ItemKind::Event => "calendar",
                ItemKind::Task => "tasks",
            };
            let home = folder(mailbox, home)?;
            let mut fields = fields.iter().map(|(path, value)| (path.clone(), property(path, value))).collect();
            rules::defaults(*kind, &mut fields, false);
            mailbox.add(home, *kind, fields, now)
        }
        PhoneAction::WriteAround { item, before, after } => {
            let number = find(mailbox, item)?.number;
            mailbox.write(number, now, |properties| {
                let body = properties.entry("item:Body".to_owned()).or_insert_with(empty_body);
                if let Property::Body { text, .. } = body {
                    *text = format!("{before}{text}{after}");
                }
            });
            number
        }
        PhoneAction::ConvertToHtml { item } => {
            let number = find(mailbox, item)?.number;
            mailbox.write(number, now, |properties| {
                let body = properties.entry("item:Body".to_owned()).or_insert_with(empty_body);
                if let Property::Body { html: html @ false, text } = body {
                    *html = true;
                    let lines = escape(text.as_str()).replace("\r\n", "\n").replace('\n', "<br>\r\n");
                    *text = format!("<html><head></head><body><div>{lines}</div></body></html>");
                }
            });
            number
        }
        PhoneAction::MakeFolder { name, kind } => {
            let parent = folder(mailbox, "msgfolderroot")?;
            let number = mailbox.add_folder(Some(parent), name, kind.folder_class(), None);
            return Ok(mailbox.folders.get(&number).map(|folder| folder.id.clone()).unwrap_or_default());
        }
    };
    Ok(mailbox.items.get(&number).map(|item| item.id.clone()).unwrap_or_default())
}

fn property(path: &str, value: &str) -> Property {
    match path {
        "item:Body" => Property::Body { html: false, text: value.to_owned() },
        "item:Categories" => Property::List(value.split(';').map(|name| name.trim().to_owned()).collect()),
        _ => Property::text(value),
    }
}

fn empty_body() -> Property {
    Property::Body { html: false, text: String::new() }
}

/// Sets everything that goes with a finished task.
pub(super) fn complete(properties: &mut BTreeMap<String, Property>, now: Timestamp) {
    for (path, value) in [("task:Status", "Completed"), ("task:PercentComplete", "100")] {
        properties.insert(path.to_owned(), Property::text(value));
    }
    let day = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    properties.insert("task:CompleteDate".to_owned(), Property::text(format!("{day}T00:00:00Z")));
}
