//! From where this machine comes: asks the echo services that are set, and keeps what two of them agree on.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use super::ledger_failure;
use crate::{
    auth::address::{Echoes, Settings, own_route},
    diagnosis::address::{Answer, Known},
    ports::Failure,
    state::Ledger,
};

/// So often it is asked while all is well.
const USUALLY: SignedDuration = SignedDuration::from_mins(30);
/// So often while somebody waits for it.
const WAITED_FOR: SignedDuration = SignedDuration::from_mins(5);

/// Who knows it.
#[derive(Debug)]
pub struct Addresses {
    echoes: Echoes,
    ledger: Ledger,
    watch: Mutex<Watch>,
}

/// When this process asked last, and how this machine reached the world then.
#[derive(Debug, Default)]
struct Watch {
    asked: Option<Timestamp>,
    route: [Option<IpAddr>; 2],
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
        Ok(Self { echoes: Echoes::new(settings)?, ledger, watch: Mutex::default() })
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

    /// Asks where it is due: after a start, after a change of this machine's network, and every half hour, or sooner while somebody
    /// waits. True if it was asked.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub async fn mind(&self, somebody_waits: bool, now: Timestamp) -> Result<bool, Failure> {
        let mut watch = self.watch.lock().await;
        let route = own_route();
        let pause = if somebody_waits { WAITED_FOR } else { USUALLY };
        if !self.can_ask() || (watch.asked_within(pause, now) && watch.route == route) {
            return Ok(false);
        }
        *watch = Watch { asked: Some(now), route };
        self.ask(now).await?;
        Ok(true)
    }

    /// Asks, unless this process did so a short while ago.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub async fn ask_unless_asked_within(&self, pause: SignedDuration, now: Timestamp) -> Result<(), Failure> {
        let mut watch = self.watch.lock().await;
        if self.can_ask() && !watch.asked_within(pause, now) {
            watch.asked = Some(now);
            self.ask(now).await?;
        }
        Ok(())
    }
}

impl Watch {
    /// A clock that was set back makes it due.
    fn asked_within(&self, pause: SignedDuration, now: Timestamp) -> bool {
        self.asked.is_some_and(|asked| asked <= now && now.duration_since(asked) < pause)
    }
}
