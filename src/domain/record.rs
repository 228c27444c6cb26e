use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{Field, Kind, Span, Value};

/// What one item should hold. A field that is absent here was not selected and is never written; a field that is `None` is
/// NULL in the practice system and clears what *we* wrote before, nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Contact, event or task.
    pub kind: Kind,
    /// The fields, by name.
    pub fields: BTreeMap<Field, Option<Value>>,
}

impl Record {
    /// A record without fields.
    pub fn new(kind: Kind) -> Self {
        Self { kind, fields: BTreeMap::new() }
    }

    /// The same record with one more field.
    #[must_use]
    pub fn with(mut self, field: Field, value: impl Into<Option<Value>>) -> Self {
        self.fields.insert(field, value.into());
        self
    }

    /// The value of a field, if it has one.
    pub fn get(&self, field: Field) -> Option<&Value> {
        self.fields.get(&field)?.as_ref()
    }

    /// The text of a field, if it has one.
    pub fn text(&self, field: Field) -> Option<&str> {
        match self.get(field)? {
            Value::Text(text) => Some(text.reveal()),
            _ => None,
        }
    }

    /// When an event takes place.
    pub fn span(&self) -> Option<&Span> {
        match self.get(Field::Span)? {
            Value::Span(span) => Some(span),
            _ => None,
        }
    }

    /// A field that holds a day.
    pub fn date(&self, field: Field) -> Option<Date> {
        match self.get(field)? {
            Value::Date(date) => Some(*date),
            _ => None,
        }
    }

    /// The moment at which somebody counts on this record: an event's start, the end of a task's due day. Days are taken in
    /// `zone`. Contacts have none.
    pub fn due(&self, zone: &TimeZone) -> Option<Timestamp> {
        match self.kind {
            Kind::Contact => None,
            Kind::Event => match self.span()? {
                Span::Timed { start, .. } => Some(*start),
                Span::AllDay { first, .. } => first.to_zoned(zone.clone()).ok().map(|day| day.timestamp()),
            },
            Kind::Task => {
                let next = self.date(Field::DueDate)?.tomorrow().ok()?;
                next.to_zoned(zone.clone()).ok().map(|day| day.timestamp())
            }
        }
    }
}
