//! Where items lie: the folder for a kind, who writes there, and all others.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::{GraphMailbox, if_there};
use crate::{
    domain::{FolderId, Kind, Place, Stamp},
    exchange::graph::{
        answer::said,
        ask::{Ask, segment, with_options},
        codec::{self, Codec},
        entity::text,
        property,
    },
    ports::{Failure, FailureKind, Folder, Mailbox as _, Owner, Sighting},
};

/// To Do keeps who writes into a list in an open extension of this name; there are no extended properties.
const EXTENSION: &str = "com.pocketdocket.owner";
/// What can be done where To Do stays shut: no policy for single mailboxes covers it.
const TASKS_SHUT: &str = "an administrator of the tenant can grant the app `Tasks.ReadWrite` (an app without a user: \
     `Tasks.ReadWrite.All`, for all mailboxes or none) with admin consent; or leave tasks out: \
     `pocketdocket user set NAME kinds=event,contact`";
/// Folders within folders: more than this are not looked through.
const MOST_FOLDERS: usize = 500;

impl GraphMailbox {
    /// The folder for a kind: the mailbox's main one, or one of our own.
    pub(super) async fn home(&self, kind: Kind) -> Result<Folder, Failure> {
        let doing = format!("find the folder for {kind}s");
        let found = match self.folders.name(kind) {
            Some(name) => self.own_folder(kind, name, &doing).await,
            None => self.main_folder(kind, &doing).await,
        };
        let found = match found {
            Err(failure) if kind == Kind::Task => return Err(self.of_tasks(failure).await),
            found => found?,
        };
        let id = text(&found, "id").map(|id| FolderId(id.to_owned()));
        let id = id.ok_or_else(|| Failure::new(FailureKind::Malformed, doing).because("the folder has no id"))?;
        let owner = self.owner(kind, &id).await?;
        Ok(Folder { id, owner })
    }

    /// Why To Do does not let us in. It says 401 where it means 403, now and then: the sign-in is good if the calendar opens.
    async fn of_tasks(&self, failure: Failure) -> Failure {
        let is_meant = match failure.kind {
            FailureKind::Forbidden => true,
            // Clouds without To Do do not know the address.
            FailureKind::Unauthorized | FailureKind::MailboxMissing | FailureKind::Rejected => {
                self.identity().await.is_ok()
            }
            _ => false,
        };
        if !is_meant {
            return failure;
        }
        let mut told = Failure::new(FailureKind::Forbidden, "open To Do").because(failure.chain()).hint(TASKS_SHUT);
        (told.cause, told.evidence) =
            (failure.cause.filter(|_| failure.kind == FailureKind::Forbidden), failure.evidence);
        told
    }

    async fn main_folder(&self, kind: Kind, doing: &str) -> Result<Json, Failure> {
        let id_only = [("$select", "id".to_owned())];
        match kind {
            Kind::Contact => self.main_contacts(doing).await,
            Kind::Event => self.ask(doing, &Ask::get(with_options(&self.path("calendar"), &id_only))).await,
            Kind::Task => {
                let lists = self.folders_of(kind, doing).await?;
                let is_main = |list: &&Json| text(list, "wellknownListName") == Some("defaultList");
                lists.iter().find(is_main).cloned().ok_or_else(|| {
                    Failure::new(FailureKind::NotFound, doing).because("To Do has no list of its own in this mailbox")
                })
            }
        }
    }

    /// The main folder of contacts is in no listing. It answers to its name; if it does not, any contact in it says where it is.
    async fn main_contacts(&self, doing: &str) -> Result<Json, Failure> {
        let path = with_options(&self.path("contactFolders/contacts"), &[("$select", "id".to_owned())]);
        match self.ask(doing, &Ask::get(path)).await {
            Err(failure) if matches!(failure.kind, FailureKind::NotFound | FailureKind::Rejected) => {
                let options = [("$top", "1".to_owned()), ("$select", "parentFolderId".to_owned())];
                let page = self.pages(doing, Ask::get(with_options(&self.path("contacts"), &options))).await?;
                let parent = page.entities.first().and_then(|contact| text(contact, "parentFolderId"));
                parent.map(|id| json!({ "id": id })).ok_or(failure)
            }
            other => other,
        }
    }

    async fn own_folder(&self, kind: Kind, name: &str, doing: &str) -> Result<Json, Failure> {
        if let Some(found) = self.folder_of_name(kind, name, doing).await? {
            return Ok(found);
        }
        let (path, body) = match kind {
            Kind::Contact => ("contactFolders", json!({ "displayName": name })),
            Kind::Event => ("calendars", json!({ "name": name })),
            Kind::Task => ("todo/lists", json!({ "displayName": name })),
        };
        match self.ask(doing, &Ask::post(self.path(path), body)).await {
            // Somebody was faster.
            Err(failure) if failure.kind == FailureKind::Conflict => {
                self.folder_of_name(kind, name, doing).await?.ok_or(failure)
            }
            other => other,
        }
    }

    async fn folder_of_name(&self, kind: Kind, name: &str, doing: &str) -> Result<Option<Json>, Failure> {
        let folders = self.folders_of(kind, doing).await?;
        let is_it = |folder: &Json| {
            let shown = text(folder, if kind == Kind::Event { "name" } else { "displayName" });
            shown.is_some_and(|shown| shown.to_lowercase() == name.to_lowercase())
        };
        Ok(folders.into_iter().find(is_it))
    }

