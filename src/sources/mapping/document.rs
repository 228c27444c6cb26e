//! The mapping file as TOML: shapes alone, meaning is checked by the room above.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::sources::SourceZone;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub(super) practice: Practice,
    pub(super) people: Spanned<Table>,
    pub(super) walls: Option<Spanned<Walls>>,
    #[serde(default)]
    pub(super) contacts: Vec<Spanned<Table>>,
    #[serde(default)]
    pub(super) events: Vec<Spanned<Table>>,
    #[serde(default)]
    pub(super) tasks: Vec<Spanned<Table>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Practice {
    pub(super) name: String,
    pub(super) connector: Spanned<String>,
    /// In which zone this system always keeps its times.
    pub(super) source_zone: Option<SourceZone>,
    /// What learning left open.
    #[serde(default)]
    pub(super) learned: Learned,
    #[serde(default)]
    pub(super) placeholders: BTreeMap<String, String>,
    /// Pieces of SQL that several statements share.
    #[serde(default)]
    pub(super) parts: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(super) choices: BTreeMap<String, Spanned<Vec<String>>>,
}

/// That a mapping was learned, and what is still to be asked.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Learned {
    #[serde(default)]
    pub(super) open: Vec<String>,
}

/// The walls that the practice system keeps.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Walls {
    pub(super) sql: Spanned<String>,
}

/// One query. `people` uses `sql`, `convert` and `values` alone.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    pub(super) name: Option<Spanned<String>>,
    pub(super) sql: Spanned<String>,
    pub(super) audience: Option<Spanned<String>>,
    pub(super) matter: Option<Spanned<String>>,
    pub(super) links_sql: Option<Spanned<String>>,
    pub(super) changed_sql: Option<Spanned<String>>,
    pub(super) sweep_sql: Option<Spanned<String>>,
    pub(super) overlap: Option<u64>,
    pub(super) all_day_end: Option<Spanned<String>>,
    pub(super) category_separator: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) when: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(super) convert: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    pub(super) values: BTreeMap<String, Spanned<BTreeMap<String, String>>>,
}
