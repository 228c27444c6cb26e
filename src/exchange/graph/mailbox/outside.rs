//! A mailbox that an app must not reach: does it?

use super::GraphMailbox;
use crate::{
    domain::Kind,
    exchange::graph::ask::{Ask, with_options},
    ports::{Failure, FailureKind},
};

impl GraphMailbox {
    /// The kinds whose folders are shown, without looking into them. Tasks are not asked for: Exchange cannot limit an app there.
    ///
    /// # Errors
    /// When that cannot be told: there is no such mailbox, or the server was not reached.
    pub async fn reached(&self) -> Result<Vec<Kind>, Failure> {
        let mut reached = Vec::new();
        for (kind, folder) in [(Kind::Contact, "contactFolders/contacts"), (Kind::Event, "calendar")] {
            let path = with_options(&self.path(folder), &[("$select", "id".to_owned())]);
            match self.ask(&format!("try the {kind}s of a mailbox that lies outside"), &Ask::get(path)).await {
                // Whoever is let in hears that a folder is there, or that it is not.
                Ok(_) => reached.push(kind),
                Err(failure) if matches!(failure.kind, FailureKind::NotFound | FailureKind::Rejected) => {
                    reached.push(kind);
                }
                Err(failure) if failure.kind == FailureKind::Forbidden => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(reached)
    }
}
