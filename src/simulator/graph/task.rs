//! Tasks of To Do. Their days are days: a time is dropped, and a day comes back as midnight in UTC. A percentage there is
//! none; the one that EWS wrote is kept as long as the status does not speak against it.
//! <https://learn.microsoft.com/graph/api/resources/todotask>

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde_json::{Map, Value, json};

use super::{
    answer::Refused,
    call::Call,
    fields::{body, is, list, put, set, set_body, set_list, text, word_of_ews, word_of_graph},
    recurrence, times,
};
use crate::simulator::{
    ews::{Properties, rules},
    item::Property,
};

const DAYS: &[(&str, &str)] =
    &[("dueDateTime", "task:DueDate"), ("startDateTime", "task:StartDate"), ("completedDateTime", "task:CompleteDate")];

/// Writes what a body says into the properties of a task.
pub(super) fn apply(call: &Call<'_>, body: &Map<String, Value>, properties: &mut Properties) -> Result<(), Refused> {
    for (name, value) in body {
        match name.as_str() {
            "title" => set(properties, "item:Subject", value.as_str()),
            "body" => set_body(properties, value),
            "categories" => set_list(properties, "item:Categories", value),
            "importance" => set(properties, "item:Importance", value.as_str().map(word_of_graph).as_deref()),
            "isReminderOn" => set(properties, "item:ReminderIsSet", Some(&value.to_string())),
            "reminderDateTime" => {
                let at = times::read(value, name)?.map(|local| times::moment(local.instant));
                set(properties, "item:ReminderDueBy", at.as_deref());
            }
            "recurrence" => recurrence::apply(value, "task:Recurrence", properties)?,
            name => {
                if let Some((_, path)) = DAYS.iter().find(|(known, _)| *known == name) {
                    let day = times::read(value, name)?.map(|local| format!("{}T00:00:00Z", local.civil.date()));
                    set(properties, path, day.as_deref());
                }
            }
        }
    }
    // The status decides, wherever in the body it stands.
    if let Some(status) = body.get("status").and_then(Value::as_str) {
        let status = word_of_graph(status);
        if text(properties, "task:Status").as_deref() != Some(&status) {
            set(properties, "task:Status", Some(&status));
            rules::task_consequence("task:Status", properties, call.now);
        }
    } else if body.get("completedDateTime").is_some_and(|date| !date.is_null()) {
        rules::task_consequence("task:CompleteDate", properties, call.now);
    }
    // A series needs a day to start from.
    if properties.contains_key("task:Recurrence") && text(properties, "task:DueDate").is_none() {
        return Err(Refused::bad("ErrorInvalidRequest", "A task that recurs needs a due date."));
    }
    Ok(())
}

/// The properties of a task as an entity.
pub(super) fn show(call: &Call<'_>, properties: &Properties, modified: Timestamp, entity: &mut Map<String, Value>) {
    put(entity, "title", text(properties, "item:Subject"));
    entity.insert("body".to_owned(), body(properties, call.asked.prefer.body.as_deref()));
    put(entity, "bodyLastModifiedDateTime", Some(times::moment(modified)));
    entity.insert("categories".to_owned(), list(properties, "item:Categories"));
    entity.insert("hasAttachments".to_owned(), json!(false));
    for (name, path, default) in [("importance", "item:Importance", "normal"), ("status", "task:Status", "notStarted")]
    {
        put(entity, name, Some(text(properties, path).map_or_else(|| default.to_owned(), |word| word_of_ews(&word))));
    }
    let reminds = is(properties, "item:ReminderIsSet");
    entity.insert("isReminderOn".to_owned(), json!(reminds));
    // What is not there is left out, as the service does with tasks.
    for (name, path) in DAYS {
        let day = text(properties, path).and_then(|text| text.get(..10)?.parse::<Date>().ok());
        if let Some(day) = day {
            entity.insert((*name).to_owned(), times::write(day.at(0, 0, 0, 0), "UTC"));
        }
    }
    let at =
        properties.get("item:ReminderDueBy").map(Property::as_text).and_then(|text| text.parse::<Timestamp>().ok());
    if let Some(at) = at.filter(|_| reminds) {
        entity.insert("reminderDateTime".to_owned(), times::write(at.to_zoned(TimeZone::UTC).datetime(), "UTC"));
    }
    if let Some(recurrence) = recurrence::show(properties, "task:Recurrence", None) {
        entity.insert("recurrence".to_owned(), recurrence);
    }
}
