use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{Adoption, Class, HoldReason, Operation, OperationDigest, ReasonName, Rewrites};
use crate::domain::{Kind, Mirror, Observation, QueryName, Record, RecordKey};

/// What one mailbox should have of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Desired {
    /// This, rendered.
    Wanted(Arc<Record>),
    /// This, and the item is there already: it was written for a row that is gone and meant the same. It keeps the item under a
    /// new stamp.
    Succeeds {
        /// What it holds, rendered.
        record: Arc<Record>,
        /// The row that is gone.
        from: RecordKey,
    },
    /// The row was not read because nothing changed in it: what was last written is still right. An item of which it is in
    /// doubt what it holds stays as it is until its row is read.
    Unchanged,
    /// Kept as it is, no longer maintained: time alone moved it out of the window.
    Frozen,
    /// The row exists and cannot be read: neither present nor absent.
    Unreadable,
    /// The record exists and this mailbox may not have it (any more).
    Withdrawn(Withdrawal),
    /// It was there for somebody who left the firm: it goes for good, within what leaving allows.
    Left,
    /// A complete view does not contain it.
    Absent,
}

/// Somebody who left the firm, by positive evidence: the practice system lists them as inactive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departure {
    /// Who, by the practice system's identifier.
    pub person: String,
    /// Since when that is known.
    pub since: Option<Timestamp>,
    /// Whether a person decides before anything is removed.
    pub held: bool,
}

/// What happens to the items of somebody who left the firm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnLeave {
    /// They wait until a person released their removal.
    Hold,
    /// They are removed at once, for as many people a day as the budget allows.
    Withdraw,
}

/// Why a record that exists leaves a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// In words for the plan ("assigned to somebody else", "closed matter").
    pub reason: String,
    /// Whether it must leave no trace in Deleted Items (a wall, somebody who left).
    pub for_good: bool,
}

/// What the planner looks at. All views must cover every key in `desired`; `desired` holds the dirty keys, or all.
#[derive(Debug)]
pub struct PlanningInput<'a> {
    /// What the mailbox should have. A key that is in `mirror` or `observed` but not here counts as [`Desired::Unchanged`]
    /// when `complete` is false and as [`Desired::Absent`] when it is true.
    pub desired: &'a BTreeMap<RecordKey, Desired>,
    /// Whether `desired` is everything the mailbox should have.
    pub complete: bool,
    /// What we own.
    pub mirror: &'a Mirror,
    /// Stamped items. The content of an item whose version the mirror does not know has been read.
    pub observed: &'a Observation,
    /// Keys that are observed only because the folder's view is complete: absence of an item means that it is gone.
    pub totals: &'a Totals,
    /// What the administrator set.
    pub policy: &'a Policy,
    /// Operations that a person released within the last hour, and from which holds.
    pub released: &'a Release,
    /// Records that look like unstamped items of the mailbox and about which nobody has decided yet.
    pub look_alikes: &'a BTreeSet<RecordKey>,
    /// What a person decided about records that look like items of the mailbox.
    pub adoptions: &'a BTreeMap<RecordKey, Adoption>,
    /// Keys that a mailbox without a ledger holds in Deleted Items only.
    pub only_deleted: &'a BTreeSet<RecordKey>,
    /// Records that are the same and would be written anew all the same.
    pub rewrites: &'a Rewrites,
    /// The office's zone, for days.
    pub zone: &'a TimeZone,
    /// The moment of planning.
    pub now: Timestamp,
}

/// Sizes and spent budgets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// False until a first plan for this mailbox was released.
    pub first_write_released: bool,
    /// Items the mirror holds, by kind.
    pub mirrored: BTreeMap<Kind, u64>,
    /// Items the mirror holds, by query.
    pub mirrored_by_query: BTreeMap<(Kind, QueryName), u64>,
    /// Queries that were completely read and returned no row at all.
    pub empty_queries: BTreeSet<(Kind, QueryName)>,
    /// What this mailbox spent in 24 hours, with its size at the window's start.
    pub spent: BTreeMap<Kind, Spent>,
    /// What the firm spent in 24 hours, with its size at the window's start.
    pub firm_spent: BTreeMap<Kind, Spent>,
    /// What the other mailboxes' plans of this tick want, for the firm's budgets.
    pub firm_wanted: BTreeMap<(Kind, Class), u64>,
    /// Whose leaving the last reading showed, where it concerns this mailbox. Without it nobody's items are removed for leaving.
    pub leaving: Option<Departure>,
    /// Our items that were missing from the last observation, by kind.
    pub vanished: BTreeMap<Kind, u64>,
    /// Reasons known elsewhere for which a kind is held whatever the plan says (a person missing from `people`, too many
    /// firm-wide contacts, another writer).
    pub holds: Vec<(Kind, HoldReason)>,
}

