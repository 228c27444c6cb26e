//! One TOML file, made of each room's own settings: load, validate, explain.
//!
//! A setting that is not known is refused, with line, column and what would be known. Relative paths are meant from the
//! folder of the file, so that a command means the same from everywhere. Secrets are never values: a key that looks like one
//! is refused with the command that takes it instead, and no message repeats its value.
//!
//! `config/pocketdocket.sample.toml` shows every setting with its default; a test reads it against the defaults here.

mod error;
mod firm;
mod key;
mod policy;
mod secrets;
mod template;

use std::path::{Path, PathBuf};

use serde::{Deserialize, de::DeserializeOwned};

pub use error::{ConfigError, Located};
pub use firm::Firm;
pub use key::{KeySettings, with_key};
pub use policy::{PerKind, PolicySettings};
pub use secrets::names_secret;
pub use template::{SAMPLE, written};

use crate::{
    auth::{address, oauth, text_messages},
    engine, exchange,
    plan::ScopeSettings,
    sources,
};

/// The name of the file where nobody says otherwise.
pub const FILE_NAME: &str = "pocketdocket.toml";

/// Everything that is configured.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where it was read from.
    #[serde(skip)]
    pub path: PathBuf,
    /// Whose installation this is, and where it keeps its data.
    pub firm: Firm,
    /// The practice database.
    pub practice: sources::Settings,
    /// How mailboxes are reached.
    #[serde(default)]
    pub exchange: exchange::Settings,
    /// Where users sign in by OAuth.
    #[serde(default)]
    pub sign_in: oauth::Settings,
    /// Who tells this machine's public address.
    #[serde(default)]
    pub address: address::Settings,
    /// When and how widely to sync.
    #[serde(default)]
    pub sync: engine::Settings,
    /// What users see where nothing else is said for them.
    pub scope: ScopeSettings,
    /// Brakes, and what happens when a user changes our items.
    #[serde(default)]
    pub policy: PolicySettings,
    /// How first uses are confirmed.
    #[serde(default)]
    pub confirmation: engine::ConfirmationSettings,
    /// The gateway of text messages.
    #[serde(default)]
    pub text_messages: text_messages::Settings,
    /// Who is told that something is wrong.
    #[serde(default)]
    pub alerts: engine::AlertSettings,
}

