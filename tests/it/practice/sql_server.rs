//! Time Matters on a real SQL Server, where one is named: what is learned of it is what is learned of a file, and the phones show the same.

use std::sync::Arc;

use pocketdocket::sources::{Connector, Settings};
use secrecy::SecretString;

use super::{
    office::{Office, read},
    time_matters,
};
use crate::{connectors::sqlserver::live::Live, servers::PASSWORD};

const STAFF: [&str; 3] = ["AB", "CD", "EF"];

/// The fixture as T-SQL: names that are words of the language stand in brackets.
fn fixture() -> String {
    let quoted = |(place, part): (usize, &str)| if place % 2 == 1 { format!("[{part}]") } else { part.to_owned() };
    time_matters::fixture().split('`').enumerate().map(quoted).collect()
}

/// Synced twice; what is on the phones.
async fn phones(settings: &Settings) -> Vec<[u64; 3]> {
    let office = Office::of(settings, &STAFF).await;
    office.first_sync().await;
    office.second_run_writes_nothing().await;
    STAFF.iter().map(|person| office.on_phone(person)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn time_matters_is_on_the_phones_from_a_file_and_from_sql_server_alike() {
    let folder = tempfile::tempdir().expect("a folder");
    let (settings, _, here) = time_matters::from_sqlite(folder.path()).await;
    let from_file = phones(&settings).await;
    assert_eq!(from_file, [[11, 3, 2], [1, 1, 1], [3, 5, 0]], "events, tasks and contacts");

    let Some(live) = Live::with("tm", &fixture()) else { return };
    let settings = live.settings("", |_| {});
    let secret = || Ok(Some(SecretString::from(PASSWORD)));
    time_matters::learn(&settings, Connector::SqlServer, Arc::new(secret)).await;
    let there = read(&settings).await;
    time_matters::is_right(&there);
    time_matters::are_the_same(&there, &here);
    assert_eq!(phones(&settings).await, from_file);
}
