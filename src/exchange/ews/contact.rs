//! Contacts.
//! <https://learn.microsoft.com/exchange/client-developer/web-service-reference/contact>

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::{
    codec::{read_day, read_text, text_value},
    property::{Content, NAME_TITLE, Path, Property},
};
use crate::{
    domain::{Field, Personal, PostalAddress, Value},
    xml::Element,
};

/// Field, path, element.
const TEXTS: &[(Field, &str, &str)] = &[
    (Field::FileAs, "contacts:FileAs", "FileAs"),
    (Field::DisplayName, "contacts:DisplayName", "DisplayName"),
    (Field::GivenName, "contacts:GivenName", "GivenName"),
    (Field::MiddleName, "contacts:MiddleName", "MiddleName"),
    (Field::Nickname, "contacts:Nickname", "Nickname"),
    (Field::Company, "contacts:CompanyName", "CompanyName"),
    (Field::AssistantName, "contacts:AssistantName", "AssistantName"),
    (Field::WebPage, "contacts:BusinessHomePage", "BusinessHomePage"),
    (Field::Department, "contacts:Department", "Department"),
    (Field::NameSuffix, "contacts:Generation", "Generation"),
    (Field::JobTitle, "contacts:JobTitle", "JobTitle"),
    (Field::Surname, "contacts:Surname", "Surname"),
];
const EMAILS: (&str, &str) = ("contacts:EmailAddress", "EmailAddresses");
const PHONES: (&str, &str) = ("contacts:PhoneNumber", "PhoneNumbers");
/// Field, path and list, key.
const ENTRIES: &[(Field, (&str, &str), &str)] = &[
    (Field::Email1, EMAILS, "EmailAddress1"),
    (Field::Email2, EMAILS, "EmailAddress2"),
    (Field::Email3, EMAILS, "EmailAddress3"),
    (Field::AssistantPhone, PHONES, "AssistantPhone"),
    (Field::BusinessFax, PHONES, "BusinessFax"),
    (Field::BusinessPhone, PHONES, "BusinessPhone"),
    (Field::BusinessPhone2, PHONES, "BusinessPhone2"),
    (Field::CarPhone, PHONES, "CarPhone"),
    (Field::CompanyMainPhone, PHONES, "CompanyMainPhone"),
    (Field::HomeFax, PHONES, "HomeFax"),
    (Field::HomePhone, PHONES, "HomePhone"),
    (Field::HomePhone2, PHONES, "HomePhone2"),
    (Field::MobilePhone, PHONES, "MobilePhone"),
    (Field::OtherFax, PHONES, "OtherFax"),
    (Field::OtherPhone, PHONES, "OtherTelephone"),
    (Field::Pager, PHONES, "Pager"),
];
const ADDRESSES: &[(Field, &str)] =
    &[(Field::BusinessAddress, "Business"), (Field::HomeAddress, "Home"), (Field::OtherAddress, "Other")];
/// Path, element and part. The documentation says `:Country`, the schema `:CountryOrRegion`; the schema is right.
type Part = (&'static str, &'static str, fn(&PostalAddress) -> &str);
const PARTS: &[Part] = &[
    ("contacts:PhysicalAddress:Street", "Street", |address| &address.street),
    ("contacts:PhysicalAddress:City", "City", |address| &address.city),
    ("contacts:PhysicalAddress:State", "State", |address| &address.state),
    ("contacts:PhysicalAddress:CountryOrRegion", "CountryOrRegion", |address| &address.country),
    ("contacts:PhysicalAddress:PostalCode", "PostalCode", |address| &address.postal_code),
];
const BIRTHDAY: &str = "contacts:Birthday";

pub(super) fn set(fields: &BTreeMap<Field, &Value>) -> Vec<Property> {
    fields.iter().flat_map(|(field, value)| set_one(*field, value)).collect()
}

fn set_one(field: Field, value: &Value) -> Vec<Property> {
    match value {
        Value::Text(text) => set_text(field, text.reveal()).into_iter().collect(),
        // Noon, so that no zone moves it to another day.
        Value::Date(day) if field == Field::Birthday => {
            vec![Property::text(BIRTHDAY, "Birthday", format!("{day}T11:59:00Z"))]
        }
        Value::Address(address) => set_address(field, address.reveal()),
        _ => Vec::new(),
    }
}

fn set_text(field: Field, text: &str) -> Option<Property> {
    if field == Field::NameTitle {
        let content = (!text.is_empty()).then(|| Content::Extended(NAME_TITLE, text.to_owned()));
        return Some(Property { path: Path::Extended(NAME_TITLE), content });
    }
    if let Some((_, (uri, list), key)) = ENTRIES.iter().find(|(known, ..)| *known == field) {
        let content = (!text.is_empty()).then(|| Content::Entry(list, key, text.to_owned()));
        return Some(Property { path: Path::Indexed(uri, key), content });
    }
    let (_, uri, element) = TEXTS.iter().find(|(known, ..)| *known == field)?;
    let text = if field == Field::WebPage { any_uri(text) } else { text.to_owned() };
    Some(Property::text(uri, element, text))
}

