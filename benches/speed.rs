//! What the engine costs: CPU, memory, requests and rows, over a whole firm.
//!
//! Three processes, so that each is measured alone: this one makes and edits the practice database, a second one is the Exchange
//! simulator, a third one is the daemon (engine, ledger and practice database reader, wired as `pocketdocket run` wires
//! them). The daemon tells what its own process used. Two parts:
//!
//! ```text
//! cargo bench --bench speed                 both parts, full size: a few minutes
//! cargo bench --bench speed -- first-sync   200 users x 250 items
//! cargo bench --bench speed -- ticks        500 users, 100,000 and 1,000,000 rows
//! cargo bench --bench speed -- --smoke      both parts, tiny: do they work, and are the counts right?
//! ```
//!
//! It prints Markdown tables for `docs/reference/performance.md`. What can be counted (requests, rows, items) is asserted;
//! what depends on the machine (CPU time, memory) is told beside its target.

#[path = "speed/daemon.rs"]
mod daemon;
#[path = "speed/exchange.rs"]
mod exchange;
#[path = "speed/firm.rs"]
mod firm;
#[path = "speed/first_sync.rs"]
mod first_sync;
#[path = "speed/helper.rs"]
mod helper;
#[path = "speed/meter.rs"]
mod meter;
#[path = "speed/practice.rs"]
mod practice;
#[path = "speed/table.rs"]
mod table;
#[path = "speed/ticks.rs"]
mod ticks;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["exchange", users] => return exchange::serve(users.parse()?),
        ["daemon", folder, url, life] => return daemon::serve(folder.as_ref(), url, life.parse()?),
        _ => {}
    }
    anyhow::ensure!(cfg!(target_os = "linux"), "the daemon's CPU time and memory are read from /proc, which Linux has");
    let smoke = words.contains(&"--smoke");
    let asked = |part: &str| !words.iter().any(|word| ["first-sync", "ticks"].contains(word)) || words.contains(&part);
    if asked("first-sync") {
        first_sync::run(smoke)?;
    }
    if asked("ticks") {
        ticks::run(smoke)?;
    }
    Ok(())
}
