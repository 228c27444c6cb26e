//! Why a record is in a mailbox, or is not: one test for each thing that can be said of it.

use insta::assert_snapshot;
use pocketdocket::state::HistoryFilter;

use super::{Place, confirm::Exchange};

/// Something that is due in ten days, for Ms Weber: task 1 of the sample firm, and an event with the number 9001.
const WATCHED: &str = "
    UPDATE tasks SET assignee = 'HW', subject = 'File the appeal', remarks = NULL, matter_id = NULL, state = 'open',
        percent = 0, confidential = 0, begins = NULL, remind_at = NULL, due = '2031-03-04',
        changed_at = datetime('now') WHERE id = 1;
    INSERT INTO events (id, subject, starts_at, ends_at, whole_day, confidential, state, changed_at) VALUES
        (9001, 'Hearing Quandt', datetime('now', '+10 days'), datetime('now', '+10 days', '+1 hour'), 0, 0, 'planned',
        datetime('now'));
    INSERT INTO event_people (event_id, initials) VALUES (9001, 'HW');
";

fn sql(place: &Place, statements: &str) {
    let database = rusqlite::Connection::open(place.path("practice.db")).expect("the sample firm");
    database.execute_batch(statements).expect("valid SQL");
}

fn answer(place: &Place, record: &str) -> serde_json::Value {
    let output = place.command(&format!("explain weber {record} --json")).output().expect("starts");
    assert!(output.status.success(), "{}", place.shown(&output));
    serde_json::from_slice(&output.stdout).expect("is JSON")
}

/// The verdict, and everything that is said for it.
fn verdict(place: &Place, record: &str) -> (String, String) {
    let answer = answer(place, record);
    let why = answer["why"].as_array().expect("sentences").iter().map(|one| one.as_str().unwrap_or_default());
    (answer["verdict"].as_str().expect("a word").to_owned(), why.collect::<Vec<_>>().join("\n"))
}

fn assert_says(place: &Place, record: &str, word: &str, sentence: &str) {
    let (found, why) = verdict(place, record);
    assert_eq!(found, word, "{record}: {why}");
    assert!(why.contains(sentence), "{record}: {why}");
}

fn watched() -> Place {
    let (place, _, _) = Place::with_active_user();
    sql(&place, WATCHED);
    place
}