    /// All folders of a kind but the main one of contacts.
    async fn folders_of(&self, kind: Kind, doing: &str) -> Result<Vec<Json>, Failure> {
        let path = match kind {
            Kind::Contact => "contactFolders",
            Kind::Event => "calendars",
            Kind::Task => "todo/lists",
        };
        let mut folders = self.pages(doing, Ask::list(self.path(path))).await?.entities;
        let mut looked_into = 0;
        while kind == Kind::Contact && looked_into < folders.len().min(MOST_FOLDERS) {
            let id = folders.get(looked_into).and_then(|folder| text(folder, "id")).map(segment).unwrap_or_default();
            let below = self.path(&format!("contactFolders/{id}/childFolders"));
            folders.extend(self.pages(doing, Ask::list(below)).await?.entities);
            looked_into += 1;
        }
        Ok(folders)
    }

    fn folder_path(&self, kind: Kind, folder: &FolderId) -> String {
        let id = segment(&folder.0);
        self.path(&match kind {
            Kind::Contact => format!("contactFolders/{id}"),
            Kind::Event => format!("calendars/{id}"),
            Kind::Task => format!("todo/lists/{id}"),
        })
    }

    async fn owner(&self, kind: Kind, folder: &FolderId) -> Result<Option<Owner>, Failure> {
        let doing = format!("look who writes {kind}s");
        let path = self.folder_path(kind, folder);
        if kind == Kind::Task {
            let extension = self.ask(&doing, &Ask::get(format!("{path}/extensions/{EXTENSION}"))).await;
            return Ok(if_there(extension)?.and_then(|found| Some(Owner(text(&found, "owner")?.to_owned()))));
        }
        let options = [("$select", "id".to_owned()), ("$expand", property::expand(&[property::owner()]))];
        let found = self.ask(&doing, &Ask::get(with_options(&path, &options))).await?;
        Ok(property::read(&found, &property::owner()).map(|owner| Owner(owner.to_owned())))
    }

    pub(super) async fn write_owner(&self, folder: &FolderId, kind: Kind, owner: &Owner) -> Result<(), Failure> {
        let doing = format!("claim the folder for {kind}s");
        let path = self.folder_path(kind, folder);
        if kind == Kind::Task {
            let body = json!({
                "@odata.type": "microsoft.graph.openTypeExtension", "extensionName": EXTENSION, "owner": owner.0,
            });
            let change = Ask::patch(format!("{path}/extensions/{EXTENSION}"), body.clone());
            return match self.ask(&doing, &change).await {
                Err(failure) if failure.kind == FailureKind::NotFound => {
                    self.ask(&doing, &Ask::post(format!("{path}/extensions"), body)).await.map(drop)
                }
                other => other.map(drop),
            };
        }
        let body = json!({ "singleValueExtendedProperties": [property::write(&property::owner(), Some(&owner.0))] });
        self.ask(&doing, &Ask::patch(path, body)).await.map(drop)
    }

    /// Searches all folders of a kind except `home`, and what the service shows of Deleted Items to who may not read mail.
    pub(super) async fn search_elsewhere(
        &self,
        kind: Kind,
        home: &FolderId,
        stamps: Option<&[Stamp]>,
    ) -> Result<Vec<Sighting>, Failure> {
        if stamps.is_some_and(<[Stamp]>::is_empty) {
            return Ok(Vec::new());
        }
        let doing = format!("look for {kind}s in other folders");
        let wanted: Option<BTreeSet<String>> = stamps.map(|stamps| stamps.iter().map(ToString::to_string).collect());
        let mut folders = self.folders_of(kind, &doing).await?;
        if kind == Kind::Contact {
            folders.push(self.main_contacts(&doing).await?);
        }
        let ids: BTreeSet<FolderId> =
            folders.iter().filter_map(|folder| Some(FolderId(text(folder, "id")?.to_owned()))).collect();
        let mut found = Vec::new();
        for folder in ids.into_iter().filter(|id| id != home) {
            let place = Place::Elsewhere(folder.clone());
            match self.stamped_in(kind, &folder, &place, &doing).await {
                Ok(sightings) => found.extend(sightings),
                // The folder itself was removed meanwhile.
                Err(failure) if failure.kind == FailureKind::NotFound => {}
                Err(failure) => return Err(failure),
            }
        }
        match self.stamped_in(kind, &FolderId("deleteditems".to_owned()), &Place::Deleted, &doing).await {
            Ok(sightings) => found.extend(sightings),
            Err(failure) if said(&failure).is_some() && !failure.kind.passes() => {
                tracing::debug!(cause = %failure.chain(), "Deleted Items cannot be searched");
            }
            Err(failure) => return Err(failure),
        }
        found.retain(|sighting| {
            let stamp = sighting.stamp.as_ref();
            stamp.is_some_and(|stamp| wanted.as_ref().is_none_or(|wanted| wanted.contains(stamp)))
        });
        Ok(found)
    }

    async fn stamped_in(
        &self,
        kind: Kind,
        folder: &FolderId,
        place: &Place,
        doing: &str,
    ) -> Result<Vec<Sighting>, Failure> {
        let mut options = Codec::sighting_options(kind);
        if kind != Kind::Task {
            let filter = format!(
                "singleValueExtendedProperties/any(ep: ep/id eq '{}' and startswith(ep/value,'v1/'))",
                property::stamp()
            );
            options.push(("$filter", filter));
        }
        let page = self.pages(doing, Ask::list(with_options(&self.items_path(kind, folder), &options))).await?;
        Ok(page.entities.iter().filter_map(|entity| codec::sighting(kind, folder, place, entity)).collect())
    }
}
