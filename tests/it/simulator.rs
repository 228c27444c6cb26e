//! The simulator over real sockets: what it refuses, what can go wrong, what survives, what the phone shows.

mod autodiscover;
mod client;
mod code_flow;
mod connection;
mod device_flow;
mod ews_tokens;
mod graph;
mod in_between;
mod outside;
mod person;
mod refusals;
mod windows;

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use pocketdocket::{
    domain::Kind,
    simulator::{Account, Fault, FaultRule, PASSWORD, Settings, SignInOffer, Simulator},
};

use client::{Client, Reply};

const ANNA: &str = "anna@kanzlei.example";

async fn strict() -> (pocketdocket::simulator::Running, Client) {
    let running = Simulator::start(Settings::default().with_mailbox(ANNA)).await.expect("a simulator");
    let client = Client::new(&running, ANNA, PASSWORD);
    (running, client)
}

#[tokio::test]
async fn an_item_is_created_changed_and_found_by_its_stamp() {
    let (running, client) = strict().await;
    let (id, key) = client.create_contact("v1/x/contact/all/1", "Erika").await;
    let changed = client.rename(&id, &key, "NeverOverwrite", "Erna").await;
    assert_eq!(changed.code(), "NoError", "{changed:?}");
    let (_, newer) = changed.item();
    assert_ne!(newer, key);
    let found = client.find("v1/x/contact/all/1").await;
    assert_eq!(found.item(), (id, newer));
    let view = running.mailbox(ANNA).expect("a mailbox");
    assert_eq!(view.contacts()[0].text("contacts:GivenName").as_deref(), Some("Erna"));
    assert_eq!(view.stamped("v1/x/contact/all/1").len(), 1);
    assert_eq!(view.counts.requests["UpdateItem"], 1);
    running.shutdown().await;
}

#[tokio::test]
async fn stale_missing_and_made_up_change_keys_are_refused() {
    let (running, client) = strict().await;
    let (id, key) = client.create_contact("s/1", "Erika").await;
    running.phone(ANNA).edit(&id, "contacts:GivenName", Some("Eva")).expect("an edit");
    assert_eq!(client.rename(&id, &key, "NeverOverwrite", "Erna").await.code(), "ErrorIrresolvableConflict");
    assert_eq!(client.rename(&id, "", "NeverOverwrite", "Erna").await.code(), "ErrorInvalidChangeKey");
    assert_eq!(client.rename(&id, "RVEAAA==", "AlwaysOverwrite", "Erna").await.code(), "ErrorInvalidChangeKey");
    assert_eq!(client.rename(&id.to_lowercase(), &key, "NeverOverwrite", "E").await.code(), "ErrorItemNotFound");
    assert_eq!(client.rename("nonsense", &key, "NeverOverwrite", "E").await.code(), "ErrorInvalidIdMalformed");
    let contacts = running.mailbox(ANNA).expect("a mailbox");
    assert_eq!(contacts.contacts()[0].text("contacts:GivenName").as_deref(), Some("Eva"));
}

