use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
    sync::Arc,
};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::Failure;
use crate::domain::{
    Body, Field, FolderId, ItemContent, ItemId, ItemRef, Kind, Place, Record, RemovalManner, Stamp, Value,
};

/// By which protocol a mailbox is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// Exchange Web Services: Exchange Server, hosted Exchange, and tenants of Exchange Online that still allow it.
    #[default]
    Ews,
    /// Microsoft Graph: Exchange Online.
    Graph,
}

impl Protocol {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ews => "ews",
            Self::Graph => "graph",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.word())
    }
}

impl FromStr for Protocol {
    type Err = ProtocolError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Ews, Self::Graph].into_iter().find(|one| one.word().eq_ignore_ascii_case(text)).ok_or(ProtocolError)
    }
}

/// The text is no protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no protocol that we know; there are `ews` and `graph`")]
pub struct ProtocolError;

/// Where the next observation of a folder continues: the server's own opaque token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SyncToken(pub String);

/// Which mailbox this really is, whatever address led here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MailboxIdentity {
    /// Host that serves it.
    pub server: String,
    /// The server's id of the mailbox's root folder.
    pub root: FolderId,
}

/// The value of the owner property on a folder: `<firm id>/<ledger id>/<epoch>`, or whatever stands there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Owner(pub String);

/// A folder that we sync into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// The server's id.
    pub id: FolderId,
    /// Who says that it writes here.
    pub owner: Option<Owner>,
}

/// One item of a folder, as a listing shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Which version of which item.
    pub item: ItemRef,
    /// The text of our stamp property, if it has one.
    pub stamp: Option<String>,
    /// The server's own creation time, where the listing says it.
    pub created: Option<jiff::Timestamp>,
    /// Where it lies.
    pub place: Place,
}

/// What changed in a folder since a token, all pages of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// New and changed items, stamped or not.
    pub changed: Vec<Sighting>,
    /// Items that left the folder.
    pub gone: Vec<ItemId>,
    /// Where to continue.
    pub next: SyncToken,
    /// True when no token was given or the server gave everything anew: what is not in `changed` is not there.
    pub complete: bool,
}

/// An item to be created.
#[derive(Clone, Debug)]
pub struct NewItem {
    /// Our mark; `None` for what becomes its user's.
    pub stamp: Option<Stamp>,
    /// What it shall hold. `notes` are taken from `body`.
    pub record: Arc<Record>,
    /// The whole body, our block within its markers.
    pub body: Option<Body>,
    /// The item that stood for the record before and is gone, where there was one: this is another creation than that was.
    pub replaces: Option<ItemId>,
}

/// A change to an item: these fields and no others.
#[derive(Clone, Debug)]
pub struct ItemChange {
    /// Contact, event or task.
    pub kind: Kind,
    /// The version that was seen; the server refuses if there is a newer one.
    pub item: ItemRef,
    /// Fields to set, except `notes`. `categories` are all that the item shall have, the user's own included.
    pub set: BTreeMap<Field, Value>,
    /// Fields to clear.
    pub clear: BTreeSet<Field>,
    /// The whole new body, if it changes.
    pub body: Option<Body>,
    /// What becomes of our stamp.
    pub stamp: StampChange,
}

/// What becomes of our stamp when an item is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StampChange {
    /// It stays as it is.
    Keep,
    /// The item gets this one.
    Set(Stamp),
    /// The item loses it: it is its user's from now on.
    Remove,
}

/// An item to be removed, if it is still the version that was seen.
#[derive(Clone, Debug)]
pub struct Removal {
    /// Contact, event or task.
    pub kind: Kind,
    /// The version that was seen.
    pub item: ItemRef,
    /// Into Deleted Items or for good.
    pub manner: RemovalManner,
}

/// The answer for one item of a batch.
pub type ItemOutcome<T> = Result<T, Failure>;

/// One mailbox, whatever protocol reaches it. Methods take batches and answer per item, in order.
///
/// The outer `Err` means the whole call: for a write it means that *the outcome is unknown unless the kind is*
/// [`BatchRefused`](super::FailureKind::BatchRefused), and the caller must look before writing again. The inner `Err` means
/// one item: for a write its outcome is unknown if the kind is `Transient`, `TooMuch` or `Malformed`, and it was not written
/// otherwise.
#[async_trait]
pub trait Mailbox: Send + Sync {
    /// Which mailbox this really is.
    async fn identity(&self) -> Result<MailboxIdentity, Failure>;

    /// The folder for a kind, with its owner property; made if it is one of our own and missing.
    async fn folder(&self, kind: Kind) -> Result<Folder, Failure>;

    /// Writes the owner property of a folder.
    async fn claim(&self, folder: &FolderId, kind: Kind, owner: &Owner) -> Result<(), Failure>;

    /// What changed since the token; everything without one.
    async fn changes(&self, folder: &FolderId, since: Option<&SyncToken>) -> Result<Changes, Failure>;

    /// Looks for items with these stamps (all stamped items if `None`) in the mailbox's *other* folders of that class and in
    /// Deleted Items. The home folder is not searched.
    async fn find_elsewhere(
        &self,
        kind: Kind,
        home: &FolderId,
        stamps: Option<&[Stamp]>,
    ) -> Result<Vec<Sighting>, Failure>;

    /// Reads items in full; `Ok(None)` for one that is not there.
    async fn read(&self, kind: Kind, items: &[ItemId]) -> Result<Vec<ItemOutcome<Option<ItemContent>>>, Failure>;

    /// Creates items in a folder.
    async fn create(&self, folder: &FolderId, items: &[NewItem]) -> Result<Vec<ItemOutcome<ItemRef>>, Failure>;

    /// Changes items.
    async fn update(&self, changes: &[ItemChange]) -> Result<Vec<ItemOutcome<ItemRef>>, Failure>;

    /// Removes items, after comparing their versions. An item that is not there counts as removed.
    async fn delete(&self, removals: &[Removal]) -> Result<Vec<ItemOutcome<()>>, Failure>;

    /// By which ids `into` knows items of this mailbox, as far as this service can say: of this protocol's own ids, or of ids
    /// that are to become its own. Several may be meant; none of them is certain. Who cannot say it says nothing.
    async fn translate(
        &self,
        kind: Kind,
        items: &[ItemId],
        into: Protocol,
    ) -> Result<BTreeMap<ItemId, Vec<ItemId>>, Failure> {
        let _ = (kind, items, into);
        Ok(BTreeMap::new())
    }

    /// What the server says it is (build, product), for `check` and for what is learned per server.
    fn server_version(&self) -> Option<String>;
}
