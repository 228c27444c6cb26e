use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use jiff::Timestamp;
use rusqlite::{Row, Transaction, params};
use serde::{Deserialize, Serialize};

use super::{
    Ledger, LedgerError, MailboxId, UserName,
    columns::{Count, Json, Moment, Word},
    history::add_audit,
};
use crate::{
    domain::{Field, ItemContent, Kind, Record, RecordKey, Value},
    plan::{
        adopt::{Decision, Match, MatchVerdict, still_counts},
        look_alike::{self, By},
    },
};

/// A record that looks like items of an earlier sync, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PairNumber(pub i64);

impl fmt::Display for PairNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// What a person is shown of a record and of the items that look like it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Portrait {
    /// By what the record is known: names, subject, times.
    pub record: BTreeMap<Field, Value>,
    /// The same of each item, in the order of the match.
    pub items: Vec<BTreeMap<Field, Value>>,
}

impl Portrait {
    /// By what a person knows a record or an item, of what it holds.
    pub fn of<'v>(get: impl Fn(Field) -> Option<&'v Value>) -> BTreeMap<Field, Value> {
        SHOWN.iter().filter_map(|field| Some((*field, get(*field)?.clone()))).collect()
    }
}

/// By what a person knows a record or an item.
const SHOWN: [Field; 10] = [
    Field::Subject,
    Field::Span,
    Field::DueDate,
    Field::DisplayName,
    Field::GivenName,
    Field::Surname,
    Field::Company,
    Field::Email1,
    Field::MobilePhone,
    Field::BusinessPhone,
];

/// What a comparison of a mailbox with its records found for one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundMatch {
    /// Record, items and verdict.
    pub found: Match,
    /// What a person is shown.
    pub portrait: Portrait,
}

/// A record that looks like items, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// By this number it is decided.
    pub number: PairNumber,
    /// In which mailbox.
    pub mailbox: MailboxId,
    /// Record, items and verdict.
    #[serde(flatten)]
    pub found: Match,
    /// When it was found first.
    pub since: Timestamp,
    /// What was decided, when and by whom.
    pub decided: Option<(Decision, Timestamp, String)>,
    /// What a person is shown.
    pub portrait: Portrait,
}

impl Pair {
    /// Whether somebody decided that the record gets no item of ours.
    pub fn is_left(&self) -> bool {
        matches!(self.decided, Some((Decision::Leave, ..)))
    }
}

/// Items without our stamp in a folder, as they were compared last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leftovers {
    /// How many.
    pub items: u64,
    /// How many of them look like no record: they stay the user's.
    pub unmatched: u64,
}

impl Ledger {
    /// Keeps what a comparison found for a kind, in place of what the last one found. A decision stays as long as it
    /// [counts](still_counts); what is found no more is forgotten, unless it was left to the user.
    pub fn put_adoptions(
        &self,
        mailbox: MailboxId,
        kind: Kind,
        found: &[FoundMatch],
        leftovers: Leftovers,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        self.write(|transaction| {
            let mut known: BTreeMap<RecordKey, Pair> = self
                .pairs(transaction, mailbox)?
                .into_iter()
                .filter(|pair| pair.found.key.kind == kind)
                .map(|pair| (pair.found.key.clone(), pair))
                .collect();
            for FoundMatch { found, portrait } in found {
                let earlier = known.remove(&found.key);
                if earlier.as_ref().is_some_and(|pair| pair.found == *found && pair.portrait == *portrait) {
                    continue;
                }
                let stays = earlier.and_then(|pair| pair.decided.map(|decided| (pair.found, decided.0)));
                let stays = stays.is_none_or(|(shown, decision)| counts(decision, &shown, found));
                self.put_pair(transaction, mailbox, found, portrait, stays, now)?;
            }
            // An item that its user edited since still stands for its record.
            let over = known.iter().filter(|(_, pair)| !pair.is_left());
            over.map(|(key, _)| key).try_for_each(|key| settled(transaction, mailbox, key))?;
            transaction.execute(
                "INSERT INTO leftover (mailbox, kind, items, unmatched, compared_at) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (mailbox, kind) DO UPDATE SET items = excluded.items, unmatched = excluded.unmatched,
                    compared_at = excluded.compared_at",
                params![mailbox, Word(kind), number(leftovers.items), number(leftovers.unmatched), Moment(now)],
            )?;
            Ok(())
        })
    }

    /// Records of a mailbox that look like items of an earlier sync, by number.
    pub fn adoptions(&self, mailbox: MailboxId) -> Result<Vec<Pair>, LedgerError> {
        self.read(|transaction| self.pairs(transaction, mailbox))
    }

