//! A large practice database: the sample firm's tables and mapping, filled with rows of known destiny.
//!
//! Every linked person has the same items in scope, however many rows there are. The rest of the rows are what real databases
//! are full of: half of them old events and done tasks of linked persons, out of the window; half of them events and tasks of
//! persons who have no link. All of them were changed at some time of the past year, so that hints do not show them.

use std::path::Path;

use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};
use pocketdocket::sources::sample::{self, Size};
use rusqlite::{Connection, Transaction, params};

use crate::firm::{self, Firm};

/// Rows made so far, by kind.
pub(crate) struct Practice {
    connection: Connection,
    today: Date,
    events: u32,
    tasks: u32,
}

/// When a row counts as changed.
fn wall_clock(at: Timestamp) -> anyhow::Result<String> {
    Ok(at.to_zoned(TimeZone::get(firm::ZONE)?).strftime("%Y-%m-%d %H:%M:%S").to_string())
}

impl Practice {
    /// The rows that are in somebody's scope, and no others.
    pub(crate) fn create(file: &Path, firm: &Firm) -> anyhow::Result<Self> {
        let today = Timestamp::now().to_zoned(TimeZone::get(firm::ZONE)?).date();
        let people = firm::FIRST_PERSON + 2 * firm.users;
        sample::create(file, 1, today, Size { people, contacts: 0, events: 0, tasks: 0 })?;
        let connection = Connection::open(file)?;
        connection.pragma_update(None, "synchronous", false)?;
        let mut practice = Self { connection, today, events: 0, tasks: 0 };
        practice.fill(|practice, transaction| {
            for id in 1..=firm.contacts {
                contact(transaction, id, practice.today)?;
            }
            for number in 0..firm.events {
                let day = today + (4 + i64::from(number)).days();
                for user in 1..=firm.users {
                    practice.event(transaction, &firm::person(user), day)?;
                }
            }
            for number in 0..firm.tasks {
                let day = today + (4 + i64::from(number)).days();
                for user in 1..=firm.users {
                    practice.task(transaction, &firm::person(user), day, "open")?;
                }
            }
            Ok(())
        })?;
        Ok(practice)
    }

    /// More rows, until there are so many; nobody's items change.
    pub(crate) fn grow(&mut self, firm: &Firm, rows: u32) -> anyhow::Result<()> {
        let missing = rows.saturating_sub(firm.contacts + self.events + self.tasks);
        let today = self.today;
        self.fill(|practice, transaction| {
            for number in 0..missing {
                let user = 1 + number / 2 % firm.users;
                let linked = number % 2 == 0;
                let person = firm::person(if linked { user } else { firm.users + user });
                let old = today - (60 + i64::from(number % 1_500)).days();
                let coming = today + (1 + i64::from(number % 180)).days();
                match (number % 3 == 0, linked) {
                    (true, true) => practice.task(transaction, &person, old, "done")?,
                    (true, false) => practice.task(transaction, &person, coming, "open")?,
                    (false, true) => practice.event(transaction, &person, old)?,
                    (false, false) => practice.event(transaction, &person, coming)?,
                }
            }
            Ok(())
        })
    }

    fn fill(&mut self, fill: impl FnOnce(&mut Self, &Transaction<'_>) -> rusqlite::Result<()>) -> anyhow::Result<()> {
        let connection = std::mem::replace(&mut self.connection, Connection::open_in_memory()?);
        let transaction = connection.unchecked_transaction()?;
        fill(self, &transaction)?;
        transaction.commit()?;
        self.connection = connection;
        Ok(())
    }

    /// Moves so many events to another room, now; each of another user, as far as there are enough. `round` is others each time.
    pub(crate) fn change(&self, firm: &Firm, round: u32, changes: u32) -> anyhow::Result<()> {
        let now = wall_clock(Timestamp::now())?;
        let transaction = self.connection.unchecked_transaction()?;
        for change in 0..changes {
            // The first events were made day by day, one for each user.
            let id = 1 + (round * changes + change) % (firm.events * firm.users);
            transaction
                .prepare_cached("UPDATE events SET place = ?2, changed_at = ?3 WHERE id = ?1")?
                .execute(params![id, format!("Room {round}.{change}"), now])?;
        }
        Ok(transaction.commit()?)
    }

    fn event(&mut self, transaction: &Transaction<'_>, person: &str, day: Date) -> rusqlite::Result<()> {
        self.events += 1;
        let id = self.events;
        let start = day.at(i8::try_from(8 + id % 9).unwrap_or(8), 0, 0, 0);
        transaction
            .prepare_cached(
                "INSERT INTO events (id, matter_id, subject, place, remarks, starts_at, ends_at, whole_day, remind_before,
                    shown_as, confidential, sort, state, changed_at)
                 VALUES (?1, ?2, ?3, 'Amtsgericht Musterstadt, Saal 12', ?4, ?5, ?6, 0, 30, 'busy', 0, 'Gericht', 'planned', ?7)",
            )?
            .execute(params![
                id,
                1 + id % 10,
                format!("Mündliche Verhandlung {id}"),
                id.is_multiple_of(3).then(|| format!("Unterlagen in Ordner {id}.\nBitte 10 Minuten vorher da sein.")),
                start.strftime("%Y-%m-%d %H:%M:%S").to_string(),
                (start + 1.hour()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
                changed(id, self.today),
            ])?;
        transaction.prepare_cached("INSERT INTO event_people VALUES (?1, ?2)")?.execute(params![id, person])?;
        Ok(())
    }

    fn task(&mut self, transaction: &Transaction<'_>, person: &str, due: Date, state: &str) -> rusqlite::Result<()> {
        self.tasks += 1;
        let id = self.tasks;
        transaction
            .prepare_cached(
                "INSERT INTO tasks (id, matter_id, assignee, subject, remarks, begins, due, state, percent, urgency,
                    confidential, remind_at, changed_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, NULL, ?6, ?7, ?8, 2, 0, NULL, ?9)",
            )?
            .execute(params![
                id,
                1 + id % 10,
                person,
                format!("Berufungsbegründung {id}"),
                id.is_multiple_of(3).then(|| format!("Siehe Vermerk {id}.")),
                due.to_string(),
                state,
                if state == "done" { 100 } else { 0 },
                changed(id, self.today),
            ])?;
        Ok(())
    }
}

fn contact(transaction: &Transaction<'_>, id: u32, today: Date) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO contacts (id, matter_id, first_name, last_name, company, role, email, phone, mobile, street, city,
                postcode, country, web, remarks_html, labels, changed_at)
             VALUES (?1, ?2, 'Anna', ?3, ?4, 'Geschäftsführung', ?5, '+49 30 23125 000', '+49 171 39200 00', 'Hauptstraße 1',
                'Musterstadt', '12345', 'Deutschland', 'https://www.example.com/', '<p>Bevorzugt Anrufe am <b>Vormittag</b>.</p>',
                'Mandant', ?6)",
        )?
        .execute(params![
            id,
            1 + id % 10,
            format!("Muster {id}"),
            format!("Muster {id} GmbH"),
            format!("anna.muster.{id}@example.com"),
            changed(id, today),
        ])?;
    Ok(())
}

/// Some moment of the past year, at least two days ago.
fn changed(id: u32, today: Date) -> String {
    let day = today - (2 + i64::from(id % 360)).days();
    let time = day.at(8, 0, 0, 0) + SignedDuration::from_secs(i64::from(id % 36_000));
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}
