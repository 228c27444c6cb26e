//! What waits for a person.
//!
//! A brake holds *all* operations of one mailbox and kind, not the deletes alone: letting creates through while deletes wait
//! is how a changed key puts everything twice on a phone. Several reasons may hold the same operations; each is a hold of its
//! own that shows what it holds. What a person released from *every* reason passes, exactly as it was shown.

use std::collections::{BTreeMap, BTreeSet};

use super::{Action, Class, Hold, HoldReason, Operation, PlanningInput, Spent, decide::Aside};
use crate::domain::{Kind, QueryName};

type Decided = (Operation, Option<Aside>);

/// Operations that pass, and those that wait.
pub(super) fn brake(decided: Vec<Decided>, input: &PlanningInput<'_>) -> (Vec<Operation>, Vec<Hold>) {
    let mut by_kind: BTreeMap<Kind, Vec<Decided>> = BTreeMap::new();
    for one in decided {
        by_kind.entry(one.0.key.kind).or_default().push(one);
    }
    let (mut passing, mut holds) = (Vec::new(), Vec::new());
    for kind in Kind::ALL {
        let decided = by_kind.remove(&kind).unwrap_or_default();
        let matches = look_alikes(&decided, input);
        let few = matches <= input.policy.few_look_alikes;
        let mut reasons = reasons(kind, &decided, few, input);
        if !few {
            reasons.insert(0, HoldReason::LooksAlreadyThere { matches });
        }
        let leaving: Vec<&Decided> = decided.iter().filter(|(_, aside)| *aside == Some(Aside::Leaver)).collect();
        let left = input.totals.leaving.as_ref().map(|departure| HoldReason::PersonLeft {
            person: departure.person.clone(),
            since: departure.since,
            items: leaving.iter().filter(|(operation, _)| operation.class().is_some()).map(|_| 1).sum(),
        });
        let own = |operation: &Operation, aside: Option<Aside>| match aside? {
            Aside::Leaver => left.clone(),
            Aside::Orphan => Some(HoldReason::Orphans),
            Aside::OnlyDeleted => Some(HoldReason::OnlyInDeletedItems),
            Aside::LookAlike => few.then_some(HoldReason::LooksAlreadyThere { matches }),
            Aside::Meaning => {
                let changes = input.rewrites.of.get(&operation.key).map(|rewrite| rewrite.changes.clone());
                Some(HoldReason::MeaningChanged { changes: changes.unwrap_or_default() })
            }
        };
        // Operations that a person decides one by one have a hold by themselves; it does not stop the others.
        let mut held: Vec<Hold> = Vec::new();
        for reason in decided.iter().filter_map(|(operation, aside)| own(operation, *aside)) {
            if !held.iter().any(|hold| hold.reason == reason) {
                held.push(Hold { kind, reason, operations: Vec::new() });
            }
        }
        let single = held.len();
        held.extend(reasons.into_iter().map(|reason| Hold { kind, reason, operations: Vec::new() }));
        for (operation, aside) in decided {
            let own = own(&operation, aside);
            let mut waits = false;
            for (place, hold) in held.iter_mut().enumerate() {
                // Who gave consent to this pair has answered the question that its likeness raised.
                let answered = matches!(operation.action, Action::Adopt { .. })
                    && matches!(hold.reason, HoldReason::LooksAlreadyThere { .. });
                let concerned = (place >= single || own.as_ref() == Some(&hold.reason)) && !answered;
                if concerned && !input.released.lifts(&hold.reason, &operation) {
                    hold.operations.push(operation.clone());
                    waits = true;
                }
            }
            if !waits {
                passing.push(operation);
            }
        }
        // A reason that is known elsewhere is told even when nothing waits for it yet.
        held.retain(|hold| !hold.operations.is_empty() || input.totals.holds.contains(&(kind, hold.reason.clone())));
        holds.extend(held);
    }
    (passing, holds)
}

/// How many records look as though they were there already. Many are no single decisions any more: they hold the kind.
fn look_alikes(decided: &[Decided], input: &PlanningInput<'_>) -> u64 {
    let reason = HoldReason::LooksAlreadyThere { matches: 0 };
    let waiting = decided
        .iter()
        .filter(|(operation, aside)| *aside == Some(Aside::LookAlike) && !input.released.lifts(&reason, operation));
    waiting.map(|_| 1).sum()
}

