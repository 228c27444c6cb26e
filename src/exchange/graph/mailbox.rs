//! One mailbox, as the engine sees it.

mod categories;
mod folders;
mod observe;
mod outside;
mod queue;
mod translate;
mod write;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use tokio::sync::Semaphore;
use url::Url;

use super::{
    ask::{Ask, segment, with_options},
    batch::{LONGEST_CHAIN as BATCHED, SIDE_BY_SIDE},
    codec::{Codec, item_ref, list_and_task},
    entity,
};
use crate::{
    diagnosis::Cause,
    domain::{FolderId, ItemContent, ItemId, ItemRef, Kind, Stamp},
    exchange::{LinkAddress, OwnFolders, Settings, Shared, throttle::Throttle, transport::Link},
    ports::{
        Authenticator, Changes, Failure, FailureKind, Folder, ItemChange, ItemOutcome, Mailbox, MailboxIdentity,
        NewItem, Owner, Protocol, Removal, Sighting, SyncToken,
    },
};

/// Whose mailbox is written into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// That of who signs in.
    Own,
    /// That of this address, which who signs in has access to.
    Shared(String),
    /// That of this address: one of those that an app may write into, by itself.
    ByApp(String),
}

/// So many items are read from a listing of their folder.
const LISTED_FROM: usize = 100;

/// A mailbox behind Graph.
pub struct GraphMailbox {
    link: Link,
    address: LinkAddress,
    /// `/me` or `/users/ADDRESS`.
    root: String,
    /// It is another's, whose owner or administrator gave us access to it.
    shared: bool,
    /// An app comes by itself: Exchange says whose mailboxes it may touch.
    by_app: bool,
    folders: OwnFolders,
    codec: Codec,
    /// The requests that a mailbox takes at a time.
    lanes: Semaphore,
    learned: Mutex<Learned>,
}

/// What is learned from answers.
#[derive(Debug, Default)]
struct Learned {
    throttle: Throttle,
    /// The folder that we write a kind into.
    homes: BTreeMap<Kind, FolderId>,
    /// Categories that have a colour, in small letters; nothing before they were asked for.
    coloured: Option<BTreeSet<String>>,
    /// What was read since the last look: an item that a delta names in the same version is not read again for it. At most
    /// [`LISTED_FROM`] of a kind, for more are listed.
    read: BTreeMap<Kind, BTreeMap<ItemId, Sighting>>,
    /// The service has no way to remove an item for good.
    removes_into_bin_only: bool,
}

impl GraphMailbox {
    /// A mailbox behind the service at this address (`https://graph.microsoft.com/v1.0`). Connects with the first call.
    ///
    /// # Errors
    /// [`FailureKind::Setting`] if the address may not be used: plain HTTP to another machine, say.
    pub fn connect(
        settings: &Settings,
        link: LinkAddress,
        whose: &Whose,
        authenticator: Arc<dyn Authenticator>,
        shared: Arc<Shared>,
    ) -> Result<Self, Failure> {
        let acting_as = authenticator.acting_as().map(str::to_owned);
        let root = match (acting_as, whose) {
            (Some(address), _) => format!("/users/{}", segment(&address)),
            (None, Whose::Shared(address) | Whose::ByApp(address)) => format!("/users/{}", segment(address)),
            (None, Whose::Own) => "/me".to_owned(),
        };
        Ok(Self {
            codec: Codec::new(&link.zone),
            link: Link::new(&link, authenticator, shared)?,
            address: link,
            shared: matches!(whose, Whose::Shared(_)),
            root,
            by_app: matches!(whose, Whose::ByApp(_)),
            folders: settings.folders.clone(),
            lanes: Semaphore::new(SIDE_BY_SIDE),
            learned: Mutex::default(),
        })
    }

    fn learned(&self) -> MutexGuard<'_, Learned> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A path in this mailbox; parts are encoded already.
    fn path(&self, rest: &str) -> String {
        format!("{}/{rest}", self.root)
    }

