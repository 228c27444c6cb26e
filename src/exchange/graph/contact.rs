//! Contacts. <https://learn.microsoft.com/graph/api/resources/contact>
//!
//! Graph has no words for faxes, pagers and some phones, nor for who may see a contact. The mailbox has: they are written as
//! the extended properties behind the words that EWS and Outlook use, so that both show the same.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::{
    entity::{Entity, clean, lines, text, texts},
    property,
};
use crate::domain::{Field, Personal, PostalAddress, Sensitivity, Value};

/// Field, property.
pub(super) const TEXTS: &[(Field, &str)] = &[
    (Field::FileAs, "fileAs"),
    (Field::DisplayName, "displayName"),
    (Field::NameTitle, "title"),
    (Field::GivenName, "givenName"),
    (Field::MiddleName, "middleName"),
    (Field::Surname, "surname"),
    (Field::NameSuffix, "generation"),
    (Field::Nickname, "nickName"),
    (Field::Company, "companyName"),
    (Field::Department, "department"),
    (Field::JobTitle, "jobTitle"),
    (Field::AssistantName, "assistantName"),
    (Field::MobilePhone, "mobilePhone"),
    (Field::WebPage, "businessHomePage"),
];
/// Field, property, place in the list of them all.
pub(super) const EMAILS: &[(Field, &str)] = &[
    (Field::Email1, "primaryEmailAddress"),
    (Field::Email2, "secondaryEmailAddress"),
    (Field::Email3, "tertiaryEmailAddress"),
];
/// List, the fields in it, and the property of the second: a list has no gaps, so a second number without a first one is written
/// there, and by it the two are told apart.
pub(super) const LISTS: &[(&str, [Field; 2], &str)] = &[
    ("businessPhones", [Field::BusinessPhone, Field::BusinessPhone2], "String 0x3A1B"),
    ("homePhones", [Field::HomePhone, Field::HomePhone2], "String 0x3A2F"),
];
/// Field, id: `PidTagPrimaryFaxNumber` and so on.
/// <https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxprops/>
pub(super) const EXTENDED: &[(Field, &str)] = &[
    (Field::CarPhone, "String 0x3A1E"),
    (Field::OtherPhone, "String 0x3A1F"),
    (Field::Pager, "String 0x3A21"),
    (Field::OtherFax, "String 0x3A23"),
    (Field::BusinessFax, "String 0x3A24"),
    (Field::HomeFax, "String 0x3A25"),
    (Field::AssistantPhone, "String 0x3A2E"),
    (Field::CompanyMainPhone, "String 0x3A57"),
];
pub(super) const ADDRESSES: &[(Field, &str)] = &[
    (Field::BusinessAddress, "businessAddress"),
    (Field::HomeAddress, "homeAddress"),
    (Field::OtherAddress, "otherAddress"),
];
pub(super) const BIRTHDAY: &str = "birthday";
const SENSITIVITIES: [Sensitivity; 4] =
    [Sensitivity::Normal, Sensitivity::Personal, Sensitivity::Private, Sensitivity::Confidential];

/// Whether what stands in the mailbox must be known before these can be written: a list is replaced as a whole.
pub(super) fn needs_current(field: Field) -> bool {
    LISTS.iter().any(|(_, fields, _)| fields.contains(&field))
}

/// Writes fields; `None` clears one. `current` is what is there.
pub(super) fn write(fields: &BTreeMap<Field, Option<&Value>>, current: Option<&Json>, entity: &mut Entity) {
    for (field, value) in fields {
        write_one(*field, *value, entity);
    }
    for (list, places, second) in LISTS {
        if !places.iter().any(|field| fields.contains_key(field)) {
            continue;
        }
        let there = current.map_or([None, None], |current| numbers(current, list, second));
        let mut wanted = places.iter().zip(there).map(|(field, there)| match fields.get(field) {
            None => there.map(str::to_owned),
            Some(Some(Value::Text(text))) => Some(clean(text.reveal())).filter(|number| !number.is_empty()),
            Some(_) => None,
        });
        match (wanted.next().flatten(), wanted.next().flatten()) {
            (None, Some(number)) => {
                entity.set(list, Vec::<String>::new());
                entity.extend(second, Some(&number));
            }
            (first, other) => {
                if other.is_none() && property_is_there(current, second) {
                    entity.extend(second, None);
                }
                entity.set(list, first.into_iter().chain(other).collect::<Vec<_>>());
            }
        }
    }
}

fn property_is_there(current: Option<&Json>, id: &str) -> bool {
    current.is_some_and(|current| property::read(current, id).is_some())
}

