//! Tasks of To Do. <https://learn.microsoft.com/graph/api/resources/todotask>
//!
//! Their days are days: To Do drops the time and gives midnight in UTC back, so midnight in UTC is what is written. A task has no
//! extended properties: the stamp is the external id of a linked resource, and its user comes by the same one to the page where
//! the practice system shows the task.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp, civil::Time};
use serde_json::{Value as Json, json};

use super::{
    codec::Codec,
    entity::{Entity, clean, lines, text},
    times::{self, Local},
};
use crate::domain::{Bound, Field, Importance, Reminder, TaskStatus, Value};

/// By this name of an application our linked resource is known.
pub(super) const APPLICATION: &str = "Pocket Docket";

pub(super) fn write(fields: &BTreeMap<Field, Option<&Value>>, entity: &mut Entity) {
    for (field, value) in fields {
        match (field, value) {
            (Field::DueDate | Field::StartDate, value) => {
                let name = if *field == Field::DueDate { "dueDateTime" } else { "startDateTime" };
                match value {
                    Some(Value::Date(day)) => entity.set(name, times::midnight(*day, "UTC")),
                    _ => entity.set(name, Json::Null),
                }
            }
            (Field::Importance, Some(Value::Importance(value))) => entity.set("importance", importance(*value)),
            (Field::Importance, _) => entity.set("importance", importance(Importance::Normal)),
            (Field::Status, Some(Value::Status(value))) => entity.set("status", status(*value)),
            (Field::Status, _) => entity.set("status", status(TaskStatus::NotStarted)),
            (Field::Reminder, Some(Value::Reminder(Reminder::At(moment)))) => {
                entity.set("isReminderOn", true);
                entity.set("reminderDateTime", times::utc(*moment));
            }
            // A task rings at a moment; before what else?
            (Field::Reminder, Some(Value::Reminder(Reminder::MinutesBefore(_)))) => {}
            (Field::Reminder, _) => entity.set("isReminderOn", false),
            _ => {}
        }
    }
}

/// What our linked resource says of a task: the stamp, and the page. What is not said stays as it is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Link<'l> {
    /// The stamp.
    pub(super) stamp: Option<&'l str>,
    /// The page; an empty one takes it away.
    pub(super) page: Option<&'l str>,
}

impl<'l> Link<'l> {
    /// Of these fields.
    pub(super) fn of(stamp: Option<&'l str>, fields: &BTreeMap<Field, Option<&'l Value>>) -> Self {
        let page = fields.get(&Field::WebPage).map(|value| match value {
            Some(Value::Text(page)) => page.reveal().as_str(),
            _ => "",
        });
        Self { stamp, page }
    }

    /// Whether it says anything.
    pub(super) fn is_empty(self) -> bool {
        self.stamp.is_none() && self.page.is_none()
    }

    /// As it is written.
    pub(super) fn to_json(self) -> Json {
        let mut link = json!({ "applicationName": APPLICATION, "displayName": APPLICATION });
        for (name, value) in [("externalId", self.stamp), ("webUrl", self.page)] {
            if let Some(value) = value {
                link[name] = if value.is_empty() { Json::Null } else { json!(clean(value)) };
            }
        }
        link
    }
}

/// Our linked resources in a task: their ids, and the stamp that each holds.
pub(super) fn links(entity: &Json) -> Vec<(&str, Option<&str>)> {
    ours(entity).map(|link| (text(link, "id").unwrap_or_default(), text(link, "externalId"))).collect()
}

fn ours(entity: &Json) -> impl Iterator<Item = &Json> {
    let all = entity.get("linkedResources").and_then(Json::as_array).into_iter().flatten();
    all.filter(|link| text(link, "applicationName") == Some(APPLICATION))
}

fn importance(value: Importance) -> &'static str {
    match value {
        Importance::Low => "low",
        Importance::Normal => "normal",
        Importance::High => "high",
    }
}

fn status(value: TaskStatus) -> &'static str {
    match value {
        TaskStatus::NotStarted => "notStarted",
        TaskStatus::InProgress => "inProgress",
        TaskStatus::Completed => "completed",
        TaskStatus::Waiting => "waitingOnOthers",
        TaskStatus::Deferred => "deferred",
    }
}

/// How far a task is, as the server says it.
pub(super) fn read_status(entity: &Json) -> Option<TaskStatus> {
    let word = text(entity, "status")?;
    let all = [
        TaskStatus::NotStarted,
        TaskStatus::InProgress,
        TaskStatus::Completed,
        TaskStatus::Waiting,
        TaskStatus::Deferred,
    ];
    all.into_iter().find(|known| status(*known).eq_ignore_ascii_case(word))
}

/// Whether it stands for several days.
pub(super) fn bound(entity: &Json) -> Option<Bound> {
    entity.get("recurrence").is_some_and(Json::is_object).then_some(Bound::Series)
}

pub(super) fn read(codec: &Codec, entity: &Json, put: &mut impl FnMut(Field, Option<Value>)) {
    put(Field::Subject, text(entity, "title").map(|text| Value::text(lines(text))));
    let word = text(entity, "importance");
    let all = [Importance::Low, Importance::Normal, Importance::High];
    let known = |word: &str| all.into_iter().find(|known| importance(*known).eq_ignore_ascii_case(word));
    put(Field::Importance, word.and_then(known).map(Value::Importance));
    let page = ours(entity).find_map(|link| text(link, "webUrl")).filter(|page| !page.is_empty());
    put(Field::WebPage, page.map(Value::text));
    put(Field::DueDate, read_day(codec, entity.get("dueDateTime")));
    put(Field::StartDate, read_day(codec, entity.get("startDateTime")));
    put(Field::Status, read_status(entity).map(Value::Status));
    let at = Local::read(entity.get("reminderDateTime")).and_then(|local| local.instant());
    let reminder = match (entity.get("isReminderOn").and_then(Json::as_bool), at) {
        (Some(true), Some(moment)) => Some(Reminder::At(moment)),
        (Some(false), _) => Some(Reminder::Off),
        _ => None,
    };
    put(Field::Reminder, reminder.map(Value::Reminder));
}

/// A day that travels as a time: midnight where it is written, else the nearest midnight in the office's zone.
fn read_day(codec: &Codec, value: Option<&Json>) -> Option<Value> {
    let local = Local::read(value)?;
    if local.civil.time() == Time::midnight() {
        return Some(Value::Date(local.civil.date()));
    }
    let nearest = |moment: Timestamp| moment.checked_add(SignedDuration::from_hours(12)).unwrap_or(moment);
    Some(Value::Date(codec.zone.to_datetime(nearest(local.instant()?)).date()))
}
