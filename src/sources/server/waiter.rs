use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{runtime::Handle, sync::mpsc::Sender};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::late;
use crate::{
    ports::{Failure, FailureKind},
    sources::Settings,
};

/// Ends the work when its time is up or when nobody listens any more; watches until it is dropped.
pub(in crate::sources) struct Watch {
    waiter: Waiter,
    _watching: AbortOnDropHandle<()>,
}

impl Watch {
    /// Watches from now on.
    pub(in crate::sources) fn begin<T: Send + 'static>(settings: &Settings, listener: Sender<T>) -> Self {
        let time = Duration::from_secs(u64::from(settings.time_out_seconds));
        let waiter = Waiter {
            runtime: Handle::current(),
            ended: CancellationToken::new(),
            late: Arc::default(),
            place: settings.place(),
            seconds: settings.time_out_seconds,
        };
        let (ended, late) = (waiter.ended.clone(), Arc::clone(&waiter.late));
        let watching = tokio::spawn(async move {
            tokio::select! {
                () = tokio::time::sleep(time) => late.store(true, Ordering::Relaxed),
                () = listener.closed() => {}
            }
            ended.cancel();
        });
        Self { waiter, _watching: AbortOnDropHandle::new(watching) }
    }

    pub(in crate::sources) fn waiter(&self) -> Waiter {
        self.waiter.clone()
    }
}

/// Waits for a server, from a thread that may block, for as long as there is time. No timer runs on that thread: the runtime
/// may end before it.
#[derive(Clone)]
pub(in crate::sources) struct Waiter {
    runtime: Handle,
    ended: CancellationToken,
    late: Arc<AtomicBool>,
    place: String,
    seconds: u32,
}

impl Waiter {
    /// Waits for an answer, asynchronously.
    pub(in crate::sources) async fn answer<T>(&self, asking: impl Future<Output = T>) -> Result<T, Failure> {
        tokio::select! {
            biased;
            () = self.ended.cancelled() => Err(self.ending()),
            answer = asking => Ok(answer),
        }
    }

    /// The same on a thread that may block.
    pub(in crate::sources) fn wait<T>(&self, asking: impl Future<Output = T>) -> Result<T, Failure> {
        self.runtime.block_on(self.answer(asking))
    }

    fn ending(&self) -> Failure {
        if self.late.load(Ordering::Relaxed) {
            late(&self.place, self.seconds)
        } else {
            Failure::new(FailureKind::Source, format!("read the practice database `{}`", self.place))
                .because("nobody waits for it any more")
        }
    }

    /// What it means that the server stopped a statement: its time was up there first.
    pub(in crate::sources) fn stopped_by_server(&self) -> Failure {
        late(&self.place, self.seconds)
    }

    /// Which database it is, for messages.
    pub(in crate::sources) fn place(&self) -> &str {
        &self.place
    }
}
