//! Contacts and their folders.

use serde_json::json;

use super::{ANNA, STAMP, started, through_ews};

#[tokio::test]
async fn a_contact_is_made_read_changed_found_and_deleted() {
    let (running, graph, _) = started().await;
    let made = graph
        .post(
            "/me/contacts",
            &json!({
                "givenName": "Eva", "surname": "Muster", "businessPhones": ["+41 31 000 00 00"],
                "singleValueExtendedProperties": [{"id": STAMP, "value": "v1/x/contact/all/1"}],
            }),
        )
        .await
        .is(201);
    assert_eq!((made.text("displayName"), made.text("fileAs")), ("Eva Muster", "Muster, Eva"));
    assert_eq!(made.text("@odata.etag"), format!("W/\"{}\"", made.text("changeKey")));
    assert!(made.body.get("singleValueExtendedProperties").is_none());
    let id = made.text("id").to_owned();

    let expand = format!("$expand=singleValueExtendedProperties($filter=id eq '{STAMP}')");
    let one = graph.get(&format!("/me/contacts/{id}?$select=surname&{expand}")).await.is(200);
    assert_eq!(one.body["singleValueExtendedProperties"], json!([{"id": STAMP, "value": "v1/x/contact/all/1"}]));
    assert!(one.body.get("givenName").is_none());

    let filter = |value: &str| {
        format!("$filter=singleValueExtendedProperties/any(ep: ep/id eq '{STAMP}' and ep/value eq '{value}')")
    };
    let found = graph.get(&format!("/me/contacts?{}&{expand}", filter("v1/x/contact/all/1"))).await.is(200);
    assert_eq!(found.values().len(), 1);
    assert_eq!(found.values()[0]["id"], made.body["id"]);
    assert!(graph.get(&format!("/me/contacts?{}", filter("v1/x/contact/all/2"))).await.values().is_empty());

    let changed =
        graph.patch(&format!("/me/contacts/{id}"), &json!({"surname": "Neu", "businessPhones": []})).await.is(200);
    assert_ne!(changed.text("@odata.etag"), made.text("@odata.etag"));
    assert_eq!((changed.text("givenName"), changed.text("surname")), ("Eva", "Neu"));
    assert_eq!(changed.body["businessPhones"], json!([]));
    let gone = graph.patch(&format!("/me/contacts/{id}"), &json!({"givenName": null})).await.is(200);
    assert!(gone.body["givenName"].is_null());

    let view = running.mailbox(ANNA).expect("a mailbox");
    assert_eq!(view.stamped("v1/x/contact/all/1").len(), 1);
    assert_eq!(view.counts.items["UpdateItem"], 2);
    graph.delete(&format!("/me/contacts/{id}")).await.is(204);
    graph.get(&format!("/me/contacts/{id}")).await.is(404);
    assert_eq!(running.mailbox(ANNA).expect("a mailbox").deleted().len(), 1);
}

