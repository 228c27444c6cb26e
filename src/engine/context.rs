use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use jiff::{Timestamp, tz::TimeZone};
use tokio_util::sync::CancellationToken;

use super::{ConfirmationSettings, Progress, Settings};
use crate::{
    plan::Policy,
    ports::{Failure, Mailbox},
    state::{ActiveUser, Ledger},
};

/// The time, as an argument: tests set it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Opens the mailbox behind a link. The composition root knows how.
#[async_trait]
pub trait Connect: Send + Sync {
    /// Opens the mailbox of a link; signs in at the first request.
    async fn connect(&self, user: &ActiveUser) -> Result<Arc<dyn Mailbox>, Failure>;

    /// Sees to it that links whose account may not sign in from where we come are parked, and go on when it may again. Called
    /// before the passes of a tick begin.
    ///
    /// # Errors
    /// When what is known of it cannot be used.
    async fn mind_addresses(&self, _now: Timestamp) -> Result<(), Failure> {
        Ok(())
    }

    /// Sees to it that what is known of where the mailbox is does not grow old. Who knows nothing of that has nothing to see to.
    ///
    /// # Errors
    /// When the mailbox is elsewhere now: the link waits until a person moves it.
    async fn mind_whereabouts(&self, _user: &ActiveUser, _now: Timestamp) -> Result<(), Failure> {
        Ok(())
    }

    /// The same failure, or that the mailbox was moved, where that is why it cannot be reached.
    async fn explained(&self, _user: &ActiveUser, failure: Failure, _now: Timestamp) -> Failure {
        failure
    }
}

/// What every room of the engine needs.
pub(super) struct Context {
    pub(super) ledger: Ledger,
    pub(super) connect: Arc<dyn Connect>,
    pub(super) settings: Settings,
    pub(super) policy: Policy,
    pub(super) confirmation: ConfirmationSettings,
    pub(super) zone: TimeZone,
    pub(super) clock: Clock,
    /// When this engine was made.
    pub(super) started: Timestamp,
    /// A graceful stop was asked for: what is in flight is settled, nothing new is begun.
    pub(super) stop: CancellationToken,
    /// Items that all mailboxes together may still write anew before the next tick.
    pub(super) turns: Turns,
    /// Hears how far passes are.
    pub(super) progress: Option<Arc<dyn Fn(Progress) + Send + Sync>>,
}

impl Context {
    pub(super) fn now(&self) -> Timestamp {
        (self.clock)()
    }
}

/// How many items may be written anew for a change of meaning before the next tick, by all mailboxes together.
#[derive(Debug, Default)]
pub(super) struct Turns(AtomicU64);

impl Turns {
    /// A tick begins.
    pub(super) fn begin(&self, turns: u64) {
        self.0.store(turns, Ordering::Relaxed);
    }

    /// Takes up to so many; gives how many there were.
    pub(super) fn take(&self, most: u64) -> u64 {
        let before = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| Some(left.saturating_sub(most)));
        before.unwrap_or(0).min(most)
    }

    /// Some were not needed.
    pub(super) fn give_back(&self, turns: u64) {
        self.0.fetch_add(turns, Ordering::Relaxed);
    }
}
