//! Microsoft SQL Server. No such server can be installed on the machines that run these tests, so they come in two parts: what the
//! connector makes of answers, against a scripted server that speaks the little of the protocol that is needed, also with the tables
//! of a file behind it (`backed`); and everything, against a real server, where one is named (`live`).

pub(crate) mod backed;
pub(crate) mod live;
mod reading;
mod scripted;
mod types;
mod way_in;

use std::sync::Arc;

use pocketdocket::sources::{self, ServerSettings, Settings, SourceZone, Tls};
use secrecy::SecretString;
use tempfile::TempDir;

use self::scripted::{Said, Value};

const QUERY: &str = "[[tasks]]\nsql = \"SELECT id AS [key], 'weber' AS person, title AS subject FROM files\"\n";

/// Settings for a server on this machine, in the clear unless changed, and the folder that their mapping lies in.
pub(crate) fn settings(port: u16, queries: &str, change: impl FnOnce(&mut ServerSettings)) -> (Settings, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let mapping = folder.path().join("mapping.toml");
    let text = format!(
        "[practice]\nname = \"Test\"\nconnector = \"sqlserver\"\n[people]\nsql = \"SELECT 'weber' AS id\"\n{queries}"
    );
    std::fs::write(&mapping, text).expect("written");
    let mut server = ServerSettings {
        host: "localhost".to_owned(),
        port: Some(port),
        database: "practice".to_owned(),
        user: "reader".to_owned(),
        tls: Tls::Off,
        ..ServerSettings::default()
    };
    change(&mut server);
    let zone = SourceZone::named("Europe/Berlin").expect("a zone");
    (Settings::on_server(mapping.display().to_string(), server, zone), folder)
}

fn open(settings: &Settings) -> Arc<dyn pocketdocket::ports::Source> {
    let secret = || Ok(Some(SecretString::from("Drei Akten")));
    sources::open_with(settings, Arc::new(secret)).unwrap_or_else(|failure| panic!("{}", failure.chain()))
}

/// What a healthy server with one task says.
fn usual(statement: &str) -> Said {
    let one = |column, value| Said::Rows(vec![column], vec![vec![value]]);
    if statement.starts_with("SET ") || statement.starts_with("IF ") {
        Said::Done
    } else if statement.contains("snapshot_isolation_state") {
        one("state", Value::Number(1))
    } else if statement.contains("MIN_ACTIVE_ROWVERSION") {
        one("lowest", Value::Bytes([0, 0, 0, 0, 0, 0, 0, 9]))
    } else if statement.contains("CHANGE_TRACKING_CURRENT_VERSION() AS") {
        Said::Error(195, "'CHANGE_TRACKING_CURRENT_VERSION' is not a recognized built-in function name.")
    } else if statement.contains("AS clock") {
        one("clock", Value::Number(849_000_000))
    } else if statement.contains("SERVERPROPERTY") {
        let values = vec![Value::Text("16.0.4135.4"), Value::Text("Express Edition (64-bit)")];
        Said::Rows(vec!["version", "edition"], vec![values])
    } else if statement.contains("AS rights") {
        one("rights", Value::Number(0))
    } else if statement.contains("INFORMATION_SCHEMA.TABLES") {
        one("name", Value::Text("files"))
    } else if statement.contains("INFORMATION_SCHEMA.COLUMNS") {
        Said::Rows(vec!["place", "name", "sort"], Vec::new())
    } else if statement.starts_with("SELECT TOP (0)") && statement.contains("'weber' AS id") {
        Said::Rows(vec!["id"], Vec::new())
    } else if statement.contains("'weber' AS id") {
        one("id", Value::Text("weber"))
    } else if statement.starts_with("SELECT TOP (0)") {
        Said::Rows(vec!["key", "person", "subject"], Vec::new())
    } else {
        let row = vec![Value::Number(7), Value::Text("weber"), Value::Text("Müller ./. Maier")];
        Said::Rows(vec!["key", "person", "subject"], vec![row])
    }
}
