use std::collections::{BTreeMap, BTreeSet};

use super::{Catalogue, ColumnInfo, Dialect, Home, Shape, Table, can_be_carried, recognise, recognise::is_known};
use crate::{
    domain::Personal,
    ports::Failure,
    sources::{
        cell::Cell,
        session::{Session, Stop},
    },
};

/// Rows of a table that are looked at, the last changed first.
const ROWS: u16 = 500;

/// Rows of the contacts that are looked at: each classification code has fields of its own.
const CONTACTS: u16 = 3000;

/// Tables that are looked at beside the known ones.
const TABLES: usize = 12;

/// Characters of a text that are kept while somebody looks.
const LETTERS: usize = 120;

/// Different codes of a column.
const CODES: usize = 400;

/// What a look at a database found. The sampled rows live as long as this, are shown to whoever sits at the terminal, and are
/// never logged or written.
#[derive(Debug)]
pub struct Findings {
    /// How its SQL is written.
    pub dialect: Dialect,
    /// Its tables.
    pub catalogue: Catalogue,
    /// Where Time Matters is, the likeliest first.
    pub homes: Vec<Home>,
    pub(super) samples: Vec<Sample>,
    /// How many rows have which code, by schema, table and column.
    pub(super) codes: BTreeMap<(String, String, String), Vec<(String, u64)>>,
}

/// Some rows of a table.
#[derive(Debug)]
pub(super) struct Sample {
    schema: String,
    table: String,
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

impl Findings {
    /// A database of which nothing but the catalogue is known.
    #[must_use]
    pub fn of_catalogue(dialect: Dialect, catalogue: Catalogue) -> Self {
        let homes = recognise(&catalogue);
        Self { dialect, catalogue, homes, samples: Vec::new(), codes: BTreeMap::new() }
    }

    /// Looks at the tables, and at some rows of those that matter.
    pub(in crate::sources) fn explore(session: &mut dyn Session, dialect: Dialect) -> Result<Self, Failure> {
        let mut findings = Self::of_catalogue(dialect, Catalogue::told_by(session, dialect)?);
        let schemas = findings.homes.iter().filter(|home| home.complete).map(|home| home.schema.clone());
        for schema in schemas.collect::<Vec<_>>() {
            findings.look_into(&schema, session)?;
        }
        Ok(findings)
    }

    fn look_into(&mut self, schema: &str, session: &mut dyn Session) -> Result<(), Failure> {
        let worth: Vec<Table> = worth_a_look(&self.catalogue, schema).into_iter().cloned().collect();
        for table in &worth {
            for column in ["staff", "ccode", "init"] {
                if let Some(column) = table.column(column) {
                    self.count(table, &column.name, session)?;
                }
            }
            let sample = self.sample_of(table, session)?;
            self.samples.push(sample);
        }
        Ok(())
    }

    fn count(&mut self, table: &Table, column: &str, session: &mut dyn Session) -> Result<(), Failure> {
        let sql = self.dialect.codes(table, column);
        let mut codes: BTreeMap<String, u64> = BTreeMap::new();
        each(session, &sql, &format!("the codes of `{}`", table.name), |cells| {
            let count = match cells.get(1) {
                Some(Cell::Integer(count)) => u64::try_from(*count).unwrap_or_default(),
                _ => 0,
            };
            if let Some(code) = cells.first().and_then(shown)
                && (codes.len() < CODES || codes.contains_key(&code))
            {
                *codes.entry(code).or_default() += count;
            }
        })?;
        let mut codes: Vec<(String, u64)> = codes.into_iter().collect();
        codes.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        self.codes.insert(place(&table.schema, &table.name, column), codes);
        Ok(())
    }

    fn sample_of(&self, table: &Table, session: &mut dyn Session) -> Result<Sample, Failure> {
        let (columns, sql) = self.dialect.some_rows(table);
        let mut rows = Vec::new();
        each(session, &sql, &format!("some rows of `{}`", table.name), |cells| {
            rows.push(cells.iter().map(short).collect());
        })?;
        Ok(Sample { schema: table.schema.clone(), table: table.name.clone(), columns, rows })
    }

