//! What only Graph does.

use std::{collections::BTreeSet, time::Instant};

use pocketdocket::{
    domain::{ChangeKey, RemovalManner},
    ports::{ItemChange, ItemOutcome, Owner, Removal, StampChange, SyncToken},
    simulator::{Fault, FaultRule},
};

use super::*;

fn subject(kind: Kind, item: &ItemRef, text: &str) -> ItemChange {
    ItemChange {
        kind,
        item: item.clone(),
        set: [(Field::Subject, Value::text(text))].into(),
        clear: BTreeSet::new(),
        body: None,
        stamp: StampChange::Keep,
    }
}

/// Creates three tasks while `CreateItem` goes wrong once. Yields what was said of each and how many tasks are there.
async fn create_amid(rule: FaultRule) -> (Result<Vec<ItemOutcome<ItemRef>>, Failure>, usize) {
    let place = Place::of(Face::Graph).await;
    let folder = place.mailbox.folder(Kind::Task).await.unwrap().id;
    place.simulator.faults().add(rule.on("CreateItem"));
    let items: Vec<NewItem> = ["a", "b", "c"].map(|name| new_item(full(Kind::Task), name)).into();
    let outcome = place.mailbox.create(&folder, &items).await;
    let stored = place.simulator.mailbox(WEBER).unwrap().tasks().len();
    (outcome, stored)
}

fn kinds(outcomes: &[ItemOutcome<ItemRef>]) -> Vec<Option<FailureKind>> {
    outcomes.iter().map(|outcome| outcome.as_ref().err().map(|failure| failure.kind)).collect()
}

#[tokio::test]
async fn a_lost_reply_and_a_half_batch_are_told_as_unknown_and_not_repeated() {
    for fault in [Fault::LostReply, Fault::HalfBatch { stored: 1 }] {
        let (outcome, there) = create_amid(FaultRule::new(fault.clone()).times(1)).await;
        assert_eq!(outcome.unwrap_err().kind, FailureKind::Transient, "{fault:?}");
        assert!(there <= 3, "{fault:?}: {there}");
    }
}

#[tokio::test]
async fn one_refused_item_keeps_none_of_the_others_from_being_written() {
    let refused = Fault::ItemRefused { text: stamp(Kind::Task, "b").to_string(), code: "ErrorCorruptData".to_owned() };
    let (outcome, stored) = create_amid(FaultRule::new(refused)).await;
    assert_eq!((kinds(&outcome.unwrap()), stored), (vec![None, Some(FailureKind::Rejected), None], 2));
    let (outcome, _) = create_amid(FaultRule::new(Fault::QuotaExceeded)).await;
    assert!(kinds(&outcome.unwrap()).iter().all(|kind| *kind == Some(FailureKind::Full)));
}

#[tokio::test]
async fn a_short_pause_is_sat_out_to_the_end_and_a_long_one_is_told() {
    let began = Instant::now();
    let busy = Fault::Busy { back_off_milliseconds: 1000 };
    let (outcome, stored) = create_amid(FaultRule::new(busy).times(1)).await;
    assert_eq!((kinds(&outcome.unwrap()), stored), (vec![None; 3], 3));
    assert!(began.elapsed().as_millis() >= 1000, "no request earlier than told");
    let busy = Fault::Busy { back_off_milliseconds: 60_000 };
    let (outcome, stored) = create_amid(FaultRule::new(busy)).await;
    let outcomes = outcome.unwrap();
    assert_eq!((kinds(&outcomes), stored), (vec![Some(FailureKind::Throttled); 3], 0));
    let pause = outcomes[0].as_ref().unwrap_err().retry_after.unwrap();
    assert_eq!(pause.as_secs(), 60);
}

#[tokio::test]
async fn a_conflict_that_is_none_is_asked_once_more_and_a_real_one_is_told() {
    let place = Place::of(Face::Graph).await;
    for kind in [Kind::Event, Kind::Task] {
        let item = create(&place, full(kind), "1").await;
        place.simulator.faults().add(FaultRule::new(Fault::EventualConflict).on("UpdateItem").times(1));
        let outcomes = place.mailbox.update(&[subject(kind, &item, "ours")]).await.unwrap();
        let now = outcomes.into_iter().next().unwrap().unwrap();
        assert_ne!(now.change_key, item.change_key);
        let stale = place.mailbox.update(&[subject(kind, &item, "again")]).await.unwrap();
        assert_eq!(kinds(&stale), [Some(FailureKind::Conflict)]);
    }
}

