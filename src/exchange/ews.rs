//! Exchange Web Services: the protocol of Exchange Server, and of servers that speak it.
//!
//! [`EwsMailbox`] is one mailbox for the engine. [`soap`] is the envelope of every call, with one file per call beside it;
//! `codec`, `contact`, `event` and `task` turn records into elements and back. Requests follow the order of Microsoft's
//! schema; answers are read as they come. What a code means is one table, in [`response_code`].
//! <https://learn.microsoft.com/exchange/client-developer/exchange-web-services/start-using-web-services-in-exchange>

mod codec;
mod contact;
pub mod create_folder;
mod create_item;
mod delete_item;
mod event;
pub mod find_folder;
pub mod find_item;
pub mod folder_ref;
pub mod get_folder;
mod get_item;
mod mailbox;
mod property;
pub mod response_code;
pub mod soap;
pub mod sync_folder_items;
mod task;
pub mod update_folder;
mod update_item;

pub use mailbox::EwsMailbox;
pub(super) use property::{OWNER_NAME, PROPERTY_SET, STAMP_NAME};
pub use soap::{Caller, ServerVersion};

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(super) use tests::places;
