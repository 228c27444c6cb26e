use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Params, Transaction, params};

use super::{
    Ledger, LedgerError, MailboxId,
    columns::{Count, Json, Moment, Word},
};
use crate::{
    domain::Kind,
    plan::{Class, Spent},
};

impl Ledger {
    /// What a mailbox spent in the 24 hours before `now`, with its size at their start, for every kind.
    pub fn spent(&self, mailbox: MailboxId, now: Timestamp) -> Result<BTreeMap<Kind, Spent>, LedgerError> {
        self.read(|transaction| {
            spent(
                transaction,
                params![mailbox, Moment(window_start(now))],
                [
                    "SELECT kind, class, sum(operations) FROM spent WHERE mailbox = ?1 AND at > ?2 GROUP BY kind, class",
                    "SELECT kind, sum(items) FROM growth WHERE mailbox = ?1 AND at > ?2 GROUP BY kind",
                    "SELECT kind, items FROM mirror_size WHERE mailbox = ?1 AND ?2 IS NOT NULL",
                ],
            )
        })
    }

    /// What all mailboxes together spent in the 24 hours before `now`, with their size at their start, for every kind.
    pub fn firm_spent(&self, now: Timestamp) -> Result<BTreeMap<Kind, Spent>, LedgerError> {
        self.read(|transaction| {
            spent(
                transaction,
                params![Moment(window_start(now))],
                [
                    "SELECT kind, class, sum(operations) FROM spent WHERE at > ?1 GROUP BY kind, class",
                    "SELECT kind, sum(items) FROM growth JOIN mailbox ON mailbox.id = mailbox AND NOT asleep
                     WHERE at > ?1 GROUP BY kind",
                    "SELECT kind, sum(items) FROM mirror_size JOIN mailbox ON mailbox.id = mailbox AND NOT asleep
                     WHERE ?1 IS NOT NULL GROUP BY kind",
                ],
            )
        })
    }
}

impl Ledger {
    /// Mailboxes from which items of somebody who left were removed in the 24 hours before `now` without anybody's release.
    pub fn mailboxes_left(&self, now: Timestamp) -> Result<BTreeSet<MailboxId>, LedgerError> {
        self.read(|transaction| {
            let mut statement =
                transaction.prepare_cached("SELECT DISTINCT mailbox FROM spent WHERE class = ?1 AND at > ?2")?;
            let rows = statement.query_map(params![Json(Class::Leave), Moment(window_start(now))], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

/// Budgets run over the 24 hours before now. What bears a later time (our clock was set back) counts as well.
fn window_start(now: Timestamp) -> Timestamp {
    now.checked_sub(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MIN)
}

/// From three queries over the same parameters: what was spent, how the mirror grew since the window began, and what it
/// holds now. Its size at the window's start is what it holds less what it grew.
fn spent<P: Params + Copy>(
    transaction: &Transaction<'_>,
    window: P,
    [operations, growth, size]: [&str; 3],
) -> Result<BTreeMap<Kind, Spent>, LedgerError> {
    let mut spent: BTreeMap<Kind, Spent> = Kind::ALL.into_iter().map(|kind| (kind, Spent::default())).collect();
    let mut statement = transaction.prepare_cached(operations)?;
    let mut rows = statement.query(window)?;
    while let Some(row) = rows.next()? {
        let of_kind = spent.entry(row.get::<_, Word<Kind>>(0)?.0).or_default();
        of_kind.by_class.insert(row.get::<_, Json<Class>>(1)?.0, row.get::<_, Count>(2)?.0);
    }
    let mut grown: BTreeMap<Kind, i64> = BTreeMap::new();
    let mut statement = transaction.prepare_cached(growth)?;
    let mut rows = statement.query(window)?;
    while let Some(row) = rows.next()? {
        grown.insert(row.get::<_, Word<Kind>>(0)?.0, row.get(1)?);
    }
    let mut sizes: BTreeMap<Kind, i64> = BTreeMap::new();
    let mut statement = transaction.prepare_cached(size)?;
    let mut rows = statement.query(window)?;
    while let Some(row) = rows.next()? {
        sizes.insert(row.get::<_, Word<Kind>>(0)?.0, row.get(1)?);
    }
    for (kind, of_kind) in &mut spent {
        let size = sizes.get(kind).copied().unwrap_or(0).saturating_sub(grown.get(kind).copied().unwrap_or(0));
        of_kind.size_at_start = u64::try_from(size).unwrap_or(0);
    }
    Ok(spent)
}

/// Charges one operation.
pub(super) fn charge(
    transaction: &Transaction<'_>,
    mailbox: MailboxId,
    kind: Kind,
    class: Class,
    now: Timestamp,
) -> Result<(), LedgerError> {
    transaction
        .prepare_cached(
            "INSERT INTO spent (mailbox, kind, class, at, operations) VALUES (?1, ?2, ?3, ?4, 1)
             ON CONFLICT DO UPDATE SET operations = operations + 1",
        )?
        .execute(params![mailbox, Word(kind), Json(class), Moment(now)])?;
    Ok(())
}

/// Notes that the mirror holds so many items more (or fewer).
pub(super) fn note_growth(
    transaction: &Transaction<'_>,
    mailbox: MailboxId,
    kind: Kind,
    items: i64,
    now: Timestamp,
) -> Result<(), LedgerError> {
    if items != 0 {
        transaction
            .prepare_cached(
                "INSERT INTO growth (mailbox, kind, at, items) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET items = items + excluded.items",
            )?
            .execute(params![mailbox, Word(kind), Moment(now), items])?;
    }
    Ok(())
}
