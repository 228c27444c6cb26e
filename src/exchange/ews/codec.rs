//! Records and items: fields become properties, and elements become fields again.
//!
//! What all kinds have in common is here; [`super::contact`], [`super::event`] and [`super::task`] hold the rest. Nothing here
//! fails: a value that the protocol cannot hold is left out, and reading the item back shows that.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, civil, tz::TimeZone};

use super::{
    contact, event,
    property::{Content, Path, Property, STAMP},
    soap::ServerVersion,
    task,
};
use crate::{
    domain::{
        Body, BodyFormat, ChangeKey, Field, FolderId, Importance, ItemContent, ItemId, ItemRef, Kind, Personal,
        Reminder, Sensitivity, Value, zone,
    },
    xml::Element,
};

/// What a codec must know besides the record.
#[derive(Clone, Debug)]
pub(super) struct Codec {
    /// The office's zone, by its IANA name.
    pub(super) zone_name: String,
    /// The same, as a zone.
    pub(super) zone: TimeZone,
}

impl Codec {
    /// For an office in this IANA zone; a name nobody knows becomes UTC.
    pub(super) fn new(zone_name: &str) -> Self {
        let zone = TimeZone::get(zone_name).unwrap_or(TimeZone::UTC);
        Self { zone_name: zone_name.to_owned(), zone }
    }

    /// The properties that set these fields, in the order in which an update should set them.
    pub(super) fn set(&self, version: ServerVersion, kind: Kind, fields: &BTreeMap<Field, &Value>) -> Vec<Property> {
        let fields: BTreeMap<Field, &Value> =
            fields.iter().filter(|(field, _)| field.belongs_to(kind)).map(|(field, value)| (*field, *value)).collect();
        let mut properties: Vec<Property> = fields.iter().filter_map(|(field, value)| common(*field, value)).collect();
        properties.extend(match kind {
            Kind::Contact => contact::set(&fields),
            Kind::Event => event::set(self, version, &fields),
            Kind::Task => task::set(&fields),
        });
        properties
    }

    /// The properties that clear a field. What cannot be absent gets the value it has in a new item.
    pub(super) fn clear(kind: Kind, field: Field) -> Vec<Property> {
        match field {
            Field::Notes => Vec::new(),
            Field::Subject => vec![Property::none(Path::Field("item:Subject"))],
            Field::Categories => vec![Property::none(Path::Field("item:Categories"))],
            Field::Sensitivity => vec![Property::text("item:Sensitivity", "Sensitivity", "Normal")],
            Field::Importance => vec![Property::text("item:Importance", "Importance", "Normal")],
            Field::Reminder => vec![Property::text("item:ReminderIsSet", "ReminderIsSet", "false")],
            field => match kind {
                Kind::Contact => contact::clear(field),
                Kind::Event => event::clear(field),
                Kind::Task => task::clear(field),
            },
        }
    }

    /// Everything to ask for when items of a kind are read.
    pub(super) fn paths(version: ServerVersion, kind: Kind) -> Vec<Path> {
        let mut paths: Vec<Path> = [
            "item:ParentFolderId",
            "item:Subject",
            "item:Sensitivity",
            "item:Body",
            "item:Categories",
            "item:DateTimeCreated",
        ]
        .map(Path::Field)
        .to_vec();
        match kind {
            Kind::Contact => contact::paths(&mut paths),
            Kind::Event => event::paths(version, &mut paths),
            Kind::Task => task::paths(&mut paths),
        }
        paths.push(Path::Extended(STAMP));
        paths
    }

    /// Reads an item; `None` if it has no id.
    pub(super) fn read(&self, kind: Kind, element: &Element) -> Option<ItemContent> {
        let item = item_ref(element)?;
        let mut fields = BTreeMap::new();
        let mut put = |field: Field, value: Option<Value>| {
            if let Some(value) = value {
                fields.insert(field, value);
            }
        };
        put(Field::Categories, read_categories(element));
        put(Field::Sensitivity, element.text_of("Sensitivity").and_then(sensitivity));
        match kind {
            Kind::Contact => contact::read(element, &mut put),
            Kind::Event => event::read(self, element, &mut put),
            Kind::Task => task::read(element, &mut put),
        }
        let body = element.child("Body").filter(|body| !body.text().is_empty()).map(|body| Body {
            format: match body.attribute("BodyType") {
                Some(format) if format.eq_ignore_ascii_case("HTML") => BodyFormat::Html,
                _ => BodyFormat::Text,
            },
            text: Personal::new(lines(body.text())),
        });
        let bound = match kind {
            Kind::Contact => None,
            Kind::Event => event::bound(element),
            Kind::Task => task::bound(element),
        };
        let folder = element.child("ParentFolderId").and_then(|folder| folder.attribute("Id"));
        Some(ItemContent {
            item,
            stamp: STAMP.read(element).map(str::to_owned),
            folder: folder.map(|id| FolderId(id.to_owned())),
            bound,
            created: created(element),
            fields,
            body,
        })
    }
}

