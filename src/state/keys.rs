//! Which master keys open the ledger, and how they are changed.
//!
//! Everything sealed is sealed by the data key. The data key lies in `key_slot`, once for each master key that is accepted. A
//! change of the master key never leaves a moment in which no key that is kept somewhere opens the ledger:
//!
//! 1. [`Ledger::change_keys`], one transaction: a new data key, everything resealed, a slot for the present master key and one
//!    for the next. Both open the ledger now.
//! 2. The caller puts the next master key where the present one lies, whole or not at all.
//! 3. [`Ledger::accept_only`] takes the present key's slot away.
//!
//! A ledger from before there were slots was sealed by the master key itself: that is its data key until the first change.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Transaction, functions::FunctionFlags, params};

use super::{
    Ledger, LedgerError,
    columns::Moment,
    ledger::{check_name, corrupt},
};
use crate::vault::Vault;

/// A data key, as it is at work.
#[derive(Clone)]
pub(super) struct DataKey {
    pub(super) vault: Vault,
    pub(super) number: i64,
}

/// A master key that opens the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySlot {
    /// Since when it is accepted.
    pub since: Timestamp,
    /// Whether it is the one that was asked about.
    pub is_this: bool,
}

/// Every column that holds something sealed, and the name that it is bound to, in SQL. A test compares this list with the
/// tables: a new sealed column that is missing here fails it.
pub(super) const SEALED: &[(&str, &str, &str)] = &[
    ("ledger", "key_check", "'check/' || id"),
    ("user", "confirmation", "'confirmation/' || name"),
    ("secret", "sealed", "'secret/' || name"),
    ("written", "sealed", "'mirror/' || mailbox || '/' || key"),
    ("intent", "sealed", "'intent/' || mailbox || '/' || key"),
    ("parked_record", "sealed", "'parked/' || mailbox || '/' || key"),
    ("hold", "sealed", "'hold/' || mailbox || '/' || kind || '/' || identity"),
    ("finding", "sealed", "'finding/' || mailbox || '/' || key"),
    ("row_problem", "sealed", "'row-problem/' || query"),
    ("proposal", "sealed", "'proposal/' || mailbox || '/' || key"),
    ("before_image", "sealed", "'before/' || mailbox || '/' || key"),
    ("history", "sealed", "'history/' || mailbox || '/' || key"),
    ("adoption", "sealed", "'adoption/' || mailbox || '/' || key"),
    ("person", "sealed", "'person/' || id"),
];

/// The data key, if this master key opens the ledger. Changes nothing.
pub(super) fn opened(transaction: &Transaction<'_>, id: &str, master: &Vault) -> Result<DataKey, LedgerError> {
    let key = unwrapped(transaction, id, master)?;
    let check: Vec<u8> = transaction.query_one("SELECT key_check FROM ledger", [], |row| row.get(0))?;
    if key.vault.open(&check_name(id), &check).is_err() {
        return Err(LedgerError::WrongKey);
    }
    Ok(key)
}

fn unwrapped(transaction: &Transaction<'_>, id: &str, master: &Vault) -> Result<DataKey, LedgerError> {
    let slots = slots(transaction)?;
    if slots.is_empty() {
        return Ok(DataKey { vault: master.clone(), number: 1 });
    }
    let open = slots.iter().find_map(|slot| {
        let vault = master.unwrap(&slot_name(id, slot.data_key), &slot.sealed).ok()?;
        Some(DataKey { vault, number: slot.data_key })
    });
    open.ok_or(LedgerError::WrongKey)
}

/// Gives a ledger that has no slot its first one.
pub(super) fn ensure_slot(
    transaction: &Transaction<'_>,
    id: &str,
    master: &Vault,
    key: &DataKey,
) -> Result<(), LedgerError> {
    if slots(transaction)?.is_empty() {
        add_slot(transaction, id, master, key, None)?;
    }
    Ok(())
}

/// Refuses to go on with a key that is not the ledger's any more: what it seals nobody could open.
pub(super) fn still(transaction: &Transaction<'_>, number: i64) -> Result<(), LedgerError> {
    let now: Option<i64> = transaction
        .prepare_cached("SELECT data_key FROM key_slot LIMIT 1")?
        .query_one([], |row| row.get(0))
        .optional()?;
    if now == Some(number) { Ok(()) } else { Err(LedgerError::KeyChanged) }
}

impl Ledger {
    /// The master keys that open this ledger: two after a change that was cut off.
    pub fn key_slots(&self, master: &Vault) -> Result<Vec<KeySlot>, LedgerError> {
        self.read(|transaction| {
            Ok(slots(transaction)?
                .into_iter()
                .map(|slot| KeySlot {
                    since: slot.since,
                    is_this: master.unwrap(&slot_name(&self.inner.id, slot.data_key), &slot.sealed).is_ok(),
                })
                .collect())
        })
    }

