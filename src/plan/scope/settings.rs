use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::Template;
use crate::domain::{Behind, Kind};

/// What a user gets to see, and how. Section `[scope]` of the configuration; every value can be set per user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScopeSettings {
    /// The IANA zone in which the office reads its clocks; written into every event.
    #[serde(with = "jiff::fmt::serde::tz::required")]
    pub office_zone: TimeZone,
    /// Which kinds are synced.
    #[serde(default = "every_kind")]
    pub kinds: BTreeSet<Kind>,
    /// What is maintained; what time moves out of it is kept as it is.
    #[serde(default)]
    pub window: WindowSettings,
    /// What happens to what is done.
    #[serde(default)]
    pub done: DonePolicy,
    /// What happens to what is cancelled.
    #[serde(default)]
    pub cancelled: CancelledPolicy,
    /// How much of a record is shown.
    #[serde(default)]
    pub privacy: PrivacyMode,
    /// How subject and notes are made up, by kind. Kinds that are not named keep their default.
    #[serde(default)]
    pub templates: BTreeMap<Kind, Templates>,
    /// Words put in place of what is not shown.
    #[serde(default)]
    pub texts: Texts,
    /// When the phone rings before an event with a time whose query selects no reminder, in minutes; without it such events
    /// are left to the server's own default.
    #[serde(default = "quarter_of_an_hour")]
    pub default_reminder_minutes: Option<u32>,
    /// Which contacts of the firm's address book a user gets.
    #[serde(default)]
    pub contacts: ContactCircle,
    /// How many contacts of the firm's address book one user may get; more hold that user's contacts.
    #[serde(default = "five_thousand")]
    pub contact_cap: u64,
    /// What must never reach the user: numbers of matters and keys of records. A user's own walls are added to the firm's.
    #[serde(default)]
    pub walls: BTreeSet<Behind>,
}

impl ScopeSettings {
    /// The defaults, for an office in this zone.
    pub fn for_office(office_zone: TimeZone) -> Self {
        Self {
            office_zone,
            kinds: every_kind(),
            window: WindowSettings::default(),
            done: DonePolicy::default(),
            cancelled: CancelledPolicy::default(),
            privacy: PrivacyMode::default(),
            templates: BTreeMap::new(),
            texts: Texts::default(),
            default_reminder_minutes: quarter_of_an_hour(),
            contacts: ContactCircle::default(),
            contact_cap: five_thousand(),
            walls: BTreeSet::new(),
        }
    }

    /// These settings with a user's own laid over them, value by value. Walls are added: nobody's own settings open a wall of
    /// the firm's.
    ///
    /// # Errors
    /// When a value cannot be used.
    pub fn with(&self, own: &serde_json::Value) -> Result<Self, serde_json::Error> {
        let mut settings = serde_json::to_value(self)?;
        lay_over(&mut settings, own);
        let mut settings: Self = serde_json::from_value(settings)?;
        settings.walls.extend(self.walls.iter().cloned());
        Ok(settings)
    }
}

fn every_kind() -> BTreeSet<Kind> {
    Kind::ALL.into_iter().collect()
}

#[expect(clippy::unnecessary_wraps, reason = "the default of an optional setting")]
fn quarter_of_an_hour() -> Option<u32> {
    Some(15)
}

fn five_thousand() -> u64 {
    5_000
}

fn lay_over(settings: &mut serde_json::Value, own: &serde_json::Value) {
    match (settings, own) {
        (serde_json::Value::Object(settings), serde_json::Value::Object(own)) => {
            for (name, value) in own {
                lay_over(settings.entry(name).or_insert(serde_json::Value::Null), value);
            }
        }
        (_, serde_json::Value::Null) => {}
        (settings, own) => *settings = own.clone(),
    }
}

/// What is maintained, in days of the office's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WindowSettings {
    /// Events that ended at most this many days ago.
    pub past_days: u32,
    /// Events that begin at most this many days from now.
    pub future_days: u32,
    /// Done tasks that were due at most this many days ago. Open tasks are shown whenever they are due.
    pub done_tasks_days: u32,
}

impl Default for WindowSettings {
    fn default() -> Self {
        Self { past_days: 30, future_days: 365, done_tasks_days: 30 }
    }
}

/// What happens to what is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DonePolicy {
    /// It stays, marked as done.
    #[default]
    Keep,
    /// It leaves the phones.
    Remove,
}

/// What happens to what is cancelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CancelledPolicy {
    /// It leaves the phones.
    #[default]
    Remove,
    /// It stays, says so in its subject, shows as free and does not ring.
    Keep,
}

/// How much of a record is shown on a phone that may lie on a table. In order: each shows less than the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrivacyMode {
    /// Everything.
    #[default]
    Full,
    /// Names as initials: of the matter for events and tasks, of the name for contacts, which keep their phone numbers.
    Initials,
    /// The number of the matter and the time. No contacts.
    MatterNumber,
    /// The time alone. No contacts.
    Busy,
}

/// Which contacts of the firm's address book a user gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContactCircle {
    /// Those that are the user's own.
    Mine,
    /// Those too that play a part in a matter of the user's.
    Matters,
    /// All.
    #[default]
    Firm,
    /// No contacts at all.
    None,
}

/// How the texts of a kind are made up. A template is used only where the query selects that field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Templates {
    /// Of an event or a task. `{subject}`, `{matter_number}`, `{matter_name}`.
    pub subject: Template,
    /// `{notes}`, `{matter_number}`, `{matter_name}`; of a contact `{roles}` too.
    pub notes: Template,
}

impl Default for Templates {
    fn default() -> Self {
        Self { subject: Template::subject_and_number(), notes: Template::notes_alone() }
    }
}

impl Templates {
    /// What holds where nothing is set: a contact says first what it is in the user's matters.
    pub fn of(kind: Kind) -> Self {
        match kind {
            Kind::Contact => Self { notes: Template::roles_and_notes(), ..Self::default() },
            Kind::Event | Kind::Task => Self::default(),
        }
    }
}

/// Words put in place of what is not shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Texts {
    /// Subject of a private event.
    pub private_event: String,
    /// Subject of a private task.
    pub private_task: String,
    /// Subject of an event of which only the time is shown.
    pub busy_event: String,
    /// Subject of a task of which only the time is shown.
    pub busy_task: String,
    /// Stands before the subject of what is cancelled.
    pub cancelled: String,
}

impl Default for Texts {
    fn default() -> Self {
        Self {
            private_event: "Private appointment".to_owned(),
            private_task: "Private task".to_owned(),
            busy_event: "Appointment".to_owned(),
            busy_task: "Task".to_owned(),
            cancelled: "Cancelled: ".to_owned(),
        }
    }
}
