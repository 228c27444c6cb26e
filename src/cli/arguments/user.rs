//! The arguments of `user`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Json;
use crate::{
    ports::Protocol,
    state::{AccountName, AuthMethod, ConfirmationWay, UserName},
};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum User {
    /// Enter a user: a person of the practice system and their mailbox
    Add(AddUser),
    /// Enter many users from a list: a file of comma-separated values, as spreadsheets write them
    Import(ImportUsers),
    /// List the users
    List(Json),
    /// Show one user: state, what the user gets to see, the last entries of the audit trail
    Show {
        /// The user
        name: UserName,
        #[command(flatten)]
        json: Json,
    },
    /// Change what was entered of a user: person, mailbox, login, service, way to sign in
    Change(ChangeUser),
    /// Ask once whether a user's sign-in works: one named cause, who can fix it, what to do, when it is tried again
    Check {
        /// The user
        name: UserName,
        #[command(flatten)]
        json: Json,
    },
    /// Set what one user gets to see: contacts, kinds, window, privacy, walls
    Set(SetUser),
    /// Give a user's password, or let the user sign in by OAuth: set, verify, keep
    Link(LinkUser),
    /// Let a user confirm that the link is theirs, with an authenticator app or a code in the mailbox
    Confirm(ConfirmUser),
    /// Switch off the authenticator app of a user who lost it
    Recover(RecoverUser),
    /// Pause the sync of a user
    Pause {
        /// The user
        name: UserName,
    },
    /// Resume the sync of a user who is paused or parked
    Resume {
        /// The user
        name: UserName,
    },
    /// Move a user to Exchange Online, back, or to another server, without anything being written twice
    Move(MoveUser),
    /// Remove a user, with or without the items in the mailbox
    Remove(RemoveUser),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct AddUser {
    /// A short name, such as `weber`
    pub(in crate::cli) name: UserName,
    /// Who it is in the practice system: the identifier that its queries use
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) person: String,
    /// E-mail address of the mailbox
    #[arg(long, value_name = "ADDRESS")]
    pub(in crate::cli) mailbox: String,
    /// What to sign in with, if it is not the e-mail address
    #[arg(long, value_name = "LOGIN")]
    pub(in crate::cli) login: Option<String>,
    /// Address of the mailbox's web service, if it is not the configured one
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) url: Option<String>,
    /// By which protocol the mailbox is reached: `ews`, or `graph` for Exchange Online; found out if nothing is said and configured
    #[arg(long, value_name = "PROTOCOL")]
    pub(in crate::cli) protocol: Option<Protocol>,
    /// How the user signs in: `password`, `oauth`, or `windows` for the Windows authentication of Exchange Server; if nothing is said, `oauth` for `graph` and `password` for `ews`
    #[arg(long, value_name = "METHOD")]
    pub(in crate::cli) method: Option<AuthMethod>,
    /// The service account through which the mailbox is reached
    #[arg(long, value_name = "ACCOUNT", conflicts_with_all = ["login", "url", "protocol", "method"])]
    pub(in crate::cli) service_account: Option<AccountName>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ChangeUser {
    /// The user
    pub(in crate::cli) name: UserName,
    #[command(flatten)]
    pub(in crate::cli) changes: Changes,
}

