//! An office whose practice system runs on a real database server: its Exchange is the simulator, its clock is turned by hand.

use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use pocketdocket::{
    app::Mailboxes,
    domain::{FirmId, PersonId},
    engine::{AlertSettings, ConfirmationSettings, Engine, Interpretation, Parts},
    exchange,
    plan::{Policy, ScopeSettings},
    ports::{Protocol, Source},
    simulator::{self, MailboxView, Running, Simulator},
    sources::{self, Preview, ServerSettings, Settings, SourceZone, Tls},
    state::{AuthMethod, ConfirmationWay, EngineLock, Ledger, LinkState, UserDetails, UserName},
    vault::KeySource,
};
use secrecy::SecretString;
use tempfile::TempDir;

use super::preview::Read;
use crate::servers::{PASSWORD, Server};

/// Settings for a mapping and the test's server, by an account that can only read.
pub(super) fn settings(server: &Server, mapping: &str, zone: &str) -> Settings {
    let server = ServerSettings {
        host: "localhost".to_owned(),
        port: Some(server.port()),
        database: "practice".to_owned(),
        user: "reader".to_owned(),
        tls: Tls::Verify,
        ca_file: Some(server.ca_file()),
        ..ServerSettings::default()
    };
    Settings::on_server(mapping, server, SourceZone::named(zone).expect("bundled"))
}

pub(super) fn open(settings: &Settings) -> Arc<dyn Source> {
    let secret = || Ok(Some(SecretString::from(PASSWORD)));
    sources::open_with(settings, Arc::new(secret)).unwrap_or_else(|failure| panic!("{}", failure.chain()))
}

pub(super) async fn read(settings: &Settings) -> Read {
    read_of(open(settings).as_ref()).await
}

pub(super) async fn read_of(source: &dyn Source) -> Read {
    let preview = Preview::take(source).await;
    Read { preview: preview.unwrap_or_else(|failure| panic!("{}", failure.chain())) }
}

/// An office that syncs these people.
pub(super) struct Office {
    sim: Running,
    ledger: Ledger,
    engine: Arc<Engine>,
    clock: Arc<Mutex<Timestamp>>,
    people: Vec<String>,
    _lock: EngineLock,
    _folder: TempDir,
}

impl Office {
    /// Everybody linked and active, and with the widest window: nothing is left out because of its date.
    pub(super) async fn of(practice: &Settings, people: &[&str]) -> Self {
        Self::reading(open(practice), people).await
    }

    /// The same for a practice that is open already.
    pub(super) async fn reading(practice: Arc<dyn Source>, people: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let exchange = people
            .iter()
            .fold(simulator::Settings::default(), |exchange, person| exchange.with_mailbox(&address(person)));
        let sim = Simulator::start(exchange).await.expect("a simulator");
        let vault = KeySource::File(folder.path().join("master.key")).draw(None).expect("a key");
        let ledger = Ledger::create(&folder.path().join("data"), &vault, FirmId([7; 16])).expect("a ledger");
        let clock = Arc::new(Mutex::new("2026-11-23T08:00:00Z".parse().expect("a time")));
        let exchange = exchange::Settings { url: Some(sim.ews_url()), ..exchange::Settings::default() };
        let office_zone = TimeZone::get("Europe/Berlin").expect("a zone");
        let mailboxes = Mailboxes::new(
            exchange,
            pocketdocket::auth::oauth::Settings::default(),
            ledger.clone(),
            "Europe/Berlin".to_owned(),
        )
        .expect("good settings");
        let mailboxes = Arc::new(mailboxes);
        let mut scope = ScopeSettings::for_office(office_zone);
        (scope.window.past_days, scope.window.future_days, scope.window.done_tasks_days) = (60_000, 60_000, 60_000);
        let of_engine = Arc::clone(&clock);
        let engine = Engine::new(Parts {
            ledger: ledger.clone(),
            source: practice,
            connect: Arc::clone(&mailboxes) as _,
            settings: pocketdocket::engine::Settings::default(),
            policy: Policy::default(),
            scope,
            interpretation: Interpretation::default(),
            alerts: AlertSettings::default(),
            confirmation: ConfirmationSettings::default(),
            clock: Arc::new(move || *of_engine.lock().expect("not poisoned")),
            progress: None,
        });
        let lock = ledger.lock_engine().expect("the only engine");
        let engine = engine.expect("good settings");
        engine.begin().expect("a writable ledger");
        let people: Vec<String> = people.iter().map(|person| (*person).to_owned()).collect();
        let office = Self { sim, ledger, engine, clock, people, _lock: lock, _folder: folder };
        for person in &office.people {
            office.link(person, &mailboxes).await;
        }
        office
    }

