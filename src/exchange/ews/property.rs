//! One property of an item: where it is (its path) and what it holds. A codec turns a field into properties; `CreateItem`
//! writes them all in the order of the schema, `UpdateItem` one by one.

use crate::{
    domain::{Body, BodyFormat, Kind},
    xml::{Element, Writer},
};

/// Our own property set. Drawn at random once; it must never change, or no item is found again.
pub(in crate::exchange) const PROPERTY_SET: &str = "eebbaf8c-842f-4851-9d67-ca9ef1b9409b";
/// Name of the stamp, on items, whatever protocol reads it.
pub(in crate::exchange) const STAMP_NAME: &str = "PocketDocketKey";
/// Name of the property that says who writes here, on folders.
pub(in crate::exchange) const OWNER_NAME: &str = "PocketDocketOwner";
/// The stamp.
pub(super) const STAMP: Extended = Extended::Named(STAMP_NAME);
/// Who writes here.
pub(super) const OWNER: Extended = Extended::Named(OWNER_NAME);
/// `PidTagDisplayNamePrefix`: the schema has no writable element for a title before the name.
/// <https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxprops/>
pub(super) const NAME_TITLE: Extended = Extended::Tagged("0x3A45");

/// Where the practice system shows a task. Tasks of Exchange have no place for a page, and To Do has one.
pub(super) const WEB_PAGE: Extended = Extended::Named("PocketDocketWebPage");

/// A text property that the schema has no element for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extended {
    /// In our property set.
    Named(&'static str),
    /// By its MAPI tag.
    Tagged(&'static str),
}

impl Extended {
    /// Writes its path.
    pub(super) fn write_path(self, writer: &mut Writer) {
        match self {
            Self::Named(name) => writer.empty(
                "t:ExtendedFieldURI",
                &[("PropertySetId", PROPERTY_SET), ("PropertyName", name), ("PropertyType", "String")],
            ),
            Self::Tagged(tag) => {
                writer.empty("t:ExtendedFieldURI", &[("PropertyTag", tag), ("PropertyType", "String")]);
            }
        }
    }

    /// Writes path and value.
    pub(super) fn write(self, writer: &mut Writer, value: &str) {
        writer.element("t:ExtendedProperty", &[], |writer| {
            self.write_path(writer);
            writer.text("t:Value", value);
        });
    }

    /// Its value in an item or folder. Servers differ in the case of what they echo.
    pub(super) fn read(self, element: &Element) -> Option<&str> {
        element.children_named("ExtendedProperty").find_map(|property| {
            let path = property.child("ExtendedFieldURI")?;
            let is = |attribute, value: &str| {
                path.attribute(attribute).is_some_and(|found| found.eq_ignore_ascii_case(value))
            };
            let found = match self {
                Self::Named(name) => is("PropertySetId", PROPERTY_SET) && is("PropertyName", name),
                Self::Tagged(tag) => is("PropertyTag", tag),
            };
            found.then(|| property.text_of("Value")).flatten()
        })
    }
}

/// Where a property is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Path {
    /// `item:Subject`.
    Field(&'static str),
    /// `contacts:PhoneNumber`, `MobilePhone`.
    Indexed(&'static str, &'static str),
    /// A property without element.
    Extended(Extended),
}

impl Path {
    /// Writes it.
    pub(super) fn write(self, writer: &mut Writer) {
        match self {
            Self::Field(uri) => writer.empty("t:FieldURI", &[("FieldURI", uri)]),
            Self::Indexed(uri, index) => {
                writer.empty("t:IndexedFieldURI", &[("FieldURI", uri), ("FieldIndex", index)]);
            }
            Self::Extended(extended) => extended.write_path(writer),
        }
    }
}

/// What a property holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// `<t:Subject>text</t:Subject>`.
    Text(&'static str, String),
    /// The body.
    Body(Body),
    /// `<t:Categories><t:String>..`.
    Strings(&'static str, Vec<String>),
    /// `<t:PhoneNumbers><t:Entry Key="..">text`: list, key, text.
    Entry(&'static str, &'static str, String),
    /// `<t:PhysicalAddresses><t:Entry Key=".."><t:City>text`: key, part, text.
    AddressPart(&'static str, &'static str, String),
    /// `<t:StartTimeZone Id=".."/>`.
    Zone(&'static str, &'static str),
    /// A property without element.
    Extended(Extended, String),
}

/// One property: `None` takes it away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Property {
    pub(super) path: Path,
    pub(super) content: Option<Content>,
}

impl Property {
    /// A property with one text element; an empty text takes it away.
    pub(super) fn text(uri: &'static str, element: &'static str, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { path: Path::Field(uri), content: (!text.is_empty()).then_some(Content::Text(element, text)) }
    }

    /// A property that is taken away.
    pub(super) fn none(path: Path) -> Self {
        Self { path, content: None }
    }

    /// The stamp.
    pub(super) fn stamp(text: String) -> Self {
        Self { path: Path::Extended(STAMP), content: Some(Content::Extended(STAMP, text)) }
    }

    /// The stamp, taken away.
    pub(super) fn no_stamp() -> Self {
        Self::none(Path::Extended(STAMP))
    }

    /// The body.
    pub(super) fn body(body: Body) -> Self {
        Self { path: Path::Field("item:Body"), content: Some(Content::Body(body)) }
    }
}

/// The order in which the schema wants the elements of an item (`types.xsd`: `ItemType`, then each kind's own).
const ORDER: &[&str] = &[
    "Subject",
    "Sensitivity",
    "Body",
    "Categories",
    "Importance",
    "ReminderDueBy",
    "ReminderIsSet",
    "ReminderMinutesBeforeStart",
    "ExtendedProperty",
    // Contact
    "FileAs",
    "DisplayName",
    "GivenName",
    "MiddleName",
    "Nickname",
    "CompanyName",
    "EmailAddresses",
    "PhysicalAddresses",
    "PhoneNumbers",
    "AssistantName",
    "Birthday",
    "BusinessHomePage",
    "Department",
    "Generation",
    "JobTitle",
    "Surname",
    // CalendarItem
    "Start",
    "End",
    "IsAllDayEvent",
    "LegacyFreeBusyStatus",
    "Location",
    "StartTimeZone",
    "EndTimeZone",
    // Task
    "DueDate",
    "PercentComplete",
    "StartDate",
    "Status",
];
const ADDRESS_PARTS: &[&str] = &["Street", "City", "State", "CountryOrRegion", "PostalCode"];

fn rank(order: &[&str], name: &str) -> usize {
    order.iter().position(|known| *known == name).unwrap_or(order.len())
}

impl Content {
    fn element(&self) -> &'static str {
        match self {
            Self::Text(name, _) | Self::Strings(name, _) | Self::Entry(name, ..) | Self::Zone(name, _) => name,
            Self::Body(_) => "Body",
            Self::AddressPart(..) => "PhysicalAddresses",
            Self::Extended(..) => "ExtendedProperty",
        }
    }

    fn write(&self, writer: &mut Writer) {
        match self {
            Self::Text(name, text) => writer.text(&format!("t:{name}"), text),
            Self::Body(body) => {
                let format = match body.format {
                    BodyFormat::Text => "Text",
                    BodyFormat::Html => "HTML",
                };
                writer.text_with("t:Body", &[("BodyType", format)], body.text.reveal());
            }
            Self::Strings(name, strings) => writer.element(&format!("t:{name}"), &[], |writer| {
                for string in strings {
                    writer.text("t:String", string);
                }
            }),
            Self::Entry(..) | Self::AddressPart(..) => write_dictionary(writer, &[self]),
            Self::Zone(name, id) => writer.empty(&format!("t:{name}"), &[("Id", id)]),
            Self::Extended(extended, text) => extended.write(writer, text),
        }
    }
}

