//! What we send, to be looked at.

use super::*;
use crate::{
    domain::{FolderId, RemovalManner},
    exchange::ews::{
        create_folder::CreateFolder, create_item::CreateItem, delete_item::DeleteItem, find_folder::FindFolder,
        find_item::FindItem, folder_ref::FolderRef, get_folder::GetFolder, get_item::GetItem,
        sync_folder_items::SyncFolderItems, update_folder::UpdateFolder, update_item::UpdateItem,
    },
    ports::{Owner, Removal},
};

/// What stands in the body of the envelope, one element per line.
fn inside(call: &impl EwsCall) -> String {
    let request = text(call);
    let begin = request.find("<s:Body>").unwrap() + "<s:Body>".len();
    request[begin..request.rfind("</s:Body>").unwrap()].replace("><", ">\n<")
}

fn folder() -> FolderId {
    FolderId("AAMkFolder".to_owned())
}

fn created(record: Record, body: Option<Body>) -> String {
    let kind = record.kind;
    let items = [new_item(record, body)];
    inside(&CreateItem { kind, folder: &folder(), items: &items, codec: &codec() })
}

fn body(text: &str) -> Body {
    Body { format: BodyFormat::Text, text: Personal::from(text) }
}

fn a_contact() -> Record {
    let address = PostalAddress {
        street: "Weg 1".to_owned(),
        city: "Bern".to_owned(),
        postal_code: "3000".to_owned(),
        ..PostalAddress::default()
    };
    Record::new(Kind::Contact)
        .with(Field::NameTitle, Value::text("Dr."))
        .with(Field::GivenName, Value::text("Eva"))
        .with(Field::Surname, Value::text("Muster & S\u{f6}hne"))
        .with(Field::FileAs, Value::text("Muster, Eva"))
        .with(Field::DisplayName, Value::text("Eva Muster"))
        .with(Field::Email1, Value::text("eva@example.org"))
        .with(Field::OtherPhone, Value::text("+41 31 000 00 00"))
        .with(Field::BusinessAddress, Value::Address(Personal::new(address)))
        .with(Field::Birthday, Value::Date("1980-02-29".parse().unwrap()))
        .with(Field::Nickname, None)
}

fn an_event() -> Record {
    Record::new(Kind::Event)
        .with(Field::Subject, Value::text("Termin"))
        .with(
            Field::Span,
            Value::Span(Span::Timed {
                start: "2026-11-23T08:00:00Z".parse().unwrap(),
                end: "2026-11-23T09:00:00Z".parse().unwrap(),
                zone: "Europe/Zurich".to_owned(),
            }),
        )
        .with(Field::Location, Value::text("Raum 1"))
        .with(Field::Reminder, Value::Reminder(Reminder::MinutesBefore(15)))
        .with(Field::ShowAs, Value::ShowAs(ShowAs::Away))
        .with(Field::Sensitivity, Value::Sensitivity(Sensitivity::Private))
        .with(Field::Categories, Value::Categories(["Kanzlei".to_owned()].into()))
}

fn a_task() -> Record {
    Record::new(Kind::Task)
        .with(Field::Subject, Value::text("Frist"))
        .with(Field::DueDate, Value::Date("2026-12-01".parse().unwrap()))
        .with(Field::Status, Value::Status(TaskStatus::Completed))
        .with(Field::PercentComplete, Value::Percent(50))
        .with(Field::Importance, Value::Importance(Importance::High))
        .with(Field::Reminder, Value::Reminder(Reminder::At("2026-12-01T08:00:00Z".parse().unwrap())))
}

