//! A record moves from one mailbox to another: it leaves the first when the second has it, so that nobody misses a hearing in
//! between.
//!
//! Only a mailbox that is served can take over. What cannot be written there (the link is parked, the record refused, the whole
//! held) does not stay with somebody whom it does not concern any more: after [`PATIENCE`] it leaves all the same.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};

use super::{Engine, room::Room};
use crate::state::{LedgerError, MailboxId};

/// How long a record stays where it was while nobody has taken it over.
const PATIENCE: SignedDuration = SignedDuration::from_hours(1);

/// Who is to have a record before it leaves this mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Handover {
    pub(super) takers: BTreeSet<MailboxId>,
    /// Since when that is waited for.
    pub(super) since: Timestamp,
}

impl Handover {
    fn is_over(&self, now: Timestamp, has: impl Fn(MailboxId) -> bool) -> bool {
        // A clock that was set back makes nobody wait longer.
        let waited = now < self.since || now.duration_since(self.since) >= PATIENCE;
        waited || self.takers.iter().all(|taker| has(*taker))
    }
}

impl Engine {
    /// Lets what was taken over, or was waited for long enough, leave this mailbox. A rehearsal shows everything that would leave.
    pub(super) fn settle_handovers(&self, room: &Room, rehearsal: bool) {
        if !room.pending().hands_over() {
            return;
        }
        let now = self.context.now();
        let served: HashSet<MailboxId> = self.rooms().keys().copied().collect();
        let index = self.index();
        room.pending().settle_handovers(|key, handover| {
            let has = |taker: MailboxId| !served.contains(&taker) || index.holder(taker, key).is_some();
            rehearsal || handover.is_over(now, has)
        });
    }

    /// After a pass: mailboxes that waited for it to take something over have a pass of their own now, not at the next tick.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(super) fn follow(self: &Arc<Self>, taker: MailboxId) -> Result<(), LedgerError> {
        let rooms: Vec<Arc<Room>> = self.rooms().values().cloned().collect();
        let mut givers = Vec::new();
        for room in rooms.into_iter().filter(|room| room.id != taker && room.pending().hands_over()) {
            self.settle_handovers(&room, false);
            if room.pending().has_work() {
                givers.push(room);
            }
        }
        if givers.is_empty() {
            return Ok(());
        }
        let now = self.context.now();
        let users = self.context.ledger.active_users()?;
        for room in givers {
            let ready = users.iter().map(crate::state::ActiveUser::user).find(|user| {
                user.mailbox == Some(room.id) && user.waiting.as_ref().is_none_or(|waiting| waiting.until <= now)
            });
            let Some(user) = ready else { continue };
            let (engine, name) = (Arc::clone(self), user.name.clone());
            self.passes.spawn(async move { engine.serve(room, name, false).await });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_waits_until_all_have_it_or_for_an_hour() {
        let since: Timestamp = "2026-11-23T08:00:00Z".parse().expect("a time");
        let handover = Handover { takers: [MailboxId(1), MailboxId(2)].into(), since };
        let later = |minutes| since + SignedDuration::from_mins(minutes);
        assert!(!handover.is_over(later(59), |taker| taker == MailboxId(1)));
        assert!(handover.is_over(later(0), |_| true));
        assert!(handover.is_over(later(60), |_| false));
        assert!(handover.is_over(later(-1), |_| false));
    }
}