#[tokio::test]
async fn the_same_creation_makes_nothing_twice_and_a_later_one_does() {
    let place = Place::of(Face::Graph).await;
    let folder = place.mailbox.folder(Kind::Event).await.unwrap().id;
    let again = |item: NewItem| {
        let (place, folder) = (&place, folder.clone());
        async move { place.mailbox.create(&folder, &[item]).await.unwrap().into_iter().next().unwrap().unwrap() }
    };
    let first = again(new_item(full(Kind::Event), "1")).await;
    assert_eq!(again(new_item(full(Kind::Event), "1")).await.id, first.id);
    assert_eq!(place.simulator.mailbox(WEBER).unwrap().events().len(), 1);
    // Another record under the same stamp, and the same one in place of an item that is gone, are new.
    let other = full(Kind::Event).with(Field::Subject, Value::text("later"));
    assert_ne!(again(new_item(other, "1")).await.id, first.id);
    let instead = NewItem { replaces: Some(first.id.clone()), ..new_item(full(Kind::Event), "1") };
    assert_ne!(again(instead).await.id, first.id);
    assert_eq!(place.simulator.mails_sent(), 0);
}

#[tokio::test]
async fn an_event_outside_the_window_is_seen_read_and_never_taken_for_gone() {
    let place = Place::of(Face::Graph).await;
    let folder = place.mailbox.folder(Kind::Event).await.unwrap().id;
    let empty = place.mailbox.changes(&folder, None).await.unwrap();
    let far = full(Kind::Event).with(Field::Span, zurich("2041-01-07T08:00:00Z", "2041-01-07T09:00:00Z"));
    let item = create(&place, far, "far").await;
    let near = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(48);
    let span = |start: jiff::Timestamp| {
        let end = start + jiff::SignedDuration::from_hours(1);
        Value::Span(Span::Timed { start, end, zone: "Europe/Zurich".to_owned() })
    };
    let moving = create(&place, full(Kind::Event).with(Field::Span, span(near)), "moving").await;
    let all = place.mailbox.changes(&folder, None).await.unwrap();
    assert_eq!((all.changed.len(), all.complete), (2, true), "a full view has no window");
    let since = place.mailbox.changes(&folder, Some(&empty.next)).await.unwrap();
    assert_eq!(since.changed.iter().map(|sighting| &sighting.item.id).collect::<Vec<_>>(), [&moving.id]);
    // It leaves the window: the delta calls it gone, and it is not.
    let mut change = subject(Kind::Event, &moving, "far away");
    change.set.insert(Field::Span, span("2042-01-07T08:00:00Z".parse().unwrap()));
    place.mailbox.update(&[change]).await.unwrap().remove(0).unwrap();
    let since = place.mailbox.changes(&folder, Some(&all.next)).await.unwrap();
    assert!(since.gone.is_empty(), "{:?}", since.gone);
    assert_eq!(read(&place, Kind::Event, &item).await.folder, Some(folder.clone()));
    // What is deleted is gone.
    place.simulator.phone(WEBER).delete(&place.on_the_phone(Kind::Event, "far")).unwrap();
    let outcomes = place.mailbox.read(Kind::Event, &[item.id]).await.unwrap();
    assert!(matches!(outcomes.as_slice(), [Ok(None)]));
}

#[tokio::test]
async fn items_that_move_keep_their_ids_and_leave_their_folder() {
    let place = Place::of(Face::Graph).await;
    for kind in [Kind::Contact, Kind::Event] {
        let folder = place.mailbox.folder(kind).await.unwrap().id;
        let item = create(&place, full(kind), "1").await;
        let token = place.mailbox.changes(&folder, None).await.unwrap().next;
        let phone = place.simulator.phone(WEBER);
        let other = format!("Other {kind}");
        phone.make_folder(&other, kind).unwrap();
        phone.move_to(&place.on_the_phone(kind, "1"), &other).unwrap();
        let since = place.mailbox.changes(&folder, Some(&token)).await.unwrap();
        assert_eq!((since.gone, since.changed.len()), (vec![item.id.clone()], 0), "{kind}");
        let content = read(&place, kind, &item).await;
        assert!(content.folder.is_some_and(|now| now != folder), "{kind}");
    }
}

#[tokio::test]
async fn a_token_of_another_server_or_protocol_asks_for_a_full_view_and_is_sent_nowhere() {
    let place = Place::of(Face::Graph).await;
    let folder = place.mailbox.folder(Kind::Contact).await.unwrap().id;
    for token in ["H4sIAAA=", "http://127.0.0.1:9/v1.0/me/contacts/delta?$deltatoken=x", "https://example.org/v1.0/me"]
    {
        let failure = place.mailbox.changes(&folder, Some(&SyncToken(token.to_owned()))).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::TokenExpired, "{token}");
    }
    let token = place.mailbox.changes(&folder, None).await.unwrap().next;
    place.simulator.faults().add(FaultRule::new(Fault::InvalidSyncState));
    let failure = place.mailbox.changes(&folder, Some(&token)).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::TokenExpired);
}

