//! Day one: the mailbox is full of what an earlier sync left.

use jiff::{SignedDuration, Timestamp};
use pocketdocket::{
    domain::{Body, BodyFormat, Kind, notes},
    plan::{
        HoldReason,
        adopt::{Decision, MatchVerdict, Obstacle},
    },
    simulator::{Fault, FaultRule, ItemView},
    state::{Pair, UndoFilter, UndoId, UndoState},
};

use super::{
    doors::over_graph,
    firm::{Firm, address, name, text},
};

/// Two events of an earlier sync with what the user added, taken over.
async fn with_adopted() -> (Firm, Vec<String>) {
    let firm = Firm::of(&["weber"]).await;
    let own = [("item:Body", "My own notes"), ("item:Categories", "Mine"), ("calendar:Location", "Somewhere")];
    let ids = (0..2).map(|hour| event(&firm, &format!("Event {hour}"), hour, &own)).collect();
    firm.many_events("weber", 2);
    firm.sql("UPDATE events SET notes = 'Bring the file', labels = 'Court', place = 'Room 1'");
    firm.tick().await;
    assert_eq!(decide(&firm, "weber", Decision::Adopt, is_pair), 2);
    firm.tick().await;
    firm.release_all();
    firm.tick().await;
    assert_eq!(stamped(&firm, "weber"), 2);
    (firm, ids)
}

/// Asks for all that was taken over to be undone.
fn ask_all(firm: &Firm) -> Vec<UndoId> {
    let all = firm.ledger.undoable(&UndoFilter::default()).expect("readable");
    firm.ledger
        .ask_undo(&all.into_iter().map(|one| (one, None)).collect::<Vec<_>>(), "test", firm.now())
        .expect("asked")
}

fn states(firm: &Firm, ids: &[UndoId]) -> Vec<UndoState> {
    ids.iter().map(|id| firm.ledger.undo_state(*id).expect("readable").expect("kept")).collect()
}

/// What their user reads. Over Graph the notes of events come back as HTML.
fn shown_notes(item: &ItemView) -> String {
    let format = if over_graph() { BodyFormat::Html } else { BodyFormat::Text };
    notes::text(&Body { format, text: text(item, "item:Body").into() }).trim().to_owned()
}

