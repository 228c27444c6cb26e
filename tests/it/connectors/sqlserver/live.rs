//! Everything, against a real server: SQL Server itself, or another one that speaks its protocol, such as Babelfish.
//!
//! `POCKETDOCKET_TEST_SQLSERVER` names it: `HOST,PORT,LOGIN,PASSWORD`, or `@FILE` for a file with that line. The login must be able to make
//! a database and a login. `POCKETDOCKET_TEST_SQLSERVER_CA` names the certificate (PEM) of the authority that vouches for the server; a
//! server on this very machine may do without, in the clear. Each test makes a database of its own and drops it. Statements are sent
//! by python-tds from PyPI (tests/conformance/sqlserver.py), which others wrote. Without the variable the tests say so and are skipped.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use pocketdocket::{
    domain::Kind,
    ports::{FailureKind, Portion, QueryRead, Source},
    sources::{Preview, ServerSettings, Settings, SourceZone, Tls},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    connectors::practice::{read, rows_of},
    servers::{PASSWORD, stranger},
};

/// A server that was named, and a database on it that is ours.
pub(crate) struct Live {
    host: String,
    port: u16,
    login: String,
    password: String,
    authority: Option<PathBuf>,
    /// The database, and the login that may only read it.
    name: String,
    folder: TempDir,
}

impl Live {
    /// A new database with these tables, if a server was named.
    pub(crate) fn with(name: &str, statements: &str) -> Option<Self> {
        let Ok(named) = std::env::var("POCKETDOCKET_TEST_SQLSERVER") else {
            #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
            {
                eprintln!("skipped: POCKETDOCKET_TEST_SQLSERVER names no server");
            }
            return None;
        };
        let line = named.strip_prefix('@').map(|file| std::fs::read_to_string(file).expect("the file that is named"));
        let line = line.unwrap_or(named);
        let words: Vec<&str> = line.trim_end().splitn(4, ',').collect();
        let [host, port, login, password] = words[..] else { panic!("it is HOST,PORT,LOGIN,PASSWORD") };
        let authority = std::env::var_os("POCKETDOCKET_TEST_SQLSERVER_CA").map(PathBuf::from);
        let here = matches!(host, "localhost" | "127.0.0.1" | "::1");
        assert!(
            here || authority.is_some(),
            "POCKETDOCKET_TEST_SQLSERVER_CA is missing: nothing goes there in the clear"
        );
        let name = format!("pocketdocket_test_{name}_{}", std::process::id());
        let (host, login, password) = (host.to_owned(), login.to_owned(), password.to_owned());
        let port = port.parse().expect("a port");
        let folder = tempfile::tempdir().expect("a folder");
        let server = Self { host, port, login, password, authority, name, folder };
        let database = &server.name;
        server.ask("master", &[format!("CREATE DATABASE [{database}]")]);
        if !server.is_babelfish() {
            server.ask("master", &[format!("ALTER DATABASE [{database}] SET ALLOW_SNAPSHOT_ISOLATION ON")]);
        }
        server.ask("master", &[format!("CREATE LOGIN [{database}] WITH PASSWORD = '{PASSWORD}'")]);
        let reader = [
            format!("CREATE USER [{database}] FOR LOGIN [{database}]"),
            format!("ALTER ROLE [db_datareader] ADD MEMBER [{database}]"),
        ];
        server.ask(database, &reader);
        server.sql(statements);
        Some(server)
    }

    /// Whether it is Babelfish, which does not do all that SQL Server does.
    pub(crate) fn is_babelfish(&self) -> bool {
        self.ask("master", &["SELECT @@VERSION".to_owned()]).to_string().contains("Babelfish")
    }

    /// Runs statements in the database, which stand between semicolons at the ends of lines.
    pub(crate) fn sql(&self, statements: &str) -> Value {
        let statements: Vec<String> = statements.split(";\n").map(str::to_owned).collect();
        self.ask(&self.name, &statements)
    }

