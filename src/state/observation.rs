use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rusqlite::{Row, Transaction, params};

use super::{
    Ledger, LedgerError, MailboxId,
    columns::{Count, Json, Moment, Word},
    owner::firms,
};
use crate::{
    domain::{ChangeKey, FirmId, ItemId, ItemRef, Kind, Observation, Place, RecordKey, Seen, Stamp},
    ports::{Sighting, SyncToken},
};

/// How many items the last observation of a folder showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObservedCounts {
    /// With a stamp of ours.
    pub ours: u64,
    /// Without a stamp.
    pub unstamped: u64,
    /// With a stamp of a firm id that is not ours, by that id.
    pub of_unknown_firms: BTreeMap<String, u64>,
    /// With a stamp that this version cannot read.
    pub unreadable: u64,
}

impl Ledger {
    /// Keeps a full observation of a kind, and the token that continues it: everything known before is replaced. Items found
    /// in other places are passed along; stamps are kept as text and understood here.
    pub fn store_observation_full(
        &self,
        mailbox: MailboxId,
        kind: Kind,
        seen: &[Sighting],
        next: &SyncToken,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        self.write(|transaction| {
            transaction
                .execute("DELETE FROM observed WHERE mailbox = ?1 AND kind = ?2", params![mailbox, Word(kind)])?;
            put_all(transaction, mailbox, kind, seen)?;
            let changed = transaction.execute(
                "UPDATE folder SET token = ?3, observed_at = ?4, fully_observed_at = ?4
                 WHERE mailbox = ?1 AND kind = ?2",
                params![mailbox, Word(kind), next.0, Moment(now)],
            )?;
            if changed == 0 { Err(LedgerError::NoSuchFolder { mailbox, kind }) } else { Ok(()) }
        })
    }

    /// Patches the observation of a kind with what changed since the last one, and keeps the token that continues it.
    pub fn store_observation_patch(
        &self,
        mailbox: MailboxId,
        kind: Kind,
        changed: &[Sighting],
        gone: &[ItemId],
        next: &SyncToken,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        self.write(|transaction| {
            for item in gone {
                take(transaction, mailbox, item)?;
            }
            put_all(transaction, mailbox, kind, changed)?;
            // What we wrote after the last observation is new to this one. Missing from it, it is gone: an item that came and
            // went between two observations is in neither.
            transaction.execute(
                "DELETE FROM observed WHERE mailbox = ?1 AND kind = ?2 AND written = 1",
                params![mailbox, Word(kind)],
            )?;
            let changed = transaction.execute(
                "UPDATE folder SET token = ?3, observed_at = ?4 WHERE mailbox = ?1 AND kind = ?2",
                params![mailbox, Word(kind), next.0, Moment(now)],
            )?;
            if changed == 0 { Err(LedgerError::NoSuchFolder { mailbox, kind }) } else { Ok(()) }
        })
    }

    /// Adds items that an observation did not show and that are there all the same: they were read by their ids.
    pub fn note_seen(&self, mailbox: MailboxId, kind: Kind, seen: &[Sighting]) -> Result<(), LedgerError> {
        self.write(|transaction| put_all(transaction, mailbox, kind, seen))
    }

