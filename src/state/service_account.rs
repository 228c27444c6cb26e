//! The words for an account through which many users' mailboxes are reached: entered once, with one secret.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AuthMethod, User, UserDetails, UserName};
use crate::{diagnosis::Cause, ports::Protocol};

/// A service account's short name, as typed on the command line: formed as a user's name is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct AccountName(String);

impl AccountName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl FromStr for AccountName {
    type Err = AccountNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = text.parse::<UserName>().is_ok();
        if fits { Ok(Self(text.to_owned())) } else { Err(AccountNameError(text.to_owned())) }
    }
}

impl TryFrom<String> for AccountName {
    type Error = AccountNameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<AccountName> for String {
    fn from(name: AccountName) -> Self {
        name.0
    }
}

/// The text cannot be a service account's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot be a service account's name: it takes 1 to 64 of `a-z`, `0-9`, `.`, `_`, `-`")]
pub struct AccountNameError(pub String);

/// What an administrator enters about a service account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountDetails {
    /// The name to sign in with.
    pub login: String,
    /// How it signs in.
    #[serde(flatten)]
    pub method: AuthMethod,
    /// By which protocol its users' mailboxes are reached.
    pub protocol: Protocol,
    /// Address of their web service, where it is not the configured one.
    pub url: Option<String>,
}

/// An account through which users' mailboxes are reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServiceAccount {
    /// Short name.
    pub name: AccountName,
    /// What was entered.
    #[serde(flatten)]
    pub details: AccountDetails,
    /// When it was entered.
    pub added: Timestamp,
    /// When its secret was last given, if it was.
    pub secret_given: Option<Timestamp>,
}

impl User {
    /// What to do about a cause, for this user.
    pub fn steps(&self, cause: Cause) -> Vec<String> {
        let account = self.details.service_account.as_ref().map(AccountName::as_str);
        cause.entry().steps_for(self.name.as_str(), &self.details.address, account)
    }

    /// The command that gives what the link signs in with.
    pub fn link_command(&self) -> String {
        match &self.details.service_account {
            Some(account) => format!("pocketdocket service-account link {account}"),
            None => format!("pocketdocket user link {}", self.name),
        }
    }
}

impl UserDetails {
    /// The same through a service account: how it signs in and where it goes is the account's to say.
    #[must_use]
    pub fn through(self, name: &AccountName, account: &AccountDetails) -> Self {
        let AccountDetails { login, method, protocol, url } = account.clone();
        Self { login, method, protocol, url, service_account: Some(name.clone()), ..self }
    }

    /// Whether the link changes its way to sign in: to another method, or to, from or between service accounts.
    pub(super) fn signs_in_otherwise(&self, other: &Self) -> bool {
        match (&self.service_account, &other.service_account) {
            (None, None) => self.method != other.method,
            (one, other) => one != other,
        }
    }

    /// How the link signs in, in words: `password`, or `password, through service account exchange`.
    pub fn way(&self) -> String {
        match &self.service_account {
            Some(account) => format!("{}, through service account {account}", self.method),
            None => self.method.to_string(),
        }
    }

    /// What an invited link lacks: `no password yet`.
    pub fn lacking(&self) -> String {
        match &self.service_account {
            Some(account) => format!("its mailbox was not reached through service account {account} yet"),
            None => self.method.lacking().to_owned(),
        }
    }
}
