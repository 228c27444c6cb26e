//! Whom to serve: active links, the mailboxes behind them, and what each user is to see.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Engine,
    confirmations::mind_confirmations,
    meanings::Book,
    recipients::{Recipient, Recipients},
    room::Room,
};
use crate::{
    plan::ScopeSettings,
    state::{ActiveUser, LedgerError, MailboxId, User, UserName},
};

/// One mailbox with the links that feed it, the first of which opens it.
pub(super) struct Served {
    pub(super) room: Arc<Room>,
    pub(super) users: Vec<ActiveUser>,
    /// The largest cap of its links.
    pub(super) contact_cap: u64,
}

/// Who gets rows now, and every meaning that these have.
pub(super) type Anew = (Recipients, Book);

impl Engine {
    /// Active links by mailbox, and who gets rows. `changed` says that this is not who it was at the last tick: then what is
    /// known of rows is of no use.
    pub(super) fn links(&self, last: &Recipients) -> Result<(Vec<Served>, Option<Anew>), LedgerError> {
        let now = self.context.now();
        mind_confirmations(&self.context.ledger, &self.context.confirmation, now)?;
        let mut recipients = Vec::new();
        let mut served: BTreeMap<MailboxId, Served> = BTreeMap::new();
        for user in self.context.ledger.active_users()? {
            let Some(mailbox) = user.user().mailbox else { continue };
            let scope = match self.scope_of(user.user()) {
                Ok(scope) => scope,
                Err(error) => {
                    let cause = format!("the settings of this user cannot be used: {error}");
                    let remedy = format!("mend them: `pocketdocket user show {}`", user.name());
                    self.context.ledger.park(user.name(), &cause, &remedy, now)?;
                    continue;
                }
            };
            let cap = scope.contact_cap;
            let person = user.user().details.person.clone();
            recipients.push(Recipient::new(user.name().clone(), person, mailbox, scope));
            let entry = served.entry(mailbox).or_insert_with(|| Served {
                room: self.room(mailbox),
                users: Vec::new(),
                contact_cap: 0,
            });
            entry.contact_cap = entry.contact_cap.max(cap);
            entry.users.push(user);
        }
        if !served.is_empty() {
            let known: BTreeSet<UserName> = recipients.iter().map(|one: &Recipient| one.user.clone()).collect();
            let others = self.context.ledger.users()?.into_iter().filter(|user| !known.contains(&user.name));
            recipients.extend(others.filter_map(|user| self.resting(user, &served)));
        }
        let mut recipients = Recipients::new(recipients);
        let recipients = if recipients.same_as(last) {
            None
        } else {
            let book = self.assign_meanings(&mut recipients)?;
            self.load_index(&served)?;
            Some((recipients, book))
        };
        Ok((served.into_values().collect(), recipients))
    }

    /// The firm's settings with the user's own laid over them, value by value. Most users have none of their own, and this is
    /// asked for each of them at every tick.
    fn scope_of(&self, user: &User) -> Result<Arc<ScopeSettings>, serde_json::Error> {
        let own = &user.details.settings;
        if own.as_object().map_or(own.is_null(), serde_json::Map::is_empty) {
            return Ok(Arc::clone(&self.scope));
        }
        self.scope.with(own).map(Arc::new)
    }

    /// A link that is not served now, of a mailbox that others feed.
    fn resting(&self, user: User, served: &BTreeMap<MailboxId, Served>) -> Option<Recipient> {
        let mailbox = user.mailbox.filter(|mailbox| served.contains_key(mailbox))?;
        let scope = self.scope_of(&user);
        let readable = scope.is_ok();
        let scope = scope.unwrap_or_else(|_| Arc::clone(&self.scope));
        Some(Recipient::new(user.name, user.details.person, mailbox, scope).resting(readable))
    }

    fn room(&self, mailbox: MailboxId) -> Arc<Room> {
        let batch = self.context.settings.write_batch;
        Arc::clone(self.rooms().entry(mailbox).or_insert_with(|| Arc::new(Room::new(mailbox, batch))))
    }

    /// The index holds exactly the mailboxes that are served: the items of others are nobody's business meanwhile.
    fn load_index(&self, served: &BTreeMap<MailboxId, Served>) -> Result<(), LedgerError> {
        // Taking mailboxes out one by one would walk over all records once for each of them.
        self.index().clear();
        self.rooms().retain(|mailbox, _| served.contains_key(mailbox));
        served.keys().try_for_each(|mailbox| self.reload(*mailbox))
    }

    /// Takes what the ledger knows of a mailbox into the index.
    pub(super) fn reload(&self, mailbox: MailboxId) -> Result<(), LedgerError> {
        let entries = self.context.ledger.mirror_index(mailbox)?;
        self.index().load(mailbox, entries);
        Ok(())
    }
}
