//! What users granted to us by signing in: refresh tokens, each of which is used by one at a time.
//!
//! Whoever wants to exchange a refresh token claims it here first; then a daemon and a command line, or two of our own tasks,
//! never send the same one. The next one is sealed here before anything is done with what came beside it. A claim that was left
//! behind by a process that died ends by itself.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, Transaction, params};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{Ledger, LedgerError, UserName, columns::Moment, history::add_audit, secrets, users};

/// How long a grant lives that nobody uses: 90 days, anew with every use.
/// <https://learn.microsoft.com/entra/identity-platform/refresh-tokens#token-lifetime>
const LIFE: SignedDuration = SignedDuration::from_hours(90 * 24);

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
        let sealed = self.sealed_refresh(name, refresh)?;
        self.write(|transaction| {
            let user = users::get(transaction, name)?;
            secrets::put(transaction, &refresh_name(name), &sealed)?;
            transaction.execute(
                "INSERT INTO sign_in_grant (user, given_at, used_at, generation) VALUES (?1, ?2, ?2, 1)
                 ON CONFLICT DO UPDATE SET given_at = excluded.given_at, used_at = excluded.used_at,
                     generation = generation + 1, claimed_by = NULL, claimed_until = NULL",
                params![name.as_str(), Moment(now)],
            )?;
            users::secret_given(transaction, &user)?;
            add_audit(transaction, by, Some(name), "signed in, and granted access to the mailbox", now)
        })
    }

    /// The user's grant, if there is one.
    pub fn grant(&self, name: &UserName) -> Result<Option<Grant>, LedgerError> {
        self.read(|transaction| get(transaction, name))
    }

    /// Which refresh token the grant has now: grows with every new one.
    pub fn grant_generation(&self, name: &UserName) -> Result<Option<i64>, LedgerError> {
        self.read(|transaction| generation(transaction, name))
    }

    /// Claims the user's grant for one exchange, until that moment at the latest. A claim that ends later than that was made
    /// before the clock was set back.
    pub fn claim_grant(
        &self,
        name: &UserName,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<GrantClaim, LedgerError> {
        let claimed = self.write(|transaction| {
            let Some(generation) = generation(transaction, name)? else { return Ok(None) };
            let claimed = transaction.execute(
                "UPDATE sign_in_grant SET claimed_by = ?2, claimed_until = ?4 WHERE user = ?1
                 AND (claimed_by IS NULL OR claimed_by = ?2 OR claimed_until <= ?3 OR claimed_until > ?4)",
                params![name.as_str(), holder, Moment(now), Moment(until)],
            )?;
            Ok(Some((generation, claimed == 1)))
        })?;
        match claimed {
            None => Ok(GrantClaim::Missing),
            Some((_, false)) => Ok(GrantClaim::Busy),
            Some((generation, true)) => Ok(match self.open_secret(&refresh_name(name))? {
                Some(refresh) => GrantClaim::Taken { refresh, generation },
                None => GrantClaim::Missing,
            }),
        }
    }

    /// The exchange worked: keeps the new refresh token, if there came one, and ends the claim. Says whether the claim still
    /// held; if not, a newer grant is there, and nothing was changed.
    pub fn renew_grant(
        &self,
        name: &UserName,
        holder: &str,
        refresh: Option<&SecretString>,
        now: Timestamp,
    ) -> Result<bool, LedgerError> {
        let sealed = refresh.map(|refresh| self.sealed_refresh(name, refresh)).transpose()?;
        self.write(|transaction| {
            let renewed = transaction.execute(
                "UPDATE sign_in_grant SET used_at = ?3, generation = generation + ?4, claimed_by = NULL, claimed_until = NULL
                 WHERE user = ?1 AND claimed_by = ?2",
                params![name.as_str(), holder, Moment(now), i64::from(sealed.is_some())],
            )?;
            if let (1, Some(sealed)) = (renewed, &sealed) {
                secrets::put(transaction, &refresh_name(name), sealed)?;
            }
            Ok(renewed == 1)
        })
    }

    /// The exchange did not work: ends the claim, and leaves the grant as it is.
    pub fn release_grant(&self, name: &UserName, holder: &str) -> Result<(), LedgerError> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE sign_in_grant SET claimed_by = NULL, claimed_until = NULL WHERE user = ?1 AND claimed_by = ?2",
                [name.as_str(), holder],
            )?;
            Ok(())
        })
    }

    fn sealed_refresh(&self, name: &UserName, refresh: &SecretString) -> Result<Vec<u8>, LedgerError> {
        self.seal_bytes(&secrets::sealed_as(&refresh_name(name)), refresh.expose_secret().as_bytes())
    }
}

fn generation(transaction: &Transaction<'_>, name: &UserName) -> Result<Option<i64>, LedgerError> {
    let mut statement = transaction.prepare_cached("SELECT generation FROM sign_in_grant WHERE user = ?1")?;
    Ok(statement.query_one([name.as_str()], |row| row.get(0)).optional()?)
}

pub(super) fn get(transaction: &Transaction<'_>, name: &UserName) -> Result<Option<Grant>, LedgerError> {
    let mut statement = transaction.prepare_cached("SELECT given_at, used_at FROM sign_in_grant WHERE user = ?1")?;
    let grant = statement.query_one([name.as_str()], |row| {
        Ok(Grant { given: row.get::<_, Moment>(0)?.0, used: row.get::<_, Moment>(1)?.0 })
    });
    Ok(grant.optional()?)
}

/// Forgets the user's grant and its token.
pub(super) fn forget(transaction: &Transaction<'_>, name: &UserName) -> Result<(), LedgerError> {
    transaction.execute("DELETE FROM sign_in_grant WHERE user = ?1", [name.as_str()])?;
    secrets::forget(transaction, &refresh_name(name))
}

pub(super) fn refresh_name(name: &UserName) -> String {
    format!("user/{name}/refresh")
}
