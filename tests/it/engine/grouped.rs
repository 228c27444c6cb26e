//! Rows of one group are one item in one mailbox, and the item outlives the row it was written for.

use pocketdocket::simulator::{Fault, FaultRule};

use super::firm::{Firm, address};

const MAPPING: &str = r#"
[practice]
name = "One row for each member of staff"
connector = "sqlite"
[people]
sql = "SELECT id, name, email, active FROM people"
[[events]]
sql = "SELECT id AS key, person, subject, starts AS start, ends AS end, labels AS \"group\", changed FROM events"
"#;

/// Two people who share a mailbox, and one with a mailbox of her own.
async fn with_shared_mailbox() -> Firm {
    let mut firm = Firm::of(&["weber", "kaya"]).await;
    firm.sql("INSERT INTO people (id, name) VALUES ('clerk', 'clerk')");
    firm.link("clerk", "clerk", &address("weber")).await;
    firm.map_anew(MAPPING).await;
    firm
}

fn row(firm: &Firm, id: &str, person: &str, subject: &str, group: &str) {
    firm.event(id, person, subject, 3);
    firm.sql(&format!("UPDATE events SET labels = '{group}' WHERE id = '{id}'"));
}

/// The keys that the items of a mailbox carry.
fn stamps(firm: &Firm, user: &str) -> Vec<String> {
    let view = firm.mailbox(user);
    let live = view.items.iter().filter(|item| !item.deleted);
    let mut keys: Vec<String> = live
        .filter_map(|item| item.stamp.as_deref())
        .filter_map(|stamp| Some(stamp.rsplit('/').next()?.to_owned()))
        .collect();
    keys.sort();
    keys
}

fn ids(firm: &Firm, user: &str) -> Vec<String> {
    firm.mailbox(user).events().iter().map(|event| event.id.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_rows_of_a_group_are_one_item_in_one_mailbox_and_one_in_each_of_several() {
    let firm = with_shared_mailbox().await;
    row(&firm, "b", "weber", "Hearing", "g1");
    row(&firm, "a", "clerk", "Hearing", "g1");
    row(&firm, "c", "kaya", "Hearing", "g1");
    row(&firm, "d", "weber", "Hearing", "g2");
    firm.first_sync().await;
    assert_eq!(stamps(&firm, "weber"), ["a", "d"], "the lowest of each group");
    assert_eq!(stamps(&firm, "kaya"), ["c"]);
    firm.assert_quiet("weber").await;
    firm.sql("UPDATE events SET subject = 'Moved hearing' WHERE labels = 'g1'");
    firm.tick().await;
    assert_eq!(firm.subjects("weber"), ["Hearing", "Moved hearing"]);
    firm.assert_quiet("weber").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_item_keeps_its_key_while_that_row_exists_and_then_goes_to_the_lowest_remaining_one() {
    let firm = with_shared_mailbox().await;
    row(&firm, "m", "weber", "Hearing", "g1");
    firm.event("other", "kaya", "Other", 5);
    firm.first_sync().await;
    let item = ids(&firm, "weber");
    row(&firm, "a", "clerk", "Hearing", "g1");
    row(&firm, "z", "clerk", "Hearing", "g1");
    firm.assert_quiet("weber").await;
    assert_eq!(stamps(&firm, "weber"), ["m"], "a lower row is no reason to write");
    firm.sql("DELETE FROM events WHERE id = 'm'");
    firm.tick().await;
    assert_eq!(stamps(&firm, "weber"), ["a"], "{:?}", firm.hold_reasons());
    assert_eq!(ids(&firm, "weber"), item, "the same item");
    firm.assert_quiet("weber").await;
    firm.sql("DELETE FROM events WHERE id <> 'other'");
    firm.tick().await;
    assert_eq!(firm.subjects("weber"), [""; 0], "with its last row the item goes");
    assert_eq!(firm.holds(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_was_written_anew_under_another_key_keeps_its_item_across_a_restart() {
    let mut firm = with_shared_mailbox().await;
    row(&firm, "1", "kaya", "Hearing", "g1");
    row(&firm, "2", "kaya", "Call", "g2");
    firm.first_sync().await;
    let before = ids(&firm, "kaya");
    for in_good_order in [true, false] {
        firm.sql("UPDATE events SET id = id || 'x'");
        firm.restart(in_good_order).await;
        firm.tick().await;
        firm.tick().await;
        assert_eq!(ids(&firm, "kaya"), before);
    }
    assert_eq!(stamps(&firm, "kaya"), ["1xx", "2xx"]);
    assert_eq!(firm.holds(), []);
    firm.assert_nothing_doubled("kaya");
    firm.assert_quiet("kaya").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_group_that_differ_stay_separate_and_are_listed() {
    let firm = with_shared_mailbox().await;
    row(&firm, "1", "weber", "Hearing", "g1");
    row(&firm, "2", "clerk", "Hearing, prepare the file", "g1");
    firm.first_sync().await;
    assert_eq!(stamps(&firm, "weber"), ["1", "2"]);
    let listed = || firm.ledger.row_problems().expect("readable").len();
    assert_eq!(listed(), 2);
    firm.sql("UPDATE events SET subject = 'Hearing'");
    firm.tick().await;
    assert_eq!(stamps(&firm, "weber"), ["1"], "alike now: one of them leaves by the budget of evidence");
    assert_eq!(listed(), 0);
    firm.assert_quiet("weber").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_user_made_of_the_item_stays_the_users_affair() {
    let firm = with_shared_mailbox().await;
    row(&firm, "1", "kaya", "Hearing", "g1");
    row(&firm, "2", "kaya", "Call", "g2");
    firm.first_sync().await;
    let view = firm.mailbox("kaya");
    let id = |subject: &str| {
        let events = view.events();
        let found = events.iter().find(|event| super::firm::text(event, "item:Subject") == subject);
        found.expect("on the phone").id.clone()
    };
    let phone = firm.sim.phone(&address("kaya"));
    phone.edit(&id("Hearing"), "item:Subject", Some("Edited")).expect("edited");
    phone.delete(&id("Call")).expect("deleted");
    firm.sql("UPDATE events SET id = id || 'x'");
    for _ in 0..4 {
        firm.later().await;
    }
    assert_eq!(firm.subjects("kaya"), ["Call", "Hearing"], "restored, as the policy says");
    assert_eq!(stamps(&firm, "kaya"), ["1x", "2x"]);
    firm.assert_nothing_doubled("kaya");
    firm.assert_quiet("kaya").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_is_lost_while_the_item_changes_its_key_doubles_and_loses_nothing() {
    for fault in [Fault::LostReply, Fault::HalfBatch { stored: 1 }] {
        let mut firm = with_shared_mailbox().await;
        for n in 0..3 {
            row(&firm, &format!("{n}"), "kaya", &format!("E{n}"), &format!("g{n}"));
        }
        firm.first_sync().await;
        let before = ids(&firm, "kaya");
        firm.sql("UPDATE events SET id = id || 'x'");
        firm.sim.faults().add(FaultRule::new(fault.clone()).on("UpdateItem").times(1));
        firm.tick().await;
        firm.restart(false).await;
        for _ in 0..4 {
            firm.later().await;
        }
        assert_eq!(ids(&firm, "kaya"), before, "{fault:?}");
        assert_eq!(stamps(&firm, "kaya"), ["0x", "1x", "2x"]);
        assert_eq!(firm.holds(), []);
        firm.assert_quiet("kaya").await;
    }
}
