//! Batches.

use serde_json::{Value, json};

use super::{ANNA, started};

fn create(id: &str, name: &str) -> Value {
    json!({
        "id": id, "method": "POST", "url": "/me/contacts", "headers": {"Content-Type": "application/json"}, "body": {"givenName": name},
    })
}

fn of<'r>(reply: &'r super::Reply, id: &str) -> &'r Value {
    let responses = reply.body["responses"].as_array().expect("responses");
    responses.iter().find(|response| response["id"] == id).expect("a response")
}

#[tokio::test]
async fn every_request_has_an_answer_of_its_own() {
    let (running, graph, _) = started().await;
    let get = json!({"id": "x", "method": "GET", "url": "/me/contacts/nonsense"});
    let body =
        json!({"requests": [create("a", "Eva"), create("b", "Ben"), get, {"id": "z", "method": "GET", "url": "/me"}]});
    let reply = graph.post("/$batch", &body).await.is(200);
    assert_eq!(of(&reply, "a")["status"], 201);
    assert_eq!(of(&reply, "a")["body"]["givenName"], "Eva");
    assert_eq!(of(&reply, "x")["status"], 400);
    assert_eq!(of(&reply, "x")["body"]["error"]["code"], "ErrorInvalidIdMalformed");
    assert_eq!(of(&reply, "z")["body"]["mail"], ANNA);
    // They come in no particular order.
    assert_ne!(reply.body["responses"][0]["id"], "a");
    assert_eq!(running.mailbox(ANNA).expect("a mailbox").contacts().len(), 2);
}

#[tokio::test]
async fn more_than_four_at_a_time_are_throttled_one_by_one() {
    let (running, graph, _) = started().await;
    let requests: Vec<Value> = (0..6).map(|number| create(&number.to_string(), "x")).collect();
    let reply = graph.post("/$batch", &json!({"requests": requests})).await.is(200);
    let statuses: Vec<&Value> = (0..6).map(|number| &of(&reply, &number.to_string())["status"]).collect();
    assert_eq!(statuses, [201, 201, 201, 201, 429, 429]);
    assert_eq!(of(&reply, "5")["headers"]["Retry-After"], "1");
    assert_eq!(of(&reply, "5")["body"]["error"]["code"], "ApplicationThrottled");
    let used = running.graph_use(ANNA);
    assert_eq!((used.requests, used.throttled, used.most_concurrent), (6, 2, 4));
    assert_eq!(running.mailbox(ANNA).expect("a mailbox").contacts().len(), 4);
}

#[tokio::test]
async fn a_chain_goes_one_by_one_and_ends_where_a_link_fails() {
    let (running, graph, _) = started().await;
    let mut requests: Vec<Value> = (0..20).map(|number| create(&number.to_string(), "x")).collect();
    for (number, request) in requests.iter_mut().enumerate().skip(1) {
        request["dependsOn"] = json!([(number - 1).to_string()]);
    }
    requests[17]["body"] = json!({"givenname": "x"});
    let reply = graph.post("/$batch", &json!({"requests": requests})).await.is(200);
    assert_eq!(of(&reply, "16")["status"], 201);
    assert_eq!(of(&reply, "17")["status"], 400);
    assert_eq!(of(&reply, "18")["status"], 424);
    assert_eq!(of(&reply, "19")["body"]["error"]["code"], "FailedDependency");
    assert_eq!(running.mailbox(ANNA).expect("a mailbox").contacts().len(), 17);
    assert_eq!(running.graph_use(ANNA).most_concurrent, 1);
}

#[tokio::test]
async fn a_batch_that_is_none_is_refused_as_a_whole() {
    let (running, graph, _) = started().await;
    let many: Vec<Value> = (0..21).map(|number| create(&number.to_string(), "x")).collect();
    let mut bare = create("a", "x");
    bare.as_object_mut().expect("an object").remove("headers");
    let mut late = create("a", "x");
    late["dependsOn"] = json!(["b"]);
    let absolute = json!({"id": "a", "method": "GET", "url": format!("{}/me", graph.root)});
    for wrong in [
        json!({}),
        json!({"requests": []}),
        json!({"requests": many}),
        json!({"requests": [create("a", "x"), create("a", "y")]}),
        json!({"requests": [bare]}),
        json!({"requests": [late, create("b", "x")]}),
        json!({"requests": [absolute]}),
        json!({"requests": [{"id": "a", "method": "GET", "url": "/$batch"}]}),
        json!({"requests": [{"id": "a", "method": "LIST", "url": "/me"}]}),
        json!({"requests": [{"id": 1, "method": "GET", "url": "/me"}]}),
    ] {
        assert_eq!(graph.post("/$batch", &wrong).await.status, 400, "{wrong}");
    }
    graph.get("/$batch").await.is(400);
    assert!(running.mailbox(ANNA).expect("a mailbox").items.is_empty());
}
