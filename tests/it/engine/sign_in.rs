//! Trouble with signing in: nobody is locked out, and what lies at the provider is tested again until it works.

use std::time::Duration;

use jiff::SignedDuration;
use pocketdocket::{
    diagnosis::{Cause, cohort::Cohort},
    ports::Protocol,
    simulator::{Fault, FaultRule},
    state::{AccountDetails, AccountName, AuthMethod, Diagnosed},
};

use super::{
    doors::is_of_ews_alone,
    firm::{Firm, address, name},
};

impl Firm {
    fn diagnosis(&self, user: &str) -> Diagnosed {
        self.status(user).diagnosis.expect("something is known")
    }

    /// The provider gives everybody another password.
    fn passwords_change(&self, users: &[String]) {
        for user in users {
            let address = address(user);
            self.sim.add_mailbox(&address, &address, "another".into()).expect("a mailbox");
        }
    }

    /// A command of the installation to which this firm's ledger belongs; its output.
    fn command(&self, line: &str) -> String {
        let configuration = format!(
            "[firm]\nid = \"{}\"\ndata = \"data\"\nkey_file = \"master.key\"\n[practice]\nmapping = \"mapping.toml\"\ndatabase = \
             \"practice.db\"\nsource_zone = \"Europe/Berlin\"\n[exchange]\nurl = \"{}\"\nautodiscover = []\n[scope]\noffice_zone = \"Europe/Berlin\"\n",
            self.ledger.firm(),
            self.sim.ews_url()
        );
        std::fs::write(self.folder.path().join("pocketdocket.toml"), configuration).expect("the folder is ours");
        let mut command = assert_cmd::cargo::cargo_bin_cmd!("pocketdocket");
        command.args(line.split_whitespace()).arg("--config").arg("pocketdocket.toml");
        command.current_dir(self.folder.path()).timeout(Duration::from_mins(3));
        let output = command.output().expect("starts");
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    }
}

