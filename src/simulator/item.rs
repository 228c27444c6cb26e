use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::Kind;

/// The name of the property that carries Pocket Docket's mark, in whatever property set. The simulator gives it no meaning
/// of its own; views show it so that tests can ask whose an item is.
const STAMP_NAME: &str = "/name:PocketDocketKey/String";
/// What every such mark begins with.
const STAMP_START: &str = "v1/";

/// Where a task keeps what it is about in other programs, as JSON: Graph knows it, EWS does not.
pub(crate) const LINKED_RESOURCES: &str = "kept:LinkedResources";

/// What sort of item it is, which decides the fields it can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ItemKind {
    /// `IPM.Contact`.
    Contact,
    /// `IPM.Appointment`.
    Event,
    /// `IPM.Task`.
    Task,
}

impl ItemKind {
    /// The element that holds such an item in EWS.
    pub(crate) fn element(self) -> &'static str {
        match self {
            Self::Contact => "Contact",
            Self::Event => "CalendarItem",
            Self::Task => "Task",
        }
    }

    /// The kind of item that an EWS element holds.
    pub(crate) fn of_element(name: &str) -> Option<Self> {
        [Self::Contact, Self::Event, Self::Task].into_iter().find(|kind| kind.element() == name)
    }

    /// The class that a store gives such an item.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Contact => "IPM.Contact",
            Self::Event => "IPM.Appointment",
            Self::Task => "IPM.Task",
        }
    }

    /// The class of the folders in which such items are at home.
    pub(crate) fn folder_class(self) -> &'static str {
        match self {
            Self::Contact => "IPF.Contact",
            Self::Event => "IPF.Appointment",
            Self::Task => "IPF.Task",
        }
    }
}

impl From<ItemKind> for Kind {
    fn from(kind: ItemKind) -> Self {
        match kind {
            ItemKind::Contact => Self::Contact,
            ItemKind::Event => Self::Event,
            ItemKind::Task => Self::Task,
        }
    }
}

impl From<Kind> for ItemKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Contact => Self::Contact,
            Kind::Event => Self::Event,
            Kind::Task => Self::Task,
        }
    }
}

/// What one property of an item holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Property {
    /// Text, and everything that is written as one word: numbers, truth values, instants (always `…Z`).
    Text(String),
    /// Several texts, such as categories.
    List(Vec<String>),
    /// A body.
    Body {
        /// HTML, or plain text.
        html: bool,
        /// The body itself.
        text: String,
    },
    /// Something that the simulator keeps and gives back without understanding it, as XML (a recurrence, attendees).
    Fragment(String),
}

impl Property {
    /// Text from anything that can become one.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The property as one text.
    pub fn as_text(&self) -> String {
        match self {
            Self::Text(text) | Self::Body { text, .. } | Self::Fragment(text) => text.clone(),
            Self::List(texts) => texts.join("; "),
        }
    }
}

/// One item of a mailbox: a bag of properties, by EWS field path (`item:Subject`, `contacts:PhoneNumber#MobilePhone`,
/// `contacts:PhysicalAddress:City#Business`, `extended:<set>/name:<name>/<type>`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Opaque, case-sensitive, another one after a move.
    pub id: String,
    /// Contact, event or task.
    pub kind: ItemKind,
    /// When the server says that it was made.
    pub created: Timestamp,
    /// When it was last written.
    pub modified: Timestamp,
    /// What it holds.
    pub properties: BTreeMap<String, Property>,
    /// The folder it lies in.
    pub(crate) folder: u64,
    /// Never changes, names the item inside the simulator.
    pub(crate) number: u64,
    /// The mailbox's sequence number at its last write; the change key is made of it.
    pub(crate) version: u64,
    /// The mailbox's sequence number when it came into its folder.
    pub(crate) arrived: u64,
}

impl Item {
    /// A property as text.
    pub fn text(&self, path: &str) -> Option<String> {
        self.properties.get(path).map(Property::as_text)
    }

    /// An instant.
    pub fn time(&self, path: &str) -> Option<Timestamp> {
        self.text(path)?.parse().ok()
    }

    /// Whether a truth value is there and true.
    pub fn is(&self, path: &str) -> bool {
        self.text(path).as_deref() == Some("true")
    }

    /// Pocket Docket's mark, if it has one. Where Graph alone was used a task has it among its linked resources.
    pub fn stamp(&self) -> Option<String> {
        let named = self
            .properties
            .range("extended:".to_owned()..)
            .take_while(|(path, _)| path.starts_with("extended:"))
            .find(|(path, _)| path.ends_with(STAMP_NAME));
        named.map(|(_, value)| value.as_text()).or_else(|| {
            let linked: Vec<serde_json::Value> = serde_json::from_str(&self.text(LINKED_RESOURCES)?).ok()?;
            let ids = linked.iter().filter_map(|resource| resource.get("externalId")?.as_str());
            ids.into_iter().find(|id| id.starts_with(STAMP_START)).map(str::to_owned)
        })
    }

    /// The current change key.
    pub fn change_key(&self) -> String {
        change_key(self.number, self.version)
    }
}

/// A change key as servers write them: opaque, and different after each write.
pub(crate) fn change_key(number: u64, version: u64) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let mut bytes = vec![0x11, 0, 0, 0, 0x16, 0, 0, 0];
    bytes.extend(number.to_be_bytes());
    bytes.extend(version.to_be_bytes());
    STANDARD.encode(bytes)
}

/// The number and the version that a change key names.
pub(crate) fn read_change_key(text: &str) -> Option<(u64, u64)> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let bytes = STANDARD.decode(text).ok()?;
    let number = bytes.get(8..16)?.try_into().ok()?;
    let version = bytes.get(16..24)?.try_into().ok()?;
    (bytes.len() == 24).then(|| (u64::from_be_bytes(number), u64::from_be_bytes(version)))
}
