//! `linkedResources`: what a task of To Do is about, in another program. They are the only place where a program can leave a
//! mark on such a task. <https://learn.microsoft.com/graph/api/resources/linkedresource>

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    answer::{Answer, Refused},
    call::Call,
    identity, items,
    schema::{self, Purpose},
    view,
};
use crate::simulator::{
    ews::Properties,
    item::{ItemKind, LINKED_RESOURCES, Property},
    mailbox::Mailbox,
};

/// Those of a task.
pub(super) fn of(properties: &Properties) -> Vec<Value> {
    let kept = properties.get(LINKED_RESOURCES).map(Property::as_text);
    kept.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

fn keep(properties: &mut Properties, resources: &[Value]) {
    if resources.is_empty() {
        properties.remove(LINKED_RESOURCES);
    } else {
        properties.insert(LINKED_RESOURCES.to_owned(), Property::text(Value::from(resources).to_string()));
    }
}

fn new(fields: &Map<String, Value>) -> Value {
    let text = |name: &str| fields.get(name).cloned().unwrap_or_default();
    json!({
        "id": Uuid::new_v4().to_string(),
        "webUrl": text("webUrl"),
        "applicationName": text("applicationName"),
        "displayName": text("displayName"),
        "externalId": text("externalId"),
    })
}

/// Those that a new task brings.
pub(super) fn apply(body: &Map<String, Value>, properties: &mut Properties) {
    if let Some(Value::Array(resources)) = body.get("linkedResources") {
        let resources: Vec<Value> = resources.iter().filter_map(Value::as_object).map(new).collect();
        keep(properties, &resources);
    }
}

/// `…/linkedResources` and `…/linkedResources/{id}`.
pub(super) fn serve(
    call: &Call<'_>,
    mailbox: &mut Mailbox,
    folder: u64,
    task: &str,
    id: Option<&str>,
) -> Result<Answer, Refused> {
    let task = items::find(mailbox, ItemKind::Task, Some(folder), task)?;
    let (number, key, mut resources) = (task.number, task.change_key(), of(&task.properties));
    let place = |resources: &[Value]| match id {
        Some(id) => resources.iter().position(|known| known["id"] == id).map(Some).ok_or_else(Refused::not_found),
        None => Ok(None),
    };
    let place = place(&resources)?;
    let body = |purpose| schema::check(call.asked.body.as_ref(), "linkedResource", purpose);
    let answer = match (call.asked.method.as_str(), place) {
        ("GET", None) => {
            call.asked.knows(view::OPTIONS)?;
            return view::page(call, "linkedResources", &resources, |resource| Ok(resource.clone()));
        }
        ("GET", Some(place)) => return Ok(Answer::ok(resources[place].clone())),
        ("POST", None) => {
            let made = new(body(Purpose::Create)?);
            resources.push(made.clone());
            Answer::created(made)
        }
        ("PATCH", Some(place)) => {
            for (name, value) in body(Purpose::Change)? {
                if name != "id" && !name.contains('@') {
                    resources[place][name] = value.clone();
                }
            }
            Answer::ok(resources[place].clone())
        }
        ("DELETE", Some(place)) => {
            resources.remove(place);
            Answer::done()
        }
        _ => return Err(super::route::no_such_method(call.asked)),
    };
    identity::check(call, &key)?;
    call.count_items(1);
    call.write_fault(call.asked.body.as_ref())?;
    mailbox.write(number, call.now, |properties| keep(properties, &resources));
    Ok(answer)
}
