//! Where a mailbox is, asked of a simulator that answers as Exchange Online and an Exchange Server do; and what is done about answers that
//! are meant to lead astray.

use std::sync::Arc;

use pocketdocket::{
    auth::password::Basic,
    exchange::{Autodiscover, Settings, Shared},
    ports::{Authenticator, Failure, FailureKind, Found, Protocol},
    simulator::{self, Account, Fault, FaultRule, Home, PASSWORD, Running, SignInOffer, Simulator},
};

use super::WEBER;

/// What the two forms are called where faults strike.
const JSON: &str = "autodiscover";
const XML: &str = "PoxAutodiscover";

async fn at(home: Home) -> Running {
    let account = Account::simple(WEBER).at(home);
    Simulator::start(simulator::Settings::default().with_account(account)).await.unwrap()
}

fn settings(simulator: &Running) -> Settings {
    Settings { autodiscover: vec![simulator.autodiscover_url()], time_out_seconds: 5, ..Settings::default() }
}

async fn find(simulator: &Running, mailbox: &str) -> Result<Found, Failure> {
    Autodiscover::new(&settings(simulator)).unwrap().find(mailbox).await
}

async fn find_signed_in(simulator: &Running, password: &str) -> Result<Found, Failure> {
    let settings = settings(simulator);
    let sign_in: Arc<dyn Authenticator> = Arc::new(Basic::new(WEBER, &password.to_owned().into()).unwrap());
    let shared = Arc::new(Shared::new(&settings).unwrap());
    Autodiscover::new(&settings).unwrap().find_signed_in(WEBER, &sign_in, &shared).await
}

fn off(simulator: &Running, form: &str) {
    simulator.faults().add(FaultRule::new(Fault::NoAutodiscover).on(form));
}

/// Nobody can tell, and this is what was seen.
async fn told_nothing(simulator: &Running) -> String {
    let failure = find(simulator, WEBER).await.unwrap_err();
    failure.evidence.join("\n")
}

#[tokio::test]
async fn one_question_without_a_sign_in_tells_exchange_online_from_a_server() {
    let simulator = at(Home::Online).await;
    let found = find(&simulator, WEBER).await.unwrap();
    assert_eq!((found.at.protocol, found.at.url.as_ref()), (Protocol::Graph, None));
    assert_eq!(found.reason, "`127.0.0.1` says that the mailbox is at Exchange Online");
    assert_eq!(found.evidence, ["`127.0.0.1` (JSON): it names the web service at `outlook.office365.com`"]);
    let simulator = at(Home::OnPremises).await;
    let found = find(&simulator, WEBER).await.unwrap();
    assert_eq!(found.at.protocol, Protocol::Ews);
    assert_eq!(found.at.url.unwrap().as_str(), simulator.ews_url());
    assert_eq!(simulator.refused_sign_ins(WEBER), 0);
}

#[tokio::test]
async fn a_mailbox_that_nobody_knows_is_not_found_and_everybody_who_was_asked_is_named() {
    let simulator = at(Home::Online).await;
    off(&simulator, XML);
    let failure = find(&simulator, "nobody@kanzlei.example").await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::MailboxMissing);
    assert_eq!(
        failure.evidence,
        ["`127.0.0.1` (JSON): it knows no such mailbox", "`127.0.0.1` (XML): HTTP 404: there is no autodiscover"]
    );
    assert!(failure.hint.is_some_and(|hint| hint.contains("--protocol graph")));
}

#[tokio::test]
async fn where_nobody_answers_another_try_may_go_better() {
    let settings = Settings {
        autodiscover: vec!["http://127.0.0.1:1".to_owned(), "https://no-such-host.invalid".to_owned()],
        time_out_seconds: 5,
        ..Settings::default()
    };
    let failure = Autodiscover::new(&settings).unwrap().find(WEBER).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Transient);
    assert_eq!(failure.evidence.len(), 4, "{:?}", failure.evidence);
    assert!(failure.evidence[0].contains("took no connection"), "{:?}", failure.evidence);
    assert!(failure.evidence[1].contains("`no-such-host.invalid`"), "{:?}", failure.evidence);
}

