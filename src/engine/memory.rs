use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{Settings, adoption::Recognised};
use crate::{
    domain::{FolderId, ItemId, Kind, Place, RecordKey},
    plan::Action,
    state::{MailboxId, Outcome, Settlement},
};

/// After so many stumbles over one record the others go first; if they succeed, it is the record that is at fault.
pub(super) const STUMBLES: u32 = 3;
/// After so many it is parked, even if there are no others to compare with.
pub(super) const TOO_MANY_STUMBLES: u32 = 10;

/// What a mailbox's cycles remember between ticks. Nothing here is needed after a restart: it is found out again.
#[derive(Debug)]
pub(super) struct Memory {
    /// Folders opened since the start, claimed by this engine.
    pub(super) folders: BTreeMap<Kind, FolderId>,
    /// Kinds whose next observation must be a full one: after a start, with open intents, after a lost reply.
    pub(super) full_due: BTreeSet<Kind>,
    /// Kinds that the mailbox does not let us into, and when they are asked for again.
    pub(super) shut: BTreeMap<Kind, Timestamp>,
    /// When each folder was last observed.
    pub(super) observed: BTreeMap<Kind, Timestamp>,
    /// What the unstamped items look like, for mailboxes into which nothing was written yet.
    pub(super) leftovers: BTreeMap<Kind, BTreeMap<ItemId, Recognised>>,
    /// Keys that a mailbox without a ledger holds in Deleted Items only.
    pub(super) only_deleted: BTreeMap<Kind, BTreeSet<RecordKey>>,
    /// How often the server stumbled over a record that was sent alone, without refusing it.
    stumbles: BTreeMap<RecordKey, u32>,
    /// Keys of items unknown to the ledger about which the practice database was asked.
    pub(super) asked: BTreeSet<RecordKey>,
    /// Items that the user moved into other folders: which, and where they were last.
    pub(super) moved: BTreeMap<Kind, BTreeMap<ItemId, (RecordKey, Place)>>,
    /// Items per write request.
    pub(super) batch: usize,
    /// How soon this mailbox is looked at again, in per cent of the setting: each has its own pace, so that mailboxes which began
    /// together are not all looked at in the same tick.
    pace: i64,
}

impl Memory {
    pub(super) fn new(mailbox: MailboxId, batch: usize) -> Self {
        Self {
            folders: BTreeMap::new(),
            full_due: Kind::ALL.into_iter().collect(),
            shut: BTreeMap::new(),
            observed: BTreeMap::new(),
            leftovers: BTreeMap::new(),
            only_deleted: BTreeMap::new(),
            stumbles: BTreeMap::new(),
            asked: BTreeSet::new(),
            moved: BTreeMap::new(),
            batch: batch.max(1),
            pace: 60 + mailbox.0.rem_euclid(8) * 5,
        }
    }

    /// Whether some folder should be looked at although nothing is to be written.
    pub(super) fn observation_due(&self, now: Timestamp, settings: &Settings) -> bool {
        Kind::ALL.into_iter().any(|kind| self.is_stale(kind, now, settings))
    }

    /// Whether the mailbox does not let us into this kind, and it is too early to ask again.
    pub(super) fn is_shut(&self, kind: Kind, now: Timestamp) -> bool {
        self.shut.get(&kind).is_some_and(|until| now < *until)
    }

    /// Whether this folder was not looked at for too long.
    pub(super) fn is_stale(&self, kind: Kind, now: Timestamp, settings: &Settings) -> bool {
        let patience = SignedDuration::from_secs(i64::from(settings.observe_minutes) * 60 * self.pace / 100);
        if self.is_shut(kind, now) {
            return false;
        }
        self.full_due.contains(&kind)
            || self.observed.get(&kind).is_none_or(|at| *at > now || now.duration_since(*at) >= patience)
    }

    /// Keeps an eye on items outside their home folder: no listing of ours shows them.
    pub(super) fn follow(&mut self, settlement: &Settlement) {
        let key = &settlement.operation.key;
        let ((Outcome::Stored { item, place, .. }, _) | (Outcome::Owned, Action::Own { item, place, .. })) =
            (&settlement.outcome, &settlement.operation.action)
        else {
            return;
        };
        if matches!(place, Place::Elsewhere(_)) {
            let moved = self.moved.entry(key.kind).or_default();
            moved.insert(item.id.clone(), (key.clone(), place.clone()));
        }
    }

    /// The server stumbled over this record and over no other; gives how often.
    pub(super) fn stumbled(&mut self, key: &RecordKey) -> u32 {
        let times = self.stumbles.entry(key.clone()).or_default();
        *times += 1;
        *times
    }

    /// Whether the server stumbles over this record so often that the others go first.
    pub(super) fn goes_last(&self, key: &RecordKey) -> bool {
        self.stumbles.get(key).is_some_and(|times| *times >= STUMBLES)
    }

    /// The server stored it, or said what is wrong with it.
    pub(super) fn stands(&mut self, key: &RecordKey) {
        self.stumbles.remove(key);
    }

    /// The server found a request too much: half of it next time.
    pub(super) fn smaller(&mut self) {
        self.batch = (self.batch / 2).max(1);
    }

    /// A full batch went well: a little more next time.
    pub(super) fn larger(&mut self, most: usize) {
        self.batch = (self.batch + self.batch.div_ceil(4)).min(most.max(1));
    }
}
