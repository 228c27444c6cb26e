//! One credential for many users, with the commands that a person types.

use pocketdocket::{
    app::{FirstUse, FirstUseError},
    auth::confirmation::provider::Evidence,
    engine::{ConfirmationSettings, how_to_confirm},
    simulator::{AccountAction, Fault, FaultRule, Lockout, Settings, SignInOffer},
    state::{ConfirmationWay, LinkState, UserName},
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
    let explained = place.run("explain weber task/tasks/1");
    assert!(explained.contains("through    service account exchange"), "{explained}");
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
    assert!(given.contains("who       the firm's IT"), "the account is no user's affair: {given}");
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

#[test]
fn the_provider_does_not_confirm_a_user_whom_a_service_account_signs_in() {
    let exchange = exchange();
    let place = place(&exchange);
    place.accepts(&["provider", "mailbox"]);
    give(&place, SECRET);
    place.command("user link weber").assert().success();
    let shown = place.run("user confirm weber --with provider --code-stdin");
    assert!(shown.starts_with("exit code: 1") && shown.contains("the provider cannot confirm `weber`"), "{shown}");
    assert!(shown.contains("service account `exchange` signs in there and not the user"), "{shown}");
    let ledger = place.ledger();
    let (name, now) = ("weber".parse::<UserName>().expect("a name"), jiff::Timestamp::now());
    let methods = [ConfirmationWay::Provider].into();
    let settings = ConfirmationSettings { methods, ..ConfirmationSettings::default() };
    let first_use = FirstUse::new(ledger.clone(), settings.clone(), name.clone(), "test");
    let evidence = Evidence { subject: "dienst".to_owned(), amr: vec!["pwd".to_owned(), "mfa".to_owned()], at: now };
    let refused = first_use.confirmed_by_provider(&evidence, now);
    assert!(matches!(refused, Err(FirstUseError::OfTheAccount)), "{refused:?}");
    assert_eq!(weber(&place).link, LinkState::Linked);
    let told = how_to_confirm(&weber(&place), &settings);
    assert!(told.contains("`methods` in `[confirmation]`") && !told.contains("user link"), "{told}");
    exchange.stop();
}

#[test]
fn it_is_said_whether_the_account_fails_or_one_mailbox() {
    let exchange = exchange();
    let place = place(&exchange);
    let shown = place.run("service-account check exchange");
    assert!(shown.starts_with("exit code: 1") && shown.contains("nothing was given yet to sign in with"), "{shown}");
    give(&place, SECRET);
    exchange.running.add_mailbox("kaya@kanzlei.example", "kaya", "its-own".into()).expect("a mailbox");
    for (user, person, mailbox) in [("kaya", "AK", "kaya"), ("ghost", "TM", "ghost")] {
        let line =
            format!("user add {user} --person {person} --mailbox {mailbox}@kanzlei.example --service-account exchange");
        place.command(&line).assert().success();
    }
    let scope = AccountAction::SetImpersonation { mailboxes: Some(vec!["weber@kanzlei.example".to_owned()]) };
    exchange.running.administrator().act(ACCOUNT, scope).expect("an account");
    let shown = place.run("service-account check exchange");
    assert!(shown.starts_with("exit code: 1") && shown.contains("sign-in   works"), "{shown}");
    assert!(shown.contains("1 of 3 users reached") && shown.contains("weber@kanzlei.example: reached"), "{shown}");
    assert!(shown.contains("(impersonation-missing)") && shown.contains("(mailbox-missing)"), "{shown}");
    assert_eq!(weber(&place).link, LinkState::Linked, "a mailbox that was reached is linked");
    let told = place.run("user check kaya");
    assert!(told.contains("ApplicationImpersonation") && !told.contains("user link kaya"), "{told}");
    let json: serde_json::Value = serde_json::from_slice(
        &place.command("service-account check exchange --json").output().expect("starts").stdout,
    )
    .expect("is JSON");
    assert_eq!(json["signs_in"], true);
    let status = place.run("status");
    assert!(status.contains("account   exchange: `KANZLEI\\dienst` by windows, 0 of 3 users active"), "{status}");
    // Now the account itself: nobody's mailbox is blamed.
    exchange.running.add_service_account(ACCOUNT, "another".into()).expect("an account");
    let before = exchange.refused(ACCOUNT);
    let shown = place.run("service-account check exchange");
    assert!(shown.contains("sign-in   fails") && shown.contains("0 of 3 users reached"), "{shown}");
    place.run("check --online");
    assert_eq!(exchange.refused(ACCOUNT), before + 1, "one wrong try for all of them");
    exchange.stop();
}

#[test]
fn a_user_moves_to_a_place_that_a_service_account_reaches_without_a_password() {
    let exchange = exchange();
    exchange.new_login("KANZLEI\\weber");
    let place = Place::installed();
    place.accepts(&["mailbox"]);
    let url = exchange.running.ews_url();
    let line = "user add weber --person HW --mailbox weber@kanzlei.example --login KANZLEI\\weber --method windows";
    place.command(&format!("{line} --url {url}")).assert().success();
    exchange.make_active(&place);
    let elsewhere = url.replace("127.0.0.1", "localhost");
    let add = format!("service-account add other --login {ACCOUNT} --method windows --url {elsewhere}");
    place.command(&add).assert().success();
    let mut giving = place.command("service-account link other --password-stdin --unverified");
    giving.write_stdin(format!("{SECRET}\n")).assert().success();
    let shown = place.run(&format!("user move weber --to {url}x --service-account other"));
    assert!(shown.contains("service account `other` does not go there"), "{shown}");
    let shown = place.run(&format!("user move weber --to {elsewhere} --service-account other"));
    assert!(shown.contains("reached weber@kanzlei.example through service account `other`"), "{shown}");
    assert!(shown.contains("`pocketdocket user confirm weber.move`"), "{shown}");
    let removed = place.run("service-account remove other");
    assert!(removed.contains("`weber.move` is reached through service account `other`"), "{removed}");
    exchange.stop();
}

/// A change that could not be verified at once is made up for by whatever reaches the mailbox next, and nobody confirms anew.
#[test]
fn links_that_stand_still_for_a_change_go_on_when_the_mailbox_is_seen_to_be_the_same() {
    let exchange = exchange();
    let place = place(&exchange);
    give(&place, SECRET);
    place.run("user link weber");
    exchange.confirm_by_mailbox(&place);
    let change = |login: &str| place.run(&format!("service-account change exchange --login {login}"));
    // Whoever that is has another password.
    let changed = change("KANZLEI\\other");
    assert!(
        changed.contains("weber: stands still") && changed.contains("refused this login and password"),
        "{changed}"
    );
    assert!(changed.contains("service-account link exchange") && !changed.contains("goes on"), "{changed}");
    assert_eq!(weber(&place).link, LinkState::Linked);
    let checked = place.run("service-account check exchange");
    assert!(checked.contains("sign-in   fails"), "what was refused is not tried again, and known: {checked}");
    let synced = place.run("sync --user weber");
    assert!(synced.contains("`weber` is parked and was left alone"), "{synced}");
    exchange.running.add_service_account("KANZLEI\\other", "planted-Other-8".into()).expect("an account");
    let given = give(&place, "planted-Other-8");
    assert!(given.contains("weber: leads to the same mailbox and goes on"), "{given}");
    assert_eq!(weber(&place).link, LinkState::Active);

    exchange.running.faults().add(FaultRule::new(Fault::Unavailable { retry_after_seconds: None }));
    let changed = change(ACCOUNT);
    assert!(changed.contains("weber: stands still") && changed.contains("user link weber"), "{changed}");
    let status = place.run("status");
    assert!(status.contains("its mailbox was not seen since; `pocketdocket user link weber`"), "{status}");
    exchange.running.faults().clear();
    exchange.running.add_service_account(ACCOUNT, "planted-Other-8".into()).expect("an account");
    let again = change(ACCOUNT);
    assert!(again.contains("entered so already") && again.contains("weber: leads to the same mailbox"), "{again}");
    assert_eq!(weber(&place).link, LinkState::Active);
    exchange.stop();
}
