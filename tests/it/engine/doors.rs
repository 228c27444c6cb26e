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
    exchange::{GraphMailbox, Settings, Shared, graph::Whose},
    ports::{Failure, FailureKind, Mailbox},
    simulator::Running,
    state::{ActiveUser, User, UserName},
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

/// The way to mailboxes.
pub(super) enum Doors {
    Ews(Arc<Mailboxes>),
    Graph(Arc<OverGraph>),
}

impl Doors {
    pub(super) fn connect(&self) -> Arc<dyn Connect> {
        match self {
            Self::Ews(mailboxes) => Arc::clone(mailboxes) as _,
            Self::Graph(mailboxes) => Arc::clone(mailboxes) as _,
        }
    }

    pub(super) fn of(&self, sim: &Running, user: &User) -> Arc<dyn Mailbox> {
        match self {
            Self::Ews(mailboxes) => mailboxes.of(user).expect("an address"),
            Self::Graph(mailboxes) => {
                mailboxes.know(sim, &user.details.login);
                mailboxes.of(user).expect("an address")
            }
        }
    }
}

/// Mailboxes over Graph, signed in to with tokens that the simulator gives.
pub(super) struct OverGraph {
    settings: Settings,
    shared: Arc<Shared>,
    tokens: Mutex<HashMap<String, String>>,
    open: Mutex<HashMap<UserName, Arc<GraphMailbox>>>,
}

impl OverGraph {
    pub(super) fn new(sim: &Running) -> Self {
        let settings = Settings { graph_url: sim.graph_url(), ..Settings::default() };
        let shared = Arc::new(Shared::new(&settings).expect("good settings"));
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
        let whose = if details.login == details.address { Whose::Own } else { Whose::Of(details.address.clone()) };
        let token = Arc::new(Token(token));
        let mailbox = Arc::new(GraphMailbox::connect(&self.settings, link, &whose, token, Arc::clone(&self.shared))?);
        open.insert(user.name.clone(), Arc::clone(&mailbox));
        Ok(mailbox)
    }
}

#[async_trait]
impl Connect for OverGraph {
    async fn connect(&self, user: &ActiveUser) -> Result<Arc<dyn Mailbox>, Failure> {
        self.of(user.user())
    }
}