#[tokio::test]
async fn both_faces_show_the_same_contact() {
    let (_running, graph, ews) = started().await;
    let made = graph
        .post(
            "/me/contacts",
            &json!({
                "givenName": "Eva", "middleName": "M.", "surname": "Muster", "title": "Dr.", "nickName": "Evi",
                "companyName": "Muster & Co", "jobTitle": "Anwältin", "mobilePhone": "079",
                "businessPhones": ["1", "2"], "homePhones": ["3"],
                "emailAddresses": [{"address": "eva@example.org", "name": "Eva"}, {"address": "e@example.org"}],
                "businessAddress": {"street": "Weg 1", "city": "Bern", "postalCode": "3000", "countryOrRegion": "Schweiz"},
                "birthday": "1980-02-29T11:59:00Z", "categories": ["Akten"], "personalNotes": "eins\r\nzwei",
                "singleValueExtendedProperties": [
                    {"id": STAMP, "value": "v1/x"}, {"id": "Integer 0x0036", "value": "2"}, {"id": "String 0x3A24", "value": "fax"},
                ],
            }),
        )
        .await
        .is(201);
    let seen = through_ews(&ews, made.text("id")).await;
    for part in [
        "<t:GivenName>Eva</t:GivenName>",
        "<t:Sensitivity>Private</t:Sensitivity>",
        "<t:Entry Key=\"BusinessPhone2\">2</t:Entry>",
        "<t:Entry Key=\"BusinessFax\">fax</t:Entry>",
        "<t:Entry Key=\"EmailAddress2\">e@example.org</t:Entry>",
        "<t:Birthday>1980-02-29T11:59:00Z</t:Birthday>",
        "<t:CompanyName>Muster &amp; Co</t:CompanyName>",
        "<t:Title>Dr.</t:Title>",
        "<t:City>Bern</t:City>",
        "<t:String>Akten</t:String>",
        "<t:Body BodyType=\"Text\">eins",
    ] {
        assert!(seen.contains(part), "{part} is not in {seen}");
    }
    let (id, key) = ews.create_contact("v1/y", "Erika").await;
    let set = |path: &str, element: &str| {
        let (id, key, path, element) = (id.clone(), key.clone(), path.to_owned(), element.to_owned());
        let ews = &ews;
        async move { ews.set(&id, &key, "Contact", &path, &element).await }
    };
    assert_eq!(set("contacts:JobTitle", "<t:JobTitle>Notarin</t:JobTitle>").await.code(), "NoError");
    let rest = id.replace('/', "-").replace('+', "_");
    let expand = format!("$expand=singleValueExtendedProperties($filter=id eq '{STAMP}' or id eq 'Integer 0x36')");
    let read = graph.get(&format!("/me/contacts/{rest}?{expand}")).await.is(200);
    assert_eq!((read.text("givenName"), read.text("jobTitle")), ("Erika", "Notarin"));
    assert_eq!(read.body["singleValueExtendedProperties"][0]["value"], "v1/y");
    assert_eq!(read.body["singleValueExtendedProperties"][1]["value"], "0");
}

#[tokio::test]
async fn bodies_are_held_to_the_metadata() {
    let (running, graph, _) = started().await;
    for wrong in [
        json!({"givenname": "Eva"}),
        json!({"givenName": 1}),
        json!({"businessPhones": "1"}),
        json!({"businessPhones": ["1", "2", "3"]}),
        json!({"emailAddresses": [{"adress": "x"}]}),
        json!({"emailAddresses": [{"address": "a"}, {"address": "b"}, {"address": "c"}, {"address": "d"}]}),
        json!({"birthday": "1980-02-29"}),
        json!({"id": "x"}),
        json!({"parentFolderId": "x"}),
        json!({"singleValueExtendedProperties": [{"id": "Text 0x36", "value": "x"}]}),
        json!({"singleValueExtendedProperties": [{"id": "Integer 0x36", "value": "private"}]}),
        json!({"singleValueExtendedProperties": [{"id": STAMP, "value": 1}]}),
        json!([]),
    ] {
        assert_eq!(graph.post("/me/contacts", &wrong).await.status, 400, "{wrong}");
    }
    graph.send("POST", "/me/contacts", None).await.is(400);
    assert!(running.mailbox(ANNA).expect("a mailbox").items.is_empty());
    graph.post("/me/contacts", &json!({"@odata.type": "#microsoft.graph.contact", "givenName": "Eva"})).await.is(201);
}

