//! Taking a ledger elsewhere, and bringing it there.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::PoisonError,
};

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, backup::Backup};

use super::{
    Ledger, LedgerError,
    columns::Word,
    keys::{self, DataKey},
    ledger::{
        APPLICATION_ID, FILE, NEW_FILE, check_name, connect, corrupt, known_version, make_directory, new_file, trouble,
    },
};
use crate::{domain::FirmId, vault::Vault};

/// Pages copied at a time; the whole copy is of one moment all the same.
pub(super) const PAGES: i32 = 1_024;

impl Ledger {
    /// Copies the ledger, as it is at one moment, into a new file; it may be in use meanwhile. What is sealed stays sealed.
    pub fn copy_to(&self, file: &Path) -> Result<(), LedgerError> {
        new_file(file)?;
        let mut copy = Connection::open(file)?;
        let connection = self.inner.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let backup = Backup::new(&connection, &mut copy)?;
        backup.run_to_completion(PAGES, std::time::Duration::ZERO, None)?;
        Ok(())
    }

    /// Where the copy for [`Self::restore`] is to be put.
    ///
    /// # Errors
    /// [`LedgerError::Exists`] when there is a ledger already; it is never written over.
    pub fn place_for_copy(directory: &Path) -> Result<PathBuf, LedgerError> {
        if directory.join(FILE).exists() {
            return Err(LedgerError::Exists { directory: directory.to_owned() });
        }
        make_directory(directory)?;
        let file = directory.join(NEW_FILE);
        new_file(&file)?;
        Ok(file)
    }

    /// Makes a copy that was put at [`Self::place_for_copy`] the ledger of this directory: looks at all of it, lets the master key
    /// that is then asked for open it and no other, and gives it its name. Its mailboxes will be looked at in full first.
    ///
    /// # Errors
    /// [`LedgerError::WrongKey`] if it is not sealed with this data key, [`LedgerError::Corrupt`] where it is damaged or of another
    /// firm; there is no ledger then.
    pub fn restore<E: From<LedgerError>>(
        directory: &Path,
        data_key: &Vault,
        firm: FirmId,
        master: impl FnOnce() -> Result<Vault, E>,
    ) -> Result<Self, E> {
        let (file, copy) = (directory.join(FILE), directory.join(NEW_FILE));
        if file.exists() {
            return Err(LedgerError::Exists { directory: directory.to_owned() }.into());
        }
        examine(&copy, data_key, firm)?;
        let master = master()?;
        accept_alone(&copy, data_key, &master)?;
        fs::rename(&copy, &file).map_err(trouble("give its name to", &copy))?;
        Ok(Self::open(directory, &master)?)
    }
}

/// Whether the copy is whole, of this firm, and sealed with this key.
fn examine(copy: &Path, data_key: &Vault, firm: FirmId) -> Result<(), LedgerError> {
    let mut connection = connect(copy)?;
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application != APPLICATION_ID {
        return Err(corrupt("the copy is not a ledger of Pocket Docket"));
    }
    let sound: String = connection.query_one("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if sound != "ok" {
        return Err(corrupt(format!("the copy is not whole: {sound}")));
    }
    let transaction = connection.transaction()?;
    known_version(&transaction)?;
    let (id, of, check): (String, Word<FirmId>, Vec<u8>) = transaction
        .query_one("SELECT id, firm, key_check FROM ledger", [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?
        .ok_or_else(|| corrupt("the copy does not say which ledger it is"))?;
    if of.0 != firm {
        return Err(corrupt(format!("the copy is of the firm {}, not of {firm}", of.0)));
    }
    if data_key.open(&check_name(&id), &check).is_err() {
        return Err(LedgerError::WrongKey);
    }
    Ok(())
}

/// Lets this master key open the copy, and no other.
fn accept_alone(copy: &Path, data_key: &Vault, master: &Vault) -> Result<(), LedgerError> {
    let mut connection = connect(copy)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let id: String = transaction.query_one("SELECT id FROM ledger", [], |row| row.get(0))?;
    let number: i64 = transaction.query_one("SELECT coalesce(max(data_key), 1) FROM key_slot", [], |row| row.get(0))?;
    transaction.execute("DELETE FROM key_slot", [])?;
    keys::add_slot(&transaction, &id, master, &DataKey { vault: data_key.clone(), number }, None)?;
    transaction.execute("UPDATE ledger SET clean_stop = 0", [])?;
    transaction.commit()?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(())
}
