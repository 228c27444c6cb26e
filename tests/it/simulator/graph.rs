//! The simulator's Graph face over real sockets: what it takes, what it refuses, and that EWS sees the same.

mod batch;
mod contacts;
mod events;
mod faults;
mod metadata;
mod others;
mod tasks;

use pocketdocket::simulator::{PASSWORD, Running, Settings, Simulator};
use serde_json::{Value, json};

use super::{ANNA, client::Client};

/// The stamp's property, as Graph names it.
const STAMP: &str = "String {eebbaf8c-842f-4851-9d67-ca9ef1b9409b} Name PocketDocketKey";

/// Talks to the Graph face as one user.
struct Graph {
    http: reqwest::Client,
    root: String,
    token: String,
    headers: Vec<(&'static str, String)>,
}

#[derive(Debug)]
struct Reply {
    status: u16,
    headers: reqwest::header::HeaderMap,
    body: Value,
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    fn text(&self, name: &str) -> &str {
        self.body[name].as_str().unwrap_or_default()
    }

    fn values(&self) -> &[Value] {
        self.body["value"].as_array().map(Vec::as_slice).unwrap_or_default()
    }

    #[track_caller]
    fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }
}

impl Graph {
    fn of(running: &Running, login: &str) -> Self {
        Self::new(running, &running.graph_token(login).expect("a token"))
    }

    fn new(running: &Running, token: &str) -> Self {
        Self { http: reqwest::Client::new(), root: running.graph_url(), token: token.to_owned(), headers: Vec::new() }
    }

    fn with(&self, name: &'static str, value: &str) -> Self {
        let mut headers = self.headers.clone();
        headers.push((name, value.to_owned()));
        Self { http: self.http.clone(), root: self.root.clone(), token: self.token.clone(), headers }
    }

    /// Sends a request; `None` when the connection ended before the answer did.
    async fn try_send(&self, method: &str, path: &str, body: Option<&Value>) -> Option<Reply> {
        let address = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.root) };
        let mut request = self.http.request(method.parse().expect("a method"), address).bearer_auth(&self.token);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let reply = request.send().await.ok()?;
        let (status, headers) = (reply.status().as_u16(), reply.headers().clone());
        let text = reply.text().await.ok()?;
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") };
        Some(Reply { status, headers, body })
    }

    async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        self.try_send(method, path, body).await.expect("an answer")
    }

    async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None).await
    }

    async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, Some(body)).await
    }

    async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.send("PATCH", path, Some(body)).await
    }

    async fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, None).await
    }

    /// All values of a collection or a round of delta, and the link for the next one.
    async fn all(&self, path: &str) -> (Vec<Value>, String) {
        let mut address = path.to_owned();
        let mut values = Vec::new();
        for _ in 0..100 {
            let page = self.get(&address).await.is(200);
            values.extend_from_slice(page.values());
            match page.text("@odata.nextLink") {
                "" => return (values, page.text("@odata.deltaLink").to_owned()),
                next => next.clone_into(&mut address),
            }
        }
        panic!("a collection without end");
    }
}

/// A simulator with Anna's mailbox, and both faces of it.
async fn started() -> (Running, Graph, Client) {
    started_with(Settings::default()).await
}

async fn started_with(settings: Settings) -> (Running, Graph, Client) {
    let running = Simulator::start(settings.with_mailbox(ANNA)).await.expect("a simulator");
    let graph = Graph::of(&running, ANNA);
    let ews = Client::new(&running, ANNA, PASSWORD);
    (running, graph, ews)
}

/// Everything that EWS knows of the first item of a folder.
async fn through_ews(client: &Client, id: &str) -> String {
    let ews_id = id.replace('-', "/").replace('_', "+");
    let get = format!(
        "<m:GetItem><m:ItemShape><t:BaseShape>AllProperties</t:BaseShape><t:BodyType>Text</t:BodyType>\
         <t:AdditionalProperties><t:FieldURI FieldURI=\"item:Sensitivity\"/></t:AdditionalProperties></m:ItemShape>\
         <m:ItemIds><t:ItemId Id=\"{ews_id}\"/></m:ItemIds></m:GetItem>"
    );
    client.send(&get).await.body
}

