//! An app with a certificate, with the commands that a person types.

use pocketdocket::{
    simulator::{AppAction, CLIENT_ID, Settings, SignInOffer, TENANT},
    state::UserName,
};

use super::{
    Place,
    confirm::{ADDRESS, Exchange},
};
use crate::address::seen_as;

const OUTSIDE: &str = "chef@kanzlei.example";

fn exchange() -> Exchange {
    Exchange::start_with(Settings { offer: SignInOffer::Oauth, ..Settings::default() }.with_mailbox(OUTSIDE))
}

/// An installation with the account `graph`, and no certificate yet.
pub(super) fn place(exchange: &Exchange) -> Place {
    let place = Place::installed();
    place.accepts(&["mailbox"]);
    let configuration = std::fs::read_to_string(place.path("pocketdocket.toml")).expect("a configuration");
    let (graph, authority) = (exchange.running.graph_url(), exchange.running.authority_url());
    let said = configuration.replacen("[exchange]\n", &format!("[exchange]\ngraph_url = \"{graph}\"\n"), 1);
    assert_ne!(said, configuration);
    place.write("pocketdocket.toml", &format!("{said}\n[sign_in]\nauthority = \"{authority}\"\n"));
    let line = format!("service-account add graph --client-id {CLIENT_ID} --tenant {TENANT}");
    place.command(&line).assert().success();
    place
}

fn act(exchange: &Exchange, action: &AppAction) {
    exchange.running.administrator().act_on_app(CLIENT_ID, action).expect("a certificate");
}

/// Makes a certificate, and yields it.
fn made(place: &Place) -> String {
    let output = place.command("service-account certificate make graph").output().expect("starts");
    let shown = place.shown(&output);
    assert!(
        shown.starts_with("exit code: 0") && shown.contains("`pocketdocket handout certificate --account graph`"),
        "{shown}"
    );
    assert!(!shown.contains("PRIVATE"), "{shown}");
    String::from_utf8(output.stdout).expect("text")
}

pub(super) fn register(exchange: &Exchange, pem: &str, mailboxes: &[&str]) {
    act(exchange, &AppAction::AddCertificate { pem: pem.to_owned() });
    act(exchange, &AppAction::SetRoles { roles: vec!["Tasks.ReadWrite.All".to_owned()] });
    act(exchange, &AppAction::SetScope { mailboxes: mailboxes.iter().map(|it| (*it).to_owned()).collect() });
}

#[test]
fn an_app_is_registered_and_its_user_is_linked_confirmed_and_synced() {
    let exchange = exchange();
    let place = place(&exchange);
    let early = place.run("service-account link graph");
    assert!(early.starts_with("exit code: 1") && early.contains("certificate make graph"), "{early}");
    let pem = made(&place);
    let early = place.run(&format!("service-account link graph --mailbox {ADDRESS}"));
    assert!(early.starts_with("exit code: 1") && early.contains("does not take over"), "{early}");
    assert!(early.contains("app-secret-expired") && early.contains("certificate show graph"), "{early}");
    register(&exchange, &pem, &[ADDRESS]);
    let unnamed = place.run(&format!("service-account link graph --mailbox {ADDRESS}"));
    assert!(unnamed.starts_with("exit code: 1") && unnamed.contains("--outside ADDRESS"), "{unnamed}");
    act(&exchange, &AppAction::SetScope { mailboxes: Vec::new() });
    let nothing = place.run(&format!("service-account link graph --mailbox {ADDRESS} --outside {OUTSIDE}"));
    assert!(nothing.starts_with("exit code: 1") && nothing.contains("does not reach weber@"), "{nothing}");
    assert!(nothing.contains("proves nothing, as long as it does not reach"), "{nothing}");
    act(&exchange, &AppAction::SetScope { mailboxes: vec![ADDRESS.to_owned()] });
    let linked = place.run(&format!("service-account link graph --outside {OUTSIDE}"));
    assert!(linked.starts_with("exit code: 0") && linked.contains("refused at chef@kanzlei.example"), "{linked}");

    let line = format!("user add weber --person HW --mailbox {ADDRESS} --service-account graph");
    place.command(&line).assert().success();
    let reached = place.run("user link weber");
    assert!(reached.contains("reached weber@kanzlei.example through service account `graph`"), "{reached}");
    exchange.confirm_by_mailbox(&place);
    place.run("sync");
    assert!(super::service::release_all(&place) >= 3);
    let synced = place.run("sync");
    assert!(synced.starts_with("exit code: 0"), "{synced}");
    let (events, tasks, contacts) = exchange.items();
    assert!(events > 0 && tasks > 0 && contacts > 0, "{:?}", exchange.items());
    assert!(place.run("status").starts_with("exit code: 0"));
    assert!(place.run("user show weber").contains("certificate, through service account graph"));

    // A mailbox that it is to reach shows nothing of what it must not reach, and the one that was named stays.
    for (line, whose) in [
        (format!("service-account link graph --outside {}", ADDRESS.to_uppercase()), "the mailbox of `weber`"),
        (format!("service-account link graph --mailbox {OUTSIDE} --outside {OUTSIDE}"), "the one of `--mailbox`"),
    ] {
        let refused = place.run(&line);
        assert!(refused.starts_with("exit code: 2") && refused.contains(whose), "{refused}");
    }
    assert!(place.run("service-account certificate show graph --json").contains(OUTSIDE));

    // Taken out of the scope: named so, for this user alone.
    act(&exchange, &AppAction::SetScope { mailboxes: Vec::new() });
    let checked = place.run("user check weber");
    assert!(checked.contains("outside-scope"), "{checked}");
    exchange.stop();
}

