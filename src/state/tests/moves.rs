use secrecy::{ExposeSecret, SecretString};

use super::{users::with_active_user, *};
use crate::{
    domain::FolderId,
    plan::{Hold, HoldReason, moving::MoveReport},
    ports::{Sighting, SyncToken},
    state::{KEPT_FOR, Move, MoveStage, NewFolder, ReadyMove, Switch},
};

const DAY: i64 = 24 * 3600;

/// A desk with an active user who has a second way into the mailbox, confirmed.
fn with_a_door() -> (Desk, UserName, UserName) {
    let (desk, weber) = with_active_user();
    let door = Move::door_name(&weber).expect("short enough");
    let ledger = &desk.ledger;
    let new =
        UserDetails { protocol: Protocol::Graph, login: "hanna@example.org".into(), ..details("weber@example.org") };
    ledger.begin_move(&weber, &door, &new, "test", at(5)).expect("begun");
    ledger.give_password(&door, &SecretString::from("Neu2026!"), "test", at(6)).expect("given");
    ledger.set_link_state(&door, LinkState::Confirming, "test", at(7)).expect("one step");
    let there = MailboxIdentity { server: "graph.example.org".into(), root: FolderId("calendar".into()) };
    let beyond = ledger.mailbox_for(&there, at(7)).expect("a mailbox");
    ledger.set_user_mailbox(&door, beyond).expect("known");
    ledger.confirm(&door, ConfirmationWay::Mailbox, "test", at(8)).expect("confirmed");
    (desk, weber, door)
}

fn ready(desk: &Desk, weber: &UserName) -> ReadyMove {
    desk.ledger.ask_move(weber, false, "test", at(9)).expect("asked");
    desk.ledger.ready_moves().expect("read").pop().expect("is ready")
}

fn secret(desk: &Desk, name: &UserName) -> Option<String> {
    desk.ledger.password(name).expect("read").map(|secret| secret.expose_secret().to_owned())
}

/// The items of these ids, each under a new one.
fn switch(pairs: &[(&str, &str)]) -> Switch {
    let items = pairs.iter().map(|(before, after)| (ItemId((*before).into()), (item(after, 7), Place::Home)));
    Switch { items: items.collect(), ..Switch::default() }
}

#[test]
fn a_door_is_nobody_until_the_switch_and_then_the_way_before() {
    let (desk, weber, door) = with_a_door();
    let ledger = &desk.ledger;
    assert_eq!(ledger.users().expect("read").len(), 1, "a door is no user");
    assert_eq!(super::users::active(&desk), std::slice::from_ref(&weber), "and nobody is served by it");
    let ready = ready(&desk, &weber);
    assert!(ledger.switch(&ready, &switch(&[]), at(10)).expect("written"));
    let (user, before) = (ledger.user(&weber).expect("there"), ledger.user(&door).expect("there"));
    assert_eq!((user.details.protocol, user.details.login.as_str()), (Protocol::Graph, "hanna@example.org"));
    assert_eq!((before.details.protocol, before.details.login.as_str()), (Protocol::Ews, "weber@example.org"));
    assert_eq!((secret(&desk, &weber), secret(&desk, &door)), (Some("Neu2026!".into()), Some("Sommer2026!".into())));
    assert_eq!(user.confirmed.expect("is").how, ConfirmationWay::Mailbox);
    assert_eq!(before.confirmed.expect("is").how, ConfirmationWay::Authenticator);
    assert_eq!(user.mailbox, Some(ready.mailbox), "what is known of the mailbox stays bound to its number");
    assert_eq!(ledger.mailbox_identity(ready.mailbox).expect("known").server, "graph.example.org");
    assert_eq!(ledger.mailbox_identity(ready.beyond).expect("known").server, "mail.example.org");
}

#[test]
fn the_way_before_leads_back_for_fourteen_days_and_is_forgotten_then() {
    let (desk, weber, door) = with_a_door();
    let ledger = &desk.ledger;
    ledger.switch(&ready(&desk, &weber), &switch(&[]), at(10)).expect("written");
    ledger.forget_old_doors(at(10 + 13 * DAY)).expect("written");
    assert_eq!(secret(&desk, &door), Some("Sommer2026!".into()), "kept on the thirteenth day");
    let back = ready(&desk, &weber);
    assert!(ledger.switch(&back, &switch(&[]), at(11 + 13 * DAY)).expect("written"));
    assert_eq!(ledger.user(&weber).expect("there").details.protocol, Protocol::Ews);
    assert_eq!(secret(&desk, &weber), Some("Sommer2026!".into()));
    let until = ledger.move_of(&weber).expect("read").expect("there").kept_until;
    assert_eq!(until, Some(at(11 + 13 * DAY) + KEPT_FOR), "and the other way is kept as long");
    ledger.forget_old_doors(at(12 + 28 * DAY)).expect("written");
    assert_eq!(ledger.move_of(&weber).expect("read"), None);
    assert!(ledger.user(&door).is_err(), "the door is gone");
    assert!(ledger.open_secret("user/weber.move/password").expect("read").is_none(), "with its secret");
    assert_eq!(secret(&desk, &weber), Some("Sommer2026!".into()), "the user's own stays");
}

