//! Real database servers for tests: MariaDB and PostgreSQL, each in a folder of its own, on a free port of the loopback
//! and on a Unix socket, with a certificate for `localhost`. They hold a database `practice`, an account `reader` that may
//! only read it and an account `writer` that may do anything in it; both have the password [`PASSWORD`].
//!
//! A server needs a second or two to begin: a test asks much of one instead of little of many. It ends with its [`Server`],
//! and with the test's process even where that is killed. Where the programs are missing the tests fail and say what to install.

mod mariadb;
mod postgres;

use std::{
    io::Read as _,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// The password of `reader` and `writer`.
pub(crate) const PASSWORD: &str = "Drei Akten, zwei Fristen";

/// How long a server may take to answer its first question.
const PATIENCE: Duration = Duration::from_secs(90);

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    MariaDb,
    Postgres,
}

/// A running server, or one that was stopped and may run again.
pub(crate) struct Server {
    pub(crate) sort: Sort,
    folder: TempDir,
    port: u16,
    process: Option<Child>,
}

impl Server {
    /// A new and empty server of that sort.
    pub(crate) fn start(sort: Sort) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["server.pem", "server.key", "authority.pem"] {
            std::fs::copy(certificate(name), folder.path().join(name)).expect("a copy");
        }
        match sort {
            Sort::MariaDb => mariadb::prepare(folder.path()),
            Sort::Postgres => postgres::prepare(folder.path()),
        }
        let mut server = Self { sort, folder, port: 0, process: None };
        // Somebody may take the port between asking and using it.
        for _ in 0..5 {
            server.port = free_port();
            if server.run() {
                let (database, accounts) = match sort {
                    Sort::MariaDb => ("", mariadb::ACCOUNTS),
                    Sort::Postgres => ("postgres", postgres::ACCOUNTS),
                };
                server.ask_in(database, &accounts.replace("{password}", PASSWORD));
                return server;
            }
        }
        panic!("the server did not begin:\n{}", server.log());
    }

    /// Runs again after [`Self::stop`], on the same port and with the same data.
    pub(crate) fn start_again(&mut self) {
        assert!(self.run(), "the server did not begin again:\n{}", self.log());
    }

    /// Ends the server; its data stays.
    pub(crate) fn stop(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        // An orderly end: a killed PostgreSQL would leave shared memory behind.
        let signal = if self.sort == Sort::Postgres { "-INT" } else { "-TERM" };
        let _ = Command::new("kill").arg(signal).arg(process.id().to_string()).status();
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if process.try_wait().is_ok_and(|ended| ended.is_some()) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = process.kill();
        let _ = process.wait();
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The Unix socket's file for MariaDB, the folder it is in for PostgreSQL.
    pub(crate) fn socket(&self) -> PathBuf {
        match self.sort {
            Sort::MariaDb => self.folder.path().join("server.sock"),
            Sort::Postgres => self.folder.path().to_owned(),
        }
    }

    /// Who vouches for the server's certificate.
    pub(crate) fn ca_file(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// Runs statements in the database `practice` as its administrator, and gives what they answer: a line for each row, tabs
    /// between columns.
    pub(crate) fn sql(&self, statements: &str) -> String {
        self.ask_in("practice", statements)
    }

    /// Runs the statements of a file, packed with gzip if its name ends with `.gz`.
    pub(crate) fn load(&self, file: &Path) {
        let program = if file.extension().is_some_and(|end| end == "gz") { "zcat" } else { "cat" };
        let mut unpacker =
            Command::new(program).arg(file).stdout(Stdio::piped()).spawn().unwrap_or_else(|_| panic!("{program}"));
        let statements = unpacker.stdout.take().expect("a pipe");
        finish(self.client("practice").stdin(statements), "load a file");
        assert!(unpacker.wait().expect("an end").success(), "{} was not read to its end", file.display());
    }

    /// What the server wrote into its log.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn ask_in(&self, database: &str, statements: &str) -> String {
        let file = self.folder.path().join("statements.sql");
        std::fs::write(&file, statements).expect("written");
        let statements = std::fs::File::open(&file).expect("readable");
        finish(self.client(database).stdin(statements), "run statements")
    }

    fn client(&self, database: &str) -> Command {
        match self.sort {
            Sort::MariaDb => mariadb::client(&self.socket(), database),
            Sort::Postgres => postgres::client(&self.socket(), self.port, database),
        }
    }

    /// Starts the process and waits until it answers; false when it ends instead.
    fn run(&mut self) -> bool {
        let log = std::fs::File::create(self.folder.path().join("log")).expect("a log");
        let mut command = match self.sort {
            Sort::MariaDb => mariadb::server(self.folder.path(), self.port),
            Sort::Postgres => postgres::server(self.folder.path(), self.port),
        };
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a second handle")).stderr(log);
        let process = self.process.insert(command.spawn().expect("a process"));
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if process.try_wait().is_ok_and(|ended| ended.is_some()) {
                self.process = None;
                return false;
            }
            let mut ping = match self.sort {
                Sort::MariaDb => mariadb::client(&self.folder.path().join("server.sock"), ""),
                Sort::Postgres => postgres::client(self.folder.path(), self.port, "postgres"),
            };
            ping.args(["-c", "SELECT 1"].iter().filter(|_| self.sort == Sort::Postgres));
            ping.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            if ping.status().is_ok_and(|status| status.success()) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the server says nothing:\n{}", self.log());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The certificate of an authority that vouches for nobody here.
pub(crate) fn stranger() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/servers/stranger.pem")
}

fn certificate(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/exchange/transport/tests").join(name)
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

/// Whether the tests run as root, as which a server must not or need not run.
fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("an answer of `id`");
    id.stdout.trim_ascii() == b"0"
}

/// A command that ends when the thread ends which starts it, whatever ends that.
fn bound_to_us(program: &Path, user: Option<&str>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]);
    if let Some(user) = user {
        command.args(["--reuid", user, "--regid", user, "--clear-groups"]);
    }
    command.arg(program);
    command
}

