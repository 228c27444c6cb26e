//! Who left the firm, and whether their items wait for a person.

use std::collections::{BTreeSet, HashMap};

use super::{Engine, links::Served, recipients::Recipients};
use crate::{
    plan::{Departure, OnLeave},
    state::{LedgerError, MailboxId},
};

impl Engine {
    /// The mailboxes that somebody's leaving concerns, as the last reading shows it.
    ///
    /// Several people who leave at once look like a mistake in the practice system: when more have left in 24 hours than are
    /// allowed, all of them wait.
    pub(super) fn departures(
        &self,
        recipients: &Recipients,
        served: &[Served],
    ) -> Result<HashMap<MailboxId, Departure>, LedgerError> {
        let leavers: Vec<_> = served
            .iter()
            .filter_map(|one| Some((one.room.id, recipients.leaver(one.room.id)?.person.clone())))
            .collect();
        if leavers.is_empty() {
            return Ok(HashMap::new());
        }
        let ledger = &self.context.ledger;
        let policy = &self.context.policy;
        let mut lately: BTreeSet<MailboxId> = ledger.mailboxes_left(self.context.now())?;
        {
            let index = self.index();
            lately.extend(leavers.iter().map(|(mailbox, _)| *mailbox).filter(|mailbox| !index.is_empty(*mailbox)));
        }
        let many = u64::try_from(lately.len()).unwrap_or(u64::MAX) > policy.leavers_per_day;
        let held = policy.leavers == OnLeave::Hold || many;
        let known = ledger.people()?;
        let departure = |(mailbox, person)| {
            let since = known.iter().find(|one| one.person == person && !one.active).map(|one| one.since);
            (mailbox, Departure { person: person.0, since, held })
        };
        Ok(leavers.into_iter().map(departure).collect())
    }
}
