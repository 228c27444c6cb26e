//! Looking after the work: status, holds, history.

use std::sync::Arc;

use insta::assert_snapshot;
use jiff::Timestamp;
use pocketdocket::{
    domain::{Field, FolderId, Kind, Record, RecordKey, Value},
    plan::{Action, Hold, HoldReason, Operation, Why},
    ports::MailboxIdentity,
    state::{ConfirmationWay, Ledger, LinkState, UserName},
    vault::KeySource,
};

use super::Place;

impl Place {
    /// The ledger, as the service would have it open beside the commands.
    pub(crate) fn ledger(&self) -> Ledger {
        let vault = KeySource::File(self.path("master.key")).open(None).expect("the key is there");
        Ledger::open(&self.path("data"), &vault).expect("the ledger opens")
    }

    /// An installation with one active user.
    pub(crate) fn with_active_user() -> (Self, Ledger, UserName) {
        let place = Self::installed();
        // Nobody answers there, and nobody is asked.
        let line =
            "user add weber --person HW --mailbox weber@kanzlei.example --url http://127.0.0.1:9/EWS/Exchange.asmx";
        place.command(line).assert().success();
        let ledger = place.ledger();
        let name: UserName = "weber".parse().expect("is a name");
        let now = Timestamp::now();
        ledger.give_password(&name, &"planted-password".into(), "test", now).expect("is kept");
        ledger.set_link_state(&name, LinkState::Confirming, "test", now).expect("is the next step");
        ledger.confirm(&name, ConfirmationWay::Provider, "test", now).expect("is the next step");
        (place, ledger, name)
    }
}

fn hold_first_write(ledger: &Ledger, user: &UserName) {
    let now = Timestamp::now();
    let identity = MailboxIdentity { server: "mail.kanzlei.example".to_owned(), root: FolderId("root".to_owned()) };
    let mailbox = ledger.mailbox_for(&identity, now).expect("is noted");
    ledger.set_user_mailbox(user, mailbox).expect("is noted");
    let task = |number: u32, subject: &str| Operation {
        key: RecordKey::new(Kind::Task, "deadlines", number.to_string()),
        due: None,
        why: Why::New,
        action: Action::Create { record: Arc::new(Record::new(Kind::Task).with(Field::Subject, Value::text(subject))) },
    };
    let operations = vec![task(1, "Appeal"), task(2, "Evil \u{1b}[31mred\u{7}")];
    ledger
        .put_holds(mailbox, user, &[Hold { kind: Kind::Task, reason: HoldReason::FirstWrite, operations }], now)
        .expect("is held");
}