#[tokio::test]
async fn what_a_server_would_refuse_is_refused() {
    let (running, client) = strict().await;
    let event = |attributes: &str, inner: &str| {
        format!(
            "<m:CreateItem {attributes}><m:SavedItemFolderId><t:DistinguishedFolderId Id=\"calendar\"/></m:SavedItemFolderId>\
             <m:Items><t:CalendarItem>{inner}</t:CalendarItem></m:Items></m:CreateItem>"
        )
    };
    let none = "SendMeetingInvitations=\"SendToNone\"";
    for (request, code) in [
        (event("", "<t:Subject>x</t:Subject>"), "ErrorSendMeetingInvitationsRequired"),
        (event(none, "<t:Location>x</t:Location><t:Subject>x</t:Subject>"), "ErrorSchemaValidation"),
        (event(none, "<t:Size>3</t:Size>"), "ErrorInvalidPropertySet"),
        (
            event(none, "<t:Start>2027-01-02T00:00:00Z</t:Start><t:End>2027-01-01T00:00:00Z</t:End>"),
            "ErrorCalendarEndDateIsEarlierThanStartDate",
        ),
        (
            event(none, "<t:Start>2027-01-02T00:00:00Z</t:Start><t:End>2032-01-03T00:00:00Z</t:End>"),
            "ErrorCalendarDurationIsTooLong",
        ),
        (event(none, "<t:StartTimeZone Id=\"Europe/Zurich\"/>"), "ErrorTimeZone"),
        (
            event(none, "<t:Subject>x</t:Subject>").replace("calendar", "contacts"),
            "ErrorCannotCreateCalendarItemInNonCalendarFolder",
        ),
        (
            event(
                none,
                "<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"0x8001\" PropertyType=\"String\"/><t:Value>x</t:Value></t:ExtendedProperty>",
            ),
            "ErrorInvalidExtendedProperty",
        ),
        (
            "<m:FindItem Traversal=\"Shallow\"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>\
           <t:FieldURI FieldURI=\"item:Body\"/></t:AdditionalProperties></m:ItemShape><m:ParentFolderIds>\
           <t:DistinguishedFolderId Id=\"tasks\"/></m:ParentFolderIds></m:FindItem>"
                .to_owned(),
            "ErrorInvalidPropertyRequest",
        ),
        (
            "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:SyncFolderId>\
           <t:DistinguishedFolderId Id=\"tasks\"/></m:SyncFolderId><m:MaxChangesReturned>513</m:MaxChangesReturned>\
           </m:SyncFolderItems>"
                .to_owned(),
            "ErrorSchemaValidation",
        ),
        ("<m:PlayOnPhone/>".to_owned(), "ErrorSchemaValidation"),
    ] {
        let reply = client.send(&request).await;
        assert_eq!(reply.code(), code, "{request}\n{}", reply.body);
        let fault = code == "ErrorSchemaValidation";
        assert_eq!(reply.status, if fault { 500 } else { 200 });
        assert_eq!(reply.body.contains("<t:LineNumber>"), fault);
    }
    assert!(running.mailbox(ANNA).expect("a mailbox").items.is_empty());
}

#[tokio::test]
async fn times_without_an_offset_are_read_in_the_zone_of_the_item() {
    let (running, client) = strict().await;
    let reply = client
        .send(
            "<m:CreateItem SendMeetingInvitations=\"SendToNone\"><m:Items><t:CalendarItem><t:Start>2027-03-29T09:00:00</t:Start>\
             <t:End>2027-03-29T04:00:00</t:End><t:StartTimeZone Id=\"W. Europe Standard Time\"/>\
             <t:EndTimeZone Id=\"Eastern Standard Time\"/></t:CalendarItem><t:CalendarItem><t:Start>2027-03-27T10:00:00</t:Start>\
             <t:End>2027-03-28T11:00:00</t:End><t:IsAllDayEvent>true</t:IsAllDayEvent>\
             <t:StartTimeZone Id=\"W. Europe Standard Time\"/></t:CalendarItem></m:Items></m:CreateItem>",
        )
        .await;
    assert_eq!(reply.code(), "NoError", "{}", reply.body);
    let view = running.mailbox(ANNA).expect("a mailbox");
    let times = |place: usize| {
        let event = view.events()[place];
        (event.text("calendar:Start").unwrap_or_default(), event.text("calendar:End").unwrap_or_default())
    };
    assert_eq!(times(0), ("2027-03-29T07:00:00Z".to_owned(), "2027-03-29T08:00:00Z".to_owned()));
    // Rounded outward to whole days; the second one has 23 hours.
    assert_eq!(times(1), ("2027-03-26T23:00:00Z".to_owned(), "2027-03-28T22:00:00Z".to_owned()));
}

#[tokio::test]
async fn of_status_percentage_and_completion_date_the_last_one_wins() {
    let (running, client) = strict().await;
    for (inner, status, percent) in [
        ("<t:PercentComplete>30</t:PercentComplete><t:Status>Completed</t:Status>", "Completed", "100"),
        ("<t:PercentComplete>100</t:PercentComplete><t:Status>NotStarted</t:Status>", "NotStarted", "0"),
        ("<t:PercentComplete>100</t:PercentComplete>", "Completed", "100"),
        ("<t:PercentComplete>50</t:PercentComplete>", "InProgress", "50"),
    ] {
        let reply =
            client.send(&format!("<m:CreateItem><m:Items><t:Task>{inner}</t:Task></m:Items></m:CreateItem>")).await;
        assert_eq!(reply.code(), "NoError", "{}", reply.body);
        let view = running.mailbox(ANNA).expect("a mailbox");
        let task = *view.tasks().last().expect("a task");
        assert_eq!(task.text("task:Status").as_deref(), Some(status), "{inner}");
        assert_eq!(task.text("task:PercentComplete").as_deref(), Some(percent), "{inner}");
        assert_eq!(task.text("task:CompleteDate").is_some(), status == "Completed", "{inner}");
    }
}