#[tokio::test]
async fn tasks_get_and_lose_their_stamp() {
    let place = Place::of(Face::Graph).await;
    let item = create(&place, full(Kind::Task), "1").await;
    let given_up = ItemChange { stamp: StampChange::Remove, ..subject(Kind::Task, &item, "mine") };
    let item = place.mailbox.update(&[given_up]).await.unwrap().remove(0).unwrap();
    let content = read(&place, Kind::Task, &item).await;
    assert_eq!((content.stamp, content.item), (None, item.clone()));
    let taken = StampChange::Set(stamp(Kind::Task, "2"));
    let adopted = ItemChange { stamp: taken, ..subject(Kind::Task, &item, "ours") };
    let item = place.mailbox.update(&[adopted]).await.unwrap().remove(0).unwrap();
    let again = ItemChange {
        stamp: StampChange::Set(stamp(Kind::Task, "3")),
        set: BTreeMap::new(),
        ..subject(Kind::Task, &item, "")
    };
    let item = place.mailbox.update(&[again]).await.unwrap().remove(0).unwrap();
    assert_eq!(read(&place, Kind::Task, &item).await.stamp, Some(stamp(Kind::Task, "3").to_string()));
}

#[tokio::test]
async fn one_missing_item_costs_none_of_the_others() {
    let place = Place::of(Face::Graph).await;
    let folder = place.mailbox.folder(Kind::Contact).await.unwrap().id;
    let items: Vec<NewItem> = (0..50).map(|number| new_item(full(Kind::Contact), &number.to_string())).collect();
    let made = place.mailbox.create(&folder, &items).await.unwrap();
    let mut ids: Vec<_> = made.into_iter().map(|outcome| outcome.unwrap().id).collect();
    ids.insert(7, pocketdocket::domain::ItemId("AAkALgAAAAAAHYQDEapmEc2byACqAC-EWg0A".to_owned()));
    let read = place.mailbox.read(Kind::Contact, &ids).await.unwrap();
    let found: Vec<usize> =
        read.iter().enumerate().filter(|(_, outcome)| matches!(outcome, Ok(Some(_)))).map(|(place, _)| place).collect();
    assert_eq!(found, (0..51).filter(|place| *place != 7).collect::<Vec<_>>());
    assert!(matches!(read[7], Ok(None)));
    let used = place.simulator.graph_use(WEBER);
    assert!(used.most_concurrent <= 4 && used.throttled == 0, "{used:?}");
}

#[tokio::test]
async fn items_that_nobody_was_let_at_are_not_told_as_ones_that_cannot_be_read() {
    let place = Place::of(Face::Graph).await;
    let mut items = Vec::new();
    for name in ["1", "2", "3"] {
        items.push(create(&place, full(Kind::Contact), name).await.id);
    }
    place.simulator.faults().add(FaultRule::new(Fault::UnauthorizedBecauseBusy).on("GetItem").times(1));
    let failure = place.mailbox.read(Kind::Contact, &items).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Transient, "{}", failure.chain());
    let read = place.mailbox.read(Kind::Contact, &items).await.unwrap();
    assert!(read.into_iter().all(|item| item.unwrap().is_some()));
}

#[tokio::test]
async fn categories_get_a_colour_once_and_a_user_s_own_colour_stays() {
    let place = Place::of(Face::Graph).await;
    let folder = place.mailbox.folder(Kind::Event).await.unwrap().id;
    for number in 0..3 {
        place
            .mailbox
            .create(&folder, &[new_item(full(Kind::Event), &number.to_string())])
            .await
            .unwrap()
            .remove(0)
            .unwrap();
    }
    let counts = place.simulator.mailbox(WEBER).unwrap().counts;
    assert_eq!(
        counts.requests.get("MasterCategories").copied(),
        Some(3),
        "one look and two colours: {:?}",
        counts.requests
    );
}

#[tokio::test]
async fn a_shared_mailbox_and_an_app_write_by_its_address() {
    let place = Place::of(Face::Graph).await;
    place.simulator.add_service_account("sync", PASSWORD.into()).unwrap();
    let token = place.simulator.graph_app_token("sync").unwrap();
    let shared = graph_mailbox(&place.simulator, &Settings::default(), &Whose::Shared(WEBER.to_owned()), &token);
    for kind in Kind::ALL {
        let folder = shared.folder(kind).await.unwrap().id;
        assert!(shared.create(&folder, &[new_item(full(kind), "1")]).await.unwrap()[0].is_ok(), "{kind}");
        shared.claim(&folder, kind, &Owner("a/b/c".to_owned())).await.unwrap();
    }
    assert_eq!(shared.identity().await.unwrap(), place.mailbox.identity().await.unwrap());
}

#[tokio::test]
async fn removed_for_good_is_not_in_deleted_items() {
    let place = Place::of(Face::Graph).await;
    for kind in [Kind::Contact, Kind::Event] {
        let item = create(&place, full(kind), "1").await;
        let removal = Removal { kind, item: item.clone(), manner: RemovalManner::ForGood };
        let stale = ItemRef { change_key: ChangeKey("W/\"old\"".to_owned()), ..item };
        let outcomes = place.mailbox.delete(&[Removal { item: stale, ..removal.clone() }]).await.unwrap();
        assert!(matches!(outcomes.as_slice(), [Err(failure)] if failure.kind == FailureKind::Conflict));
        assert!(place.mailbox.delete(&[removal]).await.unwrap()[0].is_ok());
        assert!(place.simulator.mailbox(WEBER).unwrap().items.is_empty(), "{kind}");
    }
}