#[tokio::test]
async fn nobody_is_asked_where_the_list_is_empty() {
    let settings = Settings { autodiscover: Vec::new(), ..Settings::default() };
    let failure = Autodiscover::new(&settings).unwrap().find(WEBER).await.unwrap_err();
    assert!(failure.chain().contains("`autodiscover` in section `[exchange]` is empty"), "{}", failure.chain());
}

#[tokio::test]
async fn an_older_server_tells_that_it_is_there_and_the_address_to_who_signs_in() {
    let simulator = at(Home::OnPremises).await;
    off(&simulator, JSON);
    let found = find(&simulator, WEBER).await.unwrap();
    assert_eq!((found.at.protocol, found.at.url), (Protocol::Ews, None));
    assert!(found.reason.contains("wants a sign-in before it tells"), "{}", found.reason);
    let found = find_signed_in(&simulator, PASSWORD).await.unwrap();
    assert_eq!(found.at.url.unwrap().as_str(), simulator.ews_url());
}

#[tokio::test]
async fn a_refused_password_is_sent_once() {
    let simulator = at(Home::OnPremises).await;
    let failure = find_signed_in(&simulator, "wrong").await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unauthorized);
    assert_eq!(simulator.refused_sign_ins(WEBER), 1);
}

#[tokio::test]
async fn a_password_is_not_sent_to_who_did_not_ask_for_one() {
    let mut settings = simulator::Settings::default().with_account(Account::simple(WEBER));
    settings.offer = SignInOffer::WindowsOnly;
    let simulator = Simulator::start(settings).await.unwrap();
    off(&simulator, XML);
    let failure = find_signed_in(&simulator, PASSWORD).await.unwrap_err();
    assert_eq!(failure.evidence, ["`127.0.0.1` (XML): HTTP 404: there is no autodiscover"]);
    assert_eq!(simulator.refused_sign_ins(WEBER), 0);
}

#[tokio::test]
async fn a_mailbox_that_went_to_the_cloud_has_another_address_there() {
    let simulator = at(Home::Online).await;
    let found = find_signed_in(&simulator, PASSWORD).await.unwrap();
    assert_eq!(found.at.protocol, Protocol::Graph);
}

#[tokio::test]
async fn a_redirect_is_followed_to_another_host_and_shown() {
    let (first, second) = (at(Home::OnPremises).await, at(Home::Online).await);
    let elsewhere = format!(
        "http://localhost:{}/autodiscover/autodiscover.json?Email={WEBER}&Protocol=EWS&RedirectCount=2",
        second.address().port()
    );
    first.faults().add(FaultRule::new(Fault::Moved { location: elsewhere }).on(JSON));
    let found = find(&first, WEBER).await.unwrap();
    assert_eq!(found.at.protocol, Protocol::Graph);
    assert_eq!(found.reason, "`localhost` says that the mailbox is at Exchange Online");
    assert_eq!(found.evidence[0], "`127.0.0.1` (JSON): it sends us on to `localhost`");
}

#[tokio::test]
async fn a_password_follows_no_redirect() {
    let (first, second) = (at(Home::OnPremises).await, at(Home::OnPremises).await);
    let location = format!("http://localhost:{}/autodiscover/autodiscover.xml", second.address().port());
    // Whoever signs in is sent elsewhere; and then, everybody is.
    first.faults().add(FaultRule::new(Fault::Moved { location: location.clone() }).on(XML).for_login(WEBER));
    let failure = find_signed_in(&first, PASSWORD).await.unwrap_err();
    let seen = failure.evidence.join("\n");
    assert!(seen.contains("sends us on to `localhost`, where a password must not follow"), "{seen}");
    first.faults().clear();
    first.faults().add(FaultRule::new(Fault::Moved { location }).on(XML));
    let failure = find_signed_in(&first, "wrong").await.unwrap_err();
    assert!(failure.evidence.join("\n").contains("`localhost` (XML): it wants a sign-in"), "{:?}", failure.evidence);
    assert_eq!((first.refused_sign_ins(WEBER), second.refused_sign_ins(WEBER)), (0, 0));
}

