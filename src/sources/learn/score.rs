//! How likely a column is the one that is looked for: a pure function of its name, its type and the shape of its values. It only
//! orders what people choose from; it decides nothing.

use super::{ColumnInfo, Shape};

/// What a column may be looked for as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The day on which an appointment begins.
    StartDate,
    /// The time at which it begins.
    StartTime,
    /// The day on which it ends.
    EndDate,
    /// The time at which it ends.
    EndTime,
    /// What something is about, in a line.
    Subject,
    /// Longer text.
    Notes,
    /// Where an appointment is.
    Location,
    /// Whether an appointment takes whole days.
    AllDay,
    /// Whether an entry is private.
    Private,
    /// Whether an appointment is called off.
    Cancelled,
    /// Whether a to-do is done.
    Done,
    /// What the rows of one entry have in common.
    Link,
    /// Minutes before an appointment.
    Reminder,
    /// An e-mail address.
    Email,
    /// Whether somebody has left the firm.
    Left,
    /// The name of a matter.
    MatterName,
}

/// How likely, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// 0 to 100.
    pub points: u32,
    /// Why, in a few words each.
    pub reasons: Vec<String>,
}

impl Score {
    /// Adds evidence. More of it never lowers a score.
    pub(super) fn add(&mut self, points: u32, reason: impl FnOnce() -> String) {
        if points > 0 {
            self.points = (self.points + points).min(100);
            self.reasons.push(reason());
        }
    }
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::StartDate,
        Self::StartTime,
        Self::EndDate,
        Self::EndTime,
        Self::Subject,
        Self::Notes,
        Self::Location,
        Self::AllDay,
        Self::Private,
        Self::Cancelled,
        Self::Done,
        Self::Link,
        Self::Reminder,
        Self::Email,
        Self::Left,
        Self::MatterName,
    ];

    /// Parts of names, the most telling first.
    fn names(self) -> &'static [(&'static str, u32)] {
        match self {
            Self::StartDate => {
                &[("startdate", 50), ("start_date", 50), ("begin", 45), ("start", 40), ("=date", 40), ("date", 25)]
            }
            Self::StartTime => {
                &[("starttime", 50), ("start_time", 50), ("begin", 45), ("start", 40), ("=time", 40), ("time", 25)]
            }
            Self::EndDate => {
                &[("enddate", 50), ("end_date", 50), ("todate", 45), ("until", 45), ("date2", 45), ("end", 30)]
            }
            Self::EndTime => {
                &[("endtime", 50), ("end_time", 50), ("totime", 45), ("until", 45), ("time2", 45), ("end", 30)]
            }
            Self::Subject => &[("subject", 50), ("=desc", 50), ("title", 45), ("summary", 45), ("desc", 35)],
            Self::Notes => &[("memo", 50), ("notes", 50), ("note", 40), ("comment", 40), ("remark", 40)],
            Self::Location => &[("location", 50), ("place", 45), ("room", 40), ("where", 40)],
            Self::AllDay => &[("allday", 50), ("all_day", 50), ("wholeday", 50), ("whole", 30)],
            Self::Private => &[("private", 50), ("confid", 45), ("secret", 45), ("priv", 40), ("public", 30)],
            Self::Cancelled => &[("cancel", 50), ("status", 40), ("state", 30), ("=ccode", 20)],
            Self::Done => {
                &[("done", 50), ("complete", 50), ("finish", 45), ("status", 45), ("=ccode", 40), ("close", 35)]
            }
            Self::Link => &[("master", 50), ("link", 45), ("group", 40), ("series", 30), ("parent", 25)],
            Self::Reminder => &[("remind", 50), ("alarm", 45), ("alert", 40)],
            Self::Email => &[("email", 50), ("e_mail", 50), ("mail", 45)],
            Self::Left => {
                &[("inactive", 50), ("archive", 45), ("disabled", 45), ("active", 45), ("left", 40), ("status", 35)]
            }
            Self::MatterName => &[
                ("mat_name", 50),
                ("matter_name", 50),
                ("caption", 45),
                ("title", 45),
                ("style", 40),
                ("name", 40),
                ("desc", 40),
                ("ref", 25),
            ],
        }
    }

    fn fits(self, column: &ColumnInfo) -> bool {
        match self {
            Self::StartDate | Self::EndDate => column.is_whole() || column.is_day(),
            Self::StartTime | Self::EndTime => column.is_whole() || column.is_time(),
            Self::Reminder => column.is_whole(),
            Self::Subject | Self::Notes | Self::Location | Self::Email | Self::MatterName => column.is_text(),
            Self::AllDay | Self::Private | Self::Cancelled | Self::Done | Self::Left => !column.is_bytes(),
            Self::Link => column.is_whole() || column.is_text(),
        }
    }

    /// What speaks for the column beside its name: points and the reason.
    fn by_shape(self, shape: &Shape) -> (u32, String) {
        let partly =
            |count: u32, what: &str| (shape.share(count) / 2, format!("{}% of its values {what}", shape.share(count)));
        let few = shape.filled > 0 && shape.distinct <= 12;
        match self {
            Self::StartDate | Self::EndDate => partly(shape.days, "are days between 1990 and 2100"),
            Self::StartTime | Self::EndTime => partly(shape.times, "are times of day"),
            Self::Email => partly(shape.emails, "are e-mail addresses"),
            Self::Link => partly(shape.keys, "are keys"),
            Self::Subject | Self::MatterName => {
                let (points, reason) = partly(shape.words, "are several words");
                if shape.longest <= 255 { (points, reason) } else { (points / 2, reason) }
            }
            Self::Notes if shape.longest > 80 => (25, "it holds long texts".to_owned()),
            Self::Location => {
                let (points, reason) = partly(shape.words, "are several words");
                (points / 3, reason)
            }
            Self::AllDay | Self::Private | Self::Left | Self::Cancelled | Self::Done if few => {
                (20, "it has few different values".to_owned())
            }
            _ => (0, String::new()),
        }
    }
}