    /// The initials of everybody on the staff.
    pub(super) fn initials(&self, schema: &str) -> BTreeSet<String> {
        self.codes_of(schema, "staff", "init").iter().map(|(code, _)| code.clone()).collect()
    }

    /// How many rows have which code, the most frequent first.
    pub(super) fn codes_of(&self, schema: &str, table: &str, column: &str) -> &[(String, u64)] {
        let known = self.codes.iter().find(|((at, named, of), _)| {
            at == schema && named.eq_ignore_ascii_case(table) && of.eq_ignore_ascii_case(column)
        });
        known.map_or(&[], |(_, codes)| codes)
    }

    /// The sampled values of a column, of the rows that another column says are of this code.
    pub(super) fn cells<'f>(&'f self, table: &Table, column: &str, code: Option<(&str, &'f str)>) -> Vec<&'f Cell> {
        let Some(sample) = self.sample(table) else { return Vec::new() };
        let Some(at) = sample.at(column) else { return Vec::new() };
        let of = code.and_then(|(column, code)| Some((sample.at(column)?, code)));
        let rows = sample
            .rows
            .iter()
            .filter(|row| of.is_none_or(|(at, code)| row.get(at).and_then(shown).is_some_and(|found| found == code)));
        rows.filter_map(|row| row.get(at)).collect()
    }

    /// The sampled rows with these columns.
    pub(super) fn rows<'f>(&'f self, table: &Table, columns: &[&str]) -> Vec<Vec<&'f Cell>> {
        let Some(sample) = self.sample(table) else { return Vec::new() };
        let places: Option<Vec<usize>> = columns.iter().map(|column| sample.at(column)).collect();
        let Some(places) = places else { return Vec::new() };
        let of = |row: &'f Vec<Cell>| places.iter().filter_map(|at| row.get(*at)).collect();
        sample.rows.iter().map(of).collect()
    }

    /// The shape of a column's sampled values.
    pub(super) fn shape(&self, table: &Table, column: &str) -> Shape {
        Shape::of(self.cells(table, column, None), &self.initials(&table.schema))
    }

    fn sample(&self, table: &Table) -> Option<&Sample> {
        self.samples.iter().find(|sample| sample.schema == table.schema && sample.table == table.name)
    }
}

impl Catalogue {
    /// What the database tells of its tables.
    pub(in crate::sources) fn told_by(session: &mut dyn Session, dialect: Dialect) -> Result<Self, Failure> {
        let mut catalogue = Self::default();
        each(session, dialect.catalogue(), "the list of tables and columns", |cells| catalogue.row(cells))?;
        Ok(catalogue)
    }
}

impl Sample {
    fn at(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|known| known.eq_ignore_ascii_case(column))
    }
}

impl Dialect {
    /// A table with its schema.
    pub(super) fn place(self, table: &Table) -> String {
        format!("{}.{}", self.name(&table.schema), self.name(&table.name))
    }

    /// The statement that counts the rows of each code in a column.
    #[must_use]
    pub fn codes(self, table: &Table, column: &str) -> String {
        let column = format!("t.{}", self.name(column));
        format!("SELECT {column} AS code, COUNT(*) AS found FROM {} t GROUP BY {column}", self.place(table))
    }

    /// The columns of a table that can be looked at, and the statement that reads some of its rows, the last changed first.
    #[must_use]
    pub fn some_rows(self, table: &Table) -> (Vec<String>, String) {
        let columns = table.columns.iter().filter(|column| !column.is_bytes() && can_be_carried(&column.name));
        let columns: Vec<String> = columns.map(|column| column.name.clone()).collect();
        let quoted: Vec<String> = columns.iter().map(|column| format!("t.{}", self.name(column))).collect();
        let changed = ["m_date", "m_time"].into_iter().filter_map(|mark| table.column(mark));
        let changed: Vec<String> = changed.map(|mark| format!("t.{} DESC", self.name(&mark.name))).collect();
        let order = if changed.is_empty() { String::new() } else { format!(" ORDER BY {}", changed.join(", ")) };
        let count = if table.name.eq_ignore_ascii_case("contact") { CONTACTS } else { ROWS };
        let rest = format!("FROM {} t{order}", self.place(table));
        (columns, self.first_rows(count, &quoted.join(", "), &rest))
    }
}

