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
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    /// What it shows.
    pub fn now(&self) -> Timestamp {
        let real = Timestamp::now();
        real.checked_add(SignedDuration::from_secs(self.0.load(Ordering::SeqCst))).unwrap_or(real)
    }

    /// What it shows, as a moment that only goes forward while nobody puts it back.
    pub fn instant(&self) -> Instant {
        let real = Instant::now();
        let ahead = Duration::from_secs(self.0.load(Ordering::SeqCst).max(0).unsigned_abs());
        real.checked_add(ahead).unwrap_or(real)
    }

    /// Puts it forward by so many seconds; back, if there are fewer than none.
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}
