//! Mailboxes through a service account, the way the program takes to them: acting as their owners on an Exchange Server, and by access
//! to them in Exchange Online. What it may not reach is refused, named, and nobody else's trouble.

use std::sync::Arc;

use pocketdocket::{
    app::Mailboxes,
    auth::oauth,
    diagnosis::Cause,
    domain::{FirmId, Kind, PersonId},
    exchange::Settings,
    ports::{Failure, FailureKind, Mailbox, Protocol},
    simulator::{self, Account, AccountAction, Fault, FaultRule, Lockout, PASSWORD, Running, SignInOffer, Simulator},
    state::{AccountDetails, AccountName, AuthMethod, Ledger, User, UserDetails, UserName},
    vault::KeySource,
};

use super::WEBER;

const KAYA: &str = "kaya@kanzlei.example";
const OUTSIDE: &str = "partner@kanzlei.example";
const LOGIN: &str = "KANZLEI\\dienst";

/// An Exchange with three mailboxes and an account that may act for two of them, and an installation that reaches all through it.
struct Place {
    simulator: Running,
    ledger: Ledger,
    mailboxes: Mailboxes,
    account: AccountName,
    _folder: tempfile::TempDir,
}

fn exchange(offer: SignInOffer) -> simulator::Settings {
    let lockout = Some(Lockout { after: 2, seconds: None });
    let settings = simulator::Settings { offer, lockout, ..simulator::Settings::default() };
    let dienst = Account::service(LOGIN, PASSWORD.into()).scoped_to(&[WEBER, KAYA, "nobody@kanzlei.example"]);
    let own = |address: &str| Account::owner(address, address, "its-own".into());
    settings.with_account(own(WEBER)).with_account(own(KAYA)).with_account(own(OUTSIDE)).with_account(dienst)
}

impl Place {
    async fn with(exchange: simulator::Settings, details: AccountDetails) -> Self {
        let simulator = Simulator::start(exchange).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let vault = KeySource::File(folder.path().join("master.key")).draw(None).unwrap();
        let ledger = Ledger::create(&folder.path().join("data"), &vault, FirmId([7; 16])).unwrap();
        let settings = Settings {
            url: Some(simulator.ews_url()),
            graph_url: simulator.graph_url(),
            autodiscover: vec![],
            ..Settings::default()
        };
        let sign_in = oauth::Settings {
            authority: simulator.authority_url(),
            tenant: Some(simulator::TENANT.to_owned()),
            client_id: Some(simulator::CLIENT_ID.to_owned()),
            ..oauth::Settings::default()
        };
        let mailboxes = Mailboxes::new(settings, sign_in, ledger.clone(), "UTC".to_owned()).unwrap();
        let account: AccountName = "exchange".parse().unwrap();
        ledger.add_service_account(&account, &details, "test", jiff::Timestamp::now()).unwrap();
        Self { simulator, ledger, mailboxes, account, _folder: folder }
    }

    async fn on_a_server(offer: SignInOffer, method: AuthMethod) -> Self {
        let details =
            AccountDetails { login: LOGIN.to_owned(), tenant: None, method, protocol: Protocol::Ews, url: None };
        let place = Self::with(exchange(offer), details).await;
        place.give(PASSWORD);
        place
    }

    fn give(&self, password: &str) {
        self.ledger.give_account_password(&self.account, &password.into(), "test", jiff::Timestamp::now()).unwrap();
    }

    fn user(&self, name: &str, address: &str) -> User {
        let (name, now): (UserName, _) = (name.parse().unwrap(), jiff::Timestamp::now());
        let details = UserDetails {
            person: PersonId("HW".to_owned()),
            address: address.to_owned(),
            login: String::new(),
            url: None,
            protocol: Protocol::Ews,
            method: AuthMethod::Password,
            service_account: Some(self.account.clone()),
            settings: serde_json::Value::Null,
        };
        self.ledger.add_user(&name, &details, "test", now).unwrap();
        self.ledger.user(&name).unwrap()
    }

