//! The same practice database in two mailboxes, one by each protocol, and both read back by both: the same but for what
//! `docs/reference/fields-per-protocol.md` says.

use std::{collections::BTreeMap, sync::Arc};

use pocketdocket::{
    auth::password::Basic,
    domain::{Field, Importance, ItemContent, Kind, Reminder, Sensitivity, TaskStatus, Value, notes},
    exchange::{EwsMailbox, GraphMailbox, Settings, Shared, graph::Whose},
    ports::{Mailbox, Protocol},
    simulator,
};

use super::firm::{Firm, address};
use crate::token::Token;

/// Every word that a column can have, but those that stand for another.
const MAPPING: &str = r#"
[practice]
name = "Everything"
connector = "sqlite"
[people]
sql = "SELECT id, name, email, active FROM people"
[[contacts]]
sql = """
SELECT 'c' AS key, 'office' AS person, 'Dr.' AS name_title, 'Anna' AS given_name, 'Maria' AS middle_name, 'Müller & Söhne' AS surname,
  'jr.' AS name_suffix, 'Anni' AS nickname, 'Müller, Anna' AS file_as, 'Dr. Anna Müller' AS display_name, 'Kanzlei <A>' AS company,
  'Insolvenz' AS department, 'Rechtsanwältin' AS job_title, 'a@example.org' AS email_1, 'b@example.org' AS email_2,
  'c@example.org' AS email_3, '+49 30 1' AS business_phone, '+49 30 2' AS business_phone_2, '+49 30 3' AS home_phone,
  '+49 30 4' AS home_phone_2, '+49 30 5' AS mobile_phone, '+49 30 6' AS other_phone, '+49 30 7' AS car_phone,
  '+49 30 8' AS company_main_phone, '+49 30 9' AS business_fax, '+49 30 10' AS home_fax, '+49 30 11' AS other_fax,
  '+49 30 12' AS assistant_phone, '+49 30 13' AS pager, 'Frau Kaya' AS assistant_name, 'Ring 1' AS business_street,
  'Ulm' AS business_city, 'BW' AS business_state, '89073' AS business_postal_code, 'Deutschland' AS business_country,
  'Weg 2' AS home_street, 'Bonn' AS home_city, 'Platz 3' AS other_street, 'https://example.org' AS web_page,
  '1970-02-28' AS birthday, 'Rückruf erbeten' AS notes, 'Mandant' AS categories, 'normal' AS sensitivity
UNION ALL SELECT 'little', 'office', NULL, NULL, NULL, 'Only', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '+49 30 22',
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, 'normal'
"""
[[events]]
sql = """
SELECT 'timed' AS key, 'office' AS person, 'Termin & Frist' AS subject, 'Saal <1>' AS location, 'Akte mitbringen' AS notes,
  '2026-12-07 10:00' AS start, '2026-12-07 11:30' AS end, 0 AS all_day, 'Gericht' AS categories, 'normal' AS sensitivity,
  30 AS reminder_minutes, 'tentative' AS show_as
UNION ALL SELECT 'days', 'office', 'Urlaub', NULL, NULL, '2026-12-21', '2026-12-23', 1, NULL, 'normal', NULL, 'away'
UNION ALL SELECT 'summer', 'office', 'Verhandlung', NULL, NULL, '2027-07-05 09:00', '2027-07-05 09:00', 0, NULL, 'normal', NULL, NULL
"""
[[tasks]]
sql = """
SELECT 'open' AS key, 'office' AS person, 'Frist' AS subject, 'Schriftsatz' AS notes, '2026-12-11' AS due_date, '2026-12-01' AS start_date,
  'in-progress' AS status, 40 AS percent_complete, 'high' AS importance, 'Frist' AS categories, 'normal' AS sensitivity,
  '2026-12-10 08:00' AS reminder_at
UNION ALL SELECT 'done', 'office', 'Erledigt', NULL, '2026-11-20', NULL, 'completed', 100, NULL, NULL, 'normal', NULL
UNION ALL SELECT 'little', 'office', 'Wiedervorlage', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'normal', NULL
"""
"#;

/// What a mailbox holds, by stamp; tasks by what they are called.
type Held = BTreeMap<String, (BTreeMap<Field, Value>, String)>;

/// What is there when nothing was said.
fn is_default(field: Field, value: &Value) -> bool {
    match value {
        Value::Sensitivity(value) => *value == Sensitivity::Normal,
        Value::Importance(value) => *value == Importance::Normal,
        Value::Reminder(value) => *value == Reminder::Off,
        Value::Status(value) => *value == TaskStatus::NotStarted,
        Value::Percent(value) => *value == 0,
        Value::Categories(names) => names.is_empty(),
        Value::Text(text) => text.reveal().is_empty(),
        _ => field == Field::ShowAs && *value == Value::ShowAs(pocketdocket::domain::ShowAs::Busy),
    }
}

