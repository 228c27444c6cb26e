//! From properties to the elements of an answer.

use std::collections::BTreeSet;

use super::{
    call::{Call, Properties},
    fields::{self, ADDRESS_PARTS, Field, Form},
    items,
    paths::{self, Path},
    soap::Refusal,
    times,
};
use crate::{
    simulator::{
        item::{Item, ItemKind, Property},
        mailbox::Mailbox,
    },
    xml::{Element, Writer},
};

/// Which properties a request wants to see.
#[derive(Debug, Default)]
pub(super) struct Shape {
    /// Everything that is not a body or an extended property.
    all: bool,
    paths: BTreeSet<String>,
    extended: Vec<Path>,
    /// `Best`, `Text` or `HTML`.
    body: String,
    /// Listings never show bodies.
    listing: bool,
}

/// What listings cannot show; asking for it is an error.
/// <https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/finditem-operation>
const NOT_IN_LISTINGS: &[&str] =
    &["item:Body", "item:UniqueBody", "item:NormalizedBody", "item:TextBody", "item:MimeContent", "item:Attachments"];

/// Times that a store takes from its own clock.
const STORE_TIMES: &[&str] = &[
    "item:DateTimeCreated",
    "item:DateTimeReceived",
    "item:DateTimeSent",
    "item:LastModifiedTime",
    "calendar:DateTimeStamp",
];

/// What an answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Items or folders in full.
    Reading,
    /// A listing that refuses to be asked for bodies.
    Finding,
    /// A listing that leaves bodies out without a word.
    Syncing,
}

impl Shape {
    /// Reads an `ItemShape` or `FolderShape`.
    pub(super) fn read(element: Option<&Element>, purpose: Purpose, lenient: bool) -> Result<Self, Refusal> {
        let listing = purpose != Purpose::Reading;
        let base = element.and_then(|shape| shape.text_of("BaseShape")).unwrap_or("IdOnly");
        let body = element.and_then(|shape| shape.text_of("BodyType")).unwrap_or("Best");
        let mut shape = Self { all: base != "IdOnly", body: body.to_owned(), listing, ..Self::default() };
        let wanted = element.and_then(|shape| shape.child("AdditionalProperties"));
        for path in wanted.into_iter().flat_map(Element::children).filter_map(paths::read) {
            let path = path?;
            if purpose == Purpose::Finding && !lenient && NOT_IN_LISTINGS.contains(&path.name.as_str()) {
                let text = format!("Property `{}` is not valid for this operation.", path.name);
                return Err(Refusal::new("ErrorInvalidPropertyRequest", text));
            }
            if path.is_extended() {
                shape.extended.push(path);
            } else {
                shape.paths.insert(path.name);
            }
        }
        if shape.all && !listing {
            shape.paths.insert("item:Body".to_owned());
        }
        Ok(shape)
    }

    /// Whether a property is wanted.
    pub(super) fn wants(&self, path: &str) -> bool {
        (self.all && path != "item:Body") || self.paths.contains(path)
    }

    /// Whether it was asked for by name.
    pub(super) fn names(&self, path: &str) -> bool {
        self.paths.contains(path)
    }

    /// Extended properties that are wanted.
    pub(super) fn extended(&self) -> &[Path] {
        &self.extended
    }
}

/// Writes an item in the element for its kind.
pub(super) fn item(writer: &mut Writer, call: &Call<'_>, mailbox: &Mailbox, item: &Item, shape: &Shape) {
    let mut parts: Vec<String> = Vec::new();
    for field in fields::fields(item.kind) {
        let mut part = Writer::new();
        write_field(&mut part, call, mailbox, item, shape, field);
        if !part.as_str().is_empty() {
            parts.push(part.into_string());
        }
    }
    // Some servers write what they know in an order of their own.
    if call.lenient() {
        parts.reverse();
    }
    writer.element(&format!("t:{}", item.kind.element()), &[], |writer| {
        for part in &parts {
            writer.raw(part);
        }
    });
}

/// Writes an item's id alone, in the element for its kind.
pub(super) fn reference(writer: &mut Writer, kind: ItemKind, id: &str, change_key: &str) {
    writer.element(&format!("t:{}", kind.element()), &[], |writer| {
        writer.empty("t:ItemId", &[("Id", id), ("ChangeKey", change_key)]);
    });
}

