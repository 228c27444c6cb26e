use std::collections::HashSet;

use rusqlite::{Statement, ToSql, types::ToSqlOutput, types::Value as SqlValue};
use tokio::sync::mpsc::Sender;

use super::{Shared, connect, connect::ReadOnly};
use crate::{
    domain::{Kind, QueryName, RowProblem},
    ports::{Cursor, Failure, FailureKind, Portion, QueryRead},
    sources::{
        Settings,
        beside::{TieCollector, Ties, WallCollector},
        cell::Cell,
        mapping::{LINKS, Mapping, MappingError, Meaning, Query, WALLS},
        people,
        rows::{Pass, Reader, Rules, Totals},
        watermark::{self, Reach},
    },
};

/// Rows in one portion.
const PORTION: usize = 500;

type Portions = Sender<Result<Portion, Failure>>;

/// Nobody listens any more.
struct Abandoned;

/// Reads people and queries inside one transaction and sends what it reads.
pub(super) fn read(
    shared: &Shared,
    queries: Vec<(Kind, QueryName, QueryRead)>,
    sender: &Portions,
) -> Result<(), Failure> {
    let listening = sender.clone();
    let database = ReadOnly::open(&shared.settings, move || listening.is_closed())?;
    let transaction = database.connection.unchecked_transaction().map_err(|error| database.trouble(error))?;
    let job = Job { shared, database: &database, sender };
    let outcome = job.everything(queries);
    // Nothing was written: rolling back is only letting go.
    drop(transaction);
    match outcome {
        Ok(()) | Err(Stop::Abandoned) => Ok(()),
        Err(Stop::Failed(failure)) => Err(failure),
    }
}

/// Why a reading ends before its end.
enum Stop {
    Failed(Failure),
    Abandoned,
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Abandoned> for Stop {
    fn from(_: Abandoned) -> Self {
        Self::Abandoned
    }
}

struct Job<'j> {
    shared: &'j Shared,
    database: &'j ReadOnly,
    sender: &'j Portions,
}

