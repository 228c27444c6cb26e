//! `vault`: where the master key lies, changing it, and taking the installation to another machine.

mod change;
mod export;
mod import;
mod manifest;
mod show;

use super::{
    arguments::{Common, Vault},
    terminal::Terminal,
    trouble::Exit,
};

pub(super) use show::warn_of_better;

pub(super) fn run(common: &Common, command: &Vault, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    match command {
        Vault::Show(json) => show::run(common, json, terminal),
        Vault::Rotate(arguments) => change::rotate(common, arguments, terminal),
        Vault::Move(arguments) => change::move_to(common, arguments, terminal),
        Vault::Export(arguments) => export::run(common, arguments, terminal),
        Vault::Import(arguments) => import::run(common, arguments, terminal),
    }
}
