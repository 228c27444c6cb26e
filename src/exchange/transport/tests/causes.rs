//! Why a request got no answer, or a refusal, by its name.

use super::*;
use crate::{diagnosis::Cause, exchange::Settings};

async fn refused(headers: &str, body: &str) -> Failure {
    let script = Script::start([Answer::Say(401, headers.to_owned(), body.to_owned())]).await;
    post(&link(&script, Legs::basic())).await.unwrap_err()
}

#[tokio::test]
async fn a_refused_password_has_the_cause_that_the_whole_answer_shows() {
    let basic = "WWW-Authenticate: Basic realm=\"x\"\r\n";
    for (headers, body, cause) in [
        (basic.to_owned(), "", Cause::WrongPassword),
        ("WWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM\r\n".to_owned(), "", Cause::BasicOffOnServer),
        ("WWW-Authenticate: Bearer\r\n".to_owned(), "", Cause::BasicOffByProvider),
        (format!("{basic}X-MS-Credential-Service-CredExpired: true\r\n"), "", Cause::PasswordExpired),
        (basic.to_owned(), "The referenced account is currently locked out.", Cause::AccountLocked),
        (basic.to_owned(), "<p>Your account is disabled.", Cause::AccountDisabled),
        (basic.to_owned(), "Please use an app password.", Cause::AppPasswordNeeded),
    ] {
        let failure = refused(&headers, body).await;
        assert_eq!(failure.cause, Some(cause), "{headers}{body}: {}", failure.chain());
        assert_eq!(failure.kind, FailureKind::Unauthorized);
        assert!(failure.evidence.iter().any(|line| line.contains("HTTP 401")), "{:?}", failure.evidence);
        assert!(failure.hint.is_some());
    }
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_said_in_the_evidence() {
    let failure = refused("WWW-Authenticate: Basic\r\nDate: Tue, 01 Sep 2020 08:00:00 GMT\r\n", "").await;
    assert!(failure.evidence.iter().any(|line| line.contains("behind ours")), "{:?}", failure.evidence);
}

#[tokio::test]
async fn no_answer_has_its_cause_too() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let free = nobody.local_addr().unwrap();
    drop(nobody);
    let portal = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let plain = portal.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = portal.accept().await {
            let page = b"HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\nContent-Length: 0\r\n\r\n";
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, page).await;
        }
    });
    let script = Script::start([Answer::Close, Answer::Hang]).await;
    let mut causes = Vec::new();
    for url in [
        script.address().url.to_string(),
        script.address().url.to_string(),
        format!("http://{free}/EWS/Exchange.asmx"),
        "https://no-such-host.invalid/EWS/Exchange.asmx".to_owned(),
        format!("https://127.0.0.1:{}/EWS/Exchange.asmx", plain.port()),
    ] {
        let shared = Arc::new(Shared::new(&Settings { time_out_seconds: 1, ..Settings::default() }).unwrap());
        let address = LinkAddress { url: url.parse().unwrap(), ..script.address() };
        let failure = post(&Link::new(&address, Legs::basic(), shared).unwrap()).await.unwrap_err();
        causes.push(failure.cause.unwrap());
        assert!(!failure.evidence.is_empty());
    }
    assert_eq!(
        causes,
        [Cause::Unreachable, Cause::Unreachable, Cause::Unreachable, Cause::NameNotFound, Cause::AnsweredByAnother]
    );
}
