//! An Exchange of our own on loopback: for the demo, for tests, and for trying the product without a server.
//!
//! One mailbox model ([`mailbox`], [`item`]) that knows nothing of any protocol, and faces apart from it: EWS ([`ews`]) and
//! Graph ([`graph`]) for programs, an authority that gives tokens ([`authority`]), autodiscover that says where mailboxes are
//! ([`autodiscover`]), a page per mailbox ([`page`]) that shows
//! what a phone would show, echo services that tell from where we come ([`outside`]), and a control door ([`control`]) through which
//! tests and people switch [`Fault`]s on and play the user's [`Phone`]. It speaks two dialects. *Strict* refuses what a real
//! Exchange Server would refuse: elements out of the schema's order, missing attributes, stale change keys, fields that do
//! not match their paths. *Lenient* behaves as other servers do that speak EWS: it answers faults with status 200, never
//! compares change keys, forgets reminders. A simulator is credible only as far as clients that others wrote can use it, so
//! `tests/conformance` lets one judge it.
//!
//! What it does not do: series are kept and given back but not expanded into occurrences, attachments and messages are
//! refused, and nothing is ever mailed (what would have been is counted).

mod account;
mod administrator;
mod answers;
mod authority;
mod autodiscover;
mod changes;
mod clock;
mod control;
mod ews;
mod faults;
mod folder;
mod graph;
mod item;
mod listener;
mod mailbox;
mod mailboxes_file;
mod outside;
mod page;
mod phone;
mod settings;
mod sign_ins;
mod store;
mod tls;
mod view;
mod windows;
mod world;

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::middleware::from_fn_with_state;
use secrecy::SecretString;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use account::{Account, Home, Licence, MFA_CODE, Mfa, PASSWORD, TENANT};
pub use administrator::{AccountAction, Administrator};
pub use authority::{App, CLIENT_ID, EWS_RESOURCE, GRAPH_RESOURCE, RefreshReuse, TokenRules};
pub use clock::Clock;
pub use faults::{Fault, FaultError, FaultRule, Faults, TokenFlaw};
pub use graph::{GraphLimits, GraphUse};
pub use item::{Item, ItemKind, Property};
pub use mailboxes_file::MailboxesFileError;
pub use outside::{EchoManner, OnlyFrom, OuterAddress};
pub use phone::{Phone, PhoneAction};
pub use settings::{Dialect, Lockout, Settings, SignInOffer};
pub use tls::{Certificate, TlsError};
pub use view::{Counts, FolderView, ItemView, MailboxView};
pub use windows::ExtendedProtection;

use listener::{CuttableListener, Wire};
use tls::Tls;
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
    /// HTTPS cannot be offered.
    #[error("the simulator has no certificate")]
    Tls(#[from] TlsError),
    /// The file for the authority's certificate cannot be written.
    #[error("`{}` cannot be written", .0.display())]
    CaFile(PathBuf, #[source] std::io::Error),
    /// No key could be made or used.
    #[error("the simulator's authority has no key to sign with")]
    Key,
    /// Nobody signs in with this.
    #[error("the simulator has no account `{0}`")]
    NoAccount(String),
    /// No device waits with this code.
    #[error("no program waits for the code `{0}`")]
    NoDeviceCode(String),
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
        let listen = |error| SimulatorError::Listen(port, error);
        let socket = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(listen)?;
        let address = socket.local_addr().map_err(listen)?;
        let tls = if settings.https { Some(Tls::make(settings.certificate)?) } else { None };
        if let (Some(file), Some(tls)) = (&settings.ca_file, &tls) {
            std::fs::write(file, &tls.ca_pem).map_err(|error| SimulatorError::CaFile(file.clone(), error))?;
        }
        let scheme = if tls.is_some() { "https" } else { "http" };
        let channel = tls.as_ref().map(|tls| windows::channel(&tls.shown));
        let over_v6 = match settings.outer.v6 {
            Some(_) => {
                Some(tokio::net::TcpListener::bind((Ipv6Addr::LOCALHOST, address.port())).await.map_err(listen)?)
            }
            None => None,
        };
        let world = Arc::new(World::open(settings, format!("{scheme}://{address}"), channel)?);
        let stop = CancellationToken::new();
        let router = ews::router(Arc::clone(&world))
            .merge(graph::router(Arc::clone(&world)))
            .merge(authority::router(Arc::clone(&world)))
            .merge(autodiscover::router(Arc::clone(&world)))
            .merge(outside::router(Arc::clone(&world), false))
            .layer(from_fn_with_state(Arc::clone(&world), answers::misdated))
            .merge(control::router(Arc::clone(&world)))
            .merge(page::router(Arc::clone(&world)));
        if let Some(socket) = over_v6 {
            let (router, stopped) = (outside::router(Arc::clone(&world), true), stop.clone().cancelled_owned());
            let listener = CuttableListener::of(socket, tls.as_ref()).map_err(listen)?;
            tokio::spawn(async move {
                if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopped).await {
                    tracing::error!("the simulator's echo services over IPv6 stopped: {error}");
                }
            });
        }
        let service = router.into_make_service_with_connect_info::<Wire>();
        let stopped = stop.clone().cancelled_owned();
        let listener = CuttableListener::of(socket, tls.as_ref()).map_err(listen)?;
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, service).with_graceful_shutdown(stopped).await {
                tracing::error!("the simulator stopped: {error}");
            }
        });
        Ok(Running { world, address, ca_pem: tls.map(|tls| tls.ca_pem), stop, task: Some(task) })
    }
}

