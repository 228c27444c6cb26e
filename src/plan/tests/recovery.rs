use std::{collections::BTreeMap, sync::Arc};

use super::world::{World, now, record};
use crate::{
    domain::{
        ChangeKey, Field, Fingerprint, ItemId, ItemRef, Kind, Mirror, MirrorEntry, Observation, Place, Presence,
        RecordKey, RemovalManner, Seen, TaskStatus, Value, Written,
    },
    plan::{Action, Operation, Resolution, Why, recover::resolve, settle},
};

fn key() -> RecordKey {
    RecordKey::new(Kind::Task, "todo", "1")
}

fn item(id: &str) -> ItemRef {
    ItemRef { id: ItemId(id.into()), change_key: ChangeKey("1".into()) }
}

fn seen(id: &str, created: i64, place: Place) -> (RecordKey, Seen) {
    let created = (created > 0).then(|| now(created));
    (key(), Seen { item: item(id), place, created, content: None })
}

fn operation(action: Action) -> Operation {
    Operation { key: key(), due: None, why: Why::New, action }
}

fn create() -> Operation {
    operation(Action::Create { record: Arc::new(record(0)) })
}

fn update(id: &str, body: u8) -> Operation {
    let record = Arc::new(record(body));
    let fingerprint = Fingerprint::of(&record);
    let (set, clear) = (BTreeMap::new(), [].into());
    operation(Action::Update { item: item(id), place: Place::Home, fingerprint, record, set, clear })
}

fn delete(id: &str) -> Operation {
    operation(Action::Delete { item: item(id), place: Place::Home, manner: RemovalManner::ToDeletedItems })
}

fn entry(id: &str, body: u8) -> MirrorEntry {
    let written = Some(Written::new(Arc::new(record(body)), BTreeMap::new()));
    MirrorEntry { item: item(id), place: Place::Home, written, presence: Presence::Kept, restores: 1 }
}

fn mirror(entries: &[(&str, u8)], foreign: &[&str]) -> Mirror {
    Mirror {
        entries: entries.iter().map(|(id, body)| (key(), entry(id, *body))).collect(),
        foreign: foreign.iter().map(|id| ItemId((*id).into())).collect(),
    }
}

fn resolved(operation: Operation, items: &[(RecordKey, Seen)], mirror: &Mirror) -> Resolution {
    let observed = Observation::full(items.iter().cloned());
    let mut all = resolve(&[(7, operation)], &observed, mirror);
    let (intent, resolution) = all.pop().expect("one for one");
    assert_eq!((intent, all.len()), (7, 0));
    resolution
}

fn there(id: &str) -> Resolution {
    Resolution::Mirror { key: key(), item: item(id), place: Place::Home }
}

#[test]
fn a_create_is_the_oldest_item_that_nobody_ruled_out() {
    let home = |id, created| seen(id, created, Place::Home);
    let none = mirror(&[], &[]);
    assert_eq!(resolved(create(), &[], &none), Resolution::Drop);
    assert_eq!(resolved(create(), &[home("b", 2), home("a", 3)], &none), there("b"));
    assert_eq!(resolved(create(), &[home("b", 2), home("a", 2)], &none), there("a"), "of equal age: the smallest id");
    assert_eq!(resolved(create(), &[home("a", 0), home("b", 2)], &none), there("b"), "an age is better than none");
    assert_eq!(resolved(create(), &[home("b", 2), home("a", 3)], &mirror(&[], &["b"])), there("a"));
    assert_eq!(resolved(create(), &[seen("a", 1, Place::Deleted)], &none), Resolution::Drop);
}

#[test]
fn an_update_leaves_the_item_in_doubt_wherever_it_lies_now() {
    let known = mirror(&[("a", 0)], &[]);
    assert_eq!(resolved(update("a", 4), &[seen("a", 1, Place::Home)], &known), there("a"));
    assert_eq!(resolved(update("a", 4), &[seen("moved", 1, Place::Home)], &known), there("moved"));
    assert_eq!(resolved(update("a", 4), &[], &known), Resolution::Drop);
    assert_eq!(resolved(update("a", 4), &[seen("x", 1, Place::Deleted)], &known), Resolution::Drop);
}