#[tokio::test]
async fn a_stale_etag_is_refused_and_none_is_no_question() {
    let (running, graph, _) = started().await;
    let made = graph.post("/me/contacts", &json!({"givenName": "Eva"})).await.is(201);
    let path = format!("/me/contacts/{}", made.text("id"));
    let known = graph.with("if-match", made.text("@odata.etag"));
    let second = known.patch(&path, &json!({"givenName": "Eve"})).await.is(200);
    assert_eq!(known.patch(&path, &json!({"givenName": "Evi"})).await.is(412).code(), "ErrorIrresolvableConflict");
    assert_eq!(known.delete(&path).await.status, 412);
    graph.patch(&path, &json!({"givenName": "Ev"})).await.is(200);
    graph.with("if-match", "*").patch(&path, &json!({"givenName": "E"})).await.is(200);
    running.faults().add("eventual-conflict,times=1".parse().expect("a fault"));
    let fresh = graph.get(&path).await.is(200);
    assert_ne!(fresh.text("@odata.etag"), second.text("@odata.etag"));
    let fresh = graph.with("if-match", fresh.text("@odata.etag"));
    fresh.delete(&path).await.is(412);
    fresh.delete(&path).await.is(204);
}

#[tokio::test]
async fn an_immutable_id_survives_a_move_and_becomes_the_other_ids_and_back() {
    let (running, graph, _) = started().await;
    let lasting = graph.with("prefer", "IdType=\"ImmutableId\"");
    let made = lasting.post("/me/contacts", &json!({"givenName": "Eva"})).await.is(201);
    assert_eq!(made.header("preference-applied"), Some("IdType=\"ImmutableId\""));
    let path = format!("/me/contacts/{}", made.text("id"));
    let before = graph.get(&path).await.is(200).text("id").to_owned();
    assert_ne!(before, made.text("id"));
    running.phone(ANNA).move_to("Eva", "deleteditems").expect("a move");
    let after = lasting.get(&path).await.is(200);
    assert_eq!(after.text("id"), made.text("id"));
    assert_ne!(after.text("parentFolderId"), made.text("parentFolderId"));
    graph.get(&format!("/me/contacts/{before}")).await.is(404);

    let now = graph.get(&path).await.is(200).text("id").to_owned();
    let ews = running.mailbox(ANNA).expect("a mailbox").items[0].id.clone();
    let translate = |id: &str, from: &str, to: &str| {
        let body = json!({"inputIds": [id, "nonsense"], "sourceIdType": from, "targetIdType": to});
        let graph = &graph;
        async move {
            let reply = graph.post("/me/translateExchangeIds", &body).await.is(200);
            assert!(reply.values()[1]["errorDetails"]["code"].is_string());
            reply.values()[0]["targetId"].as_str().expect("an id").to_owned()
        }
    };
    assert_eq!(translate(&ews, "ewsId", "restId").await, now);
    assert_eq!(translate(&now, "restId", "restImmutableEntryId").await, made.text("id"));
    let entry = translate(made.text("id"), "restImmutableEntryId", "entryId").await;
    assert_eq!(translate(&entry, "entryId", "ewsId").await, ews);
    let lasting = translate(&ews, "ewsId", "immutableEntryId").await;
    assert_eq!(translate(&lasting, "immutableEntryId", "restId").await, now);
    running.renumber(ANNA).expect("a move to another server");
    graph.get(&path).await.is(404);
}

#[tokio::test]
async fn folders_are_made_marked_found_and_removed() {
    let (_running, graph, _) = started().await;
    let owner = "String {eebbaf8c-842f-4851-9d67-ca9ef1b9409b} Name PocketDocketOwner";
    assert!(graph.get("/me/contactFolders").await.is(200).values().is_empty());
    let mark = json!([{"id": owner, "value": "firm"}]);
    let made = graph
        .post("/me/contactFolders", &json!({"displayName": "Akten", "singleValueExtendedProperties": mark}))
        .await
        .is(201);
    let path = format!("/me/contactFolders/{}", made.text("id"));
    graph.post("/me/contactFolders", &json!({"displayName": "akten"})).await.is(409);
    let filter = format!("$filter=singleValueExtendedProperties/any(ep: ep/id eq '{owner}' and ep/value eq 'firm')");
    assert_eq!(graph.get(&format!("/me/contactFolders?{filter}")).await.is(200).values().len(), 1);
    assert_eq!(graph.get("/me/contactFolders?$filter=displayName eq 'Akten'").await.is(200).values().len(), 1);
    graph.patch(&path, &json!({"displayName": "Alte Akten"})).await.is(200);
    let contact = graph.post(&format!("{path}/contacts"), &json!({"givenName": "Eva"})).await.is(201);
    assert_eq!(contact.body["parentFolderId"], made.body["id"]);
    assert!(graph.get("/me/contacts").await.is(200).values().is_empty());
    graph.get(&format!("{path}/contacts/{}", contact.text("id"))).await.is(200);
    graph.get(&format!("/me/contacts/{}", contact.text("id"))).await.is(200);
    graph.post(&format!("{path}/childFolders"), &json!({"displayName": "Innen"})).await.is(201);
    let (seen, link) = graph.all("/me/contactFolders/delta").await;
    assert_eq!(seen.len(), 1);
    graph.delete(&path).await.is(204);
    graph.get(&path).await.is(404);
    assert!(graph.all(&link).await.0.is_empty());
    graph.delete("/me/contactFolders/contacts").await.is(403);
}

