//! What to do: pure, synchronous, no clock of its own.
//!
//! [`scope`](scope::scope) says what one mailbox should have of a row. [`plan`] takes the keys that may differ (*dirty*), what
//! we own, what was observed, totals and budgets, and yields operations that leave no meaningful choice for later, holds that
//! wait for a person, and findings that are only told. Planning dirty keys equals the full plan restricted to those keys.

pub mod look_alike;
pub mod recover;
pub mod settle;

mod input;
mod operation;
mod ours;
mod scope;

pub use input::{Allowance, Desired, OnDrift, PlanningInput, Policy, Release, Spent, Totals, Withdrawal};
pub use operation::{Action, Class, Finding, FindingKind, Hold, HoldReason, Operation, OperationDigest, Plan, Why};
pub use ours::unread;
pub use recover::Resolution;
pub use scope::{
    CancelledPolicy, DonePolicy, MirrorHint, PrivacyMode, ScopeSettings, Template, TemplateError, Templates, Texts,
    WindowSettings, contact_cap, scope, still_maintained,
};
