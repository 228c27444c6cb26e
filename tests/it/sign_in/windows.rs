//! Windows authentication at an Exchange Server: the simulator's, with and without Extended Protection.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use pocketdocket::{
    auth::windows::Windows,
    diagnosis::Cause,
    exchange::{EwsMailbox, Settings, Shared},
    ports::{Failure, FailureKind, Mailbox as _},
    simulator::{
        self, Account, ExtendedProtection, Fault, FaultRule, Lockout, PASSWORD, Running, SignInOffer, Simulator,
    },
};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{
    TlsAcceptor, TlsConnector,
    rustls::{
        ClientConfig, RootCertStore, ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, pem::PemObject as _},
    },
};

use super::recorder::Recorder;

const WEBER: &str = "weber@kanzlei.example";
const LOGIN: &str = "KANZLEI\\weber";

/// A server, and what a client must trust.
struct Place {
    running: Running,
    folder: tempfile::TempDir,
}

impl Place {
    /// A server with HTTPS that takes nothing but Windows authentication.
    async fn with(settings: simulator::Settings) -> Self {
        let settings = simulator::Settings { https: true, offer: SignInOffer::WindowsOnly, ..settings };
        let account = Account::owner(WEBER, LOGIN, PASSWORD.into());
        let running = Simulator::start(settings.with_account(account)).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), running.ca_pem().unwrap()).unwrap();
        Self { running, folder }
    }

    async fn new() -> Self {
        Self::with(simulator::Settings::default()).await
    }

    fn trusting(&self) -> Settings {
        let ca_file: Option<PathBuf> = Some(self.folder.path().join("ca.pem"));
        Settings { ca_file, time_out_seconds: 5, ..Settings::default() }
    }

    async fn signs_in(&self, url: &str, login: &str, password: &str) -> Result<(), Failure> {
        mailbox(&self.trusting(), url, WEBER, login, password)?.identity().await.map(|_| ())
    }
}

fn mailbox(settings: &Settings, url: &str, address: &str, login: &str, password: &str) -> Result<EwsMailbox, Failure> {
    let shared = Arc::new(Shared::new(settings)?);
    over(settings, url, address, login, password, shared)
}

fn over(
    settings: &Settings,
    url: &str,
    address: &str,
    login: &str,
    password: &str,
    shared: Arc<Shared>,
) -> Result<EwsMailbox, Failure> {
    let link = settings.link(address, Some(url), "Europe/Berlin")?;
    let windows = Windows::new(login, &password.to_owned().into(), link.url.host_str().unwrap_or_default())?;
    EwsMailbox::connect(settings, link, Arc::new(windows), shared)
}

#[tokio::test]
async fn a_user_signs_in_whatever_extended_protection_wants() {
    let place = Place::new().await;
    let url = place.running.ews_url();
    for wanted in [ExtendedProtection::Require, ExtendedProtection::Allow, ExtendedProtection::Off] {
        place.running.set_extended_protection(wanted);
        for login in [LOGIN, "kanzlei\\WEBER", WEBER] {
            let signed_in = place.signs_in(&url, login, PASSWORD).await;
            assert!(signed_in.is_ok(), "{wanted:?}, {login}: {}", signed_in.unwrap_err().chain());
        }
    }
    assert_eq!(place.running.refused_sign_ins(LOGIN), 0);
}

#[tokio::test]
async fn a_wrong_password_is_tried_once_and_the_cause_says_what_ntlm_does_not_tell() {
    let lockout = Some(Lockout { after: 2, seconds: None });
    let place = Place::with(simulator::Settings { lockout, ..simulator::Settings::default() }).await;
    let url = place.running.ews_url();
    let failure = place.signs_in(&url, LOGIN, "wrong@password").await.unwrap_err();
    assert_eq!((failure.kind, failure.cause), (FailureKind::Unauthorized, Some(Cause::WrongPassword)));
    let evidence = failure.evidence.join("\n");
    assert!(evidence.contains("NTLM does not tell a wrong password from one that expired"), "{evidence}");
    assert!(!failure.chain().contains("wrong@") && !evidence.contains("wrong@"));
    assert_eq!(place.running.refused_sign_ins(LOGIN), 1);
    assert!(place.signs_in(&url, LOGIN, PASSWORD).await.is_ok(), "one wrong try locks nobody out");
}

#[tokio::test]
async fn locked_expired_and_disabled_accounts_are_refused_alike() {
    let place = Place::new().await;
    for fault in [Fault::AccountLocked, Fault::PasswordExpired] {
        place.running.faults().add(FaultRule::new(fault).times(1));
        let failure = place.signs_in(&place.running.ews_url(), LOGIN, PASSWORD).await.unwrap_err();
        assert_eq!(failure.cause, Some(Cause::WrongPassword), "{}", failure.chain());
    }
    place.running.administrator().act(LOGIN, simulator::AccountAction::Disable).unwrap();
    let failure = place.signs_in(&place.running.ews_url(), LOGIN, PASSWORD).await.unwrap_err();
    assert_eq!(failure.cause, Some(Cause::WrongPassword), "{}", failure.chain());
}

