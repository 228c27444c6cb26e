//! One address book for the firm, of which each user takes their part: circles, roles, and walls that the practice system keeps.

use pocketdocket::plan::HoldReason;
use serde_json::json;

use super::firm::{Firm, text};

const MAPPING: &str = r#"
[practice]
name = "Test practice"
connector = "sqlite"
[people]
sql = "SELECT id, name, email, active FROM people"
[walls]
sql = "SELECT person, matter AS matter_number, record FROM walls"
[[contacts]]
audience = "everyone"
sql = "SELECT id AS key, given AS given_name, surname, notes, changed FROM contacts"
links_sql = "SELECT contact AS key, person, circle, role, matter AS matter_number, matter_name FROM ties"
"#;

/// Three contacts: Weber's own client, a counsel in a matter of hers and Kaya's, a court that is nobody's.
async fn with_address_book(users: &[&str]) -> Firm {
    let mut firm = Firm::of(users).await;
    firm.sql(
        "CREATE TABLE walls (person TEXT, matter TEXT, record TEXT);
         CREATE TABLE ties (contact TEXT, person TEXT, circle TEXT, role TEXT, matter TEXT, matter_name TEXT);
         INSERT INTO contacts (id, surname, notes) VALUES ('1', 'Client', 'Own words'), ('2', 'Counsel', NULL), ('3', 'Court', NULL);
         INSERT INTO ties VALUES ('1', 'weber', 'mine', 'client', '2026-7', 'Smith v Jones'),
            ('2', 'weber', NULL, 'opposing counsel', '2026-114', 'Smith v Jones'),
            ('2', 'kaya', 'matters', 'opposing counsel', '2026-114', 'Smith v Jones')",
    );
    firm.map_anew(MAPPING).await;
    firm.first_sync().await;
    firm
}

/// Who is on a phone.
fn names(firm: &Firm, user: &str) -> Vec<String> {
    let view = firm.mailbox(user);
    let mut names: Vec<String> = view.contacts().iter().map(|contact| text(contact, "contacts:Surname")).collect();
    names.sort();
    names
}

