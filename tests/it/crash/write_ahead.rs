//! A power cut on a disk that lied: commits that were told to be safe are gone.
//!
//! `SQLite`'s write-ahead log is a header of 32 bytes and frames of 24 bytes and a page; a frame that ends a commit has the size
//! of the database at its bytes 4 to 7, and frames of an earlier use of the log have other salts
//! (<https://sqlite.org/fileformat2.html#the_write_ahead_log>). A log that is cut behind a commit's last frame is the ledger
//! as it was after that commit.

use std::{
    fs,
    path::{Path, PathBuf},
};

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

fn log(data: &Path) -> PathBuf {
    data.join("ledger.db-wal")
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

/// Where each commit of the log ends.
fn commits(bytes: &[u8]) -> Vec<usize> {
    if bytes.len() < HEADER {
        return Vec::new();
    }
    let frame = FRAME_HEADER + usize::try_from(word(bytes, 8)).expect("a page size");
    let salts = &bytes[16..24];
    (0..(bytes.len() - HEADER) / frame)
        .map(|number| HEADER + number * frame)
        .take_while(|start| &bytes[start + 8..start + 16] == salts)
        .filter(|start| word(bytes, start + 4) != 0)
        .map(|start| start + frame)
        .collect()
}

/// Takes the last commits back; false if the log does not reach so far. Nobody may have the ledger open.
pub(super) fn roll_back(data: &Path, count: usize) -> bool {
    let bytes = fs::read(log(data)).unwrap_or_default();
    let commits = commits(&bytes);
    let Some(left) = commits.len().checked_sub(count + 1) else { return false };
    fs::OpenOptions::new()
        .write(true)
        .open(log(data))
        .and_then(|file| file.set_len(commits[left] as u64))
        .expect("the log can be cut");
    // The index of the log is made anew from the log.
    let _ = fs::remove_file(data.join("ledger.db-shm"));
    true
}
