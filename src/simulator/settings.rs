use std::path::{Path, PathBuf};

use super::{
    Account, Certificate, Clock, ExtendedProtection, FaultRule, GraphLimits, MailboxesFileError, OnlyFrom,
    OuterAddress,
    authority::{App, TokenRules},
    mailboxes_file,
};

/// Whose manners the simulator has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// Refuses what an Exchange Server would refuse.
    #[default]
    Strict,
    /// Behaves as other servers do that speak EWS.
    Lenient,
}

/// What the server says it takes when somebody comes without the right credentials, and what it takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum SignInOffer {
    /// Basic.
    #[default]
    Basic,
    /// Negotiate and NTLM, as an Exchange Server does whose administrator did not switch Basic on. NTLMv2 is taken under either.
    WindowsOnly,
    /// The same and Basic.
    BasicAndWindows,
    /// Basic and tokens of the authority, as an Exchange Server does with hybrid modern authentication.
    BasicAndOauth,
    /// Tokens of the authority only, as Exchange Online does: no password is right.
    Oauth,
    /// All of them, as an Exchange Server with hybrid modern authentication on which Basic was switched on.
    All,
}

impl SignInOffer {
    /// Whether passwords are taken over Basic.
    pub(crate) fn takes_basic(self) -> bool {
        matches!(self, Self::Basic | Self::BasicAndWindows | Self::BasicAndOauth | Self::All)
    }

    /// Whether Windows authentication is taken.
    pub(crate) fn takes_windows(self) -> bool {
        matches!(self, Self::WindowsOnly | Self::BasicAndWindows | Self::All)
    }

    /// Whether tokens of the authority are taken.
    pub(crate) fn takes_tokens(self) -> bool {
        matches!(self, Self::BasicAndOauth | Self::Oauth | Self::All)
    }
}

/// When an account is locked for wrong passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lockout {
    /// So many wrong passwords in a row lock it.
    pub after: u32,
    /// So many seconds later it is open again by itself; if `None`, somebody must unlock it.
    pub seconds: Option<u32>,
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
    /// Listen with HTTPS, with a certificate of an authority that is made at the start.
    pub https: bool,
    /// Which certificate is shown then.
    pub certificate: Certificate,
    /// Where the certificate of that authority is written, as PEM.
    pub ca_file: Option<PathBuf>,
    /// Programs that are registered at the authority; the one called [`super::CLIENT_ID`] if there are none.
    pub apps: Vec<App>,
    /// Resources for which the authority gives tokens, besides Exchange and Graph, such as an Exchange Server's own address. EWS
    /// takes their tokens too.
    pub resources: Vec<String>,
    /// How the authority handles tokens.
    pub tokens: TokenRules,
    /// Whether Windows authentication has to be bound to the TLS connection.
    pub extended_protection: ExtendedProtection,
    /// When wrong passwords lock an account; never if `None`.
    pub lockout: Option<Lockout>,
    /// The address that the outer world sees us come from.
    pub outer: OuterAddress,
    /// Accounts that may sign in from some networks only, from the start.
    pub only_from: Vec<OnlyFrom>,
    /// The time that sign-ins go by.
    pub clock: Clock,
    /// How much Graph takes of one program for one mailbox.
    pub graph: GraphLimits,
}

impl Settings {
    /// The same with one more mailbox, signed in to with its address and [`super::PASSWORD`].
    #[must_use]
    pub fn with_mailbox(self, address: &str) -> Self {
        self.with_account(Account::simple(address))
    }

    /// The same with one more account.
    #[must_use]
    pub fn with_account(mut self, account: Account) -> Self {
        self.accounts.push(account);
        self
    }

    /// The same in the lenient dialect.
    #[must_use]
    pub fn lenient(mut self) -> Self {
        self.dialect = Dialect::Lenient;
        self
    }

    /// The same as Exchange Online: HTTPS, and tokens only.
    #[must_use]
    pub fn online(mut self) -> Self {
        self.https = true;
        self.offer = SignInOffer::Oauth;
        self
    }

    /// The same with the mailboxes of a TOML file:
    ///
    /// ```toml
    /// [[mailbox]]
    /// address = "anna@kanzlei.example"
    /// login = "KANZLEI\\anna"            # the address if it is left out
    /// password-file = "anna.password"    # next to this file; `simulator` if it is left out
    /// mfa = "required"                   # or none, registered, must-register
    ///
    /// [[service-account]]
    /// login = "sync"
    /// mailboxes = ["anna@kanzlei.example"]   # whom it may act as; every mailbox if it is left out
    /// ```
    ///
    /// # Errors
    /// When a file cannot be read or says something else.
    pub fn with_mailboxes_file(mut self, path: &Path) -> Result<Self, MailboxesFileError> {
        self.accounts.extend(mailboxes_file::read(path)?);
        Ok(self)
    }
}
