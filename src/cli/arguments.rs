//! The command line. The first line of each doc comment is the help that people read.

mod address;
mod adopt;
mod handout;
mod looking_back;
mod service_account;
mod user;
mod vault;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(super) use looking_back::{Explain, History, Proposals, ProposalsWanted, Undo, UndoWhat};

use crate::{
    simulator::{ExtendedProtection, FaultRule, SignInOffer},
    state::UserName,
    vault::KeyKind,
};

pub(super) use address::{Address, AllowNetworks, RemoveNetworks, WatchAddress};
pub(super) use adopt::{Adopt, Chosen, Refused};
pub(super) use handout::{Handout, HandoutFormat, HandoutMethod};
pub(super) use service_account::{AccountCertificate, AddAccount, ChangeAccount, LinkAccount, ServiceAccount};
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

#[derive(Debug, Args)]
pub(super) struct Simulator {
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    pub(super) port: u16,
    /// A mailbox, by its address; may be given several times
    #[arg(long = "mailbox", value_name = "ADDRESS")]
    pub(super) mailboxes: Vec<String>,
    /// Mailboxes, logins and files with passwords, from a TOML file
    #[arg(long = "mailboxes", value_name = "FILE")]
    pub(super) mailboxes_file: Option<PathBuf>,
    /// Keep everything in this file; it is gone when the simulator stops otherwise
    #[arg(long, value_name = "FILE")]
    pub(super) state: Option<PathBuf>,
    /// Behave as servers do that speak EWS and are not Microsoft's
    #[arg(long)]
    pub(super) lenient: bool,
    /// Let something go wrong from the start, such as `busy,back-off-milliseconds=5000,operation=CreateItem,times=3`; may be given several times
    #[arg(long = "fault", value_name = "FAULT")]
    pub(super) faults: Vec<FaultRule>,
    /// Refuse chunked requests, as some servers do
    #[arg(long)]
    pub(super) refuse_chunked: bool,
    #[command(flatten)]
    pub(super) sign_in: SimulatedSignIn,
}

/// How people and programs sign in at the simulator.
#[derive(Debug, Args)]
pub(super) struct SimulatedSignIn {
    /// Listen with HTTPS, with a certificate of an authority that is made at the start
    #[arg(long)]
    pub(super) https: bool,
    /// Write the certificate of that authority to this file, for clients to trust
    #[arg(long, value_name = "FILE", requires = "https")]
    pub(super) ca_file_out: Option<PathBuf>,
    /// What EWS takes: passwords over Basic, Windows authentication, tokens of the sign-in authority
    #[arg(long, value_enum, default_value_t)]
    pub(super) offer: SignInOffer,
    /// Whether Windows authentication has to be bound to the TLS connection
    #[arg(long, value_enum, default_value_t)]
    pub(super) extended_protection: ExtendedProtection,
    /// Id of a program that may sign people in; may be given several times
    #[arg(long = "client-id", value_name = "ID")]
    pub(super) clients: Vec<String>,
    /// An address that this program may be called back at, besides `http://localhost`; may be given several times
    #[arg(long = "redirect", value_name = "ADDRESS")]
    pub(super) redirects: Vec<String>,
    /// A resource that tokens are given for, besides Exchange Online and Graph; may be given several times
    #[arg(long = "resource", value_name = "ADDRESS")]
    pub(super) resources: Vec<String>,
    /// Lock an account after so many wrong passwords
    #[arg(long, value_name = "COUNT")]
    pub(super) lock_after: Option<u32>,
    /// Open a locked account again after so many seconds
    #[arg(long, value_name = "SECONDS", requires = "lock_after")]
    pub(super) lock_seconds: Option<u32>,
    /// The address that the outer world sees us come from, which echo services tell; may be given once for IPv4 and once for IPv6
    #[arg(long = "address", value_name = "ADDRESS")]
    pub(super) addresses: Vec<std::net::IpAddr>,
    /// Let an account sign in from a network only, such as `sync@kanzlei.example=203.0.113.0/29`; may be given several times
    #[arg(long = "only-from", value_name = "LOGIN=NETWORK", value_parser = only_from)]
    pub(super) only_from: Vec<(String, ipnet::IpNet)>,
    /// Revoke everything when a refresh token is used a second time
    #[arg(long)]
    pub(super) no_refresh_reuse: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Practice {
    /// Connect and look around: version, rights, tables
    Probe(Json),
    /// Show rows as a phone would show them, and every row problem
    Preview {
        /// At most so many of each kind; 0 shows all
        #[arg(long, default_value_t = 10, value_name = "COUNT")]
        limit: usize,
    },
    /// Learn a Time Matters database: find by shape what is not publicly known, ask, and write the firm's mapping
    Learn(Learn),
    /// Give the password of the database server: set, verify, keep
    Password {
        /// Read the password from the first line of standard input
        #[arg(long)]
        password_stdin: bool,
        /// Keep the password without trying it
        #[arg(long)]
        unverified: bool,
    },
    /// Show who works in the firm, who has a link, and which link the others could have
    People(People),
    /// Make the database of a fictional firm, to rehearse with
    Sample {
        /// Where to; there must be no such file yet
        #[arg(value_name = "FILE")]
        database: PathBuf,
    },
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
pub(super) struct Learn {
    /// Take the answers from this TOML file and ask nothing
    #[arg(long, value_name = "FILE")]
    pub(super) answers: Option<PathBuf>,
    /// Ask nothing and write a new file of answers: what is answered, and each open question with its candidates
    #[arg(long, value_name = "FILE")]
    pub(super) write_answers: Option<PathBuf>,
    /// Write into this mapping file; otherwise the one that the configuration names
    #[arg(long, value_name = "FILE", conflicts_with = "write_answers")]
    pub(super) mapping: Option<PathBuf>,
    /// Write over a mapping that somebody edited; a copy of it stays beside it
    #[arg(long, conflicts_with = "write_answers")]
    pub(super) overwrite: bool,
}

#[derive(Debug, Args)]
pub(super) struct People {
    /// Write the suggestions into this new file, a list for `user import`
    #[arg(long, value_name = "FILE")]
    pub(super) csv: Option<PathBuf>,
    /// Suggest no link for this person any more; may be given several times
    #[arg(long, value_name = "ID", conflicts_with = "csv")]
    pub(super) ignore: Vec<String>,
    /// Suggest a link for this person again; may be given several times
    #[arg(long, value_name = "ID", conflicts_with = "csv")]
    pub(super) suggest: Vec<String>,
    #[command(flatten)]
    pub(super) json: Json,
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

fn only_from(text: &str) -> Result<(String, ipnet::IpNet), String> {
    let wrong = || format!("`{text}` is not `LOGIN=NETWORK`, such as `sync@kanzlei.example=203.0.113.0/29`");
    let (login, network) = text.rsplit_once('=').filter(|(login, _)| !login.is_empty()).ok_or_else(wrong)?;
    Ok((login.to_owned(), network.parse().map_err(|_| wrong())?))
}
