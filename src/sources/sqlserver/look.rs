use tiberius::{Row, error::Error};

use super::{
    connect::{Line, Sight},
    statements,
};
use crate::sources::session::Look;

/// Version, rights, tables, and how much of the database a reading sees.
pub(super) async fn look(line: &mut Line, sight: Sight) -> Result<Look, Error> {
    let version = ask(line, statements::VERSION).await?;
    let version = version.first().map_or_else(String::new, |row| format!("{} ({})", text(row, 0), text(row, 1)));
    let seen = match sight {
        Sight::Snapshot => "read as one state (snapshot isolation)",
        Sight::Committed => "read row by row as committed (READ COMMITTED)",
    };
    let version = format!("Microsoft SQL Server {version}, {}, {seen}", line.way);
    let mut look = Look { version, ..Look::default() };
    look.tables = ask(line, statements::TABLES).await?.iter().map(|row| text(row, 0)).collect();
    let columns = ask(line, statements::COLUMNS).await?;
    look.shape = columns.iter().flat_map(|row| [text(row, 0), text(row, 1), text(row, 2)]).collect();
    let rights = match ask(line, statements::RIGHTS).await {
        // Not every server that speaks the protocol knows how to ask for rights.
        Err(Error::Server(_)) => None,
        rights => rights?.first().and_then(|row| row.try_get::<i32, _>(0).ok().flatten()),
    };
    look.writable = rights.is_some_and(|rights| rights > 0);
    if rights.is_none() {
        look.remarks
            .push("the server does not say whether the account can write; one that can only read is enough".to_owned());
    }
    if look.writable {
        let how = "`pocketdocket handout sql-server` prints how an account that can only read is made";
        look.remarks.push(how.to_owned());
    }
    if sight == Sight::Committed {
        let said = "the database does not allow snapshot isolation: what is committed while it is read may be seen in one query and \
                    not in another, and the next reading puts that right; `pocketdocket handout sql-server` prints how it is allowed";
        look.remarks.push(said.to_owned());
    }
    Ok(look)
}

async fn ask(line: &mut Line, statement: &str) -> Result<Vec<Row>, Error> {
    line.client.simple_query(statement).await?.into_first_result().await
}

fn text(row: &Row, place: usize) -> String {
    row.try_get::<&str, _>(place).ok().flatten().unwrap_or_default().to_owned()
}
