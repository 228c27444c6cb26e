//! What users granted to us by signing in: refresh tokens, each of which is used by one at a time.
//!
//! Whoever wants to exchange a refresh token claims it here first; then a daemon and a command line, or two of our own tasks,
//! never send the same one. The next one is sealed here before anything is done with what came beside it. A claim that was left
//! behind by a process that died ends by itself.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, Transaction, params};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{AccountName, Ledger, LedgerError, UserName, columns::Moment, history::add_audit, secrets, users};

/// How long a grant lives that nobody uses: 90 days, anew with every use.
/// <https://learn.microsoft.com/entra/identity-platform/refresh-tokens#token-lifetime>
const LIFE: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Whose grant.
#[derive(Clone, Copy, Debug)]
pub enum GrantOf<'a> {
    /// A user's.
    User(&'a UserName),
    /// A service account's, for all who go through it.
    Account(&'a AccountName),
}

impl<'a> From<&'a UserName> for GrantOf<'a> {
    fn from(name: &'a UserName) -> Self {
        Self::User(name)
    }
}

impl<'a> From<&'a AccountName> for GrantOf<'a> {
    fn from(name: &'a AccountName) -> Self {
        Self::Account(name)
    }
}

impl GrantOf<'_> {
    /// The table that knows it, and the column that names whose it is.
    fn place(self) -> (&'static str, &'static str) {
        match self {
            Self::User(_) => ("sign_in_grant", "user"),
            Self::Account(_) => ("service_account_grant", "account"),
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::User(name) => name.as_str(),
            Self::Account(name) => name.as_str(),
        }
    }

    /// Under this name the refresh token is sealed.
    fn refresh_name(&self) -> String {
        match self {
            Self::User(name) => refresh_name(name),
            Self::Account(name) => format!("service-account/{name}/refresh"),
        }
    }
}

/// When a grant was given and last used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The user signed in.
    pub given: Timestamp,
    /// A token was last exchanged.
    pub used: Timestamp,
}

impl Grant {
    /// When it ends if nobody uses it. The provider may end it earlier.
    pub fn ends(&self) -> Timestamp {
        self.used.checked_add(LIFE).unwrap_or(Timestamp::MAX)
    }

    /// Whole days until it ends, if nobody uses it.
    pub fn days_left(&self, now: Timestamp) -> i64 {
        self.ends().duration_since(now).as_hours().div_euclid(24).max(0)
    }
}

/// What came of a claim.
#[derive(Debug)]
pub enum GrantClaim {
    /// It is the claimer's, alone.
    Taken {
        /// The refresh token.
        refresh: SecretString,
        /// Which one it is.
        generation: i64,
    },
    /// Somebody else exchanges it right now.
    Busy,
    /// There is none.
    Missing,
}

impl Ledger {
    /// Keeps what the user's sign-in brought, sealed; an invited link becomes linked, the count of refusals begins anew, and a
    /// parked link is tried again. A claim on the grant before is worth nothing any more.
    pub fn give_grant(
        &self,
        name: &UserName,
        refresh: &SecretString,
        by: &str,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let sealed = self.sealed_refresh(name.into(), refresh)?;
        self.write(|transaction| {
            let user = users::get(transaction, name)?;
            put(transaction, name.into(), &sealed, now)?;
            users::secret_given(transaction, &user)?;
            add_audit(transaction, by, Some(name), "signed in, and granted access to the mailbox", now)
        })
    }

    /// The user's grant, if there is one.
    pub fn grant(&self, name: &UserName) -> Result<Option<Grant>, LedgerError> {
        self.read(|transaction| get(transaction, name.into()))
    }

