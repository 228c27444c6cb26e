//! Items that would be written anew though their records are the same: who agreed, whose turn it is, how many are left.

use std::collections::{BTreeMap, BTreeSet};

use super::{context::Context, meanings::Traced};
use crate::{
    domain::{Field, Kind, RecordKey},
    plan::{HoldReason, MeaningChange, Operation, Plan, Rewrite, Rewrites, Why},
    state::{LedgerError, MailboxId},
};

impl Context {
    /// Which records are the same and mean something else now, and how many of their items may be written in this pass.
    pub(super) fn rewrites(
        &self,
        mailbox: MailboxId,
        traced: &BTreeMap<RecordKey, Traced>,
    ) -> Result<Rewrites, LedgerError> {
        let changed: Vec<_> = traced.iter().filter_map(|(key, traced)| Some((key, traced.rewrite.as_ref()?))).collect();
        if changed.is_empty() {
            return Ok(Rewrites::default());
        }
        let approved = self.ledger.approved_meanings()?;
        let pins = self.ledger.pins(mailbox, changed.iter().map(|(key, _)| *key))?;
        let of = changed.into_iter().map(|(key, changes)| (key.clone(), Rewrite::new(changes, &approved))).collect();
        Ok(Rewrites { of, pins, at_most: self.turns.take(self.policy.meaning_per_tick) })
    }

    /// Fields that an undo had brought back, of an item that is written for another meaning: they were left out.
    pub(super) fn pins_of(&self, mailbox: MailboxId, operation: &Operation) -> BTreeSet<Field> {
        if !matches!(operation.why, Why::Rewritten(_)) {
            return BTreeSet::new();
        }
        let pins = self.ledger.pins(mailbox, std::iter::once(&operation.key));
        let mut pins = pins.unwrap_or_else(|error| {
            tracing::warn!(cause = %error, "the ledger does not say what an undo brought back");
            BTreeMap::new()
        });
        pins.remove(&operation.key).unwrap_or_default()
    }
}

/// How many items wait for a person, or for their turn, by what changed.
pub(super) fn left(plan: &Plan, traced: &BTreeMap<RecordKey, Traced>) -> BTreeMap<(Kind, Vec<MeaningChange>), u64> {
    let held = plan.holds.iter().filter(|hold| matches!(hold.reason, HoldReason::MeaningChanged { .. }));
    let mut left = BTreeMap::new();
    for operation in plan.later.iter().chain(held.flat_map(|hold| &hold.operations)) {
        let changes = traced.get(&operation.key).and_then(|traced| traced.rewrite.as_ref());
        if let Some(changes) = changes {
            *left.entry((operation.key.kind, changes.to_vec())).or_default() += 1;
        }
    }
    left
}

/// Items whose new meaning is still to be written or to be asked for after this pass: their turn comes later, or something else
/// had to be done with them first.
pub(super) fn unsettled(plan: &Plan, traced: &BTreeMap<RecordKey, Traced>) -> Vec<RecordKey> {
    let first = plan.operations.iter().filter(|operation| {
        let rewrite = traced.get(&operation.key).and_then(|traced| traced.rewrite.as_ref());
        rewrite.is_some() && !matches!(operation.why, Why::Rewritten(_))
    });
    plan.later.iter().chain(first).map(|operation| operation.key.clone()).collect()
}
