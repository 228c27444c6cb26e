//! Linking and confirming, against the simulator: the password is verified, the code goes through the mailbox.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Child, ChildStderr, Command, Stdio},
    time::{Duration, Instant},
};

use insta::assert_snapshot;
use pocketdocket::{
    simulator::{Fault, FaultRule, Phone, Running, Settings, Simulator},
    state::{LinkState, UserName},
};

use super::Place;

pub(super) const ADDRESS: &str = "weber@kanzlei.example";
pub(crate) const PASSWORD: &str = "planted-Passwort-7";

/// An Exchange of our own, for commands that run beside it.
pub(crate) struct Exchange {
    runtime: tokio::runtime::Runtime,
    pub(super) running: Running,
}

impl Exchange {
    pub(crate) fn start() -> Self {
        Self::start_with(Settings::default())
    }

    pub(super) fn start_with(settings: Settings) -> Self {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let running = runtime.block_on(Simulator::start(settings)).expect("a free port");
        running.add_mailbox(ADDRESS, ADDRESS, PASSWORD.into()).expect("a mailbox");
        Self { runtime, running }
    }

    /// A place whose user `weber` has a mailbox here.
    pub(crate) fn place(&self) -> Place {
        let place = Place::installed();
        place.accepts(&["mailbox"]);
        let line = format!("user add weber --person HW --mailbox {ADDRESS} --url {}", self.running.ews_url());
        place.command(&line).assert().success();
        place
    }

    /// The code that lies in the mailbox, as its user would read it.
    fn code(&self) -> Option<String> {
        let view = self.running.mailbox(ADDRESS).expect("is there");
        view.tasks()
            .into_iter()
            .filter_map(|task| task.text("item:Subject"))
            .find_map(|subject| subject.strip_prefix("Pocket Docket code ").map(str::to_owned))
    }

    /// Links and confirms the place's user, the way a user would.
    pub(crate) fn make_active(&self, place: &Place) {
        link(place, PASSWORD);
        self.confirm_by_mailbox(place);
    }

    /// The mailbox has another password from now on.
    pub(super) fn new_password(&self, password: &str) {
        self.running.add_mailbox(ADDRESS, ADDRESS, password.into()).expect("a mailbox");
    }

    /// The mailbox is signed in to with another login from now on.
    pub(super) fn new_login(&self, login: &str) {
        self.running.add_mailbox(ADDRESS, login, PASSWORD.into()).expect("a mailbox");
    }

    /// How often this login was refused.
    pub(super) fn refused(&self, login: &str) -> u64 {
        self.running.refused_sign_ins(login)
    }

    /// Subjects of all tasks.
    pub(super) fn subjects(&self) -> Vec<String> {
        let view = self.running.mailbox(ADDRESS).expect("is there");
        view.tasks().into_iter().filter_map(|task| task.text("item:Subject")).collect()
    }

    /// Confirms the place's linked user with the code in the mailbox.
    pub(super) fn confirm_by_mailbox(&self, place: &Place) {
        let (_, (exit, said)) = self.confirm(place);
        assert_eq!(exit, Some(0), "{said}");
    }

    /// The same: the code that was used, how the command ended, and what it said.
    pub(crate) fn confirm(&self, place: &Place) -> (String, (Option<i32>, String)) {
        let mut confirming = Confirming::begin(place);
        let code = self.code().expect("a task holds the code");
        confirming.give(&code);
        (code, confirming.end())
    }

    /// What its user does with a phone.
    pub(crate) fn phone(&self) -> Phone {
        self.running.phone(ADDRESS)
    }

    /// Items with this text are not stored from now on.
    pub(crate) fn refuse(&self, text: &str) {
        let fault = Fault::ItemRefused { text: text.to_owned(), code: "ErrorInvalidPropertyRequest".to_owned() };
        self.running.faults().add(FaultRule::new(fault));
    }

    /// How many events, tasks and contacts the mailbox shows.
    pub(crate) fn items(&self) -> (usize, usize, usize) {
        let view = self.running.mailbox(ADDRESS).expect("is there");
        (view.events().len(), view.tasks().len(), view.contacts().len())
    }

    /// Whether the mailbox shows nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.items() == (0, 0, 0)
    }

    pub(crate) fn stop(self) {
        self.runtime.block_on(self.running.shutdown());
    }
}

