use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::Transaction;

use super::{
    IntentId, Ledger, LedgerError, MailboxId, OpenIntent, Proposal, Resolution, RunId, adoptions, budgets, holds,
    journal::{forget_parked, take_intent},
    mirror::{is_kept, remove_entry},
    observation, pins, undo,
};
use crate::{
    domain::{Fingerprint, ItemContent, ItemRef, MirrorEntry, Place, Presence, Stamp, Written},
    plan::{
        Action, Operation, Why,
        settle::{in_doubt, mirror_after, restores_after},
        undo::Refused,
    },
    ports::Sighting,
};

/// What became of one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// Its entry in the journal; `None` for what touches the ledger alone.
    pub intent: Option<IntentId>,
    /// What was to be done.
    pub operation: Operation,
    /// What became of it.
    pub outcome: Outcome,
    /// The item as it was before, where it was read: kept sealed, for 90 days.
    pub before: Option<ItemContent>,
    /// What the user had made of it and is (or is not) written over.
    pub proposals: Vec<Proposal>,
    /// Whether it is charged to the budgets. What a person released is not charged in any case.
    pub charge: bool,
}

/// What became of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The mailbox holds it now.
    Stored {
        /// Which version of which item.
        item: ItemRef,
        /// Where it lies.
        place: Place,
        /// What was written, and what the server made of it.
        written: Written,
    },
    /// The item is gone.
    Removed,
    /// The mailbox holds it now, and it is its user's.
    Given,
    /// Ledger only, [`Action::Own`]: the item of the operation is ours and holds what it says.
    Owned,
    /// Ledger only, [`Action::Forget`]: the mirror entry is removed.
    Forgotten,
    /// Ledger only, [`Action::Respect`]: the user's deletion is respected.
    Respected,
    /// Nothing was changed in the mailbox.
    Failed {
        /// The kind of failure, in a word.
        kind: String,
        /// What happened; kept sealed.
        message: String,
        /// The record is not tried again until it changes.
        parked: bool,
    },
    /// Not known: the intent stays open, and recovery looks at the mailbox.
    Unknown,
}

impl Ledger {
    /// Settles operations in one transaction: intents, mirror, observation, budgets, releases, before-images, proposals,
    /// parked records and history.
    pub fn settle(
        &self,
        mailbox: MailboxId,
        run: RunId,
        settlements: &[Settlement],
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        self.write(|transaction| {
            settlements.iter().try_for_each(|settlement| self.settle_one(transaction, mailbox, run, settlement, now))
        })
    }

