//! Requests against Graph's own description and by eye; answers of every shape; records there and back.

mod requests;
mod round_trip;
mod schema;

use serde_json::{Value as Json, json};

use super::{codec::Codec, task};
use crate::{
    domain::{Field, FolderId, ItemContent, Kind, Record, Value},
    exchange::any,
};

fn codec() -> Codec {
    Codec::new("Europe/Zurich")
}

/// What a perfect service answers to this body: the entity as it was sent, with an id, and times in UTC.
fn stored(kind: Kind, sent: &Json) -> ItemContent {
    let folder = FolderId("list".to_owned());
    let mut entity = sent.clone();
    entity["id"] = json!("i");
    entity["@odata.etag"] = json!("W/\"c\"");
    if kind == Kind::Event && entity.get("start").is_some() {
        entity["originalStartTimeZone"] = entity["start"]["timeZone"].clone();
    }
    codec().read(kind, Some(&folder), &entity).expect("it has an id")
}

/// As Graph gives it back after a change: what was sent over what was there.
fn patched(before: &Json, change: &Json) -> Json {
    let mut after = before.clone();
    for (name, value) in change.as_object().expect("an object") {
        if name == "singleValueExtendedProperties" {
            let extended = after[name].as_array().cloned().unwrap_or_default();
            let changed = value.as_array().expect("a list");
            let kept = extended.into_iter().filter(|old| changed.iter().all(|new| new["id"] != old["id"]));
            let all: Vec<Json> = kept.chain(changed.iter().filter(|new| !new["value"].is_null()).cloned()).collect();
            after[name] = json!(all);
        } else {
            after[name] = value.clone();
        }
    }
    after
}

fn value_of(content: &ItemContent, field: Field) -> Option<&Value> {
    content.fields.get(&field)
}

/// Where a field of a kind is kept: names of its properties, and what has none.
pub(in crate::exchange) fn places(kind: Kind, field: Field, value: &Value) -> Vec<String> {
    let bare = codec().create(&any::new_item(Record::new(kind), None), None);
    let sent = codec().create(&any::new_item(Record::new(kind).with(field, value.clone()), None), None);
    let mut places = Vec::new();
    for (name, value) in sent.as_object().expect("an object") {
        match name.as_str() {
            "singleValueExtendedProperties" => {
                let ids = value.as_array().into_iter().flatten().filter_map(|one| one["id"].as_str());
                places.extend(ids.filter(|id| !id.contains("Name ")).map(|id| format!("property {id}")));
            }
            "body" => places.push("a line in our notes".to_owned()),
            "linkedResources" if value[0].get("webUrl").is_some() => places.push("linkedResources#webUrl".to_owned()),
            name if bare.get(name).is_none() => places.push(name.to_owned()),
            _ => {}
        }
    }
    places
}
