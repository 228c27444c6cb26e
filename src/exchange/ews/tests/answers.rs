//! Answers of every shape: as documented, as other servers give them, cut off, and nonsense.

use std::{fs, time::Duration};

use super::*;
use crate::{
    domain::{FolderId, RemovalManner},
    exchange::ews::{
        create_folder::CreateFolder,
        create_item::CreateItem,
        delete_item::DeleteItem,
        find_folder::FindFolder,
        find_item::FindItem,
        folder_ref::FolderRef,
        get_folder::GetFolder,
        get_item::{GetItem, GetItemVersions},
        response_code::{said, wants_older_version},
        soap::server_version,
        sync_folder_items::{SyncChange, SyncFolderItems},
        update_folder::UpdateFolder,
        update_item::UpdateItem,
    },
    ports::{FailureKind, Owner, Removal},
    xml,
};

fn folder() -> FolderId {
    FolderId("AAMkFolder".to_owned())
}

fn sync() -> SyncFolderItems {
    SyncFolderItems { folder: folder(), state: None }
}

fn find() -> FindItem {
    FindItem { folder: folder(), stamps: vec![], offset: 0 }
}

/// Lets every parser look at the bytes, each as if it had asked for `items` things. Says of which calls the answer was good.
fn parse_all(status: u16, bytes: &[u8], items: usize) -> Vec<(&'static str, Result<(), Failure>)> {
    let (codec, headers) = (codec(), HeaderMap::new());
    let status = StatusCode::from_u16(status).unwrap();
    let ids: Vec<ItemId> = (0..items).map(|_| ItemId("AAMk".to_owned())).collect();
    let mut results = Vec::new();
    macro_rules! parse {
        ($name:literal, $call:expr) => {
            results.push(($name, $call.parse(status, &headers, bytes).map(|_| ())));
        };
    }
    for kind in Kind::ALL {
        let new: Vec<NewItem> = ids.iter().map(|_| new_item(Record::new(kind), None)).collect();
        parse!("CreateItem", CreateItem { kind, folder: &folder(), items: &new, codec: &codec });
        let changes: Vec<ItemChange> = ids.iter().map(|_| change(&Record::new(kind), None)).collect();
        parse!("UpdateItem", UpdateItem { kind, changes: &changes.iter().collect::<Vec<_>>(), codec: &codec });
        parse!("GetItem", GetItem { kind, items: &ids, codec: &codec });
    }
    parse!("GetItem", GetItemVersions { items: &ids });
    let manner = RemovalManner::ForGood;
    let removals: Vec<Removal> = ids.iter().map(|_| Removal { kind: Kind::Task, item: item("a"), manner }).collect();
    parse!("DeleteItem", DeleteItem { removals: &removals.iter().collect::<Vec<_>>() });
    parse!("GetFolder", GetFolder { folders: ids.iter().map(|_| FolderRef::Id(folder())).collect() });
    parse!("FindFolder", FindFolder { parent: FolderRef::Id(folder()), deep: true, offset: 0 });
    parse!("CreateFolder", CreateFolder { kind: Kind::Task, parent: FolderRef::Id(folder()), name: "x".to_owned() });
    parse!("UpdateFolder", UpdateFolder { folder: folder(), kind: Kind::Task, owner: Owner("x".to_owned()) });
    parse!("SyncFolderItems", sync());
    parse!("FindItem", find());
    let _ = server_version(bytes);
    results
}

fn samples() -> Vec<(String, Vec<u8>)> {
    let folders = ["samples/ews", "samples/ews-made"].into_iter().filter_map(reference);
    let files = folders.flat_map(|folder| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    let xml = files.filter(|path| path.extension().is_some_and(|extension| extension == "xml"));
    xml.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap())).collect()
}

