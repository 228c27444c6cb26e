use jiff::SignedDuration;
use pocketdocket::simulator::{Fault, FaultRule};

use super::{
    doors::is_of_ews_alone,
    firm::{Firm, address, text},
};

/// What the server does at one of the first requests of a kind, and what must be true afterwards whatever it did.
async fn survives(fault: Fault, operation: &str) {
    let firm = Firm::of(&["weber"]).await;
    firm.many_events("weber", 30);
    firm.tick().await;
    firm.release_all();
    strike(&firm, &fault, operation);
    for _ in 0..3 {
        firm.tick().await;
        firm.release_all();
        firm.assert_nothing_doubled("weber");
        firm.pass_time(SignedDuration::from_mins(10));
    }
    assert_eq!(firm.subjects("weber").len(), 30, "{fault:?} at {operation}");
    firm.sim.faults().clear();
    firm.sql("UPDATE events SET subject = subject || '!' WHERE id IN ('e1', 'e2'); DELETE FROM events WHERE id = 'e3'");
    strike(&firm, &fault, operation);
    for _ in 0..3 {
        firm.tick().await;
        firm.assert_nothing_doubled("weber");
        firm.pass_time(SignedDuration::from_mins(10));
    }
    let subjects = firm.subjects("weber");
    assert_eq!(subjects.len(), 29, "{fault:?} at {operation}");
    assert_eq!(subjects.iter().filter(|subject| subject.ends_with('!')).count(), 2, "{fault:?} at {operation}");
    assert_eq!(firm.status("weber").user.parked, None, "{fault:?} at {operation}");
    firm.assert_quiet("weber").await;
}

/// Once. A 401 is taken for load only where the server spoke of load before.
fn strike(firm: &Firm, fault: &Fault, operation: &str) {
    if *fault == Fault::UnauthorizedBecauseBusy {
        let busy = Fault::Unavailable { retry_after_seconds: Some(1) };
        firm.sim.faults().add(FaultRule::new(busy).on(operation).times(1));
    }
    firm.sim.faults().add(FaultRule::new(fault.clone()).on(operation).times(1));
}

