//! `user link` as people meet it: the binary, an address to open, and what is kept afterwards.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, Stdio},
};

use pocketdocket::simulator::{self, AccountAction, CLIENT_ID, Fault, FaultRule, Mfa, Running, TENANT};
use serde_json::Value;
use tokio::runtime::Runtime;

use super::person::{ANNA, BEN, browser, online, signs_in};
use crate::cli::Place;

/// An installation with Anna, who signs in by OAuth, and the simulator that she has her mailbox in.
fn office() -> (Runtime, Running, Place) {
    let runtime = Runtime::new().expect("a runtime");
    let (running, _) = runtime.block_on(online(simulator::Settings::default()));
    let place = Place::installed();
    let configuration = std::fs::read_to_string(place.path("pocketdocket.toml")).expect("is there");
    let authority = running.authority_url();
    let sign_in =
        format!("[sign_in]\nauthority = \"{authority}\"\ntenant = \"{TENANT}\"\nclient_id = \"{CLIENT_ID}\"\n");
    place.write("pocketdocket.toml", &format!("{configuration}\n{sign_in}"));
    let url = running.ews_url();
    place.command(&format!("user add anna --person HW --mailbox {ANNA} --url {url} --method oauth")).assert().success();
    (runtime, running, place)
}

/// Runs `user link`, and lets this login sign in at the address that it shows.
pub(super) fn link(runtime: &Runtime, place: &Place, arguments: &str, login: &str) -> String {
    at_browser(runtime, place, &format!("user link anna {arguments}"), login)
}

/// Runs a command that has somebody sign in, and lets this login do so at the address that it shows.
pub(super) fn at_browser(runtime: &Runtime, place: &Place, line: &str, login: &str) -> String {
    let path = std::env::var("PATH").expect("is set");
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("pocketdocket"))
        // What a test puts there comes first.
        .env("PATH", format!("{}:{path}", place.path("programs").display()))
        .args(line.split_whitespace())
        .current_dir(place.path(""))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    if let Some(Ok(address)) = lines.next() {
        let address = address.parse().expect("the first line is the address");
        let back = runtime.block_on(signs_in(&address, login));
        if line.contains("--paste") {
            let mut answers = child.stdin.take().expect("a pipe");
            writeln!(answers, "http://localhost/?code=x&state=y\n{back}").expect("is read");
        } else {
            let page = runtime.block_on(async { browser().get(back).send().await.expect("a page").text().await });
            assert!(page.expect("text").contains("close this window"));
        }
    }
    let output = child.wait_with_output().expect("ends");
    place.shown(&output)
}

#[test]
fn a_user_signs_in_and_the_mailbox_is_reached_before_anything_is_kept() {
    let (runtime, running, place) = office();
    let shown = link(&runtime, &place, "", BEN);
    assert!(shown.starts_with("exit code: 1"), "{shown}");
    assert!(shown.contains("`ben@kanzlei.example` signed in, and the link is for `anna@kanzlei.example`"), "{shown}");
    assert!(shown.contains("user change anna --login LOGIN"), "the name at the provider may be another: {shown}");
    assert!(place.run("user show anna").contains("state     invited"), "nothing was kept");

    let shown = link(&runtime, &place, "", ANNA);
    assert!(shown.starts_with("exit code: 0"), "{shown}");
    assert!(shown.contains("verified and kept the sign-in of `anna`"), "{shown}");
    let show = place.run("user show anna");
    assert!(show.contains("by OAuth, given") && show.contains("good for 89 days"), "{show}");
    let check = place.run("check --online");
    assert!(check.contains("`anna` ok"), "{check}");

    running.administrator().act(ANNA, AccountAction::SetPassword { password: "another".to_owned() }).expect("changed");
    let check = place.run("check --online");
    assert!(check.contains("user link anna"), "says how to go on: {check}");
    assert!(place.run("status").contains("parked"), "{}", place.run("status"));
}

#[test]
fn another_name_at_the_provider_wants_another_sign_in() {
    let (runtime, _running, place) = office();
    let shown = link(&runtime, &place, "", ANNA);
    assert!(shown.starts_with("exit code: 0"), "{shown}");
    let shown = place.run("user change anna --login anna@firm.example");
    assert!(shown.contains("next: `pocketdocket user link anna`"), "the grant was the other name's: {shown}");
    assert!(place.run("user show anna").contains("state     invited"));
}

#[test]
fn an_address_is_pasted_where_the_browser_is_elsewhere() {
    let (runtime, _running, place) = office();
    let shown = link(&runtime, &place, "--paste", ANNA);
    assert!(shown.starts_with("exit code: 0"), "{shown}");
    assert!(shown.contains("does not belong to the sign-in"), "the wrong address was refused first: {shown}");
    assert!(place.run("user link anna --password-stdin").starts_with("exit code: 2"));
}