#[test]
fn the_envelope_names_version_account_and_zone() {
    let call = GetFolder { folders: vec![] };
    let caller = Caller { acting_as: Some("weber@kanzlei.example".to_owned()), ..Caller::default() };
    let request = String::from_utf8(call.request(&caller)).unwrap();
    insta::assert_snapshot!(request.split("<s:Body>").next().unwrap().replace("><", ">\n<"), @r#"
    <?xml version="1.0" encoding="utf-8"?>
    <s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types">
    <s:Header>
    <t:RequestServerVersion Version="Exchange2013_SP1"/>
    <t:ExchangeImpersonation>
    <t:ConnectingSID>
    <t:PrimarySmtpAddress>weber@kanzlei.example</t:PrimarySmtpAddress>
    </t:ConnectingSID>
    </t:ExchangeImpersonation>
    <t:TimeZoneContext>
    <t:TimeZoneDefinition Id="UTC"/>
    </t:TimeZoneContext>
    </s:Header>
    "#);
}

#[test]
fn create_contact() {
    insta::assert_snapshot!(created(a_contact(), Some(body("Notes"))), @r#"
    <m:CreateItem>
    <m:SavedItemFolderId>
    <t:FolderId Id="AAMkFolder"/>
    </m:SavedItemFolderId>
    <m:Items>
    <t:Contact>
    <t:Body BodyType="Text">Notes</t:Body>
    <t:ExtendedProperty>
    <t:ExtendedFieldURI PropertyTag="0x3A45" PropertyType="String"/>
    <t:Value>Dr.</t:Value>
    </t:ExtendedProperty>
    <t:ExtendedProperty>
    <t:ExtendedFieldURI PropertySetId="eebbaf8c-842f-4851-9d67-ca9ef1b9409b" PropertyName="PocketDocketKey" PropertyType="String"/>
    <t:Value>v1/07070707070707070707070707070707/contact/main/17%20%26%20%C3%A9</t:Value>
    </t:ExtendedProperty>
    <t:FileAs>Muster, Eva</t:FileAs>
    <t:DisplayName>Eva Muster</t:DisplayName>
    <t:GivenName>Eva</t:GivenName>
    <t:EmailAddresses>
    <t:Entry Key="EmailAddress1">eva@example.org</t:Entry>
    </t:EmailAddresses>
    <t:PhysicalAddresses>
    <t:Entry Key="Business">
    <t:Street>Weg 1</t:Street>
    <t:City>Bern</t:City>
    <t:PostalCode>3000</t:PostalCode>
    </t:Entry>
    </t:PhysicalAddresses>
    <t:PhoneNumbers>
    <t:Entry Key="OtherTelephone">+41 31 000 00 00</t:Entry>
    </t:PhoneNumbers>
    <t:Birthday>1980-02-29T11:59:00Z</t:Birthday>
    <t:Surname>Muster &amp; Söhne</t:Surname>
    </t:Contact>
    </m:Items>
    </m:CreateItem>
    "#);
}

#[test]
fn create_event() {
    insta::assert_snapshot!(created(an_event(), None), @r#"
    <m:CreateItem SendMeetingInvitations="SendToNone">
    <m:SavedItemFolderId>
    <t:FolderId Id="AAMkFolder"/>
    </m:SavedItemFolderId>
    <m:Items>
    <t:CalendarItem>
    <t:Subject>Termin</t:Subject>
    <t:Sensitivity>Private</t:Sensitivity>
    <t:Categories>
    <t:String>Kanzlei</t:String>
    </t:Categories>
    <t:ReminderIsSet>true</t:ReminderIsSet>
    <t:ReminderMinutesBeforeStart>15</t:ReminderMinutesBeforeStart>
    <t:ExtendedProperty>
    <t:ExtendedFieldURI PropertySetId="eebbaf8c-842f-4851-9d67-ca9ef1b9409b" PropertyName="PocketDocketKey" PropertyType="String"/>
    <t:Value>v1/07070707070707070707070707070707/event/main/17%20%26%20%C3%A9</t:Value>
    </t:ExtendedProperty>
    <t:Start>2026-11-23T08:00:00Z</t:Start>
    <t:End>2026-11-23T09:00:00Z</t:End>
    <t:IsAllDayEvent>false</t:IsAllDayEvent>
    <t:LegacyFreeBusyStatus>OOF</t:LegacyFreeBusyStatus>
    <t:Location>Raum 1</t:Location>
    <t:StartTimeZone Id="W. Europe Standard Time"/>
    <t:EndTimeZone Id="W. Europe Standard Time"/>
    </t:CalendarItem>
    </m:Items>
    </m:CreateItem>
    "#);
}

#[test]
fn create_whole_day_event() {
    let (first, last) = ("2026-12-24".parse().unwrap(), "2026-12-26".parse().unwrap());
    let record = Record::new(Kind::Event).with(Field::Span, Value::Span(Span::AllDay { first, last }));
    insta::assert_snapshot!(created(record, None), @r#"
    <m:CreateItem SendMeetingInvitations="SendToNone">
    <m:SavedItemFolderId>
    <t:FolderId Id="AAMkFolder"/>
    </m:SavedItemFolderId>
    <m:Items>
    <t:CalendarItem>
    <t:ExtendedProperty>
    <t:ExtendedFieldURI PropertySetId="eebbaf8c-842f-4851-9d67-ca9ef1b9409b" PropertyName="PocketDocketKey" PropertyType="String"/>
    <t:Value>v1/07070707070707070707070707070707/event/main/17%20%26%20%C3%A9</t:Value>
    </t:ExtendedProperty>
    <t:Start>2026-12-24T00:00:00</t:Start>
    <t:End>2026-12-27T00:00:00</t:End>
    <t:IsAllDayEvent>true</t:IsAllDayEvent>
    <t:StartTimeZone Id="W. Europe Standard Time"/>
    <t:EndTimeZone Id="W. Europe Standard Time"/>
    </t:CalendarItem>
    </m:Items>
    </m:CreateItem>
    "#);
}

#[test]
fn create_task() {
    insta::assert_snapshot!(created(a_task(), None), @r#"
    <m:CreateItem>
    <m:SavedItemFolderId>
    <t:FolderId Id="AAMkFolder"/>
    </m:SavedItemFolderId>
    <m:Items>
    <t:Task>
    <t:Subject>Frist</t:Subject>
    <t:Importance>High</t:Importance>
    <t:ReminderDueBy>2026-12-01T08:00:00Z</t:ReminderDueBy>
    <t:ReminderIsSet>true</t:ReminderIsSet>
    <t:ExtendedProperty>
    <t:ExtendedFieldURI PropertySetId="eebbaf8c-842f-4851-9d67-ca9ef1b9409b" PropertyName="PocketDocketKey" PropertyType="String"/>
    <t:Value>v1/07070707070707070707070707070707/task/main/17%20%26%20%C3%A9</t:Value>
    </t:ExtendedProperty>
    <t:DueDate>2026-12-01T00:00:00Z</t:DueDate>
    <t:PercentComplete>100</t:PercentComplete>
    <t:Status>Completed</t:Status>
    </t:Task>
    </m:Items>
    </m:CreateItem>
    "#);
}

#[test]
fn update_contact() {
    let record = a_contact()
        .with(Field::Email2, None)
        .with(Field::Birthday, None)
        .with(Field::GivenName, None)
        .with(Field::DisplayName, None);
    let change = change(&record, Some(body("New")));
    insta::assert_snapshot!(inside(&UpdateItem { kind: Kind::Contact, changes: &[&change], codec: &codec() }), @r#"
    <m:UpdateItem ConflictResolution="NeverOverwrite" MessageDisposition="SaveOnly">
    <m:ItemChanges>
    <t:ItemChange>
    <t:ItemId Id="AAMk" ChangeKey="DwAA"/>
    <t:Updates>
    <t:DeleteItemField>
    <t:FieldURI FieldURI="contacts:GivenName"/>
    </t:DeleteItemField>
    <t:DeleteItemField>
    <t:FieldURI FieldURI="contacts:Nickname"/>
    </t:DeleteItemField>
    <t:DeleteItemField>
    <t:FieldURI FieldURI="contacts:DisplayName"/>
    </t:DeleteItemField>
    <t:DeleteItemField>
    <t:IndexedFieldURI FieldURI="contacts:EmailAddress" FieldIndex="EmailAddress2"/>
    </t:DeleteItemField>
    <t:DeleteItemField>
    <t:FieldURI FieldURI="contacts:Birthday"/>
    </t:DeleteItemField>
    <t:SetItemField>
    <t:ExtendedFieldURI PropertyTag="0x3A45" PropertyType="String"/>
    <t:Contact>
    <t:ExtendedProperty>
    <t:ExtendedFieldURI PropertyTag="0x3A45" PropertyType="String"/>
    <t:Value>Dr.</t:Value>
    </t:ExtendedProperty>
    </t:Contact>
    </t:SetItemField>
    <t:SetItemField>
    <t:FieldURI FieldURI="contacts:Surname"/>
    <t:Contact>
    <t:Surname>Muster &amp; Söhne</t:Surname>
    </t:Contact>
    </t:SetItemField>
    <t:SetItemField>
    <t:FieldURI FieldURI="contacts:FileAs"/>
    <t:Contact>
    <t:FileAs>Muster, Eva</t:FileAs>
    </t:Contact>
    </t:SetItemField>
    <t:SetItemField>
    <t:IndexedFieldURI FieldURI="contacts:EmailAddress" FieldIndex="EmailAddress1"/>
    <t:Contact>
    <t:EmailAddresses>
    <t:Entry Key="EmailAddress1">eva@example.org</t:Entry>
    </t:EmailAddresses>
    </t:Contact>
    </t:SetItemField>
    <t:SetItemField>
    <t:IndexedFieldURI FieldURI="contacts:PhoneNumber" FieldIndex="OtherTelephone"/>
    <t:Contact>
    <t:PhoneNumbers>
    <t:Entry Key="OtherTelephone">+41 31 000 00 00</t:Entry>
    </t:PhoneNumbers>
    </t:Contact>
    </t:SetItemField>
    <t:SetItemField>
    <t:IndexedFieldURI FieldURI="contacts:PhysicalAddress:Street" FieldIndex="Business"/>
    <t:Contact>
    <t:PhysicalAddresses>
    <t:Entry Key="Business">
    <t:Street>Weg 1</t:Street>
    </t:Entry>
    </t:PhysicalAddresses>
    </t:Contact>
    </t:SetItemField>
    <t:SetItemField>
    <t:IndexedFieldURI FieldURI="contacts:PhysicalAddress:City" FieldIndex="Business"/>
    <t:Contact>
    <t:PhysicalAddresses>
    <t:Entry Key="Business">
    <t:City>Bern</t:City>
    </t:Entry>
    </t:PhysicalAddresses>
    </t:Contact>
    </t:SetItemField>
    <t:DeleteItemField>
    <t:IndexedFieldURI FieldURI="contacts:PhysicalAddress:State" FieldIndex="Business"/>
    </t:DeleteItemField>
    <t:DeleteItemField>
    <t:IndexedFieldURI FieldURI="contacts:PhysicalAddress:CountryOrRegion" FieldIndex="Business"/>
    </t:DeleteItemField>
    <t:SetItemField>
    <t:IndexedFieldURI FieldURI="contacts:PhysicalAddress:PostalCode" FieldIndex="Business"/>
    <t:Contact>
    <t:PhysicalAddresses>
    <t:Entry Key="Business">
    <t:PostalCode>3000</t:PostalCode>
    </t:Entry>
    </t:PhysicalAddresses>
    </t:Contact>
    </t:SetItemField>
    <t:SetItemField>
    <t:FieldURI FieldURI="item:Body"/>
    <t:Contact>
    <t:Body BodyType="Text">New</t:Body>
    </t:Contact>
    </t:SetItemField>
    <t:SetItemField>
    <t:ExtendedFieldURI PropertySetId="eebbaf8c-842f-4851-9d67-ca9ef1b9409b" PropertyName="PocketDocketKey" PropertyType="String"/>
    <t:Contact>
    <t:ExtendedProperty>
    <t:ExtendedFieldURI PropertySetId="eebbaf8c-842f-4851-9d67-ca9ef1b9409b" PropertyName="PocketDocketKey" PropertyType="String"/>
    <t:Value>v1/07070707070707070707070707070707/contact/main/17%20%26%20%C3%A9</t:Value>
    </t:ExtendedProperty>
    </t:Contact>
    </t:SetItemField>
    </t:Updates>
    </t:ItemChange>
    </m:ItemChanges>
    </m:UpdateItem>
    "#);
}

#[test]
fn update_event() {
    let record = an_event().with(Field::Location, None).with(Field::Reminder, None);
    let change = change(&record, None);
    insta::assert_snapshot!(inside(&UpdateItem { kind: Kind::Event, changes: &[&change], codec: &codec() }), @r#"
    <m:UpdateItem ConflictResolution="NeverOverwrite" MessageDisposition="SaveOnly" SendMeetingInvitationsOrCancellations="SendToNone">
    <m:ItemChanges>
    <t:ItemChange>
    <t:ItemId Id="AAMk" ChangeKey="DwAA"/>
    <t:Updates>
    <t:DeleteItemField>
    <t:FieldURI FieldURI="calendar:Location"/>
    </t:DeleteItemField>
    <t:SetItemField>
    <t:FieldURI FieldURI="item:ReminderIsSet"/>
    <t:CalendarItem>
    <t:ReminderIsSet>false</t:ReminderIsSet>
    </t:CalendarItem>
    </t:SetItemField>
    <t:SetItemField>
    <t:FieldURI FieldURI="item:Subject"/>
    <t:CalendarItem>
    <t:Subject>Termin</t:Subject>
    </t:CalendarItem>
    </t:SetItemField>
    <t:SetItemField>
    <t:FieldURI FieldURI="item:Categories"/>
    <t:CalendarItem>
    <t:Categories>
    <t:String>Kanzlei</t:String>
    </t:Categories>
    </t:CalendarItem>
    </t:SetItemField>
    <t:SetItemField>
    <t:FieldURI FieldURI="item:Sensitivity"/>
    <t:CalendarItem>
    <t:Sensitivity>Private</t:Sensitivity>
    </t:CalendarItem>
    </t:SetItemField>
    <t:SetItemField>
    <t:FieldURI FieldURI="calendar:StartTimeZone"/>
    <t:CalendarItem>
    <t:StartTimeZone Id="W. Europe Standard Time"/>
    </t:CalendarItem>
    </t:SetItemField>
    <t:SetItemField>
    <t:FieldURI FieldURI="calendar:EndTimeZone"/>
    <t:CalendarItem>
    <t:EndTimeZone Id="W. Europe Standard Time"/>
    </t:CalendarItem>
    </t:SetItemField>
    <t:SetItemField>
    <t:FieldURI FieldURI="calendar:Start"/>
    <t:CalendarItem>
    <t:Start>2026-11-23T08:00:00Z</t:Start>
    </t:CalendarItem>
    </t:SetItemField>
    <t:SetItemField>
    <t:FieldURI FieldURI="calendar:End"/>
    <t:CalendarItem>
    <t:End>2026-11-23T09:00:00Z</t:End>
    </t:CalendarItem>
    </t:SetItemField>
    <t:SetItemField>
    <t:FieldURI FieldURI="calendar:IsAllDayEvent"/>
    <t:CalendarItem>
    <t:IsAllDayEvent>false</t:IsAllDayEvent>
    </t:CalendarItem>
    </t:SetItemField>
    <t:SetItemField>
    <t:FieldURI FieldURI="calendar:LegacyFreeBusyStatus"/>
    <t:CalendarItem>
    <t:LegacyFreeBusyStatus>OOF</t:LegacyFreeBusyStatus>
    </t:CalendarItem>
    </t:SetItemField>
    <t:SetItemField>
    <t:ExtendedFieldURI PropertySetId="eebbaf8c-842f-4851-9d67-ca9ef1b9409b" PropertyName="PocketDocketKey" PropertyType="String"/>
    <t:CalendarItem>
    <t:ExtendedProperty>
    <t:ExtendedFieldURI PropertySetId="eebbaf8c-842f-4851-9d67-ca9ef1b9409b" PropertyName="PocketDocketKey" PropertyType="String"/>
    <t:Value>v1/07070707070707070707070707070707/event/main/17%20%26%20%C3%A9</t:Value>
    </t:ExtendedProperty>
    </t:CalendarItem>
    </t:SetItemField>
    </t:Updates>
    </t:ItemChange>
    </m:ItemChanges>
    </m:UpdateItem>
    "#);
}

#[test]
fn update_task_says_percentage_before_status_because_the_last_one_wins() {
    let change = change(&a_task().with(Field::DueDate, None), None);
    insta::assert_snapshot!(inside(&UpdateItem { kind: Kind::Task, changes: &[&change], codec: &codec() }), @r#"
    <m:UpdateItem ConflictResolution="NeverOverwrite" MessageDisposition="SaveOnly">
    <m:ItemChanges>
    <t:ItemChange>
    <t:ItemId Id="AAMk" ChangeKey="DwAA"/>
    <t:Updates>
    <t:DeleteItemField>
    <t:FieldURI FieldURI="task:DueDate"/>
    </t:DeleteItemField>
    <t:SetItemField>
    <t:FieldURI FieldURI="item:Subject"/>
    <t:Task>
    <t:Subject>Frist</t:Subject>
    </t:Task>
    </t:SetItemField>
    <t:SetItemField>
    <t:FieldURI FieldURI="item:Importance"/>
    <t:Task>
    <t:Importance>High</t:Importance>
    </t:Task>
    </t:SetItemField>
    <t:SetItemField>
    <t:FieldURI FieldURI="item:ReminderDueBy"/>
    <t:Task>
    <t:ReminderDueBy>2026-12-01T08:00:00Z</t:ReminderDueBy>
    </t:Task>
    </t:SetItemField>
    <t:SetItemField>
    <t:FieldURI FieldURI="item:ReminderIsSet"/>
    <t:Task>
    <t:ReminderIsSet>true</t:ReminderIsSet>
    </t:Task>
    </t:SetItemField>
    <t:SetItemField>
    <t:FieldURI FieldURI="task:PercentComplete"/>
    <t:Task>
    <t:PercentComplete>100</t:PercentComplete>
    </t:Task>
    </t:SetItemField>
    <t:SetItemField>
    <t:FieldURI FieldURI="task:Status"/>
    <t:Task>
    <t:Status>Completed</t:Status>
    </t:Task>
    </t:SetItemField>
    <t:SetItemField>
    <t:ExtendedFieldURI PropertySetId="eebbaf8c-842f-4851-9d67-ca9ef1b9409b" PropertyName="PocketDocketKey" PropertyType="String"/>
    <t:Task>
    <t:ExtendedProperty>
    <t:ExtendedFieldURI PropertySetId="eebbaf8c-842f-4851-9d67-ca9ef1b9409b" PropertyName="PocketDocketKey" PropertyType="String"/>
    <t:Value>v1/07070707070707070707070707070707/task/main/17%20%26%20%C3%A9</t:Value>
    </t:ExtendedProperty>
    </t:Task>
    </t:SetItemField>
    </t:Updates>
    </t:ItemChange>
    </m:ItemChanges>
    </m:UpdateItem>
    "#);
}

#[test]
fn delete_items() {
    let removal = Removal { kind: Kind::Event, item: item("AAMk"), manner: RemovalManner::ForGood };
    insta::assert_snapshot!(inside(&DeleteItem { removals: &[&removal] }), @r#"
    <m:DeleteItem DeleteType="HardDelete" SendMeetingCancellations="SendToNone" AffectedTaskOccurrences="AllOccurrences">
    <m:ItemIds>
    <t:ItemId Id="AAMk" ChangeKey="DwAA"/>
    </m:ItemIds>
    </m:DeleteItem>
    "#);
}

#[test]
fn get_event() {
    let items = [ItemId("AAMk".to_owned())];
    insta::assert_snapshot!(inside(&GetItem { kind: Kind::Event, items: &items, codec: &codec() }), @r#"
    <m:GetItem>
    <m:ItemShape>
    <t:BaseShape>IdOnly</t:BaseShape>
    <t:BodyType>Best</t:BodyType>
    <t:AdditionalProperties>
    <t:FieldURI FieldURI="item:ParentFolderId"/>
    <t:FieldURI FieldURI="item:Subject"/>
    <t:FieldURI FieldURI="item:Sensitivity"/>
    <t:FieldURI FieldURI="item:Body"/>
    <t:FieldURI FieldURI="item:Categories"/>
    <t:FieldURI FieldURI="item:DateTimeCreated"/>
    <t:FieldURI FieldURI="item:ReminderIsSet"/>
    <t:FieldURI FieldURI="item:ReminderMinutesBeforeStart"/>
    <t:FieldURI FieldURI="calendar:Start"/>
    <t:FieldURI FieldURI="calendar:End"/>
    <t:FieldURI FieldURI="calendar:IsAllDayEvent"/>
    <t:FieldURI FieldURI="calendar:LegacyFreeBusyStatus"/>
    <t:FieldURI FieldURI="calendar:Location"/>
    <t:FieldURI FieldURI="calendar:IsMeeting"/>
    <t:FieldURI FieldURI="calendar:CalendarItemType"/>
    <t:FieldURI FieldURI="calendar:StartTimeZoneId"/>
    <t:ExtendedFieldURI PropertySetId="eebbaf8c-842f-4851-9d67-ca9ef1b9409b" PropertyName="PocketDocketKey" PropertyType="String"/>
    </t:AdditionalProperties>
    </m:ItemShape>
    <m:ItemIds>
    <t:ItemId Id="AAMk"/>
    </m:ItemIds>
    </m:GetItem>
    "#);
}

#[test]
fn sync_folder_items() {
    insta::assert_snapshot!(inside(&SyncFolderItems { folder: folder(), state: Some("H4sI".to_owned()) }), @r#"
    <m:SyncFolderItems>
    <m:ItemShape>
    <t:BaseShape>IdOnly</t:BaseShape>
    <t:AdditionalProperties>
    <t:FieldURI FieldURI="item:DateTimeCreated"/>
    <t:ExtendedFieldURI PropertySetId="eebbaf8c-842f-4851-9d67-ca9ef1b9409b" PropertyName="PocketDocketKey" PropertyType="String"/>
    </t:AdditionalProperties>
    </m:ItemShape>
    <m:SyncFolderId>
    <t:FolderId Id="AAMkFolder"/>
    </m:SyncFolderId>
    <m:SyncState>H4sI</m:SyncState>
    <m:MaxChangesReturned>512</m:MaxChangesReturned>
    </m:SyncFolderItems>
    "#);
}

#[test]
fn find_items_by_stamp() {
    let stamps = vec![stamp(Kind::Task), stamp(Kind::Event)];
    insta::assert_snapshot!(inside(&FindItem { folder: folder(), stamps, offset: 250 }), @r#"
    <m:FindItem Traversal="Shallow">
    <m:ItemShape>
    <t:BaseShape>IdOnly</t:BaseShape>
    <t:AdditionalProperties>
    <t:FieldURI FieldURI="item:DateTimeCreated"/>
    <t:ExtendedFieldURI PropertySetId="eebbaf8c-842f-4851-9d67-ca9ef1b9409b" PropertyName="PocketDocketKey" PropertyType="String"/>
    </t:AdditionalProperties>
    </m:ItemShape>
    <m:IndexedPageItemView MaxEntriesReturned="250" Offset="250" BasePoint="Beginning"/>
    <m:Restriction>
    <t:Or>
    <t:IsEqualTo>
    <t:ExtendedFieldURI PropertySetId="eebbaf8c-842f-4851-9d67-ca9ef1b9409b" PropertyName="PocketDocketKey" PropertyType="String"/>
    <t:FieldURIOrConstant>
    <t:Constant Value="v1/07070707070707070707070707070707/task/main/17%20%26%20%C3%A9"/>
    </t:FieldURIOrConstant>
    </t:IsEqualTo>
    <t:IsEqualTo>
    <t:ExtendedFieldURI PropertySetId="eebbaf8c-842f-4851-9d67-ca9ef1b9409b" PropertyName="PocketDocketKey" PropertyType="String"/>
    <t:FieldURIOrConstant>
    <t:Constant Value="v1/07070707070707070707070707070707/event/main/17%20%26%20%C3%A9"/>
    </t:FieldURIOrConstant>
    </t:IsEqualTo>
    </t:Or>
    </m:Restriction>
    <m:ParentFolderIds>
    <t:FolderId Id="AAMkFolder"/>
    </m:ParentFolderIds>
    </m:FindItem>
    "#);
}

#[test]
fn find_folders() {
    let parent = FolderRef::Main("msgfolderroot", "weber@kanzlei.example".to_owned());
    insta::assert_snapshot!(inside(&FindFolder { parent, deep: true, offset: 0 }), @r#"
    <m:FindFolder Traversal="Deep">
    <m:FolderShape>
    <t:BaseShape>IdOnly</t:BaseShape>
    <t:AdditionalProperties>
    <t:FieldURI FieldURI="folder:ParentFolderId"/>
    <t:FieldURI FieldURI="folder:FolderClass"/>
    <t:FieldURI FieldURI="folder:DisplayName"/>
    <t:FieldURI FieldURI="folder:TotalCount"/>
    <t:ExtendedFieldURI PropertySetId="eebbaf8c-842f-4851-9d67-ca9ef1b9409b" PropertyName="PocketDocketOwner" PropertyType="String"/>
    </t:AdditionalProperties>
    </m:FolderShape>
    <m:IndexedPageFolderView MaxEntriesReturned="500" Offset="0" BasePoint="Beginning"/>
    <m:ParentFolderIds>
    <t:DistinguishedFolderId Id="msgfolderroot">
    <t:Mailbox>
    <t:EmailAddress>weber@kanzlei.example</t:EmailAddress>
    </t:Mailbox>
    </t:DistinguishedFolderId>
    </m:ParentFolderIds>
    </m:FindFolder>
    "#);
}

#[test]
fn get_folder() {
    let folders = vec![FolderRef::Id(folder())];
    insta::assert_snapshot!(inside(&GetFolder { folders }), @r#"
    <m:GetFolder>
    <m:FolderShape>
    <t:BaseShape>IdOnly</t:BaseShape>
    <t:AdditionalProperties>
    <t:FieldURI FieldURI="folder:ParentFolderId"/>
    <t:FieldURI FieldURI="folder:FolderClass"/>
    <t:FieldURI FieldURI="folder:DisplayName"/>
    <t:FieldURI FieldURI="folder:TotalCount"/>
    <t:ExtendedFieldURI PropertySetId="eebbaf8c-842f-4851-9d67-ca9ef1b9409b" PropertyName="PocketDocketOwner" PropertyType="String"/>
    </t:AdditionalProperties>
    </m:FolderShape>
    <m:FolderIds>
    <t:FolderId Id="AAMkFolder"/>
    </m:FolderIds>
    </m:GetFolder>
    "#);
}

#[test]
fn create_and_claim_a_folder() {
    let parent = FolderRef::Main("contacts", "weber@kanzlei.example".to_owned());
    let create = CreateFolder { kind: Kind::Contact, parent, name: "Kanzlei".to_owned() };
    let claim = UpdateFolder { folder: folder(), kind: Kind::Contact, owner: Owner("firm/ledger/epoch".to_owned()) };
    insta::assert_snapshot!(format!("{}\n\n{}", inside(&create), inside(&claim)), @r#"
    <m:CreateFolder>
    <m:ParentFolderId>
    <t:DistinguishedFolderId Id="contacts">
    <t:Mailbox>
    <t:EmailAddress>weber@kanzlei.example</t:EmailAddress>
    </t:Mailbox>
    </t:DistinguishedFolderId>
    </m:ParentFolderId>
    <m:Folders>
    <t:ContactsFolder>
    <t:FolderClass>IPF.Contact</t:FolderClass>
    <t:DisplayName>Kanzlei</t:DisplayName>
    </t:ContactsFolder>
    </m:Folders>
    </m:CreateFolder>

    <m:UpdateFolder>
    <m:FolderChanges>
    <t:FolderChange>
    <t:FolderId Id="AAMkFolder"/>
    <t:Updates>
    <t:SetFolderField>
    <t:ExtendedFieldURI PropertySetId="eebbaf8c-842f-4851-9d67-ca9ef1b9409b" PropertyName="PocketDocketOwner" PropertyType="String"/>
    <t:ContactsFolder>
    <t:ExtendedProperty>
    <t:ExtendedFieldURI PropertySetId="eebbaf8c-842f-4851-9d67-ca9ef1b9409b" PropertyName="PocketDocketOwner" PropertyType="String"/>
    <t:Value>firm/ledger/epoch</t:Value>
    </t:ExtendedProperty>
    </t:ContactsFolder>
    </t:SetFolderField>
    </t:Updates>
    </t:FolderChange>
    </m:FolderChanges>
    </m:UpdateFolder>
    "#);
}
