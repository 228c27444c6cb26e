//! Which unstamped items look like a record: what an earlier sync may have left behind.
//!
//! An event looks alike by start, end and subject; a contact by its name together with an e-mail address or a phone number; a
//! task by subject and due day. Each way of looking alike is one [`Likeness`]; two things look alike when they share one, so
//! that comparing 2,000 items with 2,000 records is a matter of two sets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::{Field, ItemContent, Kind, Record, Span, Value};

/// In what a record and an item are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// An event's subject, start and end.
    SubjectAndTimes,
    /// A task's subject and due day.
    SubjectAndDueDay,
    /// A contact's name and e-mail address.
    NameAndMail,
    /// A contact's name and phone number.
    NameAndPhone,
}

/// One way in which a record or an item can be recognised, hashed: it holds no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Likeness {
    /// In what.
    pub by: By,
    hash: [u8; 16],
}

impl Likeness {
    fn of(by: By, kind: Kind, parts: &[String]) -> Self {
        let mut hash = Sha256::new();
        hash.update(kind.word());
        for part in parts {
            hash.update([0]);
            hash.update(part);
        }
        let full: [u8; 32] = hash.finalize().into();
        let mut short = [0; 16];
        short.copy_from_slice(&full[..16]);
        Self { by, hash: short }
    }
}

/// How a record can be recognised.
pub fn of_record(record: &Record) -> Vec<Likeness> {
    let fields: BTreeMap<Field, &Value> =
        record.fields.iter().filter_map(|(field, value)| Some((*field, value.as_ref()?))).collect();
    likenesses(record.kind, &fields)
}

/// How an item can be recognised.
pub fn of_item(kind: Kind, item: &ItemContent) -> Vec<Likeness> {
    likenesses(kind, &item.fields.iter().map(|(field, value)| (*field, value)).collect())
}

fn likenesses(kind: Kind, fields: &BTreeMap<Field, &Value>) -> Vec<Likeness> {
    let text = |field: Field| match fields.get(&field) {
        Some(Value::Text(text)) => folded(text.reveal()),
        _ => String::new(),
    };
    match kind {
        Kind::Event => match fields.get(&Field::Span) {
            Some(Value::Span(Span::AllDay { first, last })) => {
                let parts = [text(Field::Subject), first.to_string(), last.to_string()];
                vec![Likeness::of(By::SubjectAndTimes, kind, &parts)]
            }
            Some(Value::Span(Span::Timed { start, end, .. })) => {
                // To the second, which is how finely servers tell.
                let moment = |at: jiff::Timestamp| at.as_second().to_string();
                let parts = [text(Field::Subject), moment(*start), moment(*end)];
                vec![Likeness::of(By::SubjectAndTimes, kind, &parts)]
            }
            _ => Vec::new(),
        },
        Kind::Task => {
            let due = match fields.get(&Field::DueDate) {
                Some(Value::Date(due)) => due.to_string(),
                _ => String::new(),
            };
            vec![Likeness::of(By::SubjectAndDueDay, kind, &[text(Field::Subject), due])]
        }
        Kind::Contact => {
            let full_name = [text(Field::GivenName), text(Field::Surname)].join(" ");
            let name = [full_name.trim().to_owned(), text(Field::Company), text(Field::DisplayName)]
                .into_iter()
                .find(|name| !name.is_empty());
            let Some(name) = name else { return Vec::new() };
            let mails =
                [Field::Email1, Field::Email2, Field::Email3].into_iter().map(|field| (By::NameAndMail, text(field)));
            let phones = PHONES.iter().map(|field| (By::NameAndPhone, digits(&text(*field))));
            mails
                .chain(phones)
                .filter(|(_, reached)| !reached.is_empty())
                .map(|(by, reached)| Likeness::of(by, kind, &[name.clone(), reached]))
                .collect()
        }
    }
}

const PHONES: [Field; 12] = [
    Field::BusinessPhone,
    Field::BusinessPhone2,
    Field::HomePhone,
    Field::HomePhone2,
    Field::MobilePhone,
    Field::OtherPhone,
    Field::CarPhone,
    Field::CompanyMainPhone,
    Field::BusinessFax,
    Field::HomeFax,
    Field::OtherFax,
    Field::AssistantPhone,
];

/// Case and spacing do not tell two people apart.
fn folded(text: &str) -> String {
    text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The last seven digits: `+49 681 302 17` and `0681/30217` are one number.
fn digits(text: &str) -> String {
    let digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
    if digits.len() < 5 { String::new() } else { digits[digits.len().saturating_sub(7)..].iter().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alike(one: &Record, other: &Record) -> bool {
        let others = of_record(other);
        of_record(one).iter().any(|likeness| others.contains(likeness))
    }

    fn contact(given: &str, surname: &str, field: Field, reached: &str) -> Record {
        Record::new(Kind::Contact)
            .with(Field::GivenName, Value::text(given))
            .with(Field::Surname, Value::text(surname))
            .with(field, Value::text(reached))
    }

    #[test]
    fn a_contact_needs_its_name_and_one_way_to_reach_it() {
        let one = contact("Eva", "Muster", Field::MobilePhone, "+49 681 302 17");
        assert!(alike(&one, &contact("eva ", "MUSTER", Field::BusinessPhone, "0681/30217")));
        assert!(!alike(&one, &contact("Eva", "Muster", Field::MobilePhone, "+49 681 302 18")));
        assert!(!alike(&one, &contact("Max", "Muster", Field::MobilePhone, "+49 681 302 17")));
        assert!(of_record(&contact("Eva", "Muster", Field::NameTitle, "Dr.")).is_empty(), "a name alone is not enough");
        assert!(
            of_record(&contact("", "", Field::Email1, "office@example.org")).is_empty(),
            "an address alone is not enough"
        );
    }

    #[test]
    fn an_event_needs_subject_and_both_times() {
        let event = |subject: &str, start: &str| {
            Record::new(Kind::Event).with(Field::Subject, Value::text(subject)).with(
                Field::Span,
                Value::Span(Span::Timed {
                    start: start.parse().expect("valid"),
                    end: "2026-11-23T12:00:00Z".parse().expect("valid"),
                    zone: "Europe/Berlin".into(),
                }),
            )
        };
        assert!(alike(&event("Hearing", "2026-11-23T09:00:00Z"), &event(" hearing", "2026-11-23T09:00:00Z")));
        assert!(!alike(&event("Hearing", "2026-11-23T09:00:00Z"), &event("Hearing", "2026-11-23T10:00:00Z")));
    }

    #[test]
    fn a_task_needs_subject_and_due_day() {
        let task = |due: Option<&str>| {
            Record::new(Kind::Task)
                .with(Field::Subject, Value::text("File the appeal"))
                .with(Field::DueDate, due.map(|day| Value::Date(day.parse().expect("valid"))))
        };
        assert!(alike(&task(Some("2026-12-01")), &task(Some("2026-12-01"))));
        assert!(!alike(&task(Some("2026-12-01")), &task(None)));
    }
}
