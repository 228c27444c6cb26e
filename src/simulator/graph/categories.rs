//! The list of categories and their colours. Exchange keeps it beside the calendar, and so does this.
//! <https://learn.microsoft.com/graph/api/resources/outlookcategory>

use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    answer::{Answer, Refused},
    call::Call,
    schema::{self, Purpose},
    view,
};
use crate::simulator::{item::Property, mailbox::Mailbox};

const KEPT: &str = "kept:MasterCategories";

pub(super) fn serve(call: &Call<'_>, mailbox: &mut Mailbox, id: Option<&str>) -> Result<Answer, Refused> {
    let calendar = mailbox.distinguished("calendar").ok_or_else(Refused::not_found)?;
    let kept = mailbox.folders.get(&calendar).and_then(|folder| folder.properties.get(KEPT)).map(Property::as_text);
    let mut categories: Vec<Value> = kept.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let place = match id {
        Some(id) => Some(categories.iter().position(|known| known["id"] == id).ok_or_else(Refused::not_found)?),
        None => None,
    };
    let body = |purpose| schema::check(call.asked.body.as_ref(), "outlookCategory", purpose);
    let answer = match (call.asked.method.as_str(), place) {
        ("GET", None) => {
            call.asked.knows(view::OPTIONS)?;
            return view::page(call, "outlook/masterCategories", &categories, |category| Ok(category.clone()));
        }
        ("GET", Some(place)) => return Ok(Answer::ok(categories[place].clone())),
        ("POST", None) => {
            let body = body(Purpose::Create)?;
            let name = body.get("displayName").and_then(Value::as_str).unwrap_or_default();
            if name.is_empty() {
                return Err(Refused::bad("ErrorInvalidRequest", "A category needs a name."));
            }
            let taken =
                |known: &Value| known["displayName"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(name));
            if categories.iter().any(taken) {
                let status = axum::http::StatusCode::CONFLICT;
                return Err(Refused::new(
                    status,
                    "ErrorDuplicateCategory",
                    "A category of this name is there already.",
                ));
            }
            let color = body.get("color").cloned().filter(|color| !color.is_null()).unwrap_or_else(|| json!("none"));
            let made = json!({"id": Uuid::new_v4().to_string(), "displayName": name, "color": color});
            categories.push(made.clone());
            Answer::created(made)
        }
        ("PATCH", Some(place)) => {
            if let Some(color) = body(Purpose::Change)?.get("color") {
                categories[place]["color"] = color.clone();
            }
            Answer::ok(categories[place].clone())
        }
        ("DELETE", Some(place)) => {
            categories.remove(place);
            Answer::done()
        }
        _ => return Err(super::route::no_such_method(call.asked)),
    };
    mailbox.write_folder(calendar, |folder| {
        folder.properties.insert(KEPT.to_owned(), Property::text(Value::from(categories).to_string()));
    });
    Ok(answer)
}
