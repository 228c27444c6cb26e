//! The connection that a sign-in holds for: one of the link's own, found again, and never mistaken for another.

use super::*;

const LEGS: [&str; 3] = ["", "?NTLM b25l", "NTLM dGhyZWU="];

fn binding(script: &Script) -> Link {
    link(script, Arc::new(Legs { values: LEGS.to_vec(), binds: true, acting_as: None }))
}

/// The answers to one sign-in.
fn sign_in() -> [Answer; 3] {
    [unauthorized("NTLM"), unauthorized("NTLM dHdv"), say(200)]
}

/// Of each request: its connection, whether it had a body, and how it was signed in.
fn seen(script: &Script) -> Vec<(usize, bool, String)> {
    let signed = |head: &str| {
        let value = head.lines().find_map(|line| line.to_lowercase().strip_prefix("authorization: ").map(str::len));
        value.map_or_else(String::new, |_| {
            head.lines().find(|line| line.to_lowercase().starts_with("auth")).unwrap()[15..].to_owned()
        })
    };
    script.asked().iter().map(|asked| (asked.connection, !asked.body.is_empty(), signed(&asked.head))).collect()
}

#[tokio::test]
async fn the_request_goes_out_once_and_the_connection_is_used_again_as_it_is() {
    let wants_to_know = [say(200), unauthorized("NTLM")];
    let script = Script::start(sign_in().into_iter().chain(wants_to_know).chain(sign_in()).chain(sign_in())).await;
    let link = binding(&script);
    for _ in 0..4 {
        assert_eq!(post(&link).await.unwrap().status, StatusCode::OK);
    }
    let one = || "NTLM b25l".to_owned();
    let three = || "NTLM dGhyZWU=".to_owned();
    let nothing = String::new;
    assert_eq!(
        seen(&script),
        [
            (0, false, nothing()),
            (0, false, one()),
            (0, true, three()),
            (0, true, nothing()),
            (0, true, nothing()),
            (0, false, nothing()),
            (0, false, one()),
            (0, true, three()),
            (1, false, nothing()),
            (1, false, one()),
            (1, true, three()),
        ],
        "the third request met a server that wanted to know again, so the fourth was signed in anew and went out once"
    );
    let heads: Vec<String> = script.asked().iter().map(|asked| asked.head.to_lowercase()).collect();
    assert!(heads[0].contains("content-length: 0") && heads[2].contains("content-length: 4"), "{}", heads[0]);
    assert!(heads.iter().all(|head| head.contains("user-agent: pocketdocket") && head.contains("host: 127.0.0.1:")));
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_made_and_signed_in_anew() {
    let closing = Answer::SayAndClose(200, String::new(), "<a/>".to_owned());
    let first = [unauthorized("NTLM"), unauthorized("NTLM dHdv"), closing];
    let script = Script::start(first.into_iter().chain(sign_in())).await;
    let link = binding(&script);
    assert_eq!(post(&link).await.unwrap().status, StatusCode::OK);
    assert_eq!(post(&link).await.unwrap().status, StatusCode::OK);
    let connections: Vec<usize> = script.asked().iter().map(|asked| asked.connection).collect();
    assert_eq!(connections, [0, 0, 0, 1, 1, 1]);
}

#[tokio::test]
async fn a_connection_that_is_lost_in_the_middle_of_the_sign_in_accuses_no_password() {
    let closing = Answer::SayAndClose(401, "WWW-Authenticate: NTLM dHdv\r\n".to_owned(), String::new());
    let script = Script::start([unauthorized("NTLM"), closing, say(200)]).await;
    let failure = post(&binding(&script)).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Transient, "{}", failure.chain());
    assert_eq!(script.asked().len(), 2, "the last message is for the connection that was challenged, and for no other");
}

#[tokio::test]
async fn an_answer_that_is_lost_on_a_signed_in_connection_is_not_asked_for_again() {
    let script = Script::start(sign_in().into_iter().chain([Answer::Close, say(200)])).await;
    let link = binding(&script);
    assert!(post(&link).await.is_ok());
    let failure = post(&link).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Transient, "{}", failure.chain());
    assert_eq!(script.asked().len(), 4, "it may have been carried out");
}

#[tokio::test]
async fn two_links_never_share_a_connection() {
    let script = Script::start(sign_in().into_iter().chain(sign_in()).chain([say(200), say(200)])).await;
    let shared = Arc::new(Shared::new(&script.settings).unwrap());
    let [one, other] = [(); 2].map(|()| {
        let legs = Legs { values: LEGS.to_vec(), binds: true, acting_as: None };
        Link::new(&script.address(), Arc::new(legs), Arc::clone(&shared)).unwrap()
    });
    for link in [&one, &other, &one, &other] {
        assert!(post(link).await.is_ok());
    }
    let connections: Vec<usize> = script.asked().iter().map(|asked| asked.connection).collect();
    assert_eq!(connections, [0, 0, 0, 1, 1, 1, 0, 1]);
}

#[tokio::test]
async fn a_sign_in_without_end_ends() {
    let script = Script::start((0..20).map(|_| unauthorized("NTLM x"))).await;
    let legs = Legs { values: vec!["NTLM x"; 20], binds: true, acting_as: None };
    let failure = post(&link(&script, Arc::new(legs))).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unauthorized);
    assert_eq!(script.asked().len(), MOST_LEGS);
}

#[tokio::test]
async fn an_endless_or_missing_answer_is_cut_off_here_too() {
    for (answer, kind) in
        [(Answer::Announce(LARGEST_ANSWER + 1), FailureKind::TooMuch), (Answer::Hang, FailureKind::Transient)]
    {
        let script = Script::start([answer]).await;
        assert_eq!(post(&binding(&script)).await.unwrap_err().kind, kind);
    }
}
