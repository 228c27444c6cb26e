use std::collections::BTreeSet;

use super::*;
use crate::{
    domain::{QueryName, RowProblem, Stamp},
    plan::{Finding, FindingKind, Hold, HoldReason},
    ports::{Owner, Sighting, SyncToken},
};

fn sighting(id: &str, version: u32, stamp: impl Into<Option<String>>) -> Sighting {
    Sighting { item: item(id, version), stamp: stamp.into(), created: Some(at(-5)), place: Place::Home }
}

fn stamp(firm: FirmId, record: &str) -> String {
    Stamp { firm, key: key(record) }.to_string()
}

fn token(text: &str) -> SyncToken {
    SyncToken(text.into())
}

/// A mailbox whose event folder is known.
fn with_folder() -> (Desk, MailboxId) {
    let desk = Desk::new();
    let mailbox = desk.mailbox();
    desk.ledger.set_folder(mailbox, Kind::Event, &FolderId("calendar".into())).expect("noted");
    (desk, mailbox)
}

#[test]
fn one_mailbox_has_one_number_whatever_address_led_there() {
    let desk = Desk::new();
    let shouted = MailboxIdentity { server: "MAIL.example.org".into(), ..identity("root-1") };
    let first = desk.mailbox();
    assert_eq!(desk.ledger.mailbox_for(&shouted, at(1)).expect("known"), first);
    assert_eq!(desk.ledger.mailbox_identity(first).expect("known"), identity("root-1"), "as it was first seen");
    let other = desk.ledger.mailbox_for(&identity("ROOT-1"), at(1)).expect("new");
    assert_ne!(other, desk.mailbox(), "folder ids are compared exactly");
    assert_eq!(desk.ledger.mailbox_identity(other).expect("known"), identity("ROOT-1"));
    assert!(matches!(desk.ledger.mailbox_identity(MailboxId(99)), Err(LedgerError::NoSuchMailbox(_))));
}

#[test]
fn a_proof_is_kept_with_its_manner() {
    let desk = Desk::new();
    let mailbox = desk.mailbox();
    assert_eq!(desk.ledger.proven(mailbox).expect("read"), None);
    let proof = Proof { at: at(3), how: ProofHow::WriteReadBack };
    desk.ledger.set_proven(mailbox, proof).expect("noted");
    assert_eq!(desk.ledger.proven(mailbox).expect("read"), Some(proof));
    assert!(desk.ledger.set_proven(MailboxId(99), proof).is_err());
}

#[test]
fn a_patched_observation_equals_a_full_one() {
    let (desk, mailbox) = with_folder();
    let ledger = &desk.ledger;
    let first = [
        sighting("a", 1, stamp(FIRM, "1")),
        sighting("b", 1, stamp(FIRM, "2")),
        sighting("c", 1, None),
        sighting("d", 1, stamp(FIRM, "1")),
    ];
    ledger.store_observation_full(mailbox, Kind::Event, &first, &token("t1"), at(1)).expect("stored");
    let changed = [sighting("b", 2, stamp(FIRM, "2")), sighting("c", 2, stamp(FIRM, "3")), sighting("e", 1, None)];
    let gone = [ItemId("d".into()), ItemId("never seen".into())];
    ledger.store_observation_patch(mailbox, Kind::Event, &changed, &gone, &token("t2"), at(2)).expect("stored");
    let patched = ledger.observed_all(mailbox).expect("read");

    let (other, other_mailbox) = with_folder();
    let now = [
        sighting("a", 1, stamp(FIRM, "1")),
        sighting("b", 2, stamp(FIRM, "2")),
        sighting("c", 2, stamp(FIRM, "3")),
        sighting("e", 1, None),
    ];
    other.ledger.store_observation_full(other_mailbox, Kind::Event, &now, &token("t2"), at(2)).expect("stored");
    assert_eq!(patched, other.ledger.observed_all(other_mailbox).expect("read"));
    assert_eq!(ledger.unstamped(mailbox, Kind::Event).expect("read"), [item("e", 1)]);
    let folder = ledger.folder(mailbox, Kind::Event).expect("read").expect("known");
    assert_eq!((folder.token, folder.observed_at), (Some(token("t2")), Some(at(2))));
    assert_eq!(folder.fully_observed_at, Some(at(1)));
    let some = ledger.observed(mailbox, &[key("1"), key("9")].into()).expect("read");
    assert_eq!(some.copies(&key("1")).iter().map(|seen| seen.created).collect::<Vec<_>>(), [Some(at(-5))]);
    assert_eq!(some.keys().count(), 1);
}

