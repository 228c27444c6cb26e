//! From rows to keys that are to be looked at.
//!
//! A row is compared with the index of what mailboxes hold; only what differs is kept. Everything is staged and counts when
//! the reading is complete: a reading that breaks off changes nothing.

mod walls;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;

use super::{
    grouping::{Asked, Grouping},
    index::Index,
    judged::{Judged, fingerprint, hint, is_done},
    lazily::Lazily,
    meanings::{Book, Traced},
    recipients::{Recipient, Recipients, Standing},
    watch::QueryId,
};
use crate::{
    domain::{Audience, Fingerprint, Kind, Matter, Origin, QueryName, RecordKey, RowProblem, SourceRecord},
    plan::{Desired, MirrorHint, Withdrawal, behind_a_wall, combined, meaning, scope, still_maintained},
    ports::{Person, Row},
    state::{KeyOrigin, MailboxId},
};

/// What one reading said, until it is complete.
#[derive(Default)]
pub(super) struct Intake {
    now: Timestamp,
    /// Mailboxes fed by several links: their rows are combined before they are judged.
    shared: HashSet<MailboxId>,
    /// Mailboxes that do not have a record yet which others have, and are given it by name.
    takers: HashMap<RecordKey, BTreeSet<MailboxId>>,
    told: Told,
    grouping: Grouping,
}

/// What a complete reading said.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// What mailboxes should have, where it differs or may differ.
    pub(super) desired: HashMap<MailboxId, BTreeMap<RecordKey, Desired>>,
    /// What leaves each mailbox for others that are to have it first.
    pub(super) handovers: HashMap<MailboxId, BTreeMap<RecordKey, BTreeSet<MailboxId>>>,
    /// Everybody in the practice system.
    pub(super) people: Vec<Person>,
    /// From what the wanted ones were made.
    pub(super) traced: HashMap<MailboxId, BTreeMap<RecordKey, Traced>>,
    /// What items were made from that are as they should be, where the ledger does not know it yet.
    pub(super) origins: Vec<KeyOrigin>,
    /// What rows said when a new meaning was first met, for items that wait.
    pub(super) noticed: Vec<KeyOrigin>,
    /// Queries of contacts that were read in full.
    pub(super) contacts_in_full: BTreeSet<QueryName>,
    /// Firm-wide contacts that each mailbox was given, by query.
    pub(super) firm_wide_contacts: HashMap<(MailboxId, QueryName), u64>,
    /// Queries that returned no row at all.
    pub(super) empty: BTreeSet<QueryId>,
    /// Queries that returned rows.
    pub(super) filled: BTreeSet<QueryId>,
    /// Queries of which every key was seen.
    pub(super) complete: BTreeSet<QueryId>,
    /// Rows of groups that differ.
    pub(super) differing: Vec<RowProblem>,
    /// Keys on some mailbox's list that had a row for it. One of a complete query that is missing here is gone.
    pub(super) seen: HashSet<(MailboxId, RecordKey)>,
}

/// What rows are compared with: what mailboxes hold, who gets rows, and which keys are on a mailbox's list already (what became
/// of those is told even when nothing differs).
pub(super) struct Against<'a> {
    pub(super) index: &'a mut Index,
    pub(super) recipients: &'a Recipients,
    pub(super) book: &'a mut Book,
    pub(super) mentioned: &'a dyn Fn(MailboxId, &RecordKey) -> bool,
}

impl Intake {
    pub(super) fn new(recipients: &Recipients, now: Timestamp) -> Self {
        let shared = recipients.iter().map(|one| one.mailbox).filter(|mailbox| recipients.share(*mailbox)).collect();
        Self { now, shared, takers: HashMap::new(), told: Told::default(), grouping: Grouping::default() }
    }

    /// Everybody in the practice system.
    pub(super) fn met(&mut self, people: Vec<Person>) {
        self.told.people = people;
    }

