use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    domain::Kind,
    plan::{Allowance, Class, OnDrift, OnLeave, Policy},
};

/// Brakes, and what happens when a user changes our items. Section `[policy]`. Budgets that are not named keep their default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PolicySettings {
    /// Restores of one item without a change of its record; then it is listed and left.
    pub max_restores: u8,
    /// Share of our items that may vanish between two observations, in per cent.
    pub max_vanished_percent: u64,
    /// How many of a user's own items may look like records before the whole kind is held.
    pub few_look_alikes: u64,
    /// When somebody left the firm, by the practice system's word.
    pub leavers: OnLeave,
    /// How many people may leave in 24 hours before a person is asked although `leavers` is `withdraw`.
    pub leavers_per_day: u64,
    /// How many items of a mailbox one tick writes anew for an approved change of meaning.
    pub meaning_per_tick: u64,
    /// How many items of all mailboxes together.
    pub firm_meaning_per_tick: u64,
    /// When a user edited our item.
    pub on_edit: PerKind,
    /// When a user deleted our item (`leave` respects it until the record changes).
    pub on_delete: PerKind,
    /// Budgets per mailbox and kind, over 24 hours.
    pub budgets: BTreeMap<Class, Allowance>,
    /// Budgets per kind for the whole firm, over 24 hours.
    pub firm_budgets: BTreeMap<Class, Allowance>,
}

impl Default for PolicySettings {
    fn default() -> Self {
        let policy = Policy::default();
        Self {
            max_restores: policy.max_restores,
            max_vanished_percent: policy.max_vanished_percent,
            few_look_alikes: policy.few_look_alikes,
            leavers: policy.leavers,
            leavers_per_day: policy.leavers_per_day,
            meaning_per_tick: policy.meaning_per_tick,
            firm_meaning_per_tick: policy.firm_meaning_per_tick,
            on_edit: PerKind::default(),
            on_delete: PerKind::default(),
            budgets: policy.budgets,
            firm_budgets: policy.firm_budgets,
        }
    }
}

impl PolicySettings {
    /// As the planner takes it.
    pub fn policy(&self) -> Policy {
        let per_kind = |chosen: PerKind| Kind::ALL.into_iter().map(|kind| (kind, chosen.of(kind))).collect();
        let mut policy = Policy {
            on_edit: per_kind(self.on_edit),
            on_delete: per_kind(self.on_delete),
            max_restores: self.max_restores,
            max_vanished_percent: self.max_vanished_percent,
            few_look_alikes: self.few_look_alikes,
            leavers: self.leavers,
            leavers_per_day: self.leavers_per_day,
            meaning_per_tick: self.meaning_per_tick,
            firm_meaning_per_tick: self.firm_meaning_per_tick,
            ..Policy::default()
        };
        policy.budgets.extend(&self.budgets);
        policy.firm_budgets.extend(&self.firm_budgets);
        policy
    }
}

/// One choice for each kind.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_the_planners_own() {
        assert_eq!(PolicySettings::default().policy(), Policy::default());
    }

    #[test]
    fn a_budget_that_is_not_named_keeps_its_default() {
        let Ok(settings) = toml::from_str::<PolicySettings>("budgets.delete = { at_least = 1, percent = 2 }") else {
            panic!("is read")
        };
        let mut expected = Policy::default();
        expected.budgets.insert(Class::Delete, Allowance { at_least: 1, percent: 2 });
        assert_eq!(settings.policy(), expected);
    }
}
