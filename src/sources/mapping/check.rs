use std::{collections::BTreeMap, str::FromStr, sync::Arc};

use toml::Spanned;

use super::{
    AllDayEnd, Beside, LINKS, MappingError, NO_PERSON, Origin, PEOPLE, Place, Query, document::Table, sql,
    unknown_word, vocabulary,
};
use crate::{
    domain::{Kind, QueryName},
    sources::convert::Converter,
};

/// Turns the shapes of the file into checked queries.
pub(super) struct Checker<'c> {
    pub(super) origin: &'c Arc<Origin>,
    pub(super) placeholders: &'c BTreeMap<String, String>,
    pub(super) parts: &'c BTreeMap<String, Spanned<String>>,
}

impl Checker<'_> {
    fn place<T>(&self, spanned: &Spanned<T>) -> Place {
        Place { origin: Arc::clone(self.origin), range: spanned.span() }
    }

    /// Checks one query; `kind` is missing for `people`.
    pub(super) fn query(&self, kind: Option<Kind>, table: Spanned<Table>) -> Result<Query, MappingError> {
        let whole = self.place(&table);
        let table = table.into_inner();
        let place = self.place(&table.sql);
        let sql = self.statement(&table.sql)?;
        if let (Some(kind), aliases) = (kind, sql::aliases(&sql)) {
            let words = vocabulary(kind);
            if let Some(alias) = aliases.iter().find(|alias| !words.iter().any(|(word, _)| word == *alias)) {
                return Err(unknown_word(&place, alias, kind));
            }
            let twice = aliases.iter().enumerate().find(|(place, alias)| aliases[..*place].contains(alias));
            if let Some((_, alias)) = twice {
                return Err(place.of_word(alias).error(format!("the query gives the column `{alias}` twice")));
            }
            if !sql::mentions(&sql, "key") && !sql.contains('*') {
                return Err(place.error("the query needs a column `key`: the row's primary key"));
            }
        }
        let everyone = match &table.audience {
            None => false,
            Some(audience) if audience.get_ref() == "everyone" => true,
            Some(audience) => {
                let what = format!("`{}` is no audience; the only one is `everyone`", audience.get_ref());
                return Err(self.place(audience).error(what));
            }
        };
        let Some(kind) = kind else {
            Self::check_people(&table, &whole)?;
            return self.assemble(None, QueryName("people".to_owned()), sql, true, &table, place);
        };
        if !everyone && !sql::mentions(&sql, "person") && !sql.contains('*') {
            return Err(place.error(NO_PERSON));
        }
        let name = self.name(kind, table.name.as_ref())?;
        self.assemble(Some(kind), name, sql, everyone, &table, place)
    }

    /// `people` yields no records: what is about keys, changes and times says nothing there.
    fn check_people(table: &Table, whole: &Place) -> Result<(), MappingError> {
        let not_for_people = table.name.is_some()
            || table.audience.is_some()
            || table.matter.is_some()
            || table.links_sql.is_some()
            || table.changed_sql.is_some()
            || table.sweep_sql.is_some()
            || table.overlap.is_some()
            || table.all_day_end.is_some()
            || table.category_separator.is_some()
            || !table.when.is_empty()
            || !table.convert.is_empty();
        if not_for_people {
            Err(whole.error("the `people` query has `sql` and `values`, and nothing else"))
        } else {
            Ok(())
        }
    }

    fn assemble(
        &self,
        kind: Option<Kind>,
        name: QueryName,
        sql: String,
        everyone: bool,
        table: &Table,
        place: Place,
    ) -> Result<Query, MappingError> {
        let changes = kind.is_some() && sql::mentions(&sql, "changed");
        let hinted = changes && !sql::gives(&sql, "group");
        let changed_sql = match &table.changed_sql {
            None => None,
            Some(predicate) => Some(self.predicate(predicate, changes)?),
        };
        let sweep_sql = table.sweep_sql.as_ref().map(|sweep| self.statement(sweep)).transpose()?;
        Ok(Query {
            kind,
            name,
            everyone,
            links: self.links(kind, everyone, table)?,
            matterless: self.matterless(table.matter.as_ref())?,
            hinted,
            changed_sql,
            sweep_sql,
            overlap: table.overlap,
            all_day_end: self.all_day_end(table.all_day_end.as_ref())?,
            category_separator: self.separator(table.category_separator.as_ref())?,
            converters: self.converters(kind, &table.convert)?,
            values: self.values(kind, &table.values)?,
            sweep_place: table.sweep_sql.as_ref().map_or_else(|| place.clone(), |sweep| self.place(sweep)),
            sql,
            place,
        })
    }

    fn name(&self, kind: Kind, name: Option<&Spanned<String>>) -> Result<QueryName, MappingError> {
        let Some(name) = name else { return Ok(QueryName(format!("{kind}s"))) };
        let text = name.get_ref();
        let fits =
            |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-' || letter == '_';
        if text.is_empty() || text.len() > 40 || !text.chars().all(fits) {
            let what = format!("`{text}` is no name: up to 40 of a-z, 0-9, `-` and `_`, for it is part of every key");
            return Err(self.place(name).error(what));
        }
        if text == QueryName::CONFIRMATION {
            return Err(self
                .place(name)
                .error(format!("`{text}` is kept for the codes of confirmations; choose another name")));
        }
        if text == "walls" {
            return Err(self.place(name).error("`walls` is kept for the `[walls]` query; choose another name"));
        }
        Ok(QueryName(text.clone()))
    }

    fn statement(&self, sql: &Spanned<String>) -> Result<String, MappingError> {
        let filled = self.fill(sql)?;
        sql::single_select(&filled).map_err(|what| self.place(sql).error(what))
    }

    fn predicate(&self, predicate: &Spanned<String>, hinted: bool) -> Result<String, MappingError> {
        let filled = self.fill(predicate)?;
        let place = self.place(predicate);
        if !hinted {
            return Err(place.error("`changed_sql` needs a column `changed`, from which the cursor is made"));
        }
        if !filled.contains(":cursor") || filled.contains(';') {
            return Err(place.error("`changed_sql` is one condition over the query's columns that uses `:cursor`"));
        }
        Ok(filled)
    }

    /// Fills in parts and `{name}` placeholders.
    fn fill(&self, text: &Spanned<String>) -> Result<String, MappingError> {
        self.fill_within(text, 4)
    }

    /// A part may use other parts, as often within each other as `depth` says.
    fn fill_within(&self, text: &Spanned<String>, depth: usize) -> Result<String, MappingError> {
        let place = |name: &str| self.place(text).of_word(name);
        replaced(text.get_ref(), |name| {
            if let Some(part) = self.parts.get(name) {
                let deeper = depth.checked_sub(1);
                let deeper =
                    deeper.ok_or_else(|| place(name).error(format!("the part `{{{name}}}` is nested too deep")))?;
                return self.fill_within(part, deeper);
            }
            let Some(value) = self.placeholders.get(name) else {
                let what = format!("the placeholder `{{{name}}}` has no value; set it under [practice.placeholders]");
                return Err(place(name).error(what));
            };
            if value.is_empty() || !value.chars().all(|letter| letter.is_alphanumeric() || "_.$@ -".contains(letter)) {
                return Err(place(name).error(format!("the value of the placeholder `{{{name}}}` is no plain name")));
            }
            Ok(value.clone())
        })
    }

    /// A statement beside the queries.
    pub(super) fn beside(&self, sql: &Spanned<String>, words: &'static [&'static str]) -> Result<Beside, MappingError> {
        Ok(Beside { sql: self.statement(sql)?, words, place: self.place(sql) })
    }

    /// Who is tied to the contacts of an address book.
    fn links(&self, kind: Option<Kind>, everyone: bool, table: &Table) -> Result<Option<Beside>, MappingError> {
        let Some(sql) = &table.links_sql else { return Ok(None) };
        if kind != Some(Kind::Contact) || !everyone {
            let what = "`links_sql` is for contacts with `audience = \"everyone\"`: other rows say themselves for whom they are";
            return Err(self.place(sql).error(what));
        }
        self.beside(sql, &LINKS).map(Some)
    }

    /// Whether the query says that its rows belong to no matter.
    fn matterless(&self, word: Option<&Spanned<String>>) -> Result<bool, MappingError> {
        match word {
            None => Ok(false),
            Some(word) if word.get_ref() == "none" => Ok(true),
            Some(word) => {
                let what = format!("`{}` is no matter; the only word is `none`: no row belongs to one", word.get_ref());
                Err(self.place(word).error(what))
            }
        }
    }

    fn all_day_end(&self, word: Option<&Spanned<String>>) -> Result<AllDayEnd, MappingError> {
        match word.map(|word| word.get_ref().as_str()) {
            None | Some("by-midnight") => Ok(AllDayEnd::ByMidnight),
            Some("inclusive") => Ok(AllDayEnd::Inclusive),
            Some("exclusive") => Ok(AllDayEnd::Exclusive),
            Some(other) => {
                let what = format!("`{other}` is no all_day_end: it is `by-midnight`, `inclusive` or `exclusive`");
                Err(word.map_or_else(|| self.start(), |word| self.place(word)).error(what))
            }
        }
    }

    fn separator(&self, separator: Option<&Spanned<String>>) -> Result<Option<String>, MappingError> {
        match separator {
            Some(text) if text.get_ref().is_empty() => Err(self.place(text).error("the category separator is empty")),
            other => Ok(other.map(|text| text.get_ref().clone())),
        }
    }

    fn converters(
        &self,
        kind: Option<Kind>,
        converters: &BTreeMap<String, Spanned<String>>,
    ) -> Result<BTreeMap<String, Converter>, MappingError> {
        let Some(kind) = kind else { return Ok(BTreeMap::new()) };
        let words = vocabulary(kind);
        let mut checked = BTreeMap::new();
        for (column, name) in converters {
            let place = self.place(name);
            let meaning = words.iter().find(|(word, _)| word == column).map(|(_, meaning)| *meaning);
            let Some(meaning) = meaning else { return Err(unknown_word(&place, column, kind)) };
            let converter = Converter::from_str(name.get_ref()).map_err(|what| place.error(what))?;
            if !converter.fits(meaning) {
                return Err(
                    place.error(format!("the converter `{}` does not fit the column `{column}`", name.get_ref()))
                );
            }
            checked.insert(column.clone(), converter);
        }
        Ok(checked)
    }

    fn values(
        &self,
        kind: Option<Kind>,
        values: &BTreeMap<String, Spanned<BTreeMap<String, String>>>,
    ) -> Result<BTreeMap<String, BTreeMap<String, String>>, MappingError> {
        let mut checked = BTreeMap::new();
        for (column, map) in values {
            let known = match kind {
                Some(kind) => vocabulary(kind).iter().any(|(word, _)| word == column),
                None => PEOPLE.contains(&column.as_str()),
            };
            let place = self.place(map);
            match (known, kind) {
                (true, _) => {}
                (false, Some(kind)) => return Err(unknown_word(&place, column, kind)),
                (false, None) => return Err(place.error(format!("`{column}` is no word of the `people` query"))),
            }
            if matches!(column.as_str(), "key" | "changed" | "changed_2") {
                return Err(place.error(format!("`{column}` is taken as it is: it has no value map")));
            }
            let map = map.get_ref().iter().map(|(theirs, ours)| (theirs.trim().to_lowercase(), ours.clone()));
            checked.insert(column.clone(), map.collect());
        }
        Ok(checked)
    }

    fn start(&self) -> Place {
        Place { origin: Arc::clone(self.origin), range: 0..0 }
    }
}

/// Puts its value in the place of every `{name}`.
fn replaced(text: &str, value: impl Fn(&str) -> Result<String, MappingError>) -> Result<String, MappingError> {
    let is_name = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let name = after.split_once('}').map(|(name, _)| name);
        match name.filter(|name| !name.is_empty() && name.chars().all(is_name)) {
            Some(name) => {
                filled.push_str(&value(name)?);
                rest = after.get(name.len() + 1..).unwrap_or_default();
            }
            None => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    Ok(filled)
}