/// 500 users behind a change of passwords at the provider make one wrong try each, whoever asks: the service over many ticks,
/// before and after a restart, and commands in between.
#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_users_behind_a_password_change_make_one_wrong_try_each() {
    if is_of_ews_alone() {
        return;
    }
    let users: Vec<String> = (0..500).map(|number| format!("user{number}")).collect();
    let names: Vec<&str> = users.iter().map(String::as_str).collect();
    let mut firm = Firm::of(&names).await;
    firm.tick().await;
    firm.passwords_change(&users);
    let told = firm.command("user check user0");
    assert!(told.contains("login or password is wrong"), "{told}");
    for _ in 0..3 {
        firm.later().await;
    }
    let told = firm.command("user check user0 --json") + &firm.command("user check user250");
    assert!(told.contains("not tried again before there is a new one"), "{told}");
    firm.restart(true).await;
    for _ in 0..3 {
        firm.later().await;
    }
    let checked = firm.command("check --online");
    assert!(checked.contains("500 users of `127.0.0.1` fail alike"), "the cohort is said");
    firm.restart(false).await;
    firm.later().await;
    firm.command("user check user499");
    for user in &users {
        assert_eq!(firm.sim.refused_sign_ins(&address(user)), 1, "{user}");
        assert!(firm.status(user).user.parked.is_some(), "{user}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_several_links_share_is_sent_wrong_once_by_all_and_after_a_restart() {
    if is_of_ews_alone() {
        return;
    }
    let users = ["adam", "bauer", "conrad"];
    let mut firm = Firm::of(&[]).await;
    let account = |firm: &Firm, password: &str| firm.sim.add_service_account("office", password.into()).expect("made");
    account(&firm, pocketdocket::simulator::PASSWORD);
    for user in users {
        firm.sim.add_mailbox(&address(user), user, "its own".into()).expect("a mailbox");
        firm.sql(&format!("INSERT INTO people (id, name, email) VALUES ('{user}', '{user}', '{user}')"));
        firm.link_by(user, user, &address(user), "office").await;
    }
    account(&firm, "another");
    // One link alone hears of it, in a process of its own.
    firm.command("user check adam");
    assert_eq!(firm.sim.refused_sign_ins("office"), 1);
    firm.restart(true).await;
    for _ in 0..3 {
        firm.later().await;
    }
    assert_eq!(firm.sim.refused_sign_ins("office"), 1, "the others know it from the ledger");
    assert!(users.iter().all(|user| firm.status(user).user.parked.is_some()));
    assert_eq!(firm.diagnosis("conrad").cause, Cause::WrongPassword);
}

/// One credential of 500 users is sent wrong once by all of them, whoever asks, and those who sign in otherwise go on.
#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_users_of_one_service_account_make_one_wrong_try_together() {
    if is_of_ews_alone() {
        return;
    }
    let mut firm = Firm::of(&["anna"]).await;
    let account = |firm: &Firm, password: &str| firm.sim.add_service_account("office", password.into()).expect("made");
    account(&firm, "secret");
    let office: AccountName = "office".parse().expect("a name");
    let details =
        AccountDetails { login: "office".to_owned(), method: AuthMethod::Password, protocol: Protocol::Ews, url: None };
    firm.ledger.add_service_account(&office, &details, "test", firm.now()).expect("added");
    firm.ledger.give_account_password(&office, &"secret".into(), "test", firm.now()).expect("given");
    let users: Vec<String> = (0..500).map(|number| format!("user{number}")).collect();
    for user in &users {
        firm.link_through(user, &office).await;
    }
    account(&firm, "another");
    for _ in 0..3 {
        firm.later().await;
    }
    let told = firm.command("user check user0") + &firm.command("service-account check office");
    assert!(told.contains("500 users through service account `office` fail alike"), "{told}");
    assert!(told.contains("pocketdocket service-account link office") && !told.contains("user link user"), "{told}");
    firm.restart(true).await;
    firm.later().await;
    firm.command("check --online");
    assert_eq!(firm.sim.refused_sign_ins("office"), 1);
    let parked = |firm: &Firm| -> usize {
        firm.ledger.users().expect("readable").iter().filter(|user| user.parked.is_some()).count()
    };
    assert_eq!(parked(&firm), 500, "those who go through it, and nobody else");
    firm.sql("INSERT INTO events (id, person, subject, starts, ends) VALUES ('x', 'anna', 'Hearing', '2026-12-01 10:00', '2026-12-01 11:00')");
    firm.later().await;
    firm.release_all();
    firm.tick().await;
    assert_eq!(firm.subjects("anna"), ["Hearing"], "others go on");
    firm.ledger.give_account_password(&office, &"another".into(), "test", firm.now()).expect("given");
    assert_eq!(parked(&firm), 0, "one secret serves everybody");
    let told = firm.command("user check user7") + &firm.command("user check user499");
    assert_eq!(told.matches("sign-in   works").count(), 2, "{told}");
    assert_eq!(firm.sim.refused_sign_ins("office"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_at_the_provider_is_asked_by_one_with_growing_pauses_until_it_works_for_all() {
    if is_of_ews_alone() {
        return;
    }
    let users = ["adam", "bauer", "conrad"];
    let firm = Firm::of(&users).await;
    firm.first_sync().await;
    firm.sim.faults().add(FaultRule::new(Fault::EwsOff));
    firm.later().await;
    for user in users {
        let status = firm.status(user);
        assert_eq!(status.user.parked, None, "nobody has to do anything here");
        assert!(status.needs_person(), "and somebody has to do something there");
        assert_eq!(firm.diagnosis(user).cause, Cause::EwsOff);
    }
    let status = firm.ledger.status().expect("readable");
    assert!(matches!(&status.cohorts[..], [Cohort::FailingAlike { users: 3, .. }]), "{:?}", status.cohorts);
    let first = firm.now();
    // Nobody asks before the time is up.
    firm.tick().await;
    assert!(users.iter().all(|user| firm.diagnosis(user).seen <= first));
    let mut asked = Vec::new();
    for minutes in [15, 60, 240] {
        let before = firm.now();
        firm.pass_time(SignedDuration::from_mins(minutes));
        firm.tick().await;
        firm.tick().await;
        let now: Vec<&str> = users.into_iter().filter(|user| firm.diagnosis(user).seen > before).collect();
        assert_eq!(now.len(), 1, "one asks for all: {now:?} after {minutes} minutes");
        asked.extend(now);
    }
    assert!(asked.windows(2).all(|two| two[0] != two[1]), "in turn: {asked:?}");
    firm.sim.faults().clear();
    firm.sql("INSERT INTO events (id, person, subject, starts, ends) VALUES ('x', 'conrad', 'Hearing', '2026-12-01 10:00', '2026-12-01 11:00')");
    for _ in 0..3 {
        firm.pass_time(SignedDuration::from_hours(24));
        firm.tick().await;
        firm.tick().await;
    }
    for user in users {
        let status = firm.status(user);
        assert!(firm.diagnosis(user).over.is_some() && status.user.waiting.is_none(), "{user}: {status:?}");
        let trail = firm.ledger.audit_trail(Some(&name(user)), 20).expect("readable");
        assert!(trail.iter().any(|entry| entry.event.starts_with("works again")), "{user}: {trail:?}");
    }
    firm.release_all();
    firm.tick().await;
    assert_eq!(firm.subjects("conrad"), ["Hearing"]);
    assert_eq!(firm.ledger.status().expect("readable").cohorts, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_one_works_again_the_others_follow_with_the_next_sync() {
    if is_of_ews_alone() {
        return;
    }
    let users = ["adam", "bauer", "conrad", "dietz"];
    let firm = Firm::of(&users).await;
    firm.first_sync().await;
    firm.sim.faults().add(FaultRule::new(Fault::EwsOff));
    firm.later().await;
    firm.sim.faults().clear();
    assert!(firm.ledger.note_success(&name("dietz"), firm.now()).expect("noted").is_some());
    firm.tick().await;
    for user in users {
        assert!(firm.diagnosis(user).over.is_some(), "{user}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_wrong_password_among_many_that_work_is_the_password() {
    if is_of_ews_alone() {
        return;
    }
    let users = ["adam", "bauer", "conrad"];
    let firm = Firm::of(&users).await;
    firm.first_sync().await;
    firm.sim.faults().add(FaultRule::new(Fault::WrongPassword).in_mailbox(&address("bauer")));
    firm.later().await;
    firm.later().await;
    let cohorts = firm.ledger.status().expect("readable").cohorts;
    assert!(matches!(&cohorts[..], [Cohort::SomeWork { users: 1, working: 2, .. }]), "{cohorts:?}");
}