#[tokio::test]
async fn mail_that_a_server_would_have_sent_is_counted() {
    let (running, client) = strict().await;
    let attendees = "<t:RequiredAttendees><t:Attendee><t:Mailbox><t:EmailAddress>x@y.example</t:EmailAddress></t:Mailbox>\
                     </t:Attendee></t:RequiredAttendees>";
    let event = |to: &str| {
        format!(
            "<m:CreateItem SendMeetingInvitations=\"{to}\"><m:Items><t:CalendarItem>{attendees}</t:CalendarItem></m:Items></m:CreateItem>"
        )
    };
    assert_eq!(client.send(&event("SendToNone")).await.code(), "NoError");
    assert_eq!(running.mails_sent(), 0);
    assert_eq!(client.send(&event("SendOnlyToAll")).await.code(), "NoError");
    assert_eq!(running.mails_sent(), 1);
}

#[tokio::test]
async fn a_lost_reply_is_lost_after_the_write() {
    let (running, client) = strict().await;
    running.faults().add(FaultRule::new(Fault::LostReply).on("CreateItem").times(1));
    assert!(client.try_create_contacts(&["s/1"]).await.is_none());
    assert_eq!(running.mailbox(ANNA).expect("a mailbox").contacts().len(), 1);
    assert!(client.try_create_contacts(&["s/2"]).await.is_some());
}

#[tokio::test]
async fn half_a_batch_is_stored_and_then_the_connection_ends() {
    let (running, client) = strict().await;
    running.faults().add(FaultRule::new(Fault::HalfBatch { stored: 2 }).times(1));
    assert!(client.try_create_contacts(&["s/1", "s/2", "s/3", "s/4"]).await.is_none());
    let view = running.mailbox(ANNA).expect("a mailbox");
    let stamps: Vec<_> = view.contacts().iter().filter_map(|contact| contact.stamp.clone()).collect();
    assert_eq!(stamps, ["s/1", "s/2"]);
}

#[tokio::test]
async fn a_truncated_answer_ends_in_the_middle() {
    let (running, client) = strict().await;
    running.faults().add(FaultRule::new(Fault::TruncatedBody { bytes: 200 }).times(1));
    assert!(client.try_create_contacts(&["s/1"]).await.is_none());
    assert_eq!(running.mailbox(ANNA).expect("a mailbox").contacts().len(), 1);
}

