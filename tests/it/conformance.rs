//! What a client that others wrote reads of what the product wrote: exchangelib fetches every contact, event and task through
//! the simulator, and each field is compared with what the practice says.
//!
//! `tests/conformance/run` installs exchangelib and runs this; without it the test says so and is skipped.

mod tsql;

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use pocketdocket::{
    domain::{Kind, notes},
    simulator,
};
use serde_json::{Value, json};

use crate::crash::office::{ADDRESS, Office};

const SCHEMA: &str = r#"
    CREATE TABLE people (id TEXT, name TEXT, email TEXT);
    INSERT INTO people VALUES ('HW', 'Hanna Weber', 'weber@kanzlei.example');
    CREATE TABLE contacts ("key" TEXT, person TEXT DEFAULT 'HW', name_title TEXT, given_name TEXT, middle_name TEXT, surname TEXT,
        name_suffix TEXT, nickname TEXT, display_name TEXT, file_as TEXT, company TEXT, department TEXT, job_title TEXT,
        assistant_name TEXT, email_1 TEXT, email_2 TEXT, email_3 TEXT, business_phone TEXT, business_phone_2 TEXT,
        home_phone TEXT, home_phone_2 TEXT, mobile_phone TEXT, other_phone TEXT, car_phone TEXT, company_main_phone TEXT,
        assistant_phone TEXT, pager TEXT, business_fax TEXT, home_fax TEXT, other_fax TEXT, business_street TEXT,
        business_city TEXT, business_state TEXT, business_postal_code TEXT, business_country TEXT, home_street TEXT,
        home_city TEXT, home_state TEXT, home_postal_code TEXT, home_country TEXT, other_street TEXT, other_city TEXT,
        other_state TEXT, other_postal_code TEXT, other_country TEXT, web_page TEXT, birthday TEXT, notes TEXT,
        categories TEXT, sensitivity TEXT DEFAULT 'normal');
    CREATE TABLE events ("key" TEXT, person TEXT DEFAULT 'HW', subject TEXT, location TEXT, start TEXT, "end" TEXT, all_day TEXT,
        reminder_minutes INTEGER, show_as TEXT, notes TEXT, categories TEXT, sensitivity TEXT DEFAULT 'normal');
    CREATE TABLE tasks ("key" TEXT, person TEXT DEFAULT 'HW', subject TEXT, start_date TEXT, due_date TEXT, status TEXT,
        percent_complete INTEGER, importance TEXT, reminder_at TEXT, notes TEXT, categories TEXT,
        sensitivity TEXT DEFAULT 'normal');

    INSERT INTO contacts VALUES ('full', 'HW', 'Dr. iur.', 'Zoë', 'Maria', 'Müller-Łukasz', 'LL.M.', 'Zo', 'Zoë Müller-Łukasz 🎻',
        'Müller-Łukasz, Zoë', 'Muster & Söhne <GmbH>', 'Recht "Ost"', 'Syndika', 'Frau Keller', 'zoe@muster.example',
        'z.m@privat.example', 'zoe@verein.example', '+49 30 1', '+49 30 2', '+49 30 3', '+49 30 4', '+49 170 5', '+49 30 6',
        '+49 30 7', '+49 30 8', '+49 30 9', '+49 30 10', '+49 30 11', '+49 30 12', '+49 30 13',
        'Hauptstr. 1' || char(10) || '2. Stock', 'Berlin', 'BE', '10115', 'Deutschland', 'Am See 2', 'Zürich', 'ZH', '8001',
        'Schweiz', 'Rue de la Paix 3', 'Paris', 'IDF', '75002', 'France', 'https://muster.example/zoë?a=1&b=2', '1972-02-29',
        'Erste Zeile' || char(10) || char(10) || 'dritte Zeile € 𝄞 <b>', 'Mandant, VIP & mehr', 'normal');
    INSERT INTO contacts ("key", company, business_phone) VALUES ('company', 'Amtsgericht Mitte', '+49 30 9023');
    INSERT INTO contacts ("key", given_name, surname, business_city) VALUES ('few', 'Olaf', '李', '東京');

    INSERT INTO events VALUES
        ('hearing', 'HW', 'Hearing: Müller ./. "Meier" & Co <1>', 'Saal 3, Ümlaut', '2027-03-28 09:00', '2027-03-28 10:30', 'no',
            30, 'away', 'Akten' || char(10) || 'mitnehmen', 'Gericht, Eilt', 'normal'),
        ('winter', 'HW', 'Zwischen den Jahren', NULL, '2026-12-29 23:30', '2026-12-30 00:15', 'no', 0, 'tentative', NULL, NULL, 'normal'),
        ('days', 'HW', 'Fachtagung', 'Köln', '2027-03-27', '2027-03-29', 'yes', -1, 'free', 'Drei Tage über den Zeitwechsel', 'Reise', 'normal'),
        ('day', 'HW', 'Frist', NULL, '2026-12-24', NULL, 'yes', 60, 'busy', NULL, NULL, 'normal'),
        ('elsewhere', 'HW', 'Home office', NULL, '2026-12-10 08:00', '2026-12-10 08:00', 'no', -1, 'elsewhere', NULL, NULL, 'normal'),
        ('private', 'HW', 'Nobody else may read this', 'Nor this', '2026-12-11 12:00', '2026-12-11 13:00', 'no', 5, 'busy', 'Nor that', 'Nor these', 'private');

    INSERT INTO tasks VALUES
        ('appeal', 'HW', 'Berufungsfrist ≤ 30 Tage', '2026-12-01', '2027-03-28', 'in-progress', 40, 'high', '2027-03-28 09:00',
            'ab Zustellung', 'Frist', 'normal'),
        ('open', 'HW', 'Open', NULL, '2026-12-02', 'not-started', 0, 'low', NULL, NULL, NULL, 'normal'),
        ('waiting', 'HW', 'Waiting', NULL, NULL, 'waiting', 10, 'normal', NULL, NULL, NULL, 'normal'),
        ('deferred', 'HW', 'Deferred', NULL, NULL, 'deferred', 20, 'normal', NULL, NULL, NULL, 'normal'),
        ('done', 'HW', 'Done', '2026-11-19', '2026-11-20', 'completed', 100, 'normal', NULL, NULL, NULL, 'normal'),
        ('private', 'HW', 'Nobody else may read this', NULL, '2026-12-03', 'not-started', 0, 'normal', NULL, 'Nor that', 'Nor these', 'private');
