//! The scripted server with tables behind it: an SQLite file answers what the connector asks in T-SQL. So everything that a reading
//! does goes over the wire as bytes and comes back as bytes. It keeps to what SQL Server's documentation forbids of a derived table
//! (errors 1033 and 8155), and proves nothing else about how SQL Server runs a statement.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

use rusqlite::{Connection, types::Value as Stored};

use super::{
    scripted::{Bound, Heading, Manner, OF_BIGINT, Said, Scripted, Value, bigint, nvarchar, of_nvarchar},
    usual,
};

/// What was asked of a server, for whoever wants to know.
pub(crate) type Asked = Arc<Mutex<Vec<String>>>;

/// The port of a server whose database is an SQLite file; its tables belong to this owner. And what it was asked.
pub(crate) fn on_sqlite(file: PathBuf, owner: &str) -> (u16, Asked) {
    let owner = owner.to_owned();
    let server = Scripted::at("127.0.0.1", Manner::plain(), move |statement, values| {
        let owner = owner.as_str();
        let ours = ["SET ", "IF ", "SELECT DATEDIFF"].iter().any(|begin| statement.starts_with(begin));
        let of_server = ["SERVERPROPERTY", "snapshot_isolation_state", "MIN_ACTIVE", "CURRENT_VERSION()", "AS rights"];
        if ours || of_server.iter().any(|part| statement.contains(part)) {
            return usual(statement);
        }
        if let Some(said) = of_a_login(statement) {
            return said;
        }
        let database = Connection::open_in_memory().expect("a database");
        let attached = format!("ATTACH DATABASE ?1 AS [{owner}]");
        database.execute(&attached, [file.to_str().expect("a path")]).expect("the file");
        if ["CREATE TABLE ", "INSERT INTO ", "DROP TABLE "].iter().any(|write| statement.contains(write)) {
            let sql = translated(statement);
            database.execute_batch(&sql).unwrap_or_else(|error| panic!("{error}\n{sql}"));
            return Said::Done;
        }
        if let Some(inner) = statement.strip_prefix("SELECT TOP (0) * FROM (\n") {
            let inner = inner.strip_suffix("\n) AS described").expect("the connector's own words");
            return forbidden(inner).unwrap_or_else(|| match answer(&database, owner, inner, values) {
                Said::Typed(columns, _) if columns.iter().any(|(name, _)| name.contains('(')) => {
                    Said::Error(8155, "No column name was specified for a column of 'described'.")
                }
                Said::Typed(columns, _) => Said::Typed(columns, Vec::new()),
                said => said,
            });
        }
        answer(&database, owner, statement, values)
    });
    (server.port, server.asked)
}

/// What a server says to a login that owns a database and may do nothing beside it.
fn of_a_login(statement: &str) -> Option<Said> {
    let one = |column, value| Some(Said::Rows(vec![column], vec![vec![value]]));
    match statement {
        "SELECT DB_NAME() AS name" => one("name", Value::Text("office")),
        // So python-tds goes into a database.
        change if change.starts_with("use ") => Some(Said::Done),
        "SELECT @@VERSION AS version" => one("version", Value::Text("Microsoft SQL Server 2022")),
        may if may.ends_with(" AS may") => one("may", Value::Number(0)),
        schema if schema.starts_with("CREATE SCHEMA ") || schema.starts_with("DROP SCHEMA ") => Some(Said::Done),
        forbidden if forbidden.starts_with("CREATE ") && !forbidden.starts_with("CREATE TABLE ") => {
            Some(Said::Error(262, "Permission denied in database 'master'."))
        }
        _ => None,
    }
}

/// What no derived table may have.
fn forbidden(inner: &str) -> Option<Said> {
    let ordered = inner.contains(" ORDER BY ") && !inner.starts_with("SELECT TOP ");
    ordered
        .then_some(Said::Error(1033, "The ORDER BY clause is invalid in derived tables, unless TOP is also specified."))
}

/// The statement as SQLite understands it. Names in brackets it knows; texts are joined by `||` and the first rows come at the end.
fn translated(statement: &str) -> String {
    let sql = statement.replace(" + ", " || ").replace(" N'", " '");
    match sql.strip_prefix("SELECT TOP ").and_then(|rest| rest.split_once(' ')) {
        Some((count, rest)) => format!("SELECT {rest} LIMIT {}", count.trim_matches(['(', ')'])),
        None => sql,
    }
}