#[tokio::test]
async fn each_refusal_looks_as_servers_make_it_look() {
    let (running, client) = strict().await;
    let (id, key) = client.create_contact("s/1", "Erika").await;
    let strike = |fault: Fault| running.faults().add(FaultRule::new(fault).in_mailbox(ANNA).times(1));

    strike(Fault::Busy { back_off_milliseconds: 4321 });
    let reply = client.find("s/1").await;
    assert_eq!((reply.status, reply.code().as_str()), (500, "ErrorServerBusy"));
    assert!(reply.body.contains("<t:Value Name=\"BackOffMilliseconds\">4321</t:Value>"));

    strike(Fault::Unavailable { retry_after_seconds: Some(7) });
    let reply = client.find("s/1").await;
    assert_eq!((reply.status, reply.header("retry-after")), (503, Some("7")));

    strike(Fault::UnauthorizedBecauseBusy);
    assert_eq!(client.find("s/1").await.status, 401);
    strike(Fault::EwsOff);
    assert_eq!(client.find("s/1").await.status, 403);
    assert_eq!(running.refused_sign_ins(ANNA), 0);
    strike(Fault::WrongPassword);
    assert_eq!(client.find("s/1").await.status, 401);
    strike(Fault::PasswordExpired);
    assert_eq!(client.find("s/1").await.header("x-ms-credential-service-credexpired"), Some("true"));
    assert_eq!(running.refused_sign_ins(ANNA), 2);

    strike(Fault::MailboxMoving);
    assert_eq!(client.find("s/1").await.code(), "ErrorMailboxMoveInProgress");
    strike(Fault::QuotaExceeded);
    assert_eq!(client.rename(&id, &key, "NeverOverwrite", "E").await.code(), "ErrorQuotaExceeded");
    strike(Fault::PoisonItem { text: "Gift".to_owned() });
    assert_eq!(client.rename(&id, &key, "NeverOverwrite", "ein Gift").await.code(), "ErrorSchemaValidation");
    strike(Fault::ItemRefused { text: "Gift".to_owned(), code: "ErrorCorruptData".to_owned() });
    assert_eq!(client.rename(&id, &key, "NeverOverwrite", "ein Gift").await.code(), "ErrorCorruptData");

    strike(Fault::Slow { milliseconds: 300 });
    let begun = Instant::now();
    assert_eq!(client.find("s/1").await.code(), "NoError");
    assert!(begun.elapsed() >= Duration::from_millis(300));

    strike(Fault::FieldDropped { field: "contacts:GivenName".to_owned() });
    assert_eq!(client.rename(&id, &key, "NeverOverwrite", "Nein").await.code(), "NoError");
    let view = running.mailbox(ANNA).expect("a mailbox");
    assert_eq!(view.contacts()[0].text("contacts:GivenName").as_deref(), Some("Erika"));

    strike(Fault::ServerTouches);
    let touched = client.rename(&id, &view.contacts()[0].change_key, "NeverOverwrite", "Ja").await;
    let (_, answered) = touched.item();
    assert_ne!(running.mailbox(ANNA).expect("a mailbox").contacts()[0].change_key, answered);
    assert!(running.faults().active().is_empty());
}

#[tokio::test]
async fn sync_tells_what_changed_and_refuses_states_that_are_not_its_own() {
    let (running, client) = strict().await;
    let (id, _) = client.create_contact("s/1", "Erika").await;
    let (first, state) = client.sync("contacts", "").await;
    assert_eq!((first.count("<t:Create>"), first.count("<t:Update>"), first.count("<t:Delete>")), (1, 0, 0));
    let (second, state) = client.sync("contacts", &state).await;
    assert_eq!(second.count("<t:Create>") + second.count("<t:Update>"), 0);
    running.phone(ANNA).dismiss(&id).expect("a touch");
    client.create_contact("s/2", "Ben").await;
    let (third, state) = client.sync("contacts", &state).await;
    assert_eq!((third.count("<t:Create>"), third.count("<t:Update>")), (1, 1));
    running.phone(ANNA).delete("s/1").expect("a deletion");
    let (fourth, state) = client.sync("contacts", &state).await;
    assert_eq!(fourth.count("<t:Delete>"), 1);
    assert!(fourth.body.contains(&format!("Id=\"{id}\"")));
    let (other, _) = client.sync("tasks", &state).await;
    assert_eq!(other.code(), "ErrorInvalidSyncStateData");
    running.faults().add(FaultRule::new(Fault::InvalidSyncState).times(1));
    assert_eq!(client.sync("contacts", &state).await.0.code(), "ErrorInvalidSyncStateData");
    running.renumber(ANNA).expect("a move");
    assert_eq!(client.sync("contacts", &state).await.0.code(), "ErrorInvalidSyncStateData");
}

#[tokio::test]
async fn a_sync_of_many_items_comes_in_pages_and_complete() {
    let (_running, client) = strict().await;
    let stamps: Vec<String> = (0..1300).map(|number| format!("s/{number}")).collect();
    let stamps: Vec<&str> = stamps.iter().map(String::as_str).collect();
    client.try_create_contacts(&stamps).await.expect("an answer");
    let mut state = String::new();
    let mut seen = Vec::new();
    for _ in 0..5 {
        let (page, next) = client.sync("contacts", &state).await;
        seen.push(page.count("<t:Create>"));
        state = next;
        if page.body.contains("<m:IncludesLastItemInRange>true") {
            break;
        }
    }
    assert_eq!(seen, [512, 512, 276]);
}

