//! Events and calendars.

use serde_json::{Value, json};

use super::{ANNA, STAMP, started, through_ews};

fn event(start: &str, end: &str, zone: &str) -> Value {
    json!({
        "subject": "Termin", "start": {"dateTime": start, "timeZone": zone}, "end": {"dateTime": end, "timeZone": zone},
    })
}

fn with(mut event: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().expect("an object") {
        event[name] = value.clone();
    }
    event
}

#[tokio::test]
async fn a_time_is_kept_as_an_instant_and_shown_in_the_zone_that_is_preferred() {
    let (running, graph, _) = started().await;
    let timed = event("2027-03-29T09:00:00", "2027-03-29T10:00:00", "Europe/Zurich");
    let made = graph.post("/me/events", &timed).await.is(201);
    assert_eq!(made.body["start"], json!({"dateTime": "2027-03-29T07:00:00.0000000", "timeZone": "UTC"}));
    assert_eq!(made.text("originalStartTimeZone"), "W. Europe Standard Time");
    assert_eq!(made.body["isReminderOn"], true);
    let zone = graph.with("prefer", "outlook.timezone=\"Eastern Standard Time\", outlook.body-content-type=\"text\"");
    let read = zone.get(&format!("/me/events/{}", made.text("id"))).await.is(200);
    assert_eq!(
        read.body["end"],
        json!({"dateTime": "2027-03-29T04:00:00.0000000", "timeZone": "Eastern Standard Time"})
    );
    assert_eq!(read.body["body"]["contentType"], "text");
    let applied = read.header("preference-applied").unwrap_or_default();
    assert!(applied.contains("Eastern Standard Time") && applied.contains("text"));
    let view = running.mailbox(ANNA).expect("a mailbox");
    assert_eq!(view.events()[0].text("calendar:Start").as_deref(), Some("2027-03-29T07:00:00Z"));
}

#[tokio::test]
async fn a_whole_day_is_midnight_to_midnight_in_its_zone_and_a_day_wherever_one_reads_it() {
    let (running, graph, _) = started().await;
    let day = |start: &str, end: &str, zone: &str| with(event(start, end, zone), &json!({"isAllDay": true}));
    let made =
        graph.post("/me/events", &day("2027-03-28T00:00:00", "2027-03-29T00:00:00", "Europe/Zurich")).await.is(201);
    assert_eq!(made.body["start"], json!({"dateTime": "2027-03-28T00:00:00.0000000", "timeZone": "UTC"}));
    let view = running.mailbox(ANNA).expect("a mailbox");
    assert_eq!(view.events()[0].text("calendar:Start").as_deref(), Some("2027-03-27T23:00:00Z"));
    // That day has 23 hours.
    assert_eq!(view.events()[0].text("calendar:End").as_deref(), Some("2027-03-28T22:00:00Z"));
    let tokyo = graph.with("prefer", "outlook.timezone=\"Tokyo Standard Time\"");
    let read = tokyo.get(&format!("/me/events/{}", made.text("id"))).await.is(200);
    assert_eq!(read.body["end"], json!({"dateTime": "2027-03-29T00:00:00.0000000", "timeZone": "Tokyo Standard Time"}));

    let mut two_zones = day("2027-03-28T00:00:00", "2027-03-29T00:00:00", "Europe/Zurich");
    two_zones["end"]["timeZone"] = json!("UTC");
    for wrong in [
        day("2027-03-28T01:00:00", "2027-03-29T00:00:00", "UTC"),
        day("2027-03-28T00:00:00", "2027-03-28T12:00:00", "UTC"),
        day("2027-03-28T00:00:00", "2027-03-28T00:00:00", "UTC"),
        two_zones,
    ] {
        assert_eq!(graph.post("/me/events", &wrong).await.is(400).code(), "ErrorInvalidRequest", "{wrong}");
    }
    let timed = graph.post("/me/events", &event("2027-04-01T09:00:00", "2027-04-01T10:00:00", "UTC")).await.is(201);
    graph.patch(&format!("/me/events/{}", timed.text("id")), &json!({"isAllDay": true})).await.is(400);
}

