use super::*;
use crate::{
    domain::{ItemContent, Presence},
    plan::{Class, Hold, HoldReason, Spent},
    ports::Owner,
};

const DAY: i64 = 24 * 60 * 60;

fn spent(desk: &Desk, mailbox: MailboxId, now: i64) -> Spent {
    desk.ledger.spent(mailbox, at(now)).expect("read")[&Kind::Event].clone()
}

fn entry(desk: &Desk, mailbox: MailboxId, record: &str) -> Option<crate::domain::MirrorEntry> {
    desk.ledger.mirror(mailbox, &[key(record)].into()).expect("read").entries.remove(&key(record))
}

fn settle(desk: &Desk, mailbox: MailboxId, settlement: Settlement, now: i64) {
    desk.ledger.settle(mailbox, RunId(1), &[settlement], at(now)).expect("settled");
}

#[test]
fn a_stored_item_is_in_the_mirror_and_in_the_observation_at_once() {
    let desk = Desk::new();
    let mailbox = desk.mailbox();
    put(&desk, mailbox, &key("1"), item("a", 1), "Hearing", at(1));
    let entry = entry(&desk, mailbox, "1").expect("there");
    assert_eq!((entry.item, entry.presence, entry.restores), (item("a", 1), Presence::Kept, 0));
    let observed = desk.ledger.observed_all(mailbox).expect("read");
    assert_eq!(observed.copies(&key("1")).iter().map(|seen| seen.item.clone()).collect::<Vec<_>>(), [item("a", 1)]);
    assert_eq!(desk.ledger.disagreeing(mailbox).expect("read"), [].into());

    settle(&desk, mailbox, settled(None, delete(&key("1"), item("a", 1)), Outcome::Removed), 2);
    assert_eq!(desk.ledger.mirror_index(mailbox).expect("read"), []);
    assert_eq!(desk.ledger.observed_all(mailbox).expect("read").keys().count(), 0);
}

#[test]
fn budgets_run_over_24_hours_against_the_size_at_their_start() {
    let desk = Desk::new();
    let mailbox = desk.mailbox();
    for number in 0..10 {
        put(&desk, mailbox, &key(&number.to_string()), item(&format!("i{number}"), 1), "Hearing", at(number));
    }
    assert_eq!(spent(&desk, mailbox, 20), Spent { size_at_start: 0, by_class: BTreeMap::from([(Class::Create, 10)]) });
    let next_day = DAY + 100;
    assert_eq!(spent(&desk, mailbox, next_day), Spent { size_at_start: 10, by_class: BTreeMap::new() });
    for number in 0..4 {
        let delete = delete(&key(&number.to_string()), item(&format!("i{number}"), 1));
        settle(&desk, mailbox, settled(None, delete, Outcome::Removed), next_day + number);
    }
    let expected = Spent { size_at_start: 10, by_class: BTreeMap::from([(Class::Delete, 4)]) };
    assert_eq!(spent(&desk, mailbox, next_day + 10), expected, "six are left, ten there were");
    assert_eq!(desk.ledger.firm_spent(at(next_day + 10)).expect("read")[&Kind::Event], expected);
    assert_eq!(spent(&desk, mailbox, next_day + 1 + DAY).by_class, BTreeMap::from([(Class::Delete, 2)]), "it rolls");
    assert_eq!(spent(&desk, mailbox, next_day + 10 + DAY), Spent { size_at_start: 6, by_class: BTreeMap::new() });
    assert_eq!(spent(&desk, mailbox, 0).by_class.get(&Class::Delete), Some(&4), "a clock set back frees nothing");
}

