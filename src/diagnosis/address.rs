//! From which public address we come, and whether an account may sign in from there. Pure: answers and clock are arguments.
//!
//! What the outer world sees us as is heard from echo services ([`Answer`]). One of them can be wrong, or lie; so only what two of
//! them say alike counts ([`hear`]), and an address that was heard so counts for a day when they fall silent or contradict each other
//! ([`Known`]). Whether the users of an account have to wait is judged by that alone ([`stand`]): nobody waits for a rumour.

mod answer;
mod known;
mod nature;
mod network;
mod standing;

pub use answer::{Answer, Family, Heard, hear};
pub use known::{COUNTS, Known};
pub use nature::{Nature, is_of_lan, leads_outside, nature, normalised};
pub use network::{Entered, NetworkError, lists, read_network};
pub use standing::{AllowList, Doubt, Judged, Standing, stand};

#[cfg(test)]
mod tests;
