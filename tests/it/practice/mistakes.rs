//! Every mistake that the guide to mappings names is answered by `practice preview` as the guide says.

use std::{error::Error, path::Path};

use pocketdocket::{
    ports::Failure,
    sources::{self, Preview},
};

use super::preview::in_folder;
use crate::repository;

/// The people, and a table of each sort of row; one row of tasks and one of events that are right.
const SCHEMA: &str = "
    CREATE TABLE people (id TEXT);
    CREATE TABLE tasks (id, person, subject, due, state, secret, day);
    CREATE TABLE events (id, person, starts, ends);
    CREATE TABLE contacts (id, mail);
    INSERT INTO people VALUES ('AB');
    INSERT INTO tasks VALUES (1, 'AB', 'Appeal', '2026-07-10', 'not-started', 0, 82518);
    INSERT INTO events VALUES (1, 'AB', '2026-07-01 10:00', '2026-07-01 11:00');
    INSERT INTO contacts VALUES (1, 'erika@example.org');
";

const MAPPING: &str = r#"
[practice]
name = "Office"
connector = "sqlite"
[people]
sql = "SELECT id FROM people"
[[tasks]]
sql = """
SELECT id AS key, person AS person, subject AS subject, due AS due_date, state AS status, secret AS private
FROM tasks"""
[[events]]
sql = "SELECT id AS key, person AS person, starts AS start, ends AS end FROM events"
[[contacts]]
audience = "everyone"
sql = "SELECT id AS key, mail AS email_1 FROM contacts"
"#;

/// What is done to the mapping (this instead of that) or to the database, in the order of the guide's table.
const MISTAKES: [Mistake; 25] = [
    Mistake::Mapping("AS subject", "AS subjekt"),
    Mistake::Mapping("id AS key, person AS person, subject", "person AS person, subject"),
    Mistake::Mapping("person AS person, subject", "subject"),
    Mistake::Mapping("starts AS start, ", ""),
    Mistake::Mapping("due AS due_date", "due AS subject"),
    Mistake::Mapping("subject AS subject", "wat AS subject"),
    Mistake::Mapping("FROM tasks", "FORM tasks"),
    Mistake::Mapping("SELECT id FROM people", "DELETE FROM people"),
    Mistake::Mapping("FROM tasks\"\"\"", "FROM tasks\"\"\"\nconvert.due_date = \"clarion\""),
    Mistake::Mapping("FROM tasks\"\"\"", "FROM tasks\"\"\"\nconvert.subject = \"clarion-date\""),
    Mistake::Mapping(
        ", state AS status, secret AS private\nFROM tasks\"\"\"",
        "\nFROM tasks\"\"\"\nvalues.status = { x = \"done\" }",
    ),
    Mistake::Mapping("FROM tasks", "FROM {schema}.tasks"),
    Mistake::Row("UPDATE tasks SET id = NULL"),
    Mistake::Row("INSERT INTO tasks VALUES (1, 'AB', 'Another', '2026-07-10', 'not-started', 0, 1)"),
    Mistake::Row("INSERT INTO tasks SELECT * FROM tasks"),
    Mistake::Row("UPDATE tasks SET person = 'XY'"),
    Mistake::Row("UPDATE tasks SET due = '10.7.2026'"),
    Mistake::Row("UPDATE tasks SET due = 82518"),
    Mistake::Both(
        "FROM tasks\"\"\"",
        "FROM tasks\"\"\"\nconvert.due_date = \"clarion-date\"",
        "UPDATE tasks SET due = 99999999",
    ),
    Mistake::Row("UPDATE events SET starts = '0000-00-00 00:00:00'"),
    Mistake::Row("UPDATE events SET ends = '2026-07-01 09:00'"),
    Mistake::Row("UPDATE tasks SET secret = NULL"),
    Mistake::Row("UPDATE tasks SET state = 'offen'"),
    Mistake::Row("UPDATE contacts SET mail = 'erika'"),
    Mistake::Row("UPDATE tasks SET subject = printf('%.300c', 'x')"),
];

#[derive(Clone, Copy, Debug)]
enum Mistake {
    Mapping(&'static str, &'static str),
    Row(&'static str),
    Both(&'static str, &'static str, &'static str),
}

/// What the guide's table says that preview answers, in its order.
fn promised() -> Vec<String> {
    let path = repository::root().join("docs/guides/writing-a-mapping.md");
    let guide = std::fs::read_to_string(path).expect("the guide");
    let table = guide.split_once("| The mistake | The answer |").expect("the table").1;
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        row.split_once("| `` ")
            .map(|(_, answer)| answer)
            .and_then(|rest| rest.strip_suffix(" `` |"))
            .expect("an answer")
            .to_owned()
    })
    .collect()
}

async fn answer(folder: &Path) -> String {
    let chain = |failure: Failure| {
        let mut text = failure.to_string();
        let mut cause = failure.source();
        while let Some(error) = cause {
            text = format!("{text}\n{error}");
            cause = error.source();
        }
        text
    };
    match sources::open(&in_folder(folder, "Europe/Berlin")) {
        Err(failure) => chain(failure),
        Ok(source) => match Preview::take(source.as_ref()).await {
            Err(failure) => chain(failure),
            Ok(preview) => preview.text(0),
        },
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mistake_of_the_guide_is_answered_as_it_says() {
    let promised = promised();
    assert_eq!(promised.len(), MISTAKES.len(), "the guide's table and the mistakes of this test belong together");
    for (mistake, promise) in MISTAKES.iter().zip(promised) {
        let folder = tempfile::tempdir().expect("a folder");
        let database = rusqlite::Connection::open(folder.path().join("practice.db")).expect("a database");
        database.execute_batch(SCHEMA).expect("a schema");
        std::fs::write(folder.path().join("mapping.toml"), MAPPING).expect("written");
        let fine = answer(folder.path()).await;
        assert!(fine.contains("Problems: 0"), "{fine}");
        if let Mistake::Mapping(right, wrong) | Mistake::Both(right, wrong, _) = mistake {
            assert!(MAPPING.contains(right), "{right}");
            std::fs::write(folder.path().join("mapping.toml"), MAPPING.replace(right, wrong)).expect("written");
        }
        if let Mistake::Row(statement) | Mistake::Both(_, _, statement) = mistake {
            database.execute_batch(statement).expect("valid SQL");
        }
        let answer = answer(folder.path()).await;
        assert!(answer.contains(&promise), "{mistake:?}\nis answered by\n{answer}\nand not by\n{promise}");
    }
}
