//! The file of `--mailboxes`: who can sign in, and how their accounts stand.

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::Deserialize;

use super::{
    Account,
    account::{Home, Licence, Mfa, PASSWORD, TENANT},
};

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
    tenant: Option<String>,
    #[serde(default)]
    mfa: Mfa,
    #[serde(default)]
    password_expired: bool,
    #[serde(default)]
    disabled: bool,
    #[serde(default)]
    licence: Licence,
    #[serde(default)]
    home: Home,
    /// Mailboxes of others that it was given `FullAccess` to.
    #[serde(default)]
    full_access: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ServiceEntry {
    login: String,
    password_file: Option<PathBuf>,
    /// The mailboxes that it may act as; every one if it does not say.
    mailboxes: Option<Vec<String>>,
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

/// The accounts that the file names.
pub(super) fn read(path: &Path) -> Result<Vec<Account>, MailboxesFileError> {
    let text_of =
        |path: &Path| std::fs::read_to_string(path).map_err(|error| MailboxesFileError::Read(path.to_owned(), error));
    let content: MailboxesFile =
        toml::from_str(&text_of(path)?).map_err(|error| MailboxesFileError::Content(path.to_owned(), error))?;
    let password = |file: Option<PathBuf>| -> Result<SecretString, MailboxesFileError> {
        let Some(file) = file else { return Ok(PASSWORD.into()) };
        let file = path.parent().map_or_else(|| file.clone(), |directory| directory.join(&file));
        Ok(text_of(&file)?.trim_end_matches(['\r', '\n']).into())
    };
    let mut accounts = Vec::new();
    for mailbox in content.mailbox {
        let login = mailbox.login.unwrap_or_else(|| mailbox.address.clone());
        accounts.push(Account {
            tenant: mailbox.tenant.unwrap_or_else(|| TENANT.to_owned()),
            mfa: mailbox.mfa,
            password_expired: mailbox.password_expired,
            disabled: mailbox.disabled,
            licence: mailbox.licence,
            home: mailbox.home,
            full_access: mailbox.full_access,
            ..Account::owner(&mailbox.address, &login, password(mailbox.password_file)?)
        });
    }
    for account in content.service_account {
        let impersonation_scope = account.mailboxes;
        let service = Account::service(&account.login, password(account.password_file)?);
        accounts.push(Account { impersonation_scope, ..service });
    }
    Ok(accounts)
}
