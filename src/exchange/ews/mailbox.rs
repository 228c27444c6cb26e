//! One mailbox, as the engine sees it.

mod batches;
mod folders;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use http::StatusCode;

use super::{
    codec::Codec,
    create_item::CreateItem,
    delete_item::DeleteItem,
    folder_ref::FolderRef,
    get_item::{GetItem, GetItemVersions},
    response_code,
    soap::{self, Caller, EwsCall, ServerVersion},
    sync_folder_items::{SyncChange, SyncFolderItems},
    update_folder::UpdateFolder,
    update_item::{self, UpdateItem},
};
use crate::{
    diagnosis::Cause,
    domain::{FolderId, ItemContent, ItemId, ItemRef, Kind, Stamp},
    exchange::{Call, LinkAddress, OwnFolders, Settings, Shared, patience, throttle::Throttle, transport::Link},
    ports::{
        Authenticator, Changes, Failure, FailureKind, Folder, ItemChange, ItemOutcome, Mailbox, MailboxIdentity,
        NewItem, Owner, Removal, Sighting, SyncToken,
    },
};

/// The most items that one write request holds, however many are asked for.
const WRITE_BATCH: usize = 100;

/// A mailbox behind EWS.
pub struct EwsMailbox {
    link: Link,
    address: LinkAddress,
    folders: OwnFolders,
    read_batch: usize,
    /// The settings name the schema: it is not stepped down.
    pinned: bool,
    codec: Codec,
    learned: Mutex<Learned>,
}

/// What is learned from answers.
#[derive(Debug)]
struct Learned {
    version: ServerVersion,
    server: Option<String>,
    /// There was a good answer.
    answered: bool,
    throttle: Throttle,
}

impl EwsMailbox {
    /// A mailbox at this address. Connects with the first call.
    ///
    /// # Errors
    /// [`FailureKind::Setting`] if the address may not be used: plain HTTP to another machine, say.
    pub fn connect(
        settings: &Settings,
        link: LinkAddress,
        authenticator: Arc<dyn Authenticator>,
        shared: Arc<Shared>,
    ) -> Result<Self, Failure> {
        Ok(Self {
            codec: Codec::new(&link.zone),
            link: Link::new(&link, authenticator, shared)?,
            address: link,
            folders: settings.folders.clone(),
            read_batch: settings.read_batch.max(1),
            pinned: settings.server_version.is_some(),
            learned: Mutex::new(Learned {
                version: settings.server_version.unwrap_or_default(),
                server: None,
                answered: false,
                throttle: Throttle::default(),
            }),
        })
    }

    fn learned(&self) -> MutexGuard<'_, Learned> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn main_folder(&self, word: &'static str) -> FolderRef {
        FolderRef::Main(word, self.address.mailbox.clone())
    }

    /// Sends one call that concerns this many items, when the mailbox may be asked again.
    async fn send<C: EwsCall + Sync>(&self, call: &C, items: usize) -> Result<C::Response, Failure> {
        let doing = call.doing();
        loop {
            self.wait(&doing).await?;
            let version = self.learned().version;
            let caller = Caller { version, acting_as: self.link.acting_as().map(str::to_owned) };
            let reply = match self.link.post(&doing, call.request(&caller)).await {
                Ok(reply) => reply,
                Err(failure) => return Err(self.learn_from(failure, items)),
            };
            match call.parse(reply.status, &reply.headers, &reply.body) {
                Ok(response) => {
                    let mut learned = self.learned();
                    learned.throttle.answered(items);
                    learned.answered = true;
                    if learned.server.is_none() {
                        learned.server = soap::server_version(&reply.body);
                    }
                    return Ok(response);
                }
                // Nothing was executed. Ends, because there is a last version.
                Err(failure) if !self.pinned && response_code::wants_older_version(&failure) => {
                    let Some(older) = version.older() else { return Err(failure) };
                    tracing::info!(mailbox = self.address.mailbox, "the server wants the older schema {older}");
                    self.learned().version = older;
                }
                Err(mut failure) if self.is_elsewhere_for_now(reply.status) => {
                    failure.kind = FailureKind::Transient;
                    failure.cause = Some(Cause::ProviderTrouble);
                    return Err(failure.hint(
                        "EWS answered there before, so it is tried again; if this stays so, check `url` in section `[exchange]`",
                    ));
                }
                Err(failure) => {
                    let code = response_code::said(&failure).map(|said| said.code.clone());
                    let failure = self.link.diagnosed(failure, &reply, code.as_deref());
                    return Err(self.learn_from(failure, items));
                }
            }
        }
    }

    /// Another page answers where EWS answered before: a page about maintenance does not mean that the settings are wrong, and
    /// would have a person look after every single link.
    fn is_elsewhere_for_now(&self, status: StatusCode) -> bool {
        (status.is_redirection() || matches!(status.as_u16(), 404 | 405 | 410)) && self.learned().answered
    }

    /// Sits out a short pause that the server asked for; reports a long one.
    async fn wait(&self, doing: &str) -> Result<(), Failure> {
        patience::sit_out(doing, || self.learned().throttle.pause(self.link.now())).await
    }

    /// Remembers what a failure says about the server's patience.
    fn learn_from(&self, failure: Failure, items: usize) -> Failure {
        if failure.kind == FailureKind::Throttled {
            // EWS may say so in an answer whose status is a good one.
            self.link.note_load();
        }
        let wants_less = batches::wants_less(&failure);
        patience::learn(&mut self.learned().throttle, failure, items, wants_less, self.link.now())
    }
}

