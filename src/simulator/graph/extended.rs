//! Extended properties: `String {guid} Name x`, `Integer 0x0036`. The same property has one value through both faces, also
//! where EWS has a name of its own for it.
//! <https://learn.microsoft.com/graph/api/resources/extended-properties-overview>

use serde_json::{Map, Value, json};

use super::answer::Refused;
use crate::simulator::{ews::Properties, item::Property};

/// Properties that EWS has a path for and Graph has none.
/// <https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxprops/>
const BEHIND: &[(&str, &str)] = &[
    ("extended:tag/0x0036/Integer", "item:Sensitivity"),
    ("extended:tag/0x3a02/String", "contacts:PhoneNumber#Callback"),
    ("extended:tag/0x3a1a/String", "contacts:PhoneNumber#PrimaryPhone"),
    ("extended:tag/0x3a1b/String", "contacts:PhoneNumber#BusinessPhone2"),
    ("extended:tag/0x3a1d/String", "contacts:PhoneNumber#RadioPhone"),
    ("extended:tag/0x3a1e/String", "contacts:PhoneNumber#CarPhone"),
    ("extended:tag/0x3a1f/String", "contacts:PhoneNumber#OtherTelephone"),
    ("extended:tag/0x3a21/String", "contacts:PhoneNumber#Pager"),
    ("extended:tag/0x3a23/String", "contacts:PhoneNumber#OtherFax"),
    ("extended:tag/0x3a24/String", "contacts:PhoneNumber#BusinessFax"),
    ("extended:tag/0x3a25/String", "contacts:PhoneNumber#HomeFax"),
    ("extended:tag/0x3a2c/String", "contacts:PhoneNumber#Telex"),
    ("extended:tag/0x3a2d/String", "contacts:PhoneNumber#Isdn"),
    ("extended:tag/0x3a2e/String", "contacts:PhoneNumber#AssistantPhone"),
    ("extended:tag/0x3a2f/String", "contacts:PhoneNumber#HomePhone2"),
    ("extended:tag/0x3a41/SystemTime", "contacts:WeddingAnniversary"),
    ("extended:tag/0x3a4b/String", "contacts:PhoneNumber#TtyTddPhone"),
    ("extended:tag/0x3a57/String", "contacts:PhoneNumber#CompanyMainPhone"),
    ("extended:00062008-0000-0000-c000-000000000046/number:34049/Integer", "item:ReminderMinutesBeforeStart"),
    ("extended:00062008-0000-0000-c000-000000000046/number:34051/Boolean", "item:ReminderIsSet"),
    ("extended:00062008-0000-0000-c000-000000000046/number:34100/String", "contacts:Mileage"),
    ("extended:00062008-0000-0000-c000-000000000046/number:34101/String", "contacts:BillingInformation"),
];

/// `PidTagSensitivity` by number.
const SENSITIVITIES: [&str; 4] = ["Normal", "Personal", "Private", "Confidential"];

const TYPES: &[&str] =
    &["Binary", "Boolean", "CLSID", "Currency", "Double", "Float", "Integer", "Long", "Short", "String", "SystemTime"];

/// What the model calls the property with this id.
pub(super) fn path(id: &str) -> Result<String, Refused> {
    read(id)
        .ok_or_else(|| Refused::bad("ErrorInvalidProperty", format!("The extended property id '{id}' is not valid.")))
}

fn read(id: &str) -> Option<String> {
    let (kind, rest) = id.trim().split_once(' ')?;
    let kind = TYPES.iter().find(|known| known.eq_ignore_ascii_case(kind))?;
    let kind = if *kind == "Long" { "Integer" } else { kind };
    let number = |text: &str| match text.to_ascii_lowercase().strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    };
    let rest = rest.trim();
    let Some(set) = rest.strip_prefix('{') else {
        return number(rest).filter(|tag| *tag < 0x8000).map(|tag| format!("extended:tag/{tag:#06x}/{kind}"));
    };
    let (set, named) = set.split_once('}')?;
    let set: uuid::Uuid = set.parse().ok()?;
    match named.trim().split_once(' ')? {
        (word, name) if word.eq_ignore_ascii_case("name") => {
            Some(format!("extended:{set}/name:{}/{kind}", name.trim()))
        }
        (word, text) if word.eq_ignore_ascii_case("id") => {
            Some(format!("extended:{set}/number:{}/{kind}", number(text.trim())?))
        }
        _ => None,
    }
}

