//! A firm with two users through one service account that is allowed from a fixed address, and one with a password of her own.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use pocketdocket::{
    app::App,
    config::Config,
    domain::PersonId,
    engine::Engine,
    ports::Protocol,
    simulator::{Account, OnlyFrom, PASSWORD, Running, Settings, Simulator},
    state::{AccountDetails, AccountName, AuthMethod, ConfirmationWay, Ledger, LinkState, User, UserDetails, UserName},
};

use super::seen_as;
use crate::cli::Place;

/// From where the account may sign in.
pub(super) const ALLOWED: &str = "203.0.113.0/29";
/// An address in it.
pub(super) const HOME: &str = "203.0.113.7";
/// One that is not.
pub(super) const AWAY: &str = "198.51.100.9";

pub(super) struct Firm {
    pub(super) place: Place,
    pub(super) running: Running,
    pub(super) app: App,
    pub(super) ledger: Ledger,
    pub(super) engine: Arc<Engine>,
}

pub(super) fn account() -> AccountName {
    "dienst".parse().expect("a name")
}

impl Firm {
    /// `weber` and `kaya` through `dienst`, `meier` by herself; everybody is active, and everything is on the phones.
    pub(super) async fn open(more: &str) -> Self {
        let mut settings = Settings { outer: seen_as(Some(HOME), None), ..Settings::default() };
        for user in ["weber", "kaya", "meier"] {
            settings = settings.with_mailbox(&address(user));
        }
        settings = settings.with_account(Account::service("dienst", PASSWORD.into()));
        let networks = vec![ALLOWED.parse().expect("a network")];
        settings.only_from.push(OnlyFrom { login: "dienst".to_owned(), networks });
        let running = Simulator::start(settings).await.expect("a free port");
        let place = tokio::task::spawn_blocking(Place::installed).await.expect("is installed");
        let echo = ["a", "b", "c"].map(|name| running.echo_url(name));
        place.configure(&format!("[address]\necho = {echo:?}\ntime_out_seconds = 2\n{more}"));
        let (ledger, now) = (place.ledger(), Timestamp::now());
        let details = AccountDetails {
            login: "dienst".to_owned(),
            tenant: None,
            method: AuthMethod::Password,
            protocol: Protocol::Ews,
            url: Some(running.ews_url()),
        };
        ledger.add_service_account(&account(), &details, "test", now).expect("entered");
        ledger.give_account_password(&account(), &PASSWORD.into(), "test", now).expect("kept");
        let list = [ALLOWED.parse().expect("a network")];
        ledger.allow_networks(&account(), &list, Some("Kanzlei"), "test", now).expect("entered");
        let config = Config::load(&place.path("pocketdocket.toml")).expect("a configuration");
        let app = App::new(config, ledger.clone()).expect("good settings");
        let engine = app.engine(None).expect("an engine");
        engine.begin().expect("a writable ledger");
        let firm = Self { place, running, app, ledger, engine };
        firm.link("weber", "HW", Some(account())).await;
        firm.link("kaya", "AK", Some(account())).await;
        firm.link("meier", "TM", None).await;
        firm.tick().await;
        for hold in firm.ledger.holds().expect("readable") {
            firm.ledger.release(hold.id, "test", Timestamp::now()).expect("released");
        }
        firm.tick().await;
        firm
    }

    async fn link(&self, user: &str, person: &str, through: Option<AccountName>) {
        let (name, now, ledger) = (name(user), Timestamp::now(), &self.ledger);
        let own = through.is_none();
        let details = UserDetails {
            person: PersonId(person.to_owned()),
            address: address(user),
            login: address(user),
            url: Some(self.running.ews_url()),
            protocol: Protocol::Ews,
            method: AuthMethod::Password,
            service_account: through,
            settings: serde_json::Value::Null,
        };
        ledger.add_user(&name, &details, "test", now).expect("entered");
        if own {
            ledger.give_password(&name, &PASSWORD.into(), "test", now).expect("kept");
        } else {
            ledger.reached_through_account(&name, "test", now).expect("noted");
        }
        ledger.set_link_state(&name, LinkState::Confirming, "test", now).expect("a step");
        let mailbox = self.app.mailboxes.of(&self.user(user)).await.expect("opens");
        let identity = mailbox.identity().await.expect("a mailbox");
        let id = ledger.mailbox_for(&identity, now).expect("a number");
        ledger.set_user_mailbox(&name, id).expect("kept");
        ledger.confirm(&name, ConfirmationWay::Provider, "test", now).expect("a step");
    }

    pub(super) fn user(&self, user: &str) -> User {
        self.ledger.user(&name(user)).expect("is there")
    }

    pub(super) async fn tick(&self) {
        self.engine.tick(None).await.expect("a writable ledger");
        self.engine.idle().await;
    }

    /// The daemon looks from where it comes, as it does so many minutes from now.
    pub(super) async fn looks_in(&self, minutes: i64) {
        let then = Timestamp::now() + SignedDuration::from_mins(minutes);
        self.app.mailboxes.mind_addresses(then).await.expect("a writable ledger");
    }

    /// Who is parked.
    pub(super) fn parked(&self) -> Vec<String> {
        let users = self.ledger.users().expect("readable").into_iter();
        users.filter(|user| user.parked.is_some()).map(|user| user.name.to_string()).collect()
    }

    /// A new event of a person, by a number of its own.
    pub(super) fn event(&self, number: u32, person: &str, subject: &str) {
        let database = rusqlite::Connection::open(self.place.path("practice.db")).expect("a database");
        let day = (jiff::Zoned::now() + SignedDuration::from_hours(72)).strftime("%Y-%m-%d").to_string();
        let insert = format!(
            "INSERT INTO events (id, subject, starts_at, ends_at, whole_day, confidential, state, changed_at)
             VALUES ({number}, '{subject}', '{day} 10:00', '{day} 11:00', 0, 0, 'planned', datetime('now'));
             INSERT INTO event_people (event_id, initials) VALUES ({number}, '{person}');"
        );
        database.execute_batch(&insert).expect("an event");
    }

    pub(super) fn shows(&self, user: &str, subject: &str) -> bool {
        let view = self.running.mailbox(&address(user)).expect("a mailbox");
        view.events().iter().any(|event| event.text("item:Subject").is_some_and(|shown| shown.contains(subject)))
    }

    /// A command, beside the daemon.
    pub(super) async fn run(&self, line: &str) -> String {
        self.run_with(line, "").await
    }

    /// The same with something on its standard input.
    pub(super) async fn run_with(&self, line: &str, input: &str) -> String {
        let (mut command, place) = (self.place.command(line), &self.place);
        command.write_stdin(input);
        let output = tokio::task::spawn_blocking(move || command.output()).await.expect("runs").expect("starts");
        place.shown(&output)
    }
}

pub(super) fn address(user: &str) -> String {
    format!("{user}@kanzlei.example")
}

pub(super) fn name(user: &str) -> UserName {
    user.parse().expect("a name")
}
