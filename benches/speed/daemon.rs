//! The process that is the daemon: the engine on a ledger, a practice database and mailboxes, as the composition root wires them,
//! with a clock that stands still unless it is turned. It measures itself.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use pocketdocket::{
    app::Mailboxes,
    domain::{FirmId, PersonId},
    engine::{AlertSettings, ConfirmationSettings, Engine, Interpretation, Parts, Settings},
    exchange,
    plan::{Policy, ScopeSettings},
    simulator,
    sources::{self, sample},
    state::{AuthMethod, ConfirmationWay, EngineLock, Ledger, LinkState, UserDetails},
    vault::KeySource,
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::{firm, helper, meter};

/// What it is asked.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Question {
    /// Link these users, all the way to active.
    Link { users: u32 },
    /// Tick so many times, each so many seconds after the last one, and wait for every pass.
    Tick { times: u32, seconds: u32 },
    /// Release everything that waits for a person.
    Release,
}

/// What some ticks used and did.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Used {
    pub(crate) cpu: Duration,
    pub(crate) wall: Duration,
    /// The largest memory of the process meanwhile, in bytes.
    pub(crate) peak: u64,
    /// Rows read in full.
    pub(crate) rows: u64,
    /// Rows of sweeps.
    pub(crate) swept: u64,
    /// Mailboxes that were passed.
    pub(crate) passes: u64,
    /// Items created, updated and deleted.
    pub(crate) written: u64,
    /// Operations that wait for a person.
    pub(crate) held: u64,
}

struct Daemon {
    ledger: Ledger,
    engine: Arc<Engine>,
    mailboxes: Arc<Mailboxes>,
    clock: Arc<Mutex<Timestamp>>,
    _lock: EngineLock,
}

#[tokio::main(worker_threads = 2)]
pub(crate) async fn serve(folder: &Path, url: &str, life: u32) -> anyhow::Result<()> {
    let daemon = Daemon::start(folder, url, life)?;
    while let Some(question) = tokio::task::block_in_place(helper::next)? {
        match question {
            Question::Link { users } => helper::answer(&daemon.link(users).await?)?,
            Question::Tick { times, seconds } => helper::answer(&daemon.tick(times, seconds).await?)?,
            Question::Release => helper::answer(&daemon.release()?)?,
        }
    }
    Ok(daemon.engine.end().await?)
}

impl Daemon {
    fn start(folder: &Path, url: &str, life: u32) -> anyhow::Result<Self> {
        let (data, key) = (folder.join("data"), folder.join("master.key"));
        let ledger = if key.exists() {
            Ledger::open(&data, KeySource::File(key.clone()).open(None)?)?
        } else {
            Ledger::create(&data, KeySource::File(key.clone()).draw(None)?, FirmId([7; 16]))?
        };
        let exchange = exchange::Settings { url: Some(url.to_owned()), ..exchange::Settings::default() };
        let mailboxes = Arc::new(Mailboxes::new(
            exchange,
            pocketdocket::auth::oauth::Settings::default(),
            ledger.clone(),
            firm::ZONE.to_owned(),
        )?);
        // Each life begins a good day after the last one: budgets run over 24 hours, and the firm just made is not to meet them.
        let clock = Arc::new(Mutex::new(Timestamp::now() + SignedDuration::from_hours(30 * i64::from(life - 1))));
        let turned = Arc::clone(&clock);
        let engine = Engine::new(Parts {
            ledger: ledger.clone(),
            source: sources::open(&sample::settings(&firm::database(folder)))?,
            connect: Arc::clone(&mailboxes) as _,
            // A sweep and an observation fall due at different times, so that each can be measured alone.
            settings: Settings { sweep_minutes: firm::SWEEP_MINUTES, ..Settings::default() },
            policy: Policy::default(),
            scope: ScopeSettings::for_office(TimeZone::get(firm::ZONE)?),
            interpretation: Interpretation::default(),
            alerts: AlertSettings::default(),
            confirmation: ConfirmationSettings::default(),
            clock: Arc::new(move || *turned.lock().expect("not poisoned")),
            progress: None,
        })?;
        let lock = ledger.lock_engine()?;
        engine.begin()?;
        Ok(Self { ledger, engine, mailboxes, clock, _lock: lock })
    }

    fn now(&self) -> Timestamp {
        *self.clock.lock().expect("not poisoned")
    }

    async fn link(&self, users: u32) -> anyhow::Result<u32> {
        for user in 1..=users {
            let name = firm::person(user).to_lowercase().parse()?;
            let address = firm::address(user);
            let details = UserDetails {
                person: PersonId(firm::person(user)),
                login: address.clone(),
                address,
                url: None,
                protocol: pocketdocket::ports::Protocol::Ews,
                method: AuthMethod::Password,
                service_account: None,
                settings: serde_json::json!({}),
            };
            self.ledger.add_user(&name, &details, "bench", self.now())?;
            self.ledger.give_password(&name, &SecretString::from(simulator::PASSWORD), "bench", self.now())?;
            self.ledger.set_link_state(&name, LinkState::Confirming, "bench", self.now())?;
            let identity = self.mailboxes.of(&self.ledger.user(&name)?).await?.identity().await?;
            let id = self.ledger.mailbox_for(&identity, self.now())?;
            self.ledger.set_user_mailbox(&name, id)?;
            self.ledger.confirm(&name, ConfirmationWay::Provider, "bench", self.now())?;
        }
        Ok(users)
    }

    async fn tick(&self, times: u32, seconds: u32) -> anyhow::Result<Used> {
        let mut used = Used::default();
        meter::reset_peak()?;
        let (cpu, started) = (meter::cpu()?, Instant::now());
        for _ in 0..times {
            *self.clock.lock().expect("not poisoned") += SignedDuration::from_secs(seconds.into());
            let report = self.engine.tick(None).await?;
            self.engine.idle().await;
            anyhow::ensure!(report.source_trouble.is_none(), "{:?}", report.source_trouble);
            used.rows += report.rows;
            used.swept += report.swept;
            for cycle in self.engine.take_reports() {
                anyhow::ensure!(cycle.trouble.is_none(), "{}: {:?}", cycle.user, cycle.trouble);
                used.passes += 1;
                used.written += cycle.counts.created + cycle.counts.updated + cycle.counts.deleted;
                used.held += cycle.counts.held;
            }
        }
        used.cpu = meter::cpu()?.saturating_sub(cpu);
        used.wall = started.elapsed();
        used.peak = meter::peak()?;
        Ok(used)
    }

    fn release(&self) -> anyhow::Result<u64> {
        let mut released = 0;
        for hold in self.ledger.holds()?.into_iter().filter(|hold| hold.released.is_none()) {
            released += self.ledger.release(hold.id, "bench", self.now())?.operations;
        }
        Ok(released)
    }
}
