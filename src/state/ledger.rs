use std::{
    borrow::Borrow,
    fmt, fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params};
use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use super::{
    LedgerError,
    columns::Word,
    keys::{self, DataKey},
};
use crate::{domain::FirmId, vault::Vault};

/// The file within the data directory.
pub(super) const FILE: &str = "ledger.db";
/// Where a new ledger is made before it gets its name, so that no half-made one is ever found.
pub(super) const NEW_FILE: &str = "ledger.new";
/// Every migration, in order. The first makes the tables; a later version appends its own and changes none of these.
const MIGRATIONS: &[&str] = &[
    include_str!("schema.sql"),
    include_str!("migrations/proposals.sql"),
    include_str!("migrations/people.sql"),
    include_str!("migrations/adoption.sql"),
    include_str!("migrations/undo.sql"),
    include_str!("migrations/meaning.sql"),
    include_str!("migrations/pins.sql"),
    include_str!("migrations/grants.sql"),
    include_str!("migrations/diagnosis.sql"),
    include_str!("migrations/confirmation.sql"),
    include_str!("migrations/vault.sql"),
    include_str!("migrations/whereabouts.sql"),
    include_str!("migrations/moves.sql"),
    include_str!("migrations/shut_kinds.sql"),
    include_str!("migrations/service_accounts.sql"),
    include_str!("migrations/addresses.sql"),
    include_str!("migrations/allowed_networks.sql"),
    include_str!("migrations/text_messages.sql"),
    include_str!("migrations/certificates.sql"),
];
/// `pdkt`: lets `file` and us tell a ledger from any other `SQLite` file.
pub(super) const APPLICATION_ID: i32 = 0x7064_6b74;
/// How long to wait for a command that writes at the same time.
const PATIENCE: Duration = Duration::from_secs(10);

/// The ledger of one installation.
#[derive(Clone)]
pub struct Ledger {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) connection: Mutex<Connection>,
    pub(super) key: DataKey,
    pub(super) directory: PathBuf,
    pub(super) firm: FirmId,
    pub(super) id: String,
}

impl fmt::Debug for Ledger {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Ledger").field("directory", &self.inner.directory).finish_non_exhaustive()
    }
}

impl Ledger {
    /// Makes a new ledger in a directory (made too, mode 0700), which this master key opens, for this firm.
    ///
    /// # Errors
    /// [`LedgerError::Exists`] when there is one already.
    pub fn create(directory: &Path, master: impl Borrow<Vault>, firm: FirmId) -> Result<Self, LedgerError> {
        let master = master.borrow();
        let (file, new_file) = (directory.join(FILE), directory.join(NEW_FILE));
        if file.exists() {
            return Err(LedgerError::Exists { directory: directory.to_owned() });
        }
        make_directory(directory)?;
        self::new_file(&new_file)?;
        let mut connection = connect(&new_file)?;
        tune(&connection)?;
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        let transaction = connection.transaction()?;
        migrate(&transaction, 0)?;
        let id = random_hex::<16>();
        let key = DataKey { vault: Vault::with_random_key(), number: 1 };
        transaction.execute(
            "INSERT INTO ledger (only_row, id, firm, key_check) VALUES (1, ?1, ?2, ?3)",
            params![id, Word(firm), key.vault.seal(&check_name(&id), id.as_bytes())?],
        )?;
        keys::ensure_slot(&transaction, &id, master, &key)?;
        transaction.execute("INSERT INTO firm (id, since) VALUES (?1, unixepoch() * 1000000)", [Word(firm)])?;
        transaction.commit()?;
        connection.close().map_err(|(_, error)| error)?;
        fs::rename(&new_file, &file).map_err(trouble("give its name to", &new_file))?;
        Self::open(directory, master)
    }

