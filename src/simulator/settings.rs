use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::Deserialize;

use super::FaultRule;

/// The password of every mailbox for which no other was given. It guards nothing: the simulator listens on loopback only and
/// holds what was made up for it.
pub const PASSWORD: &str = "simulator";

/// Whose manners the simulator has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// Refuses what an Exchange Server would refuse.
    #[default]
    Strict,
    /// Behaves as other servers do that speak EWS.
    Lenient,
}

/// What the server says it takes when somebody comes without the right credentials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignInOffer {
    /// Basic.
    #[default]
    Basic,
    /// Negotiate and NTLM, as an Exchange Server does whose administrator did not switch Basic on. Nobody can sign in then.
    WindowsOnly,
}

/// Somebody who can sign in.
#[derive(Clone, Debug)]
pub struct Account {
    /// What they sign in with.
    pub login: String,
    /// Their password.
    pub password: SecretString,
    /// Their own mailbox, if they have one.
    pub mailbox: Option<String>,
    /// Whether they may act as every mailbox.
    pub impersonates: bool,
}

impl Account {
    /// The owner of a mailbox.
    pub fn owner(address: &str, login: &str, password: SecretString) -> Self {
        Self { login: login.to_owned(), password, mailbox: Some(address.to_owned()), impersonates: false }
    }

    /// A login without a mailbox that may act as every mailbox.
    pub fn service(login: &str, password: SecretString) -> Self {
        Self { login: login.to_owned(), password, mailbox: None, impersonates: true }
    }

    /// The owner of a mailbox who signs in with its address and [`PASSWORD`].
    pub fn simple(address: &str) -> Self {
        Self::owner(address, address, PASSWORD.into())
    }
}

/// How to start a simulator.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// A file that keeps everything; in memory if `None`.
    pub state: Option<PathBuf>,
    /// Whose manners it has.
    pub dialect: Dialect,
    /// Who can sign in from the start, and with which mailboxes.
    pub accounts: Vec<Account>,
    /// What goes wrong from the start.
    pub faults: Vec<FaultRule>,
    /// What it offers to those who come without credentials.
    pub offer: SignInOffer,
    /// Refuse chunked requests with 400, as some servers do. The lenient dialect always does.
    pub refuse_chunked: bool,
}

impl Settings {
    /// The same with one more mailbox, signed in to with its address and [`PASSWORD`].
    #[must_use]
    pub fn with_mailbox(mut self, address: &str) -> Self {
        self.accounts.push(Account::simple(address));
        self
    }

    /// The same in the lenient dialect.
    #[must_use]
    pub fn lenient(mut self) -> Self {
        self.dialect = Dialect::Lenient;
        self
    }

    /// The same with the mailboxes of a TOML file:
    ///
    /// ```toml
    /// [[mailbox]]
    /// address = "anna@kanzlei.example"
    /// login = "KANZLEI\\anna"            # the address if it is left out
    /// password-file = "anna.password"    # next to this file; `simulator` if it is left out
    ///
    /// [[service-account]]
    /// login = "sync"
    /// ```
    ///
    /// # Errors
    /// When a file cannot be read or says something else.
    pub fn with_mailboxes_file(mut self, path: &Path) -> Result<Self, MailboxesFileError> {
        let read = |path: &Path| {
            std::fs::read_to_string(path).map_err(|error| MailboxesFileError::Read(path.to_owned(), error))
        };
        let content: MailboxesFile =
            toml::from_str(&read(path)?).map_err(|error| MailboxesFileError::Content(path.to_owned(), error))?;
        let password = |file: Option<PathBuf>| -> Result<SecretString, MailboxesFileError> {
            let Some(file) = file else { return Ok(PASSWORD.into()) };
            let file = path.parent().map_or_else(|| file.clone(), |directory| directory.join(&file));
            Ok(read(&file)?.trim_end_matches(['\r', '\n']).into())
        };
        for mailbox in content.mailbox {
            let login = mailbox.login.unwrap_or_else(|| mailbox.address.clone());
            self.accounts.push(Account::owner(&mailbox.address, &login, password(mailbox.password_file)?));
        }
        for account in content.service_account {
            self.accounts.push(Account::service(&account.login, password(account.password_file)?));
        }
        Ok(self)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct MailboxesFile {
    #[serde(default)]
    mailbox: Vec<MailboxEntry>,
    #[serde(default)]
    service_account: Vec<ServiceEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct MailboxEntry {
    address: String,
    login: Option<String>,
    password_file: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ServiceEntry {
    login: String,
    password_file: Option<PathBuf>,
}

/// A file of mailboxes that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MailboxesFileError {
    /// It cannot be read.
    #[error("`{}` cannot be read", .0.display())]
    Read(PathBuf, #[source] std::io::Error),
    /// It is not a list of mailboxes.
    #[error("`{}` is not a list of mailboxes", .0.display())]
    Content(PathBuf, #[source] toml::de::Error),
}
