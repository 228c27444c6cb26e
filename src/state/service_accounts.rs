//! Service accounts in the ledger: entered, changed, given a secret, and never removed while somebody goes through them.
//!
//! A user's row names the account; its login, method and address are read from the account's row, so that there is one truth for
//! all of them and a change holds for everybody at once.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use secrecy::{ExposeSecret, SecretString};

use super::{
    AccountDetails, AccountName, Grant, GrantOf, Ledger, LedgerError, LinkState, ServiceAccount, User, UserDetails,
    UserName,
    columns::{Json, Moment, Word},
    grants,
    history::add_audit,
    refusals, secrets,
    users::{self, set},
};

impl Ledger {
    /// Enters a service account.
    ///
    /// # Errors
    /// [`LedgerError::ServiceAccountExists`].
    pub fn add_service_account(
        &self,
        name: &AccountName,
        details: &AccountDetails,
        by: &str,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        self.write(|transaction| {
            let added = transaction.execute(
                "INSERT OR IGNORE INTO service_accounts (name, details, added_at) VALUES (?1, ?2, ?3)",
                params![name.as_str(), Json(details), Moment(now)],
            )?;
            if added == 0 {
                return Err(LedgerError::ServiceAccountExists(name.clone()));
            }
            let event = format!("service account `{name}` added: `{}` by {}", details.login, details.method);
            add_audit(transaction, by, None, &event, now)
        })
    }

    /// Changes what was entered. Every link through it stands still until its mailbox is seen to be the same, as after a change of
    /// its own address. A method of another kind of secret makes the secret useless: it is forgotten.
    pub fn change_service_account(
        &self,
        name: &AccountName,
        details: &AccountDetails,
        by: &str,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        self.write(|transaction| {
            let before = get(transaction, name)?;
            let through = users_through(transaction, name)?;
            let update = "UPDATE service_accounts SET details = ?2 WHERE name = ?1";
            transaction.execute(update, params![name.as_str(), Json(details)])?;
            let same_kind = before.details.method.by_password() && details.method.by_password();
            let same_account = before.details.login == details.login;
            if !same_kind && (before.details.method != details.method || !same_account) {
                forget_secrets(transaction, name)?;
            }
            let event = format!("service account `{name}` changed to `{}` by {}", details.login, details.method);
            add_audit(transaction, by, None, &event, now)?;
            for user in &through {
                users::change(transaction, user, &user.details.clone().through(name, details), by, now)?;
            }
            Ok(())
        })
    }

    /// One service account.
    pub fn service_account(&self, name: &AccountName) -> Result<ServiceAccount, LedgerError> {
        self.read(|transaction| get(transaction, name))
    }

