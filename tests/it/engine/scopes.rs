//! Who sees what, from the practice database to the phone: a user's own settings, walls, and what a change of either does.
//!
//! The rules of reading and scope, and the tests that hold them:
//!
//! | Rule | Tests |
//! |---|---|
//! | one query per kind, several by name; the name is part of the key | `sources::mapping::tests` |
//! | one consistent read, streamed; a read that fails says nothing | `sources::database::tests`, [`super::brakes`] |
//! | a NULL, blank or unknown person means nobody, and is listed | `sources::rows::tests`, [`super::brakes`] |
//! | everyone is said explicitly | `sources::mapping::tests` |
//! | the cap on contacts holds the link and says why | [`super::address_book`], `engine::room` |
//! | a faulty field is left out, a faulty privacy is private, no start is unreadable | `sources::rows::tests` |
//! | an unreadable row is urgent when its item is due within 14 days | `plan::tests::decisions` |
//! | what is not selected is never written | `plan::scope::tests`, `plan::tests::decisions` |
//! | rows of one group are one item, re-stamped when its row is gone | [`super::grouped`] |
//! | most ticks read what changed; sweeps and full reads find the rest | `engine::watch`, `sources::database::tests` |
//! | audience, ties and circles | `plan::scope::tests::walls`, [`super::address_book`] |
//! | window; only time freezes, and only what did not change | `plan::scope::tests`, [`super::first_sync`] |
//! | done, cancelled, privacy modes; private rows are redacted | `plan::scope::tests`, [`super::brakes`] |
//! | ethical walls, failing closed | here, [`super::address_book`], `plan::scope::tests::walls` |
//! | a lost audience, a wall and a stricter privacy reach what is frozen or unreadable | here |
//! | evidence has its own budget, absence the strict brake | here, [`super::brakes`] |
//! | a person missing from `people` is a hold, one who left is evidence | [`super::brakes`], [`super::leavers`] |
//! | every setting for one user, before and after | here, `cli::users` |

use pocketdocket::plan::HoldReason;
use serde_json::json;

use super::firm::{Firm, name};

const MAPPING: &str = r#"
[practice]
name = "Test practice"
connector = "sqlite"
[people]
sql = "SELECT id, name, email, active FROM people"
[[events]]
sql = "SELECT id AS key, person, subject, starts AS start, ends AS end, place AS matter_number, private, changed FROM events"
[[tasks]]
matter = "none"
sql = "SELECT id AS key, person, subject, due AS due_date, done FROM tasks"
"#;