    fn settle_one(
        &self,
        transaction: &Transaction<'_>,
        mailbox: MailboxId,
        run: RunId,
        settlement: &Settlement,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let Settlement { intent, operation, outcome, before, proposals, charge } = settlement;
        let key = &operation.key;
        if *outcome == Outcome::Unknown {
            return self.add_history(transaction, mailbox, run, operation, "unknown", None, None, now);
        }
        let unfit = || LedgerError::Contradiction { key: key.clone() };
        let mut begun = now;
        if let Some(id) = *intent {
            let intent = take_intent(transaction, id)?;
            if intent.mailbox != mailbox || intent.key != *key {
                return Err(unfit());
            }
            begun = intent.begun;
        }
        let known = self.entry(transaction, mailbox, key)?;
        let mut detail = None;
        let word = match outcome {
            Outcome::Stored { item, place, written } => {
                let stored = Some((item.clone(), place.clone()));
                let entry =
                    mirror_after(known.as_ref(), operation, stored, written.returned.clone()).ok_or_else(unfit)?;
                let entry = MirrorEntry { written: Some(written.clone()), ..entry };
                give_up_predecessor(transaction, mailbox, operation)?;
                self.put_entry(transaction, mailbox, key, &entry)?;
                pins::follow(transaction, mailbox, operation, written)?;
                self.note_stored(transaction, mailbox, operation, item, place)?;
                adoptions::settled(transaction, mailbox, key)?;
                "stored"
            }
            Outcome::Removed => {
                match mirror_after(known.as_ref(), operation, None, BTreeMap::new()) {
                    Some(entry) => self.put_entry(transaction, mailbox, key, &entry)?,
                    None => remove_entry(transaction, mailbox, key)?,
                }
                if let Action::Delete { item, .. } = &operation.action {
                    observation::take(transaction, mailbox, &item.id)?;
                }
                "removed"
            }
            Outcome::Given => {
                self.note_handed_back(transaction, mailbox, operation, now)?;
                "given"
            }
            Outcome::Owned => {
                if !matches!(operation.action, Action::Own { .. }) {
                    return Err(unfit());
                }
                let entry = mirror_after(known.as_ref(), operation, None, BTreeMap::new()).ok_or_else(unfit)?;
                self.put_entry(transaction, mailbox, key, &entry)?;
                if let Some(written) = &entry.written {
                    pins::follow(transaction, mailbox, operation, written)?;
                }
                "owned"
            }
            Outcome::Forgotten => {
                remove_entry(transaction, mailbox, key)?;
                "forgotten"
            }
            Outcome::Respected => {
                if let Some(known) = &known {
                    let entry = MirrorEntry { presence: Presence::DeletedByUser, ..known.clone() };
                    self.put_entry(transaction, mailbox, key, &entry)?;
                }
                "respected"
            }
            Outcome::Failed { kind, message, parked } => {
                if operation.why == Why::Undone {
                    // It says nothing about the record as the practice system has it.
                    if *parked {
                        undo::close_open(
                            transaction,
                            mailbox,
                            key,
                            Some(&Refused::ByServer { kind: kind.clone() }),
                            now,
                        )?;
                    }
                } else if *parked {
                    self.park_record(transaction, mailbox, key, wanted(operation), message, now)?;
                }
                detail = Some(format!("{kind}: {message}"));
                "failed"
            }
            Outcome::Unknown => return Ok(()),
        };
        let mut image = None;
        if word != "failed" {
            forget_parked(transaction, mailbox, key)?;
            let released = holds::use_release(transaction, mailbox, operation.digest(), begun)?;
            // What is taken over was there all along: it is no growth.
            let grows = *outcome != Outcome::Owned && !matches!(operation.why, Why::Succeeds(_));
            account(transaction, mailbox, operation, known.as_ref(), grows, *charge && !released, now)?;
            if let Some(before) = before {
                image = Some(self.keep_before_image(transaction, mailbox, key, before, now)?);
            }
            self.keep_proposals(transaction, mailbox, proposals, now)?;
            if operation.why == Why::Undone {
                undo::finish(transaction, mailbox, key, run, now)?;
            }
        }
        self.add_history(transaction, mailbox, run, operation, word, detail.as_deref(), image, now)
    }

    /// Settles an intent by what the mailbox showed.
    pub(super) fn resolve(
        &self,
        transaction: &Transaction<'_>,
        mailbox: MailboxId,
        intent: &OpenIntent,
        resolution: &Resolution,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let operation = &intent.operation;
        let known = self.entry(transaction, mailbox, &operation.key)?;
        let mut image = None;
        let (detail, done) = match resolution {
            Resolution::Present { item, place } => {
                let written = in_doubt(known.as_ref(), operation)
                    .or_else(|| known.as_ref().and_then(|known| known.written.clone()));
                let restores = written
                    .as_ref()
                    .map_or(0, |written| restores_after(known.as_ref(), &operation.why, &written.fingerprint));
                let entry = MirrorEntry {
                    item: item.clone(),
                    place: place.clone(),
                    written,
                    presence: Presence::Kept,
                    restores,
                };
                give_up_predecessor(transaction, mailbox, operation)?;
                self.put_entry(transaction, mailbox, &operation.key, &entry)?;
                self.note_stored(transaction, mailbox, operation, item, place)?;
                adoptions::settled(transaction, mailbox, &operation.key)?;
                if let Action::Adopt { before, .. } = &operation.action {
                    image = Some(self.keep_before_image(transaction, mailbox, &operation.key, before, now)?);
                }
                ("the item is there", !matches!(operation.action, Action::Delete { .. }))
            }
            Resolution::Absent => {
                remove_entry(transaction, mailbox, &operation.key)?;
                if let Some(known) = &known {
                    observation::take(transaction, mailbox, &known.item.id)?;
                }
                ("there is no item", matches!(operation.action, Action::Delete { .. }))
            }
            Resolution::Respected => {
                if let Some(known) = &known {
                    let entry = MirrorEntry { presence: Presence::DeletedByUser, ..known.clone() };
                    self.put_entry(transaction, mailbox, &operation.key, &entry)?;
                    observation::take(transaction, mailbox, &known.item.id)?;
                }
                ("there is no item", true)
            }
            Resolution::Given => {
                self.note_handed_back(transaction, mailbox, operation, now)?;
                ("the item is there", true)
            }
            Resolution::NotDone => ("it was not done", false),
        };
        if done && operation.why == Why::Undone {
            undo::finish(transaction, mailbox, &operation.key, intent.run, now)?;
        }
        let released = done && holds::use_release(transaction, mailbox, operation.digest(), intent.begun)?;
        let grows = !matches!(operation.why, Why::Succeeds(_));
        account(transaction, mailbox, operation, known.as_ref(), grows, done && !released, now)?;
        self.add_history(transaction, mailbox, intent.run, operation, "recovered", Some(detail), image, now)
    }

