use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rusqlite::{Transaction, params};
use serde::{Deserialize, Serialize};

use super::{Ledger, LedgerError, columns::Moment, history::add_audit, users};
use crate::{
    domain::{PersonId, Personal},
    ports::Person,
};

/// Somebody of the practice system, as it was last read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Colleague {
    /// By the identifier that queries use.
    pub person: PersonId,
    /// What people call them.
    pub name: Option<Personal<String>>,
    /// False when the practice system says that they left.
    pub active: bool,
    /// Since when we know that.
    pub since: Timestamp,
}

impl Ledger {
    /// Keeps who works in the firm: a complete list. `since` of somebody moves only when they come, leave or come back.
    pub fn put_people(&self, people: &[Person], now: Timestamp) -> Result<(), LedgerError> {
        let sealed = people
            .iter()
            .map(|person| Ok((person, self.seal(&sealed_as(&person.id), &person.name)?)))
            .collect::<Result<Vec<_>, LedgerError>>()?;
        self.write(|transaction| {
            let listed: BTreeSet<&str> = people.iter().map(|person| person.id.0.as_str()).collect();
            let known = ids(transaction, "SELECT id FROM person")?;
            for gone in known.iter().filter(|id| !listed.contains(id.as_str())) {
                transaction.execute("DELETE FROM person WHERE id = ?1", [gone])?;
            }
            for (person, name) in &sealed {
                transaction
                    .prepare_cached(
                        "INSERT INTO person (id, active, since, sealed) VALUES (?1, ?2, ?3, ?4)
                         ON CONFLICT DO UPDATE SET sealed = excluded.sealed, active = excluded.active,
                            since = CASE active WHEN excluded.active THEN since ELSE excluded.since END",
                    )?
                    .execute(params![person.id.0, person.active, Moment(now), name])?;
            }
            Ok(())
        })
    }

    /// Everybody, as last read, by identifier.
    pub fn people(&self) -> Result<Vec<Colleague>, LedgerError> {
        self.read(|transaction| self.colleagues(transaction))
    }

    /// For whom no link is suggested.
    pub fn ignored_people(&self) -> Result<BTreeSet<PersonId>, LedgerError> {
        self.read(ignored)
    }

    /// Links of these people are suggested no more, or (`ignored` false) again.
    pub fn ignore_people(
        &self,
        people: &[PersonId],
        ignored: bool,
        by: &str,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        self.write(|transaction| {
            for person in people {
                let (statement, word) = if ignored {
                    ("INSERT INTO ignored_person (id, at) VALUES (?1, ?2) ON CONFLICT DO NOTHING", "no more")
                } else {
                    ("DELETE FROM ignored_person WHERE id = ?1 AND ?2 IS NOT NULL", "again")
                };
                if transaction.execute(statement, params![person.0, Moment(now)])? > 0 {
                    add_audit(
                        transaction,
                        by,
                        None,
                        &format!("a link for person `{person}` is suggested {word}"),
                        now,
                    )?;
                }
            }
            Ok(())
        })
    }

    fn colleagues(&self, transaction: &Transaction<'_>) -> Result<Vec<Colleague>, LedgerError> {
        let mut statement = transaction.prepare_cached("SELECT id, active, since, sealed FROM person ORDER BY id")?;
        let mut rows = statement.query([])?;
        let mut people = Vec::new();
        while let Some(row) = rows.next()? {
            let person = PersonId(row.get(0)?);
            let name = self.unseal(&sealed_as(&person), &row.get::<_, Vec<u8>>(3)?)?;
            people.push(Colleague { name, person, active: row.get(1)?, since: row.get::<_, Moment>(2)?.0 });
        }
        Ok(people)
    }

    /// Those who work in the firm, have no link, and whom nobody dismissed.
    pub(super) fn not_linked(&self, transaction: &Transaction<'_>) -> Result<Vec<Colleague>, LedgerError> {
        let linked: BTreeSet<PersonId> = users::all(transaction)?.into_iter().map(|user| user.details.person).collect();
        let ignored = ignored(transaction)?;
        let mut people = self.colleagues(transaction)?;
        people.retain(|one| one.active && !linked.contains(&one.person) && !ignored.contains(&one.person));
        Ok(people)
    }
}

fn ignored(transaction: &Transaction<'_>) -> Result<BTreeSet<PersonId>, LedgerError> {
    Ok(ids(transaction, "SELECT id FROM ignored_person")?.into_iter().map(PersonId).collect())
}

/// Who is inactive, and since when.
pub(super) fn left(transaction: &Transaction<'_>) -> Result<BTreeMap<PersonId, Timestamp>, LedgerError> {
    let mut statement = transaction.prepare_cached("SELECT id, since FROM person WHERE active = 0")?;
    let rows = statement.query_map([], |row| Ok((PersonId(row.get(0)?), row.get::<_, Moment>(1)?.0)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn ids(transaction: &Transaction<'_>, select: &str) -> Result<Vec<String>, LedgerError> {
    let mut statement = transaction.prepare_cached(select)?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

fn sealed_as(person: &PersonId) -> String {
    format!("person/{person}")
}
