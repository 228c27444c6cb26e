//! An approved change of meaning is written slowly: so many items now, what is due soonest first.

use std::collections::BTreeSet;

use super::{Consent, Operation, PlanningInput, Why, is_soon};
use crate::domain::RecordKey;

/// Takes out of a plan what has time, beyond what may be written now.
pub(super) fn pace(operations: &mut Vec<Operation>, input: &PlanningInput<'_>) -> Vec<Operation> {
    let waits_its_turn = |operation: &Operation| {
        matches!(operation.why, Why::Rewritten(_))
            && operation.class().is_some()
            && input.rewrites.of.get(&operation.key).is_none_or(|rewrite| rewrite.consent != Consent::NotNeeded)
    };
    let mut rewrites: Vec<&Operation> = operations.iter().filter(|operation| waits_its_turn(operation)).collect();
    // What is over can wait longest.
    rewrites.sort_by_key(|operation| {
        let ahead = operation.due.filter(|due| *due >= input.now);
        (!is_soon(operation.due, input.now), ahead.is_none(), ahead, &operation.key)
    });
    let at_most = usize::try_from(input.rewrites.at_most).unwrap_or(usize::MAX);
    let later: BTreeSet<RecordKey> =
        rewrites.into_iter().skip(at_most).map(|operation| operation.key.clone()).collect();
    let (later, now) = std::mem::take(operations).into_iter().partition(|operation| later.contains(&operation.key));
    *operations = now;
    later
}
