//! The first sync of a whole firm: the plan is held, a person releases it, everything is written and read back.

use anyhow::ensure;

use crate::{
    firm::{Firm, House},
    table,
};

pub(crate) fn run(smoke: bool) -> anyhow::Result<()> {
    let users = if smoke { 3 } else { 200 };
    let mut house = House::open(Firm { users, contacts: 100, events: 110, tasks: 40 })?;
    let firm = house.firm;
    let before = house.counts()?;
    let shown = house.tick(1, 120)?;
    ensure!(shown.written == 0 && shown.held == firm.items(), "the first plan waits: {shown:?}");
    let planned = house.counts()?.since(&before);
    ensure!(house.release()? == firm.items(), "everything was shown");
    let before = house.counts()?;
    let written = house.tick(1, 120)?;
    let counts = house.counts()?.since(&before);
    ensure!(written.written == firm.items() && counts.items == firm.items(), "every item once: {written:?}");
    ensure!(counts.of("CreateItem") == firm.batches(), "a request per batch and folder: {counts:?}");
    ensure!(counts.of("GetItem") == firm.batches(), "and one to read it back: {counts:?}");
    let constant = counts.all() - 2 * firm.batches();
    house.close()?;

    let per_second = |cpu: std::time::Duration| {
        let microseconds = u64::try_from(cpu.as_micros()).unwrap_or(u64::MAX).max(1);
        table::number(firm.items() * 1_000_000 / microseconds)
    };
    let row = |what: &str, value: String, target: &str| vec![what.to_owned(), value, target.to_owned()];
    table::print(
        &format!("First sync: {users} users x {} items", firm.items_of_one()),
        &["What", "Measured", "Target"],
        &[
            row("Items written and read back", table::number(written.written), ""),
            row("CPU of the daemon, writing", table::seconds(written.cpu), ""),
            row("Items per CPU second, writing", per_second(written.cpu), "at least 10,000"),
            row("CPU of the daemon, reading and planning before", table::seconds(shown.cpu), ""),
            row("Items per CPU second, both", per_second(written.cpu + shown.cpu), ""),
            row("Requests: writes", table::number(counts.of("CreateItem")), &table::number(firm.batches())),
            row("Requests: read-backs", table::number(counts.of("GetItem")), &table::number(firm.batches())),
            row("Requests: others, per folder", table::ratio(constant, firm.folders()), "a constant"),
            row("Requests before, to plan, per folder", table::ratio(planned.all(), firm.folders()), "a constant"),
            row("Peak memory of the daemon", table::megabytes(written.peak.max(shown.peak)), ""),
        ],
    );
    Ok(())
}