"#;

const MAPPING: &str = r#"
[practice]
name = "Every field"
connector = "sqlite"
[people]
sql = "SELECT id, name, email FROM people"
[[contacts]]
sql = "SELECT * FROM contacts"
[[events]]
sql = "SELECT * FROM events"
all_day_end = "inclusive"
[[tasks]]
sql = "SELECT * FROM tasks"
"#;

/// Our block with this text in it.
fn block(text: &str) -> String {
    format!("{}\n{text}\n{}", notes::BEGIN, notes::END)
}

/// What exchangelib is to say of a record: these fields over those that every item of the kind has.
fn item(kind: Kind, record: &str, fields: &Value) -> Value {
    let mut item = json!({
        "stamp": Office::stamp(kind, record), "deleted": false, "categories": [], "sensitivity": "Normal",
        "body": null, "body_format": "text",
    });
    let of_the_kind = match kind {
        Kind::Contact => json!({
            "name_title": null, "given_name": null, "middle_name": null, "surname": null, "name_suffix": null, "nickname": null,
            "company": null, "department": null, "job_title": null, "assistant_name": null, "web_page": null, "birthday": null,
            "emails": {}, "phones": {}, "addresses": {},
        }),
        Kind::Event => json!({
            "location": null, "all_day": false, "first_day": null, "last_day": null, "start": null, "end": null,
            "zone": "Europe/Berlin", "show_as": "Busy",
        }),
        Kind::Task => json!({
            "start_date": null, "due_date": null, "status": "NotStarted", "percent_complete": 0, "importance": "Normal",
            "reminder_is_set": false, "reminder_at": null,
        }),
    };
    for more in [&of_the_kind, fields] {
        for (name, value) in more.as_object().expect("fields") {
            item[name] = value.clone();
        }
    }
    item
}

