//! What servers answer, what clients ask, and what bodies look like.

/// The challenge of the example that Microsoft publishes (MS-NLMP 4.2.4).
pub(crate) const CHALLENGE: &[u8] = b"NTLMSSP\x00\x02\x00\x00\x00\x0c\x00\x0c\x008\x00\x00\x003\x82\x8a\xe2\x01\x23Eg\x89\xab\xcd\xef\x00\x00\x00\
    \x00\x00\x00\x00\x00\x24\x00\x24\x00D\x00\x00\x00\x06\x00p\x17\x00\x00\x00\x0fS\x00e\x00r\x00v\x00e\x00r\x00\
    \x02\x00\x0c\x00D\x00o\x00m\x00a\x00i\x00n\x00\x01\x00\x0c\x00S\x00e\x00r\x00v\x00e\x00r\x00\x00\x00\x00\x00";

/// A body in which somebody wrote around our block.
pub(crate) const PLAIN_BODY: &[u8] = b"call back\r\n\
    --- Pocket Docket: kept up to date, please write above or below ---\r\nRoom 12\r\n--- Pocket Docket: end ---\r\nparking: B2\r\n";

/// The same, as Outlook makes it.
pub(crate) const HTML_BODY: &[u8] = b"<html><body><p>call back</p>\
    <div>--- Pocket Docket: kept up to date, please write above or below ---<br>Room 12<br>--- Pocket Docket: end ---</div>\
    <p>parking: B2</p></body></html>";

macro_rules! envelope {
    ($($part:expr),+) => {
        concat!(
            "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"",
            " xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\"",
            " xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\"><s:Body>",
            $($part),+,
            "</s:Body></s:Envelope>"
        )
        .as_bytes()
    };
}

macro_rules! answer {
    ($name:literal, $message:literal) => {
        envelope!(
            concat!(
                "<m:",
                $name,
                "Response><m:ResponseMessages><m:",
                $name,
                "ResponseMessage ResponseClass=\"Success\">"
            ),
            $message,
            concat!("</m:", $name, "ResponseMessage></m:ResponseMessages></m:", $name, "Response>")
        )
    };
}

/// Answers of servers.
pub(crate) const ANSWERS: &[&[u8]] = &[
    answer!(
        "GetItem",
        "<m:ResponseCode>NoError</m:ResponseCode><m:Items><t:Contact><t:ItemId Id=\"A=\" ChangeKey=\"C1\"/>\
         <t:Body BodyType=\"Text\">Notes &amp; more</t:Body><t:Categories><t:String>Client</t:String></t:Categories>\
         <t:ExtendedProperty><t:ExtendedFieldURI PropertySetId=\"eebbaf8c-842f-4851-9d67-ca9ef1b9409b\" PropertyName=\"PocketDocketKey\" \
         PropertyType=\"String\"/><t:Value>v1/00112233445566778899aabbccddeeff/contact/clients/1</t:Value></t:ExtendedProperty>\
         <t:FileAs>Muster, Erika</t:FileAs><t:GivenName>Erika</t:GivenName><t:EmailAddresses>\
         <t:Entry Key=\"EmailAddress1\">e@example.org</t:Entry></t:EmailAddresses><t:PhysicalAddresses><t:Entry Key=\"Business\">\
         <t:Street>Weg 1</t:Street><t:City>Bonn</t:City></t:Entry></t:PhysicalAddresses><t:PhoneNumbers>\
         <t:Entry Key=\"MobilePhone\">+49 30 1</t:Entry></t:PhoneNumbers><t:Birthday>1980-02-29T11:59:00Z</t:Birthday>\
         <t:Surname>Muster</t:Surname></t:Contact></m:Items>"
    ),
    answer!(
        "GetItem",
        "<m:ResponseCode>NoError</m:ResponseCode><m:Items><t:CalendarItem><t:ItemId Id=\"B=\" ChangeKey=\"C2\"/>\
         <t:Subject>Hearing</t:Subject><t:Sensitivity>Private</t:Sensitivity><t:Body BodyType=\"HTML\">&lt;p>x&lt;/p></t:Body>\
         <t:ReminderIsSet>true</t:ReminderIsSet><t:ReminderMinutesBeforeStart>15</t:ReminderMinutesBeforeStart>\
         <t:Start>2026-03-29T00:30:00Z</t:Start><t:End>2026-03-29T01:30:00.1234567Z</t:End><t:IsAllDayEvent>false</t:IsAllDayEvent>\
         <t:LegacyFreeBusyStatus>Busy</t:LegacyFreeBusyStatus><t:Location>Room 12</t:Location>\
         <t:StartTimeZone Id=\"W. Europe Standard Time\"/><t:EndTimeZone Id=\"tzone://Microsoft/Custom\"/></t:CalendarItem></m:Items>"
    ),
    answer!(
        "GetItem",
        "<m:ResponseCode>NoError</m:ResponseCode><m:Items><t:Task><t:ItemId Id=\"D=\" ChangeKey=\"C3\"/><t:Subject>Brief</t:Subject>\
         <t:Importance>High</t:Importance><t:DueDate>2026-12-24T00:00:00Z</t:DueDate><t:PercentComplete>5000</t:PercentComplete>\
         <t:StartDate>2026-12-01T00:00:00+01:00</t:StartDate><t:Status>InProgress</t:Status></t:Task></m:Items>"
    ),
    answer!(
        "SyncFolderItems",
        "<m:ResponseCode>NoError</m:ResponseCode><m:SyncState>H4sI</m:SyncState><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>\
         <m:Changes><t:Create><t:Contact><t:ItemId Id=\"A=\" ChangeKey=\"C1\"/><t:DateTimeCreated>2026-11-22T10:00:00Z</t:DateTimeCreated>\
         </t:Contact></t:Create><t:Delete><t:ItemId Id=\"B=\" ChangeKey=\"C2\"/></t:Delete>\
         <t:ReadFlagChange><t:ItemId Id=\"E=\"/><t:IsRead>true</t:IsRead></t:ReadFlagChange></m:Changes>"
    ),
    answer!(
        "FindItem",
        "<m:ResponseCode>NoError</m:ResponseCode><m:RootFolder IndexedPagingOffset=\"1\" TotalItemsInView=\"2\" IncludesLastItemInRange=\"false\">\
         <t:Items><t:Task><t:ItemId Id=\"D=\" ChangeKey=\"C3\"/></t:Task></t:Items></m:RootFolder>"
    ),
    answer!(
        "GetFolder",
        "<m:ResponseCode>NoError</m:ResponseCode><m:Folders><t:CalendarFolder><t:FolderId Id=\"F=\" ChangeKey=\"C4\"/>\
         <t:DisplayName>Calendar</t:DisplayName><t:TotalCount>3</t:TotalCount></t:CalendarFolder></m:Folders>"
    ),
    answer!("CreateItem", "<m:ResponseCode>NoError</m:ResponseCode><m:Items><t:Task><t:ItemId Id=\"D=\" ChangeKey=\"C3\"/></t:Task></m:Items>"),
    answer!("CreateItem", "<m:MessageText>Too many</m:MessageText><m:ResponseCode>ErrorBatchProcessingStopped</m:ResponseCode>"),
    envelope!(
        "<s:Fault><faultcode xmlns:a=\"http://schemas.microsoft.com/exchange/services/2006/types\">a:ErrorServerBusy</faultcode>\
         <faultstring>busy</faultstring><detail><e:ResponseCode xmlns:e=\"http://schemas.microsoft.com/exchange/services/2006/errors\">\
         ErrorServerBusy</e:ResponseCode><t:MessageXml><t:Value Name=\"BackOffMilliseconds\">1</t:Value></t:MessageXml></detail></s:Fault>"
    ),
    b"<SOAP:Envelope xmlns:SOAP=\"http://schemas.xmlsoap.org/soap/envelope/\"><SOAP:Body><SOAP:Fault><faultcode>ErrorSchemaValidation</faultcode>\
      </SOAP:Fault></SOAP:Body></SOAP:Envelope>",
];

