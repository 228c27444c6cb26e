//! j-lawyer.org on a real MariaDB: every row is on a phone or listed with its reason, each odd one by name, and a second run
//! writes nothing. The data lies in `../shared/data/practice/jlawyer`; without it there is nothing to try.

use std::path::PathBuf;

use pocketdocket::{
    domain::{Field, Kind, Value},
    sources::Settings,
};

use super::{
    account::{account, counted},
    office::{Office, read, settings},
    preview::{Read, shown},
};
use crate::{
    repository,
    servers::{Server, Sort},
};

const LAWYERS: [&str; 6] = ["amuller", "bkowalczyk", "cagidius", "dkruger", "ebauer", "fyldz"];

/// Where data is kept that is not ours, if it is here; tests skip where it is missing.
pub(super) fn data(name: &str) -> Option<PathBuf> {
    let folder = repository::root().join("../shared/data/practice").join(name);
    folder.join("data.sql.gz").exists().then_some(folder)
}

/// A server with the whole of it.
pub(super) fn loaded(name: &str) -> Option<Server> {
    let folder = data(name)?;
    let server = Server::start(Sort::MariaDb);
    // The tables come in the order of their names, not of their references.
    server.sql("SET GLOBAL foreign_key_checks = 0");
    server.load(&folder.join("schema.sql"));
    server.load(&folder.join("data.sql.gz"));
    Some(server)
}

fn chosen(server: &Server, choices: &[(&str, &str)]) -> Settings {
    let mut settings = settings(server, "j-lawyer", "Europe/Berlin");
    settings.placeholders = choices.iter().map(|(name, word)| ((*name).to_owned(), (*word).to_owned())).collect();
    settings
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_of_j_lawyer_is_given_to_somebody_or_listed() {
    let Some(server) = loaded("jlawyer") else { return };
    let settings = chosen(&server, &[("contacts_for", "everyone")]);
    let preview = read(&settings).await;
    for (kind, name, keys) in [
        (Kind::Contact, "contacts", "SELECT id FROM contacts"),
        (Kind::Event, "appointments", "SELECT id FROM case_events WHERE eventType = 30"),
        (Kind::Task, "deadlines", "SELECT id FROM case_events WHERE eventType = 20"),
        (Kind::Task, "follow-ups", "SELECT id FROM case_events WHERE eventType = 10"),
    ] {
        account(&settings, kind, name).await.accounts_for(&server, keys, &preview, kind);
    }
    let odd = Odd { server: &server, preview: &preview };
    odd.dates_are_read_or_listed();
    odd.names_and_texts_are_kept();
    odd.nobody_gets_what_is_nobody_s();
    audiences_are_a_choice(&server).await;
}

/// The rows that are hard, by name.
struct Odd<'o> {
    server: &'o Server,
    preview: &'o Read,
}

