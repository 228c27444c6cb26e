//! The arguments of `handout`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(in crate::cli) struct Handout {
    /// What it is about; without one all of them are listed
    #[arg(value_enum, value_name = "METHOD")]
    pub(in crate::cli) method: Option<HandoutMethod>,
    /// How it is written
    #[arg(long, value_enum, default_value_t)]
    pub(in crate::cli) format: HandoutFormat,
    /// Write it into this new file
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// A public address, or network, that this server's requests come from, in place of those that are known; may be given several times
    #[arg(long = "address", value_name = "NETWORK")]
    pub(in crate::cli) addresses: Vec<String>,
    /// The service account: its name, or its login if it is not entered yet; the only one that is entered if nothing is said
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) account: Option<String>,
    /// A mailbox, in place of those of the users who are entered; may be given several times
    #[arg(long = "mailbox", value_name = "ADDRESS")]
    pub(in crate::cli) mailboxes: Vec<String>,
}

/// What a hand-out is about. The first line of each is what the list says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum HandoutMethod {
    /// Let a service account sign in from one address only: named location and Conditional Access
    FixedAddress,
    /// Register an app with which users sign in as themselves
    Oauth,
    /// Register an app with a certificate, for certain mailboxes only: RBAC for Applications
    Certificate,
    /// Let one service account into certain mailboxes: impersonation, or Full Access in Exchange Online
    Impersonation,
    /// Switch Basic authentication on at an Exchange Server
    Basic,
    /// Let an Exchange Server take Windows authentication, with Extended Protection
    Windows,
    /// App passwords, by kind of host: where they help, and where not
    AppPassword,
    /// Keep Exchange Web Services open for this program in Exchange Online, until April 2027
    EwsAllowList,
    /// Let a login read the practice database on Microsoft SQL Server, and do nothing else
    SqlServer,
}

/// How a hand-out is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum HandoutFormat {
    /// Markdown
    #[default]
    Markdown,
    /// Plain text
    Text,
}