    /// A row of a query.
    pub(super) fn row(&mut self, row: &Row, against: &mut Against<'_>) {
        match row {
            Row::Record { record, mark } => self.record(record, *mark, against),
            Row::Unreadable { key, audience, matter, .. } => self.unreadable(key, audience, matter, against),
            Row::Key { key, audience, .. } => self.given(key, audience, against),
        }
    }

    fn unreadable(&mut self, key: &RecordKey, audience: &Audience, matter: &Matter, against: &mut Against<'_>) {
        self.given(key, audience, against);
        let recipients = against.recipients;
        let mut mailboxes: BTreeSet<MailboxId> = recipients.of(audience).map(|recipient| recipient.mailbox).collect();
        if *audience == Audience::Nobody {
            // For whom it is cannot be read either: it is absent for nobody who has it.
            mailboxes.extend(given_to_all_holders(key, against));
        }
        for mailbox in mailboxes {
            self.not_taken(mailbox, key);
            // A wall does not wait until a row can be read.
            let desired = if recipients.is_walled_off(mailbox, key, matter, audience) {
                behind_a_wall()
            } else if recipients.all_left(mailbox) {
                // Nor does leaving.
                Desired::Left
            } else {
                Desired::Unreadable
            };
            self.stage(mailbox, key, &desired, None, None, against);
        }
        self.reach_holders(key, matter, audience, against);
    }

    fn record(&mut self, record: &SourceRecord, mark: u64, against: &mut Against<'_>) {
        self.given(&record.key, &record.audience, against);
        let recipients = against.recipients;
        // What goes to everyone is judged once for all who have the same settings and hold the same.
        let mut last: Option<Judged<'_>> = None;
        let mut source = Lazily::new(record, mark);
        for recipient in recipients.of(&record.audience) {
            let hint = hint(against.index, recipient.mailbox, &record.key);
            let judged = last
                .take()
                .filter(|last| last.holds_for(recipient, hint) && last.nothing_personal(record, recipient))
                .unwrap_or_else(|| self.judge(record, recipient, hint));
            if matches!(record.audience, Audience::Everyone | Audience::Linked(_))
                && record.key.kind == Kind::Contact
                && matches!(judged.desired, Desired::Wanted(_))
            {
                *self.told.firm_wide_contacts.entry((recipient.mailbox, record.key.query.clone())).or_default() += 1;
            }
            if !matches!(judged.desired, Desired::Wanted(_)) {
                self.not_taken(recipient.mailbox, &record.key);
            }
            let (desired, traced) = self.trace(&mut source, &judged, recipient.mailbox, against);
            match (&record.group, judged.fingerprint) {
                // Which of its rows are alike is known when all of them were read.
                (Some(group), Some(of)) => {
                    self.grouping.add(recipient.mailbox, group, &record.key, of, Asked { desired, traced });
                }
                _ => self.stage(recipient.mailbox, &record.key, &desired, judged.fingerprint, traced, against),
            }
            last = Some(judged);
        }
        self.reach_holders(&record.key, &record.matter, &record.audience, against);
    }

    /// The record exists, and these mailboxes have a row for it.
    fn given(&mut self, key: &RecordKey, audience: &Audience, against: &mut Against<'_>) {
        let generation = against.index.generation();
        let recipients = against.recipients;
        for recipient in recipients.of(audience) {
            if (against.mentioned)(recipient.mailbox, key) {
                self.told.seen.insert((recipient.mailbox, key.clone()));
            }
        }
        // A row for nobody is no evidence that the record went to somebody else: a broken join looks just like that.
        if *audience == Audience::Nobody {
            return;
        }
        let Some(holders) = against.index.holders_mut(key) else { return };
        holders.existed = generation;
        for recipient in recipients.of(audience) {
            if let Some(holder) = holders.of_mut(recipient.mailbox) {
                holder.given = generation;
            } else if matches!(audience, Audience::Person(_)) && recipient.is_served() {
                self.takers.entry(key.clone()).or_default().insert(recipient.mailbox);
            }
        }
    }

