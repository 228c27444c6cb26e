//! Folders, listings, and where items went.

use pocketdocket::{
    domain::Place as ItemPlace,
    exchange::OwnFolders,
    ports::{FailureKind, Owner, SyncToken},
};

use super::*;

#[tokio::test]
async fn a_mailbox_has_an_identity_and_folders_that_can_be_claimed() {
    for face in FACES {
        let place = Place::of(face).await;
        let identity = place.mailbox.identity().await.unwrap();
        if face != Face::Graph {
            assert_eq!(identity.root.0, place.simulator.mailbox(WEBER).unwrap().root);
        }
        for kind in Kind::ALL {
            let folder = place.mailbox.folder(kind).await.unwrap();
            assert_eq!(folder.owner, None);
            let owner = Owner(format!("firm/ledger/{kind}"));
            place.mailbox.claim(&folder.id, kind, &owner).await.unwrap();
            assert_eq!(place.mailbox.folder(kind).await.unwrap().owner, Some(owner));
        }
        assert_eq!(place.mailbox.identity().await.unwrap(), identity);
    }
}

#[tokio::test]
async fn own_folders_are_made_once_and_used() {
    for face in FACES {
        let folders = OwnFolders {
            contacts: Some("Kanzlei".to_owned()),
            calendar: Some("Termine & Fristen".to_owned()),
            tasks: Some("Kanzlei".to_owned()),
        };
        let place = Place::with(face, Settings { folders, ..Settings::default() }).await;
        for kind in Kind::ALL {
            let made = place.mailbox.folder(kind).await.unwrap();
            assert_eq!(place.mailbox.folder(kind).await.unwrap(), made);
            let outcomes = place.mailbox.create(&made.id, &[new_item(full(kind), "1")]).await.unwrap();
            assert!(outcomes[0].is_ok(), "{outcomes:?}");
        }
        let view = place.simulator.mailbox(WEBER).unwrap();
        let own: Vec<&str> = view.items.iter().map(|item| item.folder.as_str()).collect();
        assert_eq!(own, ["Termine & Fristen", "Kanzlei", "Kanzlei"]);
        assert_eq!(view.folders.iter().filter(|folder| folder.name == "Kanzlei").count(), 2);
    }
}

#[tokio::test]
async fn changes_tell_what_is_new_what_moved_on_and_what_left() {
    for face in FACES {
        let place = Place::of(face).await;
        let folder = place.mailbox.folder(Kind::Task).await.unwrap().id;
        let empty = place.mailbox.changes(&folder, None).await.unwrap();
        assert!(empty.complete && empty.changed.is_empty());
        // More than one page of 512.
        let items: Vec<NewItem> = (0..600).map(|number| new_item(full(Kind::Task), &number.to_string())).collect();
        let created = place.mailbox.create(&folder, &items).await.unwrap();
        let created: Vec<ItemRef> = created.into_iter().map(Result::unwrap).collect();
        let all = place.mailbox.changes(&folder, None).await.unwrap();
        assert_eq!((all.changed.len(), all.complete, all.gone.len()), (600, true, 0));
        assert!(all.changed.iter().all(|sighting| sighting.stamp.is_some() && sighting.place == ItemPlace::Home));
        let phone = place.simulator.phone(WEBER);
        phone.edit(&place.on_the_phone(Kind::Task, "0"), "item:Subject", Some("edited")).unwrap();
        phone.delete(&place.on_the_phone(Kind::Task, "1")).unwrap();
        phone.add(Kind::Task, &[("item:Subject", "own")]).unwrap();
        let delta = place.mailbox.changes(&folder, Some(&all.next)).await.unwrap();
        assert_eq!((delta.changed.len(), delta.complete), (2, false), "{face:?}");
        assert_eq!(delta.gone, [created[1].id.clone()]);
        assert_eq!(delta.changed.iter().filter(|sighting| sighting.stamp.is_none()).count(), 1, "the user's own");
        let quiet = place.mailbox.changes(&folder, Some(&delta.next)).await.unwrap();
        assert!(quiet.changed.is_empty() && quiet.gone.is_empty() && !quiet.complete);
    }
}