#[test]
fn who_or_what_is_not_known_is_said_with_what_may_be_meant() {
    let place = watched();
    assert_snapshot!(place.run("explain webber task/tasks/1"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: there is no user `webber`
    hint: did you mean `weber`? `pocketdocket user list` shows who there is
    ");
    sql(
        &place,
        "DELETE FROM events WHERE id <> 9001; DELETE FROM contacts WHERE id > 3; DELETE FROM tasks WHERE id > 2",
    );
    assert_snapshot!(place.run("explain weber event/meetings/9001"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: neither the practice database nor the mailbox of `weber` has a record `event/meetings/9001`, and none was ever written there
    hint: did you mean `event/events/9001`? `pocketdocket explain weber --find TEXT` looks for a text in titles
    ");
    assert_snapshot!(place.run("explain weber 2"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: `2` fits 2 records: `contact/contacts/2`, `task/tasks/2`
    hint: name one of them in full
    ");
    assert_snapshot!(place.run("explain weber --item AAMk"), @r"
    exit code: 2
    ----- stdout
    ----- stderr
    error: no item of ours in the mailbox of `weber` has this identifier
    hint: what is not ours has no record; `--find TEXT` looks for a text in titles
    ");
    let shown = place.run("explain weber");
    assert!(shown.starts_with("exit code: 2") && shown.contains("--find <TEXT>"), "{shown}");
    assert!(place.run("explain weber events/9001").contains("event/events/9001 for weber"), "a part is enough");
}

#[test]
fn why_a_record_is_not_on_a_phone() {
    let place = watched();
    let event = "event/events/9001";
    assert_says(&place, event, "held", "the first write into this mailbox");
    sql(&place, "UPDATE event_people SET initials = 'TM' WHERE event_id = 9001");
    assert_says(&place, event, "not-here", "it is for person `TM`, and not for person `HW`");
    sql(&place, "UPDATE event_people SET initials = 'XX' WHERE event_id = 9001");
    assert_says(&place, event, "not-here", "nobody whom the practice system knows");
    sql(&place, "UPDATE event_people SET initials = 'HW' WHERE event_id = 9001");

    sql(&place, "UPDATE events SET starts_at = '2019-01-02 10:00:00', ends_at = '2019-01-02 11:00:00' WHERE id = 9001");
    assert_says(&place, event, "not-here", "outside the window (30 days back, 365 days ahead");
    sql(&place, "UPDATE events SET starts_at = 'soon' WHERE id = 9001");
    assert_says(&place, event, "unreadable", "column `start`");
    sql(&place, "UPDATE events SET starts_at = '2019-01-02 10:00:00', state = 'cancelled' WHERE id = 9001");
    assert_says(&place, event, "not-here", "it may not be in this mailbox: cancelled");
    sql(
        &place,
        "UPDATE events SET state = 'planned', starts_at = datetime('now', '+1 day'), ends_at = NULL WHERE id = 9001",
    );

    place.command("user set weber walls=event/events/9001").assert().success();
    assert_says(&place, event, "not-here", "an ethical wall, and leaves no trace in Deleted Items");
    place.command("user set weber walls=").assert().success();
    place.command("user set weber kinds=task").assert().success();
    assert_says(&place, event, "not-here", "events are switched off for this user");
}

#[test]
fn what_keeps_the_link_from_working_is_said_beside_the_answer() {
    let place = watched();
    place.command("user pause weber").assert().success();
    assert_says(&place, "task/tasks/1", "held", "nothing is written now: paused since");
    std::fs::rename(place.path("practice.db"), place.path("away.db")).expect("is ours");
    let shown = place.run("explain weber task/tasks/1");
    assert!(
        shown.contains("the practice database cannot be asked now") && !shown.starts_with("exit code: 0"),
        "{shown}"
    );
}

#[test]
fn titles_are_searched_and_each_record_has_its_verdict() {
    let place = watched();
    sql(
        &place,
        "INSERT INTO event_people (event_id, initials) VALUES (9001, 'TM');
        INSERT INTO tasks (id, assignee, subject, state, due) VALUES (9002, 'TM', 'Ring Quandt', 'open', '2031-01-01')",
    );
    let output = place.command("explain weber --find quandt --json").output().expect("starts");
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).expect("is JSON");
    let of = |key: &str| {
        let all = found.as_array().expect("a list").iter();
        all.clone().find(|one| one["key"] == key).map(|one| one["verdict"].clone()).unwrap_or_default()
    };
    assert_eq!((of("event/events/9001"), of("task/tasks/9002")), ("held".into(), "not-here".into()), "{found}");
    assert!(of("task/tasks/1").is_null(), "{found}");
    let shown = place.run("explain weber --find quandt");
    assert!(shown.contains("Hearing Quandt") && shown.contains("not for person `HW`"), "{shown}");
    // A contact that was never written has the name that a phone would show.
    let shown = place.run("explain weber --find rhys");
    assert!(shown.contains("contact/contacts/3") && shown.contains("Rhys"), "{shown}");
    // Who asks for a letter is not given a thousand lines, and a script is.
    let shown = place.run("explain weber --find e");
    assert_eq!(shown.lines().filter(|line| line.contains('/')).count(), 50, "{shown}");
    assert!(shown.contains(" more: give more of the title"), "{shown}");
    let output = place.command("explain weber --find e --json").output().expect("starts");
    let all: serde_json::Value = serde_json::from_slice(&output.stdout).expect("is JSON");
    assert!(all.as_array().is_some_and(|all| all.len() > 100), "{all}");
    let output = place.command("explain weber --find").arg(" ").output().expect("starts");
    assert_eq!(output.status.code(), Some(2), "{}", place.shown(&output));
    assert_snapshot!(place.run("explain weber --find nobody-is-called-so"), @r"
    exit code: 0
    ----- stdout
    ----- stderr
    no record has this in its title; `pocketdocket practice preview` shows what the database holds
    ");
}

#[test]
fn json_has_everything_a_script_needs() {
    let place = watched();
    insta::assert_json_snapshot!(answer(&place, "task/tasks/1"), { ".practice.read" => "MOMENT" }, @r#"
    {
      "differences": [],
      "history": [],
      "holds": [],
      "if_record_deleted": null,
      "if_user_deletes": null,
      "item": null,
      "key": "task/tasks/1",
      "next": {
        "findings": [],
        "holds": [
          {
            "kind": "task",
            "operations": [
              {
                "action": {
                  "create": {
                    "record": {
                      "fields": {
                        "due-date": {
                          "date": "2031-03-04"
                        },
                        "importance": {
                          "importance": "low"
                        },
                        "notes": null,
                        "percent-complete": {
                          "percent": 0
                        },
                        "reminder": null,
                        "sensitivity": {
                          "sensitivity": "normal"
                        },
                        "start-date": null,
                        "status": {
                          "status": "not-started"
                        },
                        "subject": {
                          "text": "File the appeal"
                        }
                      },
                      "kind": "task"
                    }
                  }
                },
                "due": "2031-03-04T23:00:00Z",
                "key": "task/tasks/1",
                "why": "new"
              }
            ],
            "reason": {
              "reason": "first-write"
            }
          }
        ],
        "operations": []
      },
      "observed": null,
      "practice": {
        "audience": [
          "person `HW`"
        ],
        "problems": [],
        "read": "MOMENT",
        "rows": 1
      },
      "proposals": [],
      "proven": null,
      "title": "\"File the appeal\", due 2031-03-04",
      "undone_by": null,
      "user": "weber",
      "verdict": "held",
      "why": [
        "it is for this user, and within what they get to see",
        "it would wait for a person: the first write into this mailbox: look at it before it happens"
      ],
      "written": null
    }
    "#);
}

#[test]
fn a_record_from_its_first_write_to_its_deletion() {
    let exchange = Exchange::start();
    let place = exchange.place();
    sql(&place, WATCHED);
    sql(&place, "DELETE FROM tasks WHERE id <> 1; DELETE FROM contacts; DELETE FROM events WHERE id <> 9001");
    let config = std::fs::read_to_string(place.path("pocketdocket.toml")).expect("was written");
    place.write("pocketdocket.toml", &format!("{config}\n[policy.on_delete]\nevent = \"leave\"\n"));
    exchange.make_active(&place);
    let task = "task/tasks/1";
    let _ = place.run("sync");
    assert_says(&place, task, "held", "`pocketdocket holds show");
    for hold in place.ledger().holds().expect("readable") {
        place.command(&format!("holds release {} --yes", hold.id)).assert().success();
    }
    place.command("sync").assert().success();
    assert_says(&place, task, "on-the-phone", "for this user");
    let written = answer(&place, task);
    assert_eq!(written["written"]["what"], "create", "{written}");
    assert!(written["proven"]["at"].is_string() && written["item"]["seen"] == true, "{written}");
    assert_eq!(written["if_record_deleted"]["operations"][0]["action"]["delete"]["manner"], "to-deleted-items");
    assert_eq!(written["if_user_deletes"]["operations"][0]["why"], "restored", "{written}");
    let item = written["item"]["id"].as_str().expect("an id").to_owned();
    assert!(place.run(&format!("explain weber --item {item}")).contains("task/tasks/1 for weber"));

    sql(&place, "UPDATE tasks SET subject = 'File the wrong appeal', changed_at = datetime('now') WHERE id = 1");
    assert_says(&place, task, "to-be-written", "for this user");
    let shown = place.run("explain weber task/tasks/1");
    assert!(shown.contains("\"File the wrong appeal\"  \"File the appeal\""), "now, and as written: {shown}");
    place.command("sync").assert().success();
    let history = place.ledger().history(&HistoryFilter::default()).expect("readable");
    let update = history.iter().find(|entry| entry.what == "update").expect("was written").run;
    place.command(&format!("undo --run {update} --yes")).assert().success();
    assert_says(&place, task, "on-the-phone", "pinned: run");
    let pinned = answer(&place, task);
    assert_eq!(pinned["differences"][0]["field"], "subject", "{pinned}");
    assert_eq!(pinned["differences"][0]["shown"]["text"], "File the appeal", "{pinned}");

    let event = "event/events/9001";
    exchange.phone().delete("Hearing Quandt").expect("is there");
    place.command("sync").assert().success();
    assert_says(&place, event, "deleted-by-user", "respected until the record changes");
    assert!(answer(&place, event)["if_user_deletes"].is_null());
    sql(&place, "DELETE FROM tasks");
    let (word, why) = verdict(&place, task);
    assert!(matches!(word.as_str(), "to-be-removed" | "held") && why.contains("has no such record"), "{word}: {why}");
    exchange.stop();
}

#[test]
fn what_the_server_refused_is_said_with_its_words() {
    let exchange = Exchange::start();
    let place = exchange.place();
    sql(&place, WATCHED);
    sql(&place, "DELETE FROM tasks WHERE id <> 1; DELETE FROM contacts; DELETE FROM events WHERE id <> 9001");
    exchange.make_active(&place);
    let _ = place.run("sync");
    for hold in place.ledger().holds().expect("readable") {
        place.command(&format!("holds release {} --yes", hold.id)).assert().success();
    }
    exchange.refuse("Hearing Quandt");
    let _ = place.run("sync");
    assert_says(&place, "event/events/9001", "refused", "it is tried again when the record changes");
    assert_says(&place, "task/tasks/1", "on-the-phone", "for this user");
    exchange.stop();
}

#[test]
fn clients_data_goes_to_standard_output_alone() {
    let place = watched();
    for line in ["--log trace explain weber event/events/9001", "--log trace explain weber --find quandt --json"] {
        let output = place.command(line).output().expect("starts");
        assert!(String::from_utf8_lossy(&output.stdout).contains("Quandt"), "{line}");
        assert!(!String::from_utf8_lossy(&output.stderr).contains("Quandt"), "{line}");
    }
    let before = place.ledger().users().expect("readable");
    assert_eq!(before[0].parked, None, "the ledger is as it was");
}
