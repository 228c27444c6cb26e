//! Refresh tokens: one at a time in one process and in many, kept before they are needed, and what ends them.

use std::sync::Arc;

use jiff::Timestamp;
use pocketdocket::{
    app::Mailboxes,
    auth::oauth::{Audience, Authority, Claim, Grants, Session, Settings, TokenSource as _, Unkept},
    diagnosis::Cause,
    domain::{FirmId, PersonId},
    exchange,
    ports::{Failure, FailureKind},
    simulator::{self, AccountAction, RefreshReuse, TokenRules},
    state::{AuthMethod, GrantClaim, Ledger, User, UserDetails, UserName},
    vault::Vault,
};
use secrecy::{ExposeSecret as _, SecretString};

use super::person::{ANNA, begun, granted, online, signs_in};

fn strict() -> simulator::Settings {
    let tokens = TokenRules { reuse: RefreshReuse::RevokesFamily, access_seconds: 60, ..TokenRules::default() };
    simulator::Settings { tokens, ..simulator::Settings::default() }
}

/// A ledger in which Anna has granted access.
struct Desk {
    folder: tempfile::TempDir,
    vault: Vault,
    name: UserName,
    settings: Settings,
    exchange: exchange::Settings,
    running: simulator::Running,
}

impl Desk {
    async fn open(more: simulator::Settings) -> Self {
        let (running, settings) = online(more).await;
        let folder = tempfile::tempdir().expect("a folder");
        let vault = Vault::with_random_key();
        let name: UserName = "anna".parse().expect("a name");
        let exchange = exchange::Settings { url: Some(running.ews_url()), ..exchange::Settings::default() };
        let desk = Self { folder, vault, name, settings, exchange, running };
        let ledger =
            Ledger::create(&desk.folder.path().join("data"), desk.vault.clone(), FirmId([7; 16])).expect("a ledger");
        let details = UserDetails {
            person: PersonId("HW".to_owned()),
            address: ANNA.to_owned(),
            login: ANNA.to_owned(),
            url: None,
            protocol: pocketdocket::ports::Protocol::Ews,
            method: AuthMethod::OAuth,
            service_account: None,
            settings: serde_json::json!({}),
        };
        ledger.add_user(&desk.name, &details, "test", Timestamp::now()).expect("entered");
        desk.sign_in(&ledger).await;
        desk
    }

    async fn sign_in(&self, ledger: &Ledger) {
        let authority = Authority::new(self.settings.clone()).expect("good settings");
        let granted = granted(&authority, ANNA, ANNA).await.expect("signs in");
        ledger.give_grant(&self.name, &granted.refresh, "test", Timestamp::now()).expect("kept");
    }

