use std::{collections::BTreeMap, sync::Arc};

use super::*;
use crate::domain::{
    Body, BodyFormat, ChangeKey, ItemRef, Personal, Place, Record, RemovalManner, TaskStatus, Written, notes,
};
use crate::plan::{Action, Operation, Why};

fn key(record: &str) -> RecordKey {
    RecordKey::new(Kind::Task, "tasks", record)
}

fn item(id: &str) -> ItemRef {
    ItemRef { id: ItemId(id.to_owned()), change_key: ChangeKey("1".to_owned()) }
}

fn record(subject: &str, ours: &str) -> Record {
    Record::new(Kind::Task).with(Field::Subject, Value::text(subject)).with(Field::Notes, Value::text(ours))
}

fn written(record: Record) -> Written {
    Written::new(Arc::new(record), BTreeMap::new())
}

/// A mirror of tasks, each with the id of its item.
fn mirror(tasks: &[(&str, &str, &str, &str)]) -> Mirror {
    let entries = tasks.iter().map(|(name, id, subject, ours)| {
        let entry = MirrorEntry {
            item: item(id),
            place: Place::Home,
            written: Some(written(record(subject, ours))),
            presence: Presence::Kept,
            restores: 0,
        };
        (key(name), entry)
    });
    Mirror { entries: entries.collect(), ..Mirror::default() }
}

fn task(id: &str, subject: &str, ours: &str) -> ItemContent {
    ItemContent {
        item: item(id),
        stamp: None,
        folder: None,
        bound: None,
        created: None,
        fields: BTreeMap::from([(Field::Subject, Value::text(subject))]),
        body: Some(notes::compose(None, Some(ours), None).body),
    }
}

fn seen(id: &str) -> Seen {
    Seen { item: item(id), place: Place::Home, created: None, content: None }
}

fn place(stamped: &[(&str, &str)], bare: &[&str], known: &[(&str, &str)]) -> NewPlace {
    NewPlace {
        stamped: Observation::full(stamped.iter().map(|(name, id)| (key(name), seen(id)))),
        bare_tasks: bare.iter().map(|id| (ItemId((*id).to_owned()), seen(id))).collect(),
        known: known.iter().map(|(here, there)| (ItemId((*here).to_owned()), ItemId((*there).to_owned()))).collect(),
    }
}

fn of(matches: &Matches, name: &str) -> Option<(String, Recognised)> {
    matches.found.get(&key(name)).map(|(seen, how)| (seen.item.id.0.clone(), *how))
}

#[test]
fn a_stamp_wins_and_of_several_copies_the_one_that_is_known_by_its_id() {
    let mirror = mirror(&[("1", "a", "One", ""), ("2", "b", "Two", ""), ("3", "c", "Three", "")]);
    let place = place(&[("1", "A"), ("2", "B"), ("2", "0-copy")], &["C"], &[("b", "B"), ("c", "C"), ("a", "C")]);
    let matches = by_stamp(&mirror, &place, &BTreeSet::new());
    assert_eq!(
        of(&matches, "1"),
        Some(("A".into(), Recognised::Stamp)),
        "an id is believed where there is no stamp only"
    );
    assert_eq!(of(&matches, "2"), Some(("B".into(), Recognised::Stamp)));
    assert_eq!(of(&matches, "3"), Some(("C".into(), Recognised::Id)));
    assert_eq!(matches.foreign, [(key("2"), ItemId("0-copy".into()))]);
    assert!(matches.missing.is_empty());
}

#[test]
fn copies_that_were_ruled_out_stay_so_under_their_new_ids() {
    let mut mirror = mirror(&[("1", "a", "One", "")]);
    mirror.foreign.insert(ItemId("copy".into()));
    let place = place(&[("1", "A"), ("1", "1-copy")], &[], &[("copy", "1-copy")]);
    let matches = by_stamp(&mirror, &place, &BTreeSet::new());
    assert_eq!(of(&matches, "1"), Some(("A".into(), Recognised::Stamp)));
    assert_eq!(matches.foreign, [(key("1"), ItemId("1-copy".into()))]);
}

#[test]
fn what_is_on_its_way_or_was_deleted_need_not_be_there() {
    let mut mirror = mirror(&[("1", "a", "One", ""), ("2", "b", "Two", ""), ("3", "c", "Three", "")]);
    mirror.entries.get_mut(&key("2")).expect("is").presence = Presence::DeletedByUser;
    let matches = by_stamp(&mirror, &NewPlace::default(), &[key("1")].into());
    assert_eq!(matches.missing, [key("3")].into());
    assert!(matches.found.is_empty());
}

