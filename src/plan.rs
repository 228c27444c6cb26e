//! What to do: pure, synchronous, no clock of its own.
//!
//! [`scope`](scope::scope) says what one mailbox should have of a row. [`plan`] takes the keys that may differ (*dirty*), what
//! we own, what was observed, totals and budgets, and yields operations that leave no meaningful choice for later, holds that
//! wait for a person, and findings that are only told. Planning dirty keys equals the full plan restricted to those keys.

pub mod adopt;
pub mod look_alike;
pub mod meaning;
pub mod moving;
pub mod recover;
pub mod settle;
pub mod undo;

mod audit;
mod brakes;
mod decide;
mod finding;
mod input;
mod operation;
mod ours;
mod pace;
mod scope;

use std::collections::BTreeSet;

use jiff::{Timestamp, ToSpan};

use crate::domain::RecordKey;

pub use audit::audit;

pub use adopt::Adoption;
pub use finding::{Finding, FindingKind};
pub use input::{
    Allowance, Departure, Desired, OnDrift, OnLeave, PlanningInput, Policy, Release, Spent, Totals, Withdrawal,
};
pub use meaning::{Consent, Meaning, MeaningChange, Rewrite, Rewrites};
pub use operation::{Action, Class, Hold, HoldReason, Operation, OperationDigest, Plan, ReasonName, Why};
pub use ours::unread;
pub use recover::Resolution;
pub use scope::{
    CancelledPolicy, ContactCircle, DonePolicy, MirrorHint, PrivacyMode, RENDERING_REVISION, ScopeSettings, Template,
    TemplateError, Templates, Texts, Verdict, Viewer, Walls, WindowSettings, behind_a_wall, combined, contact_cap,
    scope, shown_name, still_maintained,
};

/// Decides what is to be done in one mailbox. Nothing is left to choose at execution.
pub fn plan(input: &PlanningInput<'_>) -> Plan {
    let keys: BTreeSet<&RecordKey> =
        input.desired.keys().chain(input.mirror.entries.keys()).chain(input.observed.keys()).collect();
    let mut plan = Plan::default();
    let mut decided = Vec::new();
    for key in keys {
        let decision = decide::decide(key, input);
        plan.findings.extend(decision.findings);
        plan.foreign.extend(decision.foreign);
        decided.extend(decision.operations.into_iter().map(|operation| (operation, decision.aside)));
    }
    (plan.operations, plan.holds) = brakes::brake(decided, input);
    for operations in
        std::iter::once(&mut plan.operations).chain(plan.holds.iter_mut().map(|hold| &mut hold.operations))
    {
        operations.sort_by_cached_key(|operation| {
            (!is_soon(operation.due, input.now), operation.due.is_none(), operation.due, operation.key.clone())
        });
    }
    plan.later = pace::pace(&mut plan.operations, input);
    debug_assert_eq!(audit(&plan, input), Vec::<String>::new());
    plan
}

/// Within the next 48 hours: written before everything else.
fn is_soon(due: Option<Timestamp>, now: Timestamp) -> bool {
    let soon = now.checked_add(48.hours()).unwrap_or(Timestamp::MAX);
    due.is_some_and(|due| due >= now && due <= soon)
}

#[cfg(test)]
mod tests;
