//! Extended properties: the ones that EWS knows by the same name, and those of a contact for which Graph has no word.

use serde_json::{Value as Json, json};

use crate::exchange::ews::{OWNER_NAME, PROPERTY_SET, STAMP_NAME};

/// What a contact's sensitivity is kept in: `PidTagSensitivity`.
/// <https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxprops/>
pub(super) const SENSITIVITY: &str = "Integer 0x0036";

/// The stamp of an item: the very property that EWS writes.
pub(super) fn stamp() -> String {
    named(STAMP_NAME)
}

/// Who writes into a folder: the very property that EWS writes.
pub(super) fn owner() -> String {
    named(OWNER_NAME)
}

fn named(name: &str) -> String {
    format!("String {{{PROPERTY_SET}}} Name {name}")
}

/// `$expand` for these properties.
pub(super) fn expand(ids: &[String]) -> String {
    let each: Vec<String> = ids.iter().map(|id| format!("id eq '{id}'")).collect();
    format!("singleValueExtendedProperties($filter={})", each.join(" or "))
}

/// What to write to set one, or with null to take it away.
pub(super) fn write(id: &str, value: Option<&str>) -> Json {
    json!({ "id": id, "value": value })
}

/// The value of one in an entity that was asked for it. Servers echo an id in their own letters: case does not matter, nor how
/// many zeros a number begins with.
pub(super) fn read<'e>(entity: &'e Json, id: &str) -> Option<&'e str> {
    let wanted = folded(id);
    let properties = entity.get("singleValueExtendedProperties")?.as_array()?;
    let found =
        properties.iter().find(|one| one.get("id").and_then(Json::as_str).map(folded).as_ref() == Some(&wanted))?;
    found.get("value")?.as_str().filter(|value| !value.is_empty())
}

fn folded(id: &str) -> String {
    let mut words: Vec<String> = id.split_whitespace().map(str::to_lowercase).collect();
    for word in &mut words {
        if let Some(digits) = word.strip_prefix("0x") {
            *word = format!("0x{}", digits.trim_start_matches('0'));
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_known_in_whatever_letters_it_comes_back() {
        let entity = json!({"singleValueExtendedProperties": [
            {"id": "Integer 0x36", "value": "2"},
            {"id": "String {EEBBAF8C-842F-4851-9D67-CA9EF1B9409B} Name PocketDocketKey", "value": "v1/x"},
            {"id": "String 0x3a21", "value": ""},
        ]});
        assert_eq!(read(&entity, SENSITIVITY), Some("2"));
        assert_eq!(read(&entity, &stamp()), Some("v1/x"));
        assert_eq!(read(&entity, "String 0x3A21"), None);
        assert_eq!(read(&entity, &owner()), None);
        assert_eq!(read(&json!({}), SENSITIVITY), None);
    }
}
