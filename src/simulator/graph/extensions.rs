//! Open extensions: small bags of values under a name that their program chose, on items and on lists of To Do.
//! <https://learn.microsoft.com/graph/api/resources/opentypeextension>

use serde_json::{Map, Value, json};

use super::{
    answer::{Answer, Refused},
    call::Call,
    schema::{self, Purpose},
    view,
};
use crate::simulator::{ews::Properties, item::Property};

const PREFIX: &str = "open:";
const TYPE: &str = "microsoft.graph.openTypeExtension";

/// Those that are there.
pub(super) fn of(properties: &Properties) -> Vec<Value> {
    let start = PREFIX.to_owned();
    let kept = properties.range(start..).take_while(|(path, _)| path.starts_with(PREFIX));
    kept.filter_map(|(_, content)| serde_json::from_str(&content.as_text()).ok()).collect()
}

/// With or without the name of its type before it, and whatever its case.
fn path(id: &str) -> String {
    let name = id.strip_prefix(TYPE).map_or(id, |rest| rest.trim_start_matches('.'));
    format!("{PREFIX}{}", name.to_lowercase())
}

fn write(fields: &Map<String, Value>, properties: &mut Properties) -> Result<Value, Refused> {
    let name = fields.get("extensionName").and_then(Value::as_str).unwrap_or_default().to_owned();
    if name.is_empty() {
        return Err(Refused::bad("BadRequest", "'extensionName' is missing."));
    }
    let mut kept = fields.clone();
    kept.insert("@odata.type".to_owned(), json!(format!("#{TYPE}")));
    kept.insert("id".to_owned(), json!(format!("{TYPE}.{name}")));
    kept.retain(|name, value| !value.is_null() && !name.ends_with("@odata.type") || name == "@odata.type");
    let kept = Value::Object(kept);
    properties.insert(path(&name), Property::text(kept.to_string()));
    Ok(kept)
}

/// Those that something new brings.
pub(super) fn apply(body: &Map<String, Value>, properties: &mut Properties) -> Result<(), Refused> {
    for extension in body.get("extensions").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
    {
        write(extension, properties)?;
    }
    Ok(())
}

/// `…/extensions` and `…/extensions/{name}` of whatever holds these properties. Whether they were changed is told beside.
pub(super) fn serve(call: &Call<'_>, properties: &mut Properties, id: Option<&str>) -> Result<(Answer, bool), Refused> {
    let body = |purpose| schema::check(call.asked.body.as_ref(), "openTypeExtension", purpose);
    let held = |properties: &Properties, id: &str| -> Result<Map<String, Value>, Refused> {
        let text = properties.get(&path(id)).map(Property::as_text).ok_or_else(Refused::not_found)?;
        serde_json::from_str(&text).map_err(|_| Refused::not_found())
    };
    match (call.asked.method.as_str(), id) {
        ("GET", None) => {
            view::page(call, "extensions", &of(properties), |known| Ok(known.clone())).map(|page| (page, false))
        }
        ("GET", Some(id)) => Ok((Answer::ok(Value::Object(held(properties, id)?)), false)),
        ("POST", None) => {
            let fields = body(Purpose::Create)?;
            let name = fields.get("extensionName").and_then(Value::as_str).unwrap_or_default();
            if properties.contains_key(&path(name)) {
                let status = axum::http::StatusCode::CONFLICT;
                return Err(Refused::new(status, "NameAlreadyExists", "An extension of this name is there already."));
            }
            Ok((Answer::created(write(fields, properties)?), true))
        }
        ("PATCH", Some(id)) => {
            let mut fields = held(properties, id)?;
            for (name, value) in body(Purpose::Change)? {
                if !matches!(name.as_str(), "id" | "extensionName") {
                    fields.insert(name.clone(), value.clone());
                }
            }
            Ok((Answer::ok(write(&fields, properties)?), true))
        }
        ("DELETE", Some(id)) => {
            held(properties, id)?;
            properties.remove(&path(id));
            Ok((Answer::done(), true))
        }
        _ => Err(super::route::no_such_method(call.asked)),
    }
}
