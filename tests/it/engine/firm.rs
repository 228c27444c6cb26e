//! A small law firm for tests: its database, its ledger, its Exchange, and a clock that tests turn.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use pocketdocket::{
    domain::{FirmId, PersonId},
    engine::{AlertSettings, ConfirmationSettings, Engine, Interpretation, Parts, Settings, TickReport},
    plan::{HoldReason, Policy, RENDERING_REVISION, ScopeSettings},
    ports::{Protocol, Source},
    simulator::{self, ItemView, MailboxView, Running, Simulator},
    sources::{self, SourceZone},
    state::{
        AccountName, AuthMethod, ConfirmationWay, EngineLock, HoldSummary, Ledger, LinkState, UserDetails, UserName,
        UserStatus,
    },
    vault::KeySource,
};
use secrecy::SecretString;
use tempfile::TempDir;

use super::doors::{Doors, over_graph};

const SCHEMA: &str = "
    CREATE TABLE people (id TEXT PRIMARY KEY, name TEXT, email TEXT, active INTEGER DEFAULT 1);
    CREATE TABLE contacts (id TEXT, person TEXT, given TEXT, surname TEXT, company TEXT, email TEXT, phone TEXT,
        notes TEXT, changed TEXT DEFAULT (datetime('now')));
    CREATE TABLE events (id TEXT, person TEXT, subject TEXT, place TEXT, notes TEXT, starts TEXT, ends TEXT,
        all_day INTEGER DEFAULT 0, private INTEGER DEFAULT 0, labels TEXT, changed TEXT DEFAULT (datetime('now')));
    CREATE TABLE tasks (id TEXT, person TEXT, subject TEXT, due TEXT, done INTEGER DEFAULT 0,
        changed TEXT DEFAULT (datetime('now')));
";

/// What its rows mean.
pub(super) const MAPPING: &str = r#"
[practice]
name = "Test practice"
connector = "sqlite"
[people]
sql = "SELECT id, name, email, active FROM people"
[[contacts]]
sql = "SELECT id AS key, person, given AS given_name, surname, company, email AS email_1, phone AS mobile_phone, notes FROM contacts"
[[events]]
sql = "SELECT id AS key, person, subject, place AS location, notes, starts AS start, ends AS end, all_day, private, labels AS categories FROM events"
[[tasks]]
sql = "SELECT id AS key, person, subject, due AS due_date, done FROM tasks"
"#;

/// A law firm.
pub(super) struct Firm {
    pub(super) folder: TempDir,
    pub(super) sim: Running,
    pub(super) ledger: Ledger,
    pub(super) engine: Arc<Engine>,
    pub(super) policy: Policy,
    pub(super) settings: Settings,
    pub(super) scope: ScopeSettings,
    /// Of our own rendering.
    pub(super) revision: u32,
    clock: Arc<Mutex<Timestamp>>,
    lock: Option<EngineLock>,
    doors: Arc<Doors>,
    protocol: Protocol,
    /// Read instead of the database in the folder, from the next restart on.
    pub(super) source: Option<Arc<dyn Source>>,
}

pub(super) fn address(user: &str) -> String {
    format!("{user}@kanzlei.example")
}

pub(super) fn name(user: &str) -> UserName {
    user.parse().expect("a user's name")
}

impl Firm {
    /// A firm with these users, linked, confirmed and with nothing in their mailboxes. Person and user have the same name.
    pub(super) async fn of(users: &[&str]) -> Self {
        Self::with(users, simulator::Settings::default()).await
    }

    pub(super) async fn lenient(users: &[&str]) -> Self {
        Self::with(users, simulator::Settings::default().lenient()).await
    }

    /// The same over Graph, whatever this run is over.
    pub(super) async fn over_graph(users: &[&str], exchange: simulator::Settings) -> Self {
        Self::reached(users, exchange, Protocol::Graph).await
    }

    async fn with(users: &[&str], exchange: simulator::Settings) -> Self {
        Self::reached(users, exchange, if over_graph() { Protocol::Graph } else { Protocol::Ews }).await
    }