/// The items are what they were before they were taken over, and nothing lies beside them.
fn assert_handed_back(firm: &Firm, ids: &[String]) {
    for id in ids {
        let item = by_id(firm, id);
        assert_eq!((item.deleted, &item.stamp), (false, &None));
        assert_eq!(text(&item, "calendar:Location"), "Somewhere");
        assert_eq!(shown_notes(&item), "My own notes");
        let labels = text(&item, "item:Categories");
        assert!(labels.contains("Mine") && !labels.contains("Court"), "{labels}");
    }
    assert_eq!(firm.mailbox("weber").items.len(), ids.len(), "nothing beside them, not even deleted");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adoption_is_undone_and_nothing_is_created_beside_it() {
    let (mut firm, ids) = with_adopted().await;
    let asked = ask_all(&firm);
    assert_eq!(asked.len(), 2);
    firm.tick().await;
    assert_eq!(states(&firm, &asked), [UndoState::Done, UndoState::Done]);
    assert_handed_back(&firm, &ids);
    firm.assert_quiet("weber").await;
    firm.restart(true).await;
    firm.assert_quiet("weber").await;
    firm.sql("UPDATE events SET subject = 'Renamed'");
    firm.tick().await;
    assert_handed_back(&firm, &ids);
    let left = pairs(&firm, "weber");
    assert!(left.iter().all(Pair::is_left) && left.len() == 2, "{left:?}");
    let again = ask_all(&firm);
    firm.tick().await;
    assert!(states(&firm, &again).iter().all(|state| matches!(state, UndoState::Refused { .. })));
    assert_handed_back(&firm, &ids);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_lost_while_an_adoption_is_undone_doubles_nothing() {
    for dies in [false, true] {
        let (mut firm, ids) = with_adopted().await;
        let asked = ask_all(&firm);
        firm.sim.faults().add(FaultRule::new(Fault::LostReply).on("UpdateItem").times(1));
        firm.tick().await;
        assert_eq!(states(&firm, &asked), [UndoState::Waiting, UndoState::Waiting]);
        if dies {
            firm.restart(false).await;
        }
        for _ in 0..3 {
            firm.tick().await;
            firm.pass_time(SignedDuration::from_mins(10));
        }
        assert_eq!(states(&firm, &asked), [UndoState::Done, UndoState::Done]);
        assert_handed_back(&firm, &ids);
        firm.assert_quiet("weber").await;
        assert_handed_back(&firm, &ids);
    }
}

/// Pairs of a user's mailbox.
fn pairs(firm: &Firm, user: &str) -> Vec<Pair> {
    firm.ledger.adoptions(firm.status(user).user.mailbox.expect("linked")).expect("readable")
}

/// A person decides about every pair for which this is true.
fn decide(firm: &Firm, user: &str, decision: Decision, which: impl Fn(&Pair) -> bool) -> usize {
    let chosen: Vec<Pair> = pairs(firm, user).into_iter().filter(which).collect();
    firm.ledger.decide_adoptions(&name(user), &chosen, decision, "test", firm.now()).expect("as shown");
    chosen.len()
}

fn is_pair(pair: &Pair) -> bool {
    pair.found.verdict == MatchVerdict::OneToOne
}

fn event(firm: &Firm, subject: &str, hour: usize, more: &[(&str, &str)]) -> String {
    let (start, end) = (format!("2026-12-01T{:02}:00:00Z", 7 + hour), format!("2026-12-01T{:02}:30:00Z", 7 + hour));
    let mut fields = vec![("item:Subject", subject), ("calendar:Start", &start), ("calendar:End", &end)];
    fields.extend(more);
    firm.sim.phone(&address("weber")).add(Kind::Event, &fields).expect("added")
}

fn stamped(firm: &Firm, user: &str) -> usize {
    firm.mailbox(user).items.iter().filter(|item| !item.deleted && item.stamp.is_some()).count()
}

fn by_id(firm: &Firm, id: &str) -> ItemView {
    firm.mailbox("weber").items.into_iter().find(|item| item.id == id).expect("there")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_is_taken_over_with_consent_and_keeps_what_is_the_users() {
    let firm = Firm::of(&["weber"]).await;
    let own = [
        ("item:Body", "My own notes"),
        ("item:Categories", "Mine"),
        ("calendar:Location", "Somewhere"),
        ("item:Importance", "High"),
    ];
    let id = event(&firm, " Event 0 ", 0, &own);
    firm.many_events("weber", 1);
    firm.sql("UPDATE events SET notes = 'Bring the file', labels = 'Court', place = 'Room 1'");
    firm.tick().await;
    assert_eq!(firm.writes("weber"), 0);
    assert_eq!(decide(&firm, "weber", Decision::Adopt, is_pair), 1);
    firm.tick().await;
    assert_eq!(firm.writes("weber"), 0, "the first write waits for its plan, adoptions included");
    assert!(firm.hold_reasons().iter().all(|reason| *reason == HoldReason::FirstWrite), "{:?}", firm.hold_reasons());
    firm.release_all();
    let report = firm.tick().await;
    assert_eq!((report.cycles[0].counts.adopted, report.cycles[0].counts.created), (1, 0));
    let item = by_id(&firm, &id);
    assert!(item.stamp.is_some());
    assert_eq!(text(&item, "item:Subject"), " Event 0 ", "spaces are no difference that is written");
    assert_eq!(text(&item, "calendar:Location"), "Room 1");
    assert_eq!(text(&item, "item:Importance"), "High");
    let (body, labels) = (text(&item, "item:Body"), text(&item, "item:Categories"));
    assert!(body.contains("My own notes") && body.contains("Bring the file"), "{body}");
    assert!(labels.contains("Mine") && labels.contains("Court"), "{labels}");
    assert_eq!(firm.mailbox("weber").events().len(), 1);
    let mailbox = firm.status("weber").user.mailbox.expect("linked");
    let key = pocketdocket::domain::RecordKey::new(Kind::Event, "events", "e0");
    let images = firm.ledger.before_images(mailbox, &key).expect("readable");
    assert_eq!(images.len(), 1);
    assert_eq!(images[0].content.stamp, None, "the image before has no stamp: it was the user's");
    assert!(pairs(&firm, "weber").is_empty());
    firm.assert_quiet("weber").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_after_the_consent_voids_it() {
    let firm = Firm::of(&["weber"]).await;
    let id = event(&firm, "Event 0", 0, &[]);
    firm.many_events("weber", 1);
    firm.tick().await;
    decide(&firm, "weber", Decision::Adopt, is_pair);
    firm.sim.phone(&address("weber")).edit(&id, "calendar:Location", Some("My office")).expect("edited");
    firm.tick().await;
    let found = pairs(&firm, "weber");
    assert!(is_pair(&found[0]) && found[0].decided.is_none(), "{found:?}");
    firm.release_all();
    firm.ledger.status().expect("readable");
    assert_eq!(stamped(&firm, "weber"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_to_the_user_gets_no_second_item_and_what_is_kept_beside_does() {
    let firm = Firm::of(&["weber"]).await;
    for hour in 0..2 {
        event(&firm, &format!("Event {hour}"), hour, &[]);
    }
    firm.many_events("weber", 3);
    firm.tick().await;
    let numbered = |end: &'static str| move |pair: &Pair| pair.found.key.to_string().ends_with(end);
    assert_eq!(decide(&firm, "weber", Decision::Leave, numbered("e0")), 1);
    assert_eq!(decide(&firm, "weber", Decision::KeepBoth, numbered("e1")), 1);
    firm.tick().await;
    firm.release_all();
    firm.tick().await;
    assert_eq!(firm.subjects("weber"), ["Event 0", "Event 1", "Event 1", "Event 2"]);
    assert_eq!(stamped(&firm, "weber"), 2);
    assert_eq!(firm.holds(), []);
    firm.assert_quiet("weber").await;
    // Once more, on second thought.
    assert_eq!(decide(&firm, "weber", Decision::Adopt, numbered("e0")), 1);
    firm.tick().await;
    assert_eq!(stamped(&firm, "weber"), 3);
    assert_eq!(firm.subjects("weber").len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn meetings_series_and_doubles_are_refused_with_the_reason() {
    let firm = Firm::of(&["weber"]).await;
    let attendee = "<t:Attendee><t:Mailbox><t:EmailAddress>a@example.org</t:EmailAddress></t:Mailbox></t:Attendee>";
    event(&firm, "Event 0", 0, &[("calendar:RequiredAttendees", attendee)]);
    event(&firm, "Event 1", 1, &[("calendar:Recurrence", "<t:NoEndRecurrence/>")]);
    event(&firm, "Event 2", 2, &[]);
    event(&firm, "Event 2", 2, &[]);
    firm.many_events("weber", 3);
    firm.tick().await;
    let verdicts: Vec<MatchVerdict> = pairs(&firm, "weber").into_iter().map(|pair| pair.found.verdict).collect();
    assert_eq!(
        verdicts,
        [MatchVerdict::Never(Obstacle::Meeting), MatchVerdict::Never(Obstacle::Series), MatchVerdict::SeveralItems]
    );
    let refused = pairs(&firm, "weber");
    let error = firm.ledger.decide_adoptions(&name("weber"), &refused, Decision::Adopt, "test", Timestamp::UNIX_EPOCH);
    assert!(error.is_err(), "what is no pair cannot be accepted");
    firm.release_all();
    assert_eq!(stamped(&firm, "weber"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_with_2000_leftovers_ends_with_2000_items() {
    let firm = Firm::of(&["weber"]).await;
    fill(&firm, 2000);
    firm.tick().await;
    assert_eq!(firm.writes("weber"), 0);
    assert!(firm.hold_reasons().iter().any(|reason| matches!(reason, HoldReason::LooksAlreadyThere { .. })));
    let mailbox = firm.status("weber").user.mailbox.expect("linked");
    let unmatched: u64 = firm.ledger.leftovers(mailbox).expect("readable").values().map(|one| one.unmatched).sum();
    assert_eq!(unmatched, 10, "they stay the user's");
    assert_eq!(decide(&firm, "weber", Decision::Adopt, is_pair), 1970);
    assert_eq!(decide(&firm, "weber", Decision::Leave, |pair| !is_pair(pair)), 10);
    firm.tick().await;
    firm.release_all();
    let before = firm.mailbox("weber").counts;
    let report = firm.tick().await;
    assert_eq!(report.cycles[0].trouble, None, "{:?}", firm.mailbox("weber").counts);
    assert_eq!(firm.hold_reasons(), []);
    assert_eq!((report.cycles[0].counts.adopted, report.cycles[0].counts.created), (1970, 0), "{:?}", report.cycles);
    let view = firm.mailbox("weber");
    assert_eq!(view.items.iter().filter(|item| !item.deleted).count(), 2000);
    assert_eq!(stamped(&firm, "weber"), 1970);
    let requests = |what: &str| view.counts.requests[what] - before.requests.get(what).copied().unwrap_or(0);
    // Graph counts each part of a batch, and what is linked to a task is changed by itself.
    let most = if over_graph() { 2 * 1970 } else { 45 };
    assert!(requests("UpdateItem") <= most, "{:?}", view.counts);
    assert!(!view.counts.requests.contains_key("CreateItem"), "{:?}", view.counts);
    assert_eq!(firm.sim.mails_sent(), 0);
    firm.assert_nothing_doubled("weber");
    firm.assert_quiet("weber").await;
}

/// So many items of an earlier sync, half of them contacts, with the small differences that other programs make. Of every hundred
/// one item is a double of another, and one looks like nothing of ours in every two hundred.
pub(super) fn fill(firm: &Firm, items: usize) {
    let phone = firm.sim.phone(&address("weber"));
    let (mut contacts, mut tasks) = (Vec::new(), Vec::new());
    for n in 0..items / 2 {
        let (mobile, mail) = (format!("0681/30{n:05}"), format!("PERSON{n}@Example.org"));
        let own = if n % 100 == 0 { "Nobody" } else { "Person" };
        let name = format!("{own} {n}");
        phone
            .add(
                Kind::Contact,
                &[
                    ("contacts:GivenName", "Eva "),
                    ("contacts:Surname", name.as_str()),
                    ("contacts:PhoneNumber#MobilePhone", mobile.as_str()),
                    ("contacts:EmailAddress#EmailAddress1", mail.as_str()),
                ],
            )
            .expect("added");
        if n % 100 != 0 {
            contacts
                .push(format!("('c{n}', 'weber', 'Eva', 'Person {n}', 'person{n}@example.org', '+49 681 30{n:05}')"));
        }
        let subject =
            if n % 100 == 1 { format!("File the appeal {} ", n - 1) } else { format!("File the appeal {n} ") };
        let due = format!("2026-12-{:02}T00:00:00Z", 1 + n % 100 / 4);
        phone.add(Kind::Task, &[("item:Subject", subject.as_str()), ("task:DueDate", due.as_str())]).expect("added");
        if n % 100 != 1 {
            tasks.push(format!("('t{n}', 'weber', 'File the appeal {n}', '2026-12-{:02}')", 1 + n % 100 / 4));
        }
    }
    firm.sql(&format!(
        "INSERT INTO contacts (id, person, given, surname, email, phone) VALUES {}",
        contacts.join(", ")
    ));
    firm.sql(&format!("INSERT INTO tasks (id, person, subject, due) VALUES {}", tasks.join(", ")));
}
