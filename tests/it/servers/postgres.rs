//! PostgreSQL: how its server is made, run and asked. It refuses to run as root: then it runs as the account `postgres`, which
//! its package makes.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::{Sort, bound_to_us, finish, is_root, program, serves_what_tests_need};

/// The accounts, made once; the database is made right after them.
pub(super) const ACCOUNTS: &str = "
    CREATE ROLE reader LOGIN PASSWORD '{password}';
    CREATE ROLE writer LOGIN PASSWORD '{password}';
    CREATE DATABASE practice ENCODING 'UTF8' TEMPLATE template0;
    \\connect practice
    GRANT USAGE ON SCHEMA public TO reader;
    GRANT USAGE, CREATE ON SCHEMA public TO writer;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO reader;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO writer;
";

/// Who may come in: the administrator by the socket, the others with a password.
const ENTRY: &str = "local all postgres trust\nlocal all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n";

fn tool(name: &str) -> PathBuf {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.filter_map(Result::ok).map(|entry| entry.path().join("bin").join(name)).collect())
        .unwrap_or_default();
    versions.sort();
    versions.reverse();
    versions.push(Path::new("/usr/bin").join(name));
    program(&versions, "postgresql")
}

fn user() -> Option<&'static str> {
    is_root().then_some("postgres")
}

pub(super) fn prepare(folder: &Path) {
    let made = std::fs::write(folder.join("entry"), ENTRY);
    made.expect("written");
    if let Some(user) = user() {
        finish(Command::new("chown").args(["-R", user]).arg(folder), "give the folder to `postgres`");
    }
    finish(Command::new("chmod").arg("600").arg(folder.join("server.key")), "keep the key private");
    let mut command = bound_to_us(&tool("initdb"), user());
    command.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--pgdata"]);
    finish(command.arg(folder.join("data")), "make the folder of a PostgreSQL");
}

pub(super) fn server(folder: &Path, port: u16) -> Command {
    let mut command = bound_to_us(&tool("postgres"), user());
    command.arg("-D").arg(folder.join("data")).arg("-p").arg(port.to_string());
    let path = |name: &str| folder.join(name).display().to_string();
    let settings = [
        ("unix_socket_directories", path("")),
        ("hba_file", path("entry")),
        ("ssl_cert_file", path("server.pem")),
        ("ssl_key_file", path("server.key")),
        ("ssl", "on".to_owned()),
        ("listen_addresses", "127.0.0.1".to_owned()),
        ("fsync", "off".to_owned()),
    ];
    for (name, value) in settings {
        command.arg("-c").arg(format!("{name}={value}"));
    }
    command
}

pub(super) fn client(socket: &Path, port: u16, database: &str) -> Command {
    let mut command = Command::new("psql");
    command.args([
        "--no-psqlrc",
        "--quiet",
        "--tuples-only",
        "--no-align",
        "--field-separator=\t",
        "--username=postgres",
    ]);
    command.args(["--set=ON_ERROR_STOP=1", "--port"]).arg(port.to_string());
    command.arg(format!("--host={}", socket.display())).arg(format!("--dbname={database}"));
    command.env("PGCLIENTENCODING", "UTF8");
    command
}

#[test]
fn a_postgresql_serves_what_tests_need() {
    serves_what_tests_need(Sort::Postgres);
}
