//! Records and items: fields become properties, and properties become fields again.
//!
//! What all kinds have in common is here; `contact`, `event` and `task` hold the rest. Nothing here fails: a value that the
//! protocol cannot hold is left out, and reading the item back shows that.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use serde_json::{Value as Json, json};

use super::{
    contact,
    entity::{Entity, clean, lines, text, texts},
    event,
    held::Held,
    property, task, times,
};
use crate::{
    domain::{
        Body, BodyFormat, ChangeKey, Field, FolderId, ItemContent, ItemId, ItemRef, Kind, Personal, Place, TaskStatus,
        Value, notes,
    },
    ports::{ItemChange, NewItem, Sighting, StampChange},
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

    /// The body of a request that creates an item. `transaction` makes the creation of an event one that can be repeated.
    pub(super) fn create(&self, item: &NewItem, transaction: Option<&str>) -> Json {
        let kind = item.record.kind;
        let fields: BTreeMap<Field, Option<&Value>> = item
            .record
            .fields
            .iter()
            .filter(|(field, _)| field.belongs_to(kind))
            .filter_map(|(field, value)| Some((*field, Some(value.as_ref()?))))
            .collect();
        let mut entity = Entity::default();
        self.write(kind, &fields, None, &mut entity);
        let mut body = item.body.clone();
        if kind == Kind::Task {
            let mut held = Held::default();
            hold(&mut held, &fields);
            body = held.join(body);
        }
        write_body(kind, body.as_ref(), &mut entity);
        let stamp = item.stamp.as_ref().map(ToString::to_string);
        match kind {
            Kind::Task => {
                let link = task::Link::of(stamp.as_deref(), &fields);
                if !link.is_empty() {
                    entity.set("linkedResources", json!([link.to_json()]));
                }
            }
            Kind::Contact | Kind::Event => {
                if let Some(stamp) = &stamp {
                    entity.extend(&property::stamp(), Some(stamp));
                }
            }
        }
        if let (Kind::Event, Some(transaction)) = (kind, transaction) {
            entity.set("transactionId", transaction);
        }
        entity.into_json()
    }

    /// Whether what stands in the mailbox must be known before a change can be written.
    pub(super) fn needs_current(change: &ItemChange) -> bool {
        let has_span = change.set.contains_key(&Field::Span);
        let mut touched = touched(change).into_iter();
        match change.kind {
            Kind::Contact => touched.any(|(field, _)| contact::needs_current(field)),
            Kind::Event => touched.any(|(field, value)| event::needs_current(field, value, has_span)),
            Kind::Task => {
                let held = [Field::PercentComplete, Field::Sensitivity, Field::Status];
                // Its stamp is one of the things that are linked to it, and so is its page.
                let links = change.stamp != StampChange::Keep;
                let linked = |field| held.contains(&field) || field == Field::WebPage;
                links || change.body.is_some() || touched.any(|(field, _)| linked(field))
            }
        }
    }

    /// The body of a request that changes an item; nothing if no property is changed. The stamp of a task is none.
    pub(super) fn update(&self, change: &ItemChange, current: Option<&Json>) -> Option<Json> {
        let fields = touched(change);
        let mut entity = Entity::default();
        self.write(change.kind, &fields, current, &mut entity);
        let mut body = change.body.clone();
        if change.kind == Kind::Task && Self::needs_current(change) {
            let there = current.and_then(read_body);
            let before = there.as_ref().map(|body| Held::read_in(body).1).unwrap_or_default();
            let mut held = before;
            hold(&mut held, &fields);
            if body.is_some() || held != before {
                let empty = Body { format: BodyFormat::Text, text: Personal::default() };
                body = held.join(body.or(there)).or(Some(empty));
            }
        }
        write_body(change.kind, body.as_ref(), &mut entity);
        if change.kind != Kind::Task {
            match &change.stamp {
                StampChange::Keep => {}
                StampChange::Set(stamp) => entity.extend(&property::stamp(), Some(&stamp.to_string())),
                StampChange::Remove => entity.extend(&property::stamp(), None),
            }
        }
        (!entity.is_empty()).then(|| entity.into_json())
    }

    fn write(&self, kind: Kind, fields: &BTreeMap<Field, Option<&Value>>, current: Option<&Json>, entity: &mut Entity) {
        for (field, value) in fields {
            match (field, value) {
                (Field::Subject, value) => {
                    let name = if kind == Kind::Task { "title" } else { "subject" };
                    let text = match value {
                        Some(Value::Text(text)) => clean(text.reveal()),
                        _ => String::new(),
                    };
                    entity.set(name, text);
                }
                (Field::Categories, Some(Value::Categories(names))) => {
                    let names = names.iter().map(|name| clean(name)).filter(|name| !name.is_empty());
                    entity.set("categories", names.collect::<Vec<String>>());
                }
                (Field::Categories, _) => entity.set("categories", Vec::<String>::new()),
                _ => {}
            }
        }
        match kind {
            Kind::Contact => contact::write(fields, current, entity),
            Kind::Event => event::write(self, fields, current, entity),
            Kind::Task => task::write(fields, entity),
        }
    }

    /// What to ask for when items of a kind are read in full: the options of the address, as they stand in it before encoding.
    pub(super) fn options(kind: Kind) -> Vec<(&'static str, String)> {
        let mut names = vec!["id", "categories", "createdDateTime"];
        let mut extended = vec![property::stamp()];
        match kind {
            Kind::Contact => contact::asked(&mut names, &mut extended),
            Kind::Event => event::asked(&mut names),
            Kind::Task => return vec![("$expand", "linkedResources".to_owned())],
        }
        let mut expand = property::expand(&extended);
        if kind == Kind::Event {
            // An event does not say in which calendar it is, unless it is asked.
            expand.push_str(",calendar($select=id)");
        }
        vec![("$select", names.join(",")), ("$expand", expand)]
    }

    /// What to ask for when only version and stamp of items are wanted.
    pub(super) fn sighting_options(kind: Kind) -> Vec<(&'static str, String)> {
        match kind {
            Kind::Task => Self::options(kind),
            Kind::Contact => vec![
                ("$select", "id,createdDateTime,parentFolderId".to_owned()),
                ("$expand", property::expand(&[property::stamp()])),
            ],
            Kind::Event => vec![
                ("$select", "id,createdDateTime,type".to_owned()),
                ("$expand", property::expand(&[property::stamp()])),
            ],
        }
    }

    /// Reads an item that lies in this folder, where that is known; `None` if it has no id.
    pub(super) fn read(&self, kind: Kind, folder: Option<&FolderId>, entity: &Json) -> Option<ItemContent> {
        let item = item_ref(kind, folder, entity)?;
        let mut fields = BTreeMap::new();
        let mut put = |field: Field, value: Option<Value>| {
            if let Some(value) = value {
                fields.insert(field, value);
            }
        };
        let names: BTreeSet<String> =
            texts(entity, "categories").filter(|name| !name.is_empty()).map(str::to_owned).collect();
        put(Field::Categories, (!names.is_empty()).then_some(Value::Categories(names)));
        let mut body = match kind {
            Kind::Contact => text(entity, "personalNotes")
                .map(|text| Body { format: BodyFormat::Text, text: Personal::new(lines(text)) }),
            Kind::Event | Kind::Task => read_body(entity),
        };
        let bound = match kind {
            Kind::Contact => {
                contact::read(entity, &mut put);
                None
            }
            Kind::Event => {
                event::read(self, entity, &mut put);
                event::bound(entity)
            }
            Kind::Task => {
                task::read(self, entity, &mut put);
                let (shown, held) = body.take().map_or_else(Default::default, Held::split);
                body = shown;
                let percent = match task::read_status(entity) {
                    Some(TaskStatus::Completed) => Some(100),
                    _ => held.percent,
                };
                put(Field::PercentComplete, percent.map(Value::Percent));
                put(Field::Sensitivity, held.sensitivity.map(Value::Sensitivity));
                task::bound(entity)
            }
        };
        let said = match kind {
            Kind::Contact => text(entity, "parentFolderId"),
            Kind::Event => entity.get("calendar").and_then(|calendar| text(calendar, "id")),
            Kind::Task => None,
        };
        let folder = said.map(|id| FolderId(id.to_owned())).or_else(|| folder.cloned());
        let created = times::moment(entity.get("createdDateTime"));
        Some(ItemContent { item, stamp: stamp(kind, entity), folder, bound, created, fields, body })
    }
}

