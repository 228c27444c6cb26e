//! What every connector to a server does alike, tried on each.

use pocketdocket::{
    domain::Kind,
    ports::{FailureKind, Portion, QueryRead},
    sources::{ServerSettings, Settings, Tls},
};

use super::practice::{Practice, read, rows_of};
use crate::servers::{Sort, stranger};

const TABLE: &str = "
    CREATE TABLE files (id INTEGER PRIMARY KEY, title VARCHAR(40), changed TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP);
    INSERT INTO files (id, title, changed) VALUES (1, 'one', '2026-01-01 10:00:00'), (2, 'two', '2026-01-02 10:00:00');
";

fn query(sort: Sort) -> &'static str {
    match sort {
        Sort::MariaDb => {
            "[[tasks]]\nsql = \"SELECT id AS `key`, 'weber' AS person, title AS subject, changed FROM files\"\n"
        }
        Sort::Postgres => {
            "[[tasks]]\nsql = \"SELECT id AS key, 'weber' AS person, title AS subject, changed FROM files\"\n"
        }
    }
}

fn with(settings: &Settings, change: impl FnOnce(&mut ServerSettings)) -> Settings {
    let mut settings = settings.clone();
    settings.server.as_mut().map(change).expect("a server");
    settings
}

async fn is_read_consistently_and_only_read(sort: Sort) {
    let mut practice = Practice::on(sort, TABLE);
    let settings = practice.settings(query(sort));
    let source = practice.open(&settings);

    // The way in.
    let probe = source.probe().await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    assert!(!probe.writable && probe.remarks.is_empty(), "{probe:?}");
    assert!(probe.version.contains("over TLSv1"), "{}", probe.version);
    assert_eq!(probe.tables, ["files"]);
    let writer = practice.open(&with(&settings, |server| "writer".clone_into(&mut server.user)));
    let probe = writer.probe().await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    assert!(probe.writable && probe.remarks.iter().any(|remark| remark.contains("GRANT SELECT")), "{probe:?}");

    // A right that comes by way of a role, or for one column.
    let grants = match sort {
        Sort::MariaDb => [
            "CREATE ROLE clerk; GRANT UPDATE (title) ON practice.files TO clerk; GRANT clerk TO reader; \
                           SET DEFAULT ROLE clerk FOR reader;",
            "REVOKE clerk FROM reader; DROP ROLE clerk;",
        ],
        Sort::Postgres => [
            "CREATE ROLE clerk; GRANT UPDATE (title) ON files TO clerk; GRANT clerk TO reader; \
                            ALTER ROLE reader NOINHERIT;",
            "REVOKE clerk FROM reader; DROP OWNED BY clerk; DROP ROLE clerk;",
        ],
    };
    practice.server.sql(grants[0]);
    let probe = source.probe().await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    assert!(probe.writable, "{probe:?}");
    practice.server.sql(grants[1]);
    let probe = source.probe().await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    assert!(!probe.writable, "{probe:?}");

    let stranger = with(&settings, |server| server.ca_file = Some(stranger()));
    let failure = practice.open(&stranger).probe().await.expect_err("nobody vouches for it");
    assert_eq!(failure.kind, FailureKind::Setting, "{}", failure.chain());
    assert!(failure.hint.as_ref().is_some_and(|hint| hint.contains("ca_file")), "{failure:?}");
    let nameless = with(&settings, |server| "127.0.0.1".clone_into(&mut server.host));
    let failure = practice.open(&nameless).probe().await.expect_err("the certificate is for another name");
    assert_eq!(failure.kind, FailureKind::Setting, "{}", failure.chain());
    let platform = with(&settings, |server| server.ca_file = None);
    let failure = practice.open(&platform).probe().await.expect_err("the system does not know this authority");
    assert_eq!(failure.kind, FailureKind::Setting, "{}", failure.chain());
    let clear = with(&settings, |server| (server.tls, server.ca_file) = (Tls::Off, None));
    let probe = practice.open(&clear).probe().await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    assert!(probe.version.contains("not encrypted"), "{}", probe.version);
    let socket = practice.server.socket();
    let by_socket = with(&settings, |server| server.socket = Some(socket));
    practice.open(&by_socket).probe().await.unwrap_or_else(|failure| panic!("{}", failure.chain()));

    // No such database: where to look is said, and nothing twice.
    let elsewhere = with(&settings, |server| "elsewhere".clone_into(&mut server.database));
    let failure = practice.open(&elsewhere).probe().await.expect_err("there is none");
    assert!(failure.hint.as_ref().is_some_and(|hint| hint.contains("`database`")), "{failure:?}");
    assert_eq!(failure.chain().matches("elsewhere'").count() + failure.chain().matches("elsewhere\"").count(), 1);

    // What changed, by the database's own column.
    let portions = read(source.as_ref(), QueryRead::Content).await.expect("complete");
    assert_eq!(rows_of(&portions, Kind::Task), 2);
    let cursor = portions.iter().find_map(|portion| match portion {
        Portion::QueryDone { cursor, .. } => cursor.clone(),
        _ => None,
    });
    let cursor = cursor.expect("a cursor");
    let portions = read(source.as_ref(), QueryRead::Changed(cursor.clone())).await.expect("complete");
    assert_eq!(rows_of(&portions, Kind::Task), 1, "the newest row lies within the overlap");
    practice.server.sql("INSERT INTO files (id, title, changed) VALUES (3, 'three', NULL);");
    let portions = read(source.as_ref(), QueryRead::Changed(cursor.clone())).await.expect("complete");
    assert_eq!(rows_of(&portions, Kind::Task), 2, "what has no `changed` is always read");
    let portions = read(source.as_ref(), QueryRead::Sweep(cursor)).await.expect("complete");
    let swept = portions.iter().find_map(|portion| match portion {
        Portion::QueryDone { swept, .. } => *swept,
        _ => None,
    });
    assert_eq!(swept, Some(3));

    // A counter in two columns, of narrow types.
    practice.server.sql(
        "CREATE TABLE versions (id INTEGER PRIMARY KEY, big SMALLINT, small SMALLINT);
         INSERT INTO versions VALUES (1, 1, 1), (2, 9, 30000), (3, 9, 31000);",
    );
    let pair = query(sort).replace("changed FROM files", "big AS changed, small AS changed_2 FROM versions");
    let pair = practice.source(&format!("{}overlap = 1\n", pair.replace("title AS", "'T' AS")));
    let portions = read(pair.as_ref(), QueryRead::Content).await.expect("complete");
    let cursor = portions.iter().find_map(|portion| match portion {
        Portion::QueryDone { cursor, .. } => cursor.clone(),
        _ => None,
    });
    let portions = read(pair.as_ref(), QueryRead::Changed(cursor.expect("a cursor"))).await;
    let portions = portions.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    assert_eq!(rows_of(&portions, Kind::Task), 2, "from the counter's value before the newest");

    // A statement that would write.
    let writing = match sort {
        Sort::MariaDb => "CREATE FUNCTION meddle() RETURNS INT BEGIN INSERT INTO files (id) VALUES (99); RETURN 1; END",
        Sort::Postgres => {
            "CREATE FUNCTION meddle() RETURNS int LANGUAGE sql AS 'INSERT INTO files (id) VALUES (99) RETURNING id'"
        }
    };
    practice.server.sql(&match sort {
        Sort::MariaDb => format!("DELIMITER //\n{writing}//\nGRANT EXECUTE ON practice.* TO 'reader'@'%'//\n"),
        Sort::Postgres => format!("{writing};"),
    });
    let meddling = query(sort).replace("title AS", "concat(title, meddle()) AS");
    let writer = with(&practice.settings(&meddling), |server| "writer".clone_into(&mut server.user));
    assert!(read(practice.open(&writer).as_ref(), QueryRead::Content).await.is_err());
    assert_eq!(practice.server.sql("SELECT count(*) FROM files WHERE id = 99;").trim(), "0");

    // A statement that takes too long.
    let sleep = if sort == Sort::MariaDb { "sleep(60)" } else { "pg_sleep(60)" };
    let slow = query(sort).replace("title AS", &format!("concat(title, {sleep}) AS"));
    let slow = Settings { time_out_seconds: 1, ..practice.settings(&slow) };
    let failure = read(practice.open(&slow).as_ref(), QueryRead::Content).await.expect_err("too slow");
    assert!(failure.chain().contains("longer than 1 seconds"), "{}", failure.chain());

    // A mapping that does not fit, and a value that cannot be computed: the message quotes no value.
    let misfit = practice.source(&query(sort).replace("title AS", "titel AS"));
    let failure = misfit.probe().await.expect_err("no such column");
    assert!(failure.chain().contains("titel"), "{}", failure.chain());
    assert!(failure.hint.as_ref().is_some_and(|hint| hint.contains("the query `tasks`")), "{failure:?}");
    if sort == Sort::Postgres {
        let broken = practice.source(&query(sort).replace("title AS", "CAST(title AS integer)::text AS"));
        let failure = read(broken.as_ref(), QueryRead::Content).await.expect_err("no number");
        assert!(!failure.chain().contains("one") && failure.chain().contains("22P02"), "{}", failure.chain());
    }

    // Away, and back.
    let source = practice.source(query(sort));
    practice.server.stop();
    let failure = read(source.as_ref(), QueryRead::Content).await.expect_err("away");
    assert_eq!(failure.kind, FailureKind::Source, "{}", failure.chain());
    assert!(failure.hint.as_ref().is_some_and(|hint| hint.contains("made by itself")), "{failure:?}");
    practice.server.start_again();
    read(source.as_ref(), QueryRead::Content).await.expect("back again, by itself");

    // A wrong password is tried once, and the right one at once.
    let kept = practice.password.lock().expect("not poisoned").clone();
    "guessed".clone_into(&mut practice.password.lock().expect("not poisoned"));
    let failure = read(source.as_ref(), QueryRead::Content).await.expect_err("refused");
    assert_eq!(failure.kind, FailureKind::Unauthorized, "{}", failure.chain());
    assert!(!failure.chain().contains("guessed"));
    practice.server.stop();
    let failure = read(source.as_ref(), QueryRead::Content).await.expect_err("not even tried");
    assert_eq!(failure.kind, FailureKind::Unauthorized, "{}", failure.chain());
    practice.server.start_again();
    *practice.password.lock().expect("not poisoned") = kept;
    read(source.as_ref(), QueryRead::Content).await.expect("the right password is tried at once");
}