impl Odd<'_> {
    fn key(&self, summary: &str) -> String {
        let key =
            self.server.sql(&format!("SELECT id FROM case_events WHERE summary = '{summary}' AND eventType = 30"));
        assert_eq!(key.lines().count(), 1, "{summary}");
        key.trim().to_owned()
    }

    fn told(&self, summary: &str) -> Vec<String> {
        self.preview.problems(Kind::Event, &self.key(summary))
    }

    fn span(&self, summary: &str) -> String {
        shown(self.preview.record(Kind::Event, &self.key(summary)), Field::Span)
    }

    fn dates_are_read_or_listed(&self) {
        for (summary, reason) in [
            ("ohne Datum", "start: there is no start"),
            ("Nulldatum", "start: this is a zero date"),
            ("Platzhalter", "start: this date is outside the years 1900 to 2200"),
            ("Excel-Null", "start: this date is outside the years 1900 to 2200"),
        ] {
            let told = self.told(summary);
            assert!(told.iter().any(|told| told.starts_with(reason)), "{summary}: {told:?}");
            assert!(self.preview.is_unreadable(Kind::Event, &self.key(summary)), "{summary}");
        }
        assert_eq!(self.told("Ende vor Beginn"), ["end: the end is before the start: shown with 30 minutes"]);
        assert_eq!(self.told("ohne Ende"), ["end: there is no end: shown with 30 minutes"]);
        assert_eq!(self.span("Termin in der DST-Lücke"), "2026-03-29T01:30:00Z/2026-03-29T01:30:00Z");
        assert!(self.told("Termin in der DST-Lücke")[0].contains("summer time skips it"));
        assert_eq!(self.span("Termin in der doppelten Stunde"), "2026-10-25T00:30:00Z/2026-10-25T00:45:00Z");
        assert!(self.told("Termin in der doppelten Stunde")[0].contains("happens twice"));
        assert_eq!(self.span("Fortbildung (ganztägig)"), "2026-05-05/2026-05-05");
        assert_eq!(self.span("Urlaub (mehrtägig)"), "2026-07-06/2026-07-10");
        assert_eq!(self.span("Dauer null"), "2026-05-07T07:00:00Z/2026-05-07T07:00:00Z");
        assert_eq!(self.span("Jahreswechsel"), "2026-12-31T22:30:00Z/2026-12-31T23:30:00Z");
        let undated = self.server.sql("SELECT id FROM case_events WHERE eventType = 10 AND summary = 'Nulldatum'");
        let told = self.preview.problems(Kind::Task, undated.trim());
        assert_eq!(told, ["due_date: this is a zero date: left out, the last good value stays"]);
        let bad = "birthDate = '1.1.70' OR birthDate = '00.00.0000' OR birthDate = '31.02.1980'";
        let bad = counted(self.server, &format!("SELECT count(*) FROM contacts WHERE {bad}"));
        let of_birthdays = |problem: &&pocketdocket::domain::RowProblem| problem.column.as_deref() == Some("birthday");
        assert_eq!(self.preview.preview.problems.iter().filter(of_birthdays).count() as u64, bad);
    }

    fn names_and_texts_are_kept(&self) {
        let contacts = |filter: &str| {
            let keys = self.server.sql(&format!("SELECT id FROM contacts WHERE {filter}"));
            let keys: Vec<String> = keys.lines().map(str::to_owned).collect();
            assert!(!keys.is_empty(), "{filter}");
            keys.into_iter().map(|key| self.preview.record(Kind::Contact, &key)).collect::<Vec<_>>()
        };
        // Nameless contacts are there all the same, with what is known of them.
        contacts("COALESCE(name, '') = '' AND COALESCE(firstName, '') = '' AND COALESCE(company, '') = ''");
        for contact in contacts("TRIM(LOWER(email)) = 'info@kanzlei-duplikat.example'") {
            assert_eq!(shown(contact, Field::Email1).to_lowercase(), "info@kanzlei-duplikat.example");
        }
        for contact in contacts("notice LIKE '%<html>%'") {
            let notes = shown(contact, Field::Notes);
            assert!(notes.contains("dringend zurückrufen!\nDanke & Gruß") && !notes.contains('<'), "{notes}");
            assert!(!notes.contains("alert"), "{notes}");
        }
        for contact in contacts("notice LIKE 'Zeile1%'") {
            assert_eq!(shown(contact, Field::Notes), "Zeile1\nZeile2\nZeile3\nxy", "lines stay, control characters go");
        }
        for contact in contacts("name = REPEAT('L', 240)") {
            assert_eq!(shown(contact, Field::Surname).len(), 240);
        }
        contacts("modificationDate > '2037-01-01'");
        contacts("modificationDate = '0000-00-00 00:00:00'");
        let control = self.server.sql("SELECT id FROM case_events WHERE summary LIKE 'Steuerzeichen%'");
        let event = self.preview.record(Kind::Event, control.trim());
        assert_eq!(shown(event, Field::Subject), "Steuerzeichen  im Titel");
        assert_eq!(shown(event, Field::Notes), "Zeile 1\nZeile 2\tTabVT");
        let untitled =
            self.server.sql("SELECT id FROM case_events WHERE eventType = 30 AND COALESCE(summary, '') = ''");
        for key in untitled.lines() {
            assert_eq!(self.preview.record(Kind::Event, key).record.get(Field::Subject), None);
        }
        let long = self.server.sql("SELECT id FROM case_events WHERE LENGTH(description) > 8000");
        let event = self.preview.record(Kind::Event, long.trim());
        assert!(matches!(event.record.get(Field::Notes), Some(Value::Text(text)) if text.reveal().len() > 8000));
    }

    fn nobody_gets_what_is_nobody_s(&self) {
        let former = self.server.sql("SELECT id FROM case_events WHERE assignee = 'ausgeschieden'");
        for key in former.lines() {
            let (kind, other) = (Kind::Event, Kind::Task);
            let told = [self.preview.problems(kind, key), self.preview.problems(other, key)].concat();
            assert!(told.iter().any(|told| told.starts_with("person: this person is not among `people`")), "{told:?}");
        }
        let nobody = counted(self.server, "SELECT count(*) FROM case_events WHERE COALESCE(assignee, '') = ''");
        let none = |problem: &&pocketdocket::domain::RowProblem| problem.what.starts_with("there is no person");
        assert_eq!(self.preview.preview.problems.iter().filter(none).count() as u64, nobody);
    }
}

