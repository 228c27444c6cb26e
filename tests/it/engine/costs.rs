//! What a mailbox costs over Graph, in requests: what docs/reference/throttling.md says of it is what the server counts.

use std::ops::Range;

use pocketdocket::simulator;

use super::firm::{Firm, address};

/// Requests of a pass in which this happened and of the next one, which reads what was written, as the server counts them.
async fn requests(firm: &Firm, happened: &str) -> u64 {
    let used = || firm.sim.graph_use(&address("weber")).requests;
    let before = used();
    firm.sql(happened);
    firm.later().await;
    firm.later().await;
    assert!(firm.holds().is_empty(), "what waits for a person costs nothing: {happened}");
    used() - before
}

/// Requests of each further change: what five more of them cost.
async fn of_each(firm: &Firm, change: impl Fn(Range<u32>) -> String) -> u64 {
    let (one, six) = (requests(firm, &change(0..1)).await, requests(firm, &change(1..7)).await);
    assert_eq!((six - one) % 5, 0, "each of them costs the same: {one} and {six}");
    (six - one) / 5
}

fn rows(of: Range<u32>, row: impl Fn(u32) -> String) -> String {
    of.map(row).collect::<Vec<_>>().join("; ")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_costs_the_requests_that_the_reference_says() {
    let firm = Firm::over_graph(&["weber"], simulator::Settings::default()).await;
    firm.many_events("weber", 60);
    firm.sql(&rows(0..60, |n| {
        format!(
            "INSERT INTO contacts (id, person, surname, phone) VALUES ('c{n}', 'weber', 'Nr {n}', '+49 30 {n}');
             INSERT INTO tasks (id, person, subject, due) VALUES ('t{n}', 'weber', 'Task {n}', '2026-12-11')"
        )
    }));
    firm.first_sync().await;
    firm.later().await;

    let quiet = requests(&firm, "").await / 2;
    assert_eq!(quiet, 10, "a look at a mailbox in which nothing happened");
    let new = |n| {
        format!(
            "INSERT INTO events (id, person, subject, starts, ends)
             VALUES ('new{n}', 'weber', 'New {n}', '2026-12-28 10:00', '2026-12-28 11:00')"
        )
    };
    let task =
        |n| format!("INSERT INTO tasks (id, person, subject, due) VALUES ('new{n}', 'weber', 'New {n}', '2026-12-12')");
    let cost = [
        ("a new event", 2, of_each(&firm, |of| rows(of, new)).await),
        ("a new task", 3, of_each(&firm, |of| rows(of, task)).await),
        ("a changed event", 3, of_each(&firm, changed("UPDATE events SET place = 'Room 9' WHERE id = 'new")).await),
        ("a changed contact", 3, of_each(&firm, changed("UPDATE contacts SET surname = 'Other' WHERE id = 'c")).await),
        ("another number", 3, of_each(&firm, changed("UPDATE contacts SET phone = '+49 40 2' WHERE id = 'c")).await),
        ("a changed task", 4, of_each(&firm, changed("UPDATE tasks SET due = '2026-12-12' WHERE id = 't")).await),
        ("a removed item", 4, of_each(&firm, changed("DELETE FROM events WHERE id = 'new")).await),
    ];
    for (what, said, counted) in cost {
        assert_eq!(counted, said, "{what}");
    }
}

/// A statement about the row with each number.
fn changed(statement: &str) -> impl Fn(Range<u32>) -> String {
    let statement = statement.to_owned();
    move |of| rows(of, |n| format!("{statement}{n}'"))
}