#[tokio::test]
async fn what_a_calendar_cannot_hold_is_refused() {
    let (running, graph, _) = started().await;
    let good = event("2027-03-29T09:00:00", "2027-03-29T10:00:00", "UTC");
    for more in [
        json!({"start": null}),
        json!({"end": {"dateTime": "2027-03-29T08:00:00", "timeZone": "UTC"}}),
        json!({"end": {"dateTime": "2037-03-29T08:00:00", "timeZone": "UTC"}}),
        json!({"start": {"dateTime": "2027-03-29T09:00:00Z", "timeZone": "UTC"}}),
        json!({"start": {"dateTime": "2027-03-29T09:00:00+02:00", "timeZone": "UTC"}}),
        json!({"start": {"dateTime": "tomorrow", "timeZone": "UTC"}}),
        json!({"start": {"dateTime": "2027-03-29T09:00:00", "timeZone": "Mars"}}),
        json!({"start": {"datetime": "2027-03-29T09:00:00", "timeZone": "UTC"}}),
        json!({"showAs": "Busy"}),
        json!({"isAllDay": "yes"}),
        json!({"reminderMinutesBeforeStart": -5}),
        json!({"subject": "x".repeat(256)}),
        json!({"iCalUId": "x"}),
        json!({"body": {"contentType": "markdown", "content": "x"}}),
        json!({"recurrence": {"pattern": {"type": "daily"}}}),
    ] {
        assert_eq!(graph.post("/me/events", &with(good.clone(), &more)).await.status, 400, "{more}");
    }
    assert!(running.mailbox(ANNA).expect("a mailbox").items.is_empty());
}