#[test]
fn a_device_code_is_entered_elsewhere_and_explains_itself_where_it_is_blocked() {
    let (_runtime, running, place) = office();
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("pocketdocket"))
        .args(["user", "link", "anna", "--device-code"])
        .current_dir(place.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let line = BufReader::new(child.stdout.take().expect("a pipe")).lines().next();
    let line = line.expect("a line").expect("text");
    let code = line.split_whitespace().last().expect("a code").to_owned();
    running.administrator().approve_device(&code, ANNA, true).expect("waits for it");
    let output = child.wait_with_output().expect("ends");
    let shown = place.shown(&output);
    assert!(shown.starts_with("exit code: 0"), "{shown}");

    let blocked = simulator::Fault::OauthError { code: 53_003, error: None, suberror: None };
    running.faults().add(simulator::FaultRule::new(blocked).on("devicecode"));
    let shown = place.run("user link anna --device-code");
    assert!(shown.starts_with("exit code: 1"), "{shown}");
    assert!(shown.contains("AADSTS53003") && shown.contains("sign in with a browser instead"), "{shown}");
    assert!(shown.contains("user link anna"), "{shown}");
}

#[test]
fn the_providers_second_factor_makes_the_link_active_and_a_password_alone_does_not() {
    let (runtime, running, place) = office();
    let second_factor = |mfa| running.administrator().act(ANNA, AccountAction::SetMfa { mfa }).expect("changed");
    second_factor(Mfa::None);
    let shown = link(&runtime, &place, "", ANNA);
    assert!(shown.starts_with("exit code: 0") && shown.contains("not confirmed by that"), "{shown}");
    let user = place.run("user show anna");
    assert!(user.contains("state     linked"), "{user}");

    second_factor(Mfa::Required);
    let shown = link(&runtime, &place, "", ANNA);
    assert!(shown.starts_with("exit code: 0"), "{shown}");
    assert!(shown.contains("`anna` is confirmed by the provider's sign-in"), "{shown}");
    let user = place.run("user show anna");
    assert!(user.contains("state     active") && user.contains("by the provider"), "{user}");
    assert!(place.run("user list").contains("oauth   provider"), "{}", place.run("user list"));
}

/// What `user check anna` says as JSON, and how it ends.
fn checked(place: &Place) -> (Option<i32>, Value) {
    let output = place.command("user check anna --json").output().expect("starts");
    (output.status.code(), serde_json::from_slice(&output.stdout).expect("JSON"))
}

#[test]
fn what_ends_a_grant_is_named_by_check_and_the_same_grant_is_not_sent_again() {
    let (runtime, running, place) = office();
    for (number, cause, ends) in [
        (50_173, "grant-revoked", true),
        (700_082, "grant-expired", true),
        (50_076, "mfa-required", false),
        (53_003, "blocked-by-policy", false),
        (65_001, "consent-missing", false),
        (700_016, "app-unknown", false),
        (90_033, "provider-trouble", false),
    ] {
        let shown = link(&runtime, &place, "", ANNA);
        assert!(shown.starts_with("exit code: 0"), "{cause}: {shown}");
        let refusal = Fault::OauthError { code: number, error: None, suberror: None };
        running.faults().add(FaultRule::new(refusal).on("token"));
        let (code, answer) = checked(&place);
        assert_eq!(answer["trouble"]["cause"], cause, "{answer:#}");
        assert_eq!((answer["works"].as_bool(), answer["method"].as_str()), (Some(false), Some("oauth")), "{answer:#}");
        let evidence = answer["trouble"]["evidence"].to_string();
        let (said, exit) = match cause {
            "provider-trouble" => ("HTTP 503".to_owned(), 3),
            _ => (format!("AADSTS{number}"), 1),
        };
        assert!(evidence.contains(&said), "{evidence}");
        assert_eq!(code, Some(exit), "{cause}");
        running.faults().clear();
        let (_, again) = checked(&place);
        assert_eq!(again["works"].as_bool(), Some(!ends), "{cause}: {again:#}");
        assert_eq!(again["not_asked"].is_string(), ends, "{cause}: {again:#}");
    }
}

#[cfg(unix)]
#[test]
fn a_browser_is_opened_on_request_and_a_sign_in_is_kept_unverified_on_request() {
    use std::os::unix::fs::PermissionsExt as _;

    let (runtime, running, place) = office();
    std::fs::create_dir(place.path("programs")).expect("made");
    place.write("programs/xdg-open", "#!/bin/sh\nprintf %s \"$1\" > opened.part && mv opened.part opened\n");
    let runs = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(place.path("programs/xdg-open"), runs).expect("set");
    // The mailbox answers nobody, and is not asked.
    running.faults().add(FaultRule::new(Fault::EwsOff));
    let shown = link(&runtime, &place, "--open --unverified", ANNA);
    assert!(shown.starts_with("exit code: 0"), "{shown}");
    assert!(shown.contains("kept the sign-in of `anna`, its mailbox unverified"), "{shown}");
    let opened = std::fs::read_to_string(place.path("opened")).expect("a browser was asked for");
    assert!(opened.starts_with(&running.authority_url()), "{opened}");
    assert!(shown.contains(&opened) || opened.contains("client_id="), "{opened}");
    let user = place.run("user show anna");
    assert!(
        user.contains("by OAuth, given") && user.contains("state     linked"),
        "a mailbox unseen is not confirmed: {user}"
    );
}