fn answer(database: &Connection, owner: &str, statement: &str, values: &[Bound]) -> Said {
    if statement.contains("INFORMATION_SCHEMA") {
        return metadata(database, owner, statement);
    }
    let sql = translated(statement);
    let mut prepared = database.prepare(&sql).unwrap_or_else(|error| panic!("{error}\n{sql}"));
    let names: Vec<String> = prepared.column_names().map(str::to_owned).collect();
    for (number, value) in values.iter().enumerate() {
        let value = match value {
            Bound::Number(number) => Stored::Integer(*number),
            Bound::Text(text) => Stored::Text(text.clone()),
            Bound::Bytes(bytes) => Stored::Blob(bytes.clone()),
        };
        if let Some(place) = prepared.parameter_index(&format!("@P{}", number + 1)).expect("a name") {
            prepared.raw_bind_parameter(place, value).expect("bound");
        }
    }
    let mut read = prepared.raw_query();
    let mut rows: Vec<Vec<Stored>> = Vec::new();
    while let Some(row) = read.next().expect("a row") {
        rows.push((0..names.len()).map(|place| row.get(place).expect("a value")).collect());
    }
    sent(names, &rows)
}

/// A column is of whole numbers where all its values are; else it is text.
fn sent(names: Vec<String>, rows: &[Vec<Stored>]) -> Said {
    let whole = |place: usize| {
        rows.iter().all(|row| matches!(row[place], Stored::Integer(_) | Stored::Null))
            && rows.iter().any(|row| row[place] != Stored::Null)
    };
    let whole: Vec<bool> = (0..names.len()).map(whole).collect();
    let columns: Vec<Heading> = names
        .into_iter()
        .zip(&whole)
        .map(|(name, whole)| (name, if *whole { OF_BIGINT.to_vec() } else { of_nvarchar() }))
        .collect();
    let value = |(value, whole): (&Stored, &bool)| match value {
        Stored::Null if *whole => bigint(None),
        Stored::Null => nvarchar(None),
        Stored::Integer(number) if *whole => bigint(Some(*number)),
        Stored::Integer(number) => nvarchar(Some(&number.to_string())),
        Stored::Text(text) => nvarchar(Some(text)),
        other => panic!("the fixture has no {other:?}"),
    };
    let rows = rows.iter().map(|row| row.iter().zip(&whole).map(value).collect()).collect();
    Said::Typed(columns, rows)
}

/// Tables and columns in the shape of `INFORMATION_SCHEMA`.
fn metadata(database: &Connection, owner: &str, statement: &str) -> Said {
    let mut tables = database
        .prepare(&format!("SELECT m.name, p.name, p.type FROM [{owner}].sqlite_master m, pragma_table_info(m.name, '{owner}') p ORDER BY m.name, p.cid"))
        .expect("SQLite's own tables");
    let read = tables.query_map([], |row| Ok([row.get::<_, String>(0)?, row.get(1)?, row.get::<_, String>(2)?]));
    let read: Vec<[String; 3]> = read.expect("rows").map(|row| row.expect("texts")).collect();
    if statement.contains("INFORMATION_SCHEMA.TABLES") {
        let of_one = statement.contains("WHERE TABLE_SCHEMA = ");
        let called = |[table, ..]: [String; 3]| if of_one { table } else { format!("{owner}.{table}") };
        let mut names: Vec<String> = read.into_iter().map(called).collect();
        names.dedup();
        return sent(
            vec!["name".to_owned()],
            &names.into_iter().map(|name| vec![Stored::Text(name)]).collect::<Vec<_>>(),
        );
    }
    let sort = |sort: &str| {
        let lower = sort.to_lowercase();
        let named = lower.split('(').next().unwrap_or_default();
        if named == "integer" { "int".to_owned() } else { named.to_owned() }
    };
    if statement.contains(" AS place") {
        let row = |[table, column, of]: [String; 3]| {
            vec![Stored::Text(format!("{owner}.{table}")), Stored::Text(column), Stored::Text(sort(&of))]
        };
        let rows: Vec<_> = read.into_iter().map(row).collect();
        return sent(["place", "name", "sort"].map(str::to_owned).to_vec(), &rows);
    }
    let row = |[table, column, of]: [String; 3]| {
        vec![Stored::Text(owner.to_owned()), Stored::Text(table), Stored::Text(column), Stored::Text(sort(&of))]
    };
    let names = ["TABLE_SCHEMA", "TABLE_NAME", "COLUMN_NAME", "DATA_TYPE"].map(str::to_owned).to_vec();
    sent(names, &read.into_iter().map(row).collect::<Vec<_>>())
}
