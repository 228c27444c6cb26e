//! A firm whose mailboxes all want more than Microsoft Graph takes: how much longer than the limit itself makes it take does it
//! take, and how many requests does the waiting cost?
//!
//! The storm is the one of the tests, with its rules, and larger. The simulator's clock is put forward whenever everybody waits,
//! so that what is told are counts and simulated seconds: they are the same on every machine.
//!
//! ```text
//! cargo bench --bench storm               200 mailboxes x 120 events: some minutes
//! cargo bench --bench storm -- --smoke    8 mailboxes
//! ```
//!
//! It prints a Markdown table for `docs/reference/throttling.md`.

#![expect(dead_code, reason = "the firm of the tests can do more than a storm needs")]
#![expect(clippy::print_stdout, reason = "that is what a bench is for")]

#[path = "../tests/it/engine/doors.rs"]
mod doors;
#[path = "../tests/it/engine/firm.rs"]
mod firm;
#[path = "../tests/it/engine/storm.rs"]
mod storm;
#[path = "../tests/it/token.rs"]
mod token;

use storm::Storm;

#[tokio::main]
async fn main() {
    let smoke = std::env::args().any(|word| word == "--smoke");
    let storms = [(8, 120, 120), (200, 30, 40), (200, 120, 120)];
    println!(
        "| Mailboxes | Events each | Limit in 10 minutes | Needed each | Used at most | Refused, of all | The limit's own minimum | Taken |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for (users, events, requests) in storms.into_iter().take(if smoke { 1 } else { storms.len() }) {
        println!("{}", Storm { users, events, requests }.ride_out().await);
    }
}