#[tokio::test]
async fn a_sign_in_that_is_wanted_after_a_redirect_is_no_answer_of_who_was_asked() {
    let (first, second) = (at(Home::OnPremises).await, at(Home::OnPremises).await);
    off(&first, JSON);
    let location = format!("http://localhost:{}/autodiscover/autodiscover.xml", second.address().port());
    first.faults().add(FaultRule::new(Fault::Moved { location }).on(XML));
    let failure = find(&first, WEBER).await.unwrap_err();
    assert!(failure.evidence.join("\n").contains("`localhost` (XML): it wants a sign-in"), "{:?}", failure.evidence);
}

#[tokio::test]
async fn answers_that_lead_astray_are_refused_in_words() {
    let simulator = at(Home::OnPremises).await;
    off(&simulator, XML);
    let here = simulator.autodiscover_url();
    let moved = |location: &str| Fault::Moved { location: location.to_owned() };
    let circle = format!("{here}/autodiscover/autodiscover.json?Email={WEBER}&Protocol=EWS&RedirectCount=9");
    for (fault, said) in [
        (moved(&circle), "it sends us round in a circle"),
        (moved("http://mail.kanzlei.example/autodiscover.json"), "`mail.kanzlei.example`: that is not encrypted"),
        (moved("ftp://mail.kanzlei.example/"), "that is not encrypted"),
        (moved("https://weber:planted@mail.kanzlei.example/"), "the address holds a login"),
        (Fault::CaptivePortal, "a web page came instead of an answer"),
        (Fault::ProxyLogin, "HTTP 407"),
        (Fault::BadGateway, "HTTP 502"),
        (Fault::JsonBomb, "what came is no answer of autodiscover"),
        (Fault::Endless, "sent an answer of more than 262144 bytes"),
        (Fault::TooManyRequests { retry_after_seconds: 60 }, "HTTP 429"),
    ] {
        simulator.faults().clear();
        off(&simulator, XML);
        simulator.faults().add(FaultRule::new(fault.clone()).on(JSON));
        let seen = told_nothing(&simulator).await;
        assert!(seen.contains(said), "{fault:?}: {seen}");
        assert!(!seen.contains("planted"), "{seen}");
    }
    simulator.faults().clear();
    off(&simulator, JSON);
    for (fault, said) in [
        (Fault::XmlBomb, "what came is no answer of autodiscover"),
        (Fault::Endless, "sent an answer of more than 262144 bytes"),
        (Fault::CaptivePortal, "a web page came instead of an answer"),
    ] {
        simulator.faults().clear();
        off(&simulator, JSON);
        simulator.faults().add(FaultRule::new(fault.clone()).on(XML));
        let seen = told_nothing(&simulator).await;
        assert!(seen.contains(said), "{fault:?}: {seen}");
    }
}

#[tokio::test]
async fn what_was_encrypted_once_stays_so_and_certificates_are_verified() {
    let mut settings = simulator::Settings::default().with_account(Account::simple(WEBER).at(Home::Online));
    settings.https = true;
    let simulator = Simulator::start(settings).await.unwrap();
    let seen = told_nothing(&simulator).await;
    assert!(seen.contains("showed a certificate that is not trusted; nothing was sent"), "{seen}");
    let folder = tempfile::tempdir().unwrap();
    let authority = folder.path().join("authority.pem");
    std::fs::write(&authority, simulator.ca_pem().unwrap()).unwrap();
    let trusting = Settings { ca_file: Some(authority), ..self::settings(&simulator) };
    let autodiscover = Autodiscover::new(&trusting).unwrap();
    assert_eq!(autodiscover.find(WEBER).await.unwrap().at.protocol, Protocol::Graph);
    simulator.faults().add(FaultRule::new(Fault::Downgrade));
    let failure = autodiscover.find(WEBER).await.unwrap_err();
    assert!(failure.evidence.join("\n").contains("that is not encrypted"), "{:?}", failure.evidence);
}
