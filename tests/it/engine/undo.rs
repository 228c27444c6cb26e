//! Undoing, from the ledger to the phone and back.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use pocketdocket::{
    domain::{Kind, RecordKey},
    plan::{HoldReason, PrivacyMode, Templates, undo::Refused},
    simulator::{Fault, FaultRule},
    state::{HistoryFilter, RunId, UndoFilter, UndoId, UndoState},
};

use super::firm::{Firm, address, text};

fn key(record: &str) -> RecordKey {
    RecordKey::new(Kind::Event, "events", record)
}

/// Asks for the last thing that was done for each of these records to be undone.
fn ask_last(firm: &Firm, records: &[&str]) -> Vec<UndoId> {
    let all = firm.ledger.undoable(&UndoFilter::default()).expect("readable");
    let last = records.iter().map(|record| {
        let mut undoable = all.iter().find(|one| one.key == key(record)).expect("something was done").clone();
        undoable.entries = undoable.entries.last().copied().into_iter().collect();
        (undoable, None)
    });
    firm.ledger.ask_undo(&last.collect::<Vec<_>>(), "test", firm.now()).expect("asked")
}

fn state(firm: &Firm, id: UndoId) -> UndoState {
    firm.ledger.undo_state(id).expect("readable").expect("kept")
}

fn id_of(firm: &Firm, subject: &str) -> String {
    let view = firm.mailbox("weber");
    let item = view.items.iter().find(|item| !item.deleted && text(item, "item:Subject") == subject);
    item.unwrap_or_else(|| panic!("`{subject}` is on the phone")).id.clone()
}

