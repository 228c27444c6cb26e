use secrecy::SecretString;

use super::*;
use crate::{
    domain::{Body, BodyFormat, ItemContent, Personal, QueryName, RowProblem},
    plan::{
        Finding, FindingKind, Hold, HoldReason,
        adopt::{Match, MatchVerdict},
    },
    ports::Person,
};

const CLIENT: &str = "Mustermann-Zwetschgenkern";
const PASSWORD: &str = "Herbststurm-4711!";

/// Everything personal goes through every table that can hold it.
pub(super) fn everything_sealed() -> Desk {
    let desk = Desk::new();
    let (ledger, mailbox, weber) = (&desk.ledger, desk.mailbox(), name("weber"));
    ledger.add_user(&weber, &details("weber@example.org"), "test", at(0)).expect("added");
    ledger.give_password(&weber, &SecretString::from(PASSWORD), "test", at(0)).expect("given");
    ledger.seal_secret("gateway", &SecretString::from(PASSWORD)).expect("sealed");
    ledger
        .attempt_confirmation(&weber, "test", at(0), |_, _| {
            let codes = Some(serde_json::json!({"code": PASSWORD}));
            let kept = KeptState { codes, authenticator: Some(SecretString::from(PASSWORD)), ..KeptState::default() };
            Ok::<_, LedgerError>(Attempt { kept, effect: Effect::Begins, event: None, verdict: () })
        })
        .expect("kept");

    put(&desk, mailbox, &key("1"), item("a", 1), CLIENT, at(1));
    let change = update(&key("1"), item("a", 1), &format!("{CLIENT} ./. Bank"), Why::Withdrawn(CLIENT.into()));
    let ids = ledger.begin(mailbox, RunId(1), &[change.clone(), create(&key("2"), CLIENT)], at(2)).expect("begun");
    let text = Some(Value::text(CLIENT));
    let proposal =
        Proposal { key: key("1"), field: Field::Subject, before: text.clone(), after: text.clone(), overwritten: true };
    let before = ItemContent {
        item: item("a", 1),
        stamp: None,
        folder: None,
        bound: None,
        created: None,
        fields: BTreeMap::from([(Field::Subject, Value::text(CLIENT))]),
        body: Some(Body { format: BodyFormat::Text, text: Personal::from(CLIENT) }),
    };
    let mut settlement = settled(ids.first().copied(), change.clone(), stored(item("a", 2), &record(CLIENT)));
    settlement.before = Some(before);
    settlement.proposals = vec![proposal];
    let failed = Outcome::Failed { kind: "rejected".into(), message: format!("`{CLIENT}` is odd"), parked: true };
    let refused = settled(None, create(&key("3"), CLIENT), failed);
    ledger.settle(mailbox, RunId(1), &[settlement, refused], at(3)).expect("settled");

    let hold = Hold { kind: Kind::Event, reason: HoldReason::FirstWrite, operations: vec![change] };
    ledger.put_holds(mailbox, &weber, &[hold], at(4)).expect("kept");
    let kind = FindingKind::Proposed { field: Field::Subject, before: text.clone(), after: text, overwritten: false };
    ledger.put_findings(mailbox, None, &[Finding { key: key("1"), item: None, kind }], at(4)).expect("kept");
    let problem = RowProblem {
        query: QueryName("meetings".into()),
        key: Some(key("1")),
        field: None,
        column: None,
        what: format!("`{CLIENT}` is no date"),
        unreadable: false,
    };
    ledger.put_row_problems(&problem.query.clone(), None, &[problem], at(4)).expect("kept");
    let person = Person { id: PersonId("HW".into()), name: Some(Personal::from(CLIENT)), email: None, active: true };
    ledger.put_people(&[person], at(5)).expect("kept");
    let shown = BTreeMap::from([(Field::Subject, Value::text(CLIENT))]);
    let found = FoundMatch {
        found: Match {
            key: key("4"),
            items: vec![item("b", 1)],
            by: std::collections::BTreeSet::new(),
            verdict: MatchVerdict::OneToOne,
        },
        portrait: Portrait { record: shown.clone(), items: vec![shown] },
    };
    let leftovers = Leftovers { items: 1, unmatched: 0 };
    ledger.put_adoptions(mailbox, Kind::Event, &[found], leftovers, at(5)).expect("kept");
    desk
}

/// What was put there by [`everything_sealed`] is there all the same.
pub(super) fn everything_opens(desk: &Desk) {
    let (ledger, mailbox) = (&desk.ledger, desk.mailbox());
    assert_eq!(ledger.mirror_all(mailbox).expect("read").entries[&key("1")].written, Some(written(&record(CLIENT))));
    assert_eq!(ledger.before_images(mailbox, &key("1")).expect("read").len(), 1);
    assert_eq!(ledger.proposals().expect("read").len(), 1);
    assert!(ledger.parked_records(mailbox).expect("read")[0].cause.contains(CLIENT));
}

#[test]
fn no_clients_name_and_no_secret_can_be_read_from_the_files() {
    let desk = everything_sealed();
    let mut searched = 0;
    for entry in std::fs::read_dir(desk.folder.path()).expect("ours") {
        let path = entry.expect("ours").path();
        let bytes = std::fs::read(&path).expect("ours");
        searched += bytes.len();
        for secret in [CLIENT, PASSWORD] {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "`{secret}` can be read in `{}`", path.display());
        }
    }
    assert!(searched > 100_000, "the files were there to be searched");
    everything_opens(&desk);
}

#[test]
fn secrets_are_kept_replaced_and_forgotten_by_name() {
    use secrecy::ExposeSecret;
    let desk = Desk::new();
    let read = |name| {
        let secret = desk.ledger.open_secret(name).expect("read");
        secret.map(|secret| secret.expose_secret().to_owned())
    };
    for secret in ["first", "second"] {
        desk.ledger.seal_secret("gateway", &SecretString::from(secret)).expect("sealed");
    }
    desk.ledger.seal_secret("other", &SecretString::from("third")).expect("sealed");
    assert_eq!((read("gateway").as_deref(), read("other").as_deref()), (Some("second"), Some("third")));
    desk.ledger.forget_secret("gateway").expect("forgotten");
    assert_eq!((read("gateway"), read("other").as_deref()), (None, Some("third")));
}

#[test]
fn a_sealed_piece_moved_to_another_owner_does_not_open() {
    let desk = Desk::new();
    desk.ledger.seal_secret("user/weber/password", &SecretString::from("hers")).expect("sealed");
    desk.ledger
        .write(|transaction| {
            transaction.execute("UPDATE secret SET name = 'user/huber/password'", [])?;
            Ok(())
        })
        .expect("tampered with");
    assert!(matches!(desk.ledger.open_secret("user/huber/password"), Err(LedgerError::Vault(_))));
}
