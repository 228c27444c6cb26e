//! Which field is kept where, over each protocol: docs/reference/fields-per-protocol.md is made of what the codecs write.

use std::{fmt::Write as _, path::Path};

use super::{ews, graph};
use crate::domain::{
    Field, Importance, Kind, Personal, PostalAddress, Reminder, Sensitivity, ShowAs, Span, TaskStatus, Value,
};

const HEAD: &str = "# Fields over each protocol

Made from the program itself; a test keeps it true. Where a field is kept in a mailbox that is reached over EWS (Exchange Server,
hosted Exchange) and over Microsoft Graph (Exchange Online). The names are those of the protocols.

A contact, event or task that is written over one protocol is the same over the other, except for this:

- Over Graph the notes of a contact are plain text; formatting that a user gave them elsewhere is lost when our part of them
  changes. Notes of events and tasks come back as HTML.
- To Do knows no percentage and no sensitivity. Both stand as a line in our part of a task's notes (`[Progress: 40 %]`,
  `[Sensitivity: private]`) and are read back from there. A task that is done has 100 per cent.
- To Do has no property for our stamp. A task carries it in a linked resource, which its user sees as `Pocket Docket`. Where the
  practice system has a page for the task (`web-page`), that is where it leads; over EWS nobody sees the page.
- Over Graph a category that the mailbox does not know gets a colour, once. A colour that a user chose stays.
- What is removed for good is removed for good of contacts and events. A removed task goes where To Do puts it.
- Graph shows of Deleted Items the contacts at most, to who may not read mail. After the loss of a ledger, events and tasks that
  a user deleted are therefore written anew.
";

/// A value that a field can have.
fn value(field: Field, kind: Kind) -> Value {
    let day: jiff::civil::Date = "2026-12-01".parse().expect("valid");
    match field {
        Field::Categories => Value::Categories(["x".to_owned()].into()),
        Field::Sensitivity => Value::Sensitivity(Sensitivity::Private),
        Field::BusinessAddress | Field::HomeAddress | Field::OtherAddress => {
            Value::Address(Personal::new(PostalAddress { city: "Bern".to_owned(), ..PostalAddress::default() }))
        }
        Field::Birthday | Field::StartDate | Field::DueDate => Value::Date(day),
        Field::Span => Value::Span(Span::AllDay { first: day, last: day }),
        Field::Reminder if kind == Kind::Event => Value::Reminder(Reminder::MinutesBefore(15)),
        Field::Reminder => Value::Reminder(Reminder::At("2026-12-01T08:00:00Z".parse().expect("valid"))),
        Field::ShowAs => Value::ShowAs(ShowAs::Away),
        Field::Status => Value::Status(TaskStatus::InProgress),
        Field::PercentComplete => Value::Percent(40),
        Field::Importance => Value::Importance(Importance::High),
        _ => Value::text("x"),
    }
}

fn table() -> String {
    let mut text = HEAD.to_owned();
    for kind in [Kind::Contact, Kind::Event, Kind::Task] {
        let _ = write!(text, "\n## {kind}s\n\n| Field | EWS | Graph |\n| --- | --- | --- |\n");
        for field in Field::ALL.iter().copied().filter(|field| field.belongs_to(kind)) {
            let shown =
                |places: Vec<String>| places.iter().map(|place| format!("`{place}`")).collect::<Vec<_>>().join(", ");
            let (over_ews, over_graph) = if field == Field::Notes {
                let graph = if kind == Kind::Contact { "`personalNotes`" } else { "`body`" };
                ("`item:Body`, between our two lines".to_owned(), format!("{graph}, between our two lines"))
            } else {
                let value = value(field, kind);
                (shown(ews::places(kind, field, &value)), shown(graph::places(kind, field, &value)))
            };
            assert!(!over_ews.is_empty() && !over_graph.is_empty(), "{field} of a {kind} is kept nowhere");
            let _ = writeln!(text, "| `{field}` | {over_ews} | {over_graph} |");
        }
    }
    text
}

#[test]
fn the_reference_says_where_each_field_is_kept() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/fields-per-protocol.md");
    let made = table();
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(&path, &made).expect("it can be written");
    }
    let there = std::fs::read_to_string(&path).expect("it is there");
    assert_eq!(there, made, "run this test with UPDATE_REFERENCE=1 to write it anew");
}
