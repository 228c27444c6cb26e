//! What rows mean: everything but the row itself on which the text on a phone depends.
//!
//! An item differs from what it should hold either because its record changed, or because what records mean changed: another
//! mapping, template, privacy mode, zone, or a version of this program that renders otherwise. The first is news and goes out at
//! once. The second could rewrite every item of the firm and waits for a person; until then items keep their last good text.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{PrivacyMode, ScopeSettings};
use crate::domain::{Field, Kind, Origin, RecordKey};

/// The part of a meaning that is our own code.
pub const REVISION: &str = "rendering revision";
/// The part that a stricter setting changes at once.
const PRIVACY: &str = "privacy";

/// What the rows of one query mean for one user, by parts: name and value, as a person reads them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Meaning {
    /// Where parts that say how rows become records differ, digests of rows cannot be compared.
    parts: BTreeMap<String, Part>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Part {
    value: String,
    /// Whether the part says how rows are read, rather than how they are shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    reading: bool,
}

/// One part of a meaning, before and after.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MeaningChange {
    /// Which part (`subject template of events`).
    pub part: String,
    /// What it was; `None` when it was not there, or is not known.
    pub from: Option<String>,
    /// What it is.
    pub to: Option<String>,
}

impl Meaning {
    /// The meaning of one kind of rows. `reading` says how they are read, `revision` which revision of our rendering is at work.
    pub fn of(kind: Kind, reading: &BTreeMap<String, String>, settings: &ScopeSettings, revision: u32) -> Self {
        let mut parts: BTreeMap<String, Part> =
            reading.iter().map(|(name, value)| (name.clone(), Part { value: value.clone(), reading: true })).collect();
        let mut show = |name: String, value: String| parts.insert(name, Part { value, reading: false });
        show(REVISION.to_owned(), revision.to_string());
        let templates = settings.templates.get(&kind).cloned().unwrap_or_default();
        show(format!("notes template of {kind}s"), templates.notes.to_string());
        show(PRIVACY.to_owned(), word(&settings.privacy));
        if kind != Kind::Contact {
            show(format!("subject template of {kind}s"), templates.subject.to_string());
            show("words in place of what is not shown".to_owned(), word(&settings.texts));
        }
        if kind == Kind::Event {
            show("office zone".to_owned(), settings.office_zone.iana_name().unwrap_or("UTC").to_owned());
            let minutes = settings.default_reminder_minutes;
            show(
                "default reminder".to_owned(),
                minutes.map_or_else(|| "none".to_owned(), |it| format!("{it} minutes")),
            );
        }
        Self { parts }
    }

    /// What differs in another meaning.
    pub fn changes_to(&self, other: &Self) -> Vec<MeaningChange> {
        let names: BTreeSet<&String> = self.parts.keys().chain(other.parts.keys()).collect();
        let value = |meaning: &Self, name: &String| meaning.parts.get(name).map(|part| part.value.clone());
        let all = names.into_iter().map(|name| MeaningChange {
            part: name.clone(),
            from: value(self, name),
            to: value(other, name),
        });
        all.filter(|change| change.from != change.to).collect()
    }

    /// Whether rows are read the same way, so that equal digests mean equal rows and other digests other rows.
    pub fn reads_as(&self, other: &Self) -> bool {
        let reading = |meaning: &Self| {
            let parts = meaning.parts.iter().filter(|(_, part)| part.reading);
            parts.map(|(name, part)| (name.clone(), part.value.clone())).collect::<Vec<_>>()
        };
        reading(self) == reading(other)
    }

    /// The change of an item of which nobody knows what its text was made from.
    pub fn from_unknown(&self) -> MeaningChange {
        MeaningChange { part: "text from before its origin was kept".to_owned(), from: None, to: self.revision() }
    }

    /// The change of an item whose text would differ although neither its row nor any part of the meaning does: our own code
    /// renders otherwise, and nobody said so.
    pub fn unannounced(&self) -> MeaningChange {
        MeaningChange { part: "rendering, unannounced".to_owned(), from: None, to: self.revision() }
    }

    fn revision(&self) -> Option<String> {
        self.parts.get(REVISION).map(|part| part.value.clone())
    }
}

fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

impl MeaningChange {
    /// A privacy mode that shows less than the one before.
    fn is_tighter_privacy(&self) -> bool {
        let mode = |value: &Option<String>| -> Option<PrivacyMode> {
            serde_json::from_value(serde_json::Value::String(value.clone()?)).ok()
        };
        self.part == PRIVACY && mode(&self.from).zip(mode(&self.to)).is_some_and(|(from, to)| to > from)
    }
}

/// The parts of these changes, as a person names them.
pub fn label(changes: &[MeaningChange]) -> String {
    changes.iter().map(|change| change.part.as_str()).collect::<Vec<_>>().join(", ")
}

/// So many items of so many users, in words.
pub fn counted(items: u64, users: usize) -> String {
    let (of_items, of_users) = (if items == 1 { "item" } else { "items" }, if users == 1 { "user" } else { "users" });
    format!("{items} {of_items} of {users} {of_users}")
}

/// That so many items wait because their meaning changed, in words.
pub fn waiting(items: u64, users: usize) -> String {
    format!("{}: the meaning changed, and the last text stays until somebody agrees", counted(items, users))
}

/// Whether the row is the same as when the item was written, so that only its meaning can have changed. `then` is what the item
/// was made from; `noticed` what its row said when the present meaning was first met. `reads_alike` says whether two meanings
/// read rows the same way.
pub fn is_same_row(
    now: &Origin,
    then: Option<&Origin>,
    noticed: Option<&Origin>,
    reads_alike: impl Fn(&Origin, &Origin) -> bool,
) -> bool {
    if let Some(then) = then {
        if then.source == now.source {
            return true;
        }
        if reads_alike(then, now) {
            return false;
        }
        // Rows are read otherwise now, and their digests say nothing; what the row itself says of its last change does.
        if then.mark != 0 && now.mark != 0 && then.mark != now.mark {
            return false;
        }
    }
    noticed.is_none_or(|noticed| !reads_alike(noticed, now) || noticed.source == now.source)
}

/// Whether a person agreed to a change of meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// Not yet.
    Waits,
    /// Yes: it is written, so many items at a time.
    Given,
    /// Nobody is asked: less is shown than before, and that is not put off.
    NotNeeded,
}

/// An item that would be written anew though its record is the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewrite {
    /// What changed.
    pub changes: Vec<MeaningChange>,
    /// Whether a person agreed.
    pub consent: Consent,
}

impl Rewrite {
    /// A change of meaning, given what persons agreed to so far.
    pub fn new(changes: &[MeaningChange], approved: &BTreeSet<MeaningChange>) -> Self {
        let consent = if is_redaction(changes) {
            Consent::NotNeeded
        } else if changes.iter().all(|change| approved.contains(change)) {
            Consent::Given
        } else {
            Consent::Waits
        };
        Self { changes: changes.to_vec(), consent }
    }
}

/// Whether less is shown than before: whatever else changed with it, that is not put off.
pub fn is_redaction(changes: &[MeaningChange]) -> bool {
    changes.iter().any(MeaningChange::is_tighter_privacy)
}

/// What of a plan is a change of meaning alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rewrites {
    /// By record.
    pub of: BTreeMap<RecordKey, Rewrite>,
    /// Fields that an undo brought back, and that stay so until the record changes. Its meaning is no change.
    pub pins: BTreeMap<RecordKey, BTreeSet<Field>>,
    /// How many of those that a person agreed to may be written now.
    pub at_most: u64,
}
