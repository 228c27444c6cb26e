//! Columns of types that the driver does not know. An answer with one cannot be read at all, not even the other columns; but the server
//! describes a statement in words, and so the column can be named.

use tiberius::{Query, error::Error};

use super::{connect, statements};
use crate::{
    ports::{Failure, FailureKind},
    sources::{
        Settings,
        server::{Pass, Waiter},
    },
};

/// The types that are understood, as the server names them.
const KNOWN: &[&str] = &[
    "bigint",
    "int",
    "smallint",
    "tinyint",
    "bit",
    "decimal",
    "numeric",
    "money",
    "smallmoney",
    "float",
    "real",
    "date",
    "datetime",
    "datetime2",
    "smalldatetime",
    "datetimeoffset",
    "time",
    "char",
    "varchar",
    "text",
    "nchar",
    "nvarchar",
    "ntext",
    "sysname",
    "binary",
    "varbinary",
    "image",
    "timestamp",
    "rowversion",
    "uniqueidentifier",
    "xml",
    "hierarchyid",
    "geometry",
    "geography",
];

/// A column and its type.
pub(super) type Strange = (String, String);

/// The columns of a statement whose types are not understood; none where the server does not tell. It is asked over a connection of
/// its own: the one on which the answer came is left in the middle of it.
pub(super) async fn columns(settings: &Settings, pass: &Pass, waiter: &Waiter, sql: &str) -> Option<Vec<Strange>> {
    let mut line = connect::connect(settings, pass, waiter).await.ok()?;
    let asking = async {
        // Quoted names are quoted names there, too.
        connect::begin(&mut line).await?;
        let mut asked = Query::new(statements::DESCRIBE);
        asked.bind(sql.to_owned());
        asked.query(&mut line.client).await?.into_first_result().await
    };
    let rows: Result<_, Error> = asking.await;
    let text = |row: &tiberius::Row, column: &str| row.try_get::<&str, _>(column).ok().flatten().map(str::to_owned);
    let described = rows.ok()?.into_iter();
    let described = described.filter_map(|row| Some((text(&row, "name")?, text(&row, "system_type_name")?)));
    Some(described.filter(|(_, sort)| !is_known(sort)).collect())
}

/// Whether a type is understood, with whatever stands in brackets behind it. Types of the CLR have no name of the system's.
fn is_known(sort: &str) -> bool {
    let name = sort.split('(').next().unwrap_or_default().trim();
    KNOWN.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The columns by their names, and how they are read all the same.
pub(super) fn failure(place: &str, columns: &[Strange], what: &str) -> Failure {
    let named: Vec<String> = columns.iter().map(|(name, sort)| format!("`{name}` ({sort})")).collect();
    let name = columns.first().map_or("", |(name, _)| name.as_str());
    Failure::new(FailureKind::Setting, format!("read the practice database `{place}`"))
        .because(format!("{what} has columns of types that this version does not understand: {}", named.join(", ")))
        .hint(format!(
            "in the mapping, write CAST(… AS nvarchar(max)) AS {name} there, or leave the column out; the other columns are not to blame"
        ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_understood_is_not_strange_however_long_it_is() {
        for sort in ["nvarchar(max)", "decimal(19,4)", "datetime2(7)", "INT", "timestamp", "geometry"] {
            assert!(is_known(sort), "{sort}");
        }
        for sort in ["vector(3)", "json", "sql_variant", "", "int4"] {
            assert!(!is_known(sort), "{sort}");
        }
    }
}