    async fn reached(users: &[&str], mut exchange: simulator::Settings, protocol: Protocol) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for user in users {
            exchange = exchange.with_mailbox(&address(user));
        }
        let sim = Simulator::start(exchange).await.expect("a simulator");
        let database = rusqlite::Connection::open(folder.path().join("practice.db")).expect("a database");
        database.execute_batch(SCHEMA).expect("the schema");
        std::fs::write(folder.path().join("mapping.toml"), MAPPING).expect("the mapping");
        let ledger = new_ledger(&folder.path().join("data"), &folder.path().join("master.key"), FIRM);
        let clock = Arc::new(Mutex::new("2026-11-23T08:00:00Z".parse().expect("a time")));
        let scope = ScopeSettings::for_office(TimeZone::get("Europe/Berlin").expect("a zone"));
        let (policy, settings, revision) = (Policy::default(), Settings::default(), RENDERING_REVISION);
        let chosen = Chosen { policy: &policy, settings: &settings, scope: &scope, revision, source: None };
        let (engine, doors) = wire(&folder, &sim, &ledger, &clock, &chosen);
        let lock = ledger.lock_engine().expect("the only engine");
        engine.begin().expect("a writable ledger");
        let firm = Self {
            folder,
            sim,
            ledger,
            engine,
            policy,
            settings,
            scope,
            revision,
            clock,
            lock: Some(lock),
            doors,
            protocol,
            source: None,
        };
        for user in users {
            firm.sql(&format!("INSERT INTO people (id, name, email) VALUES ('{user}', '{user}', '{user}')"));
            firm.link(user, user, &address(user)).await;
        }
        firm
    }

    /// Links a person to a mailbox, all the way to active.
    pub(super) async fn link(&self, user: &str, person: &str, mailbox: &str) {
        self.link_by(user, person, mailbox, mailbox).await;
    }

    /// The same over a protocol.
    pub(super) async fn link_over(&mut self, protocol: Protocol, user: &str, person: &str) {
        let others = std::mem::replace(&mut self.protocol, protocol);
        self.sim.add_mailbox(&address(user), &address(user), simulator::PASSWORD.into()).expect("a mailbox");
        self.link(user, person, &address(user)).await;
        self.protocol = others;
    }

    /// The same with a login that is not the mailbox's address.
    pub(super) async fn link_by(&self, user: &str, person: &str, mailbox: &str, login: &str) {
        let (name, now) = (name(user), self.now());
        let details = UserDetails {
            person: PersonId(person.to_owned()),
            address: mailbox.to_owned(),
            login: login.to_owned(),
            url: None,
            protocol: self.protocol,
            method: AuthMethod::Password,
            service_account: None,
            settings: serde_json::Value::Null,
        };
        self.ledger.add_user(&name, &details, "test", now).expect("a new user");
        self.ledger.give_password(&name, &SecretString::from(simulator::PASSWORD), "test", now).expect("kept");
        self.ledger.set_link_state(&name, LinkState::Confirming, "test", now).expect("a step");
        let user = self.ledger.user(&name).expect("known");
        let identity = self.doors.of(&self.sim, &user).await.identity().await.expect("a mailbox");
        let id = self.ledger.mailbox_for(&identity, now).expect("a number");
        self.ledger.set_user_mailbox(&name, id).expect("kept");
        self.ledger.confirm(&name, ConfirmationWay::Provider, "test", now).expect("a step");
    }

    /// The same through a service account, which has its secret.
    pub(super) async fn link_through(&self, user: &str, account: &AccountName) {
        let (name, now) = (name(user), self.now());
        self.sim.add_mailbox(&address(user), &address(user), "its-own".into()).expect("a mailbox");
        self.sql(&format!("INSERT INTO people (id, name, email) VALUES ('{user}', '{user}', '{user}')"));
        let details = UserDetails {
            person: PersonId(user.to_owned()),
            address: address(user),
            login: String::new(),
            url: None,
            protocol: self.protocol,
            method: AuthMethod::Password,
            service_account: Some(account.clone()),
            settings: serde_json::Value::Null,
        };
        self.ledger.add_user(&name, &details, "test", now).expect("a new user");
        let user = self.ledger.user(&name).expect("known");
        let identity = self.doors.of(&self.sim, &user).await.identity().await.expect("a mailbox");
        let id = self.ledger.mailbox_for(&identity, now).expect("a number");
        self.ledger.verified(&name, id, "test", now).expect("kept");
        self.ledger.reached_through_account(&name, "test", now).expect("a step");
        self.ledger.confirm(&name, ConfirmationWay::Mailbox, "test", now).expect("a step");
    }

    pub(super) fn now(&self) -> Timestamp {
        *self.clock.lock().expect("not poisoned")
    }

    pub(super) fn pass_time(&self, time: SignedDuration) {
        *self.clock.lock().expect("not poisoned") += time;
    }

    /// Something happens in the practice database.
    pub(super) fn sql(&self, statements: &str) {
        let database = rusqlite::Connection::open(self.folder.path().join("practice.db")).expect("a database");
        database.busy_timeout(std::time::Duration::from_secs(5)).expect("a setting");
        database.execute_batch(statements).expect("valid SQL");
    }

    /// A user's own settings are these from now on.
    pub(super) fn set(&self, user: &str, settings: serde_json::Value) {
        let details = self.ledger.user(&name(user)).expect("known").details;
        let details = UserDetails { settings, ..details };
        self.ledger.update_user(&name(user), &details, "test", self.now()).expect("kept");
    }

    /// How many items the next sync would write or remove if a user's own settings were these.
    pub(super) async fn rehearse_with(&self, user: &str, settings: serde_json::Value) -> u64 {
        let copy = self.ledger.rehearsal().expect("a copy");
        let details = UserDetails { settings, ..copy.user(&name(user)).expect("known").details };
        copy.update_user(&name(user), &details, "test", self.now()).expect("kept");
        let (policy, settings, scope) = (&self.policy, &self.settings, &self.scope);
        let chosen = Chosen { policy, settings, scope, revision: self.revision, source: self.source.as_ref() };
        let (engine, _) = wire(&self.folder, &self.sim, &copy, &self.clock, &chosen);
        let report = engine.rehearse(None).await.expect("a writable copy");
        report.cycles.iter().map(|cycle| cycle.plan.operations.len() as u64).sum()
    }

    /// The mapping is another one from now on.
    pub(super) async fn map_anew(&mut self, mapping: &str) {
        self.map(mapping);
        self.restart(true).await;
    }

    /// The mapping is another one from the next start on.
    pub(super) fn map(&self, mapping: &str) {
        std::fs::write(self.folder.path().join("mapping.toml"), mapping).expect("the mapping");
    }

    /// An event on a day of December, 10 to 11 o'clock.
    pub(super) fn event(&self, id: &str, person: &str, subject: &str, day: u8) {
        self.sql(&format!(
            "INSERT INTO events (id, person, subject, place, notes, starts, ends) VALUES ('{id}', '{person}',
             '{subject}', 'Room 1', 'Bring the file', '2026-12-{day:02} 10:00', '2026-12-{day:02} 11:00')"
        ));
    }

    /// So many events, one an hour.
    pub(super) fn many_events(&self, person: &str, count: usize) {
        let rows: Vec<String> = (0..count)
            .map(|n| {
                let (day, hour) = (1 + n / 10 % 28, 8 + n % 10);
                format!(
                    "('e{n}', '{person}', 'Event {n}', '2026-12-{day:02} {hour:02}:00', '2026-12-{day:02} {hour:02}:30')"
                )
            })
            .collect();
        self.sql(&format!("INSERT INTO events (id, person, subject, starts, ends) VALUES {}", rows.join(", ")));
    }

    /// Two minutes pass and the engine ticks.
    pub(super) async fn tick(&self) -> TickReport {
        self.pass_time(SignedDuration::from_mins(2));
        let mut report = self.engine.tick(None).await.expect("a writable ledger");
        self.engine.idle().await;
        report.cycles = self.engine.take_reports();
        report
    }

    /// A quarter of an hour passes: every folder is due for a look.
    pub(super) async fn later(&self) -> TickReport {
        self.pass_time(SignedDuration::from_mins(15));
        self.tick().await
    }

    /// Somebody looks at everything that waits, and releases it.
    pub(super) fn release_all(&self) {
        for hold in self.holds() {
            self.ledger.release(hold.id, "test", self.now()).expect("an open hold");
        }
    }

    /// The first tick shows its plan, somebody releases it, the next one writes it.
    pub(super) async fn first_sync(&self) {
        self.tick().await;
        self.release_all();
        let report = self.tick().await;
        for cycle in &report.cycles {
            assert_eq!(cycle.trouble, None, "{}", cycle.user);
        }
        assert_eq!(self.holds(), [], "nothing waits after a first sync");
    }

    /// The folders say that another ledger writes into them; a person decides that it does not any more.
    pub(super) async fn take_over(&self) {
        self.tick().await;
        let reasons = self.hold_reasons();
        assert!(
            !reasons.is_empty() && reasons.iter().all(|reason| matches!(reason, HoldReason::AnotherWriter { .. })),
            "{reasons:?}"
        );
        self.release_all();
        self.tick().await;
    }

    pub(super) fn holds(&self) -> Vec<HoldSummary> {
        let holds = self.ledger.holds().expect("readable");
        holds.into_iter().filter(|hold| hold.released.is_none()).collect()
    }

    pub(super) fn hold_reasons(&self) -> Vec<HoldReason> {
        self.holds().into_iter().map(|hold| hold.reason).collect()
    }

    pub(super) fn mailbox(&self, user: &str) -> MailboxView {
        self.sim.mailbox(&address(user)).expect("a mailbox")
    }

    /// Subjects of the events on a phone, in order.
    pub(super) fn subjects(&self, user: &str) -> Vec<String> {
        let view = self.mailbox(user);
        let mut subjects: Vec<String> = view.events().iter().map(|event| text(event, "item:Subject")).collect();
        subjects.sort();
        subjects
    }

    /// Items that were written (tried to) since the start.
    pub(super) fn writes(&self, user: &str) -> u64 {
        self.mailbox(user).counts.writes()
    }

    pub(super) fn status(&self, user: &str) -> UserStatus {
        let status = self.ledger.status().expect("readable");
        status.users.into_iter().find(|one| one.user.name == name(user)).expect("a user")
    }

    /// No key has two items, whatever happened.
    pub(super) fn assert_nothing_doubled(&self, user: &str) {
        let view = self.mailbox(user);
        let mut stamps: Vec<&str> =
            view.items.iter().filter(|item| !item.deleted).filter_map(|item| item.stamp.as_deref()).collect();
        let all = stamps.len();
        stamps.sort_unstable();
        stamps.dedup();
        assert_eq!(stamps.len(), all, "some record has two items");
    }

    /// Everything is quiet: two more ticks write nothing and hold nothing.
    pub(super) async fn assert_quiet(&self, user: &str) {
        let before = self.writes(user);
        self.later().await;
        self.later().await;
        assert_eq!(self.writes(user), before, "a settled mailbox is written no more");
    }

    /// The process ends in good order, or as a power cut ends it, and starts again.
    pub(super) async fn restart(&mut self, in_good_order: bool) {
        if in_good_order {
            self.engine.end().await.expect("a writable ledger");
        }
        self.lock = None;
        let ledger = open_ledger(&self.folder.path().join("data"), &self.folder.path().join("master.key"));
        self.begin_with(ledger);
    }

    /// The ledger is gone: a new one is made for the same firm, and the links are made anew.
    pub(super) async fn lose_ledger(&mut self, users: &[&str]) {
        self.lose_ledger_as(users, FIRM).await;
    }

    /// The ledger is gone and a new one is made for another firm id.
    pub(super) async fn lose_ledger_as(&mut self, users: &[&str], firm: [u8; 16]) {
        self.lock = None;
        let data = self.folder.path().join("data");
        std::fs::rename(&data, self.folder.path().join("lost")).expect("moved away");
        let _ = std::fs::remove_file(self.folder.path().join("master.key"));
        let ledger = new_ledger(&data, &self.folder.path().join("master.key"), firm);
        self.begin_with(ledger);
        for user in users {
            self.link(user, user, &address(user)).await;
        }
    }

    /// What an engine is made of that works on a copy of the ledger.
    pub(super) fn parts_on_a_copy(&self) -> Parts {
        let (policy, settings, scope) = (&self.policy, &self.settings, &self.scope);
        let chosen = Chosen { policy, settings, scope, revision: self.revision, source: self.source.as_ref() };
        let copy = self.ledger.rehearsal().expect("copied");
        parts(&self.folder, &self.sim, &copy, &self.clock, &chosen).0
    }

    pub(super) fn begin_with(&mut self, ledger: Ledger) {
        let (policy, settings, scope) = (&self.policy, &self.settings, &self.scope);
        let chosen = Chosen { policy, settings, scope, revision: self.revision, source: self.source.as_ref() };
        let (engine, doors) = wire(&self.folder, &self.sim, &ledger, &self.clock, &chosen);
        self.lock = Some(ledger.lock_engine().expect("the only engine"));
        engine.begin().expect("a writable ledger");
        self.ledger = ledger;
        self.engine = engine;
        self.doors = doors;
    }

    /// Copies of the ledger's files, as a backup.
    pub(super) fn back_up(&self) -> PathBuf {
        let to = self.folder.path().join(format!("backup-{}", self.now().as_second()));
        std::fs::create_dir(&to).expect("a folder");
        for entry in std::fs::read_dir(self.folder.path().join("data")).expect("readable") {
            let entry = entry.expect("readable");
            std::fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
        }
        to
    }

    /// An old backup takes the place of the ledger.
    pub(super) fn restore(&mut self, backup: &std::path::Path) {
        self.lock = None;
        let data = self.folder.path().join("data");
        // The old connection still holds its files; the new one finds others under the same names.
        std::fs::rename(&data, self.folder.path().join("replaced")).expect("moved away");
        std::fs::rename(backup, &data).expect("moved");
        let ledger = open_ledger(&data, &self.folder.path().join("master.key"));
        self.begin_with(ledger);
    }
}