/// Marks of creation and change stand in every table and are nothing else.
fn is_mark(name: &str) -> bool {
    ["c_date", "c_time", "m_date", "m_time"].contains(&name)
}

/// How likely this column is the one. Nothing where its type does not fit.
#[must_use]
pub fn score(role: Role, column: &ColumnInfo, shape: &Shape) -> Score {
    let mut score = Score::default();
    let name = column.name.to_lowercase();
    // Keys of its own and of its matter link an entry to no other one.
    let key = role == Role::Link && ["sysid", "mat_id", "mat_no"].contains(&name.as_str());
    if !role.fits(column) || is_mark(&name) || key {
        return score;
    }
    let told = role.names().iter().find(|(part, _)| match part.strip_prefix('=') {
        Some(whole) => name == whole,
        None => name.contains(part),
    });
    // What is named as an end begins nothing.
    let ends = matches!(role, Role::StartDate | Role::StartTime) && name.contains("end");
    if let Some((part, points)) = told.filter(|_| !ends) {
        score.add(*points, || format!("its name says `{}`", part.trim_start_matches('=')));
    }
    let (points, reason) = role.by_shape(shape);
    // A thing of two values may be anything: there the name must speak too.
    let speaks =
        !matches!(role, Role::AllDay | Role::Private | Role::Left | Role::Cancelled | Role::Done | Role::Location);
    if speaks || score.points > 0 {
        score.add(if ends { points / 5 } else { points }, || reason);
    }
    score
}

/// What is known of a table that may hold the appointments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one piece of evidence")]
pub struct TableEvidence {
    /// It has the key that every record has.
    pub key: bool,
    /// It has initials of the staff.
    pub staff: bool,
    /// The points of its best column for the day.
    pub day: u32,
    /// The points of its best column for the time.
    pub time: u32,
    /// It has a column that looks like the end.
    pub end: bool,
    /// It has a column that looks like a subject.
    pub subject: bool,
    /// It has the marks of change that every table has.
    pub marks: bool,
}

/// How likely a table of that name holds the appointments. Nothing without a day.
#[must_use]
pub fn table_score(name: &str, evidence: &TableEvidence) -> Score {
    let mut score = Score::default();
    if evidence.day < 25 {
        return score;
    }
    let name = name.to_lowercase();
    let names = [("event", 25), ("appoint", 25), ("calend", 20), ("sched", 15)];
    // A table of recurrences or of links has such a name too.
    let beside = name.starts_with("rec_") || name.ends_with("_link");
    if let Some((part, points)) = names.iter().find(|(part, _)| name.contains(part)).filter(|_| !beside) {
        score.add(*points, || format!("its name says `{part}`"));
    }
    for (points, holds, what) in [
        (evidence.day / 5, true, "it has a day"),
        (evidence.time / 5, true, "it has a time of day"),
        (10, evidence.key, "it has the key of every record"),
        (10, evidence.staff, "it has initials of the staff"),
        (5, evidence.end, "it has an end"),
        (5, evidence.subject, "it has a subject"),
        (5, evidence.marks, "it has the marks of change"),
    ] {
        score.add(if holds { points } else { 0 }, || what.to_owned());
    }
    score
}

/// How likely a field of the firm's own in a contact is this word of ours.
#[must_use]
pub fn field_score(word: &str, shape: &Shape) -> Score {
    let mut score = Score::default();
    let (count, weight, what) = match word {
        "email_1" => (shape.emails, 95, "are e-mail addresses"),
        "email_2" => (shape.emails, 60, "are e-mail addresses"),
        "business_phone" => (shape.phones, 80, "are telephone numbers"),
        "mobile_phone" => (shape.phones, 75, "are telephone numbers"),
        "home_phone" => (shape.phones, 70, "are telephone numbers"),
        "business_fax" => (shape.phones, 65, "are telephone numbers"),
        "home_fax" => (shape.phones, 40, "are telephone numbers"),
        "business_street" => (shape.streets, 80, "look like a street"),
        "home_street" => (shape.streets, 60, "look like a street"),
        "business_postal_code" => (shape.postal_codes, 85, "are postal codes"),
        "home_postal_code" => (shape.postal_codes, 60, "are postal codes"),
        "business_state" => (shape.states, 80, "are two capital letters"),
        "home_state" => (shape.states, 60, "are two capital letters"),
        "birthday" => (shape.written_days, 70, "are days as people write them"),
        "notes" => (shape.words, 25, "are several words"),
        "company" => (shape.words, 35, "are several words"),
        "business_city" => (
            shape.filled.saturating_sub(
                shape.phones + shape.emails + shape.streets + shape.postal_codes + shape.states + shape.written_days,
            ),
            20,
            "could be a town",
        ),
        _ => (0, 0, ""),
    };
    let percent = shape.share(count);
    score.add(percent * weight / 100, || format!("{percent}% of its values {what}"));
    score
}
