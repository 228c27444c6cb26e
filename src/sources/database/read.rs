use std::collections::HashSet;

use tokio::sync::mpsc::Sender;

use super::{
    Shared,
    statements::{changed_sql, refused, sweep_sql, wrapped},
};
use crate::{
    domain::{Kind, QueryName, RowProblem},
    ports::{Cursor, Failure, FailureKind, Portion, QueryRead},
    sources::{
        beside::{TieCollector, Ties, WallCollector},
        mapping::{LINKS, Meaning, Query, WALLS},
        people,
        rows::{Pass, Reader, Rules, Totals},
        session::{Abandoned, Session, Since, Stop, names},
        watermark::{self, Reach},
    },
};

/// Rows in one portion.
const PORTION: usize = 500;

pub(super) type Portions = Sender<Result<Portion, Failure>>;

/// Reads people and queries in one session and sends what it reads.
pub(super) fn read(
    shared: &Shared,
    queries: Vec<(Kind, QueryName, QueryRead)>,
    sender: &Portions,
    session: &mut dyn Session,
) -> Result<(), Failure> {
    match (Job { shared, sender }).everything(queries, session) {
        Ok(()) | Err(Stop::Abandoned) => Ok(()),
        Err(Stop::Failed(failure)) => Err(failure),
    }
}

/// How rows are understood, and who is tied to them.
#[derive(Clone, Copy)]
struct Tied<'t> {
    rules: &'t Rules,
    ties: Option<&'t Ties>,
}

struct Job<'j> {
    shared: &'j Shared,
    sender: &'j Portions,
}