#[tokio::test]
async fn the_phone_does_what_people_do() {
    let (running, client) = strict().await;
    let phone = running.phone(ANNA);
    client.create_contact("s/1", "Erika").await;
    phone.copy("s/1").expect("a copy");
    let view = running.mailbox(ANNA).expect("a mailbox");
    assert_eq!(view.stamped("s/1").len(), 2, "a copy carries the stamp");
    let first = view.contacts()[0].id.clone();
    phone.write_around(&first, "vorher\n", "\nnachher").expect("a note");
    phone.convert_to_html(&first).expect("HTML");
    let html = running.mailbox(ANNA).expect("a mailbox").contacts()[0].text("item:Body").unwrap_or_default();
    assert!(html.starts_with("<html>") && html.contains("vorher<br>"), "{html}");
    phone.make_folder("Privat", Kind::Contact).expect("a folder");
    let moved = phone.move_to(&first, "Privat").expect("a move");
    assert_ne!(moved, first);
    phone.add(Kind::Task, &[("item:Subject", "Einkaufen"), ("task:Status", "NotStarted")]).expect("a task");
    phone.complete("Einkaufen").expect("done");
    phone.delete_for_good(&moved).expect("gone");
    let view = running.mailbox(ANNA).expect("a mailbox");
    assert_eq!(view.contacts().len(), 1);
    assert_eq!(view.tasks()[0].text("task:PercentComplete").as_deref(), Some("100"));
    assert!(phone.delete("nobody").is_err());
}

#[tokio::test]
async fn every_acknowledged_write_survives_a_restart_from_the_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let settings =
        Settings { state: Some(directory.path().join("state.db")), ..Settings::default() }.with_mailbox(ANNA);
    let running = Simulator::start(settings.clone()).await.expect("a simulator");
    let client = Client::new(&running, ANNA, PASSWORD);
    client.create_contact("s/1", "Erika").await;
    client.create_contact("s/2", "Ben").await;
    running.phone(ANNA).delete_for_good("s/2").expect("a deletion");
    let (_, state) = client.sync("contacts", "").await;
    client.create_contact("s/3", "Cem").await;
    running.phone(ANNA).delete_for_good("s/1").expect("a deletion");
    let before = running.mailbox(ANNA).expect("a mailbox");
    // Dropped, not shut down: nothing has a chance to be saved now.
    drop(running);
    let running = Simulator::start(settings).await.expect("a simulator");
    let client = Client::new(&running, ANNA, PASSWORD);
    let after = running.mailbox(ANNA).expect("a mailbox");
    assert_eq!(after.root, before.root);
    let items = |view: &pocketdocket::simulator::MailboxView| {
        view.items.iter().map(|item| (item.id.clone(), item.change_key.clone(), item.stamp.clone())).collect::<Vec<_>>()
    };
    assert_eq!(items(&after), items(&before));
    let (changes, _) = client.sync("contacts", &state).await;
    assert_eq!((changes.count("<t:Create>"), changes.count("<t:Delete>")), (1, 1), "{}", changes.body);
}

/// A simulator in a process of its own.
struct Process {
    child: Child,
    address: SocketAddr,
    /// Whoever writes into a closed pipe ends.
    _output: BufReader<ChildStdout>,
}

impl Process {
    fn start(state: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_pocketdocket"))
            .args(["simulator", "--mailbox", ANNA, "--state"])
            .arg(state)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a process");
        let mut output = BufReader::new(child.stdout.take().expect("output"));
        let mut line = String::new();
        output.read_line(&mut line).expect("a line");
        let address = line.split("http://").nth(1).and_then(|url| url.split('/').next()?.parse().ok());
        Self { child, address: address.unwrap_or_else(|| panic!("no address in {line:?}")), _output: output }
    }

    fn client(&self) -> Client {
        Client::at(self.address, ANNA, PASSWORD)
    }

    fn kill(mut self) {
        self.child.kill().expect("a kill");
        self.child.wait().expect("an end");
    }
}