/// What a change does, field by field; nothing clears one.
pub(super) fn touched(change: &ItemChange) -> BTreeMap<Field, Option<&Value>> {
    let cleared = change.clear.iter().map(|field| (*field, None));
    let set = change.set.iter().map(|(field, value)| (*field, Some(value)));
    cleared.chain(set).filter(|(field, _)| field.belongs_to(change.kind)).collect()
}

/// Status last: what is done is not on its way any more.
fn hold(held: &mut Held, fields: &BTreeMap<Field, Option<&Value>>) {
    for field in [Field::PercentComplete, Field::Sensitivity, Field::Status] {
        if let Some(value) = fields.get(&field) {
            held.take(field, *value);
        }
    }
}

fn write_body(kind: Kind, body: Option<&Body>, entity: &mut Entity) {
    let Some(body) = body else { return };
    match kind {
        // Notes of a contact are plain text and nothing else.
        Kind::Contact if body.format == BodyFormat::Html => entity.set("personalNotes", clean(&notes::text(body))),
        Kind::Contact => entity.set("personalNotes", clean(body.text.reveal())),
        Kind::Event | Kind::Task => {
            let format = match body.format {
                BodyFormat::Text => "text",
                BodyFormat::Html => "html",
            };
            entity.set("body", json!({ "contentType": format, "content": clean(body.text.reveal()) }));
        }
    }
}