/// The first and the second number of a list.
fn numbers<'e>(entity: &'e Json, list: &str, second: &str) -> [Option<&'e str>; 2] {
    let mut listed = texts(entity, list).filter(|number| !number.is_empty());
    let (one, two) = (listed.next(), listed.next());
    match property::read(entity, second) {
        Some(second) if two.is_none() => [one.filter(|one| *one != second), Some(second)],
        _ => [one, two],
    }
}

fn write_one(field: Field, value: Option<&Value>, entity: &mut Entity) {
    let text = match value {
        Some(Value::Text(text)) => Some(clean(text.reveal())).filter(|text| !text.is_empty()),
        _ => None,
    };
    if let Some(name) = property_of(TEXTS, field) {
        entity.set(name, text);
    } else if let Some(name) = property_of(EMAILS, field) {
        entity.set(name, text.map_or(Json::Null, |address| json!({ "address": address })));
    } else if let Some(id) = property_of(EXTENDED, field) {
        entity.extend(id, text.as_deref());
    } else if let Some(name) = property_of(ADDRESSES, field) {
        let nowhere = PostalAddress::default();
        let address = match value {
            Some(Value::Address(address)) => address.reveal(),
            _ => &nowhere,
        };
        let part = |text: &str| Some(clean(text)).filter(|text| !text.is_empty());
        entity.set(
            name,
            json!({
                "street": part(&address.street),
                "city": part(&address.city),
                "state": part(&address.state),
                "postalCode": part(&address.postal_code),
                "countryOrRegion": part(&address.country),
            }),
        );
    } else if field == Field::Birthday {
        // Noon, so that no zone moves it to another day.
        let day = match value {
            Some(Value::Date(day)) => Some(format!("{day}T11:59:00Z")),
            _ => None,
        };
        entity.set(BIRTHDAY, day);
    } else if field == Field::Sensitivity {
        let value = match value {
            Some(Value::Sensitivity(value)) => *value,
            _ => Sensitivity::Normal,
        };
        let number = SENSITIVITIES.iter().position(|known| *known == value).unwrap_or_default();
        entity.extend(property::SENSITIVITY, Some(&number.to_string()));
    }
}

fn property_of(table: &[(Field, &'static str)], field: Field) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == field).map(|(_, name)| *name)
}

/// Properties to ask for, and extended ones.
pub(super) fn asked(names: &mut Vec<&'static str>, extended: &mut Vec<String>) {
    for table in [TEXTS, EMAILS, ADDRESSES] {
        names.extend(table.iter().map(|(_, name)| *name));
    }
    names.extend(LISTS.iter().map(|(list, ..)| *list));
    extended.extend(LISTS.iter().map(|(.., second)| (*second).to_owned()));
    names.extend([BIRTHDAY, "emailAddresses", "personalNotes", "parentFolderId"]);
    extended.extend(EXTENDED.iter().map(|(_, id)| (*id).to_owned()));
    extended.push(property::SENSITIVITY.to_owned());
}

pub(super) fn read(entity: &Json, put: &mut impl FnMut(Field, Option<Value>)) {
    let value = |text: &str| Value::text(lines(text));
    for (field, name) in TEXTS {
        put(*field, text(entity, name).map(value));
    }
    for (field, id) in EXTENDED {
        put(*field, property::read(entity, id).map(value));
    }
    for (list, fields, second) in LISTS {
        for (field, number) in fields.iter().zip(numbers(entity, list, second)) {
            put(*field, number.map(value));
        }
    }
    let one_by_one = EMAILS.iter().any(|(_, name)| entity.get(name).is_some());
    let all: Vec<&Json> = entity.get("emailAddresses").and_then(Json::as_array).into_iter().flatten().collect();
    for (place, (field, name)) in EMAILS.iter().enumerate() {
        // Not every cloud has the single ones yet.
        let email = if one_by_one { entity.get(name) } else { all.get(place).copied() };
        put(*field, email.and_then(|email| text(email, "address")).map(value));
    }
    for (field, name) in ADDRESSES {
        put(*field, entity.get(name).and_then(read_address));
    }
    let birthday = text(entity, BIRTHDAY).and_then(|moment| moment.get(..10)?.parse().ok());
    put(Field::Birthday, birthday.map(Value::Date));
    let number = property::read(entity, property::SENSITIVITY).and_then(|number| number.trim().parse::<usize>().ok());
    let sensitivity = number.and_then(|number| SENSITIVITIES.get(number)).copied().unwrap_or(Sensitivity::Normal);
    put(Field::Sensitivity, Some(Value::Sensitivity(sensitivity)));
}

fn read_address(value: &Json) -> Option<Value> {
    let part = |name| text(value, name).map(lines).unwrap_or_default();
    let address = PostalAddress {
        street: part("street"),
        city: part("city"),
        state: part("state"),
        postal_code: part("postalCode"),
        country: part("countryOrRegion"),
    };
    (!address.is_empty()).then(|| Value::Address(Personal::new(address)))
}
