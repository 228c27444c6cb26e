use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::state::ConfirmationWay;

/// How first uses are confirmed, and how long that holds. Section `[confirmation]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConfirmationSettings {
    /// The ways that are accepted.
    pub methods: BTreeSet<ConfirmationWay>,
    /// After how many days every link is confirmed again; never, if nothing is said.
    pub reconfirm_days: Option<u16>,
    /// How many days a link goes on whose secret, address or login changed.
    pub grace_days: u16,
    /// Whom a user may ask, in words that are shown with everything a user or administrator is asked for.
    pub support: Option<String>,
}

impl Default for ConfirmationSettings {
    fn default() -> Self {
        let methods = BTreeSet::from([ConfirmationWay::Provider, ConfirmationWay::Authenticator]);
        Self { methods, reconfirm_days: None, grace_days: 14, support: None }
    }
}

impl ConfirmationSettings {
    /// Whether this way is accepted.
    pub fn accepts(&self, way: ConfirmationWay) -> bool {
        self.methods.contains(&way)
    }

    /// How long a changed link goes on.
    pub fn grace(&self) -> SignedDuration {
        days(self.grace_days)
    }

    /// How long a confirmation holds.
    pub fn interval(&self) -> Option<SignedDuration> {
        self.reconfirm_days.map(days)
    }

    /// A hint, with whom to ask.
    pub fn with_support(&self, hint: impl Into<String>) -> String {
        let hint = hint.into();
        match &self.support {
            Some(support) => format!("{hint}; questions: {support}"),
            None => hint,
        }
    }
}

fn days(days: u16) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(days))
}
