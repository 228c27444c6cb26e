//! What a tick costs when nothing changed, when little changed, when everything is swept, and after a start; at two sizes of the
//! database and with the same mailboxes, so that what grows is what depends on the number of rows.

use anyhow::ensure;

use crate::{
    daemon::Used,
    exchange::Counts,
    firm::{Firm, House, SWEEP_MINUTES},
    table,
};

/// Quiet ticks are cheap, and the kernel counts hundredths of a second: the mean of many.
const QUIET: u32 = 20;
/// Rounds of changes.
const ROUNDS: u32 = 3;

/// Some ticks and what they asked of the server.
struct Measured {
    ticks: u32,
    used: Used,
    requests: Counts,
}

/// One size of the database.
struct Size {
    rows: u32,
    start: Measured,
    quiet: Measured,
    busy: Measured,
    after: Measured,
    sweep: Measured,
    observed: Measured,
}

pub(crate) fn run(smoke: bool) -> anyhow::Result<()> {
    let (users, sizes, changes) = if smoke { (3, [1_000, 5_000], 10) } else { (500, [100_000, 1_000_000], 100) };
    let firm = Firm { users, contacts: 100, events: 110, tasks: 40 };
    let mut house = House::open(firm)?;
    house.practice.grow(&firm, sizes[0])?;
    house.tick(1, 120)?;
    house.release()?;
    let first = house.tick(1, 120)?;
    ensure!(first.written == firm.items(), "the first sync: {first:?}");

    let one = single_change(&mut house)?;
    let mut measured = Vec::new();
    for (number, rows) in (1..).zip(sizes) {
        house.practice.grow(&firm, rows)?;
        house = house.restart_daemon()?;
        measured.push(size(&mut house, rows, number * 10, changes)?);
    }
    house.close()?;
    print(&firm, changes, &measured);
    let requests: Vec<String> =
        one.requests.requests.iter().map(|(operation, count)| format!("{count} {operation}")).collect();
    table::print(
        "One change, from commit to item",
        &["Rows read", "Requests", "Which"],
        &[vec![table::number(one.used.rows), one.requests.all().to_string(), requests.join(", ")]],
    );
    Ok(())
}

fn measure(house: &mut House, ticks: u32, seconds: u32) -> anyhow::Result<Measured> {
    let before = house.counts()?;
    let used = house.tick(ticks, seconds)?;
    Ok(Measured { ticks, used, requests: house.counts()?.since(&before) })
}

/// A single row changes.
fn single_change(house: &mut House) -> anyhow::Result<Measured> {
    house.tick(1, 10)?;
    house.practice.change(&house.firm, 0, 1)?;
    let one = measure(house, 1, 10)?;
    ensure!(one.used.written == 1 && one.requests.of("UpdateItem") == 1, "one change, one update: {:?}", one.requests);
    Ok(one)
}

fn size(house: &mut House, rows: u32, round: u32, changes: u32) -> anyhow::Result<Size> {
    let firm = house.firm;
    // After a start everything is read and every folder is observed.
    let start = measure(house, 1, 10)?;
    ensure!(start.used.rows == u64::from(rows), "every row is read after a start: {:?}", start.used);
    ensure!(start.used.written == 0, "nothing changed: {:?}", start.used);

    let quiet = measure(house, QUIET, 10)?;
    ensure!(quiet.requests.all() == 0, "a quiet tick asks no mailbox: {:?}", quiet.requests);

    let mut busy = Measured { ticks: ROUNDS, used: Used::default(), requests: Counts::default() };
    let before = house.counts()?;
    for number in 0..ROUNDS {
        house.practice.change(&firm, round + number, changes)?;
        let used = house.tick(1, 10)?;
        ensure!(used.written == u64::from(changes), "each change is written once: {used:?}");
        ensure!(used.passes == u64::from(changes.min(firm.users)), "only mailboxes concerned are passed: {used:?}");
        busy.used = sum(busy.used, used);
    }
    busy.requests = house.counts()?.since(&before);

    // The overlap reads them again, and finds nothing to do.
    let after = measure(house, QUIET, 2)?;
    ensure!(after.requests.all() == 0, "what was written is not written again: {:?}", after.requests);

    let gone = 10 * (QUIET + ROUNDS) + 2 * QUIET;
    let sweep = measure(house, 1, 60 * SWEEP_MINUTES - gone)?;
    ensure!(sweep.used.swept == u64::from(rows), "a sweep sees every row: {:?}", sweep.used);
    ensure!(sweep.requests.all() == 0, "a sweep asks no mailbox: {:?}", sweep.requests);

    // Late enough for those that were observed before they were written, too early for the next sweep.
    let observed = measure(house, 1, 5 * 60)?;
    ensure!(observed.used.passes == u64::from(firm.users), "every mailbox is looked at: {:?}", observed.used);
    Ok(Size { rows, start, quiet, busy, after, sweep, observed })
}

fn sum(one: Used, other: Used) -> Used {
    Used {
        cpu: one.cpu + other.cpu,
        wall: one.wall + other.wall,
        peak: one.peak.max(other.peak),
        rows: one.rows + other.rows,
        swept: one.swept + other.swept,
        passes: one.passes + other.passes,
        written: one.written + other.written,
        held: one.held + other.held,
    }
}

/// What was measured, its target, and where it is.
type Line<'l> = (&'l str, &'l str, fn(&Size) -> &Measured);

fn print(firm: &Firm, changes: u32, sizes: &[Size]) {
    let mut rows = Vec::new();
    let with_changes = format!("{changes} changes");
    let lines: [Line<'_>; 6] = [
        ("nothing changed", "50 ms", |size| &size.quiet),
        (&with_changes, "", |size| &size.busy),
        ("nothing new, changes in the overlap", "50 ms", |size| &size.after),
        ("sweep", "3 s, 100 MB", |size| &size.sweep),
        ("every folder is observed", "", |size| &size.observed),
        ("first tick after a start", "", |size| &size.start),
    ];
    for (what, target, of) in lines {
        for size in sizes {
            let Measured { ticks, used, requests } = of(size);
            let each = |count: u64| table::number(count / u64::from(*ticks));
            rows.push(vec![
                what.to_owned(),
                table::number(size.rows.into()),
                table::milliseconds(used.cpu, *ticks),
                target.to_owned(),
                each(used.rows),
                each(used.swept),
                each(requests.all()),
                table::megabytes(used.peak),
            ]);
        }
    }
    table::print(
        &format!("Ticks: {} users x {} items", firm.users, firm.items_of_one()),
        &[
            "A tick in which",
            "Rows in the database",
            "CPU",
            "Target",
            "Rows read",
            "Rows swept",
            "Requests",
            "Peak memory",
        ],
        &rows,
    );
}