#[tokio::test]
async fn a_server_with_basic_alone_never_sees_a_message() {
    let account = Account::owner(WEBER, LOGIN, PASSWORD.into());
    let running = Simulator::start(simulator::Settings::default().with_account(account)).await.unwrap();
    let settings = Settings { time_out_seconds: 5, ..Settings::default() };
    let mailbox = mailbox(&settings, &running.ews_url(), WEBER, LOGIN, PASSWORD).unwrap();
    let failure = mailbox.identity().await.unwrap_err();
    assert_eq!(failure.cause, Some(Cause::WindowsOffOnServer), "{}", failure.chain());
    assert!(failure.evidence.iter().any(|line| line == "it offers Basic"), "{:?}", failure.evidence);
    assert_eq!(running.refused_sign_ins(LOGIN), 0);
}

/// Two users at one server, many requests of both at once: each connection carries one of them, and each request goes out once.
#[tokio::test(flavor = "multi_thread")]
async fn requests_of_two_users_never_share_a_connection() {
    const HUBER: &str = "huber@kanzlei.example";
    let settings = simulator::Settings { offer: SignInOffer::WindowsOnly, ..simulator::Settings::default() };
    let running = Simulator::start(settings.with_mailbox(WEBER).with_mailbox(HUBER)).await.unwrap();
    // On this very machine plain HTTP is allowed, so what goes over each connection can be read.
    let recorder = Recorder::start(running.address()).await;
    let settings = Settings { time_out_seconds: 20, ..Settings::default() };
    let shared = Arc::new(Shared::new(&settings).unwrap());
    let mut tasks = Vec::new();
    for address in [WEBER, HUBER] {
        let mailbox = over(&settings, &recorder.url(), address, address, PASSWORD, Arc::clone(&shared)).unwrap();
        let mailbox = Arc::new(mailbox);
        for _ in 0..8 {
            let mailbox = Arc::clone(&mailbox);
            tasks.push(tokio::spawn(async move { mailbox.identity().await }));
        }
    }
    let mut seen = BTreeSet::new();
    for task in tasks {
        seen.insert(task.await.unwrap().unwrap().root.0);
    }
    assert_eq!(seen.len(), 2, "two mailboxes");
    let connections = recorder.connections();
    assert_eq!(connections.len(), 2, "one for each of them");
    for sent in &connections {
        let users: BTreeSet<&str> =
            [WEBER, HUBER].into_iter().filter(|user| sent.contains(&format!("x-anchormailbox: {user}"))).collect();
        assert_eq!(users.len(), 1, "{users:?} on one connection");
        assert_eq!(sent.matches("authorization: ").count(), 2, "signed in once");
        let (requests, bodies) = (sent.matches("post /ews/").count(), sent.matches(":envelope>").count());
        assert_eq!(requests - bodies, 2, "two legs without the request, and each request once");
    }
}

/// Somebody in between whose certificate the client trusts takes the connection to the server on.
struct Relay {
    url: String,
    authority: String,
}

impl Relay {
    async fn start(running: &Running) -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let names = vec!["127.0.0.1".to_owned()];
        let certificate = rcgen::CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let shown = ServerConfig::builder().with_no_client_auth();
        let shown = shown.with_single_cert(vec![certificate.der().clone()], private).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(shown));
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(running.ca_pem().unwrap().as_bytes()).unwrap()).unwrap();
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let connector = TlsConnector::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}/EWS/Exchange.asmx", listener.local_addr().unwrap());
        let server = running.address();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (acceptor, connector) = (acceptor.clone(), connector.clone());
                tokio::spawn(async move {
                    let Ok(mut client) = acceptor.accept(client).await else { return };
                    let name = ServerName::try_from("127.0.0.1").unwrap();
                    let server = TcpStream::connect(server).await.unwrap();
                    let mut server = connector.connect(name, server).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                });
            }
        });
        Self { url, authority: certificate.pem() }
    }
}

#[tokio::test]
async fn a_relayed_sign_in_is_refused_where_extended_protection_is_on() {
    let place = Place::new().await;
    let relay = Relay::start(&place.running).await;
    let both = format!("{}{}", place.running.ca_pem().unwrap(), relay.authority);
    std::fs::write(place.folder.path().join("ca.pem"), both).unwrap();
    for wanted in [ExtendedProtection::Require, ExtendedProtection::Allow] {
        place.running.set_extended_protection(wanted);
        let failure = place.signs_in(&relay.url, LOGIN, PASSWORD).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Unauthorized, "{wanted:?}: {}", failure.chain());
    }
    assert_eq!(place.running.refused_sign_ins(LOGIN), 0, "the password was right");
    place.running.set_extended_protection(ExtendedProtection::Off);
    let signed_in = place.signs_in(&relay.url, LOGIN, PASSWORD).await;
    assert!(signed_in.is_ok(), "without it the relay works: {}", signed_in.unwrap_err().chain());
}
