use tokio_postgres::{Client, Error};

use crate::sources::{ServerSettings, session::Look};

/// Version, rights, tables.
pub(super) async fn look(client: &Client, server: Option<&ServerSettings>) -> Result<Look, Error> {
    let version: String = client.query_one_scalar("SELECT current_setting('server_version')", &[]).await?;
    let way: Option<String> =
        client.query_one_scalar("SELECT max(version) FROM pg_stat_ssl WHERE pid = pg_backend_pid()", &[]).await?;
    let way = way.map_or_else(|| "not encrypted, on this machine".to_owned(), |version| format!("over {version}"));
    let mut look = Look { version: format!("PostgreSQL {version}, {way}"), ..Look::default() };

    // A role that the account may take on counts, taken on or not; so does a single column.
    let tables = client
        .query(
            "SELECT CASE n.nspname WHEN 'public' THEN c.relname::text ELSE n.nspname || '.' || c.relname END, \
             EXISTS (SELECT FROM pg_roles r WHERE pg_has_role(r.oid, 'MEMBER') AND \
                     (has_table_privilege(r.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') \
                      OR has_any_column_privilege(r.oid, c.oid, 'INSERT, UPDATE'))) \
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' \
             ORDER BY 1",
            &[],
        )
        .await?;
    for table in tables {
        look.tables.push(table.try_get(0)?);
        look.writable |= table.try_get::<_, bool>(1)?;
    }
    let columns = client
        .query(
            "SELECT n.nspname || '.' || c.relname, a.attname::text, format_type(a.atttypid, a.atttypmod) \
             FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' \
             AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, a.attnum",
            &[],
        )
        .await?;
    for column in columns {
        look.shape.extend([column.try_get(0)?, column.try_get(1)?, column.try_get(2)?]);
    }
    let all_powerful: bool =
        client.query_one_scalar("SELECT rolsuper FROM pg_roles WHERE rolname = current_user", &[]).await?;
    look.writable |= all_powerful;
    if look.writable {
        let database = server.map_or("", |server| server.database.as_str());
        look.remarks.push(format!(
            "an account that can only read is made with: CREATE ROLE pocketdocket LOGIN PASSWORD '…'; \
             GRANT CONNECT ON DATABASE \"{database}\" TO pocketdocket; GRANT USAGE ON SCHEMA public TO pocketdocket; \
             GRANT SELECT ON ALL TABLES IN SCHEMA public TO pocketdocket;"
        ));
    }
    Ok(look)
}