fn write_field(writer: &mut Writer, call: &Call<'_>, mailbox: &Mailbox, item: &Item, shape: &Shape, field: &Field) {
    let name = format!("t:{}", field.element);
    match field.path.as_str() {
        "item:ItemId" => {
            return writer.empty(&name, &[("Id", &item.id), ("ChangeKey", &item.change_key())]);
        }
        "item:ParentFolderId" => {
            if let Some(folder) = mailbox.folders.get(&item.folder).filter(|_| shape.wants(&field.path)) {
                writer.empty(&name, &[("Id", &folder.id), ("ChangeKey", &folder.change_key())]);
            }
            return;
        }
        _ => {}
    }
    match field.form {
        Form::Dictionary(path) => return dictionary(writer, item, shape, field, path),
        Form::Addresses => return addresses(writer, item, shape, field),
        Form::Extended => return extended(writer, item, shape),
        _ => {}
    }
    if !shape.wants(&field.path) {
        return;
    }
    let Some(property) = value(call, item, &field.path, shape) else { return };
    match (field.form, property) {
        (Form::Body, Property::Body { html, text }) if !shape.listing => {
            let format = if html { "HTML" } else { "Text" };
            writer.text_with(&name, &[("BodyType", format)], &text);
        }
        (Form::Body, _) => {}
        (Form::Zone, property) => {
            let id = property.as_text();
            writer.empty(&name, &[("Id", &id), ("Name", &id)]);
        }
        (Form::Time, property) if STORE_TIMES.contains(&field.path.as_str()) => {
            writer.text(&name, &call.store_time(&property.as_text(), item.number));
        }
        (_, Property::List(texts)) => writer.element(&name, &[], |writer| {
            for text in &texts {
                writer.text("t:String", text);
            }
        }),
        (_, Property::Fragment(xml)) => writer.element(&name, &[], |writer| writer.raw(&xml)),
        (_, property) => writer.text(&name, &property.as_text()),
    }
}

fn dictionary(writer: &mut Writer, item: &Item, shape: &Shape, field: &Field, path: &str) {
    let all = shape.wants(&field.path);
    let start = format!("{path}#");
    let entries: Vec<(&str, String)> = item
        .properties
        .range(start.clone()..)
        .take_while(|(path, _)| path.starts_with(&start))
        .filter(|(path, _)| all || shape.paths.contains(*path))
        .map(|(path, text)| (path.get(start.len()..).unwrap_or_default(), text.as_text()))
        .filter(|(_, text)| !text.is_empty())
        .collect();
    if entries.is_empty() {
        return;
    }
    writer.element(&format!("t:{}", field.element), &[], |writer| {
        for (key, text) in entries {
            writer.text_with("t:Entry", &[("Key", key)], &text);
        }
    });
}

fn addresses(writer: &mut Writer, item: &Item, shape: &Shape, field: &Field) {
    let all = shape.wants(&field.path);
    let mut inner = Writer::new();
    for key in ["Business", "Home", "Other"] {
        let mut parts = Writer::new();
        for part in ADDRESS_PARTS {
            let path = format!("contacts:PhysicalAddress:{part}#{key}");
            let text = item.text(&path).filter(|text| !text.is_empty() && (all || shape.paths.contains(&path)));
            if let Some(text) = text {
                parts.text(&format!("t:{part}"), &text);
            }
        }
        if !parts.as_str().is_empty() {
            inner.element("t:Entry", &[("Key", key)], |writer| writer.raw(parts.as_str()));
        }
    }
    if !inner.as_str().is_empty() {
        writer.element(&format!("t:{}", field.element), &[], |writer| writer.raw(inner.as_str()));
    }
}

fn extended(writer: &mut Writer, item: &Item, shape: &Shape) {
    for path in &shape.extended {
        if let Some(property) = item.properties.get(&path.name) {
            extended_property(writer, path, property);
        }
    }
}

/// Writes an extended property as it was asked for.
pub(super) fn extended_property(writer: &mut Writer, path: &Path, property: &Property) {
    let attributes: Vec<(&str, &str)> =
        path.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    writer.element("t:ExtendedProperty", &[], |writer| {
        writer.empty("t:ExtendedFieldURI", &attributes);
        match property {
            Property::List(values) => writer.element("t:Values", &[], |writer| {
                for value in values {
                    writer.text("t:Value", value);
                }
            }),
            property => writer.text("t:Value", &property.as_text()),
        }
    });
}

fn value(call: &Call<'_>, item: &Item, path: &str, shape: &Shape) -> Option<Property> {
    if path == "item:Body" {
        return body(&item.properties, &shape.body);
    }
    if let Some(property) = item.properties.get(path) {
        return match property {
            Property::Text(text) if text.is_empty() => None,
            property => Some(property.clone()),
        };
    }
    computed(call, item, path)
}

/// The body in the form that is wanted: `Text`, `HTML`, or `Best` for the one that is kept.
pub(in crate::simulator) fn body(properties: &Properties, wanted: &str) -> Option<Property> {
    let stored = properties.get("item:Body")?;
    // Servers that keep both forms apart show the HTML that is there, however old it is.
    if let Some(Property::Text(html)) = properties.get("kept:HtmlBody").filter(|_| wanted != "Text") {
        return Some(Property::Body { html: true, text: html.clone() });
    }
    match (stored, wanted) {
        (Property::Body { html: true, text }, "Text") => Some(Property::Body { html: false, text: text_of_html(text) }),
        (Property::Body { html: false, text }, "HTML") => {
            let lines = quick_xml::escape::escape(text.as_str()).replace("\r\n", "\n").replace('\n', "<br>\r\n");
            Some(Property::Body { html: true, text: format!("<html><body>{lines}</body></html>") })
        }
        (stored, _) => Some(stored.clone()),
    }
}

