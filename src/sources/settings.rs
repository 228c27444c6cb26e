use std::{collections::BTreeMap, path::PathBuf};

use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ServerSettings;

/// Section `[practice]` of the configuration: which database, read how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The mapping: a built-in one by name (`sample`), or the path of a TOML file.
    pub mapping: String,
    /// The database file, for a mapping with the connector `sqlite`.
    #[serde(default)]
    pub database: Option<PathBuf>,
    /// The database server, for a mapping with the connector `mysql` or `postgres`.
    #[serde(default)]
    pub server: Option<ServerSettings>,
    /// The zone of the wall-clock times in the database: an IANA name such as `Europe/Berlin`.
    pub source_zone: SourceZone,
    /// The zone whose midnights part the days, where the database keeps its times in another one: a deadline of 22:30 UTC is due
    /// on the next day in Berlin. By default the source zone; for a source in UTC the configuration puts the office's here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day_zone: Option<SourceZone>,
    /// Values for the `{name}` placeholders of the mapping.
    #[serde(default)]
    pub placeholders: BTreeMap<String, String>,
    /// How far a hinted read reaches back behind its cursor, in minutes. For changes that were committed late.
    #[serde(default = "ten")]
    pub overlap_minutes: u32,
    /// How long an event without a usable end lasts, in minutes.
    #[serde(default = "thirty")]
    pub event_minutes: u32,
    /// How long a whole read may take, in seconds. Then it is given up and the database let go.
    #[serde(default = "five_minutes")]
    pub time_out_seconds: u32,
}

impl Settings {
    /// Settings for a file, with everything else at its default.
    pub fn new(mapping: impl Into<String>, database: impl Into<PathBuf>, source_zone: SourceZone) -> Self {
        Self { database: Some(database.into()), ..Self::plain(mapping.into(), source_zone) }
    }

    /// Settings for a database server, with everything else at its default.
    pub fn on_server(mapping: impl Into<String>, server: ServerSettings, source_zone: SourceZone) -> Self {
        Self { server: Some(server), ..Self::plain(mapping.into(), source_zone) }
    }

    fn plain(mapping: String, source_zone: SourceZone) -> Self {
        Self {
            mapping,
            database: None,
            server: None,
            source_zone,
            day_zone: None,
            placeholders: BTreeMap::new(),
            overlap_minutes: ten(),
            event_minutes: thirty(),
            time_out_seconds: five_minutes(),
        }
    }

    /// Which database it is, for messages.
    pub(super) fn place(&self) -> String {
        match (&self.server, &self.database) {
            (Some(server), _) => server.place(),
            (None, Some(file)) => file.display().to_string(),
            (None, None) => String::new(),
        }
    }
}

const fn ten() -> u32 {
    10
}

const fn thirty() -> u32 {
    30
}

const fn five_minutes() -> u32 {
    300
}

/// A zone by its IANA name, known to exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceZone {
    name: String,
    zone: TimeZone,
}

impl SourceZone {
    /// The zone of that name. The error says what a name looks like.
    pub fn named(name: &str) -> Result<Self, String> {
        match TimeZone::get(name) {
            Ok(zone) => Ok(Self { name: zone.iana_name().unwrap_or(name).to_owned(), zone }),
            Err(_) => Err(format!("there is no time zone `{name}`; one looks like `Europe/Berlin` (IANA names)")),
        }
    }

    /// Whether it has the same times as another one. UTC goes by several names.
    pub fn agrees_with(&self, other: &Self) -> bool {
        self == other || (self.is_utc() && other.is_utc())
    }

    /// Whether it is coordinated universal time, in which databases count but offices do not live.
    pub fn is_utc(&self) -> bool {
        matches!(
            self.name.as_str(),
            "UTC" | "Etc/UTC" | "Etc/UCT" | "UCT" | "Zulu" | "Etc/Zulu" | "Universal" | "Etc/Universal"
        )
    }

    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self { name: "UTC".to_owned(), zone: TimeZone::UTC }
    }

    /// Its IANA name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its rules.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }
}

impl Serialize for SourceZone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}

impl<'de> Deserialize<'de> for SourceZone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::named(&name).map_err(serde::de::Error::custom)
    }
}
