//! What most commands begin with: the configuration and the ledger.

use jiff::{Timestamp, tz::TimeZone};

use super::{
    arguments::Common,
    trouble::{Exit, Refusal},
};
use crate::{
    app::App,
    config::Config,
    ports::Failure,
    state::{Ledger, User},
    vault::KeyFile,
};

/// A configuration and its ledger.
pub(super) struct Installation {
    pub(super) config: Config,
    pub(super) ledger: Ledger,
}

impl Installation {
    pub(super) fn open(common: &Common) -> anyhow::Result<Self> {
        let config = Config::load(&common.config)?;
        let vault = KeyFile::open(&config.firm.key_file)?;
        let ledger = Ledger::open(&config.firm.data, vault)?;
        if ledger.firm() != config.firm.id {
            return Err(Refusal::new(Exit::Usage, "configuration and ledger belong to different firms")
                .because(format!("the configuration says {}, the ledger {}", config.firm.id, ledger.firm()))
                .hint("set `id` in `[firm]` to the ledger's, or choose the right `data` folder")
                .into());
        }
        Ok(Self { config, ledger })
    }

    /// The office's zone.
    pub(super) fn zone(&self) -> TimeZone {
        self.config.scope.office_zone.clone()
    }

    /// Everything wired together. Nobody is asked anything yet.
    pub(super) fn app(&self) -> Result<App, Failure> {
        App::new(self.config.clone(), self.ledger.clone())
    }

    /// The server refused the password that the ledger holds: it is not tried again before there is a new one.
    pub(super) fn refused(&self, user: &User, failure: Failure, now: Timestamp) -> anyhow::Result<Refusal> {
        let remedy = failure.hint.clone().unwrap_or_else(|| format!("`pocketdocket user link {}`", user.name));
        self.ledger.count_refused_sign_in(&user.name, now)?;
        self.ledger.park(&user.name, &failure.chain(), &remedy, now)?;
        Ok(Refusal::needs_person(format!("the link of `{}` is parked", user.name)).because(failure).hint(remedy))
    }
}

/// Who does this, for the audit trail: the account, as the system calls it.
pub(super) fn who() -> String {
    let account = ["SUDO_USER", "USER", "LOGNAME", "USERNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|account| !account.is_empty()));
    match account {
        Some(account) => format!("{account} (command line)"),
        None => "command line".to_owned(),
    }
}
