//! A sample law firm, a simulated Exchange, and the real engine between them.
//!
//! The demo is an installation like any other: a configuration file, a ledger, a practice database, users who were linked and
//! confirmed. What is special is that the other ends are on this machine: the firm is invented and the Exchange is the
//! [simulator](crate::simulator). Nobody is asked anything, so the demo releases its own first plans, and says so.

mod accounts;
mod browser;
mod firm;
mod live;
mod moving;
mod people;
mod place;

use std::{path::Path, sync::Arc};

use jiff::Timestamp;
use tempfile::TempDir;

use crate::{
    app::{App, FirstUseError, Watcher},
    config::ConfigError,
    domain::Kind,
    engine::{Engine, TickReport},
    ports::Failure,
    simulator::{Running, SimulatorError},
    state::{EngineLock, LedgerError, UserName, UserStatus},
    vault::KeyError,
};

/// Why the demo cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// Its folder.
    #[error("the demo's folder cannot be used")]
    Folder(#[from] std::io::Error),
    /// Its key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Its configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Its ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Its Exchange.
    #[error(transparent)]
    Simulator(#[from] SimulatorError),
    /// Its practice database, or a mailbox.
    #[error(transparent)]
    Failure(#[from] Failure),
    /// A confirmation.
    #[error(transparent)]
    FirstUse(#[from] FirstUseError),
    /// A person of the sample firm cannot become a user.
    #[error("`{0}` cannot be confirmed: {1}")]
    NotConfirmed(String, String),
    /// A user of the sample firm cannot move.
    #[error("`{0}` did not move: {1}")]
    NotMoved(String, String),
}

/// A demo that is set up.
pub struct Demo {
    app: App,
    exchange: Running,
    engine: Arc<Engine>,
    users: Vec<UserName>,
    mover: Option<moving::Mover>,
    _lock: EngineLock,
    folder: TempDir,
}

/// What one user's phone shows after a sync.
#[derive(Clone, Debug)]
pub struct PhoneSummary {
    /// How the user is, with what waits.
    pub status: UserStatus,
    /// Items in the mailbox by kind, counted there and not in the ledger.
    pub items: Vec<(Kind, usize)>,
    /// The page that shows them.
    pub address: String,
}

impl Demo {
    /// Makes the firm and starts its Exchange. `say` hears each step.
    ///
    /// # Errors
    /// When this machine does not let us.
    pub async fn set_up(port: u16, say: &mut dyn FnMut(&str), watcher: Watcher) -> Result<Self, DemoError> {
        firm::set_up(port, say, watcher).await
    }

    /// Links and confirms everybody who has a mailbox.
    ///
    /// # Errors
    /// What the ledger or a mailbox says.
    pub async fn link_everybody(&mut self, say: &mut dyn FnMut(&str)) -> Result<(), DemoError> {
        people::link_everybody(self, say).await?;
        place::allow_accounts(self, say).await
    }

    /// The first sync: everybody's plan is shown and held, released, and written.
    ///
    /// # Errors
    /// The ledger's alone; a mailbox in trouble shows in the summary.
    pub async fn first_sync(&mut self, say: &mut dyn FnMut(&str)) -> Result<TickReport, DemoError> {
        self.tick().await?;
        let holds = self.app.ledger.holds()?;
        let operations: u64 = holds.iter().map(|hold| hold.operations).sum();
        say(&format!(
            "the first plan of {} mailboxes waits for a person: {operations} items. At a real firm you would look at it \
             (`plan`, `holds show`); the demo releases its own",
            self.users.len()
        ));
        for hold in &holds {
            self.app.ledger.release(hold.id, "the demo", Timestamp::now())?;
        }
        self.tick().await
    }

    /// One user moves from EWS to Microsoft Graph. `say` hears each step.
    ///
    /// # Errors
    /// What the ledger or the provider says; [`DemoError::NotMoved`] when something was not found again.
    pub async fn move_one(&self, say: &mut dyn FnMut(&str)) -> Result<(), DemoError> {
        moving::move_one(self, say).await
    }

    /// One tick, with everything that follows from it.
    ///
    /// # Errors
    /// The ledger's alone.
    pub async fn tick(&self) -> Result<TickReport, DemoError> {
        let mut report = self.engine.tick(None).await?;
        self.engine.idle().await;
        report.cycles = self.engine.take_reports();
        Ok(report)
    }

    /// What every phone shows, read from the mailboxes.
    ///
    /// # Errors
    /// What the ledger or the simulator says.
    pub fn phones(&self) -> Result<Vec<PhoneSummary>, DemoError> {
        let status = self.app.ledger.status()?;
        let mut phones = Vec::new();
        for status in status.users {
            let view = self.exchange.mailbox(&status.user.details.address)?;
            let items = vec![
                (Kind::Event, view.events().len()),
                (Kind::Task, view.tasks().len()),
                (Kind::Contact, view.contacts().len()),
            ];
            let address = self.exchange.phone_url(&status.user.details.address);
            phones.push(PhoneSummary { status, items, address });
        }
        Ok(phones)
    }

    /// Rows of the practice database with something wrong, in words.
    ///
    /// # Errors
    /// What the ledger says.
    pub fn row_problems(&self) -> Result<Vec<String>, DemoError> {
        let problems = self.app.ledger.row_problems()?;
        Ok(problems
            .into_iter()
            .map(|problem| {
                let key = problem.key.map_or_else(|| problem.query.to_string(), |key| key.to_string());
                format!("{key}: {}", problem.what)
            })
            .collect())
    }

    /// Something happens at the office; in a sentence.
    ///
    /// # Errors
    /// When the sample firm's database cannot be written.
    pub fn change(&self, step: u64) -> Result<String, DemoError> {
        live::change(self, step)
    }

    /// The configuration file, for those who want to try commands on the demo.
    pub fn config(&self) -> &Path {
        &self.app.config.path
    }

    /// Stops in good order.
    ///
    /// # Errors
    /// What the ledger says.
    pub async fn stop(self) -> Result<(), DemoError> {
        self.engine.end().await?;
        self.exchange.shutdown().await;
        Ok(())
    }
}