/// The text of an HTML body, roughly as a phone shows it: line breaks kept, tags taken out.
pub(in crate::simulator) fn text_of_html(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before.trim_matches(['\r', '\n']));
        let (tag, after) = tag.split_once('>').unwrap_or((tag, ""));
        let name = tag.trim_matches('/').split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
        if name == "br" || (tag.starts_with('/') && matches!(name.as_str(), "p" | "div" | "li")) {
            text.push('\n');
        }
        rest = after;
    }
    text.push_str(rest.trim_matches(['\r', '\n']));
    let text = text.replace("&nbsp;", " ");
    quick_xml::escape::unescape(&text).map(|text| text.trim_end().to_owned()).unwrap_or(text)
}

/// What the server knows without being told.
pub(super) fn computed(call: &Call<'_>, item: &Item, path: &str) -> Option<Property> {
    let truth = |truth: bool| Some(Property::text(truth.to_string()));
    let time = |instant| Some(Property::text(times::kept(instant)));
    let text = |text: &str| Some(Property::text(text));
    let recurring = item.properties.contains_key("calendar:Recurrence");
    match path {
        "item:ItemClass" => text(item.kind.class()),
        "item:Subject" => item.text("contacts:DisplayName").map(Property::Text),
        "item:DateTimeCreated" | "item:DateTimeReceived" | "item:DateTimeSent" => time(item.created),
        "item:LastModifiedTime" => time(item.modified),
        "calendar:DateTimeStamp" if item.kind == ItemKind::Event => time(item.modified),
        "item:LastModifiedName" => text(&call.account.login),
        "item:HasAttachments"
        | "item:IsAssociated"
        | "calendar:IsCancelled"
        | "calendar:MeetingRequestWasSent"
        | "contacts:HasPicture"
        | "task:IsTeamTask" => truth(false),
        "calendar:IsMeeting" => truth(items::attendees(&item.properties) > 0),
        "item:Size" => {
            let size: usize = item.properties.values().map(|property| property.as_text().len()).sum();
            Some(Property::text((size + 512).to_string()))
        }
        "item:Culture" => text("en-US"),
        "item:ReminderDueBy" if item.kind == ItemKind::Event => item.text("calendar:Start").map(Property::Text),
        "calendar:CalendarItemType" => text(if recurring { "RecurringMaster" } else { "Single" }),
        "calendar:IsRecurring" => truth(recurring),
        "calendar:MyResponseType" => text("Organizer"),
        "calendar:Organizer" => {
            let mut writer = Writer::new();
            writer.element("t:Mailbox", &[], |writer| writer.text("t:EmailAddress", &call.mailbox));
            Some(Property::Fragment(writer.into_string()))
        }
        "calendar:Duration" => {
            let seconds = item.time("calendar:End")?.duration_since(item.time("calendar:Start")?).as_secs();
            Some(Property::text(format!("PT{seconds}S")))
        }
        "calendar:StartTimeZoneId" => item.text("calendar:StartTimeZone").map(Property::Text),
        "calendar:EndTimeZoneId" => item.text("calendar:EndTimeZone").map(Property::Text),
        "contacts:CompleteName" => complete_name(item),
        "task:IsComplete" => truth(item.text("task:Status").as_deref() == Some("Completed")),
        "task:IsRecurring" => truth(item.properties.contains_key("task:Recurrence")),
        "task:ChangeCount" => text("1"),
        "task:StatusDescription" => text(match item.text("task:Status").as_deref() {
            Some("InProgress") => "In Progress",
            Some("Completed") => "Completed",
            Some("WaitingOnOthers") => "Waiting on someone else",
            Some("Deferred") => "Deferred",
            _ => "Not Started",
        }),
        _ => None,
    }
}

fn complete_name(item: &Item) -> Option<Property> {
    let mut writer = Writer::new();
    for (element, path) in [
        ("Title", "extended:tag/0x3a45/String"),
        ("FirstName", "contacts:GivenName"),
        ("MiddleName", "contacts:MiddleName"),
        ("LastName", "contacts:Surname"),
        ("Suffix", "contacts:Generation"),
        ("Initials", "contacts:Initials"),
        ("FullName", "contacts:DisplayName"),
        ("Nickname", "contacts:Nickname"),
    ] {
        if let Some(text) = item.text(path).filter(|text| !text.is_empty()) {
            writer.text(&format!("t:{element}"), &text);
        }
    }
    (!writer.as_str().is_empty()).then(|| Property::Fragment(writer.into_string()))
}