/// Writes entries of one list (`EmailAddresses`, `PhoneNumbers`, `PhysicalAddresses`).
fn write_dictionary(writer: &mut Writer, entries: &[&Content]) {
    let Some(list) = entries.first().map(|entry| entry.element()) else { return };
    writer.element(&format!("t:{list}"), &[], |writer| {
        let mut keys_done: Vec<&str> = Vec::new();
        for entry in entries {
            match entry {
                Content::Entry(_, key, text) => writer.text_with("t:Entry", &[("Key", key)], text),
                Content::AddressPart(key, ..) if !keys_done.contains(key) => {
                    keys_done.push(key);
                    let mut parts: Vec<_> = entries
                        .iter()
                        .filter_map(|part| match part {
                            Content::AddressPart(of, name, text) if of == key => Some((*name, text)),
                            _ => None,
                        })
                        .collect();
                    parts.sort_by_key(|(name, _)| rank(ADDRESS_PARTS, name));
                    writer.element("t:Entry", &[("Key", key)], |writer| {
                        for (name, text) in parts {
                            writer.text(&format!("t:{name}"), text);
                        }
                    });
                }
                _ => {}
            }
        }
    });
}

/// What an item of a kind is called in the schema.
pub(super) fn item_element(kind: Kind) -> &'static str {
    match kind {
        Kind::Contact => "t:Contact",
        Kind::Event => "t:CalendarItem",
        Kind::Task => "t:Task",
    }
}

/// Writes a whole new item.
pub(super) fn write_item(writer: &mut Writer, kind: Kind, properties: &[Property]) {
    let mut contents: Vec<&Content> = properties.iter().filter_map(|property| property.content.as_ref()).collect();
    contents.sort_by_key(|content| rank(ORDER, content.element()));
    writer.element(item_element(kind), &[], |writer| {
        for group in contents.chunk_by(|one, other| one.element() == other.element()) {
            match group {
                [Content::Entry(..) | Content::AddressPart(..), ..] => write_dictionary(writer, group),
                _ => group.iter().for_each(|content| content.write(writer)),
            }
        }
    });
}

/// Writes what changes in an item, one property after the other.
pub(super) fn write_updates(writer: &mut Writer, kind: Kind, properties: &[Property]) {
    for property in properties {
        match &property.content {
            Some(content) => writer.element("t:SetItemField", &[], |writer| {
                property.path.write(writer);
                writer.element(item_element(kind), &[], |writer| content.write(writer));
            }),
            None => writer.element("t:DeleteItemField", &[], |writer| property.path.write(writer)),
        }
    }
}