#[test]
fn a_task_is_known_by_what_it_says_if_that_is_unique_on_both_sides() {
    let mirror = mirror(&[
        ("only", "a", "Appeal", "Bring the file"),
        ("twin", "b", "Same", "Same"),
        ("other twin", "c", "Same", "Same"),
        ("notes", "d", "Call", "Mr A"),
        ("gone", "e", "Nowhere", ""),
    ]);
    let tasks = [
        task("A", "Appeal", "Bring  the file"),
        task("B", "Same", "Same"),
        task("C", "Same", "Same"),
        task("D", "Call", "Mr B"),
    ];
    let place = place(&[], &["A", "B", "C", "D"], &[]);
    let mut matches = by_stamp(&mirror, &place, &BTreeSet::new());
    by_content(&mut matches, &mirror, &place, &tasks, &BTreeSet::new());
    assert_eq!(of(&matches, "only"), Some(("A".into(), Recognised::Content)));
    assert_eq!(matches.left, [key("twin"), key("other twin"), key("notes")].into());
    assert_eq!(matches.missing, [key("gone")].into());
    let report = MoveReport::of(&matches, BTreeMap::new());
    let counts = report.kinds[&Kind::Task];
    assert_eq!((counts.items, counts.by_content, counts.left, counts.missing), (5, 1, 3, 1));
    assert!(!report.is_empty_place());
}

#[test]
fn a_task_that_says_the_same_as_one_that_is_known_already_is_a_persons_to_decide() {
    // Two records say the same. One of them is known by its stamp; the other item that says so may be the user's own.
    let mirror = mirror(&[("1", "a", "Same", ""), ("2", "b", "Same", "")]);
    let place = place(&[("1", "A")], &["B"], &[]);
    let mut matches = by_stamp(&mirror, &place, &BTreeSet::new());
    by_content(&mut matches, &mirror, &place, &[task("A", "Same", ""), task("B", "Same", "")], &BTreeSet::new());
    assert_eq!(matches.left, [key("2")].into());
}

#[test]
fn what_the_other_protocol_keeps_elsewhere_is_no_difference_and_an_edit_is_one() {
    let record = record("Appeal", "Bring the file").with(Field::PercentComplete, Value::Percent(40));
    let written = written(record);
    let there = |ours: &str| task("A", "Appeal", ours);
    // From EWS to Graph: the percentage is nowhere.
    let compared = compare(Kind::Task, &written, &there("Bring the file"));
    assert_eq!(compared.returned, BTreeMap::from([(Field::PercentComplete, None)]));
    assert!(compared.differing.is_empty());
    // From Graph to EWS: it stands in the notes.
    let compared = compare(Kind::Task, &written, &there("Bring the file\n\n[Progress: 40 %]"));
    assert!(compared.differing.is_empty() && compared.returned.contains_key(&Field::Notes), "{compared:?}");
    // An edit, and a task that its user completed.
    let mut edited = there("Bring the file, and call");
    edited.fields.insert(Field::Subject, Value::text("Appeal!"));
    edited.fields.insert(Field::Status, Value::Status(TaskStatus::Completed));
    let compared = compare(Kind::Task, &written, &edited);
    assert_eq!(compared.differing, [Field::Subject, Field::Notes].into());
    assert_eq!(
        compared.returned,
        BTreeMap::from([(Field::PercentComplete, None)]),
        "an edit is not what the server made of it"
    );
}

#[test]
fn a_body_without_our_block_is_an_edit() {
    let written = written(record("Appeal", "Bring the file"));
    let mut bare = task("A", "Appeal", "");
    bare.body = Some(Body { format: BodyFormat::Text, text: Personal::new("My own".to_owned()) });
    assert_eq!(compare(Kind::Task, &written, &bare).differing, [Field::Notes].into());
}