    /// The data key: for an export, which seals it under a passphrase.
    pub fn data_key(&self) -> &Vault {
        &self.inner.key.vault
    }

    /// Seals everything anew under a fresh data key that the present and the next master key open. To be called by who holds the
    /// engine's lock. Every [`Ledger`] that is open, this one too, works no more and must be opened again.
    pub fn change_keys(&self, present: &Vault, next: &Vault, now: Timestamp) -> Result<(), LedgerError> {
        let old = self.inner.key.vault.clone();
        let new = DataKey { vault: Vault::with_random_key(), number: self.inner.key.number + 1 };
        // What was sealed with the old key does not stay in pages that are free.
        self.pragma("secure_delete", "on")?;
        let (from, to) = (old, new.vault.clone());
        self.with_connection(|connection| {
            connection.create_scalar_function("reseal", 2, FunctionFlags::SQLITE_UTF8, move |call| {
                let (name, sealed): (String, Option<Vec<u8>>) = (call.get(0)?, call.get(1)?);
                let Some(sealed) = sealed else { return Ok(None) };
                let other = |error| rusqlite::Error::UserFunctionError(Box::new(error));
                let plain = from.open(&name, &sealed).map_err(other)?;
                to.seal(&name, &plain).map(Some).map_err(other)
            })
        })?;
        let changed = self.write(|transaction| {
            for (table, column, name) in SEALED {
                transaction.execute(&format!("UPDATE {table} SET {column} = reseal({name}, {column})"), [])?;
            }
            transaction.execute("DELETE FROM key_slot", [])?;
            for master in [present, next] {
                add_slot(transaction, &self.inner.id, master, &new, Some(now))?;
            }
            Ok(())
        });
        self.with_connection(|connection| {
            connection.remove_function("reseal", 2)?;
            if changed.is_ok() {
                // The write-ahead log still holds what was there before.
                connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
            }
            Ok(())
        })?;
        self.pragma("secure_delete", "fast")?;
        changed
    }

    /// Accepts another master key beside the present one, or again.
    pub fn accept_also(&self, master: &Vault, now: Timestamp) -> Result<(), LedgerError> {
        self.write(|transaction| add_slot(transaction, &self.inner.id, master, &self.inner.key, Some(now)))
    }

    /// Accepts this master key and no other one any more; how many were taken away.
    ///
    /// # Errors
    /// [`LedgerError::WrongKey`] where it does not open the ledger itself.
    pub fn accept_only(&self, master: &Vault) -> Result<usize, LedgerError> {
        self.write(|transaction| {
            let mut kept = None;
            let mut others = Vec::new();
            for slot in slots(transaction)? {
                let opens = master.unwrap(&slot_name(&self.inner.id, slot.data_key), &slot.sealed).is_ok();
                if opens && kept.is_none() {
                    kept = Some(slot.number);
                } else {
                    others.push(slot.number);
                }
            }
            if kept.is_none() {
                return Err(LedgerError::WrongKey);
            }
            for number in &others {
                transaction.execute("DELETE FROM key_slot WHERE number = ?1", [number])?;
            }
            Ok(others.len())
        })
    }
}

struct Slot {
    number: i64,
    data_key: i64,
    since: Timestamp,
    sealed: Vec<u8>,
}

fn slots(transaction: &Transaction<'_>) -> Result<Vec<Slot>, LedgerError> {
    if !has_slots(transaction)? {
        return Ok(Vec::new());
    }
    let mut statement = transaction.prepare("SELECT number, data_key, since, sealed FROM key_slot ORDER BY number")?;
    let rows = statement.query_map([], |row| {
        let Moment(since) = row.get(2)?;
        Ok(Slot { number: row.get(0)?, data_key: row.get(1)?, since, sealed: row.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether the ledger's schema knows slots yet.
fn has_slots(connection: &Connection) -> Result<bool, LedgerError> {
    Ok(connection.query_one("SELECT count(*) FROM sqlite_schema WHERE name = 'key_slot'", [], |row| row.get(0))?)
}

pub(super) fn add_slot(
    transaction: &Transaction<'_>,
    id: &str,
    master: &Vault,
    key: &DataKey,
    now: Option<Timestamp>,
) -> Result<(), LedgerError> {
    let sealed = master.wrap(&slot_name(id, key.number), &key.vault)?;
    let changed = transaction.execute(
        "INSERT INTO key_slot (data_key, since, sealed) VALUES (?1, coalesce(?2, unixepoch() * 1000000), ?3)",
        params![key.number, now.map(Moment), sealed],
    )?;
    if changed == 1 { Ok(()) } else { Err(corrupt("a key slot could not be added")) }
}

/// What a slot is bound to: this ledger, and this data key of it.
fn slot_name(id: &str, data_key: i64) -> String {
    format!("key-slot/{id}/{data_key}")
}