impl Config {
    /// Reads the file and checks what can be checked without asking anybody.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => ConfigError::Missing { path: path.to_owned() },
            _ => ConfigError::Unreadable { path: path.to_owned(), source },
        })?;
        Self::parse(path, &text)
    }

    /// Reads the text of the file that lies at `path`.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let mut config: Self = read(path, text)?;
        path.clone_into(&mut config.path);
        config.resolve();
        config.validate()?;
        Ok(config)
    }

    /// Files that it names and that belong to it: not the data, not the key, not the practice database.
    pub fn named_files(&self) -> Vec<PathBuf> {
        let mapping = is_path(&self.practice.mapping).then(|| PathBuf::from(&self.practice.mapping));
        let practice = self.practice.server.as_ref().and_then(|server| server.ca_file.clone());
        [
            mapping,
            practice,
            self.exchange.ca_file.clone(),
            self.sign_in.ca_file.clone(),
            self.address.ca_file.clone(),
            self.text_messages.ca_file.clone(),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn resolve(&mut self) {
        let folder = self.path.parent().map(Path::to_owned).unwrap_or_default();
        let from_here = |path: &mut PathBuf| {
            if path.is_relative() {
                *path = folder.join(&*path);
            }
        };
        // UTC says nothing about days: they are the office's.
        if self.practice.day_zone.is_none() && self.practice.source_zone.is_utc() {
            let office = self.scope.office_zone.iana_name().unwrap_or("UTC");
            self.practice.day_zone = sources::SourceZone::named(office).ok();
        }
        self.practice.day_zone.take_if(|zone| *zone == self.practice.source_zone);
        from_here(&mut self.firm.data);
        from_here(&mut self.firm.key_file);
        self.practice.database.iter_mut().for_each(from_here);
        self.practice.server.iter_mut().flat_map(|server| &mut server.ca_file).for_each(from_here);
        self.exchange.ca_file.iter_mut().for_each(from_here);
        self.sign_in.ca_file.iter_mut().for_each(from_here);
        self.address.ca_file.iter_mut().for_each(from_here);
        self.text_messages.ca_file.iter_mut().for_each(from_here);
        // A national cloud has a Graph of its own.
        if self.exchange.graph_url == exchange::Settings::default().graph_url
            && let Some(graph_url) = self.sign_in.graph_url()
        {
            self.exchange.graph_url = graph_url;
        }
        self.sign_in.graph = oauth::graph_of(&self.exchange.graph_url);
        self.alerts.dead_man_file.iter_mut().for_each(from_here);
        if is_path(&self.practice.mapping) {
            let mut mapping = PathBuf::from(&self.practice.mapping);
            if mapping.is_relative() {
                mapping = folder.join(mapping);
            }
            self.practice.mapping = mapping.to_string_lossy().into_owned();
        }
    }

    fn validate(&self) -> Result<(), ConfigError> {
        let refuse =
            |setting: &'static str, what: String| Err(ConfigError::Value { path: self.path.clone(), setting, what });
        for (setting, value, range) in [
            ("sync.parallel_mailboxes", self.sync.parallel_mailboxes as u64, 1..=64),
            ("sync.write_batch", self.sync.write_batch as u64, 1..=500),
            ("sync.jitter_seconds", self.sync.jitter_seconds, 0..=600),
            ("sync.observe_minutes", self.sync.observe_minutes.into(), 1..=1440),
            ("sync.audit_days", self.sync.audit_days.into(), 1..=90),
            ("sync.sweep_minutes", self.sync.sweep_minutes.into(), 1..=1440),
            ("sync.content_minutes", self.sync.content_minutes.into(), 1..=1440),
            ("sync.read_minutes", self.sync.read_minutes.into(), 1..=240),
            ("sync.unproven_hours", self.sync.unproven_hours.into(), 1..=720),
            ("policy.meaning_per_tick", self.policy.meaning_per_tick, 1..=10_000),
            ("policy.firm_meaning_per_tick", self.policy.firm_meaning_per_tick, 1..=1_000_000),
            ("practice.time_out_seconds", self.practice.time_out_seconds.into(), 1..=86_400),
            ("confirmation.reconfirm_days", self.confirmation.reconfirm_days.unwrap_or(1).into(), 1..=3650),
            ("confirmation.grace_days", self.confirmation.grace_days.into(), 1..=90),
            ("policy.max_vanished_percent", self.policy.max_vanished_percent, 1..=100),
        ] {
            if !range.contains(&value) {
                return refuse(setting, format!("{value} is not between {} and {}", range.start(), range.end()));
            }
        }
        if self.confirmation.methods.is_empty() {
            return refuse("confirmation.methods", "nobody could ever confirm; name at least one way".to_owned());
        }
        let server = self.practice.server.as_ref().and_then(sources::ServerSettings::wrong);
        let wrong = server.or_else(|| self.sign_in.wrong()).or_else(|| self.address.wrong());
        let wrong = wrong.or_else(|| self.exchange.wrong());
        if let Some((setting, what)) = wrong.or_else(|| self.text_messages.wrong()) {
            return refuse(setting, what);
        }
        match (&self.practice.database, &self.practice.server) {
            (Some(_), Some(_)) => refuse(
                "practice.database",
                "there is a [practice.server] too; the practice is in a file or on a server".to_owned(),
            ),
            (None, None) => refuse(
                "practice.database",
                "it is missing: name the database file, or a server under [practice.server]".to_owned(),
            ),
            _ => Ok(()),
        }
    }
}

/// Reads any file of ours that people write: located errors, no secrets.
pub fn read<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, ConfigError> {
    secrets::refuse(path, text)?;
    toml::from_str(text).map_err(|error| ConfigError::invalid(path, text, error.span(), error.message().to_owned()))
}

/// Whether a mapping is named by its file; otherwise it is the name of a built-in one.
pub fn is_path(mapping: &str) -> bool {
    mapping.contains(['/', '\\', '.'])
}

#[cfg(test)]
mod tests;
