//! Street doors: one file per command.
//!
//! Data goes to standard output, messages go to standard error; a reader that goes away (`| head`) is success. Every error says
//! what happened, why, and what to do next, and ends in one of few [exit codes](Exit). Secrets come from a prompt or from standard
//! input, never from an argument, where every process of the machine could read them.

mod adopt;
mod answers;
mod arguments;
mod check;
mod completions;
mod demo;
mod explain;
mod handout;
mod history;
mod holds;
mod init;
mod installation;
mod keys;
mod logs;
mod meaning;
mod moment;
mod plan;
mod practice;
mod proposals;
mod report;
mod run;
mod show;
mod simulator;
mod status;
mod sync;
mod terminal;
mod trouble;
mod undo;
mod user;
mod vault;

use std::{ffi::OsString, process::ExitCode};

use clap::Parser as _;

use arguments::{Arguments, Command};
use terminal::Terminal;
pub use trouble::Exit;

/// The command line as clap knows it: for the reference and for completions.
pub fn command() -> clap::Command {
    <Arguments as clap::CommandFactory>::command()
}

/// Runs one command and says how it went.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut terminal = Terminal::standard();
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are data; anything else is a usage error. A closed pipe is nobody's trouble.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage.into() } else { Exit::Fine.into() };
        }
    };
    match arguments.command.run(&arguments.common, &mut terminal) {
        Ok(exit) => exit.into(),
        Err(error) if trouble::reader_went_away(&error) => Exit::Fine.into(),
        Err(error) => {
            terminal.trouble(&trouble::explain(&error));
            Exit::of(&error).into()
        }
    }
}

impl Command {
    fn run(&self, common: &arguments::Common, terminal: &mut Terminal) -> anyhow::Result<Exit> {
        logs::start(common, self.is_service())?;
        match self {
            Self::Demo(arguments) => demo::run(arguments, terminal),
            Self::Init(arguments) => init::run(common, arguments, terminal),
            Self::Check(arguments) => check::run(common, arguments, terminal),
            Self::Practice { command } => practice::run(common, command, terminal),
            Self::User { command } => user::run(common, command, terminal),
            Self::Plan(arguments) => plan::run(common, arguments, terminal),
            Self::Sync(arguments) => sync::run(common, arguments, terminal),
            Self::Run => run::run(common),
            Self::Status(arguments) => status::run(common, arguments, terminal),
            Self::Holds { command } => holds::run(common, command, terminal),
            Self::Adopt { command } => adopt::run(common, command, terminal),
            Self::Meaning { command } => meaning::run(common, command, terminal),
            Self::Explain(arguments) => explain::run(common, arguments, terminal),
            Self::History(arguments) => history::run(common, arguments, terminal),
            Self::Undo(arguments) => undo::run(common, arguments, terminal),
            Self::Proposals { command } => proposals::run(common, command, terminal),
            Self::Handout(arguments) => handout::run(common, arguments, terminal),
            Self::Vault { command } => vault::run(common, command, terminal),
            Self::Completions(arguments) => completions::run(arguments),
            Self::Simulator(arguments) => simulator::run(arguments, terminal),
        }
    }

    /// Whether it stays and writes a log of its work.
    fn is_service(&self) -> bool {
        matches!(self, Self::Run)
    }
}

/// A runtime for a command that talks to somebody.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}
