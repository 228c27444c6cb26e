//! A large j-lawyer on a real MariaDB: what a reading costs. The figures stand in docs/reference/sources.md. Takes minutes.

use std::{fs, process::Command, time::Instant};

use pocketdocket::{
    domain::{Kind, QueryName},
    ports::{Cursor, Portion, QueryRead},
};

use super::{
    account::counted,
    jlawyer::data,
    office::{open, settings},
};
use crate::servers::{Server, Sort};

/// What one reading cost.
#[derive(Debug)]
struct Cost {
    rows: u64,
    swept: Option<u64>,
    cursor: Option<Cursor>,
}

async fn read(source: &dyn pocketdocket::ports::Source, name: &str, how: QueryRead) -> Cost {
    let (cpu, begun) = (cpu_seconds(), Instant::now());
    // The peak is that of this reading alone.
    fs::write("/proc/self/clear_refs", "5").expect("the kernel forgets the peak");
    let before = resident("VmRSS");
    let query = vec![(Kind::Contact, QueryName("contacts".to_owned()), how)];
    let mut reading = source.read(query).await.unwrap_or_else(|failure| panic!("{}", failure.chain()));
    let mut cost = Cost { rows: 0, swept: None, cursor: None };
    while let Some(portion) = reading.recv().await {
        if let Portion::QueryDone { rows, swept, cursor, .. } =
            portion.unwrap_or_else(|failure| panic!("{}", failure.chain()))
        {
            cost = Cost { rows, swept, cursor };
        }
    }
    let megabytes = resident("VmHWM").saturating_sub(before) / 1024;
    #[expect(clippy::print_stdout, reason = "the figures are what it is run for")]
    {
        println!(
            "{name}: {} rows, {:?} swept, {:.2} s CPU of ours, {:.2} s in all, {megabytes} MB at most",
            cost.rows,
            cost.swept,
            cpu_seconds() - cpu,
            begun.elapsed().as_secs_f64()
        );
    }
    assert!(megabytes <= 100, "{name} took {megabytes} MB");
    cost
}

/// Seconds of CPU of this process; the server is another one.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux");
    let numbers: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |place: usize| numbers.get(place).and_then(|text| text.parse::<f64>().ok()).expect("a number");
    (ticks(11) + ticks(12)) / 100.0
}

/// Kilobytes of memory.
fn resident(what: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix(what)).expect("a line");
    line.trim_matches(|letter: char| !letter.is_ascii_digit()).parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: a part of tests/run --all"]
async fn a_hundred_thousand_contacts_are_read_in_bounded_memory() {
    let Some(folder) = data("jlawyer") else { return };
    let server = Server::start(Sort::MariaDb);
    server.sql("SET GLOBAL foreign_key_checks = 0; SET GLOBAL innodb_buffer_pool_size = 268435456;");
    server.load(&folder.join("schema.sql"));
    let place = tempfile::tempdir().expect("a folder");
    let statements = fs::File::create(place.path().join("large.sql")).expect("a file");
    let mut generator = Command::new("python3");
    generator.arg(folder.join("generate.py")).args(["--contacts", "100000"]).stdout(statements);
    assert!(generator.status().expect("python3").success());
    server.load(&place.path().join("large.sql"));
    assert_eq!(counted(&server, "SELECT count(*) FROM contacts"), 100_000);
    let mut settings = settings(&server, "j-lawyer", "Europe/Berlin");
    settings.placeholders.insert("contacts_for".to_owned(), "everyone".to_owned());
    let source = open(&settings);
    let content = read(source.as_ref(), "every row in full", QueryRead::Content).await;
    assert_eq!(content.rows, 100_000);
    let cursor = content.cursor.expect("a cursor");
    let sweep = read(source.as_ref(), "sweep", QueryRead::Sweep(cursor.clone())).await;
    assert_eq!(sweep.swept, Some(100_000));
    let hinted = read(source.as_ref(), "hinted tick", QueryRead::Changed(cursor)).await;
    // Rows without a time of change, those of the future and those of the last minutes before the cursor.
    let expected = "SELECT count(*) FROM contacts WHERE COALESCE(modificationDate, creationDate) > '2026-11-27' \
                    OR COALESCE(modificationDate, creationDate) < '1000-01-01' OR (modificationDate IS NULL AND creationDate IS NULL)";
    assert!(hinted.rows <= counted(&server, expected) + 20, "{} rows", hinted.rows);
}
