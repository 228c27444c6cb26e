//! Tasks and lists of To Do.

use serde_json::{Value, json};

use super::{ANNA, started, through_ews};

async fn list(graph: &super::Graph) -> String {
    let lists = graph.get("/me/todo/lists").await.is(200);
    assert_eq!(lists.values()[0]["wellknownListName"], "defaultList");
    format!("/me/todo/lists/{}", lists.values()[0]["id"].as_str().expect("an id"))
}

#[tokio::test]
async fn both_faces_show_the_same_task() {
    let (running, graph, ews) = started().await;
    let list = list(&graph).await;
    let made = graph
        .post(
            &format!("{list}/tasks"),
            &json!({
                "title": "Frist", "body": {"contentType": "text", "content": "Notiz"}, "importance": "high",
                "status": "inProgress", "categories": ["Akten"], "isReminderOn": true,
                "dueDateTime": {"dateTime": "2026-12-01T17:30:00", "timeZone": "W. Europe Standard Time"},
                "reminderDateTime": {"dateTime": "2026-12-01T08:00:00", "timeZone": "W. Europe Standard Time"},
                "linkedResources": [{"externalId": "v1/t", "applicationName": "Kanzlei", "displayName": "Akte 1"}],
            }),
        )
        .await
        .is(201);
    // A day is a day: its time is dropped.
    assert_eq!(made.body["dueDateTime"], json!({"dateTime": "2026-12-01T00:00:00.0000000", "timeZone": "UTC"}));
    assert_eq!(made.body["reminderDateTime"]["dateTime"], "2026-12-01T07:00:00.0000000");
    assert_eq!(made.body["linkedResources"][0]["externalId"], "v1/t");
    let seen = through_ews(&ews, made.text("id")).await;
    for part in [
        "<t:Subject>Frist</t:Subject>",
        "<t:Importance>High</t:Importance>",
        "<t:Status>InProgress</t:Status>",
        "<t:DueDate>2026-12-01T00:00:00Z</t:DueDate>",
        "<t:ReminderDueBy>2026-12-01T07:00:00Z</t:ReminderDueBy>",
    ] {
        assert!(seen.contains(part), "{part} is not in {seen}");
    }
    assert_eq!(running.mailbox(ANNA).expect("a mailbox").stamped("v1/t").len(), 1);

    let request = "<m:CreateItem><m:Items><t:Task><t:Subject>Halb</t:Subject><t:Importance>Low</t:Importance>\
        <t:DueDate>2027-01-02T00:00:00Z</t:DueDate><t:PercentComplete>50</t:PercentComplete></t:Task></m:Items></m:CreateItem>";
    let (id, _) = ews.send(request).await.item();
    let path = format!("{list}/tasks/{}", id.replace('/', "-").replace('+', "_"));
    let read = graph.get(&path).await.is(200);
    assert_eq!((read.text("importance"), read.text("status")), ("low", "inProgress"));
    let percent = || {
        let view = running.mailbox(ANNA).expect("a mailbox");
        view.tasks().iter().find(|task| task.id == id).and_then(|task| task.text("task:PercentComplete"))
    };
    graph.patch(&path, &json!({"title": "Noch halb", "status": "inProgress"})).await.is(200);
    assert_eq!(percent().as_deref(), Some("50"));
    let done = graph.patch(&path, &json!({"status": "completed"})).await.is(200);
    assert!(done.body["completedDateTime"]["dateTime"].is_string());
    assert_eq!(percent().as_deref(), Some("100"));
    let again = graph.patch(&path, &json!({"status": "notStarted"})).await.is(200);
    assert!(again.body.get("completedDateTime").is_none());
    assert_eq!(percent().as_deref(), Some("0"));
}

