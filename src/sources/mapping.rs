//! The mapping: what a practice system's rows mean, said in SQL and a little TOML.
//!
//! There is no mapping language besides SQL: the column aliases of a SELECT are our field words. What SQL does badly is done
//! by small named converters, and the system's own words become ours through value maps. A mapping is checked as far as
//! possible without a database (shape, words, placeholders, one SELECT each), and again when the database has told its
//! column names; every error says file, line, column and the word at fault. The reference is `docs/reference/mapping.md`.

mod beside;
mod check;
mod choices;
mod document;
mod error;
mod sql;
mod words;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

pub use beside::{Beside, LINKS, WALLS};
use check::Checker;
use choices::Choices;
use document::Document;
pub use error::{MappingError, Origin, Place};
pub use sql::normalised;
pub use words::{AddressPart, Meaning, PEOPLE, TimePart, closest, vocabulary};

use super::{Connector, Settings, SourceZone, convert::Converter};
use crate::{
    domain::{Kind, QueryName},
    ports::{Failure, FailureKind},
};

/// The mappings that are built in, by name.
const PRESETS: [(&str, &str); 3] = [
    ("sample", include_str!("../../config/practice/sample.toml")),
    ("j-lawyer", include_str!("../../config/practice/j-lawyer.toml")),
    ("suitecrm", include_str!("../../config/practice/suitecrm.toml")),
];

/// A checked mapping.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// The practice system, for people.
    pub name: String,
    /// For which sort of database its SQL is written.
    pub connector: Connector,
    /// In which zone the practice system keeps its times, where that is no choice of the firm.
    pub source_zone: Option<SourceZone>,
    /// Questions that learning left open: until they are answered nothing is synced.
    pub open_questions: Vec<String>,
    /// Everybody in the practice system.
    pub people: Query,
    /// The ethical walls that the practice system keeps.
    pub walls: Option<Beside>,
    /// What becomes contacts, events and tasks.
    pub queries: Vec<Query>,
}

/// How the end of an all-day event is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllDayEnd {
    /// A day alone is the last day; midnight is the end of the day before; any other time lies on the last day.
    ByMidnight,
    /// The end lies on the last day.
    Inclusive,
    /// The end is the midnight after the last day.
    Exclusive,
}

/// One query of a mapping.
#[derive(Clone, Debug)]
pub struct Query {
    /// What its rows become. The `people` query has none.
    pub kind: Option<Kind>,
    /// Its name, part of every key.
    pub name: QueryName,
    /// One SELECT, placeholders filled in.
    pub sql: String,
    /// True when its rows are for everyone; else they say for whom.
    pub everyone: bool,
    /// Who is tied to its contacts.
    pub links: Option<Beside>,
    /// Whether it says that its rows belong to no matter.
    pub matterless: bool,
    /// Whether it selects `changed`, and is read by it.
    pub hinted: bool,
    /// A predicate over the query's columns instead of `changed >= :cursor`.
    pub changed_sql: Option<String>,
    /// A cheaper SELECT of key, person and changed.
    pub sweep_sql: Option<String>,
    /// How far hinted reads reach back, in units of a counter. Times use the setting.
    pub overlap: Option<u64>,
    /// How the end of an all-day event is meant.
    pub all_day_end: AllDayEnd,
    /// What separates category names.
    pub category_separator: Option<String>,
    /// Converters by column.
    pub converters: BTreeMap<String, Converter>,
    /// The system's words and ours, by column. Keys are trimmed and in lower case.
    pub values: BTreeMap<String, BTreeMap<String, String>>,
    place: Place,
    sweep_place: Place,
}

impl Mapping {
    /// The mapping that the settings name: a preset or a file.
    pub fn load(settings: &Settings) -> Result<Self, Failure> {
        let doing = || format!("use the mapping `{}`", settings.mapping);
        let refused = |kind| Failure::new(kind, doing());
        let preset = PRESETS.iter().find(|(name, _)| *name == settings.mapping);
        let (file, text) = if let Some((name, text)) = preset {
            (format!("mapping `{name}`"), (*text).to_owned())
        } else {
            let text = std::fs::read(Path::new(&settings.mapping)).map_err(|error| {
                let presets = PRESETS.map(|(name, _)| format!("`{name}`")).join(", ");
                refused(FailureKind::Setting).because(error).hint(format!(
                    "`mapping` is the path of a TOML file or a built-in mapping ({presets}); see docs/reference/mapping.md"
                ))
            })?;
            (settings.mapping.clone(), String::from_utf8_lossy(&text).into_owned())
        };
        let origin = Origin { file: file.clone(), text: text.clone() };
        if let Some(name) = choices::unknown_placeholder(&origin, &settings.placeholders) {
            return Err(refused(FailureKind::Setting)
                .because(format!("{file} has no placeholder or choice `{name}`"))
                .hint("correct section [practice.placeholders] of the configuration"));
        }
        Self::parse(&file, &text, &settings.placeholders).map_err(|error| {
            refused(FailureKind::Setting)
                .because(error)
                .hint("docs/reference/mapping.md lists every word; `pocketdocket practice preview` tries the mapping")
        })
    }

