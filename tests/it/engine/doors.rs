//! By which protocol a firm reaches its mailboxes: EWS as ever, or Graph where `POCKETDOCKET_TESTS_OVER=graph` says so. The same
//! tests run over both.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use pocketdocket::{
    app::Mailboxes,
    engine::Connect,
    exchange::{GraphMailbox, Settings, Shared, Watch, graph::Whose},
    ports::{Failure, FailureKind, Mailbox, Protocol},
    simulator::Running,
    state::{ActiveUser, Ledger, User, UserName},
};

use crate::token::Token;

/// Whether this run is over Graph.
pub(crate) fn over_graph() -> bool {
    std::env::var("POCKETDOCKET_TESTS_OVER").is_ok_and(|protocol| protocol == "graph")
}

/// Whether a test is about passwords, or about what EWS alone says, in a run over Graph: then it says so and is done.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
pub(crate) fn is_of_ews_alone() -> bool {
    if over_graph() {
        eprintln!("skipped: over Graph nobody signs in with a password");
    }
    over_graph()
}

/// The way to mailboxes, each by the protocol that its user's details say.
pub(super) struct Doors {
    ews: Mailboxes,
    graph: OverGraph,
}

impl Doors {
    pub(super) fn new(sim: &Running, ledger: &Ledger) -> Self {
        let autodiscover = vec![sim.autodiscover_url()];
        let exchange = Settings { url: Some(sim.ews_url()), autodiscover, ..Settings::default() };
        let sign_in = pocketdocket::auth::oauth::Settings::default();
        let ews = Mailboxes::new(exchange, sign_in, ledger.clone(), "Europe/Berlin".to_owned());
        Self { ews: ews.expect("good settings"), graph: OverGraph::new(sim) }
    }

    pub(super) async fn of(&self, sim: &Running, user: &User) -> Arc<dyn Mailbox> {
        self.graph.know(sim, &user.details.login);
        self.open(user).await.expect("an address")
    }

    async fn open(&self, user: &User) -> Result<Arc<dyn Mailbox>, Failure> {
        match user.details.protocol {
            Protocol::Ews => self.ews.of(user).await,
            Protocol::Graph => self.graph.of(user),
        }
    }
}

#[async_trait]
impl Connect for Doors {
    async fn connect(&self, user: &ActiveUser) -> Result<Arc<dyn Mailbox>, Failure> {
        self.open(user.user()).await
    }
}

/// Mailboxes over Graph, signed in to with tokens that the simulator gives.
struct OverGraph {
    settings: Settings,
    shared: Arc<Shared>,
    tokens: Mutex<HashMap<String, String>>,
    open: Mutex<HashMap<UserName, Arc<GraphMailbox>>>,
}

impl OverGraph {
    fn new(sim: &Running) -> Self {
        let settings = Settings { graph_url: sim.graph_url(), ..Settings::default() };
        let clock = sim.clock();
        let shared = Arc::new(Shared::by(&settings, Watch::new(move || clock.instant())).expect("good settings"));
        let doors = Self { settings, shared, tokens: Mutex::default(), open: Mutex::default() };
        for mailbox in sim.mailboxes() {
            doors.know(sim, &mailbox);
        }
        doors
    }

    fn know(&self, sim: &Running, login: &str) {
        if let Ok(token) = sim.graph_token(login) {
            self.tokens.lock().expect("not poisoned").insert(login.to_owned(), token);
        }
    }

    fn of(&self, user: &User) -> Result<Arc<dyn Mailbox>, Failure> {
        let details = &user.details;
        let mut open = self.open.lock().expect("not poisoned");
        if let Some(mailbox) = open.get(&user.name) {
            return Ok(Arc::clone(mailbox) as _);
        }
        let token = self.tokens.lock().expect("not poisoned").get(&details.login).cloned();
        let token = token.ok_or_else(|| Failure::new(FailureKind::Unauthorized, "sign in"))?;
        let link = self.settings.graph_link(&details.address, None, "Europe/Berlin")?;
        let whose = if details.login == details.address { Whose::Own } else { Whose::Shared(details.address.clone()) };
        let token = Arc::new(Token(token));
        let mailbox = Arc::new(GraphMailbox::connect(&self.settings, link, &whose, token, Arc::clone(&self.shared))?);
        open.insert(user.name.clone(), Arc::clone(&mailbox));
        Ok(mailbox)
    }
}