/// The lines in a task's notes that stand for what To Do has no property for.
fn is_held(line: &str) -> bool {
    line.starts_with("[Progress: ") || line.starts_with("[Sensitivity: ")
}

fn told(content: &ItemContent) -> (BTreeMap<Field, Value>, String) {
    let fields = content.fields.iter().filter(|(field, value)| !is_default(**field, value));
    let text = content.body.as_ref().map(notes::text).unwrap_or_default();
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty() && !is_held(line)).collect();
    (fields.map(|(field, value)| (*field, value.clone())).collect(), lines.join("\n"))
}

async fn read_all(mailbox: &dyn Mailbox) -> Held {
    let mut held = Held::new();
    for kind in Kind::ALL {
        let folder = mailbox.folder(kind).await.expect("a folder").id;
        let seen = mailbox.changes(&folder, None).await.expect("a look").changed;
        let ids: Vec<_> = seen.into_iter().map(|sighting| sighting.item.id).collect();
        for content in mailbox.read(kind, &ids).await.expect("an answer") {
            let content = content.expect("readable").expect("there");
            let subject = content.fields.get(&Field::Subject).cloned();
            let name = match (kind, &content.stamp, subject) {
                // The stamp of a task stands where only its own protocol looks.
                (Kind::Task, _, Some(Value::Text(subject))) => format!("task/{}", subject.reveal()),
                (_, stamp, _) => stamp.clone().expect("stamped"),
            };
            held.insert(name, told(&content));
        }
    }
    held
}

async fn by_both(firm: &Firm, user: &str) -> [Held; 2] {
    let (address, settings) = (address(user), Settings::default());
    let settings = Settings { url: Some(firm.sim.ews_url()), graph_url: firm.sim.graph_url(), ..settings };
    let shared = Arc::new(Shared::new(&settings).expect("good settings"));
    let basic = Arc::new(Basic::new(&address, &simulator::PASSWORD.into()).expect("a login"));
    let link = settings.link(&address, None, "Europe/Berlin").expect("an address");
    let ews = EwsMailbox::connect(&settings, link, basic, Arc::clone(&shared)).expect("an address");
    let token = Arc::new(Token(firm.sim.graph_token(&address).expect("a token")));
    let link = settings.graph_link(&address, None, "Europe/Berlin").expect("an address");
    let graph = GraphMailbox::connect(&settings, link, &Whose::Own, token, shared).expect("an address");
    [read_all(&ews).await, read_all(&graph).await]
}

/// The fields of tasks that To Do has no property for: whoever reads them by the other protocol than they were written by does not
/// see them. A task that is done says so by its status.
const OF_TASKS: [Field; 2] = [Field::PercentComplete, Field::Sensitivity];

fn without_what_to_do_lacks(held: &Held) -> Held {
    let mut held = held.clone();
    for (stamp, (fields, _)) in &mut held {
        if stamp.starts_with("task/") {
            fields.retain(|field, _| !OF_TASKS.contains(field));
        }
    }
    held
}

#[tokio::test(flavor = "multi_thread")]
async fn one_practice_is_the_same_in_mailboxes_by_each_protocol_and_seen_by_each() {
    let mut firm = Firm::of(&[]).await;
    firm.sql("INSERT INTO people (id, name, email) VALUES ('office', 'Office', 'office@kanzlei.example')");
    firm.map_anew(MAPPING).await;
    firm.link_over(Protocol::Ews, "onpremises", "office").await;
    firm.link_over(Protocol::Graph, "online", "office").await;
    firm.first_sync().await;
    let problems = firm.ledger.row_problems().expect("readable");
    assert!(problems.is_empty(), "{problems:?}");
    let [ews_by_ews, ews_by_graph] = by_both(&firm, "onpremises").await;
    let [graph_by_ews, graph_by_graph] = by_both(&firm, "online").await;
    assert_eq!(ews_by_ews.len(), 8, "every record is there: {:?}", ews_by_ews.keys());
    // Each by its own protocol: all of it, also what To Do lacks.
    assert_eq!(ews_by_ews, graph_by_graph);
    let open = ews_by_ews.iter().find(|(stamp, _)| *stamp == "task/Frist").expect("there").1;
    assert!(open.0.contains_key(&Field::PercentComplete), "{open:?}");
    // By the other one: all but that.
    let expected = without_what_to_do_lacks(&ews_by_ews);
    assert_eq!(without_what_to_do_lacks(&ews_by_graph), expected);
    assert_eq!(without_what_to_do_lacks(&graph_by_ews), expected);
    // And it stays so: what one protocol wrote is quiet under it.
    firm.assert_quiet("onpremises").await;
    firm.assert_quiet("online").await;
}
