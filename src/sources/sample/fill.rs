use jiff::{ToSpan, civil::Date, civil::DateTime, tz::TimeZone};
use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};
use rusqlite::{Transaction, params};

use super::{Size, ZONE, odd, words};

/// A row of `contacts`.
#[derive(Clone, Default)]
pub(super) struct Contact {
    pub(super) matter: Option<i64>,
    pub(super) title: Option<String>,
    pub(super) first_name: Option<String>,
    pub(super) last_name: Option<String>,
    pub(super) company: Option<String>,
    pub(super) role: Option<String>,
    pub(super) email: Option<String>,
    pub(super) private_email: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) mobile: Option<String>,
    pub(super) home_phone: Option<String>,
    pub(super) street: Option<String>,
    pub(super) town: Option<(String, String, String)>,
    pub(super) web: Option<String>,
    pub(super) birthday: Option<String>,
    pub(super) remarks: Option<String>,
    pub(super) labels: Option<String>,
    pub(super) changed: Option<String>,
}

/// A row of `events`, with its participants.
#[derive(Clone, Default)]
pub(super) struct Event {
    pub(super) matter: Option<i64>,
    pub(super) subject: Option<String>,
    pub(super) place: Option<String>,
    pub(super) remarks: Option<String>,
    pub(super) starts: Option<String>,
    pub(super) ends: Option<String>,
    pub(super) whole_day: Option<i64>,
    pub(super) remind_before: Option<i64>,
    pub(super) shown_as: Option<String>,
    pub(super) confidential: Option<i64>,
    pub(super) sort: Option<String>,
    pub(super) state: Option<String>,
    pub(super) people: Vec<Option<String>>,
    pub(super) changed: Option<String>,
}

/// A row of `tasks`.
#[derive(Clone, Default)]
pub(super) struct Task {
    pub(super) matter: Option<i64>,
    pub(super) assignee: Option<String>,
    pub(super) subject: Option<String>,
    pub(super) remarks: Option<String>,
    pub(super) begins: Option<String>,
    pub(super) due: Option<String>,
    pub(super) state: Option<String>,
    pub(super) percent: Option<i64>,
    pub(super) urgency: Option<i64>,
    pub(super) confidential: Option<i64>,
    pub(super) remind_at: Option<String>,
    pub(super) changed: Option<String>,
}

/// Fills the tables.
pub(super) fn fill(transaction: &Transaction<'_>, seed: u64, today: Date, size: Size) -> rusqlite::Result<()> {
    let mut office = Office {
        random: StdRng::seed_from_u64(seed),
        today,
        people: people(size.people),
        size,
        matters: size.matters(),
    };
    for (initials, name, email, active) in &office.people {
        transaction
            .prepare_cached("INSERT INTO people VALUES (?, ?, ?, ?)")?
            .execute(params![initials, name, email, active])?;
    }
    for id in 1..=office.matters {
        let name =
            format!("{} ./. {}", pick(&mut office.random, &words::SURNAMES), pick(&mut office.random, &words::MATTERS));
        let number = format!("{:04}/{:02}", id, today.year() % 100);
        transaction.prepare_cached("INSERT INTO matters VALUES (?, ?, ?, ?)")?.execute(params![
            id,
            number,
            name,
            id % 17 == 0
        ])?;
    }
    for id in 1..=i64::from(size.contacts) {
        let mut contact = office.contact();
        odd::contact(id, &mut contact);
        insert_contact(transaction, id, &contact)?;
    }
    for id in 1..=i64::from(size.events) {
        let mut event = office.event(id);
        odd::event(id, today, &mut event);
        insert_event(transaction, id, &event)?;
    }
    for id in 1..=i64::from(size.tasks) {
        let mut task = office.task(id);
        odd::task(id, &mut task);
        insert_task(transaction, id, &task)?;
    }
    Ok(())
}

impl Size {
    fn matters(self) -> i64 {
        i64::from((self.events / 10).clamp(10, 5_000))
    }
}

type Colleague = (String, String, Option<String>, bool);

fn people(count: u32) -> Vec<Colleague> {
    let known = words::PEOPLE
        .iter()
        .map(|(initials, name, email, active)| ((*initials).into(), (*name).into(), email.map(String::from), *active));
    let more = (13..=count).map(|number| {
        let email = format!("p{number}@kanzlei.example.org");
        (format!("P{number}"), format!("Person {number}"), Some(email), true)
    });
    known.chain(more).take(usize::try_from(count).unwrap_or(usize::MAX)).collect()
}