async fn with_hearing() -> Firm {
    let firm = Firm::of(&["weber"]).await;
    firm.event("1", "weber", "Hearing", 3);
    firm.event("2", "weber", "Other", 4);
    firm.first_sync().await;
    firm
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_goes_back_and_stays_until_the_record_changes() {
    let firm = with_hearing().await;
    let phone = firm.sim.phone(&address("weber"));
    phone.write_around(&id_of(&firm, "Hearing"), "Parking: level 2\n", "").expect("written");
    firm.later().await;
    firm.sql("UPDATE events SET subject = 'Wrong', place = NULL, notes = 'Wrong file' WHERE id = '1'");
    firm.tick().await;
    assert_eq!(firm.subjects("weber"), ["Other", "Wrong"]);
    let id = ask_last(&firm, &["1"])[0];
    firm.tick().await;
    assert_eq!(state(&firm, id), UndoState::Done);
    let check = |firm: &Firm| {
        let view = firm.mailbox("weber");
        let event = view.events().into_iter().find(|event| text(event, "item:Subject") == "Hearing").expect("back");
        assert_eq!(text(event, "calendar:Location"), "Room 1");
        let body = text(event, "item:Body");
        assert!(
            body.contains("Parking: level 2") && body.contains("Bring the file") && !body.contains("Wrong"),
            "{body}"
        );
    };
    check(&firm);
    firm.assert_quiet("weber").await;
    check(&firm);
    firm.sql("UPDATE events SET subject = 'Right' WHERE id = '1'");
    firm.tick().await;
    assert_eq!(firm.subjects("weber"), ["Other", "Right"]);
    let view = firm.mailbox("weber");
    let event = view.events().into_iter().find(|event| text(event, "item:Subject") == "Right").expect("there").clone();
    assert_eq!(text(&event, "calendar:Location"), "", "the pin is over, and the record has no place");
    assert!(text(&event, "item:Body").contains("Wrong file"), "{}", text(&event, "item:Body"));
    firm.assert_quiet("weber").await;
}

/// A hearing whose subject and place were brought back by an undo, and templates that make other text of everything.
async fn undone_and_meant_otherwise() -> Firm {
    let mut firm = with_hearing().await;
    firm.sql("UPDATE events SET subject = 'Wrong', place = NULL WHERE id = '1'");
    firm.tick().await;
    let id = ask_last(&firm, &["1"])[0];
    firm.tick().await;
    assert_eq!((state(&firm, id), firm.subjects("weber")), (UndoState::Done, vec!["Hearing".into(), "Other".into()]));
    let template = |text: &str| text.parse().expect("a template");
    let templates = Templates { subject: template("§ {subject}"), notes: template("{notes} (from the office)") };
    firm.scope.templates.insert(Kind::Event, templates);
    firm
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_undone_stays_so_when_a_person_agrees_to_another_meaning() {
    let mut firm = undone_and_meant_otherwise().await;
    firm.restart(true).await;
    firm.tick().await;
    assert_eq!(firm.subjects("weber"), ["Hearing", "Other"]);
    for hold in firm.holds() {
        let HoldReason::MeaningChanged { changes } = &hold.reason else { panic!("{hold:?}") };
        firm.ledger.approve_meaning(changes, hold.operations, "test", firm.now()).expect("kept");
    }
    firm.tick().await;
    let place = |firm: &Firm, subject: &str| {
        let view = firm.mailbox("weber");
        let event = view.events().into_iter().find(|event| text(event, "item:Subject") == subject).expect("there");
        (text(event, "calendar:Location"), text(event, "item:Body").contains("(from the office)"))
    };
    assert_eq!(firm.subjects("weber"), ["Hearing", "§ Other"], "the rest is written in the new meaning");
    assert_eq!(place(&firm, "Hearing"), ("Room 1".to_owned(), true), "and what was not undone of this one too");
    firm.assert_quiet("weber").await;
    firm.restart(true).await;
    firm.assert_quiet("weber").await;
    assert_eq!(firm.subjects("weber"), ["Hearing", "§ Other"]);
    // A second change of meaning does not find the pin gone.
    firm.scope.templates.clear();
    firm.restart(true).await;
    firm.tick().await;
    for hold in firm.holds() {
        let HoldReason::MeaningChanged { changes } = &hold.reason else { panic!("{hold:?}") };
        firm.ledger.approve_meaning(changes, hold.operations, "test", firm.now()).expect("kept");
    }
    firm.tick().await;
    assert_eq!(firm.subjects("weber"), ["Hearing", "Other"]);
    assert_eq!(place(&firm, "Hearing"), ("Room 1".to_owned(), false));
    firm.sql("UPDATE events SET subject = 'Right' WHERE id = '1'");
    firm.tick().await;
    assert_eq!(firm.subjects("weber"), ["Other", "Right"]);
    assert_eq!(place(&firm, "Right"), (String::new(), false), "the record changed: the pin is over");
    firm.assert_quiet("weber").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tighter_privacy_is_stronger_than_what_was_undone() {
    let mut firm = undone_and_meant_otherwise().await;
    firm.scope.privacy = PrivacyMode::Busy;
    firm.restart(true).await;
    firm.tick().await;
    assert_eq!(firm.subjects("weber"), ["Appointment", "Appointment"]);
    firm.assert_quiet("weber").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_goes_to_deleted_items_and_stays_away_until_the_record_changes() {
    let mut firm = with_hearing().await;
    let id = ask_last(&firm, &["1"])[0];
    firm.tick().await;
    assert_eq!((state(&firm, id), firm.subjects("weber")), (UndoState::Done, vec!["Other".to_owned()]));
    let view = firm.mailbox("weber");
    assert!(view.items.iter().any(|item| item.deleted && text(item, "item:Subject") == "Hearing"), "not for good");
    firm.assert_quiet("weber").await;
    firm.restart(true).await;
    firm.assert_quiet("weber").await;
    assert_eq!(firm.subjects("weber"), ["Other"]);
    firm.sql("UPDATE events SET place = 'Room 2' WHERE id = '1'");
    firm.tick().await;
    assert_eq!(firm.subjects("weber"), ["Hearing", "Other"]);
    firm.assert_nothing_doubled("weber");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_gives_the_item_to_its_user_and_we_never_touch_it_again() {
    let firm = with_hearing().await;
    let phone = firm.sim.phone(&address("weber"));
    phone.write_around(&id_of(&firm, "Hearing"), "Parking: level 2\n", "").expect("written");
    firm.later().await;
    firm.sql("DELETE FROM events WHERE id = '1'");
    firm.tick().await;
    assert_eq!(firm.subjects("weber"), ["Other"]);
    let id = ask_last(&firm, &["1"])[0];
    firm.tick().await;
    assert_eq!((state(&firm, id), firm.subjects("weber")), (UndoState::Done, vec!["Hearing".into(), "Other".into()]));
    let view = firm.mailbox("weber");
    let event = view.events().into_iter().find(|event| text(event, "item:Subject") == "Hearing").expect("back").clone();
    assert_eq!((event.stamp.as_deref(), text(&event, "calendar:Location").as_str()), (None, "Room 1"));
    let body = text(&event, "item:Body");
    assert!(body.contains("Parking: level 2") && body.contains("Bring the file"), "{body}");
    assert!(!body.contains("Pocket Docket"), "nothing says any more that it is kept up to date: {body}");
    firm.assert_quiet("weber").await;
    let again = ask_last(&firm, &["1"])[0];
    firm.tick().await;
    assert_eq!(state(&firm, again), UndoState::Refused { why: Refused::Given });
    assert_eq!(firm.subjects("weber"), ["Hearing", "Other"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_we_wrote_over_comes_back_to_the_phone() {
    let firm = with_hearing().await;
    let phone = firm.sim.phone(&address("weber"));
    phone.edit(&id_of(&firm, "Hearing"), "item:Subject", Some("Lunch")).expect("edited");
    firm.later().await;
    assert_eq!(firm.subjects("weber"), ["Hearing", "Other"], "restored");
    let id = ask_last(&firm, &["1"])[0];
    firm.tick().await;
    assert_eq!((state(&firm, id), firm.subjects("weber")), (UndoState::Done, vec!["Lunch".into(), "Other".into()]));
    firm.assert_quiet("weber").await;
    assert_eq!(firm.subjects("weber"), ["Lunch", "Other"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_run_is_undone_and_once_is_enough() {
    let firm = Firm::of(&["weber", "kaya"]).await;
    firm.many_events("weber", 6);
    firm.event("k", "kaya", "Hers", 3);
    firm.first_sync().await;
    firm.sql("UPDATE events SET subject = 'Wrong' WHERE id IN ('e1', 'e2'); DELETE FROM events WHERE id = 'e3'");
    firm.tick().await;
    let history = firm.ledger.history(&HistoryFilter::default()).expect("readable");
    let run = history.first().expect("something was done").run;
    let ask = |filter: &UndoFilter| {
        let found = firm.ledger.undoable(filter).expect("readable");
        let asked: Vec<_> = found.into_iter().map(|one| (one, None)).collect();
        firm.ledger.ask_undo(&asked, "test", firm.now()).expect("asked")
    };
    let filter = UndoFilter { run: Some(run), ..UndoFilter::default() };
    let ids = ask(&filter);
    assert_eq!(ids.len(), 3);
    firm.tick().await;
    assert_eq!(firm.subjects("weber"), (0..6).map(|n| format!("Event {n}")).collect::<Vec<_>>());
    assert!(ids.iter().all(|id| state(&firm, *id) == UndoState::Done));
    firm.assert_quiet("weber").await;
    let writes = firm.writes("weber");
    let again = ask(&filter);
    firm.tick().await;
    assert!(again.iter().all(|id| state(&firm, *id) == UndoState::Refused { why: Refused::AlreadyUndone }));
    assert_eq!((firm.writes("weber"), firm.subjects("kaya")), (writes, vec!["Hers".to_owned()]));
    assert_eq!(ask(&UndoFilter { run: Some(RunId(9_999)), ..UndoFilter::default() }), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_else_than_what_was_shown_is_done() {
    let firm = with_hearing().await;
    firm.sql("UPDATE events SET subject = 'Wrong'");
    firm.tick().await;
    let phone = firm.sim.phone(&address("weber"));
    let view = firm.mailbox("weber");
    let edited = view.events()[0].id.clone();
    phone.edit(&edited, "item:Subject", Some("Lunch")).expect("edited");
    let found = firm.ledger.undoable(&UndoFilter::default()).expect("readable");
    let shown = pocketdocket::plan::OperationDigest([7; 16]);
    let asked: Vec<_> = found
        .into_iter()
        .map(|mut one| {
            one.entries = one.entries.last().copied().into_iter().collect::<BTreeSet<_>>();
            (one, Some(shown))
        })
        .collect();
    let ids = firm.ledger.ask_undo(&asked, "test", firm.now()).expect("asked");
    firm.tick().await;
    let mut states: Vec<UndoState> = ids.iter().map(|id| state(&firm, *id)).collect();
    states.sort_by_key(|state| format!("{state:?}"));
    assert_eq!(states[1], UndoState::Refused { why: Refused::Differs });
    assert!(matches!(&states[0], UndoState::Refused { why: Refused::ChangedByUser { fields } } if fields.len() == 1));
    firm.tick().await;
    assert_eq!(firm.subjects("weber"), ["Wrong", "Wrong"], "the sync goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_done_within_an_hour_is_asked_again() {
    let firm = with_hearing().await;
    firm.sql("UPDATE events SET subject = 'Wrong' WHERE id = '1'");
    firm.tick().await;
    let id = ask_last(&firm, &["1"])[0];
    firm.sim.faults().add(FaultRule::new(Fault::Unavailable { retry_after_seconds: Some(1) }).times(1));
    firm.tick().await;
    assert_eq!(state(&firm, id), UndoState::Waiting);
    firm.pass_time(SignedDuration::from_mins(61));
    firm.tick().await;
    assert_eq!(state(&firm, id), UndoState::Refused { why: Refused::Expired });
    assert_eq!(firm.subjects("weber"), ["Other", "Wrong"]);
}

/// The reply to the write is lost, the process dies as well or does not; afterwards it is as if nothing had happened.
async fn survives(change: &str, operation: &str, dies: bool, after: &[&str]) {
    let mut firm = with_hearing().await;
    if !change.is_empty() {
        firm.sql(change);
        firm.tick().await;
    }
    let id = ask_last(&firm, &["1"])[0];
    firm.sim.faults().add(FaultRule::new(Fault::LostReply).on(operation).times(1));
    firm.tick().await;
    assert_eq!(state(&firm, id), UndoState::Waiting, "{operation}: nobody knows");
    if dies {
        firm.restart(false).await;
        // It comes back long after what was shown would have expired.
        firm.pass_time(SignedDuration::from_mins(90));
    }
    for _ in 0..3 {
        firm.tick().await;
        firm.pass_time(SignedDuration::from_mins(10));
    }
    assert_eq!(state(&firm, id), UndoState::Done, "{operation}");
    assert_eq!(firm.subjects("weber"), after, "{operation}");
    firm.assert_nothing_doubled("weber");
    firm.assert_quiet("weber").await;
    assert_eq!(firm.subjects("weber"), after, "{operation}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_lost_in_the_middle_of_an_undo_doubles_and_loses_nothing() {
    for dies in [false, true] {
        let wrong = "UPDATE events SET subject = 'Wrong', place = NULL WHERE id = '1'";
        survives(wrong, "UpdateItem", dies, &["Hearing", "Other"]).await;
        survives("DELETE FROM events WHERE id = '1'", "CreateItem", dies, &["Hearing", "Other"]).await;
        survives("", "DeleteItem", dies, &["Other"]).await;
    }
}
