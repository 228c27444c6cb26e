//! The time that sign-ins go by: lifetimes of tokens and codes, and how long an account stays locked. It runs as the real one
//! does and can be put forward, so that nobody waits ninety days for a token to expire.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};

/// A clock that can be put forward, or back. Its clones are the same clock.
#[derive(Clone, Debug, Default)]
pub struct Clock(Arc<Hands>);

#[derive(Debug, Default)]
struct Hands {
    /// Seconds that it was put forward.
    ahead: AtomicI64,
    /// Since when it moves no further than it is put.
    stands_since: Option<(Timestamp, Instant)>,
}

impl Clock {
    /// One that stands still unless it is put forward: what is measured by it is the same on every machine.
    #[must_use]
    pub fn standing_still() -> Self {
        Self(Arc::new(Hands { ahead: AtomicI64::new(0), stands_since: Some((Timestamp::now(), Instant::now())) }))
    }

    /// What it shows.
    pub fn now(&self) -> Timestamp {
        let real = self.0.stands_since.map_or_else(Timestamp::now, |(then, _)| then);
        real.checked_add(SignedDuration::from_secs(self.ahead())).unwrap_or(real)
    }

    /// What it shows, as a moment that only goes forward while nobody puts it back.
    pub fn instant(&self) -> Instant {
        let real = self.0.stands_since.map_or_else(Instant::now, |(_, then)| then);
        let ahead = Duration::from_secs(self.ahead().max(0).unsigned_abs());
        real.checked_add(ahead).unwrap_or(real)
    }

    /// Puts it forward by so many seconds; back, if there are fewer than none.
    pub fn advance(&self, seconds: i64) {
        self.0.ahead.fetch_add(seconds, Ordering::SeqCst);
    }

    fn ahead(&self) -> i64 {
        self.0.ahead.load(Ordering::SeqCst)
    }
}
