use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

use pocketdocket::{
    ports::Source,
    sources::{self, Secret, ServerSettings, Settings, SourceZone, Tls},
};
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::servers::PASSWORD;

/// A server that somebody named.
pub(crate) struct Named {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) login: String,
    pub(crate) password: String,
    /// The certificate of the authority that vouches for the server.
    pub(crate) authority: Option<PathBuf>,
    /// The login's own database, where it is not its default one.
    pub(crate) database: Option<String>,
}

/// A place that is ours on a server that was named.
pub(crate) struct Live {
    named: Named,
    database: String,
    room: Room,
    folder: TempDir,
}

/// Where the tables of a test are.
enum Room {
    /// In a database of their own, which a login of its own may only read. Both are named alike.
    Database,
    /// In a schema of their own, in the login's own database.
    Schema(String),
}

impl Named {
    /// What the environment names.
    fn by_environment() -> Option<Self> {
        let Ok(named) = std::env::var("POCKETDOCKET_TEST_SQLSERVER") else {
            say("skipped: POCKETDOCKET_TEST_SQLSERVER names no server");
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
        let (host, login, password) = (host.to_owned(), login.to_owned(), password.to_owned());
        let port = port.parse().expect("a port");
        let database = std::env::var("POCKETDOCKET_TEST_SQLSERVER_DATABASE").ok();
        Some(Self { host, port, login, password, authority, database })
    }
}

impl Live {
    /// A new place with what these statements make, if a server was named. `{schema}` stands for the schema.
    pub(crate) fn with(name: &str, statements: &str) -> Option<Self> {
        let named = Named::by_environment()?;
        Some(Self::on(named, &Self::called(name), statements))
    }

    /// What the place for a test is called.
    pub(crate) fn called(name: &str) -> String {
        format!("pocketdocket_test_{name}_{}", std::process::id())
    }

    /// A new place of that name.
    pub(crate) fn on(named: Named, name: &str, statements: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let server = Self { named, database: String::new(), room: Room::Database, folder };
        let server =
            if server.may_make_databases() { server.with_database(name.to_owned()) } else { server.with_schema(name) };
        server.sql(statements);
        server
    }

    /// A database and a login that may only read it.
    fn with_database(mut self, name: String) -> Self {
        self.ask(Some("master"), &[format!("CREATE DATABASE [{name}]")]);
        // From here on it is dropped, whatever happens.
        self.database = name;
        let name = &self.database;
        if !self.is_babelfish() {
            self.ask(Some("master"), &[format!("ALTER DATABASE [{name}] SET ALLOW_SNAPSHOT_ISOLATION ON")]);
        }
        self.ask(Some("master"), &[format!("CREATE LOGIN [{name}] WITH PASSWORD = '{PASSWORD}'")]);
        let reader = [
            format!("CREATE USER [{name}] FOR LOGIN [{name}]"),
            format!("ALTER ROLE [db_datareader] ADD MEMBER [{name}]"),
        ];
        self.ask(Some(name), &reader);
        self
    }

    /// A schema in the login's own database.
    fn with_schema(mut self, name: &str) -> Self {
        let told = self.ask(self.named.database.as_deref(), &["SELECT DB_NAME() AS name".to_owned()]);
        told[0][0][0].as_str().expect("a name").clone_into(&mut self.database);
        self.room = Room::Schema(name.to_owned());
        let of_the_server = ["master", "tempdb", "model", "msdb"].contains(&self.database.as_str());
        assert!(
            !of_the_server,
            "`{}` is the server's own: name a database of the login in POCKETDOCKET_TEST_SQLSERVER_DATABASE",
            self.database
        );
        self.ask(Some(&self.database), &[format!("CREATE SCHEMA [{name}]")]);
        self
    }

    /// Whether the login may make a database and a login.
    fn may_make_databases(&self) -> bool {
        let wanted = self.named.database.as_deref();
        let asked = |sql: &str| self.ask(wanted, &[sql.to_owned()])[0][0][0].as_i64() == Some(1);
        // Babelfish tells of no rights of the server, and of who runs it alone.
        asked("SELECT CAST(IS_SRVROLEMEMBER('sysadmin') AS int) AS may")
            || !self.is_babelfish()
                && asked(
                    "SELECT CAST(HAS_PERMS_BY_NAME(NULL, NULL, 'CREATE ANY DATABASE') \
                     & HAS_PERMS_BY_NAME(NULL, NULL, 'ALTER ANY LOGIN') AS int) AS may",
                )
    }

    /// Whether something can be tried that takes more than a login; says so where it cannot.
    pub(super) fn may(&self, what: &str) -> bool {
        let may = matches!(self.room, Room::Database);
        if !may {
            say(&format!("not tried: {what}: the login may not make a database and a login of its own"));
        }
        may
    }

