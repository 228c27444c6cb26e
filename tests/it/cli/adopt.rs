//! `adopt`: what is said to whoever decides about items of an earlier sync.

use insta::assert_snapshot;
use jiff::Timestamp;
use pocketdocket::{
    domain::{ChangeKey, Field, FolderId, ItemId, ItemRef, Kind, RecordKey, Value},
    plan::{
        adopt::{Match, MatchVerdict, Obstacle},
        look_alike::By,
    },
    ports::MailboxIdentity,
    state::{FoundMatch, Leftovers, Portrait},
};

use super::Place;

fn found(number: u8, verdict: MatchVerdict) -> FoundMatch {
    let item = ItemRef { id: ItemId(format!("item-{number}")), change_key: ChangeKey("1".to_owned()) };
    let fields = [(Field::Subject, Value::text(format!("Appeal {number}")))];
    FoundMatch {
        found: Match {
            key: RecordKey::new(Kind::Task, "deadlines", number.to_string()),
            items: vec![item],
            by: [By::SubjectAndDueDay].into(),
            verdict,
        },
        portrait: Portrait { record: fields.clone().into(), items: vec![fields.into()] },
    }
}

fn with_pairs() -> Place {
    let (place, ledger, user) = Place::with_active_user();
    let now = Timestamp::now();
    let identity = MailboxIdentity { server: "mail.kanzlei.example".to_owned(), root: FolderId("root".to_owned()) };
    let mailbox = ledger.mailbox_for(&identity, now).expect("is noted");
    ledger.set_user_mailbox(&user, mailbox).expect("is noted");
    let pairs = [
        found(1, MatchVerdict::OneToOne),
        found(2, MatchVerdict::SeveralRecords),
        found(3, MatchVerdict::Never(Obstacle::Meeting)),
    ];
    let leftovers = Leftovers { items: 15, unmatched: 12 };
    ledger.put_adoptions(mailbox, Kind::Task, &pairs, leftovers, now).expect("is kept");
    place
}

#[test]
fn pairs_are_listed_with_the_reason_and_shown_from_both_sides() {
    let place = with_pairs();
    assert_snapshot!(place.run("adopt list"), @r#"
    exit code: 0
    ----- stdout
    PAIR  USER   RECORD            WHAT        SAME                      PAIRED                                            DECIDED
    1     weber  task/deadlines/1  "Appeal 1"  same subject and due day  one to one                                        no
    2     weber  task/deadlines/2  "Appeal 2"  same subject and due day  refused: several records look like this item      no
    3     weber  task/deadlines/3  "Appeal 3"  same subject and due day  refused: the item is a meeting with other people  no
    ----- stderr
    "#);
    let shown = place.run("adopt show weber");
    assert!(shown.contains("tasks: 15 without our stamp, 1 pair, 2 refused, 12 match nothing"), "{shown}");
    assert!(shown.contains("  in the mailbox  \"Appeal 3\""), "{shown}");
    let output = place.command("adopt list weber --json").output().expect("starts");
    let rows: serde_json::Value = serde_json::from_slice(&output.stdout).expect("is JSON");
    assert_eq!((rows[0]["user"].as_str(), rows[0]["pair"]["verdict"].as_str()), (Some("weber"), Some("one-to-one")));
    assert_eq!(rows[2]["pair"]["verdict"]["never"], "meeting");
}

#[test]
fn what_is_no_pair_cannot_be_accepted_and_consent_is_in_the_audit_trail() {
    let place = with_pairs();
    assert_snapshot!(place.run("adopt accept weber --pair 2 --yes"), @r"
    exit code: 1
    ----- stdout
    ----- stderr
    error: pair 2 cannot be taken over
      Caused by: refused: several records look like this item
    hint: leave it to the user or give the record an item of its own: `pocketdocket adopt refuse weber --pair 2 --leave`
    ");
    let unknown = place.run("adopt accept weber --pair 9 --yes");
    assert!(unknown.contains("`weber` has no pair 9") && unknown.contains("exit code: 1"), "{unknown}");
    let accepted = place.run("adopt accept weber --all --yes");
    assert!(
        accepted.contains("1 item will be taken over") && accepted.contains("2 records without a pair"),
        "{accepted}"
    );
    let refused = place.run("adopt refuse weber --pair 2 --keep-both");
    assert!(refused.contains("1 record: an item of ours beside the user's"), "{refused}");
    let listed = place.run("adopt list");
    for decision in ["one to one                                        take over", "keep both", "people  no"] {
        assert!(listed.contains(decision), "{listed}");
    }
    place.command("adopt refuse weber --all").assert().code(2);
    let output = place.command("user show weber").output().expect("starts");
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(shown.contains("agreed to take over 1 items of an earlier sync (pairs 1)"), "{shown}");
}
