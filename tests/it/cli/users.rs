//! Users: entering, showing, pausing; and what is refused.

use insta::assert_snapshot;

use super::Place;

#[test]
fn a_user_is_entered_listed_shown_and_paused() {
    let place = Place::installed();
    assert_snapshot!(place.run("user add weber --person HW --mailbox weber@kanzlei.example"), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    `weber` is entered: HW in the practice system, mailbox weber@kanzlei.example
    next: `pocketdocket user link weber`
    ");
    assert_snapshot!(place.run("user list"), @r"
    exit code: 0
    ----- stdout
    USER   STATE    PERSON  MAILBOX
    weber  invited  HW      weber@kanzlei.example
    ----- stderr
    ");
    place.command("user pause weber").assert().success();
    assert_snapshot!(place.run("user show weber"), @r"
    exit code: 0
    ----- stdout
    user     weber
    person   HW
    mailbox  weber@kanzlei.example
    login    weber@kanzlei.example
    service  as configured
    state    paused
    paused   since MOMENT
    audit    MOMENT  tester (command line): paused
    audit    MOMENT  tester (command line): added, for person `HW` and mailbox `weber@kanzlei.example`
    ----- stderr
    ");
    assert_snapshot!(place.run("user resume weber"), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    `weber` goes on with the next sync
    ");
    let list = place.command("user list --json").output().expect("starts");
    let users: serde_json::Value = serde_json::from_slice(&list.stdout).expect("is JSON");
    assert_eq!(users[0]["name"], "weber");
    assert_eq!(users[0]["link"], "invited");
}

#[test]
fn a_person_whom_the_practice_system_does_not_know_is_pointed_out() {
    let place = Place::installed();
    assert_snapshot!(place.run("user add weber --person WEBER --mailbox weber@kanzlei.example"), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    `weber` is entered: WEBER in the practice system, mailbox weber@kanzlei.example
    warning: the practice system has no person `WEBER`; it has HW, TM, AK, JS, MR, PG, LN, SB, EO, KF, RZ, EM
    next: `pocketdocket user link weber`
    ");
}

#[test]
fn nobody_is_entered_twice() {
    let place = Place::installed();
    place.command("user add weber --person HW --mailbox weber@kanzlei.example").assert().success();
    assert_snapshot!(place.run("user add weber --person HW --mailbox other@kanzlei.example"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: there is a user `weber` already
    hint: `pocketdocket user show NAME` shows it; choose another name
    ");
}

#[test]
fn a_user_who_does_not_exist_is_named() {
    let place = Place::installed();
    for line in ["user show nobody", "user pause nobody", "history --user nobody"] {
        let shown = place.run(line);
        assert!(shown.starts_with("exit code: 2") && shown.contains("there is no user `nobody`"), "{shown}");
    }
}

#[test]
fn a_mailbox_in_exchange_online_is_refused_with_the_reason() {
    let place = Place::installed();
    let line = "user add weber --person HW --mailbox weber@kanzlei.example --url https://outlook.office365.com/EWS/Exchange.asmx";
    assert_snapshot!(place.run(line), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: could not use a password for `outlook.office365.com`
      Caused by: Exchange Online takes no password or app password: Microsoft switched Basic off, and it cannot come back
    hint: a mailbox in Exchange Online needs a sign-in with OAuth, which this version does not have yet; link mailboxes on Exchange Server or hosted Exchange, and leave this user out for now
    ");
    assert_snapshot!(place.run("user list"), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    there is nobody yet; `pocketdocket user add NAME --person ID --mailbox ADDRESS` begins
    ");
}

#[test]
fn what_cannot_be_an_address_is_refused() {
    let place = Place::installed();
    for (mailbox, url) in [("weber", ""), ("weber@k.example", "--url http://mail.k.example/EWS/Exchange.asmx")] {
        let shown = place.run(&format!("user add weber --person HW --mailbox {mailbox} {url}"));
        assert!(shown.starts_with("exit code: 2") && shown.contains("hint: "), "{shown}");
    }
    assert_snapshot!(place.run("user add weber --person HW --mailbox w@k.example --url https://u:planted@k.example/"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: the address of the web service holds a user or a password
    hint: leave them out; `--login` takes the login and `pocketdocket user link` asks for the password
    ");
}
