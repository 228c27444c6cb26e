use std::{fmt, str::FromStr};

/// Which sort of database a mapping is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connector {
    /// A file.
    Sqlite,
    /// A MariaDB or MySQL server.
    Mysql,
    /// A PostgreSQL server.
    Postgres,
    /// A Microsoft SQL Server.
    SqlServer,
}

impl Connector {
    const NAMES: [(&'static str, Self); 4] = [
        ("sqlite", Self::Sqlite),
        ("mysql", Self::Mysql),
        ("postgres", Self::Postgres),
        ("sqlserver", Self::SqlServer),
    ];

    /// The port on which such a server listens where nobody says otherwise.
    pub fn usual_port(self) -> u16 {
        match self {
            Self::Sqlite => 0,
            Self::Mysql => 3306,
            Self::Postgres => 5432,
            Self::SqlServer => 1433,
        }
    }
}

impl FromStr for Connector {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, connector)| *connector).ok_or_else(|| {
            let names = Self::NAMES.map(|(known, _)| format!("`{known}`")).join(", ");
            format!("there is no connector `{name}` in this version; it has {names}")
        })
    }
}

impl fmt::Display for Connector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.iter().find(|(_, connector)| connector == self).map_or("", |(name, _)| name);
        formatter.write_str(name)
    }
}
