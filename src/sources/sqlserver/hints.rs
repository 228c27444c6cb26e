//! What the server itself counts of changes: `rowversion` columns and change tracking. Both are hints; the sweep finds what they miss.

use tiberius::Row;

use crate::{
    ports::{Failure, FailureKind},
    sources::mapping::Query,
};

/// Whether the query takes its changes from change tracking. One that does not ask what is still kept of them is refused: the server
/// forgets changes after some days, and answers with what is left as if it were all.
pub(super) fn is_tracked(query: &Query) -> Result<bool, &'static str> {
    let mentions = |word: &str| {
        let statements = [Some(&query.sql), query.changed_sql.as_ref()];
        statements.into_iter().flatten().any(|sql| sql.to_ascii_uppercase().contains(word))
    };
    match (mentions("CHANGETABLE"), mentions("CHANGE_TRACKING_MIN_VALID_VERSION")) {
        (true, false) if query.changed_sql.is_some() => Err(
            "its `changed_sql` asks change tracking and not how far back that goes (CHANGE_TRACKING_MIN_VALID_VERSION)",
        ),
        (tracked, _) => Ok(tracked),
    }
}

/// A query that would miss changes.
pub(super) fn refused(query: &Query, what: &'static str) -> Failure {
    Failure::new(FailureKind::Setting, format!("read only what changed of `{}`", query.name))
        .because(what)
        .hint("docs/reference/sources.md shows a condition that does")
}

/// Whether the column `changed` is a rowversion, in what the server describes.
pub(super) fn is_rowversion(described: &[Row]) -> bool {
    let text = |row: &Row, column: &str| row.try_get::<&str, _>(column).ok().flatten().map(str::to_owned);
    described.iter().any(|row| {
        text(row, "name").as_deref() == Some("changed")
            && matches!(text(row, "system_type_name").as_deref(), Some("timestamp" | "rowversion"))
    })
}
