use serde::{Deserialize, Serialize};

use super::schedule::Schedule;

/// How often and how widely the engine works. Section `[sync]` of the configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// When to tick: a cron expression of five fields (or six, seconds first), read in the office's zone (`[scope]`).
    pub schedule: Schedule,
    /// Each tick starts up to this many seconds late, by chance, so that many firms do not ask one server at once.
    pub jitter_seconds: u64,
    /// Mailboxes worked on at the same time.
    pub parallel_mailboxes: usize,
    /// Minutes after which a folder is observed even if nothing is to be written.
    pub observe_minutes: u32,
    /// Days after which a folder is listed in full even if nothing is wrong.
    pub audit_days: u32,
    /// Minutes between two sweeps of (key, person, changed), which find deletions and re-assignments.
    pub sweep_minutes: u32,
    /// Minutes between two full reads of every row.
    pub content_minutes: u32,
    /// What is due within this many hours is written first.
    pub urgent_hours: u32,
    /// Items per write request; halved when a server finds it too much.
    pub write_batch: usize,
    /// Hours after which a mailbox that was not proven is worth an alert.
    pub unproven_hours: u32,
    /// A tick that reads longer than this many minutes counts as failed.
    pub read_minutes: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            schedule: "*/2 * * * *".parse().unwrap_or_else(|_| unreachable!("the default schedule is tested")),
            jitter_seconds: 5,
            parallel_mailboxes: 8,
            observe_minutes: 15,
            audit_days: 7,
            sweep_minutes: 15,
            content_minutes: 60,
            urgent_hours: 48,
            write_batch: 50,
            unproven_hours: 26,
            read_minutes: 10,
        }
    }
}
