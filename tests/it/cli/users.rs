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
    USER   STATE    PERSON  MAILBOX                METHOD    CONFIRMED  CONFIRM AGAIN
    weber  invited  HW      weber@kanzlei.example  password  -          -
    ----- stderr
    ");
    place.command("user pause weber").assert().success();
    assert_snapshot!(place.run("user show weber"), @r"
    exit code: 0
    ----- stdout
    user      weber
    person    HW
    mailbox   weber@kanzlei.example
    login     weber@kanzlei.example
    reached   over ews (as set), by password
    service   not known yet
    state     paused
    paused    since MOMENT
    audit     MOMENT  tester (command line): paused
    audit     MOMENT  tester (command line): added, for person `HW` and mailbox `weber@kanzlei.example`

    SETTING                   VALUE                FROM
    cancelled                 remove               the firm
    contact_cap               5000                 the firm
    contacts                  firm                 the firm
    default_reminder_minutes  15                   the firm
    done                      keep                 the firm
    kinds                     contact,event,task   the firm
    office_zone               Europe/Berlin        the firm
    privacy                   full                 the firm
    texts.busy_event          Appointment          the firm
    texts.busy_task           Task                 the firm
    texts.cancelled           Cancelled:           the firm
    texts.private_event       Private appointment  the firm
    texts.private_task        Private task         the firm
    walls                     -                    the firm
    window.done_tasks_days    30                   the firm
    window.future_days        365                  the firm
    window.past_days          30                   the firm
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
    hint: let the user sign in by OAuth instead: `pocketdocket user add NAME ... --method oauth`, or `pocketdocket user change NAME --method oauth` for one who is entered already; then `pocketdocket user link NAME`
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

#[test]
fn a_users_own_settings_are_checked_shown_with_their_origin_and_kept_in_the_audit_trail() {
    let place = Place::installed();
    place.command("user add weber --person HW --mailbox weber@kanzlei.example").assert().success();
    assert_snapshot!(place.run("user set weber privacy=initials window.past_days=60 --dry-run"), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    `weber` is not synced now, so nothing changes in the mailbox yet
    nothing was changed
    ");
    assert!(!place.run("user show weber").contains("this user"), "a dry run keeps nothing");
    assert_snapshot!(place.run("user set weber privacy=initials window.past_days=60 walls=2026-114,contact/contacts/17"), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    `weber` is not synced now, so nothing changes in the mailbox yet
    kept; it holds from the next sync on: `pocketdocket user show weber`
    ");
    let shown = place.run("user show weber");
    for line in [
        "privacy                   initials",
        "window.past_days          60",
        "settings changed: privacy, walls, window",
    ] {
        assert!(shown.contains(line), "{line} in {shown}");
    }
    assert!(!shown.split("audit").nth(1).is_some_and(|audit| audit.lines().next().unwrap_or_default().contains("114")));
    assert_snapshot!(place.run("user set weber privacy= window.past_days= walls="), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    `weber` is not synced now, so nothing changes in the mailbox yet
    kept; it holds from the next sync on: `pocketdocket user show weber`
    ");
    assert!(!place.run("user show weber").contains("this user"), "back to the firm's");
    let json = place.command("user show weber --json").output().expect("starts");
    let user: serde_json::Value = serde_json::from_slice(&json.stdout).expect("is JSON");
    let scope = user["scope"].as_array().expect("a list");
    assert!(scope.iter().any(|one| one["setting"] == "contacts" && one["value"] == "firm" && one["from"] == "firm"));
}

#[test]
fn settings_that_cannot_be_used_are_refused_with_what_would_be_right() {
    let place = Place::installed();
    place.command("user add weber --person HW --mailbox weber@kanzlei.example").assert().success();
    assert_snapshot!(place.run("user set weber contacts=all"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: these settings of `weber` cannot be used
      Caused by: unknown variant `all`, expected one of `mine`, `matters`, `firm`, `none`
    hint: the settings are those of `[scope]` in docs/reference/settings.md, such as `window.past_days=60`
    ");
    assert_snapshot!(place.run("user set weber contcts=firm"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: these settings of `weber` cannot be used
      Caused by: unknown field `contcts`, expected one of `office_zone`, `kinds`, `window`, `done`, `cancelled`, `privacy`, `templates`, `texts`, `default_reminder_minutes`, `contacts`, `contact_cap`, `walls`
    hint: the settings are those of `[scope]` in docs/reference/settings.md, such as `window.past_days=60`
    ");
    assert_snapshot!(place.run("user set weber contacts"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: `contacts` sets nothing
    hint: write `setting=value`, such as `contacts=matters`; `contacts=` goes back to the firm's
    ");
    for bad in [
        "window.past_days=many",
        "office_zone=Atlantis",
        "kinds=mails",
        "walls=,",
        "templates.contact.notes={nonsense}",
    ] {
        let shown = place.run(&format!("user set weber {bad}"));
        let fine = bad == "walls=,";
        assert_eq!(shown.starts_with("exit code: 0"), fine, "{bad}: {shown}");
    }
    assert!(place.run("user set nobody contacts=firm").contains("there is no user `nobody`"));
}

#[test]
fn what_the_mapping_cannot_tell_is_said_when_somebody_relies_on_it() {
    let place = Place::installed();
    place.command("user add weber --person HW --mailbox weber@kanzlei.example").assert().success();
    assert_snapshot!(place.run("user set weber contacts=matters"), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    warning: the query `contacts` is for everyone and has no `links_sql`: with `contacts=matters` the user gets nothing of it
    `weber` is not synced now, so nothing changes in the mailbox yet
    kept; it holds from the next sync on: `pocketdocket user show weber`
    ");
}

#[test]
fn the_way_to_sign_in_is_chosen_per_user_and_may_be_changed() {
    let place = Place::installed();
    let exchange_online = "--url https://outlook.office365.com/EWS/Exchange.asmx";
    let shown = place
        .run(&format!("user add weber --person HW --mailbox weber@kanzlei.example {exchange_online} --method oauth"));
    assert!(shown.starts_with("exit code: 0"), "{shown}");
    assert!(shown.contains("App registrations"), "says how to register an app: {shown}");
    let check = place.run("check");
    assert!(
        check.contains("sign-in        OAuth at `https://login.microsoftonline.com`, no tenant set, no app set"),
        "{check}"
    );
    assert!(!check.starts_with("exit code: 0"), "{check}");

    place.command("user add huber --person TM --mailbox huber@kanzlei.example").assert().success();
    assert_snapshot!(place.run(&format!("user change huber {exchange_online}")), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: could not use a password for `outlook.office365.com`
      Caused by: Exchange Online takes no password or app password: Microsoft switched Basic off, and it cannot come back
    hint: let the user sign in by OAuth instead: `pocketdocket user add NAME ... --method oauth`, or `pocketdocket user change NAME --method oauth` for one who is entered already; then `pocketdocket user link NAME`
    ");
    let configuration = std::fs::read_to_string(place.path("pocketdocket.toml")).expect("is there");
    let sign_in = "[sign_in]\ntenant = \"kanzlei.example\"\nclient_id = \"an-app\"\n";
    place.write("pocketdocket.toml", &format!("{configuration}\n{sign_in}"));
    assert_snapshot!(place.run(&format!("user change huber {exchange_online} --method oauth --mailbox eva@kanzlei.example")), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    `huber` is changed: TM in the practice system, mailbox eva@kanzlei.example, signs in as `eva@kanzlei.example` by oauth
    next: `pocketdocket user link huber`
    ");
    assert!(place.run("user change huber --method oauth").contains("is entered so already"));
    assert!(place.run("user change huber").starts_with("exit code: 2"), "says nothing");
    assert!(
        place.run("user change huber --method telepathy").contains("`password`, `oauth`, `windows` and `certificate`")
    );
    let check = place.run("check");
    assert!(check.contains("tenant `kanzlei.example`, app `an-app`"), "{check}");
    let list = place.command("user list --json").output().expect("starts");
    let users: serde_json::Value = serde_json::from_slice(&list.stdout).expect("is JSON");
    assert_eq!((&users[0]["method"]["method"], &users[0]["link"]), (&"oauth".into(), &"invited".into()));
}
