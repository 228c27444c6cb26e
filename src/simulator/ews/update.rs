//! UpdateItem.

use super::{
    Outcome,
    call::{Call, Properties, WriteFaults},
    decode::{self, Zones},
    encode, fields,
    items::{attendees, children, keep_html, reference_after},
    lookup,
    paths::{self, Path},
    rules,
    soap::{Fault, Messages, Refusal},
};
use crate::{
    simulator::{
        item::{ItemKind, Property},
        mailbox::Mailbox,
    },
    xml::Element,
};

/// What must not be taken away from an item.
const INDELIBLE: &[&str] =
    &["calendar:Start", "calendar:End", "calendar:IsAllDayEvent", "task:Status", "item:Sensitivity"];

/// What some servers accept on update and forget.
/// Setting it through the MAPI property behind it works.
const FORGOTTEN: &[&str] = &["item:ReminderIsSet", "item:ReminderMinutesBeforeStart"];

pub(super) fn update(call: &Call<'_>, mailbox: &mut Mailbox) -> Result<Outcome, Fault> {
    let changes = children(call.request, "ItemChanges");
    call.count_items(changes.len());
    let faults = call.write_faults(&changes)?;
    let mut messages = Messages::new("UpdateItem");
    for change in changes.iter().take(faults.half.unwrap_or(usize::MAX)) {
        let updated = update_one(call, mailbox, change, &faults);
        messages.add(updated, |writer, (kind, id, key)| {
            writer.element("m:Items", &[], |writer| encode::reference(writer, kind, &id, &key));
            writer.element("m:ConflictResults", &[], |writer| writer.text("t:Count", "0"));
        });
    }
    Ok(Outcome { body: messages.finish(), cut: faults.half.is_some() })
}

fn update_one(
    call: &Call<'_>,
    mailbox: &mut Mailbox,
    change: &Element,
    faults: &WriteFaults,
) -> Result<(ItemKind, String, String), Refusal> {
    if let Some(refusal) = faults.refusal(change, true) {
        return Err(refusal);
    }
    let id = change.children().first().ok_or_else(Refusal::item_not_found)?;
    let item = lookup::item(mailbox, id)?;
    let (number, kind) = (item.number, item.kind);
    call.check_change_key(item, id, call.request.attribute("ConflictResolution").unwrap_or("AutoResolve"))?;
    let updates = call.request.attribute("SendMeetingInvitationsOrCancellations");
    if kind == ItemKind::Event && updates.is_none() && !call.lenient() {
        return Err(Refusal::new(
            "ErrorSendMeetingInvitationsOrCancellationsRequired",
            "SendMeetingInvitationsOrCancellations attribute is required for calendar items.",
        ));
    }
    let mut properties = item.properties.clone();
    let elements = change.child("Updates").map(Element::children).unwrap_or_default();
    let named: Vec<&Element> =
        elements.iter().filter_map(|update| update.child(kind.element())).flat_map(Element::children).collect();
    let zones = Zones::new(&named, &call.zone);
    for update in elements {
        apply(call, kind, update, &zones, &mut properties, faults)?;
    }
    if kind == ItemKind::Contact && !call.lenient() {
        rules::names(&mut properties, false);
    }
    rules::finish(kind, &mut properties, &call.zone, call.now, call.lenient())?;
    if updates.is_some_and(|updates| updates != "SendToNone") {
        call.count_mails(attendees(&properties));
    }
    mailbox.write(number, call.now, |stored| *stored = properties);
    reference_after(call, mailbox, number, faults)
}

fn apply(
    call: &Call<'_>,
    kind: ItemKind,
    update: &Element,
    zones: &Zones,
    properties: &mut Properties,
    faults: &WriteFaults,
) -> Result<(), Refusal> {
    let path = paths::first_in(update)?;
    if fields::is_read_only(&path.name) {
        let text = format!("Set action is invalid for property. `{}` is read-only.", path.name);
        return Err(Refusal::new("ErrorInvalidPropertySet", text));
    }
    match update.name() {
        "DeleteItemField" => return delete(&path, properties),
        "AppendToItemField" => return append(kind, &path, update, properties),
        _ => {}
    }
    let property = one_property(kind, &path, update, zones)?;
    if faults.dropped.contains(&path.name) || (call.lenient() && FORGOTTEN.contains(&path.name.as_str())) {
        return Ok(());
    }
    let property = match (call.lenient(), path.name.as_str(), &property) {
        // Some servers take a percentage for a fraction.
        (true, "task:PercentComplete", Property::Text(percent)) => Property::text(
            percent.parse::<f64>().map_or_else(|_| percent.clone(), |percent| (percent * 100.0).to_string()),
        ),
        _ => property,
    };
    keep_html(call, properties, &path.name, &property);
    through_mapi(&path, &property, properties);
    properties.insert(path.name.clone(), property);
    if kind == ItemKind::Task && !call.lenient() {
        rules::task_consequence(&path.name, properties, call.now);
    }
    Ok(())
}

/// The one property that a `SetItemField` sets, which must be the one that its path names.
fn one_property(kind: ItemKind, path: &Path, update: &Element, zones: &Zones) -> Result<Property, Refusal> {
    let mismatch = || {
        Refusal::new(
            "ErrorUpdatePropertyMismatch",
            format!("Property for update `{}` does not match the property in the object.", path.name),
        )
    };
    let item = update.children().get(1).ok_or_else(mismatch)?;
    if item.name() != kind.element() && item.name() != "Item" {
        return Err(Refusal::new("ErrorObjectTypeChanged", "The object type changed."));
    }
    let [element] = item.children() else { return Err(mismatch()) };
    let mut found = decode::property(kind, element, zones)?.into_iter();
    match (found.next(), found.next()) {
        (Some((name, property)), None) if name == path.name => Ok(property),
        _ => Err(mismatch()),
    }
}

fn delete(path: &Path, properties: &mut Properties) -> Result<(), Refusal> {
    if INDELIBLE.contains(&path.name.as_str()) {
        let text = format!("Delete action is not supported for `{}`.", path.name);
        return Err(Refusal::new("ErrorInvalidPropertyDelete", text));
    }
    properties.remove(&path.name);
    if path.name == "item:Body" {
        properties.remove("kept:HtmlBody");
    }
    if path.name == "item:ReminderIsSet" {
        properties.insert(path.name.clone(), Property::text("false"));
    }
    Ok(())
}

fn append(kind: ItemKind, path: &Path, update: &Element, properties: &mut Properties) -> Result<(), Refusal> {
    let more = update.child(kind.element()).and_then(|item| item.text_of("Body"));
    match (path.name.as_str(), more) {
        ("item:Body", Some(more)) => {
            let body = properties
                .entry(path.name.clone())
                .or_insert_with(|| Property::Body { html: false, text: String::new() });
            if let Property::Body { text, .. } = body {
                text.push_str(more);
            }
            Ok(())
        }
        _ => Err(Refusal::new("ErrorInvalidPropertyAppend", "Append action is not supported for this property.")),
    }
}

/// Reminders have MAPI properties behind them (`PidLidReminderSet`, `PidLidReminderDelta`); writing one writes the other.
fn through_mapi(path: &Path, property: &Property, properties: &mut Properties) {
    let Some(number) = path.name.strip_prefix("extended:00062008-0000-0000-c000-000000000046/number:") else { return };
    let behind = match number {
        "34051/Boolean" => "item:ReminderIsSet",
        "34049/Integer" => "item:ReminderMinutesBeforeStart",
        _ => return,
    };
    properties.insert(behind.to_owned(), property.clone());
}