impl Job<'_> {
    fn everything(&self, queries: Vec<(Kind, QueryName, QueryRead)>) -> Result<(), Stop> {
        let now = self.database.now()?;
        let (people, problems) = self.people()?;
        let rules = Rules {
            zone: self.shared.settings.source_zone.clone(),
            day_zone: self.shared.settings.day_zone.clone(),
            event_minutes: self.shared.settings.event_minutes,
            people: people.iter().map(|person| person.id.0.clone()).collect(),
        };
        self.send(Portion::People(people))?;
        self.send_problems(problems)?;
        self.walls(&rules)?;
        let reach = Reach { overlap_minutes: self.shared.settings.overlap_minutes, zone: &rules.zone, now };
        for (kind, name, how) in queries {
            let query = self.shared.mapping.queries.iter().find(|query| query.kind == Some(kind) && query.name == name);
            if let Some(query) = query {
                self.query(kind, query, &how, &rules, reach)?;
            }
        }
        self.send(Portion::Complete)?;
        Ok(())
    }

    fn people(&self) -> Result<(Vec<crate::ports::Person>, Vec<RowProblem>), Failure> {
        let query = &self.shared.mapping.people;
        let mut statement = self.database.prepare(&wrapped(&query.sql), "the `people` query")?;
        let columns = connect::columns(&statement);
        let places = query.people_columns(&columns).map_err(|error| refused(&self.shared.settings, error))?;
        let mut collected = people::People::new(query, places);
        self.rows(&mut statement, &[], columns.len(), |cells| {
            collected.row(cells);
            Ok(())
        })
        .map_err(|stop| match stop {
            Stop::Failed(failure) => failure,
            Stop::Abandoned => Failure::new(FailureKind::Source, "read the people"),
        })?;
        collected.finish()
    }

    /// Reads the walls that the practice system keeps, in full. If that fails the whole reading does: without them nobody may
    /// get anything.
    fn walls(&self, rules: &Rules) -> Result<(), Stop> {
        let Some(walls) = &self.shared.mapping.walls else { return Ok(()) };
        let mut statement = self.database.prepare(&wrapped(&walls.sql), "the `walls` query")?;
        let columns = connect::columns(&statement);
        let places = walls.columns(&WALLS, &columns).map_err(|error| refused(&self.shared.settings, error))?;
        let mut collected = WallCollector::new(&rules.people, places);
        self.rows(&mut statement, &[], columns.len(), |cells| {
            collected.row(cells);
            Ok(())
        })?;
        let (walls, problems) = collected.finish()?;
        self.send(Portion::Walls(walls))?;
        Ok(self.send_problems(problems)?)
    }

    /// Reads who is tied to the contacts of a query, in full.
    fn ties(&self, kind: Kind, query: &Query, rules: &Rules) -> Result<Option<Ties>, Stop> {
        let Some(links) = &query.links else { return Ok(None) };
        let mut statement = self.database.prepare(&wrapped(&links.sql), &format!("`links_sql` of `{}`", query.name))?;
        let columns = connect::columns(&statement);
        let places = links.columns(&LINKS, &columns).map_err(|error| refused(&self.shared.settings, error))?;
        let mut collected = TieCollector::new(&query.name, &rules.people, places);
        self.rows(&mut statement, &[], columns.len(), |cells| {
            collected.row(cells);
            Ok(())
        })?;
        let (ties, problems) = collected.finish();
        self.send(Portion::Ties { kind, name: query.name.clone(), digest: ties.digest })?;
        self.send_problems(problems)?;
        Ok(Some(ties))
    }

    fn query(&self, kind: Kind, query: &Query, how: &QueryRead, rules: &Rules, reach: Reach<'_>) -> Result<(), Stop> {
        let cursor = match how {
            QueryRead::Changed(cursor) | QueryRead::Sweep(cursor) => Some(cursor),
            QueryRead::Content => None,
        };
        let since = match cursor {
            None => None,
            Some(cursor) => watermark::bound(cursor, query, reach).map_err(|error| {
                Failure::new(FailureKind::Setting, format!("read only what changed of `{}`", query.name))
                    .because(error)
                    .hint("set `overlap` in the mapping, in the units of `changed`; see docs/reference/mapping.md")
            })?,
        };
        // What contradicts itself is known from the last complete reading; a complete one finds it anew.
        let known = if since.is_some() { self.known_contradictions(kind, query) } else { HashSet::new() };
        let ties = self.ties(kind, query, rules)?;
        let ties = ties.as_ref();
        let full = self.full(kind, query, since.as_ref(), rules, known, ties)?;
        let mut contradicted = full.contradicted;
        let mut swept = None;
        if let (QueryRead::Sweep(_), Some(_)) = (how, &since) {
            let sweep = self.sweep(kind, query, rules, contradicted, ties)?;
            swept = Some(sweep.read);
            contradicted = sweep.contradicted;
        }
        self.remember_contradictions(kind, query, contradicted);
        if full.watermark.is_unordered() {
            let what = "the values of this column have no common order: the query is read in full every time";
            self.send_problems(vec![RowProblem {
                query: query.name.clone(),
                key: None,
                field: None,
                column: Some("changed".to_owned()),
                what: what.to_owned(),
                unreadable: false,
            }])?;
        }
        let next: Option<Cursor> = if query.hinted { full.watermark.cursor(query, cursor, reach) } else { None };
        self.send(Portion::QueryDone { kind, name: query.name.clone(), rows: full.read, swept, cursor: next })?;
        Ok(())
    }

    /// Reads all columns of all rows, or of those that changed.
    fn full(
        &self,
        kind: Kind,
        query: &Query,
        since: Option<&(Cell, Option<Cell>)>,
        rules: &Rules,
        known: HashSet<u64>,
        ties: Option<&Ties>,
    ) -> Result<Totals, Stop> {
        let sql = match since {
            None => wrapped(&query.sql),
            Some((first, second)) => changed_sql(query, first, second.is_some()),
        };
        let mut statement = self.database.prepare(&sql, &format!("the query `{}`", query.name))?;
        let columns = connect::columns(&statement);
        let meanings = query.meanings(&columns).map_err(|error| refused(&self.shared.settings, error))?;
        let reader = Reader::new(query, &columns, &meanings, rules).tied(ties);
        let mut pass = Pass::new(reader, known);
        let mut parameters: Vec<(&str, Parameter<'_>)> = Vec::new();
        if let Some((first, second)) = since {
            parameters.push((":cursor", Parameter(first)));
            parameters.extend(second.as_ref().map(|second| (":cursor_2", Parameter(second))));
        }
        self.rows(&mut statement, &parameters, columns.len(), |cells| {
            pass.full_row(cells);
            self.send_full_portions(kind, query, &mut pass)
        })?;
        self.send_ready(kind, query, &mut pass, true)?;
        Ok(pass.finish())
    }

    /// Reads key, person and `changed` of every row.
    fn sweep(
        &self,
        kind: Kind,
        query: &Query,
        rules: &Rules,
        known: HashSet<u64>,
        ties: Option<&Ties>,
    ) -> Result<Totals, Stop> {
        let has_second = self.has_second(query)?;
        let mut statement =
            self.database.prepare(&sweep_sql(query, has_second), &format!("the sweep of `{}`", query.name))?;
        let columns = connect::columns(&statement);
        let meanings = query.sweep_meanings(&columns).map_err(|error| refused(&self.shared.settings, error))?;
        let reader = Reader::new(query, &columns, &meanings, rules).tied(ties);
        let mut pass = Pass::new(reader, known);
        self.rows(&mut statement, &[], columns.len(), |cells| {
            pass.sweep_row(cells);
            self.send_full_portions(kind, query, &mut pass)
        })?;
        self.send_ready(kind, query, &mut pass, true)?;
        Ok(pass.finish())
    }

    fn has_second(&self, query: &Query) -> Result<bool, Failure> {
        let statement = self.database.prepare(&wrapped(&query.sql), &format!("the query `{}`", query.name))?;
        let meanings =
            query.meanings(&connect::columns(&statement)).map_err(|error| refused(&self.shared.settings, error))?;
        Ok(meanings.contains(&Meaning::ChangedSecond))
    }

    fn rows(
        &self,
        statement: &mut Statement<'_>,
        parameters: &[(&str, Parameter<'_>)],
        columns: usize,
        mut each: impl FnMut(&[Cell]) -> Result<(), Abandoned>,
    ) -> Result<(), Stop> {
        let failed = |error| Stop::Failed(self.database.trouble(error));
        for (name, value) in parameters {
            // A predicate of the mapping need not use both.
            if let Some(index) = statement.parameter_index(name).map_err(failed)? {
                statement.raw_bind_parameter(index, value).map_err(failed)?;
            }
        }
        let mut rows = statement.raw_query();
        let mut cells = Vec::with_capacity(columns);
        while let Some(row) = rows.next().map_err(failed)? {
            connect::cells(row, columns, &mut cells).map_err(failed)?;
            each(&cells)?;
        }
        Ok(())
    }

    fn send_full_portions(&self, kind: Kind, query: &Query, pass: &mut Pass<'_>) -> Result<(), Abandoned> {
        if pass.waiting() > PORTION { self.send_ready(kind, query, pass, false) } else { Ok(()) }
    }

    fn send_ready(&self, kind: Kind, query: &Query, pass: &mut Pass<'_>, end: bool) -> Result<(), Abandoned> {
        let (rows, problems) = pass.take(end);
        if !rows.is_empty() {
            self.send(Portion::Rows(kind, query.name.clone(), rows))?;
        }
        self.send_problems(problems)
    }

    fn send_problems(&self, problems: Vec<RowProblem>) -> Result<(), Abandoned> {
        if problems.is_empty() { Ok(()) } else { self.send(Portion::Problems(problems)) }
    }

    fn send(&self, portion: Portion) -> Result<(), Abandoned> {
        self.sender.blocking_send(Ok(portion)).map_err(|_| Abandoned)
    }

    fn known_contradictions(&self, kind: Kind, query: &Query) -> HashSet<u64> {
        let known = self.shared.contradictions.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.get(&(kind, query.name.clone())).cloned().unwrap_or_default()
    }

    fn remember_contradictions(&self, kind: Kind, query: &Query, contradicted: HashSet<u64>) {
        let mut known = self.shared.contradictions.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.insert((kind, query.name.clone()), contradicted);
    }
}

/// The query as a table, so that conditions can be put upon its columns. The line end guards against a final comment.
pub(super) fn wrapped(sql: &str) -> String {
    format!("SELECT * FROM (\n{sql}\n) AS q")
}

/// The rows that changed. What has no `changed`, or a blank or zero one, is always read.
pub(super) fn changed_sql(query: &Query, first: &Cell, pair: bool) -> String {
    let never = match first {
        Cell::Text(_) => "q.changed IS NULL OR q.changed = ''",
        Cell::Integer(_) if pair => "q.changed IS NULL OR q.changed_2 IS NULL OR q.changed = 0",
        _ => "q.changed IS NULL",
    };
    let since = match &query.changed_sql {
        Some(predicate) => format!("({predicate})"),
        None if pair => "q.changed > :cursor OR (q.changed = :cursor AND q.changed_2 >= :cursor_2)".to_owned(),
        None => "q.changed >= :cursor".to_owned(),
    };
    format!("{} WHERE {since} OR {never}", wrapped(&query.sql))
}

fn sweep_sql(query: &Query, has_second: bool) -> String {
    let person = if query.everyone { "" } else { ", q.person" };
    let second = if has_second { ", q.changed_2" } else { "" };
    match &query.sweep_sql {
        Some(sql) => wrapped(sql),
        None => format!("SELECT q.key{person}, q.changed{second} FROM (\n{}\n) AS q", query.sql),
    }
}

/// A mapping that the database refutes.
pub(super) fn refused(settings: &Settings, error: MappingError) -> Failure {
    Failure::new(FailureKind::Setting, format!("use the mapping `{}`", settings.mapping))
        .because(error)
        .hint("docs/reference/mapping.md lists every word; `pocketdocket practice preview` tries the mapping")
}

struct Parameter<'p>(&'p Cell);

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Owned(match self.0 {
            Cell::Null => SqlValue::Null,
            Cell::Integer(number) => SqlValue::Integer(*number),
            Cell::Real(number) => SqlValue::Real(*number),
            Cell::Text(text) | Cell::Garbled(text) => SqlValue::Text(text.clone()),
            Cell::Blob(bytes) => SqlValue::Blob(bytes.clone()),
        }))
    }
}

