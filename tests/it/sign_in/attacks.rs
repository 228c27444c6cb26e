//! What others try: a foreign answer, a foreign token, an open line, an answer without end.

use std::time::Duration;

use jiff::Timestamp;
use pocketdocket::{
    auth::oauth::{Authority, Landing, NotTheAnswer, Settings},
    diagnosis::Cause,
    ports::FailureKind,
    simulator::{self, Fault, FaultRule, TokenFlaw},
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::person::{ANNA, BEN, begun, browser, granted, online, signs_in};

#[tokio::test]
async fn a_person_signs_in_and_is_known_afterwards() {
    let (_running, settings) = online(simulator::Settings::default()).await;
    let authority = Authority::new(settings).expect("good settings");
    let granted = granted(&authority, ANNA, ANNA).await.expect("signs in");
    assert!(granted.identity.is("ANNA@kanzlei.example", "other@kanzlei.example"), "{:?}", granted.identity);
    assert!(granted.identity.is("x", ANNA) && !granted.identity.is(BEN, BEN));
    assert!(granted.identity.at <= Timestamp::now());
    assert!(!format!("{granted:?}").contains("eyJ"), "tokens are not shown");
}

#[tokio::test]
async fn an_answer_with_another_state_is_refused_and_the_right_one_still_taken() {
    let (_running, settings) = online(simulator::Settings::default()).await;
    let authority = Authority::new(settings).expect("good settings");
    let (landing, sign_in) = begun(&authority).await;
    let (_other_landing, other) = begun(&authority).await;
    let back = signs_in(sign_in.url(), ANNA).await;
    let foreign = signs_in(other.url(), BEN).await;
    assert!(matches!(sign_in.pasted(foreign.as_str()), Err(NotTheAnswer::State)), "mix-up");
    assert!(matches!(sign_in.pasted("http://localhost/"), Err(NotTheAnswer::State)));
    let twice = format!("{back}&state=x");
    assert!(matches!(sign_in.pasted(&twice), Err(NotTheAnswer::State)), "a parameter twice");
    let elsewhere = format!("{back}&iss=https%3A%2F%2Fevil.example");
    assert!(matches!(sign_in.pasted(&elsewhere), Err(NotTheAnswer::Issuer)));
    assert!(sign_in.pasted(&format!(" {back}#x ")).is_ok());

    let port = landing.port();
    let waiting = tokio::spawn(landing.wait(sign_in, Duration::from_secs(20)));
    let http = browser();
    let local = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let foreign_query = foreign.query().unwrap_or_default();
    assert_eq!(http.get(local(&format!("/?{foreign_query}"))).send().await.expect("answers").status(), 400);
    assert_eq!(http.get(local("/favicon.ico")).send().await.expect("answers").status(), 404);
    let query = back.query().unwrap_or_default();
    let rebound = http.get(local(&format!("/?{query}"))).header("host", "evil.example");
    assert_eq!(rebound.send().await.expect("answers").status(), 404, "a name that was pointed at this machine");
    assert_eq!(http.get(local(&format!("/?{query}"))).send().await.expect("answers").status(), 200);
    let answered = waiting.await.expect("waits").expect("the right one is taken");
    assert!(authority.finish(answered).await.is_ok());
}

#[tokio::test]
async fn a_code_of_another_sign_in_does_not_pass_pkce() {
    let (_running, settings) = online(simulator::Settings::default()).await;
    let authority = Authority::new(settings).expect("good settings");
    let (_landing, mine) = begun(&authority).await;
    let (_other_landing, other) = begun(&authority).await;
    let back = signs_in(mine.url(), ANNA).await;
    let foreign = signs_in(other.url(), BEN).await;
    let pick = |url: &url::Url, name: &str| {
        url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    // The state is right and the code is somebody else's.
    let forged = format!("http://localhost/?code={}&state={}", pick(&foreign, "code"), pick(&back, "state"));
    let answered = mine.pasted(&forged).expect("looks right");
    let failure = authority.finish(answered).await.expect_err("is refused");
    assert_eq!(failure.kind, FailureKind::Unauthorized, "{}", failure.chain());
}

#[tokio::test]
async fn no_id_token_with_a_flaw_is_believed() {
    for (flaw, cause) in [
        (TokenFlaw::AlgNone, Cause::TokenRefused),
        (TokenFlaw::UnknownKey, Cause::TokenRefused),
        (TokenFlaw::BadSignature, Cause::TokenRefused),
        (TokenFlaw::Audience, Cause::TokenRefused),
        (TokenFlaw::Issuer, Cause::TokenRefused),
        (TokenFlaw::Tenant, Cause::TokenRefused),
        (TokenFlaw::Expired, Cause::ClockSkew),
        (TokenFlaw::NotYet, Cause::ClockSkew),
        (TokenFlaw::Nonce, Cause::TokenRefused),
        (TokenFlaw::NoNonce, Cause::TokenRefused),
    ] {
        let (running, settings) = online(simulator::Settings::default()).await;
        running.faults().add(FaultRule::new(Fault::IdTokenFlaw { flaw }));
        let authority = Authority::new(settings).expect("good settings");
        let failure = granted(&authority, ANNA, ANNA).await.expect_err("is not believed");
        assert_eq!(failure.cause, Some(cause), "{flaw:?}: {}", failure.chain());
        assert!(failure.chain().contains("ID token"), "{flaw:?}: {}", failure.chain());
    }
}

#[tokio::test]
async fn keys_that_were_changed_are_read_anew_once() {
    let (running, settings) = online(simulator::Settings::default()).await;
    let authority = Authority::new(settings).expect("good settings");
    granted(&authority, ANNA, ANNA).await.expect("the keys are read");
    running.administrator().rotate_keys().expect("new keys");
    granted(&authority, ANNA, ANNA).await.expect("the new key is found");
}

/// Answers every request with this, and counts nothing.
async fn answering(answer: Vec<u8>) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(&answer).await;
            });
        }
    });
    port
}

