//! The arguments of `service-account`.

use clap::{Args, Subcommand};

use super::{Json, user::OauthWay};
use crate::{
    ports::Protocol,
    state::{AccountName, AuthMethod},
};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ServiceAccount {
    /// Enter a service account
    Add(AddAccount),
    /// List the service accounts
    List(Json),
    /// Show one: how it signs in, and who goes through it
    Show {
        /// The service account
        name: AccountName,
        #[command(flatten)]
        json: Json,
    },
    /// Change what was entered of it, for everybody who goes through it
    Change(ChangeAccount),
    /// Give its password, or let it sign in by OAuth: set, verify, keep, once for everybody who goes through it
    Link(LinkAccount),
    /// Ask every mailbox that is reached through it, once: is it the account, or single users?
    Check {
        /// The service account
        name: AccountName,
        #[command(flatten)]
        json: Json,
    },
    /// Remove a service account that nobody goes through
    Remove {
        /// The service account
        name: AccountName,
    },
}

#[derive(Debug, Args)]
pub(in crate::cli) struct AddAccount {
    /// A short name, such as `exchange`
    pub(in crate::cli) name: AccountName,
    /// What to sign in with: `DOMAIN\user` or an e-mail address
    #[arg(long, value_name = "LOGIN")]
    pub(in crate::cli) login: String,
    /// How it signs in: `password`, `windows` or `oauth`; if nothing is said, `oauth` for `graph` and `password` for `ews`
    #[arg(long, value_name = "METHOD")]
    pub(in crate::cli) method: Option<AuthMethod>,
    /// By which protocol the mailboxes are reached: `ews`, or `graph` for Exchange Online
    #[arg(long, value_name = "PROTOCOL", default_value = "ews")]
    pub(in crate::cli) protocol: Protocol,
    /// Address of their web service, if it is not the configured one
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) url: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ChangeAccount {
    /// The service account
    pub(in crate::cli) name: AccountName,
    #[command(flatten)]
    pub(in crate::cli) changes: AccountChanges,
}

/// What is to be otherwise.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(in crate::cli) struct AccountChanges {
    /// What to sign in with
    #[arg(long, value_name = "LOGIN")]
    pub(in crate::cli) login: Option<String>,
    /// How it signs in: `password`, `windows` or `oauth`
    #[arg(long, value_name = "METHOD")]
    pub(in crate::cli) method: Option<AuthMethod>,
    /// By which protocol the mailboxes are reached: `ews`, or `graph` for Exchange Online
    #[arg(long, value_name = "PROTOCOL")]
    pub(in crate::cli) protocol: Option<Protocol>,
    /// Address of their web service; nothing for the configured one
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) url: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct LinkAccount {
    /// The service account
    pub(in crate::cli) name: AccountName,
    /// Try it on this mailbox; on that of the first user who goes through it if nothing is said
    #[arg(long, value_name = "ADDRESS")]
    pub(in crate::cli) mailbox: Option<String>,
    /// Read the password from the first line of standard input
    #[arg(long)]
    pub(in crate::cli) password_stdin: bool,
    /// Keep what was given without trying it on a mailbox
    #[arg(long, conflicts_with = "mailbox")]
    pub(in crate::cli) unverified: bool,
    #[command(flatten)]
    pub(in crate::cli) way: OauthWay,
}
