//! Rows of a practice database, with cells of any type that mean anything or nothing. Through a real database, as always.

use std::{
    path::PathBuf,
    sync::{LazyLock, Mutex},
};

use pocketdocket::{
    ports::{Portion, QueryRead, Source},
    sources::{self, Settings, SourceZone},
};
use rusqlite::{Connection, params_from_iter, types::Value};
use tokio::runtime::Runtime;

const MAPPING: &str = r#"
[practice]
name = "Anything"
connector = "sqlite"
[people]
sql = "SELECT 'AB' AS id, 'Anna Berg' AS name, 'anna@example.org' AS email, 1 AS active"
[[contacts]]
audience = "everyone"
sql = "SELECT a AS key, b AS surname, c AS email_1, d AS mobile_phone, e AS birthday, f AS business_street, g AS notes, h AS categories FROM anything"
convert = { notes = "html-to-text" }
[[events]]
sql = "SELECT a AS key, b AS person, c AS start, d AS end, e AS subject, f AS location, g AS all_day, h AS private FROM anything"
[[tasks]]
sql = "SELECT a AS key, 'AB' AS person, b AS subject, c AS start_date, d AS due_date, e AS status, f AS percent_complete, g AS importance, h AS changed FROM anything"
"#;

struct World {
    writer: Mutex<Connection>,
    source: std::sync::Arc<dyn Source>,
    runtime: Runtime,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let folder: PathBuf = std::env::temp_dir().join(format!("pocketdocket-fuzz-rows-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let (mapping, database) = (folder.join("mapping.toml"), folder.join("practice.db"));
    std::fs::write(&mapping, MAPPING).expect("a file");
    let _ = std::fs::remove_file(&database);
    let writer = Connection::open(&database).expect("a database");
    writer
        .execute_batch(
            "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; CREATE TABLE anything (a, b, c, d, e, f, g, h);",
        )
        .expect("a table");
    let zone = SourceZone::named("Europe/Berlin").expect("compiled in");
    let settings = Settings::new(mapping.to_string_lossy(), database, zone);
    let source = sources::open(&settings).unwrap_or_else(|failure| panic!("{}", failure.chain()));
    World { writer: Mutex::new(writer), source, runtime: Runtime::new().expect("a runtime starts") }
});

/// One row of eight cells, read as a contact, an event and a task. Cells are separated by a NUL; the first byte is the type.
pub fn rows(data: &[u8]) {
    let mut cells: Vec<Value> = data.split(|byte| *byte == 0).take(8).map(cell).collect();
    cells.resize(8, Value::Null);
    let writer = WORLD.writer.lock().expect("nobody panics with it");
    writer.execute("DELETE FROM anything", []).expect("a writable table");
    writer
        .execute("INSERT INTO anything VALUES (?, ?, ?, ?, ?, ?, ?, ?)", params_from_iter(cells))
        .expect("a writable table");
    let queries = WORLD.source.queries();
    let wanted = queries.iter().map(|query| (query.kind, query.name.clone(), QueryRead::Content)).collect();
    WORLD.runtime.block_on(async {
        let mut reading = WORLD.source.read(wanted).await.expect("the database can be read");
        let mut complete = false;
        while let Some(portion) = reading.recv().await {
            match portion {
                Ok(Portion::Complete) => complete = true,
                Ok(_) => {}
                Err(failure) => panic!("a row made the whole read fail: {}", failure.chain()),
            }
        }
        assert!(complete, "the reading ended without its end");
    });
}

fn cell(bytes: &[u8]) -> Value {
    let (kind, rest) = bytes.split_first().unwrap_or((&b'n', &[]));
    let text = || String::from_utf8_lossy(rest).into_owned();
    match kind {
        b'n' => Value::Null,
        b'i' => Value::Integer(text().parse().unwrap_or(rest.len() as i64)),
        b'r' => Value::Real(text().parse().unwrap_or(0.5)),
        b'b' => Value::Blob(rest.to_vec()),
        _ => Value::Text(text()),
    }
}
