//! MariaDB: how its server is made, run and asked.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::{Sort, bound_to_us, finish, is_root, program, serves_what_tests_need};

/// The database and the accounts, made once.
pub(super) const ACCOUNTS: &str = "
    CREATE DATABASE practice CHARACTER SET utf8mb4;
    CREATE USER 'reader'@'%' IDENTIFIED BY '{password}';
    CREATE USER 'writer'@'%' IDENTIFIED BY '{password}';
    GRANT SELECT, SHOW VIEW ON practice.* TO 'reader'@'%';
    GRANT ALL PRIVILEGES ON practice.* TO 'writer'@'%';
";

pub(super) fn prepare(folder: &Path) {
    let install = program(&[PathBuf::from("/usr/bin/mariadb-install-db")], "mariadb-server");
    let mut command = Command::new(install);
    command.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
    command.arg(format!("--datadir={}", folder.join("data").display()));
    // Two that are made at the same time must not meet in /tmp.
    command.arg(format!("--tmpdir={}", folder.display()));
    command.args(as_root());
    finish(&mut command, "make the folder of a MariaDB");
}

pub(super) fn server(folder: &Path, port: u16) -> Command {
    let places = ["/usr/sbin/mariadbd", "/usr/bin/mariadbd", "/usr/libexec/mariadbd"].map(PathBuf::from);
    let mut command = bound_to_us(&program(&places, "mariadb-server"), None);
    let path = |name: &str| folder.join(name).display().to_string();
    command.arg("--no-defaults").args(as_root());
    command.arg(format!("--datadir={}", path("data")));
    command.arg(format!("--tmpdir={}", folder.display()));
    command.arg(format!("--socket={}", path("server.sock")));
    command.arg(format!("--pid-file={}", path("server.pid")));
    command.arg(format!("--ssl-cert={}", path("server.pem")));
    command.arg(format!("--ssl-key={}", path("server.key")));
    command.arg(format!("--port={port}"));
    command.args([
        "--bind-address=127.0.0.1",
        "--skip-name-resolve",
        "--skip-log-bin",
        "--character-set-server=utf8mb4",
    ]);
    command.args(["--innodb-buffer-pool-size=16M", "--innodb-flush-log-at-trx-commit=0", "--performance-schema=OFF"]);
    command
}

pub(super) fn client(socket: &Path, database: &str) -> Command {
    let mut command = Command::new("mariadb");
    command.args(["--no-defaults", "--user=root", "--batch", "--skip-column-names", "--default-character-set=utf8mb4"]);
    command.arg(format!("--socket={}", socket.display()));
    if !database.is_empty() {
        command.arg(database);
    }
    command
}

fn as_root() -> Option<&'static str> {
    is_root().then_some("--user=root")
}

#[test]
fn a_mariadb_serves_what_tests_need() {
    serves_what_tests_need(Sort::MariaDb);
}
