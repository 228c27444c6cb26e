use std::collections::BTreeSet;

use super::{CancelledPolicy, PrivacyMode, ScopeSettings, Templates, Viewer, template::Values};
use crate::domain::{
    Field, Kind, Matter, Record, Reminder, Sensitivity, ShowAs, SourceRecord, Span, TaskStatus, Value,
};

/// Counts up whenever this room, or what turns rows into records, makes other text of the same row and settings. Items of an older
/// revision are then not written anew before a person agreed. A test shows when it is to be raised.
pub const RENDERING_REVISION: u32 = 1;

/// The record as this user's phone shows it; `None` when nothing of it may be shown.
///
/// What is withheld is said as `None`, not left out: a field that is left out keeps its last value on the phone.
pub(super) fn render(source: &SourceRecord, viewer: &Viewer<'_>) -> Option<Record> {
    let settings = viewer.settings;
    let mode = settings.privacy;
    let kind = source.key.kind;
    let mut record = if source.private {
        private(source, settings)?
    } else {
        match mode {
            PrivacyMode::Full => full(source, viewer),
            PrivacyMode::Initials => initials(source, settings),
            PrivacyMode::MatterNumber => {
                let number = source.matter.number.as_ref().map_or("", |number| number.reveal());
                bare(source, or_busy(number, kind, settings)?)
            }
            PrivacyMode::Busy => bare(source, or_busy("", kind, settings)?),
        }
    };
    in_office_zone(&mut record, settings);
    if kind == Kind::Task && source.done {
        set(&mut record, Field::Status, Value::Status(TaskStatus::Completed));
        set(&mut record, Field::PercentComplete, Value::Percent(100));
    }
    if let (Kind::Event, Some(minutes)) = (kind, settings.default_reminder_minutes) {
        let reminder = match record.span() {
            Some(Span::Timed { .. }) => Reminder::MinutesBefore(minutes),
            _ => Reminder::Off,
        };
        record.fields.entry(Field::Reminder).or_insert(Some(Value::Reminder(reminder)));
    }
    if source.cancelled && settings.cancelled == CancelledPolicy::Keep && kind != Kind::Contact {
        let subject = format!("{}{}", settings.texts.cancelled, record.text(Field::Subject).unwrap_or_default());
        set(&mut record, Field::Subject, Value::text(subject.trim()));
        set(&mut record, Field::Reminder, Value::Reminder(Reminder::Off));
        if kind == Kind::Event {
            set(&mut record, Field::ShowAs, Value::ShowAs(ShowAs::Free));
        }
    }
    for field in [Field::Subject, Field::DisplayName, Field::FileAs] {
        if let Some(text) =
            record.text(field).filter(|text| text.chars().count() > LONGEST).map(|text| cut(text, LONGEST))
        {
            set(&mut record, field, Value::text(text));
        }
    }
    Some(record)
}

/// Exchange keeps this many characters of a subject or a name, and refuses an item with more.
const LONGEST: usize = 255;

