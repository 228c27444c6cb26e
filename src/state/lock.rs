use std::{
    fs::{self, File, OpenOptions, TryLockError},
    path::Path,
    time::Duration,
};

use jiff::Timestamp;

use super::{
    Ledger, LedgerError,
    columns::Moment,
    ledger::{narrow, trouble},
};

/// The file that is locked.
const LOCK_FILE: &str = "engine.lock";
/// Who locked it. A file of its own, because a locked file cannot be read on Windows.
const PID_FILE: &str = "engine.pid";

/// Held by the one engine of a ledger; the operating system takes it back when the process ends, however it ends.
#[derive(Debug)]
pub struct EngineLock {
    _file: File,
}

impl Ledger {
    /// Takes the engine's lock.
    ///
    /// # Errors
    /// [`LedgerError::Locked`] when another engine has it.
    pub fn lock_engine(&self) -> Result<EngineLock, LedgerError> {
        let directory = self.directory();
        // Somebody who only asks holds the lock for an instant.
        for _ in 0..20 {
            if let Some(file) = try_lock(directory)? {
                let pid_file = directory.join(PID_FILE);
                fs::write(&pid_file, std::process::id().to_string()).map_err(trouble("write", &pid_file))?;
                narrow(&pid_file)?;
                return Ok(EngineLock { _file: file });
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        Err(LedgerError::Locked { pid: read_pid(directory) })
    }

    /// Whether an engine holds the lock now (`Some`), and its process id where that could be read.
    pub fn running_engine(&self) -> Result<Option<Option<u32>>, LedgerError> {
        let running = try_lock(self.directory())?.is_none();
        Ok(running.then(|| read_pid(self.directory())))
    }

    /// Whether the last engine stopped in good order. To be asked before [`Self::mark_running`].
    pub fn was_clean_stop(&self) -> Result<bool, LedgerError> {
        self.read(|transaction| Ok(transaction.query_one("SELECT clean_stop FROM ledger", [], |row| row.get(0))?))
    }

    /// An engine begins: until [`Self::mark_stopped`] a stop counts as unclean.
    pub fn mark_running(&self, now: Timestamp) -> Result<(), LedgerError> {
        self.write(|transaction| {
            transaction.execute("UPDATE ledger SET clean_stop = 0, started_at = ?1", [Moment(now)])?;
            Ok(())
        })
    }

    /// The engine settled everything and stops.
    pub fn mark_stopped(&self, now: Timestamp) -> Result<(), LedgerError> {
        self.write(|transaction| {
            transaction.execute("UPDATE ledger SET clean_stop = 1, stopped_at = ?1", [Moment(now)])?;
            Ok(())
        })
    }
}

/// The lock, unless somebody has it.
fn try_lock(directory: &Path) -> Result<Option<File>, LedgerError> {
    let path = directory.join(LOCK_FILE);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&path).map_err(trouble("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(trouble("lock", &path)(error)),
    }
}

fn read_pid(directory: &Path) -> Option<u32> {
    fs::read_to_string(directory.join(PID_FILE)).ok()?.trim().parse().ok()
}
