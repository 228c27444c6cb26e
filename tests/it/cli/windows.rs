//! A user who signs in by Windows authentication, with the commands that a person types.

use pocketdocket::{
    simulator::{Lockout, Settings, SignInOffer},
    state::LinkState,
};

use super::confirm::{ADDRESS, Exchange, PASSWORD, link};

fn windows_only() -> Exchange {
    let lockout = Some(Lockout { after: 2, seconds: None });
    Exchange::start_with(Settings { offer: SignInOffer::WindowsOnly, lockout, ..Settings::default() })
}

#[test]
fn a_user_is_entered_linked_confirmed_and_synced_by_windows_authentication() {
    let exchange = windows_only();
    exchange.new_login("KANZLEI\\weber");
    let place = super::Place::installed();
    place.accepts(&["mailbox"]);
    let url = exchange.running.ews_url();
    let add = place
        .command(&format!(
            "user add weber --person HW --mailbox {ADDRESS} --login KANZLEI\\weber --method windows --url {url}"
        ))
        .output()
        .expect("starts");
    assert!(add.status.success(), "{}", place.shown(&add));
    assert!(place.run("status").contains("no password yet"));
    exchange.make_active(&place);
    let weber = place.ledger().user(&"weber".parse().expect("a name")).expect("is there");
    assert_eq!(weber.link, LinkState::Active);
    place.run("sync");
    assert!(super::service::release_all(&place) >= 3);
    assert!(place.run("sync").starts_with("exit code: 0"));
    assert!(exchange.items().0 > 0, "events are there");
    assert!(place.run("check --online").starts_with("exit code: 0"));
    assert_eq!(exchange.refused("KANZLEI\\weber"), 0);
    exchange.stop();
}

#[test]
fn a_wrong_password_by_windows_authentication_is_sent_once_by_all_commands() {
    let exchange = windows_only();
    let place = exchange.place();
    place.command("user change weber --method windows").assert().success();
    let unverified = place.command("user link weber --password-stdin --unverified").write_stdin("wrong\n").output();
    assert!(unverified.expect("starts").status.success());
    for line in
        ["check --online", "user check weber", "user confirm weber --code-stdin", "check --online", "user resume weber"]
    {
        let shown = place.run(line);
        assert!(!shown.contains("panicked"), "{shown}");
    }
    assert_eq!(exchange.refused(ADDRESS), 1);
    let told = place.run("user check weber");
    assert!(told.contains("wrong-password") && told.contains("NTLM does not tell"), "{told}");
    let linked = link(&place, PASSWORD);
    assert!(linked.starts_with("exit code: 0"), "the account is not locked: {linked}");
    exchange.stop();
}

#[test]
fn exchange_online_takes_no_windows_authentication_either() {
    let place = super::Place::installed();
    let shown = place.run(
        "user add weber --person HW --mailbox weber@kanzlei.example --method windows --url https://outlook.office365.com/EWS/Exchange.asmx",
    );
    assert!(shown.contains("Exchange Online takes no password"), "{shown}");
}
