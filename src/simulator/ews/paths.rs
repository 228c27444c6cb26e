//! Paths: how requests name a property, and how the mailbox model names the same property.

use super::soap::Refusal;
use crate::xml::Element;

/// Property sets that have a name in EWS.
/// <https://learn.microsoft.com/en-us/openspecs/exchange_server_protocols/ms-oxprops/>
const SETS: &[(&str, &str)] = &[
    ("Meeting", "6ed8da90-450b-101b-98da-00aa003f1305"),
    ("Appointment", "00062002-0000-0000-c000-000000000046"),
    ("Common", "00062008-0000-0000-c000-000000000046"),
    ("PublicStrings", "00020329-0000-0000-c000-000000000046"),
    ("Address", "00062004-0000-0000-c000-000000000046"),
    ("InternetHeaders", "00020386-0000-0000-c000-000000000046"),
    ("CalendarAssistant", "11000e07-b51b-40d6-af21-caa85edab1d0"),
    ("UnifiedMessaging", "4442858e-a9e3-4e80-b900-317a210cc15b"),
    ("Task", "00062003-0000-0000-c000-000000000046"),
    ("Sharing", "00062040-0000-0000-c000-000000000046"),
];

/// A property that a request names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    /// What the model calls it.
    pub(super) name: String,
    /// The attributes by which the request named it, for extended properties: they are given back as they came.
    pub(super) attributes: Vec<(String, String)>,
}

impl Path {
    /// Whether it is an extended property.
    pub(super) fn is_extended(&self) -> bool {
        self.name.starts_with("extended:")
    }
}

/// The path that a `FieldURI`, `IndexedFieldURI` or `ExtendedFieldURI` names; `None` for another element.
pub(super) fn read(element: &Element) -> Option<Result<Path, Refusal>> {
    let plain = |name: String| Ok(Path { name, attributes: Vec::new() });
    let uri = element.attribute("FieldURI").unwrap_or_default();
    match element.name() {
        "FieldURI" => Some(plain(uri.to_owned())),
        "IndexedFieldURI" => Some(plain(format!("{uri}#{}", element.attribute("FieldIndex").unwrap_or_default()))),
        "ExtendedFieldURI" => Some(extended(element)),
        _ => None,
    }
}

/// The first path among the children of an element.
pub(super) fn first_in(element: &Element) -> Result<Path, Refusal> {
    element
        .children()
        .iter()
        .find_map(read)
        .unwrap_or_else(|| Err(Refusal::new("ErrorInvalidRequest", "A property path is missing.")))
}

/// An extended property: a set with a name or a number, or a tag alone.
/// <https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/extendedfielduri>
fn extended(element: &Element) -> Result<Path, Refusal> {
    let refused = |text: &str| Err(Refusal::new("ErrorInvalidExtendedProperty", text));
    let kind = element.attribute("PropertyType").unwrap_or_default();
    if matches!(kind, "" | "Error" | "Null" | "Object" | "ObjectArray") {
        return refused("The property type of the extended property is not valid.");
    }
    let set = match (element.attribute("DistinguishedPropertySetId"), element.attribute("PropertySetId")) {
        (Some(_), Some(_)) => return refused("A property set is named twice."),
        (Some(name), None) => SETS.iter().find(|(known, _)| *known == name).map(|(_, set)| (*set).to_owned()),
        (None, set) => set.map(str::to_lowercase),
    };
    let name = element.attribute("PropertyName");
    let number = element.attribute("PropertyId");
    let name = match (set, name, number, element.attribute("PropertyTag")) {
        (Some(set), Some(name), None, None) => format!("extended:{set}/name:{name}/{kind}"),
        (Some(set), None, Some(number), None) => format!("extended:{set}/number:{number}/{kind}"),
        (None, None, None, Some(tag)) => {
            let digits = tag.strip_prefix("0x").or_else(|| tag.strip_prefix("0X"));
            let number = digits.map_or_else(|| tag.parse().ok(), |digits| u32::from_str_radix(digits, 16).ok());
            match number {
                Some(number @ 0..0x8000) => format!("extended:tag/{number:#06x}/{kind}"),
                _ => return refused("Property tags from 0x8000 on name no property by themselves."),
            }
        }
        _ => return refused("The combination of attributes for the extended property is not valid."),
    };
    let attributes = element.attributes().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Ok(Path { name, attributes })
}
