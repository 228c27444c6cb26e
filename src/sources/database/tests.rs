use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::{Duration, Instant},
};

use proptest::prelude::*;
use rusqlite::{Connection, params};
use tempfile::TempDir;

use super::*;
use crate::{
    domain::{Audience, RecordKey, SourceRecord},
    ports::{Cursor, Portion, Row},
    sources::{Preview, SourceZone, sample},
};

/// A small practice system with a mapping of its own.
struct Firm {
    directory: TempDir,
}

const MAPPING: &str = r#"
[practice]
name = "Test"
connector = "sqlite"
[people]
sql = "SELECT id FROM people"
[[events]]
sql = "SELECT id AS key, who AS person, at AS start, subject, changed FROM events"
[[tasks]]
sql = "SELECT id AS key, who AS person, subject, changed FROM tasks"
"#;

impl Firm {
    fn new() -> Self {
        let firm = Self { directory: tempfile::tempdir().expect("a directory") };
        firm.write(
            "CREATE TABLE people (id TEXT);
             CREATE TABLE events (id INTEGER PRIMARY KEY, who TEXT, at TEXT, subject TEXT, changed TEXT);
             CREATE TABLE tasks (id INTEGER PRIMARY KEY, who TEXT, subject TEXT, changed TEXT);
             CREATE INDEX events_changed ON events (changed);
             CREATE INDEX tasks_changed ON tasks (changed);
             INSERT INTO people VALUES ('AB'), ('CD');",
        );
        firm.map(MAPPING);
        firm
    }

    fn database(&self) -> PathBuf {
        self.directory.path().join("firm.db")
    }

    fn mapping(&self) -> PathBuf {
        self.directory.path().join("firm.toml")
    }

    fn map(&self, mapping: &str) {
        std::fs::write(self.mapping(), mapping).expect("writes");
    }

    fn connection(&self) -> Connection {
        Connection::open(self.database()).expect("opens")
    }

    /// Runs SQL; `up_to_9` stands for a table of the numbers 1 to 9.
    fn write(&self, sql: &str) {
        let mut sql = sql.to_owned();
        while let Some((before, after)) = sql.split_once("up_to_") {
            let digits = after.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(after.len());
            let (count, rest) = after.split_at(digits);
            let numbers = "WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value <";
            sql = format!("{before}({numbers} {count}) SELECT value FROM n){rest}");
        }
        self.connection().execute_batch(&sql).expect("the test's own SQL");
    }

    fn settings(&self) -> Settings {
        Settings::new(self.mapping().display().to_string(), self.database(), SourceZone::utc())
    }

    fn source(&self) -> Arc<dyn Source> {
        crate::sources::open(&self.settings()).unwrap_or_else(|failure| panic!("{}", failure.chain()))
    }

    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let entries = std::fs::read_dir(self.directory.path()).expect("a directory");
        entries
            .map(|entry| {
                let path = entry.expect("an entry").path();
                let bytes = std::fs::read(&path).expect("a file");
                (path, bytes)
            })
            .collect()
    }
}

fn content() -> Vec<(Kind, QueryName, QueryRead)> {
    let query = |kind, name: &str| (kind, QueryName(name.to_owned()), QueryRead::Content);
    vec![query(Kind::Event, "events"), query(Kind::Task, "tasks")]
}

/// Everything that a reading says, or its failure.
async fn drain(mut reading: Reading) -> Result<Vec<Portion>, Failure> {
    let mut portions = Vec::new();
    while let Some(portion) = reading.recv().await {
        portions.push(portion?);
    }
    Ok(portions)
}

fn rows(portions: &[Portion]) -> impl Iterator<Item = &Row> {
    portions.iter().flat_map(|portion| match portion {
        Portion::Rows(_, _, rows) => rows.as_slice(),
        _ => &[],
    })
}

