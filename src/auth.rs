//! How a link signs in, and how its user confirms the first use.
//!
//! [`password`] is the first way: a mailbox or app password over Basic, offered only to servers that ask for it. What can never
//! work is refused before anything is sent: [`exchange_online`]. [`oauth`] is the second: the user signs in at the provider.
//! [`windows`] is the third: the same password as for Basic by NTLMv2, which Exchange Server takes by default. A
//! [`service_account`] signs in by one of these, for many mailboxes. All of them are [`Authenticator`](crate::ports::Authenticator)s.
//!
//! [`address`] asks under which public address we come, for accounts that are allowed from a fixed one.
//!
//! [`confirmation`] is a pure state machine for one-time codes: clock and randomness are arguments, what it keeps are hashes.
//! [`mailbox_proof`] delivers such a code as a task in the user's own mailbox and takes it away again; it is the only thing that
//! is ever written before a link is active.

pub mod address;
pub mod confirmation;
pub mod exchange_online;
pub mod mailbox_proof;
pub mod oauth;
pub mod password;
pub mod service_account;
pub mod windows;