fn set_address(field: Field, address: &PostalAddress) -> Vec<Property> {
    let Some((_, key)) = ADDRESSES.iter().find(|(known, _)| *known == field) else { return Vec::new() };
    let part = |(uri, element, text): &Part| {
        let text = text(address);
        let content = (!text.is_empty()).then(|| Content::AddressPart(key, element, text.to_owned()));
        Property { path: Path::Indexed(uri, key), content }
    };
    PARTS.iter().map(part).collect()
}

/// What may stand in an `xs:anyURI`; one bad web page would make a server refuse the whole batch. What cannot be made one is
/// left out.
fn any_uri(text: &str) -> String {
    const NOT_IN_A_URI: &AsciiSet =
        &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'`').add(b'{').add(b'|').add(b'}');
    let mut encoded = utf8_percent_encode(text.trim(), NOT_IN_A_URI).to_string();
    // A `%` that begins no escape, and any `#` but the first.
    let bytes = encoded.as_bytes();
    let is_hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
    let first_hash = encoded.find('#');
    encoded = encoded
        .char_indices()
        .map(|(at, letter)| match letter {
            '%' if !(is_hex(at + 1) && is_hex(at + 2)) => "%25".to_owned(),
            '#' if Some(at) != first_hash => "%23".to_owned(),
            '[' => "%5B".to_owned(),
            ']' => "%5D".to_owned(),
            other => other.to_string(),
        })
        .collect();
    let somewhere = url::Url::parse("https://example.invalid/").ok();
    let valid = url::Url::options().base_url(somewhere.as_ref()).parse(&encoded).is_ok();
    // Before the first `/` a `:` ends a scheme, and that has letters.
    let scheme =
        encoded.split(['/', '?', '#']).next().and_then(|start| start.split_once(':')).map(|(scheme, _)| scheme);
    let scheme_is_one = scheme.is_none_or(|scheme| {
        scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
            && scheme.chars().all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter))
    });
    if valid && scheme_is_one { encoded } else { String::new() }
}

pub(super) fn clear(field: Field) -> Vec<Property> {
    if field == Field::NameTitle {
        return vec![Property::none(Path::Extended(NAME_TITLE))];
    }
    if field == Field::Birthday {
        return vec![Property::none(Path::Field(BIRTHDAY))];
    }
    if ADDRESSES.iter().any(|(known, _)| *known == field) {
        return set_address(field, &PostalAddress::default());
    }
    set_text(field, "").into_iter().collect()
}

pub(super) fn paths(paths: &mut Vec<Path>) {
    paths.extend(TEXTS.iter().map(|(_, uri, _)| Path::Field(uri)));
    paths.push(Path::Field(BIRTHDAY));
    paths.extend(ENTRIES.iter().map(|(_, (uri, _), key)| Path::Indexed(uri, key)));
    for (_, key) in ADDRESSES {
        paths.extend(PARTS.iter().map(|(uri, ..)| Path::Indexed(uri, key)));
    }
    paths.push(Path::Extended(NAME_TITLE));
}

pub(super) fn read(element: &Element, put: &mut impl FnMut(Field, Option<Value>)) {
    for (field, _, name) in TEXTS {
        put(*field, read_text(element, name));
    }
    for (field, (_, list), key) in ENTRIES {
        put(*field, entry(element, list, key).and_then(|entry| text_value(entry.text())));
    }
    for (field, key) in ADDRESSES {
        put(*field, entry(element, "PhysicalAddresses", key).and_then(read_address));
    }
    put(Field::Birthday, element.text_of("Birthday").and_then(read_day));
    put(Field::NameTitle, NAME_TITLE.read(element).and_then(text_value));
}

fn entry<'a>(element: &'a Element, list: &str, key: &str) -> Option<&'a Element> {
    element.child(list)?.children_named("Entry").find(|entry| entry.attribute("Key") == Some(key))
}

fn read_address(entry: &Element) -> Option<Value> {
    let part = |name| entry.text_of(name).unwrap_or_default().replace("\r\n", "\n");
    let address = PostalAddress {
        street: part("Street"),
        city: part("City"),
        state: part("State"),
        postal_code: part("PostalCode"),
        country: part("CountryOrRegion"),
    };
    (!address.is_empty()).then(|| Value::Address(Personal::new(address)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn web_pages_become_uris_or_are_left_out() {
        assert_eq!(any_uri("https://example.org/a b?c=d#e"), "https://example.org/a%20b?c=d#e");
        assert_eq!(any_uri(" www.kanzlei.example "), "www.kanzlei.example");
        assert_eq!(any_uri("100% sure"), "100%25%20sure");
        assert_eq!(any_uri("https://example.org/%20"), "https://example.org/%20");
        assert_eq!(any_uri("https://"), "");
        assert_eq!(any_uri("1x:y"), "");
    }
}