#[test]
fn an_observation_and_its_token_are_stored_together_or_not_at_all() {
    let desk = Desk::new();
    let mailbox = desk.mailbox();
    let seen = [sighting("a", 1, stamp(FIRM, "1"))];
    let refused = desk.ledger.store_observation_full(mailbox, Kind::Event, &seen, &token("t"), at(1));
    assert!(matches!(refused, Err(LedgerError::NoSuchFolder { .. })));
    assert_eq!(desk.ledger.observed_all(mailbox).expect("read").keys().count(), 0);
}

#[test]
fn another_folder_begins_without_token_and_observation() {
    let (desk, mailbox) = with_folder();
    let ledger = &desk.ledger;
    let seen = [sighting("a", 1, stamp(FIRM, "1"))];
    ledger.store_observation_full(mailbox, Kind::Event, &seen, &token("t1"), at(1)).expect("stored");
    let owner = Owner("us".into());
    ledger.set_claimed(mailbox, Kind::Event, &owner).expect("noted");
    let folder = |name: &str| ledger.set_folder(mailbox, Kind::Event, &FolderId(name.into())).expect("noted");
    assert!(!folder("calendar"), "the same");
    let known = ledger.folder(mailbox, Kind::Event).expect("read").expect("known");
    assert_eq!((known.token, known.claimed), (Some(token("t1")), Some(owner)));
    ledger.forget_token(mailbox, Kind::Event).expect("forgotten");
    let known = ledger.folder(mailbox, Kind::Event).expect("read").expect("known");
    assert_eq!((known.token, known.observed_at), (None, Some(at(1))));
    assert_eq!(ledger.observed_all(mailbox).expect("read").keys().count(), 1, "still the last that was seen");
    assert!(folder("another calendar"));
    let known = ledger.folder(mailbox, Kind::Event).expect("read").expect("known");
    assert_eq!((known.observed_at, known.claimed), (None, None));
    assert_eq!(ledger.observed_all(mailbox).expect("read").keys().count(), 0);
}

#[test]
fn stamps_are_ours_only_by_firm_and_kind_and_become_ours_when_the_firm_is_adopted() {
    let (desk, mailbox) = with_folder();
    let ledger = &desk.ledger;
    let theirs = FirmId([9; 16]);
    let task = Stamp { firm: FIRM, key: RecordKey::new(Kind::Task, "todo", "1") }.to_string();
    let seen = [
        sighting("a", 1, stamp(FIRM, "1")),
        sighting("b", 1, stamp(theirs, "2")),
        sighting("c", 1, stamp(theirs, "3")),
        sighting("d", 1, task),
        sighting("e", 1, "v9/who/knows".to_owned()),
        sighting("f", 1, None),
    ];
    ledger.store_observation_full(mailbox, Kind::Event, &seen, &token("t"), at(1)).expect("stored");
    let expected = ObservedCounts {
        ours: 1,
        unstamped: 1,
        of_unknown_firms: BTreeMap::from([(theirs.to_string(), 2)]),
        unreadable: 2,
    };
    assert_eq!(ledger.observed_counts(mailbox).expect("read"), BTreeMap::from([(Kind::Event, expected)]));
    ledger.adopt_firm(theirs, "anna", at(2)).expect("adopted");
    let keys: Vec<_> = ledger.observed_all(mailbox).expect("read").keys().cloned().collect();
    assert_eq!(keys, [key("1"), key("2"), key("3")]);
    assert_eq!(ledger.observed_counts(mailbox).expect("read")[&Kind::Event].of_unknown_firms, BTreeMap::new());
}