#[tokio::test]
async fn every_acknowledged_write_survives_a_kill() {
    let directory = tempfile::tempdir().expect("a directory");
    let state = directory.path().join("state.db");
    let mut acknowledged = 0;
    for round in 0..4 {
        let process = Process::start(&state);
        let client = process.client();
        let mut kept = 0;
        for number in 0..acknowledged {
            kept += client.find(&format!("s/{number}")).await.count("<t:ItemId");
        }
        assert_eq!(kept, acknowledged, "after {round} kills");
        let killed = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(150 + 70 * round));
            process.kill();
        });
        // It writes until it is killed: all writes but the last are answered.
        for _ in 0..100_000 {
            if client.try_create_contacts(&[&format!("s/{acknowledged}")]).await.is_none() {
                break;
            }
            acknowledged += 1;
        }
        killed.join().expect("a killed process");
        // What was written without an answer may be there or not; the next round begins after it.
        let process = Process::start(&state);
        acknowledged += process.client().find(&format!("s/{acknowledged}")).await.count("<t:ItemId");
        process.kill();
    }
    assert!(acknowledged > 0);
}

#[tokio::test]
async fn nobody_signs_in_without_the_right_password_or_as_somebody_else() {
    let settings = Settings::default().with_mailbox(ANNA).with_mailbox("ben@kanzlei.example");
    let running = Simulator::start(settings).await.expect("a simulator");
    let wrong = Client::new(&running, ANNA, "falsch").find("s/1").await;
    assert_eq!((wrong.status, wrong.header("www-authenticate")), (401, Some("Basic realm=\"127.0.0.1\"")));
    assert_eq!(running.refused_sign_ins(ANNA), 1);
    let anna = Client::new(&running, ANNA, PASSWORD).acting_as("ben@kanzlei.example");
    assert_eq!(anna.find("s/1").await.code(), "ErrorImpersonateUserDenied");
    running.add_service_account("dienst", "geheim".into()).expect("an account");
    let service = Client::new(&running, "dienst", "geheim");
    assert_eq!(service.acting_as("ben@kanzlei.example").find("s/1").await.code(), "NoError");
    let nobody = Client::new(&running, "dienst", "geheim").acting_as("cem@kanzlei.example");
    assert_eq!(nobody.find("s/1").await.code(), "ErrorNonExistentMailbox");

    let settings = Settings { offer: SignInOffer::WindowsOnly, ..Settings::default() }.with_mailbox(ANNA);
    let windows = Simulator::start(settings).await.expect("a simulator");
    let reply = Client::new(&windows, ANNA, PASSWORD).find("s/1").await;
    assert_eq!((reply.status, reply.header("www-authenticate")), (401, Some("Negotiate")));
}

#[tokio::test]
async fn the_lenient_dialect_has_the_manners_of_other_servers() {
    let running = Simulator::start(Settings::default().with_mailbox(ANNA).lenient()).await.expect("a simulator");
    let client = Client::new(&running, ANNA, PASSWORD);
    let (id, key) = client.create_contact("S/1", "Erika").await;
    running.phone(ANNA).dismiss(&id).expect("a touch");
    assert_eq!(
        client.rename(&id, &key, "NeverOverwrite", "Erna").await.code(),
        "NoError",
        "change keys are not compared"
    );
    assert_eq!(client.find("s/1").await.code(), "NoError");
    assert_eq!(client.find("s/1").await.count("<t:Contact>"), 1, "values are compared without case");
    let (garbage, _) = client.sync("contacts", "R2FyYmFnZQ==").await;
    assert_eq!(garbage.count("<t:Create>"), 1, "a state that it does not know lists everything");
    running.faults().add(FaultRule::new(Fault::Busy { back_off_milliseconds: 1 }).times(1));
    let busy = client.find("s/1").await;
    assert_eq!((busy.status, busy.code().as_str()), (200, "ErrorServerBusy"));
    assert!(busy.body.contains("<SOAP:Fault><faultcode>ErrorServerBusy</faultcode>"), "{}", busy.body);
    let unplaced = "<m:CreateItem><m:Items><t:Task><t:Subject>x</t:Subject></t:Task></m:Items></m:CreateItem>";
    assert_eq!(client.send(unplaced).await.code(), "NoError");
    assert_eq!(running.mailbox(ANNA).expect("a mailbox").tasks()[0].folder, "Outbox");
    let (id, key) = client.send(unplaced).await.item();
    for (path, element) in [
        ("item:ReminderIsSet", "<t:ReminderIsSet>true</t:ReminderIsSet>"),
        ("task:PercentComplete", "<t:PercentComplete>40</t:PercentComplete>"),
    ] {
        assert_eq!(client.set(&id, &key, "Task", path, element).await.code(), "NoError");
    }
    let view = running.mailbox(ANNA).expect("a mailbox");
    let task = *view.tasks().last().expect("a task");
    assert!(!task.is("item:ReminderIsSet"), "reminders are forgotten");
    assert_eq!(task.text("task:PercentComplete").as_deref(), Some("4000"));
}

