//! Looks for contradictions in a finished plan: a second pair of eyes that does not know how the plan was made.

use std::collections::BTreeSet;

use super::{Action, Adoption, HoldReason, Operation, Plan, PlanningInput, Why};
use crate::domain::{Field, ItemId, Place, RecordKey};

/// What must not be, in sentences. A plan with contradictions must not be executed.
pub fn audit(plan: &Plan, input: &PlanningInput<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let mut keys: BTreeSet<&RecordKey> = BTreeSet::new();
    let mut items: BTreeSet<&ItemId> = BTreeSet::new();
    for operation in &plan.operations {
        // Orphans of one key are cleaned up together.
        let orphan =
            !input.mirror.entries.contains_key(&operation.key) && matches!(operation.action, Action::Delete { .. });
        if !orphan && !keys.insert(&operation.key) {
            found.push(format!("two operations for {}", operation.key));
        }
        if item(operation).is_some_and(|item| !items.insert(item)) {
            found.push(format!("an item has two operations, one for {}", operation.key));
        }
        let planned = plan.holds.iter().map(|hold| (hold.kind, &hold.reason));
        let mut reasons = planned.chain(input.totals.holds.iter().map(|(kind, reason)| (*kind, reason)));
        if reasons.any(|(kind, reason)| {
            let answered = matches!(operation.action, Action::Adopt { .. })
                && matches!(reason, HoldReason::LooksAlreadyThere { .. });
            kind == operation.key.kind
                && holds_the_kind(reason, input)
                && !answered
                && !input.released.lifts(reason, operation)
        }) {
            found.push(format!("{} is held, yet {} would be written", operation.key.kind, operation.key));
        }
        if plan.holds.iter().any(|hold| hold.operations.contains(operation)) {
            found.push(format!("the operation for {} is held and would be done", operation.key));
        }
        if !input.totals.first_write_released && !input.released.lifts(&HoldReason::FirstWrite, operation) {
            found.push(format!("{} would be written before the first plan was released", operation.key));
        }
        found.extend(on_items(operation, input));
    }
    found
}

/// Reasons that concern single records let the others of their kind go on.
fn holds_the_kind(reason: &HoldReason, input: &PlanningInput<'_>) -> bool {
    match reason {
        HoldReason::Orphans
        | HoldReason::OnlyInDeletedItems
        | HoldReason::PersonLeft { .. }
        | HoldReason::MeaningChanged { .. } => false,
        HoldReason::LooksAlreadyThere { matches } => *matches > input.policy.few_look_alikes,
        _ => true,
    }
}

fn on_items(operation: &Operation, input: &PlanningInput<'_>) -> Vec<String> {
    let key = &operation.key;
    let mut found = Vec::new();
    if let Some(item) = item(operation) {
        let carries = match &operation.why {
            Why::Succeeds(from) => from,
            _ => key,
        };
        let stamped = input.observed.copies(carries).iter().any(|seen| seen.item.id == *item);
        if !stamped && !matches!(operation.action, Action::Adopt { .. }) {
            found.push(format!("an item without the stamp of {key} would be touched"));
        }
        if input.mirror.foreign.contains(item) {
            found.push(format!("a foreign item would be touched for {key}"));
        }
    }
    match &operation.action {
        Action::Adopt { before, .. } => {
            let consented = match input.adoptions.get(key) {
                Some(Adoption::Take(content)) => content.item == before.item,
                _ => false,
            };
            if !consented {
                found.push(format!("an item would be taken over for {key} to which nobody agreed"));
            }
            let known = input.mirror.entries.values().any(|entry| entry.item.id == before.item.id);
            if known || before.stamp.is_some() || before.bound.is_some() {
                found.push(format!("an item that is no leftover would be taken over for {key}"));
            }
        }
        Action::Delete { .. }
            if !input.mirror.entries.contains_key(key) && !input.released.lifts(&HoldReason::Orphans, operation) =>
        {
            found.push(format!("{key} would be deleted without the ledger as second witness"));
        }
        Action::Create { .. }
            if input
                .observed
                .copies(key)
                .iter()
                .any(|seen| seen.place != Place::Deleted && !input.mirror.foreign.contains(&seen.item.id)) =>
        {
            found.push(format!("{key} would be created beside an item of ours"));
        }
        Action::Update { clear, .. } => {
            let written = input.mirror.entries.get(key).and_then(|entry| entry.written.as_ref());
            let ours = |field| {
                field == Field::Notes
                    || written.is_some_and(|written| {
                        written.record.get(field).is_some() || written.returned.contains_key(&field)
                    })
            };
            for field in clear.iter().filter(|field| !ours(**field)) {
                found.push(format!("{field} of {key} would be cleared, which we did not write"));
            }
        }
        _ => {}
    }
    found
}

fn item(operation: &Operation) -> Option<&ItemId> {
    match &operation.action {
        Action::Update { item, .. }
        | Action::HandBack { item, .. }
        | Action::Delete { item, .. }
        | Action::Own { item, .. } => Some(&item.id),
        Action::Adopt { before, .. } => Some(&before.item.id),
        Action::Create { .. } | Action::GiveBack { .. } | Action::Respect | Action::Forget => None,
    }
}
