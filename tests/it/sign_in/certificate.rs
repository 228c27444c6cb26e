//! An app signs in by itself, with a certificate: at the simulator's authority, which looks closely; before PyJWT and Node, which
//! others wrote; and what others try with it.

use std::{process::Command, sync::Arc};

use axum::{Form, Json, Router, extract::State, routing};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use pocketdocket::{
    app::Mailboxes,
    auth::oauth::{
        Audience, Authority, Settings, TokenSource as _,
        certificate::{AppCertificate, AppSession, Unfit, make, pem, pfx},
    },
    diagnosis::Cause,
    domain::{FirmId, PersonId},
    exchange,
    ports::{FailureKind, Protocol},
    simulator::{self, AppAction, CLIENT_ID, Fault, FaultRule, Running, TENANT},
    state::{AccountDetails, AccountName, AuthMethod, KeptCertificate, Ledger, UserDetails},
    vault::Vault,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::person::{ANNA, BEN, browser, form, online};

const ELSEWHERE: &str = "9a1c5e70-31b2-4c0d-8d56-0e7f4a9b2c11";

pub(crate) fn certificate(days: u16) -> AppCertificate {
    make("Pocket Docket", Timestamp::now(), days).expect("can be made")
}

/// Registers the app: with this certificate, for these mailboxes and everybody's tasks.
pub(crate) fn register(running: &Running, certificate: &AppCertificate, mailboxes: &[&str]) {
    let mailboxes = mailboxes.iter().map(|mailbox| (*mailbox).to_owned()).collect();
    for action in [
        AppAction::AddCertificate { pem: certificate.pem() },
        AppAction::SetRoles { roles: vec!["Tasks.ReadWrite.All".to_owned()] },
        AppAction::SetScope { mailboxes },
    ] {
        running.administrator().act_on_app(CLIENT_ID, &action).expect("a certificate");
    }
}

async fn registered() -> (Running, Settings, AppCertificate) {
    let (running, settings) = online(simulator::Settings::default()).await;
    let certificate = certificate(30);
    register(&running, &certificate, &[ANNA]);
    (running, settings, certificate)
}

async fn asked(running: &Running, token: &SecretString, path: &str) -> (u16, String) {
    let request = browser().get(format!("{}{path}", running.graph_url())).bearer_auth(token.expose_secret());
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    let body: Value = serde_json::from_str(&answer.text().await.expect("text")).expect("JSON");
    (status, body["error"]["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn an_app_reaches_the_mailboxes_that_it_was_let_into_and_no_others() {
    let (running, settings, certificate) = registered().await;
    let authority = Authority::new(settings).expect("good settings");
    let token = authority.by_certificate(&certificate, Audience::Graph).await.expect("a token").secret;
    let get = async |path: String| asked(&running, &token, &path).await;
    for what in ["contacts", "events", "todo/lists", "outlook/masterCategories"] {
        assert_eq!(get(format!("/users/{ANNA}/{what}")).await.0, 200, "{what}");
    }
    for what in ["contacts", "events", "outlook/masterCategories"] {
        assert_eq!(get(format!("/users/{BEN}/{what}")).await, (403, "ErrorAccessDenied".to_owned()), "{what}");
    }
    // Exchange limits no tasks.
    assert_eq!(get(format!("/users/{BEN}/todo/lists")).await.0, 200);
    assert_eq!(get("/me/contacts".to_owned()).await.0, 400, "nobody is signed in");
    // What was consented to in Entra is for everybody, whatever the scope says.
    let roles = vec!["Contacts.ReadWrite".to_owned()];
    running.administrator().act_on_app(CLIENT_ID, &AppAction::SetRoles { roles }).expect("is set");
    let token = authority.by_certificate(&certificate, Audience::Graph).await.expect("a token").secret;
    assert_eq!(asked(&running, &token, &format!("/users/{BEN}/contacts")).await.0, 200);
    assert_eq!(asked(&running, &token, &format!("/users/{BEN}/events")).await.0, 403);
}

#[tokio::test]
async fn one_token_serves_everybody_until_it_ends_and_one_refusal_is_one_request() {
    let (running, settings, certificate) = registered().await;
    let authority = Arc::new(Authority::new(settings).expect("good settings"));
    let session = Arc::new(AppSession::new(authority, certificate, "graph"));
    let all = |refused: Option<SecretString>| {
        let session = Arc::clone(&session);
        async move {
            let tries = (0..500).map(|_| session.access_token(Audience::Graph, refused.as_ref()));
            futures_util::future::join_all(tries).await
        }
    };
    let tokens: Vec<SecretString> = all(None).await.into_iter().map(|token| token.expect("a token")).collect();
    assert!(tokens.iter().all(|token| token.expose_secret() == tokens[0].expose_secret()));
    // Whoever was refused with it gets another one, and the others get that one too.
    running.administrator().act_on_app(CLIENT_ID, &AppAction::RemoveCertificates).expect("are removed");
    let refusals = all(Some(tokens[0].clone())).await;
    for refusal in refusals {
        let failure = refusal.expect_err("is refused");
        assert_eq!((failure.kind, failure.cause), (FailureKind::Unauthorized, Some(Cause::AppSecretExpired)));
        assert!(failure.hint.is_some_and(|hint| hint.contains("service-account certificate show graph")));
    }
    assert_eq!(running.refused_sign_ins(CLIENT_ID), 1, "by one request for all of them");
}

/// An app whose certificate nobody knows any more: one wrong try for all users of the account, and none for anybody else.
#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_users_of_one_app_make_one_wrong_try() {
    let (running, settings, certificate) = registered().await;
    let folder = tempfile::tempdir().expect("a folder");
    let vault = Vault::with_random_key();
    let ledger = Ledger::create(&folder.path().join("data"), vault, FirmId([7; 16])).expect("a ledger");
    let (account, now): (AccountName, _) = ("graph".parse().expect("a name"), Timestamp::now());
    let entered = AccountDetails {
        login: CLIENT_ID.to_owned(),
        tenant: Some(TENANT.to_owned()),
        method: AuthMethod::Certificate,
        protocol: Protocol::Graph,
        url: None,
    };
    ledger.add_service_account(&account, &entered, "test", now).expect("entered");
    let kept = KeptCertificate {
        thumbprint: certificate.thumbprint(),
        der: certificate.der().to_vec(),
        not_after: certificate.not_after(),
        kept: now,
        proven: None,
    };
    ledger.keep_certificate(&account, &kept, certificate.key(), "test").expect("kept");
    let mut users = Vec::new();
    for number in 0..500 {
        let (name, mailbox) = (format!("user{number}"), format!("user{number}@kanzlei.example"));
        running.add_mailbox(&mailbox, &mailbox, "its own".into()).expect("a mailbox");
        let details = UserDetails {
            person: PersonId(name.clone()),
            address: mailbox,
            login: String::new(),
            url: None,
            protocol: Protocol::Graph,
            method: AuthMethod::Certificate,
            service_account: Some(account.clone()),
            settings: json!({}),
        };
        let name = name.parse().expect("a name");
        ledger.add_user(&name, &details, "test", now).expect("entered");
        users.push(ledger.user(&name).expect("is entered"));
    }
    let addresses: Vec<&str> = users.iter().map(|user| user.details.address.as_str()).collect();
    register(&running, &certificate, &addresses);
    let exchange = exchange::Settings { graph_url: running.graph_url(), ..exchange::Settings::default() };
    let settings = Settings { tenant: None, client_id: None, ..settings };
    let mailboxes = Mailboxes::new(exchange, settings, ledger.clone(), "UTC".to_owned()).expect("good settings");
    let early = mailboxes.of(&users[0]).await.err().expect("nothing was proven yet");
    assert!(early.hint.is_some_and(|hint| hint.contains("certificate make graph")));
    ledger.certificate_proven(&account, &certificate.thumbprint(), "test", now).expect("noted");
    let ask = async || {
        let mut opened = Vec::new();
        for user in &users {
            opened.push(mailboxes.of(user).await.expect("opens"));
        }
        futures_util::future::join_all(opened.iter().map(|mailbox| mailbox.identity())).await
    };
    assert!(ask().await.iter().all(Result::is_ok));
    // One mailbox is taken out of the scope: that user alone hears of it.
    let inside = addresses.iter().skip(1).map(|mailbox| (*mailbox).to_owned()).collect();
    let administrator = running.administrator();
    administrator.act_on_app(CLIENT_ID, &AppAction::SetScope { mailboxes: inside }).expect("is set");
    let mut asked = ask().await.into_iter();
    let outside = asked.next().and_then(Result::err).expect("is refused");
    assert_eq!((outside.kind, outside.cause), (FailureKind::Forbidden, Some(Cause::OutsideScope)));
    assert!(asked.all(|identity| identity.is_ok()));
    // The registration is lost, and the tokens end.
    administrator.act_on_app(CLIENT_ID, &AppAction::RemoveCertificates).expect("are removed");
    administrator.advance_clock(2 * 3600);
    for failure in ask().await.into_iter().chain(ask().await) {
        assert_eq!(failure.expect_err("is refused").kind, FailureKind::Unauthorized);
    }
    assert_eq!(running.refused_sign_ins(CLIENT_ID), 1);
}

#[tokio::test]
async fn each_refusal_is_named() {
    let (running, settings, certificate) = registered().await;
    let cause = async |settings: &Settings, certificate: &AppCertificate| {
        let authority = Authority::new(settings.clone()).expect("good settings");
        let failure = authority.by_certificate(certificate, Audience::Graph).await.expect_err("is refused");
        assert_eq!(failure.kind, FailureKind::Unauthorized, "{}", failure.chain());
        assert!(!failure.evidence.is_empty());
        failure.cause.expect("a cause")
    };
    let other = self::certificate(30);
    assert_eq!(cause(&settings, &other).await, Cause::AppSecretExpired, "one that nobody registered");
    let unknown = Settings { client_id: Some(ELSEWHERE.to_owned()), ..settings.clone() };
    assert_eq!(cause(&unknown, &certificate).await, Cause::AppUnknown);
    let administrator = running.administrator();
    administrator.act_on_app(CLIENT_ID, &AppAction::Disable).expect("is switched off");
    assert_eq!(cause(&settings, &certificate).await, Cause::AppUnknown);
    administrator.act_on_app(CLIENT_ID, &AppAction::Enable).expect("is switched on");
    running.faults().add(FaultRule::new(Fault::OauthError { code: 65001, error: None, suberror: None }).times(1));
    assert_eq!(cause(&settings, &certificate).await, Cause::ConsentMissing);
    // An hour later by the authority's clock, what is signed now is over.
    administrator.advance_clock(3600);
    assert_eq!(cause(&settings, &certificate).await, Cause::ClockSkew);
    // And a day later than its end, the certificate is.
    administrator.advance_clock(31 * 24 * 3600);
    assert_eq!(cause(&settings, &certificate).await, Cause::CertificateExpired);
}

#[tokio::test]
async fn a_certificate_that_has_ended_is_never_sent() {
    let (_running, settings, _) = registered().await;
    let old = make("Pocket Docket", Timestamp::now() - jiff::SignedDuration::from_hours(24 * 40), 30);
    let settings = Settings { authority: "http://127.0.0.1:1".to_owned(), ..settings };
    let authority = Authority::new(settings).expect("good settings");
    let failure = authority.by_certificate(&old.expect("a certificate"), Audience::Graph).await.expect_err("is over");
    assert_eq!(failure.cause, Some(Cause::CertificateExpired));
    assert!(failure.evidence.iter().any(|line| line.contains("nothing was sent")), "{:?}", failure.evidence);
}

/// One statement, as an attacker who has a key may write it.
struct Statement {
    head: Header,
    claims: Value,
    key: EncodingKey,
}

impl Statement {
    fn of(running: &Running, certificate: &AppCertificate) -> Self {
        use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
        use sha2::Digest as _;
        let mut head = Header::new(Algorithm::PS256);
        head.x5t_s256 = Some(URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(certificate.der())));
        let now = Timestamp::now().as_second();
        let endpoint = format!("{}/{TENANT}/oauth2/v2.0/token", running.authority_url());
        let claims = json!({
            "aud": endpoint, "iss": CLIENT_ID, "sub": CLIENT_ID, "jti": uuid::Uuid::new_v4().to_string(),
            "nbf": now, "iat": now, "exp": now + 600,
        });
        let key = EncodingKey::from_rsa_pem(certificate.key().expose_secret().as_bytes()).expect("a key");
        Self { head, claims, key }
    }

    fn with(mut self, name: &str, value: Value) -> Self {
        self.claims[name] = value;
        self
    }

    fn signed(&self) -> String {
        encode(&self.head, &self.claims, &self.key).expect("is signed")
    }
}

/// The number with which the authority refuses; 0 if it gives a token.
async fn judged(running: &Running, tenant: &str, client: &str, stated: &str) -> u64 {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", client),
        ("scope", "https://graph.microsoft.com/.default"),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", stated),
    ];
    let request = browser()
        .post(format!("{}/{tenant}/oauth2/v2.0/token", running.authority_url()))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form(&fields));
    let text = request.send().await.expect("an answer").text().await.expect("text");
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(answer["access_token"].is_string(), answer["error"].is_null(), "{answer}");
    answer["error_codes"][0].as_u64().unwrap_or_default()
}