    async fn link(&self, person: &str, mailboxes: &Mailboxes) {
        let (name, now): (UserName, _) = (person.to_lowercase().parse().expect("a name"), self.now());
        let details = UserDetails {
            person: PersonId(person.to_owned()),
            address: address(person),
            login: address(person),
            url: None,
            protocol: Protocol::Ews,
            method: AuthMethod::Password,
            service_account: None,
            settings: serde_json::Value::Null,
        };
        self.ledger.add_user(&name, &details, "test", now).expect("a new user");
        self.ledger.give_password(&name, &SecretString::from(simulator::PASSWORD), "test", now).expect("kept");
        self.ledger.set_link_state(&name, LinkState::Confirming, "test", now).expect("a step");
        let user = self.ledger.user(&name).expect("known");
        let identity = mailboxes.of(&user).await.expect("an address").identity().await.expect("a mailbox");
        let id = self.ledger.mailbox_for(&identity, now).expect("a number");
        self.ledger.set_user_mailbox(&name, id).expect("kept");
        self.ledger.confirm(&name, ConfirmationWay::Provider, "test", now).expect("a step");
    }

    fn now(&self) -> Timestamp {
        *self.clock.lock().expect("not poisoned")
    }

    /// Some minutes pass and the engine ticks.
    pub(super) async fn tick(&self, minutes: i64) {
        *self.clock.lock().expect("not poisoned") += SignedDuration::from_mins(minutes);
        self.engine.tick(None).await.expect("a writable ledger");
        self.engine.idle().await;
        for cycle in self.engine.take_reports() {
            assert_eq!(cycle.trouble, None, "{}", cycle.user);
        }
    }

    /// Shows the first plan, lets somebody release it, and writes it.
    pub(super) async fn first_sync(&self) {
        self.tick(2).await;
        for hold in self.ledger.holds().expect("readable").into_iter().filter(|hold| hold.released.is_none()) {
            self.ledger.release(hold.id, "test", self.now()).expect("an open hold");
        }
        self.tick(2).await;
        assert_eq!(self.open_holds(), Vec::<String>::new(), "nothing waits after a first sync");
    }

    pub(super) fn open_holds(&self) -> Vec<String> {
        let holds = self.ledger.holds().expect("readable").into_iter().filter(|hold| hold.released.is_none());
        holds.map(|hold| format!("{:?}", hold.reason)).collect()
    }

    pub(super) fn mailbox(&self, person: &str) -> MailboxView {
        self.sim.mailbox(&address(person)).expect("a mailbox")
    }

    /// Items that were written (tried to) since the start, into all mailboxes.
    pub(super) fn writes(&self) -> u64 {
        self.people.iter().map(|person| self.mailbox(person).counts.writes()).sum()
    }

    /// A hinted tick, a sweep and a full read of content: none of them writes, and nothing is held.
    pub(super) async fn second_run_writes_nothing(&self) {
        let before = self.writes();
        for minutes in [2, 16, 61] {
            self.tick(minutes).await;
            assert_eq!(self.writes(), before, "a tick after {minutes} minutes wrote something");
        }
        assert_eq!(self.open_holds(), Vec::<String>::new());
    }

    /// Events, tasks and contacts on somebody's phone.
    pub(super) fn on_phone(&self, person: &str) -> [u64; 3] {
        let view = self.mailbox(person);
        [view.events().len() as u64, view.tasks().len() as u64, view.contacts().len() as u64]
    }
}

fn address(person: &str) -> String {
    format!("{person}@kanzlei.example")
}