/// The first so many characters, the last of them a sign that something is missing.
fn cut(text: &str, length: usize) -> String {
    let kept: String = text.chars().take(length.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

fn set(record: &mut Record, field: Field, value: Value) {
    record.fields.insert(field, Some(value));
}

/// Everything, with the templates' texts and the names a phone sorts by.
fn full(source: &SourceRecord, viewer: &Viewer<'_>) -> Record {
    let mut record = source.record.clone();
    let fallback = Templates::of(record.kind);
    let templates = viewer.settings.templates.get(&record.kind).unwrap_or(&fallback);
    let (number, name) = matter_texts(&source.matter);
    let subject = record.text(Field::Subject).unwrap_or_default().to_owned();
    let notes = record.text(Field::Notes).unwrap_or_default().to_owned();
    let roles = roles(source, viewer);
    for (field, template) in [(Field::Subject, &templates.subject), (Field::Notes, &templates.notes)] {
        // A field that is not selected, or that is faulty in this row, is not made up from the rest.
        if record.fields.contains_key(&field) {
            let own = if field == Field::Subject { &subject } else { &notes };
            // Offices that write the file number into the subject themselves do not want to read it twice.
            let matter_number = if !number.is_empty() && own.contains(number) { "" } else { number };
            let values = Values { subject: &subject, notes: &notes, matter_number, matter_name: name, roles: &roles };
            let mut text = template.render(&values);
            let over = text.chars().count().saturating_sub(LONGEST);
            if field == Field::Subject && over > 0 {
                // The file number says more than the end of a long subject.
                let room = subject.chars().count().saturating_sub(over);
                text = template.render(&Values { subject: &cut(&subject, room), ..values });
            }
            record.fields.insert(field, Some(text).filter(|text| !text.is_empty()).map(Value::text));
        }
    }
    if record.kind == Kind::Contact {
        name_contact(&mut record);
    }
    record
}

/// More roles of one contact than this make no note that somebody reads.
const MOST_ROLES: usize = 40;

/// What a contact is in the matters of the viewer, a line each and in a fixed order, so that nothing is written anew for nothing:
/// `opposing counsel in 2026-114 (Smith v Jones)`.
fn roles(source: &SourceRecord, viewer: &Viewer<'_>) -> String {
    let lines: BTreeSet<String> = viewer
        .ties(source)
        .map(|tie| {
            let (number, name) = matter_texts(&tie.matter);
            let matter = match (number.is_empty(), name.is_empty()) {
                (false, false) => format!("{number} ({name})"),
                _ => format!("{number}{name}"),
            };
            let role = tie.role.as_ref().map_or("", |role| role.reveal().trim());
            match (role.is_empty(), matter.is_empty()) {
                (false, false) => format!("{role} in {matter}"),
                _ => format!("{role}{matter}"),
            }
        })
        .filter(|line| !line.is_empty())
        .collect();
    let more = lines.len().saturating_sub(MOST_ROLES);
    let shown = lines.into_iter().take(MOST_ROLES);
    shown.chain((more > 0).then(|| format!("and in {more} more"))).collect::<Vec<_>>().join("\n")
}

fn matter_texts(matter: &Matter) -> (&str, &str) {
    (
        matter.number.as_ref().map_or("", |number| number.reveal().trim()),
        matter.name.as_ref().map_or("", |name| name.reveal().trim()),
    )
}

/// What rings, so that a phone shows initials for a caller.
const NUMBERS: [Field; 12] = [
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
    Field::Pager,
];

/// Initials in place of names; nothing that is free text.
fn initials(source: &SourceRecord, settings: &ScopeSettings) -> Record {
    if source.record.kind != Kind::Contact {
        let (number, name) = matter_texts(&source.matter);
        let who = initials_of(name);
        let who = if who.is_empty() { busy_text(source.record.kind, settings) } else { who };
        let values = Values { subject: &who, matter_number: number, ..Values::default() };
        return bare(source, Templates::default().subject.render(&values));
    }
    let mut record = keeping(source, &NUMBERS);
    let mut shown = Vec::new();
    for field in [Field::GivenName, Field::MiddleName, Field::Surname] {
        let short = initials_of(source.record.text(field).unwrap_or_default());
        if !short.is_empty() {
            set(&mut record, field, Value::text(short.clone()));
            shown.push(short);
        }
    }
    let mut name = shown.join(" ");
    for field in [Field::Company, Field::DisplayName, Field::FileAs] {
        if name.is_empty() {
            name = initials_of(source.record.text(field).unwrap_or_default());
        }
    }
    for field in [Field::DisplayName, Field::FileAs] {
        record.fields.insert(field, Some(name.clone()).filter(|name| !name.is_empty()).map(Value::text));
    }
    record
}

/// `Erika Mustermann-Klein` is `E. M.`; what is no letter stays out.
fn initials_of(name: &str) -> String {
    let letters = name.split_whitespace().filter_map(|word| word.chars().find(|letter| letter.is_alphanumeric()));
    letters.filter(|letter| letter.is_alphabetic()).map(|letter| format!("{letter}.")).collect::<Vec<_>>().join(" ")
}

fn busy_text(kind: Kind, settings: &ScopeSettings) -> String {
    if kind == Kind::Task { settings.texts.busy_task.clone() } else { settings.texts.busy_event.clone() }
}

/// The text, or the neutral one; `None` for contacts, of which nothing would be left.
fn or_busy(text: &str, kind: Kind, settings: &ScopeSettings) -> Option<String> {
    let text = text.trim();
    let chosen = if text.is_empty() { busy_text(kind, settings) } else { text.to_owned() };
    (kind != Kind::Contact).then_some(chosen)
}

/// What a private row shows: when, and nothing about what. Of a private contact nothing is left.
fn private(source: &SourceRecord, settings: &ScopeSettings) -> Option<Record> {
    let text = match source.record.kind {
        Kind::Contact => return None,
        Kind::Event => &settings.texts.private_event,
        Kind::Task => &settings.texts.private_task,
    };
    let mut record = bare(source, text.clone());
    set(&mut record, Field::Sensitivity, Value::Sensitivity(Sensitivity::Private));
    Some(record)
}

/// When and how far, and nothing about what or whom.
const HARMLESS: [Field; 9] = [
    Field::Span,
    Field::Reminder,
    Field::ShowAs,
    Field::Sensitivity,
    Field::StartDate,
    Field::DueDate,
    Field::Status,
    Field::PercentComplete,
    Field::Importance,
];

/// Times and states, under this subject.
fn bare(source: &SourceRecord, subject: String) -> Record {
    let mut record = keeping(source, &HARMLESS);
    set(&mut record, Field::Subject, Value::text(subject));
    record
}

/// Only these fields, as they were selected; all others are withheld.
fn keeping(source: &SourceRecord, fields: &[Field]) -> Record {
    let kept: BTreeSet<Field> = fields.iter().copied().collect();
    let mut record = source.record.clone();
    for field in Field::ALL.iter().filter(|field| field.belongs_to(source.record.kind) && !kept.contains(field)) {
        record.fields.insert(*field, None);
    }
    record
}

fn in_office_zone(record: &mut Record, settings: &ScopeSettings) {
    if let Some(Some(Value::Span(Span::Timed { zone, .. }))) = record.fields.get_mut(&Field::Span)
        && let Some(name) = settings.office_zone.iana_name()
    {
        name.clone_into(zone);
    }
}

/// The name under which a phone shows a contact for which the mapping says no other; empty where there is nothing to call it by.
pub fn shown_name(record: &Record) -> String {
    or_fallback(
        record,
        joined(record, &[Field::NameTitle, Field::GivenName, Field::MiddleName, Field::Surname, Field::NameSuffix]),
    )
}

/// What the phone shows and sorts by, where the mapping gives names and does not say it itself.
fn name_contact(record: &mut Record) {
    let given = joined(record, &[Field::GivenName, Field::MiddleName]);
    let sorted = match filled(record, Field::Surname) {
        Some(surname) if given.is_empty() => surname.to_owned(),
        Some(surname) => format!("{surname}, {given}"),
        None => or_fallback(record, given),
    };
    for (field, name) in [(Field::DisplayName, shown_name(record)), (Field::FileAs, sorted)] {
        if !name.is_empty() {
            record.fields.entry(field).or_insert(Some(Value::text(name)));
        }
    }
}

fn filled(record: &Record, field: Field) -> Option<&str> {
    record.text(field).map(str::trim).filter(|text| !text.is_empty())
}

fn joined(record: &Record, fields: &[Field]) -> String {
    fields.iter().filter_map(|field| filled(record, *field)).collect::<Vec<_>>().join(" ")
}

/// Somebody without a name goes by their company or address.
fn or_fallback(record: &Record, name: String) -> String {
    if name.is_empty() {
        filled(record, Field::Company).or_else(|| filled(record, Field::Email1)).unwrap_or_default().to_owned()
    } else {
        name
    }
}