#[test]
fn the_firm_spends_what_its_mailboxes_spend() {
    let desk = Desk::new();
    let first = desk.mailbox();
    let second = desk.ledger.mailbox_for(&identity("root-2"), at(0)).expect("a mailbox");
    put(&desk, first, &key("1"), item("a", 1), "Hearing", at(1));
    put(&desk, second, &key("1"), item("b", 1), "Hearing", at(1));
    put(&desk, second, &key("2"), item("c", 1), "Hearing", at(1));
    let firm = |now| desk.ledger.firm_spent(at(now)).expect("read")[&Kind::Event].clone();
    assert_eq!(firm(2).by_class, BTreeMap::from([(Class::Create, 3)]));
    assert_eq!(firm(DAY + 2), Spent { size_at_start: 3, by_class: BTreeMap::new() });
    let holders = desk.ledger.holders(&[key("1"), key("2"), key("3")].into()).expect("read");
    assert_eq!(holders, BTreeMap::from([(key("1"), [first, second].into()), (key("2"), [second].into())]));
}

#[test]
fn what_is_taken_over_by_its_stamp_was_there_all_along() {
    let desk = Desk::new();
    let mailbox = desk.mailbox();
    let record = record("Hearing");
    let action = Action::Own {
        item: item("a", 3),
        place: Place::Home,
        fingerprint: Fingerprint::of(&record),
        record: Arc::clone(&record),
        returned: BTreeMap::new(),
    };
    settle(&desk, mailbox, settled(None, operation(&key("1"), Why::TakenOver, action), Outcome::Owned), 1);
    assert_eq!(spent(&desk, mailbox, 2), Spent { size_at_start: 1, by_class: BTreeMap::new() });
    assert_eq!(entry(&desk, mailbox, "1").expect("there").written, Some(written(&record)));
    let wrong = settled(None, create(&key("2"), "Hearing"), Outcome::Owned);
    let refused = desk.ledger.settle(mailbox, RunId(1), &[wrong], at(3));
    assert!(matches!(refused, Err(LedgerError::Contradiction { .. })));
}

#[test]
fn restores_are_counted_until_the_record_changes() {
    let desk = Desk::new();
    let mailbox = desk.mailbox();
    put(&desk, mailbox, &key("1"), item("a", 1), "Hearing", at(1));
    let restores = || entry(&desk, mailbox, "1").expect("there").restores;
    for version in 2..4 {
        let again = update(&key("1"), item("a", version - 1), "Hearing", Why::Restored);
        settle(&desk, mailbox, settled(None, again, stored(item("a", version), &record("Hearing"))), 2);
    }
    assert_eq!(restores(), 2);
    let change = update(&key("1"), item("a", 3), "Hearing moved", Why::Changed);
    settle(&desk, mailbox, settled(None, change, stored(item("a", 4), &record("Hearing moved"))), 3);
    assert_eq!(restores(), 0);
}

#[test]
fn a_respected_deletion_is_remembered_with_what_was_written_and_forgotten_with_the_record() {
    let desk = Desk::new();
    let mailbox = desk.mailbox();
    put(&desk, mailbox, &key("1"), item("a", 1), "Hearing", at(1));
    let respect = operation(&key("1"), Why::DeletedByUser, Action::Respect);
    settle(&desk, mailbox, settled(None, respect, Outcome::Respected), 2);
    let left = entry(&desk, mailbox, "1").expect("remembered");
    assert_eq!((left.presence, left.written), (Presence::DeletedByUser, Some(written(&record("Hearing")))));
    assert_eq!(desk.ledger.mirror_counts(mailbox).expect("read"), MirrorCounts::default(), "it is not kept");
    settle(&desk, mailbox, settled(None, operation(&key("1"), Why::Gone, Action::Forget), Outcome::Forgotten), 3);
    assert_eq!(entry(&desk, mailbox, "1"), None);
}

