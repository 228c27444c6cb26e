//! Street door: parses the command line, runs it, turns the outcome into an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    pocketdocket::cli::run(std::env::args_os())
}