#[tokio::test]
async fn a_token_that_means_nothing_leads_to_a_full_view_either_way() {
    let garbage = SyncToken("bm9uc2Vuc2U=".to_owned());
    let strict = Place::new(Dialect::Strict).await;
    let folder = strict.mailbox.folder(Kind::Task).await.unwrap().id;
    assert_eq!(strict.mailbox.changes(&folder, Some(&garbage)).await.unwrap_err().kind, FailureKind::TokenExpired);
    let lenient = Place::new(Dialect::Lenient).await;
    create(&lenient, full(Kind::Task), "1").await;
    let folder = lenient.mailbox.folder(Kind::Task).await.unwrap().id;
    let all = lenient.mailbox.changes(&folder, Some(&garbage)).await.unwrap();
    assert!(all.complete && all.changed.len() == 1);
}

#[tokio::test]
async fn what_left_home_is_found_by_its_stamp_case_and_all() {
    for face in FACES {
        let place = Place::of(face).await;
        for kind in Kind::ALL {
            let home = place.mailbox.folder(kind).await.unwrap().id;
            let phone = place.simulator.phone(WEBER);
            let other = format!("Other {kind}");
            phone.make_folder(&other, kind).unwrap();
            for name in ["home", "moved", "MOVED", "deleted"] {
                create(&place, full(kind), name).await;
            }
            phone.move_to(&place.on_the_phone(kind, "moved"), &other).unwrap();
            phone.move_to(&place.on_the_phone(kind, "MOVED"), &other).unwrap();
            phone.delete(&place.on_the_phone(kind, "deleted")).unwrap();
            let wanted: Vec<Stamp> = ["home", "moved", "deleted", "never"].map(|name| stamp(kind, name)).to_vec();
            let sightings = place.mailbox.find_elsewhere(kind, &home, Some(&wanted)).await.unwrap();
            let mut found: Vec<(bool, String)> = sightings
                .into_iter()
                .map(|sighting| (sighting.place == ItemPlace::Deleted, sighting.stamp.unwrap()))
                .collect();
            found.sort();
            // Graph shows the contacts in Deleted Items, and nothing else of it, to who may not read mail.
            let shows_deleted = face != Face::Graph || kind == Kind::Contact;
            let mut expected = vec![(false, stamp(kind, "moved").to_string())];
            expected.extend(shows_deleted.then(|| (true, stamp(kind, "deleted").to_string())));
            assert_eq!(found, expected, "{kind} over {face:?}");
            let all = place.mailbox.find_elsewhere(kind, &home, None).await.unwrap();
            assert_eq!(all.len(), expected.len() + 1, "{kind} over {face:?}");
            assert!(place.mailbox.find_elsewhere(kind, &home, Some(&[])).await.unwrap().is_empty());
            // Where they are found they can be read.
            for sighting in all.iter().filter(|sighting| sighting.place != ItemPlace::Deleted) {
                let content = read(&place, kind, &sighting.item).await;
                assert_eq!(content.stamp, sighting.stamp);
                assert_eq!(content.folder.map(ItemPlace::Elsewhere), Some(sighting.place.clone()));
            }
        }
    }
}

#[tokio::test]
async fn many_stamped_items_elsewhere_are_found_over_several_pages() {
    let place = Place::new(Dialect::Strict).await;
    let home = place.mailbox.folder(Kind::Contact).await.unwrap().id;
    let items: Vec<NewItem> = (0..300).map(|number| new_item(full(Kind::Contact), &number.to_string())).collect();
    let created = place.mailbox.create(&home, &items).await.unwrap();
    for item in created {
        place.simulator.phone(WEBER).delete(&item.unwrap().id.0).unwrap();
    }
    let wanted: Vec<Stamp> = (0..40).map(|number| stamp(Kind::Contact, &number.to_string())).collect();
    assert_eq!(place.mailbox.find_elsewhere(Kind::Contact, &home, Some(&wanted)).await.unwrap().len(), 40);
    assert_eq!(place.mailbox.find_elsewhere(Kind::Contact, &home, None).await.unwrap().len(), 300);
}