pub(super) fn link(place: &Place, password: &str) -> String {
    let output = place
        .command("user link weber --password-stdin")
        .write_stdin(format!("{password}\n"))
        .output()
        .expect("the binary starts");
    place.shown(&output)
}

/// A command that waits for codes.
pub(super) struct Confirming {
    child: Child,
    messages: BufReader<ChildStderr>,
    heard: String,
}

impl Confirming {
    fn begin(place: &Place) -> Self {
        let mut confirming = Self::start(place, "user confirm weber --with mailbox --code-stdin");
        confirming.heard("is good for");
        confirming
    }

    /// Starts a command that will ask for codes.
    pub(super) fn start(place: &Place, line: &str) -> Self {
        let mut child = Command::new(assert_cmd::cargo::cargo_bin!("pocketdocket"))
            .args(line.split_whitespace())
            .current_dir(place.path(""))
            .env("USER", "tester")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let messages = BufReader::new(child.stderr.take().expect("is piped"));
        Self { child, messages, heard: String::new() }
    }

    /// Reads messages up to one with these words.
    pub(super) fn heard(&mut self, words: &str) {
        loop {
            let mut line = String::new();
            let read = self.messages.read_line(&mut line).expect("messages are text");
            self.heard.push_str(&line);
            assert!(read > 0, "it ended without `{words}`:\n{}", self.heard);
            if line.contains(words) {
                return;
            }
        }
    }

    pub(super) fn give(&mut self, line: &str) {
        let input = self.child.stdin.as_mut().expect("is piped");
        writeln!(input, "{line}").and_then(|()| input.flush()).expect("it listens");
    }

