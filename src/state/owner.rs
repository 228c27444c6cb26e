use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};

use super::{
    Ledger, LedgerError,
    columns::{Moment, Word},
    history::add_audit,
    ledger::random_hex,
    observation,
};
use crate::{domain::FirmId, ports::Owner};

/// What a folder's owner property means to this ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnerVerdict {
    /// The running engine wrote it.
    Current,
    /// An earlier start of this ledger wrote it, or a person accepted it: it may be written over.
    EarlierOfOurs,
    /// Nobody claims the folder.
    Unclaimed,
    /// Another ledger, another firm, or a start that this ledger does not remember (an old backup was restored): another
    /// Pocket Docket writes here. Nothing may be written.
    Unknown,
}

impl Ledger {
    /// An engine starts: draws a random epoch, commits it, and gives the owner text `<firm>/<ledger id>/<epoch>` to be
    /// written into folders.
    pub fn begin_epoch(&self, now: Timestamp) -> Result<Owner, LedgerError> {
        let epoch = random_hex::<8>();
        self.write(|transaction| {
            transaction.execute("INSERT INTO epoch (epoch, begun_at) VALUES (?1, ?2)", params![epoch, Moment(now)])?;
            Ok(())
        })?;
        Ok(self.owner(&epoch))
    }

    /// The owner text of the last [`Self::begin_epoch`].
    pub fn current_owner(&self) -> Result<Option<Owner>, LedgerError> {
        self.read(|transaction| {
            let epoch: Option<String> = transaction
                .query_one("SELECT epoch FROM epoch ORDER BY number DESC LIMIT 1", [], |row| row.get(0))
                .optional()?;
            Ok(epoch.map(|epoch| self.owner(&epoch)))
        })
    }

    /// Judges what stands in a folder.
    pub fn judge_owner(&self, found: Option<&Owner>) -> Result<OwnerVerdict, LedgerError> {
        let Some(Owner(text)) = found.filter(|owner| !owner.0.is_empty()) else { return Ok(OwnerVerdict::Unclaimed) };
        self.read(|transaction| {
            let accepted: bool = transaction.query_one(
                "SELECT EXISTS (SELECT 1 FROM accepted_owner WHERE owner = ?1)",
                [text],
                |row| row.get(0),
            )?;
            let ours = format!("{}/{}/", self.firm(), self.ledger_id());
            let current: Option<bool> = match text.strip_prefix(&ours) {
                None => None,
                Some(epoch) => transaction
                    .query_one(
                        "SELECT number = (SELECT max(number) FROM epoch) FROM epoch WHERE epoch = ?1",
                        [epoch],
                        |row| row.get(0),
                    )
                    .optional()?,
            };
            Ok(match current {
                Some(true) => OwnerVerdict::Current,
                Some(false) => OwnerVerdict::EarlierOfOurs,
                None if accepted => OwnerVerdict::EarlierOfOurs,
                None => OwnerVerdict::Unknown,
            })
        })
    }

    /// A person decided that this owner no longer writes: its folders are taken over.
    pub fn accept_owner(&self, owner: &Owner, by: &str, now: Timestamp) -> Result<(), LedgerError> {
        self.write(|transaction| accept_owner(transaction, owner, by, now))
    }

    /// The firm ids whose stamps are ours: the ledger's own, and those a person took over.
    pub fn firms(&self) -> Result<BTreeSet<FirmId>, LedgerError> {
        self.read(firms)
    }

    /// A person decided that stamps of this firm id are ours. Observed items that carry them count as ours from now on.
    pub fn adopt_firm(&self, firm: FirmId, by: &str, now: Timestamp) -> Result<(), LedgerError> {
        self.write(|transaction| adopt_firm(transaction, firm, by, now))
    }

    fn owner(&self, epoch: &str) -> Owner {
        Owner(format!("{}/{}/{epoch}", self.firm(), self.ledger_id()))
    }
}

pub(super) fn accept_owner(
    transaction: &Transaction<'_>,
    owner: &Owner,
    by: &str,
    now: Timestamp,
) -> Result<(), LedgerError> {
    transaction.execute(
        "INSERT OR IGNORE INTO accepted_owner (owner, accepted_at) VALUES (?1, ?2)",
        params![owner.0, Moment(now)],
    )?;
    add_audit(
        transaction,
        by,
        None,
        &format!("accepted that `{}` no longer writes; its folders are taken over", owner.0),
        now,
    )
}

pub(super) fn firms(transaction: &Transaction<'_>) -> Result<BTreeSet<FirmId>, LedgerError> {
    let mut statement = transaction.prepare_cached("SELECT id FROM firm")?;
    let firms = statement.query_map([], |row| Ok(row.get::<_, Word<FirmId>>(0)?.0))?;
    Ok(firms.collect::<Result<_, _>>()?)
}

pub(super) fn adopt_firm(
    transaction: &Transaction<'_>,
    firm: FirmId,
    by: &str,
    now: Timestamp,
) -> Result<(), LedgerError> {
    transaction.execute("INSERT OR IGNORE INTO firm (id, since) VALUES (?1, ?2)", params![Word(firm), Moment(now)])?;
    observation::understand_stamps_of(transaction, firm)?;
    add_audit(transaction, by, None, &format!("took over the stamps of firm id `{firm}`"), now)
}
