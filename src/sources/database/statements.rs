use crate::{
    ports::{Failure, FailureKind},
    sources::{
        Settings,
        cell::Cell,
        mapping::{Mapping, MappingError, Meaning, Query},
        session::{Column, Session, names},
    },
};

/// The query as a table, so that conditions can be put upon its columns. The line end guards against a final comment.
pub(super) fn wrapped(sql: &str) -> String {
    format!("SELECT * FROM (\n{sql}\n) AS q")
}

/// The rows that changed. What has no `changed`, or a blank or zero one, is always read.
pub(super) fn changed_sql(query: &Query, columns: &[Column], first: &Cell, pair: bool) -> String {
    let nothing = columns.iter().find(|column| column.name == "changed").and_then(|column| column.nothing);
    let never = match (first, nothing) {
        (Cell::Text(_), Some(nothing)) => format!("q.changed IS NULL OR q.changed = {nothing}"),
        (Cell::Integer(_), _) if pair => "q.changed IS NULL OR q.changed_2 IS NULL OR q.changed = 0".to_owned(),
        _ => "q.changed IS NULL".to_owned(),
    };
    let since = match &query.changed_sql {
        Some(predicate) => format!("({predicate})"),
        None if pair => "q.changed > :cursor OR (q.changed = :cursor AND q.changed_2 >= :cursor_2)".to_owned(),
        None => "q.changed >= :cursor".to_owned(),
    };
    format!("{} WHERE {since} OR {never}", wrapped(&query.sql))
}

/// Key, person and `changed` of every row. `key` is how the dialect writes that column.
pub(super) fn sweep_sql(query: &Query, has_second: bool, key: &str) -> String {
    let person = if query.everyone { "" } else { ", q.person" };
    let second = if has_second { ", q.changed_2" } else { "" };
    match &query.sweep_sql {
        Some(sql) => wrapped(sql),
        None => format!("SELECT {key}{person}, q.changed{second} FROM (\n{}\n) AS q", query.sql),
    }
}

/// A mapping that the database refutes.
pub(super) fn refused(settings: &Settings, error: MappingError) -> Failure {
    Failure::new(FailureKind::Setting, format!("use the mapping `{}`", settings.mapping))
        .because(error)
        .hint("docs/reference/mapping.md lists every word; `pocketdocket practice preview` tries the mapping")
}

/// Checks every query of the mapping against the database, without reading a row.
pub(super) fn validate(settings: &Settings, mapping: &Mapping, session: &mut dyn Session) -> Result<(), Failure> {
    let people = names(&session.columns(&wrapped(&mapping.people.sql), "the `people` query")?);
    mapping.people.people_columns(&people).map_err(|error| refused(settings, error))?;
    if let Some(walls) = &mapping.walls {
        let columns = names(&session.columns(&wrapped(&walls.sql), "the `walls` query")?);
        walls.check(&columns).map_err(|error| refused(settings, error))?;
    }
    for query in &mapping.queries {
        if let Some(links) = &query.links {
            let what = format!("`links_sql` of `{}`", query.name);
            links
                .check(&names(&session.columns(&wrapped(&links.sql), &what)?))
                .map_err(|error| refused(settings, error))?;
        }
        let columns = session.columns(&wrapped(&query.sql), &format!("the query `{}`", query.name))?;
        let meanings = query.meanings(&names(&columns)).map_err(|error| refused(settings, error))?;
        if query.hinted {
            let pair = meanings.contains(&Meaning::ChangedSecond);
            let changed = changed_sql(query, &columns, &Cell::Null, pair);
            session.columns(&changed, &format!("`changed_sql` of `{}`", query.name))?;
            let sweep =
                session.columns(&sweep_sql(query, pair, session.key()), &format!("the sweep of `{}`", query.name))?;
            query.sweep_meanings(&names(&sweep)).map_err(|error| refused(settings, error))?;
        }
    }
    Ok(())
}