/// The first of these programs that is there.
fn program(places: &[PathBuf], package: &str) -> PathBuf {
    places.iter().find(|place| place.exists()).cloned().unwrap_or_else(|| {
        let looked = places.iter().map(|place| place.display().to_string()).collect::<Vec<_>>().join(", ");
        panic!(
            "these tests need a real server: install the package `{package}` (apt-get install {package}); looked for {looked}"
        )
    })
}

/// Runs a command to its end and gives what it says.
fn finish(command: &mut Command, what: &str) -> String {
    let mut process =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap_or_else(|error| panic!("{what}: {error}"));
    let mut errors = process.stderr.take().expect("a pipe");
    let errors = std::thread::spawn(move || {
        let mut text = String::new();
        let _ = errors.read_to_string(&mut text);
        text
    });
    let output = process.wait_with_output().unwrap_or_else(|error| panic!("{what}: {error}"));
    let errors = errors.join().unwrap_or_default();
    assert!(output.status.success(), "{what}: {errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What each server must do for the tests that build on it.
fn serves_what_tests_need(sort: Sort) {
    let mut server = Server::start(sort);
    server
        .sql("CREATE TABLE files (id INTEGER PRIMARY KEY, title VARCHAR(40)); INSERT INTO files VALUES (1, 'Müller');");
    assert_eq!(server.sql("SELECT id, title FROM files;").trim(), "1\tMüller");
    let packed = server.folder.path().join("more.sql");
    std::fs::write(&packed, "INSERT INTO files VALUES (2, 'packed');").expect("written");
    assert!(Command::new("gzip").arg(&packed).status().expect("gzip").success());
    server.load(&packed.with_extension("sql.gz"));
    let (port, rows) = (server.port(), "SELECT count(*) FROM files;");
    server.stop();
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err(), "a stopped server listens");
    server.start_again();
    assert_eq!((server.port(), server.sql(rows).trim()), (port, "2"));
    assert!(server.ca_file().exists() && !server.log().is_empty());
}
