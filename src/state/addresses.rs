//! Under which public address this machine was seen: one truth for the service and for all commands.

use std::net::IpAddr;

use jiff::Timestamp;
use rusqlite::{Row, Transaction, params};

use super::{
    Ledger, LedgerError,
    columns::{Json, Moment, Word},
    history::add_audit,
};
use crate::diagnosis::address::{Answer, Family, Known, hear};

impl Ledger {
    /// What is known of this machine's public addresses, IPv4 first.
    pub fn public_addresses(&self) -> Result<Vec<Known>, LedgerError> {
        self.read(known)
    }

    /// Notes what echo services answered; gives what is known then.
    pub fn note_echoes(&self, answers: &[Answer], now: Timestamp) -> Result<Vec<Known>, LedgerError> {
        self.write(|transaction| {
            let before = known(transaction)?;
            for family in Family::ALL {
                let old = before.iter().find(|known| known.family == family);
                let new = Known::after(family, old.cloned(), &hear(family, answers), now);
                if let (Some(was), Some(is)) = (old.and_then(|old| old.address), new.address)
                    && was != is
                {
                    let event = format!("the public {family} address changed from {was} to {is}");
                    add_audit(transaction, "echo services", None, &event, now)?;
                }
                put(transaction, &new)?;
            }
            known(transaction)
        })
    }
}

fn put(transaction: &Transaction<'_>, known: &Known) -> Result<(), LedgerError> {
    transaction.execute(
        "INSERT OR REPLACE INTO public_address (family, address, since, seen_at, said_by, before, asked_at, heard)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            Json(known.family),
            known.address.map(Word),
            known.since.map(Moment),
            known.seen.map(Moment),
            Json(&known.by),
            known.before.map(Word),
            Moment(known.asked),
            known.heard
        ],
    )?;
    Ok(())
}

pub(super) fn known(transaction: &Transaction<'_>) -> Result<Vec<Known>, LedgerError> {
    let mut statement = transaction.prepare_cached(
        "SELECT family, address, since, seen_at, said_by, before, asked_at, heard FROM public_address ORDER BY family",
    )?;
    Ok(statement.query_map([], from_row)?.collect::<Result<_, _>>()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Known> {
    let address = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<Word<IpAddr>>>(column)?.map(|word| word.0));
    let moment = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<Moment>>(column)?.map(|moment| moment.0));
    Ok(Known {
        family: row.get::<_, Json<_>>(0)?.0,
        address: address(1)?,
        since: moment(2)?,
        seen: moment(3)?,
        by: row.get::<_, Json<_>>(4)?.0,
        before: address(5)?,
        asked: row.get::<_, Moment>(6)?.0,
        heard: row.get(7)?,
    })
}