/// Why a kind is held, whichever of its operations a person released. `few`: its look-alikes are decided one by one.
fn reasons(kind: Kind, decided: &[Decided], few: bool, input: &PlanningInput<'_>) -> Vec<HoldReason> {
    let totals = input.totals;
    let mut reasons: Vec<HoldReason> =
        totals.holds.iter().filter(|(held, _)| *held == kind).map(|(_, reason)| reason.clone()).collect();
    let empty: BTreeSet<&QueryName> =
        totals.empty_queries.iter().filter(|(held, _)| *held == kind).map(|(_, query)| query).collect();
    for query in empty {
        let items = totals.mirrored_by_query.get(&(kind, query.clone())).copied().unwrap_or_default();
        if items > 0 {
            reasons.push(HoldReason::QueryEmpty { query: query.clone(), items });
        }
    }
    let of = totals.mirrored.get(&kind).copied().unwrap_or_default();
    let vanished = totals.vanished.get(&kind).copied().unwrap_or_default();
    let may_vanish = input.policy.few_vanished.max(of.saturating_mul(input.policy.max_vanished_percent) / 100);
    if vanished > may_vanish {
        reasons.push(HoldReason::Vanished { vanished, of });
    }
    if totals.first_write_released {
        // What is decided one by one is no part of a wave.
        let ordinary = decided.iter().filter(|(_, aside)| aside.is_none_or(|aside| aside == Aside::LookAlike && !few));
        let ordinary: Vec<&Operation> = ordinary.map(|(operation, _)| operation).collect();
        reasons.extend(budgets(kind, &ordinary, input));
    } else {
        // Everything of a first plan is shown and released by name, so that no budget is needed.
        reasons.push(HoldReason::FirstWrite);
    }
    reasons
}

/// Which budgets the operations exceed that were not released from them.
fn budgets(kind: Kind, operations: &[&Operation], input: &PlanningInput<'_>) -> Vec<HoldReason> {
    let totals = input.totals;
    let size = totals.mirrored.get(&kind).copied().unwrap_or_default();
    let fresh = Spent { size_at_start: size, by_class: BTreeMap::new() };
    let mut by_class: BTreeMap<Class, Vec<&Operation>> = BTreeMap::new();
    for operation in operations {
        if let Some(class) = operation.class() {
            by_class.entry(class).or_default().push(operation);
        }
    }
    let counted = |operations: &[&Operation], reason: &HoldReason| -> u64 {
        operations.iter().filter(|operation| !input.released.lifts(reason, operation)).map(|_| 1).sum()
    };
    let mut reasons = Vec::new();
    for (class, operations) in by_class {
        let here = totals.spent.get(&kind).unwrap_or(&fresh);
        let spent = here.by_class.get(&class).copied().unwrap_or_default();
        let allowed = input.policy.budgets.get(&class).map(|budget| budget.of(here.size_at_start));
        let wanted = counted(&operations, &HoldReason::Budget { class, wanted: 0, spent: 0, allowed: 0 });
        if let Some(allowed) = allowed.filter(|allowed| wanted > 0 && wanted.saturating_add(spent) > *allowed) {
            reasons.push(HoldReason::Budget { class, wanted, spent, allowed });
        }
        let firm = totals.firm_spent.get(&kind).unwrap_or(here);
        let spent = firm.by_class.get(&class).copied().unwrap_or_default();
        let own = counted(&operations, &HoldReason::FirmBudget { class, wanted: 0, spent: 0, allowed: 0 });
        let wanted = own.saturating_add(totals.firm_wanted.get(&(kind, class)).copied().unwrap_or_default());
        let allowed = input.policy.firm_budgets.get(&class).map(|budget| budget.of(firm.size_at_start));
        if let Some(allowed) = allowed.filter(|allowed| own > 0 && wanted.saturating_add(spent) > *allowed) {
            reasons.push(HoldReason::FirmBudget { class, wanted, spent, allowed });
        }
    }
    reasons
}