#[tokio::test]
async fn what_a_task_is_about_hangs_on_it_and_is_changed_by_itself() {
    let (_running, graph, _) = started().await;
    let list = list(&graph).await;
    let task = graph.post(&format!("{list}/tasks"), &json!({"title": "x"})).await.is(201);
    let path = format!("{list}/tasks/{}", task.text("id"));
    let resource = json!({"externalId": "T-1", "applicationName": "Kanzlei", "webUrl": "https://practice.example/1"});
    let made = graph.post(&format!("{path}/linkedResources"), &resource).await.is(201);
    graph.post(&format!("{path}/linkedResources"), &json!({"externalid": "x"})).await.is(400);
    let read = graph.get(&format!("{path}?$expand=linkedResources")).await.is(200);
    assert_eq!(read.body["linkedResources"][0]["id"], made.body["id"]);
    assert_ne!(read.text("@odata.etag"), task.text("@odata.etag"));
    let one = format!("{path}/linkedResources/{}", made.text("id"));
    assert_eq!(graph.patch(&one, &json!({"externalId": "T-2"})).await.is(200).text("externalId"), "T-2");
    graph.patch(&path, &json!({"linkedResources": []})).await.is(400);
    graph.patch(&path, &json!({"title": "y"})).await.is(200);
    assert_eq!(graph.get(&format!("{path}/linkedResources")).await.is(200).values().len(), 1);
    let (listed, _) = graph.all(&format!("{list}/tasks?$expand=linkedResources")).await;
    assert_eq!(listed[0]["linkedResources"][0]["externalId"], "T-2");
    graph.delete(&one).await.is(204);
    graph.get(&one).await.is(404);
}

#[tokio::test]
async fn lists_are_flat_and_carry_extensions() {
    let (running, graph, _) = started().await;
    let home = list(&graph).await;
    let made = graph.post("/me/todo/lists", &json!({"displayName": "Akten"})).await.is(201);
    let path = format!("/me/todo/lists/{}", made.text("id"));
    let owner = json!({
        "@odata.type": "microsoft.graph.openTypeExtension", "extensionName": "example.pocketdocket.owner", "firm": "abc", "version": 1,
    });
    graph.post(&format!("{path}/extensions"), &owner).await.is(201);
    graph.post(&format!("{path}/extensions"), &owner).await.is(409);
    let read = graph.get(&format!("{path}/extensions/example.pocketdocket.owner")).await.is(200);
    assert_eq!((read.text("firm"), &read.body["version"]), ("abc", &json!(1)));
    graph.patch(&format!("{path}/extensions/example.pocketdocket.owner"), &json!({"firm": "def"})).await.is(200);
    let all = graph.get(&format!("{path}?$expand=extensions")).await.is(200);
    assert_eq!(all.body["extensions"][0]["firm"], "def");
    graph.get(&format!("{home}/extensions/example.pocketdocket.owner")).await.is(404);
    graph.delete(&format!("{path}/extensions/example.pocketdocket.owner")).await.is(204);
    graph.get(&format!("{path}/extensions/example.pocketdocket.owner")).await.is(404);

    graph.patch(&home, &json!({"displayName": "x"})).await.is(400);
    graph.delete(&home).await.is(403);
    graph.patch(&path, &json!({"displayName": "Alte Akten"})).await.is(200);
    graph.post(&format!("{path}/tasks"), &json!({"title": "x"})).await.is(201);
    graph.delete(&path).await.is(204);
    assert!(running.mailbox(ANNA).expect("a mailbox").tasks().is_empty());
}

#[tokio::test]
async fn delta_of_a_list_and_what_is_refused() {
    let (running, graph, _) = started().await;
    let list = list(&graph).await;
    let tasks = format!("{list}/tasks");
    for title in ["a", "b", "c"] {
        graph.post(&tasks, &json!({"title": title})).await.is(201);
    }
    let (seen, link) = graph.with("prefer", "odata.maxpagesize=2").all(&format!("{tasks}/delta")).await;
    assert_eq!(seen.len(), 3);
    running.phone(ANNA).complete("b").expect("a tick");
    graph.delete(&format!("{tasks}/{}", seen[2]["id"].as_str().expect("an id"))).await.is(204);
    let (changes, _) = graph.all(&link).await;
    let statuses: Vec<&Value> = changes.iter().map(|change| &change["status"]).collect();
    assert_eq!(statuses, [&json!("completed"), &Value::Null]);
    assert!(changes[1].get("@removed").is_some());
    for wrong in [
        json!({"subject": "x"}),
        json!({"status": "InProgress"}),
        json!({"status": null}),
        json!({"isReminderOn": "yes"}),
        json!({"importance": "urgent"}),
        json!({"percentComplete": 50}),
        json!({"singleValueExtendedProperties": []}),
        json!({"dueDateTime": "2026-12-01"}),
        json!({"title": "x", "recurrence": {"pattern": {"type": "daily", "interval": 1}, "range": {"type": "noEnd", "startDate": "2026-12-01"}}}),
    ] {
        assert_eq!(graph.post(&tasks, &wrong).await.status, 400, "{wrong}");
    }
}
