//! From where service accounts may sign in, and whose users wait because we come from elsewhere.

use std::collections::BTreeMap;

use ipnet::IpNet;
use jiff::Timestamp;
use rusqlite::{Transaction, params};
use serde::Serialize;

use super::{
    AccountName, Ledger, LedgerError, UserName, addresses,
    columns::{Moment, Word},
    diagnosis,
    history::add_audit,
    service_accounts, users,
};
use crate::{
    diagnosis::{
        Cause, Diagnosis,
        address::{AllowList, Judged, Standing, stand},
    },
    ports::{Failure, FailureKind},
};

/// How one account's list stands to where we come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountStanding {
    /// Whose list.
    pub account: AccountName,
    /// What it signs in with.
    pub login: String,
    /// From where it may.
    #[serde(flatten)]
    pub list: AllowList,
    /// How that stands to where we come from.
    #[serde(flatten)]
    pub judged: Judged,
    /// Whose links wait for it.
    pub waiting: Vec<UserName>,
}

impl AccountStanding {
    /// Why nobody signs in with it from here, if that is so.
    pub fn sentence(&self) -> Option<String> {
        let Standing::Outside { address, before, .. } = &self.judged.standing else { return None };
        let before = before.map(|before| format!(" (before, from {before})")).unwrap_or_default();
        Some(format!(
            "blocked by location: this machine comes from {address} now{before}, and service account `{}` is allowed from {} only",
            self.account,
            self.list.words()
        ))
    }

    /// What is to be changed, and by whom, if anything is.
    pub fn remedy(&self) -> Option<String> {
        let Standing::Outside { address, .. } = &self.judged.standing else { return None };
        let network = IpNet::from(*address);
        let place = match &self.list.location {
            Some(location) => format!("the named location `{location}`"),
            None => "the named location of the Conditional Access rule, or the address rules of the Exchange Server,"
                .to_owned(),
        };
        Some(format!(
            "if {address} stays, let the Exchange administrator add {network} to {place} for `{}`, then `pocketdocket address allow {network} \
             --account {}`; if it does not, the links go on by themselves",
            self.login, self.account
        ))
    }

    /// Why a link through it is not tried from here, if it is not.
    pub fn refusal(&self) -> Option<Failure> {
        let Standing::Outside { family, address, before, .. } = &self.judged.standing else { return None };
        let mut evidence = vec![format!("two or more echo services see this machine's {family} address as {address}")];
        evidence.extend(before.map(|before| format!("before, it was {before}")));
        evidence.push(format!("service account `{}` is allowed from {}", self.account, self.list.words()));
        let failure = Failure::new(FailureKind::Forbidden, format!("sign in as service account `{}`", self.account))
            .diagnosed(Diagnosis { cause: Cause::AddressNotAllowed, evidence })
            .because(self.sentence()?);
        Some(failure.hint(self.remedy()?))
    }
}

impl Ledger {
    /// The list of each account that has one, judged by what is known of our addresses.
    pub fn address_standings(&self, now: Timestamp) -> Result<Vec<AccountStanding>, LedgerError> {
        self.read(|transaction| {
            let known = addresses::known(transaction)?;
            let waiting = waiting(transaction)?;
            let lists = lists(transaction)?;
            let judge = |(account, list): (AccountName, AllowList)| {
                let login = service_accounts::get(transaction, &account)?.details.login;
                let judged = stand(&list.networks, &known, now);
                let of_account = waiting.iter().filter(|(_, through)| through.as_ref() == Some(&account));
                let waiting = of_account.map(|(user, _)| user.clone()).collect();
                Ok(AccountStanding { account, login, list, judged, waiting })
            };
            lists.into_iter().map(judge).collect()
        })
    }

