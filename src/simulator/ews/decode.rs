//! From the elements of a request to properties.

use jiff::tz::TimeZone;

use super::{
    fields::{self, ADDRESS_PARTS, Form},
    paths,
    soap::Refusal,
    times,
};
use crate::{
    simulator::item::{ItemKind, Property},
    xml::{Element, Writer},
};

/// The zones in which an item's times without an offset are read.
#[derive(Clone, Debug)]
pub(super) struct Zones {
    pub(super) start: TimeZone,
    pub(super) end: TimeZone,
}

impl Zones {
    /// From the zones that stand in the same request, else the request's own.
    pub(super) fn new(elements: &[&Element], default: &TimeZone) -> Self {
        let named = |name: &str| {
            elements
                .iter()
                .find(|element| element.name() == name)
                .and_then(|element| times::windows_zone(element.attribute("Id")?))
        };
        let start = named("StartTimeZone").unwrap_or_else(|| default.clone());
        let end = named("EndTimeZone").unwrap_or_else(|| start.clone());
        Self { start, end }
    }
}

/// Every property of a new item, in the order of the request: for tasks it matters which comes last.
pub(super) fn item(kind: ItemKind, element: &Element, zone: &TimeZone) -> Result<Vec<(String, Property)>, Refusal> {
    let zones = Zones::new(&element.children().iter().collect::<Vec<_>>(), zone);
    let mut found = Vec::new();
    for child in element.children() {
        found.extend(property(kind, child, &zones)?);
    }
    Ok(found)
}

/// The properties that one element of an item stands for.
pub(super) fn property(kind: ItemKind, element: &Element, zones: &Zones) -> Result<Vec<(String, Property)>, Refusal> {
    let Some(field) = fields::by_element(kind, element.name()) else {
        return Err(Refusal::new("ErrorInvalidPropertySet", format!("`{}` is not known.", element.name())));
    };
    if fields::is_read_only(&field.path) {
        let text = format!("Set action is invalid for property. `{}` is read-only.", field.path);
        return Err(Refusal::new("ErrorInvalidPropertySet", text));
    }
    let one = |property| Ok(vec![(field.path.clone(), property)]);
    match field.form {
        Form::Text => one(Property::text(element.text())),
        Form::Truth => {
            one(Property::text(if matches!(element.text().trim(), "true" | "1") { "true" } else { "false" }))
        }
        Form::Texts => one(Property::List(element.children().iter().map(|text| text.text().to_owned()).collect())),
        Form::Body => {
            let html = element.attribute("BodyType") == Some("HTML");
            one(Property::Body { html, text: element.text().to_owned() })
        }
        Form::Time => {
            let zone = if element.name() == "End" { &zones.end } else { &zones.start };
            let instant = times::instant(element.text(), zone)
                .ok_or_else(|| Refusal::new("ErrorInvalidPropertySet", format!("`{}` is not a time.", field.path)))?;
            // Days of tasks are days: what of a time goes beyond its day in UTC is lost.
            if kind == ItemKind::Task && field.path.starts_with("task:") {
                return one(Property::text(format!("{}T00:00:00Z", instant.to_zoned(TimeZone::UTC).date())));
            }
            one(Property::text(times::kept(instant)))
        }
        Form::Zone => {
            let id = element.attribute("Id").unwrap_or_default();
            if times::windows_zone(id).is_none() {
                return Err(Refusal::new("ErrorTimeZone", format!("The time zone `{id}` is not known.")));
            }
            one(Property::text(id))
        }
        Form::Dictionary(path) => Ok(element
            .children_named("Entry")
            .map(|entry| (format!("{path}#{}", entry.attribute("Key").unwrap_or_default()), entry.text()))
            .map(|(path, text)| (path, Property::text(text)))
            .collect()),
        Form::Addresses => Ok(element.children_named("Entry").flat_map(address).collect()),
        Form::Extended => extended(element).map(|found| vec![found]),
        Form::Fragment => {
            let mut writer = Writer::new();
            for child in element.children() {
                copy(child, &mut writer);
            }
            one(Property::Fragment(writer.into_string()))
        }
    }
}

fn address(entry: &Element) -> Vec<(String, Property)> {
    let key = entry.attribute("Key").unwrap_or_default();
    ADDRESS_PARTS
        .iter()
        .filter_map(|part| Some((part, entry.text_of(part)?)))
        .map(|(part, text)| (format!("contacts:PhysicalAddress:{part}#{key}"), Property::text(text)))
        .collect()
}

/// An `ExtendedProperty`.
pub(super) fn extended(element: &Element) -> Result<(String, Property), Refusal> {
    let path = paths::first_in(element)?;
    let property = match (element.child("Value"), element.child("Values")) {
        (Some(value), _) => {
            let text = value.text();
            let valid = match path.name.rsplit('/').next() {
                Some("Boolean") => matches!(text, "true" | "false" | "0" | "1"),
                Some("Integer" | "Short" | "Long") => text.trim().parse::<i64>().is_ok(),
                Some("SystemTime") => times::is_date_time(text),
                _ => true,
            };
            if !valid {
                return Err(Refusal::new(
                    "ErrorInvalidExtendedPropertyValue",
                    "The value of the extended property does not match its type.",
                ));
            }
            Property::text(text)
        }
        (None, Some(values)) => Property::List(values.children().iter().map(|value| value.text().to_owned()).collect()),
        (None, None) => Property::text(""),
    };
    Ok((path.name, property))
}

/// Writes an element again, with the prefix that answers use for types.
fn copy(element: &Element, writer: &mut Writer) {
    let attributes: Vec<(&str, &str)> = element.attributes().collect();
    let name = format!("t:{}", element.name());
    if element.children().is_empty() {
        writer.text_with(&name, &attributes, element.text());
    } else {
        writer.element(&name, &attributes, |writer| {
            for child in element.children() {
                copy(child, writer);
            }
        });
    }
}
