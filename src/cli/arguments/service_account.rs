//! The arguments of `service-account`.

use clap::{Args, Subcommand};

use std::path::PathBuf;

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
    /// The certificates that it signs in with as an app: make, import, show
    #[command(subcommand)]
    Certificate(AccountCertificate),
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
    #[arg(long, value_name = "LOGIN", required_unless_present = "client_id", conflicts_with = "client_id")]
    pub(in crate::cli) login: Option<String>,
    /// For an app with a certificate: its application (client) id
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) client_id: Option<String>,
    /// For an app with a certificate: the tenant's id or domain, if it is not the configured one
    #[arg(long, value_name = "TENANT", requires = "client_id")]
    pub(in crate::cli) tenant: Option<String>,
    /// How it signs in: `password`, `windows`, `oauth` or `certificate`; if nothing is said, `certificate` with `--client-id`, `oauth` for `graph` and `password` for `ews`
    #[arg(long, value_name = "METHOD")]
    pub(in crate::cli) method: Option<AuthMethod>,
    /// By which protocol the mailboxes are reached: `graph` for Exchange Online, which is usual for a certificate, or `ews`, which is for the others
    #[arg(long, value_name = "PROTOCOL")]
    pub(in crate::cli) protocol: Option<Protocol>,
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
    #[arg(long, value_name = "LOGIN", conflicts_with = "client_id")]
    pub(in crate::cli) login: Option<String>,
    /// For an app with a certificate: its application (client) id
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) client_id: Option<String>,
    /// For an app with a certificate: the tenant's id or domain; nothing for the configured one
    #[arg(long, value_name = "TENANT")]
    pub(in crate::cli) tenant: Option<String>,
    /// How it signs in: `password`, `windows`, `oauth` or `certificate`
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
    /// For an app with a certificate: a mailbox that it must not reach. It is remembered, and tried here and by every `check --online`
    #[arg(long, value_name = "ADDRESS")]
    pub(in crate::cli) outside: Option<String>,
    /// Keep what was given without trying it on a mailbox
    #[arg(long, conflicts_with = "mailbox")]
    pub(in crate::cli) unverified: bool,
    #[command(flatten)]
    pub(in crate::cli) way: OauthWay,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum AccountCertificate {
    /// Make a key pair and a certificate; the key is sealed in the ledger and written nowhere else
    Make {
        /// The service account
        name: AccountName,
        /// For how many days
        #[arg(long, value_name = "DAYS", default_value_t = 365, value_parser = clap::value_parser!(u16).range(1..=1095))]
        days: u16,
        /// Write the certificate there instead of to standard output; the file must not exist yet
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Take a certificate and its key from files: PEM, or PFX (PKCS#12)
    Import {
        /// The service account
        name: AccountName,
        /// The certificate: PEM, with the key in it or beside it, or PFX
        file: PathBuf,
        /// The private key as PEM, where it has a file of its own
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
        /// Read the passphrase of a PFX file from the first line of standard input
        #[arg(long)]
        passphrase_stdin: bool,
    },
    /// Show the certificates: the one in use, and the one that is to follow it
    Show {
        /// The service account
        name: AccountName,
        /// Print the newest one as PEM, for the registration
        #[arg(long, conflicts_with = "json")]
        pem: bool,
        #[command(flatten)]
        json: Json,
    },
}