    /// The stamped items of these keys, as last observed; contents are not kept.
    pub fn observed(&self, mailbox: MailboxId, keys: &BTreeSet<RecordKey>) -> Result<Observation, LedgerError> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(&format!("{COLUMNS} WHERE mailbox = ?1 AND key = ?2"))?;
            let mut view = Observation::default();
            for key in keys {
                for row in statement.query_map(params![mailbox, Word(key)], from_row)? {
                    let (key, seen) = row?;
                    view.add(key, seen);
                }
            }
            Ok(view)
        })
    }

    /// All stamped items that are ours, as last observed; contents are not kept.
    pub fn observed_all(&self, mailbox: MailboxId) -> Result<Observation, LedgerError> {
        self.read(|transaction| {
            let mut statement =
                transaction.prepare_cached(&format!("{COLUMNS} WHERE mailbox = ?1 AND key IS NOT NULL"))?;
            let rows = statement.query_map([mailbox], from_row)?;
            Ok(Observation::full(rows.collect::<Result<Vec<_>, _>>()?))
        })
    }

    /// How many items the last observation showed, by kind.
    pub fn observed_counts(&self, mailbox: MailboxId) -> Result<BTreeMap<Kind, ObservedCounts>, LedgerError> {
        self.read(|transaction| {
            let mut counts: BTreeMap<Kind, ObservedCounts> = BTreeMap::new();
            let mut statement = transaction.prepare_cached(
                "SELECT kind, count(key), count(*) - count(stamp) FROM observed WHERE mailbox = ?1 GROUP BY kind",
            )?;
            let mut rows = statement.query([mailbox])?;
            while let Some(row) = rows.next()? {
                let of_kind = counts.entry(row.get::<_, Word<Kind>>(0)?.0).or_default();
                of_kind.ours = row.get::<_, Count>(1)?.0;
                of_kind.unstamped = row.get::<_, Count>(2)?.0;
            }
            let known = firms(transaction)?;
            let mut statement = transaction.prepare_cached(
                "SELECT kind, stamp FROM observed WHERE mailbox = ?1 AND key IS NULL AND stamp IS NOT NULL",
            )?;
            let mut rows = statement.query([mailbox])?;
            while let Some(row) = rows.next()? {
                let of_kind = counts.entry(row.get::<_, Word<Kind>>(0)?.0).or_default();
                match row.get_ref(1)?.as_str().ok().and_then(|text| text.parse::<Stamp>().ok()) {
                    Some(stamp) if !known.contains(&stamp.firm) => {
                        *of_kind.of_unknown_firms.entry(stamp.firm.to_string()).or_default() += 1;
                    }
                    _ => of_kind.unreadable += 1,
                }
            }
            Ok(counts)
        })
    }

    /// The items of a kind that carry no stamp, to look for look-alikes among them.
    pub fn unstamped(&self, mailbox: MailboxId, kind: Kind) -> Result<Vec<ItemRef>, LedgerError> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT item, change_key FROM observed WHERE mailbox = ?1 AND kind = ?2 AND stamp IS NULL ORDER BY item",
            )?;
            let items = statement.query_map(params![mailbox, Word(kind)], |row| {
                Ok(ItemRef { id: ItemId(row.get(0)?), change_key: ChangeKey(row.get(1)?) })
            })?;
            Ok(items.collect::<Result<_, _>>()?)
        })
    }

    /// The keys for which the mirror and the last observation disagree: another version, another place, more than one item
    /// or none, or an item that the mirror does not know. Foreign items do not count.
    pub fn disagreeing(&self, mailbox: MailboxId) -> Result<BTreeSet<RecordKey>, LedgerError> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT m.key FROM mirror m
                 LEFT JOIN observed o ON o.mailbox = m.mailbox AND o.item = m.item
                 WHERE m.mailbox = ?1 AND CASE
                    WHEN m.kept = 0 THEN o.item IS NOT NULL AND o.place <> ?2
                    ELSE m.fingerprint IS NULL OR o.key IS NOT m.key OR o.change_key <> m.change_key
                         OR o.place <> m.place END
                 UNION
                 SELECT o.key FROM observed o
                 LEFT JOIN mirror m ON m.mailbox = o.mailbox AND m.key = o.key AND m.item = o.item
                 LEFT JOIN foreign_item f ON f.mailbox = o.mailbox AND f.item = o.item
                 WHERE o.mailbox = ?1 AND o.key IS NOT NULL AND m.item IS NULL AND f.item IS NULL",
            )?;
            let keys = statement
                .query_map(params![mailbox, Json(Place::Deleted)], |row| Ok(row.get::<_, Word<RecordKey>>(0)?.0))?;
            Ok(keys.collect::<Result<_, _>>()?)
        })
    }

    /// How many of our kept items the last observation did not show, by kind.
    pub fn vanished(&self, mailbox: MailboxId) -> Result<BTreeMap<Kind, u64>, LedgerError> {
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(
                "SELECT m.kind, count(*) FROM mirror m
                 JOIN folder f ON f.mailbox = m.mailbox AND f.kind = m.kind AND f.observed_at IS NOT NULL
                 LEFT JOIN observed o ON o.mailbox = m.mailbox AND o.item = m.item AND o.place <> ?2
                 WHERE m.mailbox = ?1 AND m.kept = 1 AND o.item IS NULL GROUP BY m.kind",
            )?;
            let counts = statement.query_map(params![mailbox, Json(Place::Deleted)], |row| {
                Ok((row.get::<_, Word<Kind>>(0)?.0, row.get::<_, Count>(1)?.0))
            })?;
            Ok(counts.collect::<Result<_, _>>()?)
        })
    }
}

