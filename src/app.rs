//! Composition root: configuration in, wired parts out. The only room that knows everybody.
//!
//! An [`App`] owns the ledger, the practice database and the way to mailboxes, and builds engines from them: the real one, and
//! one on a copy of the ledger for rehearsals.

mod addresses;
mod credential;
mod first_use;
mod kept_grant;
mod mailboxes;

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;

pub use self::{
    addresses::{Addresses, Asked},
    first_use::{ByProvider, FirstUse, FirstUseError, NumberEntered, TextFor, text_allowance},
    mailboxes::{Mailboxes, audience, of_app},
};
use crate::{
    auth::text_messages::Gateway,
    config::Config,
    domain::RecordKey,
    engine::{Engine, Explainer, Interpretation, Parts, Progress},
    ports::{Failure, FailureKind, Source},
    sources,
    state::{Ledger, LedgerError, UserName},
};

/// Hears how far passes are.
pub type Watcher = Arc<dyn Fn(Progress) + Send + Sync>;

/// Everything wired together.
pub struct App {
    /// What is configured.
    pub config: Config,
    /// The ledger.
    pub ledger: Ledger,
    /// The practice database.
    pub source: Arc<dyn Source>,
    /// The way to mailboxes.
    pub mailboxes: Arc<Mailboxes>,
}

impl App {
    /// Wires a configuration and its ledger together. Nobody is asked anything yet.
    ///
    /// # Errors
    /// When a setting or the mapping cannot be used.
    pub fn new(config: Config, ledger: Ledger) -> Result<Self, Failure> {
        let source = sources::open_with(&config.practice, practice_password(ledger.clone()))?;
        let zone = config.scope.office_zone.iana_name().unwrap_or("UTC").to_owned();
        let addresses = Addresses::new(&config.address, ledger.clone())?;
        let mailboxes = Mailboxes::new(config.exchange.clone(), config.sign_in.clone(), ledger.clone(), zone)?;
        let mailboxes = Arc::new(mailboxes.with_addresses(addresses));
        Ok(Self { config, ledger, source, mailboxes })
    }

    /// An engine on the ledger. The caller holds the ledger's engine lock for as long as it works.
    ///
    /// # Errors
    /// When a setting cannot be used, or the mapping has open questions: nothing is written on a guess.
    pub fn engine(&self, progress: Option<Watcher>) -> Result<Arc<Engine>, Failure> {
        let open = sources::open_questions(&self.config.practice)?;
        if !open.is_empty() {
            return Err(Failure::new(FailureKind::Setting, "sync with a mapping that is not complete")
                .because(format!(
                    "{} questions of `{}` are open:\n  {}",
                    open.len(),
                    self.config.practice.mapping,
                    open.join("\n  ")
                ))
                .hint("`pocketdocket practice learn` asks them"));
        }
        Engine::new(self.parts(self.ledger.clone(), progress)?)
    }

    /// An engine on a copy of the ledger, for [`Engine::rehearse`]: what it does leaves the ledger as it is.
    ///
    /// # Errors
    /// When the ledger cannot be copied or a setting cannot be used.
    pub fn rehearsal(&self) -> Result<Arc<Engine>, Failure> {
        self.rehearsal_after(|_| Ok(()))
    }

    /// The same on a copy in which something was changed first: what a change of settings would mean.
    ///
    /// # Errors
    /// As [`App::rehearsal`], and when the change cannot be made.
    pub fn rehearsal_after(
        &self,
        change: impl FnOnce(&Ledger) -> Result<(), LedgerError>,
    ) -> Result<Arc<Engine>, Failure> {
        let changed = self.ledger.rehearsal().and_then(|copy| change(&copy).map(|()| copy));
        let copy = changed.map_err(|error| ledger_failure("copy the ledger for a rehearsal", error))?;
        Engine::new(self.parts(copy, None)?)
    }

    /// Explains records of a user, on a copy of the ledger.
    ///
    /// # Errors
    /// As [`App::rehearsal`].
    pub fn explainer(&self, user: &UserName, keys: BTreeSet<RecordKey>) -> Result<Explainer, Failure> {
        let copy = self.ledger.rehearsal();
        let copy = copy.map_err(|error| ledger_failure("copy the ledger to explain something", error))?;
        Explainer::new(self.parts(copy, None)?, user.clone(), keys)
    }

    fn parts(&self, ledger: Ledger, progress: Option<Watcher>) -> Result<Parts, Failure> {
        Ok(Parts {
            ledger,
            source: Arc::clone(&self.source),
            connect: Arc::clone(&self.mailboxes) as _,
            settings: self.config.sync.clone(),
            policy: self.config.policy.policy(),
            scope: self.config.scope.clone(),
            interpretation: Interpretation {
                readings: sources::readings(&self.config.practice)?,
                ..Interpretation::default()
            },
            alerts: self.config.alerts.clone(),
            confirmation: self.config.confirmation.clone(),
            clock: Arc::new(Timestamp::now),
            progress,
        })
    }
}

/// Under this name the ledger keeps the password of the practice database.
pub const PRACTICE_PASSWORD: &str = "practice";

/// Gives the password of the practice database out of the ledger, whenever it is needed.
pub fn practice_password(ledger: Ledger) -> sources::Secret {
    Arc::new(move || {
        ledger
            .open_secret(PRACTICE_PASSWORD)
            .map_err(|error| ledger_failure("open the password of the practice database", error))
    })
}

/// Under this name the ledger keeps the secret of the gateway of text messages.
pub const TEXT_GATEWAY_SECRET: &str = "text-messages";

/// The gateway of text messages that is configured, with its secret.
///
/// # Errors
/// When none is configured, or nobody gave its secret.
pub fn text_gateway(config: &Config, ledger: &Ledger) -> Result<Gateway, Failure> {
    config.text_messages.ready()?;
    let secret = ledger
        .open_secret(TEXT_GATEWAY_SECRET)
        .map_err(|error| ledger_failure("open the secret of the gateway of text messages", error))?;
    let secret = secret.ok_or_else(|| {
        Failure::new(FailureKind::Setting, "send a text message")
            .because("nobody gave the gateway's secret yet")
            .hint("give it: `pocketdocket text-messages secret`")
    })?;
    Gateway::new(&config.text_messages, secret)
}

fn ledger_failure(doing: &str, error: LedgerError) -> Failure {
    let hint = error.hint();
    let failure = Failure::new(FailureKind::Setting, doing).because(error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