/// The known tables, and those that could hold appointments.
fn worth_a_look<'c>(catalogue: &'c Catalogue, schema: &'c str) -> Vec<&'c Table> {
    let known = ["staff", "userid", "contact", "matter", "todo", "phone"];
    let mut worth: Vec<&Table> = known.iter().filter_map(|name| catalogue.table(schema, name)).collect();
    worth.extend(may_hold_appointments(catalogue, schema).into_iter().take(TABLES));
    worth
}

/// Tables with days and times beside those of their changes and with somebody's initials, or with the key of every record; the ones that
/// are named so first.
pub(super) fn may_hold_appointments<'c>(catalogue: &'c Catalogue, schema: &'c str) -> Vec<&'c Table> {
    let fits = |table: &&Table| {
        let may_tell_when = |column: &&ColumnInfo| column.is_whole() || column.is_day() || column.is_time();
        let when = table.columns.iter().filter(may_tell_when).count();
        let marks = ["c_date", "c_time", "m_date", "m_time"].into_iter().filter(|mark| table.has(mark)).count();
        !is_known(&table.name)
            && can_be_carried(&table.name)
            && when > marks
            && (table.has("staff") || table.has("sysid"))
    };
    let mut tables: Vec<&Table> = catalogue.in_schema(schema).filter(fits).collect();
    let named = |table: &Table| {
        let name = table.name.to_lowercase();
        ["event", "appoint", "calend", "sched"].iter().any(|part| name.contains(part))
    };
    tables.sort_by_key(|table| (!named(table), !table.has("staff"), table.name.clone()));
    tables
}

fn place(schema: &str, table: &str, column: &str) -> (String, String, String) {
    (schema.to_owned(), table.to_owned(), column.to_owned())
}

/// A value as a person reads it; nothing for nothing.
pub(super) fn shown(cell: &Cell) -> Option<String> {
    let text = match cell {
        Cell::Integer(number) => number.to_string(),
        Cell::Real(number) => number.to_string(),
        Cell::Text(text) => text.trim().to_owned(),
        Cell::Null | Cell::Garbled(_) | Cell::Blob(_) => String::new(),
    };
    Some(text).filter(|text| !text.is_empty())
}

/// Up to three different values, for the eyes of whoever sits at the terminal.
pub(super) fn examples(cells: &[&Cell]) -> Vec<Personal<String>> {
    let mut seen: Vec<String> = Vec::new();
    for value in cells.iter().filter_map(|cell| shown(cell)).filter(|value| value != "0") {
        let value: String = value.lines().next().unwrap_or_default().chars().take(40).collect();
        if !seen.contains(&value) {
            seen.push(value);
        }
        if seen.len() == 3 {
            break;
        }
    }
    seen.into_iter().map(Personal::new).collect()
}

fn short(cell: &Cell) -> Cell {
    match cell {
        Cell::Text(text) => Cell::Text(text.chars().take(LETTERS).collect()),
        Cell::Garbled(_) | Cell::Blob(_) => Cell::Null,
        other => other.clone(),
    }
}

fn each(session: &mut dyn Session, sql: &str, what: &str, mut take: impl FnMut(&[Cell])) -> Result<(), Failure> {
    let mut row = |cells: &[Cell]| {
        take(cells);
        Ok(())
    };
    match session.rows(sql, None, what, &mut row) {
        Ok(()) | Err(Stop::Abandoned) => Ok(()),
        Err(Stop::Failed(failure)) => Err(failure),
    }
}
