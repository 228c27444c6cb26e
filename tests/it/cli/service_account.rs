//! One credential for many users, with the commands that a person types.

use pocketdocket::{
    simulator::{Lockout, Settings, SignInOffer},
    state::{LinkState, UserName},
};

use super::{Place, confirm::Exchange};

const SECRET: &str = "planted-Dienst-7";
const ACCOUNT: &str = "KANZLEI\\dienst";

/// An Exchange Server with Windows authentication alone, which locks an account at its second wrong password.
fn exchange() -> Exchange {
    let lockout = Some(Lockout { after: 2, seconds: None });
    let exchange = Exchange::start_with(Settings { offer: SignInOffer::WindowsOnly, lockout, ..Settings::default() });
    exchange.running.add_service_account(ACCOUNT, SECRET.into()).expect("an account");
    exchange
}

/// An installation with that account, without its secret, and `weber` through it.
fn place(exchange: &Exchange) -> Place {
    let place = Place::installed();
    place.accepts(&["mailbox"]);
    let url = exchange.running.ews_url();
    place
        .command(&format!("service-account add exchange --login {ACCOUNT} --method windows --url {url}"))
        .assert()
        .success();
    place
        .command("user add weber --person HW --mailbox weber@kanzlei.example --service-account exchange")
        .assert()
        .success();
    place
}

fn give(place: &Place, secret: &str) -> String {
    let mut command = place.command("service-account link exchange --password-stdin");
    let output = command.write_stdin(format!("{secret}\n")).output().expect("starts");
    place.shown(&output)
}

fn weber(place: &Place) -> pocketdocket::state::User {
    place.ledger().user(&"weber".parse::<UserName>().expect("a name")).expect("is there")
}

#[test]
fn an_account_is_entered_once_and_its_user_is_linked_confirmed_and_synced_without_a_password() {
    let exchange = exchange();
    let place = place(&exchange);
    let early = place.run("user link weber");
    assert!(early.starts_with("exit code: 1") && early.contains("service-account link exchange"), "{early}");
    let given = give(&place, SECRET);
    assert!(given.starts_with("exit code: 0") && given.contains("verified and kept"), "{given}");
    let linked = place.run("user link weber");
    assert!(linked.contains("reached weber@kanzlei.example through service account `exchange`"), "{linked}");
    assert_eq!(weber(&place).link, LinkState::Linked, "the user still confirms the first use");
    let early = place.run("sync");
    assert!(exchange.is_empty(), "{early}");
    exchange.confirm_by_mailbox(&place);
    place.run("sync");
    assert!(super::service::release_all(&place) >= 3);
    assert!(place.run("sync").starts_with("exit code: 0"));
    assert!(exchange.items().0 > 0, "events are there");
    assert!(place.run("check --online").starts_with("exit code: 0"));
    for line in ["user list", "user show weber", "user check weber"] {
        let shown = place.run(line);
        assert!(shown.contains("windows, through service account exchange"), "{line}: {shown}");
    }
    let shown = place.run("service-account show exchange");
    assert!(shown.contains("KANZLEI\\dienst") && shown.contains("weber@kanzlei.example"), "{shown}");
    assert!(place.run("service-account list").contains("kept"));
    let removed = place.run("service-account remove exchange");
    assert!(removed.contains("user change NAME --service-account OTHER"), "{removed}");
    assert_eq!(exchange.refused(ACCOUNT), 0);
    exchange.stop();
}

#[test]
fn a_wrong_secret_of_an_account_is_not_kept_and_says_what_to_do_with_the_account() {
    let exchange = exchange();
    let place = place(&exchange);
    let given = give(&place, "wrong");
    assert!(given.starts_with("exit code: 1") && given.contains("wrong-password"), "{given}");
    assert!(given.contains("`pocketdocket service-account link exchange`") && !given.contains("user link"), "{given}");
    assert_eq!(exchange.refused(ACCOUNT), 1);
    assert!(place.run("service-account show exchange").contains("no password yet"));
    let given = give(&place, SECRET);
    assert!(given.starts_with("exit code: 0"), "the account is not locked: {given}");
    exchange.stop();
}

#[test]
fn a_user_of_an_account_has_no_password_login_or_address_of_their_own() {
    let exchange = exchange();
    let place = place(&exchange);
    for (line, said) in [
        ("user link weber --password-stdin", "its secret is given once"),
        ("user change weber --login other", "`pocketdocket service-account change exchange`"),
        (
            "user add kaya --person AK --mailbox kaya@kanzlei.example --service-account nobody",
            "no service account `nobody`",
        ),
        (
            "user add kaya --person AK --mailbox kaya@kanzlei.example --service-account exchange --login kaya",
            "cannot be used with",
        ),
    ] {
        let shown = place.run(line);
        assert!(!shown.starts_with("exit code: 0") && shown.contains(said), "{line}: {shown}");
    }
    let left = place.run("user change weber --method password");
    assert!(left.contains("signs in as `weber@kanzlei.example` by password"), "{left}");
    assert!(place.run("service-account remove exchange").starts_with("exit code: 0"));
    exchange.stop();
}