    /// Reads and checks a mapping without a database. `file` is for messages.
    pub fn parse(file: &str, text: &str, placeholders: &BTreeMap<String, String>) -> Result<Self, MappingError> {
        let origin = Arc::new(Origin { file: file.to_owned(), text: text.to_owned() });
        let place = |range| Place { origin: Arc::clone(&origin), range };
        let document: Document = toml::from_str(text)
            .map_err(|error| place(error.span().unwrap_or(0..0)).error(error.message().trim().to_owned()))?;
        let written = document.practice.connector;
        let connector = written.get_ref().parse().map_err(|what: String| place(written.span()).error(what))?;
        let source_zone = document.practice.source_zone;
        let open_questions = document.practice.learned.open;
        let choices = Choices::new(&origin, document.practice.choices, placeholders)?;
        let mut known = document.practice.placeholders;
        known.extend(placeholders.iter().map(|(name, value)| (name.clone(), value.clone())));
        known.extend(choices.chosen().clone());
        let checker = Checker { origin: &origin, placeholders: &known, parts: &document.practice.parts };
        let people = checker.query(None, document.people)?;
        let walls = document.walls.map(|walls| checker.beside(&walls.into_inner().sql, &WALLS)).transpose()?;
        let mut queries = Vec::new();
        let mut names = BTreeSet::new();
        let tables = [(Kind::Contact, document.contacts), (Kind::Event, document.events), (Kind::Task, document.tasks)];
        for (kind, table) in
            tables.into_iter().flat_map(|(kind, tables)| tables.into_iter().map(move |table| (kind, table)))
        {
            let included = choices.include(&table)?;
            let query = checker.query(Some(kind), table)?;
            if !included {
                continue;
            }
            if !names.insert((kind, query.name.clone())) {
                let what =
                    format!("there are two {kind} queries named `{}`; the name is part of every key", query.name);
                return Err(query.place.error(what));
            }
            queries.push(query);
        }
        if queries.is_empty() {
            return Err(place(0..0).error("the mapping has no query: it needs [[contacts]], [[events]] or [[tasks]]"));
        }
        Ok(Self { name: document.practice.name, connector, source_zone, open_questions, people, walls, queries })
    }
}

impl Mapping {
    /// Queries that say nothing of matters, so that it cannot be told what of them lies behind a wall.
    pub fn silent_about_matters(&self) -> impl Iterator<Item = &QueryName> {
        let says = |query: &Query| {
            let links = query.links.as_ref().map_or("", |links| links.sql.as_str());
            query.matterless
                || [query.sql.as_str(), links]
                    .iter()
                    .any(|sql| sql::mentions(sql, "matter_number") || sql.contains('*'))
        };
        self.queries.iter().filter(move |query| !says(query)).map(|query| &query.name)
    }

    /// Address books of which nothing says whose contacts they hold.
    pub fn without_ties(&self) -> impl Iterator<Item = &QueryName> {
        self.queries
            .iter()
            .filter(|query| query.kind == Some(Kind::Contact) && query.everyone && query.links.is_none())
            .map(|query| &query.name)
    }
}

impl Query {
    /// The meaning of the columns that the database says this query has, in their order.
    pub fn meanings(&self, columns: &[String]) -> Result<Vec<Meaning>, MappingError> {
        let Some(kind) = self.kind else { return Ok(Vec::new()) };
        let words = vocabulary(kind);
        let mut meanings: Vec<Meaning> = Vec::new();
        for column in columns {
            let meaning = words.iter().find(|(word, _)| word == column).map(|(_, meaning)| *meaning);
            let Some(meaning) = meaning else { return Err(unknown_word(&self.place, column, kind)) };
            if meanings.contains(&meaning) {
                return Err(self.place.of_word(column).error(format!("the query gives the column `{column}` twice")));
            }
            meanings.push(meaning);
        }
        let has = |meaning| meanings.contains(&meaning);
        let missing = |what: &str| Err(self.place.error(what));
        if !has(Meaning::Key) {
            return missing("the query needs a column `key`: the row's primary key");
        }
        if self.everyone && has(Meaning::Person) {
            return missing("the query says `audience = \"everyone\"` and selects `person`; only one can be meant");
        }
        if !self.everyone && !has(Meaning::Person) {
            return missing(NO_PERSON);
        }
        if self.is_grouped() != has(Meaning::Group) {
            return missing("name the column `group` in the SELECT itself (`... AS \"group\"`), not through `*`");
        }
        if !self.is_grouped() && self.hinted != has(Meaning::Changed) {
            return missing("name the column `changed` in the SELECT itself (`... AS changed`), not through `*`");
        }
        if has(Meaning::ChangedSecond) && !has(Meaning::Changed) {
            return missing("`changed_2` is the second part of `changed`, which is not selected");
        }
        if self.matterless && has(Meaning::MatterNumber) {
            return missing("the query says `matter = \"none\"` and selects `matter_number`; only one can be meant");
        }
        if kind == Kind::Event {
            self.check_times(&meanings)?;
        }
        if let Some(column) = self.converters.keys().chain(self.values.keys()).find(|column| !columns.contains(column))
        {
            return Err(self
                .place
                .error(format!("there is a converter or value map for `{column}`, which is not selected")));
        }
        Ok(meanings)
    }