#[test]
fn an_app_that_reaches_what_it_must_not_is_told_by_every_check_and_by_status() {
    let exchange = exchange();
    let place = place(&exchange);
    register(&exchange, &made(&place), &[ADDRESS, OUTSIDE]);
    let linked = place.run(&format!("service-account link graph --mailbox {ADDRESS} --outside {OUTSIDE}"));
    assert!(linked.starts_with("exit code: 1") && linked.contains("contacts and events of chef"), "{linked}");
    let status = place.run("status --json");
    assert!(status.starts_with("exit code: 1") && status.contains("\"reached\""), "{status}");
    act(&exchange, &AppAction::SetScope { mailboxes: vec![ADDRESS.to_owned()] });
    let checked = place.run("check --online");
    assert!(checked.contains("is refused at chef@kanzlei.example"), "{checked}");
    assert!(place.run("status").starts_with("exit code: 0"));
    let nobody = place.run("service-account link graph --outside nobody@kanzlei.example");
    assert!(nobody.starts_with("exit code: 1") && nobody.contains("proves nothing"), "{nobody}");
    exchange.stop();
}

#[test]
fn the_next_certificate_takes_over_only_when_it_was_taken() {
    let exchange = exchange();
    let place = place(&exchange);
    let first = made(&place);
    register(&exchange, &first, &[ADDRESS]);
    place.run(&format!("service-account link graph --mailbox {ADDRESS} --outside {OUTSIDE}"));
    let line = format!("user add weber --person HW --mailbox {ADDRESS} --service-account graph");
    place.command(&line).assert().success();
    let next = made(&place);
    assert_ne!(first, next);
    assert!(place.run("user link weber").starts_with("exit code: 0"), "the first one goes on");
    let early = place.run("service-account link graph");
    assert!(early.starts_with("exit code: 1") && early.contains("does not take over"), "{early}");
    assert!(place.run("user link weber").starts_with("exit code: 0"), "the first one still goes on");
    act(&exchange, &AppAction::AddCertificate { pem: next });
    let taken = place.run("service-account link graph");
    assert!(taken.starts_with("exit code: 0") && taken.contains("the one before is forgotten"), "{taken}");
    let account = "graph".parse().expect("a name");
    assert_eq!(place.ledger().certificates(&account).expect("a ledger").len(), 1);
    assert!(place.run("user link weber").starts_with("exit code: 0"));
    // Another app is another registration: nothing of the old one is kept.
    let other = "service-account change graph --client-id 0e6f1c52-0000-4f7e-9d42-5be1c07a9e14";
    assert!(place.run(other).contains("service-account link graph"));
    assert!(place.ledger().certificates(&account).expect("a ledger").is_empty());
    exchange.stop();
}

