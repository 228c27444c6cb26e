use std::collections::BTreeSet;

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use super::{Personal, PostalAddress};

/// What a field can hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    /// Plain text; lines end with `\n`.
    Text(Personal<String>),
    /// A day, without time or zone.
    Date(Date),
    /// When an event takes place.
    Span(Span),
    /// A postal address.
    Address(Personal<PostalAddress>),
    /// Category names.
    Categories(BTreeSet<String>),
    /// When to ring.
    Reminder(Reminder),
    /// Free or busy.
    ShowAs(ShowAs),
    /// Who may see it.
    Sensitivity(Sensitivity),
    /// Priority.
    Importance(Importance),
    /// How far a task is.
    Status(TaskStatus),
    /// 0 to 100.
    Percent(u8),
}

impl Value {
    /// Text from anything that can become one.
    pub fn text(value: impl Into<String>) -> Self {
        Self::Text(Personal::new(value.into()))
    }
}

/// When an event takes place. Whole days stay days: they have no zone and never become instants before the wire.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Span {
    /// Whole days, both included.
    AllDay {
        /// First day.
        first: Date,
        /// Last day; not before `first`.
        last: Date,
    },
    /// Two instants, and the IANA zone in which people read them.
    Timed {
        /// First instant.
        start: Timestamp,
        /// Not before `start`.
        end: Timestamp,
        /// IANA name of the office's zone.
        zone: String,
    },
}

/// When the phone should ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reminder {
    /// Not at all.
    Off,
    /// Minutes before an event's start.
    MinutesBefore(u32),
    /// At a moment (tasks).
    At(Timestamp),
}

/// How the time of an event is shown to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShowAs {
    /// Free.
    Free,
    /// Tentative.
    Tentative,
    /// Busy.
    Busy,
    /// Out of office.
    Away,
    /// Working elsewhere.
    Elsewhere,
}

/// Who may see an item. Clients enforce it, the server does not: what must stay secret is redacted as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sensitivity {
    /// Everybody with rights on the folder.
    Normal,
    /// Marked personal.
    Personal,
    /// Marked private.
    Private,
    /// Marked confidential.
    Confidential,
}

/// Priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Importance {
    /// Low.
    Low,
    /// Normal.
    Normal,
    /// High.
    High,
}

/// How far a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskStatus {
    /// Not begun.
    NotStarted,
    /// Begun.
    InProgress,
    /// Done.
    Completed,
    /// Waiting on somebody.
    Waiting,
    /// Put off.
    Deferred,
}