    /// All service accounts, by name.
    pub fn service_accounts(&self) -> Result<Vec<ServiceAccount>, LedgerError> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(&format!("{COLUMNS} ORDER BY name"))?;
            Ok(statement.query_map([], from_row)?.collect::<Result<_, _>>()?)
        })
    }

    /// The users whose mailboxes are reached through it, by name.
    pub fn users_through(&self, name: &AccountName) -> Result<Vec<User>, LedgerError> {
        let mut users = self.users()?;
        users.retain(|user| user.details.service_account.as_ref() == Some(name));
        Ok(users)
    }

    /// Removes a service account, with its secret.
    ///
    /// # Errors
    /// [`LedgerError::ServiceAccountInUse`] while a link goes through it.
    pub fn remove_service_account(&self, name: &AccountName, by: &str, now: Timestamp) -> Result<(), LedgerError> {
        self.write(|transaction| {
            get(transaction, name)?;
            if let Some(user) = users_through(transaction, name)?.first() {
                return Err(LedgerError::ServiceAccountInUse { account: name.clone(), user: user.name.clone() });
            }
            forget_secrets(transaction, name)?;
            transaction.execute("DELETE FROM service_accounts WHERE name = ?1", [name.as_str()])?;
            add_audit(transaction, by, None, &format!("service account `{name}` removed"), now)
        })
    }

    /// Keeps the account's (new) password, sealed, once for everybody. Whatever stood against the one before is forgotten, and all
    /// links that were parked are tried again. It asks nobody to confirm anew: whose mailbox a link leads to is the account's
    /// right and not its password.
    pub fn give_account_password(
        &self,
        name: &AccountName,
        password: &SecretString,
        by: &str,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let belongs_to = password_name(name);
        // A person says that it is to be tried once more.
        let mark = self.credential_mark(&self.service_account(name)?.details.login, password)?;
        let sealed = self.seal_bytes(&secrets::sealed_as(&belongs_to), password.expose_secret().as_bytes())?;
        self.write(|transaction| {
            secrets::put(transaction, &belongs_to, &sealed)?;
            refusals::forget(transaction, mark)?;
            secret_given(transaction, name, by, "was given a password", now)
        })
    }

    /// The account's password, if one was given.
    pub fn account_password(&self, name: &AccountName) -> Result<Option<SecretString>, LedgerError> {
        self.open_secret(&password_name(name))
    }

    /// The password that a user's link signs in with: the user's own, or that of the service account.
    pub fn password_of(&self, user: &User) -> Result<Option<SecretString>, LedgerError> {
        match &user.details.service_account {
            Some(account) => self.account_password(account),
            None => self.password(&user.name),
        }
    }

    /// Keeps what the account's sign-in brought, sealed, once for everybody, as [`Self::give_account_password`] does.
    pub fn give_account_grant(
        &self,
        name: &AccountName,
        refresh: &SecretString,
        by: &str,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let sealed = self.sealed_refresh(GrantOf::Account(name), refresh)?;
        self.write(|transaction| {
            get(transaction, name)?;
            grants::put(transaction, GrantOf::Account(name), &sealed, now)?;
            secret_given(transaction, name, by, "signed in, and granted access to the mailboxes", now)
        })
    }

    /// What the account granted by signing in, if it did.
    pub fn account_grant(&self, name: &AccountName) -> Result<Option<Grant>, LedgerError> {
        self.read(|transaction| grants::get(transaction, GrantOf::Account(name)))
    }

    /// An invited link through a service account reached its mailbox: there is no secret of its own to wait for.
    pub fn reached_through_account(&self, name: &UserName, by: &str, now: Timestamp) -> Result<(), LedgerError> {
        self.write(|transaction| {
            let user = users::get(transaction, name)?;
            let (LinkState::Invited, Some(account)) = (user.link, &user.details.service_account) else {
                return Ok(());
            };
            set(transaction, name, "link", Json(LinkState::Linked))?;
            add_audit(transaction, by, Some(name), &format!("reached through service account `{account}`"), now)
        })
    }
}

/// As it is entered with a user: where the details name a service account, with what that says.
pub(super) fn completed(transaction: &Transaction<'_>, details: &UserDetails) -> Result<UserDetails, LedgerError> {
    let Some(name) = &details.service_account else { return Ok(details.clone()) };
    let account = get(transaction, name)?;
    Ok(details.clone().through(name, &account.details))
}

/// Every link that goes through it, the other ways into mailboxes among them.
fn users_through(transaction: &Transaction<'_>, name: &AccountName) -> Result<Vec<User>, LedgerError> {
    let mut links = users::all_links(transaction)?;
    links.retain(|user| user.details.service_account.as_ref() == Some(name));
    Ok(links)
}

/// The account has a new secret: everybody who goes through it is tried again.
fn secret_given(
    transaction: &Transaction<'_>,
    name: &AccountName,
    by: &str,
    event: &str,
    now: Timestamp,
) -> Result<(), LedgerError> {
    let update = "UPDATE service_accounts SET secret_at = ?2 WHERE name = ?1";
    transaction.execute(update, params![name.as_str(), Moment(now)])?;
    for user in users_through(transaction, name)? {
        users::tried_again(transaction, &user.name)?;
    }
    add_audit(transaction, by, None, &format!("service account `{name}` {event}"), now)
}

fn forget_secrets(transaction: &Transaction<'_>, name: &AccountName) -> Result<(), LedgerError> {
    secrets::forget(transaction, &password_name(name))?;
    grants::forget(transaction, GrantOf::Account(name))?;
    transaction.execute("UPDATE service_accounts SET secret_at = NULL WHERE name = ?1", [name.as_str()])?;
    Ok(())
}

fn password_name(name: &AccountName) -> String {
    format!("service-account/{name}/password")
}

const COLUMNS: &str = "SELECT name, details, added_at, secret_at FROM service_accounts";

fn from_row(row: &Row<'_>) -> rusqlite::Result<ServiceAccount> {
    Ok(ServiceAccount {
        name: row.get::<_, Word<_>>(0)?.0,
        details: row.get::<_, Json<_>>(1)?.0,
        added: row.get::<_, Moment>(2)?.0,
        secret_given: row.get::<_, Option<Moment>>(3)?.map(|moment| moment.0),
    })
}

pub(super) fn get(transaction: &Transaction<'_>, name: &AccountName) -> Result<ServiceAccount, LedgerError> {
    transaction
        .prepare_cached(&format!("{COLUMNS} WHERE name = ?1"))?
        .query_one([name.as_str()], from_row)
        .optional()?
        .ok_or_else(|| LedgerError::NoSuchServiceAccount(name.clone()))
}
