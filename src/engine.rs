//! Rooms where things happen.
//!
//! A *tick* reads the practice database once for everybody ([`watch`] says how much), compares each row with what mailboxes
//! hold ([`index`], [`intake`]) and puts what differs on the lists of the mailboxes concerned ([`pending`]). Each mailbox with
//! something on its list, or whose observation is due, then has its own pass ([`cycle`]: [`observe`], plan, [`execute`],
//! [`prove`]), beside the others and without waiting for them. Whatever a pass could not finish stays on the list, so that the
//! next tick is the retry. After a start everything is read and observed in full: there is one way, and it is used every day.

mod adoption;
mod alert_settings;
mod alerts;
mod bisect;
mod confirmation_settings;
mod confirmations;
mod context;
pub mod crash_point;
mod cycle;
mod departures;
mod execute;
mod explain;
mod found;
mod grouping;
mod groups;
mod handover;
mod index;
mod intake;
mod judged;
mod lazily;
mod links;
mod meanings;
mod memory;
mod missing;
mod moving;
mod observe;
mod overheard;
mod pending;
mod places;
mod prove;
mod recipients;
mod report;
mod requests;
mod retest;
mod rewrites;
mod room;
mod run;
pub mod schedule;
mod serve;
mod settings;
mod stumble;
mod tick;
mod totals;
mod trouble;
mod undo;
mod watch;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use alert_settings::{AlertSettings, Webhook};
pub use alerts::Alert;
pub use confirmation_settings::ConfirmationSettings;
pub use confirmations::{how_to_confirm, mind_confirmations, warning};
pub use context::{Clock, Connect};
pub use explain::{Explained, Explainer, Explanation};
pub use meanings::Interpretation;
pub use report::{CycleReport, Progress, ReportedTrouble, TickReport, Undoing};
pub use settings::Settings;

use self::{
    alerts::Alerts,
    context::{Context, Turns},
    index::Index,
    meanings::Book,
    recipients::Recipients,
    room::{EmptyQueries, Room},
    watch::Watch,
};
use crate::{
    plan::{MeaningChange, Policy, ScopeSettings},
    ports::{Failure, Person, Source},
    state::{Ledger, MailboxId, UserName},
};

/// What an engine is made of.
pub struct Parts {
    /// The ledger; the caller holds its engine lock.
    pub ledger: Ledger,
    /// The practice database.
    pub source: Arc<dyn Source>,
    /// The way to mailboxes.
    pub connect: Arc<dyn Connect>,
    /// Section `[sync]`.
    pub settings: Settings,
    /// Section `[policy]`.
    pub policy: Policy,
    /// Section `[scope]`: what users see where nothing else is said for them.
    pub scope: ScopeSettings,
    /// How rows are read and rendered.
    pub interpretation: Interpretation,
    /// Section `[alerts]`.
    pub alerts: AlertSettings,
    /// Section `[confirmation]`.
    pub confirmation: ConfirmationSettings,
    /// The time.
    pub clock: Clock,
    /// Hears how far passes are.
    pub progress: Option<Arc<dyn Fn(Progress) + Send + Sync>>,
}

/// What the tick knows of the practice database and of everybody's items.
struct Reading {
    watch: Watch,
    recipients: Recipients,
    empty: EmptyQueries,
    /// Everybody in the practice system, as the ledger knows them.
    people: Vec<Person>,
    book: Book,
    /// Changes of meaning that persons agreed to, as of the last tick.
    approved: BTreeSet<MeaningChange>,
    /// Whether something was read since it last changed who gets what.
    heard: bool,
}

/// The engine. One per ledger.
pub struct Engine {
    context: Context,
    source: Arc<dyn Source>,
    scope: Arc<ScopeSettings>,
    interpretation: Interpretation,
    reading: tokio::sync::Mutex<Reading>,
    index: Mutex<Index>,
    rooms: Mutex<HashMap<MailboxId, Arc<Room>>>,
    alerts: tokio::sync::Mutex<Alerts>,
    passes: TaskTracker,
    places: Arc<Semaphore>,
    reports: Mutex<Vec<CycleReport>>,
    /// What the ledger refused: to the tick itself (`None`), and to each user's last pass.
    ledger_troubles: Mutex<BTreeMap<Option<UserName>, Alert>>,
    /// Mailboxes that are being moved: they have no other pass meanwhile.
    moving: Mutex<BTreeSet<MailboxId>>,
    /// Some pass met items that nobody knows, or left in doubt what an item holds: the next reading is to be a full one.
    read_anew: AtomicBool,
}

impl Engine {
    /// An engine that has done nothing yet.
    ///
    /// # Errors
    /// When the alert settings cannot be used.
    pub fn new(parts: Parts) -> Result<Arc<Self>, Failure> {
        let watch = Watch::new(parts.source.queries());
        let places = Arc::new(Semaphore::new(parts.settings.parallel_mailboxes.max(1)));
        Ok(Arc::new(Self {
            context: Context {
                ledger: parts.ledger,
                connect: parts.connect,
                settings: parts.settings,
                policy: parts.policy,
                confirmation: parts.confirmation,
                zone: parts.scope.office_zone.clone(),
                started: (parts.clock)(),
                clock: parts.clock,
                stop: CancellationToken::new(),
                turns: Turns::default(),
                progress: parts.progress,
            },
            source: parts.source,
            scope: Arc::new(parts.scope),
            interpretation: parts.interpretation,
            reading: tokio::sync::Mutex::new(Reading {
                watch,
                recipients: Recipients::default(),
                empty: EmptyQueries::default(),
                people: Vec::new(),
                book: Book::default(),
                approved: BTreeSet::new(),
                heard: false,
            }),
            index: Mutex::default(),
            rooms: Mutex::default(),
            alerts: tokio::sync::Mutex::new(Alerts::new(parts.alerts)?),
            passes: TaskTracker::new(),
            places,
            reports: Mutex::default(),
            ledger_troubles: Mutex::default(),
            moving: Mutex::default(),
            read_anew: AtomicBool::new(false),
        }))
    }

    /// Asks for a graceful stop: what is in flight is settled, nothing new is begun.
    pub fn stop(&self) {
        self.context.stop.cancel();
    }

    /// Whether a pass met stamped items that the ledger does not know: the next tick asks the practice database about them.
    pub fn has_questions(&self) -> bool {
        self.read_anew.load(Ordering::Relaxed)
    }

    /// Waits until no pass is under way.
    pub async fn idle(&self) {
        self.passes.close();
        self.passes.wait().await;
        self.passes.reopen();
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<MailboxId, Arc<Room>>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn moving(&self) -> MutexGuard<'_, BTreeSet<MailboxId>> {
        self.moving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reports(&self) -> MutexGuard<'_, Vec<CycleReport>> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
