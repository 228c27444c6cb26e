//! `user check`: one named cause, what to do, and no second try of a secret that was refused.

use pocketdocket::simulator::{Fault, FaultRule};
use serde_json::Value;

use super::{
    Place,
    confirm::{ADDRESS, Exchange},
};

fn json(place: &Place, line: &str) -> Value {
    let output = place.command(line).output().expect("the binary starts");
    serde_json::from_slice(&output.stdout).expect("is JSON")
}

fn assert_says(shown: &str, parts: &[&str]) {
    for part in parts {
        assert!(shown.contains(part), "`{part}` in:\n{shown}");
    }
}

#[test]
fn a_sign_in_that_works_says_so_and_one_without_a_password_says_what_is_next() {
    let exchange = Exchange::start();
    let place = exchange.place();
    let shown = place.run("user check weber");
    assert_says(&shown, &["exit code: 1", "no password yet", "`pocketdocket user link weber`"]);
    exchange.make_active(&place);
    let shown = place.run("user check weber");
    assert_says(&shown, &["exit code: 0", "method    password", "state     active", "works, on 127.0.0.1"]);
    assert_eq!(json(&place, "user check weber --json")["works"], true);
    exchange.stop();
}

#[test]
fn a_cause_is_named_with_evidence_who_what_how_long_and_the_next_try_and_its_end_is_told() {
    let exchange = Exchange::start();
    let place = exchange.place();
    exchange.make_active(&place);
    exchange.running.faults().add(FaultRule::new(Fault::EwsOff));
    let shown = place.run("user check weber");
    assert_says(
        &shown,
        &[
            "exit code: 1",
            "state     waiting",
            "(ews-off)",
            "evidence  `127.0.0.1` answered HTTP 403",
            "who       the Exchange administrator",
            "Get-CASMailbox weber@kanzlei.example",
            "takes     up to 1 hour",
            "next try  MOMENT; by itself, after 15 minutes",
            "more      https://",
        ],
    );
    let trouble = &json(&place, "user check weber --json")["trouble"];
    assert_eq!(
        (&trouble["cause"], &trouble["tries"]),
        (&Value::from("ews-off"), &Value::from(1)),
        "persons do not count"
    );
    assert!(trouble["what_to_do"].as_array().is_some_and(|steps| steps.len() > 2) && trouble["next_try"].is_string());
    assert_says(
        &place.run("status"),
        &["exit code: 1", "waiting", "weber: waiting: EWS is switched off", "next try MOMENT"],
    );
    assert_says(&place.run("user list"), &["weber: EWS is switched off"]);
    assert_says(&place.run("user show weber"), &["(ews-off)", "evidence  `127.0.0.1`"]);
    assert_eq!(json(&place, "user list --json")[0]["diagnosis"]["cause"], "ews-off");
    assert_eq!(json(&place, "status --json")["users"][0]["diagnosis"]["cause"], "ews-off");
    exchange.running.faults().clear();
    let shown = place.run("user check weber");
    assert_says(&shown, &["exit code: 0", "works", "before    failed since MOMENT: EWS is switched off"]);
    assert_says(&place.run("status"), &["exit code: 0", "weber: works again since MOMENT"]);
    assert_says(&place.run("user show weber"), &["works again; it was"]);
    exchange.stop();
}

#[test]
fn a_refused_password_is_tried_once_and_then_told_from_memory() {
    let exchange = Exchange::start();
    let place = exchange.place();
    exchange.make_active(&place);
    exchange.running.faults().add(FaultRule::new(Fault::WrongPassword));
    assert_says(&place.run("user check weber"), &["exit code: 1", "(wrong-password)", "who       the user"]);
    for line in ["user check weber", "check --online", "sync", "user check weber --json", "plan"] {
        assert!(!place.run(line).contains("panicked"), "{line}");
    }
    assert_eq!(exchange.running.refused_sign_ins(ADDRESS), 1);
    let shown = place.run("user check weber");
    assert_says(
        &shown,
        &["not tried again before there is a new one", "(wrong-password)", "not before somebody acted"],
    );
    assert_says(&place.run("status"), &["parked", "who: the user"]);
    exchange.stop();
}

#[test]
fn parked_paused_and_waiting_look_different() {
    let exchange = Exchange::start();
    let place = exchange.place();
    exchange.make_active(&place);
    place.command("user pause weber").assert().success();
    assert_says(&place.run("status"), &["weber  paused", "weber: paused since MOMENT, by a person"]);
    place.command("user resume weber").assert().success();
    exchange.running.faults().add(FaultRule::new(Fault::Unavailable { retry_after_seconds: Some(600) }));
    assert_says(&place.run("user check weber"), &["exit code: 3", "(throttled)", "nobody: it goes away by itself"]);
    assert_says(&place.run("status"), &["weber  waiting", "weber: waiting: the server asks for patience"]);
    exchange.stop();
}

/// The same through the command, cause by cause. After a refused secret a person gives it again.
#[test]
fn each_cause_of_the_simulator_is_named_by_the_command() {
    let exchange = Exchange::start();
    let place = exchange.place();
    exchange.make_active(&place);
    for (fault, cause) in [
        (Fault::WrongPassword, "wrong-password"),
        (Fault::PasswordExpired, "password-expired"),
        (Fault::AccountLocked, "account-locked"),
        (Fault::AppPasswordNeeded, "app-password-needed"),
        (Fault::BasicOff, "basic-off-by-provider"),
        (Fault::Interrupted, "blocked-by-policy"),
        (Fault::EwsOff, "ews-off"),
        (Fault::MailboxMissing, "mailbox-missing"),
        (Fault::MailboxDisabled, "account-disabled"),
        (Fault::ImpersonationMissing, "impersonation-missing"),
        (Fault::TooManyRequests { retry_after_seconds: 60 }, "throttled"),
        (Fault::MailboxMoving, "provider-trouble"),
        (Fault::CaptivePortal, "answered-by-another"),
        (Fault::Moved { location: "https://mail.example/".to_owned() }, "wrong-address"),
    ] {
        let again = "user link weber --password-stdin --unverified";
        place.command(again).write_stdin("planted-Passwort-7\n").assert().success();
        exchange.running.faults().add(FaultRule::new(fault));
        let checked = json(&place, "user check weber --json");
        assert_eq!(checked["trouble"]["cause"], cause, "{checked}");
        assert!(!checked.to_string().contains("planted"), "{checked}");
        exchange.running.faults().clear();
    }
    exchange.stop();
}

#[test]
fn asking_online_forgives_nothing_that_was_found_before() {
    let place = Place::installed();
    place.accepts(&["mailbox", "text"]);
    for line in ["check", "check --online"] {
        let shown = place.run(line);
        assert!(shown.contains("ledger         ok") && !shown.starts_with("exit code: 0"), "{line}: {shown}");
    }
}
