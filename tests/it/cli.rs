//! The command line as people and scripts meet it: the binary, its standard output, standard error and exit code.

mod adopt;
mod authenticator;
mod certificate;
mod check;
mod confirm;
mod errors;
mod explain;
mod handout;
mod learn;
mod meaning;
mod people;
mod proposals;
mod reference;
mod secrets;
mod service;
mod service_account;
mod setup;
mod text_messages;
mod undo;
mod users;
mod vault;
pub(crate) mod webhook;
mod windows;
mod work;

use std::{
    path::{Path, PathBuf},
    process::Output,
    time::Duration,
};

use assert_cmd::Command;

/// An installation in a folder of its own.
pub(crate) struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    /// An empty folder.
    pub(crate) fn empty() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("the folder is ours");
    }

    /// A command that is run in the folder, without anything of the tester's environment that would change it.
    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = assert_cmd::cargo::cargo_bin_cmd!("pocketdocket");
        command.args(line.split_whitespace()).current_dir(self.folder.path()).timeout(Duration::from_mins(1));
        for variable in [
            "POCKETDOCKET_CONFIG",
            "POCKETDOCKET_LOG",
            "POCKETDOCKET_LOG_FORMAT",
            "SUDO_USER",
            "LOGNAME",
            // Places of a key that the tester may have.
            "CREDENTIALS_DIRECTORY",
            "DBUS_SESSION_BUS_ADDRESS",
            "XDG_RUNTIME_DIR",
        ] {
            command.env_remove(variable);
        }
        command.env("USER", "tester").env("TZ", "Europe/Berlin").env("COLUMNS", "100");
        command
    }

    /// Runs a command and shows all that a person or a script sees of it.
    pub(crate) fn run(&self, line: &str) -> String {
        self.shown(&self.command(line).output().expect("the binary starts"))
    }

    pub(crate) fn shown(&self, output: &Output) -> String {
        let text = format!(
            "exit code: {}\n----- stdout\n{}----- stderr\n{}",
            output.status.code().map_or_else(|| "none".to_owned(), |code| code.to_string()),
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        redacted(&text, self.folder.path())
    }
}

/// Without what differs from run to run: the folder, moments, and random identifiers.
fn redacted(text: &str, folder: &Path) -> String {
    let mut text = text.replace(&*folder.to_string_lossy(), "FOLDER");
    for (shape, name) in [("dddd-dd-dd dd:dd:dd", "MOMENT"), ("hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh", "FIRM")] {
        text = replace_shape(&text, shape, name);
    }
    text
}

/// Replaces every text of a shape: `d` stands for a digit, `h` for a lower-case hexadecimal digit, anything else for itself.
fn replace_shape(text: &str, shape: &str, name: &str) -> String {
    let fits = |letter: char, wanted: char| match wanted {
        'd' => letter.is_ascii_digit(),
        'h' => letter.is_ascii_digit() || ('a'..='f').contains(&letter),
        other => letter == other,
    };
    let mut result = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let candidate: String = rest.chars().take(shape.len()).collect();
        if candidate.chars().count() == shape.len() && candidate.chars().zip(shape.chars()).all(|(a, b)| fits(a, b)) {
            result.push_str(name);
            rest = &rest[candidate.len()..];
        } else {
            result.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    result
}
