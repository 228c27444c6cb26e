//! Everything, against a real server: SQL Server itself, or another one that speaks its protocol, such as Babelfish.
//!
//! `POCKETDOCKET_TEST_SQLSERVER` names it: `HOST,PORT,LOGIN,PASSWORD`, or `@FILE` for a file with that line. A login is all it takes. One
//! that may make a database and a login gets both for each test; any other one a schema for each test in its own database (the
//! login's default one, or the one that `POCKETDOCKET_TEST_SQLSERVER_DATABASE` names), where it must be able to make tables. What cannot be tried
//! then is skipped, and said. Everything that is made is dropped.
//!
//! `POCKETDOCKET_TEST_SQLSERVER_CA` names the certificate (PEM) of the authority that vouches for the server; a server on this very machine may
//! do without, in the clear. Statements are sent by python-tds from PyPI (tests/conformance/sqlserver.py), which others wrote. Without
//! the first variable the tests say so and are skipped.

mod server;

use pocketdocket::{
    domain::Kind,
    ports::{FailureKind, Portion, QueryRead},
    sources::{Preview, ServerSettings, Settings},
};

pub(crate) use self::server::{Live, Named};
use super::types::told;
use crate::{
    connectors::practice::{read, rows_of},
    servers::stranger,
};

const FILES: &str = "CREATE TABLE {schema}.files (id int PRIMARY KEY, title nvarchar(40));\nINSERT INTO {schema}.files VALUES (1, N'Müller'), (2, N'Maier')";
const QUERY: &str =
    "[[tasks]]\nsql = \"SELECT id AS [key], 'weber' AS person, title AS subject FROM {schema}.files\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn every_type_of_a_real_server_comes_through_or_is_named() {
    let Some(live) = Live::with("types", "") else { return };
    let values = [
        ("CAST(255 AS tinyint)", "255"),
        ("CAST(-9223372036854775808 AS bigint)", "-9223372036854775808"),
        ("CAST(1 AS bit)", "1"),
        ("CAST('12345678901234567890.0123456789' AS decimal(30, 10))", "12345678901234567890.0123456789"),
        ("CAST('-922337203685477.5807' AS money)", "-922337203685477.5807"),
        ("CAST('214748.3647' AS smallmoney)", "214748.3647"),
        ("CAST(0.1 AS real)", "0.1"),
        ("CAST(0.1 AS float)", "0.1"),
        ("CAST('2026-11-22' AS date)", "2026-11-22"),
        ("CAST('20261122 09:30:00.123' AS datetime)", "2026-11-22 09:30:00.123"),
        ("CAST('20261122 09:30:00' AS smalldatetime)", "2026-11-22 09:30:00"),
        ("CAST('2026-11-22 09:30:00.1234567' AS datetime2)", "2026-11-22 09:30:00.1234567"),
        ("CAST('2026-11-22 09:30:00 +01:00' AS datetimeoffset)", "2026-11-22T08:30:00Z"),
        ("CAST('09:30:00.5' AS time)", "09:30:00.5"),
        ("CAST('23:59:59.9999999' AS time)", "23:59:59.9999999"),
        ("CAST(N'Grüße 🎉' AS nvarchar(max))", "Grüße 🎉"),
        ("CAST('Strasse' AS varchar(20))", "Strasse"),
        ("CAST('Strasse' AS text)", "Strasse"),
        ("CAST(N'Žižka' AS ntext)", "Žižka"),
        ("CAST(N'<a>ü</a>' AS xml)", "<a>ü</a>"),
        ("CAST('123e4567-e89b-12d3-a456-426655440000' AS uniqueidentifier)", "123e4567-e89b-12d3-a456-426655440000"),
        ("CAST(0x4d61696572 AS varbinary(20))", "Maier"),
        ("CAST(0xff00fe AS varbinary(max))", "problem"),
        ("CAST(CAST(42 AS int) AS sql_variant)", "42"),
        ("CAST(NULL AS datetime2)", ""),
        ("REPLICATE(CAST(N'ü' AS nvarchar(max)), 20000)", "üüü"),
    ];
    let queries: Vec<String> = values
        .iter()
        .enumerate()
        .map(|(number, (value, _))| {
            format!(
                "[[tasks]]\nname = \"t{number}\"\nsql = '''SELECT 'k' AS [key], 'weber' AS person, 'T' AS subject, {value} AS notes'''\n"
            )
        })
        .collect();
    let queries = queries.concat();
    let preview =
        Preview::take(live.source(&queries).as_ref()).await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    for (number, (value, expected)) in values.iter().enumerate() {
        let told = told(&preview, &format!("t{number}"));
        let alike = told == *expected || (matches!(*expected, "problem" | "üüü") && told.starts_with(expected));
        assert!(alike, "{value}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_rows_are_one_state_of_the_database() {
    let rows = "WITH n AS (SELECT 0 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 99999)\n\
                INSERT INTO {schema}.files SELECT i, CONCAT(N'Akte ', i) FROM n OPTION (MAXRECURSION 0)";
    let table = format!("CREATE TABLE {{schema}}.files (id int PRIMARY KEY, title nvarchar(40));\n{rows}");
    let Some(live) = Live::with("rows", &table) else { return };
    let two = format!(
        "{}{}",
        QUERY.replace("[[tasks]]", "[[tasks]]\nname = \"a\""),
        QUERY.replace("[[tasks]]", "[[tasks]]\nname = \"b\"")
    );
    let source = live.source(&two);
    let snapshot =
        source.probe().await.unwrap_or_else(|failure| panic!("{}", failure.chain())).version.contains("snapshot");
    assert!(
        snapshot || live.is_babelfish() || !live.may("snapshot isolation, which the database does not allow"),
        "the database was told to allow it"
    );
    let queries = source.queries().iter().map(|query| (query.kind, query.name.clone(), QueryRead::Content)).collect();
    let mut reading = source.read(queries).await.expect("begins");
    let (mut count, mut emptied) = (0, false);
    while let Some(portion) = reading.recv().await {
        if let Portion::Rows(_, _, rows) = portion.unwrap_or_else(|failure| panic!("{}", failure.chain())) {
            count += rows.len();
            if snapshot && !emptied {
                live.sql("DELETE FROM {schema}.files");
                emptied = true;
            }
        }
    }
    assert_eq!(count, 200_000, "both queries saw the state of the beginning");
    let portions = read(source.as_ref(), QueryRead::Content).await.expect("complete");
    assert_eq!(rows_of(&portions, Kind::Task), if snapshot { 0 } else { 200_000 });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_the_server_ended_is_made_anew_and_a_slow_statement_is_given_up() {
    let Some(live) = Live::with("away", FILES) else { return };
    let source = live.source(QUERY);
    read(source.as_ref(), QueryRead::Content).await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    // Ending somebody's session was not tried on Babelfish.
    if live.may("ending a session") && !live.is_babelfish() {
        live.end_sessions();
        let portions = read(source.as_ref(), QueryRead::Content).await.expect("anew, in the same tick");
        assert_eq!(rows_of(&portions, Kind::Task), 2);
    }
    let slow = "SELECT TOP (1) a.id AS [key], 'weber' AS person, CONCAT(COUNT_BIG(*) OVER (), '') AS subject \
                FROM {schema}.files AS a CROSS JOIN sys.all_columns AS b CROSS JOIN sys.all_columns AS c CROSS JOIN sys.all_columns AS d";
    let mapping = format!(
        "[practice]\nname = \"T\"\nconnector = \"sqlserver\"\n[people]\nsql = \"SELECT 'weber' AS id\"\n[[tasks]]\nsql = \"{slow}\"\n"
    );
    let settings = Settings { time_out_seconds: 2, ..live.settings(&mapping, |_| {}) };
    let failure = read(live.open(&settings).as_ref(), QueryRead::Content).await.expect_err("too slow");
    assert!(failure.chain().contains("longer than 2 seconds"), "{}", failure.chain());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_servers_refusals_are_said_in_words() {
    let Some(live) = Live::with("words", FILES) else { return };
    let mapping = format!(
        "[practice]\nname = \"T\"\nconnector = \"sqlserver\"\n[people]\nsql = \"SELECT 'weber' AS id\"\n{QUERY}"
    );
    let probe = |change: fn(&mut ServerSettings), mapping: &str| {
        let settings = live.settings(mapping, change);
        let source = live.open(&settings);
        async move { source.probe().await }
    };
    let good = probe(|_| {}, &mapping).await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    assert!(good.tables.contains(&live.listed("files")), "{good:?}");
    assert_eq!(good.writable, !live.may("a login that can only read"), "whoever makes tables can write: {good:?}");
    let failure =
        probe(|server| "nobody_of_that_name".clone_into(&mut server.user), &mapping).await.expect_err("no login");
    assert_eq!(failure.kind, FailureKind::Unauthorized, "{}", failure.chain());
    let failure =
        probe(|server| "no_such_database".clone_into(&mut server.database), &mapping).await.expect_err("none");
    assert!(failure.chain().contains("4060") || live.is_babelfish(), "{}", failure.chain());
    let failure = probe(|_| {}, &mapping.replace("title", "titel")).await.expect_err("no such column");
    assert!(failure.chain().contains("titel"), "{}", failure.chain());
    let failure = probe(|_| {}, &mapping.replace(".files", ".no_files")).await.expect_err("no such table");
    assert!(failure.chain().contains("no_files"), "{}", failure.chain());
    if !live.may("a table that is denied") {
        return;
    }
    live.sql("CREATE TABLE {schema}.hidden (id int, title nvarchar(9));\nGRANT INSERT ON {schema}.files TO public;\nDENY SELECT ON {schema}.hidden TO public");
    let failure = probe(|_| {}, &mapping.replace(".files", ".hidden")).await.expect_err("denied");
    assert!(failure.chain().contains("229") || live.is_babelfish(), "{}", failure.chain());
    let warned = probe(|_| {}, &mapping).await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    assert!(warned.writable, "it may insert now: {warned:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_servers_certificate_is_believed_only_as_the_settings_say() {
    let Some(live) = Live::with("trust", FILES) else { return };
    if !live.is_encrypted() {
        return;
    }
    let mapping = format!(
        "[practice]\nname = \"T\"\nconnector = \"sqlserver\"\n[people]\nsql = \"SELECT 'weber' AS id\"\n{QUERY}"
    );
    let strange = live.settings(&mapping, |server| server.ca_file = Some(stranger()));
    let failure = live.open(&strange).probe().await.expect_err("nobody vouches for it");
    assert_eq!(failure.kind, FailureKind::Setting, "{}", failure.chain());
    let told = failure.chain();
    let fingerprint =
        told.rsplit("fingerprint ").next().and_then(|rest| rest.split_whitespace().next()).expect("it is told");
    let pinned =
        live.settings(&mapping, |server| (server.ca_file, server.fingerprint) = (None, Some(fingerprint.to_owned())));
    live.open(&pinned).probe().await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    let other = live.settings(&mapping, |server| (server.ca_file, server.fingerprint) = (None, Some("00".repeat(32))));
    live.open(&other).probe().await.expect_err("another certificate");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rowversion_misses_nothing_that_was_committed_late() {
    let table = "CREATE TABLE {schema}.files (id int PRIMARY KEY, title nvarchar(40), rv rowversion);\nINSERT INTO {schema}.files (id, title) VALUES (1, N'a'), (2, N'b')";
    let Some(live) = Live::with("rv", table) else { return };
    let source = live.source(&QUERY.replace("AS subject", "AS subject, rv AS changed"));
    let cursor_of = |portions: &[Portion]| {
        portions.iter().find_map(|portion| match portion {
            Portion::QueryDone { cursor, .. } => cursor.clone(),
            _ => None,
        })
    };
    let portions =
        read(source.as_ref(), QueryRead::Content).await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    let cursor = cursor_of(&portions).expect("a cursor");
    live.sql("UPDATE {schema}.files SET title = N'later' WHERE id = 1");
    // Babelfish has no MIN_ACTIVE_ROWVERSION: there a mapping needs an `overlap`, and says so.
    let changed = read(source.as_ref(), QueryRead::Changed(cursor)).await;
    if let Ok(portions) = changed {
        assert!((1..=2).contains(&rows_of(&portions, Kind::Task)));
    } else {
        assert!(live.is_babelfish());
    }
}
