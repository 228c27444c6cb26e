//! `address`: under which public address this machine is seen, and from where service accounts may sign in.

mod accounts;
mod allow;
mod show;
mod watch;

pub(super) use allow::read;

use super::{
    arguments::{Address, Common},
    installation::Installation,
    terminal::Terminal,
    trouble::{Exit, Refusal},
};
use crate::app::Addresses;

pub(super) fn run(common: &Common, command: &Address, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let installation = Installation::open(common)?;
    match command {
        Address::Show(as_json) => show::run(&installation, as_json.json, terminal),
        Address::Allow(wanted) => allow::run(&installation, wanted, terminal),
        Address::Remove(wanted) => allow::remove(&installation, wanted, terminal),
        Address::Watch(wanted) => watch::run(&installation, wanted, terminal),
    }
}

/// Who can tell it; nobody can before echo services are set.
fn addresses(installation: &Installation) -> anyhow::Result<Addresses> {
    let addresses = Addresses::new(&installation.config.address, installation.ledger.clone())?;
    if addresses.can_ask() {
        return Ok(addresses);
    }
    Err(Refusal::usage("nobody can tell this machine's public address: no echo services are set")
        .hint(
            "name two or more that have nothing to do with each other, as `echo` in section `[address]`: \
             `echo = [\"https://...\", \"https://...\"]`. An own one on another line does as well: any page that answers with the \
             address a request comes from",
        )
        .into())
}
