//! An entity on its way to the server: properties by name, and extended ones by id.

use serde_json::{Map, Value as Json};

use super::property;

/// What is to be written.
#[derive(Debug, Default)]
pub(super) struct Entity {
    properties: Map<String, Json>,
    extended: Vec<Json>,
}

impl Entity {
    /// Sets a property.
    pub(super) fn set(&mut self, name: &str, value: impl Into<Json>) {
        self.properties.insert(name.to_owned(), value.into());
    }

    /// Sets an extended property, or takes it away.
    pub(super) fn extend(&mut self, id: &str, value: Option<&str>) {
        self.extended.push(property::write(id, value));
    }

    /// Whether there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.properties.is_empty() && self.extended.is_empty()
    }

    /// The body of a request.
    pub(super) fn into_json(mut self) -> Json {
        if !self.extended.is_empty() {
            self.properties.insert("singleValueExtendedProperties".to_owned(), Json::Array(self.extended));
        }
        Json::Object(self.properties)
    }
}

/// A text property of an entity, if it says anything.
pub(super) fn text<'e>(entity: &'e Json, name: &str) -> Option<&'e str> {
    entity.get(name)?.as_str().filter(|text| !text.is_empty())
}

/// A list of texts of an entity.
pub(super) fn texts<'e>(entity: &'e Json, name: &str) -> impl Iterator<Item = &'e str> {
    entity.get(name).and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str)
}

/// Lines end with `\n` on our side.
pub(super) fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// A text without what a mailbox cannot hold: control characters other than line ends and tabs.
pub(super) fn clean(text: &str) -> String {
    let holds = |letter: &char| !letter.is_control() || matches!(letter, '\n' | '\r' | '\t');
    text.chars().filter(|letter| holds(letter) && !matches!(letter, '\u{fffe}' | '\u{ffff}')).collect()
}
