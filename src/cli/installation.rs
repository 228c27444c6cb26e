//! What most commands begin with: the configuration and the ledger.

use jiff::{Timestamp, tz::TimeZone};

use super::{
    arguments::Common,
    keys::{self, Opened},
    trouble::{Exit, Refusal},
};
use crate::{
    app::App,
    config::Config,
    ports::Failure,
    state::{Ledger, User},
};

/// A configuration and its ledger.
pub(super) struct Installation {
    pub(super) config: Config,
    pub(super) ledger: Ledger,
}

impl Installation {
    pub(super) fn open(common: &Common) -> anyhow::Result<Self> {
        Ok(Self::open_with_key(common)?.0)
    }

    /// As [`Self::open`], for what is done with the key itself.
    pub(super) fn open_with_key(common: &Common) -> anyhow::Result<(Self, Opened)> {
        let config = Config::load(&common.config)?;
        let key = keys::open(&config.firm.key_source(), common)?;
        let ledger = Ledger::open(&config.firm.data, &key.vault)?;
        if ledger.firm() != config.firm.id {
            return Err(Refusal::new(Exit::Usage, "configuration and ledger belong to different firms")
                .because(format!("the configuration says {}, the ledger {}", config.firm.id, ledger.firm()))
                .hint("set `id` in `[firm]` to the ledger's, or choose the right `data` folder")
                .into());
        }
        Ok((Self { config, ledger }, key))
    }

    /// The office's zone.
    pub(super) fn zone(&self) -> TimeZone {
        self.config.scope.office_zone.clone()
    }

    /// Everything wired together. Nobody is asked anything yet.
    pub(super) fn app(&self) -> Result<App, Failure> {
        App::new(self.config.clone(), self.ledger.clone())
    }

    /// The host of the user's mailbox, as far as the settings say.
    pub(super) fn host_of(&self, user: &User) -> String {
        let zone = self.zone();
        let zone = zone.iana_name().unwrap_or("UTC");
        let details = &user.details;
        let link = self.config.exchange.link_over(details.protocol, &details.address, details.url.as_deref(), zone);
        link.ok().and_then(|link| link.url.host_str().map(str::to_owned)).unwrap_or_default()
    }

    /// The server refused the password that the ledger holds: it is not tried again before there is a new one. Or it refused for
    /// another reason, which is noted too.
    pub(super) fn refused(&self, user: &User, failure: Failure, now: Timestamp) -> anyhow::Result<Refusal> {
        let name = &user.name;
        self.ledger.note_failure(name, &self.host_of(user), &failure, now)?;
        let what = if self.ledger.user(name)?.parked.is_some() { "is parked" } else { "waits" };
        let remedy = failure.hint.clone().unwrap_or_else(|| format!("`pocketdocket user check {name}`"));
        Ok(Refusal::needs_person(format!("the link of `{name}` {what}")).because(failure).hint(remedy))
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
