//! The service accounts that may sign in from some networks only, and how that stands to where we come from.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    cli::{
        installation::Installation,
        runtime,
        show::{Clock, counted, table},
        terminal::Terminal,
    },
    diagnosis::address::Standing,
    state::{AccountStanding, UserName},
};

/// One of them.
#[derive(Serialize)]
pub(super) struct Account {
    #[serde(flatten)]
    standing: AccountStanding,
    /// How many users go through it.
    users: usize,
    /// Users whose server is in our own network, which sees no public address of ours: the list says nothing about them.
    on_lan: Vec<UserName>,
}

impl Account {
    /// Whether somebody cannot sign in with it from here.
    pub(super) fn is_kept_out(&self) -> bool {
        self.standing.judged.is_outside() && !self.is_of_lan_alone()
    }

    fn is_of_lan_alone(&self) -> bool {
        self.users > 0 && self.on_lan.len() == self.users
    }

    fn words(&self) -> String {
        if self.is_of_lan_alone() {
            return "not used: the server is in the own network".to_owned();
        }
        let here = match &self.standing.judged.standing {
            Standing::NoList | Standing::Inside => "allowed from here".to_owned(),
            Standing::Unknown => "not known: nobody waits for that".to_owned(),
            Standing::Outside { address, .. } => match self.standing.waiting.len() {
                0 => format!("NOT allowed from {address}"),
                waiting => format!("NOT allowed from {address}: {} waiting", counted(waiting, "user")),
            },
        };
        match self.on_lan.len() {
            0 => here,
            some => format!("{here}; not used for {}, whose server is in the own network", counted(some, "user")),
        }
    }
}

/// All accounts that have a list, by name.
pub(super) fn of(installation: &Installation) -> anyhow::Result<Vec<Account>> {
    let standings = installation.ledger.address_standings(Timestamp::now())?;
    if standings.is_empty() {
        return Ok(Vec::new());
    }
    let app = installation.app()?;
    let mut accounts = Vec::new();
    let mut seen = HashMap::new();
    let runtime = runtime()?;
    for standing in standings {
        let users = installation.ledger.users_through(&standing.account)?;
        let mut on_lan = Vec::new();
        for user in &users {
            if runtime.block_on(app.mailboxes.is_on_lan(&user.details, &mut seen)) {
                on_lan.push(user.name.clone());
            }
        }
        accounts.push(Account { standing, users: users.len(), on_lan });
    }
    Ok(accounts)
}

pub(super) fn show(accounts: &[Account], clock: &Clock, terminal: &mut Terminal) -> anyhow::Result<()> {
    if accounts.is_empty() {
        return Ok(());
    }
    let rows = accounts
        .iter()
        .map(|account| [account.standing.account.to_string(), account.standing.list.words(), account.words()]);
    terminal.line("")?;
    terminal.line(table(["ACCOUNT", "ALLOWED FROM", "NOW"], rows))?;
    for account in accounts {
        if let Some(remedy) = account.standing.remedy().filter(|_| account.is_kept_out()) {
            terminal.warn(format_args!("{}: {remedy}", account.standing.account));
        }
        for doubt in &account.standing.judged.doubts {
            terminal.warn(format_args!("{}: {}", account.standing.account, doubt.words(|at| clock.time(at))));
        }
    }
    Ok(())
}