    /// No more answers: how it ended, and everything it said.
    pub(super) fn end(mut self) -> (Option<i32>, String) {
        drop(self.child.stdin.take());
        self.messages.read_to_string(&mut self.heard).expect("messages are text");
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(status) = self.child.try_wait().expect("can be asked") {
                return (status.code(), self.heard);
            }
            assert!(Instant::now() < deadline, "it does not end:\n{}", self.heard);
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

pub(super) fn state(place: &Place) -> LinkState {
    let name: UserName = "weber".parse().expect("is a name");
    place.ledger().user(&name).expect("is there").link
}

#[test]
fn a_link_is_verified_confirmed_by_the_code_in_the_mailbox_and_active() {
    let exchange = Exchange::start();
    let place = exchange.place();
    assert_snapshot!(link(&place, PASSWORD), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    verified and kept the password of `weber`
    next: `pocketdocket user confirm weber`, with the user at hand
    ");
    assert_eq!(state(&place), LinkState::Linked);
    let mut confirming = Confirming::begin(&place);
    assert_eq!(state(&place), LinkState::Confirming);
    let code = exchange.code().expect("a task holds the code");
    confirming.give(&code);
    let (exit, heard) = confirming.end();
    assert_eq!((exit, state(&place)), (Some(0), LinkState::Active), "{heard}");
    assert!(!heard.contains(&code), "{heard}");
    // The proof is gone, from Deleted Items too, and nothing else was ever written.
    let view = exchange.running.mailbox(ADDRESS).expect("is there");
    assert!(view.tasks().is_empty() && view.deleted().is_empty() && view.events().is_empty(), "{view:?}");
    assert_snapshot!(place.run("user show weber").replace(exchange.running.ews_url().as_str(), "SERVICE"), @r"
    exit code: 0
    ----- stdout
    user      weber
    person    HW
    mailbox   weber@kanzlei.example
    login     weber@kanzlei.example
    reached   over ews (as set), by password
    service   SERVICE
    state     active
    confirmed MOMENT, by tester (command line): confirmed by mailbox proof
    audit     MOMENT  pocketdocket: the code was taken out of the mailbox
    audit     MOMENT  tester (command line): confirmed by mailbox proof
    audit     MOMENT  tester (command line): link went from confirming to active
    audit     MOMENT  tester (command line): a code was saved in the mailbox
    audit     MOMENT  tester (command line): link went from linked to confirming
    audit     MOMENT  tester (command line): gave a secret to sign in with
    audit     MOMENT  tester (command line): added, for person `HW` and mailbox `weber@kanzlei.example`

    SETTING                   VALUE                FROM
    cancelled                 remove               the firm
    contact_cap               5000                 the firm
    contacts                  firm                 the firm
    default_reminder_minutes  15                   the firm
    done                      keep                 the firm
    kinds                     contact,event,task   the firm
    office_zone               Europe/Berlin        the firm
    privacy                   full                 the firm
    texts.busy_event          Appointment          the firm
    texts.busy_task           Task                 the firm
    texts.cancelled           Cancelled:           the firm
    texts.private_event       Private appointment  the firm
    texts.private_task        Private task         the firm
    walls                     -                    the firm
    window.done_tasks_days    30                   the firm
    window.future_days        365                  the firm
    window.past_days          30                   the firm
    ----- stderr
    ");
    exchange.stop();
}

#[test]
fn a_wrong_code_is_refused_and_the_right_one_still_confirms() {
    let exchange = Exchange::start();
    let place = exchange.place();
    link(&place, PASSWORD);
    let mut confirming = Confirming::begin(&place);
    let code = exchange.code().expect("a task holds the code");
    confirming.give("no code");
    confirming.heard("six digits");
    let wrong = if code.starts_with('1') { "200 000" } else { "100 000" };
    confirming.give(wrong);
    confirming.heard("4 more for this code");
    assert_eq!(state(&place), LinkState::Confirming);
    std::thread::sleep(Duration::from_millis(1100));
    confirming.give(&code);
    let (exit, heard) = confirming.end();
    assert_eq!((exit, state(&place)), (Some(0), LinkState::Active), "{heard}");
    exchange.stop();
}

#[test]
fn a_confirmation_without_an_answer_takes_the_code_back() {
    let exchange = Exchange::start();
    let place = exchange.place();
    link(&place, PASSWORD);
    let confirming = Confirming::begin(&place);
    assert!(exchange.code().is_some());
    let (exit, heard) = confirming.end();
    assert_eq!((exit, state(&place)), (Some(1), LinkState::Confirming), "{heard}");
    assert!(heard.contains("nobody gave the code back"), "{heard}");
    assert_eq!(exchange.code(), None);
    exchange.stop();
}

#[test]
fn a_code_of_a_confirmation_that_was_killed_is_found_and_replaced() {
    let exchange = Exchange::start();
    let place = exchange.place();
    link(&place, PASSWORD);
    let mut killed = Confirming::begin(&place);
    killed.child.kill().expect("is ours");
    killed.child.wait().expect("ends");
    let old = exchange.code().expect("was left behind");
    // Whatever the user did with the task meanwhile, and however the reply got lost: one code is left, and it is the new one.
    exchange.running.phone(ADDRESS).complete(&format!("Pocket Docket code {old}")).expect("is there");
    let mut confirming = Confirming::begin(&place);
    let tasks = exchange.running.mailbox(ADDRESS).expect("is there").tasks().len();
    let new = exchange.code().expect("a task holds the code");
    assert_eq!((tasks, new == old), (1, false));
    confirming.give(&new);
    assert_eq!(confirming.end().0, Some(0));
    exchange.stop();
}

#[test]
fn a_code_whose_delivery_got_no_answer_is_taken_back() {
    let exchange = Exchange::start();
    let place = exchange.place();
    link(&place, PASSWORD);
    exchange.running.faults().add(FaultRule::new(Fault::LostReply).on("CreateItem"));
    let shown = place.run("user confirm weber --code-stdin");
    assert!(shown.starts_with("exit code: 3") && shown.contains("no code reached the mailbox"), "{shown}");
    assert!(exchange.is_empty(), "the task that was stored without an answer is gone");
    exchange.stop();
}

#[test]
fn a_wrong_password_is_not_kept() {
    let exchange = Exchange::start();
    let place = exchange.place();
    assert_snapshot!(link(&place, "planted-wrong"), @r"
    exit code: 1
    ----- stdout
    ----- stderr
    cause     login or password is wrong (wrong-password)
    evidence  `127.0.0.1` answered HTTP 401
    evidence  it offers Basic
    evidence  it takes Basic, and refused this login and password
    who       the user
    takes     at once
    error: the password of `weber` was not kept: the mailbox weber@kanzlei.example was not reached
      Caused by: could not sign in
      Caused by: the server refused this login and password (wrong, expired or locked)
    hint: ask the user to sign in to webmail with the same login and password; then `pocketdocket user link weber` with the one that works
    ");
    assert_eq!(state(&place), LinkState::Invited);
    assert_snapshot!(place.run("user confirm weber"), @r"
    exit code: 1
    ----- stdout
    ----- stderr
    error: `weber`: no password yet
    hint: first `pocketdocket user link weber`
    ");
    exchange.stop();
}

#[test]
fn a_refused_password_is_tried_once_and_the_link_waits_for_another() {
    let exchange = Exchange::start();
    let place = exchange.place();
    link(&place, PASSWORD);
    exchange.running.faults().add(FaultRule::new(Fault::WrongPassword));
    let check = place.run("check --online");
    assert!(check.starts_with("exit code: 1") && check.contains("the link of `weber` is parked"), "{check}");
    let refused = exchange.running.refused_sign_ins(ADDRESS);
    for line in ["check --online", "user confirm weber --code-stdin", "sync", "user resume weber"] {
        let shown = place.run(line);
        assert!(!shown.contains("panicked"), "{shown}");
    }
    assert_eq!(exchange.running.refused_sign_ins(ADDRESS), refused, "nobody tried again");
    exchange.running.faults().clear();
    assert!(link(&place, PASSWORD).starts_with("exit code: 0"));
    let check = place.run("check --online");
    assert!(check.starts_with("exit code: 0"), "{check}");
    exchange.stop();
}

#[test]
fn a_plan_whose_password_is_refused_parks_the_link_in_the_real_ledger() {
    let exchange = Exchange::start();
    let place = exchange.place();
    exchange.make_active(&place);
    exchange.running.faults().add(FaultRule::new(Fault::WrongPassword));
    assert!(place.run("plan").starts_with("exit code: 1"));
    let name: UserName = "weber".parse().expect("is a name");
    let user = place.ledger().user(&name).expect("is there");
    assert!(user.parked.is_some() && user.refused_sign_ins == 1, "{:?}", user.parked);
    let refused = exchange.running.refused_sign_ins(ADDRESS);
    for line in ["plan", "check --online", "user resume weber", "plan"] {
        let shown = place.run(line);
        assert!(!shown.contains("panicked"), "{shown}");
    }
    assert_eq!(exchange.running.refused_sign_ins(ADDRESS), refused, "nobody tried again");
    exchange.stop();
}

#[test]
fn a_server_that_offers_no_basic_is_not_called_a_wrong_password() {
    let settings = Settings { offer: pocketdocket::simulator::SignInOffer::WindowsOnly, ..Settings::default() };
    let exchange = Exchange::start_with(settings);
    let place = exchange.place();
    assert_snapshot!(link(&place, PASSWORD), @r"
    exit code: 1
    ----- stdout
    ----- stderr
    cause     Basic is not switched on at this server (basic-off-on-server)
    evidence  `127.0.0.1` answered HTTP 401
    evidence  it offers Windows sign-in (NTLM, Negotiate)
    evidence  it does not take Basic, so it did not look at the password
    who       the Exchange administrator
    takes     some minutes, at most 1 hour, and then for all users
    error: the password of `weber` was not kept: the mailbox weber@kanzlei.example was not reached
      Caused by: could not sign in with a password
      Caused by: the server does not accept Basic; it offers `Negotiate`, `NTLM`
    hint: where it offers `NTLM` or `Negotiate`, the same password works by Windows authentication: `pocketdocket user change weber --method windows`, then `pocketdocket user link weber`; or the Exchange administrator switches Basic on for EWS: `Set-WebServicesVirtualDirectory -BasicAuthentication $true`
    ");
    exchange.stop();
}

#[test]
fn a_user_is_removed_with_the_items_kept_or_asked_about() {
    let exchange = Exchange::start();
    let place = exchange.place();
    link(&place, PASSWORD);
    let output = place.command("user remove weber").write_stdin("perhaps\n").output().expect("starts");
    assert_eq!(output.status.code(), Some(2), "{}", place.shown(&output));
    assert_snapshot!(place.run("user remove weber --keep"), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    `weber` is removed; what we wrote stays in weber@kanzlei.example
    ");
    assert_snapshot!(place.run("user show weber"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: there is no user `weber`
    hint: `pocketdocket user list` shows who there is
    ");
    exchange.stop();
}