    /// Whether it is Babelfish, which does not do all that SQL Server does.
    pub(crate) fn is_babelfish(&self) -> bool {
        let version = "SELECT @@VERSION AS version".to_owned();
        self.ask(self.named.database.as_deref(), &[version]).to_string().contains("Babelfish")
    }

    /// Whether the way to it is encrypted.
    pub(super) fn is_encrypted(&self) -> bool {
        self.named.authority.is_some()
    }

    /// Runs statements where the tables are; they stand between semicolons at the ends of lines.
    pub(crate) fn sql(&self, statements: &str) -> Value {
        let statements: Vec<String> = self.placed(statements).split(";\n").map(str::to_owned).collect();
        self.ask(Some(&self.database), &statements)
    }

    /// Ends the sessions of the login that reads.
    pub(super) fn end_sessions(&self) {
        let reader = &self.database;
        let ours = format!("SELECT session_id FROM sys.dm_exec_sessions WHERE login_name = '{reader}'");
        for row in self.ask(Some("master"), &[ours])[0].as_array().expect("rows") {
            self.ask(Some("master"), &[format!("KILL {}", row[0])]);
        }
    }

    /// Statements or a mapping, with the schema's name where it belongs.
    fn placed(&self, text: &str) -> String {
        text.replace("{schema}", &format!("[{}]", self.schema()))
    }

    fn schema(&self) -> &str {
        match &self.room {
            Room::Database => "dbo",
            Room::Schema(schema) => schema,
        }
    }

    /// A table as `practice probe` lists it.
    pub(super) fn listed(&self, table: &str) -> String {
        match &self.room {
            Room::Database => table.to_owned(),
            Room::Schema(schema) => format!("{schema}.{table}"),
        }
    }

    fn ask(&self, database: Option<&str>, statements: &[String]) -> Value {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join("target/conformance/bin/python");
        let question = json!({"host": self.named.host, "port": self.named.port, "login": self.named.login,
            "password": self.named.password, "database": database, "authority": self.named.authority,
            "statements": statements});
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

    /// Settings of whoever reads: a login that can do nothing else, if one could be made.
    pub(crate) fn settings(&self, mapping: &str, change: impl FnOnce(&mut ServerSettings)) -> Settings {
        let file = self.folder.path().join("mapping.toml");
        std::fs::write(&file, self.placed(mapping)).expect("written");
        let tls = if self.is_encrypted() { Tls::Verify } else { Tls::Off };
        let user = if matches!(self.room, Room::Database) { &self.database } else { &self.named.login };
        let mut server = ServerSettings {
            host: self.named.host.clone(),
            port: Some(self.named.port),
            database: self.database.clone(),
            user: user.clone(),
            tls,
            ca_file: self.named.authority.clone(),
            ..ServerSettings::default()
        };
        change(&mut server);
        Settings::on_server(file.display().to_string(), server, SourceZone::named("Europe/Berlin").expect("a zone"))
    }

    pub(super) fn source(&self, queries: &str) -> Arc<dyn Source> {
        let mapping = format!(
            "[practice]\nname = \"Test\"\nconnector = \"sqlserver\"\n[people]\nsql = \"SELECT 'weber' AS id\"\n{queries}"
        );
        self.open(&self.settings(&mapping, |_| {}))
    }

    pub(crate) fn open(&self, settings: &Settings) -> Arc<dyn Source> {
        sources::open_with(settings, self.secret()).expect("a good mapping")
    }

    /// The password of whoever reads.
    pub(crate) fn secret(&self) -> Secret {
        let password = if matches!(self.room, Room::Database) { PASSWORD } else { &self.named.password }.to_owned();
        Arc::new(move || Ok(Some(SecretString::from(password.clone()))))
    }

    fn clear(&self) {
        match &self.room {
            Room::Database if self.database.is_empty() => {}
            Room::Database => {
                let name = &self.database;
                if !self.is_babelfish() {
                    let alone = format!("ALTER DATABASE [{name}] SET SINGLE_USER WITH ROLLBACK IMMEDIATE");
                    self.ask(Some("master"), &[alone]);
                }
                self.ask(Some("master"), &[format!("DROP DATABASE [{name}]"), format!("DROP LOGIN [{name}]")]);
            }
            Room::Schema(schema) => {
                let tables =
                    format!("SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = '{schema}'");
                let tables = self.ask(Some(&self.database), &[tables]);
                let rows = tables[0].as_array().expect("rows").iter();
                let names = rows.filter_map(|row| row[0].as_str());
                let mut drops: Vec<String> = names.map(|name| format!("DROP TABLE [{schema}].[{name}]")).collect();
                drops.push(format!("DROP SCHEMA [{schema}]"));
                self.ask(Some(&self.database), &drops);
            }
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // A test that failed leaves nothing behind either; what cannot be dropped is said by python-tds.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.clear()));
    }
}

#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn say(what: &str) {
    eprintln!("{what}");
}