#[tokio::test]
async fn reading_leaves_the_database_byte_for_byte_as_it_was() {
    let firm = Firm::new();
    firm.write("INSERT INTO tasks VALUES (1, 'AB', 'x', '2026-01-01 00:00:00')");
    let before = firm.files();
    let source = firm.source();
    source.probe().await.expect("probes");
    let portions = drain(source.read(content()).await.expect("reads")).await.expect("reads");
    assert!(matches!(portions.last(), Some(Portion::Complete)));
    assert_eq!(firm.files(), before, "no byte and no file more or less");
}

#[tokio::test]
async fn a_database_in_wal_mode_keeps_its_bytes_and_its_writer_tidies_up() {
    let firm = Firm::new();
    firm.write("PRAGMA journal_mode = WAL; INSERT INTO tasks VALUES (1, 'AB', 'x', NULL)");
    let before = firm.files();
    let portions = drain(firm.source().read(content()).await.expect("begins")).await.expect("reads");
    assert_eq!(rows(&portions).count(), 1);
    let after = firm.files();
    assert_eq!(after.get(&firm.database()), before.get(&firm.database()));
    // SQLite's own helpers for readers may stay beside the file, empty of data, until a writer closes it.
    for (path, bytes) in after.iter().filter(|(path, _)| !before.contains_key(*path)) {
        let name = path.to_string_lossy();
        assert!(name.ends_with("-shm") || name.ends_with("-wal") && bytes.is_empty(), "{name}: {} bytes", bytes.len());
    }
    firm.write("UPDATE tasks SET subject = 'y'");
    assert_eq!(firm.files().keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_statement_that_would_write_is_refused_whatever_it_looks_like() {
    for sql in [
        "WITH x AS (SELECT 1) INSERT INTO tasks (id) SELECT * FROM x",
        "SELECT 1 AS key, 'AB' AS person) AS q; DELETE FROM tasks; SELECT * FROM (SELECT 1",
        "SELECT load_extension('x') AS key, 'AB' AS person",
    ] {
        let firm = Firm::new();
        firm.write("INSERT INTO tasks VALUES (1, 'AB', 'x', NULL)");
        firm.map(&format!(
            "[practice]\nname = \"t\"\nconnector = \"sqlite\"\n[people]\nsql = \"SELECT id FROM people\"\n[[tasks]]\nsql = \"{sql}\"\n"
        ));
        let before = firm.files();
        if let Ok(source) = crate::sources::open(&firm.settings()) {
            let query = vec![(Kind::Task, QueryName("tasks".into()), QueryRead::Content)];
            let outcome = drain(source.read(query).await.expect("begins")).await;
            assert!(outcome.is_err(), "{sql}");
        }
        assert_eq!(firm.files(), before, "{sql}");
    }
}

#[tokio::test]
async fn one_reading_sees_one_state_although_a_writer_commits_in_between() {
    let firm = Firm::new();
    firm.write(
        "PRAGMA journal_mode = WAL;
         INSERT INTO events SELECT value, 'AB', '2026-07-01 10:00', 'old', '2026-01-01 00:00:00' FROM up_to_9000;
         INSERT INTO tasks SELECT value, 'AB', 'old', '2026-01-01 00:00:00' FROM up_to_10;",
    );
    let source = firm.source();
    // The first portion is here, so the transaction has begun; the channel is far too small for the rest.
    let mut reading = source.read(content()).await.expect("begins");
    assert!(matches!(reading.recv().await, Some(Ok(Portion::People(_)))));
    firm.write("UPDATE events SET subject = 'new'; UPDATE tasks SET subject = 'new'; DELETE FROM tasks WHERE id > 5;");
    let portions = drain(reading).await.expect("reads");
    let subjects: BTreeSet<&str> = rows(&portions)
        .filter_map(|row| match row {
            Row::Record { record, .. } => record.record.text(crate::domain::Field::Subject),
            _ => None,
        })
        .collect();
    assert_eq!(subjects, BTreeSet::from(["old"]));
    assert_eq!(rows(&portions).count(), 9010);
}

#[tokio::test]
async fn a_reading_that_breaks_in_the_middle_is_a_failure_and_never_complete() {
    let firm = Firm::new();
    firm.write("INSERT INTO tasks SELECT value, 'AB', 'x', NULL FROM up_to_3000");
    firm.map(&MAPPING.replace(
        "SELECT id AS key, who AS person, subject, changed FROM tasks",
        "SELECT CASE WHEN id = 2500 THEN abs(-9223372036854775808) ELSE id END AS key, who AS person, subject FROM tasks",
    ));
    let mut reading = firm.source().read(content()).await.expect("begins");
    let mut failed = None;
    while let Some(portion) = reading.recv().await {
        match portion {
            Ok(portion) => assert!(!matches!(portion, Portion::Complete)),
            Err(failure) => failed = Some(failure),
        }
    }
    assert_eq!(failed.map(|failure| failure.kind), Some(FailureKind::Source));
}

#[tokio::test]
async fn what_cannot_be_read_is_a_failure_with_a_hint() {
    let firm = Firm::new();
    let failure = async |firm: &Firm| {
        let reading = firm.source().read(content()).await.expect("begins");
        let failure = drain(reading).await.expect_err("cannot be read");
        assert!(failure.hint.is_some(), "{}", failure.chain());
        failure
    };
    firm.write("DELETE FROM people");
    assert!(failure(&firm).await.chain().contains("nobody"));
    firm.write("DROP TABLE tasks; INSERT INTO people VALUES ('AB')");
    assert!(failure(&firm).await.chain().contains("no such table"));
    std::fs::write(firm.database(), "this is no database, but it is long enough to look like a file of one")
        .expect("writes");
    assert_eq!(failure(&firm).await.kind, FailureKind::Source);
    std::fs::remove_file(firm.database()).expect("removes");
    assert_eq!(failure(&firm).await.kind, FailureKind::Source);
    assert!(!firm.database().exists(), "nothing is created by looking for it");
}

#[tokio::test]
async fn a_query_that_the_mapping_does_not_have_is_refused() {
    let query = vec![(Kind::Contact, QueryName("events".into()), QueryRead::Content)];
    let failure = Firm::new().source().read(query).await.expect_err("there is none");
    assert_eq!(failure.kind, FailureKind::Setting);
}

#[tokio::test]
async fn a_read_that_takes_too_long_is_given_up() {
    let firm = Firm::new();
    firm.map(&MAPPING.replace(
        "SELECT id AS key, who AS person, subject, changed FROM tasks",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS key, 'AB' AS person FROM n",
    ));
    let source = crate::sources::open(&Settings { time_out_seconds: 1, ..firm.settings() }).expect("opens");
    let begun = Instant::now();
    let failure = drain(source.read(content()).await.expect("begins")).await.expect_err("takes for ever");
    assert!(failure.chain().contains("longer than 1 seconds"), "{}", failure.chain());
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn a_reading_that_nobody_wants_any_more_lets_go_of_the_database() {
    let firm = Firm::new();
    firm.write("INSERT INTO tasks SELECT value, 'AB', 'x', NULL FROM up_to_20000");
    let mut reading = firm.source().read(content()).await.expect("begins");
    assert!(reading.recv().await.is_some());
    drop(reading);
    let connection = firm.connection();
    connection.busy_timeout(Duration::from_secs(20)).expect("sets");
    connection.execute_batch("BEGIN EXCLUSIVE; ROLLBACK").expect("nobody holds a lock");
}

#[tokio::test]
async fn a_sweep_of_a_hundred_thousand_rows_streams_in_small_portions() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("large.db");
    let today = jiff::civil::date(2026, 11, 22);
    sample::create(&path, 1, today, sample::Size::of_rows(100_000, 20)).expect("makes a firm");
    let source = crate::sources::open(&sample::settings(&path)).expect("opens");
    let events = |read| vec![(Kind::Event, QueryName("events".into()), read)];
    let portions = drain(source.read(events(QueryRead::Content)).await.expect("begins")).await.expect("reads");
    let cursor = cursor_of(&portions).expect("has a cursor");
    drop(portions);
    let mut reading = source.read(events(QueryRead::Sweep(cursor))).await.expect("begins");
    let (mut keys, mut records, mut swept) = (0, 0, None);
    while let Some(portion) = reading.recv().await {
        assert!(reading.len() <= PORTIONS);
        match portion.expect("reads") {
            Portion::Rows(_, _, rows) => {
                assert!(rows.len() <= 501, "{}", rows.len());
                keys += rows.iter().filter(|row| matches!(row, Row::Key { .. })).count();
                records += rows.iter().filter(|row| matches!(row, Row::Record { .. })).count();
            }
            Portion::QueryDone { rows, swept: count, .. } => {
                assert!(rows < 100, "a hinted read reads little: {rows}");
                swept = count;
            }
            _ => {}
        }
    }
    assert!(swept.is_some_and(|swept| swept > 60_000));
    assert!(keys > 60_000 && records < 100);
}

fn cursor_of(portions: &[Portion]) -> Option<Cursor> {
    portions.iter().find_map(|portion| match portion {
        Portion::QueryDone { cursor, .. } => cursor.clone(),
        _ => None,
    })
}

#[tokio::test]
async fn a_counter_without_an_overlap_is_refused_in_words() {
    let firm = Firm::new();
    firm.write("INSERT INTO tasks VALUES (1, 'AB', 'x', NULL)");
    let counter = MAPPING
        .replace("who AS person, subject, changed FROM tasks", "who AS person, subject, id AS changed FROM tasks");
    firm.map(&counter);
    let tasks = |read| vec![(Kind::Task, QueryName("tasks".into()), read)];
    let source = firm.source();
    let portions = drain(source.read(tasks(QueryRead::Content)).await.expect("begins")).await.expect("reads");
    let cursor = cursor_of(&portions).expect("a counter is ordered");
    let failure = drain(source.read(tasks(QueryRead::Changed(cursor.clone()))).await.expect("begins")).await;
    assert!(failure.expect_err("refused").hint.is_some_and(|hint| hint.contains("overlap")));
    firm.map(&format!("{counter}overlap = 5\n"));
    let read =
        drain(firm.source().read(tasks(QueryRead::Changed(cursor))).await.expect("begins")).await.expect("reads");
    assert_eq!(rows(&read).count(), 1);
}

#[tokio::test]
async fn a_predicate_and_a_sweep_of_the_mapping_are_used() {
    let firm = Firm::new();
    firm.write(
        "INSERT INTO tasks VALUES (1, 'AB', 'old', '2020-01-01 00:00:00'), (2, 'CD', 'new', '2026-01-01 00:00:00');
         CREATE VIEW light AS SELECT id, who, changed FROM tasks WHERE id = 2;",
    );
    firm.map(&format!(
        "{MAPPING}changed_sql = \"changed >= :cursor AND subject <> 'old'\"\nsweep_sql = \"SELECT id AS key, who AS person, changed FROM light\"\n"
    ));
    let query =
        vec![(Kind::Task, QueryName("tasks".into()), QueryRead::Sweep(Cursor("time 2019-01-01 00:00:00".into())))];
    let portions = drain(firm.source().read(query).await.expect("begins")).await.expect("reads");
    let seen: Vec<String> = rows(&portions)
        .map(|row| match row {
            Row::Record { record, .. } => format!("record {}", record.key.record),
            Row::Key { key, .. } => format!("key {}", key.record),
            Row::Unreadable { .. } => "unreadable".to_owned(),
        })
        .collect();
    assert_eq!(seen, ["record 2", "key 2"]);
}

#[tokio::test]
async fn the_probe_tells_what_stands_out() {
    let firm = Firm::new();
    let probe = firm.source().probe().await.expect("probes");
    assert!(probe.version.starts_with("SQLite 3."));
    assert_eq!(probe.tables, ["events", "people", "tasks"]);
    assert!(!probe.remarks.iter().any(|remark| remark.contains("looks at every row")), "{:?}", probe.remarks);
    firm.write("DROP INDEX tasks_changed");
    let without = firm.source().probe().await.expect("probes");
    assert_eq!(without.schema, probe.schema, "an index is no change of meaning");
    assert!(
        without.remarks.iter().any(|remark| remark.contains("`tasks` looks at every row")),
        "{:?}",
        without.remarks
    );
    firm.write("ALTER TABLE tasks ADD COLUMN urgent INTEGER");
    assert_ne!(firm.source().probe().await.expect("probes").schema, probe.schema);
    firm.write("ALTER TABLE tasks RENAME COLUMN who TO assignee");
    let failure = firm.source().probe().await.expect_err("the mapping does not fit any more");
    assert!(failure.chain().contains("who"), "{}", failure.chain());
    assert_eq!(failure.evidence, ["tables: events, people, tasks"], "whoever mends the mapping sees what is there");
}

#[tokio::test]
async fn the_sample_firm_needs_no_scan_to_find_what_changed() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("sample.db");
    sample::create(&path, 1, jiff::civil::date(2026, 11, 22), sample::Size::default()).expect("makes a firm");
    let probe = crate::sources::open(&sample::settings(&path)).expect("opens").probe().await.expect("probes");
    assert!(!probe.remarks.iter().any(|remark| remark.contains("looks at every row")), "{:?}", probe.remarks);
}

/// What a reader that keeps everything knows of the tasks.
#[derive(Default)]
struct View {
    known: BTreeMap<(RecordKey, Audience), Option<SourceRecord>>,
    cursor: Option<Cursor>,
}

impl View {
    async fn read(&mut self, source: &dyn Source, read: QueryRead) {
        let complete = !matches!(read, QueryRead::Changed(_));
        let query = vec![(Kind::Task, QueryName("tasks".into()), read)];
        let portions = drain(source.read(query).await.expect("begins")).await.expect("reads");
        let mut seen = BTreeSet::new();
        for row in rows(&portions) {
            let (identity, record) = match row {
                Row::Record { record, .. } => {
                    ((record.key.clone(), record.audience.clone()), Some(Some((**record).clone())))
                }
                Row::Unreadable { key, audience, .. } => ((key.clone(), audience.clone()), Some(None)),
                Row::Key { key, audience, .. } => ((key.clone(), audience.clone()), None),
            };
            if let Some(record) = record {
                self.known.insert(identity.clone(), record);
            }
            seen.insert(identity);
        }
        if complete {
            self.known.retain(|identity, _| seen.contains(identity));
        }
        self.cursor = cursor_of(&portions);
    }
}

#[derive(Clone, Debug)]
enum Edit {
    Write { id: i64, person: &'static str, subject: String },
    Delete { id: i64 },
    Read { sweep: bool },
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let id = 1_i64..12;
    let edit = prop_oneof![
        5 => (id.clone(), prop::sample::select(vec!["AB", "CD", "", "XX"]), "[a-z]{1,4}")
            .prop_map(|(id, person, subject)| Edit::Write { id, person, subject }),
        2 => id.prop_map(|id| Edit::Delete { id }),
        3 => any::<bool>().prop_map(|sweep| Edit::Read { sweep }),
    ];
    prop::collection::vec(edit, 1..25)
}

fn apply(connection: &Connection, edit: &Edit, minute: usize) {
    let changed = format!("2026-01-{:02} {:02}:{:02}:00", 1 + minute / 1440, minute / 60 % 24, minute % 60);
    match edit {
        Edit::Write { id, person, subject } => connection
            .execute("INSERT OR REPLACE INTO tasks VALUES (?, ?, ?, ?)", params![id, person, subject, changed])
            .map(drop)
            .expect("writes"),
        Edit::Delete { id } => connection.execute("DELETE FROM tasks WHERE id = ?", [id]).map(drop).expect("deletes"),
        Edit::Read { .. } => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Hints and sweeps lead to the same view as reading everything.
    #[test]
    fn hints_and_a_sweep_lead_where_a_full_read_leads(edits in edits()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let firm = Firm::new();
            let connection = firm.connection();
            connection.pragma_update(None, "synchronous", false).expect("sets");
            apply(&connection, &Edit::Write { id: 1, person: "AB", subject: "first".to_owned() }, 0);
            let source = firm.source();
            let mut view = View::default();
            view.read(source.as_ref(), QueryRead::Content).await;
            for (step, edit) in edits.iter().enumerate() {
                // Slower than the overlap: what is found is found by the hint and not by luck.
                apply(&connection, edit, (step + 1) * 7);
                if let (Edit::Read { sweep }, Some(cursor)) = (edit, view.cursor.clone()) {
                    let read = if *sweep { QueryRead::Sweep(cursor) } else { QueryRead::Changed(cursor) };
                    view.read(source.as_ref(), read).await;
                }
            }
            let cursor = view.cursor.clone().expect("has a cursor");
            view.read(source.as_ref(), QueryRead::Sweep(cursor)).await;
            let mut whole = View::default();
            whole.read(source.as_ref(), QueryRead::Content).await;
            assert_eq!(view.known, whole.known);
        });
    }
}

#[tokio::test]
async fn contradictions_found_in_a_full_read_are_remembered_by_hinted_ones() {
    let firm = Firm::new();
    firm.write(
        "CREATE TABLE loose (id, who, subject, changed);
         INSERT INTO loose VALUES (1, 'AB', 'one', '2026-01-01 00:00:00'), (1, 'AB', 'other', '2026-02-01 00:00:00');",
    );
    firm.map(&MAPPING.replace("FROM tasks", "FROM loose"));
    let source = firm.source();
    let mut view = View::default();
    view.read(source.as_ref(), QueryRead::Content).await;
    assert_eq!(view.known.values().collect::<Vec<_>>(), [&None]);
    // The hint sees the newer row alone.
    let cursor = view.cursor.clone().expect("has a cursor");
    view.read(source.as_ref(), QueryRead::Changed(cursor.clone())).await;
    assert_eq!(view.known.values().collect::<Vec<_>>(), [&None]);
    view.read(source.as_ref(), QueryRead::Sweep(cursor)).await;
    assert_eq!(view.known.values().collect::<Vec<_>>(), [&None]);
}

#[tokio::test]
async fn a_preview_shows_rows_problems_and_counts() {
    let firm = Firm::new();
    firm.write(
        "INSERT INTO events VALUES (1, 'AB', '2026-07-01 10:00', 'Hearing', NULL), (2, 'XX', '2026-07-01 10:00', 'Lost', NULL);
         INSERT INTO tasks VALUES (7, 'CD', 'Appeal', NULL);",
    );
    let preview = Preview::take(firm.source().as_ref()).await.expect("reads");
    let text = preview.text(0);
    for line in [
        "People: 2",
        "Wed 01 Jul 2026 10:00–10:30  Hearing",
        "for AB",
        "for nobody",
        "[ ] no date  Appeal",
        "event/events/2, column `person`: this person is not among `people`: nobody gets this record",
        "AB: 1 event",
        "CD: 1 task",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(preview.text(1).contains("and 1 more"));
}

#[test]
fn a_path_that_looks_like_a_uri_is_a_path() {
    let firm = Firm::new();
    let settings = Settings { database: Some("file:memdb?mode=memory".into()), ..firm.settings() };
    assert!(SqliteSession::begin(&settings, || false).is_err());
}