fn read_body(entity: &Json) -> Option<Body> {
    let body = entity.get("body")?;
    let content = text(body, "content")?;
    let format = match text(body, "contentType") {
        Some(format) if format.eq_ignore_ascii_case("html") => BodyFormat::Html,
        _ => BodyFormat::Text,
    };
    Some(Body { format, text: Personal::new(lines(content)) })
}

/// The text of our stamp, if the item has one.
pub(super) fn stamp(kind: Kind, entity: &Json) -> Option<String> {
    match kind {
        Kind::Task => task::links(entity).into_iter().find_map(|(_, stamp)| stamp).map(str::to_owned),
        Kind::Contact | Kind::Event => property::read(entity, &property::stamp()).map(str::to_owned),
    }
}

/// What stands between the list and the task in the id of a task. No id has this letter.
const WITHIN: char = '|';

/// The id of a task as the house knows it: To Do wants the list named, whatever it is asked about a task.
pub fn task_id(list: &FolderId, task: &str) -> ItemId {
    ItemId(format!("{list}{WITHIN}{task}"))
}

/// List and task of such an id.
pub(super) fn list_and_task(id: &ItemId) -> Option<(&str, &str)> {
    id.0.split_once(WITHIN)
}

/// The id and version of an item.
pub(super) fn item_ref(kind: Kind, folder: Option<&FolderId>, entity: &Json) -> Option<ItemRef> {
    let id = text(entity, "id")?;
    let id = match (kind, folder) {
        (Kind::Task, Some(list)) => task_id(list, id),
        _ => ItemId(id.to_owned()),
    };
    let version = text(entity, "@odata.etag").unwrap_or_default();
    Some(ItemRef { id, change_key: ChangeKey(version.to_owned()) })
}

/// An item of a folder, as a listing shows it; nothing for one day of a series.
pub(super) fn sighting(kind: Kind, folder: &FolderId, place: &Place, entity: &Json) -> Option<Sighting> {
    if text(entity, "type").is_some_and(|word| matches!(word, "occurrence" | "exception")) {
        return None;
    }
    Some(Sighting {
        item: item_ref(kind, Some(folder), entity)?,
        stamp: stamp(kind, entity),
        created: times::moment(entity.get("createdDateTime")),
        place: place.clone(),
    })
}
