//! `meaning show` and `meaning approve`: what they print, as text and as JSON, their exit codes, and the trace they leave.

use std::{collections::BTreeSet, sync::Arc};

use insta::assert_snapshot;
use jiff::Timestamp;
use pocketdocket::{
    domain::{
        ChangeKey, Field, Fingerprint, FolderId, ItemId, ItemRef, Kind, Place as Where, Record, RecordKey, Value,
    },
    plan::{Action, Hold, HoldReason, MeaningChange, Operation, Why},
    ports::MailboxIdentity,
    state::{Ledger, UserName},
};

use super::Place;

fn changed(part: &str) -> Vec<MeaningChange> {
    let value = |text: &str| Some(text.to_owned());
    vec![MeaningChange { part: part.to_owned(), from: value("{subject}"), to: value("§ {subject}") }]
}

/// One task waits in the mailbox for each of these parts.
fn hold(ledger: &Ledger, user: &UserName, parts: &[&str]) {
    let now = Timestamp::now();
    let identity = MailboxIdentity { server: "mail.kanzlei.example".to_owned(), root: FolderId("root".to_owned()) };
    let mailbox = ledger.mailbox_for(&identity, now).expect("is noted");
    ledger.set_user_mailbox(user, mailbox).expect("is noted");
    let holds = parts.iter().map(|part| {
        let record = Arc::new(Record::new(Kind::Task).with(Field::Subject, Value::text("§ Appeal")));
        let action = Action::Update {
            item: ItemRef { id: ItemId((*part).to_owned()), change_key: ChangeKey("1".to_owned()) },
            place: Where::Home,
            fingerprint: Fingerprint::of(&record),
            set: [(Field::Subject, Value::text("§ Appeal"))].into(),
            clear: BTreeSet::new(),
            record,
        };
        let why = Why::Rewritten((*part).to_owned());
        let operation = Operation { key: RecordKey::new(Kind::Task, "deadlines", *part), due: None, why, action };
        let reason = HoldReason::MeaningChanged { changes: changed(part) };
        Hold { kind: Kind::Task, reason, operations: vec![operation] }
    });
    ledger.put_holds(mailbox, user, &holds.collect::<Vec<_>>(), now).expect("is held");
}

#[test]
fn where_nothing_waits_it_is_said_and_nothing_can_be_approved() {
    let place = Place::installed();
    assert_snapshot!(place.run("meaning show"), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    nothing waits: what rows mean did not change, or shows the same
    ");
    assert_snapshot!(place.run("meaning show --json"), @r#"
    exit code: 0
    ----- stdout
    {
      "approvals": [],
      "rollouts": [],
      "waiting": []
    }
    ----- stderr
    "#);
    assert_snapshot!(place.run("meaning approve --yes"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: nothing waits
    hint: what waits: `pocketdocket meaning show`
    ");
}

#[test]
fn what_waits_is_shown_before_and_after_with_examples() {
    let (place, ledger, user) = Place::with_active_user();
    hold(&ledger, &user, &["one", "two"]);
    assert_snapshot!(place.run("meaning show"), @r#"
    exit code: 0
    ----- stdout
    1 item of 1 user: subject (one)
      one: {subject} -> § {subject}
      for example:
      weber
        update  task/deadlines/one  "§ Appeal"  (written anew: one)
                subject            (nothing) -> "§ Appeal"
    1 item of 1 user: subject (two)
      two: {subject} -> § {subject}
      for example:
      weber
        update  task/deadlines/two  "§ Appeal"  (written anew: two)
                subject            (nothing) -> "§ Appeal"
    ----- stderr
    "#);
    let output = place.command("meaning show --json").output().expect("the binary starts");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON alone");
    let waiting = |name: &str| {
        serde_json::json!({
            "name": name, "changes": changed(name), "items": 1, "users": ["weber"], "fields": { "subject": 1 }, "next_due": null,
        })
    };
    assert_eq!(
        json,
        serde_json::json!({ "waiting": [waiting("one"), waiting("two")], "rollouts": [], "approvals": [] }),
        "and no texts of clients: those are for the person at the terminal"
    );
    assert!(place.run("status").contains("2 items of 1 user: the meaning changed"), "{}", place.run("status"));
}

#[test]
fn nobody_approves_without_being_asked_or_by_a_wrong_name() {
    let (place, ledger, user) = Place::with_active_user();
    hold(&ledger, &user, &["one"]);
    let shown = place.run("meaning approve");
    assert!(shown.starts_with("exit code: 2") && shown.contains("no answer to: Write these anew"), "{shown}");
    let shown = place.run("meaning approve three --yes");
    assert!(shown.starts_with("exit code: 2") && shown.contains("nothing waits by the name `three`"), "{shown}");
    assert_eq!(ledger.approvals().expect("readable"), []);
}

#[test]
fn one_change_is_approved_by_its_name_and_the_trace_says_by_whom() {
    let (place, ledger, user) = Place::with_active_user();
    hold(&ledger, &user, &["one", "two"]);
    assert_snapshot!(place.run("meaning approve one --yes"), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    approved: one (1 item of 1 user)
    each sync writes at most 50 items of a mailbox and 1000 in all, what is due soonest first; `pocketdocket status` shows how far it is
    ");
    let approved = ledger.approved_meanings().expect("readable");
    assert_eq!(approved, changed("one").into_iter().collect(), "this one and no other");
    let audit = ledger.audit_trail(None, 1).expect("readable");
    assert_eq!(
        (audit[0].by.as_str(), audit[0].event.as_str()),
        ("tester (command line)", "approved a change of meaning (items: 1): one")
    );
    let shown = place.run("meaning show");
    assert!(shown.contains("1 item of 1 user: subject (two)") && !shown.contains("subject (one)"), "{shown}");
    assert!(shown.contains("approved  one: {subject} -> § {subject} by tester (command line), MOMENT"), "{shown}");
}