    /// The items of a folder.
    fn items_path(&self, kind: Kind, folder: &FolderId) -> String {
        let folder = segment(&folder.0);
        self.path(&match kind {
            Kind::Contact => format!("contactFolders/{folder}/contacts"),
            Kind::Event => format!("calendars/{folder}/events"),
            Kind::Task => format!("todo/lists/{folder}/tasks"),
        })
    }

    /// One item, wherever it lies.
    fn item_path(&self, kind: Kind, id: &ItemId) -> String {
        self.path(&match kind {
            Kind::Contact => format!("contacts/{}", segment(&id.0)),
            Kind::Event => format!("events/{}", segment(&id.0)),
            Kind::Task => {
                // An id without a list is none of To Do's: the list answers that it knows no such task.
                let (list, task) = list_and_task(id).unwrap_or(("tasks", &id.0));
                format!("todo/lists/{}/tasks/{}", segment(list), segment(task))
            }
        })
    }

    /// The folder that an item lies in, where it does not say so itself.
    fn folder_of(&self, kind: Kind, id: &ItemId) -> Option<FolderId> {
        match kind {
            Kind::Task => list_and_task(id).map(|(list, _)| FolderId(list.to_owned())),
            Kind::Contact | Kind::Event => self.learned().homes.get(&kind).cloned(),
        }
    }

    /// The address of a request.
    fn url(&self, path: &str) -> Result<Url, Failure> {
        let text = format!("{}{path}", self.address.url.as_str().trim_end_matches('/'));
        text.parse().map_err(|error| Failure::new(FailureKind::Setting, "ask Graph").because(error))
    }

    /// Reads items as they stand there; `None` for one that is not there. Many are taken from a listing of their folder, which
    /// costs the mailbox a two-hundredth of the requests; what it does not show is asked for one by one.
    async fn look_at(
        &self,
        kind: Kind,
        items: &[ItemId],
    ) -> Result<Vec<ItemOutcome<Option<serde_json::Value>>>, Failure> {
        let options = Codec::options(kind);
        let doing = format!("read {} {kind}s", items.len());
        let listed = self.listed(kind, items, &options, &doing).await?;
        let alone: Vec<&ItemId> = items.iter().filter(|id| !listed.contains_key(*id)).collect();
        let asks: Vec<Ask> =
            alone.iter().map(|id| Ask::get(with_options(&self.item_path(kind, id), &options))).collect();
        let answers = self.all(&doing, &asks).await?.into_iter().map(if_there).map(of_one);
        let mut answers = answers.collect::<Result<Vec<_>, Failure>>()?.into_iter();
        let outcomes = items.iter().map(|id| match listed.get(id).cloned() {
            Some(found) => Some(Ok(Some(found))),
            None => answers.next(),
        });
        Ok(outcomes.flatten().collect())
    }

    async fn listed(
        &self,
        kind: Kind,
        items: &[ItemId],
        options: &[(&str, String)],
        doing: &str,
    ) -> Result<BTreeMap<ItemId, serde_json::Value>, Failure> {
        let home = items.first().and_then(|id| self.folder_of(kind, id));
        let Some(home) = home.filter(|_| items.len() >= LISTED_FROM) else { return Ok(BTreeMap::new()) };
        let wanted: BTreeSet<&ItemId> = items.iter().collect();
        let first = Ask::list(with_options(&self.items_path(kind, &home), options));
        // A folder that holds far more than is wanted is not read to its end.
        let entities = self.first_pages(doing, first, items.len() / BATCHED).await?;
        let found = entities.into_iter().filter_map(|entity| Some((item_ref(kind, Some(&home), &entity)?.id, entity)));
        Ok(found.filter(|(id, _)| wanted.contains(id)).collect())
    }
}

