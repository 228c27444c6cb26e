use pocketdocket::{domain::Kind, plan::FindingKind};

use super::firm::{Firm, address, text};

pub(super) fn id_of(firm: &Firm, user: &str, subject: &str) -> String {
    let view = firm.mailbox(user);
    let item = view.items.iter().find(|item| !item.deleted && text(item, "item:Subject") == subject);
    item.unwrap_or_else(|| panic!("`{subject}` is on the phone")).id.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_on_the_phone_is_undone_and_becomes_a_proposed_change() {
    let firm = Firm::of(&["weber"]).await;
    firm.event("1", "weber", "Hearing", 3);
    firm.first_sync().await;
    let phone = firm.sim.phone(&address("weber"));
    phone.edit(&id_of(&firm, "weber", "Hearing"), "item:Subject", Some("Lunch")).expect("edited");
    firm.later().await;
    assert_eq!(firm.subjects("weber"), ["Hearing"]);
    let proposals = firm.ledger.proposals().expect("readable");
    assert_eq!(proposals.len(), 1, "{proposals:?}");
    assert!(proposals[0].proposal.overwritten);
    firm.assert_quiet("weber").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_user_writes_around_our_notes_stays_word_for_word() {
    let firm = Firm::of(&["weber"]).await;
    firm.event("1", "weber", "Hearing", 3);
    firm.first_sync().await;
    let phone = firm.sim.phone(&address("weber"));
    phone.write_around(&id_of(&firm, "weber", "Hearing"), "Parking: level 2\n", "\nAsk for Ms Kaya").expect("written");
    firm.later().await;
    firm.sql("UPDATE events SET notes = 'Bring both files' WHERE id = '1'");
    firm.tick().await;
    let view = firm.mailbox("weber");
    let body = text(view.events()[0], "item:Body");
    assert!(body.contains("Parking: level 2") && body.contains("Ask for Ms Kaya"), "{body}");
    assert!(body.contains("Bring both files") && !body.contains("Bring the file"), "{body}");
    firm.assert_quiet("weber").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_outlook_turned_into_html_keeps_what_the_user_wrote() {
    let firm = Firm::of(&["weber"]).await;
    firm.event("1", "weber", "Hearing", 3);
    firm.first_sync().await;
    let phone = firm.sim.phone(&address("weber"));
    let id = id_of(&firm, "weber", "Hearing");
    phone.write_around(&id, "Parking & coffee\n", "").expect("written");
    phone.convert_to_html(&id).expect("converted");
    firm.later().await;
    firm.sql("UPDATE events SET notes = 'Bring <both> files' WHERE id = '1'");
    firm.tick().await;
    let view = firm.mailbox("weber");
    let body = text(view.events()[0], "item:Body");
    assert!(body.contains("Parking &amp; coffee"), "{body}");
    assert!(body.contains("Bring &lt;both&gt; files"), "{body}");
    firm.assert_quiet("weber").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn own_categories_stay_beside_ours() {
    let firm = Firm::of(&["weber"]).await;
    firm.sql(
        "INSERT INTO events (id, person, subject, starts, ends, labels) VALUES
            ('1', 'weber', 'Hearing', '2026-12-03 10:00', '2026-12-03 11:00', 'Court')",
    );
    firm.first_sync().await;
    let phone = firm.sim.phone(&address("weber"));
    phone.edit(&id_of(&firm, "weber", "Hearing"), "item:Categories", Some("Court;Private trip")).expect("edited");
    firm.later().await;
    firm.sql("UPDATE events SET labels = 'Chamber' WHERE id = '1'");
    firm.tick().await;
    let view = firm.mailbox("weber");
    let categories = text(view.events()[0], "item:Categories");
    assert!(categories.contains("Private trip") && categories.contains("Chamber"), "{categories}");
    assert!(!categories.contains("Court"), "{categories}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_event_comes_back_twice_and_is_then_listed() {
    let firm = Firm::of(&["weber"]).await;
    firm.many_events("weber", 12);
    firm.first_sync().await;
    let phone = firm.sim.phone(&address("weber"));
    for _ in 0..2 {
        phone.delete(&id_of(&firm, "weber", "Event 3")).expect("deleted");
        firm.later().await;
        assert_eq!(firm.subjects("weber").len(), 12, "restored");
    }
    phone.delete(&id_of(&firm, "weber", "Event 3")).expect("deleted");
    firm.later().await;
    assert_eq!(firm.subjects("weber").len(), 11, "two restores are enough");
    let mailbox = firm.status("weber").user.mailbox.expect("proven");
    let findings = firm.ledger.findings(mailbox).expect("readable");
    assert!(findings.iter().any(|finding| finding.kind == FindingKind::RestoresExhausted), "{findings:?}");
    firm.sql("UPDATE events SET subject = 'Event 3 moved' WHERE id = 'e3'");
    firm.tick().await;
    assert_eq!(firm.subjects("weber").len(), 12, "the record changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_the_users_and_stays_whatever_happens_to_the_record() {
    let firm = Firm::of(&["weber"]).await;
    firm.many_events("weber", 12);
    firm.first_sync().await;
    let phone = firm.sim.phone(&address("weber"));
    let copy = phone.copy(&id_of(&firm, "weber", "Event 5")).expect("copied");
    firm.later().await;
    firm.sql("UPDATE events SET subject = 'Changed' WHERE id = 'e5'");
    firm.tick().await;
    firm.sql("DELETE FROM events WHERE id = 'e5'");
    firm.tick().await;
    let view = firm.mailbox("weber");
    let kept = view.items.iter().find(|item| item.id == copy).expect("the copy");
    assert_eq!((text(kept, "item:Subject").as_str(), kept.deleted), ("Event 5", false));
    assert_eq!(firm.subjects("weber").len(), 12, "eleven of ours and the copy");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_moved_into_another_folder_is_followed_there() {
    let firm = Firm::of(&["weber"]).await;
    firm.many_events("weber", 12);
    firm.first_sync().await;
    let phone = firm.sim.phone(&address("weber"));
    phone.make_folder("Court dates", Kind::Event).expect("made");
    phone.move_to(&id_of(&firm, "weber", "Event 5"), "Court dates").expect("moved");
    firm.later().await;
    firm.assert_nothing_doubled("weber");
    assert_eq!(firm.subjects("weber").len(), 12);
    firm.sql("UPDATE events SET subject = 'Followed' WHERE id = 'e5'");
    firm.tick().await;
    let view = firm.mailbox("weber");
    let moved = view.events().into_iter().find(|event| text(event, "item:Subject") == "Followed").expect("updated");
    assert_eq!(moved.folder, "Court dates");
    firm.assert_quiet("weber").await;
    firm.assert_nothing_doubled("weber");
    phone.delete(&moved.id).expect("deleted");
    firm.later().await;
    assert_eq!(firm.subjects("weber").len(), 12, "a deletion there is noticed too");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_completed_on_the_phone_stays_completed_and_a_dismissed_reminder_stays_dismissed() {
    let firm = Firm::of(&["weber"]).await;
    firm.event("1", "weber", "Hearing", 3);
    firm.sql("INSERT INTO tasks (id, person, subject, due) VALUES ('t1', 'weber', 'File the appeal', '2026-12-01')");
    firm.first_sync().await;
    let phone = firm.sim.phone(&address("weber"));
    phone.complete(&id_of(&firm, "weber", "File the appeal")).expect("completed");
    phone.dismiss(&id_of(&firm, "weber", "Hearing")).expect("dismissed");
    let before = firm.writes("weber");
    firm.later().await;
    firm.later().await;
    assert_eq!(firm.writes("weber"), before, "neither is fought");
    let view = firm.mailbox("weber");
    assert_eq!(text(view.tasks()[0], "task:Status"), "Completed");
    assert!(!firm.ledger.proposals().expect("readable").is_empty(), "the office hears of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_users_own_items_are_never_touched() {
    let firm = Firm::of(&["weber"]).await;
    let phone = firm.sim.phone(&address("weber"));
    let own = phone.add(Kind::Event, &[("item:Subject", "Dentist")]).expect("added");
    firm.many_events("weber", 3);
    firm.first_sync().await;
    firm.sql("DELETE FROM events");
    firm.tick().await;
    firm.release_all();
    firm.tick().await;
    let view = firm.mailbox("weber");
    let kept = view.items.iter().find(|item| item.id == own).expect("there");
    assert_eq!((text(kept, "item:Subject").as_str(), kept.deleted), ("Dentist", false));
    assert_eq!(firm.subjects("weber"), ["Dentist"]);
}
