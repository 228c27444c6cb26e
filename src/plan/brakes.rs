//! What waits for a person.
//!
//! A brake holds *all* operations of one mailbox and kind, not the deletes alone: letting creates through while deletes wait
//! is how a changed key puts everything twice on a phone. What a person released passes, exactly as it was shown.

use std::collections::{BTreeMap, BTreeSet};

use super::{Class, Hold, HoldReason, Operation, PlanningInput, Spent, decide::Aside};
use crate::domain::{Kind, QueryName};

/// Operations that pass, and those that wait.
pub(super) fn brake(
    decided: Vec<(Operation, Option<Aside>)>,
    input: &PlanningInput<'_>,
) -> (Vec<Operation>, Vec<Hold>) {
    let (mut passing, waiting): (Vec<_>, Vec<_>) =
        decided.into_iter().partition(|(operation, _)| input.released.operations.contains(&operation.digest()));
    let mut by_kind: BTreeMap<Kind, Vec<(Operation, Option<Aside>)>> = BTreeMap::new();
    for (operation, aside) in waiting {
        by_kind.entry(operation.key.kind).or_default().push((operation, aside));
    }
    let mut holds = Vec::new();
    for kind in Kind::ALL {
        let waiting = by_kind.remove(&kind).unwrap_or_default();
        let (aside, ordinary) = set_aside(kind, waiting, input);
        holds.extend(aside);
        let reasons = reasons(kind, &ordinary, input);
        if reasons.is_empty() {
            passing.extend(ordinary.into_iter().map(|operation| (operation, None)));
        } else {
            let hold = |reason| Hold { kind, reason, operations: ordinary.clone() };
            holds.extend(reasons.into_iter().map(hold));
        }
    }
    (passing.into_iter().map(|(operation, _)| operation).collect(), holds)
}

/// Operations that a person decides one by one are held by themselves; the others go on. Many look-alikes are no single
/// decisions any more: they hold the kind.
fn set_aside(
    kind: Kind,
    waiting: Vec<(Operation, Option<Aside>)>,
    input: &PlanningInput<'_>,
) -> (Vec<Hold>, Vec<Operation>) {
    let matches = look_alikes(waiting.iter().map(|(_, aside)| *aside));
    let mut held: BTreeMap<u8, Vec<Operation>> = BTreeMap::new();
    let mut ordinary = Vec::new();
    for (operation, aside) in waiting {
        match aside {
            Some(Aside::Orphan) => held.entry(0).or_default().push(operation),
            Some(Aside::OnlyDeleted) => held.entry(1).or_default().push(operation),
            Some(Aside::LookAlike) if matches <= input.policy.few_look_alikes => {
                held.entry(2).or_default().push(operation);
            }
            Some(Aside::LookAlike) | None => ordinary.push(operation),
        }
    }
    let many = matches > input.policy.few_look_alikes;
    let mut holds: Vec<Hold> = held
        .into_iter()
        .map(|(what, operations)| {
            let reason = match what {
                0 => HoldReason::Orphans,
                1 => HoldReason::OnlyInDeletedItems,
                _ => HoldReason::LooksAlreadyThere { matches },
            };
            Hold { kind, reason, operations }
        })
        .collect();
    if many {
        let operations = std::mem::take(&mut ordinary);
        holds.push(Hold { kind, reason: HoldReason::LooksAlreadyThere { matches }, operations });
    }
    (holds, ordinary)
}

fn look_alikes(asides: impl Iterator<Item = Option<Aside>>) -> u64 {
    asides.map(|aside| u64::from(aside == Some(Aside::LookAlike))).sum()
}

/// Why the ordinary operations of a kind wait, if they do.
fn reasons(kind: Kind, operations: &[Operation], input: &PlanningInput<'_>) -> Vec<HoldReason> {
    let totals = input.totals;
    let mut reasons: Vec<HoldReason> =
        totals.holds.iter().filter(|(held, _)| *held == kind).map(|(_, reason)| reason.clone()).collect();
    if operations.is_empty() {
        return reasons;
    }
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
        reasons.extend(budgets(kind, operations, input));
    } else {
        // Everything of a first plan is shown and released by name, so that no budget is needed.
        reasons.push(HoldReason::FirstWrite);
    }
    reasons
}

fn budgets(kind: Kind, operations: &[Operation], input: &PlanningInput<'_>) -> Vec<HoldReason> {
    let totals = input.totals;
    let size = totals.mirrored.get(&kind).copied().unwrap_or_default();
    let fresh = Spent { size_at_start: size, by_class: BTreeMap::new() };
    let mut wanted: BTreeMap<Class, u64> = BTreeMap::new();
    for class in operations.iter().filter_map(Operation::class) {
        *wanted.entry(class).or_default() += 1;
    }
    let mut reasons = Vec::new();
    for (class, wanted) in wanted {
        let own = totals.spent.get(&kind).unwrap_or(&fresh);
        let spent = own.by_class.get(&class).copied().unwrap_or_default();
        let allowed = input.policy.budgets.get(&class).map(|budget| budget.of(own.size_at_start));
        if let Some(allowed) = allowed.filter(|allowed| wanted.saturating_add(spent) > *allowed) {
            reasons.push(HoldReason::Budget { class, wanted, spent, allowed });
        }
        let firm = totals.firm_spent.get(&kind).unwrap_or(own);
        let spent = firm.by_class.get(&class).copied().unwrap_or_default();
        let wanted = wanted.saturating_add(totals.firm_wanted.get(&(kind, class)).copied().unwrap_or_default());
        let allowed = input.policy.firm_budgets.get(&class).map(|budget| budget.of(firm.size_at_start));
        if let Some(allowed) = allowed.filter(|allowed| wanted.saturating_add(spent) > *allowed) {
            reasons.push(HoldReason::FirmBudget { class, wanted, spent, allowed });
        }
    }
    reasons
}