/// Checks every query of the mapping against the database, without reading a row.
pub(super) fn validate(settings: &Settings, mapping: &Mapping, database: &ReadOnly) -> Result<(), Failure> {
    let people = database.prepare(&wrapped(&mapping.people.sql), "the `people` query")?;
    mapping.people.people_columns(&connect::columns(&people)).map_err(|error| refused(settings, error))?;
    if let Some(walls) = &mapping.walls {
        let statement = database.prepare(&wrapped(&walls.sql), "the `walls` query")?;
        walls.check(&connect::columns(&statement)).map_err(|error| refused(settings, error))?;
    }
    for query in &mapping.queries {
        if let Some(links) = &query.links {
            let statement = database.prepare(&wrapped(&links.sql), &format!("`links_sql` of `{}`", query.name))?;
            links.check(&connect::columns(&statement)).map_err(|error| refused(settings, error))?;
        }
        let what = format!("the query `{}`", query.name);
        let statement = database.prepare(&wrapped(&query.sql), &what)?;
        let meanings = query.meanings(&connect::columns(&statement)).map_err(|error| refused(settings, error))?;
        if query.hinted {
            let pair = meanings.contains(&Meaning::ChangedSecond);
            database.prepare(&changed_sql(query, &Cell::Null, pair), &format!("`changed_sql` of `{}`", query.name))?;
            let sweep = database.prepare(&sweep_sql(query, pair), &format!("the sweep of `{}`", query.name))?;
            query.sweep_meanings(&connect::columns(&sweep)).map_err(|error| refused(settings, error))?;
        }
    }
    Ok(())
}
