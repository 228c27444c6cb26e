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

use super::{late, silent};
use crate::{
    ports::{Failure, FailureKind},
    sources::Settings,
};

/// How long a server may take until we are in: one that is there answers at once.
const GREETING: Duration = Duration::from_secs(20);

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
            greeting: GREETING,
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
    greeting: Duration,
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

    /// The same for the way in: where nobody answers we know so soon, long before the time for a whole reading is up.
    pub(in crate::sources) async fn greeting<T>(
        &self,
        entering: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        match self.answer(tokio::time::timeout(self.greeting, entering)).await? {
            Ok(entered) => entered,
            Err(_) => Err(silent(&self.place, self.greeting.as_secs())),
        }
    }

    /// The same on a thread that may block.
    pub(in crate::sources) fn wait<T>(&self, asking: impl Future<Output = T>) -> Result<T, Failure> {
        self.runtime.block_on(self.answer(asking))
    }

    /// Does something that nobody waits for.
    pub(in crate::sources) fn afterwards(&self, work: impl Future<Output = ()> + Send + 'static) {
        drop(self.runtime.spawn(work));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::{ServerSettings, SourceZone};

    #[tokio::test]
    async fn a_server_that_says_nothing_is_given_up_long_before_a_reading_would_be() {
        let settings = Settings::on_server("sample", ServerSettings::default(), SourceZone::utc());
        let (sender, _listener) = tokio::sync::mpsc::channel::<()>(1);
        let watch = Watch::begin(&settings, sender);
        let waiter = Waiter { greeting: Duration::from_millis(1), ..watch.waiter() };
        let failure = waiter.greeting(std::future::pending::<Result<(), Failure>>()).await.expect_err("silent");
        assert_eq!(failure.kind, FailureKind::Source);
        assert!(failure.chain().contains("did not let us in within"), "{}", failure.chain());
        assert!(failure.hint.is_some_and(|hint| hint.contains("`port`")));
    }
}