    /// An item that was taken over is its user's again and stands for its record: none is created beside it.
    fn note_handed_back(
        &self,
        transaction: &Transaction<'_>,
        mailbox: MailboxId,
        operation: &Operation,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let Action::HandBack { item, before, record, .. } = &operation.action else { return Ok(()) };
        remove_entry(transaction, mailbox, &operation.key)?;
        let seen = Sighting { item: item.clone(), stamp: None, created: None, place: Place::Home };
        observation::put(transaction, mailbox, operation.key.kind, &seen, None, false)?;
        self.leave_to_user(transaction, mailbox, &operation.key, before, record, now)
    }

    /// The item is as we wrote it: the observation says so too, before the mailbox tells us.
    fn note_stored(
        &self,
        transaction: &Transaction<'_>,
        mailbox: MailboxId,
        operation: &Operation,
        item: &ItemRef,
        place: &Place,
    ) -> Result<(), LedgerError> {
        let key = &operation.key;
        let stamp = Stamp { firm: self.firm(), key: key.clone() };
        let seen = Sighting { item: item.clone(), stamp: Some(stamp.to_string()), created: None, place: place.clone() };
        observation::put(transaction, mailbox, key.kind, &seen, Some(key), true)
    }
}

/// An item that goes on under another key is no longer that of the record before.
fn give_up_predecessor(
    transaction: &Transaction<'_>,
    mailbox: MailboxId,
    operation: &Operation,
) -> Result<(), LedgerError> {
    match &operation.why {
        Why::Succeeds(from) => remove_entry(transaction, mailbox, from),
        _ => Ok(()),
    }
}

/// Charges the budgets, and notes how the mirror grew or shrank.
fn account(
    transaction: &Transaction<'_>,
    mailbox: MailboxId,
    operation: &Operation,
    before: Option<&MirrorEntry>,
    grows: bool,
    charge: bool,
    now: Timestamp,
) -> Result<(), LedgerError> {
    if grows {
        let was_kept = before.is_some_and(|entry| entry.presence == Presence::Kept);
        let items = i64::from(is_kept(transaction, mailbox, &operation.key)?) - i64::from(was_kept);
        budgets::note_growth(transaction, mailbox, operation.key.kind, items, now)?;
    }
    match operation.class().filter(|_| charge) {
        Some(class) => budgets::charge(transaction, mailbox, operation.key.kind, class, now),
        None => Ok(()),
    }
}

/// The fingerprint that an operation wants in the mailbox.
fn wanted(operation: &Operation) -> Option<Fingerprint> {
    match &operation.action {
        Action::Create { record } => Some(Fingerprint::of(record)),
        Action::Update { fingerprint, .. } | Action::Own { fingerprint, .. } | Action::Adopt { fingerprint, .. } => {
            Some(*fingerprint)
        }
        Action::GiveBack { .. }
        | Action::HandBack { .. }
        | Action::Delete { .. }
        | Action::Respect
        | Action::Forget => None,
    }
}
