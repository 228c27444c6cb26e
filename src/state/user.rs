use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AccountName, Confirmed, MailboxId, Reconfirm, ReconfirmWhy, Recovered};
use crate::{domain::PersonId, ports::Protocol};

/// A user's short name, as typed on the command line: `[a-z0-9._-]`, 1 to 64 characters, not beginning with `-` or `.`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct UserName(String);

impl UserName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl FromStr for UserName {
    type Err = UserNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits =
            |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || "._-".contains(character);
        if text.is_empty() || text.len() > 64 || text.starts_with(['-', '.']) || !text.chars().all(fits) {
            return Err(UserNameError(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for UserName {
    type Error = UserNameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<UserName> for String {
    fn from(name: UserName) -> Self {
        name.0
    }
}

/// The text cannot be a user's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot be a user's name: it takes 1 to 64 of `a-z`, `0-9`, `.`, `_`, `-`")]
pub struct UserNameError(pub String);

/// How a link signs in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "method")]
#[non_exhaustive]
pub enum AuthMethod {
    /// The mailbox's password, or an app password.
    #[default]
    Password,
    /// The user signs in at the provider, and grants us access by OAuth.
    #[serde(rename = "oauth")]
    OAuth,
    /// The mailbox's password, by Windows authentication.
    Windows,
    /// An app signs in by itself, with a certificate: for service accounts alone.
    Certificate,
}

impl AuthMethod {
    /// Every method.
    pub const ALL: [Self; 4] = [Self::Password, Self::OAuth, Self::Windows, Self::Certificate];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::OAuth => "oauth",
            Self::Windows => "windows",
            Self::Certificate => "certificate",
        }
    }

    /// Whether it is a password that the link signs in with.
    pub fn by_password(self) -> bool {
        matches!(self, Self::Password | Self::Windows)
    }

    /// What an invited link lacks: `no password yet`.
    pub fn lacking(self) -> &'static str {
        match self {
            Self::Password | Self::Windows => "no password yet",
            Self::OAuth => "nobody signed in yet",
            Self::Certificate => "no certificate was proven yet",
        }
    }
}

impl fmt::Display for AuthMethod {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.word())
    }
}

impl FromStr for AuthMethod {
    type Err = AuthMethodError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|method| method.word().eq_ignore_ascii_case(text)).ok_or(AuthMethodError)
    }
}

/// The text is no way to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no way to sign in that we know; there are `password`, `oauth`, `windows` and `certificate`")]
pub struct AuthMethodError;

/// How far a link is. Only [`LinkState::Active`] reaches the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkState {
    /// Entered; no secret yet.
    Invited,
    /// The secret was given (and verified, unless the administrator put that off).
    Linked,
    /// A code is out.
    Confirming,
    /// The user confirmed.
    Active,
}

impl LinkState {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Linked => "linked",
            Self::Confirming => "confirming",
            Self::Active => "active",
        }
    }
}

impl fmt::Display for LinkState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.word())
    }
}

/// The machine waits for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    /// Since when.
    pub since: Timestamp,
    /// What happened.
    pub cause: String,
    /// Who can do what about it.
    pub remedy: String,
}

impl Parked {
    /// Whether it waits for the user to confirm again, whatever the server says meanwhile.
    pub fn is_for_confirmation(&self) -> bool {
        self.cause == super::confirmed::NOT_CONFIRMED_AGAIN
    }
}

/// Transient trouble: goes on by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Not before then.
    pub until: Timestamp,
    /// What happened.
    pub cause: String,
}

/// What an administrator enters about a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserDetails {
    /// Who it is in the practice system.
    pub person: PersonId,
    /// The mailbox's e-mail address.
    pub address: String,
    /// The name to sign in with.
    pub login: String,
    /// Address of the mailbox's web service, where it is not the configured one.
    pub url: Option<String>,
    /// By which protocol the mailbox is reached.
    #[serde(default)]
    pub protocol: Protocol,
    /// How the link signs in.
    pub method: AuthMethod,
    /// The service account through which the mailbox is reached: then login, address of the service, protocol and method are
    /// that one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account: Option<AccountName>,
    /// Settings of this user alone, in the shape of the configuration; opaque here.
    pub settings: serde_json::Value,
}

/// A person linked to a mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Short name.
    pub name: UserName,
    /// What was entered.
    #[serde(flatten)]
    pub details: UserDetails,
    /// How far the link is.
    pub link: LinkState,
    /// The machine waits for a person.
    pub parked: Option<Parked>,
    /// A person asked for a pause, then.
    pub paused: Option<Timestamp>,
    /// Transient trouble.
    pub waiting: Option<Waiting>,
    /// The proven mailbox behind the link, once it was reached.
    pub mailbox: Option<MailboxId>,
    /// Confirmed refusals of the current secret.
    pub refused_sign_ins: u32,
    /// How the link was confirmed, when and by whom; for as long as that holds.
    pub confirmed: Option<Confirmed>,
    /// By when it must be confirmed again.
    pub reconfirm: Option<Reconfirm>,
    /// Its authenticator app was switched off, and it is not confirmed anew.
    pub recovered: Option<Recovered>,
    /// It is no user but another way into the mailbox of this one, who moves or has moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub door_of: Option<UserName>,
}

impl User {
    /// Whether it should have been confirmed again by now.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.reconfirm.is_some_and(|reconfirm| reconfirm.by <= now)
    }

    /// Whether it was changed and not reached since: it goes on when it leads to the mailbox that was confirmed.
    pub fn waits_to_be_reached(&self, now: Timestamp) -> bool {
        let changed = |reconfirm: Reconfirm| reconfirm.why == ReconfirmWhy::NewAddress && now < reconfirm.by;
        matches!(self.link, LinkState::Linked | LinkState::Confirming)
            && self.confirmed.is_some()
            && self.recovered.is_none()
            && self.reconfirm.is_some_and(changed)
    }
}
