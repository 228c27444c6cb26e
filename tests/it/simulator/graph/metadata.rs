//! The simulator and Graph's own metadata agree on which bodies are bodies, and its answers are what the metadata describe.
//!
//! The judge is jsonschema from PyPI (tests/conformance/metadata.py), which `tests/conformance/run` installs; the description
//! lies under `../shared`. Without either the test says so and is skipped.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use super::{ANNA, Graph, STAMP, started};

const DESCRIPTION: &str = "../shared/domain/schemas/graph/graph-v1.0-push.strict.openapi.json";

/// Bodies that Graph takes: where they are posted, and what they are.
fn good() -> Vec<(&'static str, &'static str, Value)> {
    let time = |day: u8, hour: u8| json!({"dateTime": format!("2027-03-{day:02}T{hour:02}:00:00"), "timeZone": "Europe/Zurich"});
    let range = json!({"type": "numbered", "startDate": "2027-03-29", "numberOfOccurrences": 6, "recurrenceTimeZone": "Europe/Zurich"});
    vec![
        (
            "/me/contacts",
            "microsoft.graph.contact",
            json!({
                "givenName": "Eva", "surname": "Muster", "title": null, "displayName": "Eva Muster", "companyName": "Muster AG",
                "emailAddresses": [{"address": "eva@example.org", "name": "Eva"}], "businessPhones": ["1"], "homePhones": [],
                "mobilePhone": "2", "imAddresses": ["sip:e"], "children": ["K"], "birthday": "1980-02-29T11:59:00Z",
                "businessAddress": {"street": "Weg 1", "city": "Bern", "state": null, "countryOrRegion": "CH", "postalCode": "3000"},
                "categories": ["Akten"], "personalNotes": "x", "singleValueExtendedProperties": [{"id": STAMP, "value": "v1/c"}],
            }),
        ),
        (
            "/me/events",
            "microsoft.graph.event",
            json!({
                "subject": "Termin", "body": {"contentType": "text", "content": "x"}, "start": time(29, 9), "end": time(29, 10),
                "isAllDay": false, "location": {"displayName": "Raum 1"}, "sensitivity": "private", "showAs": "busy",
                "importance": "high", "isReminderOn": true, "reminderMinutesBeforeStart": 15, "categories": ["Akten"],
                "recurrence": {
                    "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"], "firstDayOfWeek": "monday"}, "range": range,
                },
                "singleValueExtendedProperties": [{"id": STAMP, "value": "v1/e"}],
            }),
        ),
        (
            "LIST/tasks",
            "microsoft.graph.todoTask",
            json!({
                "title": "Frist", "body": {"contentType": "text", "content": "x"}, "importance": "high", "status": "inProgress",
                "dueDateTime": time(29, 0), "startDateTime": null, "isReminderOn": true, "reminderDateTime": time(29, 8),
                "categories": ["Akten"], "linkedResources": [{"externalId": "v1/t", "applicationName": "K", "webUrl": "https://k.example"}],
            }),
        ),
        ("/me/contactFolders", "microsoft.graph.contactFolder", json!({"displayName": "Akten"})),
        ("/me/calendars", "microsoft.graph.calendar", json!({"name": "Akten", "color": "auto"})),
        ("/me/todo/lists", "microsoft.graph.todoTaskList", json!({"displayName": "Akten"})),
        (
            "/me/outlook/masterCategories",
            "microsoft.graph.outlookCategory",
            json!({"displayName": "Akten", "color": "preset1"}),
        ),
    ]
}

/// Every body that differs from a good one in one place: another type, another name, another case.
fn bad(body: &Value) -> Vec<Value> {
    let Value::Object(fields) = body else { return Vec::new() };
    let mut found = Vec::new();
    for (name, value) in fields {
        let with = |name: &str, value: Value| {
            let mut body = body.clone();
            body[name] = value;
            body
        };
        for other in [json!(7), json!("Seven"), json!(true), json!(["x"]), json!({"x": 1}), Value::Null] {
            found.push(with(name, other));
        }
        let mut renamed = body.clone();
        renamed.as_object_mut().expect("an object").remove(name);
        renamed[name.to_uppercase()] = value.clone();
        found.push(renamed);
        match value {
            Value::String(word) => found.push(with(name, json!(word.to_uppercase()))),
            Value::Object(_) => found.extend(bad(value).into_iter().map(|inner| with(name, inner))),
            Value::Array(members) => {
                for inner in members.iter().flat_map(bad) {
                    found.push(with(name, json!([inner])));
                }
            }
            _ => {}
        }
    }
    found
}

struct Judge(Vec<Value>);