/// Fields that more than one kind has.
fn common(field: Field, value: &Value) -> Option<Property> {
    Some(match (field, value) {
        (Field::Subject, Value::Text(text)) => Property::text("item:Subject", "Subject", text.reveal()),
        (Field::Categories, Value::Categories(names)) => {
            let names: Vec<String> = names.iter().filter(|name| !name.is_empty()).cloned().collect();
            let content = (!names.is_empty()).then_some(Content::Strings("Categories", names));
            Property { path: Path::Field("item:Categories"), content }
        }
        (Field::Sensitivity, Value::Sensitivity(value)) => {
            let word = match value {
                Sensitivity::Normal => "Normal",
                Sensitivity::Personal => "Personal",
                Sensitivity::Private => "Private",
                Sensitivity::Confidential => "Confidential",
            };
            Property::text("item:Sensitivity", "Sensitivity", word)
        }
        (Field::Importance, Value::Importance(value)) => {
            let word = match value {
                Importance::Low => "Low",
                Importance::Normal => "Normal",
                Importance::High => "High",
            };
            Property::text("item:Importance", "Importance", word)
        }
        _ => return None,
    })
}

/// A reminder, as properties.
pub(super) fn reminder(value: Reminder) -> Vec<Property> {
    let is_set = |set: &str| Property::text("item:ReminderIsSet", "ReminderIsSet", set);
    match value {
        Reminder::Off => vec![is_set("false")],
        Reminder::MinutesBefore(minutes) => {
            // The schema's `ReminderMinutesBeforeStartType` ends here (five years).
            let minutes = minutes.min(2_629_800).to_string();
            vec![
                Property::text("item:ReminderMinutesBeforeStart", "ReminderMinutesBeforeStart", minutes),
                is_set("true"),
            ]
        }
        Reminder::At(moment) => {
            vec![Property::text("item:ReminderDueBy", "ReminderDueBy", instant(moment)), is_set("true")]
        }
    }
}

fn sensitivity(word: &str) -> Option<Value> {
    Some(Value::Sensitivity(match word.trim() {
        "Normal" => Sensitivity::Normal,
        "Personal" => Sensitivity::Personal,
        "Private" => Sensitivity::Private,
        "Confidential" => Sensitivity::Confidential,
        _ => return None,
    }))
}

/// The importance of an item.
pub(super) fn read_importance(element: &Element) -> Option<Value> {
    Some(Value::Importance(match element.text_of("Importance")?.trim() {
        "Low" => Importance::Low,
        "Normal" => Importance::Normal,
        "High" => Importance::High,
        _ => return None,
    }))
}

fn read_categories(element: &Element) -> Option<Value> {
    let names: BTreeSet<String> = element
        .child("Categories")?
        .children_named("String")
        .map(|name| name.text().to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    (!names.is_empty()).then_some(Value::Categories(names))
}

/// A text element, if it says anything.
pub(super) fn read_text(element: &Element, name: &str) -> Option<Value> {
    text_value(element.text_of(name)?)
}

/// A text, if it says anything.
pub(super) fn text_value(text: &str) -> Option<Value> {
    (!text.is_empty()).then(|| Value::text(lines(text)))
}

/// Lines end with `\n` on our side.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// `true` or `1`.
pub(super) fn read_flag(element: &Element, name: &str) -> Option<bool> {
    match element.text_of(name)?.trim() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// The id and version of an item.
pub(super) fn item_ref(element: &Element) -> Option<ItemRef> {
    let id = element.child("ItemId")?;
    Some(ItemRef {
        id: ItemId(id.attribute("Id").filter(|id| !id.is_empty())?.to_owned()),
        change_key: ChangeKey(id.attribute("ChangeKey").unwrap_or_default().to_owned()),
    })
}

/// When the server says that the item was made.
pub(super) fn created(element: &Element) -> Option<Timestamp> {
    read_instant(element.text_of("DateTimeCreated")?)
}

/// An instant in whole seconds and UTC: absolute, whatever the server knows about zones.
pub(super) fn instant(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// An instant with `Z`, an offset or (UTC then) neither, with any number of fractional digits.
pub(super) fn read_instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    text.parse().ok().or_else(|| {
        let civil: civil::DateTime = text.parse().ok()?;
        TimeZone::UTC.to_timestamp(civil).ok()
    })
}

/// A day that travels as a `dateTime`: the day in the offset in which it was written.
pub(super) fn read_day(text: &str) -> Option<Value> {
    let day = text.trim().get(..10)?;
    day.parse().ok().map(Value::Date)
}

/// The Windows id for an IANA zone; UTC for one that Windows does not have. Instants are absolute, so the zone is only what
/// Outlook shows.
pub(super) fn windows_zone(name: &str) -> &'static str {
    zone::windows_id(name).unwrap_or("UTC")
}
