use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use tokio::sync::mpsc;

use crate::{
    domain::{Kind, QueryName, RecordKey},
    ports::{Failure, Portion, Probe, QueryInfo, QueryRead, Reading, Row, Source},
};

/// Portions that wait for whoever reads.
const WAITING: usize = 4;

type Heard = Arc<Mutex<BTreeMap<RecordKey, Vec<Row>>>>;

/// A practice database that is read as it is, while the rows of some records are kept.
pub(super) struct Overheard {
    source: Arc<dyn Source>,
    keys: Arc<BTreeSet<RecordKey>>,
    heard: Heard,
}

impl Overheard {
    pub(super) fn new(source: Arc<dyn Source>, keys: BTreeSet<RecordKey>) -> Self {
        Self { source, keys: Arc::new(keys), heard: Heard::default() }
    }

    /// What the last reading said of a record.
    pub(super) fn rows(&self, key: &RecordKey) -> Vec<Row> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.get(key).cloned().unwrap_or_default()
    }
}

#[async_trait]
impl Source for Overheard {
    fn queries(&self) -> &[QueryInfo] {
        self.source.queries()
    }

    async fn probe(&self) -> Result<Probe, Failure> {
        self.source.probe().await
    }

    async fn read(&self, queries: Vec<(Kind, QueryName, QueryRead)>) -> Result<Reading, Failure> {
        let mut reading = self.source.read(queries).await?;
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let (pass_on, passed_on) = mpsc::channel(WAITING);
        let (keys, heard) = (Arc::clone(&self.keys), Arc::clone(&self.heard));
        tokio::spawn(async move {
            while let Some(portion) = reading.recv().await {
                if let Ok(Portion::Rows(_, _, rows)) = &portion {
                    for row in rows.iter().filter(|row| keys.contains(key(row))) {
                        keep(&heard, row);
                    }
                }
                if pass_on.send(portion).await.is_err() {
                    return;
                }
            }
        });
        Ok(passed_on)
    }
}

fn key(row: &Row) -> &RecordKey {
    match row {
        Row::Record { record, .. } => &record.key,
        Row::Unreadable { key, .. } | Row::Key { key, .. } => key,
    }
}

fn keep(heard: &Heard, row: &Row) {
    let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
    let rows = heard.entry(key(row).clone()).or_default();
    if let Row::Unreadable { audience, .. } = row {
        // The last word holds: rows may turn out to contradict each other after the first was read.
        rows.retain(|row| !matches!(row, Row::Record { record, .. } if record.audience == *audience));
    }
    rows.push(row.clone());
}
