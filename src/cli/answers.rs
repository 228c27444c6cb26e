//! What `init` needs to know: from a person at the terminal, or from a file.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use serde::Deserialize;

use super::{
    init::write_new,
    terminal::Terminal,
    trouble::{Exit, Refusal},
};
use crate::{
    config,
    sources::{
        self, Connector, ServerSettings, SourceZone,
        learn::{self, Catalogue, Dialect, Findings, SYSTEM},
        mapping::Mapping,
    },
};

/// The answers. Relative paths are meant from the current folder.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answers {
    pub(super) mapping: String,
    /// The sort of database, where the mapping is still to be learned.
    pub(super) connector: Option<String>,
    pub(super) database: Option<PathBuf>,
    pub(super) server: Option<ServerSettings>,
    pub(super) source_zone: SourceZone,
    pub(super) office_zone: Option<SourceZone>,
}

impl Answers {
    pub(super) fn from_file(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Refusal::new(Exit::Usage, format!("could not read the answers `{}`", path.display()))
                .because(error)
                .hint("a TOML file with `mapping`, `database` or a section [server], `source_zone` and, if it differs, `office_zone`")
        })?;
        Self::prepared(config::read(path, &text)?)
    }

    pub(super) fn asked(terminal: &mut Terminal) -> anyhow::Result<Self> {
        terminal.say("A few questions, then everything is in place. Nothing is sent anywhere.");
        let mapping =
            terminal.ask("Practice system (the name of a built-in mapping, or a mapping file)", Some("sample"))?;
        if mapping == SYSTEM {
            return Self::asked_to_learn(mapping, terminal);
        }
        let known = known_of(&mapping)?;
        let (database, server) = match known.connector {
            Connector::Sqlite => {
                let file = terminal.ask("Database file of the practice system", None)?;
                (Some(file.into()), None)
            }
            Connector::Mysql | Connector::Postgres | Connector::SqlServer => (None, Some(asked_for_server(terminal)?)),
        };
        let here = TimeZone::system().iana_name().map(str::to_owned);
        let question = match &known.source_zone {
            Some(_) => "Time zone of the office",
            None => "Time zone of the office and of the times in the database",
        };
        let zone = SourceZone::named(&terminal.ask(question, here.as_deref())?).map_err(Refusal::usage)?;
        let source_zone = known.source_zone.unwrap_or_else(|| zone.clone());
        Self::prepared(Self { mapping, connector: None, database, server, source_zone, office_zone: Some(zone) })
    }

    /// As [`Self::asked`], for a system that keeps its times in the office's zone and whose mapping is still to be learned.
    fn asked_to_learn(mapping: String, terminal: &mut Terminal) -> anyhow::Result<Self> {
        let sort = terminal.ask("Sort of its database", Some("sqlserver"))?;
        let (database, server) = match connector(&sort)? {
            Connector::Sqlite => (Some(terminal.ask("Database file of the practice system", None)?.into()), None),
            _ => (None, Some(asked_for_server(terminal)?)),
        };
        let here = TimeZone::system().iana_name().map(str::to_owned);
        let zone = terminal.ask("Time zone of the office and of the times in the database", here.as_deref())?;
        let source_zone = SourceZone::named(&zone).map_err(Refusal::usage)?;
        Self::prepared(Self { mapping, connector: Some(sort), database, server, source_zone, office_zone: None })
    }

    /// Begins a mapping that is still to be learned, beside the configuration, and goes on with it. One that is there is kept.
    pub(super) fn begin_to_learn(&mut self, configuration: &Path) -> anyhow::Result<Option<PathBuf>> {
        if self.mapping != SYSTEM {
            return match &self.connector {
                None => Ok(None),
                Some(_) => Err(Refusal::usage(format!("`connector` is for the mapping `{SYSTEM}` alone"))
                    .hint("any other mapping says itself for which sort of database it is")
                    .into()),
            };
        }
        let usual = if self.database.is_some() { "sqlite" } else { "sqlserver" };
        let dialect = Dialect::of(connector(self.connector.as_deref().unwrap_or(usual))?);
        let file = configuration.with_file_name(format!("{SYSTEM}.toml"));
        let begun = (!file.exists()).then(|| file.clone());
        if begun.is_some() {
            let nothing = Findings::of_catalogue(dialect, Catalogue::default());
            write_new(&file, &learn::mapping(&nothing, &learn::Answers::default()))?;
        }
        self.mapping = std::path::absolute(file)?.to_string_lossy().into_owned();
        Ok(begun)
    }

    /// As the section `[practice]` would hold them.
    pub(super) fn practice(&self) -> sources::Settings {
        let (mapping, zone) = (self.mapping.clone(), self.source_zone.clone());
        match &self.server {
            Some(server) => sources::Settings::on_server(mapping, server.clone(), zone),
            None => sources::Settings::new(mapping, self.database.clone().unwrap_or_default(), zone),
        }
    }

    pub(super) fn office_zone(&self) -> &str {
        self.office_zone.as_ref().unwrap_or(&self.source_zone).name()
    }

    fn prepared(mut self) -> anyhow::Result<Self> {
        match (&mut self.database, &mut self.server) {
            (Some(database), None) if !database.as_os_str().is_empty() => *database = std::path::absolute(&*database)?,
            (None, Some(server)) => {
                if let Some((setting, what)) = server.wrong() {
                    return Err(Refusal::usage(format!("`{setting}` cannot be used: {what}")).into());
                }
                if let Some(file) = &mut server.ca_file {
                    *file = std::path::absolute(&*file)?;
                }
            }
            (Some(_), Some(_)) => {
                return Err(Refusal::usage("the practice is in a database file or on a server, not both").into());
            }
            _ => return Err(Refusal::usage("no database file and no server was given").into()),
        }
        if config::is_path(&self.mapping) {
            self.mapping = std::path::absolute(&self.mapping)?.to_string_lossy().into_owned();
        }
        Ok(self)
    }
}

/// A sort of database by its word.
fn connector(word: &str) -> Result<Connector, Refusal> {
    word.parse().map_err(|what: String| Refusal::usage(what).hint("docs/reference/sources.md lists them"))
}

/// The mapping, which knows its sort of database and may know its zone; that it can be used at all is seen here.
fn known_of(mapping: &str) -> anyhow::Result<Mapping> {
    let settings = sources::Settings::new(mapping, "", SourceZone::utc());
    Ok(Mapping::load(&settings)?)
}

/// Where the server is and who asks it. The password is asked for by a command of its own.
fn asked_for_server(terminal: &mut Terminal) -> anyhow::Result<ServerSettings> {
    let host = terminal.ask("Database server of the practice system", Some("localhost"))?;
    let database = terminal.ask("Name of the database there", None)?;
    let user = terminal.ask("Account that may read it", Some("pocketdocket"))?;
    Ok(ServerSettings { host, database, user, ..ServerSettings::default() })
}
