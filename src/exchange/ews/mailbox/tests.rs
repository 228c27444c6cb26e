mod trouble;

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use super::*;
use crate::{
    domain::{ChangeKey, Field, FirmId, Place, Record, RecordKey, RemovalManner, Value},
    exchange::{
        ews::property::STAMP,
        script::{Answer, Legs, Script},
    },
    ports::StampChange,
    xml::Writer,
};

fn mailbox(script: &Script) -> EwsMailbox {
    let shared = Arc::new(Shared::new(&script.settings).unwrap());
    EwsMailbox::connect(&script.settings, script.address(), Legs::basic(), shared).unwrap()
}

fn envelope(inside: &str) -> Answer {
    let header = r#"<s:Header><h:ServerVersionInfo MajorVersion="15" MinorVersion="2" xmlns:h="urn:h"/></s:Header>"#;
    Answer::Say(
        200,
        String::new(),
        format!(
            r#"<s:Envelope xmlns:s="urn:s" xmlns:m="urn:m" xmlns:t="urn:t">{header}<s:Body>{inside}</s:Body></s:Envelope>"#
        ),
    )
}

/// An answer with these response messages, each a code and what else is in it.
fn messages(name: &str, messages: &[(&str, &str)]) -> Answer {
    let messages: Vec<String> = messages
        .iter()
        .map(|(code, inside)| {
            let class = if *code == "NoError" { "Success" } else { "Error" };
            format!(r#"<m:M ResponseClass="{class}"><m:ResponseCode>{code}</m:ResponseCode>{inside}</m:M>"#)
        })
        .collect();
    envelope(&format!(
        "<m:{name}Response><m:ResponseMessages>{}</m:ResponseMessages></m:{name}Response>",
        messages.concat()
    ))
}

fn fault(code: &str) -> Answer {
    envelope(&format!("<s:Fault><faultcode>{code}</faultcode></s:Fault>"))
}

fn items(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| format!(r#"<m:Items><t:Task><t:ItemId Id="{id}" ChangeKey="1"/></t:Task></m:Items>"#)).collect()
}

fn stored(name: &str, ids: &[&str]) -> Answer {
    let items = items(ids);
    messages(name, &items.iter().map(|item| ("NoError", item.as_str())).collect::<Vec<_>>())
}

fn folder(id: &str, parent: &str, class: &str, name: &str, count: usize) -> String {
    format!(
        r#"<t:Folder><t:FolderId Id="{id}"/><t:ParentFolderId Id="{parent}"/><t:FolderClass>{class}</t:FolderClass><t:DisplayName>{name}</t:DisplayName><t:TotalCount>{count}</t:TotalCount></t:Folder>"#
    )
}

fn one_folder(id: &str, count: usize) -> Answer {
    messages(
        "GetFolder",
        &[("NoError", &format!("<m:Folders>{}</m:Folders>", folder(id, "root", "IPF.Task", "x", count)))],
    )
}

fn folders(last: bool, folders: &[String]) -> Answer {
    let inside = format!(
        r#"<m:RootFolder IncludesLastItemInRange="{last}"><t:Folders>{}</t:Folders></m:RootFolder>"#,
        folders.concat()
    );
    messages("FindFolder", &[("NoError", &inside)])
}

fn stamp(record: &str) -> Stamp {
    Stamp { firm: FirmId([1; 16]), key: RecordKey::new(Kind::Task, "main", record) }
}

fn found(last: bool, items: &[(&str, &str, &str)]) -> Answer {
    let items: Vec<String> = items
        .iter()
        .map(|(element, id, stamp)| {
            let mut writer = Writer::new();
            STAMP.write(&mut writer, stamp);
            format!(r#"<t:{element}><t:ItemId Id="{id}" ChangeKey="1"/>{}</t:{element}>"#, writer.as_str())
        })
        .collect();
    let inside = format!(
        r#"<m:RootFolder IncludesLastItemInRange="{last}"><t:Items>{}</t:Items></m:RootFolder>"#,
        items.concat()
    );
    messages("FindItem", &[("NoError", &inside)])
}

fn page(state: &str, last: bool, changes: &str) -> Answer {
    let inside = format!(
        "<m:SyncState>{state}</m:SyncState><m:IncludesLastItemInRange>{last}</m:IncludesLastItemInRange><m:Changes>{changes}</m:Changes>"
    );
    messages("SyncFolderItems", &[("NoError", &inside)])
}

fn change(what: &str, id: &str) -> String {
    match what {
        "Delete" => format!(r#"<t:Delete><t:ItemId Id="{id}"/></t:Delete>"#),
        what => format!(r#"<t:{what}><t:Task><t:ItemId Id="{id}" ChangeKey="1"/></t:Task></t:{what}>"#),
    }
}

fn new_items(count: usize) -> Vec<NewItem> {
    (0..count)
        .map(|number| NewItem {
            stamp: Some(stamp(&number.to_string())),
            record: Arc::new(Record::new(Kind::Task).with(Field::Subject, Value::text("x"))),
            body: None,
            replaces: None,
        })
        .collect()
}

fn id(text: &str) -> FolderId {
    FolderId(text.to_owned())
}

fn item(id: &str, change_key: &str) -> ItemRef {
    ItemRef { id: ItemId(id.to_owned()), change_key: ChangeKey(change_key.to_owned()) }
}

fn kinds<T>(outcomes: Vec<ItemOutcome<T>>) -> Vec<Option<FailureKind>> {
    outcomes.into_iter().map(|outcome| outcome.err().map(|failure| failure.kind)).collect()
}

fn count_in(script: &Script, request: usize, text: &str) -> usize {
    script.asked()[request].body.matches(text).count()
}

#[tokio::test]
async fn a_mailbox_is_its_host_and_its_root_and_tells_its_build() {
    let script = Script::start([one_folder("root-id", 0)]).await;
    let mailbox = mailbox(&script);
    assert_eq!(mailbox.server_version(), None);
    let identity = mailbox.identity().await.unwrap();
    assert_eq!(identity, MailboxIdentity { server: "127.0.0.1".to_owned(), root: id("root-id") });
    assert_eq!(mailbox.server_version().as_deref(), Some("15.2"));
    assert_eq!(count_in(&script, 0, "<t:EmailAddress>weber@kanzlei.example</t:EmailAddress>"), 1);
}

#[tokio::test]
async fn an_old_server_is_asked_in_its_own_schema_and_that_is_remembered() {
    let answers = [
        fault("ErrorInvalidServerVersion"),
        fault("a:ErrorInvalidSchemaVersionForMailboxVersion"),
        one_folder("f", 0),
        one_folder("f", 0),
    ];
    let script = Script::start(answers.clone()).await;
    let old = mailbox(&script);
    assert!(old.folder(Kind::Task).await.is_ok());
    assert!(old.folder(Kind::Task).await.is_ok());
    for (request, version) in
        ["Exchange2013_SP1", "Exchange2013", "Exchange2010_SP2", "Exchange2010_SP2"].iter().enumerate()
    {
        assert_eq!(count_in(&script, request, &format!("Version=\"{version}\"")), 1, "{version}");
    }
    let mut pinned = Script::start(answers).await;
    pinned.settings.server_version = Some(ServerVersion::Exchange2013);
    let failure = mailbox(&pinned).folder(Kind::Task).await.unwrap_err();
    assert_eq!((failure.kind, pinned.asked().len()), (FailureKind::Setting, 1));
    let never = Script::start((0..9).map(|_| fault("ErrorInvalidServerVersion"))).await;
    assert!(mailbox(&never).folder(Kind::Task).await.is_err());
    assert_eq!(never.asked().len(), ServerVersion::ALL.len());
}

#[tokio::test]
async fn a_busy_server_is_left_alone_for_as_long_as_it_asked() {
    let busy = r#"<s:Fault><detail><ResponseCode>ErrorServerBusy</ResponseCode><MessageXml><Value Name="BackOffMilliseconds">300000</Value></MessageXml></detail></s:Fault>"#;
    let script = Script::start([envelope(busy), one_folder("f", 0)]).await;
    let mailbox = mailbox(&script);
    for _ in 0..2 {
        let failure = mailbox.folder(Kind::Task).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Throttled);
        assert!(
            failure
                .retry_after
                .is_some_and(|pause| pause > Duration::from_secs(295) && pause <= Duration::from_mins(5))
        );
    }
    assert_eq!(script.asked().len(), 1, "nothing is sent meanwhile");
}

#[tokio::test]
async fn a_short_pause_is_sat_out() {
    let busy = r#"<s:Fault><detail><ResponseCode>ErrorServerBusy</ResponseCode><MessageXml><Value Name="BackOffMilliseconds">300</Value></MessageXml></detail></s:Fault>"#;
    let script = Script::start([envelope(busy), one_folder("f", 0)]).await;
    let mailbox = mailbox(&script);
    assert!(mailbox.folder(Kind::Task).await.is_err());
    let began = Instant::now();
    assert!(mailbox.folder(Kind::Task).await.is_ok());
    assert!(began.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn what_takes_too_long_is_tried_in_halves_and_known_results_are_kept() {
    let script = Script::start([Answer::Hang, stored("CreateItem", &["a", "b"]), Answer::Close]).await;
    let mailbox = mailbox(&script);
    let (home, items) = (id("home"), new_items(4));
    let failure = mailbox.create(&home, &items).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Transient, "unknown: the caller looks before it writes again");
    let outcomes = mailbox.create(&home, &items).await.unwrap();
    assert_eq!(kinds(outcomes), [None, None, Some(FailureKind::Transient), Some(FailureKind::Transient)]);
    assert_eq!([0, 1, 2].map(|request| count_in(&script, request, "<t:Task>")), [4, 2, 2]);
}

#[tokio::test]
async fn reading_is_repeated_in_halves_at_once() {
    let script = Script::start([
        fault("ErrorTooManyObjectsOpened"),
        stored("GetItem", &["a", "b"]),
        stored("GetItem", &["c", "d"]),
    ])
    .await;
    let ids: Vec<ItemId> = ["a", "b", "c", "d"].map(|id| ItemId(id.to_owned())).to_vec();
    let outcomes = mailbox(&script).read(Kind::Task, &ids).await.unwrap();
    let read: Vec<_> = outcomes.into_iter().map(|outcome| outcome.unwrap().unwrap().item.id).collect();
    assert_eq!(read, ids);
}

#[tokio::test]
async fn a_refused_batch_is_the_callers_to_bisect() {
    let script = Script::start([fault("ErrorSchemaValidation")]).await;
    let failure = mailbox(&script).create(&id("home"), &new_items(3)).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::BatchRefused);
}

#[tokio::test]
async fn an_item_that_makes_the_server_stumble_is_found_when_reading_and_the_others_are_read() {
    let puzzled = || fault("ErrorOfTheYear2031");
    let script =
        Script::start([puzzled(), stored("GetItem", &["a", "b"]), puzzled(), puzzled(), stored("GetItem", &["d"])])
            .await;
    let ids: Vec<ItemId> = ["a", "b", "c", "d"].map(|id| ItemId(id.to_owned())).to_vec();
    let outcomes = mailbox(&script).read(Kind::Task, &ids).await.unwrap();
    assert_eq!(kinds(outcomes), [None, None, Some(FailureKind::Malformed), None]);
}

#[tokio::test]
async fn writing_isolates_what_the_server_stumbles_over_from_call_to_call_and_gives_up_on_a_server_that_always_does() {
    let script = Script::start((0..9).map(|_| fault("ErrorOfTheYear2031"))).await;
    let mailbox = mailbox(&script);
    let (home, items) = (id("home"), new_items(5));
    for sent in [5, 2] {
        assert_eq!(mailbox.create(&home, &items).await.unwrap_err().kind, FailureKind::Malformed);
        assert_eq!(count_in(&script, script.asked().len() - 1, "<t:Task>"), sent);
    }
    let outcomes = mailbox.create(&home, &items).await.unwrap();
    assert_eq!(script.asked().len(), 6, "three single items, and a fourth to be sure");
    let unknown = Some(FailureKind::Malformed);
    assert_eq!(kinds(outcomes), [unknown, unknown, unknown, unknown, Some(FailureKind::Transient)]);
}

#[tokio::test]
async fn a_single_item_that_is_refused_is_named_and_the_others_go_on() {
    let script =
        Script::start([fault("ErrorTimeoutExpired"), fault("ErrorSchemaValidation"), stored("CreateItem", &["b"])])
            .await;
    let (mailbox, home) = (mailbox(&script), id("home"));
    assert_eq!(mailbox.create(&home, &new_items(3)).await.unwrap_err().kind, FailureKind::TooMuch);
    let outcomes = mailbox.create(&home, &new_items(2)).await.unwrap();
    assert_eq!(kinds(outcomes), [Some(FailureKind::Rejected), None]);
}

#[tokio::test]
async fn changes_are_put_together_from_all_pages() {
    let script = Script::start([
        page("s1", false, &[change("Create", "a"), change("Create", "b")].concat()),
        page("s2", true, &[change("Update", "a"), change("Delete", "b"), change("Delete", "c")].concat()),
    ])
    .await;
    let changes = mailbox(&script).changes(&id("home"), Some(&SyncToken("s0".to_owned()))).await.unwrap();
    let seen: Vec<_> = changes.changed.iter().map(|sighting| sighting.item.id.0.as_str()).collect();
    assert_eq!((seen, changes.gone), (vec!["a"], vec![ItemId("b".to_owned()), ItemId("c".to_owned())]));
    assert_eq!((changes.next, changes.complete), (SyncToken("s2".to_owned()), false));
    assert_eq!(count_in(&script, 1, "<m:SyncState>s1</m:SyncState>"), 1);
}

#[tokio::test]
async fn a_full_listing_in_answer_to_a_token_is_noticed() {
    let listing = [change("Create", "a"), change("Create", "b")].concat();
    let token = SyncToken("garbage".to_owned());
    for (count, complete) in [(2, true), (3, false)] {
        let script = Script::start([page("s", true, &listing), one_folder("home", count)]).await;
        let changes = mailbox(&script).changes(&id("home"), Some(&token)).await.unwrap();
        assert_eq!(changes.complete, complete, "of {count}");
    }
    let script = Script::start([page("s", true, "")]).await;
    let nothing = mailbox(&script).changes(&id("home"), Some(&token)).await.unwrap();
    assert!(!nothing.complete && nothing.changed.is_empty());
    assert_eq!(script.asked().len(), 1, "a quiet folder costs one request");
}

#[tokio::test]
async fn a_listing_that_does_not_go_on_is_given_up() {
    let script = Script::start((0..9).map(|_| page("s", false, &change("Create", "a")))).await;
    let failure = mailbox(&script).changes(&id("home"), None).await.unwrap_err();
    assert_eq!((failure.kind, script.asked().len()), (FailureKind::Malformed, 2));
}

#[tokio::test]
async fn only_the_version_that_was_seen_is_removed() {
    let got = items(&["same", "edited"]);
    let script = Script::start([
        messages("GetItem", &[("NoError", &got[0]), ("NoError", &got[1]), ("ErrorItemNotFound", "")]),
        messages("DeleteItem", &[("NoError", "")]),
    ])
    .await;
    let removal = |id, key| Removal { kind: Kind::Task, item: item(id, key), manner: RemovalManner::ToDeletedItems };
    let removals = [removal("same", "1"), removal("edited", "0"), removal("gone", "1")];
    let outcomes = mailbox(&script).delete(&removals).await.unwrap();
    assert_eq!(kinds(outcomes), [None, Some(FailureKind::Conflict), None]);
    assert_eq!((count_in(&script, 1, "<t:ItemId"), count_in(&script, 1, "Id=\"same\"")), (1, 1));
}

#[tokio::test]
async fn a_change_that_says_nothing_is_not_sent() {
    let script = Script::start([stored("UpdateItem", &["b"])]).await;
    let nothing = ItemChange {
        kind: Kind::Task,
        item: item("a", "1"),
        set: BTreeMap::new(),
        clear: BTreeSet::new(),
        body: None,
        stamp: StampChange::Keep,
    };
    let something = ItemChange { stamp: StampChange::Set(stamp("1")), item: item("b", "0"), ..nothing.clone() };
    let outcomes = mailbox(&script).update(&[nothing, something]).await.unwrap();
    let items: Vec<ItemRef> = outcomes.into_iter().map(Result::unwrap).collect();
    assert_eq!(items, [item("a", "1"), item("b", "1")]);
    assert_eq!(count_in(&script, 0, "<t:ItemChange>"), 1);
}

#[tokio::test]
async fn items_are_found_in_other_folders_and_in_deleted_items_and_compared_case_and_all() {
    let script = Script::start([
        one_folder("bin", 0),
        folders(
            false,
            &[folder("home", "root", "IPF.Task", "Tasks", 0), folder("bin", "root", "IPF.Note", "Deleted", 0)],
        ),
        folders(
            true,
            &[
                folder("mine", "home", "IPF.Task", "Mine", 0),
                folder("old", "bin", "IPF.Task", "Old", 0),
                folder("inbox", "root", "IPF.Note", "Inbox", 0),
            ],
        ),
        found(false, &[("Task", "1", &stamp("a").to_string())]),
        found(true, &[("Task", "2", &stamp("A").to_string())]),
        messages("FindItem", &[("ErrorFolderNotFound", "")]),
        found(true, &[("Task", "3", &stamp("b").to_string()), ("Contact", "4", &stamp("b").to_string())]),
    ])
    .await;
    let wanted = [stamp("a"), stamp("b")];
    let sightings = mailbox(&script).find_elsewhere(Kind::Task, &id("home"), Some(&wanted)).await.unwrap();
    let places: Vec<_> = sightings.into_iter().map(|sighting| (sighting.item.id.0, sighting.place)).collect();
    assert_eq!(places, [("1".to_owned(), Place::Elsewhere(id("mine"))), ("3".to_owned(), Place::Deleted)]);
    assert_eq!(script.asked().len(), 7);
    assert_eq!(count_in(&script, 4, "Offset=\"1\""), 1);
    assert_eq!(count_in(&script, 5, "Id=\"old\""), 1, "a folder within Deleted Items is searched too");
}

#[tokio::test]
async fn an_own_folder_is_found_or_made() {
    let own = folder("own", "tasks", "IPF.Task", "kanzlei", 0);
    let wrong = folder("wrong", "tasks", "IPF.Note", "Kanzlei", 0);
    let made = messages(
        "CreateFolder",
        &[("NoError", r#"<m:Folders><t:TasksFolder><t:FolderId Id="new"/></t:TasksFolder></m:Folders>"#)],
    );
    let exists = messages("CreateFolder", &[("ErrorFolderExists", "")]);
    for (answers, expected) in [
        (vec![folders(true, std::slice::from_ref(&own))], Ok("own")),
        (vec![folders(true, &[]), made], Ok("new")),
        (vec![folders(true, &[]), exists.clone(), folders(true, &[own])], Ok("own")),
        (vec![folders(true, std::slice::from_ref(&wrong)), exists, folders(true, &[wrong])], Err(FailureKind::Setting)),
    ] {
        let mut script = Script::start(answers).await;
        script.settings.folders.tasks = Some("Kanzlei".to_owned());
        let found = mailbox(&script).folder(Kind::Task).await;
        assert_eq!(found.map(|folder| folder.id.0).map_err(|failure| failure.kind), expected.map(str::to_owned));
    }
}