#[test]
fn a_delete_is_done_when_the_very_item_is_gone() {
    let known = mirror(&[("a", 0)], &[]);
    let forget = Resolution::Forget { key: key() };
    assert_eq!(resolved(delete("a"), &[], &known), forget);
    assert_eq!(resolved(delete("a"), &[seen("x", 1, Place::Deleted)], &known), forget);
    assert_eq!(resolved(delete("a"), &[seen("copy", 1, Place::Home)], &known), forget, "a copy is not it");
    assert_eq!(resolved(delete("a"), &[seen("a", 1, Place::Home)], &known), Resolution::Drop);
    assert_eq!(resolved(delete("a"), &[], &mirror(&[], &[])), Resolution::Drop, "an orphan was never in the mirror");
}

#[test]
fn what_is_in_doubt_may_be_anything_we_wrote_or_were_about_to_write() {
    let before = entry("a", 2);
    let doubt = settle::in_doubt(Some(&before), &update("a", 0)).expect("a write");
    assert!(doubt.in_doubt);
    assert_eq!(doubt.record.text(Field::Subject), Some("subject 0"));
    assert!(doubt.record.date(Field::DueDate).is_some(), "written before, to be cleared");
    assert_eq!(doubt.fingerprint, Fingerprint::of(&record(0)));
    let fresh = settle::in_doubt(Some(&before), &create()).expect("a write");
    assert_eq!(*fresh.record, record(0), "a new item holds nothing of an older one");
    assert_eq!(settle::in_doubt(Some(&before), &delete("a")), None);
    let completed = settle::in_doubt(Some(&entry("a", 3)), &update("a", 0)).expect("a write");
    assert_eq!(
        completed.record.get(Field::Status),
        Some(&Value::Status(TaskStatus::Completed)),
        "it may be we who did it"
    );
}

#[test]
fn the_mirror_follows_what_was_done() {
    let before = entry("a", 0);
    let stored = || Some((item("b"), Place::Home));
    let after = |operation: &Operation, stored| settle::mirror_after(Some(&before), operation, stored, BTreeMap::new());
    let changed = after(&update("a", 4), stored()).expect("kept");
    assert_eq!((changed.item.clone(), changed.restores), (item("b"), 0), "a changed record counts its restores anew");
    assert_eq!(*changed.certain().expect("certain").record, record(4));
    let restored = Operation { why: Why::Restored, ..update("a", 0) };
    assert_eq!(after(&restored, stored()).expect("kept").restores, 2);
    assert_eq!(after(&update("a", 0), stored()).expect("kept").restores, 1);
    assert_eq!(after(&update("a", 4), None), Some(before.clone()), "nothing was stored");
    assert_eq!(settle::mirror_after(None, &create(), stored(), BTreeMap::new()).expect("kept").restores, 0);
    let respected = after(&operation(Action::Respect), None).expect("kept");
    assert_eq!(respected, MirrorEntry { presence: Presence::DeletedByUser, ..before.clone() });
    assert_eq!(after(&delete("a"), None), None);
    assert_eq!(after(&operation(Action::Forget), None), None);
    let returned: BTreeMap<_, _> = [(Field::Subject, None)].into();
    let record = Arc::new(record(0));
    let fingerprint = Fingerprint::of(&record);
    let place = World::elsewhere();
    let own = Action::Own { item: item("b"), place: place.clone(), fingerprint, record, returned: returned.clone() };
    let owned = after(&operation(own), None).expect("kept");
    assert_eq!((owned.item, owned.place, owned.restores), (item("b"), place, 1));
    assert_eq!(owned.written.expect("written").returned, returned);
}