    /// Checks the columns of the sweep.
    pub fn sweep_meanings(&self, columns: &[String]) -> Result<Vec<Meaning>, MappingError> {
        let mut meanings = Vec::new();
        for column in columns {
            meanings.push(match column.as_str() {
                "key" => Meaning::Key,
                "person" if !self.everyone => Meaning::Person,
                "changed" => Meaning::Changed,
                "changed_2" => Meaning::ChangedSecond,
                _ => {
                    let what = format!("a sweep selects key, person and changed, and nothing else: not `{column}`");
                    return Err(self.sweep_place.of_word(column).error(what));
                }
            });
        }
        let needed = [Meaning::Key, Meaning::Changed].into_iter().chain((!self.everyone).then_some(Meaning::Person));
        for meaning in needed {
            if !meanings.contains(&meaning) {
                return Err(self
                    .sweep_place
                    .error("a sweep needs the columns `key`, `changed` and (unless it is for everyone) `person`"));
            }
        }
        Ok(meanings)
    }

    /// Checks the columns of the `people` query and says where each is.
    pub fn people_columns(&self, columns: &[String]) -> Result<[Option<usize>; 4], MappingError> {
        for column in columns {
            if !PEOPLE.contains(&column.as_str()) {
                let what = format!("`{column}` is no word of the `people` query; those are {}", PEOPLE.join(", "));
                return Err(self.place.of_word(column).error(what));
            }
        }
        let places = PEOPLE.map(|word| columns.iter().position(|column| column == word));
        match places[0] {
            Some(_) => Ok(places),
            None => Err(self.place.error("the `people` query needs a column `id`")),
        }
    }

    /// Whether it selects `group`: then all of its rows are read every time, for which of them are alike shows in all of them.
    fn is_grouped(&self) -> bool {
        sql::gives(&self.sql, "group")
    }

    /// Where the query stands, for errors about it.
    pub fn place(&self) -> &Place {
        &self.place
    }

    fn check_times(&self, meanings: &[Meaning]) -> Result<(), MappingError> {
        let has = |meaning| meanings.contains(&meaning);
        let start = (has(Meaning::Start(TimePart::Whole)), has(Meaning::Start(TimePart::Date)));
        match start {
            (false, false) => return Err(self.place.error("an event needs `start`, or `start_date` and `start_time`")),
            (true, true) => {
                return Err(self.place.error("the query gives both `start` and `start_date`; only one can be meant"));
            }
            _ => {}
        }
        let ends = [Meaning::End(TimePart::Whole), Meaning::End(TimePart::Date), Meaning::Duration];
        if ends.into_iter().filter(|meaning| has(*meaning)).count() > 1 {
            return Err(self.place.error("of `end`, `end_date` and `duration_minutes` only one can be meant"));
        }
        if has(Meaning::Start(TimePart::Time)) && start.0 {
            return Err(self
                .place
                .of_word("start_time")
                .error("`start_time` goes with `start_date`, not with `start`"));
        }
        if has(Meaning::End(TimePart::Time)) && (has(ends[0]) || has(ends[2])) {
            return Err(self
                .place
                .of_word("end_time")
                .error("`end_time` goes with `end_date`, or stands alone for the same day"));
        }
        Ok(())
    }
}

const NO_PERSON: &str =
    "the query says for whom a row is by a column `person`, or by `audience = \"everyone\"`; it does neither";

fn unknown_word(place: &Place, word: &str, kind: Kind) -> MappingError {
    let words = vocabulary(kind);
    let closest = closest(word, words.iter().map(|(word, _)| word.as_str()));
    let hint = closest.map_or_else(String::new, |closest| format!("; did you mean `{closest}`?"));
    place.of_word(word).error(format!("`{word}` is no word for {kind}s{hint}"))
}

#[cfg(test)]
mod tests;