fn wanted_contacts() -> Value {
    json!([
        item(
            Kind::Contact,
            "company",
            &json!({
                "company": "Amtsgericht Mitte", "display_name": "Amtsgericht Mitte", "file_as": "Amtsgericht Mitte",
                "phones": { "BusinessPhone": "+49 30 9023" },
            })
        ),
        item(
            Kind::Contact,
            "few",
            &json!({
                "given_name": "Olaf", "surname": "李", "display_name": "Olaf 李", "file_as": "李, Olaf",
                "addresses": { "Business": { "street": "", "city": "東京", "state": "", "postal_code": "", "country": "" } },
            })
        ),
        item(
            Kind::Contact,
            "full",
            &json!({
                "name_title": "Dr. iur.", "given_name": "Zoë", "middle_name": "Maria", "surname": "Müller-Łukasz", "name_suffix": "LL.M.",
                "nickname": "Zo", "display_name": "Zoë Müller-Łukasz 🎻", "file_as": "Müller-Łukasz, Zoë",
                "company": "Muster & Söhne <GmbH>", "department": "Recht \"Ost\"", "job_title": "Syndika", "assistant_name": "Frau Keller",
                "emails": {
                    "EmailAddress1": "zoe@muster.example", "EmailAddress2": "z.m@privat.example", "EmailAddress3": "zoe@verein.example",
                },
                "phones": {
                    "BusinessPhone": "+49 30 1", "BusinessPhone2": "+49 30 2", "HomePhone": "+49 30 3", "HomePhone2": "+49 30 4",
                    "MobilePhone": "+49 170 5", "OtherTelephone": "+49 30 6", "CarPhone": "+49 30 7", "CompanyMainPhone": "+49 30 8",
                    "AssistantPhone": "+49 30 9", "Pager": "+49 30 10", "BusinessFax": "+49 30 11", "HomeFax": "+49 30 12",
                    "OtherFax": "+49 30 13",
                },
                "addresses": {
                    "Business": {
                        "street": "Hauptstr. 1\n2. Stock", "city": "Berlin", "state": "BE", "postal_code": "10115",
                        "country": "Deutschland",
                    },
                    "Home": {
                        "street": "Am See 2", "city": "Zürich", "state": "ZH", "postal_code": "8001", "country": "Schweiz",
                    },
                    "Other": {
                        "street": "Rue de la Paix 3", "city": "Paris", "state": "IDF", "postal_code": "75002", "country": "France",
                    },
                },
                // What cannot stand in a URI is written as one writes it there.
                "web_page": "https://muster.example/zo%C3%AB?a=1&b=2", "birthday": "1972-02-29",
                "body": block("Erste Zeile\n\ndritte Zeile € 𝄞 <b>"), "categories": ["Mandant", "VIP & mehr"],
            })
        ),
    ])
}

