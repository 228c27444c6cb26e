use mysql_async::{Conn, Error, prelude::Queryable};

use crate::sources::{ServerSettings, session::Look};

/// What an account that only reads does not have.
const WRITES: [&str; 13] = [
    "ALL", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "ALTER", "INDEX", "TRIGGER", "EVENT", "SUPER", "FILE",
    "GRANT",
];

/// Version, rights, tables.
pub(super) async fn look(connection: &mut Conn, server: Option<&ServerSettings>) -> Result<Look, Error> {
    let database = server.map_or("", |server| server.database.as_str());
    let version: Option<(String, Option<String>)> =
        connection.query_first("SELECT VERSION(), @@version_comment").await?;
    let (version, comment) = version.unwrap_or_default();
    let product = if version.contains("MariaDB") { "MariaDB" } else { "MySQL" };
    let cipher: Option<(String, String)> = connection.query_first("SHOW SESSION STATUS LIKE 'Ssl_version'").await?;
    let way = cipher.map(|(_, version)| version).filter(|version| !version.is_empty());
    let way = way.map_or_else(|| "not encrypted, on this machine".to_owned(), |version| format!("over {version}"));
    let mut look =
        Look { version: format!("{product} {version} ({}), {way}", comment.unwrap_or_default()), ..Look::default() };

    let tables: Vec<(String, Option<String>)> = connection
        .exec(
            "SELECT table_name, engine FROM information_schema.tables WHERE table_schema = ? ORDER BY table_name",
            (database,),
        )
        .await?;
    let mut loose = Vec::new();
    for (name, engine) in tables {
        if matches!(engine.as_deref(), Some("MyISAM" | "Aria" | "MEMORY" | "CSV")) {
            loose.push(name.clone());
        }
        look.tables.push(name);
    }
    if !loose.is_empty() {
        look.remarks.push(format!(
            "tables without transactions ({}) may change while they are read; InnoDB would keep one state for a whole reading",
            loose.join(", ")
        ));
    }
    let columns: Vec<(String, String, String)> = connection
        .exec(
            "SELECT table_name, column_name, column_type FROM information_schema.columns WHERE table_schema = ? \
             ORDER BY table_name, ordinal_position",
            (database,),
        )
        .await?;
    look.shape = columns.into_iter().flat_map(|(table, column, sort)| [table, column, sort]).collect();

    let mut grants: Vec<String> = connection.query("SHOW GRANTS").await?;
    // MySQL names the roles alone and not what they may; MariaDB says both.
    if product == "MySQL" {
        // A version without roles does not know the function.
        let roles: Option<String> = connection.query_first("SELECT CURRENT_ROLE()").await.unwrap_or_default();
        if let Some(roles) = roles.filter(|roles| roles != "NONE") {
            grants
                .extend(connection.query::<String, _>(format!("SHOW GRANTS FOR CURRENT_USER() USING {roles}")).await?);
        }
    }
    look.writable = grants.iter().any(|grant| writes(grant, database));
    if look.writable {
        look.remarks.push(format!(
            "an account that can only read is made with: CREATE USER 'pocketdocket'@'%' IDENTIFIED BY '…'; \
             GRANT SELECT, SHOW VIEW ON `{database}`.* TO 'pocketdocket'@'%';"
        ));
    }
    Ok(look)
}

/// Whether a line of `SHOW GRANTS` lets the account write into this database.
fn writes(grant: &str, database: &str) -> bool {
    let Some((rights, rest)) = grant.strip_prefix("GRANT ").and_then(|grant| grant.split_once(" ON ")) else {
        return false;
    };
    let unquoted = rest.replace('`', "").replace("\\_", "_");
    let place = unquoted.split(" TO ").next().unwrap_or_default();
    let here = place
        .split_once('.')
        .is_some_and(|(schema, _)| schema == "*" || schema.eq_ignore_ascii_case(database) || schema.contains('%'));
    let mut depth = 0_i32;
    let rights = rights.split(|letter: char| {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        letter == ',' && depth == 0
    });
    let may = |right: &str| right.split_whitespace().next().is_some_and(|word| WRITES.contains(&word));
    here && rights.into_iter().any(may)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_understood() {
        for reading in [
            "GRANT USAGE ON *.* TO `reader`@`%` IDENTIFIED BY PASSWORD '*0'",
            "GRANT SELECT, SHOW VIEW ON `practice`.* TO `reader`@`%`",
            "GRANT SELECT (`insert`, `update`) ON `practice`.`cases` TO `reader`@`%`",
            "GRANT ALL PRIVILEGES ON `other`.* TO `reader`@`%`",
            "GRANT PROXY ON ''@'%' TO 'root'@'localhost' WITH GRANT OPTION",
            "GRANT `role` TO `reader`@`%`",
        ] {
            assert!(!writes(reading, "practice"), "{reading}");
        }
        for writing in [
            "GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION",
            "GRANT ALL PRIVILEGES ON `practice`.* TO `writer`@`%`",
            "GRANT SELECT, INSERT ON `practice`.`cases` TO `writer`@`%`",
            "GRANT SELECT (`id`), UPDATE (`id`, `name`) ON `practice`.`cases` TO `writer`@`%`",
            "GRANT CREATE TEMPORARY TABLES ON `prac%`.* TO `writer`@`%`",
        ] {
            assert!(writes(writing, "practice"), "{writing}");
        }
    }
}
