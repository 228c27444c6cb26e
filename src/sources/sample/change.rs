use std::path::Path;

use jiff::{Timestamp, ToSpan, civil::DateTime, tz::TimeZone};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use rusqlite::{OptionalExtension, Transaction, params};

use super::{
    ZONE,
    fill::{Event, insert_event, number, pick, written},
    open, trouble, words,
};
use crate::{
    domain::{Kind, RecordKey},
    ports::Failure,
};

/// What [`change`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The record it was done to.
    pub key: RecordKey,
    /// What was done, in a sentence for the screen (a fictional firm has nothing to hide).
    pub what: String,
}

impl Change {
    fn of(kind: Kind, id: i64, what: String) -> Self {
        Self { key: RecordKey::new(kind, format!("{kind}s"), id.to_string()), what }
    }
}

/// Makes one plausible edit, the `step`-th: the same step of the same firm at the same time is the same edit. In turn a
/// hearing moves, a contact gets a new number, a task is done, something new is entered, somebody joins an event, a record is
/// deleted.
pub fn change(path: &Path, step: u64, now: Timestamp) -> Result<Change, Failure> {
    let failed = |error: rusqlite::Error| trouble("change the sample firm", path).because(error);
    let mut connection = open(path)?;
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(failed)?;
    let zone = TimeZone::get(ZONE).unwrap_or(TimeZone::UTC);
    let mut clerk =
        Clerk { transaction: &transaction, random: StdRng::seed_from_u64(step), now: now.to_zoned(zone).datetime() };
    let edit = match step % 6 {
        0 => clerk.move_hearing(),
        1 => clerk.new_number(),
        2 => clerk.task_done(),
        3 => clerk.new_event().map(Some),
        4 => clerk.join(),
        _ => clerk.delete(),
    };
    let change = match edit.map_err(failed)? {
        Some(change) => change,
        // Nothing of that sort is left: something new can always be entered.
        None => clerk.new_event().map_err(failed)?,
    };
    transaction.commit().map_err(failed)?;
    Ok(change)
}

struct Clerk<'c> {
    transaction: &'c Transaction<'c>,
    random: StdRng,
    now: DateTime,
}

type Edit = rusqlite::Result<Option<Change>>;