#[tokio::test]
async fn both_faces_show_the_same_event() {
    let (_running, graph, ews) = started().await;
    let body = with(
        event("2026-11-23T09:00:00", "2026-11-23T10:00:00", "W. Europe Standard Time"),
        &json!({
            "body": {"contentType": "text", "content": "Notiz"}, "location": {"displayName": "Raum 1"},
            "sensitivity": "private", "showAs": "oof", "importance": "high", "isReminderOn": true,
            "reminderMinutesBeforeStart": 45, "categories": ["Akten"],
            "recurrence": {
                "pattern": {"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["monday"], "index": "last"},
                "range": {"type": "numbered", "startDate": "2026-11-30", "numberOfOccurrences": 6},
            },
            "singleValueExtendedProperties": [{"id": STAMP, "value": "v1/e"}],
        }),
    );
    let made = graph.post("/me/events", &body).await.is(201);
    assert_eq!(made.text("type"), "seriesMaster");
    assert_eq!(made.body["recurrence"]["pattern"]["index"], "last");
    let seen = through_ews(&ews, made.text("id")).await;
    for part in [
        "<t:Start>2026-11-23T08:00:00Z</t:Start>",
        "<t:Sensitivity>Private</t:Sensitivity>",
        "<t:LegacyFreeBusyStatus>OOF</t:LegacyFreeBusyStatus>",
        "<t:Importance>High</t:Importance>",
        "<t:ReminderMinutesBeforeStart>45</t:ReminderMinutesBeforeStart>",
        "<t:Location>Raum 1</t:Location>",
        "<t:RelativeMonthlyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Monday</t:DaysOfWeek><t:DayOfWeekIndex>Last</t:DayOfWeekIndex>",
        "<t:NumberedRecurrence><t:StartDate>2026-11-30</t:StartDate><t:NumberOfOccurrences>6</t:NumberOfOccurrences>",
        "<t:StartTimeZone Id=\"W. Europe Standard Time\"",
    ] {
        assert!(seen.contains(part), "{part} is not in {seen}");
    }
    let request = "<m:CreateItem SendMeetingInvitations=\"SendToNone\"><m:Items><t:CalendarItem><t:Subject>Ganztags</t:Subject>\
        <t:Sensitivity>Private</t:Sensitivity><t:Body BodyType=\"HTML\">&lt;b&gt;x&lt;/b&gt;</t:Body><t:ReminderIsSet>false</t:ReminderIsSet>\
        <t:Start>2027-03-28T00:00:00</t:Start><t:End>2027-03-29T00:00:00</t:End><t:IsAllDayEvent>true</t:IsAllDayEvent>\
        <t:LegacyFreeBusyStatus>Free</t:LegacyFreeBusyStatus>\
        <t:Recurrence><t:WeeklyRecurrence><t:Interval>2</t:Interval><t:DaysOfWeek>Monday Friday</t:DaysOfWeek></t:WeeklyRecurrence>\
        <t:NoEndRecurrence><t:StartDate>2027-03-28</t:StartDate></t:NoEndRecurrence></t:Recurrence>\
        <t:StartTimeZone Id=\"W. Europe Standard Time\"/></t:CalendarItem></m:Items></m:CreateItem>";
    let (id, _) = ews.send(request).await.item();
    let read = graph.get(&format!("/me/events/{}", id.replace('/', "-").replace('+', "_"))).await.is(200);
    assert_eq!(read.body["start"]["dateTime"], "2027-03-28T00:00:00.0000000");
    assert_eq!((read.text("sensitivity"), read.text("showAs")), ("private", "free"));
    assert_eq!((&read.body["isAllDay"], &read.body["isReminderOn"]), (&json!(true), &json!(false)));
    assert_eq!(read.body["body"], json!({"contentType": "html", "content": "<b>x</b>"}));
    assert_eq!(read.body["recurrence"]["pattern"]["daysOfWeek"], json!(["monday", "friday"]));
    assert_eq!(read.body["recurrence"]["range"]["type"], "noEnd");
}

#[tokio::test]
async fn a_creation_that_is_asked_twice_makes_one_event() {
    let (running, graph, _) = started().await;
    let transaction = json!({"transactionId": "0f3c4a52-6c2a-4a0e-9d5b-5b8a5f3f0001"});
    let body = with(event("2027-03-29T09:00:00", "2027-03-29T10:00:00", "UTC"), &transaction);
    let first = graph.post("/me/events", &body).await.is(201);
    let second = graph.post("/me/events", &body).await.is(201);
    assert_eq!(first.body["id"], second.body["id"]);
    let other = graph.post("/me/events", &with(body, &json!({"subject": "Anders"}))).await.is(409);
    assert_eq!(other.code(), "ErrorDuplicateTransactionId");
    assert_eq!(other.body["error"]["@event.existingEventId"], first.body["id"]);
    graph.patch(&format!("/me/events/{}", first.text("id")), &json!({"transactionId": "x"})).await.is(400);
    assert_eq!(running.mailbox(ANNA).expect("a mailbox").events().len(), 1);
}

#[tokio::test]
async fn an_event_with_attendees_is_mailed_and_that_is_counted() {
    let (running, graph, _) = started().await;
    let quiet = graph.post("/me/events", &event("2027-03-29T09:00:00", "2027-03-29T10:00:00", "UTC")).await.is(201);
    graph.patch(&format!("/me/events/{}", quiet.text("id")), &json!({"subject": "x"})).await.is(200);
    graph.delete(&format!("/me/events/{}", quiet.text("id"))).await.is(204);
    assert_eq!(running.mails_sent(), 0);
    let people = json!({"attendees": [{"type": "required", "emailAddress": {"address": "x@y.example"}}]});
    let body = with(event("2027-03-29T09:00:00", "2027-03-29T10:00:00", "UTC"), &people);
    let made = graph.post("/me/events", &body).await.is(201);
    assert_eq!(made.body["attendees"][0]["emailAddress"]["address"], "x@y.example");
    assert_eq!(running.mails_sent(), 1);
    graph.delete(&format!("/me/events/{}", made.text("id"))).await.is(204);
    assert_eq!(running.mails_sent(), 2);
}

#[tokio::test]
async fn a_view_shows_a_window_and_its_delta_what_came_and_went() {
    let (running, graph, _) = started().await;
    let mut ids = Vec::new();
    for day in 1..=9 {
        let body = event(&format!("2027-05-0{day}T09:00:00"), &format!("2027-05-0{day}T10:00:00"), "UTC");
        let made = graph.post("/me/events", &with(body, &json!({"subject": day.to_string()}))).await.is(201);
        ids.push(made.text("id").to_owned());
    }
    let window = "startDateTime=2027-05-03T00:00:00Z&endDateTime=2027-05-06T00:00:00Z";
    let (seen, _) = graph.all(&format!("/me/calendarView?{window}&$top=2&$orderby=start/dateTime")).await;
    assert_eq!(seen.len(), 3);
    let (seen, link) =
        graph.with("prefer", "odata.maxpagesize=2").all(&format!("/me/calendarView/delta?{window}")).await;
    assert_eq!(seen.len(), 3);
    let move_to = |id: &str, day: u8| {
        let time = move |hour: u8| json!({"dateTime": format!("2027-05-0{day}T{hour:02}:00:00"), "timeZone": "UTC"});
        let path = format!("/me/events/{id}");
        let graph = &graph;
        async move { graph.patch(&path, &json!({"start": time(11), "end": time(12)})).await.is(200) }
    };
    move_to(&ids[8], 4).await;
    move_to(&ids[3], 9).await;
    graph.delete(&format!("/me/events/{}", ids[2])).await.is(204);
    let (changes, link) = graph.all(&link).await;
    let removed: Vec<&Value> =
        changes.iter().filter(|change| change.get("@removed").is_some()).map(|change| &change["id"]).collect();
    // One that left the window looks like one that was deleted, and is still there.
    assert_eq!(removed, [&json!(ids[3]), &json!(ids[2])]);
    assert!(changes.iter().any(|change| change["id"] == ids[8] && change["subject"] == "9"));
    graph.get(&format!("/me/events/{}", ids[3])).await.is(200);
    graph.get(&format!("/me/events/{}", ids[2])).await.is(404);
    assert!(graph.all(&link).await.0.is_empty());
    running.faults().add("invalid-sync-state".parse().expect("a fault"));
    graph.get(&link).await.is(410);
}

#[tokio::test]
async fn calendars_are_made_and_hold_their_own_events() {
    let (_running, graph, _) = started().await;
    let home = graph.get("/me/calendar").await.is(200);
    assert_eq!(home.body["isDefaultCalendar"], true);
    let made = graph.post("/me/calendars", &json!({"name": "Akten"})).await.is(201);
    assert_eq!(graph.get("/me/calendars").await.is(200).values().len(), 2);
    let path = format!("/me/calendars/{}", made.text("id"));
    let body = event("2027-05-03T09:00:00", "2027-05-03T10:00:00", "UTC");
    let event = graph.post(&format!("{path}/events"), &body).await.is(201);
    let window = "startDateTime=2027-05-03T00:00:00Z&endDateTime=2027-05-06T00:00:00Z";
    assert_eq!(graph.get(&format!("{path}/calendarView?{window}")).await.is(200).values().len(), 1);
    assert!(graph.get(&format!("/me/calendarView?{window}")).await.is(200).values().is_empty());
    graph.send("POST", &format!("{path}/events/{}/permanentDelete", event.text("id")), None).await.is(204);
    assert!(graph.get(&format!("{path}/events")).await.is(200).values().is_empty());
    graph.delete(&path).await.is(204);
    graph.get(&path).await.is(404);
    graph.delete(&format!("/me/calendars/{}", home.text("id"))).await.is(403);
}

#[tokio::test]
async fn categories_are_made_once_and_have_a_colour() {
    let (_running, graph, _) = started().await;
    let path = "/me/outlook/masterCategories";
    let made = graph.post(path, &json!({"displayName": "Akten", "color": "preset9"})).await.is(201);
    graph.post(path, &json!({"displayName": "akten"})).await.is(409);
    graph.post(path, &json!({"displayName": "x", "color": "blue"})).await.is(400);
    graph.patch(&format!("{path}/{}", made.text("id")), &json!({"displayName": "y"})).await.is(400);
    graph.patch(&format!("{path}/{}", made.text("id")), &json!({"color": "preset1"})).await.is(200);
    assert_eq!(graph.get(path).await.is(200).values()[0]["color"], "preset1");
    graph.delete(&format!("{path}/{}", made.text("id"))).await.is(204);
    graph.get(&format!("{path}/{}", made.text("id"))).await.is(404);
}