#[test]
fn documented_answers_are_understood_by_the_call_they_answer() {
    let mut understood: BTreeSet<&str> = BTreeSet::new();
    for (name, bytes) in samples() {
        let Ok(root) = xml::parse(&bytes) else { continue };
        let Some(inside) = root.child("Body").and_then(|body| body.children().first()) else { continue };
        let messages = inside.child("ResponseMessages").map_or(&[][..], xml::Element::children);
        // Where the documentation leaves out ids with an ellipsis, so do we.
        let all_good = messages.iter().all(|message| message.attribute("ResponseClass") == Some("Success"));
        for (call, result) in parse_all(200, &bytes, messages.len()) {
            let is_its_answer = inside.name() == format!("{call}Response");
            let asks_for_one = call.contains("Folder") && call != "GetFolder" || call == "FindItem";
            if is_its_answer && all_good && (messages.len() == 1 || !asks_for_one) {
                assert!(result.is_ok(), "{name} for {call}: {}", result.unwrap_err().chain());
                understood.insert(call);
            }
            assert!(is_its_answer || result.is_err(), "{name} is no answer to {call}");
        }
    }
    if reference("samples/ews").is_some() {
        // All but `CreateFolder`, which is documented for two folders at once only.
        assert_eq!(understood.len(), 9, "{understood:?}");
    }
}

#[test]
fn a_busy_server_names_its_pause() {
    let Some(path) = reference("samples/ews-made/Fault.ErrorServerBusy.response.xml") else { return };
    for status in [200, 500] {
        for (call, result) in parse_all(status, &fs::read(&path).unwrap(), 1) {
            let failure = result.unwrap_err();
            assert_eq!(failure.kind, FailureKind::Throttled, "{call}");
            assert_eq!(failure.retry_after, Some(Duration::from_millis(297_749)), "{call}");
        }
    }
}

#[test]
fn a_mixed_batch_is_answered_item_by_item_in_order() {
    let Some(path) = reference("samples/ews-made/UpdateItem.mixed.response.xml") else { return };
    let changes: Vec<ItemChange> = (0..3).map(|_| change(&Record::new(Kind::Contact), None)).collect();
    let changes: Vec<&ItemChange> = changes.iter().collect();
    let call = UpdateItem { kind: Kind::Contact, changes: &changes, codec: &codec() };
    let outcomes = call.parse(StatusCode::OK, &HeaderMap::new(), &fs::read(path).unwrap()).unwrap();
    let kinds: Vec<_> = outcomes.iter().map(|outcome| outcome.as_ref().map_err(|failure| failure.kind)).collect();
    let stored = ItemRef { id: ItemId("AAMk1".to_owned()), change_key: ChangeKey("EQAB".to_owned()) };
    assert_eq!(kinds, [Ok(&stored), Err(FailureKind::Conflict), Err(FailureKind::NotFound)]);
}

fn fault(inside: &str) -> Failure {
    answer(&sync(), &format!("<s:Fault>{inside}</s:Fault>")).unwrap_err()
}

#[test]
fn fault_codes_are_found_wherever_servers_put_them() {
    for inside in [
        "<faultcode>ErrorNonExistentMailbox</faultcode><faultstring>x</faultstring>",
        "<faultcode xmlns:a=\"urn:a\">a:ErrorNonExistentMailbox</faultcode>",
        "<faultcode>SOAP:Server</faultcode><detail><e:ResponseCode xmlns:e=\"urn:e\">ErrorNonExistentMailbox</e:ResponseCode></detail>",
    ] {
        let failure = fault(inside);
        assert_eq!(failure.kind, FailureKind::MailboxMissing, "{inside}");
        assert!(failure.hint.is_some() && failure.chain().contains("ErrorNonExistentMailbox"));
    }
    assert_eq!(fault("").kind, FailureKind::Malformed);
}

#[test]
fn a_busy_server_behind_a_general_error_is_busy() {
    let inside = r#"<detail><ResponseCode>ErrorInternalServerError</ResponseCode><MessageXml><t:Value Name="InnerErrorResponseCode">ErrorServerBusy</t:Value><t:Value Name="BackOffMilliseconds">1500</t:Value></MessageXml></detail>"#;
    let failure = fault(inside);
    assert_eq!((failure.kind, failure.retry_after), (FailureKind::Throttled, Some(Duration::from_millis(1500))));
}

#[test]
fn unknown_codes_survive_as_they_are() {
    let failure = fault("<faultcode>ErrorOfTheYear2031</faultcode>");
    assert_eq!(said(&failure).map(|said| said.code.as_str()), Some("ErrorOfTheYear2031"));
    assert_eq!(failure.kind, FailureKind::Malformed);
}