#[tokio::test]
async fn the_control_door_switches_faults_and_plays_the_phone() {
    let (running, client) = strict().await;
    client.create_contact("s/1", "Erika").await;
    let door = |path: &str| format!("http://{}/control/{path}", running.address());
    let http = reqwest::Client::new();
    let json =
        |url: String, body: &'static str| http.post(url).header("content-type", "application/json").body(body).send();
    let added =
        json(door("faults"), r#"{"fault": "busy", "back-off-milliseconds": 5, "times": 1}"#).await.expect("an answer");
    assert_eq!(added.status(), 201);
    assert_eq!(client.find("s/1").await.code(), "ErrorServerBusy");
    let played = json(
        door(&format!("phone/{ANNA}")),
        r#"{"action": "edit", "item": "s/1", "field": "contacts:Surname", "value": "Neu"}"#,
    )
    .await
    .expect("an answer");
    assert_eq!(played.status(), 200);
    assert_eq!(
        running.mailbox(ANNA).expect("a mailbox").contacts()[0].text("contacts:Surname").as_deref(),
        Some("Neu")
    );
    let missing =
        json(door(&format!("phone/{ANNA}")), r#"{"action": "delete", "item": "s/9"}"#).await.expect("an answer");
    assert_eq!(missing.status(), 404);
    let view =
        http.get(door(&format!("mailboxes/{ANNA}"))).send().await.expect("an answer").text().await.expect("text");
    assert!(view.contains("\"stamp\":\"s/1\""), "{view}");
    let page = http.get(door("faults")).header("origin", "https://example.org").send().await.expect("an answer");
    assert_eq!(page.status(), 403);
}

#[tokio::test]
async fn the_page_shows_the_mailbox_and_escapes_what_people_write() {
    let (running, client) = strict().await;
    client.create_contact("s/1", "Erika").await;
    let phone = running.phone(ANNA);
    phone
        .add(Kind::Task, &[("item:Subject", "<b>Frist</b>"), ("task:DueDate", "2020-01-01T00:00:00Z")])
        .expect("a task");
    phone
        .add(
            Kind::Event,
            &[
                ("item:Subject", "Verhandlung"),
                ("calendar:Start", "2099-07-01T07:00:00Z"),
                ("calendar:End", "2099-07-01T08:00:00Z"),
                ("calendar:StartTimeZone", "W. Europe Standard Time"),
            ],
        )
        .expect("an event");
    let page = reqwest::get(running.phone_url(ANNA)).await.expect("an answer").text().await.expect("text");
    assert!(page.contains("Erika") && page.contains("09:00–10:00") && page.contains("1 July 2099"), "{page}");
    assert!(page.contains("&#60;b&#62;Frist") && page.contains("overdue"), "{page}");
    let index =
        reqwest::get(format!("http://{}/", running.address())).await.expect("an answer").text().await.expect("text");
    assert!(index.contains(ANNA));
    let missing = reqwest::get(running.phone_url("nobody@kanzlei.example")).await.expect("an answer");
    assert_eq!(missing.status(), 404);
}

#[tokio::test]
async fn chunked_requests_are_refused_where_servers_refuse_them() {
    let settings = Settings { refuse_chunked: true, accounts: vec![Account::simple(ANNA)], ..Settings::default() };
    let running = Simulator::start(settings).await.expect("a simulator");
    let reply: Reply = Client::new(&running, ANNA, PASSWORD).send_chunked().await;
    assert_eq!(reply.status, 400);
}
