//! A practice database as a [`Source`], whichever connector it is read through.
//!
//! Every reading opens a session of its own: one consistent, read-only look. The reading itself is the same for all: people
//! first, then each query in full, or what changed of it and a sweep of the keys, in portions through a bounded channel. It
//! runs on a blocking thread and ends early when nobody listens any more or when the time is up. A reading that fails sends
//! the failure and never [`Portion::Complete`](crate::ports::Portion::Complete).

mod probe;
mod read;
mod statements;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use tokio::sync::mpsc;

use self::read::Portions;
use super::{
    Connector, Settings,
    learn::{Dialect, Findings},
    mapping::Mapping,
    mysql::MysqlSession,
    postgres::PostgresSession,
    server::{Door, Secret, Watch},
    session::Session,
    sqlite::SqliteSession,
    sqlserver::{Kept, SqlServerSession},
};
use crate::{
    domain::{Kind, QueryName},
    ports::{Failure, FailureKind, Probe, QueryInfo, QueryRead, Reading, Source},
};

/// How many portions may wait to be taken: together with their size the bound on memory.
const PORTIONS: usize = 8;

/// Keys and persons whose rows contradict each other, by query, as the last complete reading found them.
type Contradictions = Mutex<HashMap<(Kind, QueryName), HashSet<u64>>>;

/// A practice database.
pub(super) struct DatabaseSource {
    shared: Arc<Shared>,
    infos: Vec<QueryInfo>,
}

/// What a reading needs on its own thread.
struct Shared {
    settings: Settings,
    mapping: Mapping,
    door: Door,
    kept: Arc<Kept>,
    contradictions: Contradictions,
}

impl DatabaseSource {
    pub(super) fn new(settings: Settings, mapping: Mapping, secret: Secret) -> Self {
        let infos = mapping
            .queries
            .iter()
            .filter_map(|query| Some(QueryInfo { kind: query.kind?, name: query.name.clone(), hinted: query.hinted }));
        let infos = infos.collect();
        let (door, kept) = (Door::new(secret), Arc::default());
        let shared = Shared { settings, mapping, door, kept, contradictions: Mutex::default() };
        Self { shared: Arc::new(shared), infos }
    }

    /// Opens a session and closes it.
    pub(super) async fn sign_in(&self) -> Result<(), Failure> {
        self.ask(|_, session| session.now().map(drop)).await
    }

    /// Looks at tables and at some of their rows.
    pub(super) async fn explore(&self) -> Result<Findings, Failure> {
        let look = |shared: &Shared, session: &mut dyn Session| {
            Findings::explore(session, Dialect::of(shared.mapping.connector))
        };
        self.ask(look).await
    }

    /// Asks something that has one answer.
    async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared, &mut dyn Session) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        // Nobody sends anything; that the listener is there says that somebody waits for the answer.
        let (sender, listener) = mpsc::channel(1);
        let answer = on_a_session(Arc::clone(&self.shared), sender, work).await;
        drop(listener);
        answer
    }
}

#[async_trait]
impl Source for DatabaseSource {
    fn queries(&self) -> &[QueryInfo] {
        &self.infos
    }

    async fn probe(&self) -> Result<Probe, Failure> {
        self.ask(probe::probe).await
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
        tokio::spawn(async move {
            let portions = sender.clone();
            let work =
                move |shared: &Shared, session: &mut dyn Session| read::read(shared, queries, &portions, session);
            if let Err(failure) = on_a_session(shared, sender.clone(), work).await {
                // Nobody listens any more: then nobody needs to know.
                let _ = sender.send(Err(failure)).await;
            }
        });
        Ok(reading)
    }
}

/// Opens a session and works on it, on a thread that may block, for as long as the listener is there and there is time.
async fn on_a_session<T: Send + 'static>(
    shared: Arc<Shared>,
    sender: Portions,
    work: impl FnOnce(&Shared, &mut dyn Session) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let blocking = |work: Box<dyn FnOnce() -> Result<T, Failure> + Send>| async {
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| Failure::new(FailureKind::Source, "work with the practice database").because(error))?
    };
    let settings = &shared.settings;
    if shared.mapping.connector == Connector::Sqlite {
        return blocking(Box::new(move || {
            let mut session = SqliteSession::begin(&shared.settings, move || sender.is_closed())?;
            work(&shared, &mut session)
        }))
        .await;
    }
    let watch = Watch::begin(settings, sender);
    let pass = shared.door.pass(settings)?;
    let session: Result<Box<dyn Session + Send>, Failure> = match shared.mapping.connector {
        Connector::Postgres => {
            PostgresSession::begin(settings, &pass, watch.waiter()).await.map(|begun| Box::new(begun) as _)
        }
        Connector::SqlServer => SqlServerSession::begin(settings, &pass, watch.waiter(), Arc::clone(&shared.kept))
            .await
            .map(|begun| Box::new(begun) as _),
        _ => MysqlSession::begin(settings, &pass, watch.waiter()).await.map(|begun| Box::new(begun) as _),
    };
    let mut session = shared.door.opened(&pass, session)?;
    blocking(Box::new(move || {
        let answer = work(&shared, session.as_mut())?;
        session.end();
        Ok(answer)
    }))
    .await
}

#[cfg(test)]
mod tests;
