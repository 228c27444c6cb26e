//! What can be made to go wrong, and how it looks through Graph.

use pocketdocket::simulator::{Fault, FaultRule, GraphLimits, Settings};
use serde_json::{Value, json};

use super::{ANNA, started, started_with};

#[tokio::test]
async fn each_refusal_looks_as_graph_makes_it_look() {
    let (running, graph, _) = started().await;
    let strike = |fault: Fault| running.faults().add(FaultRule::new(fault).in_mailbox(ANNA).times(1));
    let contact = json!({"givenName": "ein Gift"});

    strike(Fault::Busy { back_off_milliseconds: 4321 });
    let busy = graph.get("/me/contacts").await.is(429);
    assert_eq!((busy.code(), busy.header("retry-after")), ("ApplicationThrottled", Some("5")));
    strike(Fault::Unavailable { retry_after_seconds: Some(7) });
    assert_eq!(graph.get("/me/contacts").await.is(503).header("retry-after"), Some("7"));
    strike(Fault::UnauthorizedBecauseBusy);
    graph.get("/me/contacts").await.is(401);
    strike(Fault::MailboxMoving);
    assert_eq!(graph.get("/me/contacts").await.is(503).code(), "ErrorMailboxMoveInProgress");
    strike(Fault::QuotaExceeded);
    assert_eq!(graph.post("/me/contacts", &contact).await.is(507).code(), "ErrorQuotaExceeded");
    strike(Fault::PoisonItem { text: "Gift".to_owned() });
    graph.post("/me/contacts", &contact).await.is(400);
    strike(Fault::ItemRefused { text: "Gift".to_owned(), code: "ErrorCorruptData".to_owned() });
    assert_eq!(graph.post("/me/contacts", &contact).await.is(400).code(), "ErrorCorruptData");
    assert!(running.mailbox(ANNA).expect("a mailbox").items.is_empty());

    strike(Fault::FieldDropped { field: "contacts:GivenName".to_owned() });
    let made = graph.post("/me/contacts", &json!({"givenName": "Eva", "surname": "Muster"})).await.is(201);
    assert!(made.body["givenName"].is_null());
    strike(Fault::ServerTouches);
    let path = format!("/me/contacts/{}", made.text("id"));
    let touched = graph.patch(&path, &json!({"surname": "Neu"})).await.is(200);
    assert_ne!(graph.get(&path).await.text("@odata.etag"), touched.text("@odata.etag"));
    assert!(running.faults().active().is_empty());
}

#[tokio::test]
async fn a_lost_reply_is_lost_after_the_write_and_half_a_batch_before_its_end() {
    let (running, graph, _) = started().await;
    let contact = json!({"givenName": "Eva"});
    let contacts = || running.mailbox(ANNA).expect("a mailbox").contacts().len();
    running.faults().add(FaultRule::new(Fault::LostReply).on("CreateItem").times(1));
    assert!(graph.try_send("POST", "/me/contacts", Some(&contact)).await.is_none());
    assert_eq!(contacts(), 1);
    running.faults().add(FaultRule::new(Fault::TruncatedBody { bytes: 40 }).times(1));
    assert!(graph.try_send("POST", "/me/contacts", Some(&contact)).await.is_none());
    assert_eq!(contacts(), 2);
    let create = |id: usize| json!({"id": id.to_string(), "method": "POST", "url": "/me/contacts", "body": contact, "headers": {"Content-Type": "application/json"}});
    let batch = json!({"requests": (0..4).map(create).collect::<Vec<Value>>()});
    running.faults().add(FaultRule::new(Fault::HalfBatch { stored: 3 }).times(1));
    assert!(graph.try_send("POST", "/$batch", Some(&batch)).await.is_none());
    assert_eq!(contacts(), 5);
    running.faults().add(FaultRule::new(Fault::LostReply).on("CreateItem").times(1));
    assert!(graph.try_send("POST", "/$batch", Some(&batch)).await.is_none());
    assert_eq!(contacts(), 9);
}

#[tokio::test]
async fn a_fifth_request_at_the_same_time_is_told_when_to_come_back() {
    let (running, graph, _) = started().await;
    running.faults().add(FaultRule::new(Fault::Slow { milliseconds: 1500 }));
    let all = futures_util::future::join_all((0..6).map(|_| graph.get("/me/contacts"))).await;
    let throttled: Vec<_> = all.iter().filter(|reply| reply.status == 429).collect();
    assert_eq!((all.iter().filter(|reply| reply.status == 200).count(), throttled.len()), (4, 2));
    assert_eq!(throttled[0].header("retry-after"), Some("1"));
    assert_eq!(throttled[0].body["error"]["message"], "Application is over its MailboxConcurrency limit.");
}

#[tokio::test]
async fn a_window_that_is_used_up_refuses_until_it_is_over() {
    let limits = GraphLimits { requests: 3, window_seconds: 600, ..GraphLimits::default() };
    let (running, graph, _) = started_with(Settings { graph: limits, ..Settings::default() }).await;
    for _ in 0..3 {
        graph.get("/me/contacts").await.is(200);
    }
    let refused = graph.get("/me/contacts").await.is(429);
    let seconds: u64 = refused.header("retry-after").and_then(|seconds| seconds.parse().ok()).expect("seconds");
    assert!((1..=600).contains(&seconds), "{seconds}");
    graph.get("/me/contacts").await.is(429);
    assert_eq!((running.graph_use(ANNA).throttled, running.graph_use(ANNA).too_early), (2, 1));
}
