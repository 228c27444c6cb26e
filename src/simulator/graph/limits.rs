//! What one program may ask of one mailbox: four requests at a time, and ten thousand in ten minutes.
//! <https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits>

use std::{collections::HashMap, sync::Mutex};

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};

use super::answer::Refused;
use crate::simulator::lock;

/// How much Graph takes of one program for one mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GraphLimits {
    /// Requests at a time.
    pub concurrent: usize,
    /// What `Retry-After` says to one more, in seconds.
    pub concurrent_retry_seconds: u32,
    /// Requests in a window.
    pub requests: u32,
    /// How long a window is, in seconds.
    pub window_seconds: u32,
}

impl Default for GraphLimits {
    fn default() -> Self {
        Self { concurrent: 4, concurrent_retry_seconds: 1, requests: 10_000, window_seconds: 600 }
    }
}

/// How a mailbox was used through Graph, by all programs together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GraphUse {
    /// Requests, parts of batches each.
    pub requests: u64,
    /// Refused with 429.
    pub throttled: u64,
    /// The most at a time.
    pub most_concurrent: usize,
    /// Came back before the time that `Retry-After` told.
    pub too_early: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Use {
    open: usize,
    window: Option<Timestamp>,
    in_window: u32,
    not_before: Option<Timestamp>,
    total: GraphUse,
}

/// What every program asks of every mailbox.
#[derive(Debug, Default)]
pub(crate) struct Limits(Mutex<HashMap<(String, String), Use>>);

/// A request that is being carried out.
pub(super) struct Entered<'a> {
    limits: &'a Limits,
    who: (String, String),
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        if let Some(used) = lock(&self.limits.0).get_mut(&self.who) {
            used.open -= 1;
        }
    }
}

impl Limits {
    /// Lets a request in, or says when to come back. What is refused counts too.
    pub(super) fn enter(
        &self,
        limits: &GraphLimits,
        application: &str,
        mailbox: &str,
        now: Timestamp,
    ) -> Result<Entered<'_>, Refused> {
        let who = (application.to_owned(), mailbox.to_lowercase());
        let mut all = lock(&self.0);
        let used = all.entry(who.clone()).or_default();
        used.total.requests += 1;
        used.total.too_early += u64::from(used.not_before.is_some_and(|told| now < told));
        let length = SignedDuration::from_secs(limits.window_seconds.into());
        let over = |start: Timestamp| now.duration_since(start) >= length;
        if used.window.is_none_or(over) {
            used.window = Some(now);
            used.in_window = 0;
        }
        used.in_window = used.in_window.saturating_add(1);
        let refusal = if used.in_window > limits.requests {
            let left = length - now.duration_since(used.window.unwrap_or(now));
            // Whole seconds, and none too few.
            Some(("Application is over its request limit.", (left.as_millis().max(1) + 999) / 1000))
        } else if used.open >= limits.concurrent {
            Some(("Application is over its MailboxConcurrency limit.", i128::from(limits.concurrent_retry_seconds)))
        } else {
            None
        };
        if let Some((message, seconds)) = refusal {
            let seconds = u64::try_from(seconds).unwrap_or(1);
            used.total.throttled += 1;
            let until = now.checked_add(SignedDuration::from_secs(seconds.cast_signed())).ok();
            used.not_before = used.not_before.max(until);
            return Err(Refused::new(StatusCode::TOO_MANY_REQUESTS, "ApplicationThrottled", message).after(seconds));
        }
        used.open += 1;
        used.total.most_concurrent = used.total.most_concurrent.max(used.open);
        Ok(Entered { limits: self, who })
    }

    /// How a mailbox was used.
    pub(crate) fn used(&self, mailbox: &str) -> GraphUse {
        let all = lock(&self.0);
        let of_it = all.iter().filter(|((_, known), _)| known.eq_ignore_ascii_case(mailbox));
        of_it.fold(GraphUse::default(), |sum, (_, used)| GraphUse {
            requests: sum.requests + used.total.requests,
            throttled: sum.throttled + used.total.throttled,
            most_concurrent: sum.most_concurrent.max(used.total.most_concurrent),
            too_early: sum.too_early + used.total.too_early,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).expect("a time")
    }

    #[test]
    fn four_at_a_time_and_the_fifth_is_told_when_to_come_back() {
        let (limits, rules) = (Limits::default(), GraphLimits::default());
        let mut open: Vec<_> = (0..4).map(|_| limits.enter(&rules, "app", "A@x", at(0)).expect("room")).collect();
        let refused = limits.enter(&rules, "app", "a@x", at(0)).err().expect("a refusal");
        assert_eq!((refused.status, refused.retry_after), (StatusCode::TOO_MANY_REQUESTS, Some(1)));
        assert!(limits.enter(&rules, "other", "a@x", at(0)).is_ok());
        assert!(limits.enter(&rules, "app", "b@x", at(0)).is_ok());
        open.pop();
        assert!(limits.enter(&rules, "app", "a@x", at(1)).is_ok());
        assert_eq!(limits.used("a@X").most_concurrent, 4);
        assert_eq!((limits.used("a@x").throttled, limits.used("a@x").too_early), (1, 0));
    }

    #[test]
    fn a_window_that_is_used_up_opens_again_when_it_is_over() {
        let (limits, rules) = (Limits::default(), GraphLimits { requests: 3, ..GraphLimits::default() });
        for second in 0..3 {
            assert!(limits.enter(&rules, "app", "a@x", at(second)).is_ok());
        }
        let refused = limits.enter(&rules, "app", "a@x", at(10)).err().expect("a refusal");
        assert_eq!(refused.retry_after, Some(590));
        assert!(limits.enter(&rules, "app", "a@x", at(599)).is_err());
        assert_eq!(limits.used("a@x").too_early, 1);
        assert!(limits.enter(&rules, "app", "a@x", at(600)).is_ok());
    }
}