#[test]
fn a_certificate_from_files_is_taken_or_refused_in_words() {
    let exchange = exchange();
    let place = place(&exchange);
    let made = pocketdocket::auth::oauth::certificate::make("app", jiff::Timestamp::now(), 30).expect("can be made");
    let key = secrecy::ExposeSecret::expose_secret(made.key()).to_owned();
    place.write("app.pem", &made.pem());
    place.write("app.key", &key);
    let lone = place.run("service-account certificate import graph app.pem");
    assert!(lone.starts_with("exit code: 1") && lone.contains("no private key") && lone.contains("--key"), "{lone}");
    let taken = place.run("service-account certificate import graph app.pem --key app.key");
    assert!(taken.starts_with("exit code: 0") && taken.contains(&made.listed_as()), "{taken}");
    let shown = place.run("service-account certificate show graph");
    assert!(shown.contains(&made.listed_as()) && shown.contains("not proven yet"), "{shown}");
    assert!(place.run("service-account certificate show graph --pem").contains(&made.pem()));
    let old = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24 * 40);
    let old = pocketdocket::auth::oauth::certificate::make("app", old, 30).expect("can be made");
    place.write("old.pem", &format!("{}{}", old.pem(), secrecy::ExposeSecret::expose_secret(old.key())));
    let refused = place.run("service-account certificate import graph old.pem");
    assert!(refused.starts_with("exit code: 1") && refused.contains("expired on"), "{refused}");
    place.write("other.pem", "nothing");
    let mut command = place.command("service-account certificate import graph other.pem --passphrase-stdin");
    let refused = place.shown(&command.write_stdin("x\n").output().expect("starts"));
    assert!(refused.contains("neither PEM nor PFX"), "{refused}");
    exchange.stop();
}

#[test]
fn what_an_app_cannot_be_is_said() {
    let exchange = exchange();
    let place = place(&exchange);
    for (line, said) in [
        (
            "user add weber --person HW --mailbox weber@kanzlei.example --method certificate --protocol graph",
            "signs in an app",
        ),
        ("service-account add other --client-id x --tenant t --protocol ews", "over Graph"),
        ("service-account add other --client-id x --tenant common", "any firm"),
        ("service-account add other --login a --method certificate --client-id x", "cannot be used with"),
        ("service-account add other --login a@kanzlei.example --method certificate", "no application (client) id"),
        ("service-account link graph --password-stdin", "is of another way"),
        ("service-account certificate make graph --days 5000", "5000"),
        // A file that this was written into would be no certificate.
        ("service-account certificate show graph --pem", "certificate make graph"),
    ] {
        let shown = place.run(line);
        assert!(!shown.starts_with("exit code: 0") && shown.contains(said), "{line}: {shown}");
    }
    place
        .command("service-account add exchange --login dienst --url https://mail.kanzlei.example/EWS/Exchange.asmx")
        .assert()
        .success();
    let other = place.run("service-account certificate make exchange");
    assert!(other.contains("signs in by password"), "{other}");
    let name: UserName = "weber".parse().expect("a name");
    assert!(place.ledger().user(&name).is_err());
    let elsewhere = Place::installed().run("service-account add graph --client-id x");
    assert!(elsewhere.starts_with("exit code: 2") && elsewhere.contains("`--tenant` takes"), "{elsewhere}");
    assert!(!elsewhere.contains("redirect"), "an app has no use for how users sign in: {elsewhere}");
    exchange.stop();
}

/// The authority would take it: nobody asks.
#[test]
fn a_certificate_is_not_tried_from_where_its_account_may_not_sign_in() {
    let exchange = exchange();
    let place = place(&exchange);
    let echo = ["a", "b"].map(|name| exchange.running.echo_url(name));
    place.configure(&format!("[address]\necho = {echo:?}\ntime_out_seconds = 2\n"));
    register(&exchange, &made(&place), &[ADDRESS]);
    let line = format!("service-account link graph --mailbox {ADDRESS} --outside {OUTSIDE}");
    assert!(place.run(&line).starts_with("exit code: 0"));
    let from = |address: &str| exchange.running.come_from(seen_as(Some(address), None));
    from("203.0.113.7");
    place.command("address allow 203.0.113.7 --account graph").assert().success();
    from("198.51.100.9");
    assert!(place.run("address show").contains("NOT allowed from 198.51.100.9"));
    let linked = place.run(&line);
    assert!(linked.starts_with("exit code: 1") && linked.contains("was not tried"), "{linked}");
    assert!(linked.contains("this machine comes from 198.51.100.9 now"), "{linked}");
    let checked = place.run("check --online");
    assert!(
        checked.contains("chef@kanzlei.example was not tried") && checked.contains("blocked by location"),
        "{checked}"
    );
    from("203.0.113.7");
    assert!(place.run(&line).starts_with("exit code: 0"), "and goes on from home");
    exchange.stop();
}