#[test]
fn where_mirror_and_observation_disagree_is_found_without_reading_everything() {
    let (desk, mailbox) = with_folder();
    let ledger = &desk.ledger;
    for number in 1..=7 {
        put(&desk, mailbox, &key(&number.to_string()), item(&format!("i{number}"), 1), "Hearing", at(0));
    }
    let respect = settled(None, operation(&key("6"), Why::DeletedByUser, Action::Respect), Outcome::Respected);
    let respected = settled(None, operation(&key("7"), Why::DeletedByUser, Action::Respect), Outcome::Respected);
    ledger.settle(mailbox, RunId(1), &[respect, respected], at(1)).expect("settled");
    let mut moved = sighting("i4", 1, stamp(FIRM, "4"));
    moved.place = Place::Elsewhere(FolderId("other".into()));
    let seen = [
        sighting("i1", 1, stamp(FIRM, "1")),
        sighting("i2", 2, stamp(FIRM, "2")),
        // 3 is not there
        moved,
        sighting("i5", 1, stamp(FIRM, "5")),
        sighting("copy", 1, stamp(FIRM, "5")),
        sighting("foreign", 1, stamp(FIRM, "1")),
        sighting("i6", 1, stamp(FIRM, "6")),
        sighting("orphan", 1, stamp(FIRM, "8")),
    ];
    ledger.store_observation_full(mailbox, Kind::Event, &seen, &token("t"), at(2)).expect("stored");
    ledger.add_foreign(mailbox, &[(key("1"), ItemId("foreign".into()))], at(2)).expect("remembered");
    let disagreeing = ledger.disagreeing(mailbox).expect("read");
    let expected: BTreeSet<_> = ["2", "3", "4", "5", "6", "8"].map(key).into();
    assert_eq!(
        disagreeing, expected,
        "edited, gone, moved, doubled, back again, unknown; 1 and 7 are as they should be"
    );
    assert_eq!(ledger.vanished(mailbox).expect("read"), BTreeMap::from([(Kind::Event, 1)]));
    assert_eq!(ledger.foreign(mailbox).expect("read"), [ItemId("foreign".into())].into());
}

#[test]
fn nothing_has_vanished_from_a_folder_that_was_never_looked_at() {
    let (desk, mailbox) = with_folder();
    put(&desk, mailbox, &key("1"), item("a", 1), "Hearing", at(0));
    desk.ledger.set_folder(mailbox, Kind::Event, &FolderId("another".into())).expect("noted");
    assert_eq!(desk.ledger.vanished(mailbox).expect("read"), BTreeMap::new());
    desk.ledger.store_observation_full(mailbox, Kind::Event, &[], &token("t"), at(2)).expect("stored");
    assert_eq!(desk.ledger.vanished(mailbox).expect("read"), BTreeMap::from([(Kind::Event, 1)]));
}

#[test]
fn findings_are_replaced_for_what_was_planned_and_kept_for_the_rest() {
    let desk = Desk::new();
    let (ledger, mailbox) = (&desk.ledger, desk.mailbox());
    let finding = |record: &str, kind| Finding { key: key(record), item: None, kind };
    let all = [finding("1", FindingKind::Orphan), finding("2", FindingKind::MarkersBroken)];
    ledger.put_findings(mailbox, None, &all, at(1)).expect("kept");
    let dirty = [key("2")].into();
    ledger.put_findings(mailbox, Some(&dirty), &[finding("2", FindingKind::Moved)], at(2)).expect("kept");
    assert_eq!(
        ledger.findings(mailbox).expect("read"),
        [finding("1", FindingKind::Orphan), finding("2", FindingKind::Moved)]
    );
    ledger.put_findings(mailbox, None, &[], at(3)).expect("kept");
    assert_eq!(ledger.findings(mailbox).expect("read"), []);
}