#[tokio::test]
async fn nobody_comes_in_without_a_token() {
    let (running, graph, _) = started().await;
    let bare = reqwest::get(format!("{}/me", running.graph_url())).await.expect("an answer");
    assert_eq!(bare.status(), 401);
    assert!(bare.headers().contains_key("request-id"));
    let body: Value = serde_json::from_str(&bare.text().await.expect("a text")).expect("JSON");
    assert_eq!(body["error"]["code"], "InvalidAuthenticationToken");
    assert!(body["error"]["innerError"]["request-id"].is_string());
    assert_eq!(Graph::new(&running, "x").get("/me").await.code(), "InvalidAuthenticationToken");
    let me = graph.with("client-request-id", "7d0f9f26-3b0a-4b58-9a5e-8f0c0a1b2c3d").get("/me").await.is(200);
    assert_eq!(me.text("mail"), ANNA);
    assert_eq!(me.header("client-request-id"), Some("7d0f9f26-3b0a-4b58-9a5e-8f0c0a1b2c3d"));
    let by_id = graph.get(&format!("/users/{}", me.text("id"))).await.is(200);
    assert_eq!(by_id.text("userPrincipalName"), ANNA);
}

#[tokio::test]
async fn a_mailbox_is_open_to_its_owner_to_those_it_is_shared_with_and_to_programs_that_may() {
    let ben = "ben@kanzlei.example";
    let (running, anna, _) = started_with(Settings::default().with_mailbox(ben)).await;
    running.add_service_account("sync", "secret".into()).expect("an account");
    assert_eq!(anna.get(&format!("/users/{ben}/contacts")).await.code(), "ErrorAccessDenied");
    running.share_mailbox(ben, ANNA);
    anna.get(&format!("/users/{ben}/contacts")).await.is(200);
    assert_eq!(anna.get("/users/nobody@kanzlei.example/contacts").await.is(404).code(), "ErrorInvalidUser");

    let program = Graph::new(&running, &running.graph_app_token("sync").expect("a token"));
    program.get("/me/contacts").await.is(400);
    program.get(&format!("/users/{ANNA}/events")).await.is(200);
    program.get(&format!("/users/{ANNA}/todo/lists")).await.is(200);
    let ids = json!({"inputIds": [], "sourceIdType": "ewsId", "targetIdType": "restId"});
    anna.post("/me/translateExchangeIds", &ids).await.is(200);
    program.post(&format!("/users/{ANNA}/translateExchangeIds"), &ids).await.is(403);
    running.faults().add("app-tasks-forbidden".parse().expect("a fault"));
    assert_eq!(program.get(&format!("/users/{ANNA}/todo/lists")).await.is(403).code(), "ErrorAccessDenied");
    program.get(&format!("/users/{ANNA}/events")).await.is(200);
    anna.get("/me/todo/lists").await.is(200);
    running.faults().add(format!("access-policy,mailbox={ben}").parse().expect("a fault"));
    let denied = program.get(&format!("/users/{ben}/contacts")).await.is(403);
    assert_eq!(denied.body["error"]["message"], "Access to OData is disabled.");
    anna.get(&format!("/users/{ben}/contacts")).await.is(200);
}

#[tokio::test]
async fn addresses_options_and_methods_that_nobody_knows_are_refused() {
    let (_running, graph, _) = started().await;
    for (method, path, status) in [
        ("GET", "/me/nonsense", 400),
        ("GET", "/groups", 400),
        ("PUT", "/me/contacts", 405),
        ("DELETE", "/me/calendar/events", 405),
        ("GET", "/me/contacts?$select=nonsense", 400),
        ("GET", "/me/contacts?$expand=nonsense", 400),
        ("GET", "/me/contacts?$expand=singleValueExtendedProperties", 400),
        ("GET", "/me/contacts?$filter=nonsense", 400),
        ("GET", "/me/contacts?$search=x", 400),
        ("GET", "/me/contacts?$top=1001", 400),
        ("GET", "/me/contacts?$top=x", 400),
        ("GET", "/me/contacts?%24top=1&%24top=2", 400),
        ("GET", "/me/contacts/nonsense", 400),
        ("GET", "/me/calendarView", 400),
        (
            "GET",
            "/me/calendarView/delta?startDateTime=2026-01-01T00:00:00Z&endDateTime=2027-01-01T00:00:00Z&$select=id",
            400,
        ),
        ("GET", "/me/contacts/delta?$deltatoken=nonsense", 400),
    ] {
        assert_eq!(graph.send(method, path, None).await.status, status, "{method} {path}");
    }
    let zone = graph.with("prefer", "outlook.timezone=\"Mars/Olympus\"").get("/me/events").await.is(400);
    assert_eq!(zone.code(), "TimeZoneNotSupportedException");
    let text = graph.http.post(format!("{}/me/contacts", graph.root)).bearer_auth(&graph.token).body("{}");
    assert_eq!(text.send().await.expect("an answer").status(), 415);
    let broken = graph.http.post(format!("{}/me/contacts", graph.root)).bearer_auth(&graph.token);
    let broken = broken.header("content-type", "application/json").body("{").send().await.expect("an answer");
    assert_eq!(broken.status(), 400);
}