#[test]
fn a_refused_record_is_parked_until_it_is_stored_or_a_person_frees_it() {
    let desk = Desk::new();
    let mailbox = desk.mailbox();
    let failed = |parked| Outcome::Failed { kind: "rejected".into(), message: "ErrorInvalid".into(), parked };
    settle(&desk, mailbox, settled(None, create(&key("1"), "Hearing"), failed(true)), 1);
    settle(&desk, mailbox, settled(None, create(&key("2"), "Call"), failed(false)), 1);
    settle(&desk, mailbox, settled(None, create(&key("3"), "Deadline"), failed(true)), 1);
    let parked = || desk.ledger.parked_records(mailbox).expect("read");
    let first = parked().into_iter().next().expect("parked");
    assert_eq!(first.fingerprint, Some(Fingerprint::of(&record("Hearing"))));
    assert_eq!((first.key, first.cause.as_str(), first.since), (key("1"), "ErrorInvalid", at(1)));
    assert_eq!(parked().len(), 2, "only what cannot be stored");
    assert_eq!(spent(&desk, mailbox, 2).by_class, BTreeMap::new(), "a failure costs nothing");
    put(&desk, mailbox, &key("1"), item("a", 1), "Hearing", at(3));
    assert!(desk.ledger.unpark_record(mailbox, &key("3")).expect("freed"));
    assert!(!desk.ledger.unpark_record(mailbox, &key("3")).expect("nothing to free"));
    assert_eq!(parked(), []);
}

#[test]
fn before_images_and_proposals_are_kept_for_90_days() {
    let desk = Desk::new();
    let mailbox = desk.mailbox();
    put(&desk, mailbox, &key("1"), item("a", 1), "Hearing", at(1));
    let before = ItemContent {
        item: item("a", 2),
        stamp: None,
        folder: None,
        bound: None,
        created: Some(at(0)),
        fields: BTreeMap::from([(Field::Subject, Value::text("mine"))]),
        body: None,
    };
    let proposal = Proposal {
        key: key("1"),
        field: Field::Subject,
        before: Some(Value::text("Hearing")),
        after: Some(Value::text("mine")),
        overwritten: true,
    };
    let again = update(&key("1"), item("a", 2), "Hearing", Why::Restored);
    let mut settlement = settled(None, again, stored(item("a", 3), &record("Hearing")));
    settlement.before = Some(before.clone());
    settlement.proposals = vec![proposal.clone()];
    settle(&desk, mailbox, settlement, 10);
    desk.ledger.add_proposals(mailbox, std::slice::from_ref(&proposal), at(11)).expect("known already");
    let other = Proposal { after: None, ..proposal.clone() };
    desk.ledger.add_proposals(mailbox, std::slice::from_ref(&other), at(12)).expect("kept");
    let kept: Vec<_> = desk.ledger.proposals().expect("read").into_iter().map(|entry| entry.proposal).collect();
    assert_eq!(kept, [other, proposal]);
    let images = || desk.ledger.before_images(mailbox, &key("1")).expect("read");
    assert_eq!(images(), [BeforeImage { at: at(10), key: key("1"), content: before }]);
    desk.ledger.prune(at(89 * DAY)).expect("pruned");
    assert_eq!(images().len(), 1);
    desk.ledger.prune(at(91 * DAY)).expect("pruned");
    assert_eq!((images().len(), desk.ledger.proposals().expect("read").len()), (0, 0));
}

