//! What rows mean now, and what changed since an item was written.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::{Engine, recipients::Recipients};
use crate::{
    domain::{Kind, MeaningId, Origin, QueryName},
    plan::{Meaning, MeaningChange, RENDERING_REVISION, ScopeSettings},
    state::LedgerError,
};

/// How rows are read and rendered, as far as the engine cannot see it itself.
#[derive(Clone, Debug)]
pub struct Interpretation {
    /// Which revision of our own rendering is at work.
    pub revision: u32,
    /// How the rows of each query are read: parts of a meaning, by name.
    pub readings: BTreeMap<(Kind, QueryName), BTreeMap<String, String>>,
}

impl Default for Interpretation {
    fn default() -> Self {
        Self { revision: RENDERING_REVISION, readings: BTreeMap::new() }
    }
}

/// The meanings that a user's rows have, by kind and query.
pub(super) type Assigned = HashMap<Kind, BTreeMap<QueryName, MeaningId>>;

/// From what a wanted record was made, and what changed since its item was written, if that is its meaning alone.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Traced {
    pub(super) origin: Origin,
    pub(super) rewrite: Option<Arc<[MeaningChange]>>,
}

/// How one meaning differs from another.
#[derive(Clone, Debug)]
struct Compared {
    changes: Arc<[MeaningChange]>,
    reads_alike: bool,
}

/// Every meaning that was ever at work, and how they differ.
#[derive(Debug, Default)]
pub(super) struct Book {
    known: BTreeMap<MeaningId, Meaning>,
    compared: HashMap<(MeaningId, MeaningId), Compared>,
    unknown: HashMap<MeaningId, Arc<[MeaningChange]>>,
}

impl Book {
    pub(super) fn new(known: BTreeMap<MeaningId, Meaning>) -> Self {
        Self { known, ..Self::default() }
    }

    /// Whether both meanings read rows the same way.
    pub(super) fn reads_alike(&mut self, one: MeaningId, other: MeaningId) -> bool {
        one == other || self.compare(one, other).reads_alike
    }

    /// What changed between the meaning that an item was written with and the one at work now.
    pub(super) fn changes(&mut self, from: Option<MeaningId>, to: MeaningId) -> Arc<[MeaningChange]> {
        if let Some(from) = from.filter(|from| self.known.contains_key(from)) {
            return self.compare(from, to).changes;
        }
        let known = &self.known;
        Arc::clone(
            self.unknown.entry(to).or_insert_with(|| known.get(&to).map(Meaning::from_unknown).into_iter().collect()),
        )
    }

    fn compare(&mut self, from: MeaningId, to: MeaningId) -> Compared {
        let nothing = Meaning::default();
        let known = &self.known;
        let compared = self.compared.entry((from, to)).or_insert_with(|| {
            let of = |id: MeaningId| known.get(&id).unwrap_or(&nothing);
            let mut changes = of(from).changes_to(of(to));
            if changes.is_empty() {
                changes.push(of(to).unannounced());
            }
            Compared { changes: changes.into(), reads_alike: of(from).reads_as(of(to)) }
        });
        compared.clone()
    }
}

impl Engine {
    /// Says for every link what its rows mean.
    pub(super) fn assign_meanings(&self, recipients: &mut Recipients) -> Result<Book, LedgerError> {
        let ledger = &self.context.ledger;
        let nothing = BTreeMap::new();
        let mut by_scope: HashMap<*const ScopeSettings, Arc<Assigned>> = HashMap::new();
        for recipient in recipients.iter_mut() {
            let scope = Arc::as_ptr(&recipient.scope);
            if let Some(assigned) = by_scope.get(&scope) {
                recipient.meanings = Arc::clone(assigned);
                continue;
            }
            let queries = self.source.queries();
            let meanings: Vec<Meaning> = queries
                .iter()
                .map(|query| {
                    let reading =
                        self.interpretation.readings.get(&(query.kind, query.name.clone())).unwrap_or(&nothing);
                    Meaning::of(query.kind, reading, &recipient.scope, self.interpretation.revision)
                })
                .collect();
            let ids = ledger.meaning_ids(&meanings, self.context.now())?;
            let mut assigned = Assigned::new();
            for (query, id) in queries.iter().zip(ids) {
                assigned.entry(query.kind).or_default().insert(query.name.clone(), id);
            }
            recipient.meanings = Arc::new(assigned);
            by_scope.insert(scope, Arc::clone(&recipient.meanings));
        }
        Ok(Book::new(ledger.meanings()?))
    }

    /// A person agreed to something since the last tick: what waited for it is looked at again.
    pub(super) fn hear_approvals(&self, reading: &mut super::Reading) -> Result<(), LedgerError> {
        let approved = self.context.ledger.approved_meanings()?;
        if approved != reading.approved {
            self.rooms().values().for_each(|room| room.pending().wake());
            reading.approved = approved;
        }
        Ok(())
    }
}