const WRITES: [&str; 3] = ["CreateItem", "UpdateItem", "DeleteItem"];

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_lost_after_the_write_doubles_and_loses_nothing() {
    for operation in WRITES {
        survives(Fault::LostReply, operation).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_batch_stored_and_then_silence_doubles_and_loses_nothing() {
    for operation in WRITES {
        survives(Fault::HalfBatch { stored: 1 }, operation).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_ends_in_the_middle_doubles_and_loses_nothing() {
    for operation in WRITES {
        survives(Fault::TruncatedBody { bytes: 300 }, operation).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_at_any_other_request_is_waited_out() {
    for operation in ["GetFolder", "SyncFolderItems", "GetItem", "CreateItem", "UpdateItem"] {
        survives(Fault::Unavailable { retry_after_seconds: Some(1) }, operation).await;
        survives(Fault::MailboxMoving, operation).await;
        survives(Fault::UnauthorizedBecauseBusy, operation).await;
    }
    survives(Fault::InvalidSyncState, "SyncFolderItems").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_asks_for_a_pause_gets_it_to_the_letter() {
    let firm = Firm::of(&["weber"]).await;
    firm.many_events("weber", 3);
    firm.tick().await;
    firm.release_all();
    firm.sim.faults().add(FaultRule::new(Fault::Busy { back_off_milliseconds: 600_000 }).times(1));
    firm.tick().await;
    let before = firm.mailbox("weber").counts.all_requests();
    assert!(firm.status("weber").user.waiting.is_some());
    for _ in 0..4 {
        firm.tick().await;
    }
    assert_eq!(firm.mailbox("weber").counts.all_requests(), before, "not one request before the pause is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_wrong_password_parks_the_link_and_is_never_tried_again() {
    if is_of_ews_alone() {
        return;
    }
    let firm = Firm::of(&["weber", "kaya"]).await;
    firm.event("1", "weber", "His", 3);
    firm.event("2", "kaya", "Hers", 3);
    firm.first_sync().await;
    firm.sim.faults().add(FaultRule::new(Fault::WrongPassword).in_mailbox(&address("weber")));
    firm.sql("UPDATE events SET subject = subject || ' moved'");
    for _ in 0..10 {
        firm.later().await;
    }
    assert!(firm.status("weber").user.parked.is_some());
    assert_eq!(firm.sim.refused_sign_ins(&address("weber")), 1);
    assert_eq!(firm.subjects("kaya"), ["Hers moved"], "one user's trouble stays with that user");
    firm.sim.faults().clear();
    let name = super::firm::name("weber");
    let password = secrecy::SecretString::from(pocketdocket::simulator::PASSWORD);
    firm.ledger.give_password(&name, &password, "test", firm.now()).expect("kept");
    firm.tick().await;
    assert_eq!(firm.subjects("weber"), ["His moved"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_many_mailboxes_share_is_not_locked_out_by_their_number() {
    if is_of_ews_alone() {
        return;
    }
    let firm = Firm::of(&[]).await;
    let users = ["adam", "bauer", "conrad", "dietz", "ernst", "franke"];
    let account = |password: &str| firm.sim.add_service_account("office", password.into()).expect("an account");
    let give = |password: &str| {
        for user in users {
            let password = secrecy::SecretString::from(password);
            firm.ledger.give_password(&super::firm::name(user), &password, "test", firm.now()).expect("kept");
        }
    };
    let parked = || users.iter().filter(|user| firm.status(user).user.parked.is_some()).count();
    account(pocketdocket::simulator::PASSWORD);
    for user in users {
        firm.sim.add_mailbox(&address(user), user, "its own".into()).expect("a mailbox");
        firm.sql(&format!("INSERT INTO people (id, name, email) VALUES ('{user}', '{user}', '{user}')"));
        firm.link_by(user, user, &address(user), "office").await;
        firm.event(user, user, "Hearing", 3);
    }
    firm.first_sync().await;
    account("another");
    for _ in 0..4 {
        firm.later().await;
    }
    assert_eq!(parked(), users.len());
    assert!(firm.sim.refused_sign_ins("office") <= 2, "{}", firm.sim.refused_sign_ins("office"));
    let before = firm.sim.refused_sign_ins("office");
    give(pocketdocket::simulator::PASSWORD);
    firm.later().await;
    assert_eq!((parked(), firm.sim.refused_sign_ins("office")), (users.len(), before + 1), "the old one, given again");
    give("another");
    firm.sql("UPDATE events SET subject = 'Hearing moved'");
    firm.later().await;
    assert_eq!(parked(), 0);
    for user in users {
        assert_eq!(firm.subjects(user), ["Hearing moved"], "{user}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_record_that_the_server_cannot_store_is_named_and_the_others_are_written() {
    let firm = Firm::of(&["weber"]).await;
    firm.many_events("weber", 20);
    firm.event("bad", "weber", "Poison", 9);
    firm.sim.faults().add(FaultRule::new(Fault::PoisonItem { text: "Poison".to_owned() }));
    firm.tick().await;
    firm.release_all();
    firm.tick().await;
    assert_eq!(firm.subjects("weber").len(), 20);
    let mailbox = firm.status("weber").user.mailbox.expect("proven");
    let parked = firm.ledger.parked_records(mailbox).expect("readable");
    assert_eq!(parked.iter().map(|parked| parked.key.record.as_str()).collect::<Vec<_>>(), ["bad"]);
    firm.assert_quiet("weber").await;
    firm.sql("UPDATE events SET subject = 'Harmless' WHERE id = 'bad'");
    firm.tick().await;
    assert_eq!(firm.subjects("weber").len(), 21, "it changed, so it is tried again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_the_server_drops_is_not_fought_for() {
    let firm = Firm::of(&["weber"]).await;
    firm.sim.faults().add(FaultRule::new(Fault::FieldDropped { field: "calendar:Location".to_owned() }));
    firm.event("1", "weber", "Hearing", 3);
    firm.first_sync().await;
    firm.assert_quiet("weber").await;
    let phone = firm.sim.phone(&address("weber"));
    let id = firm.mailbox("weber").events()[0].id.clone();
    phone.edit(&id, "item:Subject", Some("Edited")).expect("edited");
    firm.later().await;
    assert_eq!(firm.subjects("weber"), ["Hearing"]);
    firm.assert_quiet("weber").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_touches_what_it_stores_causes_no_endless_writing() {
    let firm = Firm::of(&["weber"]).await;
    firm.sim.faults().add(FaultRule::new(Fault::ServerTouches));
    firm.many_events("weber", 5);
    firm.first_sync().await;
    firm.assert_quiet("weber").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_mailbox_waits_and_the_others_go_on() {
    let firm = Firm::of(&["weber", "kaya"]).await;
    firm.event("1", "weber", "His", 3);
    firm.event("2", "kaya", "Hers", 3);
    firm.tick().await;
    firm.release_all();
    firm.sim.faults().add(FaultRule::new(Fault::QuotaExceeded).in_mailbox(&address("weber")));
    firm.tick().await;
    assert_eq!(firm.subjects("kaya"), ["Hers"]);
    assert_eq!(firm.subjects("weber"), [""; 0]);
    assert!(firm.status("weber").user.waiting.is_some());
    firm.sim.faults().clear();
    firm.pass_time(SignedDuration::from_mins(50));
    firm.tick().await;
    firm.release_all();
    firm.pass_time(SignedDuration::from_mins(61));
    firm.tick().await;
    firm.release_all();
    firm.tick().await;
    assert_eq!(firm.subjects("weber"), ["His"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_another_make_is_kept_true_without_fighting_it() {
    let firm = Firm::lenient(&["weber"]).await;
    firm.many_events("weber", 30);
    firm.sql(
        "INSERT INTO contacts (id, person, given, surname, email, phone, notes) VALUES
            ('k1', 'weber', 'Eva', 'Muster', 'eva@example.org', '+49 681 30217', 'Knows the file');
         INSERT INTO tasks (id, person, subject, due) VALUES ('t1', 'weber', 'File the appeal', '2026-12-01');",
    );
    firm.first_sync().await;
    firm.assert_quiet("weber").await;
    firm.sql(
        "UPDATE events SET subject = 'Moved', starts = '2026-12-20 09:00', ends = '2026-12-20 09:30' WHERE id = 'e1';
         UPDATE tasks SET due = '2026-12-02', subject = 'File the appeal today';
         UPDATE contacts SET phone = '+49 681 99999', notes = 'Knows both files'",
    );
    firm.tick().await;
    let view = firm.mailbox("weber");
    assert!(firm.subjects("weber").contains(&"Moved".to_owned()));
    assert_eq!(text(view.contacts()[0], "contacts:PhoneNumber#MobilePhone"), "+49 681 99999");
    assert_eq!(text(view.tasks()[0], "item:Subject"), "File the appeal today");
    firm.assert_quiet("weber").await;
    firm.assert_nothing_doubled("weber");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_over_which_the_server_stumbles_for_ever_does_not_starve_the_others() {
    let firm = Firm::of(&["weber"]).await;
    firm.event("first", "weber", "First", 1);
    firm.first_sync().await;
    firm.sql(
        "INSERT INTO events (id, person, subject, starts, ends) VALUES
            ('bad', 'weber', 'Stumble', '2026-11-24 09:00', '2026-11-24 09:30')",
    );
    firm.event("good", "weber", "Good", 9);
    firm.sim.faults().add(FaultRule::new(Fault::ItemRefused {
        text: "Stumble".to_owned(),
        code: "ErrorInternalServerTransientError".to_owned(),
    }));
    for _ in 0..14 {
        firm.tick().await;
    }
    assert_eq!(firm.subjects("weber"), ["First", "Good"]);
    let mailbox = firm.status("weber").user.mailbox.expect("proven");
    let parked = firm.ledger.parked_records(mailbox).expect("readable");
    assert_eq!(parked.iter().map(|parked| parked.key.record.as_str()).collect::<Vec<_>>(), ["bad"], "it is named");
    firm.assert_quiet("weber").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_was_never_reached_does_not_stop_in_silence() {
    let firm = Firm::of(&["weber"]).await;
    firm.event("1", "weber", "Hearing", 3);
    firm.sim.faults().add(FaultRule::new(Fault::MailboxMoving));
    firm.tick().await;
    let status = firm.status("weber");
    assert!(status.is_silent(firm.now(), SignedDuration::from_hours(26)), "{status:?}");
    assert!(status.user.waiting.is_some_and(|waiting| waiting.cause.contains("ErrorMailboxMoveInProgress")));
    firm.sim.faults().clear();
    firm.first_sync().await;
    assert!(!firm.status("weber").is_silent(firm.now(), SignedDuration::from_hours(26)));
}
