use std::path::PathBuf;

use super::{AccountName, HoldId, IntentId, LinkState, MailboxId, PairNumber, ProposalId, UserName};
use crate::vault::VaultError;

/// Why the ledger could not do what it was asked. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Another engine runs on this ledger.
    #[error("another Pocket Docket runs on this ledger{}", pid.map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    Locked {
        /// Its process id, where it could be read.
        pid: Option<u32>,
    },
    /// There is no ledger in this directory.
    #[error("there is no ledger in `{}`", directory.display())]
    Missing {
        /// Where it should be.
        directory: PathBuf,
    },
    /// There is a ledger in this directory already.
    #[error("there is a ledger in `{}` already", directory.display())]
    Exists {
        /// Where it is.
        directory: PathBuf,
    },
    /// A later version of the program wrote it.
    #[error("the ledger has schema {found}, this version knows schemas up to {known}")]
    NewerVersion {
        /// The ledger's schema.
        found: u32,
        /// The newest this version knows.
        known: u32,
    },
    /// The master key is not the one the ledger was made with.
    #[error("the master key is not the one this ledger was sealed with")]
    WrongKey,
    /// The keys were changed while this ledger was open.
    #[error("the ledger's keys were changed meanwhile")]
    KeyChanged,
    /// The disk is full, read-only or failing: nothing can be written for now.
    #[error("the ledger cannot be written")]
    Unwritable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Another process holds the database longer than we wait.
    #[error("the ledger is busy")]
    Busy(#[source] rusqlite::Error),
    /// The file is not a ledger, or it is damaged.
    #[error("the ledger is damaged: {what}")]
    Corrupt {
        /// What was found.
        what: String,
        /// The cause, where there is one.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// `SQLite` said something else.
    #[error("the ledger's database failed")]
    Database(#[source] rusqlite::Error),
    /// Something sealed does not open, or could not be sealed.
    #[error("a sealed part of the ledger cannot be used")]
    Vault(#[from] VaultError),
    /// A file beside the database.
    #[error("could not {what} `{}`", path.display())]
    File {
        /// What we were doing.
        what: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// There is no such user.
    #[error("there is no user `{0}`")]
    NoSuchUser(UserName),
    /// There is such a user already.
    #[error("there is a user `{0}` already")]
    UserExists(UserName),
    /// There is no such service account.
    #[error("there is no service account `{0}`")]
    NoSuchServiceAccount(AccountName),
    /// There is such a service account already.
    #[error("there is a service account `{0}` already")]
    ServiceAccountExists(AccountName),
    /// A link goes through the service account.
    #[error("the mailbox of `{user}` is reached through service account `{account}`")]
    ServiceAccountInUse {
        /// Which account.
        account: AccountName,
        /// Whose mailbox.
        user: UserName,
    },
    /// There is no such hold, or it is closed.
    #[error("there is no open hold {0}")]
    NoSuchHold(HoldId),
    /// There is no such proposed change, or it was kept long enough.
    #[error("there is no proposed change {0}")]
    NoSuchProposal(ProposalId),
    /// A pair is not any more what a person was shown.
    #[error("pair {0} is not any more what was shown")]
    PairChanged(PairNumber),
    /// There is no such mailbox.
    #[error("the ledger does not know mailbox {0}")]
    NoSuchMailbox(MailboxId),
    /// The folder of this kind was not noted before it was observed.
    #[error("the ledger does not know the {kind} folder of mailbox {mailbox}")]
    NoSuchFolder {
        /// Which mailbox.
        mailbox: MailboxId,
        /// Which kind.
        kind: crate::domain::Kind,
    },
    /// This intent is not open in this mailbox: it was settled before.
    #[error("intent {0} is not open")]
    NoSuchIntent(IntentId),
    /// An outcome does not fit its operation.
    #[error("the outcome of `{key}` does not fit what was to be done")]
    Contradiction {
        /// Which record.
        key: crate::domain::RecordKey,
    },
    /// A link does not go from this state to that one.
    #[error("the link of `{user}` cannot go from {from} to {to}")]
    IllegalStep {
        /// Whose link.
        user: UserName,
        /// Where it is.
        from: LinkState,
        /// Where it should have gone.
        to: LinkState,
    },
}

impl LedgerError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Locked { .. } => {
                "let it run, or stop it first (`systemctl stop pocketdocket`); `pocketdocket status` shows what it does"
            }
            Self::Missing { .. } => "run `pocketdocket init`, or check the data directory in the configuration",
            Self::Exists { .. } => "nothing to do: use it, or choose another data directory",
            Self::NewerVersion { .. } => "install the version of Pocket Docket that wrote it, or a later one",
            Self::WrongKey => {
                "bring back the key that belongs to this ledger; nothing was changed. After `vault rotate` the key of an older \
                 copy opens older copies of the ledger alone"
            }
            Self::KeyChanged => "run the command again; nothing was changed",
            Self::Unwritable(_) => {
                "free space on the disk and check the rights on the data directory; nothing is written to mailboxes \
                 meanwhile, and the sync goes on by itself afterwards"
            }
            Self::Busy(_) => "try again; if it stays, look for a program that keeps the ledger open",
            Self::Corrupt { .. } => {
                "stop the service, keep the files, and restore the ledger from a backup; items in the mailboxes are \
                 found again by their stamps"
            }
            Self::NoSuchUser(_) => "`pocketdocket user list` shows who there is",
            Self::UserExists(_) => "`pocketdocket user show NAME` shows it; choose another name",
            Self::NoSuchServiceAccount(_) => "`pocketdocket service-account list` shows which there are",
            Self::ServiceAccountExists(_) => "`pocketdocket service-account show NAME` shows it; choose another name",
            Self::ServiceAccountInUse { .. } => {
                "give its users another way first: `pocketdocket user change NAME --service-account OTHER`, or `--method METHOD`"
            }
            Self::NoSuchHold(_) => "`pocketdocket holds list` shows what waits",
            Self::NoSuchProposal(_) => "`pocketdocket proposals list --all` shows what is kept",
            Self::PairChanged(_) => "nothing was decided; look again: `pocketdocket adopt list`",
            Self::IllegalStep { .. } => {
                "a link goes from invited to linked to confirming to active, one step at a time"
            }
            Self::Database(_)
            | Self::Vault(_)
            | Self::File { .. }
            | Self::NoSuchMailbox(_)
            | Self::NoSuchFolder { .. }
            | Self::NoSuchIntent(_)
            | Self::Contradiction { .. } => return None,
        };
        Some(text.to_owned())
    }
}

impl From<rusqlite::Error> for LedgerError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match error.sqlite_error_code() {
            Some(
                ErrorCode::DiskFull
                | ErrorCode::ReadOnly
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::PermissionDenied,
            ) => Self::Unwritable(error.into()),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(error),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Corrupt { what: "the database file cannot be read".to_owned(), source: Some(error.into()) }
            }
            _ if matches!(
                error,
                rusqlite::Error::FromSqlConversionFailure(..)
                    | rusqlite::Error::InvalidColumnType(..)
                    | rusqlite::Error::IntegralValueOutOfRange(..)
            ) =>
            {
                Self::Corrupt { what: "a column holds what it cannot hold".to_owned(), source: Some(error.into()) }
            }
            _ => Self::Database(error),
        }
    }
}
