//! Rows of one group are one item: many practice systems keep a row of an appointment for each member of staff, and where several
//! of them come together in one mailbox, or where a row is written anew under another key, nobody wants to see it twice.
//!
//! Only rows that mean the same item are joined. The item keeps its key as long as that row exists; then it is given to the lowest
//! of the remaining ones, by a new stamp on the same item. Rows of a group that differ stay separate, and are listed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{index::Index, meanings::Traced, watch::QueryId};
use crate::{
    domain::{Fingerprint, Presence, RecordKey, RowProblem},
    plan::{Desired, Withdrawal},
    state::MailboxId,
};

/// What a mailbox should have for a row, and from what that was made.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) desired: Desired,
    pub(super) traced: Option<Traced>,
}

impl From<Desired> for Asked {
    fn from(desired: Desired) -> Self {
        Self { desired, traced: None }
    }
}

/// Rows of one mailbox that mean the same item, by key.
type Alike = BTreeMap<RecordKey, Asked>;

/// The groups of one reading: by query, mailbox and group the rows that are wanted, by what they would show.
#[derive(Debug, Default)]
pub(super) struct Grouping {
    groups: HashMap<(QueryId, MailboxId, String), HashMap<Fingerprint, Alike>>,
}

/// What the groups of a query mean.
#[derive(Debug, Default)]
pub(super) struct Joined {
    /// What mailboxes should have. Keys that another row of their group stands for are [`Desired::Absent`] where they are not
    /// held, and withdrawn where they are.
    pub(super) asked: Vec<(MailboxId, RecordKey, Asked)>,
    /// Rows that are gone, whose items others take over.
    pub(super) succeeded: BTreeSet<(MailboxId, RecordKey)>,
    /// Groups whose rows differ.
    pub(super) problems: Vec<RowProblem>,
}

impl Grouping {
    /// A row of a group that a mailbox is to have.
    pub(super) fn add(&mut self, mailbox: MailboxId, group: &str, key: &RecordKey, of: Fingerprint, asked: Asked) {
        let id = ((key.kind, key.query.clone()), mailbox, group.to_owned());
        self.groups.entry(id).or_default().entry(of).or_default().insert(key.clone(), asked);
    }

    /// Every row of a query was read: joins what is alike.
    pub(super) fn join(&mut self, query: &QueryId, index: &Index) -> Joined {
        let mut joined = Joined::default();
        let mut heirs = Heirs::of(query, index);
        let of_query: Vec<_> = self.groups.keys().filter(|(of, ..)| of == query).cloned().collect();
        for id in of_query {
            let classes = self.groups.remove(&id).unwrap_or_default();
            let mailbox = id.1;
            if classes.len() > 1 {
                joined.problems.extend(classes.values().flat_map(BTreeMap::keys).map(differs));
            }
            for (fingerprint, alike) in classes {
                let held = |key: &&RecordKey| index.holder(mailbox, key).is_some();
                let Some(kept) = alike.keys().find(held).or_else(|| alike.keys().next()).cloned() else { continue };
                for (key, asked) in alike {
                    let is_held = held(&&key);
                    let asked = match asked.desired {
                        Desired::Wanted(record) if key == kept && !is_held => {
                            let desired = match heirs.take(mailbox, fingerprint) {
                                Some(from) => {
                                    joined.succeeded.insert((mailbox, from.clone()));
                                    Desired::Succeeds { record, from }
                                }
                                None => Desired::Wanted(record),
                            };
                            Asked { desired, traced: asked.traced }
                        }
                        desired if key == kept => Asked { desired, traced: asked.traced },
                        _ if is_held => Asked::from(Desired::Withdrawn(Withdrawal {
                            reason: "the same as another row of its group".to_owned(),
                            for_good: false,
                        })),
                        _ => Asked::from(Desired::Absent),
                    };
                    joined.asked.push((mailbox, key, asked));
                }
            }
        }
        joined
    }
}

/// Items whose rows are gone, by what they show: what another row of the same content may take over.
struct Heirs {
    left: HashMap<(MailboxId, Fingerprint), BTreeSet<RecordKey>>,
}

impl Heirs {
    fn of((kind, query): &QueryId, index: &Index) -> Self {
        let mut left: HashMap<_, BTreeSet<RecordKey>> = HashMap::new();
        for (mailbox, key, _) in index.not_given(*kind, query) {
            let holder = index.holder(mailbox, key).filter(|holder| holder.presence == Presence::Kept);
            if let Some(fingerprint) = holder.and_then(|holder| holder.fingerprint) {
                left.entry((mailbox, fingerprint)).or_default().insert(key.clone());
            }
        }
        Self { left }
    }

    fn take(&mut self, mailbox: MailboxId, fingerprint: Fingerprint) -> Option<RecordKey> {
        self.left.get_mut(&(mailbox, fingerprint))?.pop_first()
    }
}

fn differs(key: &RecordKey) -> RowProblem {
    RowProblem {
        query: key.query.clone(),
        key: Some(key.clone()),
        field: None,
        column: Some("group".to_owned()),
        what: "rows of one group differ in one mailbox: they stay separate".to_owned(),
        unreadable: false,
    }
}