fn behind(path: &str) -> Option<&'static str> {
    BEHIND.iter().find(|(known, _)| *known == path).map(|(_, behind)| *behind)
}

/// What the property with this path holds.
pub(super) fn value(properties: &Properties, path: &str) -> Option<String> {
    let text = |path: &str| properties.get(path).map(Property::as_text).filter(|text| !text.is_empty());
    match behind(path) {
        Some("item:Sensitivity") => {
            let word = text("item:Sensitivity")?;
            SENSITIVITIES.iter().position(|known| *known == word).map(|number| number.to_string())
        }
        Some(path) => text(path),
        None => properties.get(path).map(Property::as_text),
    }
}

/// Writes the properties of a `singleValueExtendedProperties`; one whose value is null is removed.
pub(super) fn apply(values: &Value, properties: &mut Properties) -> Result<(), Refused> {
    for value in values.as_array().into_iter().flatten() {
        let id = value.get("id").and_then(Value::as_str).unwrap_or_default();
        let path = path(id)?;
        let text = value.get("value").and_then(Value::as_str);
        let target = behind(&path).map_or_else(|| path.clone(), str::to_owned);
        let Some(text) = text else {
            properties.remove(&target);
            continue;
        };
        let wrong = || Refused::bad("ErrorInvalidPropertyValue", format!("'{text}' is not a value for '{id}'."));
        let kept = match path.rsplit('/').next() {
            Some("Integer" | "Short") => {
                let number: i64 = text.parse().map_err(|_| wrong())?;
                if target == "item:Sensitivity" {
                    let word =
                        usize::try_from(number).ok().and_then(|number| SENSITIVITIES.get(number)).ok_or_else(wrong)?;
                    (*word).to_owned()
                } else {
                    number.to_string()
                }
            }
            Some("Boolean") => match text.to_ascii_lowercase().as_str() {
                "true" | "1" => "true".to_owned(),
                "false" | "0" => "false".to_owned(),
                _ => return Err(wrong()),
            },
            Some("SystemTime") => super::times::moment(text.parse().map_err(|_| wrong())?),
            _ => text.to_owned(),
        };
        properties.insert(target, Property::text(kept));
    }
    Ok(())
}

/// The properties with these ids that are there, as a request that expands them sees them.
pub(super) fn shown(properties: &Properties, ids: &[String]) -> Result<Vec<Value>, Refused> {
    let mut found = Vec::new();
    for id in ids {
        if let Some(value) = value(properties, &path(id)?) {
            found.push(json!({"id": id, "value": value}));
        }
    }
    Ok(found)
}

/// Takes them out of the body of a request and writes them.
pub(super) fn apply_from(body: &Map<String, Value>, properties: &mut Properties) -> Result<(), Refused> {
    if body.contains_key("multiValueExtendedProperties") {
        return Err(Refused::bad("ErrorInvalidProperty", "The simulator keeps no multi-value extended properties."));
    }
    body.get("singleValueExtendedProperties").map_or(Ok(()), |values| apply(values, properties))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_the_property_that_ews_names() {
        for (id, expected) in [
            (
                "String {EEBBAF8C-842F-4851-9D67-CA9EF1B9409B} Name PocketDocketKey",
                "extended:eebbaf8c-842f-4851-9d67-ca9ef1b9409b/name:PocketDocketKey/String",
            ),
            ("Integer 0x36", "extended:tag/0x0036/Integer"),
            (
                "Boolean {00062008-0000-0000-C000-000000000046} Id 0x8503",
                "extended:00062008-0000-0000-c000-000000000046/number:34051/Boolean",
            ),
        ] {
            assert_eq!(read(id).as_deref(), Some(expected));
        }
        for id in ["", "String", "Text 0x36", "String {x} Name y", "Integer 0x8503", "String {} Name y"] {
            assert_eq!(read(id), None, "{id}");
        }
    }

    #[test]
    fn a_contact_is_private_through_either_face() {
        let mut properties = Properties::new();
        apply(&json!([{"id": "Integer 0x0036", "value": "2"}]), &mut properties).expect("a property");
        assert_eq!(properties["item:Sensitivity"], Property::text("Private"));
        assert_eq!(value(&properties, "extended:tag/0x0036/Integer").as_deref(), Some("2"));
        assert!(apply(&json!([{"id": "Integer 0x0036", "value": "private"}]), &mut properties).is_err());
    }
}