impl Judge {
    /// Notes what the simulator said to a body. What it refuses for another reason than its form says nothing.
    async fn post(&mut self, graph: &Graph, path: &str, schema: &str, body: &Value) {
        let reply = graph.post(path, body).await;
        assert!(reply.status < 500, "{body} {}", reply.body);
        let taken = reply.status < 300;
        if taken || reply.code() == "RequestBodyRead" {
            self.0.push(json!({"where": path, "schema": schema, "body": body, "taken": taken}));
        }
        self.given(path, if taken { schema } else { "odataError" }, &reply.body);
    }

    /// Notes an answer.
    fn given(&mut self, path: &str, schema: &str, body: &Value) {
        self.0.push(json!({"where": format!("answer of {path}"), "schema": schema, "body": body, "taken": true}));
    }
}

#[tokio::test]
async fn the_simulator_takes_and_gives_what_the_metadata_describe() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (python, description) = (root.join("target/conformance/bin/python"), root.join(DESCRIPTION));
    // What was installed before jsonschema was among it does not count.
    let pinned = |place: &str| std::fs::read(root.join(place).join("requirements.txt")).ok();
    let installed = python.exists() && pinned("target/conformance") == pinned("tests/conformance");
    if !installed || !description.exists() {
        let promised = std::env::var_os("POCKETDOCKET_CONFORMANCE").is_some() && description.exists();
        assert!(!promised, "tests/conformance/run promised that jsonschema is installed");
        #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
        {
            eprintln!("skipped: needs {DESCRIPTION}, and jsonschema, which `tests/conformance/run` installs");
        }
        return;
    }
    let (running, graph, _) = started().await;
    let mut judge = Judge(Vec::new());
    let lists = graph.get("/me/todo/lists").await.is(200);
    let list = format!("/me/todo/lists/{}", lists.body["value"][0]["id"].as_str().expect("an id"));
    for (path, schema, body) in good() {
        let path = path.replace("LIST", &list);
        assert_eq!(graph.post(&path, &body).await.status, 201, "{body}");
        for wrong in bad(&body) {
            judge.post(&graph, &path, schema, &wrong).await;
        }
    }
    let window = "startDateTime=2027-01-01T00:00:00Z&endDateTime=2028-01-01T00:00:00Z";
    let expand = format!("$expand=singleValueExtendedProperties($filter=id eq '{STAMP}')");
    for (path, schema) in [
        ("/me".to_owned(), "microsoft.graph.user"),
        (format!("/me/contacts?$top=3&$count=true&{expand}"), "microsoft.graph.contactCollectionResponse"),
        ("/me/contacts/delta".to_owned(), "microsoft.graph.contactCollectionResponse"),
        (format!("/me/events?$top=3&{expand}"), "microsoft.graph.eventCollectionResponse"),
        (format!("/me/calendarView?{window}"), "microsoft.graph.eventCollectionResponse"),
        (format!("/me/calendarView/delta?{window}"), "microsoft.graph.eventCollectionResponse"),
        ("/me/calendars".to_owned(), "microsoft.graph.calendarCollectionResponse"),
        ("/me/contactFolders".to_owned(), "microsoft.graph.contactFolderCollectionResponse"),
        ("/me/todo/lists".to_owned(), "microsoft.graph.todoTaskListCollectionResponse"),
        (format!("{list}/tasks?$expand=linkedResources"), "microsoft.graph.todoTaskCollectionResponse"),
        (format!("{list}/tasks/delta"), "microsoft.graph.todoTaskCollectionResponse"),
        ("/me/outlook/masterCategories".to_owned(), "microsoft.graph.outlookCategoryCollectionResponse"),
        ("/me/mailboxSettings".to_owned(), "microsoft.graph.mailboxSettings"),
    ] {
        let reply = graph.get(&path).await.is(200);
        judge.given(&path, schema, &reply.body);
    }
    let batch =
        json!({"requests": [{"id": "1", "method": "GET", "url": "/me"}, {"id": "2", "method": "GET", "url": "/me/x"}]});
    judge.given("/$batch", "batchResponse", &graph.post("/$batch", &batch).await.is(200).body);
    // What a page shows is not enough: every event as each of its own.
    for item in running.mailbox(ANNA).expect("a mailbox").events().iter().take(30) {
        let path = format!("/me/events/{}", item.id.replace('/', "-").replace('+', "_"));
        judge.given(&path, "microsoft.graph.event", &graph.get(&path).await.is(200).body);
    }

    let mut child = Command::new(python)
        .arg("metadata.py")
        .arg(&description)
        .current_dir(root.join("tests/conformance"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python starts");
    let mut input = child.stdin.take().expect("is piped");
    input.write_all(Value::from(judge.0).to_string().as_bytes()).expect("it reads the cases");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