    /// Which refresh token the grant has now: grows with every new one.
    pub fn grant_generation<'a>(&self, whose: impl Into<GrantOf<'a>>) -> Result<Option<i64>, LedgerError> {
        let whose = whose.into();
        self.read(|transaction| generation(transaction, whose))
    }

    /// Claims a grant for one exchange, until that moment at the latest. A claim that ends later than that was made before the
    /// clock was set back.
    pub fn claim_grant<'a>(
        &self,
        whose: impl Into<GrantOf<'a>>,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<GrantClaim, LedgerError> {
        let whose = whose.into();
        let (table, column) = whose.place();
        let claimed = self.write(|transaction| {
            let Some(generation) = generation(transaction, whose)? else { return Ok(None) };
            let update = format!(
                "UPDATE {table} SET claimed_by = ?2, claimed_until = ?4 WHERE {column} = ?1
                 AND (claimed_by IS NULL OR claimed_by = ?2 OR claimed_until <= ?3 OR claimed_until > ?4)"
            );
            let claimed = transaction.execute(&update, params![whose.name(), holder, Moment(now), Moment(until)])?;
            Ok(Some((generation, claimed == 1)))
        })?;
        match claimed {
            None => Ok(GrantClaim::Missing),
            Some((_, false)) => Ok(GrantClaim::Busy),
            Some((generation, true)) => Ok(match self.open_secret(&whose.refresh_name())? {
                Some(refresh) => GrantClaim::Taken { refresh, generation },
                None => GrantClaim::Missing,
            }),
        }
    }

    /// The exchange worked: keeps the new refresh token, if there came one, and ends the claim. Says whether the claim still
    /// held; if not, a newer grant is there, and nothing was changed.
    pub fn renew_grant<'a>(
        &self,
        whose: impl Into<GrantOf<'a>>,
        holder: &str,
        refresh: Option<&SecretString>,
        now: Timestamp,
    ) -> Result<bool, LedgerError> {
        let whose = whose.into();
        let (table, column) = whose.place();
        let sealed = refresh.map(|refresh| self.sealed_refresh(whose, refresh)).transpose()?;
        self.write(|transaction| {
            let update = format!(
                "UPDATE {table} SET used_at = ?3, generation = generation + ?4, claimed_by = NULL, claimed_until = NULL
                 WHERE {column} = ?1 AND claimed_by = ?2"
            );
            let next = i64::from(sealed.is_some());
            let renewed = transaction.execute(&update, params![whose.name(), holder, Moment(now), next])?;
            if let (1, Some(sealed)) = (renewed, &sealed) {
                secrets::put(transaction, &whose.refresh_name(), sealed)?;
            }
            Ok(renewed == 1)
        })
    }

    /// The exchange did not work: ends the claim, and leaves the grant as it is.
    pub fn release_grant<'a>(&self, whose: impl Into<GrantOf<'a>>, holder: &str) -> Result<(), LedgerError> {
        let whose = whose.into();
        let (table, column) = whose.place();
        self.write(|transaction| {
            let update = format!(
                "UPDATE {table} SET claimed_by = NULL, claimed_until = NULL WHERE {column} = ?1 AND claimed_by = ?2"
            );
            transaction.execute(&update, [whose.name(), holder])?;
            Ok(())
        })
    }

    pub(super) fn sealed_refresh(&self, whose: GrantOf<'_>, refresh: &SecretString) -> Result<Vec<u8>, LedgerError> {
        self.seal_bytes(&secrets::sealed_as(&whose.refresh_name()), refresh.expose_secret().as_bytes())
    }
}

/// Puts a grant in the place of the one before.
pub(super) fn put(
    transaction: &Transaction<'_>,
    whose: GrantOf<'_>,
    sealed: &[u8],
    now: Timestamp,
) -> Result<(), LedgerError> {
    let (table, column) = whose.place();
    secrets::put(transaction, &whose.refresh_name(), sealed)?;
    let insert = format!(
        "INSERT INTO {table} ({column}, given_at, used_at, generation) VALUES (?1, ?2, ?2, 1)
         ON CONFLICT DO UPDATE SET given_at = excluded.given_at, used_at = excluded.used_at,
             generation = generation + 1, claimed_by = NULL, claimed_until = NULL"
    );
    transaction.execute(&insert, params![whose.name(), Moment(now)])?;
    Ok(())
}

fn generation(transaction: &Transaction<'_>, whose: GrantOf<'_>) -> Result<Option<i64>, LedgerError> {
    let (table, column) = whose.place();
    let mut statement = transaction.prepare_cached(&format!("SELECT generation FROM {table} WHERE {column} = ?1"))?;
    Ok(statement.query_one([whose.name()], |row| row.get(0)).optional()?)
}

pub(super) fn get(transaction: &Transaction<'_>, whose: GrantOf<'_>) -> Result<Option<Grant>, LedgerError> {
    let (table, column) = whose.place();
    let select = format!("SELECT given_at, used_at FROM {table} WHERE {column} = ?1");
    let mut statement = transaction.prepare_cached(&select)?;
    let grant = statement.query_one([whose.name()], |row| {
        Ok(Grant { given: row.get::<_, Moment>(0)?.0, used: row.get::<_, Moment>(1)?.0 })
    });
    Ok(grant.optional()?)
}

/// Forgets a grant and its token.
pub(super) fn forget(transaction: &Transaction<'_>, whose: GrantOf<'_>) -> Result<(), LedgerError> {
    let (table, column) = whose.place();
    transaction.execute(&format!("DELETE FROM {table} WHERE {column} = ?1"), [whose.name()])?;
    secrets::forget(transaction, &whose.refresh_name())
}

pub(super) fn refresh_name(name: &UserName) -> String {
    format!("user/{name}/refresh")
}