    fn ask(&self, database: &str, statements: &[String]) -> Value {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join("target/conformance/bin/python");
        let question = json!({"host": self.host, "port": self.port, "login": self.login, "password": self.password,
            "database": database, "authority": self.authority, "statements": statements});
        let mut child = Command::new(&python)
            .arg("sqlserver.py")
            .current_dir(root.join("tests/conformance"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}; tests/conformance/run installs it", python.display()));
        let question = serde_json::to_vec(&question).expect("JSON");
        child.stdin.take().expect("a pipe").write_all(&question).expect("is read");
        let output = child.wait_with_output().expect("an end");
        assert!(output.status.success(), "python-tds could not do it");
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// Settings of the login that can only read.
    pub(crate) fn settings(&self, mapping: &str, change: impl FnOnce(&mut ServerSettings)) -> Settings {
        let file = self.folder.path().join("mapping.toml");
        std::fs::write(&file, mapping).expect("written");
        let tls = if self.authority.is_some() { Tls::Verify } else { Tls::Off };
        let mut server = ServerSettings {
            host: self.host.clone(),
            port: Some(self.port),
            database: self.name.clone(),
            user: self.name.clone(),
            tls,
            ca_file: self.authority.clone(),
            ..ServerSettings::default()
        };
        change(&mut server);
        Settings::on_server(file.display().to_string(), server, SourceZone::named("Europe/Berlin").expect("a zone"))
    }

    fn source(&self, queries: &str) -> std::sync::Arc<dyn Source> {
        let mapping = format!(
            "[practice]\nname = \"Test\"\nconnector = \"sqlserver\"\n[people]\nsql = \"SELECT 'weber' AS id\"\n{queries}"
        );
        Self::open(&self.settings(&mapping, |_| {}))
    }

    fn open(settings: &Settings) -> std::sync::Arc<dyn Source> {
        let secret = || Ok(Some(secrecy::SecretString::from(PASSWORD)));
        pocketdocket::sources::open_with(settings, std::sync::Arc::new(secret)).expect("a good mapping")
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let database = &self.name;
        // A test that failed leaves nothing behind either; what cannot be dropped is said by python-tds.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            if !self.is_babelfish() {
                self.ask("master", &[format!("ALTER DATABASE [{database}] SET SINGLE_USER WITH ROLLBACK IMMEDIATE")]);
            }
            self.ask("master", &[format!("DROP DATABASE [{database}]"), format!("DROP LOGIN [{database}]")]);
        }));
    }
}

