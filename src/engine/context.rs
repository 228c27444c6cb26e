use std::sync::Arc;

use async_trait::async_trait;
use jiff::{Timestamp, tz::TimeZone};
use tokio_util::sync::CancellationToken;

use super::{Progress, Settings};
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
}

/// What every room of the engine needs.
pub(super) struct Context {
    pub(super) ledger: Ledger,
    pub(super) connect: Arc<dyn Connect>,
    pub(super) settings: Settings,
    pub(super) policy: Policy,
    pub(super) zone: TimeZone,
    pub(super) clock: Clock,
    /// When this engine was made.
    pub(super) started: Timestamp,
    /// A graceful stop was asked for: what is in flight is settled, nothing new is begun.
    pub(super) stop: CancellationToken,
    /// Hears how far passes are.
    pub(super) progress: Option<Arc<dyn Fn(Progress) + Send + Sync>>,
}

impl Context {
    pub(super) fn now(&self) -> Timestamp {
        (self.clock)()
    }
}
