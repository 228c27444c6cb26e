//! The daemon and its public address: who waits when it changes, who is told, and who goes on.

use pocketdocket::{
    diagnosis::{
        Cause,
        address::{Answer, Family},
    },
    simulator::{EchoManner, OnlyFrom, PASSWORD},
};

use super::{
    firm::{AWAY, Firm, HOME, account, address, name},
    seen_as,
};
use crate::cli::webhook::Webhook;

/// The alerts of a message about somebody.
fn about<'a>(message: &'a serde_json::Value, what: &str, subject: &str) -> Vec<&'a serde_json::Value> {
    let list = message[what].as_array().expect("a list");
    list.iter().filter(|alert| alert["subject"] == subject).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn another_address_parks_the_users_of_that_account_alone_tells_what_to_change_and_is_over_by_itself() {
    let webhook = Webhook::open();
    let firm = Firm::open(&format!("[alerts]\nwebhook = \"{}\"\n", webhook.address)).await;
    assert!(
        firm.parked().is_empty() && firm.running.mailbox("weber@kanzlei.example").expect("there").counts.writes() > 0
    );
    firm.running.come_from(seen_as(Some(AWAY), None));
    firm.looks_in(10).await;
    assert!(firm.parked().is_empty(), "it is asked every half hour");
    firm.looks_in(31).await;
    assert_eq!(firm.parked(), ["kaya", "weber"]);

    firm.event(7001, "HW", "Of Weber");
    firm.event(7002, "TM", "Of Meier");
    firm.tick().await;
    assert!(firm.shows("meier", "Of Meier"), "others go on");
    assert!(!firm.shows("weber", "Of Weber"));
    assert_eq!(firm.running.refused_sign_ins("dienst"), 0, "nobody tried to sign in");

    firm.engine.tell().await;
    let message = webhook.next();
    let alerts = about(&message, "raised", "service account dienst");
    let [alert] = alerts[..] else { panic!("one alert for the account: {message}") };
    let (cause, remedy) = (alert["cause"].as_str().expect("text"), alert["remedy"].as_str().expect("text"));
    assert!(cause.contains(&format!("comes from {AWAY} now (before, from {HOME})")), "{cause}");
    for part in ["the named location `Kanzlei`", "`dienst`", "198.51.100.9/32", "pocketdocket address allow"] {
        assert!(remedy.contains(part), "{part}: {remedy}");
    }
    assert!(
        about(&message, "raised", "weber").is_empty() && about(&message, "raised", "127.0.0.1").is_empty(),
        "{message}"
    );

    for line in ["status", "user list", "user show kaya", "user check weber"] {
        let shown = firm.run(line).await;
        assert!(shown.contains("blocked by location"), "{line}: {shown}");
    }
    let shown = firm.run("address show").await;
    assert!(
        shown.starts_with("exit code: 1") && shown.contains("NOT allowed from 198.51.100.9: 2 users waiting"),
        "{shown}"
    );
    let resumed = firm.run("user resume weber").await;
    firm.tick().await;
    assert_eq!(firm.parked(), ["kaya", "weber"], "a person cannot wish it away: {resumed}");

    firm.running.come_from(seen_as(Some(HOME), None));
    firm.looks_in(37).await;
    assert!(firm.parked().is_empty());
    firm.tick().await;
    assert!(firm.shows("weber", "Of Weber"), "they go on by themselves");
    firm.engine.tell().await;
    assert_eq!(about(&webhook.next(), "resolved", "service account dienst").len(), 1);
    assert_eq!(firm.running.refused_sign_ins("dienst"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_names_the_new_address_lets_everybody_go_on_at_once() {
    let firm = Firm::open("").await;
    firm.running.come_from(seen_as(Some(AWAY), None));
    firm.looks_in(31).await;
    assert_eq!(firm.parked(), ["kaya", "weber"]);
    let allowed = firm.run("address allow 198.51.100.9 --account dienst").await;
    assert!(allowed.starts_with("exit code: 0") && allowed.contains("198.51.100.9/32, 203.0.113.0/29"), "{allowed}");
    firm.tick().await;
    assert!(firm.parked().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_secret_is_not_kept_from_where_the_account_may_not_sign_in_and_the_address_is_named() {
    let firm = Firm::open("").await;
    firm.running.come_from(seen_as(Some(AWAY), None));
    let before = firm.ledger.service_account(&account()).expect("is there").secret_given;
    let line = format!("service-account link dienst --mailbox {} --password-stdin", address("weber"));
    for when in ["before anybody noticed", "afterwards, when nothing is sent"] {
        let given = firm.run_with(&line, PASSWORD).await;
        assert!(given.starts_with("exit code: 1") && given.contains("was not kept"), "{when}: {given}");
        assert!(given.contains("address-not-allowed") && given.contains("198.51.100.9"), "{when}: {given}");
        assert!(!given.contains("ews-off"), "{when}: {given}");
    }
    assert_eq!(firm.ledger.service_account(&account()).expect("is there").secret_given, before);
    firm.running.come_from(seen_as(Some(HOME), None));
    let shown = firm.run("address show").await;
    assert!(shown.contains("allowed from here"), "{shown}");
    let given = firm.run_with(&line, PASSWORD).await;
    assert!(given.starts_with("exit code: 0") && given.contains("verified and kept"), "{given}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_by_hand_asks_again_from_where_we_come() {
    let firm = Firm::open("").await;
    firm.running.come_from(seen_as(Some(AWAY), None));
    firm.looks_in(31).await;
    let checked = firm.run("user check weber").await;
    assert!(checked.contains("address-not-allowed") && checked.contains("pocketdocket address allow"), "{checked}");
    firm.running.come_from(seen_as(Some(HOME), None));
    let checked = firm.run("user check weber").await;
    assert!(checked.starts_with("exit code: 0") && checked.contains("works, on 127.0.0.1"), "{checked}");
    assert_eq!(firm.parked(), ["kaya"]);
    firm.tick().await;
    assert!(firm.parked().is_empty(), "what a command learnt, the daemon knows");
}

#[tokio::test(flavor = "multi_thread")]
async fn lies_contradictions_and_silence_park_nobody_and_the_last_known_address_counts_for_a_day() {
    let firm = Firm::open("").await;
    let lie = |address: &str| EchoManner::Says { address: address.parse().expect("an address") };
    firm.running.set_echo("a", lie(AWAY));
    firm.looks_in(31).await;
    assert!(firm.parked().is_empty(), "one of three lies");
    firm.running.set_echo("b", lie("198.51.100.10"));
    firm.looks_in(62).await;
    assert!(firm.parked().is_empty(), "they contradict each other");
    let shown = firm.run("address show").await;
    assert!(shown.contains("contradict each other") && shown.contains("counts until"), "{shown}");
    for echo in ["a", "b", "c"] {
        firm.running.set_echo(echo, EchoManner::Down);
    }
    firm.looks_in(26 * 60).await;
    assert!(firm.parked().is_empty(), "nothing is known, and nobody waits for that");
    // Two that say the same are believed: so a service is chosen with care, and more than two are asked.
    firm.running.set_echo("a", lie(AWAY));
    firm.running.set_echo("b", lie(AWAY));
    firm.looks_in(27 * 60).await;
    assert_eq!(firm.parked(), ["kaya", "weber"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_is_refused_asks_at_once_from_where_it_came() {
    let firm = Firm::open("").await;
    firm.running.come_from(seen_as(Some(AWAY), None));
    let now = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(1);
    let mailbox = firm.app.mailboxes.of(&firm.user("weber")).await.expect("opens");
    let failure = mailbox.identity().await.expect_err("the server lets nobody in from there");
    assert_eq!(failure.cause, Some(Cause::EwsOff), "it does not say why: {}", failure.chain());
    let failure = firm.app.mailboxes.explained(&firm.user("weber"), failure, now).await;
    assert_eq!(failure.cause, Some(Cause::AddressNotAllowed));
    assert!(failure.evidence.iter().any(|line| line.contains(AWAY)), "{:?}", failure.evidence);
    assert_eq!(firm.running.refused_sign_ins("dienst"), 0, "no password was judged");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_in_the_own_network_sees_no_public_address_and_its_users_go_on() {
    let firm = Firm::open("").await;
    let mut details = firm.ledger.service_account(&account()).expect("there").details;
    details.url = Some("https://10.0.0.5/EWS/Exchange.asmx".to_owned());
    firm.ledger.change_service_account(&account(), &details, "test", jiff::Timestamp::now()).expect("changed");
    firm.running.come_from(seen_as(Some(AWAY), None));
    firm.looks_in(31).await;
    assert!(firm.parked().is_empty());
    assert!(firm.ledger.diagnosis(&name("weber")).expect("readable").is_none());
    let shown = firm.run("address show").await;
    assert!(shown.contains("not used: the server is in the own network"), "{shown}");
}

/// Nothing that a person types signs in with the account from where it may not, although the server would let it in.
#[tokio::test(flavor = "multi_thread")]
async fn no_command_signs_in_with_the_account_from_where_it_is_not_allowed() {
    let firm = Firm::open("").await;
    firm.place.accepts(&["provider", "mailbox"]);
    firm.running.come_from(seen_as(Some(AWAY), None));
    firm.looks_in(31).await;
    firm.running.allow_only_from(OnlyFrom { login: "dienst".to_owned(), networks: Vec::new() });
    let requests = || -> u64 {
        let of =
            |user: &str| firm.running.mailbox(&address(user)).expect("a mailbox").counts.requests.values().sum::<u64>();
        of("weber") + of("kaya")
    };
    let before = requests();
    let changed = firm.run("service-account change dienst --login DIENST").await;
    assert!(changed.contains("blocked by location") && !changed.contains("goes on"), "{changed}");
    for line in [
        "user confirm weber --with mailbox --code-stdin",
        "user link weber",
        "user check weber",
        "service-account check dienst",
        "check --online",
        "user remove kaya --keep",
    ] {
        let shown = firm.run(line).await;
        assert!(line.starts_with("user remove") || shown.contains("blocked by location"), "{line}: {shown}");
    }
    assert_eq!(requests(), before, "not one request");
    firm.running.come_from(seen_as(Some(HOME), None));
    let linked = firm.run("user link weber").await;
    assert!(linked.contains("the sync goes on"), "it leads to the mailbox that was confirmed: {linked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_the_account_signs_in_is_not_said_where_nobody_signed_in() {
    let firm = Firm::open("").await;
    firm.running.come_from(seen_as(Some(AWAY), None));
    firm.looks_in(31).await;
    let checked = firm.run("service-account check dienst").await;
    assert!(checked.contains("sign-in   not known"), "{checked}");
    firm.running.come_from(seen_as(Some(HOME), None));
    let checked = firm.run("service-account check dienst").await;
    assert!(checked.contains("sign-in   works"), "{checked}");
}

/// A line with IPv4 and IPv6, a list with IPv4 alone, and a server that is reached over the other one.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_sign_in_names_the_address_of_which_the_list_says_nothing() {
    let firm = Firm::open("").await;
    let saw = |service: &str| Answer {
        service: service.to_owned(),
        family: Family::V6,
        said: Some("2001:db8::7".parse().expect("an address")),
        why: None,
    };
    firm.ledger.note_echoes(&[saw("a"), saw("b")], jiff::Timestamp::now()).expect("noted");
    let networks = vec!["192.0.2.0/24".parse().expect("a network")];
    firm.running.allow_only_from(OnlyFrom { login: "dienst".to_owned(), networks });
    let checked = firm.run("user check weber").await;
    assert!(checked.contains("evidence  this machine is seen under the IPv6 address 2001:db8::7 too"), "{checked}");
    assert!(!checked.contains("(address-not-allowed)"), "that is a doubt, and not known: {checked}");
}