    /// Items without our stamp, as they were compared last, by kind. Nothing for a mailbox that was never compared.
    pub fn leftovers(&self, mailbox: MailboxId) -> Result<BTreeMap<Kind, Leftovers>, LedgerError> {
        self.read(|transaction| {
            let mut statement =
                transaction.prepare_cached("SELECT kind, items, unmatched FROM leftover WHERE mailbox = ?1")?;
            let rows = statement.query_map([mailbox], |row| {
                let counts = Leftovers { items: row.get::<_, Count>(1)?.0, unmatched: row.get::<_, Count>(2)?.0 };
                Ok((row.get::<_, Word<Kind>>(0)?.0, counts))
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Keeps what a person decided about pairs exactly as they were shown, and says so in the audit trail.
    ///
    /// # Errors
    /// [`LedgerError::PairChanged`] when one of them is not any more what was shown; nothing is decided then.
    pub fn decide_adoptions(
        &self,
        user: &UserName,
        shown: &[Pair],
        decision: Decision,
        by: &str,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        self.write(|transaction| {
            let mailboxes: BTreeSet<MailboxId> = shown.iter().map(|pair| pair.mailbox).collect();
            let mut current = BTreeMap::new();
            for mailbox in mailboxes {
                current.extend(self.pairs(transaction, mailbox)?.into_iter().map(|pair| (pair.number, pair.found)));
            }
            for pair in shown {
                let found = current.get(&pair.number).ok_or(LedgerError::PairChanged(pair.number))?;
                if !counts(decision, &pair.found, found) {
                    return Err(LedgerError::PairChanged(pair.number));
                }
                transaction
                    .prepare_cached(
                        "UPDATE adoption SET decision = ?2, decided_at = ?3, decided_by = ?4, taken_up = 0
                         WHERE number = ?1",
                    )?
                    .execute(params![pair.number, Json(decision), Moment(now), by])?;
            }
            let what = match decision {
                Decision::Adopt => "agreed to take over",
                Decision::KeepBoth => "decided to keep beside ours",
                Decision::Leave => "decided to leave to the user, without an item of ours,",
            };
            let numbers = shown.iter().map(|pair| pair.number.to_string()).collect::<Vec<_>>().join(", ");
            let event = format!("{what} {} items of an earlier sync (pairs {numbers})", shown.len());
            add_audit(transaction, by, Some(user), &event, now)
        })
    }

    /// Whether there are records about which nobody decided, or an item that is to be taken over: until then the mailbox is
    /// looked at as before the first write.
    pub fn adoptions_open(&self, mailbox: MailboxId) -> Result<bool, LedgerError> {
        self.read(|transaction| {
            Ok(transaction
                .prepare_cached("SELECT 1 FROM adoption WHERE mailbox = ?1 AND (decision IS NULL OR decision = ?2)")?
                .exists(params![mailbox, Json(Decision::Adopt)])?)
        })
    }

    /// Whether a person decided something that no plan has taken up.
    pub fn adoptions_to_take_up(&self, mailbox: MailboxId) -> Result<bool, LedgerError> {
        self.read(|transaction| {
            Ok(transaction
                .prepare_cached("SELECT 1 FROM adoption WHERE mailbox = ?1 AND decision IS NOT NULL AND taken_up = 0")?
                .exists([mailbox])?)
        })
    }

    /// A plan has these decisions in it.
    pub fn take_up_adoptions(&self, mailbox: MailboxId, keys: &BTreeSet<RecordKey>) -> Result<(), LedgerError> {
        if keys.is_empty() {
            return Ok(());
        }
        self.write(|transaction| {
            let mut statement =
                transaction.prepare_cached("UPDATE adoption SET taken_up = 1 WHERE mailbox = ?1 AND key = ?2")?;
            keys.iter().try_for_each(|key| statement.execute(params![mailbox, Word(key)]).map(drop))?;
            Ok(())
        })
    }

    /// An item was handed back to its user, who asked for that to be undone: it stands for its record from now on.
    pub(super) fn leave_to_user(
        &self,
        transaction: &Transaction<'_>,
        mailbox: MailboxId,
        key: &RecordKey,
        item: &ItemContent,
        record: &Record,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let theirs = look_alike::of_item(key.kind, item);
        let alike = look_alike::of_record(record).into_iter().filter(|likeness| theirs.contains(likeness));
        let by: BTreeSet<By> = alike.map(|likeness| likeness.by).collect();
        let portrait = Portrait {
            record: Portrait::of(|field| record.get(field)),
            items: vec![Portrait::of(|field| item.fields.get(&field))],
        };
        settled(transaction, mailbox, key)?;
        transaction
            .prepare_cached(
                "INSERT INTO adoption (mailbox, kind, key, items, likeness, verdict, found_at, sealed, decision, decided_at,
                    decided_by, taken_up)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?7,
                    coalesce((SELECT asked_by FROM undo WHERE mailbox = ?1 AND key = ?3 AND closed_at IS NULL), 'undo'), 1)",
            )?
            .execute(params![
                mailbox,
                Word(key.kind),
                Word(key),
                Json([&item.item]),
                Json(by),
                Json(MatchVerdict::OneToOne),
                Moment(now),
                self.seal(&sealed_as(mailbox, key), &portrait)?,
                Json(Decision::Leave)
            ])?;
        Ok(())
    }

    /// Keeps what was found for a record; what was decided about it `stays` or is asked anew.
    pub(super) fn put_pair(
        &self,
        transaction: &Transaction<'_>,
        mailbox: MailboxId,
        found: &Match,
        portrait: &Portrait,
        stays: bool,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let sealed = self.seal(&sealed_as(mailbox, &found.key), portrait)?;
        transaction
            .prepare_cached(
                "INSERT INTO adoption (mailbox, kind, key, items, likeness, verdict, found_at, sealed)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                 ON CONFLICT (mailbox, key) DO UPDATE SET items = excluded.items, likeness = excluded.likeness,
                    verdict = excluded.verdict, sealed = excluded.sealed,
                    decision = CASE WHEN ?9 THEN decision END, decided_at = CASE WHEN ?9 THEN decided_at END,
                    decided_by = CASE WHEN ?9 THEN decided_by END, taken_up = ?9 AND taken_up",
            )?
            .execute(params![
                mailbox,
                Word(found.key.kind),
                Word(&found.key),
                Json(&found.items),
                Json(&found.by),
                Json(found.verdict),
                Moment(now),
                sealed,
                stays
            ])?;
        Ok(())
    }

    pub(super) fn pairs(&self, transaction: &Transaction<'_>, mailbox: MailboxId) -> Result<Vec<Pair>, LedgerError> {
        let mut statement = transaction.prepare_cached(
            "SELECT number, key, items, likeness, verdict, found_at, decision, decided_at, decided_by, sealed
             FROM adoption WHERE mailbox = ?1 ORDER BY number",
        )?;
        let rows = statement.query_map([mailbox], |row| Ok((from_row(row, mailbox)?, row.get("sealed")?)))?;
        let rows = rows.collect::<Result<Vec<(Pair, Vec<u8>)>, _>>()?;
        rows.into_iter()
            .map(|(pair, sealed)| {
                let portrait = self.unseal(&sealed_as(mailbox, &pair.found.key), &sealed)?;
                Ok(Pair { portrait, ..pair })
            })
            .collect()
    }
}

fn from_row(row: &Row<'_>, mailbox: MailboxId) -> rusqlite::Result<Pair> {
    let decision = row.get::<_, Option<Json<Decision>>>(6)?.map(|decision| decision.0);
    let at = row.get::<_, Option<Moment>>(7)?.map(|at| at.0);
    let by: Option<String> = row.get(8)?;
    Ok(Pair {
        number: row.get(0)?,
        mailbox,
        found: Match {
            key: row.get::<_, Word<_>>(1)?.0,
            items: row.get::<_, Json<_>>(2)?.0,
            by: row.get::<_, Json<_>>(3)?.0,
            verdict: row.get::<_, Json<_>>(4)?.0,
        },
        since: row.get::<_, Moment>(5)?.0,
        decided: decision.zip(at).zip(by).map(|((decision, at), by)| (decision, at, by)),
        portrait: Portrait::default(),
    })
}

fn counts(decision: Decision, shown: &Match, found: &Match) -> bool {
    still_counts(decision, (&shown.items, shown.verdict), (&found.items, found.verdict))
}

/// The record has an item of ours, or looks like none any more: there is nothing to decide.
pub(super) fn settled(transaction: &Transaction<'_>, mailbox: MailboxId, key: &RecordKey) -> Result<(), LedgerError> {
    transaction
        .prepare_cached("DELETE FROM adoption WHERE mailbox = ?1 AND key = ?2")?
        .execute(params![mailbox, Word(key)])?;
    Ok(())
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn sealed_as(mailbox: MailboxId, key: &RecordKey) -> String {
    format!("adoption/{mailbox}/{key}")
}
