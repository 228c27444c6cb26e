//! Proof: a mailbox is proven by a write that was read back equal, or, at least daily, by an observation that equals the mirror
//! together with the next event due, read back and compared field by field.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::{
    cycle::{Cycle, Done},
    trouble::Trouble,
};
use crate::{
    domain::{Kind, MirrorEntry, Presence, RecordKey, drift},
    state::{Proof, ProofHow},
};

impl Cycle<'_> {
    /// Proves the mailbox, if this pass allows it.
    pub(super) async fn prove(&mut self, observed: &BTreeSet<Kind>, done: &Done) -> Result<(), Trouble> {
        let now = self.context.now();
        let ledger = &self.context.ledger;
        if done.read_back_equal && !done.not_read_back {
            ledger.set_proven(self.id, Proof { at: now, how: ProofHow::WriteReadBack })?;
            return Ok(());
        }
        let last = ledger.proven(self.id)?;
        let fresh = last.is_some_and(|proof| now.duration_since(proof.at) < SignedDuration::from_hours(20));
        if fresh
            || done.counts.held > 0
            || Kind::ALL.into_iter().any(|kind| !observed.contains(&kind) && !self.memory.is_shut(kind, now))
            || done.look_again
            || ledger.disagreeing(self.id)?.iter().any(|key| !self.memory.is_shut(key.kind, now))
        {
            return Ok(());
        }
        if self.next_due_holds().await? {
            ledger.set_proven(self.id, Proof { at: now, how: ProofHow::Observation })?;
        }
        Ok(())
    }

    /// Reads the next event (or task) due and compares it with what was written; true as well when there is none.
    async fn next_due_holds(&self) -> Result<bool, Trouble> {
        let now = self.context.now();
        let mirror = self.context.ledger.mirror_all(self.id)?;
        let next: Option<(&RecordKey, &MirrorEntry)> = mirror
            .entries
            .iter()
            .filter(|(key, entry)| entry.presence == Presence::Kept && !self.memory.is_shut(key.kind, now))
            .filter_map(|(key, entry)| {
                let due = entry.written.as_ref()?.record.due(&self.context.zone)?;
                (due >= now).then_some((due, key, entry))
            })
            .min_by_key(|(due, key, _)| (*due, *key))
            .map(|(_, key, entry)| (key, entry));
        let Some((key, entry)) = next else { return Ok(true) };
        let contents = self.read(key.kind, std::slice::from_ref(&entry.item.id)).await?;
        let Some(seen) = contents.into_iter().flatten().next() else { return Ok(false) };
        Ok(entry.written.as_ref().is_some_and(|written| drift::drift(written, &seen).is_empty()))
    }
}
