use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Field, Personal, Value};

macro_rules! opaque {
    ($($(#[$doc:meta])* $name:ident),+) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(&self.0)
            }
        }
    )+ };
}

opaque! {
    /// A server's name for an item: opaque, case-sensitive, different after a move.
    ItemId,
    /// A server's name for one version of an item: opaque, compared only for equality.
    ChangeKey,
    /// A server's name for a folder: opaque, stable.
    FolderId
}

/// One version of one item.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ItemRef {
    /// Which item.
    pub id: ItemId,
    /// Which version of it.
    pub change_key: ChangeKey,
}

/// Where in a mailbox an item lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// The folder we sync this kind into.
    Home,
    /// Another folder of the same class: the user moved it there.
    Elsewhere(FolderId),
    /// Deleted Items.
    Deleted,
}

/// How an item is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RemovalManner {
    /// Into Deleted Items, where the user can find it.
    ToDeletedItems,
    /// For good: for what the user may not see any more.
    ForGood,
}

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BodyFormat {
    /// Plain text.
    Text,
    /// HTML, as Outlook makes of it once somebody edited there.
    Html,
}

/// The whole body of an item: our block and what the user wrote around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// Text or HTML.
    pub format: BodyFormat,
    /// The body itself.
    pub text: Personal<String>,
}

/// What an item hangs together with beyond itself, so that nobody but its owner should touch it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
    /// Other people are on it.
    Meeting,
    /// It is a series, or one day of one.
    Series,
}

/// An item as the server gives it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemContent {
    /// Which version this is.
    pub item: ItemRef,
    /// The text of our stamp property, whatever it says.
    pub stamp: Option<String>,
    /// The folder it lies in, where the server says so.
    pub folder: Option<FolderId>,
    /// What it hangs together with, if it does.
    #[serde(default)]
    pub bound: Option<Bound>,
    /// The server's own creation time. Compared with other server times only, never with our clock.
    pub created: Option<Timestamp>,
    /// All fields that have a value, except `notes`, which are a part of the body. `categories` are all of the item's.
    pub fields: BTreeMap<Field, Value>,
    /// The whole body, if there is one.
    pub body: Option<Body>,
}