#[test]
fn the_history_says_what_was_done_to_whom_and_why() {
    let desk = Desk::new();
    let (ledger, mailbox, weber) = (&desk.ledger, desk.mailbox(), name("weber"));
    let run = ledger.begin_run(Some(&weber), at(0)).expect("begun");
    let operations = [
        settled(None, create(&key("1"), "Hearing"), stored(item("a", 1), &record("Hearing"))),
        settled(None, update(&key("1"), item("a", 1), "Moved", Why::Changed), stored(item("a", 2), &record("Moved"))),
        settled(
            None,
            delete(&key("2"), item("b", 1)),
            Outcome::Failed { kind: "conflict".into(), message: "ErrorIrresolvableConflict".into(), parked: false },
        ),
    ];
    ledger.settle(mailbox, run, &operations, at(1)).expect("settled");
    let counts = RunCounts { created: 1, updated: 1, failed: 1, ..RunCounts::default() };
    ledger.end_run(run, counts, Some("one failed"), at(2)).expect("ended");

    let all = ledger.history(&HistoryFilter::default()).expect("read");
    let short: Vec<_> =
        all.iter().map(|entry| (entry.what.as_str(), entry.outcome.as_str(), entry.why.as_str())).collect();
    assert_eq!(
        short,
        [
            ("delete", "failed", "gone from the practice database"),
            ("update", "stored", "the record changed"),
            ("create", "stored", "new"),
        ]
    );
    assert_eq!(all[0].detail.as_deref(), Some("conflict: ErrorIrresolvableConflict"));
    assert_eq!(all[1].fields, ["subject", "location"]);
    assert!(all.iter().all(|entry| entry.user.as_ref() == Some(&weber) && entry.run == run));
    let count = |filter| ledger.history(&filter).expect("read").len();
    assert_eq!(count(HistoryFilter { key: Some(key("1")), ..HistoryFilter::default() }), 2);
    assert_eq!(count(HistoryFilter { user: Some(name("huber")), ..HistoryFilter::default() }), 0);
    assert_eq!(count(HistoryFilter { since: Some(at(2)), ..HistoryFilter::default() }), 0);
    assert_eq!(count(HistoryFilter { limit: Some(1), user: Some(weber.clone()), ..HistoryFilter::default() }), 1);

    let tick = ledger.begin_run(None, at(5)).expect("begun");
    let runs = ledger.runs(Some(&weber), 10).expect("read");
    assert_eq!(runs.iter().map(|run| (run.counts, run.ended)).collect::<Vec<_>>(), [(counts, Some(at(2)))]);
    assert_eq!(ledger.runs(None, 10).expect("read").iter().map(|run| run.id).collect::<Vec<_>>(), [tick]);
}

fn hold(reason: HoldReason, operations: &[Operation]) -> Hold {
    Hold { kind: Kind::Event, reason, operations: operations.to_vec() }
}

fn budget(wanted: u64) -> HoldReason {
    HoldReason::Budget { class: Class::Delete, wanted, spent: 0, allowed: 10 }
}

#[test]
fn a_hold_keeps_its_number_while_its_reason_lasts() {
    let desk = Desk::new();
    let (ledger, mailbox, weber) = (&desk.ledger, desk.mailbox(), name("weber"));
    let shown = [delete(&key("1"), item("a", 1)), delete(&key("2"), item("b", 1))];
    ledger.put_holds(mailbox, &weber, &[hold(budget(1), &shown[..1])], at(1)).expect("kept");
    let first = ledger.holds().expect("read")[0].id;
    let empty = HoldReason::QueryEmpty { query: crate::domain::QueryName("meetings".into()), items: 2 };
    ledger.put_holds(mailbox, &weber, &[hold(budget(2), &shown), hold(empty, &[])], at(2)).expect("kept");
    let holds = ledger.holds().expect("read");
    assert_eq!(holds.len(), 2);
    assert_eq!((holds[0].id, holds[0].since, holds[0].planned, holds[0].operations), (first, at(1), at(2), 2));
    assert_eq!(holds[0].reason, budget(2));
    assert_eq!(ledger.hold(first).expect("there").waiting, shown, "exactly what waits");
    ledger.put_holds(mailbox, &weber, &[], at(3)).expect("closed");
    assert_eq!(ledger.holds().expect("read"), []);
    assert!(matches!(ledger.hold(first), Err(LedgerError::NoSuchHold(_))));
    assert!(matches!(ledger.release(first, "anna", at(4)), Err(LedgerError::NoSuchHold(_))), "too late");
    ledger.put_holds(mailbox, &weber, &[hold(budget(1), &shown)], at(5)).expect("kept");
    assert_ne!(ledger.holds().expect("read")[0].id, first, "a new trouble has a new number");
}

