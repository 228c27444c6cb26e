//! What one mailbox should have of one row: kinds, window, done and cancelled, privacy, templates.
//!
//! Only time may freeze an item, and only while its record stays as it was: a record that changed is written wherever it now
//! lies, and what a user may no longer see is redacted or withdrawn however old it is. What nobody may see is left out here,
//! before anything that could be logged, planned or sent exists.

mod render;
mod settings;
mod template;
mod walls;

pub use render::{RENDERING_REVISION, shown_name};
pub use settings::{
    CancelledPolicy, ContactCircle, DonePolicy, PrivacyMode, ScopeSettings, Templates, Texts, WindowSettings,
};
pub use template::{Template, TemplateError};
pub use walls::{Verdict, Walls};

use std::sync::Arc;

use jiff::{Timestamp, ToSpan};

use super::{Desired, HoldReason, Withdrawal};
use crate::domain::{
    Audience, Field, Fingerprint, Kind, MirrorEntry, PersonId, Record, SourceRecord, Span, TaskStatus, Value,
};

/// What a mailbox is known to hold of a record, without its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MirrorHint {
    /// Of what was last written; `None` when that is not known or in doubt.
    pub fingerprint: Option<Fingerprint>,
}

impl From<&MirrorEntry> for MirrorHint {
    fn from(entry: &MirrorEntry) -> Self {
        Self { fingerprint: entry.certain().map(|written| written.fingerprint) }
    }
}

/// Who looks at records, and what they may see of them.
#[derive(Clone, Copy, Debug)]
pub struct Viewer<'a> {
    /// Who it is in the practice system.
    pub person: &'a PersonId,
    /// What they chose, or what was chosen for them.
    pub settings: &'a ScopeSettings,
    /// What must never reach their mailbox.
    pub walls: &'a Walls,
}

/// The withdrawal of what lies behind a wall: without a trace.
#[must_use]
pub fn behind_a_wall() -> Desired {
    Desired::Withdrawn(Withdrawal { reason: "an ethical wall".to_owned(), for_good: true })
}

/// What a mailbox should have of a row that is meant for its user.
pub fn scope(record: &SourceRecord, viewer: &Viewer<'_>, mirrored: Option<&MirrorHint>, now: Timestamp) -> Desired {
    let withdrawn = |reason: String| Desired::Withdrawn(Withdrawal { reason, for_good: false });
    let (kind, settings) = (record.key.kind, viewer.settings);
    let verdict = viewer.verdict(record);
    if verdict == Verdict::Closed {
        return behind_a_wall();
    }
    if record.audience == Audience::Nobody {
        // In doubt a record goes to nobody; that it is gone is mere absence and has the strict brake.
        return Desired::Absent;
    }
    if !settings.kinds.contains(&kind) {
        return withdrawn(format!("{kind}s are switched off for this user"));
    }
    if let Some(reason) = &record.withdrawn {
        return withdrawn(reason.clone());
    }
    if let Some(reason) = outside_the_circle(record, viewer) {
        return withdrawn(reason.to_owned());
    }
    if record.cancelled && settings.cancelled == CancelledPolicy::Remove {
        return withdrawn("cancelled".to_owned());
    }
    if is_done(record) && settings.done == DonePolicy::Remove {
        return withdrawn("done".to_owned());
    }
    if verdict == Verdict::Doubtful || (kind == Kind::Event && record.record.span().is_none()) {
        return Desired::Unreadable;
    }
    let Some(rendered) = render::render(record, viewer) else {
        return withdrawn(if record.private {
            "private".to_owned()
        } else {
            "not shown in this privacy mode".to_owned()
        });
    };
    if still_maintained(&rendered, settings, now) {
        return Desired::Wanted(Arc::new(rendered));
    }
    match mirrored {
        Some(hint) if hint.fingerprint != Some(Fingerprint::of(&rendered)) => Desired::Wanted(Arc::new(rendered)),
        _ => Desired::Frozen,
    }
}

/// Whether an item with this content lies within the window: outside it is kept and no longer maintained. For rows that were not
/// read ([`Desired::Unchanged`]) this tells them from frozen ones.
pub fn still_maintained(rendered: &Record, settings: &ScopeSettings, now: Timestamp) -> bool {
    let window = &settings.window;
    let zone = &settings.office_zone;
    let day = |days: i64| {
        let today = now.to_zoned(zone.clone()).date();
        today.checked_add(days.days()).unwrap_or(today)
    };
    match rendered.kind {
        Kind::Contact => true,
        Kind::Event => {
            let (first, last) = match rendered.span() {
                None => return true,
                Some(Span::AllDay { first, last }) => (*first, *last),
                Some(Span::Timed { start, end, .. }) => {
                    (start.to_zoned(zone.clone()).date(), end.to_zoned(zone.clone()).date())
                }
            };
            last >= day(-i64::from(window.past_days)) && first <= day(i64::from(window.future_days))
        }
        Kind::Task => {
            let done = rendered.get(Field::Status) == Some(&Value::Status(TaskStatus::Completed));
            let date = rendered.date(Field::DueDate).or_else(|| rendered.date(Field::StartDate));
            !done || date.is_some_and(|date| date >= day(-i64::from(window.done_tasks_days)))
        }
    }
}

/// What a mailbox should have that several links feed: what any of them gives it. Where they show a record differently, what the
/// mailbox already holds stays; otherwise the links would write over each other for ever.
#[must_use]
pub fn combined(one: Desired, other: Desired, mirrored: Option<&MirrorHint>) -> Desired {
    let rank = |desired: &Desired| match desired {
        Desired::Wanted(record) if mirrored.is_some_and(|hint| hint.fingerprint == Some(Fingerprint::of(record))) => 7,
        Desired::Succeeds { .. } => 7,
        Desired::Frozen if mirrored.is_some() => 6,
        Desired::Wanted(_) => 5,
        Desired::Unreadable => 4,
        Desired::Frozen => 3,
        Desired::Unchanged => 2,
        Desired::Withdrawn(_) | Desired::Left => 1,
        Desired::Absent => 0,
    };
    if rank(&other) > rank(&one) { other } else { one }
}

/// The reason to hold contacts when a user would get more firm-wide ones than the cap allows.
pub fn contact_cap(wanted: u64, settings: &ScopeSettings) -> Option<HoldReason> {
    (wanted > settings.contact_cap).then_some(HoldReason::ContactCap { wanted, cap: settings.contact_cap })
}

/// Why a contact does not belong to those that the viewer chose.
fn outside_the_circle(record: &SourceRecord, viewer: &Viewer<'_>) -> Option<&'static str> {
    if record.key.kind != Kind::Contact || matches!(record.audience, Audience::Person(_)) {
        return (record.key.kind == Kind::Contact && viewer.settings.contacts == ContactCircle::None)
            .then_some("contacts are switched off for this user");
    }
    match viewer.settings.contacts {
        ContactCircle::Firm => None,
        ContactCircle::Matters => {
            viewer.ties(record).next().is_none().then_some("no contact of this user's matters (any more)")
        }
        ContactCircle::Mine => (!viewer.owns(record)).then_some("no contact of this user's own (any more)"),
        ContactCircle::None => Some("contacts are switched off for this user"),
    }
}

fn is_done(record: &SourceRecord) -> bool {
    record.done || record.record.get(Field::Status) == Some(&Value::Status(TaskStatus::Completed))
}

#[cfg(test)]
mod tests;
