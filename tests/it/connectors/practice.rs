//! A practice database on a server, and a mapping to it.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex},
};

use pocketdocket::{
    domain::{Field, Kind, QueryName, Value},
    ports::{Failure, Portion, QueryRead, Source},
    sources::{self, Preview, ServerSettings, Settings, SourceZone, Tls},
};
use secrecy::SecretString;
use tempfile::TempDir;

use crate::servers::{PASSWORD, Server, Sort};

/// A server with a practice in it.
pub(crate) struct Practice {
    pub(crate) server: Server,
    folder: TempDir,
    /// What the account's password is believed to be.
    pub(crate) password: Arc<Mutex<String>>,
}

impl Practice {
    /// A new server; these statements make the tables.
    pub(crate) fn on(sort: Sort, statements: &str) -> Self {
        let server = Server::start(sort);
        server.sql(statements);
        Self {
            server,
            folder: tempfile::tempdir().expect("a folder"),
            password: Arc::new(Mutex::new(PASSWORD.to_owned())),
        }
    }

    pub(crate) fn connector(&self) -> &'static str {
        match self.server.sort {
            Sort::MariaDb => "mysql",
            Sort::Postgres => "postgres",
        }
    }

    /// Settings that name this mapping; the account is one that can only read.
    pub(crate) fn settings(&self, queries: &str) -> Settings {
        let file = self.folder.path().join("mapping.toml");
        let mapping = format!(
            "[practice]\nname = \"Test\"\nconnector = \"{}\"\n[people]\nsql = \"SELECT 'weber' AS id\"\n{queries}",
            self.connector()
        );
        std::fs::write(&file, mapping).expect("written");
        let server = ServerSettings {
            host: "localhost".to_owned(),
            port: Some(self.server.port()),
            database: "practice".to_owned(),
            user: "reader".to_owned(),
            tls: Tls::Verify,
            ca_file: Some(self.server.ca_file()),
            ..ServerSettings::default()
        };
        let zone = SourceZone::named("Europe/Berlin").expect("a zone");
        Settings::on_server(file.display().to_string(), server, zone)
    }

    pub(crate) fn open(&self, settings: &Settings) -> Arc<dyn Source> {
        let password = Arc::clone(&self.password);
        let secret = move || Ok(Some(SecretString::from(password.lock().expect("not poisoned").clone())));
        sources::open_with(settings, Arc::new(secret)).unwrap_or_else(|failure| panic!("{}", failure.chain()))
    }

    pub(crate) fn source(&self, queries: &str) -> Arc<dyn Source> {
        self.open(&self.settings(queries))
    }

    /// What each expression over a table becomes in a column, or what is said to be wrong with it.
    pub(crate) async fn told(&self, table: &str, column: &str, expressions: &[&str]) -> Vec<String> {
        let key = if self.server.sort == Sort::MariaDb { "`key`" } else { "key" };
        let queries = expressions.iter().enumerate().fold(String::new(), |mut queries, (number, expression)| {
            let _ = writeln!(
                queries,
                "[[tasks]]\nname = \"t{number}\"\nsql = '''SELECT 'k' AS {key}, 'weber' AS person, 'T' AS subject, \
                 {expression} AS {column} FROM {table}'''"
            );
            queries
        });
        let preview = Preview::take(self.source(&queries).as_ref()).await;
        let preview = preview.unwrap_or_else(|failure| panic!("{}", failure.chain()));
        (0..expressions.len())
            .map(|number| {
                let name = QueryName(format!("t{number}"));
                if let Some(problem) = preview.problems.iter().find(|problem| problem.query == name) {
                    assert_eq!(problem.column.as_deref(), Some(column), "the problem names its column");
                    return format!("problem: {}", problem.what);
                }
                let record = preview.records.iter().find(|record| record.key.query == name).expect("a record");
                match column {
                    "done" => record.done.to_string(),
                    _ => record
                        .record
                        .fields
                        .iter()
                        .find_map(|(field, value)| shown(*field, value.as_ref()))
                        .unwrap_or_default(),
                }
            })
            .collect()
    }
}

fn shown(field: Field, value: Option<&Value>) -> Option<String> {
    match (field, value) {
        (Field::Subject, _) => None,
        (_, Some(Value::Text(text))) => Some(text.reveal().clone()),
        (_, Some(Value::Date(date))) => Some(date.to_string()),
        _ => None,
    }
}

/// Everything that a reading says.
pub(crate) async fn read(source: &dyn Source, how: QueryRead) -> Result<Vec<Portion>, Failure> {
    let queries = source.queries().iter().map(|query| (query.kind, query.name.clone(), how.clone())).collect();
    let mut reading = source.read(queries).await?;
    let mut portions = Vec::new();
    while let Some(portion) = reading.recv().await {
        portions.push(portion?);
    }
    assert!(matches!(portions.last(), Some(Portion::Complete)), "a reading without a failure is complete");
    Ok(portions)
}

/// How many rows of a kind came.
pub(crate) fn rows_of(portions: &[Portion], kind: Kind) -> usize {
    let rows = |portion: &Portion| match portion {
        Portion::Rows(of, _, rows) if *of == kind => rows.len(),
        _ => 0,
    };
    portions.iter().map(rows).sum()
}