/// The switch in j-lawyer, the own cases, the whole address book; the person in charge, or everyone who may see the calendar.
async fn audiences_are_a_choice(server: &Server) {
    let pairs = |preview: &Read, kind| preview.preview.records.iter().filter(|one| one.key.kind == kind).count() as u64;
    let switched = read(&chosen(server, &[])).await;
    let expected = "SELECT count(DISTINCT s.principal_id, c.addressKey) FROM case_syncs s \
                    JOIN case_contacts c ON c.archiveFileKey = s.case_id";
    assert_eq!(pairs(&switched, Kind::Contact), counted(server, expected));
    let own = read(&chosen(server, &[("contacts_for", "own-cases")])).await;
    let expected = "SELECT count(DISTINCT u.principalId, c.addressKey) FROM security_users u \
                    JOIN cases k ON (k.lawyer = u.principalId OR k.assistant = u.principalId) AND k.archived = 0 \
                    JOIN case_contacts c ON c.archiveFileKey = k.id";
    assert_eq!(pairs(&own, Kind::Contact), counted(server, expected));
    let shared = read(&chosen(server, &[("appointments_for", "calendar")])).await;
    let expected = "SELECT count(*) FROM case_events e JOIN security_calendar_access a ON a.calendar_id = e.calendar_setup \
                    WHERE e.eventType = 30 AND e.beginDate BETWEEN '1900-01-01' AND '2200-12-31'";
    let given = |one: &&pocketdocket::domain::SourceRecord| {
        one.key.kind == Kind::Event && one.audience != pocketdocket::domain::Audience::Nobody
    };
    assert_eq!(shared.preview.records.iter().filter(given).count() as u64, counted(server, expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn j_lawyer_is_on_the_phones_after_one_run_and_a_second_one_writes_nothing() {
    let Some(server) = loaded("jlawyer") else { return };
    let office = Office::of(&chosen(&server, &[]), &LAWYERS).await;
    office.first_sync().await;
    for person in LAWYERS {
        let open_case = "COALESCE((SELECT archived + 0 FROM cases k WHERE k.id = e.archiveFileKey), 0) = 0";
        let keep_off =
            "(SELECT 1 FROM contact_tags t WHERE t.addressKey = c.addressKey AND t.tagName = 'nicht synchronisieren')";
        // What is done and has no day is in no window.
        let expected = [
            format!(
                "SELECT count(*) FROM case_events e WHERE eventType = 30 AND assignee = '{person}' AND {open_case} \
                 AND beginDate BETWEEN '1900-01-01' AND '2200-12-31'"
            ),
            format!(
                "SELECT count(*) FROM case_events e WHERE eventType < 30 AND assignee = '{person}' AND {open_case} AND NOT (done + 0 = 1 AND COALESCE(beginDate, '0000-00-00') < '1000-01-01')"
            ),
            format!(
                "SELECT count(DISTINCT c.addressKey) FROM case_syncs s JOIN case_contacts c ON c.archiveFileKey = s.case_id \
                 WHERE s.principal_id = '{person}' AND NOT EXISTS {keep_off}"
            ),
        ];
        let expected = expected.map(|statement| counted(&server, &statement));
        assert_eq!(office.on_phone(person), expected, "events, tasks and contacts of {person}");
    }
    office.second_run_writes_nothing().await;

    // A change of an entry moves the time of its case: the next tick has it.
    let changed = "SELECT e.id FROM case_events e JOIN cases k ON k.id = e.archiveFileKey \
                   WHERE eventType = 30 AND assignee = 'amuller' AND archived = 0 ORDER BY e.id LIMIT 1";
    let key = server.sql(changed).trim().to_owned();
    server.sql(&format!(
        "UPDATE case_events SET summary = 'Verlegt' WHERE id = '{key}'; \
         UPDATE cases SET date_changed = UTC_TIMESTAMP() WHERE id = (SELECT archiveFileKey FROM case_events WHERE id = '{key}')"
    ));
    let before = office.writes();
    office.tick(2).await;
    assert_eq!(office.writes() - before, 1);
}
