//! Mailboxes: how they are reached and what is said to them.
//!
//! A protocol call is a value ([`Call`]): it makes the bytes of its request and understands the bytes of the answer, and has
//! no socket. [`transport`] is the only file that touches the network for them; [`throttle`] decides when a mailbox may be asked again
//! and how much at once, without a clock of its own. [`ews`] is the protocol of Exchange Server; its
//! [`EwsMailbox`] is what the engine sees as a [`Mailbox`](crate::ports::Mailbox).
//!
//! Before all that, [`autodiscover`] asks where a mailbox is.
//!
//! Trouble is translated here, once: codes of the protocol become [`Failure`]s, and nothing above knows them.

#[cfg(test)]
mod any;
mod autodiscover;
mod days;
pub mod ews;
#[cfg(test)]
mod fields;
pub mod graph;
mod patience;
#[cfg(test)]
mod script;
mod settings;
pub mod throttle;
pub mod transport;

use http::{HeaderMap, StatusCode};

pub use autodiscover::Autodiscover;
pub use ews::EwsMailbox;
pub use graph::GraphMailbox;
pub use patience::Watch;
pub use settings::{LinkAddress, OwnFolders, Settings};
pub use transport::Shared;

use crate::ports::Failure;

/// One request of a mailbox protocol, as a value.
pub trait Call {
    /// What the protocol calls it (`CreateItem`).
    const NAME: &'static str;
    /// What a good answer says.
    type Response;
    /// What the request must say about the caller besides the call itself.
    type Caller;

    /// The body of the request.
    fn request(&self, caller: &Self::Caller) -> Vec<u8>;

    /// Understands an answer of any shape.
    fn parse(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<Self::Response, Failure>;
}
