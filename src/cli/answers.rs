//! What `init` needs to know: from a person at the terminal, or from a file.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use serde::Deserialize;

use super::{
    terminal::Terminal,
    trouble::{Exit, Refusal},
};
use crate::{
    config,
    sources::{self, SourceZone},
};

/// The answers. Relative paths are meant from the current folder.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answers {
    pub(super) mapping: String,
    pub(super) database: PathBuf,
    pub(super) source_zone: SourceZone,
    pub(super) office_zone: Option<SourceZone>,
}

impl Answers {
    pub(super) fn from_file(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Refusal::new(Exit::Usage, format!("could not read the answers `{}`", path.display()))
                .because(error)
                .hint("a TOML file with `mapping`, `database`, `source_zone` and, if it differs, `office_zone`")
        })?;
        Self::prepared(config::read(path, &text)?)
    }

    pub(super) fn asked(terminal: &mut Terminal) -> anyhow::Result<Self> {
        terminal.say("Three questions, then everything is in place. Nothing is sent anywhere.");
        let mapping =
            terminal.ask("Practice system (the name of a built-in mapping, or a mapping file)", Some("sample"))?;
        let database = terminal.ask("Database file of the practice system", None)?;
        let here = TimeZone::system().iana_name().map(str::to_owned);
        let zone = terminal.ask("Time zone of the office and of the times in the database", here.as_deref())?;
        let source_zone = SourceZone::named(&zone).map_err(Refusal::usage)?;
        Self::prepared(Self { mapping, database: database.into(), source_zone, office_zone: None })
    }

    /// As the section `[practice]` would hold them.
    pub(super) fn practice(&self) -> sources::Settings {
        sources::Settings::new(self.mapping.clone(), self.database.clone(), self.source_zone.clone())
    }

    pub(super) fn office_zone(&self) -> &str {
        self.office_zone.as_ref().unwrap_or(&self.source_zone).name()
    }

    fn prepared(mut self) -> anyhow::Result<Self> {
        if self.database.as_os_str().is_empty() {
            return Err(Refusal::usage("no database file was given").into());
        }
        self.database = std::path::absolute(&self.database)?;
        if config::is_path(&self.mapping) {
            self.mapping = std::path::absolute(&self.mapping)?.to_string_lossy().into_owned();
        }
        Ok(self)
    }
}