    /// This mailbox will not have the record: nobody waits for it.
    fn not_taken(&mut self, mailbox: MailboxId, key: &RecordKey) {
        if let Some(takers) = self.takers.get_mut(key) {
            takers.remove(&mailbox);
        }
    }

    fn judge<'r>(&self, record: &SourceRecord, recipient: &'r Recipient, hint: Option<MirrorHint>) -> Judged<'r> {
        let viewer = recipient.viewer();
        let desired = match recipient.standing {
            Standing::Active if !recipient.resting => scope(record, &viewer, hint.as_ref(), self.now),
            _ if recipient.is_walled_off(&record.key, &record.matter, &record.audience) => behind_a_wall(),
            Standing::Missing => Desired::Frozen,
            Standing::Left => Desired::Left,
            // Nothing new for who is not served, and nothing less.
            Standing::Active => Desired::Unchanged,
        };
        let fingerprint = fingerprint(&desired);
        let meanings = recipient.meanings.get(&record.key.kind);
        let meaning = meanings.and_then(|meanings| meanings.get(&record.key.query)).copied();
        Judged { recipient, hint, desired, fingerprint, meaning }
    }

    /// From what a wanted record was made, and whether its item differs because its meaning changed. Time does not freeze an item
    /// whose record changed; one whose meaning changed it does.
    fn trace(
        &mut self,
        source: &mut Lazily<'_>,
        judged: &Judged<'_>,
        mailbox: MailboxId,
        against: &mut Against<'_>,
    ) -> (Desired, Option<Traced>) {
        let desired = judged.desired.clone();
        let (Desired::Wanted(rendered), Some(meaning)) = (&desired, judged.meaning) else { return (desired, None) };
        let key = source.key();
        let Some(holder) = against.index.holder(mailbox, key) else {
            let origin = source.origin(judged.recipient, meaning);
            return (desired, Some(Traced { origin, rewrite: None }));
        };
        let equal = holder.fingerprint == judged.fingerprint;
        if equal && holder.origin.is_some_and(|origin| source.is_unmoved(&origin, meaning)) {
            return (desired, None);
        }
        let then = holder.origin;
        let origin = source.origin(judged.recipient, meaning);
        let mut traced = Traced { origin, rewrite: None };
        if equal {
            // Links that feed one mailbox may mean the same record differently.
            let settled = then.is_some_and(|then| self.shared.contains(&mailbox) && then.source == origin.source);
            if then != Some(origin) && !settled {
                self.told.origins.push((mailbox, key.clone(), origin));
            }
            return (desired, Some(traced));
        }
        if holder.fingerprint.is_none() {
            return (desired, Some(traced));
        }
        let noticed = against.index.noticed(mailbox, key).copied();
        let book = std::cell::RefCell::new(&mut *against.book);
        let reads_alike = |one: &Origin, other: &Origin| book.borrow_mut().reads_alike(one.meaning, other.meaning);
        if !meaning::is_same_row(&origin, then.as_ref(), noticed.as_ref(), reads_alike) {
            return (desired, Some(traced));
        }
        if noticed.is_none_or(|noticed| (noticed.source, noticed.meaning) != (origin.source, origin.meaning)) {
            self.told.noticed.push((mailbox, key.clone(), origin));
        }
        let changes = against.book.changes(then.map(|then| then.meaning), meaning);
        let frozen = !still_maintained(rendered, &judged.recipient.scope, self.now) && !meaning::is_redaction(&changes);
        traced.rewrite = Some(changes);
        if frozen { (Desired::Frozen, None) } else { (desired, Some(traced)) }
    }

    fn stage(
        &mut self,
        mailbox: MailboxId,
        key: &RecordKey,
        desired: &Desired,
        of_desired: Option<Fingerprint>,
        traced: Option<Traced>,
        against: &Against<'_>,
    ) {
        let shared = self.shared.contains(&mailbox);
        let wall = behind_a_wall();
        let staged = self.told.desired.entry(mailbox).or_default();
        let all_traced = self.told.traced.entry(mailbox).or_default();
        let earlier_traced = all_traced.remove(key);
        let (desired, of_desired, traced) = match staged.remove(key) {
            None => (desired.clone(), of_desired, traced),
            Some(earlier) => {
                // A wall that one row shows stands, whatever the others say. Then a row that cannot be read has the last word:
                // believing one of two rows that contradict each other is guessing.
                let both = if earlier == wall || *desired == wall {
                    wall
                } else if earlier == Desired::Unreadable || *desired == Desired::Unreadable {
                    Desired::Unreadable
                } else {
                    combined(earlier, desired.clone(), hint(against.index, mailbox, key).as_ref())
                };
                let of_both = fingerprint(&both);
                let traced = if both == *desired { traced } else { earlier_traced };
                (both, of_both, traced)
            }
        };
        let done = !shared && is_done(against.index, mailbox, key, &desired, of_desired);
        if !done || (against.mentioned)(mailbox, key) {
            staged.insert(key.clone(), desired);
            if let Some(traced) = traced {
                all_traced.insert(key.clone(), traced);
            }
        }
    }

    /// Every row of a query was read in full.
    pub(super) fn read_in_full(&mut self, kind: Kind, query: &QueryName) {
        if kind == Kind::Contact {
            self.told.contacts_in_full.insert(query.clone());
        }
    }

    /// A query was read so that every key of it was seen.
    pub(super) fn every_key_seen(&mut self, kind: Kind, query: &QueryName, rows: u64, against: &Against<'_>) {
        let id = (kind, query.clone());
        if rows == 0 {
            self.told.empty.insert(id)
        } else {
            self.told.filled.insert(id)
        };
        let joined = self.grouping.join(&(kind, query.clone()), against.index);
        for (mailbox, key, asked) in joined.asked {
            let of_desired = fingerprint(&asked.desired);
            if of_desired.is_none() {
                // Another row of its group stands for it there.
                self.not_taken(mailbox, &key);
            }
            self.stage(mailbox, &key, &asked.desired, of_desired, asked.traced, against);
        }
        self.told.differing.extend(joined.problems);
        for (mailbox, key, exists) in against.index.not_given(kind, query) {
            let walled = against.recipients.names_in_a_wall(mailbox, key);
            if !walled && against.recipients.incomplete(mailbox) {
                continue;
            }
            let desired = if walled {
                behind_a_wall()
            } else if against.recipients.all_left(mailbox) {
                Desired::Left
            } else if joined.succeeded.contains(&(mailbox, key.clone())) {
                // Its item goes on under another key.
                Desired::Unchanged
            } else if exists {
                if let Some(takers) = self.takers.get(key).filter(|takers| !takers.is_empty()) {
                    self.told.handovers.entry(mailbox).or_default().insert(key.clone(), takers.clone());
                }
                Desired::Withdrawn(Withdrawal { reason: "assigned to somebody else".to_owned(), for_good: false })
            } else {
                Desired::Absent
            };
            self.told.desired.entry(mailbox).or_default().insert(key.clone(), desired);
        }
        self.told.complete.insert((kind, query.clone()));
    }

    /// The reading is complete.
    pub(super) fn complete(self) -> Told {
        self.told
    }
}

/// Nobody who has an item of the record shall lose it in this reading; gives their mailboxes.
fn given_to_all_holders(key: &RecordKey, against: &mut Against<'_>) -> Vec<MailboxId> {
    let generation = against.index.generation();
    let Some(holders) = against.index.holders_mut(key) else { return Vec::new() };
    holders.give_to_all(generation)
}