#[async_trait]
impl Mailbox for EwsMailbox {
    async fn identity(&self) -> Result<MailboxIdentity, Failure> {
        let root = self.look_at(self.main_folder("msgfolderroot")).await?.id;
        Ok(MailboxIdentity { server: self.link.host().to_owned(), root })
    }

    async fn folder(&self, kind: Kind) -> Result<Folder, Failure> {
        self.home(kind).await
    }

    async fn claim(&self, folder: &FolderId, kind: Kind, owner: &Owner) -> Result<(), Failure> {
        self.send(&UpdateFolder { folder: folder.clone(), kind, owner: owner.clone() }, 1).await
    }

    async fn changes(&self, folder: &FolderId, since: Option<&SyncToken>) -> Result<Changes, Failure> {
        let mut call = SyncFolderItems { folder: folder.clone(), state: since.map(|token| token.0.clone()) };
        let mut changed: BTreeMap<ItemId, Sighting> = BTreeMap::new();
        let mut gone: Vec<ItemId> = Vec::new();
        let mut all_are_new = true;
        loop {
            let page = self.send(&call, 1).await?;
            for change in page.changes {
                match change {
                    SyncChange::Seen(sighting, is_new) => {
                        all_are_new &= is_new;
                        gone.retain(|id| *id != sighting.item.id);
                        changed.insert(sighting.item.id.clone(), sighting);
                    }
                    SyncChange::Gone(id) => {
                        all_are_new = false;
                        changed.remove(&id);
                        gone.push(id);
                    }
                }
            }
            if page.last {
                let mut complete = since.is_none();
                if !complete && all_are_new && !changed.is_empty() {
                    // Some servers answer a state they do not know with a full listing, silently. If everything in the folder
                    // is in the answer, then what is not in it is not there.
                    let folder = self.look_at(FolderRef::Id(folder.clone())).await?;
                    complete = folder.items == u64::try_from(changed.len()).ok();
                }
                let next = SyncToken(page.state);
                return Ok(Changes { changed: changed.into_values().collect(), gone, next, complete });
            }
            if call.state.as_deref() == Some(page.state.as_str()) {
                return Err(Failure::new(FailureKind::Malformed, call.doing())
                    .because("the server says that there is more and does not go on"));
            }
            call.state = Some(page.state);
        }
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
        let codec = &self.codec;
        self.in_batches(items, self.read_batch, |_, _| true, |items| GetItem { kind, items, codec }).await
    }

    async fn create(&self, folder: &FolderId, items: &[NewItem]) -> Result<Vec<ItemOutcome<ItemRef>>, Failure> {
        let codec = &self.codec;
        let alike = |one: &NewItem, other: &NewItem| one.record.kind == other.record.kind;
        self.in_batches(items, WRITE_BATCH, alike, |items| {
            let kind = items.first().map_or(Kind::Event, |item| item.record.kind);
            CreateItem { kind, folder, items, codec }
        })
        .await
    }

    async fn update(&self, changes: &[ItemChange]) -> Result<Vec<ItemOutcome<ItemRef>>, Failure> {
        let codec = &self.codec;
        // The schema knows no change without properties.
        let version = self.learned().version;
        let says_nothing = |change: &ItemChange| update_item::properties(codec, version, change).is_empty();
        let real: Vec<&ItemChange> = changes.iter().filter(|change| !says_nothing(change)).collect();
        let alike = |one: &&ItemChange, other: &&ItemChange| one.kind == other.kind;
        let outcomes = self.in_batches(&real, WRITE_BATCH, alike, |changes| {
            let kind = changes.first().map_or(Kind::Event, |change| change.kind);
            UpdateItem { kind, changes, codec }
        });
        let mut outcomes = outcomes.await?.into_iter();
        let outcome = |change: &ItemChange| {
            if says_nothing(change) { Some(Ok(change.item.clone())) } else { outcomes.next() }
        };
        Ok(changes.iter().map_while(outcome).collect())
    }

    async fn delete(&self, removals: &[Removal]) -> Result<Vec<ItemOutcome<()>>, Failure> {
        let ids: Vec<ItemId> = removals.iter().map(|removal| removal.item.id.clone()).collect();
        let versions = self.in_batches(&ids, self.read_batch, |_, _| true, |items| GetItemVersions { items }).await?;
        let mut outcomes: Vec<Option<ItemOutcome<()>>> = Vec::with_capacity(removals.len());
        let mut real: Vec<&Removal> = Vec::new();
        for (removal, version) in removals.iter().zip(versions) {
            outcomes.push(match version {
                Ok(None) => Some(Ok(())),
                Ok(Some(version)) if version.change_key == removal.item.change_key => {
                    real.push(removal);
                    None
                }
                Ok(Some(_)) => {
                    let failure = Failure::new(FailureKind::Conflict, "remove 1 item");
                    Some(Err(failure.because("it was changed since it was seen")))
                }
                Err(failure) => Some(Err(failure)),
            });
        }
        let alike = |one: &&Removal, other: &&Removal| one.manner == other.manner;
        let done = self.in_batches(&real, WRITE_BATCH, alike, |removals| DeleteItem { removals }).await?;
        let mut done = done.into_iter();
        Ok(outcomes.into_iter().map_while(|outcome| outcome.or_else(|| done.next())).collect())
    }

    fn server_version(&self) -> Option<String> {
        self.learned().server.clone()
    }
}

#[cfg(test)]
mod tests;
