//! Whether the body of a request is one that Graph takes: names, types and words, case and all.
//!
//! `schema/schema.txt` says what Graph's metadata say about the kinds that the simulator knows, in a notation of its own.
//! <https://learn.microsoft.com/graph/api/overview>

use std::{collections::HashMap, sync::LazyLock};

use jiff::{Timestamp, civil::Date};
use serde_json::{Map, Value};

use super::answer::Refused;

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::read(include_str!("schema/schema.txt")));

/// What a body is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Create,
    Change,
}

#[derive(Debug, Default)]
struct Schema {
    types: HashMap<&'static str, Type>,
    enums: HashMap<&'static str, Vec<&'static str>>,
}

#[derive(Debug, Default)]
struct Type {
    open: bool,
    fields: Vec<Field>,
}

#[derive(Debug)]
struct Field {
    name: &'static str,
    form: &'static str,
    /// Of `?*!+`.
    marks: &'static str,
}

impl Field {
    fn is(&self, mark: char) -> bool {
        self.marks.contains(mark)
    }
}

impl Schema {
    fn read(text: &'static str) -> Self {
        let mut schema = Self::default();
        let mut current = "";
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                // A field may be called `type`, too.
                [name, form] if line.starts_with("  ") => {
                    let marks = form.trim_start_matches(|letter: char| letter.is_ascii_alphanumeric());
                    let field = Field { name, form: form.strip_suffix(marks).unwrap_or(form), marks };
                    schema.types.entry(current).or_default().fields.push(field);
                }
                ["enum", name, words @ ..] => {
                    schema.enums.insert(name, words.to_vec());
                }
                ["type", name, rest @ ..] => {
                    current = name;
                    schema.types.insert(name, Type { open: !rest.is_empty(), fields: Vec::new() });
                }
                _ => {}
            }
        }
        schema
    }

    fn structure(&self, value: &Value, name: &str, purpose: Option<Purpose>) -> Result<(), Refused> {
        let Some(known) = self.types.get(name) else { return Ok(()) };
        let Value::Object(fields) = value else { return Err(mistyped(value, &format!("microsoft.graph.{name}"))) };
        for (key, value) in fields {
            match known.fields.iter().find(|field| field.name == key) {
                Some(field) if purpose.is_some() && field.is('!') => return Err(Refused::read_only(key)),
                Some(field) if purpose == Some(Purpose::Change) && field.is('+') => {
                    return Err(Refused::read_only(key));
                }
                Some(field) => self.field(value, field)?,
                None if known.open || is_annotation(key) => {}
                None => {
                    return Err(Refused::body(format!(
                        "The property '{key}' does not exist on type 'microsoft.graph.{name}'. Make sure to only use \
                         property names that are defined by the type."
                    )));
                }
            }
        }
        Ok(())
    }

    fn field(&self, value: &Value, field: &Field) -> Result<(), Refused> {
        match value {
            Value::Null if field.is('?') => Ok(()),
            Value::Array(values) if field.is('*') => values.iter().try_for_each(|value| self.value(value, field.form)),
            _ if field.is('*') => Err(mistyped(value, &format!("Collection({})", field.form))),
            value => self.value(value, field.form),
        }
    }

    fn value(&self, value: &Value, form: &str) -> Result<(), Refused> {
        let text = value.as_str();
        let fits = match form {
            "string" => text.is_some(),
            "boolean" => value.is_boolean(),
            "int" => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
            "moment" => text.is_some_and(|text| text.parse::<Timestamp>().is_ok()),
            "day" => text.is_some_and(|text| text.parse::<Date>().is_ok()),
            form => match (self.enums.get(form), text) {
                (Some(words), Some(text)) => {
                    return if words.contains(&text) {
                        Ok(())
                    } else {
                        Err(Refused::body(format!(
                            "Requested value '{text}' was not found in 'microsoft.graph.{form}'."
                        )))
                    };
                }
                (Some(_), None) => false,
                (None, _) => return self.structure(value, form, None),
            },
        };
        if fits { Ok(()) } else { Err(mistyped(value, form)) }
    }
}

fn mistyped(value: &Value, form: &str) -> Refused {
    Refused::body(format!("Cannot convert the value '{value}' to the expected type '{form}'."))
}

/// Names that OData keeps for itself.
fn is_annotation(key: &str) -> bool {
    key.contains("@odata.") || key.starts_with("@microsoft.graph.") || key == "@removed"
}

/// The body of a request for a type, once it is known to be one.
pub(super) fn check<'b>(
    body: Option<&'b Value>,
    name: &str,
    purpose: Purpose,
) -> Result<&'b Map<String, Value>, Refused> {
    let body = body.ok_or_else(|| Refused::body("The request has no body."))?;
    SCHEMA.structure(body, name, Some(purpose))?;
    body.as_object().ok_or_else(|| mistyped(body, &format!("microsoft.graph.{name}")))
}

/// Whether a type has a property of that name.
pub(super) fn has(name: &str, property: &str) -> bool {
    SCHEMA.types.get(name).is_some_and(|known| known.fields.iter().any(|field| field.name == property))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_form_in_the_notation_is_known() {
        let built_in = ["string", "boolean", "int", "moment", "day"];
        for field in SCHEMA.types.values().flat_map(|known| &known.fields) {
            let known = built_in.contains(&field.form)
                || SCHEMA.types.contains_key(field.form)
                || SCHEMA.enums.contains_key(field.form);
            assert!(known, "{field:?}");
        }
    }

    #[test]
    fn names_types_and_words_are_held_to_the_letter() {
        let taken = |body: Value| check(Some(&body), "event", Purpose::Create).is_ok();
        assert!(taken(json!({"subject": null, "showAs": "busy", "start": {"dateTime": "x", "timeZone": null}})));
        for wrong in [
            json!({"locationn": 1}),
            json!({"showAs": "Busy"}),
            json!({"isAllDay": "yes"}),
            json!({"start": "2026-01-01"}),
            json!({"start": {"datetime": "x"}}),
            json!({"reminderMinutesBeforeStart": 1.5}),
            json!({"categories": "one"}),
            json!({"categories": null}),
            json!({"iCalUId": "x"}),
            json!([]),
        ] {
            assert!(!taken(wrong.clone()), "{wrong}");
        }
        assert!(check(Some(&json!({"transactionId": "x"})), "event", Purpose::Change).is_err());
    }
}