const COLUMNS: &str = "SELECT key, item, change_key, place, created FROM observed";

fn from_row(row: &Row<'_>) -> rusqlite::Result<(RecordKey, Seen)> {
    let seen = Seen {
        item: ItemRef { id: ItemId(row.get(1)?), change_key: ChangeKey(row.get(2)?) },
        place: row.get::<_, Json<Place>>(3)?.0,
        created: row.get::<_, Option<Moment>>(4)?.map(|moment| moment.0),
        content: None,
    };
    Ok((row.get::<_, Word<RecordKey>>(0)?.0, seen))
}

/// The record a stamp names, if it is a stamp of ours in a folder of its kind.
fn our_key(firms: &BTreeSet<FirmId>, kind: Kind, stamp: &str) -> Option<RecordKey> {
    let stamp: Stamp = stamp.parse().ok()?;
    (firms.contains(&stamp.firm) && stamp.key.kind == kind).then_some(stamp.key)
}

pub(super) fn put_all(
    transaction: &Transaction<'_>,
    mailbox: MailboxId,
    kind: Kind,
    seen: &[Sighting],
) -> Result<(), LedgerError> {
    let firms = firms(transaction)?;
    seen.iter().try_for_each(|sighting| {
        let key = sighting.stamp.as_deref().and_then(|stamp| our_key(&firms, kind, stamp));
        put(transaction, mailbox, kind, sighting, key.as_ref(), false)
    })
}

/// Keeps one item as it was seen or (`written`) as we wrote it last.
pub(super) fn put(
    transaction: &Transaction<'_>,
    mailbox: MailboxId,
    kind: Kind,
    seen: &Sighting,
    key: Option<&RecordKey>,
    written: bool,
) -> Result<(), LedgerError> {
    transaction
        .prepare_cached(
            "INSERT INTO observed (mailbox, kind, item, change_key, place, created, stamp, key, written)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (mailbox, item) DO UPDATE SET kind = excluded.kind, change_key = excluded.change_key,
                place = excluded.place, created = coalesce(excluded.created, created), stamp = excluded.stamp,
                key = excluded.key, written = excluded.written",
        )?
        .execute(params![
            mailbox,
            Word(kind),
            seen.item.id.0,
            seen.item.change_key.0,
            Json(&seen.place),
            seen.created.map(Moment),
            seen.stamp,
            key.map(Word),
            written
        ])?;
    Ok(())
}

/// An item is not there any more.
pub(super) fn take(transaction: &Transaction<'_>, mailbox: MailboxId, item: &ItemId) -> Result<(), LedgerError> {
    transaction
        .prepare_cached("DELETE FROM observed WHERE mailbox = ?1 AND item = ?2")?
        .execute(params![mailbox, item.0])?;
    Ok(())
}

/// Stamps of this firm became ours: the items that carry them are known by their keys from now on.
pub(super) fn understand_stamps_of(transaction: &Transaction<'_>, firm: FirmId) -> Result<(), LedgerError> {
    let firms = BTreeSet::from([firm]);
    let mut statement =
        transaction.prepare("SELECT number, kind, stamp FROM observed WHERE key IS NULL AND stamp IS NOT NULL")?;
    let found = statement
        .query_map([], |row| Ok((row.get(0)?, row.get::<_, Word<Kind>>(1)?.0, row.get(2)?)))?
        .collect::<Result<Vec<(i64, Kind, String)>, _>>()?;
    for (number, kind, stamp) in found {
        if let Some(key) = our_key(&firms, kind, &stamp) {
            transaction.execute("UPDATE observed SET key = ?2 WHERE number = ?1", params![number, Word(key)])?;
        }
    }
    Ok(())
}
