use jiff::SignedDuration;
use pocketdocket::plan::HoldReason;

use super::{
    doors::over_graph,
    firm::{Firm, text},
};

#[tokio::test(flavor = "multi_thread")]
async fn the_first_plan_waits_and_then_everything_is_on_the_phone_with_all_its_fields() {
    let firm = Firm::of(&["weber"]).await;
    firm.event("1", "weber", "Hearing <Müller & Söhne>", 3);
    firm.sql(
        "INSERT INTO contacts (id, person, given, surname, company, email, phone, notes) VALUES
            ('k1', 'weber', 'Eva', 'Muster', 'Muster AG', 'eva@example.org', '+49 681 30217', 'Knows the file');
         INSERT INTO tasks (id, person, subject, due) VALUES ('t1', 'weber', 'File the appeal', '2026-12-01');
         INSERT INTO events (id, person, subject, starts, ends, all_day) VALUES
            ('d1', 'weber', 'Conference', '2026-12-07', '2026-12-08', 1);",
    );
    let report = firm.tick().await;
    assert_eq!(report.cycles[0].trouble, None);
    assert_eq!(firm.writes("weber"), 0, "nothing is written before somebody saw the plan");
    assert!(firm.hold_reasons().iter().all(|reason| *reason == HoldReason::FirstWrite));
    firm.release_all();
    firm.tick().await;

    let view = firm.mailbox("weber");
    let event = view.events().into_iter().find(|event| text(event, "item:Subject").contains("Söhne")).expect("there");
    assert_eq!(text(event, "item:Subject"), "Hearing <Müller & Söhne>");
    assert_eq!(text(event, "calendar:Location"), "Room 1");
    assert!(text(event, "item:Body").contains("Bring the file"));
    // 10 o'clock in Berlin in December.
    assert!(text(event, "calendar:Start").starts_with("2026-12-03T09:00:00"), "{}", text(event, "calendar:Start"));
    let contact = view.contacts()[0];
    assert_eq!(text(contact, "contacts:Surname"), "Muster");
    assert_eq!(text(contact, "contacts:CompanyName"), "Muster AG");
    assert_eq!(text(contact, "contacts:PhoneNumber#MobilePhone"), "+49 681 30217");
    assert_eq!(text(view.tasks()[0], "item:Subject"), "File the appeal");
    assert_eq!(firm.subjects("weber"), ["Conference", "Hearing <Müller & Söhne>"]);
    assert!(firm.status("weber").proven.is_some(), "what was written was read back");
    assert_eq!(firm.sim.mails_sent(), 0);
    firm.assert_quiet("weber").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_new_rows_and_deletions_reach_the_phone_and_touch_nothing_else() {
    let firm = Firm::of(&["weber"]).await;
    firm.many_events("weber", 20);
    firm.first_sync().await;
    let before = firm.writes("weber");
    firm.sql("UPDATE events SET subject = 'Moved hearing' WHERE id = 'e3'; DELETE FROM events WHERE id = 'e4'");
    firm.event("new", "weber", "New meeting", 9);
    firm.tick().await;
    let subjects = firm.subjects("weber");
    assert_eq!(subjects.len(), 20);
    assert!(subjects.contains(&"Moved hearing".to_owned()) && subjects.contains(&"New meeting".to_owned()));
    assert!(!subjects.contains(&"Event 4".to_owned()));
    assert_eq!(firm.writes("weber") - before, 3);
    assert_eq!(firm.mailbox("weber").deleted().len(), 1, "where the user can find it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_tick_asks_the_mailbox_nothing() {
    let firm = Firm::of(&["weber"]).await;
    firm.many_events("weber", 3);
    firm.first_sync().await;
    let before = firm.mailbox("weber").counts.all_requests();
    firm.tick().await;
    assert_eq!(firm.mailbox("weber").counts.all_requests(), before);
    firm.later().await;
    assert!(firm.mailbox("weber").counts.all_requests() > before, "every quarter of an hour it is observed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_sync_takes_a_request_per_batch_and_a_few_per_folder() {
    let firm = Firm::of(&["weber"]).await;
    firm.many_events("weber", 120);
    firm.tick().await;
    let before = firm.mailbox("weber").counts.all_requests();
    firm.release_all();
    firm.tick().await;
    let requests = firm.mailbox("weber").counts;
    // Graph counts each part of a batch.
    let writes = if over_graph() { 120 } else { 3 };
    assert_eq!(requests.requests["CreateItem"], writes, "120 items in batches of 50");
    let looks = if over_graph() { 120 } else { 3 };
    assert!(requests.all_requests() - before <= writes + looks + 12, "{requests:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_soon_is_written_first() {
    let firm = Firm::of(&["weber"]).await;
    firm.many_events("weber", 60);
    firm.sql(
        "INSERT INTO events (id, person, subject, starts, ends) VALUES
            ('soon', 'weber', 'Tomorrow', '2026-11-24 10:00', '2026-11-24 11:00')",
    );
    firm.first_sync().await;
    let view = firm.mailbox("weber");
    let oldest = view.items.iter().find(|item| item.stamp.is_some()).expect("something");
    assert_eq!(text(oldest, "item:Subject"), "Tomorrow");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_goes_to_somebody_else_leaves_one_phone_and_reaches_the_other() {
    let firm = Firm::of(&["weber", "kaya"]).await;
    firm.event("1", "weber", "Hearing", 3);
    firm.event("2", "weber", "Stays", 4);
    firm.event("3", "kaya", "Hers", 4);
    firm.first_sync().await;
    firm.sql("UPDATE events SET person = 'kaya' WHERE id = '1'");
    firm.tick().await;
    assert_eq!(firm.subjects("weber"), ["Stays"]);
    assert_eq!(firm.subjects("kaya"), ["Hearing", "Hers"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_links_into_one_mailbox_form_a_union_without_doubles() {
    let firm = Firm::of(&["weber"]).await;
    firm.sql("INSERT INTO people (id, name) VALUES ('kaya', 'kaya')");
    firm.link("kaya", "kaya", "weber@kanzlei.example").await;
    firm.event("1", "weber", "Shared", 3);
    firm.event("1", "kaya", "Shared", 3);
    firm.event("2", "kaya", "Only hers", 4);
    firm.first_sync().await;
    assert_eq!(firm.subjects("weber"), ["Only hers", "Shared"]);
    firm.sql("DELETE FROM events WHERE id = '1' AND person = 'weber'");
    firm.tick().await;
    assert_eq!(firm.subjects("weber"), ["Only hers", "Shared"], "kaya still has it");
    firm.assert_quiet("weber").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_writes_nothing_and_goes_on() {
    let mut firm = Firm::of(&["weber"]).await;
    firm.many_events("weber", 5);
    firm.first_sync().await;
    for in_good_order in [true, false] {
        let before = firm.writes("weber");
        firm.restart(in_good_order).await;
        firm.tick().await;
        assert_eq!(firm.writes("weber"), before);
    }
    firm.sql("UPDATE events SET subject = 'After the restart' WHERE id = 'e0'");
    firm.tick().await;
    assert!(firm.subjects("weber").contains(&"After the restart".to_owned()));
    firm.assert_nothing_doubled("weber");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_time_moves_out_of_the_window_stays_and_what_changes_is_still_kept_true() {
    let firm = Firm::of(&["weber"]).await;
    firm.event("1", "weber", "Old hearing", 3);
    firm.event("2", "weber", "Other", 4);
    firm.first_sync().await;
    firm.pass_time(SignedDuration::from_hours(24 * 60));
    firm.tick().await;
    assert_eq!(firm.subjects("weber"), ["Old hearing", "Other"], "kept, no longer maintained");
    firm.sql("UPDATE events SET subject = 'Corrected' WHERE id = '1'");
    firm.tick().await;
    assert_eq!(firm.subjects("weber"), ["Corrected", "Other"]);
}
