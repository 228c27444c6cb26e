//! Time Matters on SQL Server: what is learned of it is what is learned of a file, and the phones show the same. Over the wire from a
//! scripted server with the fixture behind it; and from a real one, where one is named.

use std::sync::Arc;

use pocketdocket::{
    ports::Source,
    sources::{self, Connector},
};
use secrecy::SecretString;

use super::{
    office::{Office, open, read_of},
    time_matters,
};
use crate::{
    conformance,
    connectors::sqlserver::{
        self,
        backed::on_sqlite,
        live::{Live, Named},
    },
    servers::PASSWORD,
};

const STAFF: [&str; 3] = ["AB", "CD", "EF"];

/// Events, tasks and contacts of each of the staff.
pub(super) const PHONES: [[u64; 3]; 3] = [[11, 3, 2], [1, 1, 1], [3, 5, 0]];

/// The fixture as T-SQL: names that are words of the language stand in brackets, texts may be of any language.
fn fixture() -> String {
    let quoted = |(place, part): (usize, &str)| if place % 2 == 1 { format!("[{part}]") } else { part.to_owned() };
    let sql: String = time_matters::fixture().split('`').enumerate().map(quoted).collect();
    ["CREATE TABLE ", "INSERT INTO "]
        .iter()
        .fold(sql, |sql, made| sql.replace(made, &format!("{made}{{schema}}.")))
        .replace(" VARCHAR(", " NVARCHAR(")
        .replace("'Zürich'", "N'Zürich'")
}

/// An office that has read a practice twice. What it has is on the phones, and the second time nothing was written.
pub(super) async fn synced(practice: Arc<dyn Source>) -> Office {
    let office = Office::reading(practice, &STAFF).await;
    office.first_sync().await;
    assert!(office.writes() > 0);
    office.second_run_writes_nothing().await;
    assert_eq!(STAFF.map(|person| office.on_phone(person)), PHONES);
    office
}

#[tokio::test(flavor = "multi_thread")]
async fn time_matters_is_on_the_phones_from_a_file_and_over_the_wire_alike() {
    let folder = tempfile::tempdir().expect("a folder");
    let (from_file, _, here) = time_matters::from_sqlite(folder.path()).await;
    synced(open(&from_file)).await;

    let (port, _) = on_sqlite(folder.path().join("practice.db"), "lntmu11");
    let (settings, _folder) = sqlserver::settings(port, "", |_| {});
    let secret: sources::Secret = Arc::new(|| Ok(Some(SecretString::from(PASSWORD))));
    let findings = time_matters::learn(&settings, Connector::SqlServer, Arc::clone(&secret)).await;
    assert_eq!(findings.homes[0].schema, "lntmu11");
    let source = sources::open_with(&settings, secret).expect("a good mapping");
    let probe = source.probe().await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    assert!(probe.recognised.iter().any(|sentence| sentence.contains("in the schema `lntmu11`")), "{probe:?}");
    assert!(probe.open_questions.is_empty());
    let there = read_of(source.as_ref()).await;
    time_matters::is_right(&there);
    time_matters::are_the_same(&there, &here);
    let office = synced(source).await;

    // One row that changed is asked for by the pair of day and time, and is one write.
    let database = rusqlite::Connection::open(folder.path().join("practice.db")).expect("a database");
    let change = "UPDATE contact SET last_name = 'Later', m_date = 82510, m_time = 1 WHERE sysid = 'A000000000000001'";
    database.execute_batch(change).expect("changed");
    let before = office.writes();
    office.tick(2).await;
    assert_eq!(office.writes() - before, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn time_matters_is_on_the_phones_from_a_real_server_as_from_a_file() {
    let Some(live) = Live::with("tm", &fixture()) else { return };
    is_on_the_phones(&live).await;
}

/// The suite for a real server, on the scripted one: as a login that owns a database and may make no other one and no login.
#[tokio::test(flavor = "multi_thread")]
async fn a_suite_for_a_real_server_takes_a_login_alone_and_leaves_nothing_behind() {
    if conformance::python("python-tds").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (file, name) = (folder.path().join("behind.db"), Live::called("suite"));
    let (port, asked) = on_sqlite(file.clone(), &name);
    let named = Named {
        host: "localhost".to_owned(),
        port,
        login: "owner".to_owned(),
        password: "Drei Akten".to_owned(),
        authority: None,
        database: None,
    };
    let live = Live::on(named, &name, &fixture());
    is_on_the_phones(&live).await;
    drop(live);
    let left = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'";
    let database = rusqlite::Connection::open(file).expect("a database");
    assert_eq!(database.query_row(left, [], |row| row.get::<_, u32>(0)), Ok(0), "its tables are gone");
    let asked = asked.lock().expect("not poisoned").clone();
    let times = |what: &str| asked.iter().filter(|statement| statement.starts_with(what)).count();
    let name = format!("[{name}]");
    assert_eq!((times(&format!("CREATE SCHEMA {name}")), times(&format!("DROP SCHEMA {name}"))), (1, 1));
    assert_eq!(times("CREATE DATABASE") + times("CREATE LOGIN") + times("CREATE USER") + times("ALTER "), 0);
}

async fn is_on_the_phones(live: &Live) {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, _, here) = time_matters::from_sqlite(folder.path()).await;
    let settings = live.settings("", |_| {});
    time_matters::learn(&settings, Connector::SqlServer, live.secret()).await;
    let source = live.open(&settings);
    let there = read_of(source.as_ref()).await;
    time_matters::is_right(&there);
    time_matters::are_the_same(&there, &here);
    synced(source).await;
}