    /// As another process has it: a ledger and mailboxes of its own.
    fn process(&self) -> (Ledger, Mailboxes, User) {
        let ledger = Ledger::open(&self.folder.path().join("data"), self.vault.clone()).expect("opens");
        let zone = "Europe/Berlin".to_owned();
        let mailboxes = Mailboxes::new(self.exchange.clone(), self.settings.clone(), ledger.clone(), zone);
        let user = ledger.user(&self.name).expect("is entered");
        (ledger, mailboxes.expect("good settings"), user)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_never_use_one_refresh_token_at_once() {
    let desk = Desk::open(strict()).await;
    // Whoever sent a refresh token twice would lose everything.
    let mut tries = Vec::new();
    for _ in 0..4 {
        let (_ledger, mailboxes, user) = desk.process();
        let mailbox = mailboxes.of(&user).await.expect("opens");
        for _ in 0..2 {
            let mailbox = Arc::clone(&mailbox);
            tries.push(tokio::spawn(async move { mailbox.identity().await.map_err(|failure| failure.chain()) }));
        }
    }
    for one in tries {
        one.await.expect("ends").expect("is reached");
    }
    let (ledger, mailboxes, user) = desk.process();
    assert!(mailboxes.of(&user).await.expect("opens").identity().await.is_ok(), "the grant is still good");
    assert_eq!(ledger.grant_generation(&desk.name).expect("read"), Some(6), "one exchange per process, and the first");
}

#[tokio::test]
async fn a_refresh_token_that_is_sent_twice_ends_the_grant_which_is_why_nobody_does() {
    let desk = Desk::open(strict()).await;
    let (ledger, _mailboxes, _user) = desk.process();
    let now = Timestamp::now();
    let GrantClaim::Taken { refresh, .. } = ledger.claim_grant(&desk.name, "x", now, now).expect("claims") else {
        panic!("is there")
    };
    let authority = Authority::new(desk.settings.clone()).expect("good settings");
    let next = authority.refresh(refresh.clone(), Audience::Ews).await.expect("works once");
    let failure = authority.refresh(refresh, Audience::Ews).await.expect_err("is noticed");
    assert_eq!(failure.kind, FailureKind::Unauthorized);
    let next = next.refresh.expect("another one");
    assert!(authority.refresh(next, Audience::Ews).await.is_err(), "and the whole family is gone");
}

#[tokio::test]
async fn one_grant_brings_tokens_for_exchange_and_for_graph() {
    let desk = Desk::open(simulator::Settings::default()).await;
    let (ledger, _mailboxes, _user) = desk.process();
    let now = Timestamp::now();
    let GrantClaim::Taken { refresh, .. } = ledger.claim_grant(&desk.name, "x", now, now).expect("claims") else {
        panic!("is there")
    };
    let authority = Arc::new(Authority::new(desk.settings.clone()).expect("good settings"));
    let session = Session::new(Arc::clone(&authority), Arc::new(Unkept::new(refresh)), "anna");
    let ews = session.access_token(Audience::Ews, None).await.expect("a token");
    let missing = session.access_token(Audience::Graph, None).await.expect_err("nobody consented to that");
    assert_eq!(missing.cause, Some(Cause::ConsentMissing), "{}", missing.chain());
    assert!(session.access_token(Audience::Ews, None).await.is_ok(), "the other is not touched by it");
    let (_landing, sign_in) = begun(&authority).await;
    let permissions = Audience::Graph.permissions().iter();
    let scope: Vec<String> = permissions.map(|name| format!("https://graph.microsoft.com/{name}")).collect();
    let scope = scope.join(" ");
    let mut asked = sign_in.url().clone();
    let others: Vec<(String, String)> =
        sign_in.url().query_pairs().into_owned().filter(|(name, _)| name != "scope").collect();
    asked.query_pairs_mut().clear().extend_pairs(others).append_pair("scope", &format!("{scope} openid"));
    signs_in(&asked, ANNA).await;
    session.begin_pass();
    let graph = session.access_token(Audience::Graph, None).await.expect("a token");
    assert_ne!(ews.expose_secret(), graph.expose_secret());
    let again = session.access_token(Audience::Ews, None).await.expect("a token");
    assert_eq!(ews.expose_secret(), again.expose_secret(), "is not asked for twice");
    let other = session.access_token(Audience::Ews, Some(&ews)).await.expect("a token");
    assert_ne!(ews.expose_secret(), other.expose_secret(), "one that was refused is replaced");
}

#[tokio::test]
async fn who_dies_after_the_exchange_has_lost_nothing() {
    let desk = Desk::open(strict()).await;
    let (ledger, mailboxes, user) = desk.process();
    assert!(mailboxes.of(&user).await.expect("opens").identity().await.is_ok());
    let generation = ledger.grant_generation(&desk.name).expect("read");
    // The access token dies with the process; what the ledger has is the next refresh token.
    drop((ledger, mailboxes));
    let (ledger, mailboxes, user) = desk.process();
    assert!(mailboxes.of(&user).await.expect("opens").identity().await.is_ok());
    assert!(ledger.grant_generation(&desk.name).expect("read") > generation);
}

#[tokio::test]
async fn a_revoked_grant_is_recognised_asked_about_once_and_replaced_by_a_new_sign_in() {
    let desk = Desk::open(simulator::Settings::default()).await;
    let (ledger, mailboxes, user) = desk.process();
    let password = AccountAction::SetPassword { password: "simulator".to_owned() };
    desk.running.administrator().act(ANNA, password).expect("changed");
    let mailbox = mailboxes.of(&user).await.expect("opens");
    for _ in 0..2 {
        let failure = mailbox.identity().await.expect_err("is refused");
        assert_eq!((failure.kind, failure.cause), (FailureKind::Unauthorized, Some(Cause::GrantRevoked)));
        assert!(failure.hint.is_some_and(|hint| hint.contains("user link anna")));
    }
    desk.sign_in(&ledger).await;
    assert!(mailbox.identity().await.is_ok(), "goes on with the new grant");
}

/// A disk that is full: what comes cannot be kept.
struct Full(Unkept);

impl Grants for Full {
    fn claim(&self, holder: &str) -> Result<Claim, Failure> {
        self.0.claim(holder)
    }

    fn renew(&self, _: &str, _: Option<&SecretString>) -> Result<bool, Failure> {
        Err(Failure::new(FailureKind::Transient, "keep the grant").because("the disk is full"))
    }

    fn release(&self, holder: &str) -> Result<(), Failure> {
        self.0.release(holder)
    }

    fn generation(&self) -> Result<Option<i64>, Failure> {
        self.0.generation()
    }
}

#[tokio::test]
async fn a_token_whose_grant_could_not_be_kept_is_not_used() {
    let (_running, settings) = online(simulator::Settings::default()).await;
    let authority = Arc::new(Authority::new(settings).expect("good settings"));
    let signed_in = granted(&authority, ANNA, ANNA).await.expect("signs in");
    let session = Session::new(authority, Arc::new(Full(Unkept::new(signed_in.refresh))), "anna");
    let failure = session.access_token(Audience::Ews, None).await.expect_err("is not given out");
    assert_eq!(failure.kind, FailureKind::Transient, "{}", failure.chain());
    assert!(failure.chain().contains("the disk is full"), "{}", failure.chain());
}
