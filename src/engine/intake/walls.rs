//! Walls around records that mailboxes have and that are not for them any more.

use std::collections::BTreeSet;

use super::{Against, Intake};
use crate::{
    domain::{Audience, Matter, RecordKey},
    plan::behind_a_wall,
    state::MailboxId,
};

impl Intake {
    /// A wall does not ask to whom a record went: where it lies behind one it leaves without a trace, and waits for nobody who
    /// is to take it over.
    pub(super) fn reach_holders(
        &mut self,
        key: &RecordKey,
        matter: &Matter,
        audience: &Audience,
        against: &mut Against<'_>,
    ) {
        let recipients = against.recipients;
        let to_all = matches!(audience, Audience::Everyone | Audience::Linked(_));
        if to_all || !recipients.walled() {
            return;
        }
        let generation = against.index.generation();
        let Some(holders) = against.index.holders_mut(key) else { return };
        let meant: BTreeSet<MailboxId> = recipients.of(audience).map(|recipient| recipient.mailbox).collect();
        let reached: Vec<MailboxId> = holders
            .mailboxes()
            .filter(|mailbox| !meant.contains(mailbox) && recipients.is_walled_off(*mailbox, key, matter, audience))
            .collect();
        for mailbox in reached {
            if let Some(holder) = against.index.holders_mut(key).and_then(|holders| holders.of_mut(mailbox)) {
                holder.given = generation;
            }
            self.stage(mailbox, key, &behind_a_wall(), None, None, against);
        }
    }
}