/// A property of an item as text.
pub(super) fn text(item: &ItemView, path: &str) -> String {
    item.text(path).unwrap_or_default()
}

/// The firm's mark.
const FIRM: [u8; 16] = [7; 16];

fn new_ledger(data: &std::path::Path, key: &std::path::Path, firm: [u8; 16]) -> Ledger {
    let vault = KeySource::File(key.to_owned()).draw(None).expect("a new key");
    Ledger::create(data, &vault, FirmId(firm)).expect("a new ledger")
}

fn open_ledger(data: &std::path::Path, key: &std::path::Path) -> Ledger {
    Ledger::open(data, KeySource::File(key.to_owned()).open(None).expect("the key")).expect("the ledger")
}

/// What the firm's IT chose, and which version of our code is at work.
struct Chosen<'a> {
    policy: &'a Policy,
    settings: &'a Settings,
    scope: &'a ScopeSettings,
    revision: u32,
    /// In place of the firm's own SQLite file.
    source: Option<&'a Arc<dyn Source>>,
}

fn wire(
    folder: &TempDir,
    sim: &Running,
    ledger: &Ledger,
    clock: &Arc<Mutex<Timestamp>>,
    chosen: &Chosen<'_>,
) -> (Arc<Engine>, Arc<Doors>) {
    let (parts, doors) = parts(folder, sim, ledger, clock, chosen);
    (Engine::new(parts).expect("good settings"), doors)
}

fn parts(
    folder: &TempDir,
    sim: &Running,
    ledger: &Ledger,
    clock: &Arc<Mutex<Timestamp>>,
    chosen: &Chosen<'_>,
) -> (Parts, Arc<Doors>) {
    let zone = SourceZone::named("Europe/Berlin").expect("a zone");
    let mapping = folder.path().join("mapping.toml").to_string_lossy().into_owned();
    let practice = sources::Settings::new(mapping, folder.path().join("practice.db"), zone);
    let doors = Arc::new(Doors::new(sim, ledger));
    let clock = Arc::clone(clock);
    let parts = Parts {
        ledger: ledger.clone(),
        source: chosen.source.cloned().unwrap_or_else(|| sources::open(&practice).expect("a good mapping")),
        connect: Arc::clone(&doors) as _,
        settings: chosen.settings.clone(),
        policy: chosen.policy.clone(),
        scope: chosen.scope.clone(),
        interpretation: Interpretation {
            revision: chosen.revision,
            readings: sources::readings(&practice).expect("a good mapping"),
        },
        alerts: AlertSettings::default(),
        confirmation: ConfirmationSettings::default(),
        clock: Arc::new(move || *clock.lock().expect("not poisoned")),
        progress: None,
    };
    (parts, doors)
}