    async fn reach(&self, user: &User) -> Result<String, Failure> {
        self.mailboxes.of(user).await?.identity().await.map(|identity| identity.root.0)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_user_reaches_their_own_mailbox_through_one_account_by_either_way_to_sign_in() {
    for (offer, method) in [(SignInOffer::Basic, AuthMethod::Password), (SignInOffer::WindowsOnly, AuthMethod::Windows)]
    {
        let place = Place::on_a_server(offer, method).await;
        let (weber, kaya) = (place.user("weber", WEBER), place.user("kaya", KAYA));
        let (one, other) = (place.reach(&weber).await.unwrap(), place.reach(&kaya).await.unwrap());
        assert_ne!(one, other, "{method}");
        // By id alone nobody says whose folder it is: whom the account acts as does.
        let mailbox = place.mailboxes.of(&kaya).await.unwrap();
        let folder = mailbox.folder(Kind::Event).await.unwrap().id;
        mailbox.claim(&folder, Kind::Event, &pocketdocket::ports::Owner("a/b/c".to_owned())).await.unwrap();
        assert!(mailbox.changes(&folder, None).await.is_ok(), "{method}");
        let counts = |address: &str| place.simulator.mailbox(address).unwrap().counts.requests.values().sum::<u64>();
        assert!(counts(KAYA) > counts(WEBER) && counts(OUTSIDE) == 0, "{method}");
        assert_eq!(place.simulator.refused_sign_ins(LOGIN), 0, "{method}");
    }
}

/// Attack: an account that acts for some is told to act for somebody else, for nobody, or for anybody after its right was taken away.
#[tokio::test(flavor = "multi_thread")]
async fn acting_as_somebody_outside_the_scope_is_refused_and_leaves_the_others_alone() {
    let place = Place::on_a_server(SignInOffer::BasicAndWindows, AuthMethod::Windows).await;
    let weber = place.user("weber", WEBER);
    let outside = place.user("partner", OUTSIDE);
    let nobody = place.user("nobody", "nobody@kanzlei.example");
    let before = place.simulator.mailbox(OUTSIDE).unwrap();
    for (user, cause, kind) in [
        (&outside, Cause::ImpersonationMissing, FailureKind::Forbidden),
        (&nobody, Cause::MailboxMissing, FailureKind::MailboxMissing),
    ] {
        let failure = place.reach(user).await.unwrap_err();
        assert_eq!((failure.cause, failure.kind), (Some(cause), kind), "{}", failure.chain());
        place.ledger.note_failure(&user.name, "127.0.0.1", &failure, jiff::Timestamp::now()).unwrap();
        assert_eq!(place.ledger.user(&user.name).unwrap().refused_sign_ins, 0, "the secret is not blamed");
    }
    assert!(place.reach(&weber).await.is_ok(), "others go on");
    let after = place.simulator.mailbox(OUTSIDE).unwrap();
    assert_eq!(before.items.len(), after.items.len());
    assert_eq!(after.counts.requests.values().sum::<u64>(), 0, "not one request was carried out there");
    let taken = AccountAction::SetImpersonation { mailboxes: Some(Vec::new()) };
    place.simulator.administrator().act(LOGIN, taken).unwrap();
    let failure = place.reach(&weber).await.unwrap_err();
    assert_eq!(failure.cause, Some(Cause::ImpersonationMissing), "a right that is gone is noticed at once");
    assert_eq!(place.simulator.refused_sign_ins(LOGIN), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_that_is_asked_of_one_mailbox_is_not_the_others() {
    let place = Place::on_a_server(SignInOffer::Basic, AuthMethod::Password).await;
    let (weber, kaya) = (place.user("weber", WEBER), place.user("kaya", KAYA));
    assert!(place.reach(&weber).await.is_ok() && place.reach(&kaya).await.is_ok());
    let busy = Fault::Busy { back_off_milliseconds: 60_000 };
    let of_weber = FaultRule { mailbox: Some(WEBER.to_owned()), ..FaultRule::new(busy) };
    place.simulator.faults().add(of_weber);
    let failure = place.reach(&weber).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Throttled);
    assert!(place.reach(&kaya).await.is_ok(), "its budget is its own");
    let asked = |address: &str| place.simulator.mailbox(address).unwrap().counts.requests.values().sum::<u64>();
    let before = asked(WEBER);
    assert_eq!(place.reach(&weber).await.unwrap_err().kind, FailureKind::Throttled);
    assert_eq!(asked(WEBER), before, "the pause is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_is_sent_once_for_everybody_and_a_right_one_serves_everybody() {
    for (offer, method) in [(SignInOffer::Basic, AuthMethod::Password), (SignInOffer::WindowsOnly, AuthMethod::Windows)]
    {
        let place = Place::on_a_server(offer, method).await;
        let users = [place.user("weber", WEBER), place.user("kaya", KAYA), place.user("partner", OUTSIDE)];
        place.give("wrong");
        let asked = users.iter().map(|user| place.reach(user));
        let failures: Vec<Failure> =
            futures_util::future::join_all(asked).await.into_iter().map(Result::unwrap_err).collect();
        for failure in &failures {
            assert_eq!(
                (failure.kind, failure.cause),
                (FailureKind::Unauthorized, Some(Cause::WrongPassword)),
                "{method}"
            );
            let hint = failure.hint.as_deref().unwrap_or_default();
            assert!(hint.contains("service-account link exchange"), "{method}: {hint}");
        }
        assert_eq!(place.simulator.refused_sign_ins(LOGIN), 1, "{method}");
        place.give(PASSWORD);
        assert!(place.reach(&users[0]).await.is_ok() && place.reach(&users[1]).await.is_ok(), "{method}");
        assert_eq!(place.simulator.refused_sign_ins(LOGIN), 1, "{method}");
    }
}

/// An account in Exchange Online that was given access to Weber's mailbox, and no other one.
async fn online() -> Place {
    let settings = simulator::Settings { offer: SignInOffer::Oauth, ..simulator::Settings::default() };
    let dienst = "dienst@kanzlei.example";
    let settings =
        settings.with_mailbox(WEBER).with_mailbox(KAYA).with_account(Account::simple(dienst).with_access_to(&[WEBER]));
    let details = AccountDetails {
        login: dienst.to_owned(),
        tenant: None,
        method: AuthMethod::OAuth,
        protocol: Protocol::Graph,
        url: None,
    };
    let place = Place::with(settings, details).await;
    let authority = place.mailboxes.authority().unwrap();
    let device = authority.begin_on_device(oauth::Audience::GraphOfOthers).await.unwrap();
    place.simulator.administrator().approve_device(device.code(), dienst, false).unwrap();
    let granted = authority.finish_on_device(&device).await.unwrap();
    assert!(granted.identity.is(dienst, dienst));
    place.ledger.give_account_grant(&place.account, &granted.refresh, "test", jiff::Timestamp::now()).unwrap();
    place
}

#[tokio::test(flavor = "multi_thread")]
async fn in_exchange_online_one_grant_reaches_the_mailboxes_that_the_account_has_access_to() {
    let place = online().await;
    let (weber, kaya) = (place.user("weber", WEBER), place.user("kaya", KAYA));
    assert!(place.reach(&weber).await.is_ok());
    let failure = place.reach(&kaya).await.unwrap_err();
    assert_eq!((failure.kind, failure.cause), (FailureKind::Forbidden, Some(Cause::ImpersonationMissing)));
    assert!(failure.hint.as_deref().unwrap_or_default().contains("FullAccess"));
    let given = AccountAction::SetFullAccess { mailboxes: vec![WEBER.to_owned(), KAYA.to_owned()] };
    place.simulator.administrator().act("dienst@kanzlei.example", given).unwrap();
    assert!(place.reach(&kaya).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_by_another_name_opens_nothing_with_the_tokens_of_the_one_before() {
    let place = online().await;
    let weber = place.user("weber", WEBER);
    assert!(place.reach(&weber).await.is_ok());
    let before = place.ledger.service_account(&place.account).unwrap().details;
    let details = AccountDetails { login: "another@kanzlei.example".to_owned(), ..before };
    place.ledger.change_service_account(&place.account, &details, "test", jiff::Timestamp::now()).unwrap();
    let weber = place.ledger.user(&weber.name).unwrap();
    let failure = place.reach(&weber).await.unwrap_err();
    assert_eq!(failure.cause, Some(Cause::NotConfirmed), "nobody signed in by this name: {}", failure.chain());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_grant_of_an_account_is_tried_once_for_everybody() {
    let place = online().await;
    let users = [("kaya", KAYA), ("weber", WEBER)].map(|(name, address)| place.user(name, address));
    // The authority refuses it once. Whoever asked it again would be let in.
    let revoked = Fault::OauthError { code: 50173, error: None, suberror: None };
    let once =
        FaultRule { operation: Some("token/refresh_token".to_owned()), times: Some(1), ..FaultRule::new(revoked) };
    place.simulator.faults().add(once);
    let mut opened: Vec<Arc<dyn Mailbox>> = Vec::new();
    for user in &users {
        opened.push(place.mailboxes.of(user).await.unwrap());
    }
    for _ in 0..3 {
        for (mailbox, user) in opened.iter().zip(&users) {
            let failure = mailbox.identity().await.unwrap_err();
            assert_eq!(failure.cause, Some(Cause::GrantRevoked), "{}: {}", user.name, failure.chain());
            // Another pass begins.
            place.mailboxes.of(user).await.unwrap();
        }
    }
    let refresh = place.ledger.open_secret("service-account/exchange/refresh").unwrap().unwrap();
    place.ledger.give_account_grant(&place.account, &refresh, "test", jiff::Timestamp::now()).unwrap();
    assert!(opened[1].identity().await.is_ok(), "given once more it is tried once more");
}