#[test]
fn what_a_fault_for_a_whole_batch_means_depends_on_what_was_asked() {
    let refused = "<s:Fault><faultcode>ErrorSchemaValidation</faultcode><faultstring>The value 'Erika Mustermann' is wrong</faultstring></s:Fault>";
    let items = [new_item(Record::new(Kind::Task), None)];
    let create = CreateItem { kind: Kind::Task, folder: &folder(), items: &items, codec: &codec() };
    let failure = answer(&create, refused).unwrap_err();
    assert_eq!(failure.kind, FailureKind::BatchRefused, "a write is bisected");
    assert!(!failure.chain().contains("Erika"), "a server's words about data stay with it: {}", failure.chain());
    assert_eq!(answer(&sync(), refused).unwrap_err().kind, FailureKind::Malformed, "a reading is not");
    let older = fault("<faultcode>ErrorInvalidServerVersion</faultcode>");
    assert!(wants_older_version(&older) && !wants_older_version(&failure));
}

#[test]
fn a_number_of_results_that_is_not_the_number_of_items_assigns_nothing() {
    let items = [new_item(Record::new(Kind::Task), None), new_item(Record::new(Kind::Task), None)];
    let call = CreateItem { kind: Kind::Task, folder: &folder(), items: &items, codec: &codec() };
    let message = |id: &str| {
        format!(
            r#"<m:CreateItemResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode><m:Items><t:Task><t:ItemId Id="{id}" ChangeKey="c"/></t:Task></m:Items></m:CreateItemResponseMessage>"#
        )
    };
    let answered = |ids: &[&str]| {
        let messages: String = ids.iter().map(|id| message(id)).collect();
        answer(
            &call,
            &format!(
                "<m:CreateItemResponse><m:ResponseMessages>{messages}</m:ResponseMessages></m:CreateItemResponse>"
            ),
        )
    };
    assert_eq!(answered(&["a", "b"]).unwrap().len(), 2);
    for ids in [&["a"][..], &["a", "b", "c"], &[]] {
        assert_eq!(answered(ids).unwrap_err().kind, FailureKind::Malformed, "{ids:?}");
    }
    // A success without an id: nobody knows what was stored.
    let outcomes = answered(&["a", ""]).unwrap();
    assert!(outcomes[0].is_ok());
    assert_eq!(outcomes[1].as_ref().unwrap_err().kind, FailureKind::Malformed);
}

#[test]
fn items_that_are_not_there_count_as_removed_and_as_nothing_to_read() {
    let missing = r#"<m:X ResponseClass="Error"><m:MessageText>x</m:MessageText><m:ResponseCode>ErrorItemNotFound</m:ResponseCode></m:X>"#;
    let removal = Removal { kind: Kind::Task, item: item("a"), manner: RemovalManner::ForGood };
    let inside =
        |name: &str| format!("<m:{name}Response><m:ResponseMessages>{missing}</m:ResponseMessages></m:{name}Response>");
    let removed = answer(&DeleteItem { removals: &[&removal] }, &inside("DeleteItem")).unwrap();
    assert!(matches!(removed.as_slice(), [Ok(())]));
    let ids = [ItemId("a".to_owned())];
    let read = answer(&GetItem { kind: Kind::Task, items: &ids, codec: &codec() }, &inside("GetItem")).unwrap();
    assert!(matches!(read.as_slice(), [Ok(None)]));
}

