//! When a mailbox may be asked again, and how much at once. Pure: the moment and the chance are arguments.
//!
//! What a server asks for is honoured to the letter. A server that is busy without saying for how long is left alone for a
//! minute, then two, up to an hour; "resending prolongs the recovery"
//! (<https://learn.microsoft.com/exchange/client-developer/exchange-web-services/ews-throttling-in-exchange>). Requests that
//! are too much for a server are halved, and grow again by a quarter while it keeps up.

use std::time::{Duration, Instant};

const FIRST_PAUSE: Duration = Duration::from_mins(1);
const LONGEST_PAUSE: Duration = Duration::from_hours(1);
/// No request holds more items than this, whatever is asked for.
const LARGEST_BATCH: usize = 250;

/// The back-off of one mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Throttle {
    paused_until: Option<Instant>,
    refusals: u32,
    batch: usize,
}

impl Default for Throttle {
    fn default() -> Self {
        Self { paused_until: None, refusals: 0, batch: LARGEST_BATCH }
    }
}

impl Throttle {
    /// How long to wait before the next request; `None` if it may be sent now.
    pub fn pause(&self, now: Instant) -> Option<Duration> {
        let left = self.paused_until?.saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }

    /// How many of `wanted` items the next request may hold; at least one.
    pub fn batch(&self, wanted: usize) -> usize {
        wanted.min(self.batch).max(1)
    }

    /// The server said that it is busy, perhaps for how long. `chance` (0 to 1) lengthens our own guess by up to a quarter, so
    /// that not all mailboxes come back at once. Yields the pause.
    pub fn refused(&mut self, now: Instant, asked: Option<Duration>, chance: f64) -> Duration {
        let pause = asked.unwrap_or_else(|| {
            let doubled = FIRST_PAUSE.saturating_mul(1 << self.refusals.min(10));
            doubled.mul_f64(1.0 + chance.clamp(0.0, 1.0) / 4.0).min(LONGEST_PAUSE)
        });
        self.refusals = self.refusals.saturating_add(1);
        // Another request may have been told to wait longer.
        let until = now.checked_add(pause).max(self.paused_until);
        self.paused_until = until;
        pause
    }

    /// A request with this many items was too much or took too long.
    pub fn too_much(&mut self, items: usize) {
        self.batch = (self.batch.min(items) / 2).max(1);
    }

    /// A request with this many items was answered.
    pub fn answered(&mut self, items: usize) {
        self.refusals = 0;
        if items >= self.batch {
            self.batch = (self.batch + (self.batch / 4).max(1)).min(LARGEST_BATCH);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn what_the_server_asks_for_is_honoured_to_the_letter() {
        let now = Instant::now();
        let mut throttle = Throttle::default();
        assert_eq!(throttle.pause(now), None);
        let asked = Duration::from_millis(297_749);
        assert_eq!(throttle.refused(now, Some(asked), 1.0), asked);
        assert_eq!(throttle.pause(now), Some(asked));
        assert_eq!(throttle.pause(now + SECOND), Some(asked.saturating_sub(SECOND)));
        assert_eq!(throttle.pause(now + asked), None);
    }

    #[test]
    fn a_shorter_wait_does_not_cut_a_longer_one_short() {
        let now = Instant::now();
        let mut throttle = Throttle::default();
        throttle.refused(now, Some(SECOND * 100), 0.0);
        throttle.refused(now, Some(SECOND), 0.0);
        assert_eq!(throttle.pause(now), Some(SECOND * 100));
    }

    #[test]
    fn without_a_word_from_the_server_pauses_double_up_to_an_hour_and_start_anew_after_an_answer() {
        let now = Instant::now();
        let mut throttle = Throttle::default();
        let pauses: Vec<_> = (0..9).map(|_| throttle.refused(now, None, 0.0).as_secs()).collect();
        assert_eq!(pauses, [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
        throttle.answered(1);
        assert_eq!(throttle.refused(now, None, 1.0).as_secs(), 75);
    }

    #[test]
    fn batches_halve_down_to_one_and_grow_again() {
        let mut throttle = Throttle::default();
        assert_eq!(throttle.batch(50), 50);
        throttle.too_much(50);
        assert_eq!(throttle.batch(50), 25);
        for _ in 0..10 {
            throttle.too_much(throttle.batch(50));
        }
        assert_eq!(throttle.batch(50), 1);
        throttle.answered(1);
        assert_eq!(throttle.batch(50), 2);
        for _ in 0..40 {
            throttle.answered(throttle.batch(50));
        }
        assert_eq!(throttle.batch(50), 50);
    }

    #[test]
    fn a_small_request_that_works_says_nothing_about_large_ones() {
        let mut throttle = Throttle::default();
        throttle.too_much(40);
        throttle.answered(3);
        assert_eq!(throttle.batch(50), 20);
    }

    proptest! {
        #[test]
        fn no_history_leaves_the_bounds(steps in prop::collection::vec((0u8..3, 0usize..400, 0.0f64..1.0), 0..60)) {
            let now = Instant::now();
            let mut throttle = Throttle::default();
            for (what, items, chance) in steps {
                match what {
                    0 => prop_assert!(throttle.refused(now, None, chance) <= LONGEST_PAUSE),
                    1 => throttle.too_much(items),
                    _ => throttle.answered(items),
                }
                prop_assert!((1..=LARGEST_BATCH).contains(&throttle.batch(1000)));
                prop_assert!(throttle.pause(now).is_none_or(|pause| pause <= LONGEST_PAUSE));
            }
        }
    }
}
