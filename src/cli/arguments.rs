//! The command line. The first line of each doc comment is the help that people read.

mod address;
mod adopt;
mod handout;
mod looking_back;
mod practice;
mod service_account;
mod simulator;
mod user;
mod vault;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(super) use looking_back::{Explain, History, Proposals, ProposalsWanted, Undo, UndoWhat};

use crate::{state::UserName, vault::KeyKind};

pub(super) use address::{Address, AllowNetworks, RemoveNetworks, WatchAddress};
pub(super) use adopt::{Adopt, Chosen, Refused};
pub(super) use handout::{Handout, HandoutFormat, HandoutMethod};
pub(super) use practice::{Learn, People, Practice};
pub(super) use service_account::{AccountCertificate, AddAccount, ChangeAccount, LinkAccount, ServiceAccount};
pub(super) use simulator::{SimulatedSignIn, Simulator};
pub(super) use user::{
    AddUser, ChangeUser, Changes, ConfirmUser, ImportUsers, LinkUser, MoveUser, NewPlaceOfUser, OauthWay, RecoverUser,
    RemoveUser, SetUser, User, WayToConfirm,
};
pub(super) use vault::{Export, Import, MoveKey, NewPlace, Rotate, Vault};

/// Puts a law firm's contacts, calendar and tasks on everyone's phone, through the Exchange mailbox they already have
#[derive(Debug, Parser)]
#[command(
    name = "pocketdocket",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What every command understands.
#[derive(Clone, Debug, Args)]
pub(super) struct Common {
    /// The configuration file
    #[arg(long, global = true, value_name = "FILE", default_value = crate::config::FILE_NAME, env = "POCKETDOCKET_CONFIG")]
    pub(super) config: PathBuf,
    /// What to log to standard error, such as `info` or `pocketdocket::engine=debug`
    #[arg(long, global = true, value_name = "FILTER", env = "POCKETDOCKET_LOG")]
    pub(super) log: Option<String>,
    /// How to write the log
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text", env = "POCKETDOCKET_LOG_FORMAT")]
    pub(super) log_format: LogFormat,
    /// Where a passphrase opens the master key: read it from the first line of this file or pipe; `-` is standard input
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) passphrase_file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum LogFormat {
    /// Lines for people
    Text,
    /// One JSON object a line
    Json,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show everything on a sample law firm and a simulated Exchange, on this machine alone
    Demo(Demo),
    /// Set up a new installation: configuration, master key and ledger
    Init(Init),
    /// Check configuration, key, ledger and mapping; signs in nowhere unless `--online`
    Check(Check),
    /// Look at the practice database
    Practice {
        #[command(subcommand)]
        command: Practice,
    },
    /// Link people to mailboxes
    User {
        #[command(subcommand)]
        command: User,
    },
    /// Accounts through which many users' mailboxes are reached: entered once, with one secret
    ServiceAccount {
        #[command(subcommand)]
        command: ServiceAccount,
    },
    /// This machine's public address, and the service accounts that may sign in from fixed ones only
    Address {
        #[command(subcommand)]
        command: Address,
    },
    /// Show what a sync would do now, field by field, without doing it
    Plan(Plan),
    /// Sync now: asks the running service, or does it here
    Sync(Sync),
    /// Run the service in the foreground
    Run,
    /// Show how everything is; exits with 1 when anything needs a person
    Status(Json),
    /// Show and release what waits for a person
    Holds {
        #[command(subcommand)]
        command: Holds,
    },
    /// Take over what an earlier sync left in a mailbox, or leave it to the user
    Adopt {
        #[command(subcommand)]
        command: Adopt,
    },
    /// Show and approve what a new mapping, template, privacy mode, zone or version would write anew
    Meaning {
        #[command(subcommand)]
        command: Meaning,
    },
    /// Say why a record is in a user's mailbox, or why not, and what would become of it
    Explain(Explain),
    /// Show what was written, when and why
    History(History),
    /// Undo what was written into mailboxes: a run, a user, a record, a time span; conditions add up
    Undo(Undo),
    /// Show what people changed on their phones, for the office to enter or reject
    Proposals {
        #[command(subcommand)]
        command: Proposals,
    },
    /// The gateway that text messages go through: its secret, and whether it works
    TextMessages {
        #[command(subcommand)]
        command: TextMessages,
    },
    /// Print exact steps and values for the firm's Exchange technician, by way to sign in
    Handout(Handout),
    /// The master key that seals the ledger, and taking everything to another machine
    Vault {
        #[command(subcommand)]
        command: Vault,
    },
    /// Run an Exchange of our own on this machine, for trying things
    Simulator(Simulator),
    /// Print completions for a shell
    Completions(Completions),
}

#[derive(Debug, Args)]
pub(super) struct Json {
    /// As JSON, for scripts
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Demo {
    /// End after the first sync, with exit code 0 if all went well
    #[arg(long)]
    pub(super) once: bool,
    /// Port of the simulated Exchange on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    pub(super) port: u16,
}

#[derive(Debug, Args)]
pub(super) struct Init {
    /// Take the answers from this TOML file and ask nothing
    #[arg(long, value_name = "FILE")]
    pub(super) answers: Option<PathBuf>,
    /// Where the master key is to lie: `systemd`, `dpapi`, `keyring`, `file` or `passphrase`
    #[arg(long, value_name = "KIND", default_value_t)]
    pub(super) key: KeyKind,
    #[command(flatten)]
    pub(super) place: NewPlace,
}

#[derive(Debug, Args)]
pub(super) struct Check {
    /// Also ask the practice database and each mailbox once
    #[arg(long)]
    pub(super) online: bool,
}

#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    pub(super) shell: clap_complete::Shell,
}

#[derive(Debug, Subcommand)]
pub(super) enum TextMessages {
    /// Give the gateway's secret: set, verify, keep
    Secret {
        /// Read the secret from the first line of standard input
        #[arg(long)]
        secret_stdin: bool,
        /// Keep the secret without trying it
        #[arg(long)]
        unverified: bool,
    },
    /// Send a text message without a code, and say whether it arrived
    Try {
        /// The number, as it is dialled from abroad
        number: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct Plan {
    /// Of this user alone
    #[arg(long, value_name = "NAME")]
    pub(super) user: Option<UserName>,
    #[command(flatten)]
    pub(super) json: Json,
}

#[derive(Debug, Args)]
pub(super) struct Sync {
    /// Of this user alone
    #[arg(long, value_name = "NAME")]
    pub(super) user: Option<UserName>,
    /// How long to wait for a running service
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    pub(super) wait: u64,
    #[command(flatten)]
    pub(super) json: Json,
}

#[derive(Debug, Subcommand)]
pub(super) enum Holds {
    /// List what waits
    List(Json),
    /// Show exactly the operations that wait
    Show {
        /// The hold's number, as `holds list` shows it
        id: i64,
        #[command(flatten)]
        json: Json,
    },
    /// Let the operations that were shown pass; good for one hour
    Release {
        /// The hold's number, as `holds list` shows it
        id: i64,
        /// Release without asking
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum Meaning {
    /// Show what waits, over all mailboxes, with examples before and after, and how far an approved change is
    Show(Json),
    /// Let it be written, in every mailbox, little by little
    Approve {
        /// Only what waits by this name, as `meaning show` prints it in brackets; everything otherwise
        name: Option<String>,
        /// Approve without asking
        #[arg(long)]
        yes: bool,
    },
}
