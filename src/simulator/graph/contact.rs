//! Contacts. <https://learn.microsoft.com/graph/api/resources/contact>

use serde_json::{Map, Value, json};

use super::{
    answer::Refused,
    extended,
    fields::{body_text, list, put, set, set_list, text},
    times,
};
use crate::simulator::{ews::Properties, item::Property};

const TEXTS: &[(&str, &str)] = &[
    ("assistantName", "contacts:AssistantName"),
    ("birthday", "contacts:Birthday"),
    ("businessHomePage", "contacts:BusinessHomePage"),
    ("companyName", "contacts:CompanyName"),
    ("department", "contacts:Department"),
    ("displayName", "contacts:DisplayName"),
    ("fileAs", "contacts:FileAs"),
    ("generation", "contacts:Generation"),
    ("givenName", "contacts:GivenName"),
    ("initials", "contacts:Initials"),
    ("jobTitle", "contacts:JobTitle"),
    ("manager", "contacts:Manager"),
    ("middleName", "contacts:MiddleName"),
    ("mobilePhone", "contacts:PhoneNumber#MobilePhone"),
    ("nickName", "contacts:Nickname"),
    ("officeLocation", "contacts:OfficeLocation"),
    ("profession", "contacts:Profession"),
    ("spouseName", "contacts:SpouseName"),
    ("surname", "contacts:Surname"),
    ("title", "extended:tag/0x3a45/String"),
    ("yomiCompanyName", "extended:00062004-0000-0000-c000-000000000046/number:32814/String"),
    ("yomiGivenName", "contacts:PhoneticFirstName"),
    ("yomiSurname", "contacts:PhoneticLastName"),
];

/// Lists that have so many places in a store and no more.
const PLACES: &[(&str, &[&str])] = &[
    ("businessPhones", &["contacts:PhoneNumber#BusinessPhone", "contacts:PhoneNumber#BusinessPhone2"]),
    ("homePhones", &["contacts:PhoneNumber#HomePhone", "contacts:PhoneNumber#HomePhone2"]),
    (
        "imAddresses",
        &["contacts:ImAddress#ImAddress1", "contacts:ImAddress#ImAddress2", "contacts:ImAddress#ImAddress3"],
    ),
];

const LISTS: &[(&str, &str)] = &[("categories", "item:Categories"), ("children", "contacts:Children")];

/// Path of an address, path of the name beside it (`PidLidEmail1DisplayName` and so on).
const EMAILS: [(&str, &str); 3] = [
    ("contacts:EmailAddress#EmailAddress1", "extended:00062004-0000-0000-c000-000000000046/number:32896/String"),
    ("contacts:EmailAddress#EmailAddress2", "extended:00062004-0000-0000-c000-000000000046/number:32912/String"),
    ("contacts:EmailAddress#EmailAddress3", "extended:00062004-0000-0000-c000-000000000046/number:32928/String"),
];

/// The same addresses once more, one by one.
const SINGLE_EMAILS: [&str; 3] = ["primaryEmailAddress", "secondaryEmailAddress", "tertiaryEmailAddress"];

const ADDRESSES: &[(&str, &str)] =
    &[("businessAddress", "Business"), ("homeAddress", "Home"), ("otherAddress", "Other")];

const ADDRESS_PARTS: &[(&str, &str)] = &[
    ("street", "Street"),
    ("city", "City"),
    ("state", "State"),
    ("countryOrRegion", "CountryOrRegion"),
    ("postalCode", "PostalCode"),
];

