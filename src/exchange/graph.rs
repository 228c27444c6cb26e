//! Microsoft Graph: the protocol of Exchange Online.
//!
//! [`GraphMailbox`] is one mailbox for the engine. `codec`, `contact`, `event` and `task` turn records into entities and back,
//! `held` keeps what a task has no property for in its notes; `ask` and `batch` are requests as values, and what an answer
//! means is one table, in `answer`. Contacts and events carry the same stamp property that EWS writes, so that a mailbox that
//! moves from one protocol to the other is known again; tasks carry it in a linked resource.
//! <https://learn.microsoft.com/graph/api/overview>

mod answer;
mod ask;
mod batch;
mod codec;
mod contact;
mod entity;
mod event;
mod held;
mod mailbox;
mod property;
mod task;
mod times;

pub use answer::Said;
pub use codec::task_id;
pub use mailbox::{GraphMailbox, Whose};

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(super) use tests::places;
