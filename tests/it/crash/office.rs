//! An office of one user: practice database, configuration and ledger in a folder, the mailbox in a simulator of this process,
//! and the product as a child process beside it. The mailbox is reached over EWS, or over Graph where
//! `POCKETDOCKET_TESTS_OVER=graph` says so.

use std::{
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use jiff::{Timestamp, tz::TimeZone};
use pocketdocket::{
    app::Mailboxes,
    auth::oauth::{self, Audience, Authority},
    domain::{FirmId, Kind, PersonId},
    exchange,
    ports::Protocol,
    simulator::{self, ItemView, MailboxView, Phone, Running, Simulator},
    state::{AuthMethod, ConfirmationWay, HoldSummary, Ledger, LinkState, UserDetails, UserName},
    vault::KeySource,
};
use tempfile::TempDir;

use crate::{engine::doors::over_graph, sign_in::person::granted_for};

pub(crate) const ADDRESS: &str = "weber@kanzlei.example";
const FIRM: [u8; 16] = [7; 16];
const FIRM_ID: &str = "07070707070707070707070707070707";

const SCHEMA: &str = "
    CREATE TABLE people (id TEXT PRIMARY KEY, name TEXT, email TEXT);
    INSERT INTO people VALUES ('HW', 'Hanna Weber', 'weber@kanzlei.example');
    CREATE TABLE contacts (id TEXT PRIMARY KEY, given TEXT, surname TEXT, phone TEXT, notes TEXT);
    CREATE TABLE events (id TEXT PRIMARY KEY, subject TEXT, place TEXT, starts TEXT, notes TEXT);
    CREATE TABLE tasks (id TEXT PRIMARY KEY, subject TEXT, due TEXT, notes TEXT);
";

const MAPPING: &str = r#"
[practice]
name = "Crash test practice"
connector = "sqlite"
[people]
sql = "SELECT id, name, email FROM people"
[[contacts]]
sql = "SELECT id AS key, 'HW' AS person, given AS given_name, surname, phone AS mobile_phone, notes FROM contacts"
[[events]]
sql = "SELECT id AS key, 'HW' AS person, subject, place AS location, starts AS start, notes FROM events"
[[tasks]]
sql = "SELECT id AS key, 'HW' AS person, subject, due AS due_date, notes, 'https://practice.example/tasks/' || id AS web_page FROM tasks"
"#;

/// Small batches, so that a few items make several passes of every point; a wide window, for the clock is the machine's. No
/// brake stops what the tests do on purpose.
const CONFIG: &str = r#"
[firm]
id = "FIRM"
[practice]
mapping = "mapping.toml"
database = "practice.db"
source_zone = "Europe/Berlin"
[exchange]
url = "URL"
graph_url = "GRAPH"
autodiscover = []
[sign_in]
authority = "AUTHORITY"
tenant = "TENANT"
client_id = "APP"
[sync]
schedule = "*/1 * * * * *"
jitter_seconds = 0
write_batch = 2
[scope]
office_zone = "Europe/Berlin"
[scope.window]
past_days = 3650
future_days = 3650
done_tasks_days = 3650
[policy]
max_restores = 255
max_vanished_percent = 100
[policy.budgets]
create = { at_least = 100000, percent = 100 }
update = { at_least = 100000, percent = 100 }
delete = { at_least = 100000, percent = 100 }
replace = { at_least = 100000, percent = 100 }
[policy.firm_budgets]
create = { at_least = 100000, percent = 100 }
update = { at_least = 100000, percent = 100 }
delete = { at_least = 100000, percent = 100 }
replace = { at_least = 100000, percent = 100 }
[alerts]
dead_man_file = "alive"
"#;

/// An office.
pub(crate) struct Office {
    folder: TempDir,
    runtime: tokio::runtime::Runtime,
    pub(crate) sim: Running,
    /// The user's own items, as they were at the beginning.
    pub(super) own: Vec<ItemView>,
}

impl Office {
    /// An active user with own items in the mailbox, and so many records of each kind that were never synced.
    pub(super) fn with_records(count: usize) -> Self {
        Self::with_records_at(count, simulator::Settings::default())
    }

    /// The same with an Exchange of these settings.
    pub(super) fn with_records_at(count: usize, exchange: simulator::Settings) -> Self {
        let mut office = Self::of(SCHEMA, MAPPING, exchange);
        for number in 0..count {
            office.add_records(&format!("r{number}"));
        }
        office.add_own_items();
        office
    }

    /// An active user with an empty mailbox, and a practice of this schema.
    pub(crate) fn of(schema: &str, mapping: &str, exchange: simulator::Settings) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let sim = runtime.block_on(Simulator::start(exchange.with_mailbox(ADDRESS))).expect("a simulator");
        std::fs::write(folder.path().join("mapping.toml"), mapping).expect("written");
        let config = CONFIG
            .replace("FIRM", FIRM_ID)
            .replace("URL", &sim.ews_url())
            .replace("GRAPH", &sim.graph_url())
            .replace("AUTHORITY", &sim.authority_url())
            .replace("TENANT", simulator::TENANT)
            .replace("APP", simulator::CLIENT_ID);
        std::fs::write(folder.path().join("pocketdocket.toml"), config).expect("written");
        let office = Self { folder, runtime, sim, own: Vec::new() };
        office.sql(schema);
        office.new_ledger();
        office
    }

    /// The same, all of it synced.
    pub(super) fn settled(count: usize) -> Self {
        let office = Self::with_records(count);
        office.release_the_first_write();
        office.sync();
        office.assert_as_the_practice_wants("after the first sync");
        office
    }

    fn add_own_items(&mut self) {
        let phone = self.phone();
        let day = Timestamp::now().to_zoned(TimeZone::UTC).date();
        let at = |hour: u8| format!("{day}T{hour:02}:00:00Z");
        phone
            .add(Kind::Event, &[("item:Subject", "Own lunch"), ("calendar:Start", &at(11)), ("calendar:End", &at(12))])
            .expect("added");
        phone.add(Kind::Task, &[("item:Subject", "Own errand")]).expect("added");
        phone
            .add(Kind::Contact, &[("contacts:DisplayName", "Aunt Olga"), ("contacts:GivenName", "Olga")])
            .expect("added");
        self.own = self.mailbox().items;
    }

    /// Makes the ledger and the link, all the way to active.
    pub(super) fn new_ledger(&self) {
        let _ = std::fs::remove_file(self.path("master.key"));
        let vault = KeySource::File(self.path("master.key")).draw(None).expect("a new key");
        let ledger = Ledger::create(&self.data(), &vault, FirmId(FIRM)).expect("a new ledger");
        let (name, now): (UserName, _) = ("weber".parse().expect("a name"), Timestamp::now());
        let details = UserDetails {
            person: PersonId("HW".to_owned()),
            address: ADDRESS.to_owned(),
            login: ADDRESS.to_owned(),
            url: None,
            protocol: if over_graph() { Protocol::Graph } else { Protocol::Ews },
            method: if over_graph() { AuthMethod::OAuth } else { AuthMethod::Password },
            service_account: None,
            settings: serde_json::Value::Null,
        };
        ledger.add_user(&name, &details, "test", now).expect("a new user");
        let sign_in = oauth::Settings {
            authority: self.sim.authority_url(),
            tenant: Some(simulator::TENANT.to_owned()),
            client_id: Some(simulator::CLIENT_ID.to_owned()),
            ..oauth::Settings::default()
        };
        if over_graph() {
            let authority = Authority::new(sign_in.clone()).expect("settings that can be used");
            let granted = self.runtime.block_on(granted_for(&authority, ADDRESS, ADDRESS, Audience::Graph));
            ledger.give_grant(&name, &granted.expect("signs in").refresh, "test", now).expect("kept");
        } else {
            ledger.give_password(&name, &simulator::PASSWORD.into(), "test", now).expect("kept");
        }
        ledger.set_link_state(&name, LinkState::Confirming, "test", now).expect("a step");
        let settings = exchange::Settings {
            url: Some(self.sim.ews_url()),
            graph_url: self.sim.graph_url(),
            ..exchange::Settings::default()
        };
        let mailboxes = Mailboxes::new(settings, sign_in, ledger.clone(), "Europe/Berlin".to_owned());
        let mailboxes = mailboxes.expect("settings that can be used");
        let user = ledger.user(&name).expect("known");
        let identity = async { mailboxes.of(&user).await.expect("an address").identity().await };
        let identity = self.runtime.block_on(identity).expect("a mailbox");
        ledger.set_user_mailbox(&name, ledger.mailbox_for(&identity, now).expect("a number")).expect("kept");
        ledger.confirm(&name, ConfirmationWay::Provider, "test", now).expect("a step");
    }

    pub(super) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Folder of the ledger.
    pub(super) fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// The ledger, for as long as the caller keeps it.
    pub(super) fn ledger(&self) -> Ledger {
        Ledger::open(&self.data(), KeySource::File(self.path("master.key")).open(None).expect("the key"))
            .expect("the ledger")
    }

    pub(super) fn phone(&self) -> Phone {
        self.sim.phone(ADDRESS)
    }

    pub(crate) fn mailbox(&self) -> MailboxView {
        self.sim.mailbox(ADDRESS).expect("a mailbox")
    }

    /// The stamp of a record's item.
    pub(crate) fn stamp(kind: Kind, record: &str) -> String {
        format!("v1/{FIRM_ID}/{kind}/{kind}s/{record}")
    }

    /// The id of a record's item that is not in Deleted Items.
    pub(super) fn item(&self, kind: Kind, record: &str) -> String {
        let view = self.mailbox();
        let items = view.stamped(&Self::stamp(kind, record));
        items.first().unwrap_or_else(|| panic!("{kind} {record} is on the phone")).id.clone()
    }

    /// Something happens in the practice database.
    pub(crate) fn sql(&self, statements: &str) {
        self.database().execute_batch(statements).expect("valid SQL");
    }

    pub(super) fn database(&self) -> rusqlite::Connection {
        let database = rusqlite::Connection::open(self.path("practice.db")).expect("a database");
        database.busy_timeout(std::time::Duration::from_secs(10)).expect("a setting");
        database
    }

    /// One record of each kind.
    pub(super) fn add_records(&self, id: &str) {
        self.sql(&format!(
            "INSERT INTO contacts VALUES ('{id}', 'Given', 'Surname {id}', '+49 30 {id}', 'Note {id}');
             INSERT INTO events VALUES ('{id}', 'Hearing {id}', 'Room 1', date('now', '+9 days') || ' 10:00', 'Bring {id}');
             INSERT INTO tasks VALUES ('{id}', 'Deadline {id}', date('now', '+5 days'), 'File {id}');"
        ));
    }

    /// New records, changed ones, and the new ones of the round before removed.
    pub(super) fn work(&self, round: usize) {
        self.add_records(&format!("new{round}"));
        self.sql(&format!(
            "UPDATE events SET place = 'Room {round}' WHERE id = 'r0';
             UPDATE tasks SET subject = 'Do {round}' WHERE id = 'r1';
             UPDATE contacts SET phone = '+49 50 {round}' WHERE id = 'r2'"
        ));
        if let Some(last) = round.checked_sub(1) {
            for table in ["events", "tasks", "contacts"] {
                self.sql(&format!("DELETE FROM {table} WHERE id = 'new{last}'"));
            }
        }
    }

    /// The product, with these words, in the office's folder.
    pub(super) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("pocketdocket"));
        command.args(words).current_dir(self.folder.path()).stdin(Stdio::null());
        for variable in ["POCKETDOCKET_CONFIG", "POCKETDOCKET_LOG", "POCKETDOCKET_LOG_FORMAT", "POCKETDOCKET_CRASH_AT"]
        {
            command.env_remove(variable);
        }
        command
    }

    /// A sync that is expected to do all there is to do.
    pub(crate) fn sync(&self) {
        let output = self.command(&["sync"]).output().expect("the binary starts");
        assert_eq!(output.status.code(), Some(0), "{}\nholds: {:?}", shown(&output), self.holds());
    }

    /// A sync that ends at a point's given pass; whether that was reached.
    pub(super) fn sync_ending_at(&self, point: &str, pass: u32) -> bool {
        let mut command = self.command(&["sync"]);
        let output =
            command.env("POCKETDOCKET_CRASH_AT", format!("{point}:{pass}")).output().expect("the binary starts");
        let aborted = output.status.signal().is_some();
        assert!(aborted || output.status.code() == Some(0), "{point}:{pass}\n{}", shown(&output));
        aborted
    }

    /// The first sync only shows what it would do; somebody releases it.
    pub(crate) fn release_the_first_write(&self) {
        let output = self.command(&["sync"]).output().expect("the binary starts");
        assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
        assert!(self.release_all() > 0, "the first write waits for a person");
    }

    pub(super) fn holds(&self) -> Vec<HoldSummary> {
        let holds = self.ledger().holds().expect("readable");
        holds.into_iter().filter(|hold| hold.released.is_none()).collect()
    }

    /// Somebody looks at everything that waits, and releases it.
    pub(super) fn release_all(&self) -> usize {
        let holds = self.holds();
        for hold in &holds {
            self.ledger().release(hold.id, "test", Timestamp::now()).expect("an open hold");
        }
        holds.len()
    }

    /// Items that were written (tried to) since the start.
    pub(super) fn writes(&self) -> u64 {
        self.mailbox().counts.writes()
    }

    /// Copies the ledger's files as they are, with what stands in the write-ahead log.
    pub(super) fn back_up(&self, name: &str) -> PathBuf {
        let to = self.path(name);
        copy_files(&self.data(), &to);
        to
    }

    /// Other files take the place of the ledger's.
    pub(super) fn restore(&self, backup: &Path) {
        std::fs::remove_dir_all(self.data()).expect("removed");
        copy_files(backup, &self.data());
    }
}

fn copy_files(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("readable") {
        let entry = entry.expect("readable");
        std::fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
    }
}

/// All that a person sees of a command.
pub(super) fn shown(output: &Output) -> String {
    format!("{}\n{}{}", output.status, String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
