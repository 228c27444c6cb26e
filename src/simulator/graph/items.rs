//! Items: read, made, changed, moved to Deleted Items, removed for good.

use serde_json::Value;

use super::{
    answer::{Answer, Refused},
    attendees,
    call::Call,
    contact, event, extensions, fields, identity, linked,
    schema::{self, Purpose},
    task,
    view::{self, Shape},
};
use crate::simulator::{
    ews::{Properties, rules},
    item::{Item, ItemKind},
    mailbox::Mailbox,
};

/// The item that an id names, where such a request finds it. What lies in Deleted Items is found as a contact only: events
/// and tasks are read through a calendar and a list.
pub(super) fn find<'m>(
    mailbox: &'m Mailbox,
    kind: ItemKind,
    folder: Option<u64>,
    id: &str,
) -> Result<&'m Item, Refused> {
    let item = identity::item(mailbox, id)?;
    let bin = mailbox.distinguished("deleteditems");
    let visible = match folder {
        Some(folder) => item.folder == folder,
        None => kind == ItemKind::Contact || Some(item.folder) != bin,
    };
    if item.kind == kind && visible { Ok(item) } else { Err(Refused::not_found()) }
}

pub(super) fn get(
    call: &Call<'_>,
    mailbox: &Mailbox,
    kind: ItemKind,
    folder: Option<u64>,
    id: &str,
) -> Result<Answer, Refused> {
    call.asked.knows(&["$select", "$expand"])?;
    call.count_items(1);
    let shape = Shape::read(call, view::type_name(kind))?;
    view::one(call, mailbox, find(mailbox, kind, folder, id)?, &shape).map(Answer::ok)
}

/// Writes what a body says, in the order of the store's own rules.
fn apply(call: &Call<'_>, kind: ItemKind, purpose: Purpose, properties: &mut Properties) -> Result<(), Refused> {
    let body = schema::check(call.asked.body.as_ref(), view::type_name(kind), purpose)?;
    let before = properties.clone();
    match kind {
        ItemKind::Contact => contact::apply(body, properties)?,
        ItemKind::Event => event::apply(body, properties)?,
        ItemKind::Task => task::apply(call, body, properties)?,
    }
    if purpose == Purpose::Create {
        linked::apply(body, properties);
        extensions::apply(body, properties)?;
        rules::defaults(kind, properties, false);
    } else {
        // What hangs on an item has addresses of its own.
        if let Some(name) = ["linkedResources", "extensions"].iter().find(|name| body.contains_key(**name)) {
            return Err(Refused::bad("BadRequest", format!("'{name}' cannot be changed with its parent.")));
        }
        if kind == ItemKind::Contact {
            rules::names(properties, false);
        }
    }
    rules::finish(kind, properties, &jiff::tz::TimeZone::UTC, call.now, false)?;
    for field in call.dropped() {
        match before.get(&field) {
            Some(held) => properties.insert(field, held.clone()),
            None => properties.remove(&field),
        };
    }
    Ok(())
}

pub(super) fn create(call: &Call<'_>, mailbox: &mut Mailbox, kind: ItemKind, folder: u64) -> Result<Answer, Refused> {
    call.asked.knows(&[])?;
    call.count_items(1);
    call.write_fault(call.asked.body.as_ref())?;
    let mut properties = Properties::new();
    apply(call, kind, Purpose::Create, &mut properties)?;
    let shape = Shape::default();
    if let Some(transaction) = fields::text(&properties, event::TRANSACTION).filter(|_| kind == ItemKind::Event) {
        let asked = call.asked.body.as_ref().map(Value::to_string).unwrap_or_default();
        let same = |item: &&Item| item.text(event::TRANSACTION).as_deref() == Some(&transaction);
        if let Some(made) = mailbox.items_in(folder).into_iter().find(same) {
            // Asked once more for the same, a store tells what it made; asked for something else, it refuses.
            return if made.text(event::TRANSACTION_BODY).as_deref() == Some(&asked) {
                view::one(call, mailbox, made, &shape).map(Answer::created)
            } else {
                Err(Refused::duplicate(&identity::of(mailbox, made, call.asked.prefer.immutable)))
            };
        }
        fields::set(&mut properties, event::TRANSACTION_BODY, Some(&asked));
    }
    call.count_mails(people(&properties));
    let number = mailbox.add(folder, kind, properties, call.now);
    written(call, mailbox, number, &shape).map(Answer::created)
}

/// The item as it is answered. When the server touches items, there is a newer version than the one that is told.
fn written(call: &Call<'_>, mailbox: &mut Mailbox, number: u64, shape: &Shape) -> Result<Value, Refused> {
    let item = mailbox.items.get(&number).ok_or_else(Refused::not_found)?;
    let mut entity = view::one(call, mailbox, item, shape)?;
    if item.kind == ItemKind::Task {
        let resources = linked::of(&item.properties);
        if !resources.is_empty() {
            entity["linkedResources"] = Value::Array(resources);
        }
    }
    if call.touches() {
        mailbox.write(number, call.now, |_| {});
    }
    Ok(entity)
}

pub(super) fn change(
    call: &Call<'_>,
    mailbox: &mut Mailbox,
    kind: ItemKind,
    folder: Option<u64>,
    id: &str,
) -> Result<Answer, Refused> {
    call.asked.knows(&[])?;
    call.count_items(1);
    call.write_fault(call.asked.body.as_ref())?;
    let item = find(mailbox, kind, folder, id)?;
    identity::check(call, &item.change_key())?;
    let (number, mut properties) = (item.number, item.properties.clone());
    apply(call, kind, Purpose::Change, &mut properties)?;
    call.count_mails(people(&properties));
    mailbox.write(number, call.now, |stored| *stored = properties);
    written(call, mailbox, number, &Shape::default()).map(Answer::ok)
}

pub(super) fn delete(
    call: &Call<'_>,
    mailbox: &mut Mailbox,
    kind: ItemKind,
    folder: Option<u64>,
    id: &str,
    for_good: bool,
) -> Result<Answer, Refused> {
    call.asked.knows(&[])?;
    call.count_items(1);
    call.write_fault(None)?;
    let item = find(mailbox, kind, folder, id)?;
    identity::check(call, &item.change_key())?;
    let (number, lies_in) = (item.number, item.folder);
    // The organizer's deletion is a cancellation.
    call.count_mails(people(&item.properties));
    let bin = mailbox.distinguished("deleteditems").ok_or_else(Refused::not_found)?;
    if for_good || lies_in == bin {
        mailbox.remove(number);
    } else {
        mailbox.relocate(number, bin, call.now);
    }
    Ok(Answer::done())
}

fn people(properties: &Properties) -> usize {
    attendees::show(properties).as_array().map_or(0, Vec::len)
}

/// Occurrences of a series are not worked out.
pub(super) fn instances() -> Refused {
    let status = axum::http::StatusCode::NOT_IMPLEMENTED;
    Refused::new(status, "NotImplemented", "The simulator keeps series and does not expand them.")
}