#[test]
fn everything_that_names_an_item_names_it_by_its_new_id() {
    let (desk, weber, _) = with_a_door();
    let (ledger, mailbox) = (&desk.ledger, desk.mailbox());
    ledger.set_folder(mailbox, Kind::Event, &FolderId("old folder".into())).expect("noted");
    put(&desk, mailbox, &key("1"), item("a", 1), "One", at(1));
    put(&desk, mailbox, &key("2"), item("b", 1), "Two", at(1));
    ledger.add_foreign(mailbox, &[(key("1"), ItemId("copy".into()))], at(1)).expect("noted");
    let waiting = update(&key("1"), item("a", 1), "Uno", Why::Changed);
    let kept_back = Hold { kind: Kind::Event, reason: HoldReason::Orphans, operations: vec![waiting.clone()] };
    ledger.put_holds(mailbox, &weber, &[kept_back], at(2)).expect("kept");
    ledger.release(ledger.holds().expect("read")[0].id, "test", at(2)).expect("released");
    ledger.begin(mailbox, RunId(1), &[delete(&key("2"), item("b", 1))], at(3)).expect("begun");

    let seen = Sighting { item: item("A", 7), stamp: None, created: None, place: Place::Home };
    let folder = NewFolder { id: FolderId("new folder".into()), seen: vec![seen], next: SyncToken("token".into()) };
    let switch = Switch {
        foreign: vec![(key("1"), ItemId("COPY".into()))],
        folders: [(Kind::Event, folder)].into(),
        ..switch(&[("a", "A"), ("b", "B")])
    };
    assert!(ledger.switch(&ready(&desk, &weber), &switch, at(10)).expect("written"));

    let mirror = ledger.mirror_all(mailbox).expect("read");
    assert_eq!(mirror.entries[&key("1")].item, item("A", 7));
    assert_eq!(mirror.entries[&key("2")].item, item("B", 7));
    assert_eq!(
        mirror.entries[&key("1")].certain().expect("is").record,
        record("One"),
        "what was written is known still"
    );
    assert_eq!(mirror.foreign, [ItemId("COPY".into())].into());
    let waiting_now = ledger.hold(ledger.holds().expect("read")[0].id).expect("there").waiting;
    let Action::Update { item: changed, .. } = &waiting_now[0].action else { panic!("{waiting_now:?}") };
    assert_eq!(*changed, item("A", 7));
    let released = ledger.released(mailbox, at(11)).expect("read");
    assert!(released.operations.contains_key(&waiting_now[0].digest()), "what was released stays released");
    let open = ledger.open_intents(mailbox).expect("read");
    let Action::Delete { item: removed, .. } = &open[0].operation.action else { panic!("{open:?}") };
    assert_eq!(*removed, item("B", 7));
    let folder = ledger.folder(mailbox, Kind::Event).expect("read").expect("known");
    assert_eq!((folder.id.0.as_str(), folder.token), ("new folder", Some(SyncToken("token".into()))));
    assert_eq!(ledger.ids_before_the_move(mailbox).expect("read")[&ItemId("A".into())], ItemId("a".into()));
}

#[test]
fn a_move_that_is_stopped_waits_for_a_person_and_one_that_is_given_up_leaves_nothing() {
    let (desk, weber, door) = with_a_door();
    let ledger = &desk.ledger;
    ready(&desk, &weber);
    ledger.stop_move(&weber, Some(&MoveReport::default()), "nothing there", false, at(10)).expect("written");
    let task = ledger.move_of(&weber).expect("read").expect("there");
    assert_eq!((task.stage, task.trouble.as_deref()), (MoveStage::Begun, Some("nothing there")));
    assert!(ledger.ready_moves().expect("read").is_empty());
    assert!(ledger.status().expect("read").needs_person());
    ledger.forget_move(&weber, "test", at(11)).expect("written");
    assert!(ledger.user(&door).is_err() && secret(&desk, &door).is_none());
    assert_eq!(secret(&desk, &weber), Some("Sommer2026!".into()));
    assert_eq!(ledger.user(&weber).expect("there").mailbox, Some(desk.mailbox()));
}

#[test]
fn somebody_elses_link_into_the_mailbox_keeps_it_where_it_is() {
    let (desk, weber, _) = with_a_door();
    let ledger = &desk.ledger;
    let ready = ready(&desk, &weber);
    ledger.add_user(&name("other"), &details("other@example.org"), "test", at(9)).expect("added");
    ledger.set_user_mailbox(&name("other"), ready.beyond).expect("known");
    assert!(!ledger.switch(&ready, &switch(&[]), at(10)).expect("nothing is written"));
    assert_eq!(ledger.user(&weber).expect("there").details.protocol, Protocol::Ews);
}

#[test]
fn a_removed_user_takes_the_door_along() {
    let (desk, weber, door) = with_a_door();
    desk.ledger.remove_user(&weber, WhatRemains::Mirror, "test", at(10)).expect("removed");
    assert!(desk.ledger.user(&door).is_err());
    assert!(secret(&desk, &door).is_none() && desk.ledger.moves().expect("read").is_empty());
}
