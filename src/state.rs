//! The ledger: everything that must survive a restart, in one `SQLite` file.
//!
//! Per mailbox it knows the mirror (the item we own for each key, and what we last wrote), the observation (what the folder
//! showed, with the token that continues it), the journal of intents, and what was spent of the budgets; for the firm the
//! users, holds, history, secrets and requests. Every method is one transaction, committed to the disk before it returns
//! (`synchronous=FULL`): what a method said is still true after a power failure. What a client or a secret could be read
//! from is sealed by the [`Vault`](crate::vault::Vault) before it reaches the file.
//!
//! Methods are synchronous and take the time as an argument. A [`Ledger`] is cheap to clone; commands and the engine may
//! have the same file open, the engine alone holds the [`EngineLock`].

mod addresses;
mod adoptions;
mod allowed_networks;
mod budgets;
mod columns;
mod confirmations;
mod confirmed;
mod copy;
mod diagnosis;
mod error;
mod grants;
mod history;
mod holds;
mod journal;
mod keys;
mod ledger;
mod lock;
mod mailboxes;
mod meaning;
mod mirror;
mod moves;
mod observation;
mod owner;
mod people;
mod pins;
mod proposals;
mod prune;
mod quirks;
mod refusals;
mod rehearsal;
mod requests;
mod rows;
mod secrets;
mod service_account;
mod service_accounts;
mod settle;
mod shut;
mod source_health;
mod status;
mod undo;
mod user;
mod users;
mod whereabouts;

pub use adoptions::{FoundMatch, Leftovers, Pair, PairNumber, Portrait};
pub use allowed_networks::AccountStanding;
pub use confirmed::{
    Attempt, ConfirmationWay, Confirmed, Effect, GRACE, KeptState, NOT_CONFIRMED_AGAIN, Reconfirm, ReconfirmWhy,
    Recovered,
};
pub use diagnosis::Diagnosed;
pub use error::LedgerError;
pub use grants::{Grant, GrantClaim, GrantOf};
pub use history::{AuditEntry, HistoryEntry, HistoryFilter, Run, RunCounts, RunId};
pub use holds::{HeldOperations, HoldId, HoldSummary, Released};
pub use journal::{IntentId, OpenIntent, ParkedRecord, Resolution};
pub use keys::KeySlot;
pub use ledger::Ledger;
pub use lock::EngineLock;
pub use mailboxes::{FolderState, MailboxId, Proof, ProofHow};
pub use meaning::{Approval, KeyOrigin, Rollout};
pub use mirror::{MirrorCounts, MirrorIndexEntry};
pub use moves::{KEPT_FOR, Move, MoveStage, NewFolder, ReadyMove, Switch};
pub use observation::ObservedCounts;
pub use owner::OwnerVerdict;
pub use people::Colleague;
pub use proposals::{BeforeImage, ClosedProposal, Proposal, ProposalEntry, ProposalId, Verdict};
pub use refusals::{CredentialMark, Refusal};
pub use requests::{Request, RequestId};
pub use service_account::{AccountDetails, AccountName, AccountNameError, ServiceAccount};
pub use settle::{Outcome, Settlement};
pub use shut::Shut;
pub use source_health::SourceHealth;
pub use status::{Status, UserStatus};
pub use undo::{UndoFilter, UndoId, UndoState, UndoTask, Undoable};
pub use user::{AuthMethod, AuthMethodError, LinkState, Parked, User, UserDetails, UserName, UserNameError, Waiting};
pub use users::{ActiveUser, WhatRemains};
pub use whereabouts::KnownWhereabouts;

#[cfg(test)]
mod tests;
