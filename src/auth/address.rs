//! Asking echo services under which address the outer world sees this machine.
//!
//! An echo service answers with the address that a request came from. Whoever runs one sees that we ask, and could lie; so several
//! are asked, none is built in, and what they say is weighed elsewhere ([`crate::diagnosis::address`]). What comes from there is
//! strange input: bounded in size and time, never followed anywhere, never repeated in a message. A name that leads into a
//! network of our own is not asked: nobody in there can see us from outside, and an attacker who owns the name could ask in our place.

mod ask;
mod reading;
mod settings;

pub use ask::{Echoes, own_route};
pub use settings::{EchoService, Settings};