fn notes(firm: &Firm, user: &str, surname: &str) -> String {
    let view = firm.mailbox(user);
    let contacts = view.contacts();
    let contact = contacts.iter().find(|contact| text(contact, "contacts:Surname") == surname).expect("on the phone");
    text(contact, "item:Body")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_user_takes_their_part_of_the_address_book() {
    let firm = with_address_book(&["weber", "kaya"]).await;
    assert_eq!(names(&firm, "weber"), ["Client", "Counsel", "Court"], "the firm's, where nothing else is said");
    for (circle, weber, kaya) in [
        ("matters", ["Client", "Counsel"].as_slice(), ["Counsel"].as_slice()),
        ("mine", &["Client"], &[]),
        ("none", &[], &[]),
        ("firm", &["Client", "Counsel", "Court"], &["Client", "Counsel", "Court"]),
    ] {
        firm.set("weber", json!({ "contacts": circle }));
        firm.set("kaya", json!({ "contacts": circle }));
        firm.tick().await;
        assert_eq!((names(&firm, "weber"), names(&firm, "kaya")), (owned(weber), owned(kaya)), "{circle}");
        assert_eq!(firm.holds(), []);
        firm.assert_quiet("weber").await;
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tie_that_comes_goes_or_changes_shows_in_the_next_sync_although_its_contact_did_not_change() {
    let firm = with_address_book(&["weber", "kaya"]).await;
    firm.set("kaya", json!({ "contacts": "matters" }));
    firm.tick().await;
    firm.tick().await;
    firm.sql("INSERT INTO ties VALUES ('3', 'kaya', 'matters', 'court', '2026-114', 'Smith v Jones')");
    firm.tick().await;
    assert_eq!(names(&firm, "kaya"), ["Counsel", "Court"]);
    firm.sql("UPDATE ties SET role = 'former counsel' WHERE contact = '2' AND person = 'kaya'");
    firm.tick().await;
    assert!(notes(&firm, "kaya", "Counsel").contains("former counsel in 2026-114 (Smith v Jones)"));
    assert!(notes(&firm, "weber", "Counsel").contains("opposing counsel in 2026-114 (Smith v Jones)"));
    firm.sql("DELETE FROM ties WHERE contact = '2' AND person = 'kaya'");
    firm.tick().await;
    assert_eq!(names(&firm, "kaya"), ["Court"], "{:?}", firm.hold_reasons());
    assert_eq!(names(&firm, "weber"), ["Client", "Counsel", "Court"]);
    firm.assert_quiet("weber").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_stand_above_the_notes_of_the_practice_system() {
    let firm = with_address_book(&["weber"]).await;
    let notes = notes(&firm, "weber", "Client");
    let (role, own) = (notes.find("client in 2026-7 (Smith v Jones)"), notes.find("Own words"));
    assert!(role.is_some() && role < own, "{notes}");
    firm.assert_quiet("weber").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tie_with_nobody_or_somebody_unknown_gives_nobody_the_contact_and_is_listed() {
    let firm = with_address_book(&["weber"]).await;
    firm.set("weber", json!({ "contacts": "matters" }));
    firm.sql(
        "INSERT INTO contacts (id, surname) VALUES ('4', 'Witness'), ('5', 'Expert');
         INSERT INTO ties VALUES ('4', NULL, 'mine', 'witness', NULL, NULL), ('4', 'webber', 'mine', 'witness', NULL, NULL),
            ('5', 'weber', 'whatever', 'expert', NULL, NULL)",
    );
    firm.tick().await;
    assert_eq!(names(&firm, "weber"), ["Client", "Counsel"]);
    let problems = firm.ledger.row_problems().expect("readable");
    for (key, column) in [("4", "person"), ("5", "circle")] {
        assert!(
            problems.iter().any(|problem| {
                problem.column.as_deref() == Some(column)
                    && problem.key.as_ref().is_some_and(|problem| problem.record == key)
            }),
            "{key} {column}: {problems:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wall_of_the_practice_system_reaches_one_person_in_the_next_sync() {
    let firm = with_address_book(&["weber", "kaya"]).await;
    firm.tick().await;
    firm.sql("INSERT INTO walls VALUES ('kaya', '2026-114', NULL), ('weber', NULL, 'contact/contacts/3')");
    firm.tick().await;
    assert_eq!(names(&firm, "kaya"), ["Client", "Court"]);
    assert_eq!(names(&firm, "weber"), ["Client", "Counsel"]);
    assert!(firm.mailbox("kaya").items.iter().all(|item| !item.deleted), "nothing in Deleted Items");
    firm.sql("DELETE FROM walls");
    firm.tick().await;
    assert_eq!(names(&firm, "kaya"), ["Client", "Counsel", "Court"]);
    assert_eq!(firm.holds(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wall_takes_the_role_away_where_the_contact_stays() {
    let firm = with_address_book(&["weber"]).await;
    firm.sql("INSERT INTO ties VALUES ('2', 'weber', 'matters', 'client', '2025-1', 'Other matter')");
    firm.tick().await;
    assert!(notes(&firm, "weber", "Counsel").contains("opposing counsel in 2026-114"));
    firm.sql("INSERT INTO walls VALUES ('weber', '2026-114', NULL)");
    firm.tick().await;
    let notes = notes(&firm, "weber", "Counsel");
    assert!(notes.contains("client in 2025-1 (Other matter)") && !notes.contains("2026-114"), "{notes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wall_against_somebody_unknown_gives_nobody_anything_new_and_takes_nothing_away() {
    let firm = with_address_book(&["weber", "kaya"]).await;
    firm.sql(
        "INSERT INTO walls VALUES ('kay', '2026-114', NULL), (NULL, NULL, NULL);
         INSERT INTO contacts (id, surname) VALUES ('6', 'New counsel');
         INSERT INTO ties VALUES ('6', 'kaya', 'matters', 'counsel', '2026-114', NULL)",
    );
    firm.tick().await;
    for user in ["weber", "kaya"] {
        assert_eq!(names(&firm, user), ["Client", "Counsel", "Court"]);
    }
    let problems = firm.ledger.row_problems().expect("readable");
    let of_walls: Vec<_> = problems.iter().filter(|problem| problem.query.0 == "walls").collect();
    assert!(of_walls.len() >= 2, "{of_walls:?}");
    firm.sql("DELETE FROM walls");
    firm.tick().await;
    assert_eq!(names(&firm, "kaya"), ["Client", "Counsel", "Court", "New counsel"]);
    assert!(firm.ledger.row_problems().expect("readable").iter().all(|problem| problem.query.0 != "walls"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_walls_nobody_gets_anything() {
    let firm = with_address_book(&["weber"]).await;
    firm.sql("ALTER TABLE walls RENAME TO gone; INSERT INTO contacts (id, surname) VALUES ('7', 'New')");
    let report = firm.tick().await;
    assert!(report.source_trouble.is_some());
    assert_eq!(names(&firm, "weber"), ["Client", "Counsel", "Court"]);
    firm.sql("ALTER TABLE gone RENAME TO walls");
    firm.tick().await;
    assert_eq!(names(&firm, "weber"), ["Client", "Counsel", "Court", "New"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wall_around_something_that_nobody_can_name_stops_the_reading() {
    let firm = with_address_book(&["weber"]).await;
    for wall in ["('weber', NULL, 'contacts/3')", "('weber', CAST(x'ff31' AS TEXT), NULL)"] {
        firm.sql(&format!("INSERT INTO walls VALUES {wall}; INSERT INTO contacts (id, surname) VALUES ('n', 'New')"));
        assert!(firm.tick().await.source_trouble.is_some(), "{wall}");
        assert_eq!(names(&firm, "weber").len(), 3);
        firm.sql("DELETE FROM walls; DELETE FROM contacts WHERE id = 'n'");
    }
    assert!(firm.tick().await.source_trouble.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn more_contacts_than_the_cap_hold_that_user_alone_until_they_take_fewer() {
    let firm = with_address_book(&["weber", "kaya"]).await;
    firm.set("weber", json!({ "contact_cap": 2 }));
    firm.sql("INSERT INTO contacts (id, surname) VALUES ('8', 'New')");
    firm.tick().await;
    assert!(
        matches!(firm.hold_reasons()[..], [HoldReason::ContactCap { wanted: 4, cap: 2 }]),
        "{:?}",
        firm.hold_reasons()
    );
    assert_eq!((names(&firm, "weber").len(), names(&firm, "kaya").len()), (3, 4));
    firm.set("weber", json!({ "contact_cap": 2, "contacts": "matters" }));
    firm.tick().await;
    assert_eq!(firm.holds(), []);
    assert_eq!(names(&firm, "weber"), ["Client", "Counsel"]);
}
