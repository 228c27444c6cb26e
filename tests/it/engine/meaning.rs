//! A new mapping, template, privacy mode, zone or version of our own code would write every item anew, and waits for a person.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use pocketdocket::{
    domain::Kind,
    plan::{HoldReason, MeaningChange, PrivacyMode, Templates},
};

use super::{
    firm::{Firm, MAPPING, address},
    phone::id_of,
};

/// A template for the subjects of events.
fn subjects_as(firm: &mut Firm, template: &str) {
    let templates = Templates { subject: template.parse().expect("a template"), ..Templates::default() };
    firm.scope.templates.insert(Kind::Event, templates);
}

/// Everything that waits because its meaning changed, by what changed; and nothing else waits.
fn waiting(firm: &Firm) -> Vec<(Vec<MeaningChange>, u64)> {
    let of = |reason| match reason {
        HoldReason::MeaningChanged { changes } => changes,
        other => panic!("{other:?}"),
    };
    firm.holds().into_iter().map(|hold| (of(hold.reason), hold.operations)).collect()
}

/// A person looks at it and agrees.
fn approve(firm: &Firm) {
    let mut all: BTreeMap<Vec<MeaningChange>, u64> = BTreeMap::new();
    for (changes, items) in waiting(firm) {
        *all.entry(changes).or_default() += items;
    }
    for (changes, items) in all {
        firm.ledger.approve_meaning(&changes, items, "test", firm.now()).expect("kept");
    }
}

