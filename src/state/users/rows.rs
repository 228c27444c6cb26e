//! Users as their rows have them.

use rusqlite::{OptionalExtension, Row, ToSql, Transaction, params};

use crate::state::{
    Confirmed, LedgerError, User, UserDetails, UserName,
    columns::{Json, Moment, Word},
};

const COLUMNS: &str = "SELECT name, details, link, parked, paused, waiting, mailbox, refused,
    confirmed_how, confirmed_at, confirmed_by, reconfirm, recovered, door_of,
    (SELECT account.details FROM service_accounts AS account
        WHERE account.name = json_extract(user.details, '$.service_account')) FROM user";

fn from_row(row: &Row<'_>) -> rusqlite::Result<User> {
    let mut details: UserDetails = row.get::<_, Json<_>>(1)?.0;
    if let (Some(name), Some(Json(account))) = (details.service_account.clone(), row.get(14)?) {
        details = details.through(&name, &account);
    }
    Ok(User {
        name: row.get::<_, Word<_>>(0)?.0,
        details,
        link: row.get::<_, Json<_>>(2)?.0,
        parked: row.get::<_, Option<Json<_>>>(3)?.map(|json| json.0),
        paused: row.get::<_, Option<Moment>>(4)?.map(|moment| moment.0),
        waiting: row.get::<_, Option<Json<_>>>(5)?.map(|json| json.0),
        mailbox: row.get(6)?,
        refused_sign_ins: row.get(7)?,
        confirmed: match (row.get::<_, Option<Json<_>>>(8)?, row.get::<_, Option<Moment>>(9)?) {
            (Some(how), Some(at)) => Some(Confirmed { how: how.0, at: at.0, by: row.get(10)? }),
            _ => None,
        },
        reconfirm: row.get::<_, Option<Json<_>>>(11)?.map(|json| json.0),
        recovered: row.get::<_, Option<Json<_>>>(12)?.map(|json| json.0),
        door_of: row.get::<_, Option<Word<_>>>(13)?.map(|word| word.0),
    })
}

pub(in crate::state) fn get(transaction: &Transaction<'_>, name: &UserName) -> Result<User, LedgerError> {
    transaction
        .prepare_cached(&format!("{COLUMNS} WHERE name = ?1"))?
        .query_one([name.as_str()], from_row)
        .optional()?
        .ok_or_else(|| LedgerError::NoSuchUser(name.clone()))
}

/// Every user. The other ways into their mailboxes are none.
pub(in crate::state) fn all(transaction: &Transaction<'_>) -> Result<Vec<User>, LedgerError> {
    let mut statement = transaction.prepare_cached(&format!("{COLUMNS} WHERE door_of IS NULL ORDER BY name"))?;
    Ok(statement.query_map([], from_row)?.collect::<Result<_, _>>()?)
}

/// Every link: the users, and the other ways into their mailboxes.
pub(in crate::state) fn all_links(transaction: &Transaction<'_>) -> Result<Vec<User>, LedgerError> {
    let mut statement = transaction.prepare_cached(&format!("{COLUMNS} ORDER BY name"))?;
    Ok(statement.query_map([], from_row)?.collect::<Result<_, _>>()?)
}

/// Sets one column of a user; `column` is one of our own names, never a person's.
pub(in crate::state) fn set(
    transaction: &Transaction<'_>,
    name: &UserName,
    column: &'static str,
    value: impl ToSql,
) -> Result<(), LedgerError> {
    let changed = transaction
        .prepare_cached(&format!("UPDATE user SET {column} = ?2 WHERE name = ?1"))?
        .execute(params![name.as_str(), value])?;
    if changed == 0 { Err(LedgerError::NoSuchUser(name.clone())) } else { Ok(()) }
}