#[test]
fn a_release_lets_pass_what_was_shown_once_for_an_hour_and_is_not_charged() {
    let desk = Desk::new();
    let (ledger, mailbox, weber) = (&desk.ledger, desk.mailbox(), name("weber"));
    for (record, id) in [("1", "a"), ("2", "b"), ("3", "c")] {
        put(&desk, mailbox, &key(record), item(id, 1), "Hearing", at(0));
    }
    let shown = [delete(&key("1"), item("a", 1)), delete(&key("2"), item("b", 1))];
    ledger.put_holds(mailbox, &weber, &[hold(budget(2), &shown)], at(1)).expect("kept");
    let id = ledger.holds().expect("read")[0].id;
    let released = ledger.release(id, "anna", at(10)).expect("released");
    assert_eq!(released, Released { operations: 2, until: at(3610) });
    assert_eq!(ledger.holds().expect("read")[0].released, Some(at(10)));
    let digests = |now| {
        ledger
            .released(mailbox, at(now))
            .expect("read")
            .operations
            .into_keys()
            .collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(digests(11), shown.iter().map(Operation::digest).collect());
    assert_eq!(digests(3610), [].into(), "after an hour nothing");

    for (operation, now) in [(&shown[0], 20), (&delete(&key("3"), item("c", 1)), 21)] {
        settle(&desk, mailbox, settled(None, operation.clone(), Outcome::Removed), now);
    }
    assert_eq!(spent(&desk, mailbox, 22).by_class.get(&Class::Delete), Some(&1), "the third was not released");
    assert_eq!(digests(22), [shown[1].digest()].into(), "used up");
    // Begun within the hour, answered after it.
    let ids = ledger.begin(mailbox, RunId(1), &shown[1..], at(3609)).expect("begun");
    settle(&desk, mailbox, settled(ids.first().copied(), shown[1].clone(), Outcome::Removed), 3700);
    assert_eq!(spent(&desk, mailbox, 3701).by_class.get(&Class::Delete), Some(&1));
    let trail = ledger.audit_trail(Some(&weber), 10).expect("read");
    assert!(trail.iter().any(|entry| entry.by == "anna" && entry.event.contains("released hold")), "{trail:?}");
}

#[test]
fn a_release_is_kept_with_the_reason_it_was_given_for() {
    let desk = Desk::new();
    let (ledger, mailbox, weber) = (&desk.ledger, desk.mailbox(), name("weber"));
    put(&desk, mailbox, &key("1"), item("a", 1), "Hearing", at(0));
    let shown = delete(&key("1"), item("a", 1));
    let missing = HoldReason::PersonMissing { person: "ew".into() };
    let both = [budget(1), missing.clone()].map(|reason| hold(reason, std::slice::from_ref(&shown)));
    ledger.put_holds(mailbox, &weber, &both, at(1)).expect("kept");
    let names = |now| ledger.released(mailbox, at(now)).expect("read").operations.remove(&shown.digest());
    let holds = ledger.holds().expect("read");
    let of = |reason: &HoldReason| holds.iter().find(|hold| hold.reason == *reason).expect("open").id;
    ledger.release(of(&budget(1)), "anna", at(2)).expect("released");
    assert_eq!(names(3), Some([budget(7).name()].into()), "whatever the numbers are");
    ledger.release(of(&missing), "anna", at(10)).expect("released");
    assert_eq!(names(11), Some([budget(1).name(), missing.name()].into()));
    assert_eq!(names(3605), Some([missing.name()].into()), "each lasts its own hour");
    settle(&desk, mailbox, settled(None, shown.clone(), Outcome::Removed), 12);
    assert_eq!(names(13), None, "all are used up");
}

#[test]
fn a_new_plan_under_a_released_hold_waits_again() {
    let desk = Desk::new();
    let (ledger, mailbox, weber) = (&desk.ledger, desk.mailbox(), name("weber"));
    ledger.put_holds(mailbox, &weber, &[hold(budget(1), &[delete(&key("1"), item("a", 1))])], at(1)).expect("kept");
    let id = ledger.holds().expect("read")[0].id;
    ledger.release(id, "anna", at(2)).expect("released");
    let other = delete(&key("9"), item("z", 1));
    ledger.put_holds(mailbox, &weber, &[hold(budget(1), std::slice::from_ref(&other))], at(3)).expect("kept");
    assert_eq!(ledger.holds().expect("read")[0].released, None);
    assert!(!ledger.released(mailbox, at(4)).expect("read").operations.contains_key(&other.digest()));
}

#[test]
fn what_was_planned_after_it_was_shown_is_not_released_with_it() {
    let desk = Desk::new();
    let (ledger, mailbox, weber) = (&desk.ledger, desk.mailbox(), name("weber"));
    let seen = delete(&key("1"), item("a", 1));
    ledger.put_holds(mailbox, &weber, &[hold(budget(1), std::slice::from_ref(&seen))], at(1)).expect("kept");
    let shown = ledger.hold(ledger.holds().expect("read")[0].id).expect("there");
    let more = [seen.clone(), delete(&key("2"), item("b", 1))];
    ledger.put_holds(mailbox, &weber, &[hold(budget(2), &more)], at(2)).expect("kept");
    let released = ledger.release_shown(&shown, "anna", at(3)).expect("released");
    assert_eq!(released.operations, 1);
    assert_eq!(
        ledger.released(mailbox, at(4)).expect("read").operations,
        [(seen.digest(), [budget(1).name()].into())].into()
    );
    assert_eq!(ledger.holds().expect("read")[0].released, None, "something waits still");
}

#[test]
fn releasing_says_that_the_first_write_the_writer_or_the_firm_is_settled() {
    let desk = Desk::new();
    let (ledger, mailbox, weber) = (&desk.ledger, desk.mailbox(), name("weber"));
    let stranger = Owner("someone/else/1".into());
    let firm = FirmId([9; 16]);
    let holds = [
        hold(HoldReason::FirstWrite, &[create(&key("1"), "Hearing")]),
        hold(HoldReason::AnotherWriter { owner: stranger.0.clone() }, &[]),
        hold(HoldReason::UnknownFirm { firm: firm.to_string(), items: 3 }, &[]),
    ];
    ledger.put_holds(mailbox, &weber, &holds, at(1)).expect("kept");
    assert!(!ledger.first_write_released(mailbox).expect("read"));
    assert_eq!(ledger.judge_owner(Some(&stranger)).expect("judged"), OwnerVerdict::Unknown);
    for hold in ledger.holds().expect("read") {
        ledger.release(hold.id, "anna", at(2)).expect("released");
    }
    assert!(ledger.first_write_released(mailbox).expect("read"));
    assert_eq!(ledger.judge_owner(Some(&stranger)).expect("judged"), OwnerVerdict::EarlierOfOurs);
    assert_eq!(ledger.firms().expect("read"), [FIRM, firm].into());
}

#[test]
fn a_mailbox_has_begun_only_when_the_first_plans_of_all_kinds_were_released() {
    let desk = Desk::new();
    let (ledger, mailbox, weber) = (&desk.ledger, desk.mailbox(), name("weber"));
    let tasks = Hold { kind: Kind::Task, reason: HoldReason::FirstWrite, operations: Vec::new() };
    let events = hold(HoldReason::FirstWrite, &[create(&key("1"), "Hearing")]);
    ledger.put_holds(mailbox, &weber, &[events, tasks.clone()], at(1)).expect("kept");
    let holds = ledger.holds().expect("read");
    ledger.release(holds[0].id, "anna", at(2)).expect("released");
    assert!(!ledger.first_write_released(mailbox).expect("read"), "nobody saw the tasks");
    ledger.put_holds(mailbox, &weber, &[tasks], at(3)).expect("the events were written meanwhile");
    ledger.release(holds[1].id, "anna", at(4)).expect("released");
    assert!(ledger.first_write_released(mailbox).expect("read"));
}