#[test]
fn a_task_whose_creation_was_cut_off_is_known_by_what_it_says_or_asked_about() {
    let mirror = mirror(&[("new", "", "Appeal", "Bring it"), ("never", "", "Unsent", ""), ("twin", "", "Same", "")]);
    let created: BTreeSet<RecordKey> = [key("new"), key("never"), key("twin")].into();
    let tasks = [task("A", "Appeal", "Bring it"), task("B", "Same", ""), task("C", "Same", "")];
    let place = place(&[], &["A", "B", "C"], &[]);
    let mut matches = by_stamp(&mirror, &place, &created);
    assert!(matches.missing.is_empty());
    by_content(&mut matches, &mirror, &place, &tasks, &created);
    assert_eq!(of(&matches, "new"), Some(("A".into(), Recognised::Content)));
    assert_eq!(matches.left, [key("twin")].into());
    assert!(matches.missing.is_empty(), "what never arrived is created by the next plan");
}

#[test]
fn one_task_that_two_records_could_have_written_is_a_persons_to_decide() {
    let mirror = mirror(&[("1", "a", "Same", ""), ("2", "b", "Same", "")]);
    let place = place(&[], &["A"], &[]);
    let mut matches = by_stamp(&mirror, &place, &BTreeSet::new());
    by_content(&mut matches, &mirror, &place, &[task("A", "Same", "")], &BTreeSet::new());
    assert_eq!(matches.left, [key("1"), key("2")].into());
    assert!(matches.found.is_empty());
}

#[test]
fn an_item_that_is_known_already_is_not_taken_for_another_records_too() {
    // Its user made the item of the first record say what the second one says; that one's is not there.
    let mirror = mirror(&[("1", "a", "Appeal", ""), ("2", "b", "Call", "")]);
    let place = place(&[], &["A"], &[("a", "A")]);
    let mut matches = by_stamp(&mirror, &place, &BTreeSet::new());
    assert_eq!(of(&matches, "1"), Some(("A".into(), Recognised::Id)));
    by_content(&mut matches, &mirror, &place, &[task("A", "Call", "")], &BTreeSet::new());
    assert_eq!(of(&matches, "2"), None);
    assert_eq!(matches.missing, [key("2")].into());
}

#[test]
fn lines_below_the_notes_are_ours_in_tasks_alone_and_only_at_the_end() {
    let lines = "Bring the file\n\n[Progress: 40 %]";
    let of_an_event = written(
        Record::new(Kind::Event)
            .with(Field::Subject, Value::text("Hearing"))
            .with(Field::Notes, Value::text("Bring the file")),
    );
    let compared = compare(Kind::Event, &of_an_event, &task("A", "Hearing", lines));
    assert_eq!(compared.differing, [Field::Notes].into(), "an event has no such lines");
    let of_a_task = written(record("Appeal", "Bring the file"));
    assert!(compare(Kind::Task, &of_a_task, &task("A", "Appeal", lines)).differing.is_empty());
    let more = format!("{lines}\nand call");
    assert_eq!(compare(Kind::Task, &of_a_task, &task("A", "Appeal", &more)).differing, [Field::Notes].into());
}

#[test]
fn a_mailbox_without_anything_of_ours_before_is_not_empty_afterwards() {
    assert!(!MoveReport::default().is_empty_place());
    let missing = Matches { missing: [key("1")].into(), ..Matches::default() };
    assert!(MoveReport::of(&missing, BTreeMap::new()).is_empty_place());
}

#[test]
fn what_waits_is_for_the_same_items_under_their_new_ids() {
    let (now, elsewhere) = (item("A"), Place::Elsewhere(crate::domain::FolderId("Other".to_owned())));
    let items = Rekeyed::from([(ItemId("a".to_owned()), (now.clone(), elsewhere.clone()))]);
    let record = Arc::new(record("Appeal", ""));
    let operation = |action| Operation { key: key("1"), due: None, why: Why::Undone, action };
    let hand_back = |item: ItemRef| {
        operation(Action::HandBack {
            item,
            before: Box::new(task("before", "Appeal", "")),
            record: Arc::clone(&record),
            set: BTreeMap::new(),
            clear: BTreeSet::new(),
            body: None,
        })
    };
    let delete = |item, place| operation(Action::Delete { item, place, manner: RemovalManner::ToDeletedItems });
    assert_eq!(rekey(hand_back(item("a")), &items), hand_back(now.clone()));
    assert_eq!(rekey(delete(item("a"), Place::Home), &items), delete(now, elsewhere));
    assert_eq!(rekey(delete(item("b"), Place::Home), &items), delete(item("b"), Place::Home), "not known there");
}