impl Clerk<'_> {
    /// One of the rows that a SELECT of id, subject and start yields, by chance.
    fn choose(&mut self, sql: &str) -> rusqlite::Result<Option<(i64, String, String)>> {
        let today = self.now.date().to_string();
        let count: i64 =
            self.transaction.query_row(&format!("SELECT count(*) FROM ({sql})"), [&today], |row| row.get(0))?;
        if count == 0 {
            return Ok(None);
        }
        let place = self.random.random_range(0..count);
        self.transaction
            .query_row(&format!("{sql} ORDER BY id LIMIT 1 OFFSET {place}"), [&today], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()
    }

    fn upcoming(&mut self, condition: &str) -> rusqlite::Result<Option<(i64, String, String)>> {
        self.choose(&format!(
            "SELECT id, subject, starts_at FROM events WHERE starts_at > ?1 AND starts_at < '2200' AND whole_day = 0 \
             AND state = 'planned' AND subject IS NOT NULL AND ends_at > starts_at {condition}"
        ))
    }

    fn move_hearing(&mut self) -> Edit {
        let Some((id, subject, start)) = self.upcoming("AND sort = 'Hearing'")? else { return Ok(None) };
        let Ok(start) = start.parse::<DateTime>() else { return Ok(None) };
        let end: String =
            self.transaction.query_row("SELECT ends_at FROM events WHERE id = ?", [id], |row| row.get(0))?;
        let Ok(end) = end.parse::<DateTime>() else { return Ok(None) };
        let later = self.random.random_range(1_i64..=7).days();
        let (Ok(new_start), Ok(new_end)) = (start.checked_add(later), end.checked_add(later)) else { return Ok(None) };
        self.transaction.execute(
            "UPDATE events SET starts_at = ?, ends_at = ?, changed_at = ? WHERE id = ?",
            params![written(new_start), written(new_end), written(self.now), id],
        )?;
        let form = "%a %-d %b %H:%M";
        let what =
            format!("The hearing “{subject}” moves from {} to {}.", start.strftime(form), new_start.strftime(form));
        Ok(Some(Change::of(Kind::Event, id, what)))
    }

    fn new_number(&mut self) -> Edit {
        let sql = "SELECT id, first_name || ' ' || last_name, '' FROM contacts WHERE first_name <> '' AND ?1 <> ''";
        let Some((id, name, _)) = self.choose(sql)? else { return Ok(None) };
        let number = number(&mut self.random);
        self.transaction.execute(
            "UPDATE contacts SET phone = ?, changed_at = ? WHERE id = ?",
            params![number, written(self.now), id],
        )?;
        Ok(Some(Change::of(Kind::Contact, id, format!("{name} gets a new telephone number, {number}."))))
    }

    fn task_done(&mut self) -> Edit {
        let sql = "SELECT id, subject, due FROM tasks WHERE state <> 'done' AND assignee IS NOT NULL AND due >= ?1";
        let Some((id, subject, _)) = self.choose(sql)? else { return Ok(None) };
        self.transaction.execute(
            "UPDATE tasks SET state = 'done', percent = 100, changed_at = ? WHERE id = ?",
            params![written(self.now), id],
        )?;
        Ok(Some(Change::of(Kind::Task, id, format!("The task “{subject}” is done."))))
    }

    fn new_event(&mut self) -> rusqlite::Result<Change> {
        let (subject, sort, minutes) =
            words::EVENTS.get(self.random.random_range(0..words::EVENTS.len())).copied().unwrap_or_default();
        let day = self.now.date().checked_add(self.random.random_range(1_i64..30).days()).unwrap_or(self.now.date());
        let start = day.at(self.random.random_range(8..18), 0, 0, 0);
        let people: Vec<String> = self
            .transaction
            .prepare("SELECT initials FROM people WHERE active AND email IS NOT NULL ORDER BY rowid")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let person = people.get(self.random.random_range(0..people.len().max(1))).cloned();
        let id: i64 =
            self.transaction.query_row("SELECT coalesce(max(id), 0) + 1 FROM events", [], |row| row.get(0))?;
        let event = Event {
            subject: Some(subject.to_owned()),
            place: Some(pick(&mut self.random, &words::PLACES).to_owned()),
            starts: Some(written(start)),
            ends: Some(written(start.checked_add(minutes.minutes()).unwrap_or(start))),
            whole_day: Some(0),
            remind_before: Some(30),
            shown_as: Some("busy".to_owned()),
            confidential: Some(0),
            sort: Some(sort.to_owned()),
            state: Some("planned".to_owned()),
            people: vec![person.clone()],
            changed: Some(written(self.now)),
            ..Event::default()
        };
        insert_event(self.transaction, id, &event)?;
        let what = format!(
            "{} gets a new appointment, “{subject}” on {}.",
            person.unwrap_or_default(),
            start.strftime("%a %-d %b at %H:%M")
        );
        Ok(Change::of(Kind::Event, id, what))
    }

    fn join(&mut self) -> Edit {
        let Some((id, subject, _)) = self.upcoming("")? else { return Ok(None) };
        let joining: Option<String> = self
            .transaction
            .query_row(
                "SELECT initials FROM people WHERE active AND email IS NOT NULL \
                 AND initials NOT IN (SELECT initials FROM event_people WHERE event_id = ?1 AND initials IS NOT NULL) \
                 ORDER BY rowid LIMIT 1",
                [id],
                |row| row.get(0),
            )
            .optional()?;
        let Some(joining) = joining else { return Ok(None) };
        self.transaction.execute("INSERT INTO event_people VALUES (?, ?)", params![id, joining])?;
        self.transaction.execute("UPDATE events SET changed_at = ? WHERE id = ?", params![written(self.now), id])?;
        Ok(Some(Change::of(Kind::Event, id, format!("{joining} joins “{subject}”."))))
    }

    fn delete(&mut self) -> Edit {
        let Some((id, subject, _)) = self.upcoming("AND sort <> 'Hearing'")? else { return Ok(None) };
        self.transaction.execute("DELETE FROM event_people WHERE event_id = ?", [id])?;
        self.transaction.execute("DELETE FROM events WHERE id = ?", [id])?;
        Ok(Some(Change::of(Kind::Event, id, format!("“{subject}” is deleted."))))
    }
}