#[test]
fn status_names_who_is_needed_and_exits_with_1() {
    let place = Place::installed();
    place.command("user add weber --person HW --mailbox weber@kanzlei.example").assert().success();
    assert_snapshot!(place.run("status"), @r"
    exit code: 1
    ----- stdout
    engine    not running
    last sync never
    practice  not read yet

    USER   STATE    LAST PROVEN  CONFIRM AGAIN  EVENTS  TASKS  CONTACTS  HELD
    weber  invited  never        -              0       0      0         0

    Needs a person:
      weber: no password yet; `pocketdocket user link weber`
    ----- stderr
    ");
}

#[test]
fn status_is_content_when_nobody_is_needed() {
    let (place, _, _) = Place::with_active_user();
    assert_snapshot!(place.run("status"), @r"
    exit code: 0
    ----- stdout
    engine    not running
    last sync never
    practice  not read yet

    USER   STATE   LAST PROVEN  CONFIRM AGAIN  EVENTS  TASKS  CONTACTS  HELD
    weber  active  never        -              0       0      0         0
    ----- stderr
    ");
    let output = place.command("status --json").output().expect("starts");
    let status: serde_json::Value = serde_json::from_slice(&output.stdout).expect("is JSON");
    assert_eq!((output.status.code(), &status["running"]), (Some(0), &serde_json::json!(false)));
}

#[test]
fn a_parked_user_is_shown_with_cause_and_remedy_until_resumed() {
    let (place, ledger, name) = Place::with_active_user();
    ledger
        .park(&name, "the server refused the password", "`pocketdocket user link weber`", Timestamp::now())
        .expect("parks");
    assert_snapshot!(place.run("status"), @r"
    exit code: 1
    ----- stdout
    engine    not running
    last sync never
    practice  not read yet

    USER   STATE   LAST PROVEN  CONFIRM AGAIN  EVENTS  TASKS  CONTACTS  HELD
    weber  parked  never        -              0       0      0         0

    Needs a person:
      weber: parked since MOMENT: the server refused the password; `pocketdocket user link weber`
    ----- stderr
    ");
    place.command("user resume weber").assert().success();
    place.command("status").assert().code(0);
}

#[test]
fn many_who_wait_for_the_same_are_told_in_one_line() {
    let place = Place::installed();
    let names = ["anna", "ben", "carla", "dora", "emil"];
    let park = |name: &str, cause: &str| {
        let name = name.parse().expect("a name");
        place.ledger().park(&name, cause, "let the administrator allow it", Timestamp::now()).expect("parks");
    };
    for name in names {
        place.command(&format!("user add {name} --person HW --mailbox {name}@kanzlei.example")).assert().success();
        park(name, "this address is not allowed");
    }
    let line = |part: &str| {
        let shown = place.run("status");
        let lines: Vec<String> = shown.lines().filter(|line| line.contains(part)).map(str::to_owned).collect();
        lines
    };
    let told = line("parked");
    let told: Vec<&String> = told.iter().filter(|line| line.contains("allow it")).collect();
    assert_eq!(
        told,
        [
            "  5 users (anna, ben, carla, dora, …): parked, the first since MOMENT: this address is not allowed; let the administrator allow it"
        ]
    );
    park("emil", "the mailbox is full");
    let told = line("allow it");
    assert_eq!(told.len(), 5, "four of one reason are told one by one: {told:?}");
    assert!(
        told.last().is_some_and(|line| line.contains("emil: parked since MOMENT: the mailbox is full")),
        "{told:?}"
    );
}

#[test]
fn a_refused_password_is_not_tried_again_before_there_is_a_new_one() {
    let (place, ledger, name) = Place::with_active_user();
    let now = Timestamp::now();
    ledger.count_refused_sign_in(&name, now).expect("counts");
    ledger.park(&name, "the server refused the password", "`pocketdocket user link weber`", now).expect("parks");
    assert_snapshot!(place.run("user resume weber"), @r"
    exit code: 1
    ----- stdout
    ----- stderr
    error: the server refused the password of `weber`
      Caused by: the same password again would only bring the account closer to a lock
    hint: give a new one, or the same once it is known to work: `pocketdocket user link weber`
    ");
    assert!(ledger.user(&name).expect("is there").parked.is_some());
    place.command("user link weber --password-stdin --unverified").write_stdin("another\n").assert().success();
    let user = ledger.user(&name).expect("is there");
    assert_eq!((user.parked, user.refused_sign_ins), (None, 0));
}

#[test]
fn a_hold_is_listed_shown_exactly_and_released_by_name() {
    let (place, ledger, name) = Place::with_active_user();
    hold_first_write(&ledger, &name);
    assert_snapshot!(place.run("status"), @r"
    exit code: 1
    ----- stdout
    engine    not running
    last sync never
    practice  not read yet

    USER   STATE   LAST PROVEN  CONFIRM AGAIN  EVENTS  TASKS  CONTACTS  HELD
    weber  active  never        -              0       0      0         2

    Needs a person:
      weber: tasks are held: the first write into this mailbox: look at it before it happens; `pocketdocket holds show 1`
    ----- stderr
    ");
    assert_snapshot!(place.run("holds list"), @r"
    exit code: 0
    ----- stdout
    HOLD  USER   KIND  OPERATIONS  SINCE                WHY
    1     weber  task  2           MOMENT  the first write into this mailbox: look at it before it happens
    ----- stderr
    ");
    // What came from a database cannot steer the terminal.
    assert_snapshot!(place.run("holds show 1"), @r#"
    exit code: 0
    ----- stdout
    hold 1 of `weber`, task: the first write into this mailbox: look at it before it happens
    since MOMENT, last planned MOMENT
      create  task/deadlines/1  "Appeal"  (new)
      create  task/deadlines/2  "Evil �[31mred�"  (new)
    ----- stderr
    "#);
    let refused = place.command("holds release 1").write_stdin("no\n").output().expect("starts");
    assert_eq!(refused.status.code(), Some(1), "{}", place.shown(&refused));
    assert_snapshot!(place.run("holds release 1 --yes"), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    2 operations may pass until MOMENT; the next sync takes them up
    ");
    let mailbox = ledger.user(&name).expect("is there").mailbox.expect("is known");
    assert_eq!(ledger.released(mailbox, Timestamp::now()).expect("reads").operations.len(), 2);
    assert!(ledger.first_write_released(mailbox).expect("reads"));
}

#[test]
fn who_releases_one_of_two_holds_is_told_of_the_other() {
    let (place, ledger, name) = Place::with_active_user();
    hold_first_write(&ledger, &name);
    let first = ledger.hold(ledger.holds().expect("reads")[0].id).expect("is there");
    let holds = [HoldReason::FirstWrite, HoldReason::PersonMissing { person: "HW".to_owned() }];
    let holds = holds.map(|reason| Hold { kind: Kind::Task, reason, operations: first.waiting.clone() });
    ledger.put_holds(first.hold.mailbox, &name, &holds, Timestamp::now()).expect("are held");
    assert_snapshot!(place.run("holds release 1 --yes"), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    2 operations may pass until MOMENT; the next sync takes them up
    some of them wait for hold 3 too (the practice system has no person `HW` any more): `pocketdocket holds show 3`
    ");
    assert!(!place.run("holds release 3 --yes").contains("some of them"));
}

#[test]
fn a_hold_can_be_released_at_the_terminal_after_it_was_shown() {
    let (place, ledger, name) = Place::with_active_user();
    hold_first_write(&ledger, &name);
    let output = place.command("holds release 1").write_stdin("yes\n").output().expect("starts");
    assert!(output.status.success(), "{}", place.shown(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("\"Appeal\""), "what is released was shown");
}

#[test]
fn a_hold_that_does_not_exist_is_named() {
    assert_snapshot!(Place::installed().run("holds show 7"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: there is no open hold 7
    hint: `pocketdocket holds list` shows what waits
    ");
}

#[test]
fn history_begins_empty_and_refuses_what_is_no_key() {
    let place = Place::installed();
    assert_snapshot!(place.run("history"), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    nothing was written yet
    ");
    assert_snapshot!(place.run("history --json"), @r"
    exit code: 0
    ----- stdout
    []
    ----- stderr
    ");
    let shown = place.run("history --key nonsense");
    assert!(shown.starts_with("exit code: 2") && shown.contains("event/meetings/4711"), "{shown}");
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_success() {
    let place = Place::installed();
    for number in 0..40 {
        place
            .command(&format!("user add user{number} --person HW --mailbox u{number}@kanzlei.example"))
            .assert()
            .success();
    }
    let binary = assert_cmd::cargo::cargo_bin!("pocketdocket");
    // The shell's own exit code is that of the command before the pipe.
    let script = format!("set -o pipefail; '{}' user list | true; echo ${{PIPESTATUS[0]}}", binary.display());
    let output = std::process::Command::new("bash")
        .args(["-c", &script])
        .current_dir(place.path(""))
        .output()
        .expect("there is a shell");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "0", "{}", String::from_utf8_lossy(&output.stderr));
}
