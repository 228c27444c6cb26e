//! Elements and the properties they stand for.
//!
//! A field of EWS has an element (`GivenName`), a path (`contacts:GivenName`) and a type; which elements a contact, an event
//! or a task can have, in which order and of which type is what the schema says. What is not a plain text or time is a
//! dictionary (phones, e-mail addresses, postal addresses), a list, a body, a zone, or something that is kept as XML.

use std::{collections::HashMap, sync::LazyLock};

use super::schema::SCHEMA;
use crate::simulator::item::ItemKind;

/// How a field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    Truth,
    Time,
    Texts,
    Body,
    /// A Windows zone id in the attribute `Id`.
    Zone,
    /// Entries by key; the path of an entry is this and the key.
    Dictionary(&'static str),
    /// Postal addresses by key and part.
    Addresses,
    Extended,
    /// Kept and given back as XML.
    Fragment,
}

/// One field of a kind of item.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) element: &'static str,
    /// `contacts:GivenName`.
    pub(super) path: String,
    pub(super) form: Form,
}

/// The parts of a postal address, in order.
pub(super) const ADDRESS_PARTS: [&str; 5] = ["Street", "City", "State", "CountryOrRegion", "PostalCode"];

/// What the server alone sets; naming it in a request is refused.
const READ_ONLY: &[&str] = &[
    "item:ItemId",
    "item:ParentFolderId",
    "item:DateTimeReceived",
    "item:Size",
    "item:IsSubmitted",
    "item:IsDraft",
    "item:IsFromMe",
    "item:IsResend",
    "item:IsUnmodified",
    "item:DateTimeSent",
    "item:DateTimeCreated",
    "item:ResponseObjects",
    "item:DisplayCc",
    "item:DisplayTo",
    "item:HasAttachments",
    "item:EffectiveRights",
    "item:LastModifiedName",
    "item:LastModifiedTime",
    "item:ConversationId",
    "item:UniqueBody",
    "item:TextBody",
    "item:NormalizedBody",
    "item:Preview",
    "contacts:CompleteName",
    "contacts:HasPicture",
    "contacts:ContactSource",
    "contacts:Photo",
    "contacts:Notes",
    "contacts:Alias",
    "calendar:OriginalStart",
    "calendar:When",
    "calendar:IsMeeting",
    "calendar:IsCancelled",
    "calendar:IsRecurring",
    "calendar:MeetingRequestWasSent",
    "calendar:CalendarItemType",
    "calendar:MyResponseType",
    "calendar:Organizer",
    "calendar:ConflictingMeetingCount",
    "calendar:AdjacentMeetingCount",
    "calendar:ConflictingMeetings",
    "calendar:AdjacentMeetings",
    "calendar:Duration",
    "calendar:TimeZone",
    "calendar:AppointmentSequenceNumber",
    "calendar:AppointmentState",
    "calendar:FirstOccurrence",
    "calendar:LastOccurrence",
    "calendar:ModifiedOccurrences",
    "calendar:DeletedOccurrences",
    "calendar:StartTimeZoneId",
    "calendar:EndTimeZoneId",
    "calendar:StartWallClock",
    "calendar:EndWallClock",
    "task:AssignedTime",
    "task:ChangeCount",
    "task:DelegationState",
    "task:Delegator",
    "task:IsAssignmentEditable",
    "task:IsComplete",
    "task:IsRecurring",
    "task:IsTeamTask",
    "task:StatusDescription",
];

/// Whether only the server sets it.
pub(super) fn is_read_only(path: &str) -> bool {
    READ_ONLY.contains(&path)
}

static FIELDS: LazyLock<HashMap<&'static str, Vec<Field>>> = LazyLock::new(|| {
    [(ItemKind::Contact, "ContactItemType"), (ItemKind::Event, "CalendarItemType"), (ItemKind::Task, "TaskType")]
        .into_iter()
        .map(|(kind, name)| (kind.element(), SCHEMA.fields(name).into_iter().map(field).collect()))
        .collect()
});

fn field((declared_by, element, of): (&'static str, &'static str, &'static str)) -> Field {
    let prefix = match declared_by {
        "ContactItemType" => "contacts",
        "CalendarItemType" => "calendar",
        "TaskType" => "task",
        _ => "item",
    };
    let form = match (element, SCHEMA.built_in(of)) {
        ("EmailAddresses", _) => Form::Dictionary("contacts:EmailAddress"),
        ("PhoneNumbers", _) => Form::Dictionary("contacts:PhoneNumber"),
        ("ImAddresses", _) => Form::Dictionary("contacts:ImAddress"),
        ("PhysicalAddresses", _) => Form::Addresses,
        ("ExtendedProperty", _) => Form::Extended,
        ("StartTimeZone" | "EndTimeZone", _) => Form::Zone,
        ("Body", _) => Form::Body,
        (_, _) if of == "ArrayOfStringsType" => Form::Texts,
        (_, Some("dateTime")) => Form::Time,
        (_, Some("boolean")) => Form::Truth,
        (_, Some(_)) => Form::Text,
        (_, None) => Form::Fragment,
    };
    Field { element, path: format!("{prefix}:{element}"), form }
}

/// The fields of a kind of item, in the schema's order.
pub(super) fn fields(kind: ItemKind) -> &'static [Field] {
    FIELDS.get(kind.element()).map(Vec::as_slice).unwrap_or_default()
}

/// The field with this element.
pub(super) fn by_element(kind: ItemKind, element: &str) -> Option<&'static Field> {
    fields(kind).iter().find(|field| field.element == element)
}
