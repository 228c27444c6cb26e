//! An Exchange of our own on loopback: for the demo, for tests, and for trying the product without a server.
//!
//! One mailbox model ([`mailbox`], [`item`]) that knows nothing of any protocol, and faces apart from it: EWS ([`ews`]) for
//! programs, a page per mailbox ([`page`]) that shows what a phone would show, and a control door ([`control`]) through which
//! tests and people switch [`Fault`]s on and play the user's [`Phone`]. It speaks two dialects. *Strict* refuses what a real
//! Exchange Server would refuse: elements out of the schema's order, missing attributes, stale change keys, fields that do
//! not match their paths. *Lenient* behaves as other servers do that speak EWS: it answers faults with status 200, never
//! compares change keys, forgets reminders. A simulator is credible only as far as clients that others wrote can use it, so
//! `tests/conformance` lets one judge it.
//!
//! What it does not do: series are kept and given back but not expanded into occurrences, attachments and messages are
//! refused, and nothing is ever mailed (what would have been is counted).

mod control;
mod ews;
mod faults;
mod folder;
mod item;
mod listener;
mod mailbox;
mod page;
mod phone;
mod settings;
mod store;
mod view;
mod world;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use secrecy::SecretString;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use faults::{Fault, FaultError, FaultRule, Faults};
pub use item::{Item, ItemKind, Property};
pub use phone::{Phone, PhoneAction};
pub use settings::{Account, Dialect, MailboxesFileError, PASSWORD, Settings, SignInOffer};
pub use view::{Counts, FolderView, ItemView, MailboxView};

use world::World;

/// What can go wrong with a simulator itself.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// The port is taken, or the like.
    #[error("the simulator cannot listen on port {0}")]
    Listen(u16, #[source] std::io::Error),
    /// The state file cannot be read or written.
    #[error("the simulator's state file cannot be used")]
    Store(#[from] rusqlite::Error),
    /// The state file holds something else.
    #[error("the simulator's state file holds something that is not a mailbox")]
    Content(#[from] serde_json::Error),
    /// The state file holds a mailbox that cannot be one.
    #[error("mailbox `{0}` in the simulator's state file is damaged")]
    Damaged(String),
    /// Nobody has this address.
    #[error("the simulator has no mailbox `{0}`")]
    NoMailbox(String),
    /// No item is called that.
    #[error("there is no item `{0}`")]
    NoItem(String),
    /// More than one item is called that.
    #[error("several items are called `{0}`; name one by its id")]
    SeveralItems(String),
    /// No folder is called that.
    #[error("there is no folder `{0}`")]
    NoFolder(String),
}

/// What is escaped in the path of a page; `@`, `.` and `-` read better as they are.
const PATH: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'@').remove(b'.').remove(b'-').remove(b'_');

/// A simulator that can be started.
#[derive(Debug)]
pub struct Simulator;

impl Simulator {
    /// Starts a simulator on the current runtime. It listens on 127.0.0.1 only, and answers until it is shut down or dropped.
    ///
    /// # Errors
    /// When the port is taken or the state file cannot be used.
    pub async fn start(settings: Settings) -> Result<Running, SimulatorError> {
        let port = settings.port;
        let world = Arc::new(World::open(settings)?);
        let listen = |error| SimulatorError::Listen(port, error);
        let socket = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(listen)?;
        let address = socket.local_addr().map_err(listen)?;
        let stop = CancellationToken::new();
        let router = ews::router(Arc::clone(&world))
            .merge(control::router(Arc::clone(&world)))
            .merge(page::router(Arc::clone(&world)));
        let service = router.into_make_service_with_connect_info::<listener::Cut>();
        let stopped = stop.clone().cancelled_owned();
        let task = tokio::spawn(async move {
            let serving = axum::serve(listener::CuttableListener(socket), service).with_graceful_shutdown(stopped);
            if let Err(error) = serving.await {
                tracing::error!("the simulator stopped: {error}");
            }
        });
        Ok(Running { world, address, stop, task: Some(task) })
    }
}

/// A simulator that is running.
#[derive(Debug)]
pub struct Running {
    world: Arc<World>,
    address: SocketAddr,
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of its EWS face.
    pub fn ews_url(&self) -> String {
        format!("http://{}/EWS/Exchange.asmx", self.address)
    }

    /// The page that shows what this mailbox's phone shows.
    pub fn phone_url(&self, mailbox: &str) -> String {
        let mailbox = percent_encoding::utf8_percent_encode(mailbox, PATH);
        format!("http://{}/phone/{mailbox}", self.address)
    }

    /// Makes a mailbox that its owner signs in to. One that is there already keeps its content and gets this login.
    pub fn add_mailbox(&self, address: &str, login: &str, password: SecretString) -> Result<(), SimulatorError> {
        self.world.add_account(Account::owner(address, login, password))
    }

    /// Makes a login without a mailbox that may act as every mailbox.
    pub fn add_service_account(&self, login: &str, password: SecretString) -> Result<(), SimulatorError> {
        self.world.add_account(Account::service(login, password))
    }

    /// What can be made to go wrong.
    pub fn faults(&self) -> &Faults {
        &self.world.faults
    }

    /// The phone of a mailbox's user, to be played.
    pub fn phone(&self, mailbox: &str) -> Phone {
        Phone { world: Arc::clone(&self.world), address: mailbox.to_owned() }
    }

    /// What a mailbox holds now.
    pub fn mailbox(&self, address: &str) -> Result<MailboxView, SimulatorError> {
        self.world.view(address)
    }

    /// Addresses of all mailboxes.
    pub fn mailboxes(&self) -> Vec<String> {
        self.world.addresses()
    }

    /// Moves a mailbox to another server, as it were: all ids, change keys and sync states in it are other ones.
    pub fn renumber(&self, address: &str) -> Result<(), SimulatorError> {
        self.world.change(address, mailbox::Mailbox::renumber)
    }

    /// How often this login was refused for its password.
    pub fn refused_sign_ins(&self, login: &str) -> u64 {
        self.world.refused_sign_ins(login)
    }

    /// Mails that a real server would have sent to people, over all mailboxes.
    pub fn mails_sent(&self) -> u64 {
        self.world.mails_sent()
    }

    /// Answers what it is answering and stops.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        if let Some(task) = self.task.take() {
            // It ends by itself; a panic in it was reported when it happened.
            let _ = task.await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// A lock that a panicking test left behind is still a lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