    /// Adds networks to an account's list, and the name of the place in which they are allowed, if it is told; an empty one takes it
    /// back.
    ///
    /// # Errors
    /// [`LedgerError::NoSuchServiceAccount`].
    pub fn allow_networks(
        &self,
        account: &AccountName,
        networks: &[IpNet],
        location: Option<&str>,
        by: &str,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        self.write(|transaction| {
            service_accounts::get(transaction, account)?;
            for network in networks {
                let added = transaction.execute(
                    "INSERT OR IGNORE INTO allowed_network (account, network, allowed_at, allowed_by)
                     VALUES (?1, ?2, ?3, ?4)",
                    params![account.as_str(), Word(*network), Moment(now), by],
                )?;
                if added > 0 {
                    let event = format!("service account `{account}` is allowed from {network}");
                    add_audit(transaction, by, None, &event, now)?;
                }
            }
            if let Some(location) = location {
                let update = "UPDATE allowed_network SET location = NULLIF(?2, '') WHERE account = ?1";
                transaction.execute(update, params![account.as_str(), location])?;
            }
            Ok(())
        })
    }

    /// Takes networks off an account's list; gives those that were not on it, and then nothing was taken off.
    ///
    /// # Errors
    /// [`LedgerError::NoSuchServiceAccount`].
    pub fn remove_networks(
        &self,
        account: &AccountName,
        networks: &[IpNet],
        by: &str,
        now: Timestamp,
    ) -> Result<Vec<IpNet>, LedgerError> {
        self.write(|transaction| {
            service_accounts::get(transaction, account)?;
            let list = lists(transaction)?.remove(account).unwrap_or_default();
            let strange: Vec<IpNet> =
                networks.iter().filter(|network| !list.networks.contains(network)).copied().collect();
            if !strange.is_empty() {
                return Ok(strange);
            }
            for network in networks {
                transaction.execute(
                    "DELETE FROM allowed_network WHERE account = ?1 AND network = ?2",
                    params![account.as_str(), Word(*network)],
                )?;
                let event = format!("service account `{account}` is no longer allowed from {network}");
                add_audit(transaction, by, None, &event, now)?;
            }
            Ok(Vec::new())
        })
    }

    /// Users whose links wait because of the address, with the account that they go through.
    pub fn waiting_for_address(&self) -> Result<BTreeMap<UserName, Option<AccountName>>, LedgerError> {
        self.read(waiting)
    }

    /// We come from where the user's account may sign in, or nothing keeps the link any more: it goes on with the next sync.
    pub fn address_is_right(&self, name: &UserName, now: Timestamp) -> Result<(), LedgerError> {
        self.note_success(name, now)?;
        let parked = self.user(name)?.parked;
        // That the user must confirm again is another matter.
        if parked.is_some_and(|parked| !parked.is_for_confirmation()) {
            self.unpark(name, "pocketdocket", now)?;
        }
        Ok(())
    }
}

fn waiting(transaction: &Transaction<'_>) -> Result<BTreeMap<UserName, Option<AccountName>>, LedgerError> {
    let mut waiting = diagnosis::all(transaction)?;
    waiting.retain(|_, one| one.is_open() && one.cause == Cause::AddressNotAllowed);
    let through = |name: UserName| Ok((name.clone(), users::get(transaction, &name)?.details.service_account));
    waiting.into_keys().map(through).collect()
}

/// The list of each account that has one.
fn lists(transaction: &Transaction<'_>) -> Result<BTreeMap<AccountName, AllowList>, LedgerError> {
    let mut statement =
        transaction.prepare_cached("SELECT account, network, location FROM allowed_network ORDER BY account")?;
    let rows = statement.query_map([], |row| {
        let location: Option<String> = row.get(2)?;
        Ok((row.get::<_, Word<AccountName>>(0)?.0, row.get::<_, Word<IpNet>>(1)?.0, location))
    })?;
    let mut lists: BTreeMap<AccountName, AllowList> = BTreeMap::new();
    for row in rows {
        let (account, network, location) = row?;
        let list = lists.entry(account).or_default();
        list.networks.insert(network);
        list.location = location.or(list.location.take());
    }
    Ok(lists)
}
