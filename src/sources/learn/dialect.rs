use super::Connector;

/// How a sort of database writes SQL, as far as learning and learned mappings need it. Values never get into a statement that we
/// run; a learned mapping names codes of the firm as literals, which are written here alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// MariaDB and MySQL.
    Mysql,
    /// PostgreSQL.
    Postgres,
    /// Microsoft SQL Server.
    SqlServer,
}

impl Dialect {
    /// That of a connector.
    #[must_use]
    pub fn of(connector: Connector) -> Self {
        match connector {
            Connector::Sqlite => Self::Sqlite,
            Connector::Mysql => Self::Mysql,
            Connector::Postgres => Self::Postgres,
            Connector::SqlServer => Self::SqlServer,
        }
    }

    /// The connector's word in a mapping.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Mysql => "mysql",
            Self::Postgres => "postgres",
            Self::SqlServer => "sqlserver",
        }
    }

    /// A name in its quotes, whatever it holds.
    #[must_use]
    pub fn name(self, name: &str) -> String {
        match self {
            Self::Sqlite | Self::Postgres => format!("\"{}\"", name.replace('"', "\"\"")),
            Self::Mysql => format!("`{}`", name.replace('`', "``")),
            Self::SqlServer => format!("[{}]", name.replace(']', "]]")),
        }
    }

    /// Text in its quotes, whatever it holds.
    #[must_use]
    pub fn literal(self, text: &str) -> String {
        let doubled = text.replace('\'', "''");
        match self {
            // A backslash takes the next letter as it is there.
            Self::Mysql => format!("'{}'", doubled.replace('\\', "\\\\")),
            Self::SqlServer if !text.is_ascii() => format!("N'{doubled}'"),
            Self::Sqlite | Self::Postgres | Self::SqlServer => format!("'{doubled}'"),
        }
    }

    /// A value as text of at most so many characters.
    pub(super) fn as_text(self, value: &str, length: u8) -> String {
        let sort = match self {
            Self::Mysql => "CHAR",
            Self::SqlServer => "NVARCHAR",
            Self::Sqlite | Self::Postgres => "VARCHAR",
        };
        format!("CAST({value} AS {sort}({length}))")
    }

    /// Texts in a row. None of them may be NULL.
    pub(super) fn joined(self, parts: &[String]) -> String {
        match self {
            Self::Sqlite | Self::Postgres => parts.join(" || "),
            Self::SqlServer => parts.join(" + "),
            Self::Mysql => format!("CONCAT({})", parts.join(", ")),
        }
    }

    /// The first rows of a SELECT whose columns and rest are given.
    pub(super) fn first_rows(self, count: u16, columns: &str, rest: &str) -> String {
        match self {
            Self::SqlServer => format!("SELECT TOP {count} {columns} {rest}"),
            Self::Sqlite | Self::Mysql | Self::Postgres => format!("SELECT {columns} {rest} LIMIT {count}"),
        }
    }

    /// Schema, table, column and type of everything that a practice system may have made, in order.
    #[must_use]
    pub fn catalogue(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "SELECT 'main', m.name, p.name, p.type FROM sqlite_master m, pragma_table_info(m.name) p \
                 WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY m.name, p.cid"
            }
            Self::Mysql => {
                "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS \
                 WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME, ORDINAL_POSITION"
            }
            Self::Postgres => {
                "SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns \
                 WHERE table_schema NOT IN ('pg_catalog', 'information_schema') \
                 ORDER BY table_schema, table_name, ordinal_position"
            }
            Self::SqlServer => {
                // What is read becomes a derived table there, which may be in order only where it has a TOP.
                "SELECT TOP (2147483647) TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS \
                 WHERE TABLE_SCHEMA NOT IN ('sys', 'INFORMATION_SCHEMA') \
                 ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [Dialect; 4] = [Dialect::Sqlite, Dialect::Mysql, Dialect::Postgres, Dialect::SqlServer];

    proptest! {
        #[test]
        fn a_quoted_name_ends_where_it_should(name in "[\\PC\"`\\]\\[']{0,20}") {
            for dialect in ALL {
                let quoted = dialect.name(&name);
                let close = quoted.chars().next_back().expect("a quote");
                let inside = &quoted[1..quoted.len() - 1];
                prop_assert_eq!(inside.replace(&format!("{close}{close}"), ""), name.replace(close, ""));
                prop_assert_eq!(inside.matches(close).count(), 2 * name.matches(close).count());
            }
        }

        #[test]
        fn sqlite_reads_a_literal_as_the_text_that_it_was(text in "[\\PC'\\\\]{0,20}") {
            let database = rusqlite::Connection::open_in_memory().expect("a database");
            let sql = format!("SELECT {}", Dialect::Sqlite.literal(&text));
            let read: String = database.query_row(&sql, [], |row| row.get(0)).expect("one text");
            prop_assert_eq!(read, text);
        }
    }
}