/// What is to be otherwise.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(in crate::cli) struct Changes {
    /// Who it is in the practice system
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) person: Option<String>,
    /// E-mail address of the mailbox
    #[arg(long, value_name = "ADDRESS")]
    pub(in crate::cli) mailbox: Option<String>,
    /// What to sign in with; nothing for the e-mail address
    #[arg(long, value_name = "LOGIN")]
    pub(in crate::cli) login: Option<String>,
    /// Address of the mailbox's web service; nothing for the configured one
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) url: Option<String>,
    /// By which protocol the mailbox is reached: `ews`, or `graph` for Exchange Online
    #[arg(long, value_name = "PROTOCOL")]
    pub(in crate::cli) protocol: Option<Protocol>,
    /// How the user signs in: `password`, `oauth`, or `windows` for the Windows authentication of Exchange Server
    #[arg(long, value_name = "METHOD")]
    pub(in crate::cli) method: Option<AuthMethod>,
    /// The service account through which the mailbox is reached; `--method` leaves it again
    #[arg(long, value_name = "ACCOUNT", conflicts_with_all = ["login", "url", "protocol", "method"])]
    pub(in crate::cli) service_account: Option<AccountName>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct SetUser {
    /// The user
    pub(in crate::cli) name: UserName,
    /// What to set, such as `contacts=matters` or `window.past_days=60`; nothing after the sign goes back to the firm's
    #[arg(required = true, value_name = "SETTING=VALUE")]
    pub(in crate::cli) settings: Vec<String>,
    /// Show what would change, and change nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ImportUsers {
    /// The list, with the names of its columns in the first line: name, person, mailbox, and if wanted login, url, method, service account, kinds
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: PathBuf,
    /// Show what would be entered and changed, and do nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
    /// Also change users who are entered already and differ from the list
    #[arg(long)]
    pub(in crate::cli) update: bool,
    #[command(flatten)]
    pub(in crate::cli) json: Json,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct LinkUser {
    /// The user
    pub(in crate::cli) name: UserName,
    /// Read the password from the first line of standard input
    #[arg(long)]
    pub(in crate::cli) password_stdin: bool,
    /// Keep what was given without trying it on the mailbox
    #[arg(long)]
    pub(in crate::cli) unverified: bool,
    #[command(flatten)]
    pub(in crate::cli) way: OauthWay,
}

/// How a user who signs in by OAuth does so; with a browser on this machine if nothing else is said.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct OauthWay {
    /// For OAuth: show a code to enter on any device, where the provider allows that
    #[arg(long, conflicts_with_all = ["paste", "port", "open", "password_stdin"])]
    pub(in crate::cli) device_code: bool,
    /// For OAuth: the browser is elsewhere; paste the address that it ends at
    #[arg(long, conflicts_with_all = ["open", "password_stdin"])]
    pub(in crate::cli) paste: bool,
    /// For OAuth: the port on 127.0.0.1 that the browser comes back to, to forward it over ssh
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..), conflicts_with = "password_stdin")]
    pub(in crate::cli) port: Option<u16>,
    /// For OAuth: open the address in a browser on this machine
    #[arg(long, conflicts_with = "password_stdin")]
    pub(in crate::cli) open: bool,
}

