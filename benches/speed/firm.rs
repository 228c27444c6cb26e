//! The firm that is measured: its size, its processes, and the words by which they mean the same things.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::{
    daemon::{self, Used},
    exchange::{self, Counts},
    helper::Helper,
    practice::Practice,
};

/// The zone of the office and of its database.
pub(crate) const ZONE: &str = "Europe/Berlin";
/// A minute before mailboxes are observed: each can be measured alone.
pub(crate) const SWEEP_MINUTES: u32 = 14;
/// The sample firm's first people have names, and troubles, of their own.
pub(crate) const FIRST_PERSON: u32 = 12;

/// How large it is. Every user has the firm's contacts and so many events and tasks of their own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Firm {
    pub(crate) users: u32,
    pub(crate) contacts: u32,
    pub(crate) events: u32,
    pub(crate) tasks: u32,
}

impl Firm {
    pub(crate) fn items_of_one(&self) -> u64 {
        u64::from(self.contacts + self.events + self.tasks)
    }

    pub(crate) fn items(&self) -> u64 {
        u64::from(self.users) * self.items_of_one()
    }

    /// Write batches of a first sync: each folder has its own requests.
    pub(crate) fn batches(&self) -> u64 {
        let batch = pocketdocket::engine::Settings::default().write_batch as u64;
        let of_one: u64 =
            [self.contacts, self.events, self.tasks].map(|items| u64::from(items).div_ceil(batch)).iter().sum();
        u64::from(self.users) * of_one
    }

    pub(crate) fn folders(&self) -> u64 {
        u64::from(self.users) * 3
    }
}

/// The practice system's name of a user.
pub(crate) fn person(user: u32) -> String {
    format!("P{}", FIRST_PERSON + user)
}

pub(crate) fn address(user: u32) -> String {
    format!("p{}@kanzlei.example", FIRST_PERSON + user)
}

pub(crate) fn database(folder: &Path) -> PathBuf {
    folder.join("practice.db")
}

/// A firm with all its processes.
pub(crate) struct House {
    folder: TempDir,
    pub(crate) firm: Firm,
    pub(crate) practice: Practice,
    url: String,
    lives: u32,
    exchange: Helper,
    daemon: Helper,
}

impl House {
    /// A firm with linked users and empty mailboxes.
    pub(crate) fn open(firm: Firm) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let practice = Practice::create(&database(folder.path()), &firm)?;
        let mut exchange = Helper::start(&["exchange", &firm.users.to_string()])?;
        let url: String = exchange.ask(&exchange::Question::Address)?;
        let mut daemon = start_daemon(folder.path(), &url, 1)?;
        let _: u32 = daemon.ask(&daemon::Question::Link { users: firm.users })?;
        Ok(Self { folder, firm, practice, url, lives: 1, exchange, daemon })
    }

    /// The daemon ends in good order and starts again.
    pub(crate) fn restart_daemon(mut self) -> anyhow::Result<Self> {
        self.daemon.end()?;
        self.lives += 1;
        self.daemon = start_daemon(self.folder.path(), &self.url, self.lives)?;
        Ok(self)
    }

    pub(crate) fn tick(&mut self, times: u32, seconds: u32) -> anyhow::Result<Used> {
        self.daemon.ask(&daemon::Question::Tick { times, seconds })
    }

    pub(crate) fn release(&mut self) -> anyhow::Result<u64> {
        self.daemon.ask(&daemon::Question::Release)
    }

    pub(crate) fn counts(&mut self) -> anyhow::Result<Counts> {
        self.exchange.ask(&exchange::Question::Counts)
    }

    /// Everything ends, and what was made is thrown away.
    pub(crate) fn close(self) -> anyhow::Result<()> {
        self.daemon.end()?;
        self.exchange.end()
    }
}

fn start_daemon(folder: &Path, url: &str, life: u32) -> anyhow::Result<Helper> {
    Helper::start(&["daemon", &folder.to_string_lossy(), url, &life.to_string()])
}