#[test]
fn row_problems_are_replaced_for_what_was_read_and_never_doubled() {
    let desk = Desk::new();
    let problem = |query: &str, record: Option<&str>, what: &str| RowProblem {
        query: QueryName(query.into()),
        key: record.map(key),
        field: None,
        column: None,
        what: what.into(),
        unreadable: record.is_none(),
    };
    let meetings = QueryName("meetings".into());
    let put = |read: Option<&BTreeSet<RecordKey>>, problems: &[RowProblem]| {
        desk.ledger.put_row_problems(&meetings, read, problems, at(1)).expect("kept");
    };
    let tasks = problem("todo", Some("1"), "no title");
    desk.ledger.put_row_problems(&tasks.query, None, std::slice::from_ref(&tasks), at(1)).expect("kept");
    let keyless = problem("meetings", None, "no key");
    put(None, &[problem("meetings", Some("1"), "no start"), problem("meetings", Some("2"), "no end"), keyless.clone()]);
    put(Some(&[key("1"), key("3")].into()), &[problem("meetings", Some("3"), "no zone"), keyless.clone()]);
    let known: BTreeSet<_> = desk.ledger.row_problems().expect("read").into_iter().collect();
    let expected =
        [keyless, problem("meetings", Some("2"), "no end"), problem("meetings", Some("3"), "no zone"), tasks.clone()];
    assert_eq!(known, expected.into());
    put(None, &[]);
    assert_eq!(desk.ledger.row_problems().expect("read"), [tasks]);
}

#[test]
fn a_request_is_taken_once_and_its_answer_found() {
    let desk = Desk::new();
    let ledger = &desk.ledger;
    assert_eq!(ledger.take_requests(at(0)).expect("read"), []);
    let request = Request::SyncNow { user: Some(name("weber")) };
    let first = ledger.enqueue(&request, at(1)).expect("left");
    let second = ledger.enqueue(&Request::SyncNow { user: None }, at(1)).expect("left");
    ledger
        .write(|transaction| {
            transaction.execute(
                "INSERT INTO request (request, made_at) VALUES ('{\"request\":\"of a later version\"}', 0)",
                [],
            )?;
            Ok(())
        })
        .expect("left");
    let engine = Ledger::open(desk.folder.path(), &desk.vault).expect("another process");
    let taken = engine.take_requests(at(2)).expect("taken");
    assert_eq!(taken, [(first, request), (second, Request::SyncNow { user: None })]);
    assert_eq!(engine.take_requests(at(3)).expect("read"), []);
    assert_eq!(ledger.answer(first).expect("read"), None);
    engine.answer_request(first, "3 written", at(4)).expect("answered");
    assert_eq!(ledger.answer(first).expect("read").as_deref(), Some("3 written"));
    let unknown = ledger.answer(RequestId(second.0 + 1)).expect("read");
    assert!(unknown.is_some_and(|answer| answer.contains("does not know")));
}

#[test]
fn a_dropped_field_is_news_once_per_server_and_kind() {
    let desk = Desk::new();
    let learn =
        |server: &str, kind| desk.ledger.learn_dropped(server, kind, Field::Categories, at(1)).expect("learned");
    assert!(learn("mail.example.org", Kind::Contact));
    assert!(!learn("MAIL.example.org", Kind::Contact));
    assert!(learn("mail.example.org", Kind::Task));
    assert!(learn("other.example.org", Kind::Contact));
    let dropped = |kind| desk.ledger.dropped("mail.example.org", kind).expect("read");
    assert_eq!((dropped(Kind::Contact), dropped(Kind::Event)), ([Field::Categories].into(), [].into()));
}

#[test]
fn the_practice_databases_trouble_has_a_beginning_and_an_end() {
    let desk = Desk::new();
    let ledger = &desk.ledger;
    assert_eq!(ledger.source_health().expect("read"), SourceHealth::default());
    ledger.accept_schema("abc").expect("accepted");
    ledger.source_read(at(1)).expect("noted");
    for now in [5, 9] {
        ledger.source_trouble("cannot connect", "start the database", at(now)).expect("noted");
    }
    let health = ledger.source_health().expect("read");
    assert_eq!((health.last_read, health.schema.as_deref()), (Some(at(1)), Some("abc")));
    assert_eq!(health.trouble.map(|trouble| trouble.since), Some(at(5)));
    ledger.source_read(at(10)).expect("noted");
    let health = ledger.source_health().expect("read");
    assert_eq!((health.trouble, health.last_read), (None, Some(at(10))));
}