#[test]
fn a_stopped_batch_says_which_items_were_not_run() {
    let codes = ["NoError", "ErrorQuotaExceeded", "ErrorBatchProcessingStopped"];
    let messages: Vec<String> = codes
        .iter()
        .map(|code| {
            let class = if *code == "NoError" { "Success" } else if code.contains("Batch") { "Warning" } else { "Error" };
            format!(r#"<m:M ResponseClass="{class}"><m:ResponseCode>{code}</m:ResponseCode><m:Items><t:Task><t:ItemId Id="a"/></t:Task></m:Items></m:M>"#)
        })
        .collect();
    let items: Vec<NewItem> = codes.iter().map(|_| new_item(Record::new(Kind::Task), None)).collect();
    let call = CreateItem { kind: Kind::Task, folder: &folder(), items: &items, codec: &codec() };
    let outcomes = answer(
        &call,
        &format!(
            "<m:CreateItemResponse><m:ResponseMessages>{}</m:ResponseMessages></m:CreateItemResponse>",
            messages.concat()
        ),
    )
    .unwrap();
    let kinds: Vec<_> = outcomes.into_iter().map(|outcome| outcome.map_err(|failure| failure.kind).err()).collect();
    assert_eq!(kinds, [None, Some(FailureKind::Full), Some(FailureKind::Transient)]);
}

#[test]
fn a_page_of_changes_is_read_with_stamps_and_never_taken_for_complete_without_a_word() {
    let stamped = r#"<t:ExtendedProperty><t:ExtendedFieldURI PropertySetId="EEBBAF8C-842F-4851-9D67-CA9EF1B9409B" PropertyName="PocketDocketKey" PropertyType="String"/><t:Value>v1/x</t:Value></t:ExtendedProperty>"#;
    let changes = format!(
        r#"<m:Changes><t:Create><t:Contact><t:ItemId Id="a" ChangeKey="1"/><t:DateTimeCreated>2026-01-01T00:00:00Z</t:DateTimeCreated>{stamped}</t:Contact></t:Create><t:Update><t:DistributionList><t:ItemId Id="b" ChangeKey="2"/></t:DistributionList></t:Update><t:Delete><t:ItemId Id="c"/></t:Delete><t:ReadFlagChange><t:ItemId Id="d"/></t:ReadFlagChange></m:Changes>"#
    );
    let page = |rest: &str| {
        answer(
            &sync(),
            &format!(
                r#"<m:SyncFolderItemsResponse><m:ResponseMessages><m:M ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>{rest}</m:M></m:ResponseMessages></m:SyncFolderItemsResponse>"#
            ),
        )
    };
    let good = page(&format!(
        "<m:SyncState>s</m:SyncState><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>{changes}"
    ))
    .unwrap();
    assert!(good.last && good.state == "s");
    let [SyncChange::Seen(first, true), SyncChange::Seen(second, false), SyncChange::Gone(third)] =
        good.changes.as_slice()
    else {
        panic!("{:?}", good.changes)
    };
    assert_eq!((first.stamp.as_deref(), second.stamp.as_deref(), third.0.as_str()), (Some("v1/x"), None, "c"));
    assert_eq!(first.created, Some("2026-01-01T00:00:00Z".parse().unwrap()));
    assert!(page(&format!("<m:SyncState>s</m:SyncState>{changes}")).is_err(), "last or not?");
    assert!(page("<m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>").is_err(), "no state");
    assert!(page("<m:SyncState>s</m:SyncState><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange><m:Changes><t:Create><t:Contact/></t:Create></m:Changes>").is_err(), "no id");
}

#[test]
fn an_invalid_sync_state_asks_for_a_full_observation() {
    let invalid = r#"<m:SyncFolderItemsResponse><m:ResponseMessages><m:M ResponseClass="Error"><m:ResponseCode>ErrorInvalidSyncStateData</m:ResponseCode></m:M></m:ResponseMessages></m:SyncFolderItemsResponse>"#;
    assert_eq!(answer(&sync(), invalid).unwrap_err().kind, FailureKind::TokenExpired);
}

#[test]
fn answers_without_soap_are_judged_by_their_status() {
    let html = b"<!DOCTYPE html><html><body>Sorry<br></body>";
    let items = [new_item(Record::new(Kind::Task), None)];
    let create = CreateItem { kind: Kind::Task, folder: &folder(), items: &items, codec: &codec() };
    for (status, header, kind) in [
        (200, None, FailureKind::Malformed),
        (302, Some(("location", "/ews/genericerrorpage.htm?x")), FailureKind::Transient),
        (302, Some(("location", "https://elsewhere.example/")), FailureKind::Setting),
        (400, None, FailureKind::BatchRefused),
        (403, None, FailureKind::Forbidden),
        (404, None, FailureKind::Setting),
        (413, None, FailureKind::TooMuch),
        (456, None, FailureKind::Forbidden),
        (429, Some(("retry-after", "7")), FailureKind::Throttled),
        (500, None, FailureKind::Transient),
        (502, None, FailureKind::Transient),
        (503, None, FailureKind::Throttled),
    ] {
        let mut headers = HeaderMap::new();
        if let Some((name, value)) = header {
            headers.insert(name, value.parse().unwrap());
        }
        let failure = create.parse(StatusCode::from_u16(status).unwrap(), &headers, html).unwrap_err();
        assert_eq!(failure.kind, kind, "{status}");
        assert_eq!(failure.retry_after, (status == 429).then_some(Duration::from_secs(7)));
    }
    let empty = create.parse(StatusCode::OK, &HeaderMap::new(), b"").unwrap_err();
    assert_eq!(empty.kind, FailureKind::Malformed);
    let cut = create.parse(StatusCode::OK, &HeaderMap::new(), b"<s:Envelope><s:Body><m:Crea").unwrap_err();
    assert_eq!(cut.kind, FailureKind::Transient);
}

#[test]
fn retry_after_as_a_date_is_compared_with_the_servers_own_clock() {
    let mut headers = HeaderMap::new();
    headers.insert("retry-after", "Sun, 22 Nov 2026 10:02:00 GMT".parse().unwrap());
    headers.insert("date", "Sun, 22 Nov 2026 10:00:30 GMT".parse().unwrap());
    let failure = sync().parse(StatusCode::SERVICE_UNAVAILABLE, &headers, b"").unwrap_err();
    assert_eq!(failure.retry_after, Some(Duration::from_secs(90)));
}

#[test]
fn the_build_of_the_server_is_read_from_the_header() {
    let with = |attributes: &str| {
        server_version(
            format!("<Envelope><Header><ServerVersionInfo {attributes}/></Header><Body/></Envelope>").as_bytes(),
        )
    };
    let build =
        r#"MajorVersion="15" MinorVersion="2" MajorBuildNumber="1544" MinorBuildNumber="4" Version="V2017_07_11""#;
    assert_eq!(with(build).as_deref(), Some("15.2.1544.4"));
    assert_eq!(with(r#"MajorVersion="15; rm""#), None);
}

fn nest(writer: &mut xml::Writer, names: &[String], text: &str) {
    match names.split_first() {
        Some((name, rest)) => writer.element(name, &[("Id", text), ("Key", text)], |writer| nest(writer, rest, text)),
        None => writer.text("Text", text),
    }
}

/// Every answer the samples have, or one of our own where they are missing.
fn an_answer() -> impl Strategy<Value = Vec<u8>> {
    let mut answers: Vec<Vec<u8>> =
        samples().into_iter().filter(|(name, _)| name.contains("response")).map(|(_, bytes)| bytes).collect();
    answers.push(b"<Envelope><Body><GetItemResponse><ResponseMessages><M/></ResponseMessages></GetItemResponse></Body></Envelope>".to_vec());
    prop::sample::select(answers)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn damaged_answers_never_panic(bytes in an_answer(), cut: prop::sample::Index, hits in collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8)) {
        let mut bytes = bytes;
        for (place, byte) in hits {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        parse_all(200, &bytes, 1);
        bytes.truncate(cut.index(bytes.len()));
        for (call, result) in parse_all(500, &bytes, 2) {
            prop_assert!(result.is_err(), "{call}");
        }
    }

    #[test]
    fn elements_in_the_place_of_others_never_panic(names in collection::vec("(Envelope|Body|Fault|detail|GetItemResponse|SyncFolderItemsResponse|ResponseMessages|Items|Changes|Create|ItemId|RootFolder|Folders|Start|DueDate|Entry|ExtendedProperty)", 1..9), text in ".{0,12}") {
        let mut writer = xml::Writer::new();
        writer.element("Envelope", &[], |writer| writer.element("Body", &[], |writer| nest(writer, &names, &text)));
        parse_all(200, writer.as_str().as_bytes(), 1);
    }
}