/// What was done in 24 hours. What a person released is not counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Items held when the window began.
    pub size_at_start: u64,
    /// Operations by class.
    pub by_class: BTreeMap<Class, u64>,
}

/// A budget: the larger of a number and a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    /// This many in any case.
    pub at_least: u64,
    /// Or this share of the size at the window's start, in per cent.
    pub percent: u64,
}

impl Allowance {
    /// What it allows at this size.
    pub fn of(self, size: u64) -> u64 {
        self.at_least.max(size.saturating_mul(self.percent) / 100)
    }
}

/// What happens when a user changed or deleted our item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnDrift {
    /// The practice database wins; the overwritten text becomes a proposed change.
    Restore,
    /// The user wins until the record changes.
    Leave,
}

/// What the administrator set for planning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// When the user edited our item, by kind.
    pub on_edit: BTreeMap<Kind, OnDrift>,
    /// When the user deleted our item, by kind (`Leave` = respect).
    pub on_delete: BTreeMap<Kind, OnDrift>,
    /// Restores of one item without a change of its record.
    pub max_restores: u8,
    /// Budget per mailbox and kind, by class.
    pub budgets: BTreeMap<Class, Allowance>,
    /// Budget per kind for the firm, by class.
    pub firm_budgets: BTreeMap<Class, Allowance>,
    /// Share of our items that may vanish from one observation, in per cent.
    pub max_vanished_percent: u64,
    /// This many of our items may vanish in any case, however few there are.
    pub few_vanished: u64,
    /// How many look-alikes hold only their records; more hold the kind.
    pub few_look_alikes: u64,
    /// When somebody left the firm.
    pub leavers: OnLeave,
    /// How many people may leave within 24 hours before their items wait for a person although `leavers` says otherwise.
    pub leavers_per_day: u64,
    /// How many items of a mailbox one pass writes anew for an approved change of meaning.
    pub meaning_per_tick: u64,
    /// How many items all mailboxes together write anew for it between two ticks.
    pub firm_meaning_per_tick: u64,
}

impl Default for Policy {
    fn default() -> Self {
        let restore: BTreeMap<Kind, OnDrift> = Kind::ALL.into_iter().map(|kind| (kind, OnDrift::Restore)).collect();
        let budgets = |delete: Allowance, other: Allowance| {
            [
                (Class::Create, other),
                (Class::Update, other),
                (Class::Delete, delete),
                (Class::Withdraw, other),
                (Class::Replace, other),
            ]
            .into_iter()
            .collect()
        };
        Self {
            on_edit: restore.clone(),
            on_delete: restore,
            max_restores: 2,
            budgets: budgets(Allowance { at_least: 10, percent: 10 }, Allowance { at_least: 100, percent: 25 }),
            firm_budgets: budgets(Allowance { at_least: 50, percent: 5 }, Allowance { at_least: 500, percent: 12 }),
            max_vanished_percent: 20,
            few_vanished: 5,
            few_look_alikes: 3,
            leavers: OnLeave::Hold,
            leavers_per_day: 1,
            meaning_per_tick: 50,
            firm_meaning_per_tick: 1_000,
        }
    }
}

/// Operations that a person saw and released, each with the reasons they were released from.
///
/// Somebody who approves a first write has not said whose stamps lie in the mailbox: a release counts for the hold it was given
/// for. What several reasons hold passes when it was released from each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Release {
    /// By name; anything else stays held.
    pub operations: BTreeMap<OperationDigest, BTreeSet<ReasonName>>,
}

impl Release {
    /// A person released exactly this operation from a hold for this reason.
    pub fn add(&mut self, operation: OperationDigest, reason: ReasonName) {
        self.operations.entry(operation).or_default().insert(reason);
    }

    /// Whether this reason does not hold the operation any more.
    ///
    /// Everything of a first plan is shown, so that its release covers the budgets too. Another writer or firm is settled by
    /// the release itself and then is no reason; while it is one, nothing passes.
    pub fn lifts(&self, reason: &HoldReason, operation: &Operation) -> bool {
        if self.operations.is_empty() {
            return false;
        }
        let Some(names) = self.operations.get(&operation.digest()) else { return false };
        match reason {
            HoldReason::UnknownFirm { .. } | HoldReason::AnotherWriter { .. } => false,
            HoldReason::Budget { .. } | HoldReason::FirmBudget { .. } => {
                names.contains(&reason.name()) || names.contains(&HoldReason::FirstWrite.name())
            }
            _ => names.contains(&reason.name()),
        }
    }
}