/// A firm whose events say their matter: three of 2026-114, two of 2026-7, one of none.
async fn with_matters(users: &[&str]) -> Firm {
    let mut firm = Firm::of(users).await;
    firm.map_anew(MAPPING).await;
    for user in users {
        for (n, matter) in ["'2026-114'", "'2026-114'", "'2026-7'", "'2026-114'", "'2026-7'", "NULL"].iter().enumerate()
        {
            firm.sql(&format!(
                "INSERT INTO events (id, person, subject, starts, ends, place) VALUES
                 ('{user}{n}', '{user}', 'E{n}', '2026-12-0{day} 10:00', '2026-12-0{day} 11:00', {matter})",
                day = n + 1
            ));
        }
    }
    firm.first_sync().await;
    for user in users {
        assert_eq!(firm.subjects(user).len(), 6);
    }
    firm
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wall_takes_a_matter_out_of_one_mailbox_without_a_trace_and_out_of_no_other() {
    let firm = with_matters(&["weber", "kaya"]).await;
    firm.set("weber", json!({ "walls": ["2026-114"] }));
    firm.tick().await;
    assert_eq!(firm.subjects("weber"), ["E2 (2026-7)", "E4 (2026-7)", "E5"]);
    assert!(firm.mailbox("weber").items.iter().all(|item| !item.deleted), "nothing in Deleted Items");
    assert_eq!(firm.subjects("kaya").len(), 6);
    firm.sql("UPDATE events SET subject = subject || '!' WHERE place = '2026-114'");
    firm.event("new", "weber", "New of the matter", 20);
    firm.sql("UPDATE events SET place = ' 2026-114 ' WHERE id = 'new'");
    firm.tick().await;
    assert_eq!(firm.subjects("weber").len(), 3, "neither what changed nor what is new comes back");
    firm.assert_quiet("weber").await;
    firm.set("weber", json!({}));
    firm.tick().await;
    assert_eq!(firm.subjects("weber").len(), 7, "the wall is gone");
    assert_eq!(firm.holds(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wall_reaches_what_time_froze_and_what_cannot_be_read() {
    let firm = with_matters(&["weber"]).await;
    firm.pass_time(jiff::SignedDuration::from_hours(24 * 60));
    firm.tick().await;
    firm.sql("UPDATE events SET starts = 'whenever' WHERE id = 'weber0'");
    firm.tick().await;
    assert_eq!(firm.subjects("weber").len(), 6, "kept as they are");
    firm.set("weber", json!({ "walls": ["2026-114"] }));
    firm.tick().await;
    assert_eq!(firm.subjects("weber").len(), 3, "{:?} {:?}", firm.subjects("weber"), firm.hold_reasons());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wall_around_one_record_leaves_the_others() {
    let firm = with_matters(&["weber"]).await;
    firm.set("weber", json!({ "walls": ["event/events/weber5"] }));
    firm.tick().await;
    assert_eq!(firm.subjects("weber").len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_wall_a_query_that_says_nothing_of_matters_gives_nothing_new_and_takes_nothing_away() {
    let mut firm = with_matters(&["weber"]).await;
    firm.map_anew(&MAPPING.replace("place AS matter_number, ", "")).await;
    firm.set("weber", json!({ "walls": ["2026-99"] }));
    firm.event("new", "weber", "Of whichever matter", 20);
    firm.sql("INSERT INTO tasks (id, person, subject, due) VALUES ('t', 'weber', 'Of no matter', '2026-12-20')");
    firm.tick().await;
    assert_eq!(firm.subjects("weber").len(), 6);
    assert_eq!(firm.mailbox("weber").items.iter().filter(|item| !item.deleted).count(), 7, "the task says `none`");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_of_several_links_has_the_walls_of_all_of_them() {
    let firm = with_matters(&["weber"]).await;
    firm.sql("INSERT INTO people (id, name) VALUES ('intern', 'intern')");
    firm.link("intern", "intern", &super::firm::address("weber")).await;
    firm.set("intern", json!({ "walls": ["2026-114"] }));
    firm.tick().await;
    assert_eq!(firm.subjects("weber").len(), 3, "whoever reads the mailbox");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_withdrawals_for_a_wall_wait_for_a_person_by_the_budget_of_evidence() {
    let mut firm = Firm::of(&["weber"]).await;
    firm.map_anew(MAPPING).await;
    firm.many_events("weber", 120);
    firm.sql("UPDATE events SET place = '2026-114'");
    firm.first_sync().await;
    firm.set("weber", json!({ "walls": ["2026-114"] }));
    firm.tick().await;
    assert_eq!(firm.subjects("weber").len(), 120);
    assert!(
        matches!(
            firm.hold_reasons()[..],
            [HoldReason::Budget { class: pocketdocket::plan::Class::Withdraw, wanted: 120, .. }]
        ),
        "{:?}",
        firm.hold_reasons()
    );
    firm.release_all();
    firm.tick().await;
    assert_eq!(firm.subjects("weber").len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_setting_of_one_user_changes_that_phone_and_no_other() {
    let firm = with_matters(&["weber", "kaya"]).await;
    let kaya = firm.writes("kaya");
    for (settings, expected) in [
        (
            json!({ "privacy": "matter-number" }),
            ["2026-114", "2026-114", "2026-114", "2026-7", "2026-7", "Appointment"].as_slice(),
        ),
        (json!({ "privacy": "busy" }), &["Appointment"; 6]),
        (json!({ "kinds": ["task"] }), &[]),
        (json!({ "window": { "future_days": 2 } }), &[]),
    ] {
        firm.set("weber", settings.clone());
        firm.tick().await;
        assert_eq!(firm.subjects("weber"), expected, "{settings}: {:?}", firm.hold_reasons());
    }
    // The window shuts nothing out that is there already: the whole view, back to the firm's settings.
    firm.set("weber", json!({}));
    firm.tick().await;
    assert_eq!(firm.subjects("weber").len(), 6);
    assert_eq!(firm.writes("kaya"), kaya);
    assert_eq!(firm.holds(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_cannot_be_used_park_their_user_alone() {
    let firm = with_matters(&["weber", "kaya"]).await;
    firm.set("weber", json!({ "walls": "2026-114" }));
    firm.sql("UPDATE events SET subject = subject || '!'");
    firm.tick().await;
    assert!(firm.ledger.user(&name("weber")).expect("known").parked.is_some());
    assert!(firm.subjects("kaya").iter().all(|subject| subject.contains('!')));
    assert!(firm.subjects("weber").iter().all(|subject| !subject.contains('!')));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_audience_and_a_stricter_privacy_reach_what_time_froze() {
    let firm = with_matters(&["weber", "kaya"]).await;
    firm.pass_time(jiff::SignedDuration::from_hours(24 * 60));
    firm.tick().await;
    firm.sql("UPDATE events SET person = 'kaya', changed = datetime('now', '+1 second') WHERE id = 'weber0'");
    // Whoever it went to does not take what is past: that is known after a full reading.
    firm.pass_time(jiff::SignedDuration::from_hours(1));
    firm.tick().await;
    assert_eq!(firm.subjects("weber").len(), 5, "given to somebody else: {:?}", firm.hold_reasons());
    firm.set("weber", json!({ "privacy": "busy" }));
    firm.tick().await;
    assert_eq!(firm.subjects("weber"), ["Appointment"; 5]);
    firm.set("weber", json!({ "kinds": [] }));
    firm.tick().await;
    assert_eq!(firm.subjects("weber"), [""; 0]);
    assert_eq!(firm.subjects("kaya").len(), 6, "what lies in the past is not made anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_of_a_change_shows_what_the_change_then_does() {
    let firm = with_matters(&["weber"]).await;
    for (settings, changes) in [
        (json!({ "walls": ["2026-114"] }), 3),
        (json!({ "walls": ["2026-114"], "privacy": "matter-number" }), 3),
        (json!({ "privacy": "matter-number" }), 3),
        // Showing more than before waits until a person approved it.
        (json!({}), 0),
    ] {
        let before = firm.writes("weber");
        let foreseen = firm.rehearse_with("weber", settings.clone()).await;
        assert_eq!(firm.writes("weber"), before, "a rehearsal writes nothing");
        firm.set("weber", settings.clone());
        let report = firm.tick().await;
        let done: u64 =
            report.cycles.iter().map(|cycle| cycle.counts.created + cycle.counts.updated + cycle.counts.deleted).sum();
        assert_eq!((foreseen, done), (changes, changes), "{settings}");
        assert_eq!(firm.writes("weber") > before, changes > 0);
    }
}
