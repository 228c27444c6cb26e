//! From where this machine comes: echo services that answer, lie, fall silent and misbehave, and the commands that show it.

mod accounts;
mod command;
mod daemon;
mod echoes;
mod firm;

use pocketdocket::simulator::{OuterAddress, Running, Settings, Simulator};

/// An outer world that sees us come from these addresses.
pub(crate) fn seen_as(v4: Option<&str>, v6: Option<&str>) -> OuterAddress {
    OuterAddress {
        v4: v4.map(|address| address.parse().expect("an IPv4 address")),
        v6: v6.map(|address| address.parse().expect("an IPv6 address")),
    }
}

/// A simulator whose echo services answer over IPv4, and over IPv6 if there is an address for it.
async fn outside(v4: Option<&str>, v6: Option<&str>) -> Running {
    let settings = Settings { outer: seen_as(v4, v6), ..Settings::default() };
    Simulator::start(settings).await.expect("a free port")
}
