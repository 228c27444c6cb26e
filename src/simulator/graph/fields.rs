//! Properties that are the same in both protocols but for their names, and how values become properties and back.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::simulator::{ews::Properties, item::Property};

/// A property as text, if it is there and says something.
pub(super) fn text(properties: &Properties, path: &str) -> Option<String> {
    properties.get(path).map(Property::as_text).filter(|text| !text.is_empty())
}

/// Writes a text, or removes it where null or nothing is given.
pub(super) fn set(properties: &mut Properties, path: &str, value: Option<&str>) {
    match value.filter(|value| !value.is_empty()) {
        Some(value) => {
            properties.insert(path.to_owned(), Property::text(value));
        }
        None => {
            properties.remove(path);
        }
    }
}

/// Writes a list of texts.
pub(super) fn set_list(properties: &mut Properties, path: &str, value: &Value) {
    let texts: Vec<String> =
        value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    if texts.is_empty() {
        properties.remove(path);
    } else {
        properties.insert(path.to_owned(), Property::List(texts));
    }
}

/// A list of texts.
pub(super) fn list(properties: &Properties, path: &str) -> Value {
    match properties.get(path) {
        Some(Property::List(texts)) => json!(texts),
        Some(property) => json!([property.as_text()]),
        None => json!([]),
    }
}

/// A word of Graph for a word of EWS, and back: they differ in the case of the first letter, and in a few.
const WORDS: &[(&str, &str)] = &[("OOF", "oof"), ("NoData", "unknown")];

pub(super) fn word_of_ews(word: &str) -> String {
    match WORDS.iter().find(|(ews, _)| *ews == word) {
        Some((_, graph)) => (*graph).to_owned(),
        None => first(word, char::to_ascii_lowercase),
    }
}

pub(super) fn word_of_graph(word: &str) -> String {
    match WORDS.iter().find(|(_, graph)| *graph == word) {
        Some((ews, _)) => (*ews).to_owned(),
        None => first(word, char::to_ascii_uppercase),
    }
}

fn first(word: &str, change: impl Fn(&char) -> char) -> String {
    let mut letters = word.chars();
    letters.next().map(|letter| change(&letter)).into_iter().chain(letters).collect()
}

/// Writes a body.
pub(super) fn set_body(properties: &mut Properties, value: &Value) {
    let content = value.get("content").and_then(Value::as_str).unwrap_or_default();
    let html = value.get("contentType").and_then(Value::as_str) == Some("html");
    properties.remove("kept:HtmlBody");
    if content.is_empty() {
        properties.remove("item:Body");
    } else {
        properties.insert("item:Body".to_owned(), Property::Body { html, text: content.to_owned() });
    }
}

/// A body in the form that is wanted: `text`, `html`, or as it is kept.
pub(super) fn body(properties: &Properties, wanted: Option<&str>) -> Value {
    let form = match wanted {
        Some("text") => "Text",
        Some(_) => "HTML",
        None => "Best",
    };
    match crate::simulator::ews::body(properties, form) {
        Some(Property::Body { html, text }) => {
            json!({"contentType": if html { "html" } else { "text" }, "content": text})
        }
        _ => json!({"contentType": wanted.unwrap_or("text"), "content": ""}),
    }
}

/// The body as text.
pub(super) fn body_text(properties: &Properties) -> Option<String> {
    crate::simulator::ews::body(properties, "Text").map(|body| body.as_text()).filter(|text| !text.is_empty())
}

/// An instant that a property holds.
pub(super) fn instant(properties: &Properties, path: &str) -> Option<Timestamp> {
    text(properties, path)?.parse().ok()
}

/// A truth value that a property holds.
pub(super) fn is(properties: &Properties, path: &str) -> bool {
    text(properties, path).as_deref() == Some("true")
}

/// Adds a text or null to an entity.
pub(super) fn put(entity: &mut Map<String, Value>, name: &str, text: Option<String>) {
    entity.insert(name.to_owned(), text.map_or(Value::Null, Value::String));
}