#[tokio::test]
async fn delta_tells_everything_once_and_then_what_changed() {
    let (running, graph, ews) = started().await;
    let stamps: Vec<String> = (0..120).map(|number| format!("v1/{number}")).collect();
    ews.try_create_contacts(&stamps.iter().map(String::as_str).collect::<Vec<_>>()).await.expect("an answer");
    let paged = graph.with("prefer", "odata.maxpagesize=50");
    let first = paged.get("/me/contacts/delta?$select=givenName").await.is(200);
    assert_eq!(first.values().len(), 50);
    assert!(first.values()[0].get("surname").is_none());
    let (rest, link) = paged.all(first.text("@odata.nextLink")).await;
    assert_eq!(rest.len(), 70);
    assert!(rest[0].get("surname").is_none());

    running.phone(ANNA).edit("v1/7", "contacts:GivenName", Some("Neu")).expect("an edit");
    running.phone(ANNA).delete("v1/8").expect("a deletion");
    running.phone(ANNA).delete_for_good("v1/9").expect("a deletion");
    let (changes, link) = paged.all(&link).await;
    let removed: Vec<_> = changes.iter().filter(|change| change.get("@removed").is_some()).collect();
    assert_eq!((changes.len(), removed.len()), (3, 2));
    assert_eq!(removed[0]["@removed"]["reason"], "deleted");
    assert!(changes.iter().any(|change| change["givenName"] == "Neu"));
    let (nothing, link) = paged.all(&link).await;
    assert!(nothing.is_empty());

    running.faults().add("invalid-sync-state,times=1".parse().expect("a fault"));
    assert_eq!(paged.get(&link).await.is(410).code(), "SyncStateNotFound");
    let tasks = link.replace("/me/contacts/delta", "/me/events/delta");
    assert_eq!(paged.get(&tasks).await.is(410).code(), "SyncStateNotFound");
    running.renumber(ANNA).expect("a move");
    assert_eq!(paged.get(&link).await.is(410).code(), "SyncStateNotFound");
}

#[tokio::test]
async fn a_listing_comes_in_pages_and_in_order() {
    let (_running, graph, _) = started().await;
    for name in ["C", "A", "E", "B", "D"] {
        graph.post("/me/contacts", &json!({"displayName": name, "categories": ["x"]})).await.is(201);
    }
    let page = graph.get("/me/contacts?$top=2&$orderby=displayName desc&$count=true").await.is(200);
    assert_eq!(page.body["@odata.count"], 5);
    let names = |values: &[serde_json::Value]| -> Vec<String> {
        values.iter().map(|value| value["displayName"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(names(page.values()), ["E", "D"]);
    let (rest, _) = graph.all(page.text("@odata.nextLink")).await;
    assert_eq!(names(&rest), ["C", "B", "A"]);
    let found = graph.get("/me/contacts?$filter=categories/any(c:c eq 'x') and displayName ge 'D'").await.is(200);
    assert_eq!(found.values().len(), 2);
}
