//! `completions`: what a shell needs to complete our commands.

use std::io::Write as _;

use super::{
    arguments::Completions,
    trouble::{Exit, OutputError},
};

pub(super) fn run(arguments: &Completions) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::command(), "pocketdocket", &mut script);
    std::io::stdout().write_all(&script).map_err(OutputError::from)?;
    Ok(Exit::Fine)
}
