//! Reading: one transaction that is rolled back, a connection that is kept while it is healthy, and what happens when the server breaks
//! a reading off.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use pocketdocket::{
    domain::Kind,
    ports::{FailureKind, Portion, QueryRead},
    sources::Settings,
};

use super::{
    QUERY, open,
    scripted::{Manner, Said, Scripted, Value},
    settings, usual,
};
use crate::connectors::practice::{read, rows_of};

fn count(connections: &AtomicUsize) -> usize {
    connections.load(Ordering::SeqCst)
}

/// Waits until the server was asked that often: what ends a reading is said after its last row.
async fn was_asked(server: &Scripted, part: &str, times: usize) {
    for _ in 0..500 {
        if server.was_asked(part) >= times {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("`{part}` was not asked {times} times");
}

#[tokio::test]
async fn a_healthy_connection_is_kept_and_its_transaction_is_not() {
    let server = Scripted::start(Manner::plain(), usual);
    let (settings, _folder) = settings(server.port, QUERY, |_| {});
    let source = open(&settings);
    for reading in 1..=3 {
        let portions =
            read(source.as_ref(), QueryRead::Content).await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
        assert_eq!(rows_of(&portions, Kind::Task), 1);
        was_asked(&server, "ROLLBACK", reading).await;
        // The answer to it makes the connection one that may be kept.
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(count(&server.connections), 1);
    assert_eq!(server.was_asked("ISOLATION LEVEL SNAPSHOT; BEGIN"), 3);
    let asked = server.asked.lock().expect("not poisoned").join("\n");
    assert!(!asked.to_uppercase().contains("NOLOCK") && !asked.contains("UNCOMMITTED"), "{asked}");
}

#[tokio::test]
async fn without_snapshot_isolation_only_what_is_committed_is_read_and_it_is_said() {
    let server = Scripted::start(Manner::plain(), |statement| {
        if statement.contains("snapshot_isolation_state") {
            return Said::Rows(vec!["state"], vec![vec![Value::Number(0)]]);
        }
        usual(statement)
    });
    let (settings, _folder) = settings(server.port, QUERY, |_| {});
    let probe = open(&settings).probe().await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    assert!(probe.version.contains("READ COMMITTED") && !probe.writable, "{probe:?}");
    assert!(probe.remarks.iter().any(|remark| remark.contains("handout sql-server")), "{probe:?}");
    assert_eq!(server.was_asked("ISOLATION LEVEL READ COMMITTED; BEGIN"), 1);
}

#[tokio::test]
async fn an_account_that_can_write_is_warned_of_with_how_to_make_one_that_cannot() {
    let server = Scripted::start(Manner::plain(), |statement| match usual(statement) {
        Said::Rows(columns, _) if columns == ["rights"] => Said::Rows(columns, vec![vec![Value::Number(3)]]),
        said => said,
    });
    let (settings, _folder) = settings(server.port, QUERY, |_| {});
    let probe = open(&settings).probe().await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    let remark = "`pocketdocket handout sql-server` prints how an account that can only read";
    assert!(probe.writable && probe.remarks.iter().any(|said| said.contains(remark)), "{probe:?}");
    assert_eq!(probe.tables, ["files"]);
}

/// The only row, or what the server says instead the first so many times.
fn failing(times: usize, fault: Said, snapshot: i32) -> impl Fn(&str) -> Said + Send + Sync + 'static {
    let left = Arc::new(AtomicUsize::new(times));
    move |statement| {
        if statement.contains("snapshot_isolation_state") {
            return Said::Rows(vec!["state"], vec![vec![Value::Number(snapshot)]]);
        }
        let rows = statement.contains("FROM files") && !statement.starts_with("SELECT TOP (0)");
        let faulty = rows && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if faulty { fault.clone() } else { usual(statement) }
    }
}

#[tokio::test]
async fn a_reading_that_was_a_deadlocks_victim_is_tried_once_more_and_not_twice() {
    let deadlock = || Said::Error(1205, "Transaction was deadlocked on lock resources.");
    let once = Scripted::start(Manner::plain(), failing(1, deadlock(), 0));
    let (practice, _folder) = settings(once.port, QUERY, |_| {});
    let portions = read(open(&practice).as_ref(), QueryRead::Content).await;
    let portions = portions.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    assert_eq!(rows_of(&portions, Kind::Task), 1);
    assert_eq!((count(&once.connections), once.was_asked("READ COMMITTED; BEGIN")), (1, 2));

    let twice = Scripted::start(Manner::plain(), failing(2, deadlock(), 0));
    let (practice, _folder) = settings(twice.port, QUERY, |_| {});
    let source = open(&practice);
    let failure = read(source.as_ref(), QueryRead::Content).await.expect_err("given up");
    assert_eq!(failure.kind, FailureKind::Source);
    assert!(failure.chain().contains("1205") && failure.hint.is_some_and(|hint| hint.contains("snapshot isolation")));
    read(source.as_ref(), QueryRead::Content).await.expect("the next tick reads again");
    assert_eq!(count(&twice.connections), 2, "a connection on which a reading failed is not used again");

    // A row that was handed over cannot be taken back.
    let row = vec![Value::Number(7), Value::Text("weber"), Value::Text("T")];
    let rows = vec![row; 100];
    let halfway = Said::Broken(vec!["key", "person", "subject"], rows, 1205, "Transaction was deadlocked.");
    let server = Scripted::start(Manner::plain(), failing(1, halfway, 0));
    let (practice, _folder) = settings(server.port, QUERY, |_| {});
    let source = open(&practice);
    let mut reading =
        source.read(vec![(Kind::Task, source.queries()[0].name.clone(), QueryRead::Content)]).await.expect("begins");
    let mut ended = None;
    while let Some(portion) = reading.recv().await {
        match portion {
            Ok(Portion::Complete) => panic!("half a reading is none"),
            Ok(_) => {}
            Err(failure) => ended = Some(failure),
        }
    }
    assert!(ended.is_some_and(|failure| failure.chain().contains("1205")));
}

#[tokio::test]
async fn what_a_server_says_is_passed_on_with_its_number_and_without_clients_data() {
    for (number, words, said, hinted) in [
        (229, "The SELECT permission was denied on the object 'files'.", Some("permission was denied"), "grant"),
        (208, "Invalid object name 'files'.", Some("Invalid object name"), "the query `tasks`"),
        (207, "Invalid column name 'titel'.", Some("Invalid column name"), "the query `tasks`"),
        (156, "Incorrect syntax near the keyword 'key'.", Some("near the keyword"), "`[key]`"),
        (1222, "Lock request time out period exceeded.", Some("Lock request"), "snapshot isolation"),
        (3960, "Snapshot isolation transaction aborted.", Some("Snapshot isolation"), "next try"),
        (245, "Conversion failed when converting the value 'Müller' to int.", None, "log"),
    ] {
        let server = Scripted::start(Manner::plain(), failing(usize::MAX, Said::Error(number, words), 1));
        let (practice, _folder) = settings(server.port, QUERY, |_| {});
        let failure = read(open(&practice).as_ref(), QueryRead::Content).await.expect_err("failed");
        assert!(failure.chain().contains(&format!("error {number}")), "{}", failure.chain());
        assert!(said.is_none_or(|said| failure.chain().contains(said)), "{}", failure.chain());
        assert!(!failure.chain().contains("Müller"));
        assert!(failure.hint.as_ref().is_some_and(|hint| hint.contains(hinted)), "{number}: {:?}", failure.hint);
    }
}

#[tokio::test]
async fn a_server_that_goes_away_is_asked_anew_at_the_next_tick() {
    let server = Scripted::start(Manner::plain(), failing(1, Said::Gone, 1));
    let (practice, _folder) = settings(server.port, QUERY, |_| {});
    let source = open(&practice);
    let failure = read(source.as_ref(), QueryRead::Content).await.expect_err("gone");
    assert!(failure.hint.is_some_and(|hint| hint.contains("next try is made by itself")));
    read(source.as_ref(), QueryRead::Content).await.expect("back");
    assert_eq!(count(&server.connections), 2);
}

/// What is under way on a connection cannot be told from what comes next: it is dropped, nothing more is said on it, and the server sees
/// that nobody waits any more.
#[tokio::test]
async fn a_server_that_takes_too_long_is_given_up_and_its_connection_dropped() {
    // Slow in giving the columns, and in giving the rows.
    for part in ["SELECT TOP (0) * FROM (\nSELECT * FROM (\nSELECT id", "SELECT * FROM (\nSELECT id"] {
        let slow = Arc::new(AtomicUsize::new(1));
        let server = Scripted::start(Manner::plain(), move |statement| {
            let once = || slow.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
            if statement.starts_with(part) && once() { Said::Silence } else { usual(statement) }
        });
        let (practice, _folder) = settings(server.port, QUERY, |_| {});
        let source = open(&Settings { time_out_seconds: 1, ..practice });
        let failure = read(source.as_ref(), QueryRead::Content).await.expect_err("too slow");
        assert!(failure.chain().contains("longer than 1 seconds"), "{}", failure.chain());
        for _ in 0..500 {
            if count(&server.left) == 1 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert_eq!(count(&server.left), 1, "the connection is closed, and nothing is said on it before");
        let portions = read(source.as_ref(), QueryRead::Content).await;
        let portions = portions.unwrap_or_else(|failure| panic!("{}", failure.chain()));
        assert_eq!((rows_of(&portions, Kind::Task), count(&server.connections)), (1, 2));
    }

    // So it is when an error comes in the middle of the rows.
    let rows = vec![vec![Value::Number(7), Value::Text("weber"), Value::Text("T")]; 100];
    let broken = Said::Broken(vec!["key", "person", "subject"], rows, 8134, "Divide by zero error encountered.");
    let server = Scripted::start(Manner::plain(), failing(1, broken, 1));
    let (practice, _folder) = settings(server.port, QUERY, |_| {});
    let source = open(&practice);
    let failure = read(source.as_ref(), QueryRead::Content).await.expect_err("half a reading is none");
    assert!(failure.chain().contains("error 8134"), "{}", failure.chain());
    read(source.as_ref(), QueryRead::Content).await.expect("the next tick reads again");
    assert_eq!(count(&server.connections), 2);
}

#[tokio::test]
async fn values_are_bound_and_never_written_into_the_statement() {
    let server = Scripted::start(Manner::plain(), |statement| {
        let columns = vec!["key", "person", "subject", "changed"];
        let row = || vec![Value::Number(7), Value::Text("weber"), Value::Text("T"), Value::Text("2026-11-22 09:30:00")];
        if statement.contains("FROM files") {
            let rows = if statement.starts_with("SELECT TOP (0)") { Vec::new() } else { vec![row()] };
            return Said::Rows(columns, rows);
        }
        usual(statement)
    });
    let (practice, _folder) = settings(server.port, &QUERY.replace("AS subject", "AS subject, changed"), |_| {});
    let source = open(&practice);
    let portions =
        read(source.as_ref(), QueryRead::Content).await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    let cursor = portions.iter().find_map(|portion| match portion {
        Portion::QueryDone { cursor, .. } => cursor.clone(),
        _ => None,
    });
    let changed = read(source.as_ref(), QueryRead::Changed(cursor.expect("a cursor"))).await;
    changed.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    assert_eq!(server.was_asked("WHERE q.changed >= @P1 OR q.changed IS NULL OR q.changed = ''"), 1);
    assert_eq!(server.was_asked("2026-11-22"), 0);
}

#[tokio::test]
async fn a_rowversion_needs_no_overlap_and_stays_below_what_is_not_committed() {
    let server = Scripted::start(Manner::plain(), |statement| {
        let row = |number: i32, last: u8| {
            vec![
                Value::Number(number),
                Value::Text("weber"),
                Value::Text("T"),
                Value::Bytes([0, 0, 0, 0, 0, 0, 0, last]),
            ]
        };
        if statement.contains("sp_describe_first_result_set") {
            let of = |name, sort| vec![Value::Text(name), Value::Text(sort)];
            let rows = vec![of("key", "int"), of("changed", "timestamp")];
            return Said::Rows(vec!["name", "system_type_name"], rows);
        }
        if statement.contains("FROM files") {
            return Said::Rows(vec!["key", "person", "subject", "changed"], vec![row(1, 7), row(2, 12)]);
        }
        usual(statement)
    });
    let (practice, _folder) = settings(server.port, &QUERY.replace("AS subject", "AS subject, rv AS changed"), |_| {});
    let source = open(&practice);
    let portions =
        read(source.as_ref(), QueryRead::Content).await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    let cursor = portions.iter().find_map(|portion| match portion {
        Portion::QueryDone { cursor, .. } => cursor.clone(),
        _ => None,
    });
    let cursor = cursor.expect("a cursor");
    assert_eq!(cursor.0, "bytes 0000000000000008", "9 is the lowest that may still come");
    read(source.as_ref(), QueryRead::Changed(cursor)).await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    assert_eq!(server.was_asked("WHERE q.changed >= @P1 OR q.changed IS NULL"), 1);
    let asked = server.asked.lock().expect("not poisoned").clone();
    let place = |part: &str| asked.iter().position(|statement| statement.contains(part)).expect("it was asked");
    assert!(place("MIN_ACTIVE_ROWVERSION") < place("BEGIN TRANSACTION"), "before anything is seen");
}

#[tokio::test]
async fn change_tracking_is_asked_how_far_back_it_goes() {
    let server = Scripted::start(Manner::plain(), |statement| {
        if statement.contains("CHANGE_TRACKING_CURRENT_VERSION() AS") {
            // It is a bigint there; text serves as "not known" and the mapping's own overlap does.
            return Said::Error(195, "not known");
        }
        if statement.contains("FROM files") {
            let row = vec![Value::Number(1), Value::Text("weber"), Value::Text("T"), Value::Number(40)];
            return Said::Rows(vec!["key", "person", "subject", "changed"], vec![row]);
        }
        usual(statement)
    });
    let tracked = |condition: &str| {
        let query = QUERY.replace("AS subject FROM files", "AS subject, 40 AS changed FROM files");
        format!("{query}overlap = 0\nchanged_sql = \"{condition}\"\n")
    };
    let changes = "q.[key] IN (SELECT c.id FROM CHANGETABLE(CHANGES files, :cursor) AS c)";
    let (practice, _folder) = settings(server.port, &tracked(changes), |_| {});
    let failure = read(open(&practice).as_ref(), QueryRead::Content).await.expect_err("it would miss changes");
    assert_eq!(failure.kind, FailureKind::Setting, "{}", failure.chain());
    assert!(failure.chain().contains("CHANGE_TRACKING_MIN_VALID_VERSION"), "{}", failure.chain());

    let whole = format!(":cursor < CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID('files')) OR {changes}");
    let (practice, _folder) = settings(server.port, &tracked(&whole), |_| {});
    let source = open(&practice);
    let portions =
        read(source.as_ref(), QueryRead::Content).await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    let cursor = portions.iter().find_map(|portion| match portion {
        Portion::QueryDone { cursor, .. } => cursor.clone(),
        _ => None,
    });
    read(source.as_ref(), QueryRead::Changed(cursor.expect("a cursor")))
        .await
        .unwrap_or_else(|failure| panic!("{}", failure.chain()));
    assert_eq!(server.was_asked("@P1 < CHANGE_TRACKING_MIN_VALID_VERSION"), 1);
}
