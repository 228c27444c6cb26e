//! What a simulator that is given a file keeps in it, so that it can be killed at any moment and every write that it had
//! acknowledged is there afterwards.
//!
//! Requests are answered from memory; what one request changed is committed in one transaction before its answer is sent. A
//! killed process cannot lose what the operating system was given, so the database need not wait for the disk
//! (<https://www.sqlite.org/pragma.html#pragma_synchronous>). Passwords are not stored.

use std::{collections::HashMap, path::Path, sync::Mutex};

use rusqlite::{Connection, params};
use uuid::Uuid;

use super::{SimulatorError, folder::Folder, item::Item, mailbox::Mailbox};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS mailbox (address TEXT PRIMARY KEY, guid TEXT NOT NULL, sequence INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS folder (address TEXT, number INTEGER, content TEXT NOT NULL, PRIMARY KEY (address, number)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS item (address TEXT, number INTEGER, content TEXT NOT NULL, PRIMARY KEY (address, number)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS gone (address TEXT, folder INTEGER, moment INTEGER, id TEXT NOT NULL, arrived INTEGER NOT NULL, PRIMARY KEY (address, folder, moment)) WITHOUT ROWID;
";

/// The file.
#[derive(Debug)]
pub(crate) struct Store(Mutex<Connection>);

impl Store {
    /// Opens the file, or makes it.
    pub(crate) fn open(path: &Path) -> Result<Self, SimulatorError> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self(Mutex::new(connection)))
    }

    /// Every mailbox that is in the file.
    pub(crate) fn load(&self) -> Result<Vec<Mailbox>, SimulatorError> {
        let connection = super::lock(&self.0);
        let mut items: HashMap<String, Vec<Item>> = HashMap::new();
        let mut folders: HashMap<String, Vec<Folder>> = HashMap::new();
        let mut statement = connection.prepare("SELECT address, content FROM folder ORDER BY number")?;
        for row in statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))? {
            let (address, content) = row?;
            folders.entry(address).or_default().push(serde_json::from_str(&content)?);
        }
        let mut statement = connection.prepare("SELECT address, content FROM item ORDER BY number")?;
        for row in statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))? {
            let (address, content) = row?;
            items.entry(address).or_default().push(serde_json::from_str(&content)?);
        }
        let mut statement = connection.prepare("SELECT address, folder, moment, id, arrived FROM gone")?;
        let rows = statement.query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?, row.get::<_, String>(3)?, row.get(4)?))
        })?;
        for row in rows {
            let (address, folder, moment, id, arrived): (String, i64, i64, String, i64) = row?;
            let known = folders.get_mut(&address).into_iter().flatten();
            for known in known.filter(|known| known.number == folder.cast_unsigned()) {
                known.gone.insert(moment.cast_unsigned(), (id.clone(), arrived.cast_unsigned()));
            }
        }
        let mut statement = connection.prepare("SELECT address, guid, sequence FROM mailbox")?;
        let rows = statement
            .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?)))?;
        let mut mailboxes = Vec::new();
        for row in rows {
            let (address, guid, sequence) = row?;
            let guid: Uuid = guid.parse().map_err(|_| SimulatorError::Damaged(address.clone()))?;
            let folders = folders.remove(&address).unwrap_or_default();
            let items = items.remove(&address).unwrap_or_default();
            mailboxes.push(Mailbox::restore(&address, guid, sequence.cast_unsigned(), folders, items));
        }
        Ok(mailboxes)
    }

    /// Commits what changed in a mailbox.
    pub(crate) fn save(&self, mailbox: &mut Mailbox) -> Result<(), SimulatorError> {
        let dirty = std::mem::take(&mut mailbox.dirty);
        if dirty.is_empty() {
            return Ok(());
        }
        let address = &mailbox.address;
        let mut connection = super::lock(&self.0);
        let transaction = connection.transaction()?;
        if dirty.renumbered {
            for table in ["folder", "item", "gone"] {
                transaction.execute(&format!("DELETE FROM {table} WHERE address = ?1"), [address])?;
            }
        }
        transaction.execute(
            "INSERT INTO mailbox VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET guid = excluded.guid, sequence = excluded.sequence",
            params![address, mailbox.guid.to_string(), mailbox.sequence.cast_signed()],
        )?;
        {
            let mut put = transaction.prepare_cached("INSERT OR REPLACE INTO item VALUES (?1, ?2, ?3)")?;
            let mut delete = transaction.prepare_cached("DELETE FROM item WHERE address = ?1 AND number = ?2")?;
            for number in &dirty.items {
                match mailbox.items.get(number) {
                    Some(item) => put.execute(params![address, number.cast_signed(), serde_json::to_string(item)?])?,
                    None => delete.execute(params![address, number.cast_signed()])?,
                };
            }
            let mut put = transaction.prepare_cached("INSERT OR REPLACE INTO folder VALUES (?1, ?2, ?3)")?;
            let mut delete = transaction.prepare_cached("DELETE FROM folder WHERE address = ?1 AND number = ?2")?;
            for number in &dirty.folders {
                match mailbox.folders.get(number) {
                    Some(folder) => {
                        put.execute(params![address, number.cast_signed(), serde_json::to_string(folder)?])?
                    }
                    None => delete.execute(params![address, number.cast_signed()])?,
                };
            }
            let mut put = transaction.prepare_cached("INSERT OR REPLACE INTO gone VALUES (?1, ?2, ?3, ?4, ?5)")?;
            for (folder, moment) in &dirty.gone {
                let known = mailbox.folders.get(folder).and_then(|folder| folder.gone.get(moment));
                if let Some((id, arrived)) = known {
                    let (folder, moment) = (folder.cast_signed(), moment.cast_signed());
                    put.execute(params![address, folder, moment, id, arrived.cast_signed()])?;
                }
            }
        }
        transaction.commit()?;
        Ok(())
    }
}
