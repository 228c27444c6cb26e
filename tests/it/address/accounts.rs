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
    assert_snapshot!(place.run("address allow 81.2.69.142 2a00:1450:1::/56 --account dienst --location Kanzlei"), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    service account `dienst` is allowed from 81.2.69.142/32, 2a00:1450:1::/56
    warning: no echo services are set, so nobody watches whether this machine comes from there
    next: name two or more as `echo` in section `[address]`, then `pocketdocket address show`
    ");
    let shown = place.run("service-account show dienst");
    assert!(shown.contains("from      81.2.69.142/32, 2a00:1450:1::/56 only, which is `Kanzlei`"), "{shown}");
    let shown = place.run("service-account show dienst --json");
    assert!(shown.contains("\"location\": \"Kanzlei\""), "{shown}");
    let broken =
        place.command("address allow 81.2.69.142 --account dienst --location").arg("a\nb").output().expect("starts");
    assert_eq!(broken.status.code(), Some(2), "{}", place.shown(&broken));
    let emptied =
        place.command("address allow 81.2.69.142 --account dienst --location").arg(" ").output().expect("starts");
    assert!(emptied.status.success(), "{}", place.shown(&emptied));
    let shown = place.run("service-account show dienst");
    assert!(!shown.contains("which is"), "the name was taken back: {shown}");
    let checked = place.run("check");
    assert!(checked.contains("nobody watches whether this machine comes from there"), "{checked}");
    assert_snapshot!(place.run("address remove 81.2.69.142 --account dienst"), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    service account `dienst` is allowed from 2a00:1450:1::/56
    warning: no echo services are set, so nobody watches whether this machine comes from there
    next: name two or more as `echo` in section `[address]`, then `pocketdocket address show`
    ");
    assert_snapshot!(place.run("address remove 81.2.69.143 --account dienst"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: `81.2.69.143/32` is not on the list of service account `dienst`
      Caused by: it is allowed from 2a00:1450:1::/56
    hint: write the networks as they stand there; nothing was taken off
    ");
    assert_snapshot!(place.run("address remove 2a00:1450:1::/56 --account dienst"), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    service account `dienst` has no list any more: nobody watches from where it comes
    ");
    let ledger = place.ledger();
    assert!(ledger.address_standings(jiff::Timestamp::now()).expect("readable").is_empty());
    let told = ledger.audit_trail(None, 20).expect("readable");
    let told = told.iter().filter(|entry| entry.event.contains("allowed from 81.2.69.142/32")).count();
    assert_eq!(told, 2, "on the list, and off it");
}

#[test]
fn what_is_wider_than_needed_is_warned_about() {
    let place = place();
    assert_snapshot!(place.run("address allow 81.2.69.0/24 81.2.70.9/30 203.0.113.7 --account dienst"), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    warning: `81.2.69.0/24` holds 256 addresses: whoever else is in it passes the rule too; allow the firm's own addresses alone
    warning: `81.2.70.9/30` is one machine in the network `81.2.70.8/30`, and all of that is allowed
    warning: `203.0.113.7/32` stands for an address in papers and is nobody's; is it the right one?
    service account `dienst` is allowed from 81.2.69.0/24, 81.2.70.8/30, 203.0.113.7/32
    warning: no echo services are set, so nobody watches whether this machine comes from there
    next: name two or more as `echo` in section `[address]`, then `pocketdocket address show`
    ");
}

#[test]
fn everybody_and_nobody_are_refused_and_nothing_is_entered() {
    let place = place();
    assert_snapshot!(place.run("address allow 0.0.0.0/0 --account dienst"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: the network was not entered
      Caused by: `0.0.0.0/0` is every address there is: that allows everybody
    hint: allow the firm's own addresses alone: the provider's contract says which they are, `pocketdocket address show` which is used now
    ");
    assert_snapshot!(place.run("address allow 192.168.1.0/24 --account dienst"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: the network was not entered
      Caused by: nobody on the internet comes from `192.168.1.0/24`: it is private
    hint: the server sees this machine's public address, not the one inside the firm: `pocketdocket address show` shows it
    ");
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
    assert!(!shown.starts_with("exit code: 0") && shown.contains("there is no service account `nobody`"), "{shown}");
}

#[test]
fn the_list_goes_with_its_account() {
    let place = place();
    place.command("address allow 81.2.69.142 --account dienst").assert().success();
    place.command("service-account remove dienst").assert().success();
    assert!(place.ledger().address_standings(jiff::Timestamp::now()).expect("readable").is_empty());
}