#[test]
fn the_status_says_per_user_what_is_there_and_what_is_wrong() {
    let (desk, mailbox) = with_folder();
    let (ledger, weber) = (&desk.ledger, name("weber"));
    ledger.add_user(&weber, &details("weber@example.org"), "test", at(0)).expect("added");
    ledger.give_password(&weber, &secrecy::SecretString::from("x"), "test", at(0)).expect("given");
    assert!(ledger.status().expect("read").needs_person(), "not confirmed yet");
    ledger.confirm(&weber, ConfirmationWay::Authenticator, "test", at(0)).expect("confirmed");
    ledger.set_user_mailbox(&weber, mailbox).expect("known");
    put(&desk, mailbox, &key("1"), item("a", 1), "Hearing", at(1));
    let run = ledger.begin_run(Some(&weber), at(1)).expect("begun");
    ledger.end_run(run, RunCounts { created: 1, ..RunCounts::default() }, None, at(2)).expect("ended");
    let tick = ledger.begin_run(None, at(1)).expect("begun");
    ledger.set_proven(mailbox, Proof { at: at(2), how: ProofHow::WriteReadBack }).expect("noted");
    ledger.begin(mailbox, run, &[create(&key("2"), "Call")], at(3)).expect("begun");
    let status = ledger.status().expect("read");
    assert!(!status.needs_person(), "{status:?}");
    assert!(!status.running);
    assert_eq!(status.last_tick.map(|run| run.id), Some(tick));
    let user = &status.users[0];
    assert_eq!(user.items, BTreeMap::from([(Kind::Event, 1)]));
    assert_eq!(user.proven.map(|proof| proof.at), Some(at(2)));
    assert_eq!(user.last_run.as_ref().map(|run| run.counts.created), Some(1));
    assert_eq!(user.open_intents, 1);

    let hold = Hold { kind: Kind::Event, reason: HoldReason::Orphans, operations: vec![create(&key("3"), "x")] };
    ledger.put_holds(mailbox, &weber, &[hold], at(4)).expect("kept");
    let status = ledger.status().expect("read");
    assert!(status.needs_person());
    ledger.release(status.users[0].holds[0].id, "anna", at(5)).expect("released");
    assert!(!ledger.status().expect("read").needs_person(), "what is released waits for nobody");
    ledger.park(&weber, "wrong password", "give a new one", at(6)).expect("parked");
    assert!(ledger.status().expect("read").needs_person());
    ledger.unpark(&weber, "anna", at(7)).expect("unparked");
    ledger.source_trouble("cannot connect", "start the database", at(8)).expect("noted");
    let _lock = ledger.lock_engine().expect("free");
    let status = ledger.status().expect("read");
    assert!(status.needs_person());
    assert_eq!((status.running, status.pid), (true, Some(std::process::id())));
    let json = serde_json::to_value(&status).expect("scripts may read it");
    assert_eq!(json["users"][0]["name"], "weber");
    assert_eq!(json["users"][0]["address"], "weber@example.org");
}

#[test]
fn what_the_office_closed_comes_again_only_if_it_was_made_again() {
    let desk = Desk::new();
    let mailbox = desk.mailbox();
    let proposal = |overwritten| Proposal {
        key: key("1"),
        field: Field::Subject,
        before: Some(Value::text("Hearing")),
        after: Some(Value::text("Lunch")),
        overwritten,
    };
    let add = |overwritten, now| desk.ledger.add_proposals(mailbox, &[proposal(overwritten)], at(now)).expect("kept");
    let open = || {
        let all = desk.ledger.proposals().expect("read");
        all.into_iter().filter(|entry| entry.closed.is_none()).map(|entry| entry.id).collect::<Vec<_>>()
    };
    let close = |ids: &[ProposalId], now| {
        desk.ledger.close_proposals(ids, Verdict::Rejected, "office", at(now)).expect("closed")
    };
    add(false, 1);
    add(false, 2);
    let first = open();
    assert_eq!(first.len(), 1, "known already");
    assert_eq!(close(&first, 3), first);
    assert_eq!(close(&first, 4), [], "once is enough");
    add(false, 5);
    assert_eq!(open(), [], "what stands on the phone is met again and again");
    add(true, 6);
    let second = open();
    assert_eq!(second.len(), 1, "it was written over and made again");
    let unknown = desk.ledger.close_proposals(&[second[0], ProposalId(99)], Verdict::Entered, "office", at(7));
    assert!(matches!(unknown, Err(LedgerError::NoSuchProposal(ProposalId(99)))));
    assert_eq!(open(), second, "all or none");
}
