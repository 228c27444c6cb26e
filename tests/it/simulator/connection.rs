//! HTTPS on loopback: who trusts it, what is cut, and that nobody keeps others waiting.

use std::{error::Error as _, fmt::Write as _, time::Duration};

use pocketdocket::simulator::{Certificate, Fault, FaultRule, PASSWORD, Running, Settings, SignInOffer, Simulator};
use tokio::{io::AsyncReadExt as _, net::TcpStream};

use super::{code_flow::ANNA, person::trusting};

async fn start(settings: Settings) -> Running {
    let settings = Settings { https: true, offer: SignInOffer::BasicAndOauth, ..settings };
    Simulator::start(settings.with_mailbox(ANNA)).await.expect("a simulator")
}

fn everything(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

#[tokio::test]
async fn whoever_trusts_its_authority_is_answered_and_nobody_else() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("ca.pem");
    let running = start(Settings { ca_file: Some(file.clone()), ..Settings::default() }).await;
    assert_eq!(std::fs::read_to_string(file).expect("a file"), running.ca_pem().expect("a certificate"));
    let client = trusting(&running);
    for host in ["127.0.0.1", "localhost"] {
        let url = format!("https://{host}:{}/control/mailboxes", running.address().port());
        assert_eq!(client.get(url).send().await.expect("an answer").status(), 200);
    }
    let stranger = reqwest::get(running.ews_url()).await.expect_err("nobody trusts it by itself");
    assert!(everything(&stranger).contains("certificate"), "{}", everything(&stranger));
}

#[tokio::test]
async fn an_expired_certificate_and_one_of_another_name_are_noticed() {
    for (certificate, word) in [(Certificate::Expired, "expired"), (Certificate::WrongName, "not valid for name")] {
        let running = start(Settings { certificate, ..Settings::default() }).await;
        let error = trusting(&running).get(running.ews_url()).send().await.expect_err("not trusted");
        assert!(everything(&error).contains(word), "{}", everything(&error));
    }
}

#[tokio::test]
async fn whoever_says_nothing_keeps_nobody_waiting() {
    let running = start(Settings::default()).await;
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(TcpStream::connect(running.address()).await.expect("a connection"));
    }
    let url = format!("https://{}/control/mailboxes", running.address());
    let answered = tokio::time::timeout(Duration::from_secs(8), trusting(&running).get(url).send()).await;
    assert_eq!(answered.expect("before the silent ones are given up").expect("an answer").status(), 200);
    drop(silent);
}

#[tokio::test]
async fn a_cut_connection_says_no_goodbye() {
    let running = start(Settings::default()).await;
    running.faults().add(FaultRule::new(Fault::LostReply).times(1));
    let folder = "<m:GetFolder xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\" \
         xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\"><m:FolderShape>\
         <t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds><t:DistinguishedFolderId Id=\"contacts\"/>\
         </m:FolderIds></m:GetFolder>";
    let envelope = format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>{folder}</s:Body></s:Envelope>"
    );
    let client = trusting(&running);
    let send = || {
        let request = client.post(running.ews_url()).basic_auth(ANNA, Some(PASSWORD));
        request.header("content-type", "text/xml; charset=utf-8").body(envelope.clone()).send()
    };
    let lost = send().await.expect_err("the answer is lost");
    assert!(lost.is_request(), "{}", everything(&lost));
    assert_eq!(running.mailbox(ANNA).expect("a mailbox").counts.requests["GetFolder"], 1, "it was carried out");
    assert_eq!(send().await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn plain_words_are_not_answered_over_https() {
    let running = start(Settings::default()).await;
    let mut stream = TcpStream::connect(running.address()).await.expect("a connection");
    tokio::io::AsyncWriteExt::write_all(&mut stream, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.expect("sent");
    let mut answer = Vec::new();
    // However it ends: no page comes.
    let _ = stream.read_to_end(&mut answer).await;
    assert!(!String::from_utf8_lossy(&answer).contains("HTTP/1.1"), "{answer:?}");
}
