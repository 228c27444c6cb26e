//! A storm: every mailbox wants more than Graph takes of one program in one window of time. The simulator holds everybody to its
//! limits, on a clock that is put forward whenever all wait.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use pocketdocket::simulator::{self, Clock, GraphLimits, GraphUse};

use super::firm::{Firm, address};

const WINDOW: u32 = 600;

/// How a storm went.
#[derive(Debug)]
struct Weather {
    /// By the simulator's clock.
    took: SignedDuration,
    /// How each mailbox was used.
    mailboxes: Vec<GraphUse>,
}

/// A storm and the limits that it met.
#[derive(Clone, Copy, Debug)]
pub(super) struct Storm {
    pub(super) users: usize,
    /// Of each user.
    pub(super) events: usize,
    /// That a mailbox takes in ten minutes.
    pub(super) requests: u32,
}

/// What a storm showed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ridden {
    storm: Storm,
    /// Requests that an undisturbed sync of the same size takes, each mailbox.
    needed: u64,
    /// Requests that the busiest mailbox took.
    most: u64,
    /// Requests that were refused, of all.
    refused: u64,
    /// Seconds that the limit itself makes it take.
    least: i64,
    /// Seconds that it took.
    took: i64,
}

/// A row of the table in docs/reference/throttling.md.
impl fmt::Display for Ridden {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { storm: Storm { users, events, requests }, needed, most, refused, least, took } = self;
        write!(
            formatter,
            "| {users} | {events} | {requests} requests | {needed} | {most} | {refused} | {least} s | {took} s |"
        )
    }
}

/// So many users with so many events each, and so many requests for each mailbox in ten minutes.
async fn storm(users: usize, events: usize, requests: u32) -> Weather {
    let names: Vec<String> = (0..users).map(|number| format!("user{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let graph = GraphLimits { requests, window_seconds: WINDOW, ..GraphLimits::default() };
    let firm = Firm::over_graph(
        &names,
        simulator::Settings { graph, clock: Clock::standing_still(), ..simulator::Settings::default() },
    )
    .await;
    for user in &names {
        let rows: Vec<String> = (0..events)
            .map(|n| {
                let (day, hour) = (1 + n / 10 % 28, 8 + n % 10);
                format!("('{user}-{n}', '{user}', 'Event {n}', '2026-12-{day:02} {hour:02}:00', '2026-12-{day:02} {hour:02}:30')")
            })
            .collect();
        firm.sql(&format!("INSERT INTO events (id, person, subject, starts, ends) VALUES {}", rows.join(", ")));
    }
    let began = firm.sim.clock().now();
    let done = |firm: &Firm| names.iter().all(|user| firm.mailbox(user).items.len() == events);
    for _ in 0..1000 {
        pass(&firm).await;
        firm.release_all();
        if done(&firm) && firm.holds().is_empty() {
            break;
        }
    }
    let took = firm.sim.clock().now().duration_since(began);
    for user in &names {
        assert_eq!(firm.mailbox(user).items.len(), events, "{user}: nothing is lost");
        firm.assert_nothing_doubled(user);
    }
    Weather { took, mailboxes: names.iter().map(|user| firm.sim.graph_use(&address(user))).collect() }
}

/// Whoever waits waits; then the engine ticks.
async fn pass(firm: &Firm) {
    let now = firm.now();
    let users = firm.ledger.status().expect("readable").users;
    let waiting: Vec<Timestamp> = users.iter().filter_map(|user| Some(user.user.waiting.as_ref()?.until)).collect();
    // Not before somebody may go on, with those who may a moment later; where nobody waits, a tick later.
    let pause = match waiting.iter().min() {
        Some(until) => until.duration_since(now).as_secs().max(0) + 5,
        None => 1,
    };
    firm.pass_time(SignedDuration::from_secs(pause));
    firm.sim.administrator().advance_clock(pause);
    firm.engine.tick(None).await.expect("a writable ledger");
    firm.engine.idle().await;
}

/// How long the limit itself makes it take, where so many requests are needed.
fn least(needed: u64, requests: u32) -> i64 {
    let windows = needed.div_ceil(u64::from(requests)).saturating_sub(1);
    i64::try_from(windows).expect("few") * i64::from(WINDOW)
}

impl Storm {
    /// Lets it come, and demands that nothing is lost, that nobody comes too early or too often, and that it takes hardly longer
    /// than the limit itself makes it take.
    pub(super) async fn ride_out(self) -> Ridden {
        let Self { users, events, requests } = self;
        let calm = storm(1, events, u32::MAX).await;
        let needed = calm.mailboxes[0].requests;
        let least = least(needed, requests);
        assert!(least >= i64::from(WINDOW), "a limit that is not met proves nothing: {needed} requests");
        let weather = storm(users, events, requests).await;
        let (took, mailboxes) = (weather.took.as_secs(), &weather.mailboxes);
        let most = mailboxes.iter().map(|used| used.requests).max().unwrap_or_default();
        let refused = mailboxes.iter().map(|used| used.throttled).sum();
        assert!(refused > 0, "nobody was held back");
        assert!(mailboxes.iter().all(|used| used.most_concurrent <= 4), "{mailboxes:?}");
        assert!(mailboxes.iter().all(|used| used.too_early == 0), "{mailboxes:?}");
        assert!(took * 10 <= least * 12, "{took} s where the limit alone makes it {least} s");
        Ridden { storm: self, needed, most, refused, least, took }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::print_stdout, reason = "the numbers are of use to whoever reads docs/reference/throttling.md")]
async fn a_storm_of_eight_mailboxes_is_ridden_out_at_the_pace_that_the_limit_allows() {
    println!("{}", Storm { users: 8, events: 120, requests: 120 }.ride_out().await);
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::print_stdout, reason = "the numbers are of use to whoever reads docs/reference/throttling.md")]
#[ignore = "long"]
async fn a_storm_of_two_hundred_mailboxes_is_ridden_out_at_the_pace_that_the_limit_allows() {
    println!("{}", Storm { users: 200, events: 30, requests: 40 }.ride_out().await);
}