fn marked(firm: &Firm, user: &str, mark: &str) -> usize {
    firm.subjects(user).iter().filter(|subject| subject.starts_with(mark)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_template_waits_and_changed_and_new_records_do_not() {
    let mut firm = Firm::of(&["weber"]).await;
    firm.many_events("weber", 12);
    firm.first_sync().await;
    let before = firm.writes("weber");
    subjects_as(&mut firm, "§ {subject}");
    firm.restart(true).await;
    firm.tick().await;
    assert_eq!(firm.writes("weber"), before, "nothing is written before a person agreed");
    let [(changes, 12)] = &waiting(&firm)[..] else { panic!("{:?}", firm.holds()) };
    let [change] = &changes[..] else { panic!("{changes:?}") };
    assert_eq!(change.part, "subject template of events");
    assert_eq!(change.from.as_deref(), Some("{subject} ({matter_number})"));
    assert_eq!(change.to.as_deref(), Some("§ {subject}"));

    firm.sql("UPDATE events SET place = 'Room 9' WHERE id = 'e3'");
    firm.event("new", "weber", "New hearing", 20);
    firm.tick().await;
    assert_eq!(firm.writes("weber"), before + 2, "news goes out at once");
    assert_eq!(marked(&firm, "weber", "§"), 2, "in the new meaning");
    assert_eq!(waiting(&firm)[0].1, 11);

    approve(&firm);
    firm.tick().await;
    assert_eq!(firm.holds(), []);
    assert_eq!(marked(&firm, "weber", "§"), 13);
    firm.assert_quiet("weber").await;
    let audit = firm.ledger.audit_trail(None, 100).expect("readable");
    assert!(audit.iter().any(|entry| entry.event.contains("subject template of events") && entry.by == "test"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_changes_while_our_code_is_upgraded_is_news_also_without_a_column_that_says_so() {
    let mut firm = Firm::of(&["weber"]).await;
    firm.many_events("weber", 6);
    firm.first_sync().await;
    let before = firm.writes("weber");
    // The service stands still; a hearing is moved; the next version starts, renders otherwise and says so.
    firm.sql("UPDATE events SET starts = '2026-12-02 07:00' WHERE id = 'e3'");
    firm.revision += 1;
    subjects_as(&mut firm, "§ {subject}");
    firm.restart(true).await;
    firm.tick().await;
    assert_eq!((firm.writes("weber"), marked(&firm, "weber", "§")), (before + 1, 1), "the moved hearing, at once");
    assert_eq!(waiting(&firm)[0].1, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn going_back_to_the_old_configuration_ends_the_hold_by_itself() {
    let mut firm = Firm::of(&["weber"]).await;
    firm.many_events("weber", 5);
    firm.first_sync().await;
    let before = firm.writes("weber");
    subjects_as(&mut firm, "§ {subject}");
    firm.restart(true).await;
    firm.tick().await;
    assert_eq!(waiting(&firm).len(), 1);
    firm.scope.templates.clear();
    firm.restart(true).await;
    firm.tick().await;
    assert_eq!(firm.holds(), []);
    firm.assert_quiet("weber").await;
    assert_eq!(firm.writes("weber"), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_of_configuration_is_named_and_shown_before_it_is_written() {
    for (part, change) in [
        (
            "notes template of events",
            (|firm| {
                let notes = "{notes}\nfrom the office".parse().expect("a template");
                firm.scope.templates.insert(Kind::Event, Templates { notes, ..Templates::default() });
            }) as fn(&mut Firm),
        ),
        ("office zone", |firm| firm.scope.office_zone = TimeZone::get("Europe/Lisbon").expect("a zone")),
        ("default reminder", |firm| firm.scope.default_reminder_minutes = Some(5)),
        ("mapping of events, query `events`", |firm| {
            firm.map(&MAPPING.replace("subject, place", "upper(subject) AS subject, place"));
        }),
    ] {
        let mut firm = Firm::of(&["weber"]).await;
        firm.event("a", "weber", "Hearing", 3);
        firm.sql("UPDATE events SET notes = 'Bring it'");
        firm.first_sync().await;
        let before = firm.writes("weber");
        change(&mut firm);
        firm.restart(true).await;
        firm.tick().await;
        assert_eq!(firm.writes("weber"), before, "{part}");
        let [(changes, 1)] = &waiting(&firm)[..] else { panic!("{part}: {:?}", firm.holds()) };
        assert_eq!(changes.iter().map(|change| change.part.as_str()).collect::<Vec<_>>(), [part]);
        let held = firm.ledger.hold(firm.holds()[0].id).expect("open");
        assert_eq!(held.waiting.len(), 1, "{part}: the plan shows exactly what would be written");
        approve(&firm);
        firm.tick().await;
        assert_eq!(firm.writes("weber"), before + 1, "{part}");
        firm.assert_quiet("weber").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_shows_the_same_is_not_written_and_what_is_only_chosen_otherwise_is_no_change_of_meaning() {
    let mut firm = Firm::of(&["weber"]).await;
    firm.event("soon", "weber", "Soon", 3);
    firm.sql("INSERT INTO tasks (id, person, subject, due) VALUES ('t', 'weber', 'Brief', '2026-12-04')");
    firm.first_sync().await;
    let before = firm.writes("weber");
    // The same query in another layout, another revision of our code, another text for private events.
    firm.map(
        &MAPPING.replace("SELECT id AS key, person, subject, place", "SELECT  id AS key,  person, subject,  place"),
    );
    firm.revision += 1;
    firm.scope.texts.private_event = "Taken".to_owned();
    firm.restart(true).await;
    firm.assert_quiet("weber").await;
    assert_eq!((firm.writes("weber"), firm.holds()), (before, Vec::new()));
    // A shorter window freezes, fewer kinds withdraw: neither writes items anew.
    firm.scope.window.future_days = 2;
    firm.scope.kinds.remove(&Kind::Task);
    firm.restart(true).await;
    firm.tick().await;
    assert_eq!(firm.holds(), []);
    assert_eq!(firm.subjects("weber"), ["Soon"], "frozen, and no longer maintained");
    assert_eq!(firm.writes("weber"), before + 1, "the task left");
}

#[tokio::test(flavor = "multi_thread")]
async fn tighter_privacy_is_not_put_off_and_looser_privacy_is() {
    let mut firm = Firm::of(&["weber"]).await;
    firm.many_events("weber", 120);
    firm.first_sync().await;
    firm.scope.privacy = PrivacyMode::Busy;
    subjects_as(&mut firm, "§ {subject}");
    firm.restart(true).await;
    firm.tick().await;
    assert_eq!(firm.holds(), [], "less is shown at once, whatever the brakes allow");
    assert_eq!(marked(&firm, "weber", "Appointment"), 120);
    firm.scope.privacy = PrivacyMode::Full;
    firm.restart(true).await;
    firm.tick().await;
    assert_eq!(marked(&firm, "weber", "Appointment"), 120, "more is shown when a person agreed");
    assert_eq!(waiting(&firm)[0].1, 120);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_that_says_when_rows_changed_tells_news_from_another_reading() {
    let mut firm = Firm::of(&["weber"]).await;
    let hinted = MAPPING.replace("subject, place", "changed, subject, place");
    firm.map(&hinted);
    firm.restart(true).await;
    firm.many_events("weber", 6);
    firm.first_sync().await;
    // The database changes while nobody looks, and so does the mapping.
    firm.sql("UPDATE events SET place = 'Room 9', changed = '2027-01-01 00:00:00' WHERE id = 'e2'");
    firm.map(&hinted.replace("changed, subject, place", "changed, '§ ' || subject AS subject, place"));
    firm.restart(true).await;
    firm.tick().await;
    assert_eq!(marked(&firm, "weber", "§"), 1, "the row says itself that it changed");
    assert_eq!(waiting(&firm)[0].1, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn news_goes_out_while_another_reading_waits_and_a_deletion_stays_respected() {
    let mut firm = Firm::of(&["weber"]).await;
    firm.policy.on_delete.insert(Kind::Event, pocketdocket::plan::OnDrift::Leave);
    firm.restart(true).await;
    firm.many_events("weber", 6);
    firm.first_sync().await;
    firm.sim.phone(&address("weber")).delete(&id_of(&firm, "weber", "Event 5")).expect("deleted");
    firm.later().await;
    firm.map(&MAPPING.replace("subject, place", "'§ ' || subject AS subject, place"));
    firm.revision += 1;
    firm.restart(true).await;
    firm.tick().await;
    assert_eq!(marked(&firm, "weber", "§"), 0);
    firm.sql("UPDATE events SET starts = '2026-12-02 07:00' WHERE id = 'e1'");
    firm.tick().await;
    assert_eq!(marked(&firm, "weber", "§"), 1, "what changes after the new meaning was met is news");
    approve(&firm);
    firm.tick().await;
    firm.tick().await;
    assert_eq!(marked(&firm, "weber", "§"), 5);
    assert_eq!(
        firm.subjects("weber").len(),
        5,
        "what the user deleted does not come back because it means something else"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_on_the_phone_is_undone_in_the_old_text_while_the_new_one_waits() {
    let mut firm = Firm::of(&["weber"]).await;
    firm.event("a", "weber", "Hearing", 3);
    firm.first_sync().await;
    subjects_as(&mut firm, "§ {subject}");
    firm.restart(true).await;
    firm.tick().await;
    let phone = firm.sim.phone(&address("weber"));
    phone.edit(&id_of(&firm, "weber", "Hearing"), "item:Subject", Some("Lunch")).expect("edited");
    firm.later().await;
    assert_eq!(firm.subjects("weber"), ["Hearing"]);
    firm.tick().await;
    assert_eq!(waiting(&firm).len(), 1);
}

/// A firm of so many, each with two events and a task, synced by one version of our code; then another version starts that
/// makes other text of the same rows.
async fn upgraded(users: usize) -> (Firm, Vec<String>) {
    let users: Vec<String> = (0..users).map(|number| format!("user{number}")).collect();
    let names: Vec<&str> = users.iter().map(String::as_str).collect();
    let mut firm = Firm::of(&names).await;
    firm.policy.firm_meaning_per_tick = 1_000_000;
    firm.restart(true).await;
    for user in &users {
        firm.sql(&format!(
            "INSERT INTO events (id, person, subject, starts, ends) VALUES
                ('{user}-soon', '{user}', 'Hearing', '2026-11-24 10:00', '2026-11-24 11:00'),
                ('{user}-late', '{user}', 'Meeting', '2026-12-20 10:00', '2026-12-20 11:00');
             INSERT INTO tasks (id, person, subject, due) VALUES ('{user}-task', '{user}', 'Brief', '2026-12-10')"
        ));
    }
    firm.first_sync().await;
    firm.tick().await;
    upgrade(&mut firm).await;
    (firm, users)
}

/// The next version reads rows otherwise (its mapping is built in) and renders them otherwise.
async fn upgrade(firm: &mut Firm) {
    firm.map(&NEW_CODE.replace("{old}", MAPPING.split("[[events]]").next().expect("text")));
    firm.revision += 1;
    firm.restart(true).await;
}

const NEW_CODE: &str = r#"{old}
[[events]]
sql = "SELECT id AS key, person, '§ ' || subject AS subject, place AS location, notes, starts AS start, ends AS end, all_day, private, labels AS categories FROM events"
[[tasks]]
sql = "SELECT id AS key, person, '§ ' || subject AS subject, due AS due_date, done FROM tasks"
"#;

fn all_writes(firm: &Firm, users: &[String]) -> u64 {
    users.iter().map(|user| firm.writes(user)).sum()
}

fn all_marked(firm: &Firm, users: &[String]) -> usize {
    users.iter().map(|user| marked(firm, user, "§")).sum()
}

async fn a_new_version_does_not_rewrite(count: usize) {
    let (mut firm, users) = upgraded(count).await;
    let before = all_writes(&firm, &users);
    firm.tick().await;
    assert_eq!(all_writes(&firm, &users), before, "not one write request of a new version by itself");
    let held: u64 = waiting(&firm).iter().map(|(_, items)| items).sum();
    assert_eq!(held, 3 * count as u64);
    let status = firm.ledger.status().expect("readable");
    assert_eq!(status.of_meaning(), (held, count));

    // Slowly: one item of each mailbox at a time, and half of all.
    firm.policy.meaning_per_tick = 1;
    firm.policy.firm_meaning_per_tick = count as u64 / 2;
    firm.restart(true).await;
    firm.tick().await;
    approve(&firm);
    firm.tick().await;
    assert_eq!(all_writes(&firm, &users), before + count as u64 / 2, "the pace of the whole firm");
    let soon = users.iter().filter(|user| firm.subjects(user).contains(&"§ Hearing".to_owned())).count();
    assert_eq!(soon, count / 2, "what is due soonest is written first");
    let rollouts = firm.ledger.rollouts().expect("readable");
    let (items, left): (u64, u64) = rollouts.iter().fold((0, 0), |sum, one| (sum.0 + one.items, sum.1 + one.left));
    assert_eq!((items, left), (held, held - count as u64 / 2), "{rollouts:?}");

    // The power fails in the middle; what was written is known, and the rest goes on.
    firm.policy.meaning_per_tick = 50;
    firm.policy.firm_meaning_per_tick = 1_000_000;
    firm.restart(false).await;
    firm.tick().await;
    firm.tick().await;
    assert_eq!(all_writes(&firm, &users), before + held, "each item once");
    assert_eq!(all_marked(&firm, &users), 2 * count);
    assert_eq!((firm.holds(), firm.ledger.rollouts().expect("readable")), (Vec::new(), Vec::new()));

    // The old version comes back: that is a change of meaning as well.
    firm.map(MAPPING);
    firm.revision -= 1;
    firm.restart(true).await;
    firm.tick().await;
    assert_eq!(all_writes(&firm, &users), before + held);
    assert_eq!(all_marked(&firm, &users), 2 * count, "nobody agreed to the way back");
}

#[tokio::test(flavor = "multi_thread")]
async fn twelve_mailboxes_are_not_rewritten_by_a_new_version_of_our_own_code() {
    a_new_version_does_not_rewrite(12).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: a part of tests/run --all"]
async fn five_hundred_mailboxes_are_not_rewritten_by_a_new_version_of_our_own_code() {
    a_new_version_does_not_rewrite(500).await;
}