/// A simulator that is running.
#[derive(Debug)]
pub struct Running {
    world: Arc<World>,
    address: SocketAddr,
    ca_pem: Option<String>,
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
        format!("{}/EWS/Exchange.asmx", self.world.base)
    }

    /// The base address of its autodiscover.
    pub fn autodiscover_url(&self) -> String {
        self.world.base.clone()
    }

    /// The address of its authority, below which the tenants are.
    pub fn authority_url(&self) -> String {
        self.world.base.clone()
    }

    /// The certificate, as PEM, that clients must trust where it listens with HTTPS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// The root of its Graph face.
    pub fn graph_url(&self) -> String {
        format!("{}/v1.0", self.world.base)
    }

    /// A token for Graph without a sign-in, for who wants to try the Graph face and not the sign-in.
    ///
    /// # Errors
    /// When nobody has this login.
    pub fn graph_token(&self, login: &str) -> Result<String, SimulatorError> {
        authority::graph_token(&self.world, &self.account(login)?, false)
    }

    /// A token for a program that asks Graph by itself, without a user: for one that may act as every mailbox.
    ///
    /// # Errors
    /// When nobody has this login.
    pub fn graph_app_token(&self, login: &str) -> Result<String, SimulatorError> {
        authority::graph_token(&self.world, &self.account(login)?, true)
    }

    fn account(&self, login: &str) -> Result<Account, SimulatorError> {
        self.world.account(login).ok_or_else(|| SimulatorError::NoAccount(login.to_owned()))
    }

    /// How a mailbox was used through Graph.
    pub fn graph_use(&self, mailbox: &str) -> GraphUse {
        self.world.limits.used(mailbox)
    }

    /// Lets somebody use another's mailbox as if it were theirs.
    pub fn share_mailbox(&self, mailbox: &str, login: &str) {
        self.world.share(mailbox, login);
    }

    /// The page that shows what this mailbox's phone shows.
    pub fn phone_url(&self, mailbox: &str) -> String {
        let mailbox = percent_encoding::utf8_percent_encode(mailbox, PATH);
        format!("{}/phone/{mailbox}", self.world.base)
    }

    /// Makes a mailbox that its owner signs in to. One that is there already keeps its content and gets this login.
    pub fn add_mailbox(&self, address: &str, login: &str, password: SecretString) -> Result<(), SimulatorError> {
        self.add_account(Account::owner(address, login, password))
    }

    /// Lets somebody sign in, and makes their mailbox if it is new.
    pub fn add_account(&self, account: Account) -> Result<(), SimulatorError> {
        self.world.add_account(account)
    }

    /// Makes a login without a mailbox that may act as every mailbox.
    pub fn add_service_account(&self, login: &str, password: SecretString) -> Result<(), SimulatorError> {
        self.add_account(Account::service(login, password))
    }

    /// The time that it goes by.
    pub fn clock(&self) -> Clock {
        self.world.settings.clock.clone()
    }

    /// Whoever administers accounts and the authority.
    pub fn administrator(&self) -> Administrator {
        Administrator { world: Arc::clone(&self.world) }
    }

    /// An echo service of this name, which answers with the address that the outer world sees us come from.
    pub fn echo_url(&self, name: &str) -> String {
        format!("{}/echo/{name}", self.world.base)
    }

    /// From now on the outer world sees us come from there.
    pub fn come_from(&self, address: OuterAddress) {
        self.world.outside.come_from(address);
    }

    /// From now on the echo service of this name answers so.
    pub fn set_echo(&self, name: &str, manner: EchoManner) {
        self.world.outside.behave(name, manner);
    }

    /// From now on an account may sign in from these networks only.
    pub fn allow_only_from(&self, rule: OnlyFrom) {
        self.world.outside.allow(rule);
    }

    /// From now on Windows authentication has to be bound to the TLS connection, or need not be.
    pub fn set_extended_protection(&self, wanted: ExtendedProtection) {
        self.world.set_extended_protection(wanted);
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
