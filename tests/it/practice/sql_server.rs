//! The template for Time Matters on a real SQL Server, where one is named: the phones show what they show from a file.

use pocketdocket::sources::Settings;

use super::{
    office::{Office, read},
    preview::in_folder,
    time_matters,
};
use crate::connectors::sqlserver::live::Live;

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
    let database = rusqlite::Connection::open(folder.path().join("practice.db")).expect("a database");
    database.execute_batch(&time_matters::fixture()).expect("the fixture");
    std::fs::write(folder.path().join("mapping.toml"), time_matters::finished("sqlite")).expect("written");
    let mut settings = in_folder(folder.path(), "Europe/Berlin");
    settings.placeholders.insert("schema".to_owned(), "main".to_owned());
    let from_file = phones(&settings).await;
    assert_eq!(from_file, [[7, 3, 2], [0, 1, 1], [1, 5, 0]], "events, tasks and contacts");

    let Some(live) = Live::with("tm", &fixture()) else { return };
    let mut settings = live.settings(&time_matters::finished("sqlserver"), |_| {});
    settings.placeholders.insert("schema".to_owned(), "dbo".to_owned());
    time_matters::is_right(&read(&settings).await);
    assert_eq!(phones(&settings).await, from_file);
}