fn wanted_events() -> Value {
    json!([
        item(
            Kind::Event,
            "day",
            &json!({
                "subject": "Frist", "all_day": true, "first_day": "2026-12-24", "last_day": "2026-12-24",
                "reminder_is_set": true, "reminder_minutes": 60,
            })
        ),
        item(
            Kind::Event,
            "days",
            &json!({
                "subject": "Fachtagung", "location": "Köln", "all_day": true, "first_day": "2027-03-27", "last_day": "2027-03-29",
                "show_as": "Free", "reminder_is_set": false, "body": block("Drei Tage über den Zeitwechsel"), "categories": ["Reise"],
            })
        ),
        item(
            Kind::Event,
            "elsewhere",
            &json!({
                "subject": "Home office", "start": "2026-12-10T07:00:00Z", "end": "2026-12-10T07:00:00Z",
                "show_as": "WorkingElsewhere", "reminder_is_set": false,
            })
        ),
        item(
            Kind::Event,
            "hearing",
            &json!({
                "subject": "Hearing: Müller ./. \"Meier\" & Co <1>", "location": "Saal 3, Ümlaut", "start": "2027-03-28T07:00:00Z",
                "end": "2027-03-28T08:30:00Z", "show_as": "OOF", "reminder_is_set": true, "reminder_minutes": 30,
                "body": block("Akten\nmitnehmen"), "categories": ["Eilt", "Gericht"],
            })
        ),
        item(
            Kind::Event,
            "private",
            &json!({
                "subject": "Private appointment", "start": "2026-12-11T11:00:00Z", "end": "2026-12-11T12:00:00Z",
                "reminder_is_set": true, "reminder_minutes": 5, "sensitivity": "Private",
            })
        ),
        item(
            Kind::Event,
            "winter",
            &json!({
                "subject": "Zwischen den Jahren", "start": "2026-12-29T22:30:00Z", "end": "2026-12-29T23:15:00Z",
                "show_as": "Tentative", "reminder_is_set": true, "reminder_minutes": 0,
            })
        ),
    ])
}

fn wanted_tasks() -> Value {
    json!([
        item(
            Kind::Task,
            "appeal",
            &json!({
                "subject": "Berufungsfrist ≤ 30 Tage", "start_date": "2026-12-01", "due_date": "2027-03-28", "status": "InProgress",
                "percent_complete": 40, "importance": "High", "reminder_is_set": true, "reminder_at": "2027-03-28T07:00:00Z",
                "body": block("ab Zustellung"), "categories": ["Frist"],
            })
        ),
        item(Kind::Task, "deferred", &json!({ "subject": "Deferred", "status": "Deferred", "percent_complete": 20 })),
        item(
            Kind::Task,
            "done",
            &json!({
                "subject": "Done", "start_date": "2026-11-19", "due_date": "2026-11-20", "status": "Completed",
                "percent_complete": 100,
            })
        ),
        item(Kind::Task, "open", &json!({ "subject": "Open", "due_date": "2026-12-02", "importance": "Low" })),
        item(
            Kind::Task,
            "private",
            &json!({
                "subject": "Private task", "due_date": "2026-12-03", "sensitivity": "Private",
            })
        ),
        item(
            Kind::Task,
            "waiting",
            &json!({ "subject": "Waiting", "status": "WaitingOnOthers", "percent_complete": 10 })
        ),
    ])
}

/// Python with what `tests/conformance/run` installs. Nothing where it is not installed, or where what was installed is older than the list: the
/// test says so then, and is skipped.
pub(crate) fn python(package: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("target/conformance/bin/python");
    let pinned = |place: &str| std::fs::read(root.join(place).join("requirements.txt")).ok();
    if python.exists() && pinned("target/conformance") == pinned("tests/conformance") {
        return Some(python);
    }
    assert!(
        std::env::var_os("POCKETDOCKET_CONFORMANCE").is_none(),
        "tests/conformance/run promised that {package} is installed"
    );
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    {
        eprintln!("skipped: {package} is not installed; `tests/conformance/run` installs it and runs this test");
    }
    None
}

/// What exchangelib reads; nothing where it is not installed.
fn read_back(office: &Office) -> Option<Value> {
    let mut child = Command::new(python("exchangelib")?)
        .args(["read_back.py", &office.sim.ews_url(), ADDRESS])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python starts");
    let mut input = child.stdin.take().expect("is piped");
    writeln!(input, "{}", simulator::PASSWORD).expect("it reads the password");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "exchangelib could not read the mailbox: {}", output.status);
    Some(serde_json::from_slice(&output.stdout).expect("JSON"))
}

