use std::sync::Arc;

use serde::Deserialize;

use super::{Home, Licence, Mfa, SimulatorError, authority, world::World};

/// Whoever administers accounts, the authority and its clock, and the phones that people approve sign-ins with.
#[derive(Clone, Debug)]
pub struct Administrator {
    pub(super) world: Arc<World>,
}

/// What an administrator, or the account's owner, can do to an account. As JSON: `{"action": "set-mfa", "mfa": "required"}`.
#[derive(Clone, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum AccountAction {
    /// Locks it, as after too many wrong passwords.
    Lock,
    /// Opens it again and forgets wrong passwords.
    Unlock,
    /// Switches it off.
    Disable,
    /// Switches it on.
    Enable,
    /// Its password is too old from now on.
    ExpirePassword,
    /// Gives it another password; what was granted before is revoked.
    SetPassword {
        /// The new one.
        password: String,
    },
    /// Changes how it stands to a second factor.
    SetMfa {
        /// How it stands now.
        mfa: Mfa,
    },
    /// Changes what it may use.
    SetLicence {
        /// What it has now.
        licence: Licence,
    },
    /// Moves its mailbox, with everything in it as it is: from the firm's server to Exchange Online, or back.
    SetHome {
        /// Where it is now.
        home: Home,
    },
    /// Lets it act as the owners of these mailboxes alone: the role `ApplicationImpersonation` and its scope. Of none: it has no
    /// such role. Nothing said: of every mailbox.
    SetImpersonation {
        /// The mailboxes.
        #[serde(default)]
        mailboxes: Option<Vec<String>>,
    },
    /// Gives it `FullAccess` to these mailboxes of others, and to no other ones.
    SetFullAccess {
        /// The mailboxes.
        mailboxes: Vec<String>,
    },
    /// Revokes everything that was granted to it.
    Revoke,
    /// Takes back what it consented to.
    WithdrawConsent,
    /// The phone approves the number that the sign-in page shows.
    ApproveNumber {
        /// The number; whichever is shown if `None`.
        #[serde(default)]
        number: Option<u8>,
    },
}

impl Administrator {
    /// Does something to an account, which is named by its login or the address of its mailbox.
    ///
    /// # Errors
    /// When nobody is called that.
    pub fn act(&self, name: &str, action: AccountAction) -> Result<(), SimulatorError> {
        let world = &self.world;
        let no_account = || SimulatorError::NoAccount(name.to_owned());
        let login = world.account(name).ok_or_else(no_account)?.login.to_lowercase();
        let now = world.settings.clock.now();
        match action {
            AccountAction::Lock => world.lockouts.lock(&login, now),
            AccountAction::Unlock => world.lockouts.forget(&login),
            AccountAction::Disable => world.change_account(name, |account| account.disabled = true)?,
            AccountAction::Enable => world.change_account(name, |account| account.disabled = false)?,
            AccountAction::ExpirePassword => world.change_account(name, |account| account.password_expired = true)?,
            AccountAction::SetPassword { password } => {
                world.change_account(name, |account| {
                    account.password = password.into();
                    account.password_expired = false;
                })?;
                world.authority.grants().revoke(&login, now);
            }
            AccountAction::SetMfa { mfa } => world.change_account(name, |account| account.mfa = mfa)?,
            AccountAction::SetLicence { licence } => world.change_account(name, |account| account.licence = licence)?,
            AccountAction::SetHome { home } => world.change_account(name, |account| account.home = home)?,
            AccountAction::SetImpersonation { mailboxes } => world.change_account(name, |account| {
                account.impersonates = mailboxes.as_ref().is_none_or(|mailboxes| !mailboxes.is_empty());
                account.impersonation_scope = mailboxes;
            })?,
            AccountAction::SetFullAccess { mailboxes } => {
                world.change_account(name, |account| account.full_access = mailboxes)?;
            }
            AccountAction::Revoke => world.authority.grants().revoke(&login, now),
            AccountAction::WithdrawConsent => world.authority.grants().withdraw_consent(&login),
            AccountAction::ApproveNumber { number } => {
                let mut grants = world.authority.grants();
                let number = number.or_else(|| grants.number(&login)).ok_or_else(no_account)?;
                grants.approve(&login, number);
            }
        }
        Ok(())
    }

    /// The number that the sign-in page shows to this login now, for its owner to approve.
    pub fn number(&self, name: &str) -> Option<u8> {
        let login = self.world.account(name)?.login;
        self.world.authority.grants().number(&login)
    }

    /// Somebody signs in for the program that shows this code, with or without a second factor, and allows what it wants.
    ///
    /// # Errors
    /// When no program shows it, or nobody is called that.
    pub fn approve_device(&self, user_code: &str, login: &str, mfa: bool) -> Result<(), SimulatorError> {
        authority::settle(&self.world, user_code, Some((login, mfa)))
    }

    /// Somebody declines what the program wants that shows this code.
    ///
    /// # Errors
    /// When no program shows it.
    pub fn decline_device(&self, user_code: &str) -> Result<(), SimulatorError> {
        authority::settle(&self.world, user_code, None)
    }

    /// The authority signs with a new key from now on. The one before stays published until the next time.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn rotate_keys(&self) -> Result<(), SimulatorError> {
        self.world.authority.keys.rotate()
    }

    /// Puts the clock forward that sign-ins go by, and answers what it shows.
    pub fn advance_clock(&self, seconds: i64) -> jiff::Timestamp {
        self.world.settings.clock.advance(seconds);
        self.world.settings.clock.now()
    }
}