/// What is not there is no trouble.
fn if_there<T>(outcome: ItemOutcome<T>) -> ItemOutcome<Option<T>> {
    match outcome {
        Ok(found) => Ok(Some(found)),
        Err(failure) if failure.kind == FailureKind::NotFound => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// What is refused in a batch that is not a matter of the one item says nothing of it, and who asks would take an item that
/// nobody can read for gone. A 401 is none of the sign-in's, which the batch itself went through with: it passes.
fn of_one<T>(outcome: ItemOutcome<T>) -> Result<ItemOutcome<T>, Failure> {
    match outcome {
        Err(mut failure) if failure.kind == FailureKind::Unauthorized => {
            (failure.kind, failure.cause) = (FailureKind::Transient, None);
            Err(failure)
        }
        Err(failure)
            if matches!(failure.kind, FailureKind::Forbidden | FailureKind::Setting | FailureKind::Malformed) =>
        {
            Err(failure)
        }
        of_it => Ok(of_it),
    }
}

/// The tokens for a shared mailbox have every permission, or there would be none: what is denied at its door is the mailbox itself.
/// <https://learn.microsoft.com/graph/outlook-share-messages-folders>
fn without_access(failure: Failure) -> Failure {
    if failure.kind != FailureKind::Forbidden || failure.cause != Some(Cause::ConsentMissing) {
        return failure;
    }
    failure
        .named(Cause::ImpersonationMissing)
        .hint("let the Exchange administrator give the account that signs in `FullAccess` to this mailbox")
}

#[async_trait]
impl Mailbox for GraphMailbox {
    /// Graph shows the root folder to nobody who may not read mail; the main calendar is as lasting and as unique.
    async fn identity(&self) -> Result<MailboxIdentity, Failure> {
        let path = with_options(&self.path("calendar"), &[("$select", "id".to_owned())]);
        let calendar = self.ask("recognise the mailbox", &Ask::get(path)).await;
        let calendar = calendar.map_err(|failure| if self.shared { without_access(failure) } else { failure })?;
        let id = entity::text(&calendar, "id").ok_or_else(|| {
            Failure::new(FailureKind::Malformed, "recognise the mailbox").because("the main calendar has no id")
        })?;
        Ok(MailboxIdentity { server: self.link.host().to_owned(), root: FolderId(id.to_owned()) })
    }

    async fn folder(&self, kind: Kind) -> Result<Folder, Failure> {
        let folder = self.home(kind).await?;
        self.learned().homes.insert(kind, folder.id.clone());
        Ok(folder)
    }

    async fn claim(&self, folder: &FolderId, kind: Kind, owner: &Owner) -> Result<(), Failure> {
        self.write_owner(folder, kind, owner).await
    }

    async fn changes(&self, folder: &FolderId, since: Option<&SyncToken>) -> Result<Changes, Failure> {
        self.observe(folder, since).await
    }

    async fn find_elsewhere(
        &self,
        kind: Kind,
        home: &FolderId,
        stamps: Option<&[Stamp]>,
    ) -> Result<Vec<Sighting>, Failure> {
        self.search_elsewhere(kind, home, stamps).await
    }

    async fn read(&self, kind: Kind, items: &[ItemId]) -> Result<Vec<ItemOutcome<Option<ItemContent>>>, Failure> {
        let found = self.look_at(kind, items).await?;
        self.remember(kind, found.iter().flatten().flatten());
        let read = |id: &ItemId, found: Option<serde_json::Value>| {
            found.and_then(|found| self.codec.read(kind, self.folder_of(kind, id).as_ref(), &found))
        };
        Ok(items.iter().zip(found).map(|(id, outcome)| outcome.map(|found| read(id, found))).collect())
    }

    async fn create(&self, folder: &FolderId, items: &[NewItem]) -> Result<Vec<ItemOutcome<ItemRef>>, Failure> {
        self.create_all(folder, items).await
    }

    async fn update(&self, changes: &[ItemChange]) -> Result<Vec<ItemOutcome<ItemRef>>, Failure> {
        self.update_all(changes).await
    }

    async fn delete(&self, removals: &[Removal]) -> Result<Vec<ItemOutcome<()>>, Failure> {
        self.delete_all(removals).await
    }

    async fn translate(
        &self,
        kind: Kind,
        items: &[ItemId],
        into: Protocol,
    ) -> Result<BTreeMap<ItemId, Vec<ItemId>>, Failure> {
        self.translated(kind, items, into).await
    }

    fn server_version(&self) -> Option<String> {
        Some("Microsoft Graph v1.0".to_owned())
    }
}
