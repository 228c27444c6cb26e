//! Each cause is produced, on the simulator or on a socket that answers as such servers do, and recognised by the way that the
//! program takes to a mailbox. None is mistaken for another: the matrix is printed and must be diagonal.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use async_trait::async_trait;
use pocketdocket::{
    app::{Addresses, Mailboxes},
    auth::{
        address::{self, EchoService},
        oauth::{self, Audience, Authority, Bearer, Claim, Grants, Session, Unkept},
        password::Basic,
        service_account::Through,
        windows::Windows,
    },
    diagnosis::{Aadsts, Cause, OauthError, Observation, Scheme},
    domain::{FirmId, PersonId},
    exchange::{EwsMailbox, LinkAddress, Settings, Shared},
    ports::{Authenticator, Challenge, Failure, FailureKind, Mailbox as _, Protocol, SignIn, Step},
    simulator::{
        self, Account, Certificate, Fault, FaultRule, Home, Licence, OnlyFrom, PASSWORD, Running, SignInOffer,
        Simulator,
    },
    state::{AccountDetails, AuthMethod, Ledger, UserDetails, UserName},
    vault::KeySource,
};
use secrecy::SecretString;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::WEBER;
use crate::repository;

/// Sends one value, and has nothing more to say.
struct Sends(&'static str);

struct Sent(Option<&'static str>);

#[async_trait]
impl Authenticator for Sends {
    async fn begin(&self) -> Result<Box<dyn SignIn>, Failure> {
        Ok(Box::new(Sent(Some(self.0))))
    }
}

#[async_trait]
impl SignIn for Sent {
    async fn step(&mut self, _: &Challenge) -> Step {
        match self.0.take() {
            Some(value) => Step::Send(SecretString::from(value)),
            None => Step::Refused(Failure::new(FailureKind::Unauthorized, "sign in")),
        }
    }
}

#[derive(Clone, Copy)]
enum By {
    Password,
    Token,
    Grant,
    NoGrant,
    Windows,
}

/// What stands at the other end.
enum Server {
    /// The simulator with these faults.
    Faulty(SignInOffer, Vec<Fault>),
    /// The simulator with an account in this state.
    Account(fn(&mut Account)),
    /// The simulator behind a certificate that nobody vouches for.
    Https(Certificate),
    /// The simulator, whose authority refuses a token with this number.
    Authority(u32),
    /// A socket that challenges, and then speaks of bindings.
    Bound,
    /// A socket that says this, whatever it is asked.
    Says(&'static str),
    /// The simulator, which does not have the mailbox any more; its autodiscover says where it is.
    Moved,
    /// The simulator, which lets the account in from another address than ours; its echo services say so.
    Elsewhere,
    /// The simulator with a service account that may act as these alone, told to act as this one.
    Acting(&'static [&'static str], &'static str),
    /// An address of its own.
    At(&'static str),
    /// A port on which nobody listens.
    Nobody,
}

struct Case {
    cause: Cause,
    by: By,
    server: Server,
}

fn case(cause: Cause, by: By, server: Server) -> Case {
    Case { cause, by, server }
}

fn fault(cause: Cause, fault: Fault) -> Case {
    case(cause, By::Password, Server::Faulty(SignInOffer::Basic, vec![fault]))
}

fn says(cause: Cause, by: By, answer: &'static str) -> Case {
    case(cause, by, Server::Says(answer))
}

/// What the authority says, in the order of the table of causes.
const NUMBERS: [(Cause, u32); 22] = [
    (Cause::WrongPassword, 50126),
    (Cause::UnknownUser, 50034),
    (Cause::PasswordExpired, 50055),
    (Cause::AccountLocked, 50053),
    (Cause::AccountDisabled, 50057),
    (Cause::MfaRequired, 50076),
    (Cause::MfaNotRegistered, 50079),
    (Cause::BlockedByPolicy, 53003),
    (Cause::DeviceCodeBlocked, 530_036),
    (Cause::DevicePolicy, 53000),
    (Cause::ConsentMissing, 65001),
    (Cause::ConsentMissing, 90094),
    (Cause::Declined, 65004),
    (Cause::AppUnknown, 700_016),
    (Cause::AppMisconfigured, 7_000_218),
    (Cause::NotAssigned, 50105),
    (Cause::TenantUnknown, 90002),
    (Cause::AppSecretExpired, 7_000_222),
    (Cause::CertificateExpired, 1_000_502),
    (Cause::GrantRevoked, 50173),
    (Cause::GrantExpired, 700_082),
    (Cause::ProviderTrouble, 90033),
];

fn cases() -> Vec<Case> {
    let token = |cause, faults| case(cause, By::Token, Server::Faulty(SignInOffer::BasicAndOauth, faults));
    let authority = NUMBERS.map(|(cause, number)| case(cause, By::Grant, Server::Authority(number)));
    let mut cases = vec![
        fault(Cause::WrongPassword, Fault::WrongPassword),
        fault(Cause::PasswordExpired, Fault::PasswordExpired),
        case(Cause::PasswordExpired, By::Password, Server::Account(|account| account.password_expired = true)),
        fault(Cause::AccountLocked, Fault::AccountLocked),
        fault(Cause::AccountDisabled, Fault::MailboxDisabled),
        says(
            Cause::AccountDisabled,
            By::Password,
            "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\nConnection: close\r\n\r\nYour account is disabled.",
        ),
        fault(Cause::AppPasswordNeeded, Fault::AppPasswordNeeded),
        case(Cause::BasicOffByProvider, By::Password, Server::Faulty(SignInOffer::Basic, vec![Fault::BasicOff])),
        case(Cause::BasicOffByProvider, By::Password, Server::Faulty(SignInOffer::Oauth, vec![])),
        case(Cause::BasicOffOnServer, By::Password, Server::Faulty(SignInOffer::WindowsOnly, vec![])),
        case(Cause::WindowsOffOnServer, By::Windows, Server::Faulty(SignInOffer::Basic, vec![])),
        case(Cause::WrongPassword, By::Windows, Server::Faulty(SignInOffer::WindowsOnly, vec![Fault::WrongPassword])),
        fault(Cause::BlockedByPolicy, Fault::Interrupted),
        case(Cause::AddressNotAllowed, By::Password, Server::Elsewhere),
        case(Cause::AddressNotAllowed, By::Windows, Server::Elsewhere),
        fault(Cause::EwsOff, Fault::EwsOff),
        fault(Cause::EwsOff, Fault::EwsApps { allowed: "another".to_owned() }),
        case(Cause::EwsOff, By::Password, Server::Account(|account| account.licence = Licence::Kiosk)),
        says(
            Cause::EwsOff,
            By::Token,
            "HTTP/1.1 403 No\r\nX-EWS-Policy-Reason: EWS is blocked by policy for this user or tenant\r\n\
             Connection: close\r\n\r\nblocked by your administrator",
        ),
        fault(Cause::MailboxMissing, Fault::MailboxMissing),
        case(Cause::MailboxMoved, By::Password, Server::Moved),
        fault(Cause::ImpersonationMissing, Fault::ImpersonationMissing),
        case(Cause::ImpersonationMissing, By::Password, Server::Acting(&[], WEBER)),
        case(Cause::ImpersonationMissing, By::Windows, Server::Acting(&["kaya@kanzlei.example"], WEBER)),
        case(Cause::MailboxMissing, By::Password, Server::Acting(&[WEBER], "nobody@kanzlei.example")),
        fault(Cause::Throttled, Fault::Busy { back_off_milliseconds: 60_000 }),
        fault(Cause::Throttled, Fault::TooManyRequests { retry_after_seconds: 60 }),
        fault(Cause::Throttled, Fault::Unavailable { retry_after_seconds: None }),
        fault(Cause::ProviderTrouble, Fault::MailboxMoving),
        fault(Cause::ProviderTrouble, Fault::BadGateway),
        fault(Cause::AnsweredByAnother, Fault::CaptivePortal),
        fault(Cause::AnsweredByAnother, Fault::ProxyLogin),
        fault(Cause::WrongAddress, Fault::Moved { location: "https://mail.example/EWS/Exchange.asmx".to_owned() }),
        says(Cause::WrongAddress, By::Password, "HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n"),
        fault(Cause::AnsweredByAnother, Fault::Downgrade),
        token(Cause::TokenRefused, vec![Fault::TokenRefused { reason: 3 }]),
        case(Cause::TokenRefused, By::Token, Server::Faulty(SignInOffer::Basic, vec![])),
        token(Cause::ClockSkew, vec![Fault::TokenRefused { reason: 2 }, Fault::ClockSkew { seconds: 3600 }]),
        says(
            Cause::MfaRequired,
            By::Token,
            "HTTP/1.1 401 No\r\nWWW-Authenticate: Bearer error=\"insufficient_claims\", claims=\"e30=\"\r\nConnection: close\r\n\r\n",
        ),
        says(
            Cause::OutsideScope,
            By::Token,
            "HTTP/1.1 403 No\r\nConnection: close\r\n\r\n[RAOP] : Blocked by tenant configured AppOnly AccessPolicy...",
        ),
        case(Cause::ChannelBinding, By::Windows, Server::Bound),
        case(Cause::CertificateNotTrusted, By::Password, Server::Https(Certificate::Valid)),
        case(Cause::CertificateNotTrusted, By::Password, Server::Https(Certificate::Expired)),
        case(Cause::CertificateNotTrusted, By::Password, Server::Https(Certificate::WrongName)),
        case(Cause::NotConfirmed, By::NoGrant, Server::Faulty(SignInOffer::Oauth, vec![])),
        says(Cause::Unknown, By::Password, "HTTP/1.1 418 I'm a teapot\r\nConnection: close\r\n\r\nshort and stout"),
        case(Cause::NameNotFound, By::Password, Server::At("https://no-such-host.invalid/EWS/Exchange.asmx")),
        case(Cause::Unreachable, By::Password, Server::Nobody),
        says(Cause::Unreachable, By::Password, ""),
    ];
    cases.extend(authority);
    cases
}

/// What an authority says, in the words of the diagnosis.
fn said(answer: &serde_json::Value) -> Failure {
    let word = |name: &str| answer[name].as_str().unwrap_or_default();
    let numbers = answer["error_codes"].as_array().into_iter().flatten();
    let numbers: Vec<u32> = numbers.filter_map(|number| u32::try_from(number.as_u64()?).ok()).collect();
    let error = OauthError { error: word("error"), suberror: word("suberror"), numbers: &numbers };
    Failure::new(FailureKind::Unauthorized, "sign in").diagnosed(error.diagnose())
}

/// The link of somebody who never signed in.
struct NoGrant;

impl Grants for NoGrant {
    fn claim(&self, _: &str) -> Result<Claim, Failure> {
        Ok(Claim::Missing)
    }

    fn renew(&self, _: &str, _: Option<&SecretString>) -> Result<bool, Failure> {
        Ok(false)
    }

    fn release(&self, _: &str) -> Result<(), Failure> {
        Ok(())
    }

    fn generation(&self) -> Result<Option<i64>, Failure> {
        Ok(None)
    }
}

/// Signs in with what this grant is worth at the simulator's authority.
fn by_oauth(simulator: &Running, grants: Arc<dyn Grants>) -> Arc<dyn Authenticator> {
    let settings = oauth::Settings {
        authority: simulator.authority_url(),
        tenant: Some(simulator::TENANT.to_owned()),
        client_id: Some(simulator::CLIENT_ID.to_owned()),
        ..oauth::Settings::default()
    };
    let session = Session::new(Arc::new(Authority::new(settings).unwrap()), grants, "weber");
    Arc::new(Bearer::new(Arc::new(session), Audience::Ews))
}

/// Says the same to everybody, once each.
async fn socket(answer: &'static str) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut begin = [0; 4096];
            let _ = stream.read(&mut begin).await;
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
            // What is still coming is read, so that the answer is not lost with the connection.
            while stream.read(&mut begin).await.is_ok_and(|read| read > 0) {}
        }
    });
    format!("http://{address}/EWS/Exchange.asmx")
}

/// Offers NTLM, gives the challenge of the published example, and then refuses for the binding.
async fn binding_socket() -> String {
    const CHALLENGE: &str = "TlRMTVNTUAACAAAADAAMADgAAAAzgoriASNFZ4mrze8AAAAAAAAAACQAJABEAAAABgBwFwAAAA9TAGUAcgB2AGUAcgACAAwARABvAG0AYQBpAG4AAQAMAFMAZQByAHYAZQByAAAAAAA=";
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let offer = |offer: &str, body: &str| {
            format!("HTTP/1.1 401 No\r\nWWW-Authenticate: {offer}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        };
        let answers = [
            offer("NTLM", ""),
            offer(&format!("NTLM {CHALLENGE}"), ""),
            offer("NTLM", "status 80090346: bad bindings"),
        ];
        for answer in answers {
            let mut begin = [0; 16 * 1024];
            let _ = stream.read(&mut begin).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    format!("http://{address}/EWS/Exchange.asmx")
}

async fn failure(case: &Case) -> Failure {
    let mut exchange = simulator::Settings::default();
    let mut account = Account::simple(WEBER);
    let mut faults = Vec::new();
    match &case.server {
        Server::Faulty(offer, struck) => (exchange.offer, faults) = (*offer, struck.clone()),
        Server::Account(change) => change(&mut account),
        Server::Moved => account = account.at(Home::Online),
        Server::Elsewhere => {
            exchange.offer = SignInOffer::BasicAndWindows;
            let networks = vec![ALLOWED.parse().unwrap()];
            exchange.only_from = vec![OnlyFrom { login: WEBER.to_owned(), networks }];
            exchange.outer.v4 = Some("198.51.100.9".parse().unwrap());
        }
        Server::Acting(scope, _) => {
            exchange.offer = SignInOffer::BasicAndWindows;
            let service = Account::service("dienst", PASSWORD.into()).scoped_to(scope);
            exchange = exchange.with_account(service);
        }
        Server::Authority(number) => {
            // Plain HTTP is allowed on this very machine.
            exchange = simulator::Settings { https: false, ..exchange.online() };
            faults = vec![Fault::OauthError { code: *number, error: None, suberror: None }];
        }
        Server::Https(certificate) => (exchange.https, exchange.certificate) = (true, *certificate),
        Server::Bound | Server::Says(_) | Server::At(_) | Server::Nobody => {}
    }
    let simulator = Simulator::start(exchange.with_account(account)).await.unwrap();
    for fault in faults {
        simulator.faults().add(FaultRule::new(fault));
    }
    let url = match &case.server {
        Server::Says(answer) => socket(answer).await,
        Server::Bound => binding_socket().await,
        Server::At(url) => (*url).to_owned(),
        // Port 1 of this machine is nobody's.
        Server::Nobody => "http://127.0.0.1:1/EWS/Exchange.asmx".to_owned(),
        _ => simulator.ews_url(),
    };
    let (login, acting_as) = match case.server {
        Server::Acting(_, mailbox) => ("dienst", Some(mailbox)),
        _ => (WEBER, None),
    };
    let sign_in: Arc<dyn Authenticator> = match case.by {
        By::Password => Arc::new(Basic::new(login, &PASSWORD.into()).unwrap()),
        By::Token => Arc::new(Sends("Bearer of.nothing.good")),
        By::Grant => by_oauth(&simulator, Arc::new(Unkept::new("of.nothing.good".into()))),
        By::NoGrant => by_oauth(&simulator, Arc::new(NoGrant)),
        By::Windows => Arc::new(Windows::new(login, &PASSWORD.into(), "127.0.0.1").unwrap()),
    };
    let sign_in: Arc<dyn Authenticator> = match acting_as {
        Some(mailbox) => Arc::new(Through::new(sign_in, "exchange", Some(mailbox.to_owned()))),
        None => sign_in,
    };
    let settings = Settings { time_out_seconds: 5, ..Settings::default() };
    let link = LinkAddress {
        url: url.parse().unwrap(),
        mailbox: acting_as.unwrap_or(WEBER).to_owned(),
        zone: "UTC".to_owned(),
    };
    let shared = Arc::new(Shared::new(&settings).unwrap());
    let failure = EwsMailbox::connect(&settings, link, sign_in, shared).unwrap().identity().await.unwrap_err();
    match case.server {
        Server::Moved | Server::Elsewhere => explained(&simulator, failure).await,
        _ => failure,
    }
}

/// From where the account may sign in, where it may not from everywhere.
const ALLOWED: &str = "203.0.113.0/29";

/// What becomes of a failure when autodiscover and the echo services were asked.
async fn explained(simulator: &Running, failure: Failure) -> Failure {
    let folder = tempfile::tempdir().unwrap();
    let vault = KeySource::File(folder.path().join("master.key")).draw(None).unwrap();
    let ledger = Ledger::create(&folder.path().join("data"), &vault, FirmId([7; 16])).unwrap();
    let (name, now): (UserName, _) = ("weber".parse().unwrap(), jiff::Timestamp::now());
    let details = UserDetails {
        person: PersonId("HW".to_owned()),
        address: WEBER.to_owned(),
        login: WEBER.to_owned(),
        url: Some(simulator.ews_url()),
        protocol: Protocol::Ews,
        method: AuthMethod::Password,
        service_account: Some("dienst".parse().unwrap()),
        settings: serde_json::Value::Null,
    };
    let account = AccountDetails {
        login: WEBER.to_owned(),
        tenant: None,
        method: AuthMethod::Password,
        protocol: Protocol::Ews,
        url: Some(simulator.ews_url()),
    };
    let dienst = "dienst".parse().unwrap();
    ledger.add_service_account(&dienst, &account, "test", now).unwrap();
    ledger.allow_networks(&dienst, &[ALLOWED.parse().unwrap()], None, "test", now).unwrap();
    ledger.add_user(&name, &details, "test", now).unwrap();
    let user = ledger.user(&name).unwrap();
    let settings = Settings { autodiscover: vec![simulator.autodiscover_url()], ..Settings::default() };
    let echo = ["a", "b"].map(|name| EchoService { url: simulator.echo_url(name), field: None });
    let addresses = address::Settings { echo: echo.into(), ..address::Settings::default() };
    let addresses = Addresses::new(&addresses, ledger.clone()).unwrap();
    let mailboxes = Mailboxes::new(settings, oauth::Settings::default(), ledger, "UTC".to_owned()).unwrap();
    let mailboxes = mailboxes.with_addresses(addresses);
    mailboxes.explained(&user, failure, now).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_cause_is_recognised_and_none_is_mistaken_for_another() {
    let mut matrix: BTreeMap<(Cause, Cause), usize> = BTreeMap::new();
    for case in cases() {
        let failure = failure(&case).await;
        let seen = failure.cause.unwrap_or(Cause::Unknown);
        *matrix.entry((case.cause, seen)).or_default() += 1;
        // An answer without a name is quoted as it is.
        assert!(
            !failure.evidence.is_empty() || failure.chain().contains("HTTP 418"),
            "{}: {}",
            case.cause,
            failure.chain()
        );
        let evidence = failure.evidence.join("\n");
        assert!(!evidence.contains(PASSWORD) && !evidence.contains("of.nothing.good"), "{evidence}");
        if case.cause.judges_secret() {
            assert!(!failure.kind.passes(), "{}: it must not be tried again", case.cause);
        }
    }
    print_matrix(&matrix);
    let produced: BTreeSet<Cause> = matrix.keys().map(|(produced, _)| *produced).collect();
    let never: Vec<Cause> = Cause::ALL.into_iter().filter(|cause| !produced.contains(cause)).collect();
    assert_eq!(never, [], "no case produces these");
    let confused: Vec<_> = matrix.keys().filter(|(produced, seen)| produced != seen).collect();
    assert!(confused.is_empty(), "produced, and taken for: {confused:?}");
}

/// Rows: what was produced; columns: what was seen.
#[expect(clippy::print_stdout, reason = "the matrix is for people")]
fn print_matrix(matrix: &BTreeMap<(Cause, Cause), usize>) {
    let causes: Vec<Cause> = Cause::ALL
        .into_iter()
        .filter(|cause| matrix.keys().any(|(one, other)| one == cause || other == cause))
        .collect();
    for (number, produced) in causes.iter().enumerate() {
        let row: String = causes
            .iter()
            .map(|seen| matrix.get(&(*produced, *seen)).map_or_else(|| "  .".to_owned(), |count| format!("{count:3}")))
            .collect();
        println!("{number:2} {produced:<24}{row}");
    }
}

/// Answers of servers as others recorded them. They lie beside the repository.
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
#[test]
fn recorded_answers_are_recognised() {
    let samples = repository::root().join("../shared/domain/samples");
    let read = |path: &str| std::fs::read_to_string(samples.join(path));
    let Ok(busy) = read("ews-made/Fault.ErrorServerBusy.response.xml") else {
        println!("skipped: there are no samples at {}", samples.display());
        return;
    };
    let code = |xml: &str| {
        let (_, rest) = xml.split_once("ResponseCode").expect("a code");
        rest.split(['>', '<']).nth(1).expect("a text").to_owned()
    };
    let observed = Observation {
        host: "mail.example".to_owned(),
        status: Some(500),
        response_code: Some(code(&busy)),
        ..Observation::default()
    };
    assert_eq!(observed.diagnose().cause, Cause::Throttled);
    let challenge = read("oauth/claims-challenge.response.http").expect("a sample");
    let offers = challenge.lines().filter_map(|line| line.split_once(':'));
    let offers = offers.filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"));
    let observed = Observation {
        host: "mail.example".to_owned(),
        scheme: Some(Scheme::Bearer),
        status: Some(401),
        offers: offers.map(|(_, offer)| offer.trim().to_owned()).collect(),
        ..Observation::default()
    };
    assert_eq!(observed.diagnose().cause, Cause::MfaRequired, "{:?}", observed.offers);
    let policy = read("graph-made/error.access-denied-app-policy.json").expect("a sample");
    let observed = Observation {
        host: "graph.example".to_owned(),
        scheme: Some(Scheme::Bearer),
        status: Some(403),
        body: policy,
        ..Observation::default()
    };
    assert_eq!(observed.diagnose().cause, Cause::OutsideScope);
    let mut refusals = 0;
    for entry in std::fs::read_dir(samples.join("oauth")).expect("samples").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(number) = name.strip_prefix("token.error.").and_then(|rest| rest.split('.').next()) else { continue };
        let number: u32 = number.parse().expect("a number");
        let text = std::fs::read_to_string(entry.path()).expect("readable");
        let failure = said(&serde_json::from_str(&text).expect("JSON"));
        assert_eq!(failure.cause, Aadsts::of(number).map(|known| known.cause), "{name}");
        refusals += 1;
    }
    assert!(refusals > 10, "{refusals} refusals were found");
}