/// One of a list that is not empty.
pub(super) fn pick<'w, R: Rng>(random: &mut R, words: &'w [&'w str]) -> &'w str {
    words.get(random.random_range(0..words.len())).copied().unwrap_or_default()
}

/// A telephone number of nobody.
pub(super) fn number<R: Rng>(random: &mut R) -> String {
    format!("{}{:03}", pick(random, &words::NUMBERS), random.random_range(0..1000))
}

/// A time of the wall clock as the sample firm writes it.
pub(super) fn written(wall: DateTime) -> String {
    wall.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

struct Office {
    random: StdRng,
    today: Date,
    people: Vec<Colleague>,
    size: Size,
    matters: i64,
}

impl Office {
    fn chance(&mut self, percent: u32) -> bool {
        self.random.random_range(0..100) < percent
    }

    fn matter(&mut self, percent: u32) -> Option<i64> {
        self.chance(percent).then(|| self.random.random_range(1..=self.matters))
    }

    fn day(&mut self, from: i64, to: i64) -> Date {
        let days = self.random.random_range(from..=to);
        self.today.checked_add(days.days()).unwrap_or(self.today)
    }

    /// Some moment of the past year: rows were last changed at different times.
    fn changed(&mut self) -> String {
        let day = self.day(-365, -2);
        let (hour, minute) = (self.random.random_range(8..19), self.random.random_range(0..60));
        written(day.at(hour, minute, self.random.random_range(0..60), 0))
    }

    fn colleague(&mut self) -> Option<String> {
        // Most work is done by the first nine; who left has old work only.
        let staff = self.people.len();
        let place = if self.size.is_large() {
            self.random.random_range(0..staff)
        } else {
            self.random.random_range(0..staff.min(9))
        };
        self.people.get(place).map(|person| person.0.clone())
    }

    fn contact(&mut self) -> Contact {
        let first_name = pick(&mut self.random, &words::FIRST_NAMES);
        let last_name = pick(&mut self.random, &words::SURNAMES);
        let company = self.chance(60).then(|| pick(&mut self.random, &words::COMPANIES).to_owned());
        let plain = |name: &str| name.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_lowercase();
        let address = format!("{}.{}", plain(first_name), plain(last_name));
        let town = words::TOWNS.get(self.random.random_range(0..words::TOWNS.len()));
        Contact {
            matter: self.matter(40),
            title: self.chance(15).then(|| "Dr.".to_owned()),
            first_name: Some(first_name.to_owned()),
            last_name: Some(last_name.to_owned()),
            role: (company.is_some() && self.chance(60)).then(|| pick(&mut self.random, &words::ROLES).to_owned()),
            email: self.chance(80).then(|| format!("{address}@example.com")),
            private_email: self.chance(10).then(|| format!("{address}@example.net")),
            phone: self.chance(85).then(|| number(&mut self.random)),
            mobile: self.chance(50).then(|| format!("+49 171 39200 {:02}", self.random.random_range(0..100))),
            home_phone: self.chance(10).then(|| number(&mut self.random)),
            street: self
                .chance(75)
                .then(|| format!("{} {}", pick(&mut self.random, &words::STREETS), self.random.random_range(1..120))),
            town: town.map(|(town, code, country)| ((*town).into(), (*code).into(), (*country).into())),
            web: company.is_some().then(|| "https://www.example.com/".to_owned()),
            birthday: self.chance(20).then(|| self.day(-365 * 80, -365 * 20).to_string()),
            remarks: self.chance(25).then(|| "<p>Bevorzugt Anrufe am <b>Vormittag</b>.</p>".to_owned()),
            labels: self
                .chance(50)
                .then(|| pick(&mut self.random, &["Mandant", "Gegner", "Gericht; Behörde", "Kollege"]).to_owned()),
            company,
            changed: Some(self.changed()),
        }
    }

    fn event(&mut self, id: i64) -> Event {
        let (subject, sort, minutes) =
            words::EVENTS.get(self.random.random_range(0..words::EVENTS.len())).copied().unwrap_or_default();
        let mut day = if self.size.is_large() { self.day(-1500, 180) } else { self.day(-60, 150) };
        // Courts and clients rest on Sundays.
        if day.weekday() == jiff::civil::Weekday::Sunday {
            day = day.tomorrow().unwrap_or(day);
        }
        let whole_day = self.chance(5);
        let start = day.at(self.random.random_range(8..18), self.random.random_range(0_i8..4) * 15, 0, 0);
        let end = start.checked_add(minutes.minutes()).unwrap_or(start);
        let mut people = vec![self.colleague()];
        if !self.size.is_large() {
            for _ in 0..self.random.random_range(0..3) {
                let other = self.colleague();
                if !people.contains(&other) {
                    people.push(other);
                }
            }
        }
        let last = day.checked_add(self.random.random_range(0..3).days()).unwrap_or(day);
        Event {
            matter: if whole_day { None } else { self.matter(75) },
            subject: Some(if whole_day {
                pick(&mut self.random, &["Urlaub", "Fortbildung", "Away"]).to_owned()
            } else {
                subject.to_owned()
            }),
            place: (!whole_day).then(|| pick(&mut self.random, &words::PLACES).to_owned()),
            remarks: self.chance(30).then(|| format!("Unterlagen in Ordner {id}.\nBitte 10 Minuten vorher da sein.")),
            starts: Some(if whole_day { day.to_string() } else { written(start) }),
            ends: Some(if whole_day { last.to_string() } else { written(end) }),
            whole_day: Some(i64::from(whole_day)),
            remind_before: self.chance(60).then(|| i64::from(self.random.random_range(1..5)) * 15),
            shown_as: Some(if whole_day { "out" } else { "busy" }.to_owned()),
            confidential: Some(i64::from(self.chance(4))),
            sort: Some(if whole_day { "Absence" } else { sort }.to_owned()),
            state: Some(if self.chance(3) { "cancelled" } else { "planned" }.to_owned()),
            people,
            changed: Some(self.changed()),
        }
    }

    fn task(&mut self, id: i64) -> Task {
        let due = if self.size.is_large() { self.day(-1500, 120) } else { self.day(-40, 120) };
        let past = due < self.today;
        let state = if past && self.chance(85) {
            "done"
        } else {
            pick(&mut self.random, &["open", "open", "started", "waiting"])
        };
        Task {
            matter: self.matter(80),
            assignee: self.colleague(),
            subject: Some(pick(&mut self.random, &words::TASKS).to_owned()),
            remarks: self.chance(30).then(|| format!("Siehe Vermerk {id}.")),
            begins: self.chance(40).then(|| due.checked_sub(7.days()).unwrap_or(due).to_string()),
            due: Some(due.to_string()),
            percent: Some(match state {
                "done" => 100,
                "started" => 50,
                _ => 0,
            }),
            state: Some(state.to_owned()),
            urgency: Some(self.random.random_range(1..=3)),
            confidential: Some(i64::from(self.chance(3))),
            remind_at: self.chance(30).then(|| written(due.at(8, 0, 0, 0))),
            changed: Some(self.changed()),
        }
    }
}

pub(super) fn insert_contact(transaction: &Transaction<'_>, id: i64, row: &Contact) -> rusqlite::Result<()> {
    let (city, postcode, country) = match &row.town {
        Some((city, postcode, country)) => (Some(city), Some(postcode), Some(country)),
        None => (None, None, None),
    };
    transaction
        .prepare_cached("INSERT INTO contacts VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)")?
        .execute(params![
            id,
            row.matter,
            row.title,
            row.first_name,
            row.last_name,
            row.company,
            None::<String>,
            row.role,
            row.email,
            row.private_email,
            row.phone,
            row.mobile,
            row.home_phone,
            None::<String>,
            row.street,
            city,
            postcode,
            country,
            row.web,
            row.birthday,
            row.remarks,
            row.labels,
            row.changed
        ])?;
    Ok(())
}

pub(super) fn insert_event(transaction: &Transaction<'_>, id: i64, row: &Event) -> rusqlite::Result<()> {
    transaction.prepare_cached("INSERT INTO events VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)")?.execute(params![
        id,
        row.matter,
        row.subject,
        row.place,
        row.remarks,
        row.starts,
        row.ends,
        row.whole_day,
        row.remind_before,
        row.shown_as,
        row.confidential,
        row.sort,
        row.state,
        row.changed
    ])?;
    for person in &row.people {
        transaction.prepare_cached("INSERT INTO event_people VALUES (?, ?)")?.execute(params![id, person])?;
    }
    Ok(())
}

fn insert_task(transaction: &Transaction<'_>, id: i64, row: &Task) -> rusqlite::Result<()> {
    transaction.prepare_cached("INSERT INTO tasks VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)")?.execute(params![
        id,
        row.matter,
        row.assignee,
        row.subject,
        row.remarks,
        row.begins,
        row.due,
        row.state,
        row.percent,
        row.urgency,
        row.confidential,
        row.remind_at,
        row.changed
    ])?;
    Ok(())
}

/// The next day, from `today` on, on which summer time begins (`true`) or ends in the sample firm's zone.
pub(super) fn clock_change(today: Date, begins: bool) -> Option<Date> {
    let zone = TimeZone::get(ZONE).ok()?;
    let from = today.to_zoned(zone.clone()).ok()?.timestamp();
    zone.following(from)
        .take(4)
        .find(|transition| transition.dst().is_dst() == begins)
        .map(|transition| transition.timestamp().to_zoned(zone.clone()).date())
}