#[tokio::test]
async fn a_statement_is_taken_once_from_whom_it_is_of_and_by_whom_it_is_for() {
    let more = simulator::Settings::default()
        .with_account(simulator::Account::simple("x@andere.example").in_tenant(ELSEWHERE));
    let (running, _) = online(more).await;
    let (ours, theirs) = (certificate(30), certificate(30));
    register(&running, &ours, &[ANNA]);
    let registered = AppAction::AddCertificate { pem: theirs.pem() };
    running.administrator().act_on_app_in(ELSEWHERE, CLIENT_ID, &registered).expect("a certificate");
    let state = |certificate: &AppCertificate| Statement::of(&running, certificate);
    let judge = async |stated: &str| judged(&running, TENANT, CLIENT_ID, stated).await;

    let good = state(&ours).signed();
    assert_eq!(judge(&good).await, 0);
    assert_eq!(judge(&good).await, 50_012, "once more");
    assert_eq!(judge(&state(&theirs).signed()).await, 700_027, "the certificate of another tenant");
    let at_home = format!("{}/{ELSEWHERE}/oauth2/v2.0/token", running.authority_url());
    let stated = state(&ours).with("aud", at_home.clone().into()).signed();
    assert_eq!(judge(&stated).await, 700_023, "for another tenant");
    assert_eq!(judged(&running, ELSEWHERE, CLIENT_ID, &stated).await, 700_027, "and there");
    let mut forged = state(&ours);
    forged.key = EncodingKey::from_rsa_pem(theirs.key().expose_secret().as_bytes()).expect("a key");
    assert_eq!(judge(&forged.signed()).await, 700_027, "our thumbprint over another key");
    let mut weak = state(&ours);
    weak.head.alg = Algorithm::RS256;
    assert_eq!(judge(&weak.signed()).await, 50_012, "another way to sign");
    let mut nameless = state(&ours);
    nameless.head.x5t_s256 = None;
    assert_eq!(judge(&nameless.signed()).await, 700_027, "no thumbprint");
    let now = Timestamp::now().as_second();
    for (name, value, code) in [
        ("aud", json!("https://graph.microsoft.com"), 700_023),
        ("iss", json!(ELSEWHERE), 50_012),
        ("sub", json!(ELSEWHERE), 50_012),
        ("jti", json!(null), 50_012),
        ("exp", json!(now - 600), 700_024),
        ("exp", json!(now + 30 * 3600), 700_024),
        ("nbf", json!(now + 600), 700_024),
        ("nbf", json!(null), 700_024),
    ] {
        assert_eq!(judge(&state(&ours).with(name, value.clone()).signed()).await, code, "{name} {value}");
    }
    let (signed, _) = good.rsplit_once('.').expect("parts");
    assert_eq!(judge(&format!("{signed}.")).await, 700_027, "without a signature");
    assert_eq!(judge("a.b.c").await, 50_012);
    assert_eq!(judge("").await, 7_000_218);
    assert_eq!(judged(&running, "common", CLIENT_ID, &state(&ours).signed()).await, 50_194);
    assert_eq!(judged(&running, TENANT, ELSEWHERE, &state(&ours).signed()).await, 700_016);
    // A token of the other tenant opens nothing in ours.
    let statement = state(&theirs).with("aud", at_home.into());
    assert_eq!(judged(&running, ELSEWHERE, CLIENT_ID, &statement.signed()).await, 0);
}