    /// Opens the ledger of a directory, bringing an older schema up to date.
    ///
    /// # Errors
    /// [`LedgerError::Missing`], [`LedgerError::NewerVersion`], [`LedgerError::WrongKey`]; nothing is changed then.
    pub fn open(directory: &Path, master: impl Borrow<Vault>) -> Result<Self, LedgerError> {
        let master = master.borrow();
        let file = directory.join(FILE);
        if !file.exists() {
            return Err(LedgerError::Missing { directory: directory.to_owned() });
        }
        narrow(&file)?;
        let mut connection = connect(&file)?;
        let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
        if application != APPLICATION_ID {
            return Err(corrupt(format!("`{}` is not a ledger of Pocket Docket", file.display())));
        }
        tune(&connection)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found = known_version(&transaction)?;
        // The key is tried before anything is changed.
        let (id, firm): (String, Word<FirmId>) = transaction
            .query_one("SELECT id, firm FROM ledger", [], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?
            .ok_or_else(|| corrupt("it does not say which ledger it is"))?;
        let key = keys::opened(&transaction, &id, master)?;
        migrate(&transaction, found)?;
        keys::ensure_slot(&transaction, &id, master, &key)?;
        transaction.commit()?;
        let inner =
            Inner { connection: Mutex::new(connection), key, directory: directory.to_owned(), firm: firm.0, id };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Where it lies.
    pub fn directory(&self) -> &Path {
        &self.inner.directory
    }

    /// The firm whose stamps we write.
    pub fn firm(&self) -> FirmId {
        self.inner.firm
    }

    /// Drawn at random when the ledger was made: tells two ledgers of one firm apart.
    pub fn ledger_id(&self) -> &str {
        &self.inner.id
    }

    /// Reads in one transaction: all that is read is of one moment.
    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        let mut connection = self.inner.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction()?;
        keys::still(&transaction, self.inner.key.number)?;
        work(&transaction)
    }

    /// Writes in one transaction: all of it is on the disk when this returns, or nothing of it.
    pub(super) fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        let mut connection = self.inner.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        keys::still(&transaction, self.inner.key.number)?;
        let done = work(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }

    /// The connection itself, for what is said to it and not to the tables.
    pub(super) fn with_connection<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, LedgerError> {
        Ok(work(&self.inner.connection.lock().unwrap_or_else(PoisonError::into_inner))?)
    }

    pub(super) fn pragma(&self, name: &str, value: &str) -> Result<(), LedgerError> {
        self.with_connection(|connection| connection.pragma_update(None, name, value))
    }

    /// Seals a value, bound to the name of what it belongs to.
    pub(super) fn seal(&self, belongs_to: &str, value: &impl Serialize) -> Result<Vec<u8>, LedgerError> {
        let plain = serde_json::to_vec(value)
            .map(Zeroizing::new)
            .map_err(|error| LedgerError::Database(rusqlite::Error::ToSqlConversionFailure(error.into())))?;
        Ok(self.inner.key.vault.seal(belongs_to, &plain)?)
    }

    /// Opens what was sealed for the same name.
    pub(super) fn unseal<T: DeserializeOwned>(&self, belongs_to: &str, sealed: &[u8]) -> Result<T, LedgerError> {
        let plain = self.inner.key.vault.open(belongs_to, sealed)?;
        // The parser's message may quote what it read, so it is not passed on.
        serde_json::from_slice(&plain).map_err(|_| corrupt(format!("`{belongs_to}` opens but cannot be understood")))
    }

    /// Seals bytes as they are.
    pub(super) fn seal_bytes(&self, belongs_to: &str, plain: &[u8]) -> Result<Vec<u8>, LedgerError> {
        Ok(self.inner.key.vault.seal(belongs_to, plain)?)
    }

    /// Opens bytes as they are.
    pub(super) fn unseal_bytes(&self, belongs_to: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, LedgerError> {
        Ok(self.inner.key.vault.open(belongs_to, sealed)?)
    }
}

/// Makes the directory, for its owner alone.
pub(super) fn make_directory(directory: &Path) -> Result<(), LedgerError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).map_err(trouble("make the directory", directory))
}

/// An empty file for its owner alone, in the place of one that was left there.
pub(super) fn new_file(file: &Path) -> Result<(), LedgerError> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(trouble("remove", file)(error)),
        _ => {}
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    drop(options.open(file).map_err(trouble("create", file))?);
    Ok(())
}

pub(super) fn connect(file: &Path) -> Result<Connection, LedgerError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(PATIENCE)?;
    Ok(connection)
}

/// Makes what was committed survive a power failure, and keeps the tables consistent.
fn tune(connection: &Connection) -> Result<(), LedgerError> {
    connection.set_prepared_statement_cache_capacity(128);
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // What is deleted is overwritten where that costs no extra page.
    connection.pragma_update(None, "secure_delete", "fast")?;
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(())
}

/// The ledger's schema, if this version knows it.
pub(super) fn known_version(transaction: &Transaction<'_>) -> Result<u32, LedgerError> {
    let found: u32 = transaction.query_one("SELECT coalesce(max(number), 0) FROM migration", [], |row| row.get(0))?;
    let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
    if found > known { Err(LedgerError::NewerVersion { found, known }) } else { Ok(found) }
}

fn migrate(transaction: &Transaction<'_>, found: u32) -> Result<(), LedgerError> {
    for (number, migration) in (1_u32..).zip(MIGRATIONS).skip_while(|(number, _)| *number <= found) {
        transaction.execute_batch(migration)?;
        transaction
            .execute("INSERT INTO migration (number, applied_at) VALUES (?1, unixepoch() * 1000000)", [number])?;
    }
    Ok(())
}

/// A ledger that was copied back with wider rights (from a backup, say) gets its own again, before `SQLite` makes the files
/// beside it with the same rights.
pub(super) fn narrow(file: &Path) -> Result<(), LedgerError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(file).map_err(trouble("look at", file))?.permissions().mode();
        if mode & 0o077 != 0 {
            fs::set_permissions(file, fs::Permissions::from_mode(0o600)).map_err(trouble("restrict", file))?;
        }
    }
    // Elsewhere rights are those of the folder.
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

pub(super) fn check_name(id: &str) -> String {
    format!("check/{id}")
}

/// So many random bytes, as hexadecimal text.
pub(super) fn random_hex<const BYTES: usize>() -> String {
    use std::fmt::Write;
    rand::random::<[u8; BYTES]>().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Damage, in words.
pub(super) fn corrupt(what: impl Into<String>) -> LedgerError {
    LedgerError::Corrupt { what: what.into(), source: None }
}

/// What went wrong with which file.
pub(super) fn trouble(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> LedgerError + use<> {
    let path = path.to_owned();
    move |source| LedgerError::File { what, path, source }
}