/// Holds each field of every item against what is wanted.
fn compare(found: &Value, wanted: &Value, when: &str) {
    for (kind, wanted) in wanted.as_object().expect("kinds") {
        let (found, wanted) = (found[kind].as_array().expect("items"), wanted.as_array().expect("items"));
        let stamps = |items: &[Value]| items.iter().map(|item| item["stamp"].to_string()).collect::<Vec<_>>();
        assert_eq!(stamps(found), stamps(wanted), "{kind}, {when}");
        for (found, wanted) in found.iter().zip(wanted) {
            for (field, value) in wanted.as_object().expect("fields") {
                assert_eq!(found[field], *value, "{field} of {}, {when}", wanted["stamp"]);
            }
            let known = |field: &String| {
                ["id", "change_key", "folder"].contains(&field.as_str())
                    || wanted.get(field).is_some()
                    // Without a reminder its minutes mean nothing.
                    || (field == "reminder_minutes" && wanted["reminder_is_set"] == false)
            };
            let unknown: Vec<_> = found.as_object().expect("fields").keys().filter(|field| !known(field)).collect();
            assert!(unknown.is_empty(), "nothing is said about {unknown:?}");
        }
    }
}

/// The lenient dialect is documented to forget one thing (docs/reference/simulator.md): reminders that an update changes.
fn judge(exchange: simulator::Settings, dialect: &str, forgets_reminders: bool) {
    let office = Office::of(SCHEMA, MAPPING, exchange);
    office.release_the_first_write();
    office.sync();
    let Some(found) = read_back(&office) else { return };
    let (mut contacts, mut events, mut tasks) = (wanted_contacts(), wanted_events(), wanted_tasks());
    let all = |contacts: &Value, events: &Value, tasks: &Value| json!({ "contacts": contacts, "events": events, "tasks": tasks });
    compare(&found, &all(&contacts, &events, &tasks), &format!("{dialect}, as they were created"));

    // Each item that may be read is written once more, now by an update of one field; all others stay.
    office.sql(
        "UPDATE contacts SET job_title = 'Updated'; UPDATE events SET location = 'Updated' WHERE sensitivity = 'normal';
         UPDATE tasks SET notes = 'Updated' WHERE sensitivity = 'normal';
         UPDATE events SET reminder_minutes = 45 WHERE key IN ('hearing', 'days');
         UPDATE tasks SET reminder_at = '2027-03-27 09:00' WHERE key = 'appeal'",
    );
    office.sync();
    for (items, field, value) in [
        (&mut contacts, "job_title", "Updated"),
        (&mut events, "location", "Updated"),
        (&mut tasks, "body", &block("Updated")),
    ] {
        for item in items.as_array_mut().expect("items") {
            if item["sensitivity"] == "Normal" {
                item[field] = value.into();
            }
        }
    }
    let appeal = named(&mut tasks, Kind::Task, "appeal");
    appeal["reminder_at"] = "2027-03-27T08:00:00Z".into();
    for record in ["hearing", "days"] {
        if !forgets_reminders {
            let event = named(&mut events, Kind::Event, record);
            event["reminder_is_set"] = true.into();
            event["reminder_minutes"] = 45.into();
        }
    }
    let found = read_back(&office).expect("it was there before");
    compare(&found, &all(&contacts, &events, &tasks), &format!("{dialect}, as they were updated"));
    assert_eq!(office.mailbox().items.len(), 15, "exchangelib changed nothing");
    let writes = office.mailbox().counts.writes();
    office.sync();
    assert_eq!(office.mailbox().counts.writes(), writes, "what {dialect} servers drop is not fought for");
}

fn named<'a>(items: &'a mut Value, kind: Kind, record: &str) -> &'a mut Value {
    let stamp = Office::stamp(kind, record);
    items.as_array_mut().expect("items").iter_mut().find(|item| item["stamp"] == stamp).expect("is wanted")
}

#[test]
fn exchangelib_reads_every_field_that_was_written_into_a_strict_server() {
    judge(simulator::Settings::default(), "strict", false);
}

#[test]
fn exchangelib_reads_every_field_that_was_written_into_a_lenient_server() {
    judge(simulator::Settings::default().lenient(), "lenient", true);
}
