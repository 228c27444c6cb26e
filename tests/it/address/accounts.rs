//! `address allow` and `address remove`: lists of service accounts, and what is refused on them.

use insta::assert_snapshot;

use crate::cli::Place;

/// An installation with a service account. Nobody is asked anything.
fn place() -> Place {
    let place = Place::installed();
    place
        .command("service-account add dienst --login dienst --url https://mail.kanzlei.example/EWS/Exchange.asmx")
        .assert()
        .success();
    place
}

#[test]
fn networks_are_put_on_a_list_and_taken_off_it() {
    let place = place();
    assert_snapshot!(place.run("address allow 81.2.69.142 2a00:1450:1::/56 --account dienst --location Kanzlei"), @"");
    assert_snapshot!(place.run("address remove 81.2.69.142 --account dienst"), @"");
    assert_snapshot!(place.run("address remove 81.2.69.143 --account dienst"), @"");
    assert_snapshot!(place.run("address remove 2a00:1450:1::/56 --account dienst"), @"");
    let ledger = place.ledger();
    assert!(ledger.address_standings(jiff::Timestamp::now()).expect("readable").is_empty());
    let told = ledger.audit_trail(None, 20).expect("readable");
    let told = told.iter().filter(|entry| entry.event.contains("allowed from 81.2.69.142/32")).count();
    assert_eq!(told, 2, "on the list, and off it");
}

#[test]
fn what_is_wider_than_needed_is_warned_about() {
    let place = place();
    assert_snapshot!(place.run("address allow 81.2.69.0/24 81.2.70.9/30 203.0.113.7 --account dienst"), @"");
}

#[test]
fn everybody_and_nobody_are_refused_and_nothing_is_entered() {
    let place = place();
    assert_snapshot!(place.run("address allow 0.0.0.0/0 --account dienst"), @"");
    assert_snapshot!(place.run("address allow 192.168.1.0/24 --account dienst"), @"");
    for network in [
        "::/0",
        "0.0.0.0/1",
        "128.0.0.0/1",
        "80.0.0.0/8",
        "10.0.0.1",
        "127.0.0.1",
        "::1",
        "fe80::1",
        "::ffff:0.0.0.0/96",
        "mail.example",
    ] {
        let shown = place.run(&format!("address allow 81.2.69.142 {network} --account dienst"));
        assert!(
            shown.starts_with("exit code: 2") && shown.contains("the network was not entered"),
            "{network}: {shown}"
        );
    }
    assert!(place.ledger().address_standings(jiff::Timestamp::now()).expect("readable").is_empty());
}

#[test]
fn an_account_that_nobody_entered_has_no_list() {
    let place = place();
    let shown = place.run("address allow 81.2.69.142 --account nobody");
    assert!(shown.starts_with("exit code: 2") && shown.contains("no service account `nobody`"), "{shown}");
}

#[test]
fn the_list_goes_with_its_account() {
    let place = place();
    place.command("address allow 81.2.69.142 --account dienst").assert().success();
    place.command("service-account remove dienst").assert().success();
    assert!(place.ledger().address_standings(jiff::Timestamp::now()).expect("readable").is_empty());
}
