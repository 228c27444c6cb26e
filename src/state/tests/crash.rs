use super::*;
use crate::{
    plan::{Class, Spent},
    ports::Owner,
};

#[test]
fn intents_are_on_the_disk_before_anything_is_sent() {
    let desk = Desk::new();
    let mailbox = desk.mailbox();
    let operations = [
        create(&key("1"), "Hearing"),
        update(&key("2"), item("b", 1), "Call", Why::Changed),
        delete(&key("3"), item("c", 1)),
    ];
    let ids = desk.ledger.begin(mailbox, RunId(5), &operations, at(1)).expect("begun");
    let (_folder, after) = desk.copied();
    let open = after.open_intents(mailbox).expect("read");
    assert_eq!(open.iter().map(|intent| intent.id).collect::<Vec<_>>(), ids);
    assert_eq!(open.iter().map(|intent| intent.operation.clone()).collect::<Vec<_>>(), operations);
    assert!(open.iter().all(|intent| (intent.run, intent.begun) == (RunId(5), at(1))));
    assert_eq!(after.open_intent_counts().expect("read"), BTreeMap::from([(mailbox, 3)]));
    assert_eq!(after.mirror_all(mailbox).expect("read").entries, BTreeMap::new(), "nothing is believed yet");
}

#[test]
fn a_settlement_is_there_whole_or_not_at_all() {
    let desk = Desk::new();
    let mailbox = desk.mailbox();
    let operations = [create(&key("1"), "Hearing"), create(&key("2"), "Call")];
    let ids = desk.ledger.begin(mailbox, RunId(1), &operations, at(1)).expect("begun");
    let (_folder, before) = desk.copied();
    let [first, second] = operations;
    let good = settled(ids.first().copied(), first.clone(), stored(item("a", 1), &record("Hearing")));
    // The second names an intent of another record: nothing of the batch may be believed.
    let bad = settled(ids.first().copied(), second.clone(), stored(item("b", 1), &record("Call")));
    let refused = desk.ledger.settle(mailbox, RunId(1), &[good.clone(), bad], at(2));
    assert!(matches!(refused, Err(LedgerError::NoSuchIntent(_))), "{refused:?}");
    for ledger in [&desk.ledger, &before] {
        assert_eq!(ledger.open_intents(mailbox).expect("read").len(), 2);
        assert_eq!(ledger.mirror_index(mailbox).expect("read"), []);
        assert_eq!(ledger.history(&HistoryFilter::default()).expect("read"), []);
    }
    let rest = settled(ids.last().copied(), second, stored(item("b", 1), &record("Call")));
    desk.ledger.settle(mailbox, RunId(1), &[good.clone(), rest], at(2)).expect("settled");
    let (_folder, after) = desk.copied();
    assert_eq!(after.open_intents(mailbox).expect("read"), []);
    assert_eq!(after.mirror_index(mailbox).expect("read").len(), 2);
    let again = desk.ledger.settle(mailbox, RunId(1), &[good], at(3));
    assert!(matches!(again, Err(LedgerError::NoSuchIntent(_))), "settled once: {again:?}");
}