#[tokio::test]
async fn mariadb_is_read_consistently_and_only_read() {
    is_read_consistently_and_only_read(Sort::MariaDb).await;
}

#[tokio::test]
async fn postgresql_is_read_consistently_and_only_read() {
    is_read_consistently_and_only_read(Sort::Postgres).await;
}

async fn is_one_state(sort: Sort) {
    let numbers = match sort {
        Sort::MariaDb => "SELECT seq, 'file' FROM seq_1_to_12000",
        Sort::Postgres => "SELECT n, 'file' FROM generate_series(1, 12000) AS n",
    };
    let practice = Practice::on(
        sort,
        &format!(
            "CREATE TABLE files (id INTEGER PRIMARY KEY, title VARCHAR(40)); INSERT INTO files {numbers};
             CREATE TABLE folders (id INTEGER PRIMARY KEY, title VARCHAR(40)); INSERT INTO folders {numbers};"
        ),
    );
    let of = |table: &str, name: &str| {
        let key = if sort == Sort::MariaDb { "`key`" } else { "key" };
        format!(
            "[[tasks]]\nname = \"{name}\"\nsql = \"SELECT id AS {key}, 'weber' AS person, title AS subject FROM {table}\"\n"
        )
    };
    let source = practice.source(&format!("{}{}", of("files", "a"), of("folders", "b")));
    let queries = source.queries().iter().map(|query| (query.kind, query.name.clone(), QueryRead::Content)).collect();
    let mut reading = source.read(queries).await.expect("begins");
    let (mut rows, mut emptied) = (0, false);
    while let Some(portion) = reading.recv().await {
        if let Portion::Rows(_, _, portion) = portion.unwrap_or_else(|failure| panic!("{}", failure.chain())) {
            rows += portion.len();
            // The first query is being read; what the second one will read is gone meanwhile.
            if !emptied {
                practice.server.sql("DELETE FROM folders;");
                emptied = true;
            }
        }
    }
    assert_eq!(rows, 24_000, "both queries saw the state of the beginning");
    let portions = read(source.as_ref(), QueryRead::Content).await.expect("complete");
    assert_eq!(rows_of(&portions, Kind::Task), 12_000);
}

#[tokio::test]
async fn mariadb_shows_one_state_whatever_is_committed_meanwhile() {
    is_one_state(Sort::MariaDb).await;
}

#[tokio::test]
async fn postgresql_shows_one_state_whatever_is_committed_meanwhile() {
    is_one_state(Sort::Postgres).await;
}
