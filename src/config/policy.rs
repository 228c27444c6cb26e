use serde::{Deserialize, Serialize};

use crate::{
    domain::Kind,
    plan::{Allowance, Class, OnDrift, Policy},
};

/// One value for each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PerKind {
    /// For events.
    pub event: OnDrift,
    /// For tasks.
    pub task: OnDrift,
    /// For contacts.
    pub contact: OnDrift,
}

impl Default for PerKind {
    fn default() -> Self {
        Self { event: OnDrift::Restore, task: OnDrift::Restore, contact: OnDrift::Restore }
    }
}

impl PerKind {
    fn of(self, kind: Kind) -> OnDrift {
        match kind {
            Kind::Event => self.event,
            Kind::Task => self.task,
            Kind::Contact => self.contact,
        }
    }
}

/// Budgets by class, over 24 rolling hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Budgets {
    create: Allowance,
    update: Allowance,
    delete: Allowance,
    withdraw: Allowance,
    replace: Allowance,
}