fn json(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn whatever_answers_in_place_of_an_authority_is_refused_and_bounded() {
    let redirect =
        b"HTTP/1.1 302 Found\r\nlocation: http://evil.example/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let page = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello";
    let endpoints = "\"token_endpoint\":\"http://evil.example/t\",\"jwks_uri\":\"http://127.0.0.1:1/k\"";
    let downgraded =
        format!("{{\"issuer\":\"ISSUER\",\"authorization_endpoint\":\"http://127.0.0.1:1/a\",{endpoints}}}");
    let other = "{\"issuer\":\"https://evil.example\",\"authorization_endpoint\":\"https://evil.example/a\",\
                 \"token_endpoint\":\"https://evil.example/t\",\"jwks_uri\":\"https://evil.example/k\"}";
    for (what, answer, cause) in [
        ("a redirect", redirect.to_vec(), Some(Cause::AnsweredByAnother)),
        ("a page", page.to_vec(), Some(Cause::AnsweredByAnother)),
        ("much too long", json(&vec![b' '; 300 * 1024]), Some(Cause::AnsweredByAnother)),
        ("much too deep", json(&vec![b'['; 200 * 1024]), None),
        ("another issuer", json(other.as_bytes()), Some(Cause::TenantUnknown)),
        ("another issuer with open lines", json(downgraded.as_bytes()), Some(Cause::TenantUnknown)),
    ] {
        let port = answering(answer).await;
        let settings = Settings {
            authority: format!("http://127.0.0.1:{port}"),
            client_id: Some("an-app".to_owned()),
            ..Settings::default()
        };
        let authority = Authority::new(settings).expect("good settings");
        let failure = authority.metadata().await.expect_err(what);
        assert_eq!(failure.cause, cause, "{what}: {}", failure.chain());
        assert!(!failure.chain().contains("evil"), "{what}: {}", failure.chain());
    }
}

#[tokio::test]
async fn over_https_an_own_authority_is_trusted_only_where_the_settings_name_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.pem");
    let https = simulator::Settings { https: true, ca_file: Some(file.clone()), ..simulator::Settings::default() };
    let (_running, settings) = online(https).await;
    let stranger = Authority::new(settings.clone()).expect("good settings");
    let failure = stranger.metadata().await.expect_err("is not trusted");
    assert_eq!(failure.cause, Some(Cause::CertificateNotTrusted));
    assert!(failure.hint.is_some_and(|hint| hint.contains("[sign_in]")));
    let settings = Settings { ca_file: Some(file), ..settings };
    Authority::new(settings).expect("good settings").metadata().await.expect("is trusted");
}

#[tokio::test]
async fn nobody_is_waited_for_without_end() {
    let (_running, settings) = online(simulator::Settings::default()).await;
    let authority = Authority::new(settings).expect("good settings");
    let (landing, sign_in) = begun(&authority).await;
    let failure = landing.wait(sign_in, Duration::from_millis(50)).await.map(|_| ()).expect_err("gives up");
    assert_eq!(failure.kind, FailureKind::Unauthorized);
    let taken = Landing::open(None).await.expect("a free port");
    assert!(Landing::open(Some(taken.port())).await.is_err(), "a port that is taken is told");
}
