//! From where this machine comes: asks the echo services that are set, and keeps what two of them agree on.

use jiff::Timestamp;

use super::ledger_failure;
use crate::{
    auth::address::{Echoes, Settings},
    diagnosis::address::{Answer, Known},
    ports::Failure,
    state::Ledger,
};

/// Who knows it.
#[derive(Debug)]
pub struct Addresses {
    echoes: Echoes,
    ledger: Ledger,
}

/// What came of asking.
#[derive(Debug)]
pub struct Asked {
    /// What each service said.
    pub answers: Vec<Answer>,
    /// What is known now, IPv4 first.
    pub known: Vec<Known>,
}

impl Addresses {
    /// Ready to ask.
    ///
    /// # Errors
    /// When the file with certificates cannot be used.
    pub fn new(settings: &Settings, ledger: Ledger) -> Result<Self, Failure> {
        Ok(Self { echoes: Echoes::new(settings)?, ledger })
    }

    /// Whether there is anybody to ask.
    pub fn can_ask(&self) -> bool {
        !self.echoes.is_empty()
    }

    /// Asks every service, and notes what they said.
    ///
    /// # Errors
    /// The ledger's alone: a service that does not answer is an answer.
    pub async fn ask(&self, now: Timestamp) -> Result<Asked, Failure> {
        let answers = self.echoes.ask().await;
        let known = self.ledger.note_echoes(&answers, now);
        let known = known.map_err(|error| ledger_failure("note the public address", error))?;
        Ok(Asked { answers, known })
    }
}