const FILES: &str = "CREATE TABLE files (id int PRIMARY KEY, title nvarchar(40));\nINSERT INTO files VALUES (1, N'Müller'), (2, N'Maier')";
const QUERY: &str = "[[tasks]]\nsql = \"SELECT id AS [key], 'weber' AS person, title AS subject FROM files\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn every_type_of_a_real_server_comes_through_or_is_named() {
    let Some(live) = Live::with("types", "") else { return };
    let values = [
        ("CAST(255 AS tinyint)", "255"),
        ("CAST(-9223372036854775808 AS bigint)", "-9223372036854775808"),
        ("CAST(1 AS bit)", "1"),
        ("CAST('12345678901234567890.0123456789' AS decimal(30, 10))", "12345678901234567890.0123456789"),
        ("CAST('-922337203685477.5807' AS money)", "-922337203685477.5807"),
        ("CAST('214748.3647' AS smallmoney)", "214748.3647"),
        ("CAST(0.1 AS real)", "0.1"),
        ("CAST(0.1 AS float)", "0.1"),
        ("CAST('2026-11-22' AS date)", "2026-11-22"),
        ("CAST('20261122 09:30:00.123' AS datetime)", "2026-11-22 09:30:00.123"),
        ("CAST('20261122 09:30:00' AS smalldatetime)", "2026-11-22 09:30:00"),
        ("CAST('2026-11-22 09:30:00.1234567' AS datetime2)", "2026-11-22 09:30:00.1234567"),
        ("CAST('2026-11-22 09:30:00 +01:00' AS datetimeoffset)", "2026-11-22T08:30:00Z"),
        ("CAST('09:30:00.5' AS time)", "09:30:00.5"),
        ("CAST('23:59:59.9999999' AS time)", "23:59:59.9999999"),
        ("CAST(N'Grüße 🎉' AS nvarchar(max))", "Grüße 🎉"),
        ("CAST('Strasse' AS varchar(20))", "Strasse"),
        ("CAST('Strasse' AS text)", "Strasse"),
        ("CAST(N'Žižka' AS ntext)", "Žižka"),
        ("CAST(N'<a>ü</a>' AS xml)", "<a>ü</a>"),
        ("CAST('123e4567-e89b-12d3-a456-426655440000' AS uniqueidentifier)", "123e4567-e89b-12d3-a456-426655440000"),
        ("CAST(0x4d61696572 AS varbinary(20))", "Maier"),
        ("CAST(0xff00fe AS varbinary(max))", "problem"),
        ("CAST(CAST(42 AS int) AS sql_variant)", "42"),
        ("CAST(NULL AS datetime2)", ""),
        ("REPLICATE(CAST(N'ü' AS nvarchar(max)), 20000)", "üüü"),
    ];
    let queries: Vec<String> = values
        .iter()
        .enumerate()
        .map(|(number, (value, _))| {
            format!(
                "[[tasks]]\nname = \"t{number}\"\nsql = '''SELECT 'k' AS [key], 'weber' AS person, 'T' AS subject, {value} AS notes'''\n"
            )
        })
        .collect();
    let queries = queries.concat();
    let preview =
        Preview::take(live.source(&queries).as_ref()).await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    for (number, (value, expected)) in values.iter().enumerate() {
        let of_query = format!("t{number}");
        let problem = preview.problems.iter().find(|problem| problem.query.0 == of_query);
        let told = match problem {
            Some(problem) => format!("problem: {}", problem.what),
            None => {
                let record = preview.records.iter().find(|record| record.key.query.0 == of_query).expect("a record");
                match record.record.get(pocketdocket::domain::Field::Notes) {
                    Some(pocketdocket::domain::Value::Text(text)) => text.reveal().clone(),
                    _ => String::new(),
                }
            }
        };
        let alike = told == *expected || (matches!(*expected, "problem" | "üüü") && told.starts_with(expected));
        assert!(alike, "{value}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_rows_are_one_state_of_the_database() {
    let rows = "WITH n AS (SELECT 0 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 99999)\n\
                INSERT INTO files SELECT i, CONCAT(N'Akte ', i) FROM n OPTION (MAXRECURSION 0)";
    let table = format!("CREATE TABLE files (id int PRIMARY KEY, title nvarchar(40));\n{rows}");
    let Some(live) = Live::with("rows", &table) else { return };
    let two = format!(
        "{}{}",
        QUERY.replace("[[tasks]]", "[[tasks]]\nname = \"a\""),
        QUERY.replace("[[tasks]]", "[[tasks]]\nname = \"b\"")
    );
    let source = live.source(&two);
    let snapshot =
        source.probe().await.unwrap_or_else(|failure| panic!("{}", failure.chain())).version.contains("snapshot");
    assert!(snapshot || live.is_babelfish(), "the database was told to allow it");
    let queries = source.queries().iter().map(|query| (query.kind, query.name.clone(), QueryRead::Content)).collect();
    let mut reading = source.read(queries).await.expect("begins");
    let (mut count, mut emptied) = (0, false);
    while let Some(portion) = reading.recv().await {
        if let Portion::Rows(_, _, rows) = portion.unwrap_or_else(|failure| panic!("{}", failure.chain())) {
            count += rows.len();
            if snapshot && !emptied {
                live.sql("DELETE FROM files");
                emptied = true;
            }
        }
    }
    assert_eq!(count, 200_000, "both queries saw the state of the beginning");
    let portions = read(source.as_ref(), QueryRead::Content).await.expect("complete");
    assert_eq!(rows_of(&portions, Kind::Task), if snapshot { 0 } else { 200_000 });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_the_server_ended_is_made_anew_and_a_slow_statement_is_given_up() {
    let Some(live) = Live::with("away", FILES) else { return };
    let source = live.source(QUERY);
    read(source.as_ref(), QueryRead::Content).await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    // Ending somebody's session was not tried on Babelfish.
    if !live.is_babelfish() {
        let ours = format!("SELECT session_id FROM sys.dm_exec_sessions WHERE login_name = '{}'", live.name);
        for row in live.ask("master", &[ours])[0].as_array().expect("rows") {
            live.ask("master", &[format!("KILL {}", row[0])]);
        }
        let portions = read(source.as_ref(), QueryRead::Content).await.expect("anew, in the same tick");
        assert_eq!(rows_of(&portions, Kind::Task), 2);
    }
    let slow = "SELECT TOP (1) a.id AS [key], 'weber' AS person, CONCAT(COUNT_BIG(*) OVER (), '') AS subject \
                FROM files AS a CROSS JOIN sys.all_columns AS b CROSS JOIN sys.all_columns AS c CROSS JOIN sys.all_columns AS d";
    let mapping = format!(
        "[practice]\nname = \"T\"\nconnector = \"sqlserver\"\n[people]\nsql = \"SELECT 'weber' AS id\"\n[[tasks]]\nsql = \"{slow}\"\n"
    );
    let settings = Settings { time_out_seconds: 2, ..live.settings(&mapping, |_| {}) };
    let failure = read(Live::open(&settings).as_ref(), QueryRead::Content).await.expect_err("too slow");
    assert!(failure.chain().contains("longer than 2 seconds"), "{}", failure.chain());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_servers_refusals_are_said_in_words() {
    let Some(live) = Live::with("words", FILES) else { return };
    let mapping = format!(
        "[practice]\nname = \"T\"\nconnector = \"sqlserver\"\n[people]\nsql = \"SELECT 'weber' AS id\"\n{QUERY}"
    );
    let probe = |change: fn(&mut ServerSettings), mapping: &str| {
        let settings = live.settings(mapping, change);
        let source = Live::open(&settings);
        async move { source.probe().await }
    };
    let good = probe(|_| {}, &mapping).await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    assert!(!good.writable && good.tables.contains(&"files".to_owned()), "{good:?}");
    let failure =
        probe(|server| "nobody_of_that_name".clone_into(&mut server.user), &mapping).await.expect_err("no login");
    assert_eq!(failure.kind, FailureKind::Unauthorized, "{}", failure.chain());
    let failure =
        probe(|server| "no_such_database".clone_into(&mut server.database), &mapping).await.expect_err("none");
    assert!(failure.chain().contains("4060") || live.is_babelfish(), "{}", failure.chain());
    let failure = probe(|_| {}, &mapping.replace("title", "titel")).await.expect_err("no such column");
    assert!(failure.chain().contains("titel"), "{}", failure.chain());
    let failure = probe(|_| {}, &mapping.replace("FROM files", "FROM no_files")).await.expect_err("no such table");
    assert!(failure.chain().contains("no_files"), "{}", failure.chain());
    live.sql("CREATE TABLE hidden (id int, title nvarchar(9));\nGRANT INSERT ON files TO public;\nDENY SELECT ON hidden TO public");
    let failure = probe(|_| {}, &mapping.replace("FROM files", "FROM hidden")).await.expect_err("denied");
    assert!(failure.chain().contains("229") || live.is_babelfish(), "{}", failure.chain());
    let warned = probe(|_| {}, &mapping).await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    assert!(warned.writable, "it may insert now: {warned:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_servers_certificate_is_believed_only_as_the_settings_say() {
    let Some(live) = Live::with("trust", FILES) else { return };
    if live.authority.is_none() {
        return;
    }
    let mapping = format!(
        "[practice]\nname = \"T\"\nconnector = \"sqlserver\"\n[people]\nsql = \"SELECT 'weber' AS id\"\n{QUERY}"
    );
    let strange = live.settings(&mapping, |server| server.ca_file = Some(stranger()));
    let failure = Live::open(&strange).probe().await.expect_err("nobody vouches for it");
    assert_eq!(failure.kind, FailureKind::Setting, "{}", failure.chain());
    let told = failure.chain();
    let fingerprint =
        told.rsplit("fingerprint ").next().and_then(|rest| rest.split_whitespace().next()).expect("it is told");
    let pinned =
        live.settings(&mapping, |server| (server.ca_file, server.fingerprint) = (None, Some(fingerprint.to_owned())));
    Live::open(&pinned).probe().await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    let other = live.settings(&mapping, |server| (server.ca_file, server.fingerprint) = (None, Some("00".repeat(32))));
    Live::open(&other).probe().await.expect_err("another certificate");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rowversion_misses_nothing_that_was_committed_late() {
    let table = "CREATE TABLE files (id int PRIMARY KEY, title nvarchar(40), rv rowversion);\nINSERT INTO files (id, title) VALUES (1, N'a'), (2, N'b')";
    let Some(live) = Live::with("rv", table) else { return };
    let source = live.source(&QUERY.replace("AS subject", "AS subject, rv AS changed"));
    let cursor_of = |portions: &[Portion]| {
        portions.iter().find_map(|portion| match portion {
            Portion::QueryDone { cursor, .. } => cursor.clone(),
            _ => None,
        })
    };
    let portions =
        read(source.as_ref(), QueryRead::Content).await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    let cursor = cursor_of(&portions).expect("a cursor");
    live.sql("UPDATE files SET title = N'later' WHERE id = 1");
    // Babelfish has no MIN_ACTIVE_ROWVERSION: there a mapping needs an `overlap`, and says so.
    let changed = read(source.as_ref(), QueryRead::Changed(cursor)).await;
    if let Ok(portions) = changed {
        assert!((1..=2).contains(&rows_of(&portions, Kind::Task)));
    } else {
        assert!(live.is_babelfish());
    }
}
