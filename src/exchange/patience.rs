//! What every protocol does with a server's patience: short pauses are sat out, long ones are the caller's to plan, and each
//! failure teaches the mailbox's [`Throttle`].

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use super::throttle::Throttle;
use crate::ports::{Failure, FailureKind, web::TimedOut};

/// A pause as short as this is sat out; a longer one is the caller's to plan.
const SHORT_PAUSE: Duration = Duration::from_secs(2);

/// By what pauses are kept: the machine's own time, or another.
#[derive(Clone)]
pub struct Watch(Arc<dyn Fn() -> Instant + Send + Sync>);

impl Watch {
    /// One that shows what this yields, which must not go back.
    pub fn new(now: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    pub(super) fn now(&self) -> Instant {
        (self.0)()
    }
}

impl Default for Watch {
    fn default() -> Self {
        Self::new(Instant::now)
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Watch")
    }
}

/// Whether what the failure asks to wait for can be sat out.
pub(super) fn is_short(failure: &Failure) -> bool {
    failure.retry_after.is_some_and(|pause| pause <= SHORT_PAUSE)
}

/// Sits out a short pause that the server asked for. `pause` tells how much of it is left, each time anew: another request may
/// have been told to wait longer meanwhile.
///
/// # Errors
/// [`FailureKind::Throttled`] with what is left of a long one; nothing was sent then.
pub(super) async fn sit_out(doing: &str, pause: impl Fn() -> Option<Duration>) -> Result<(), Failure> {
    loop {
        match pause() {
            None => return Ok(()),
            Some(pause) if pause <= SHORT_PAUSE => tokio::time::sleep(pause).await,
            Some(pause) => {
                return Err(Failure::new(FailureKind::Throttled, doing)
                    .because("the server asked us to wait; nothing was sent")
                    .after(pause));
            }
        }
    }
}

/// Remembers what a failure of a request with so many items says about the server's patience. `wants_less`: the protocol reads
/// it as too much at once; a time-out is that in any protocol. Gives the failure with the pause that follows from it, from `now`
/// on.
pub(super) fn learn(
    throttle: &mut Throttle,
    mut failure: Failure,
    items: usize,
    wants_less: bool,
    now: Instant,
) -> Failure {
    let timed_out = std::error::Error::source(&failure).is_some_and(<dyn std::error::Error>::is::<TimedOut>);
    if failure.kind == FailureKind::Throttled {
        failure.retry_after = Some(throttle.refused(now, failure.retry_after, rand::random()));
    } else if timed_out || wants_less {
        throttle.too_much(items);
    }
    failure
}
