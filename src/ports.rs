//! Everything the engine asks of the outside world, and the one vocabulary of trouble in which it answers.
//!
//! Adapters translate what their servers say into [`Failure`]s; the engine decides by their kind alone. A port exists only
//! where there are two real implementations.

mod authenticator;
mod failure;
mod mailbox;
mod source;
pub mod web;
mod whereabouts;

pub use authenticator::{Authenticator, Challenge, SignIn, Step};
pub use failure::{Failure, FailureKind, chain};
pub use mailbox::{
    Changes, Folder, ItemChange, ItemOutcome, Mailbox, MailboxIdentity, NewItem, Owner, Protocol, ProtocolError,
    Removal, Sighting, StampChange, SyncToken,
};
pub use source::{Cursor, Person, Portion, Probe, QueryInfo, QueryRead, Reading, Row, Source};
pub use whereabouts::{Found, Whereabouts};
