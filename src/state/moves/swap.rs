//! Two links change places: how they sign in, what confirmed them, and every secret, sealed anew under the other's name.

use rusqlite::{OptionalExtension, Transaction, params, types::Value as SqlValue};
use secrecy::{ExposeSecret, SecretString};

use crate::state::{
    Ledger, LedgerError, UserDetails, UserName,
    columns::Json,
    confirmations::{authenticator_name, codes_name, mobile_name},
    grants::refresh_name,
    secrets,
    users::{get, password_name, set},
    whereabouts,
};

/// What is the link's and not the user's, as it stands in the table.
const OF_THE_LINK: [&str; 7] =
    ["link", "refused", "confirmed_how", "confirmed_at", "confirmed_by", "reconfirm", "recovered"];

/// Lets a user and their door change places. Person, settings and pause stay the user's; so does the number of the mailbox.
pub(super) fn swap_links(transaction: &Transaction<'_>, user: &UserName, door: &UserName) -> Result<(), LedgerError> {
    let before = get(transaction, user)?;
    let (one, other) = (before.details.clone(), get(transaction, door)?.details);
    let kept = UserDetails { person: one.person.clone(), settings: one.settings.clone(), ..other.clone() };
    // What autodiscover said is of the way before: a person said where the link goes now.
    whereabouts::mind_change(transaction, &before, &kept)?;
    set(transaction, user, "details", Json(kept))?;
    set(transaction, door, "details", Json(one))?;
    for column in OF_THE_LINK {
        let read = |name: &UserName| -> rusqlite::Result<SqlValue> {
            let select = format!("SELECT {column} FROM user WHERE name = ?1");
            transaction.query_one(&select, [name.as_str()], |row| row.get(0))
        };
        let (mine, other) = (read(user)?, read(door)?);
        set(transaction, user, column, other)?;
        set(transaction, door, column, mine)?;
    }
    Ok(())
}

impl Ledger {
    /// Lets the secrets of both change places.
    pub(super) fn swap_secrets(
        &self,
        transaction: &Transaction<'_>,
        user: &UserName,
        door: &UserName,
    ) -> Result<(), LedgerError> {
        for name in [password_name, refresh_name, authenticator_name, mobile_name] {
            let (mine, other) = (name(user), name(door));
            let secrets = (self.secret_within(transaction, &mine)?, self.secret_within(transaction, &other)?);
            self.put_secret(transaction, &mine, secrets.1.as_ref())?;
            self.put_secret(transaction, &other, secrets.0.as_ref())?;
        }
        let codes = (self.codes(transaction, user)?, self.codes(transaction, door)?);
        self.put_codes(transaction, user, codes.1.as_ref())?;
        self.put_codes(transaction, door, codes.0.as_ref())?;
        swap_grants(transaction, user, door)
    }

    fn put_secret(
        &self,
        transaction: &Transaction<'_>,
        name: &str,
        secret: Option<&SecretString>,
    ) -> Result<(), LedgerError> {
        match secret {
            Some(secret) => {
                let sealed = self.seal_bytes(&secrets::sealed_as(name), secret.expose_secret().as_bytes())?;
                secrets::put(transaction, name, &sealed)
            }
            None => secrets::forget(transaction, name),
        }
    }

    fn codes(&self, transaction: &Transaction<'_>, name: &UserName) -> Result<Option<serde_json::Value>, LedgerError> {
        let select = "SELECT confirmation FROM user WHERE name = ?1";
        let sealed: Option<Vec<u8>> = transaction.query_one(select, [name.as_str()], |row| row.get(0))?;
        sealed.map(|sealed| self.unseal(&codes_name(name), &sealed)).transpose()
    }

    fn put_codes(
        &self,
        transaction: &Transaction<'_>,
        name: &UserName,
        codes: Option<&serde_json::Value>,
    ) -> Result<(), LedgerError> {
        let sealed = codes.map(|codes| self.seal(&codes_name(name), codes)).transpose()?;
        set(transaction, name, "confirmation", sealed)
    }
}

/// When a grant was given and last used, and which it is. A claim that somebody has on one ends: it was for the other.
fn swap_grants(transaction: &Transaction<'_>, user: &UserName, door: &UserName) -> Result<(), LedgerError> {
    let take = |name: &UserName| -> Result<Option<(i64, i64, i64)>, LedgerError> {
        let select = "SELECT given_at, used_at, generation FROM sign_in_grant WHERE user = ?1";
        let row = transaction
            .query_one(select, [name.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        transaction.execute("DELETE FROM sign_in_grant WHERE user = ?1", [name.as_str()])?;
        Ok(row)
    };
    let (mine, other) = (take(user)?, take(door)?);
    for (name, grant) in [(user, other), (door, mine)] {
        if let Some((given, used, generation)) = grant {
            // Whoever still holds the one before sees that this is another.
            transaction.execute(
                "INSERT INTO sign_in_grant (user, given_at, used_at, generation) VALUES (?1, ?2, ?3, ?4)",
                params![name.as_str(), given, used, generation + 1],
            )?;
        }
    }
    Ok(())
}