impl Job<'_> {
    fn everything(&self, queries: Vec<(Kind, QueryName, QueryRead)>, session: &mut dyn Session) -> Result<(), Stop> {
        let now = session.now()?;
        let (people, problems) = self.people(session)?;
        let rules = Rules {
            zone: self.shared.settings.source_zone.clone(),
            day_zone: self.shared.settings.day_zone.clone(),
            event_minutes: self.shared.settings.event_minutes,
            people: people.iter().map(|person| person.id.0.clone()).collect(),
        };
        self.send(Portion::People(people))?;
        self.send_problems(problems)?;
        self.walls(&rules, session)?;
        let overlap_minutes = self.shared.settings.overlap_minutes;
        let reach = Reach { overlap_minutes, zone: &rules.zone, now, uncommitted_from: None };
        for (kind, name, how) in queries {
            let query = self.shared.mapping.queries.iter().find(|query| query.kind == Some(kind) && query.name == name);
            if let Some(query) = query {
                self.query(kind, query, &how, &rules, reach, session)?;
            }
        }
        self.send(Portion::Complete)?;
        Ok(())
    }

    fn people(&self, session: &mut dyn Session) -> Result<(Vec<crate::ports::Person>, Vec<RowProblem>), Failure> {
        let query = &self.shared.mapping.people;
        let (sql, what) = (wrapped(&query.sql), "the `people` query");
        let columns = names(&session.columns(&sql, what)?);
        let places = query.people_columns(&columns).map_err(|error| refused(&self.shared.settings, error))?;
        let mut collected = people::People::new(query, places);
        let mut each = |cells: &[_]| {
            collected.row(cells);
            Ok(())
        };
        session.rows(&sql, None, what, &mut each).map_err(|stop| match stop {
            Stop::Failed(failure) => failure,
            Stop::Abandoned => Failure::new(FailureKind::Source, "read the people"),
        })?;
        collected.finish()
    }

    /// Reads the walls that the practice system keeps, in full. If that fails the whole reading does: without them nobody may
    /// get anything.
    fn walls(&self, rules: &Rules, session: &mut dyn Session) -> Result<(), Stop> {
        let Some(walls) = &self.shared.mapping.walls else { return Ok(()) };
        let (sql, what) = (wrapped(&walls.sql), "the `walls` query");
        let columns = names(&session.columns(&sql, what)?);
        let places = walls.columns(&WALLS, &columns).map_err(|error| refused(&self.shared.settings, error))?;
        let mut collected = WallCollector::new(&rules.people, places);
        session.rows(&sql, None, what, &mut |cells| {
            collected.row(cells);
            Ok(())
        })?;
        let (walls, problems) = collected.finish()?;
        self.send(Portion::Walls(walls))?;
        Ok(self.send_problems(problems)?)
    }

    /// Reads who is tied to the contacts of a query, in full.
    fn ties(&self, kind: Kind, query: &Query, rules: &Rules, session: &mut dyn Session) -> Result<Option<Ties>, Stop> {
        let Some(links) = &query.links else { return Ok(None) };
        let (sql, what) = (wrapped(&links.sql), format!("`links_sql` of `{}`", query.name));
        let columns = names(&session.columns(&sql, &what)?);
        let places = links.columns(&LINKS, &columns).map_err(|error| refused(&self.shared.settings, error))?;
        let mut collected = TieCollector::new(&query.name, &rules.people, places);
        session.rows(&sql, None, &what, &mut |cells| {
            collected.row(cells);
            Ok(())
        })?;
        let (ties, problems) = collected.finish();
        self.send(Portion::Ties { kind, name: query.name.clone(), digest: ties.digest })?;
        self.send_problems(problems)?;
        Ok(Some(ties))
    }

    fn query(
        &self,
        kind: Kind,
        query: &Query,
        how: &QueryRead,
        rules: &Rules,
        reach: Reach<'_>,
        session: &mut dyn Session,
    ) -> Result<(), Stop> {
        let uncommitted_from = if query.hinted { session.uncommitted_from(query)? } else { None };
        let reach = Reach { uncommitted_from: uncommitted_from.as_ref(), ..reach };
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
        let ties = self.ties(kind, query, rules, session)?;
        let rules = Tied { rules, ties: ties.as_ref() };
        let full = self.full(kind, query, since.as_ref(), rules, known, session)?;
        let mut contradicted = full.contradicted;
        let mut swept = None;
        if let (QueryRead::Sweep(_), Some(_)) = (how, &since) {
            let sweep = self.sweep(kind, query, rules, contradicted, session)?;
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
        since: Option<&Since>,
        rules: Tied<'_>,
        known: HashSet<u64>,
        session: &mut dyn Session,
    ) -> Result<Totals, Stop> {
        let what = format!("the query `{}`", query.name);
        let whole = wrapped(&query.sql);
        let columns = session.columns(&whole, &what)?;
        let sql = match since {
            None => whole,
            Some((first, second)) => changed_sql(query, &columns, first, second.is_some()),
        };
        let columns = names(&columns);
        let meanings = query.meanings(&columns).map_err(|error| refused(&self.shared.settings, error))?;
        let mut pass = Pass::new(Reader::new(query, &columns, &meanings, rules.rules).tied(rules.ties), known);
        session.rows(&sql, since, &what, &mut |cells| {
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
        rules: Tied<'_>,
        known: HashSet<u64>,
        session: &mut dyn Session,
    ) -> Result<Totals, Stop> {
        let has_second = self.has_second(query, session)?;
        let (sql, what) = (sweep_sql(query, has_second, session.key()), format!("the sweep of `{}`", query.name));
        let columns = names(&session.columns(&sql, &what)?);
        let meanings = query.sweep_meanings(&columns).map_err(|error| refused(&self.shared.settings, error))?;
        let mut pass = Pass::new(Reader::new(query, &columns, &meanings, rules.rules).tied(rules.ties), known);
        session.rows(&sql, None, &what, &mut |cells| {
            pass.sweep_row(cells);
            self.send_full_portions(kind, query, &mut pass)
        })?;
        self.send_ready(kind, query, &mut pass, true)?;
        Ok(pass.finish())
    }

    fn has_second(&self, query: &Query, session: &mut dyn Session) -> Result<bool, Failure> {
        let columns = names(&session.columns(&wrapped(&query.sql), &format!("the query `{}`", query.name))?);
        let meanings = query.meanings(&columns).map_err(|error| refused(&self.shared.settings, error))?;
        Ok(meanings.contains(&Meaning::ChangedSecond))
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
