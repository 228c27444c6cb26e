mod app;
mod password;
mod way;

use super::{Cause, NextTry};

/// Who can do something about a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fixer {
    /// The person whose mailbox it is.
    User,
    /// Whoever looks after Pocket Docket and its machine.
    FirmIt,
    /// The administrator of Exchange, or of Microsoft 365 and its tenant.
    ExchangeAdministrator,
    /// The provider alone.
    Provider,
    /// Nobody: it goes away by itself.
    Nobody,
}

impl Fixer {
    /// For sentences: `the Exchange administrator`.
    pub fn words(self) -> &'static str {
        match self {
            Self::User => "the user",
            Self::FirmIt => "the firm's IT",
            Self::ExchangeAdministrator => "the Exchange administrator",
            Self::Provider => "the provider",
            Self::Nobody => "nobody: it goes away by itself",
        }
    }
}

/// What is known of a cause.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// In a few words, without a full stop.
    pub title: &'static str,
    /// What shows it.
    pub evidence: &'static str,
    /// Who can do something about it.
    pub fixer: Fixer,
    /// What to do, a sentence each, in order; `NAME` stands for the user, `ADDRESS` for the mailbox.
    pub steps: &'static [&'static str],
    /// How long it takes to work again after that.
    pub time: &'static str,
    /// When we try again by ourselves.
    pub next_try: NextTry,
    /// The announcement or the page of whoever made the server.
    pub reading: Option<&'static str>,
}

impl Entry {
    /// Who can do something about it, for sentences. The sign-in of a service account is no user's affair.
    pub fn who(&self, through_account: bool) -> &'static str {
        match self.fixer {
            Fixer::User if through_account => Fixer::FirmIt.words(),
            fixer => fixer.words(),
        }
    }

    /// What to do, for this user and mailbox, and for the service account through which it is reached, if it is.
    pub fn steps_for(&self, name: &str, address: &str, account: Option<&str>) -> Vec<String> {
        let said = |step: &str| match account {
            Some(account) => of_account(step, account),
            None => step.to_owned(),
        };
        self.steps.iter().map(|step| said(step).replace("NAME", name).replace("ADDRESS", address)).collect()
    }
}

/// What is to be done about a user's way to sign in, said of the service account that signs in instead.
pub fn of_account(text: &str, account: &str) -> String {
    let said = ["link", "change", "add"].into_iter().fold(text.to_owned(), |text, command| {
        let ours = format!("pocketdocket service-account {command} {account}");
        text.replace(&format!("pocketdocket user {command} NAME"), &ours)
    });
    said.replace("service-account certificate make ACCOUNT", &format!("service-account certificate make {account}"))
}

impl Cause {
    /// What is known of it.
    pub fn entry(self) -> Entry {
        password::entry(self).or_else(|| app::entry(self)).unwrap_or_else(|| way::entry(self))
    }

    /// Whether the secret itself was judged: the same secret again could lock the account, or cannot succeed.
    pub fn judges_secret(self) -> bool {
        matches!(
            self,
            Self::WrongPassword
                | Self::UnknownUser
                | Self::PasswordExpired
                | Self::AccountLocked
                | Self::AccountDisabled
                | Self::AppPasswordNeeded
                | Self::AppSecretExpired
                | Self::CertificateExpired
                | Self::GrantRevoked
                | Self::GrantExpired
                | Self::Unknown
        )
    }

    /// Whether it usually strikes everybody at a server or a tenant, so that one user's try answers for all.
    pub fn is_of_everybody(self) -> bool {
        matches!(
            self,
            Self::BasicOffByProvider
                | Self::BasicOffOnServer
                | Self::BlockedByPolicy
                | Self::DevicePolicy
                | Self::ConsentMissing
                | Self::AppUnknown
                | Self::AppMisconfigured
                | Self::TenantUnknown
                | Self::TokenRefused
                | Self::EwsOff
                | Self::ChannelBinding
                | Self::ClockSkew
                | Self::CertificateNotTrusted
                | Self::WrongAddress
        )
    }

    /// Whether a person has to act before it can work.
    pub fn needs_person(self) -> bool {
        self.entry().fixer != Fixer::Nobody
    }
}
