//! Tasks.
//!
//! Days of tasks travel as `dateTime` and are meant as days. Status and percentage are one thing for Exchange, and *the last
//! one in a request wins*: <https://learn.microsoft.com/exchange/client-developer/web-service-reference/percentcomplete>.
//! So the percentage comes first and the status decides; and a completed task says 100, because not every server infers it.

use std::collections::BTreeMap;

use super::{
    codec::{read_day, read_flag, read_importance, read_instant, read_text, reminder, text_value},
    property::{Content, Path, Property, WEB_PAGE},
};
use crate::{
    domain::{Bound, Field, Reminder, TaskStatus, Value},
    xml::Element,
};

pub(super) fn set(fields: &BTreeMap<Field, &Value>) -> Vec<Property> {
    let mut properties = Vec::new();
    for (field, value) in fields {
        match (field, value) {
            (Field::DueDate, Value::Date(day)) => {
                properties.push(Property::text("task:DueDate", "DueDate", format!("{day}T00:00:00Z")));
            }
            (Field::StartDate, Value::Date(day)) => {
                properties.push(Property::text("task:StartDate", "StartDate", format!("{day}T00:00:00Z")));
            }
            (Field::Reminder, Value::Reminder(value)) => properties.extend(reminder(*value)),
            (Field::WebPage, Value::Text(page)) => {
                let content = Some(page.reveal()).filter(|page| !page.is_empty());
                let content = content.map(|page| Content::Extended(WEB_PAGE, page.to_owned()));
                properties.push(Property { path: Path::Extended(WEB_PAGE), content });
            }
            _ => {}
        }
    }
    let status = match fields.get(&Field::Status) {
        Some(Value::Status(status)) => Some(*status),
        _ => None,
    };
    let percent = match fields.get(&Field::PercentComplete) {
        _ if status == Some(TaskStatus::Completed) => Some(100),
        Some(Value::Percent(percent)) => Some((*percent).min(100)),
        _ => None,
    };
    properties.extend(percent.map(set_percent));
    properties.extend(status.map(set_status));
    properties
}

fn set_percent(percent: u8) -> Property {
    Property::text("task:PercentComplete", "PercentComplete", percent.to_string())
}

fn set_status(status: TaskStatus) -> Property {
    let word = match status {
        TaskStatus::NotStarted => "NotStarted",
        TaskStatus::InProgress => "InProgress",
        TaskStatus::Completed => "Completed",
        TaskStatus::Waiting => "WaitingOnOthers",
        TaskStatus::Deferred => "Deferred",
    };
    Property::text("task:Status", "Status", word)
}

pub(super) fn clear(field: Field) -> Vec<Property> {
    match field {
        Field::DueDate => vec![Property::none(Path::Field("task:DueDate"))],
        Field::StartDate => vec![Property::none(Path::Field("task:StartDate"))],
        Field::PercentComplete => vec![set_percent(0)],
        Field::Status => vec![set_status(TaskStatus::NotStarted)],
        Field::WebPage => vec![Property::none(Path::Extended(WEB_PAGE))],
        _ => Vec::new(),
    }
}

pub(super) fn paths(paths: &mut Vec<Path>) {
    paths.extend(
        [
            "item:Importance",
            "item:ReminderDueBy",
            "item:ReminderIsSet",
            "task:DueDate",
            "task:IsRecurring",
            "task:PercentComplete",
            "task:StartDate",
            "task:Status",
        ]
        .map(Path::Field),
    );
    paths.push(Path::Extended(WEB_PAGE));
}

/// Whether it stands for several days.
pub(super) fn bound(element: &Element) -> Option<Bound> {
    (read_flag(element, "IsRecurring") == Some(true)).then_some(Bound::Series)
}

pub(super) fn read(element: &Element, put: &mut impl FnMut(Field, Option<Value>)) {
    put(Field::Subject, read_text(element, "Subject"));
    put(Field::Importance, read_importance(element));
    put(Field::DueDate, element.text_of("DueDate").and_then(read_day));
    put(Field::StartDate, element.text_of("StartDate").and_then(read_day));
    put(Field::Status, element.text_of("Status").and_then(read_status));
    put(Field::WebPage, WEB_PAGE.read(element).and_then(text_value));
    put(Field::PercentComplete, element.text_of("PercentComplete").and_then(read_percent));
    let due_by = element.text_of("ReminderDueBy").and_then(read_instant);
    put(
        Field::Reminder,
        match (read_flag(element, "ReminderIsSet"), due_by) {
            (Some(true), Some(moment)) => Some(Value::Reminder(Reminder::At(moment))),
            (Some(false), _) => Some(Value::Reminder(Reminder::Off)),
            _ => None,
        },
    );
}

fn read_status(word: &str) -> Option<Value> {
    Some(Value::Status(match word.trim() {
        "NotStarted" => TaskStatus::NotStarted,
        "InProgress" => TaskStatus::InProgress,
        "Completed" => TaskStatus::Completed,
        "WaitingOnOthers" => TaskStatus::Waiting,
        "Deferred" => TaskStatus::Deferred,
        _ => return None,
    }))
}

/// A double in the schema. Some servers store it a hundredfold on update; that is more than 100 and is read as 100.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=100 before")]
fn read_percent(text: &str) -> Option<Value> {
    let percent: f64 = text.trim().parse().ok()?;
    percent.is_finite().then(|| Value::Percent(percent.clamp(0.0, 100.0).round() as u8))
}