/// Prints `good` if a statement is what we say that it is, for a library that we did not write.
const PYJWT: &str = r#"
import base64, hashlib, json, sys, time
import jwt
from cryptography import x509
case = json.load(sys.stdin)
certificate = x509.load_pem_x509_certificate(case["certificate"].encode())
head = jwt.get_unverified_header(case["stated"])
assert head["alg"] == "PS256" and head["typ"] == "JWT", head
der = certificate.public_bytes(__import__("cryptography.hazmat.primitives.serialization", fromlist=["Encoding"]).Encoding.DER)
wanted = base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()
assert head["x5t#S256"] == wanted, head
claims = jwt.decode(
    case["stated"], certificate.public_key(), algorithms=["PS256"], audience=case["audience"], issuer=case["client"],
    options={"require": ["exp", "nbf", "iat", "iss", "sub", "aud", "jti"]},
)
assert claims["sub"] == case["client"] and len(claims["jti"]) >= 32, claims
assert 0 < claims["exp"] - claims["nbf"] <= 600 and claims["exp"] > time.time() + 300, claims
print("good")
"#;

/// An authority that takes everything, and what it was sent.
async fn taker() -> (String, Arc<std::sync::Mutex<Vec<Value>>>) {
    let sent = Arc::<std::sync::Mutex<Vec<Value>>>::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let issuer = format!("http://{}", listener.local_addr().expect("an address"));
    let described = json!({
        "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/keys"),
    });
    let token = async |State(sent): State<Arc<std::sync::Mutex<Vec<Value>>>>, Form(form): Form<Value>| {
        sent.lock().expect("not poisoned").push(form);
        Json(json!({ "token_type": "Bearer", "access_token": "geheim", "expires_in": 3600 }))
    };
    let router = Router::new()
        .route("/.well-known/openid-configuration", routing::get(async move || Json(described)))
        .route("/token", routing::post(token))
        .with_state(Arc::clone(&sent));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (issuer, sent)
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
async fn what_is_signed_is_good_for_a_library_that_others_wrote() {
    let there = Command::new("python3").args(["-c", "import jwt, cryptography"]).output();
    if !there.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: there is no PyJWT; `tests/run` installs it");
        return;
    }
    let (issuer, sent) = taker().await;
    let settings = Settings { authority: issuer.clone(), client_id: Some("our-app".to_owned()), ..Settings::default() };
    let (authority, certificate) = (Authority::new(settings).expect("good settings"), certificate(30));
    authority.by_certificate(&certificate, Audience::Graph).await.expect("a token");
    authority.by_certificate(&certificate, Audience::Ews).await.expect("a token");
    let sent = sent.lock().expect("not poisoned").clone();
    assert_ne!(sent[0]["client_assertion"], sent[1]["client_assertion"], "each is signed anew");
    assert_eq!(sent[0]["scope"], "https://graph.microsoft.com/.default");
    assert_eq!(sent[1]["scope"], "https://outlook.office365.com/.default");
    for form in sent {
        assert_eq!((&form["grant_type"], &form["client_id"]), (&json!("client_credentials"), &json!("our-app")));
        let case = json!({
            "certificate": certificate.pem(), "stated": form["client_assertion"],
            "audience": format!("{issuer}/token"), "client": "our-app",
        });
        let output = assert_cmd::Command::new("python3").args(["-c", PYJWT]).write_stdin(case.to_string()).output();
        let output = output.expect("python runs");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "good\n", "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// A PFX file with certificate and key.
pub(crate) fn packed(certificate: &AppCertificate, passphrase: &str) -> Vec<u8> {
    use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
    use rustls::pki_types::{PrivateKeyDer, pem::PemObject as _};

    let der = PrivateKeyDer::from_pem_slice(certificate.key().expose_secret().as_bytes()).expect("a key");
    let key = PrivateKey::from_der(der.secret_der()).expect("a key");
    let of_it = Certificate::from_der(certificate.der()).expect("a certificate");
    let mut store = KeyStore::new();
    store.add_entry("app", KeyStoreEntry::PrivateKeyChain(PrivateKeyChain::new(b"1".to_vec(), key, [of_it])));
    store.writer(passphrase).write().expect("can be written")
}

/// Files as OpenSSL writes them: what people have.
#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn files_that_openssl_wrote_are_read_or_refused_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |line: &str| {
        let output = Command::new("openssl").args(line.split(' ')).current_dir(folder.path()).output();
        output.is_ok_and(|output| output.status.success())
    };
    if !run("version") {
        eprintln!("skipped: there is no openssl");
        return;
    }
    let read = |name: &str| std::fs::read(folder.path().join(name)).expect("a file");
    let joined = |names: [&str; 2]| [read(names[0]), read(names[1])].concat();
    let new = "req -x509 -nodes -subj /CN=app -days 90";
    assert!(run(&format!("{new} -newkey rsa:2048 -keyout key.pem -out app.pem")));
    assert!(run(&format!("{new} -newkey rsa:1024 -keyout short.key -out short.pem")));
    assert!(run(&format!("{new} -newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout curve.key -out curve.pem")));
    assert!(run("rsa -in key.pem -traditional -out old.pem"));
    assert!(run("pkcs8 -topk8 -in key.pem -passout pass:geheim -out encrypted.pem"));
    let good = pem(&joined(["app.pem", "key.pem"])).expect("is read");
    assert_eq!(good.usable(Timestamp::now()), Ok(()));
    assert_eq!(pem(&joined(["old.pem", "app.pem"])).expect("is read").thumbprint(), good.thumbprint());
    let unfit = |names| pem(&joined(names)).expect_err("cannot be used");
    assert_eq!(unfit(["encrypted.pem", "app.pem"]), Unfit::EncryptedKey);
    assert_eq!(unfit(["short.pem", "short.key"]), Unfit::Short(1024));
    assert_eq!(unfit(["curve.pem", "curve.key"]), Unfit::NotRsa);
    assert!(run("genrsa -out other.pem 2048"));
    assert_eq!(unfit(["other.pem", "app.pem"]), Unfit::NotItsKey);
    assert_eq!(unfit(["short.key", "app.pem"]), Unfit::Key);
    let export = "pkcs12 -export -in app.pem -inkey key.pem -passout pass:geheim";
    assert!(run(&format!("{export} -out app.pfx")));
    let ours = SecretString::from("geheim");
    assert_eq!(pfx(&read("app.pfx"), &ours).expect("is read").thumbprint(), good.thumbprint());
    assert_eq!(pfx(&read("app.pfx"), &"falsch".to_owned().into()).expect_err("is refused"), Unfit::Passphrase);
    // Windows wrote it so for a long time; newer OpenSSL only where its old algorithms are installed.
    if run(&format!("{export} -legacy -out old.pfx")) {
        assert_eq!(pfx(&read("old.pfx"), &ours).expect("is read").thumbprint(), good.thumbprint());
    }
    assert!(run("pkcs12 -export -nokeys -in app.pem -passout pass:geheim -out bare.pfx"));
    assert_eq!(pfx(&read("bare.pfx"), &ours).expect_err("has no key"), Unfit::NoKey);
}
