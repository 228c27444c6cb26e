//! People who are invited. Graph cannot write an event with attendees and mail nobody: what would have been mailed is counted.

use serde_json::{Value, json};

use crate::{
    simulator::{ews::Properties, item::Property},
    xml::{self, Writer},
};

const LISTS: &[(&str, &str)] = &[
    ("required", "calendar:RequiredAttendees"),
    ("optional", "calendar:OptionalAttendees"),
    ("resource", "calendar:Resources"),
];

pub(super) fn apply(value: &Value, properties: &mut Properties) {
    for (kind, path) in LISTS {
        let mut writer = Writer::new();
        for person in value.as_array().into_iter().flatten() {
            if person.get("type").and_then(Value::as_str).unwrap_or("required") != *kind {
                continue;
            }
            let part =
                |name: &str| person.get("emailAddress").and_then(|email| email.get(name)).and_then(Value::as_str);
            writer.element("t:Attendee", &[], |writer| {
                writer.element("t:Mailbox", &[], |writer| {
                    writer.text("t:Name", part("name").or(part("address")).unwrap_or_default());
                    writer.text("t:EmailAddress", part("address").unwrap_or_default());
                });
            });
        }
        if writer.as_str().is_empty() {
            properties.remove(*path);
        } else {
            properties.insert((*path).to_owned(), Property::Fragment(writer.into_string()));
        }
    }
}

pub(super) fn show(properties: &Properties) -> Value {
    let mut people = Vec::new();
    for (kind, path) in LISTS {
        let Some(people_there) = properties.get(*path).map(Property::as_text) else { continue };
        let document = format!("<r xmlns:t=\"urn:t\">{people_there}</r>");
        let Ok(document) = xml::parse(document.as_bytes()) else { continue };
        for mailbox in document.children().iter().filter_map(|attendee| attendee.child("Mailbox")) {
            let address = mailbox.text_of("EmailAddress").unwrap_or_default();
            people.push(json!({
                "type": kind,
                "status": {"response": "none", "time": "0001-01-01T00:00:00Z"},
                "emailAddress": {"name": mailbox.text_of("Name").unwrap_or(address), "address": address},
            }));
        }
    }
    Value::Array(people)
}
