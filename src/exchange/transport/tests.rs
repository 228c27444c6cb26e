mod causes;
mod own;
mod tls;

use super::*;
use crate::exchange::script::{Answer, Legs, Script};
use crate::ports::web::TimedOut;

fn link(script: &Script, authenticator: Arc<dyn Authenticator>) -> Link {
    let shared = Arc::new(Shared::new(&script.settings).unwrap());
    Link::new(&script.address(), authenticator, shared).unwrap()
}

fn say(status: u16) -> Answer {
    Answer::Say(status, String::new(), "<a/>".to_owned())
}

fn unauthorized(offer: &str) -> Answer {
    Answer::Say(401, format!("WWW-Authenticate: {offer}\r\n"), String::new())
}

async fn post(link: &Link) -> Result<Reply, Failure> {
    link.post("test", b"<q/>".to_vec()).await
}

#[test]
fn plain_http_is_for_this_machine_alone() {
    for (url, allowed) in [
        ("https://mail.example.org/EWS/Exchange.asmx", true),
        ("http://127.0.0.1:8080/", true),
        ("http://mail.example.org/", false),
        ("http://localhost.example.org/", false),
        ("ftp://127.0.0.1/", false),
    ] {
        assert_eq!(check_url(&url.parse().unwrap()).is_ok(), allowed, "{url}");
    }
}

#[tokio::test]
async fn a_request_has_a_length_an_anchor_and_an_id_and_no_secret_is_shown() {
    let script = Script::start([say(200)]).await;
    let link = link(
        &script,
        Arc::new(Legs { values: vec!["Basic c2VjcmV0"], binds: false, acting_as: Some("huber@kanzlei.example") }),
    );
    assert_eq!(post(&link).await.unwrap().body, b"<a/>");
    let asked = script.asked();
    let head = asked[0].head.to_lowercase();
    for header in [
        "post /ews/exchange.asmx http/1.1",
        "content-length: 4",
        "content-type: text/xml; charset=utf-8",
        "user-agent: pocketdocket",
        "x-anchormailbox: huber@kanzlei.example",
        "client-request-id: ",
        "return-client-request-id: true",
        "authorization: basic c2vjcmv0",
    ] {
        assert!(head.contains(header), "{header} in {head}");
    }
    assert!(!head.contains("transfer-encoding") && !head.contains("content-encoding"));
    assert_eq!(asked[0].body, "<q/>");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let script = Script::start([Answer::Say(302, "Location: /elsewhere\r\n".to_owned(), String::new())]).await;
    let link = link(&script, Legs::basic());
    assert_eq!(post(&link).await.unwrap().status, StatusCode::FOUND);
    assert_eq!(script.asked().len(), 1);
}

#[tokio::test]
async fn a_wrong_password_is_sent_once() {
    let script = Script::start([unauthorized("Negotiate"), unauthorized("Negotiate")]).await;
    let failure = post(&link(&script, Legs::basic())).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unauthorized);
    assert!(failure.chain().contains("offered Negotiate"));
    assert_eq!(script.asked().len(), 1);
}

#[tokio::test]
async fn a_credential_that_worked_is_tried_once_more_where_401_may_mean_load() {
    let refused = || unauthorized("Basic");
    let script = Script::start([say(200), say(503), refused(), say(200), refused(), refused()]).await;
    let link = link(&script, Legs::basic());
    assert!(post(&link).await.is_ok());
    assert_eq!(post(&link).await.unwrap().status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(post(&link).await.is_ok(), "refused once under load");
    assert_eq!(post(&link).await.unwrap_err().kind, FailureKind::Unauthorized, "refused twice");
    assert_eq!(script.asked().len(), 6);
    assert!(post(&link).await.is_err());
    assert_eq!(script.asked().len(), 7, "and from then on once");
}

#[tokio::test]
async fn a_password_that_worked_is_sent_wrong_once_where_nothing_speaks_of_load() {
    let script = Script::start([say(200), unauthorized("Basic"), say(200)]).await;
    let link = link(&script, Legs::basic());
    assert!(post(&link).await.is_ok());
    assert_eq!(post(&link).await.unwrap_err().kind, FailureKind::Unauthorized);
    assert_eq!(script.asked().len(), 2);
}

#[tokio::test]
async fn a_token_that_worked_is_sent_once_more() {
    let script = Script::start([say(200), unauthorized("Bearer"), say(200)]).await;
    let link = link(&script, Arc::new(Legs { values: vec!["Bearer x"], binds: false, acting_as: None }));
    assert!(post(&link).await.is_ok());
    assert!(post(&link).await.is_ok());
}

#[tokio::test]
async fn an_expired_password_is_called_by_its_name() {
    let expired = Answer::Say(401, "X-MS-Credential-Service-CredExpired: true\r\n".to_owned(), String::new());
    let script = Script::start([expired]).await;
    let failure = post(&link(&script, Legs::basic())).await.unwrap_err();
    assert!(failure.chain().contains("has expired"), "{}", failure.chain());
}

#[tokio::test]
async fn a_400_that_closes_a_used_connection_is_repeated_on_a_fresh_one() {
    let refused = || Answer::SayAndClose(400, String::new(), String::new());
    let script = Script::start([say(200), refused(), say(200), refused(), refused()]).await;
    let link = link(&script, Legs::basic());
    assert_eq!(post(&link).await.unwrap().status, StatusCode::OK);
    assert_eq!(post(&link).await.unwrap().status, StatusCode::OK, "repeated");
    let connections: Vec<usize> = script.asked().iter().map(|asked| asked.connection).collect();
    assert_eq!(connections, [0, 0, 1]);
    assert_eq!(post(&link).await.unwrap().status, StatusCode::BAD_REQUEST, "once only");
    assert_eq!(script.asked().len(), 5);
}

#[tokio::test]
async fn a_400_on_the_first_connection_is_an_answer() {
    let script = Script::start([Answer::SayAndClose(400, String::new(), String::new())]).await;
    assert_eq!(post(&link(&script, Legs::basic())).await.unwrap().status, StatusCode::BAD_REQUEST);
    assert_eq!(script.asked().len(), 1);
}

#[tokio::test]
async fn lost_cut_and_missing_answers_are_transient_and_never_repeated() {
    for (answer, timed_out) in
        [(Answer::Close, false), (Answer::Half("<a>long enough to be cut</a>".to_owned()), false), (Answer::Hang, true)]
    {
        let script = Script::start([answer.clone(), say(200)]).await;
        let failure = post(&link(&script, Legs::basic())).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Transient, "{answer:?}");
        let cause = std::error::Error::source(&failure).unwrap();
        assert_eq!(cause.is::<TimedOut>(), timed_out, "{}", failure.chain());
        assert_eq!(script.asked().len(), 1, "{answer:?}");
    }
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let script = Script::start([Answer::Announce(LARGEST_ANSWER + 1)]).await;
    let failure = post(&link(&script, Legs::basic())).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::TooMuch);
}

#[tokio::test]
async fn one_mailbox_has_at_most_two_requests_in_flight() {
    let script = Script::start((0..6).map(|_| Answer::Hang)).await;
    let link = Arc::new(link(&script, Legs::basic()));
    let posts: Vec<_> = (0..4)
        .map(|_| {
            let link = Arc::clone(&link);
            tokio::spawn(async move { post(&link).await.is_err() })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(script.asked().len(), 2, "two wait for an answer, two for their turn");
    for post in posts {
        assert!(post.await.unwrap());
    }
    assert_eq!(script.asked().len(), 4);
}