/// Writes what a body says into the properties of a contact.
pub(super) fn apply(body: &Map<String, Value>, properties: &mut Properties) -> Result<(), Refused> {
    for (name, value) in body {
        let name = name.as_str();
        if let Some((_, path)) = TEXTS.iter().find(|(known, _)| *known == name) {
            match value.as_str().and_then(|text| text.parse().ok()).filter(|_| name == "birthday") {
                Some(instant) => set(properties, path, Some(&times::moment(instant))),
                None => set(properties, path, value.as_str()),
            }
            if name == "fileAs" {
                // What is said beats the rule by which it would be made.
                properties.remove("contacts:FileAsMapping");
            }
        } else if let Some((_, path)) = LISTS.iter().find(|(known, _)| *known == name) {
            set_list(properties, path, value);
        } else if let Some((_, paths)) = PLACES.iter().find(|(known, _)| *known == name) {
            places(properties, name, paths, value)?;
        } else if let Some((_, key)) = ADDRESSES.iter().find(|(known, _)| *known == name) {
            for (field, part) in ADDRESS_PARTS {
                let text = value.get(field).and_then(Value::as_str);
                set(properties, &format!("contacts:PhysicalAddress:{part}#{key}"), text);
            }
        } else if let Some(place) = SINGLE_EMAILS.iter().position(|known| *known == name) {
            email(properties, EMAILS.get(place), Some(value));
        }
        match name {
            "emailAddresses" => {
                let addresses = value.as_array().map(Vec::as_slice).unwrap_or_default();
                if addresses.len() > EMAILS.len() {
                    return Err(too_many(name, EMAILS.len()));
                }
                for (place, paths) in EMAILS.iter().enumerate() {
                    email(properties, Some(paths), addresses.get(place));
                }
            }
            "personalNotes" => super::fields::set_body(properties, &json!({"contentType": "text", "content": value})),
            _ => {}
        }
    }
    extended::apply_from(body, properties)
}

fn too_many(name: &str, most: usize) -> Refused {
    Refused::bad(
        "ErrorInvalidRequest",
        format!("The collection '{name}' holds more than the maximum of {most} elements."),
    )
}

fn places(properties: &mut Properties, name: &str, paths: &[&str], value: &Value) -> Result<(), Refused> {
    let texts = value.as_array().map(Vec::as_slice).unwrap_or_default();
    if texts.len() > paths.len() {
        return Err(too_many(name, paths.len()));
    }
    for (place, path) in paths.iter().enumerate() {
        set(properties, path, texts.get(place).and_then(Value::as_str));
    }
    Ok(())
}

fn email(properties: &mut Properties, paths: Option<&(&str, &str)>, value: Option<&Value>) {
    let Some((address, name)) = paths else { return };
    let part = |field: &str| value.and_then(|value| value.get(field)).and_then(Value::as_str);
    set(properties, address, part("address"));
    set(properties, name, part("name"));
}

/// The properties of a contact as an entity.
pub(super) fn show(properties: &Properties, entity: &mut Map<String, Value>) {
    for (name, path) in TEXTS {
        put(entity, name, text(properties, path));
    }
    for (name, path) in LISTS {
        entity.insert((*name).to_owned(), list(properties, path));
    }
    for (name, paths) in PLACES {
        let texts: Vec<String> = paths.iter().filter_map(|path| text(properties, path)).collect();
        entity.insert((*name).to_owned(), json!(texts));
    }
    for (name, key) in ADDRESSES {
        let parts = ADDRESS_PARTS.iter().filter_map(|(field, part)| {
            let text = text(properties, &format!("contacts:PhysicalAddress:{part}#{key}"))?;
            Some(((*field).to_owned(), Value::String(text)))
        });
        entity.insert((*name).to_owned(), Value::Object(parts.collect()));
    }
    let emails: Vec<Option<Value>> = EMAILS
        .iter()
        .map(|(address, name)| {
            let address = text(properties, address)?;
            let name = properties.get(*name).map_or_else(|| address.clone(), Property::as_text);
            Some(json!({"name": name, "address": address}))
        })
        .collect();
    for (name, email) in SINGLE_EMAILS.iter().zip(&emails) {
        entity.insert((*name).to_owned(), email.clone().unwrap_or_default());
    }
    entity.insert("emailAddresses".to_owned(), emails.into_iter().flatten().collect());
    put(entity, "personalNotes", body_text(properties));
}