impl OauthWay {
    /// The first of these that was said.
    pub(in crate::cli) fn said(&self) -> Option<&'static str> {
        let said = [(self.device_code, "--device-code"), (self.paste, "--paste"), (self.port.is_some(), "--port")];
        let said = said.into_iter().chain([(self.open, "--open")]);
        said.into_iter().find(|(said, _)| *said).map(|(_, name)| name)
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct MoveUser {
    /// The user; may be left out with `--all`
    #[arg(required_unless_present = "all")]
    pub(in crate::cli) name: Option<UserName>,
    /// Every user who is not there yet, one after the other
    #[arg(long, requires = "to", conflicts_with_all = ["name", "password_stdin"])]
    pub(in crate::cli) all: bool,
    /// Where to: `graph`, `ews` with the configured address, or the address of another EWS service
    #[arg(long, value_name = "PLACE")]
    pub(in crate::cli) to: Option<NewPlaceOfUser>,
    #[command(flatten)]
    pub(in crate::cli) instead: Instead,
    /// Sign in there if need be, show what would be found, and move nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
    /// Move without asking, if everything is found
    #[arg(long)]
    pub(in crate::cli) yes: bool,
    #[command(flatten)]
    pub(in crate::cli) sign_in: NewSignIn,
    #[command(flatten)]
    pub(in crate::cli) json: Json,
}

/// What is wanted instead of an ordinary move.
#[derive(Debug, Args)]
pub(in crate::cli) struct Instead {
    /// Go back to where the user was before the last move, within 14 days of it
    #[arg(long, conflicts_with_all = ["to", "all"])]
    pub(in crate::cli) back: bool,
    /// What is not there is pushed anew, as into a new mailbox: a first plan is shown before it is written
    #[arg(long, conflicts_with_all = ["dry_run", "all"])]
    pub(in crate::cli) fresh: bool,
    /// Give up a move that is not made, or forget the sign-in of before now
    #[arg(long, conflicts_with_all = ["to", "all", "back", "fresh", "dry_run"])]
    pub(in crate::cli) forget: bool,
}

/// How a user signs in at the new place.
#[derive(Debug, Args)]
pub(in crate::cli) struct NewSignIn {
    /// How the user signs in there; by OAuth with Graph, as now otherwise
    #[arg(long, value_name = "METHOD", requires = "to")]
    pub(in crate::cli) method: Option<AuthMethod>,
    /// What to sign in with there, if it is not the e-mail address
    #[arg(long, value_name = "LOGIN", requires = "to", conflicts_with = "all")]
    pub(in crate::cli) login: Option<String>,
    /// The service account through which the mailbox is reached there
    #[arg(long, value_name = "ACCOUNT", requires = "to", conflicts_with_all = ["method", "login", "password_stdin"])]
    pub(in crate::cli) service_account: Option<AccountName>,
    /// Read the password of the new place from the first line of standard input
    #[arg(long)]
    pub(in crate::cli) password_stdin: bool,
    #[command(flatten)]
    pub(in crate::cli) way: OauthWay,
}

/// Where a user moves to, as it is typed.
#[derive(Clone, Debug)]
pub(in crate::cli) enum NewPlaceOfUser {
    /// This protocol at the configured address.
    Configured(Protocol),
    /// EWS at this address.
    Server(String),
}

impl std::str::FromStr for NewPlaceOfUser {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(protocol) => Ok(Self::Configured(protocol)),
            Err(_) if text.contains("://") => Ok(Self::Server(text.to_owned())),
            Err(_) => {
                Err("say `graph`, `ews`, or an address such as `https://mail.example.org/EWS/Exchange.asmx`".to_owned())
            }
        }
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ConfirmUser {
    /// The user
    pub(in crate::cli) name: UserName,
    /// How: one of the ways that the configuration accepts; the strongest one if nothing is said
    #[arg(long, value_name = "WAY")]
    pub(in crate::cli) with: Option<WayToConfirm>,
    /// Write the QR code into a new file, PNG or SVG by its name, instead of showing it
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) qr: Option<PathBuf>,
    /// Write backup key and recovery codes into a new file instead of showing them
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) recovery_codes: Option<PathBuf>,
    /// Read the code from standard input instead of asking; one line is one try
    #[arg(long)]
    pub(in crate::cli) code_stdin: bool,
}

impl ConfirmUser {
    /// Whether files were asked for that only an enrolment has.
    pub(in crate::cli) fn has_papers(&self) -> bool {
        self.qr.is_some() || self.recovery_codes.is_some()
    }
}

/// A way to confirm, as it is typed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum WayToConfirm {
    /// The provider's own multi-factor sign-in
    Provider,
    /// An authenticator app
    Authenticator,
    /// A code saved into the mailbox
    Mailbox,
}

impl From<WayToConfirm> for ConfirmationWay {
    fn from(way: WayToConfirm) -> Self {
        match way {
            WayToConfirm::Provider => Self::Provider,
            WayToConfirm::Authenticator => Self::Authenticator,
            WayToConfirm::Mailbox => Self::Mailbox,
        }
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RecoverUser {
    /// The user
    pub(in crate::cli) name: UserName,
    /// Read the recovery code or backup key from standard input instead of asking
    #[arg(long, conflicts_with = "lost")]
    pub(in crate::cli) code_stdin: bool,
    /// Neither code nor key is at hand: give the app up, and let another accepted way confirm the link
    #[arg(long)]
    pub(in crate::cli) lost: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RemoveUser {
    /// The user
    pub(in crate::cli) name: UserName,
    #[command(flatten)]
    pub(in crate::cli) items: Option<RemovedItems>,
}

/// What becomes of the items in the mailbox.
#[derive(Debug, Args)]
#[group(required = false, multiple = false)]
pub(in crate::cli) struct RemovedItems {
    /// Take our items out of the mailbox first
    #[arg(long)]
    pub(in crate::cli) withdraw: bool,
    /// Leave our items where they are; they are known again when the mailbox comes back
    #[arg(long)]
    pub(in crate::cli) keep: bool,
}
