//! The SQLite connector: a practice database in a file.
//!
//! It opens the file anew for every reading, read-only three times over (`SQLITE_OPEN_READ_ONLY`, `query_only`, and every
//! statement is checked to be one that only reads), and reads people and all queries inside one transaction: one state of the
//! database, whatever is committed meanwhile. Work is done on a blocking thread and streamed through a bounded channel; it
//! ends early when nobody listens any more or when the time is up. A reading that fails sends the failure and never
//! [`Portion::Complete`](crate::ports::Portion::Complete).

mod connect;
mod probe;
mod read;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::{Settings, mapping::Mapping};
use crate::{
    domain::{Kind, QueryName},
    ports::{Failure, FailureKind, Probe, QueryInfo, QueryRead, Reading, Source},
};

/// How many portions may wait to be taken: together with their size the bound on memory.
const PORTIONS: usize = 8;

/// Keys and persons whose rows contradict each other, by query, as the last complete reading found them.
type Contradictions = Mutex<HashMap<(Kind, QueryName), HashSet<u64>>>;

/// A practice database in a SQLite file.
pub(super) struct SqliteSource {
    shared: Arc<Shared>,
    infos: Vec<QueryInfo>,
}

/// What a reading needs on its own thread.
struct Shared {
    settings: Settings,
    mapping: Mapping,
    contradictions: Contradictions,
}

impl SqliteSource {
    pub(super) fn new(settings: Settings, mapping: Mapping) -> Self {
        let infos = mapping
            .queries
            .iter()
            .filter_map(|query| Some(QueryInfo { kind: query.kind?, name: query.name.clone(), hinted: query.hinted }));
        let infos = infos.collect();
        Self { shared: Arc::new(Shared { settings, mapping, contradictions: Mutex::default() }), infos }
    }
}

#[async_trait]
impl Source for SqliteSource {
    fn queries(&self) -> &[QueryInfo] {
        &self.infos
    }

    async fn probe(&self) -> Result<Probe, Failure> {
        let shared = Arc::clone(&self.shared);
        tokio::task::spawn_blocking(move || probe::probe(&shared.settings, &shared.mapping))
            .await
            .map_err(|error| Failure::new(FailureKind::Source, "look at the practice database").because(error))?
    }

    async fn read(&self, queries: Vec<(Kind, QueryName, QueryRead)>) -> Result<Reading, Failure> {
        for (kind, name, _) in &queries {
            if !self.infos.iter().any(|info| info.kind == *kind && info.name == *name) {
                return Err(Failure::new(FailureKind::Setting, format!("read the {kind} query `{name}`"))
                    .because("the mapping has no such query"));
            }
        }
        let (sender, reading) = mpsc::channel(PORTIONS);
        let shared = Arc::clone(&self.shared);
        tokio::task::spawn_blocking(move || {
            if let Err(failure) = read::read(&shared, queries, &sender) {
                // Nobody listens any more: then nobody needs to know.
                let _ = sender.blocking_send(Err(failure));
            }
        });
        Ok(reading)
    }
}

#[cfg(test)]
mod tests;
