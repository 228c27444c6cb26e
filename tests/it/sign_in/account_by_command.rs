//! `service-account link` of an account in Exchange Online, as its administrator meets it.

use pocketdocket::simulator::{self, Account, AccountAction, CLIENT_ID, TENANT};
use tokio::runtime::Runtime;

use super::{
    by_command::at_browser,
    person::{ANNA, BEN, online},
};
use crate::cli::Place;

const DIENST: &str = "dienst@kanzlei.example";

/// One person of the account's administrators signs in once; its access decides which mailboxes are reached.
#[test]
fn an_account_signs_in_once_and_its_access_to_each_mailbox_decides() {
    let runtime = Runtime::new().expect("a runtime");
    let dienst = Account::simple(DIENST).with_access_to(&[ANNA]);
    let (running, _) = runtime.block_on(online(simulator::Settings::default().with_account(dienst)));
    let place = Place::installed();
    place.asks(&[], &running.graph_url());
    let authority = running.authority_url();
    place.configure(&format!(
        "[sign_in]\nauthority = \"{authority}\"\ntenant = \"{TENANT}\"\nclient_id = \"{CLIENT_ID}\"\n"
    ));
    place.command(&format!("service-account add online --login {DIENST} --protocol graph")).assert().success();
    let link =
        |login: &str| at_browser(&runtime, &place, &format!("service-account link online --mailbox {ANNA}"), login);

    let shown = link(BEN);
    assert!(shown.starts_with("exit code: 1") && shown.contains("somebody else signed in"), "{shown}");
    assert!(place.run("service-account show online").contains("nobody signed in yet"), "nothing was kept");

    let shown = link(DIENST);
    assert!(shown.contains("verified and kept the sign-in of service account `online`"), "{shown}");
    assert!(place.run("service-account show online").contains("good for 89 days"));
    for (name, person, mailbox) in [("anna", "HW", ANNA), ("ben", "AK", BEN)] {
        let added = format!("user add {name} --person {person} --mailbox {mailbox} --service-account online");
        place.command(&added).assert().success();
    }
    let reached = place.run("user link anna");
    assert!(reached.contains("reached anna@kanzlei.example through service account `online`"), "{reached}");
    let refused = place.run("user link ben");
    assert!(refused.starts_with("exit code: 1"), "{refused}");
    let checked = place.run("service-account check online");
    assert!(checked.contains("sign-in   works") && checked.contains("1 of 2 users reached"), "{checked}");
    assert!(checked.contains("(impersonation-missing)"), "{checked}");

    let another = AccountAction::SetPassword { password: "another".to_owned() };
    running.administrator().act(DIENST, another).expect("changed");
    let checked = place.run("service-account check online");
    assert!(checked.contains("sign-in   fails") && checked.contains("(grant-revoked)"), "{checked}");
    let told = place.run("user check anna");
    assert!(told.contains("`pocketdocket service-account link online`") && !told.contains("user link"), "{told}");
}