#[test]
fn what_is_not_known_stays_open_and_is_charged_when_it_turns_out_to_be_done() {
    let desk = Desk::new();
    let (ledger, mailbox) = (&desk.ledger, desk.mailbox());
    put(&desk, mailbox, &key("2"), item("b", 1), "Call", at(0));
    put(&desk, mailbox, &key("3"), item("c", 1), "Deadline", at(0));
    let operations = [
        create(&key("1"), "Hearing"),
        update(&key("2"), item("b", 1), "Call back", Why::Changed),
        delete(&key("3"), item("c", 1)),
        create(&key("4"), "Never sent"),
    ];
    let ids = ledger.begin(mailbox, RunId(1), &operations, at(1)).expect("begun");
    let unknown: Vec<_> = ids
        .iter()
        .zip(&operations)
        .map(|(id, operation)| settled(Some(*id), operation.clone(), Outcome::Unknown))
        .collect();
    ledger.settle(mailbox, RunId(1), &unknown, at(2)).expect("noted");
    assert_eq!(ledger.open_intents(mailbox).expect("read").len(), 4);
    let before = ledger.spent(mailbox, at(3)).expect("read")[&Kind::Event].clone();

    let there = |id: &str| Resolution::Present { item: item(id, 7), place: Place::Home };
    for (id, resolution) in ids.iter().zip([there("a"), there("b"), Resolution::Absent, Resolution::NotDone]) {
        ledger.resolve_intent(*id, &resolution, at(4)).expect("resolved");
    }
    assert_eq!(ledger.open_intents(mailbox).expect("read"), []);
    let mirror = ledger.mirror_all(mailbox).expect("read");
    assert_eq!(mirror.entries.keys().cloned().collect::<Vec<_>>(), [key("1"), key("2")]);
    for entry in mirror.entries.values() {
        assert!(entry.certain().is_none(), "what it holds is to be read");
        assert!(entry.written.as_ref().is_some_and(|written| written.in_doubt), "and only that may be cleared");
    }
    let index = ledger.mirror_index(mailbox).expect("read");
    assert!(index.iter().all(|entry| entry.fingerprint.is_none()));
    let spent = ledger.spent(mailbox, at(5)).expect("read")[&Kind::Event].clone();
    let more = |class| {
        let count = |spent: &Spent| spent.by_class.get(&class).copied().unwrap_or(0);
        count(&spent) - count(&before)
    };
    assert_eq!((more(Class::Create), more(Class::Update), more(Class::Delete)), (1, 1, 1));
    let again = ledger.resolve_intent(ids[0], &Resolution::NotDone, at(6));
    assert!(matches!(again, Err(LedgerError::NoSuchIntent(_))));
}

#[test]
fn a_restored_backup_does_not_know_what_was_written_after_it() {
    let desk = Desk::new();
    let first = desk.ledger.begin_epoch(at(1)).expect("begun");
    let (_folder, backup) = desk.copied();
    let second = desk.ledger.begin_epoch(at(2)).expect("begun");
    let judge = |ledger: &Ledger, owner: &Owner| ledger.judge_owner(Some(owner)).expect("judged");
    assert_eq!(judge(&desk.ledger, &second), OwnerVerdict::Current);
    assert_eq!(judge(&desk.ledger, &first), OwnerVerdict::EarlierOfOurs);
    assert_eq!(judge(&backup, &second), OwnerVerdict::Unknown, "the folder was written by a later ledger");
    let third = backup.begin_epoch(at(3)).expect("begun");
    assert_eq!(judge(&backup, &second), OwnerVerdict::Unknown, "a new start does not make it known");
    assert_eq!(judge(&desk.ledger, &third), OwnerVerdict::Unknown, "two instances see each other");
    backup.accept_owner(&second, "anna", at(4)).expect("a person decided");
    assert_eq!(judge(&backup, &second), OwnerVerdict::EarlierOfOurs);
}

#[test]
fn folders_of_nobody_are_free_and_those_of_others_are_not() {
    let desk = Desk::new();
    let owner = desk.ledger.begin_epoch(at(1)).expect("begun");
    assert!(owner.0.starts_with(&format!("{FIRM}/{}/", desk.ledger.ledger_id())), "{}", owner.0);
    assert_eq!(desk.ledger.current_owner().expect("read"), Some(owner.clone()));
    assert_eq!(desk.ledger.judge_owner(None).expect("judged"), OwnerVerdict::Unclaimed);
    assert_eq!(desk.ledger.judge_owner(Some(&Owner(String::new()))).expect("judged"), OwnerVerdict::Unclaimed);
    let other = Desk::new();
    let theirs = other.ledger.begin_epoch(at(1)).expect("begun");
    let epoch = owner.0.rsplit('/').next().expect("three parts");
    for text in [theirs.0, "nonsense".into(), format!("{FIRM}//{epoch}"), format!("{}x", owner.0)] {
        let verdict = desk.ledger.judge_owner(Some(&Owner(text.clone()))).expect("judged");
        assert_eq!(verdict, OwnerVerdict::Unknown, "{text}");
    }
}