/// Requests of clients.
pub(crate) const REQUESTS: &[&[u8]] = &[
    envelope!(
        "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>\
         <t:DistinguishedFolderId Id=\"calendar\"/></m:FolderIds></m:GetFolder>"
    ),
    envelope!(
        "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:SyncFolderId>\
         <t:DistinguishedFolderId Id=\"tasks\"/></m:SyncFolderId><m:SyncState>AAAA</m:SyncState>\
         <m:MaxChangesReturned>100</m:MaxChangesReturned></m:SyncFolderItems>"
    ),
    envelope!(
        "<m:CreateItem SendMeetingInvitations=\"SendToNone\"><m:SavedItemFolderId><t:DistinguishedFolderId Id=\"calendar\"/>\
         </m:SavedItemFolderId><m:Items><t:CalendarItem><t:Subject>Hearing</t:Subject><t:Start>2026-03-29T02:30:00</t:Start>\
         <t:End>2026-03-29T03:30:00+02:00</t:End><t:StartTimeZone Id=\"W. Europe Standard Time\"/></t:CalendarItem></m:Items></m:CreateItem>"
    ),
    envelope!(
        "<m:CreateItem><m:SavedItemFolderId><t:DistinguishedFolderId Id=\"contacts\"/></m:SavedItemFolderId><m:Items><t:Contact>\
         <t:GivenName>Erika</t:GivenName><t:EmailAddresses><t:Entry Key=\"EmailAddress1\">e@example.org</t:Entry></t:EmailAddresses>\
         <t:Birthday>1980-02-29T11:59:00Z</t:Birthday></t:Contact></m:Items></m:CreateItem>"
    ),
    envelope!(
        "<m:UpdateItem ConflictResolution=\"NeverOverwrite\"><m:ItemChanges><t:ItemChange><t:ItemId Id=\"A\" ChangeKey=\"B\"/><t:Updates>\
         <t:SetItemField><t:FieldURI FieldURI=\"item:Subject\"/><t:Task><t:Subject>x</t:Subject></t:Task></t:SetItemField>\
         <t:DeleteItemField><t:FieldURI FieldURI=\"task:DueDate\"/></t:DeleteItemField></t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>"
    ),
    envelope!(
        "<m:DeleteItem DeleteType=\"MoveToDeletedItems\" AffectedTaskOccurrences=\"AllOccurrences\"><m:ItemIds><t:ItemId Id=\"A\"/></m:ItemIds>\
         </m:DeleteItem>"
    ),
    envelope!(
        "<m:FindItem Traversal=\"Shallow\"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>\
         <m:IndexedPageItemView MaxEntriesReturned=\"10\" Offset=\"0\" BasePoint=\"Beginning\"/><m:Restriction><t:Exists>\
         <t:ExtendedFieldURI PropertySetId=\"00000000-0000-0000-0000-000000000000\" PropertyName=\"x\" PropertyType=\"String\"/></t:Exists>\
         </m:Restriction><m:ParentFolderIds><t:DistinguishedFolderId Id=\"tasks\"/></m:ParentFolderIds></m:FindItem>"
    ),
];
